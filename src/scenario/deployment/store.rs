//! What stores are bound to: from checked tables.

use super::bind::NONE;
use crate::application::Application;
use crate::application::step::Access;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::tree::{Node, Table};
use crate::platform::catalogue::Catalogue;
use crate::platform::store::connections::Connections;
use crate::platform::store::processor::{Processor, Scaling};
use crate::platform::store::throughput::{AutoScaling, Law, OnDemand, Provisioned, Throughput};
use crate::platform::store::units::{Unit, Units};
use crate::platform::store::{BoundStore, StoreMeter};

/// What every store of `application` is bound to.
pub(super) fn stores(
    table: &Table,
    application: &Application,
    catalogue: &Catalogue,
    problems: &mut Diagnostics,
) -> Vec<BoundStore> {
    let bind = table.get("bind").and_then(Node::as_table);
    let of = |name: &str| bind.and_then(|bind| bind.get(name)).and_then(Node::as_table);
    let store = |name: &str| of(name).map_or_else(BoundStore::default, |table| store(table, catalogue, problems));
    application.stores.iter().map(|one| one.name.as_str()).map(store).collect()
}

fn store(table: &Table, catalogue: &Catalogue, problems: &mut Diagnostics) -> BoundStore {
    let id = table.at("kind").text();
    let bound = match id {
        NONE => return BoundStore::default(),
        "aws-dynamodb" => dynamodb(table, problems),
        "aws-aurora" => aurora(table, catalogue),
        "aws-aurora-serverless" => serverless(table),
        "redis" => nodes(table),
        _ => documents(),
    };
    BoundStore { id: Some(id.to_owned()), ..bound }
}

fn units(node: &Node) -> u32 {
    node.count_u32()
}

fn dynamodb(table: &Table, problems: &mut Diagnostics) -> BoundStore {
    let provisioned = table.at("mode").text() == "provisioned";
    let law = |access| {
        if provisioned { provisioned_law(table, access, problems) } else { on_demand_law(table, access) }
    };
    let [read, write] = [Access::Read, Access::Write].map(law);
    BoundStore {
        throughput: Some(Throughput { read, write }),
        units: Units {
            read: Unit { bytes: Some(4096), half: table.at("consistency").text() == "eventual" },
            write: Unit { bytes: Some(1024), half: false },
        },
        meter: StoreMeter { accesses: !provisioned, capacity: provisioned, stored: true, ..StoreMeter::default() },
        ..BoundStore::default()
    }
}

const fn word(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "write",
    }
}

fn on_demand_law(table: &Table, access: Access) -> Law {
    let word = word(access);
    let warm = units(table.at("warm_throughput").table().at(&format!("{word}_units_per_second")));
    let most = units(table.at("on_demand_throughput").table().at(&format!("max_{word}_request_units")));
    Law::OnDemand(OnDemand {
        // A table that is limited to less than it is warm for takes no more than the limit.
        warm: warm.min(most),
        most,
        grows_after: table.at("growth_window").duration(),
        burst: table.at("on_demand_burst").duration(),
    })
}

fn provisioned_law(table: &Table, access: Access, problems: &mut Diagnostics) -> Law {
    let word = word(access);
    let node = table.at("provisioned_throughput").table().at(&format!("{word}_capacity_units"));
    let scaling = table.at(&format!("{word}_auto_scaling")).as_table().map(|scaling| AutoScaling {
        min: units(scaling.at("min")),
        max: units(scaling.at("max")),
        target: scaling.at("target_utilization").share(),
        minutes_out: table.at("scale_out_minutes").count_u32(),
        minutes_in: table.at("scale_in_minutes").count_u32(),
        slack: table.at("scale_in_slack").share(),
        delay: table.at("update_delay").duration(),
    });
    if let Some(AutoScaling { min, max, .. }) = scaling {
        let scaled = table.at(&format!("{word}_auto_scaling"));
        if min > max {
            problems.push(Diagnostic::error(format!("`min` is above `max`: {min}, {max}")).at(scaled.span));
        } else if !(min..=max).contains(&units(node)) {
            let outside = format!("{} {word} capacity units are not between {min} and {max}", units(node));
            let help = format!("auto scaling keeps them there: change them, or `{word}_auto_scaling`");
            problems.push(Diagnostic::error(outside).at(table.at("provisioned_throughput").span).help(help));
        }
    }
    Law::Provisioned(Provisioned { units: units(node), burst: table.at("burst").duration(), scaling })
}

/// Connections, and what an Aurora database counts for its I/O.
fn relational(table: &Table, max_connections: u32, processor: Processor, meter: StoreMeter) -> BoundStore {
    let pool = table.at("pool").count_or_unbounded().and_then(|pool| u32::try_from(pool).ok());
    let io = |key: &str| Unit { bytes: Some(table.at(key).size().0), half: false };
    BoundStore {
        connections: Some(Connections { max: max_connections, pool }),
        processor: Some(processor),
        units: Units { read: io("read_io"), write: io("write_io") },
        meter: StoreMeter { accesses: true, stored: true, ..meter },
        ..BoundStore::default()
    }
}

fn aurora(table: &Table, catalogue: &Catalogue) -> BoundStore {
    let name = table.at("class").text();
    let class = catalogue.part("aws-aurora").and_then(|entry| entry.class(name));
    // Another class was reported.
    let (vcpu, connections) = class.map_or((1.0, 1), |class| (class.vcpu, class.max_connections));
    let max = table.at("max_connections");
    let max = if max.as_str().is_some() { connections } else { max.count_u32() };
    let processor = Processor { vcpu, cpu_share: table.at("cpu_share").share(), scaling: None };
    relational(table, max, processor, StoreMeter { machines: Some((name.to_owned(), 1)), ..StoreMeter::default() })
}

fn serverless(table: &Table) -> BoundStore {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked: at most 256
    let halves = |key: &str| (table.at(key).number() * 2.0).ceil() as u32;
    let scaling = Scaling {
        min: halves("min"),
        max: halves("max"),
        vcpu_per_unit: table.at("vcpu_per_acu").number(),
        target: table.at("target_utilization").share(),
        period: table.at("scale_period").duration(),
        scale_down_after: table.at("scale_down_after").duration(),
    };
    let max = table.at("max_connections");
    let max = if max.as_str().is_some() { by_capacity(scaling.min, scaling.max) } else { max.count_u32() };
    let processor =
        Processor { vcpu: scaling.vcpu(scaling.min), cpu_share: table.at("cpu_share").share(), scaling: Some(scaling) };
    relational(table, max, processor, StoreMeter { capacity: true, ..StoreMeter::default() })
}

/// Default connections of Aurora `PostgreSQL` Serverless v2 between so many half ACUs: on the line through 189 of 1 ACU
/// and 3 360 of 16, at most 5 000, and at most 2 000 where the least is half an ACU
/// (<https://repost.aws/articles/ARm5e6RHE3R4mnHS2S-UZUwA/>, read 2026-11).
fn by_capacity(min: u32, max: u32) -> u32 {
    let on_line = 189 + (3360 - 189) * (max.max(2) - 2) / 30;
    on_line.min(if min <= 1 { 2000 } else { 5000 })
}

fn documents() -> BoundStore {
    let meter = StoreMeter { accesses: true, stored: true, ..StoreMeter::default() };
    BoundStore { meter, ..BoundStore::default() }
}

fn nodes(table: &Table) -> BoundStore {
    let machines = Some((table.at("node_type").text().to_owned(), table.at("nodes").count_u32()));
    BoundStore { meter: StoreMeter { machines, ..StoreMeter::default() }, ..BoundStore::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_a_serverless_database_follow_its_largest_capacity() {
        // AWS: 189 of 1 ACU, 3 360 of 16, 5 000 from 32 on, and no more than 2 000 from half an ACU on.
        assert_eq!(
            [(2, 2), (2, 32), (2, 64), (1, 32), (1, 2)].map(|(min, max)| by_capacity(min, max)),
            [189, 3360, 5000, 2000, 189]
        );
    }
}
