//! What the stores, queues and workflows of the application are bound to: the catalogue's defaults under what was typed.

use super::merge::Merged;
use crate::application::Application;
use crate::application::queue;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::source::Span;
use crate::document::tree::{Node, Table, Value};
use crate::platform::catalogue::{Catalogue, PartEntry};
use crate::platform::{Family, Override};

/// The word for a store that is only a latency, and for a queue or a workflow that nobody is paid for.
pub(super) const NONE: &str = "none";

/// Keys of a table on demand, and of one whose capacity is bought.
const BY_MODE: [(&str, &[&str]); 2] = [
    ("on-demand", &["warm_throughput", "on_demand_throughput", "growth_window", "on_demand_burst"]),
    (
        "provisioned",
        &[
            "provisioned_throughput",
            "read_auto_scaling",
            "write_auto_scaling",
            "scale_out_minutes",
            "scale_in_minutes",
            "scale_in_slack",
            "update_delay",
            "burst",
        ],
    ),
];

/// Keys of a queue that say how functions are called with its messages.
const OF_FUNCTIONS: [&str; 5] =
    ["max_batch_without_window", "initial_pollers", "pollers_per_minute", "max_pollers", "throttle_backoff"];

/// A part of the application that is bound: its name, the section that it stands in, and its kind.
struct Part<'a> {
    name: &'a str,
    section: &'static str,
    kind: &'static str,
}

fn parts(application: &Application) -> impl Iterator<Item = Part<'_>> {
    let stores = application.stores.iter();
    let stores = stores.map(|store| Part { name: &store.name, section: "store", kind: store.kind.word() });
    let queues = application.queues.iter().map(|queue| {
        let kind = match queue.kind {
            queue::Kind::Queue => "queue",
            queue::Kind::Topic => "topic",
        };
        Part { name: &queue.name, section: "queue", kind }
    });
    let workflows = application.workflows.iter();
    let workflows = workflows.map(|workflow| Part { name: &workflow.name, section: "workflow", kind: "workflow" });
    stores.chain(queues).chain(workflows)
}

/// Writes what every store, queue and workflow is bound to as a complete table with `kind`. Names and ids were looked up with
/// the others.
pub(super) fn bind_parts(
    merged: &mut Merged<'_>,
    application: &Application,
    catalogue: &Catalogue,
    problems: &mut Diagnostics,
) {
    // What is no part of the application, or of one that is wrong itself, has been reported.
    let is_part = |name: &str| parts(application).any(|part| part.name == name);
    if let Some(bind) = merged.table.get_mut("bind").and_then(Node::as_table_mut) {
        let tables = bind.iter().filter(|entry| entry.node.as_table().is_some() && !is_part(&entry.key));
        let strange: Vec<String> = tables.map(|entry| entry.key.clone()).collect();
        for name in strange {
            bind.remove(&name);
        }
    }
    for part in parts(application) {
        if let Some(table) = bound(merged, &part, catalogue, problems)
            && let Some(bind) = section(merged)
        {
            let span = bind.entry(part.name).map_or(Span::BUILT_IN, |entry| entry.node.span);
            let key_span = bind.entry(part.name).map_or(Span::BUILT_IN, |entry| entry.key_span);
            bind.insert(part.name, key_span, Node { value: Value::Table(table), span });
        }
    }
}

/// The table of `bind`, made if it is missing. `None`: something else was typed, which the check reports.
fn section<'a>(merged: &'a mut Merged<'_>) -> Option<&'a mut Table> {
    if !merged.table.contains("bind") {
        merged.table.insert("bind", Span::BUILT_IN, Node::built_in(Value::Table(Table::new())));
    }
    merged.table.get_mut("bind").and_then(Node::as_table_mut)
}

/// The complete table of what `part` is bound to. `None`: what was typed is wrong, which was or will be reported.
fn bound(merged: &mut Merged<'_>, part: &Part<'_>, catalogue: &Catalogue, problems: &mut Diagnostics) -> Option<Table> {
    let own = merged.platform.parts.iter().find(|(kind, _)| kind == part.kind);
    let own = own.map_or(NONE, |(_, id)| id.as_str());
    let typed = merged.table.get("bind").and_then(Node::as_table).and_then(|bind| bind.get(part.name)).cloned();
    let (id, span, typed) = match typed.as_ref().map(|node| (&node.value, node.span)) {
        None => (own.to_owned(), Span::BUILT_IN, Table::new()),
        Some((Value::String(id), span)) => (id.clone(), span, Table::new()),
        Some((Value::Table(table), span)) => match table.get("kind") {
            Some(kind) => (kind.as_str()?.to_owned(), kind.span, table.clone()),
            None => (own.to_owned(), span, table.clone()),
        },
        Some(_) => return None,
    };
    let key = format!("bind.{}", part.name);
    if id != own {
        merged.overrides.push(Override { key: key.clone(), value: id.clone(), preset: Some(own.to_owned()) });
    }
    let mut table = typed.clone();
    table.insert("kind", span, Node { value: Value::String(id.clone()), span });
    if id == NONE {
        return Some(table);
    }
    let entry = catalogue.part(&id)?;
    if !entry.kinds.iter().any(|kind| kind == part.kind) {
        problems.push(unfit(part, entry, catalogue).at(span));
        return None;
    }
    let on_functions = merged.platform.family == Family::Faas;
    for key in typed.iter().filter(|key| !on_functions && OF_FUNCTIONS.contains(&key.key.as_str())) {
        let only = Diagnostic::error(format!("`{}` is about functions, and there are none here", key.key));
        problems.push(only.at(key.key_span).help("workers ask for messages when they have nothing to do"));
    }
    for setting in entry.settings.iter().filter(|one| on_functions || !OF_FUNCTIONS.contains(&one.key.as_str())) {
        merged.put(&key, &mut table, setting);
    }
    check_mode(&typed, &table, problems);
    check_class(entry, &table, problems);
    Some(table)
}

/// `part` is not of a kind that `entry` can stand for.
fn unfit(part: &Part<'_>, entry: &PartEntry, catalogue: &Catalogue) -> Diagnostic {
    let Part { name, section, kind } = part;
    let fits = entry.kinds.join(", ");
    let wrong =
        Diagnostic::error(format!("`{}` is for {section}s of kind {fits}, and `{name}` is of kind {kind}", entry.id));
    let fitting = catalogue.parts().iter().filter(|entry| entry.kinds.iter().any(|fits| fits == kind));
    let ids: Vec<&str> = fitting.map(|entry| entry.id.as_str()).chain([NONE]).collect();
    let what = if *section == "store" { format!("{kind} {section}") } else { (*kind).to_owned() };
    wrong.help(format!("a {what} is bound to one of {}", ids.join(", ")))
}

/// Reports what was typed for another mode than the one in force.
fn check_mode(typed: &Table, table: &Table, problems: &mut Diagnostics) {
    let Some(mode) = table.get("mode").and_then(Node::as_str) else { return };
    for (other, keys) in BY_MODE.into_iter().filter(|(other, _)| *other != mode) {
        for entry in typed.iter().filter(|entry| keys.contains(&entry.key.as_str())) {
            let only = Diagnostic::error(format!("`{}` is of mode `{other}`, and the mode is `{mode}`", entry.key));
            problems.push(only.at(entry.key_span).help(format!("add `mode = \"{other}\"`, or leave it out")));
        }
    }
}

/// Reports a class that the catalogue does not have.
fn check_class(entry: &PartEntry, table: &Table, problems: &mut Diagnostics) {
    let Some(node) = table.get("class") else { return };
    if let Some(name) = node.as_str()
        && entry.class(name).is_none()
    {
        let known = entry.classes.iter().map(|class| class.name.as_str());
        let unknown = Diagnostic::error(format!("{} has no class `{name}` here", entry.id)).at(node.span);
        problems.push(unknown.nearest(name, known));
    }
}
