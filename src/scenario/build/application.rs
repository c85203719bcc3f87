//! Classes, and the graph of services, queues, workflows and stores that they enter.

mod graph;
mod parts;
pub mod retry;
mod steps;

use super::Context;
use super::references::{Names, STORE_PREFIX};
use crate::application::program::Body;
use crate::application::retry::Retry;
use crate::application::step::Access;
use crate::application::telemetry::Telemetry;
use crate::application::{Application, Class, Entry, Service};
use crate::document::diagnostic::Diagnostic;
use crate::document::grammar::complete;
use crate::document::source::Span;
use crate::document::tree::{Node, Table, Value};
use crate::kernel::distribution::Distribution;
use crate::platform::catalogue::Catalogue;
use crate::scenario::distribution::{durations, sizes};
use crate::scenario::grammar::{CLASS, SERVICE};

/// Name of the service when the scenario does not describe one.
pub const IMPLICIT_SERVICE: &str = "app";

/// Most services, queues, workflows and stores together.
const MOST_PARTS: usize = 1000;

/// The application that the checked and completed sections of `table` say; `None` when one is missing or wrong.
pub fn application(context: &mut Context, table: &Table, names: &Names) -> Option<Application> {
    // A section that was written and is not there any more has said what is wrong with it.
    let is_there = |section: &str, names: &[String]| table.contains(section) || names.is_empty();
    let whole = is_there("queue", &names.queues)
        && is_there("workflow", &names.workflows)
        && is_there("store", &names.stores)
        && (table.contains("service") || names.services == [IMPLICIT_SERVICE]);
    let classes = classes(context, table, names);
    if !whole {
        return None;
    }
    let parts = [&names.services, &names.queues, &names.workflows, &names.stores];
    if parts.iter().map(|names| names.len()).sum::<usize>() > MOST_PARTS {
        let message = format!("more than {MOST_PARTS} services, queues, workflows and stores");
        context.error(table.get("service").map_or(Span::BUILT_IN, |node| node.span), message);
        return None;
    }
    let services = services(context, table, names);
    let workflows = parts::workflows(context, table, names);
    let queues = parts::queues(table, names);
    let (classes, services, (workflows, spans)) = (classes?, services?, workflows?);
    let application =
        Application { classes, services: services.0, queues: queues?, workflows, stores: parts::stores(table) };
    graph::check(context, table, &application, &[services.1, spans].concat());
    Some(application)
}

/// An application that asks for as little as there is.
pub fn smallest() -> Application {
    let mut table = Table::new();
    complete(&mut table, &CLASS);
    table.insert("name", Span::BUILT_IN, name("request"));
    Application::single(vec![class(&table, Entry::default())], of_table(&implicit(), None, Body::default()))
}

fn classes(context: &mut Context, table: &Table, names: &Names) -> Option<Vec<Class>> {
    let section = table.get("class")?;
    let classes: Vec<Option<Class>> = section
        .elements()
        .iter()
        .map(|node| {
            retry::check(context, node.table());
            entry(context, node, names).map(|entry| class(node.table(), entry))
        })
        .collect();
    let classes: Vec<Class> = classes.into_iter().collect::<Option<_>>()?;
    if classes.iter().all(|class| class.weight == 0.0) {
        context.error(section.span, "every class has weight 0: no request would have a class");
        return None;
    }
    Some(classes)
}

/// What the class at `node` enters; an unknown name was reported with the others.
fn entry(context: &mut Context, node: &Node, names: &Names) -> Option<Entry> {
    let table = node.table();
    let Some(entered) = table.get("entry") else {
        if names.services.len() == 1 {
            return Some(Entry::default());
        }
        let message = format!("the class `{}` does not say which service it enters", table.at("name").text());
        let missing = Diagnostic::error(message).at(node.span);
        context.problems.push(missing.help(format!("`entry` is one of: {}", names.services.join(", "))));
        return None;
    };
    match entered.text().strip_prefix(STORE_PREFIX) {
        Some(store) => Some(Entry::Store(index_of(&names.stores, store)?, access(table.get("op")))),
        None if table.contains("op") => {
            let message = "`op` is what a class does that enters a store, and this one enters a service";
            context.error(table.entry("op").map_or(node.span, |entry| entry.key_span), message);
            None
        }
        None => Some(Entry::Service(index_of(&names.services, entered.text())?)),
    }
}

/// What `op` says: a read, unless it is a write.
fn access(op: Option<&Node>) -> Access {
    if op.and_then(Node::as_str) == Some("write") { Access::Write } else { Access::Read }
}

/// The index of `name`, if there is one.
fn index_of(names: &[String], name: &str) -> Option<u16> {
    names.iter().position(|known| known == name).and_then(|index| u16::try_from(index).ok())
}

fn class(table: &Table, entry: Entry) -> Class {
    Class {
        name: table.at("name").text().to_owned(),
        weight: table.at("weight").number(),
        entry,
        cpu: durations(table.at("cpu")),
        io: durations(table.at("io")),
        threads: table.at("threads").number(),
        memory: table.at("memory").size(),
        request_bytes: sizes(table.at("request_bytes")),
        response_bytes: sizes(table.at("response_bytes")),
        timeout: table.at("timeout").duration_or_none(),
        retry: table.get("retry").map_or_else(Retry::default, |node| retry::retry(node.table())),
    }
}

/// The services with, for each, where its steps were written; without a section, the one with the defaults.
fn services(context: &mut Context, table: &Table, names: &Names) -> Option<(Vec<Service>, Vec<Vec<Span>>)> {
    let Some(section) = table.get("service") else {
        return Some((vec![of_table(&implicit(), None, Body::default())], vec![vec![Span::BUILT_IN; 2]]));
    };
    let built: Vec<Option<(Service, Vec<Span>)>> = section
        .elements()
        .iter()
        .map(|node| {
            let table_of = node.table();
            let (body, spans) = match table_of.get("steps") {
                Some(steps) => steps::body(context, steps, names, steps::Owner::Service)?,
                None => (default_body(context, table, node, names)?, vec![node.span; 2]),
            };
            Some((of_table(table_of, table_of.get("runtime").map(runtime_start), body), spans))
        })
        .collect();
    built.into_iter().collect::<Option<Vec<_>>>().map(|built| built.into_iter().unzip())
}

/// What a service does that says no steps: the class's, if a class enters it.
fn default_body(context: &mut Context, table: &Table, node: &Node, names: &Names) -> Option<Body> {
    let name = node.table().at("name");
    let enters = |class: &Node| {
        let entry = class.table().get("entry").map(Node::text);
        entry.map_or(names.services.len() == 1, |entry| entry == name.text())
    };
    // Classes that are wrong have said so: which service they enter is not known.
    let entered = table.get("class").is_none_or(|classes| classes.elements().iter().any(enters));
    if !entered {
        let message = format!("the service `{}` says no steps", name.text());
        let at = if name.span.is_shown() { name.span } else { node.span };
        let missing = Diagnostic::error(message).at(at);
        context
            .problems
            .push(missing.help("only a service that a class enters has default ones: its cpu, then its io"));
        return None;
    }
    Some(Body::default())
}

fn name(name: &str) -> Node {
    Node::built_in(Value::String(name.to_owned()))
}

fn implicit() -> Table {
    let mut table = Table::new();
    table.insert("name", Span::BUILT_IN, name(IMPLICIT_SERVICE));
    complete(&mut table, &SERVICE);
    table
}

fn of_table(table: &Table, runtime_start: Option<Distribution>, body: Body) -> Service {
    Service {
        name: table.at("name").text().to_owned(),
        base_memory: table.at("base_memory").size(),
        image: table.at("image").size(),
        runtime_start,
        init: durations(table.at("init")),
        body,
        telemetry: Telemetry {
            log_bytes: table.at("log_bytes").size(),
            metrics: table.at("metrics").count_u32(),
            spans: table.at("spans").count_u32(),
        },
    }
}

/// The start-up of the runtime that `node` names; `"none"` has nothing to start.
fn runtime_start(node: &Node) -> Distribution {
    let setting = Catalogue::builtin().runtime(node.text());
    setting.map_or_else(|| Distribution::constant(0.0), |setting| durations(&setting.node))
}
