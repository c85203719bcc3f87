//! What queues are bound to: from checked tables.

use super::bind::NONE;
use crate::application::Application;
use crate::application::queue::Queue;
use crate::document::tree::{Node, Table};
use crate::platform::Family;
use crate::platform::queue::pollers::Pollers;
use crate::platform::queue::{BoundQueue, Polling, QueueMeter};

/// What every queue of `application` is bound to on a platform of this family.
pub(super) fn queues(table: &Table, application: &Application, family: Family) -> Vec<BoundQueue> {
    let bind = table.get("bind").and_then(Node::as_table);
    let of = |queue: &Queue| bind.and_then(|bind| bind.get(&queue.name)).and_then(Node::as_table);
    let bound = |queue| of(queue).map_or_else(BoundQueue::default, |table| bound(table, queue, family));
    application.queues.iter().map(bound).collect()
}

fn bound(table: &Table, queue: &Queue, family: Family) -> BoundQueue {
    let id = table.at("kind").text();
    if id == NONE {
        return BoundQueue::default();
    }
    let on_functions = family == Family::Faas;
    let bytes = |key: &str| table.get(key).map(|node| node.size().0);
    let meter = QueueMeter {
        request_bytes: bytes("request_bytes"),
        least_bytes: bytes("least_bytes"),
        ..QueueMeter::default()
    };
    let max_batch = Some(table.at("max_batch").count_u32());
    let bound = BoundQueue { id: Some(id.to_owned()), max_batch, meter, ..BoundQueue::default() };
    match id {
        "aws-sqs" => polled(bound, table, queue, on_functions),
        "aws-sns" => {
            let deliveries = if on_functions { "deliveries" } else { "http" };
            BoundQueue { meter: QueueMeter { deliveries, ..bound.meter }, ..bound }
        }
        _ => bound,
    }
}

fn polled(bound: BoundQueue, table: &Table, queue: &Queue, on_functions: bool) -> BoundQueue {
    let (wait, messages) = (table.at("wait_time").duration(), table.at("messages_per_request").count_u32());
    let mut bound = BoundQueue { polling: Some(Polling { wait, messages }), ..bound };
    if on_functions {
        let count = |key: &str| table.at(key).count_u32();
        let initial = count("initial_pollers");
        bound.pollers = Some(Pollers {
            initial,
            per_minute: count("pollers_per_minute"),
            max: count("max_pollers").max(initial),
            throttle_backoff: table.at("throttle_backoff").duration(),
        });
        if queue.batch.window.0 == 0 {
            bound.max_batch = bound.max_batch.map(|most| most.min(count("max_batch_without_window")));
        }
    }
    bound
}
