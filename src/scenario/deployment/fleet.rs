//! How instances serve requests, and what is counted: from checked tables.

use crate::document::tree::{Node, Table};
use crate::metering::usage::Dimension;
use crate::platform::fleet::{Fleet, Initial, KeepAliveFrom, QueueAt, Reuse, Routing, Sharing};
use crate::platform::meter::{Meter, Per};
use crate::scenario::distribution::{durations, durations_or_none};

pub(super) fn fleet(table: &Table) -> Fleet {
    Fleet {
        slots: table.at("slots").count_or_unbounded().map(saturated),
        sharing: match table.at("sharing").text() {
            "fifo-cores" => Sharing::FifoCores,
            _ => Sharing::Processor,
        },
        routing: match table.at("routing").text() {
            "random" => Routing::Random,
            "round-robin" => Routing::RoundRobin,
            "two-choices" => Routing::TwoChoices,
            _ => Routing::LeastBusy,
        },
        queue: table.at("queue").count_or_unbounded(),
        queue_at: match table.at("queue_at").text() {
            "instance" => QueueAt::Instance,
            _ => QueueAt::Fleet,
        },
        queue_timeout: table.at("queue_timeout").duration_or_none(),
        drop_abandoned: table.at("drop_abandoned").flag(),
        timeout: table.at("timeout").duration_or_none(),
        reuse: match table.at("reuse").text() {
            "newest" => Reuse::Newest,
            "oldest" => Reuse::Oldest,
            "least-recent" => Reuse::LeastRecent,
            "random" => Reuse::Random,
            _ => Reuse::MostRecent,
        },
        keep_alive: durations_or_none(table.at("keep_alive")),
        keep_alive_from: match table.at("keep_alive_from").text() {
            "start" => KeepAliveFrom::Start,
            _ => KeepAliveFrom::LastUse,
        },
        lifetime: durations_or_none(table.at("lifetime")),
        start: durations(table.at("start")),
        cold_service: durations_or_none(table.at("cold_service")),
        initial: initial(table.at("initial")),
    }
}

fn initial(node: &Node) -> Initial {
    match (node.as_str(), node.as_table()) {
        (Some("stationary"), _) => Initial::Stationary,
        (Some(_), _) => Initial::Min,
        (None, Some(table)) => {
            Initial::BusyIdle { busy: table.at("busy").count_u32(), idle: table.at("idle").count_u32() }
        }
        (None, None) => Initial::Count(node.count_u32()),
    }
}

pub(super) fn meter(table: &Table) -> Meter {
    Meter {
        per: match table.at("per").text() {
            "request" => Per::Request,
            "node" => Per::Node,
            _ => Per::Instance,
        },
        counts: table.at("counts").elements().iter().filter_map(|node| dimension(node.text())).collect(),
        round_up: table.at("round_up").duration(),
        minimum: table.at("minimum").duration(),
        tail: table.at("tail").duration(),
        start_billed: table.at("start_billed").flag(),
        idle_billed: table.at("idle_billed").flag(),
        weight: table.at("weight").count_u32(),
        clusters: table.at("clusters").count_u32(),
        volume_gib: table.at("volume_gib").count_u32(),
        addresses: table.at("addresses").count_u32(),
    }
}

fn dimension(id: &str) -> Option<Dimension> {
    Dimension::ALL.into_iter().find(|dimension| dimension.id() == id)
}

/// A count that the grammar keeps below 2^32.
pub(super) fn saturated(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
