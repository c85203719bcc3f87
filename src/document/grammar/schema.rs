//! JSON Schema (draft 2020-12) of a shape, for editors. Lists only what runs.

use serde_json::{Map, Value, json};

use super::{Key, Kind, Named, Range, Rule, Shape, Tagged};

/// The schema of a document with this shape.
#[must_use]
pub fn json_schema(title: &str, shape: &Shape) -> Value {
    let mut schema = json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "title": title });
    if let (Value::Object(schema), Value::Object(table)) = (&mut schema, Part::Whole.table(&[shape], None)) {
        schema.extend(table);
    }
    let mut named = Vec::new();
    named_in(&[shape], &mut named);
    if !named.is_empty() {
        let defined = named.into_iter().map(|named| (named.name.to_owned(), Part::Whole.table(&[&named.shape], None)));
        schema["$defs"] = Value::Object(defined.collect());
    }
    schema
}

/// Every named table that the keys of `shapes` may hold, each once.
fn named_in(shapes: &[&Shape], found: &mut Vec<&'static Named>) {
    for key in shapes.iter().flat_map(|shape| shape.keys).filter(|key| key.refused().is_none()) {
        named_below(&key.kind, found);
    }
}

fn named_below(kind: &Kind, found: &mut Vec<&'static Named>) {
    match kind {
        Kind::Named(named) if !found.iter().any(|known| known.name == named.name) => {
            found.push(named);
            named_in(&[&named.shape], found);
        }
        Kind::Table(shape) | Kind::Overlay(shape) => named_in(&[shape], found),
        Kind::OneOrMany(kind) | Kind::Map(kind) | Kind::List { of: kind, .. } => named_below(kind, found),
        Kind::OneOf(kinds) => kinds.iter().for_each(|kind| named_below(kind, found)),
        Kind::Tagged(tagged) => {
            named_in(&[tagged.common], found);
            let played = tagged.variants.iter().filter(|variant| variant.refused().is_none());
            played.for_each(|variant| named_in(&[&variant.shape], found));
        }
        _ => {}
    }
}

/// Whether a table stands for itself, or lies on top of a preset that has what it leaves out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Overlay,
}

impl Part {
    fn table(self, shapes: &[&Shape], tag: Option<(&str, Value)>) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        if let Some((tag, word)) = tag {
            properties.insert(tag.to_owned(), word);
        }
        for key in shapes.iter().flat_map(|shape| shape.keys).filter(|key| key.refused().is_none()) {
            properties.insert(key.name.to_owned(), self.property(key));
            // An entry that is alone in its section has a default name.
            if key.required && self == Self::Whole && !matches!(key.kind, Kind::Name) {
                required.push(key.name);
            }
        }
        let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        let rules: Vec<Value> =
            shapes.iter().flat_map(|shape| shape.rules).filter_map(|rule| self.rule(*rule)).collect();
        if !rules.is_empty() {
            schema["allOf"] = json!(rules);
        }
        schema
    }

    fn rule(self, rule: Rule) -> Option<Value> {
        let any = |names: &[&str]| names.iter().map(|name| json!({ "required": [name] })).collect::<Vec<_>>();
        match rule {
            Rule::ExactlyOne(names) if self == Self::Whole => Some(json!({ "oneOf": any(names) })),
            Rule::ExactlyOne(names) | Rule::AtMostOne(names) => {
                let mut cases = any(names);
                cases.push(json!({ "not": { "anyOf": any(names) } }));
                Some(json!({ "oneOf": cases }))
            }
            Rule::Needs(name, other) if self == Self::Whole => Some(json!({ "dependentRequired": { name: [other] } })),
            Rule::NeedsOneOf(name, others) if self == Self::Whole => {
                Some(json!({ "anyOf": [{ "not": { "required": [name] } }, { "anyOf": any(others) }] }))
            }
            Rule::Needs(..) | Rule::NeedsOneOf(..) | Rule::Ordered(..) => None,
        }
    }

    fn property(self, key: &Key) -> Value {
        let mut schema = self.of(&key.kind);
        if !key.doc.is_empty() {
            schema["description"] = json!(key.doc);
        }
        if let Some(node) = key.default_node() {
            schema["default"] = to_json(&node.value);
        }
        schema
    }

    fn of(self, kind: &Kind) -> Value {
        match kind {
            Kind::Duration { none, .. } => pattern(&format!(r"({NUMBER} ?(ns|us|\u00b5s|ms|s|m|min|h|d|w) ?)+"), *none),
            Kind::Rate(_) => pattern(&format!(r"{NUMBER}[kMG]? ?/ ?(s|min|h|day)"), false),
            Kind::Growth => pattern(&format!("{NUMBER} ?% ?/year"), false),
            Kind::Size { none, .. } => {
                let text = pattern(&format!("{NUMBER} ?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)"), *none);
                json!({ "anyOf": [text, { "type": "integer", "minimum": 0 }] })
            }
            Kind::Share(range) => json!({ "anyOf": [number(*range), pattern(&format!("{NUMBER} ?%"), false)] }),
            Kind::Money => pattern(&format!("{NUMBER} ?USD"), false),
            Kind::Price => pattern(&format!(r"{NUMBER} ?USD( ?/ ?[0-9.]*[A-Za-z]*)?"), false),
            Kind::Number(range) => number(*range),
            Kind::NumberOrNone(range) => json!({ "anyOf": [number(*range), { "const": "none" }] }),
            Kind::Count { min, max, unlimited } => {
                let count = json!({ "type": "integer", "minimum": min, "maximum": max });
                unlimited.map_or(count.clone(), |word| json!({ "anyOf": [count, { "const": word }] }))
            }
            Kind::Known(known) if known.listed => json!({ "enum": (known.names)() }),
            // TOML date-times reach a JSON validator as strings.
            Kind::Text(_) | Kind::Known(_) | Kind::Instant | Kind::DateTime | Kind::Date => json!({ "type": "string" }),
            Kind::Name => json!({ "type": "string", "pattern": "^[a-z][a-z0-9-]*$" }),
            Kind::Choice(choices) => {
                let words: Vec<&str> =
                    choices.iter().filter(|choice| choice.later.is_none()).map(|choice| choice.word).collect();
                json!({ "enum": words })
            }
            Kind::Boolean => json!({ "type": "boolean" }),
            Kind::Quantiles(value) => {
                let pair = json!({ "type": "array", "prefixItems": [number(Range::new(0.0, 1.0)), self.of(value)], "items": false,
                "minItems": 2 });
                json!({ "type": "array", "items": pair, "minItems": 1 })
            }
            Kind::Table(shape) => self.table(&[shape], None),
            Kind::Named(named) => json!({ "$ref": format!("#/$defs/{}", named.name) }),
            Kind::Overlay(shape) => Self::Overlay.table(&[shape], None),
            Kind::OneOrMany(kind) => {
                let one = self.of(kind);
                json!({ "anyOf": [one, { "type": "array", "items": one }] })
            }
            Kind::List { of: kind, min, max } => {
                let mut schema = json!({ "type": "array", "items": Self::Whole.of(kind), "minItems": min });
                if *max < usize::MAX {
                    schema["maxItems"] = json!(max);
                }
                schema
            }
            Kind::Map(kind) => json!({ "type": "object", "additionalProperties": self.of(kind) }),
            Kind::Tagged(tagged) => self.tagged(tagged),
            Kind::OneOf(kinds) => json!({ "anyOf": kinds.iter().map(|kind| self.of(kind)).collect::<Vec<_>>() }),
            Kind::Any => json!({}),
        }
    }

    fn tagged(self, tagged: &Tagged) -> Value {
        // A distribution replaces the one below it, so that it is whole even on top of a preset.
        let part = if tagged.tag == "dist" { Self::Whole } else { self };
        let variants = tagged.variants.iter().filter(|variant| variant.refused().is_none()).map(|variant| {
            let word = json!({ "const": variant.word, "description": variant.doc });
            let mut schema = part.table(&[tagged.common, &variant.shape], Some((tagged.tag, word)));
            if part == Self::Whole && tagged.default != Some(variant.word) {
                let mut required = vec![json!(tagged.tag)];
                if let Some(Value::Array(others)) = schema.get("required") {
                    required.extend(others.iter().cloned());
                }
                schema["required"] = json!(required);
            }
            schema
        });
        json!({ "anyOf": variants.collect::<Vec<_>>() })
    }
}

fn to_json(value: &crate::document::tree::Value) -> Value {
    use crate::document::tree::Value as Toml;
    match value {
        Toml::String(text) => json!(text),
        Toml::Integer(number) => json!(number),
        Toml::Float(number) => json!(number),
        Toml::Boolean(flag) => json!(flag),
        Toml::Datetime(instant) => json!(instant.to_string()),
        Toml::Array(nodes) => nodes.iter().map(|node| to_json(&node.value)).collect(),
        Toml::Table(table) => {
            Value::Object(table.iter().map(|entry| (entry.key.clone(), to_json(&entry.node.value))).collect())
        }
    }
}

const NUMBER: &str = r"[+-]?[0-9]+(\.[0-9]+)?";

fn pattern(body: &str, none: bool) -> Value {
    let none = if none { "|^none$" } else { "" };
    json!({ "type": "string", "pattern": format!("^{body}$") + none })
}

fn number(range: Range) -> Value {
    let mut schema = json!({ "type": "number" });
    if range.min.is_finite() {
        schema[if range.above_min { "exclusiveMinimum" } else { "minimum" }] = json!(range.min);
    }
    if range.max.is_finite() {
        schema["maximum"] = json!(range.max);
    }
    schema
}
