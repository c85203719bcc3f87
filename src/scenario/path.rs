//! Dotted paths into a scenario: `deployment.k8s.autoscaler.max`, `traffic.source.0.rate`.
//!
//! Entries of an array go by name or index; an array of one entry needs neither, as `[x]` is `[[x]]` with one entry.

use std::ops::Range;

use crate::document::diagnostic::Diagnostic;
use crate::document::source::{SourceId, Span};
use crate::document::tree::{Node, Table, Value, name_of, position};

/// One key or entry of a path, and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The key, name or index.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// Splits the bytes `range` of `text` at its dots; a segment in double quotes may hold dots.
///
/// # Errors
/// An empty segment, or a quote that does not end.
pub fn split(text: &str, source: SourceId, range: Range<usize>) -> Result<Vec<Segment>, Diagnostic> {
    let mut segments = Vec::new();
    let mut start = range.start;
    let mut quoted = false;
    for (at, letter) in text[range.clone()].char_indices().map(|(at, letter)| (at + range.start, letter)) {
        match letter {
            '"' => quoted = !quoted,
            '.' if !quoted => {
                segments.push(segment(text, source, start..at)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    segments.push(segment(text, source, start..range.end)?);
    Ok(segments)
}

fn segment(text: &str, source: SourceId, range: Range<usize>) -> Result<Segment, Diagnostic> {
    let span = Span::new(source, &range);
    let written = text[range].trim();
    let inner = written.strip_prefix('"').map_or(Some(written), |rest| rest.strip_suffix('"'));
    match inner {
        Some(key) if !key.is_empty() => Ok(Segment { text: key.to_owned(), span }),
        _ => Err(Diagnostic::error("not a path").at(span).help("keys joined by dots: traffic.source.0.rate")),
    }
}

/// The entry of `nodes` that `segment` names: by name, by index, or the only one (then `segment` is a key of it).
pub fn entry(nodes: &[Node], segment: &str) -> Option<(usize, bool)> {
    match position(nodes, segment) {
        Some(index) => Some((index, true)),
        None => (nodes.len() == 1).then_some((0, false)),
    }
}

/// Sets the node at `path` below `table`; tables that are missing on the way come into being.
///
/// # Errors
/// A segment that leads nowhere, with the nearest name.
pub fn set(table: &mut Table, path: &[Segment], node: Node) -> Result<(), Diagnostic> {
    let Some((first, rest)) = path.split_first() else { return Ok(()) };
    if rest.is_empty() {
        table.insert(&first.text, first.span, node);
        return Ok(());
    }
    if !table.contains(&first.text) {
        table.insert(&first.text, first.span, Node { value: Value::Table(Table::new()), span: first.span });
    }
    match table.get_mut(&first.text) {
        Some(below) => set_below(below, first, rest, node),
        None => Ok(()),
    }
}

fn set_below(at: &mut Node, reached: &Segment, path: &[Segment], node: Node) -> Result<(), Diagnostic> {
    let Some((first, rest)) = path.split_first() else {
        *at = node;
        return Ok(());
    };
    match &mut at.value {
        Value::Table(table) => set(table, path, node),
        Value::Array(nodes) => match entry(nodes, &first.text) {
            Some((index, true)) => set_below(&mut nodes[index], first, rest, node),
            Some((index, false)) => set_below(&mut nodes[index], reached, path, node),
            None => Err(no_entry(nodes, reached, first)),
        },
        value => {
            Err(Diagnostic::error(format!("`{}` is {}, without keys", reached.text, value.type_name())).at(first.span))
        }
    }
}

/// No entry of the array at `reached` is called `segment`.
pub fn no_entry(nodes: &[Node], reached: &Segment, segment: &Segment) -> Diagnostic {
    let message = format!("no `{}` is called `{}`", reached.text, segment.text);
    Diagnostic::error(message).at(segment.span).nearest(&segment.text, nodes.iter().filter_map(name_of))
}
