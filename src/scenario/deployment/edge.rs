//! What stands in front: from a checked table.

use crate::document::tree::{Node, Table};
use crate::platform::edge::{CapacityUnits, Edge, EdgeMeter, Throttle};

/// `None` for "none".
pub(super) fn build(node: &Node) -> Option<Edge> {
    let table = node.as_table()?;
    let capacity = table.at("capacity").as_table().map(|capacity| CapacityUnits {
        connections_per_second: capacity.at("connections_per_second").number(),
        requests_per_connection: capacity.at("requests_per_connection").number(),
        bytes_per_hour: capacity.at("bytes_per_hour").size().0 as f64,
    });
    Some(Edge {
        id: table.at("kind").text().to_owned(),
        latency: table.at("latency").duration(),
        timeout: table.at("timeout").duration_or_none(),
        throttle: table.at("throttle").as_table().map(throttle),
        meter: EdgeMeter {
            request_unit_bytes: table.at("request_unit").size_or_none().map(|size| size.0),
            hours: table.at("hours").count_u32(),
            addresses: table.at("addresses").count_u32(),
            capacity,
        },
    })
}

fn throttle(table: &Table) -> Throttle {
    Throttle { rate: table.at("rate").rate(), burst: table.at("burst").count_u32() }
}
