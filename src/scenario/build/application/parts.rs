//! Queues, workflows and stores.

use super::super::references::Names;
use super::steps::{Owner, body};
use super::{Context, index_of};
use crate::application::queue::{self, Batch, Queue};
use crate::application::store::{self, Store};
use crate::application::workflow::Workflow;
use crate::document::source::Span;
use crate::document::tree::{Node, Table};
use crate::scenario::distribution::durations;

fn entries<'a>(table: &'a Table, section: &str) -> &'a [Node] {
    table.get(section).map_or(&[], Node::elements)
}

/// The queues; `None` when a consumer is unknown, which was reported.
pub fn queues(table: &Table, names: &Names) -> Option<Vec<Queue>> {
    entries(table, "queue").iter().map(|node| queue(node.table(), names)).collect()
}

fn queue(table: &Table, names: &Names) -> Option<Queue> {
    let (kind, consumers) = match table.at("kind").text() {
        "topic" => (queue::Kind::Topic, table.at("consumers").elements()),
        _ => (queue::Kind::Queue, table.at("consumer").elements()),
    };
    let batch = table.at("batch").table();
    Some(Queue {
        name: table.at("name").text().to_owned(),
        kind,
        consumers: consumers.iter().map(|name| index_of(&names.services, name.text())).collect::<Option<_>>()?,
        batch: Batch { size: batch.at("size").count_u32(), window: batch.at("window").duration() },
        visibility_timeout: table.at("visibility_timeout").duration(),
        max_receives: table.at("max_receives").count_u32(),
    })
}

/// The workflows and, for each, where its steps were written.
pub fn workflows(context: &mut Context, table: &Table, names: &Names) -> Option<(Vec<Workflow>, Vec<Vec<Span>>)> {
    let built: Vec<Option<(Workflow, Vec<Span>)>> = entries(table, "workflow")
        .iter()
        .map(|node| {
            let table = node.table();
            let (body, spans) = body(context, table.at("steps"), names, Owner::Workflow)?;
            Some((Workflow { name: table.at("name").text().to_owned(), body }, spans))
        })
        .collect();
    built.into_iter().collect::<Option<Vec<_>>>().map(|built| built.into_iter().unzip())
}

/// The stores.
pub fn stores(table: &Table) -> Vec<Store> {
    entries(table, "store").iter().map(|node| store(node.table())).collect()
}

fn store(table: &Table) -> Store {
    let word = table.at("kind").text();
    let kind = store::Kind::ALL.into_iter().find(|kind| kind.word() == word);
    let latency = table.at("latency").table();
    Store {
        name: table.at("name").text().to_owned(),
        kind: kind.unwrap_or(store::Kind::Document),
        stored: table.at("stored").size(),
        read: durations(latency.at("read")),
        write: durations(latency.at("write")),
    }
}
