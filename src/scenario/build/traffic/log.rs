//! Sources of kind log: the files, and how their requests are played.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Zoned;

use super::{Context, files};
use crate::document::diagnostic::Diagnostic;
use crate::document::quantity;
use crate::document::source::Span;
use crate::document::tree::Table;
use crate::scenario::Input;
use crate::traffic::counts::Align;
use crate::traffic::log::combined::Field;
use crate::traffic::log::read::{self, Format, Reading};
use crate::traffic::log::{Arrivals, Gathered, Log};

/// The log that a checked and completed source says; stamps without a zone are of the zone of `start`.
pub fn log(context: &mut Context, table: &Table, start: &Zoned) -> Option<Log> {
    let reading = reading(table, start);
    let files = files::named(context, table.at("file"))?;
    let names: Vec<&str> = files.iter().map(|(name, _)| &name[..]).collect();
    let known = context.logs.find(&names, &reading);
    let known = match known {
        Some(known) => known,
        None => read(context, &files, reading, table.at("file").span)?,
    };
    for (input, (_, span)) in known.inputs.iter().zip(&files) {
        context.record(&input.path, input.sha256.clone());
        for (_, note) in known.notes.iter().filter(|(path, _)| *path == input.path) {
            context.problems.push(Diagnostic::warning(format!("{}: {note}", input.path)).at(*span));
        }
    }
    Some(Log {
        arrivals: Arc::clone(&known.arrivals),
        align: if table.at("align").text() == "clock" { Align::Clock } else { Align::First },
        scale: table.at("scale").number(),
        jitter: table.at("jitter").duration(),
        repeat: table.at("repeat").flag(),
    })
}

/// Reads `files`, which are named at `place`, and keeps what they hold.
fn read(context: &mut Context, files: &[(String, Span)], reading: Reading, place: Span) -> Option<Arc<Known>> {
    let (mut gathered, mut notes, mut inputs) = (Gathered::default(), Vec::new(), Vec::new());
    for (name, span) in files {
        let read =
            context.stream(name, *span, |file| read::read(file, name, &reading, &mut |entry| gathered.take(entry.at)));
        match read {
            Some((Ok(summary), sha256)) => {
                notes.extend(summary.notes().into_iter().map(|note| (name.clone(), note)));
                inputs.push(Input { path: name.clone(), sha256 });
            }
            Some((Err(error), _)) => context.problems.push(Diagnostic::error(error.to_string()).at(*span)),
            None => {}
        }
    }
    if inputs.len() < files.len() {
        return None;
    }
    let arrivals = match gathered.finish() {
        Ok(Some(arrivals)) => Arc::new(arrivals),
        Ok(None) => {
            context.error(place, "no request in the log");
            return None;
        }
        Err(error) => {
            let full = Diagnostic::error("the instants of the log cannot be kept in a temporary file");
            context.problems.push(full.at(place).label(error.to_string()).help(ROOM));
            return None;
        }
    };
    if arrivals.span() > quantity::LONGEST {
        context.error(place, "the log spans more than 100 years: is a stamp wrong?");
        return None;
    }
    let known = Arc::new(Known { reading, arrivals, notes, inputs });
    context.logs.keep(&known);
    Some(known)
}

/// What helps against a full disk.
const ROOM: &str = "it takes 8 bytes for each request; the variable TMPDIR names another folder";

/// Logs that were read for this document, so that each is read once whatever is built of it: a sweep builds it at every
/// point. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Logs(Arc<Mutex<Vec<Arc<Known>>>>);

/// A log that was read.
#[derive(Debug)]
struct Known {
    reading: Reading,
    arrivals: Arc<Arrivals>,
    /// What a user must know of it, by file.
    notes: Vec<(String, String)>,
    /// Its files.
    inputs: Vec<Input>,
}

impl Logs {
    fn find(&self, names: &[&str], reading: &Reading) -> Option<Arc<Known>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |known: &&Arc<Known>| {
            known.reading == *reading && known.inputs.iter().map(|input| &input.path[..]).eq(names.iter().copied())
        };
        known.iter().find(same).cloned()
    }

    fn keep(&self, known: &Arc<Known>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(known));
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Document;
    use crate::traffic::Flow;

    const LINE: &str = "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\" 7\n";

    #[test]
    fn a_log_is_read_once_whatever_is_built_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let logs = folder.path().join("logs");
        std::fs::create_dir(&logs).expect("a folder");
        std::fs::write(logs.join("b.log"), LINE.repeat(8) + "nonsense\n").expect("a disk");
        std::fs::write(logs.join("a.log"), LINE).expect("a disk");
        let text = "traffic.source = { kind = \"log\", file = \"logs\" }\nclass = { cpu = \"1ms\" }\n\
                    deployment = { platform = \"faas\" }";
        let mut document = Document::new("x.toml", text, folder.path(), "x", &[]);
        let first = document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)));
        assert_eq!(first.inputs.iter().map(|input| &input.path[..]).collect::<Vec<_>>(), ["logs/a.log", "logs/b.log"]);
        std::fs::remove_file(logs.join("b.log")).expect("a disk");
        std::fs::write(logs.join("b.log"), LINE).expect("a disk");
        let mut other = document.with_value("class.0.cpu", "2ms");
        let again = other.build().unwrap_or_else(|problems| panic!("{}", other.render(&problems, false)));
        assert_eq!(again.inputs, first.inputs);
        let warned = |warnings: &crate::document::diagnostic::Diagnostics| document.render(warnings, false);
        assert!(warned(&first.warnings).contains("1 of 9 lines were rejected"), "{}", warned(&first.warnings));
        assert_eq!(warned(&again.warnings), warned(&first.warnings));
        let arrivals = |scenario: &crate::scenario::Scenario| match &scenario.traffic.sources[0].flow {
            Flow::Log(log) => Arc::clone(&log.arrivals),
            _ => panic!("a log"),
        };
        assert!(Arc::ptr_eq(&arrivals(&first), &arrivals(&again)));
        let mut read_otherwise = document.with_value("traffic.source.0.fields", "[\"%D\"]");
        let found = read_otherwise.build().expect("good");
        assert_eq!(arrivals(&found).len(), 2, "another reading reads again");
    }
}
