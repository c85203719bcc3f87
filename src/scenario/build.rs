//! From a checked tree to a [`Scenario`]. Each section is built as soon as it is clean by itself, so that problems of
//! meaning (an unknown zone, platform or class) are reported together with problems of form in other sections.

mod application;
mod deployments;
mod faults;
mod judging;
mod measured;
mod pricing;
mod references;
mod traffic;
mod unplayed;

pub(super) use traffic::Logs;

use sha2::{Digest, Sha256};

use references::Names;

use super::document::Document;
use super::grammar::{PRICES, SCENARIO};
use super::{Fidelity, Input, Placed, Precision, Prices, Scenario};
use crate::application::Application;
use crate::application::fault::Fault;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::grammar::{accepts, check, complete};
use crate::document::source::{Sources, Span};
use crate::document::tree::{Node, Table};
use crate::pricing::settle::Options;
use crate::pricing::tariff::Tariff;
use crate::traffic::Traffic;

/// What every section's builder reads from and writes to.
struct Context<'a> {
    sources: &'a mut Sources,
    folder: &'a std::path::Path,
    inputs: Vec<Input>,
    logs: &'a Logs,
    problems: Diagnostics,
}

impl Context<'_> {
    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.problems.push(Diagnostic::error(message).at(span));
    }

    /// What `read` makes of the file called `name`, which is named at `span`, read once, and its SHA-256.
    fn stream<T>(
        &mut self,
        name: &str,
        span: Span,
        read: impl FnOnce(&mut dyn std::io::Read) -> T,
    ) -> Option<(T, String)> {
        let hashed = std::fs::File::open(self.folder.join(name)).and_then(|file| {
            let mut file = Hashed { file, hash: Sha256::new() };
            let made = read(&mut file);
            // What the reader left unread is part of the file too.
            std::io::copy(&mut file, &mut std::io::sink())?;
            Ok((made, hex(&file.hash.finalize())))
        });
        match hashed {
            Ok(made) => Some(made),
            Err(error) => {
                let unread = Diagnostic::error(format!("cannot read `{name}`"));
                self.problems.push(unread.at(span).label(error.to_string()));
                None
            }
        }
    }

    fn record(&mut self, name: &str, sha256: String) {
        if !self.inputs.iter().any(|input| input.path == name) {
            self.inputs.push(Input { path: name.to_owned(), sha256 });
        }
    }

    /// The bytes of the file called `name`, which is named at `span`, recorded as an input.
    fn file(&mut self, name: &str, span: Span) -> Option<Vec<u8>> {
        let bytes = match std::fs::read(self.folder.join(name)) {
            Ok(bytes) => bytes,
            Err(error) => {
                let unread = Diagnostic::error(format!("cannot read `{name}`"));
                self.problems.push(unread.at(span).label(error.to_string()));
                return None;
            }
        };
        self.record(name, hex(&Sha256::digest(&bytes)));
        Some(bytes)
    }
}

/// A file that is hashed while it is read.
struct Hashed {
    file: std::fs::File,
    hash: Sha256,
}

impl std::io::Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}

/// Checks and builds `document`, or says everything that is wrong with it.
pub(super) fn build(document: &mut Document) -> Result<Scenario, Diagnostics> {
    build_what(document, unplayed::refuse_unplayed)
}

/// The same, where `refuse` says what is not played.
fn build_what(document: &mut Document, refuse: impl Fn(&mut Context, &Table)) -> Result<Scenario, Diagnostics> {
    let mut table = document.table.clone();
    let mut context = Context {
        sources: &mut document.sources,
        folder: &document.folder,
        inputs: Vec::new(),
        logs: &document.logs,
        problems: document.problems.clone(),
    };
    measured::inline(&mut context, &mut table);
    check(&table, document.span, &SCENARIO, &mut context.problems);
    let names = Names::of(&table);
    references::check(&mut context, &table, &names);
    refuse(&mut context, &table);
    // Deployments are checked one by one when they are built.
    for key in SCENARIO.keys.iter().filter(|key| key.name != "deployment") {
        if table.get(key.name).is_some_and(|node| !accepts(node, &key.kind)) {
            table.remove(key.name);
        }
    }
    complete(&mut table, &SCENARIO);
    refuse_idle_bound(&mut context, table.at("scenario").table());
    let parts = parts(&mut context, &mut table, &names);
    if context.problems.has_errors() {
        return Err(context.problems);
    }
    // Every part that is missing has said why, or its section has.
    let Some(parts) = parts else { return Err(context.problems) };
    let head = table.at("scenario").table();
    Ok(Scenario {
        name: head.get("name").map_or_else(|| document.stem.clone(), |name| name.text().to_owned()),
        seed: head.at("seed").count(),
        replications: head.at("replications").count_u32(),
        precision: precision(head),
        fidelity: match head.at("fidelity").text() {
            "exact" => Fidelity::Exact,
            "tick" => Fidelity::Tick,
            _ => Fidelity::Auto,
        },
        traffic: parts.traffic,
        application: parts.application,
        faults: parts.faults,
        deployments: parts.deployments,
        objectives: judging::objectives(&table, &parts.pricing),
        require: judging::require(&table),
        pricing: parts.pricing,
        stated_pricing: table.at("pricing").table().sorted().to_json(),
        sha256: fingerprint(&table, &context.inputs),
        inputs: context.inputs,
        warnings: context.problems,
    })
}

/// How well figures are to be known.
fn precision(head: &Table) -> Option<Precision> {
    let most = head.get("max_replications").map_or(Precision::MOST, Node::count_u32);
    head.get("precision").map(|relative| Precision { relative: relative.share(), most_replications: most })
}

/// Says that replications are bounded only where more are played than were asked for.
fn refuse_idle_bound(context: &mut Context, head: &Table) {
    if let Some(most) = head.get("max_replications")
        && head.get("precision").is_none()
    {
        context.error(most.span, "`max_replications` has no meaning without `precision`: `replications` are played");
    } else if let (Some(most), Some(replications)) = (head.get("max_replications"), head.get("replications"))
        && most.count_u32() < replications.count_u32()
    {
        context.error(most.span, "`max_replications` is below `replications`");
    }
}

/// Builds the section `[pricing]` of a document that has no other, or says everything that is wrong with it.
pub(super) fn prices(document: &mut Document) -> Result<Prices, Diagnostics> {
    let mut table = document.table.clone();
    let mut context = Context {
        sources: &mut document.sources,
        folder: &document.folder,
        inputs: Vec::new(),
        logs: &document.logs,
        problems: document.problems.clone(),
    };
    check(&table, document.span, &PRICES, &mut context.problems);
    if context.problems.has_errors() {
        return Err(context.problems);
    }
    complete(&mut table, &PRICES);
    let section = table.at("pricing").table();
    let book = pricing::book(&mut context, section);
    pricing::check_commitments(&mut context, section, None);
    match pricing::options(&mut context, section) {
        Some(options) if !context.problems.has_errors() => {
            Ok(Prices { options, book, stated: section.sorted().to_json() })
        }
        _ => Err(context.problems),
    }
}

struct Parts {
    traffic: Traffic,
    application: Application,
    faults: Vec<Fault>,
    deployments: Vec<Placed>,
    pricing: Options,
}

/// Builds every section that is there; `None` when one is missing or wrong.
fn parts(context: &mut Context, table: &mut Table, names: &Names) -> Option<Parts> {
    let traffic = table.get("traffic").and_then(|node| traffic::traffic(context, node.table(), &names.classes));
    let faults = traffic.as_ref().and_then(|traffic| faults::faults(context, table, names, traffic));
    let application = application::application(context, table, names);
    let pricing = pricing::options(context, table.at("pricing").table());
    // Without an application, deployments are checked against the smallest one.
    let smallest = application::smallest;
    let demand = application.clone().unwrap_or_else(smallest);
    let deployments = deployments::deployments(context, table, &demand, pricing.as_ref());
    let tariffs: Option<Vec<&Tariff>> =
        deployments.as_ref().map(|placed| placed.iter().flat_map(|placed| &placed.tariffs).collect());
    pricing::check_commitments(context, table.at("pricing").table(), tariffs.as_deref());
    Some(Parts {
        traffic: traffic?,
        application: application?,
        faults: faults?,
        deployments: deployments?,
        pricing: pricing?,
    })
}

/// SHA-256 of the resolved tree, keys in order, and of the inputs.
fn fingerprint(table: &Table, inputs: &[Input]) -> String {
    let mut hash = Sha256::new();
    hash.update(table.sorted().to_toml());
    for input in inputs {
        hash.update(format!("\n{} {}", input.sha256, input.path));
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
