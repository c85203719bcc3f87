//! TOML as an owned tree in which every key and value knows where it was written.

mod json;
mod parse;

pub use parse::{parse, parse_value};
pub use toml::value::Datetime;

use super::source::Span;

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where.
    pub span: Span,
}

/// A TOML value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number; finite once it is checked.
    Float(f64),
    /// true or false.
    Boolean(bool),
    /// A date, a time, or both.
    Datetime(Datetime),
    /// An array.
    Array(Vec<Node>),
    /// A table.
    Table(Table),
}

impl Value {
    /// What users call this type.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::Datetime(_) => "a date or time",
            Self::Array(_) => "an array",
            Self::Table(_) => "a table",
        }
    }
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key was written.
    pub key_span: Span,
    /// The value.
    pub node: Node,
}

/// A table in the order in which it was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    entries: Vec<Entry>,
}

impl Node {
    /// A value that was not written anywhere.
    #[must_use]
    pub const fn built_in(value: Value) -> Self {
        Self { value, span: Span::BUILT_IN }
    }

    /// The table, if it is one.
    #[must_use]
    pub const fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The table, if it is one.
    pub const fn as_table_mut(&mut self) -> Option<&mut Table> {
        match &mut self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The elements, if it is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match &self.value {
            Value::Array(nodes) => Some(nodes),
            _ => None,
        }
    }

    /// The text, if it is a string.
    #[must_use]
    pub const fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The value in TOML's own notation, on one line, as users would write it.
    #[must_use]
    pub fn to_toml(&self) -> String {
        match &self.value {
            Value::String(text) => toml::Value::String(text.clone()).to_string(),
            Value::Integer(number) => number.to_string(),
            // `{:?}` keeps a decimal point, and is the shortest text that reads back as the same number.
            Value::Float(number) => format!("{number:?}"),
            Value::Boolean(flag) => flag.to_string(),
            Value::Datetime(instant) => instant.to_string(),
            Value::Array(nodes) => {
                format!("[{}]", nodes.iter().map(Self::to_toml).collect::<Vec<_>>().join(", "))
            }
            Value::Table(table) => table.to_toml(),
        }
    }

    fn sorted(&self) -> Self {
        let value = match &self.value {
            Value::Table(table) => Value::Table(table.sorted()),
            Value::Array(nodes) => Value::Array(nodes.iter().map(Self::sorted).collect()),
            other => other.clone(),
        };
        Self { value, span: self.span }
    }

    /// The node at a dotted `path` below this one; array entries by `name` or index.
    #[must_use]
    pub fn at_path(&self, path: &str) -> Option<&Self> {
        if path.is_empty() {
            return Some(self);
        }
        path.split('.').try_fold(self, |node, segment| match &node.value {
            Value::Table(table) => table.get(segment),
            Value::Array(nodes) => position(nodes, segment).map(|index| &nodes[index]),
            _ => None,
        })
    }
}

/// Which element `segment` names: by the element's `name`, or by its index.
#[must_use]
pub fn position(nodes: &[Node], segment: &str) -> Option<usize> {
    nodes
        .iter()
        .position(|node| name_of(node) == Some(segment))
        .or_else(|| segment.parse::<usize>().ok().filter(|&index| index < nodes.len()))
}

/// The `name` of a table.
#[must_use]
pub fn name_of(node: &Node) -> Option<&str> {
    node.as_table()?.get("name")?.as_str()
}

impl Table {
    /// An empty table.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The value of `key`.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node)
    }

    /// The entry of `key`.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Whether there is a `key`.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Sets `key`: in its old place if it is there, else at the end.
    pub fn insert(&mut self, key: &str, key_span: Span, node: Node) {
        match self.entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => (entry.key_span, entry.node) = (key_span, node),
            None => self.entries.push(Entry { key: key.to_owned(), key_span, node }),
        }
    }

    /// Takes `key` out.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(index).node)
    }

    /// The entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The entries, in order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut()
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.key.as_str())
    }

    /// How many keys there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no keys.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The node at a dotted `path`; array entries by `name` or index.
    #[must_use]
    pub fn at_path(&self, path: &str) -> Option<&Node> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        self.get(first)?.at_path(rest)
    }

    /// The same with its keys, at every depth, in alphabetical order: one text for one meaning.
    #[must_use]
    pub fn sorted(&self) -> Self {
        let mut entries: Vec<Entry> =
            self.entries.iter().map(|entry| Entry { node: entry.node.sorted(), ..entry.clone() }).collect();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Self { entries }
    }

    /// An inline table in TOML's own notation.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let entries: Vec<String> =
            self.entries.iter().map(|entry| format!("{} = {}", key_text(&entry.key), entry.node.to_toml())).collect();
        if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
    }
}

fn key_text(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if bare { key.to_owned() } else { toml::Value::String(key.to_owned()).to_string() }
}

/// Writes `over` on top of `base`: tables merge key by key, everything else (arrays too) replaces.
pub fn deep_merge(base: &mut Table, over: &Table) {
    for entry in over.iter() {
        match (base.get_mut(&entry.key).map(|node| &mut node.value), &entry.node.value) {
            (Some(Value::Table(base)), Value::Table(over)) => deep_merge(base, over),
            _ => base.insert(&entry.key, entry.key_span, entry.node.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::diagnostic::Diagnostics;
    use crate::document::source::Sources;
    use proptest::prelude::*;

    fn read(text: &str) -> (Table, usize) {
        let mut sources = Sources::new();
        let id = sources.add("t.toml", text);
        let mut diagnostics = Diagnostics::new();
        let table = parse(&sources, id, &mut diagnostics);
        let _ = diagnostics.render(&sources, false);
        (table, diagnostics.len())
    }

    #[test]
    fn a_tree_keeps_the_order_of_writing_and_finds_paths() {
        let (table, problems) = read("z = 1\n[[a]]\nname = 'x'\nb.c = 2\n[[a]]\nb.c = 3.0\n");
        assert_eq!(problems, 0);
        assert_eq!(table.keys().collect::<Vec<_>>(), ["z", "a"]);
        assert_eq!(table.at_path("a.x.b.c").map(|node| &node.value), Some(&Value::Integer(2)));
        assert_eq!(table.at_path("a.1.b.c").map(|node| &node.value), Some(&Value::Float(3.0)));
        assert_eq!(table.at_path("a.2.b"), None);
        assert_eq!(table.to_toml(), "{ z = 1, a = [{ name = \"x\", b = { c = 2 } }, { b = { c = 3.0 } }] }");
    }

    #[test]
    fn merging_replaces_arrays_and_joins_tables() {
        let (mut base, _) = read("a = { b = 1, c = [1, 2] }\nd = 1");
        deep_merge(&mut base, &read("a = { c = [3] }\ne = 2").0);
        assert_eq!(base.to_toml(), "{ a = { b = 1, c = [3] }, d = 1, e = 2 }");
    }

    #[test]
    fn every_syntax_error_is_reported() {
        assert_eq!(read("a = \nb = 'x\nc = 1").1, 2);
    }

    #[test]
    fn deep_nesting_is_an_error_not_a_crash() {
        for text in [format!("a = {}", "[".repeat(100_000)), vec!["a"; 100_000].join("."), "[[a".repeat(10_000)] {
            assert!(read(&text).1 > 0);
            assert!(read(&format!("[{text}]")).1 > 0);
            assert!(read(&format!("{text} = 1")).1 > 0);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            read(&text);
            read(&String::from_utf8_lossy(&bytes));
        }
    }
}
