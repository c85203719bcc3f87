//! What can be wrong with a file of counts or a log, with the words for it.

use std::fmt;

use crate::units::Nanos;

/// The longest table: 95 years of minutes, 400 MB.
pub(super) const MOST_BINS: u64 = 50_000_000;

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The file as it was named.
    pub file: String,
    /// Line, counted from 1, where there is one to blame.
    pub line: Option<u64>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It cannot be opened or read, or its gzip stream is damaged; the system's own words.
    Unreadable(String),
    /// It has bytes that no text has.
    Binary,
    /// It has no line of data.
    Empty,
    /// No column of this role; the columns that it has.
    NoColumn {
        /// `time` or `value`.
        role: &'static str,
        /// What was looked for.
        wanted: String,
        /// The header.
        header: String,
    },
    /// A line has fewer columns than the header says.
    Short,
    /// Not a time in any known form.
    Time(String),
    /// Not a finite number that is not negative.
    Count(String),
    /// The time is before the one above.
    Backwards(String),
    /// The time was there before.
    Duplicate(String),
    /// It is not JSON of the form that its format has; the reader's own words.
    Form(String),
    /// Its format cannot be told.
    Unknown,
    /// Samples of Prometheus without a word on what they are.
    NoUnit,
    /// Averages or other statistics where sums are needed.
    NotSum,
    /// There are several series, or none of the wanted name.
    Series {
        /// What was looked for.
        wanted: Option<String>,
        /// The names that there are.
        found: String,
    },
    /// The time is not a whole number of periods after the first.
    Mixed {
        /// The time.
        time: String,
        /// The period in use.
        period: Nanos,
    },
    /// Bins are missing before this line, and `missing` is `error`.
    Missing {
        /// How many.
        bins: u64,
        /// The time that comes after them.
        before: String,
        /// The period in use.
        period: Nanos,
    },
    /// More than a fifth of its lines could not be read.
    Rejected {
        /// How many.
        rejected: u64,
        /// Of how many.
        lines: u64,
        /// What is wrong with the first of them.
        why: String,
    },
    /// A period cannot be inferred from a single line.
    NoPeriod,
    /// More bins than this tool takes.
    TooLong(u64),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for FileError {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(words) => write!(f, "cannot be read: {words}"),
            Self::Binary => f.write_str("is not a text file, plain, gzip or zstd"),
            Self::Empty => f.write_str("has no line of data"),
            Self::NoColumn { role, wanted, header } => {
                write!(f, "no {role} column: looked for {wanted}, the header has {header}; name it with `{role}`")
            }
            Self::Short => f.write_str("has fewer columns than the header"),
            Self::Time(text) => write!(f, "'{text}' is not a time: RFC 3339, `2026-01-05 00:00:00` or epoch"),
            Self::Count(text) => write!(f, "'{text}' is not a count: a finite number, not negative"),
            Self::Backwards(text) => write!(f, "time '{text}' is before the line above: sort the file by time"),
            Self::Duplicate(text) => write!(f, "time '{text}' is there twice: add up such lines"),
            Self::Mixed { time, period } => {
                write!(f, "time '{time}' is not a whole number of periods of {period} after the first: mixed periods?")
            }
            Self::Missing { bins, before, period } => {
                write!(f, "{bins} bins of {period} are missing before {before}; say `missing = \"zero\"` or \"hold\"")
            }
            Self::Form(words) => write!(f, "does not have the form of its format: {words}"),
            Self::Unknown => f.write_str("has no format that is known; say it with `format`"),
            Self::NoUnit => f.write_str(
                "has samples of Prometheus: say with `unit` whether they are \"rate\", \"increase\" or \"counter\"",
            ),
            Self::NotSum => f.write_str("does not have the statistic Sum, and no other one counts requests"),
            Self::Series { wanted: Some(wanted), found } => write!(f, "has no series '{wanted}'; it has {found}"),
            Self::Series { wanted: None, found } => write!(f, "has several series, {found}: name one with `value`"),
            Self::Rejected { rejected, lines, why } => {
                write!(f, "{rejected} of {lines} lines cannot be read, this one first: {why}; is it another `format`?")
            }
            Self::NoPeriod => f.write_str("has a single line: say how long its bin is with `period`"),
            Self::TooLong(bins) => write!(f, "would have {bins} bins; at most {MOST_BINS} are taken"),
        }
    }
}
