//! Reads catalogue files: what they cite, and settings that each name their citation.

use std::collections::BTreeMap;

use crate::document::diagnostic::Diagnostics;
use crate::document::provenance::{Confidence, Provenance};
use crate::document::source::{Sources, Span};
use crate::document::tree::{Entry, Node, Table, Value, parse};

/// A key with the value that a scenario would say, and where the value comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Dotted key: `fleet.keep_alive`.
    pub key: String,
    /// Value in the language of scenarios. Its spans are built in.
    pub node: Node,
    /// Origin.
    pub provenance: Provenance,
    /// A remark for people; may be empty.
    pub note: String,
}

impl Setting {
    /// Where a scenario would say it.
    #[must_use]
    pub fn scenario_key(&self) -> String {
        self.key.replace("placement.node.", "placement.nodes.").replace("autoscaler.direction.", "autoscaler.behavior.")
    }

    /// The value as a scenario would say it, without the quotes of a plain string.
    #[must_use]
    pub fn value_text(&self) -> String {
        plain_text(&self.node)
    }
}

/// `node` as a scenario would say it, without the quotes of a plain string.
#[must_use]
pub fn plain_text(node: &Node) -> String {
    node.as_str().map_or_else(|| node.to_toml(), str::to_owned)
}

/// A file of the catalogue.
pub(super) struct File {
    name: String,
    table: Table,
    sources: BTreeMap<String, Provenance>,
}

impl File {
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut sources = Sources::new();
        let mut diagnostics = Diagnostics::new();
        let id = sources.add(name, text);
        let mut table = parse(&sources, id, &mut diagnostics);
        if !diagnostics.is_empty() {
            return Err(diagnostics.render(&sources, false));
        }
        table.iter_mut().for_each(|entry| forget_place(&mut entry.node));
        let mut file = Self { name: name.to_owned(), table, sources: BTreeMap::new() };
        let listed = file.table.get("sources").and_then(Node::as_table).cloned().unwrap_or_default();
        for entry in listed.iter() {
            let source = Self::source(&entry.node).map_err(|defect| file.defect(&entry.key, &defect))?;
            file.sources.insert(entry.key.clone(), source);
        }
        Ok(file)
    }

    fn source(node: &Node) -> Result<Provenance, String> {
        let table = node.as_table().ok_or("a source is a table")?;
        let word = |key: &str| table.get(key).and_then(Node::as_str).ok_or_else(|| format!("a source needs `{key}`"));
        Ok(Provenance {
            source: word("text")?.to_owned(),
            observed: word("observed")?.to_owned(),
            confidence: confidence(word("confidence")?)?,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn folder(&self) -> &str {
        self.name.split_once('/').map_or("", |(folder, _)| folder)
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    pub(super) fn defect(&self, key: &str, what: &str) -> String {
        format!("{}: {key}: {what}", self.name)
    }

    /// When the sources of this file were observed, undated ones left out.
    pub(super) fn observed(&self) -> Vec<String> {
        let dated = self.sources.values().map(|source| source.observed.clone());
        dated.filter(|observed| observed.starts_with(|c: char| c.is_ascii_digit())).collect()
    }

    pub(super) fn text(&self, key: &str) -> Result<String, String> {
        let text = self.table.get(key).and_then(Node::as_str).map(str::to_owned);
        text.ok_or_else(|| self.defect(key, "a text is missing"))
    }

    pub(super) fn words(&self, key: &str) -> Result<Vec<String>, String> {
        let nodes =
            self.table.get(key).and_then(Node::as_array).ok_or_else(|| self.defect(key, "an array is missing"))?;
        nodes
            .iter()
            .map(|node| node.as_str().map(str::to_owned).ok_or_else(|| self.defect(key, "not a text")))
            .collect()
    }

    /// Pairs of a table whose values are texts.
    pub(super) fn pairs(&self, key: &str) -> Result<Vec<(String, String)>, String> {
        let table = self.table.get(key).and_then(Node::as_table).cloned().unwrap_or_default();
        let pair = |entry: &Entry| {
            let text = entry.node.as_str().ok_or_else(|| self.defect(&entry.key, "not a text"))?;
            Ok((entry.key.clone(), text.to_owned()))
        };
        table.iter().map(pair).collect()
    }

    /// The settings of `[default]`.
    pub(super) fn defaults(&self) -> Result<Vec<Setting>, String> {
        self.settings_of("default", "")
    }

    /// The settings of the table at `path`, their keys below `prefix`.
    pub(super) fn settings_of(&self, path: &str, prefix: &str) -> Result<Vec<Setting>, String> {
        let mut settings = Vec::new();
        if let Some(table) = self.table.at_path(path).and_then(Node::as_table) {
            self.collect(table, prefix, &mut settings)?;
        }
        Ok(settings)
    }

    fn collect(&self, table: &Table, prefix: &str, settings: &mut Vec<Setting>) -> Result<(), String> {
        for entry in table.iter() {
            let key = if prefix.is_empty() { entry.key.clone() } else { format!("{prefix}.{}", entry.key) };
            let inner = entry.node.as_table().ok_or_else(|| self.defect(&key, "a setting is a table with `value`"))?;
            match inner.get("value") {
                Some(node) => settings.push(self.setting(key, node.clone(), inner)?),
                None => self.collect(inner, &key, settings)?,
            }
        }
        Ok(())
    }

    fn setting(&self, key: String, node: Node, table: &Table) -> Result<Setting, String> {
        let provenance = self.provenance(&key, table)?;
        let note = table.get("note").and_then(Node::as_str).unwrap_or_default().to_owned();
        Ok(Setting { key, node, provenance, note })
    }

    /// The origin that `table` names with `source`, and perhaps its own `confidence`.
    pub(super) fn provenance(&self, key: &str, table: &Table) -> Result<Provenance, String> {
        let id = table.get("source").and_then(Node::as_str).ok_or_else(|| self.defect(key, "no `source`"))?;
        let source = self.sources.get(id).ok_or_else(|| self.defect(key, &format!("no source `{id}`")))?;
        let mut provenance = source.clone();
        if let Some(word) = table.get("confidence").and_then(Node::as_str) {
            provenance.confidence = confidence(word).map_err(|defect| self.defect(key, &defect))?;
        }
        Ok(provenance)
    }
}

fn confidence(word: &str) -> Result<Confidence, String> {
    let found = Confidence::ALL.into_iter().find(|confidence| confidence.word() == word);
    found.ok_or_else(|| format!("no confidence is called `{word}`"))
}

/// Spans of the catalogue mean nothing among the texts of a scenario.
fn forget_place(node: &mut Node) {
    node.span = Span::BUILT_IN;
    match &mut node.value {
        Value::Array(nodes) => nodes.iter_mut().for_each(forget_place),
        Value::Table(table) => table.iter_mut().for_each(|entry| {
            entry.key_span = Span::BUILT_IN;
            forget_place(&mut entry.node);
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "[sources.a]\ntext = \"A\"\nobserved = \"2026\"\nconfidence = \"provider\"\n[default]\n";

    fn read(line: &str) -> Result<Vec<Setting>, String> {
        File::parse("x/y.toml", &format!("{HEAD}{line}"))?.defaults()
    }

    #[test]
    fn a_setting_takes_the_confidence_of_its_source_or_its_own() {
        let settings =
            read("k = { value = 1, source = \"a\" }\nl.m = { value = 2, source = \"a\", confidence = \"assumption\" }")
                .unwrap();
        assert_eq!(settings[0].provenance.confidence, Confidence::Provider);
        assert_eq!((settings[1].key.as_str(), settings[1].provenance.confidence), ("l.m", Confidence::Assumption));
    }

    #[test]
    fn a_setting_without_a_known_source_or_confidence_is_a_defect() {
        assert_eq!(read("k = { value = 1 }").unwrap_err(), "x/y.toml: k: no `source`");
        assert!(read("k = { value = 1, source = \"b\" }").unwrap_err().contains("no source `b`"));
        assert!(read("k = { value = 1, source = \"a\", confidence = \"sure\" }").unwrap_err().contains("`sure`"));
        assert!(read("k = 1").is_err());
    }
}
