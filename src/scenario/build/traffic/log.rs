//! Sources of kind log: the files, and how their requests are played.

use std::sync::Arc;

use jiff::Zoned;

use super::{Context, files};
use crate::document::diagnostic::Diagnostic;
use crate::document::quantity;
use crate::document::tree::Table;
use crate::traffic::counts::Align;
use crate::traffic::log::combined::Field;
use crate::traffic::log::read::{self, Format, Reading};
use crate::traffic::log::{Arrivals, Log};

/// The log that a checked and completed source says; stamps without a zone are of the zone of `start`.
pub fn log(context: &mut Context, table: &Table, start: &Zoned) -> Option<Log> {
    let place = table.at("file").span;
    let reading = reading(table, start);
    let (mut instants, mut failed) = (Vec::new(), false);
    for (name, span) in files::named(context, table.at("file"))? {
        let read =
            context.stream(&name, span, |file| read::read(file, &name, &reading, &mut |entry| instants.push(entry.at)));
        match read {
            Some(Ok(summary)) => {
                let warnings = summary.notes().into_iter().map(|note| Diagnostic::warning(format!("{name}: {note}")));
                warnings.for_each(|warning| context.problems.push(warning.at(span)));
            }
            Some(Err(error)) => {
                context.problems.push(Diagnostic::error(error.to_string()).at(span));
                failed = true;
            }
            None => failed = true,
        }
    }
    if failed {
        return None;
    }
    let Some(arrivals) = Arrivals::new(instants) else {
        context.error(place, "no request in the log");
        return None;
    };
    if arrivals.span() > quantity::LONGEST {
        context.error(place, "the log spans more than 100 years: is a stamp wrong?");
        return None;
    }
    Some(Log {
        arrivals: Arc::new(arrivals),
        align: if table.at("align").text() == "clock" { Align::Clock } else { Align::First },
        scale: table.at("scale").number(),
        jitter: table.at("jitter").duration(),
        repeat: table.at("repeat").flag(),
    })
}

/// How the files are read.
fn reading(table: &Table, start: &Zoned) -> Reading {
    Reading {
        format: table.get("format").and_then(|node| Format::named(node.text())),
        fields: table.at("fields").elements().iter().filter_map(|field| Field::named(field.text())).collect(),
        time: table.get("time").map(|node| node.text().to_owned()),
        origin_only: table.at("origin_only").flag(),
        timezone: start.time_zone().clone(),
    }
}
