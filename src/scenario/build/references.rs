//! Names by which one section refers to another. They are looked up in the tree before it is checked, so that an unknown
//! one is reported together with everything else.

use super::Context;
use super::application::IMPLICIT_SERVICE;
use crate::document::diagnostic::Diagnostic;
use crate::document::source::Span;
use crate::document::tree::{Node, Table, name_of};

/// What the sections refer to each other by.
pub struct Names {
    /// Classes, in order.
    pub classes: Vec<String>,
    services: Vec<String>,
    deployments: Vec<String>,
}

impl Names {
    /// The names of the entries of `table`.
    pub fn of(table: &Table) -> Self {
        let names = |section: &str| -> Vec<String> {
            entries(table.get(section)).iter().filter_map(name_of).map(str::to_owned).collect()
        };
        let mut services = names("service");
        if services.is_empty() {
            services.push(IMPLICIT_SERVICE.to_owned());
        }
        Self { classes: names("class"), services, deployments: names("deployment") }
    }
}

/// Reports every name that an entry refers to and that nobody has.
pub fn check(context: &mut Context, table: &Table, names: &Names) {
    let slo = table.get("slo").and_then(Node::as_table);
    for entry in keys(slo.and_then(|slo| slo.get("class"))) {
        expect(context, "class", &entry.key, entry.key_span, &names.classes);
    }
    for node in slo.and_then(|slo| slo.get("require")).and_then(Node::as_array).unwrap_or_default() {
        if let Some(name) = node.as_str() {
            expect(context, "deployment", name, node.span, &names.deployments);
        }
    }
    for source in entries(table.at_path("traffic.source")).iter().filter_map(Node::as_table) {
        for entry in keys(source.get("mix")) {
            expect(context, "class", &entry.key, entry.key_span, &names.classes);
        }
    }
    for class in entries(table.get("class")).iter().filter_map(Node::as_table) {
        if let Some((name, span)) = class.get("entry").and_then(|entry| Some((entry.as_str()?, entry.span))) {
            // A class that talks to a store is of the language, and refused by its own name.
            if name.starts_with("store:") {
                context.error(span, "stores are not simulated yet");
            } else {
                expect(context, "service", name, span, &names.services);
            }
        }
    }
}

fn expect(context: &mut Context, what: &str, name: &str, span: Span, known: &[String]) {
    if !known.iter().any(|known| known == name) {
        let unknown = Diagnostic::error(format!("no {what} is called `{name}`")).at(span);
        context.problems.push(unknown.nearest(name, known.iter().map(String::as_str)));
    }
}

fn entries(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::as_array).unwrap_or_default()
}

fn keys(node: Option<&Node>) -> impl Iterator<Item = &crate::document::tree::Entry> {
    node.and_then(Node::as_table).into_iter().flat_map(Table::iter)
}
