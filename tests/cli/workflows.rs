//! Workflows as users meet them: what they did, what they are billed, and the same inside a service.

use serde_json::Value;

use super::{Desk, stdout};

const ORDERS: &str = r#"
[scenario]
replications = 1
[traffic]
duration = "1h"
source = { rate = "2/s" }
[class]
entry = "shop"
[[service]]
name = "shop"
steps = [{ io = "10ms" }, { start = "fulfil" }]
[[service]]
name = "pack"
steps = [{ io = "90ms" }]
[[workflow]]
name = "fulfil"
steps = [{ wait = "200ms" }, { call = "pack" }, { wait = "5ms" }]
[[deployment]]
name = "standard"
platform = "aws-lambda"
[[deployment]]
name = "express"
platform = "aws-lambda"
bind = { fulfil = "aws-step-functions-express" }
[[deployment]]
name = "google"
platform = "app-engine-standard"
[[deployment]]
name = "inline"
platform = "aws-lambda"
bind = { fulfil = "inline" }
[[deployment]]
name = "monolith"
platform = "aws-lambda"
shape = "monolith"
[[deployment]]
name = "free"
platform = "aws-lambda"
bind = { fulfil = "none" }
"#;

fn deployment<'a>(result: &'a Value, name: &str) -> &'a Value {
    result["deployments"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
}

fn billed(deployment: &Value, item: &str) -> f64 {
    let lines = deployment["cost"]["lines"].as_array().unwrap().iter().filter(|line| line["item"] == item);
    lines.map(|line| line["amount"].as_str().unwrap().parse::<f64>().unwrap()).sum()
}

#[test]
fn a_workflow_is_billed_as_what_it_is_bound_to() {
    let desk = Desk::new();
    desk.write("orders.toml", ORDERS);
    let shown = stdout(&desk.simulate(&["orders.toml", "--out", "out"]).success());
    for wanted in
        ["Workflow fulfil", "aws-step-functions-express", "no price", "runs started", "from start to end, p99"]
    {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    let stored: Value = serde_json::from_str(&desk.read("out/result.json")).unwrap();
    let flow = |name: &str| &deployment(&stored, name)["workflows"][0];
    let count = |name: &str, key: &str| flow(name)[key].as_f64().unwrap();
    // A month of 730 hours, of which one was played.
    let close = |got: f64, wanted: f64| assert!((got / wanted - 1.0).abs() < 1e-4, "{got} {wanted}");
    let started = count("standard", "started");
    assert_eq!(started, count("standard", "succeeded") + count("standard", "running"));
    assert!((count("standard", "steps") / (3.0 * started) - 1.0).abs() < 0.001);
    close(
        billed(deployment(&stored, "standard"), "aws-step-functions.steps"),
        730.0 * count("standard", "steps") * 0.025e-3,
    );
    let express = deployment(&stored, "express");
    close(billed(express, "aws-step-functions-express.requests"), 730.0 * count("express", "started") * 1e-6);
    // 295 ms are billed as 300 ms of 64 MB, 0.060012 USD per GB-hour; a few met a cold start.
    let time = 730.0 * count("express", "started") * 0.3 / 16.0 / 3600.0 * 0.060_012;
    let ratio = billed(express, "aws-step-functions-express.duration") / time;
    assert!((1.0..1.01).contains(&ratio), "{ratio}");
    close(billed(deployment(&stored, "google"), "gcp-workflows.steps"), 730.0 * count("google", "steps") * 0.01e-3);
    let coordination = &deployment(&stored, "standard")["coordination"]["workflows"];
    close(coordination.as_str().unwrap().parse().unwrap(), 730.0 * count("standard", "steps") * 0.025e-3);
    // Within the service nothing is billed for it, and who waits is paid the longer.
    for name in ["inline", "monolith"] {
        assert!(deployment(&stored, name)["workflows"].is_null(), "{name}");
        assert_eq!(deployment(&stored, name)["coordination"]["workflows"], "0", "{name}");
    }
    let left_out = deployment(&stored, "free")["cost"]["not_modelled"].to_string();
    assert!(left_out.contains("the workflow `fulfil`, which is bound to nothing"), "{left_out}");
}
