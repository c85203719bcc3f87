//! The formats of counts: which one a file has, and what they are all read into.
//!
//! A format turns its files into [`Row`]s, one per bin and file, in any order; `grid` does the rest. Everything wrong
//! with a file is a [`Fault`]. What a format leaves out on purpose (a sample that is no number) is counted in a note.

mod azure;
mod cloudwatch;
mod columns;
mod console;
mod cumulative;
mod locust;
mod prometheus;
#[cfg(test)]
mod tests;

use super::file::Reading;
use crate::traffic::problem::Problem;
use crate::units::Nanos;

/// How a file of counts is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated with a header: a column of times, a column of counts.
    Csv,
    /// Answers of CloudWatch's `get-metric-data` or `get-metric-statistics`, JSON.
    CloudWatch,
    /// A graph of the CloudWatch console as CSV, with its lines of description on top.
    CloudWatchCsv,
    /// Answers of Prometheus' `query_range`, JSON.
    Prometheus,
    /// Azure Functions 2019: a row per function, a column per minute.
    Azure2019,
    /// Locust's `_stats_history.csv`.
    Locust,
}

/// What the samples of Prometheus are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Requests per second, over the step before.
    Rate,
    /// Requests in the step before.
    Increase,
    /// Requests since the process began.
    Counter,
}

/// One file, unpacked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    /// Its place among the files.
    pub file: usize,
    /// Its content, without a byte order mark.
    pub text: &'a str,
}

impl Text<'_> {
    /// A problem of this file.
    pub fn fault(&self, line: Option<u64>, problem: Problem) -> Fault {
        Fault { file: self.file, line, problem }
    }
}

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Fault {
    pub file: usize,
    pub line: Option<u64>,
    pub problem: Problem,
}

/// The count of one bin as one file says it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    pub file: usize,
    pub line: Option<u64>,
    /// Beginning of the bin, in nanoseconds since 1970.
    pub at: i128,
    pub count: f64,
}

/// What a format made of its files.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub rows: Vec<Row>,
    /// Length of a bin, where the format knows it.
    pub period: Option<Nanos>,
    /// What a user should know: what was left out, and how much of it.
    pub notes: Vec<String>,
}

impl Unit {
    /// The unit that a scenario calls so.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "rate" => Self::Rate,
            "increase" => Self::Increase,
            "counter" => Self::Counter,
            _ => return None,
        })
    }
}

/// Whether a text of CSV has a column of counts.
pub(super) fn has_counts(text: &str) -> bool {
    columns::has_counts(text.lines().next().unwrap_or(""))
}

impl Format {
    /// What scenarios call them.
    pub const WORDS: [&str; 6] = ["csv", "cloudwatch", "cloudwatch-csv", "prometheus", "azure-2019", "locust"];

    /// The format that a scenario calls so.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "csv" => Self::Csv,
            "cloudwatch" => Self::CloudWatch,
            "cloudwatch-csv" => Self::CloudWatchCsv,
            "prometheus" => Self::Prometheus,
            "azure-2019" => Self::Azure2019,
            "locust" => Self::Locust,
            _ => return None,
        })
    }

    /// The format that `text` has by its first bytes; a text that looks like none is taken for CSV.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim_start();
        if text.starts_with(['{', '[']) {
            let head = &text.as_bytes()[..text.len().min(1 << 16)];
            let has = |word: &str| memchr::memmem::find(head, word.as_bytes()).is_some();
            return if has("\"MetricDataResults\"") || has("\"Datapoints\"") {
                Some(Self::CloudWatch)
            } else if has("\"resultType\"") {
                Some(Self::Prometheus)
            } else {
                None
            };
        }
        let head = text.lines().next().unwrap_or("");
        Some(if head.contains("HashFunction") {
            Self::Azure2019
        } else if head.contains("Total Request Count") && head.contains("User Count") {
            Self::Locust
        } else if head.trim_start_matches('"').starts_with("Full label")
            || head.trim_start_matches('"').starts_with("Label")
        {
            Self::CloudWatchCsv
        } else {
            Self::Csv
        })
    }

    /// Reads files that have this format.
    pub(super) fn gather(self, texts: &[Text], reading: &Reading) -> Result<Gathered, Fault> {
        match self {
            Self::Csv => columns::gather(texts, reading),
            Self::CloudWatch => cloudwatch::gather(texts, reading),
            Self::CloudWatchCsv => console::gather(texts, reading),
            Self::Prometheus => prometheus::gather(texts, reading),
            Self::Azure2019 => azure::gather(texts),
            Self::Locust => locust::gather(texts, reading),
        }
    }
}

/// A count as text: finite, not negative.
fn count(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|count| count.is_finite() && *count >= 0.0)
}

/// A CSV reader's own complaint.
fn broken(text: &Text, error: &::csv::Error) -> Fault {
    text.fault(error.position().map(::csv::Position::line), Problem::Unreadable(error.to_string()))
}

fn csv_reader<'a>(text: &Text<'a>, headers: bool) -> ::csv::Reader<&'a [u8]> {
    let mut builder = ::csv::ReaderBuilder::new();
    builder.flexible(true).has_headers(headers).trim(::csv::Trim::All).from_reader(text.text.as_bytes())
}

fn line(record: &::csv::StringRecord) -> Option<u64> {
    record.position().map(::csv::Position::line)
}
