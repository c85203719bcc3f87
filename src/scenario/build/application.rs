//! Classes and the service that they enter.

use super::Context;
use crate::application::program::Body;
use crate::application::retry::Retry;
use crate::application::{Application, Class, Entry, Service};
use crate::document::grammar::complete;
use crate::document::source::Span;
use crate::document::tree::{Node, Table, Value};
use crate::kernel::distribution::Distribution;
use crate::platform::catalogue::Catalogue;
use crate::scenario::distribution::{durations, sizes};
use crate::scenario::grammar::{CLASS, SERVICE};

/// Name of the service when the scenario does not describe one.
pub const IMPLICIT_SERVICE: &str = "app";

/// The application that the checked and completed classes and services of `table` say; `None` without classes.
pub fn application(context: &mut Context, table: &Table) -> Option<Application> {
    let service = service(context, table.get("service"))?;
    let classes = table.get("class")?;
    let entries = classes.elements();
    let classes: Vec<Class> = entries.iter().map(|node| class(node.table())).collect();
    if classes.iter().all(|class| class.weight == 0.0) {
        let span = table.get("class").map_or(Span::BUILT_IN, |node| node.span);
        context.error(span, "every class has weight 0: no request would have a class");
        return None;
    }
    Some(Application::single(classes, service))
}

/// An application that asks for as little as there is.
pub fn smallest() -> Application {
    let mut table = Table::new();
    complete(&mut table, &CLASS);
    table.insert("name", Span::BUILT_IN, name("request"));
    Application::single(vec![class(&table)], of_table(&implicit(), None))
}

fn class(table: &Table) -> Class {
    Class {
        name: table.at("name").text().to_owned(),
        weight: table.at("weight").number(),
        cpu: durations(table.at("cpu")),
        io: durations(table.at("io")),
        threads: table.at("threads").number(),
        memory: table.at("memory").size(),
        request_bytes: sizes(table.at("request_bytes")),
        response_bytes: sizes(table.at("response_bytes")),
        timeout: table.at("timeout").duration_or_none(),
        entry: Entry::default(),
        retry: Retry::default(),
    }
}

/// The one service; without one, its defaults.
fn service(context: &mut Context, services: Option<&Node>) -> Option<Service> {
    let services = services.map_or(&[][..], Node::elements);
    if let Some(second) = services.get(1) {
        context.error(second.span, "several services are not simulated yet");
        return None;
    }
    let Some(service) = services.first().map(Node::table) else { return Some(of_table(&implicit(), None)) };
    Some(of_table(service, service.get("runtime").map(runtime_start)))
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

fn of_table(table: &Table, runtime_start: Option<Distribution>) -> Service {
    Service {
        name: table.at("name").text().to_owned(),
        base_memory: table.at("base_memory").size(),
        image: table.at("image").size(),
        runtime_start,
        init: durations(table.at("init")),
        body: Body::default(),
    }
}

/// The start-up of the runtime that `node` names; `"none"` has nothing to start.
fn runtime_start(node: &Node) -> Distribution {
    let setting = Catalogue::builtin().runtime(node.text());
    setting.map_or_else(|| Distribution::constant(0.0), |setting| durations(&setting.node))
}
