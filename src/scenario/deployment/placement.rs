//! Where instances come from: from a checked table with `kind`.

use super::fleet::saturated;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::quantity;
use crate::document::tree::{Node, Table};
use crate::metering::usage::spare;
use crate::platform::catalogue::{Catalogue, Machine};
use crate::platform::placement::cluster_autoscaler::{ClusterAutoscaler, Expander};
use crate::platform::placement::scheduler::Scoring;
use crate::platform::placement::{NodeGroup, Nodes, Placement};
use crate::scenario::distribution::durations;
use crate::units::Bytes;

pub(super) fn build(node: &Node, catalogue: &Catalogue, problems: &mut Diagnostics) -> Option<Placement> {
    let table = node.table();
    let kind = table.at("kind").text();
    if kind == "none" {
        return Some(Placement::Provider);
    }
    let groups: Vec<Option<NodeGroup>> =
        table.at("nodes").elements().iter().map(|node| group(node, catalogue, problems)).collect();
    let pull_rate = pull_rate(table.at("pull_rate"), problems)?;
    let daemonsets = table.at("daemonsets").table();
    Some(Placement::Nodes(Box::new(Nodes {
        groups: groups.into_iter().collect::<Option<_>>()?,
        autoscaler: (kind == "cluster-autoscaler").then(|| cluster_autoscaler(table)),
        boot: durations(table.at("boot")),
        scheduler: match table.at("scheduler").text() {
            "most-allocated" => Scoring::MostAllocated,
            _ => Scoring::LeastAllocated,
        },
        daemonset_milli_vcpu: milli(daemonsets.at("vcpu").number()),
        daemonset_memory: daemonsets.at("memory").size(),
        pull_rate,
        system: Vec::new(),
    })))
}

/// What nodes cost that is not simulated: (what, usual share of the bill or empty).
pub(super) fn not_modelled(placement: &Placement) -> Option<(String, String)> {
    let Placement::Nodes(nodes) = placement else { return None };
    let spot = nodes.groups.iter().any(|group| group.spot);
    spot.then(|| {
        let item = "interruptions of spot nodes: what their pods lose, and the nodes that replace them";
        (item.to_owned(), String::new())
    })
}

fn cluster_autoscaler(table: &Table) -> ClusterAutoscaler {
    ClusterAutoscaler {
        scan_interval: table.at("scan_interval").duration(),
        expander: match table.at("expander").text() {
            "most-pods" => Expander::MostPods,
            "random" => Expander::Random,
            _ => Expander::LeastWaste,
        },
        unneeded_time: table.at("unneeded_time").duration(),
        delay_after_add: table.at("delay_after_add").duration(),
        utilization_threshold: table.at("utilization_threshold").share(),
    }
}

/// Bytes per second; `"none"`: at once.
fn pull_rate(node: &Node, problems: &mut Diagnostics) -> Option<f64> {
    if node.is_unlimited() {
        return Some(f64::INFINITY);
    }
    let size = node.text().strip_suffix("/s").and_then(|size| quantity::size(size).ok()).filter(|size| size.0 > 0);
    if size.is_none() {
        let wrong = Diagnostic::error("expected a size per second such as \"60MiB/s\", or \"none\"");
        problems.push(wrong.at(node.span));
    }
    size.map(|size| size.0 as f64)
}

fn machine<'a>(name: &Node, catalogue: &'a Catalogue, problems: &mut Diagnostics) -> Option<&'a Machine> {
    let found = catalogue.machine(name.text());
    if found.is_none() {
        let unknown = Diagnostic::error(format!("unknown machine type `{}`", name.text())).at(name.span);
        problems.push(unknown.nearest(name.text(), catalogue.machines()));
    }
    found
}

/// A node group: by its machine type, with what was given on top.
fn group(node: &Node, catalogue: &Catalogue, problems: &mut Diagnostics) -> Option<NodeGroup> {
    let table = node.table();
    let machine = match table.get("type") {
        None => None,
        Some(name) => Some(machine(name, catalogue, problems)?),
    };
    let zones = table.at("zones").count_u32();
    // As many in every zone.
    let min = table.at("min").count_u32().div_ceil(zones).saturating_mul(zones);
    let max = table.at("max").count_or_unbounded().map_or(u32::MAX, saturated);
    if min > max {
        let message = format!("{zones} zones need at least {min} nodes, and `max` is {max}");
        problems.push(Diagnostic::error(message).at(node.span).help("lower `zones` or `min`, or raise `max`"));
        return None;
    }
    let vcpu = table.get("vcpu").map(Node::number).or(machine.map(|machine| machine.vcpu))?;
    let memory = table.get("memory").map(Node::size).or(machine.map(|machine| machine.memory))?;
    let (allocatable_milli_vcpu, allocatable_memory) = allocatable(table, machine, vcpu, memory, catalogue);
    let max_pods = match table.get("max_pods") {
        Some(node) => node.count_or_unbounded().map_or(u32::MAX, saturated),
        None => machine.map_or(u32::MAX, |machine| machine.max_pods),
    };
    let name = machine.map_or("node", |machine| &machine.name);
    let spot = table.at("market").text() == "spot";
    Some(NodeGroup {
        machine: if spot { spare(name) } else { name.to_owned() },
        spot,
        min,
        max,
        zones,
        vcpu,
        memory,
        allocatable_milli_vcpu,
        allocatable_memory,
        max_pods,
        cpu_speed: table.get("cpu_speed").map(Node::number).or(machine.map(|machine| machine.cpu_speed))?,
    })
}

/// Given, else by the rules of the machine type, else everything.
fn allocatable(
    table: &Table,
    machine: Option<&Machine>,
    vcpu: f64,
    memory: Bytes,
    catalogue: &Catalogue,
) -> (u64, Bytes) {
    if let Some(given) = table.get("allocatable").map(Node::table) {
        return (milli(given.at("vcpu").number()), given.at("memory").size());
    }
    machine.map_or((milli(vcpu), memory), |machine| {
        let sized = Machine { vcpu, memory, ..machine.clone() };
        let left = catalogue.allocatable(&sized);
        (left.milli_vcpu, left.memory)
    })
}

/// vCPUs in thousandths, rounded up as requests are.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most 1024 vCPUs by the grammar
pub(super) fn milli(vcpu: f64) -> u64 {
    // The rounding of 0.205 * 1000 must not become 206.
    (vcpu * 1000.0 - 1e-6).ceil() as u64
}
