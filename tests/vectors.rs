//! Laws against vectors: facts transcribed from the unit tests of the systems that define them, and bills from the
//! worked examples of the providers that send them.
//!
//! Each test reads `tests/vectors/NAME.json`, prints `vectors_NAME: PASSED/TOTAL` and the id of every case that fails.
//! What is here translates JSON into the crate's types and compares; no rule lives here.

#[path = "vectors/billing.rs"]
mod billing;
#[path = "vectors/hpa.rs"]
mod hpa;
#[path = "vectors/hpa_behavior.rs"]
mod hpa_behavior;
#[path = "vectors/metered.rs"]
mod metered;
#[path = "vectors/names.rs"]
mod names;
#[path = "vectors/own.rs"]
mod own;
#[path = "vectors/vocabulary.rs"]
mod vocabulary;

use std::collections::BTreeMap;

use breakeven::platform::autoscaler::hpa::behavior::{Memory, Recommendation, ScaleEvent};
use breakeven::platform::autoscaler::hpa::metrics::{Phase, Pod, Reading, Sample, Usage};
use breakeven::platform::autoscaler::hpa::{Behavior, HpaSpec, MetricTarget, Policy, PolicyKind, Rules, SelectPolicy};
use breakeven::units::Nanos;
use metered::Origin;
use serde_json::Value;

/// The time at which every case is judged: late enough for every age in the files.
const NOW: Nanos = Nanos(30 * 86_400 * 1_000_000_000);

fn seconds(value: &Value) -> Nanos {
    Nanos::from_seconds(value.as_f64().expect("seconds"))
}

fn run(name: &str, case: fn(&Value) -> Result<(), String>) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).expect("vector file");
    let file: Value = serde_json::from_str(&text).expect("vector file is JSON");
    let vectors = file["vectors"].as_array().or(file["cases"].as_array()).expect("vectors");
    let failures: Vec<String> = vectors
        .iter()
        .filter_map(|vector| {
            // A case that panics is one that fails: the others are judged all the same.
            let outcome = std::panic::catch_unwind(|| case(vector)).unwrap_or(Err("panicked".to_owned()));
            outcome.err().map(|why| format!("{}: {why}", vector["id"].as_str().unwrap_or("?")))
        })
        .collect();
    println!("vectors_{name}: {}/{}", vectors.len() - failures.len(), vectors.len());
    for failure in &failures {
        println!("{failure}");
    }
    assert!(!vectors.is_empty(), "no vectors in {}", path.display());
    assert!(failures.is_empty(), "vectors_{name}: {} failed", failures.len());
}

#[test]
fn vectors_hpa() {
    run("hpa", hpa::case);
}

#[test]
fn vectors_hpa_behavior() {
    run("hpa_behavior", hpa_behavior::case);
}

#[test]
fn vectors_billing_by_hand() {
    run("billing_by_hand", billing::by_hand);
}

#[test]
fn vectors_billing() {
    run("billing", billing::case);
    let origins = billing::ORIGINS.lock().expect("no case panicked there");
    let of = |origin| origins.iter().filter(move |(_, one)| *one == origin);
    let [counted, standing, given] =
        [Origin::Counted, Origin::Standing, Origin::Given].map(|origin| of(origin).count());
    println!(
        "{} quantities: {counted} counted from usage, {standing} of things that stand (their number is the case's, their \
         time is counted), {given} given",
        origins.len()
    );
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, _) in of(Origin::Given) {
        *kinds.entry(name).or_default() += 1;
    }
    for (name, times) in kinds {
        println!("given {times}: {name}");
    }
}

#[test]
fn vectors_billing_by_our_own_tariffs() {
    own::compare();
}

#[test]
fn every_word_of_the_vocabulary_of_bills_is_understood() {
    vocabulary::check();
}

/// Compares a JSON expectation (absent means anything) with what came out.
fn expect<T: Into<Value> + std::fmt::Debug>(expected: &Value, key: &str, actual: T) -> Result<(), String> {
    let actual: Value = actual.into();
    match expected.get(key) {
        Some(wanted) if *wanted != actual => Err(format!("{key}: expected {wanted}, got {actual}")),
        _ => Ok(()),
    }
}

fn u32_of(value: &Value) -> u32 {
    u32::try_from(value.as_u64().expect("a count")).expect("a count")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn since(value: &Value, key: &str) -> Nanos {
    NOW.saturating_sub(value.get(key).map_or(Nanos(86_400 * Nanos::SECOND.0), seconds))
}

/// The periods of the upstream unit tests.
fn spec(metrics: Vec<MetricTarget>, behavior: Option<Behavior>) -> HpaSpec {
    HpaSpec {
        metrics,
        behavior,
        tolerance: 0.1,
        sync_period: Nanos(15 * Nanos::SECOND.0),
        metric_resolution: Nanos(15 * Nanos::SECOND.0),
        cpu_initialization_period: Nanos(120 * Nanos::SECOND.0),
        initial_readiness_delay: Nanos(10 * Nanos::SECOND.0),
        downscale_stabilization: Nanos(300 * Nanos::SECOND.0),
    }
}

fn pods(case: &Value) -> (Vec<Pod>, Vec<Usage>) {
    list(&case["pods"]).iter().map(|pod| (self::pod(pod), usage(pod))).unzip()
}

fn pod(pod: &Value) -> Pod {
    Pod {
        phase: match pod["phase"].as_str().unwrap_or("Running") {
            "Pending" => Phase::Pending,
            "Running" => Phase::Running,
            "Succeeded" => Phase::Succeeded,
            "Failed" => Phase::Failed,
            other => panic!("phase {other}"),
        },
        deleted: pod["deleted"].as_bool().unwrap_or(false),
        ready: pod.get("ready").map_or(Some(true), Value::as_bool),
        started: (!pod.get("start_age_s").is_some_and(Value::is_null)).then(|| since(pod, "start_age_s")),
        transitioned: if pod.get("transition_age_s").is_some_and(Value::is_null) {
            Nanos::ZERO
        } else {
            since(pod, "transition_age_s")
        },
    }
}

fn usage(pod: &Value) -> Usage {
    let window = pod.get("metric_window_s").map_or(Nanos(60 * Nanos::SECOND.0), seconds);
    let sample = |value| Sample { value, at: since(pod, "metric_age_s"), window };
    Usage { request: pod["request_m"].as_i64(), sample: pod["usage_m"].as_i64().map(sample) }
}

fn target(kind: &str, target: &Value) -> MetricTarget {
    let target = target.as_i64().expect("a target");
    match kind {
        "resource_utilization" => MetricTarget::CpuUtilization(target),
        "pods_average_value" => MetricTarget::RequestsPerSecond(target),
        "object_value" | "external_value" => MetricTarget::Value(target),
        "object_average_value" | "external_average_value" => MetricTarget::AverageValue(target),
        other => panic!("kind {other}"),
    }
}

fn integers(values: &Value) -> Vec<i64> {
    list(values).iter().map(|value| value.as_i64().expect("an integer")).collect()
}

fn reading<'a>(target: MetricTarget, usage: &'a [Usage], stale: &'a [i64], series: &'a [i64]) -> Reading<'a> {
    match target {
        MetricTarget::Value(_) | MetricTarget::AverageValue(_) => Reading::Series(series),
        _ => Reading::Pods { usage, stale },
    }
}

/// The rules given, if any; what they leave out is as in `base`.
fn rules(rules: &Value, base: Rules) -> Option<Rules> {
    let policy = |policy: &Value| Policy {
        kind: match policy["type"].as_str() {
            Some("Pods") => PolicyKind::Pods,
            Some("Percent") => PolicyKind::Percent,
            other => panic!("policy type {other:?}"),
        },
        value: u32_of(&policy["value"]),
        period: seconds(&policy["period_s"]),
    };
    rules.is_object().then(|| Rules {
        stabilization_window: rules.get("stabilization_s").filter(|window| window.is_number()).map(seconds),
        select: match rules["select"].as_str() {
            Some("Max") => SelectPolicy::Max,
            Some("Min") => SelectPolicy::Min,
            Some("Disabled") => SelectPolicy::Disabled,
            Some(other) => panic!("select {other}"),
            None => base.select,
        },
        policies: rules["policies"].as_array().map_or(base.policies, |policies| policies.iter().map(policy).collect()),
        tolerance: base.tolerance,
    })
}

fn events(events: &Value) -> Vec<ScaleEvent> {
    let event =
        |event: &Value| ScaleEvent { change: u32_of(&event["change"]), at: since(event, "age_s"), outdated: false };
    list(events).iter().map(event).collect()
}

fn recommendations(entries: &Value) -> Vec<Recommendation> {
    let entry = |entry: &Value| Recommendation { replicas: u32_of(&entry["replicas"]), at: since(entry, "age_s") };
    list(entries).iter().map(entry).collect()
}

fn memory(case: &Value) -> Memory {
    Memory {
        recommendations: case["recommendations"].is_array().then(|| recommendations(&case["recommendations"])),
        ups: events(&case["up_events"]),
        downs: events(&case["down_events"]),
        scaled_to_zero: case["scaled_to_zero_condition"].as_bool().unwrap_or(false),
    }
}
