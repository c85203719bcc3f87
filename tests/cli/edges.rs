//! What stands in front, as users meet it: what it is billed, and where its defaults are printed.

use serde_json::Value;

use super::{Desk, stdout};

/// 36,000 requests in an hour, of 11,000 bytes there and back.
const EDGES: &str = r#"
[scenario]
replications = 1
[traffic]
duration = "1h"
source = { rate = "10/s", arrivals = "even" }
[class]
cpu = "2ms"
[[deployment]]
name = "google"
platform = "app-engine-standard"
edge = "gcp-load-balancer"
[[deployment]]
name = "ingress"
platform = "eks"
edge = { kind = "ingress-nginx", replicas = 2, front = "aws-nlb" }
[[deployment]]
name = "bare"
platform = "eks"
edge = "ingress-nginx"
[[deployment]]
name = "router"
platform = "paas"
edge = "heroku-router"
tariff = { "instance-hours" = "0.05 USD" }
"#;

fn billed(result: &Value, name: &str, item: &str) -> f64 {
    let deployments = result["deployments"].as_array().unwrap();
    let deployment = deployments.iter().find(|one| one["name"] == name).unwrap();
    let lines = deployment["cost"]["lines"].as_array().unwrap().iter().filter(|line| line["item"] == item);
    lines.map(|line| line["amount"].as_str().unwrap().parse::<f64>().unwrap()).sum()
}

#[test]
fn edges_are_billed_by_their_own_tariffs() {
    let desk = Desk::new();
    desk.write("edges.toml", EDGES);
    let result: Value =
        serde_json::from_str(&stdout(&desk.simulate(&["edges.toml", "--format", "json"]).success())).unwrap();
    // A month of 730 hours, of which one was played.
    let gib = 36_000.0 * 11_000.0 / f64::from(1 << 30);
    let close = |name, item, hourly: f64| {
        let got = billed(&result, name, item);
        assert!((got - 730.0 * hourly).abs() < 1e-4, "{name} {item}: {got} {}", 730.0 * hourly);
    };
    close("google", "gcp-load-balancer.hours", 0.025);
    close("google", "gcp-load-balancer.bytes", gib * 0.008);
    close("ingress", "aws-nlb.hours", 0.0225);
    close("ingress", "aws-addresses.public-ipv4", 3.0 * 0.005);
    close("ingress", "aws-nlb.lcu-hours", gib * 0.006);
    // From the pods of the controller, two bytes of three go to another zone, which costs at both ends.
    close("ingress", "aws-network.interzone", gib * 2.0 / 3.0 * 0.02);
    close("bare", "aws-network.interzone", gib * 2.0 / 3.0 * 0.02);
    close("bare", "aws-nlb.hours", 0.0);
    let edge = |name: &str| {
        let deployments = result["deployments"].as_array().unwrap();
        let cost = &deployments.iter().find(|one| one["name"] == name).unwrap()["cost"];
        (cost["lines"].to_string().contains("\"group\":\"edge\""), cost["not_modelled"].to_string())
    };
    assert!(!edge("router").0 && edge("ingress").0);
    assert!(edge("router").1.contains("H15"));
    assert!(edge("bare").1.contains("the load balancer in front of ingress-nginx"));
    assert!(!edge("ingress").1.contains("the load balancer in front of ingress-nginx"));
}

const NETWORK: &str = r#"
[scenario]
replications = 1
[traffic]
duration = "1h"
source = { rate = "10/s", arrivals = "even" }
[class]
entry = "shop"
[[service]]
name = "shop"
steps = [
  { cpu = "1ms" },
  { query = "orders", size = "4kB" },
  { query = "users", size = "2kB" },
  { publish = "placed", size = "1kB" },
]
[[service]]
name = "mailer"
steps = [{ cpu = "1ms" }]
[[queue]]
name = "placed"
consumer = "mailer"
[[store]]
name = "orders"
kind = "document"
latency = { read = "1ms" }
[[store]]
name = "users"
kind = "relational"
latency = { read = "1ms" }
[[deployment]]
name = "gateways"
platform = "eks"
nat = { zones = 3 }
[[deployment]]
name = "endpoints"
platform = "eks"
nat = { zones = 3, endpoints = ["aws-dynamodb", "aws-sqs"] }
[[deployment]]
name = "public"
platform = "eks"
[[deployment]]
name = "functions"
platform = "aws-lambda"
nat = { zones = 2 }
"#;

/// 36,000 requests in an hour; a message is published and taken.
#[test]
fn what_leaves_the_network_is_billed_by_its_way() {
    let desk = Desk::new();
    desk.write("network.toml", NETWORK);
    let result: Value =
        serde_json::from_str(&stdout(&desk.simulate(&["network.toml", "--format", "json"]).success())).unwrap();
    let gib = |bytes: f64| 36_000.0 * bytes / f64::from(1 << 30);
    let close = |name, item, hourly: f64| {
        let got = billed(&result, name, item);
        // The last messages are taken after the end.
        assert!((got - 730.0 * hourly).abs() < 1e-3, "{name} {item}: {got} {}", 730.0 * hourly);
    };
    close("gateways", "aws-network.nat-hours", 3.0 * 0.045);
    close("gateways", "aws-network.nat-bytes", gib(4000.0 + 2.0 * 1000.0) * 0.045);
    close("gateways", "aws-network.endpoint-hours", 0.0);
    // The endpoint of DynamoDB costs nothing.
    close("endpoints", "aws-network.nat-hours", 3.0 * 0.045);
    close("endpoints", "aws-network.nat-bytes", 0.0);
    close("endpoints", "aws-network.endpoint-hours", 3.0 * 0.01);
    close("endpoints", "aws-network.endpoint-bytes", gib(2.0 * 1000.0) * 0.01);
    close("public", "aws-network.nat-hours", 0.0);
    close("public", "aws-network.nat-bytes", 0.0);
    close("functions", "aws-network.nat-hours", 2.0 * 0.045);
    close("functions", "aws-network.nat-bytes", gib(4000.0 + 1000.0) * 0.045);
    // Aurora alone is billed between zones; functions are in none.
    for name in ["gateways", "endpoints", "public"] {
        close(name, "aws-network.interzone", gib(2000.0) * 2.0 / 3.0 * 0.02);
    }
    close("functions", "aws-network.interzone", 0.0);
    let said = |name: &str| {
        let deployments = result["deployments"].as_array().unwrap();
        deployments.iter().find(|one| one["name"] == name).unwrap()["cost"]["not_modelled"].to_string()
    };
    assert!(said("public").contains("NAT gateway of the private subnets"));
    assert!(!said("gateways").contains("NAT gateway of the private subnets"));
    assert!(said("gateways").contains("what else passes the NAT gateways"));
}

/// Heroku's router answers after 30 seconds, and the dyno goes on.
#[test]
fn a_router_gives_up_and_the_instance_does_not() {
    let desk = Desk::new();
    let slow = EDGES.replace("cpu = \"2ms\"", "io = \"31s\"\ntimeout = \"none\"").replace("10/s", "0.01/s");
    desk.write("slow.toml", slow);
    let result: Value =
        serde_json::from_str(&stdout(&desk.simulate(&["slow.toml", "--format", "json"]).success())).unwrap();
    let timed_out = |name: &str| {
        let deployments = result["deployments"].as_array().unwrap();
        let deployment = deployments.iter().find(|one| one["name"] == name).unwrap();
        (deployment["attempts"]["timed_out"].clone(), deployment["attempts"]["completed"].clone())
    };
    assert_eq!(timed_out("router"), (36.into(), 0.into()));
    assert_eq!([timed_out("google"), timed_out("bare")], [(0.into(), 36.into()), (0.into(), 36.into())]);
}

#[test]
fn edges_are_shown_with_their_sources() {
    let desk = Desk::new();
    let shown = stdout(&desk.simulate(&["platforms", "show", "ingress-nginx"]).success());
    for wanted in ["ingress-nginx (edge)", "edge.proxy_cpu = 0.00018 s", "assumption (!)", "proxy-read-timeout"] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    let shown = stdout(&desk.simulate(&["platforms", "show", "gcp-load-balancer", "--format", "json"]).success());
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let rows = shown["defaults"].as_array().unwrap();
    let row = |key: &str| rows.iter().find(|row| row["key"] == key).unwrap()["value"].clone();
    assert_eq!((row("edge.timeout"), row("edge(paas).timeout")), ("30".into(), "3600".into()));
}
