//! Sources of kind counts: the file, and how its bins are played.

use std::sync::Arc;

use jiff::Zoned;

use super::Context;
use crate::document::diagnostic::Diagnostic;
use crate::document::tree::{Node, Table};
use crate::traffic::counts::file::{Missing, Reading};
use crate::traffic::counts::{Align, CountTable, Counts, Within};

/// The counts that a checked and completed source says; naive times of its file are of the zone of `start`.
pub fn counts(context: &mut Context, table: &Table, start: &Zoned) -> Option<Counts> {
    let within = within(context, table);
    let file = table.at("file");
    let bytes = context.file(file.text(), file.span)?;
    let name = |key: &str| table.get(key).map(|node| node.text().to_owned());
    let reading = Reading {
        time: name("time"),
        value: name("value"),
        period: table.get("period").map(Node::duration),
        missing: match table.at("missing").text() {
            "zero" => Missing::Zero,
            "hold" => Missing::Hold,
            _ => Missing::Error,
        },
        timezone: start.time_zone().clone(),
    };
    let counts = match CountTable::parse(&bytes, file.text(), &reading) {
        Ok(counts) => counts,
        Err(error) => {
            context.problems.push(Diagnostic::error(error.to_string()).at(file.span));
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
