//! From TOML text to a [`Table`]. Every syntax error is reported. The parser bounds
//! the depth of nesting, so that walking the tree cannot exhaust the stack.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Entry, Node, Table, Value};
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::source::{SourceId, Sources, Span};

/// The table that text `source` says. With syntax errors it is what could be read of it.
pub fn parse(sources: &Sources, source: SourceId, diagnostics: &mut Diagnostics) -> Table {
    let text = sources.text(source);
    let mut reader = Reader { source, offset: 0, diagnostics };
    let (table, errors) = DeTable::parse_recoverable(text);
    reader.syntax_errors(&errors);
    reader.table(table.get_ref())
}

/// The value that the bytes `range` of text `source` say: TOML, else (so that quotes may be left out) a string.
pub fn parse_value(sources: &Sources, source: SourceId, range: Range<usize>, diagnostics: &mut Diagnostics) -> Node {
    let text = &sources.text(source)[range.clone()];
    let plain = || Node { value: Value::String(text.to_owned()), span: Span::new(source, &range) };
    // A bracket or a quote announces TOML: what is wrong with it is reported rather than taken for a string.
    let announced = text.starts_with(['[', '{', '"', '\'']);
    let mut reader = Reader { source, offset: range.start, diagnostics };
    let (value, errors) = DeValue::parse_recoverable(text);
    if errors.is_empty() {
        return reader.node(&value);
    }
    if announced {
        reader.syntax_errors(&errors);
    }
    plain()
}

struct Reader<'a> {
    source: SourceId,
    offset: usize,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn span(&self, range: &Range<usize>) -> Span {
        Span { source: self.source, start: range.start + self.offset, end: range.end + self.offset }
    }

    fn syntax_errors(&mut self, errors: &[toml::de::Error]) {
        for error in errors {
            let span = self.span(&error.span().unwrap_or(0..0));
            self.diagnostics.push(Diagnostic::error(error.message().replace('\n', ", ")).at(span).label("not TOML"));
        }
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        let mut entries: Vec<Entry> = table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref().to_string(),
                key_span: self.span(&key.span()),
                node: self.node(value),
            })
            .collect();
        entries.sort_by_key(|entry| entry.key_span);
        Table { entries }
    }

    fn node(&self, node: &Spanned<DeValue<'_>>) -> Node {
        let range = node.span();
        let value = match node.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            // A whole number beyond 64 bits becomes a float, and a float may not be finite: the check of a shape says
            // what is wrong with either, and where.
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Float(number.as_str().parse().unwrap_or(f64::INFINITY)),
            },
            DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(flag) => Value::Boolean(*flag),
            DeValue::Datetime(instant) => Value::Datetime(*instant),
            DeValue::Array(nodes) => Value::Array(nodes.iter().map(|node| self.node(node)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Node { value, span: self.span(&range) }
    }
}
