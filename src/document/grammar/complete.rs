//! Writes the defaults of a shape into a table, so that what is resolved states everything that is in force.

use super::{Key, Kind, Shape, Tagged};
use crate::document::diagnostic::Diagnostics;
use crate::document::source::{Sources, Span};
use crate::document::tree::{Node, Table, Value, parse_value};

/// Inserts the default of every key of `shape` that `table` lacks, at every depth. The table was checked.
pub fn complete(table: &mut Table, shape: &Shape) {
    for key in shape.keys {
        if let (false, Some(text)) = (table.contains(key.name), key.default) {
            table.insert(key.name, Span::BUILT_IN, default_node(text));
        }
        if let Some(node) = table.get_mut(key.name) {
            complete_node(node, &key.kind);
        }
    }
}

fn complete_node(node: &mut Node, kind: &Kind) {
    match (kind, &mut node.value) {
        (Kind::Table(shape), Value::Table(table)) => complete(table, shape),
        (Kind::Named(named), Value::Table(table)) => complete(table, &named.shape),
        (Kind::Map(kind), Value::Table(table)) => {
            for entry in table.iter_mut() {
                complete_node(&mut entry.node, kind);
            }
        }
        (Kind::Tagged(tagged), Value::Table(table)) => complete_tagged(table, tagged),
        (Kind::OneOrMany(kind) | Kind::List { of: kind, .. }, Value::Array(nodes)) => {
            for node in nodes.iter_mut() {
                complete_node(node, kind);
            }
        }
        (Kind::OneOrMany(kind), Value::Table(_)) => complete_node(node, kind),
        (Kind::OneOf(kinds), _) => {
            if let Some(kind) = kinds.iter().find(|kind| super::accepts(node, kind)) {
                complete_node(node, kind);
            }
        }
        _ => {}
    }
}

fn complete_tagged(table: &mut Table, tagged: &Tagged) {
    if let (false, Some(word)) = (table.contains(tagged.tag), tagged.default) {
        table.insert(tagged.tag, Span::BUILT_IN, Node::built_in(Value::String(word.to_owned())));
    }
    complete(table, tagged.common);
    let variant = table.get(tagged.tag).and_then(Node::as_str).and_then(|word| tagged.variant(word));
    if let Some(variant) = variant {
        complete(table, &variant.shape);
    }
}

/// The node that a default's text says.
fn default_node(text: &str) -> Node {
    let mut sources = Sources::new();
    let source = sources.add("<default>", text);
    let mut node = parse_value(&sources, source, 0..text.len(), &mut Diagnostics::new());
    built_in(&mut node);
    node
}

fn built_in(node: &mut Node) {
    node.span = Span::BUILT_IN;
    match &mut node.value {
        Value::Array(nodes) => nodes.iter_mut().for_each(built_in),
        Value::Table(table) => table.iter_mut().for_each(|entry| {
            entry.key_span = Span::BUILT_IN;
            built_in(&mut entry.node);
        }),
        _ => {}
    }
}

impl Key {
    /// The node that its default says, if it has one.
    #[must_use]
    pub fn default_node(&self) -> Option<Node> {
        self.default.map(default_node)
    }
}
