//! What has to fit together across sections.

use super::merge::Merged;
use super::placement::milli;
use super::roll_out;
use crate::application::{Application, Service};
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::quantity;
use crate::document::source::Span;
use crate::document::tree::{Node, Table};
use crate::metering::usage::Dimension;
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::catalogue::plain_text;
use crate::platform::fleet::{Initial, Sharing};
use crate::platform::meter::Per;
use crate::platform::placement::{NodeGroup, Nodes, Placement};
use crate::units::{Bytes, Nanos};

/// Values outside of what the platform sells.
pub(super) fn limits(merged: &Merged<'_>, problems: &mut Diagnostics) {
    for limit in &merged.platform.limits {
        let Some(node) = merged.table.at_path(&limit.key) else { continue };
        let inside = match (magnitude(node), magnitude(&limit.min), magnitude(&limit.max)) {
            (Some(value), Some(min), Some(max)) => (min..=max).contains(&value),
            _ => false, // "none" or "unbounded" where the platform has a limit
        };
        if !inside {
            let (min, max) = (plain_text(&limit.min), plain_text(&limit.max));
            let beyond = Diagnostic::error(format!("{} does not offer this `{}`", merged.platform.id, limit.key));
            let label = format!("allowed: {min} to {max}");
            problems.push(beyond.at(node.span).label(label).help(limit.provenance.source.clone()));
        }
    }
}

/// A quantity in base units.
fn magnitude(node: &Node) -> Option<f64> {
    match node.as_str() {
        Some(text) => quantity::duration(text)
            .map(Nanos::seconds)
            .or_else(|_| quantity::size(text).map(|size| size.0 as f64))
            .ok(),
        None => Some(node.number()),
    }
}

/// Everything that involves more than one section.
pub(super) fn whole(
    deployment: &Deployment,
    table: &Table,
    application: &Application,
    service: Option<&Service>,
    problems: &mut Diagnostics,
) {
    let span = |path: &str| place(table, path);
    sharing(deployment, &span, problems);
    idleness(deployment, table, problems);
    bounds(deployment, &span, problems);
    if let Some(service) = service {
        memory(deployment, application, service, &span, problems);
    }
    counts(deployment, &span, problems);
    roll_out::check(deployment, table, problems);
    match &deployment.placement {
        Placement::Provider if deployment.meter.per == Per::Node => {
            let message = "`meter.per = \"node\"` needs nodes";
            problems.push(Diagnostic::error(message).at(span("meter.per")).help("give `placement` a kind"));
        }
        Placement::Provider => {}
        Placement::Nodes(nodes) => pods(deployment, nodes, &span, problems),
    }
}

/// Where `path` was typed; where its section or the deployment was, if it was not.
pub(super) fn place(table: &Table, path: &str) -> Span {
    let typed = |path: &str| table.at_path(path).map(|node| node.span).filter(|span| span.is_shown());
    let section = path.split('.').next().unwrap_or(path);
    typed(path).or_else(|| typed(section)).or_else(|| typed("platform")).unwrap_or(Span::BUILT_IN)
}

fn sharing(deployment: &Deployment, span: &impl Fn(&str) -> Span, problems: &mut Diagnostics) {
    let vcpu = deployment.instance.vcpu;
    if deployment.fleet.sharing == Sharing::FifoCores && vcpu.fract() != 0.0 {
        let message = format!("`sharing = \"fifo-cores\"` needs whole vCPUs, and an instance has {vcpu}");
        problems.push(Diagnostic::error(message).at(span("fleet.sharing")));
    }
    if deployment.instance.vcpu_limit.is_some_and(|limit| limit < vcpu) {
        let message = format!("`vcpu_limit` is below the {vcpu} vCPUs that an instance has");
        problems.push(Diagnostic::error(message).at(span("instance.vcpu_limit")));
    }
    if deployment.instance.memory_limit.is_some_and(|limit| limit < deployment.instance.memory) {
        let message = format!("`memory_limit` is below the {} that an instance has", deployment.instance.memory);
        problems.push(Diagnostic::error(message).at(span("instance.memory_limit")));
    }
}

/// Keys that say how idle instances are treated mean nothing where a control loop counts them.
fn idleness(deployment: &Deployment, table: &Table, problems: &mut Diagnostics) {
    if matches!(deployment.autoscaler.law, Law::PerRequest(_)) {
        return;
    }
    let kind = table.at("autoscaler").table().at("kind").text();
    for key in ["keep_alive", "reuse"] {
        let Some(entry) = table.at("fleet").table().entry(key).filter(|entry| entry.key_span.is_shown()) else {
            continue;
        };
        if key == "reuse" || !entry.node.is_unlimited() {
            let message = format!("`{key}` needs instances that follow requests, and the autoscaler is `{kind}`");
            let help = "it means something with autoscaler kind `per-request` only";
            problems.push(Diagnostic::error(message).at(entry.key_span).help(help));
        }
    }
}

fn bounds(deployment: &Deployment, span: &impl Fn(&str) -> Span, problems: &mut Diagnostics) {
    let initial = match deployment.fleet.initial {
        Initial::Count(count) => count,
        Initial::BusyIdle { busy, idle } => busy.saturating_add(idle),
        Initial::Min | Initial::Stationary => return,
    };
    if deployment.autoscaler.max.is_some_and(|max| initial > max) {
        let message = format!("{initial} initial instances are more than the autoscaler allows");
        problems.push(Diagnostic::error(message).at(span("fleet.initial")));
    }
}

/// Running out of memory is not simulated yet, so an instance that would is worth a word.
fn memory(
    deployment: &Deployment,
    application: &Application,
    service: &Service,
    span: &impl Fn(&str) -> Span,
    problems: &mut Diagnostics,
) {
    let largest = application.classes.iter().map(|class| class.memory.0).max().unwrap_or(0);
    let at_once = u64::from(deployment.fleet.slots.unwrap_or(1));
    let needed = Bytes(service.base_memory.0.saturating_add(at_once.saturating_mul(largest)));
    let available = deployment.instance.memory_limit.unwrap_or(deployment.instance.memory);
    if needed > available {
        let message = format!("{}: an instance may need {needed} of memory and has {available}", deployment.name);
        let help = "running out of memory is not simulated yet: the service's base_memory and every slot's request";
        problems.push(Diagnostic::warning(message).at(span("instance.memory")).help(help));
    }
}

/// What is counted is something that the bill can follow.
fn counts(deployment: &Deployment, span: &impl Fn(&str) -> Span, problems: &mut Diagnostics) {
    let (per, possible): (_, &[Dimension]) = match deployment.meter.per {
        Per::Request => ("request", &[Dimension::Requests, Dimension::GibSeconds, Dimension::VcpuSeconds]),
        Per::Instance => ("instance", &[Dimension::InstanceHours, Dimension::GibSeconds, Dimension::VcpuSeconds]),
        Per::Node => ("node", &[Dimension::NodeHours]),
    };
    for counted in deployment.meter.counts.iter().filter(|counted| !possible.contains(counted)) {
        let message = format!("`{}` is not counted where the bill follows each {per}", counted.id());
        let ids = possible.iter().map(|dimension| dimension.id()).collect::<Vec<_>>().join(", ");
        problems.push(Diagnostic::error(message).at(span("meter.counts")).help(format!("`meter.counts` of: {ids}")));
    }
}

/// Inline prices of what the compute part of this bill could count and does not.
pub(super) fn prices(prices: &Table, counts: &[Dimension], problems: &mut Diagnostics) {
    const COMPUTE: [Dimension; 5] = [
        Dimension::Requests,
        Dimension::VcpuSeconds,
        Dimension::GibSeconds,
        Dimension::InstanceHours,
        Dimension::NodeHours,
    ];
    for entry in prices.iter() {
        let uncounted = COMPUTE.iter().any(|dimension| dimension.id() == entry.key && !counts.contains(dimension));
        if uncounted {
            let message = format!("`{}` has a price and is not counted", entry.key);
            problems.push(Diagnostic::warning(message).at(entry.key_span).help("name it in `meter.counts`"));
        }
    }
}

/// A pod fits on some node, and the pods that are always there fit on the nodes.
fn pods(deployment: &Deployment, nodes: &Nodes, span: &impl Fn(&str) -> Span, problems: &mut Diagnostics) {
    let (cpu, memory) = (milli(deployment.instance.vcpu), deployment.instance.memory);
    let fits = |group: &NodeGroup| pods_per_node(group, nodes, cpu, memory);
    if nodes.groups.iter().all(|group| fits(group) == 0) {
        let room = nodes.groups.iter().map(|group| {
            let (cpu, memory) = free(group, nodes);
            format!("{}: {} vCPU and {memory}", group.machine, cpu as f64 / 1000.0)
        });
        let message = format!("a pod of {} vCPU and {memory} fits on no node", deployment.instance.vcpu);
        let help = format!("free for pods, less reservations and daemons: {}", room.collect::<Vec<_>>().join("; "));
        let at = if span("instance.vcpu") == span("platform") { "instance.memory" } else { "instance.vcpu" };
        problems.push(Diagnostic::error(message).at(span(at)).help(help));
        return;
    }
    let most = |group: &NodeGroup| if nodes.autoscaler.is_some() { group.max } else { group.min };
    let places: u64 = nodes.groups.iter().map(|group| fits(group).saturating_mul(u64::from(most(group)))).sum();
    if u64::from(deployment.autoscaler.min) > places {
        let message = format!(
            "{}: {} pods are always wanted and the nodes have room for {places}",
            deployment.name, deployment.autoscaler.min
        );
        problems.push(Diagnostic::warning(message).at(span("autoscaler")).help("the others stay pending"));
    }
}

/// What a node has for pods that are not daemons.
fn free(group: &NodeGroup, nodes: &Nodes) -> (u64, Bytes) {
    (
        group.allocatable_milli_vcpu.saturating_sub(nodes.daemonset_milli_vcpu),
        Bytes(group.allocatable_memory.0.saturating_sub(nodes.daemonset_memory.0)),
    )
}

fn pods_per_node(group: &NodeGroup, nodes: &Nodes, cpu: u64, memory: Bytes) -> u64 {
    let (free_cpu, free_memory) = free(group, nodes);
    (free_cpu / cpu.max(1)).min(free_memory.0 / memory.0.max(1)).min(u64::from(group.max_pods))
}
