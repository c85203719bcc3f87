//! Refuses by name what is checked, completed and built, and not simulated yet.

use super::scalar::refused;
use super::{Kind, Shape, Tagged, accepts};
use crate::document::diagnostic::Diagnostics;
use crate::document::tree::{Node, Table, Value};

/// Reports everything in `table` that its `shape` marks as not played.
pub fn refuse(table: &Table, shape: &Shape, diagnostics: &mut Diagnostics) {
    refuse_keys(table, &[shape], diagnostics);
}

fn refuse_keys(table: &Table, shapes: &[&Shape], diagnostics: &mut Diagnostics) {
    for entry in table.iter() {
        let Some(key) = shapes.iter().find_map(|shape| shape.key(&entry.key)) else { continue };
        match key.unplayed {
            Some(what) => diagnostics.push(refused(key.name, what, entry.key_span)),
            None => refuse_below(&entry.node, &key.kind, diagnostics),
        }
    }
}

fn refuse_below(node: &Node, kind: &Kind, diagnostics: &mut Diagnostics) {
    match (kind, &node.value) {
        (Kind::Table(shape) | Kind::Overlay(shape), Value::Table(table)) => refuse(table, shape, diagnostics),
        (Kind::Named(named), Value::Table(table)) => refuse(table, &named.shape, diagnostics),
        (Kind::Map(kind), Value::Table(table)) => {
            table.iter().for_each(|entry| refuse_below(&entry.node, kind, diagnostics));
        }
        (Kind::OneOrMany(kind) | Kind::List { of: kind, .. }, Value::Array(nodes)) => {
            for node in nodes {
                refuse_below(node, kind, diagnostics);
            }
        }
        (Kind::OneOrMany(kind), Value::Table(_)) => refuse_below(node, kind, diagnostics),
        (Kind::Tagged(tagged), Value::Table(table)) => refuse_tagged(node, table, tagged, diagnostics),
        (Kind::OneOf(kinds), _) => {
            if let Some(kind) = kinds.iter().find(|kind| accepts(node, kind)) {
                refuse_below(node, kind, diagnostics);
            }
        }
        _ => {}
    }
}

fn refuse_tagged(node: &Node, table: &Table, tagged: &Tagged, diagnostics: &mut Diagnostics) {
    let tag = table.get(tagged.tag);
    let word = tag.and_then(Node::as_str).or(tagged.default).unwrap_or_default();
    let Some(variant) = tagged.variant(word) else { return };
    match variant.unplayed {
        Some(what) => diagnostics.push(refused(word, what, tag.map_or(node.span, |tag| tag.span))),
        None => refuse_keys(table, &[tagged.common, &variant.shape], diagnostics),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Named, Variant, check, json_schema};
    use super::*;
    use crate::document::source::{Sources, Span};
    use crate::document::tree::parse;

    static STEP: Named = Named {
        name: "step",
        doc: "one step",
        shape: Shape::new(&[
            Key::new("wait", Kind::DURATION, "for so long"),
            Key::new("jump", Kind::COUNT, "to there").unplayed(Some("jumps are")),
            Key::new("all", Kind::list(&Kind::Named(&STEP)), "at once"),
        ]),
    };
    static THING: Tagged = Tagged {
        tag: "kind",
        doc: "which",
        default: Some("near"),
        common: &Shape::new(&[]),
        variants: &[
            Variant::new("near", "here", Shape::new(&[])),
            Variant::new("far", "there", Shape::new(&[Key::new("way", Kind::COUNT, "how far")]))
                .unplayed(Some("far things are")),
        ],
    };
    static ROOT: Shape = Shape::new(&[
        Key::new("steps", Kind::list(&Kind::Named(&STEP)), "the steps"),
        Key::new("thing", Kind::OneOrMany(&Kind::Tagged(&THING)), "things"),
        Key::new("later", Kind::list(&Kind::COUNT), "what comes").unplayed(Some("later things are")),
    ]);

    fn said(text: &str) -> Vec<String> {
        let mut sources = Sources::new();
        let id = sources.add("t.toml", text);
        let mut diagnostics = Diagnostics::new();
        let table = parse(&sources, id, &mut diagnostics);
        check(&table, Span::new(id, &(0..0)), &ROOT, &mut diagnostics);
        refuse(&table, &ROOT, &mut diagnostics);
        let shown = diagnostics.iter().map(|problem| {
            let at = problem.span.map_or("", |span| &sources.text(span.source)[span.start..span.end]);
            format!("{at}: {}", problem.message)
        });
        shown.collect()
    }

    #[test]
    fn what_is_not_played_is_refused_by_name_at_any_depth() {
        assert_eq!(
            said("steps = [{ all = [{ jump = 1 }] }]\nthing = [{}, { kind = 'far', way = 1 }]\nlater = [1]"),
            [
                "jump: jumps are not simulated yet",
                "'far': far things are not simulated yet",
                "later: later things are not simulated yet",
            ]
        );
        assert_eq!(said("steps = [{ wait = '1s' }]\nthing = {}"), [""; 0]);
    }

    #[test]
    fn it_is_checked_all_the_same() {
        assert_eq!(
            said("later = ['x']\nthing = { kind = 'far', wy = 1 }"),
            [
                "'x': expected a whole number from 0 to 4294967295",
                "wy: unknown key `wy`",
                "later: later things are not simulated yet",
                "'far': far things are not simulated yet",
            ]
        );
    }

    #[test]
    fn the_schema_leaves_it_out_and_describes_a_table_within_itself_once() {
        let schema = json_schema("root", &ROOT);
        assert_eq!(schema["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), ["steps", "thing"]);
        assert_eq!(schema["properties"]["steps"]["items"]["$ref"], "#/$defs/step");
        let step = schema["$defs"]["step"]["properties"].as_object().unwrap();
        assert_eq!(step.keys().collect::<Vec<_>>(), ["wait", "all"]);
        let validator = jsonschema::validator_for(&schema).unwrap();
        let nested = |text: &str| validator.is_valid(&serde_json::from_str(text).unwrap());
        assert!(nested(r#"{ "steps": [{ "all": [{ "wait": "1s" }] }] }"#));
        assert!(!nested(r#"{ "steps": [{ "all": [{ "wait": 1 }] }] }"#));
        assert!(!nested(r#"{ "thing": { "kind": "far" } }"#));
    }
}
