//! A scenario as it was typed: the tree of its file with every `--set` applied. Cheap to clone and to change.

use std::path::{Path, PathBuf};

use super::build::{Logs, build, prices};
use super::{Prices, Scenario, path};
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::source::{SourceId, Sources, Span, read_file};
use crate::document::tree::{Node, Table, Value, parse, parse_value};

/// A scenario as it was typed, and the texts it was read from.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) sources: Sources,
    pub(super) table: Table,
    /// The whole of the file, for what is missing at its top.
    pub(super) span: Span,
    /// Where relative paths start.
    pub(super) folder: PathBuf,
    /// Default name.
    pub(super) stem: String,
    /// What was found while reading.
    pub(super) problems: Diagnostics,
    /// Logs that were read.
    pub(super) logs: Logs,
    /// Whether the text is a TOML table at all; otherwise nothing more can be said about it.
    readable: bool,
}

impl Document {
    /// Reads the file at `path` and applies every `PATH=VALUE` of `sets` in turn. What is wrong with either is found by
    /// [`Document::build`], together with everything else.
    #[must_use]
    pub fn read(path: &Path, sets: &[String]) -> Self {
        let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        match read_file(path) {
            Ok(text) => Self::new(&path.display().to_string(), &text, &folder, &stem, sets),
            Err(problem) => Self { problems: problem.into(), readable: false, ..Self::empty(&folder, &stem) },
        }
    }

    /// The scenario that `text` says, which users know as `name`; relative paths start at `folder`.
    #[must_use]
    pub fn new(name: &str, text: &str, folder: &Path, stem: &str, sets: &[String]) -> Self {
        let mut document = Self::empty(folder, stem);
        let source = document.sources.add(name, text);
        document.span = Span::new(source, &(0..0));
        document.table = parse(&document.sources, source, &mut document.problems);
        document.readable = document.problems.is_empty();
        document.normalise();
        for (index, set) in sets.iter().enumerate() {
            document.set(&format!("<--set {}>", index + 1), set);
        }
        document
    }

    /// The section `[pricing]` alone, as a result keeps it.
    #[must_use]
    pub fn of_pricing(section: &serde_json::Map<String, serde_json::Value>) -> Self {
        let mut document = Self::empty(Path::new(""), "");
        let node = Node::built_in(Value::Table(Table::from_json(section)));
        document.table.insert("pricing", Span::BUILT_IN, node);
        document
    }

    /// Checks and builds a document that has no section but `[pricing]`.
    ///
    /// # Errors
    /// As [`Document::build`].
    pub fn prices(&mut self) -> Result<Prices, Diagnostics> {
        if !self.readable {
            return Err(self.problems.clone());
        }
        prices(self)
    }

    fn empty(folder: &Path, stem: &str) -> Self {
        Self {
            sources: Sources::new(),
            table: Table::new(),
            span: Span::BUILT_IN,
            folder: folder.to_path_buf(),
            stem: stem.to_owned(),
            problems: Diagnostics::new(),
            logs: Logs::default(),
            readable: true,
        }
    }

    /// The same with the node at `path` replaced by what `value` says: TOML, else taken as a string.
    #[must_use]
    pub fn with_value(&self, path: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.set("<axis>", &format!("{path}={value}"));
        changed
    }

    /// Checks and builds it.
    ///
    /// # Errors
    /// Every problem there is; render them with [`Document::render`].
    pub fn build(&mut self) -> Result<Scenario, Diagnostics> {
        if !self.readable {
            return Err(self.problems.clone());
        }
        build(self)
    }

    /// Diagnostics as text; `color` with terminal escapes.
    #[must_use]
    pub fn render(&self, diagnostics: &Diagnostics, color: bool) -> String {
        diagnostics.render(&self.sources, color)
    }

    /// The texts it was read from.
    #[must_use]
    pub const fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Applies one `PATH=VALUE`, which users know as `name`. What is wrong with it is found by [`Document::build`].
    pub fn set(&mut self, name: &str, text: &str) {
        if !self.readable {
            return;
        }
        let source = self.sources.add(name, text);
        if let Err(problem) = self.try_set(source, text) {
            self.problems.push(problem);
        }
        self.normalise();
    }

    fn try_set(&mut self, source: SourceId, text: &str) -> Result<(), Diagnostic> {
        let Some(equals) = equals_sign(text) else {
            let whole = Span::new(source, &(0..text.len()));
            return Err(Diagnostic::error("expected PATH=VALUE").at(whole).help("traffic.source.0.rate=500/s"));
        };
        let path = path::split(text, source, 0..equals)?;
        let mut problems = Diagnostics::new();
        let value = parse_value(&self.sources, source, equals + 1..text.len(), &mut problems);
        if problems.has_errors() {
            self.problems.extend(problems);
            return Ok(());
        }
        path::set(&mut self.table, &path, value)
    }

    /// Writes `[x]` as `[[x]]`, and default names into entries that have none.
    fn normalise(&mut self) {
        if let Some(traffic) = self.table.get_mut("traffic").and_then(Node::as_table_mut) {
            normalise(traffic, "source", |_| Some("source".to_owned()));
        }
        normalise(&mut self.table, "class", |_| Some("request".to_owned()));
        for section in ["service", "queue", "workflow", "store", "fault"] {
            let name = (section != "fault").then(|| section.to_owned());
            normalise(&mut self.table, section, |_| name.clone());
        }
        normalise(&mut self.table, "deployment", |entry| entry.get("platform")?.as_str().map(str::to_owned));
    }
}

/// The first `=` outside of quotes.
fn equals_sign(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b'=' && !quoted
    })
}

/// Makes `section` an array of tables, and gives its entries `name`: a deployment's is its platform's id even where
/// there are several, any other section's default needs a single entry.
fn normalise(table: &mut Table, section: &str, name: impl Fn(&Table) -> Option<String>) {
    let Some(node) = table.get_mut(section) else { return };
    if let Value::Table(entry) = &mut node.value {
        let entry = Node { value: Value::Table(std::mem::take(entry)), span: node.span };
        node.value = Value::Array(vec![entry]);
    }
    let Value::Array(nodes) = &mut node.value else { return };
    if nodes.len() > 1 && section != "deployment" {
        return;
    }
    for entry in nodes.iter_mut().filter_map(Node::as_table_mut) {
        if let (false, Some(name)) = (entry.contains("name"), name(entry)) {
            entry.insert("name", Span::BUILT_IN, Node::built_in(Value::String(name)));
        }
    }
}
