//! An application of several parts, as users meet it: what its coordination costs, and the same in one process.

use serde_json::Value;

use super::{Desk, stdout};

/// A function that waits nine tenths of its time for another one, and the same in one function.
const PAIR: &str = r#"
[traffic]
duration = "10m"
source = { rate = "5/s" }
[class]
entry = "front"
[[service]]
name = "front"
steps = [{ io = "10ms" }, { call = "back" }]
[[service]]
name = "back"
steps = [{ io = "90ms" }]
[[deployment]]
name = "apart"
platform = "aws-lambda"
[[deployment]]
name = "together"
platform = "aws-lambda"
shape = "monolith"
[[deployment]]
name = "pods"
platform = "eks"
addons = ["istio"]
"#;

fn deployment<'a>(result: &'a Value, name: &str) -> &'a Value {
    result["deployments"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
}

fn amount(value: &Value) -> f64 {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}

fn of_item(deployment: &Value, item: &str, service: &str) -> f64 {
    let lines = deployment["cost"]["lines"].as_array().unwrap();
    lines
        .iter()
        .filter(|line| line["item"] == item && line["service"] == service)
        .map(|line| amount(&line["amount"]))
        .sum()
}

#[test]
fn what_coordination_costs_is_a_group_of_its_own() {
    let desk = Desk::new();
    desk.write("pair.toml", PAIR);
    let shown = stdout(&desk.simulate(&["pair.toml", "--out", "out"]).success());
    for wanted in
        [" Coordination", "paid to wait for each other", "time spent waiting for services", "bytes between zones"]
    {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    let stored: Value = serde_json::from_str(&desk.read("out/result.json")).unwrap();
    let (apart, together) = (deployment(&stored, "apart"), deployment(&stored, "together"));
    let waiting = |deployment: &Value| amount(&deployment["coordination"]["waiting"]);
    let front = of_item(apart, "aws-lambda.gib-seconds", "front");
    // 90 of 100 ms; all but the starts, which are billed too.
    assert!((waiting(apart) / (0.9 * front) - 1.0).abs() < 0.01, "{} of {front}", waiting(apart));
    let share = apart["coordination"]["waiting_millionths"].as_f64().unwrap() / 1e6;
    assert!((share - 90.0 / 190.0).abs() < 0.005, "{share}");
    assert_eq!((waiting(together), &together["coordination"]["waiting_millionths"]), (0.0, &Value::from(0)));
    // Nobody is paid twice in one process, and the bill shows it.
    let time = |deployment: &Value, services: &[&str]| -> f64 {
        services.iter().map(|service| of_item(deployment, "aws-lambda.gib-seconds", service)).sum()
    };
    let ratio = time(apart, &["front", "back"]) / time(together, &["front"]);
    assert!((ratio - 1.9).abs() < 0.03, "{ratio}");
    // On nodes nobody is paid by the time that he waits.
    let pods = &deployment(&stored, "pods")["coordination"];
    assert!(pods["waiting"].is_null() && amount(&pods["between_zones"]) > 0.0, "{pods}");

    let double = ["reprice", "out/result.json", "--set", "pricing.set.\"aws-lambda.gib-seconds\"=\"0.0000333334 USD\""];
    let again = desk.json(&[&double[..], &["--format", "json"]].concat());
    let repriced = deployment(&again, "apart");
    assert!((waiting(repriced) / waiting(apart) - 2.0).abs() < 1e-4, "{}", waiting(repriced));
    let under = |deployment: &Value| amount(&deployment["services"][0]["cost_per_month"]);
    assert!((under(repriced) - under(apart) - front).abs() < 1e-3, "{} {}", under(repriced), under(apart));
}
