//! The result as terminal table, JSON, CSV, Markdown, charts and one self-contained HTML page.
//!
//! Imports `experiment::result`, `document::provenance`, `platform` (the words for families and defaults) and `units`.
//! Never recomputes: every figure is one of the result's, or its share of another for the sake of a sentence. What
//! people read is scaled and rounded to what its interval supports; what machines read is in base units and exact.
//! The same result gives the same bytes.
//!
//! ```text
//! RunResult, SweepResult -> Page (verdict, table, charts, sections) -> terminal | Markdown | HTML
//!                        -> JSON, CSV
//! ```

mod audit;
mod bill;
mod charts;
mod columns;
mod csv_files;
mod faults;
mod figures;
mod files;
#[cfg(test)]
mod fixture;
mod html;
mod lead_time;
mod markdown;
mod number;
mod page;
mod parts;
mod run;
#[cfg(test)]
mod schema;
mod stores;
mod sweep;
mod table;
mod terminal;
mod unsettled;
mod verdict;

use std::fmt;

use serde::Serialize;

use crate::experiment::result::{RunResult, SweepResult};

pub use charts::ChartError;
pub use charts::week_text;
pub use columns::documentation as column_documentation;
pub use files::{Unwritable, write, write_sweep, write_traffic};

/// How a result is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Verdict, differences, the table and remarks, for a terminal.
    #[default]
    Table,
    /// The whole result, indented, with keys in the order of the contract.
    Json,
    /// One row per deployment (of a sweep: per value and deployment), base units.
    Csv,
    /// The whole report.
    Markdown,
}

/// A result that could not be rendered or written.
#[derive(Debug)]
pub enum Error {
    /// A folder or file could not be written: another folder may do.
    Unwritable(Unwritable),
    /// A chart could not be drawn: an error of this program.
    Chart(ChartError),
    /// A text could not be made: an error of this program.
    Text(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unwritable(error) => error.fmt(f),
            Self::Chart(error) => error.fmt(f),
            Self::Text(error) => write!(f, "the report could not be rendered: {error}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Unwritable> for Error {
    fn from(error: Unwritable) -> Self {
        Self::Unwritable(error)
    }
}

impl From<ChartError> for Error {
    fn from(error: ChartError) -> Self {
        Self::Chart(error)
    }
}

impl From<minijinja::Error> for Error {
    fn from(error: minijinja::Error) -> Self {
        Self::Text(error.to_string())
    }
}

impl From<csv::Error> for Error {
    fn from(error: csv::Error) -> Self {
        Self::Text(error.to_string())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Text(error.to_string())
    }
}

/// Prints the result of a run; ends in a line feed.
///
/// # Errors
/// When it cannot be rendered, which is an error of this program.
pub fn render(result: &RunResult, format: Format) -> Result<String, Error> {
    match format {
        Format::Table => Ok(terminal::render(&run::text(result), None)),
        Format::Json => json(result),
        Format::Csv => csv_files::summary(result),
        Format::Markdown => Ok(markdown::render(&run::text(result))),
    }
}

/// Prints the result of a sweep; ends in a line feed.
///
/// # Errors
/// As [`render`].
pub fn render_sweep(result: &SweepResult, format: Format) -> Result<String, Error> {
    match format {
        Format::Table => Ok(terminal::render(&sweep::text(result), None)),
        Format::Json => json(result),
        Format::Csv => csv_files::sweep(result),
        Format::Markdown => Ok(markdown::render(&sweep::text(result))),
    }
}

/// The table of a run for a terminal that is `width` characters wide.
#[must_use]
pub fn table(result: &RunResult, width: usize) -> String {
    terminal::render(&run::text(result), Some(width))
}

/// The table of a sweep for a terminal that is `width` characters wide.
#[must_use]
pub fn sweep_table(result: &SweepResult, width: usize) -> String {
    terminal::render(&sweep::text(result), Some(width))
}

/// Indented JSON with a line feed at its end.
fn json<T: Serialize>(result: &T) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(result)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::HOSTILE;

    /// Everything that people read of the fixtures.
    fn renderings() -> Vec<(&'static str, String)> {
        let run = fixture::run();
        let sweep = fixture::sweep();
        vec![
            ("table", render(&run, Format::Table).unwrap()),
            ("markdown", render(&run, Format::Markdown).unwrap()),
            ("csv", render(&run, Format::Csv).unwrap()),
            ("once", render(&fixture::run_once(), Format::Markdown).unwrap()),
            ("html", html::render(&run::page(&run).unwrap()).unwrap()),
            ("sweep table", render_sweep(&sweep, Format::Table).unwrap()),
            ("sweep html", html::render(&sweep::page(&sweep).unwrap()).unwrap()),
        ]
    }

    fn golden(name: &str, text: &str) {
        insta::with_settings!({ snapshot_path => "report/snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, text);
        });
    }

    #[test]
    fn golden_table() {
        golden("table", &render(&fixture::run(), Format::Table).unwrap());
    }

    #[test]
    fn golden_markdown() {
        golden("markdown", &render(&fixture::run(), Format::Markdown).unwrap());
    }

    #[test]
    fn golden_sweep_table() {
        golden("sweep_table", &render_sweep(&fixture::sweep(), Format::Table).unwrap());
    }

    #[test]
    fn json_reads_back_to_the_same_bytes() {
        let text = render(&fixture::run(), Format::Json).unwrap();
        let result: RunResult = serde_json::from_str(&text).unwrap();
        assert_eq!(render(&result, Format::Json).unwrap(), text);
        let text = render_sweep(&fixture::sweep(), Format::Json).unwrap();
        let result: SweepResult = serde_json::from_str(&text).unwrap();
        assert_eq!(render_sweep(&result, Format::Json).unwrap(), text);
    }

    #[test]
    fn a_result_without_series_has_a_report_without_their_charts() {
        let text = render(&fixture::run(), Format::Json).unwrap();
        let result: RunResult = serde_json::from_str(&text).unwrap();
        let charts = run::page(&result).unwrap().charts;
        assert_eq!(charts.iter().map(|chart| chart.id).collect::<Vec<_>>(), ["cost"]);
    }

    #[test]
    fn one_replication_says_that_it_has_no_interval() {
        for format in [Format::Table, Format::Markdown] {
            let text = render(&fixture::run_once(), format).unwrap();
            assert!(text.contains("One replication has no interval"), "{text}");
        }
    }

    #[test]
    fn nothing_is_printed_that_is_no_number() {
        for (name, text) in renderings() {
            for word in ["NaN", "inf ", "inf]", "-0 ", "−0 "] {
                assert!(!text.contains(word), "{name} contains {word}");
            }
        }
    }

    #[test]
    fn user_text_is_escaped_wherever_it_is_markup() {
        for (name, text) in renderings() {
            if name.contains("html") || name == "markdown" || name == "once" {
                assert!(!text.contains("<script"), "{name}");
                assert!(!text.contains("fixture <week>"), "{name}");
            }
        }
        for chart in run::page(&fixture::run()).unwrap().charts {
            assert!(!chart.standalone().contains("<script"), "{}", chart.id);
        }
        assert!(render(&fixture::run(), Format::Table).unwrap().contains(HOSTILE));
    }

    #[test]
    fn the_page_loads_nothing_and_runs_nothing() {
        for (name, text) in renderings().into_iter().filter(|(name, _)| name.contains("html")) {
            for word in
                ["src=", "href=\"http", "href=\"//", "url(", "@import", " onclick", " onload", "<script", "<iframe"]
            {
                assert!(!text.contains(word), "{name} contains {word}");
            }
        }
    }

    /// Every element that is opened is closed, in order, and every ampersand begins an entity.
    fn well_formed(text: &str) {
        let mut open: Vec<&str> = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            let end = rest[at..].find('>').unwrap_or_else(|| panic!("unclosed tag at {}", &rest[at..])) + at;
            let tag = &rest[at + 1..end];
            let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap();
            let void = ["meta", "link", "!doctype"].contains(&name);
            if let Some(closed) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(closed), "near {}", &rest[..end]);
            } else if !tag.ends_with('/') && !void {
                open.push(name);
            }
            rest = &rest[end + 1..];
        }
        assert!(open.is_empty(), "{open:?}");
        for (at, _) in text.match_indices('&') {
            let entity = text[at..].split(';').next().unwrap();
            assert!(entity.len() < 10 && entity[1..].chars().all(|c| c.is_alphanumeric() || c == '#'), "{entity}");
        }
    }

    #[test]
    fn pages_and_charts_are_well_formed() {
        for (_, text) in renderings().iter().filter(|(name, _)| name.contains("html")) {
            well_formed(text);
        }
        let mut charts = run::page(&fixture::run()).unwrap().charts;
        charts.extend(sweep::page(&fixture::sweep()).unwrap().charts);
        assert_eq!(charts.len(), 5);
        for chart in charts {
            well_formed(&chart.standalone());
            assert!(!chart.sentence.is_empty());
        }
    }

    /// Set `LOOK` to a folder to see the fixtures' files in a browser.
    #[test]
    fn fixtures_can_be_looked_at() {
        let Some(folder) = std::env::var_os("LOOK") else { return };
        write(&fixture::run(), &std::path::Path::new(&folder).join("run")).unwrap();
        write(&fixture::run_once(), &std::path::Path::new(&folder).join("once")).unwrap();
        write_sweep(&fixture::sweep(), &std::path::Path::new(&folder).join("sweep")).unwrap();
    }

    #[test]
    fn the_same_result_gives_the_same_bytes() {
        assert_eq!(renderings(), renderings());
    }
}
