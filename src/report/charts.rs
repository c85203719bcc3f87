//! Charts: each is one SVG with one sentence that says what it shows in its own figures.
//!
//! [`canvas`] alone knows the drawing library; every other module describes a [`canvas::Plot`]. The same scenario gives
//! the same bytes. Colours are plain attributes, which any viewer understands; a style sheet that selects by attribute
//! turns them to the reader's light or dark preference.

mod axis;
mod canvas;
mod cost;
mod latency;
mod load;
mod sweep;
mod week;

use std::fmt::{self, Write};

use serde::Serialize;

use crate::experiment::result::{RunResult, SweepResult};

use canvas::{INKS, Ink, Plot};

/// A drawn chart.
#[derive(Clone, Debug, Serialize)]
pub struct Chart {
    /// Name of its file, without the ending.
    pub id: &'static str,
    /// Title.
    pub title: String,
    /// What it shows, with its own figures.
    pub sentence: String,
    /// The drawing, for use within a page that has [`theme`] in its style sheet.
    pub svg: String,
}

/// A chart that could not be drawn.
#[derive(Debug)]
pub struct ChartError(String);

impl fmt::Display for ChartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a chart could not be drawn: {}", self.0)
    }
}

impl std::error::Error for ChartError {}

impl Chart {
    fn draw(id: &'static str, sentence: String, plot: &Plot) -> Result<Self, ChartError> {
        let svg = canvas::draw(plot, &sentence)?;
        Ok(Self { id, title: plot.title.clone(), sentence, svg })
    }

    /// The drawing as a file of its own, with its style sheet.
    pub fn standalone(&self) -> String {
        let end = self.svg.find('>').map_or(0, |end| end + 1);
        let (head, rest) = self.svg.split_at(end);
        let paper = format!("[fill=\"{}\"] {{ fill: #14171c; }}\n", canvas::PAPER.light);
        format!(
            "{head}\n<style>\ntext {{ font-family: system-ui, \"Segoe UI\", Roboto, \"Liberation Sans\", sans-serif; }}\n\
             {}@media (prefers-color-scheme: dark) {{\n{paper}}}\n</style>{rest}",
            theme("")
        )
    }
}

/// The style sheet that adapts charts below `scope` to light and dark, and tells series apart by dashes as well.
pub fn theme(scope: &str) -> String {
    let scope = if scope.is_empty() { String::new() } else { format!("{scope} ") };
    let mut dark = String::new();
    let mut css = String::new();
    if !scope.is_empty() {
        let _ = writeln!(css, "{scope}[fill=\"{}\"] {{ fill: none; }}", canvas::PAPER.light);
    }
    for Ink { light, dark: other, dashes } in INKS {
        if !dashes.is_empty() {
            let _ = writeln!(css, "{scope}polyline[stroke=\"{light}\"] {{ stroke-dasharray: {dashes}; }}");
        }
        let _ = writeln!(dark, "{scope}[fill=\"{light}\"] {{ fill: {other}; }}");
        let _ = writeln!(dark, "{scope}[stroke=\"{light}\"] {{ stroke: {other}; }}");
    }
    let _ = write!(css, "@media (prefers-color-scheme: dark) {{\n{dark}}}\n");
    css
}

/// The charts of a run, those without data left out.
///
/// # Errors
/// When the drawing library refuses.
pub fn of_run(result: &RunResult) -> Result<Vec<Chart>, ChartError> {
    let charts =
        [cost::breakdown(result), cost::over_time(result), load::over_time(result), latency::distribution(result)];
    charts.into_iter().flatten().collect()
}

/// The chart of the hours of a week, in requests per second, Monday 00 h first.
///
/// # Errors
/// When the drawing library refuses.
pub fn of_week(week: &[Option<f64>], title: &str) -> Result<Chart, ChartError> {
    week::hours(week, title)
}

/// The same for a terminal.
pub fn week_text(week: &[Option<f64>]) -> String {
    week::letters(week)
}

/// The chart of a sweep; none without any bill.
///
/// # Errors
/// When the drawing library refuses.
pub fn of_sweep(result: &SweepResult) -> Result<Option<Chart>, ChartError> {
    sweep::costs(result).transpose()
}
