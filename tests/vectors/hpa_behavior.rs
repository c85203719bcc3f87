//! Cases of `hpa_behavior.json`: windows, rate limits, bounds, and whole syncs.

use breakeven::platform::autoscaler::hpa::behavior::{
    Change, Limit, Memory, ResolvedBehavior, change_within, clamp_plain, clamp_rate,
};
use breakeven::platform::autoscaler::hpa::metrics::Reading;
use breakeven::platform::autoscaler::hpa::{Behavior, Hpa, MetricTarget, Observation, Rules};
use breakeven::units::Nanos;
use serde_json::{Value, json};

use super::{
    NOW, events, expect, integers, list, memory, pods, reading, recommendations, rules, seconds, spec, target, u32_of,
};

pub fn case(case: &Value) -> Result<(), String> {
    match case["kind"].as_str() {
        Some("clamp_no_behavior") => {
            let [current, desired, min, max] = numbers(case);
            limited(case, clamp_plain(current, desired, min, max))
        }
        Some("limit_up") => {
            let limit = rules(&case["rules"], Rules::scale_up()).expect("rules").up_limit(
                NOW,
                u32_of(&case["current"]),
                &memory(case),
            );
            expect(&case["expect"], "limit", limit)
        }
        Some("limit_down") => {
            let limit = rules(&case["rules"], Rules::scale_down()).expect("rules").down_limit(
                NOW,
                u32_of(&case["current"]),
                &memory(case),
            );
            expect(&case["expect"], "limit", limit)
        }
        Some("rate") => rate(case),
        Some("stabilize_no_behavior") => {
            let mut memory = memory(case);
            let window = seconds(&case["window_s"]);
            expect(&case["expect"], "replicas", memory.stabilize(NOW, u32_of(&case["desired"]), window))?;
            expect(&case["expect"], "log_len", memory.recommendations.map_or(0, |log| log.len()))
        }
        Some("stabilize") => stabilize(case),
        Some("store_event") => store(case),
        Some("reconcile") => reconcile(case),
        other => Err(format!("kind {other:?}")),
    }
}

fn numbers(case: &Value) -> [u32; 4] {
    ["current", "desired", "min", "max"].map(|key| u32_of(&case[key]))
}

fn name(limit: Limit) -> &'static str {
    match limit {
        Limit::WithinRange => "DesiredWithinRange",
        Limit::TooFewReplicas => "TooFewReplicas",
        Limit::TooManyReplicas => "TooManyReplicas",
        Limit::ScaleUpLimit => "ScaleUpLimit",
        Limit::ScaleDownLimit => "ScaleDownLimit",
    }
}

fn limited(case: &Value, (replicas, limit): (u32, Limit)) -> Result<(), String> {
    expect(&case["expect"], "replicas", replicas)?;
    expect(&case["expect"], "reason", name(limit))
}

fn rate(case: &Value) -> Result<(), String> {
    let [current, desired, min, max] = numbers(case);
    let behavior = Behavior {
        scale_up: rules(&case["up_rules"], Rules::scale_up()),
        scale_down: rules(&case["down_rules"], Rules::scale_down()),
    };
    let resolved = ResolvedBehavior::new(&behavior, Nanos(300 * Nanos::SECOND.0));
    limited(case, clamp_rate(Change { now: NOW, current, desired, min, max }, &resolved, &memory(case)))
}

fn stabilize(case: &Value) -> Result<(), String> {
    let mut memory = Memory { recommendations: Some(recommendations(&case["recommendations"])), ..Memory::default() };
    let window = |key: &str| seconds(&case[key]);
    let (current, desired) = (u32_of(&case["current"]), u32_of(&case["desired"]));
    let replicas = memory.stabilize_both(NOW, current, desired, window("up_window_s"), window("down_window_s"));
    expect(&case["expect"], "replicas", replicas)?;
    let stored: Vec<u32> = memory.recommendations.iter().flatten().map(|entry| entry.replicas).collect();
    expect(&case["expect"], "stored", stored)
}

/// The same rules and events serve for both directions.
fn store(case: &Value) -> Result<(), String> {
    let (change, prev) = (u32_of(&case["change"]), events(&case["prev"]));
    let behavior = rules(&case["rules"], Rules::scale_up()).expect("rules");
    expect(&case["expect"], "change_last_60s_before", change_within(&prev, NOW, Nanos(60 * Nanos::SECOND.0)))?;
    let mut memory = Memory { ups: prev.clone(), downs: prev, ..Memory::default() };
    memory.store(NOW, 10, 10 + change, &behavior, &behavior);
    memory.store(NOW, 10 + change, 10, &behavior, &behavior);
    for stored in [&memory.ups, &memory.downs] {
        let stored = stored.iter().map(|event| json!({ "change": event.change, "outdated": event.outdated }));
        expect(&case["expect"], "stored", stored.collect::<Vec<Value>>())?;
    }
    Ok(())
}

fn reconcile(case: &Value) -> Result<(), String> {
    let (pods, usage) = pods(case);
    let metrics = list(&case["metrics"]);
    let targets: Vec<MetricTarget> =
        metrics.iter().map(|metric| target(metric["kind"].as_str().expect("kind"), &metric["target"])).collect();
    let series: Vec<Vec<i64>> = metrics.iter().map(|metric| integers(&metric["values_m"])).collect();
    let readings: Vec<Reading> = (0..metrics.len())
        .map(|index| match metrics[index]["error"] {
            Value::Bool(true) => Reading::Failed,
            _ => reading(targets[index], &usage, &[], &series[index]),
        })
        .collect();
    let mut hpa = autoscaler(case, targets).with_memory(memory(case));
    if case["scale_to_zero_gate"] == true {
        hpa = hpa.with_scale_to_zero();
    }
    let seen = Observation {
        spec_replicas: u32_of(&case["spec_replicas"]),
        status_replicas: u32_of(&case["status_replicas"]),
        pods: &pods,
        readings: &readings,
    };
    let decision = hpa.sync(NOW, &seen);
    let wanted = &case["expect"];
    expect(wanted, "replicas", decision.replicas)?;
    expect(wanted, "reason", decision.limit.map(name))?;
    let failed = wanted["error"].as_bool().unwrap_or(false);
    if decision.error.is_some() == failed { Ok(()) } else { Err(format!("error: got {:?}", decision.error)) }
}

fn autoscaler(case: &Value, targets: Vec<MetricTarget>) -> Hpa {
    let tolerance = |key: &str| case[key].as_f64().expect("a tolerance");
    let (up, down) = (tolerance("tol_up"), tolerance("tol_down"));
    let behavior = case["behavior"].as_object().map(|behavior| Behavior {
        scale_up: Some(Rules {
            tolerance: Some(up),
            ..rules(&behavior["up"], Rules::scale_up()).unwrap_or_else(Rules::scale_up)
        }),
        scale_down: Some(Rules {
            tolerance: Some(down),
            ..rules(&behavior["down"], Rules::scale_down()).unwrap_or_else(Rules::scale_down)
        }),
    });
    assert!(behavior.is_some() || up == down, "without behavior both directions share the flag");
    let mut spec = spec(targets, behavior);
    spec.tolerance = up;
    Hpa::new(spec, u32_of(&case["min"]), Some(u32_of(&case["max"])))
}
