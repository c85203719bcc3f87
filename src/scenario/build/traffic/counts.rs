//! Sources of kind counts: the files, and how its bins are played.

use std::sync::Arc;

use jiff::Zoned;

use super::{Context, files};
use crate::document::diagnostic::Diagnostic;
use crate::document::tree::{Node, Table};
use crate::traffic::counts::file::{Format, Missing, Reading, Unit};
use crate::traffic::counts::{Align, CountTable, Counts, Within};

/// The counts that a checked and completed source says; naive times of its file are of the zone of `start`.
pub fn counts(context: &mut Context, table: &Table, start: &Zoned) -> Option<Counts> {
    let within = within(context, table);
    let files = files::named(context, table.at("file"))?;
    let bytes: Vec<Option<Vec<u8>>> = files.iter().map(|(name, span)| context.file(name, *span)).collect();
    let bytes: Vec<Vec<u8>> = bytes.into_iter().collect::<Option<_>>()?;
    let contents: Vec<(&str, &[u8])> =
        files.iter().zip(&bytes).map(|((name, _), bytes)| (&name[..], &bytes[..])).collect();
    let place = table.at("file").span;
    let counts = match CountTable::import(&contents, &reading(table, start)) {
        Ok((counts, notes)) => {
            let warnings =
                notes.into_iter().map(|note| Diagnostic::warning(format!("{}: {note}", files[0].0)).at(place));
            warnings.for_each(|warning| context.problems.push(warning));
            counts
        }
        Err(error) => {
            context.problems.push(Diagnostic::error(error.to_string()).at(place));
            return None;
        }
    };
    Some(Counts {
        table: Arc::new(counts),
        align: if table.at("align").text() == "clock" { Align::Clock } else { Align::First },
        within: within?,
        linear: table.at("interpolate").text() == "linear",
        scale: table.at("scale").number(),
        repeat: table.at("repeat").flag(),
    })
}

/// How the files are read.
fn reading(table: &Table, start: &Zoned) -> Reading {
    let text = |key: &str| table.get(key).map(|node| node.text().to_owned());
    Reading {
        format: table.get("format").and_then(|node| Format::named(node.text())),
        unit: table.get("unit").and_then(|node| Unit::named(node.text())),
        time: text("time"),
        value: text("value"),
        period: table.get("period").map(Node::duration),
        missing: match table.at("missing").text() {
            "zero" => Missing::Zero,
            "hold" => Missing::Hold,
            _ => Missing::Error,
        },
        lenient: false,
        timezone: start.time_zone().clone(),
    }
}

fn within(context: &mut Context, table: &Table) -> Option<Within> {
    let node = table.at("within");
    let word = node.text();
    for (key, owner) in [("cv", "gamma"), ("p", "bmodel")] {
        match table.entry(key) {
            Some(entry) if word != owner => {
                context.error(entry.key_span, format!("`{key}` needs `within = \"{owner}\"`"));
            }
            None if word == owner => {
                context.error(node.span, format!("`within = \"{owner}\"` needs `{key}`"));
                return None;
            }
            _ => {}
        }
    }
    Some(match word {
        "even" => Within::Even,
        "start" => Within::Start,
        "gamma" => Within::Gamma { cv: table.at("cv").number() },
        "bmodel" => Within::Bmodel { p: table.at("p").number() },
        _ => Within::Uniform,
    })
}
