//! How many instances there are: from a checked table with `kind`.

use super::fleet::saturated;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::tree::{Node, Table};
use crate::platform::autoscaler::app_engine::AppEngine;
use crate::platform::autoscaler::hpa::{Behavior, HpaSpec, MetricTarget, Policy, PolicyKind, Rules, SelectPolicy};
use crate::platform::autoscaler::per_request::PerRequest;
use crate::platform::autoscaler::target_tracking::{Metric, TargetTracking};
use crate::platform::autoscaler::{Autoscaler, Law};
use crate::platform::tokens::Refill;
use crate::units::Nanos;

pub(super) fn build(node: &Node, problems: &mut Diagnostics) -> Option<Autoscaler> {
    let table = node.table();
    let law = match table.at("kind").text() {
        "per-request" => Law::PerRequest(per_request(table)),
        "hpa" => Law::Hpa(hpa(table)),
        "target-tracking" => Law::TargetTracking(target_tracking(table, problems)?),
        "app-engine" => Law::AppEngine(app_engine(table)),
        _ => {
            let replicas = table.at("replicas").count_u32();
            return Some(Autoscaler { min: replicas, max: Some(replicas), law: Law::Fixed { replicas } });
        }
    };
    Some(Autoscaler { min: table.at("min").count_u32(), max: table.at("max").count_or_unbounded().map(saturated), law })
}

fn per_request(table: &Table) -> PerRequest {
    let scale_rate = table
        .at("scale_rate")
        .as_table()
        .map(|rate| Refill { count: rate.at("count").count_u32(), per: rate.at("per").duration() });
    PerRequest {
        scale_rate,
        account_concurrency: table.at("account_concurrency").count_or_unbounded().map(saturated),
        reserved: table.at("reserved").count_or_unbounded().map(saturated),
    }
}

fn hpa(table: &Table) -> HpaSpec {
    HpaSpec {
        metrics: table.at("metrics").elements().iter().map(|node| metric(node.table())).collect(),
        behavior: table.at("behavior").as_table().map(|behavior| Behavior {
            scale_up: behavior.get("scale_up").map(|node| rules(node.table())),
            scale_down: behavior.get("scale_down").map(|node| rules(node.table())),
        }),
        tolerance: table.at("tolerance").share(),
        sync_period: table.at("sync_period").duration(),
        metric_resolution: table.at("metric_resolution").duration(),
        cpu_initialization_period: table.at("cpu_initialization_period").duration(),
        initial_readiness_delay: table.at("initial_readiness_delay").duration(),
        downscale_stabilization: table.at("downscale_stabilization").duration(),
    }
}

/// Percent and thousandths are whole numbers upstream.
#[allow(clippy::cast_possible_truncation)] // at most 10^15 by the grammar
fn metric(table: &Table) -> MetricTarget {
    let percent = |node: &Node| (node.share() * 100.0).round() as i64;
    match (table.get("cpu_utilization"), table.get("memory_utilization")) {
        (Some(cpu), _) => MetricTarget::CpuUtilization(percent(cpu)),
        (None, Some(memory)) => MetricTarget::MemoryUtilization(percent(memory)),
        (None, None) => {
            MetricTarget::RequestsPerSecond((table.at("requests_per_second").rate() * 1000.0).round() as i64)
        }
    }
}

fn rules(table: &Table) -> Rules {
    let seconds = |node: &Node| Nanos(node.count() * Nanos::SECOND.0);
    let policy = |node: &Node| {
        let table = node.table();
        Policy {
            kind: if table.at("type").text() == "Pods" { PolicyKind::Pods } else { PolicyKind::Percent },
            value: table.at("value").count_u32(),
            period: seconds(table.at("period_seconds")),
        }
    };
    Rules {
        stabilization_window: table.get("stabilization_window_seconds").map(seconds),
        select: match table.at("select_policy").text() {
            "Min" => SelectPolicy::Min,
            "Disabled" => SelectPolicy::Disabled,
            _ => SelectPolicy::Max,
        },
        policies: table.at("policies").elements().iter().map(policy).collect(),
        tolerance: table.get("tolerance").map(Node::share),
    }
}

fn target_tracking(table: &Table, problems: &mut Diagnostics) -> Option<TargetTracking> {
    let node = table.at("target");
    let is_rate = node.as_str().is_some_and(|text| text.contains('/'));
    let (metric, target) = match (table.at("metric").text(), is_rate) {
        ("cpu_utilization", false) => (Metric::CpuUtilization, node.share()),
        // The metric of AWS counts per minute.
        ("requests_per_instance", true) => (Metric::RequestsPerInstance, node.rate() * 60.0),
        (metric, _) => {
            let wanted = if is_rate { "a share such as \"50%\"" } else { "a rate such as \"1000/min\"" };
            let message = format!("the target of `{metric}` is {wanted}");
            problems.push(Diagnostic::error(message).at(node.span));
            return None;
        }
    };
    Some(TargetTracking {
        metric,
        target,
        period: table.at("period").duration(),
        evaluation_periods_out: table.at("evaluation_periods").count_u32(),
        evaluation_periods_in: table.at("scale_in_evaluation_periods").count_u32(),
        scale_in_ratio: table.at("scale_in_ratio").share(),
        scale_out_cooldown: table.at("scale_out_cooldown").duration(),
        scale_in_cooldown: table.at("scale_in_cooldown").duration(),
        warmup: table.at("warmup").duration(),
    })
}

fn app_engine(table: &Table) -> AppEngine {
    let max_idle = table.at("max_idle_instances");
    AppEngine {
        target_cpu_utilization: table.at("target_cpu_utilization").share(),
        target_throughput_utilization: table.at("target_throughput_utilization").share(),
        min_pending_latency: table.at("min_pending_latency").duration(),
        max_pending_latency: table.at("max_pending_latency").duration(),
        min_idle_instances: table.at("min_idle_instances").count_u32(),
        max_idle_instances: max_idle.as_str().is_none().then(|| max_idle.count_u32()),
        warmup_requests: table.at("warmup_requests").flag(),
        idle_timeout: table.at("idle_timeout").duration(),
        cpu_window: table.at("cpu_window").duration(),
        interval: table.at("interval").duration(),
    }
}
