//! Classes and the service that they enter.

use super::Context;
use crate::application::{Application, Class, Service};
use crate::document::diagnostic::Diagnostic;
use crate::document::grammar::complete;
use crate::document::source::Span;
use crate::document::tree::{Node, Table, Value};
use crate::scenario::distribution::{durations, sizes};
use crate::scenario::grammar::SERVICE;

/// Name of the service when the scenario does not describe one.
pub const IMPLICIT_SERVICE: &str = "app";

/// The application that checked and completed `classes` and `services` say.
pub fn application(context: &mut Context, classes: &Node, services: Option<&Node>) -> Option<Application> {
    let service = service(context, services)?;
    let entries = classes.elements();
    for entry in entries.iter().filter_map(|class| class.table().get("entry")) {
        check_entry(context, entry, &service.name);
    }
    let classes: Vec<Class> = entries.iter().map(|node| class(node.table())).collect();
    if classes.iter().all(|class| class.weight == 0.0) {
        context.error(entries.first()?.span, "every class has weight 0: no request would have a class");
        return None;
    }
    Some(Application { classes, service })
}

fn check_entry(context: &mut Context, entry: &Node, service: &str) {
    if entry.text().starts_with("store:") {
        context.error(entry.span, "stores are not simulated yet");
    } else if entry.text() != service {
        let unknown = Diagnostic::error(format!("no service is called `{}`", entry.text()));
        context.problems.push(unknown.at(entry.span).nearest(entry.text(), [service]));
    }
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
    }
}

/// The one service; without one, its defaults.
fn service(context: &mut Context, services: Option<&Node>) -> Option<Service> {
    let services = services.map_or(&[][..], Node::elements);
    if let Some(second) = services.get(1) {
        context.error(second.span, "several services are not simulated yet");
        return None;
    }
    let mut implicit = Table::new();
    let table = match services.first() {
        Some(service) => service.table(),
        None => {
            let name = Node::built_in(Value::String(IMPLICIT_SERVICE.to_owned()));
            implicit.insert("name", Span::BUILT_IN, name);
            complete(&mut implicit, &SERVICE);
            &implicit
        }
    };
    Some(Service {
        name: table.at("name").text().to_owned(),
        base_memory: table.at("base_memory").size(),
        image: table.at("image").size(),
        runtime_start: None,
        init: durations(table.at("init")),
    })
}
