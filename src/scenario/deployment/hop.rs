//! What a call passes, and what add-ons bring.

use super::edge;
use super::placement::milli;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::source::Span;
use crate::document::tree::Table;
use crate::platform::catalogue::{Addon, Setting};
use crate::platform::hop::{Hop, SystemPod};
use crate::platform::instance::Instance;
use crate::platform::placement::{NodeGroup, Placement};
use crate::units::Bytes;

/// What a call passes; from a checked table.
pub(super) fn hop(table: &Table, placement: &Placement) -> Hop {
    let cross_zone = table.at("cross_zone");
    Hop {
        latency: table.at("latency").duration(),
        proxy_cpu: table.at("proxy_cpu").duration(),
        cross_zone: if cross_zone.as_str() == Some("zones") { of_zones(placement) } else { cross_zone.share() },
    }
}

/// Of calls to whichever node: those that leave the zone.
fn of_zones(placement: &Placement) -> f64 {
    let Placement::Nodes(nodes) = placement else { return 0.0 };
    let zones = nodes.groups.iter().map(|group| group.zones).max().unwrap_or(1);
    1.0 - 1.0 / f64::from(zones.max(1))
}

/// How fast a core of the nodes is, of those that are filled first.
pub(super) fn node_speed(placement: &Placement) -> f64 {
    let Placement::Nodes(nodes) = placement else { return 1.0 };
    nodes.groups.first().map_or(1.0, |group| group.cpu_speed)
}

/// Puts the containers of `addons` beside what a pod has.
pub(super) fn add_sidecars(addons: &[&Addon], instance: &mut Instance) {
    for setting in addons.iter().flat_map(|addon| &addon.sidecar) {
        if setting.key == "vcpu" {
            let vcpu = setting.node.number();
            instance.vcpu += vcpu;
            instance.vcpu_limit = instance.vcpu_limit.map(|limit| limit + vcpu);
        } else {
            let memory = setting.node.size();
            instance.memory = Bytes(instance.memory.0 + memory.0);
            instance.memory_limit = instance.memory_limit.map(|limit| Bytes(limit.0 + memory.0));
        }
    }
}

/// These pods, each with where it was typed. One that fits on no node is reported there.
pub(super) fn checked(
    pods: Vec<(SystemPod, Span)>,
    groups: &[NodeGroup],
    problems: &mut Diagnostics,
) -> Vec<SystemPod> {
    let fits = |pod: &SystemPod| {
        let on = |group: &NodeGroup| {
            group.allocatable_milli_vcpu >= pod.milli_vcpu && group.allocatable_memory >= pod.memory
        };
        groups.iter().any(on)
    };
    let checked = pods.into_iter().map(|(pod, span)| {
        if !fits(&pod) {
            let vcpu = pod.milli_vcpu as f64 / 1000.0;
            let message = format!("{} needs {vcpu} vCPU and {} and fits on no node", pod.name, pod.memory);
            problems.push(Diagnostic::error(message).at(span).help("choose a larger `placement.nodes.type`"));
        }
        pod
    });
    checked.collect()
}

/// The pods of the edge and those that `addons` run, each with where it was typed. The memory of those that keep metrics
/// follows from how many there are.
pub(super) fn pods(addons: &[&Addon], table: &Table) -> Vec<(SystemPod, Span)> {
    let typed = |key: &str| table.get(key).map_or(Span::BUILT_IN, |node| node.span);
    let edge = edge::pods(table.at("edge")).into_iter().map(|pod| (pod, typed("edge")));
    edge.chain(of(addons).into_iter().map(|pod| (pod, typed("addons")))).collect()
}

fn of(addons: &[&Addon]) -> Vec<SystemPod> {
    let mut pods: Vec<SystemPod> = Vec::new();
    let settings = addons.iter().flat_map(|addon| addon.pods.iter().map(|setting| (addon.id.as_str(), setting)));
    for (id, Setting { key, node, .. }) in settings {
        let Some((name, what)) = key.rsplit_once('.') else { continue };
        let name = format!("{id}/{name}");
        let at = pods.iter().position(|pod| pod.name == name).unwrap_or_else(|| {
            pods.push(SystemPod { name, milli_vcpu: 0, memory: Bytes(0) });
            pods.len() - 1
        });
        if what == "vcpu" {
            pods[at].milli_vcpu = milli(node.number());
        } else {
            pods[at].memory = node.size();
        }
    }
    pods
}
