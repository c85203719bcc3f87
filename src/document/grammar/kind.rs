//! What a key accepts.

use super::{Choice, Known, Named, Shape, Tagged};
use crate::document::quantity;
use crate::units::{Bytes, Nanos};

/// A range of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Smallest.
    pub min: f64,
    /// Whether `min` itself is excluded.
    pub above_min: bool,
    /// Largest; infinite for none.
    pub max: f64,
}

impl Range {
    /// From `min` to `max`, both included.
    #[must_use]
    pub const fn new(min: f64, max: f64) -> Self {
        Self { min, above_min: false, max }
    }

    /// Above `min`, up to `max` included.
    #[must_use]
    pub const fn above(min: f64, max: f64) -> Self {
        Self { min, above_min: true, max }
    }

    /// Whether `value` lies within.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        value <= self.max && if self.above_min { value > self.min } else { value >= self.min }
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let above = if self.above_min { "above " } else { "" };
        match (self.min.is_finite(), self.max.is_finite()) {
            (true, true) => write!(f, "{above}{} to {}", self.min, self.max),
            (true, false) if self.above_min => write!(f, "above {}", self.min),
            (true, false) => write!(f, "at least {}", self.min),
            (false, true) => write!(f, "at most {}", self.max),
            (false, false) => f.write_str("any finite number"),
        }
    }
}

/// What a key accepts.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `"15ms"`.
    Duration {
        /// Shortest.
        min: Nanos,
        /// Longest.
        max: Nanos,
        /// Whether `"none"` is accepted.
        none: bool,
    },
    /// `"120/s"`, events per second in this range.
    Rate(Range),
    /// `"20%/year"`.
    Growth,
    /// `"512MiB"`, or a bare number of bytes.
    Size {
        /// Smallest.
        min: Bytes,
        /// Whether `"none"` is accepted.
        none: bool,
    },
    /// `0.95` or `"95%"`, in this range.
    Share(Range),
    /// `"12.50 USD"`.
    Money,
    /// `"0.20 USD/1M"`, `"0.09 USD/GB"` or `"0.12 USD"` for one.
    Price,
    /// A number in this range.
    Number(Range),
    /// A number in this range, or `"none"`.
    NumberOrNone(Range),
    /// A whole number.
    Count {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
        /// The word that stands for no limit (`"unbounded"`), if there is one.
        unlimited: Option<&'static str>,
    },
    /// Any text; what it is, for diagnostics: `a file path`.
    Text(&'static str),
    /// Text that names something known: a time zone, an entry of a catalogue.
    Known(&'static Known),
    /// `[a-z][a-z0-9-]*`.
    Name,
    /// One of these words.
    Choice(&'static [Choice]),
    /// A TOML local date-time in the traffic's zone, or a duration after its start.
    Instant,
    /// A TOML local date-time.
    DateTime,
    /// A TOML local date.
    Date,
    /// true or false.
    Boolean,
    /// `[[0.5, "20ms"], [0.99, "90ms"]]`: rising probabilities with values of this kind that do not fall.
    Quantiles(&'static Kind),
    /// A table.
    Table(&'static Shape),
    /// A table that may hold tables of its own kind.
    Named(&'static Named),
    /// A table that is written on top of a preset. Nothing in it is required, so whoever merges it checks the result.
    Overlay(&'static Shape),
    /// `[[x]]`, or `[x]` for a single one; names are unique.
    OneOrMany(&'static Kind),
    /// An array with so many elements of this kind.
    List {
        /// What each element is.
        of: &'static Kind,
        /// Fewest.
        min: usize,
        /// Most.
        max: usize,
    },
    /// A table with free keys.
    Map(&'static Kind),
    /// A table whose keys depend on the word of one of them.
    Tagged(&'static Tagged),
    /// Any of these; the first whose TOML type fits is the one that is reported on.
    OneOf(&'static [Kind]),
    /// Anything: for what another reader checks.
    Any,
}

impl Kind {
    /// A duration, zero included.
    pub const DURATION: Self = Self::Duration { min: Nanos::ZERO, max: quantity::LONGEST, none: false };
    /// A duration above zero.
    pub const POSITIVE_DURATION: Self = Self::Duration { min: Nanos(1), max: quantity::LONGEST, none: false };
    /// A duration or `"none"`.
    pub const DURATION_OR_NONE: Self = Self::Duration { min: Nanos::ZERO, max: quantity::LONGEST, none: true };
    /// A rate, zero included.
    pub const RATE: Self = Self::Rate(Range::new(0.0, quantity::FASTEST));
    /// So many per time, above 0.
    pub const POSITIVE_RATE: Self = Self::Rate(Range::above(0.0, quantity::FASTEST));
    /// A size, zero included.
    pub const SIZE: Self = Self::Size { min: Bytes(0), none: false };
    /// A share from 0 to 1.
    pub const SHARE: Self = Self::Share(Range::new(0.0, 1.0));
    /// A count from 0 to 2^32-1.
    pub const COUNT: Self = Self::count(0, u32::MAX as u64);
    /// A count from 1 to 2^32-1.
    pub const POSITIVE_COUNT: Self = Self::count(1, u32::MAX as u64);
    /// A count from 0 to 2^32-1, or `"unbounded"`.
    pub const COUNT_OR_UNBOUNDED: Self = Self::count_or_unbounded(0);
    /// A share relative to others. Bounded, so that sums of products with times stay finite.
    pub const WEIGHT: Self = Self::Number(Range::new(0.0, 1e9));
    /// Above zero, finite.
    pub const POSITIVE: Self = Self::Number(Range::above(0.0, f64::INFINITY));
    /// A list of any length.
    #[must_use]
    pub const fn list(of: &'static Self) -> Self {
        Self::List { of, min: 0, max: usize::MAX }
    }
    /// A count in this range.
    #[must_use]
    pub const fn count(min: u64, max: u64) -> Self {
        Self::Count { min, max, unlimited: None }
    }
    /// A count from `min`, or `"unbounded"`.
    #[must_use]
    pub const fn count_or_unbounded(min: u64) -> Self {
        Self::Count { min, max: u32::MAX as u64, unlimited: Some("unbounded") }
    }

    /// What is accepted, with an example, for people: `a duration such as "15ms" or "1h 30m"`.
    #[must_use]
    pub fn expectation(&self) -> String {
        let or_none = |none: bool| if none { ", or \"none\"" } else { "" };
        match self {
            Self::Duration { min, max, none } => {
                let range = match (min.0, *max == quantity::LONGEST) {
                    (0, true) => String::new(),
                    (1, true) => " above 0s".to_owned(),
                    (_, true) => format!(" of at least {min}"),
                    (_, false) => format!(" from {min} to {max}"),
                };
                format!("a duration{range} such as \"15ms\", \"90s\" or \"1h 30m\"{}", or_none(*none))
            }
            Self::Rate(range) => {
                let range = if range.above_min { " above 0/s" } else { "" };
                format!("a rate{range} such as \"120/s\", \"7200/min\" or \"1.5M/day\"")
            }
            Self::Growth => "growth such as \"20%/year\"".to_owned(),
            Self::Size { none, .. } => {
                format!("a size such as \"512MiB\", \"1GB\" or a number of bytes{}", or_none(*none))
            }
            Self::Share(range) => format!("a share such as 0.95 or \"95%\", {range}"),
            Self::Money => "money such as \"12.50 USD\"".to_owned(),
            Self::Price => "a price such as \"0.20 USD/1M\", \"0.09 USD/GB\" or \"0.12 USD\"".to_owned(),
            Self::Number(range) => format!("a number: {range}"),
            Self::NumberOrNone(range) => format!("a number: {range}, or \"none\""),
            Self::Count { min, max, unlimited } => {
                let unlimited = unlimited.map(|word| format!(", or \"{word}\"")).unwrap_or_default();
                format!("a whole number from {min} to {max}{unlimited}")
            }
            Self::Text(what) => (*what).to_owned(),
            Self::Known(known) => format!("the name of a {} such as \"{}\"", known.what, known.example),
            Self::Name => "a name: a lower-case letter, then lower-case letters, digits and hyphens".to_owned(),
            Self::Choice(choices) => {
                let words: Vec<&str> =
                    choices.iter().filter(|choice| choice.later.is_none()).map(|choice| choice.word).collect();
                format!("one of {}", words.join(", "))
            }
            Self::Instant => "a local date-time such as 2026-01-05T08:00:00, or a duration after the start".to_owned(),
            Self::DateTime => "a local date-time such as 2026-01-05T08:00:00".to_owned(),
            Self::Date => "a date such as 2026-01-05".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Quantiles(_) => "quantiles such as [[0.5, \"20ms\"], [0.99, \"90ms\"]]".to_owned(),
            Self::Table(_) | Self::Named(_) | Self::Overlay(_) | Self::Map(_) => "a table".to_owned(),
            Self::Tagged(tagged) => format!("a table with `{}`", tagged.tag),
            Self::OneOrMany(_) => "a table, or an array of tables".to_owned(),
            Self::List { of, min, max } => {
                let length = if min == max { format!(" of {min}") } else { String::new() };
                format!("an array{length}, each {}", of.expectation())
            }
            Self::OneOf(kinds) => kinds.iter().map(Self::expectation).collect::<Vec<_>>().join("; or "),
            Self::Any => "a value".to_owned(),
        }
    }
}
