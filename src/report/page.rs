//! What a report says, in order, before it is set as text, Markdown or HTML. Every string in it is plain text: each
//! rendering escapes it in its own way.

use serde::Serialize;

use super::charts::Chart;
use super::table::Table;

/// A report.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Page {
    /// Name of the scenario.
    pub title: String,
    /// One line on what was played.
    pub subtitle: String,
    /// What the reader must know first: an interrupted run, a single replication.
    pub warnings: Vec<String>,
    /// The answer in one sentence.
    pub verdict: String,
    /// Sentences that support it.
    pub findings: Vec<String>,
    /// The table.
    pub table: Table,
    /// What else a terminal shows below the table.
    pub remarks: Vec<String>,
    /// Charts.
    pub charts: Vec<Chart>,
    /// The rest.
    pub sections: Vec<Section>,
}

/// A titled part of a report.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Section {
    /// Title.
    pub title: String,
    /// One line below it.
    pub lead: String,
    /// Content.
    pub blocks: Vec<Block>,
}

/// A piece of content.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Block {
    /// A titled paragraph; the title may be empty.
    Text {
        /// Title.
        title: String,
        /// Text.
        text: String,
    },
    /// A titled list.
    List {
        /// Title.
        title: String,
        /// Entries.
        items: Vec<String>,
    },
    /// A titled table.
    Table {
        /// Title.
        title: String,
        /// The table.
        table: Table,
        /// Numbered notes below it.
        notes: Vec<String>,
        /// Whether an interactive page shows it only on demand.
        folded: bool,
    },
}
