//! Files of measured values: `{ dist = "empirical", file = "..." }` becomes quantiles.

use super::Context;
use crate::document::diagnostic::Diagnostic;
use crate::document::quantity;
use crate::document::source::Span;
use crate::document::tree::{Node, Table, Value};

/// How many quantiles a file becomes: enough for its 99.9th percentile, however long it is.
const QUANTILES: usize = 1000;

/// Replaces the `file` of every empirical distribution below `table` by its quantiles.
pub fn inline(context: &mut Context, table: &mut Table) {
    let is_empirical = table.get("dist").and_then(Node::as_str) == Some("empirical");
    if let (true, Some(file)) = (is_empirical && !table.contains("quantiles"), table.get("file").cloned())
        && file.as_str().is_some()
    {
        if let Some(quantiles) = read(context, &file) {
            table.insert("quantiles", file.span, quantiles);
        }
        table.remove("file");
    }
    table.iter_mut().for_each(|entry| inline_node(context, &mut entry.node));
}

fn inline_node(context: &mut Context, node: &mut Node) {
    match &mut node.value {
        Value::Table(table) => inline(context, table),
        Value::Array(nodes) => nodes.iter_mut().for_each(|node| inline_node(context, node)),
        _ => {}
    }
}

/// The quantiles of the values in the file that `node` names, one value per line as the language writes it.
fn read(context: &mut Context, node: &Node) -> Option<Node> {
    let bytes = context.file(node.text(), node.span)?;
    let mut values = Vec::new();
    let text = String::from_utf8_lossy(&bytes);
    for (line, written) in (1..).zip(text.lines()).filter(|(_, written)| !written.trim().is_empty()) {
        match measured(written) {
            Ok(value) => values.push(value),
            Err(why) => {
                let message = format!("`{}` line {line} is not a measured value", node.text());
                context.problems.push(Diagnostic::error(message).at(node.span).label(why).help(EXPECTED));
                return None;
            }
        }
    }
    if values.is_empty() {
        context
            .problems
            .push(Diagnostic::error(format!("`{}` has no values", node.text())).at(node.span).help(EXPECTED));
        return None;
    }
    let durations = values.iter().filter(|value| value.1).count();
    if durations != 0 && durations != values.len() {
        context.problems.push(Diagnostic::error(format!("`{}` mixes durations and sizes", node.text())).at(node.span));
        return None;
    }
    values.sort_unstable();
    Some(quantiles(&values, node.span))
}

const EXPECTED: &str = "one value per line: a duration such as 20ms, or a size such as 12KiB or 1200";

/// The value in base units, and whether it is a duration.
fn measured(text: &str) -> Result<(u64, bool), String> {
    let text = text.trim();
    if let Ok(bytes) = text.parse::<u64>() {
        return if bytes <= quantity::LARGEST.0 { Ok((bytes, false)) } else { Err("too large".to_owned()) };
    }
    match quantity::duration(text) {
        Ok(nanos) => Ok((nanos.0, true)),
        Err(why) => quantity::size(text).map(|bytes| (bytes.0, false)).map_err(|_| why),
    }
}

/// At most [`QUANTILES`] + 1 points through the sorted `values`, the smallest at 0 and the largest at 1.
fn quantiles(values: &[(u64, bool)], span: Span) -> Node {
    let points = QUANTILES.min((values.len() - 1).max(1));
    let node = |value: Value| Node { value, span };
    let pairs = (0..=points).map(|point| {
        let (value, is_duration) = values[point * (values.len() - 1) / points];
        let value = if is_duration { format!("{value}ns") } else { format!("{value}B") };
        node(Value::Array(vec![node(Value::Float(point as f64 / points as f64)), node(Value::String(value))]))
    });
    node(Value::Array(pairs.collect()))
}
