//! Cases of `hpa.json`: what one metric asks for.

use breakeven::platform::autoscaler::hpa::metrics::{Class, Inquiry, MetricError, Tolerances, classify, pod_request};
use serde_json::Value;

use super::{NOW, expect, integers, pods, reading, spec, target, u32_of};

pub fn case(case: &Value) -> Result<(), String> {
    match case["kind"].as_str() {
        Some("classify_pods") => classify_pods(case),
        Some("pod_request") => request(case),
        Some(kind) => proposal(case, kind),
        None => Err("no kind".to_owned()),
    }
}

fn name(error: MetricError) -> &'static str {
    match error {
        MetricError::NoMetrics => "no_metrics",
        MetricError::NoPods => "no_pods",
        MetricError::NoReadyMetrics => "no_ready_metrics",
        MetricError::NoMatchingRequests => "no_matching_requests",
        MetricError::MissingRequest => "missing_request",
    }
}

fn outcome<T>(case: &Value, result: Result<T, MetricError>) -> Result<Option<T>, String> {
    match (result, case["expect"]["error"].as_str()) {
        (Ok(value), None) => Ok(Some(value)),
        (Err(error), Some(wanted)) if name(error) == wanted => Ok(None),
        (Err(error), wanted) => Err(format!("error: expected {wanted:?}, got {}", name(error))),
        (Ok(_), Some(wanted)) => Err(format!("expected the error {wanted}")),
    }
}

fn proposal(case: &Value, kind: &str) -> Result<(), String> {
    let (pods, usage) = pods(case);
    let (stale, series) = (integers(&case["extra_usage_m"]), integers(&case["values_m"]));
    let replicas = u32_of(&case["current_replicas"]);
    let fraction = |key: &str| case[key].as_f64().expect("a tolerance");
    let inquiry = Inquiry {
        now: NOW,
        spec: &spec(Vec::new(), None),
        tolerances: Tolerances { up: fraction("tol_up"), down: fraction("tol_down") },
        spec_replicas: replicas,
        status_replicas: replicas,
        pods: &pods,
    };
    let target = target(kind, &case["target"]);
    let result = inquiry.proposal(target, reading(target, &usage, &stale, &series));
    let Some(proposal) = outcome(case, result)? else { return Ok(()) };
    let wanted = &case["expect"];
    expect(wanted, "replicas", proposal.replicas)?;
    expect(wanted, "utilization", proposal.utilization)?;
    expect(wanted, "raw_avg_m", proposal.usage)?;
    expect(wanted, "usage_m", proposal.usage)
}

fn classify_pods(case: &Value) -> Result<(), String> {
    let (pods, usage) = pods(case);
    let cpu = case["resource"] == "cpu";
    let spec = spec(Vec::new(), None);
    let classes: Vec<Class> =
        pods.iter().zip(&usage).map(|(pod, usage)| classify(pod, usage.sample.as_ref(), cpu, NOW, &spec)).collect();
    let of = |class: Class| -> Vec<usize> { (0..classes.len()).filter(|index| classes[*index] == class).collect() };
    let wanted = &case["expect"];
    expect(wanted, "ready_count", of(Class::Ready).len())?;
    expect(wanted, "unready", of(Class::Unready))?;
    expect(wanted, "missing", of(Class::Missing))?;
    expect(wanted, "ignored", of(Class::Ignored))
}

fn request(case: &Value) -> Result<(), String> {
    let containers = case["containers_request_m"].as_object().expect("containers");
    let containers = containers.iter().map(|(name, request)| (name.as_str(), request.as_i64()));
    let container = case["container"].as_str().filter(|name| !name.is_empty());
    let gate = case["pod_level_gate"].as_bool().expect("a gate");
    let result = pod_request(containers, container, case["pod_level_request_m"].as_i64(), gate);
    let Some(request) = outcome(case, result)? else { return Ok(()) };
    expect(&case["expect"], "request_m", request)
}
