//! Names by which one section refers to another. They are looked up in the tree before it is checked, so that an unknown
//! one is reported together with everything else.

mod bindings;
mod steps;

use super::Context;
use super::application::IMPLICIT_SERVICE;
use crate::document::diagnostic::Diagnostic;
use crate::document::source::Span;
use crate::document::tree::{Entry, Node, Table, name_of};

/// What the sections refer to each other by.
pub struct Names {
    /// Classes, in order.
    pub classes: Vec<String>,
    /// Services, in order; the implicit one where none is written.
    pub services: Vec<String>,
    /// Queues, in order.
    pub queues: Vec<String>,
    /// Workflows, in order.
    pub workflows: Vec<String>,
    /// Stores, in order.
    pub stores: Vec<String>,
    /// Deployments, in order.
    pub deployments: Vec<String>,
}

/// Sections whose entries are parts of the application.
const PARTS: [&str; 4] = ["service", "queue", "workflow", "store"];

/// What every class enters with a name like this is a store.
pub const STORE_PREFIX: &str = "store:";

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
        Self {
            classes: names("class"),
            services,
            queues: names("queue"),
            workflows: names("workflow"),
            stores: names("store"),
            deployments: names("deployment"),
        }
    }

    /// The names of a section.
    fn section(&self, section: &str) -> &[String] {
        match section {
            "service" => &self.services,
            "queue" => &self.queues,
            "workflow" => &self.workflows,
            "store" => &self.stores,
            "class" => &self.classes,
            _ => &self.deployments,
        }
    }

    fn has(&self, section: &str, name: &str) -> bool {
        self.section(section).iter().any(|known| known == name)
    }
}

/// Reports every name that an entry refers to and that nobody has.
pub fn check(context: &mut Context, table: &Table, names: &Names) {
    let slo = table.get("slo").and_then(Node::as_table);
    for entry in keys(slo.and_then(|slo| slo.get("class"))) {
        expect(context, names, "class", &entry.key, entry.key_span);
    }
    for node in slo.and_then(|slo| slo.get("require")).and_then(Node::as_array).unwrap_or_default() {
        expect_node(context, names, "deployment", node);
    }
    for source in tables(table.at_path("traffic.source")) {
        for entry in keys(source.get("mix")) {
            expect(context, names, "class", &entry.key, entry.key_span);
        }
    }
    for class in tables(table.get("class")) {
        if let Some((name, span)) = class.get("entry").and_then(|entry| Some((entry.as_str()?, entry.span))) {
            match name.strip_prefix(STORE_PREFIX) {
                Some(store) => expect(context, names, "store", store, span),
                None => expect(context, names, "service", name, span),
            }
        }
    }
    steps::check(context, table, names);
    for queue in tables(table.get("queue")) {
        let consumers = queue.get("consumers").and_then(Node::as_array).unwrap_or_default();
        queue
            .get("consumer")
            .into_iter()
            .chain(consumers)
            .for_each(|node| expect_node(context, names, "service", node));
    }
    for fault in tables(table.get("fault")) {
        fault.get("target").into_iter().for_each(|target| expect_target(context, names, target));
    }
    for deployment in tables(table.get("deployment")) {
        for entry in keys(deployment.get("service")) {
            expect(context, names, "service", &entry.key, entry.key_span);
        }
        keys(deployment.get("bind")).for_each(|entry| bindings::check(context, names, entry));
    }
}

fn expect_node(context: &mut Context, names: &Names, section: &str, node: &Node) {
    if let Some(name) = node.as_str() {
        expect(context, names, section, name, node.span);
    }
}

/// Reports that no entry of `section` is called `name`, if so; and what it is the name of instead.
fn expect(context: &mut Context, names: &Names, section: &str, name: &str, span: Span) {
    if names.has(section, name) {
        return;
    }
    let other = PARTS.into_iter().find(|other| PARTS.contains(&section) && names.has(other, name));
    let problem = if let Some(other) = other {
        let wrong = Diagnostic::error(format!("`{name}` is a {other}, not a {section}"));
        wrong.help(format!("a {other} is reached by {}", reached_by(other)))
    } else {
        let unknown = Diagnostic::error(format!("no {section} is called `{name}`"));
        unknown.nearest(name, names.section(section).iter().map(String::as_str))
    };
    context.problems.push(problem.at(span));
}

/// The verb that leads to a part.
fn reached_by(section: &str) -> &'static str {
    match section {
        "queue" => "`publish`",
        "workflow" => "`start`",
        "store" => "`query`",
        _ => "`call`",
    }
}

/// A fault goes wrong with one thing: a name that two sections have would be two.
fn expect_target(context: &mut Context, names: &Names, node: &Node) {
    const SECTIONS: [&str; 3] = ["service", "store", "deployment"];
    let Some(name) = node.as_str().filter(|name| *name != "all") else { return };
    let have: Vec<&str> = SECTIONS.into_iter().filter(|section| names.has(section, name)).collect();
    match have.as_slice() {
        [_] => {}
        [] => {
            let known = SECTIONS.into_iter().flat_map(|section| names.section(section)).map(String::as_str);
            let unknown = Diagnostic::error(format!("no service, store or deployment is called `{name}`"));
            context.problems.push(unknown.at(node.span).nearest(name, known.chain(["all"])));
        }
        [first, second, ..] => {
            let both = Diagnostic::error(format!("`{name}` is a {first} and a {second}")).at(node.span);
            context.problems.push(both.help("give one of them another name"));
        }
    }
}

fn entries(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::as_array).unwrap_or_default()
}

fn tables(node: Option<&Node>) -> impl Iterator<Item = &Table> {
    entries(node).iter().filter_map(Node::as_table)
}

fn keys(node: Option<&Node>) -> impl Iterator<Item = &Entry> {
    node.and_then(Node::as_table).into_iter().flat_map(Table::iter)
}
