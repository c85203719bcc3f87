//! One table model: terminal, Markdown and HTML tables are renderings of it.

use serde::Serialize;

use super::number::Printed;

/// Rows of cells below a head.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Table {
    /// What the table shows; read out by screen readers.
    pub caption: String,
    /// Titles, the one above the labels included.
    pub head: Vec<String>,
    /// Columns (the labels' included) that hold text, so are set flush left.
    pub text_columns: Vec<usize>,
    /// Rows.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    /// How it is set off.
    pub kind: RowKind,
    /// First cell.
    pub label: String,
    /// Further cells, one per further title; none in a heading.
    pub cells: Vec<Cell>,
}

/// How a row is set off from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RowKind {
    /// A figure.
    #[default]
    Plain,
    /// Part of the row above.
    Part,
    /// A title for the rows below; has no cells.
    Heading,
    /// A sum.
    Total,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The figure.
    pub text: String,
    /// Its interval; empty without one.
    pub interval: String,
    /// Meaning beyond the words: met, missed, inconclusive or flagged; empty otherwise.
    pub tone: &'static str,
}

impl From<Printed> for Cell {
    fn from(printed: Printed) -> Self {
        Self { text: printed.value, interval: printed.interval, tone: "" }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl Cell {
    /// Text and interval, `between` them.
    pub fn joined(&self, between: &str) -> String {
        if self.interval.is_empty() { self.text.clone() } else { format!("{}{between}{}", self.text, self.interval) }
    }
}

impl Row {
    /// A row of figures.
    pub fn of(label: impl Into<String>, cells: Vec<Cell>) -> Self {
        Self { kind: RowKind::Plain, label: label.into(), cells }
    }

    /// Figures that are part of the row above.
    pub fn part(label: impl Into<String>, cells: Vec<Cell>) -> Self {
        Self { kind: RowKind::Part, label: label.into(), cells }
    }

    /// A title for the rows below.
    pub fn heading(label: impl Into<String>) -> Self {
        Self { kind: RowKind::Heading, label: label.into(), cells: Vec::new() }
    }
}

impl Table {
    /// A table of words: every column flush left.
    pub fn of_text(caption: &str, head: &[&str], rows: Vec<Vec<String>>) -> Self {
        let rows = rows.into_iter().filter_map(|row| {
            let mut cells = row.into_iter();
            let label = cells.next()?;
            Some(Row::of(label, cells.map(Cell::from).collect()))
        });
        Self {
            caption: caption.to_owned(),
            head: head.iter().map(|title| (*title).to_owned()).collect(),
            text_columns: (0..head.len()).collect(),
            rows: rows.collect(),
        }
    }

    /// Whether a column is set flush left.
    pub fn is_text(&self, column: usize) -> bool {
        self.text_columns.contains(&column)
    }
}
