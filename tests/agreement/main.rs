//! The tick engine against the exact one, on the same traffic: one line per case, and the bounds it is held to. A case that
//! cannot meet one says so in the table, with the reason. Seeds were fixed before anything was measured; steps are those
//! of every run.

mod cases;

use std::fmt::Write as _;
use std::path::Path;

use breakeven::experiment::result::{DeploymentResult, RunResult};
use breakeven::experiment::{self, RunOptions};
use breakeven::scenario::Document;
use cases::{CASES, Case, HPA, SHOP};
use rayon::prelude::*;

/// Relative bounds of the difference of the engines, in the order of the table. For cold starts and refused requests three
/// standard errors of a count will do, too.
const BOUNDS: [(&str, f64); 7] = [
    ("instances", 0.01),
    ("cost", 0.01),
    ("p95", 0.02),
    ("p99", 0.02),
    ("cold", 0.05),
    ("served", 0.01),
    ("refused", 0.05),
];

fn run(case: &Case, fidelity: &str) -> RunResult {
    let warmup = if case.traffic.contains("warmup") { "" } else { "warmup = \"30m\", " };
    let times = std::env::var("AGREEMENT_TIMES").map_or(1, |times| times.parse().expect("a number"));
    let text = format!(
        "scenario = {{ seed = 11, replications = {}, fidelity = \"{fidelity}\" }}\n{}\ndeployment = {{ {} }}\ntraffic = {{ {warmup}{} }}\n",
        case.replications * times,
        case.class,
        case.deployment,
        case.traffic
    );
    let mut document = Document::new("agreement.toml", &text, Path::new("."), "agreement", &[]);
    let scenario = document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)));
    experiment::run(&scenario, &RunOptions::quiet()).unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

fn figures(result: &DeploymentResult) -> Vec<(&'static str, f64)> {
    let of = |value: Option<f64>| value.unwrap_or(f64::NAN);
    let cost = result.cost.as_ref().map(|cost| cost.per_month.to_string().parse().unwrap());
    vec![
        ("instances", of(result.instances.mean)),
        ("cost", of(cost)),
        ("mean", of(result.latency_ms.mean)),
        ("p50", of(result.latency_ms.p50)),
        ("p95", of(result.latency_ms.p95)),
        ("p99", of(result.latency_ms.p99)),
        ("p99.9", of(result.latency_ms.p999)),
        ("waiting", of(result.queue_wait_ms.share_waiting)),
        ("busy", of(result.instances.mean_busy)),
        ("cpu", of(result.instances.cpu_utilization)),
        ("started", result.instances.started as f64),
        ("cold", result.cold_starts.count as f64),
        ("lost", result.requests.failed as f64),
        ("served", result.requests.succeeded as f64),
        ("refused", result.attempts.rejected as f64),
        ("nodes", of(result.nodes.as_ref().and_then(|nodes| nodes.mean))),
    ]
}

/// `AGREEMENT=PART` plays only the cases with this in their names; `AGREEMENT_TIMES=N` plays N times as many replications,
/// which tells chance from bias.
#[test]
fn the_engines_agree() {
    let wanted = std::env::var("AGREEMENT").unwrap_or_default();
    let cases: Vec<&Case> = CASES.iter().filter(|case| case.name.contains(&wanted)).collect();
    let compared: Vec<(String, Vec<String>)> = cases.into_par_iter().map(compared).collect();
    for (line, _) in &compared {
        println!("{line}");
    }
    let failures: Vec<String> = compared.into_iter().flat_map(|(_, failures)| failures).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What both engines find, and what is wrong with it.
fn compared(case: &Case) -> (String, Vec<String>) {
    let (exact, tick) = (run(case, "exact"), run(case, "tick"));
    let (exact, tick) = (&exact.deployments[0], &tick.deployments[0]);
    assert_eq!((exact.fidelity.engine.as_str(), tick.fidelity.engine.as_str()), ("exact", "tick"));
    let (mut line, mut failures) = (format!("{:34}", case.name), Vec::new());
    for ((name, is), (_, found)) in figures(exact).into_iter().zip(figures(tick)) {
        if is.is_nan() && found.is_nan() || is == 0.0 && found < 5.0 {
            continue;
        }
        let deviation = found / is - 1.0;
        let _ = write!(line, " {name} {is:.4} {:+.2}%", 100.0 * deviation);
        let Some((_, bound)) = BOUNDS.iter().find(|(of, _)| *of == name) else { continue };
        let by_chance = if ["cold", "refused"].contains(&name) { 3.0 / is.max(1.0).sqrt() } else { 0.0 };
        let within = deviation.abs() <= bound.max(by_chance);
        match case.beyond.iter().find(|(of, ..)| *of == name) {
            Some(_) if within => failures.push(format!("{}: {name} is within its bound", case.name)),
            Some((_, most, why)) if deviation.abs() <= *most => {
                let _ = write!(line, " ({why})");
            }
            _ if within => {}
            _ => failures.push(format!("{}: {name} {is} {found}", case.name)),
        }
    }
    (line, failures)
}

/// Counts are whole and add up, every deployment gets the same requests, threads make no difference, and what is not known is
/// null.
#[test]
fn what_comes_adds_up() {
    let text = format!(
        r#"scenario = {{ seed = 3, replications = 3, fidelity = "tick" }}
class = [
  {{ name = "short", weight = 4.0, cpu = {{ dist = "exponential", mean = "40ms" }} }},
  {{ name = "long", cpu = {{ dist = "lognormal", median = "250ms", sigma = 0.6 }}, timeout = "1s", response_bytes = {{ dist = "exponential", mean = "3KiB" }} }},
]
traffic = {{ duration = "7h", warmup = "10m", uncertainty = {{ level_cv = 0.2 }}, source = [
  {{ name = "a", rate = "20/s", profile = "web-weekday" }},
  {{ name = "b", rate = "3/s", mix = {{ long = 1.0 }}, burst = {{ cv = 0.5, window = "1m" }} }},
] }}
[[deployment]]
name = "hpa"
{}
[[deployment]]
platform = "aws-lambda"
[[deployment]]
name = "shared"
platform = "vm"
instance.vcpu = 4.0
fleet = {{ slots = "unbounded", queue_at = "instance" }}
autoscaler = {{ kind = "fixed", replicas = 4 }}
[[deployment]]
name = "narrow"
platform = "vm"
autoscaler = {{ kind = "fixed", replicas = 3 }}
"#,
        HPA.replace(", instance", "\ninstance").replace(", fleet", "\nfleet").replace(", autoscaler", "\nautoscaler")
    );
    let mut document = Document::new("sums.toml", &text, Path::new("."), "sums", &[]);
    let scenario = document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)));
    let played = |threads| {
        let result = experiment::run(&scenario, &RunOptions { threads: Some(threads), ..RunOptions::quiet() });
        serde_json::to_value(result.unwrap()).unwrap()
    };
    let result = played(1);
    assert_eq!(result, played(2));
    assert_eq!(result["fidelity"], "tick");
    assert!(result["traffic"]["dispersion_1s"].is_null());
    let offered = &result["deployments"][0]["requests"]["offered"];
    assert_eq!(result["traffic"]["requests"], *offered);
    for one in result["deployments"].as_array().unwrap() {
        let count = |of: &str, key: &str| one[of][key].as_u64().unwrap();
        assert_eq!(one["requests"]["offered"], *offered);
        let ends = ["completed", "rejected", "timed_out", "failed", "in_flight"].map(|key| count("attempts", key));
        assert_eq!(ends.iter().sum::<u64>(), count("attempts", "offered"));
        assert!(count("requests", "failed") > 0 && count("requests", "in_flight") > 0, "{}", one["name"]);
        assert!(one["latency_ms"]["p99"].as_f64().unwrap() > one["latency_ms"]["p50"].as_f64().unwrap());
        assert!(one["instances"]["mean"].as_f64().unwrap() > 1.0);
    }
    let lambda = &result["deployments"][1];
    assert!(lambda["cold_starts"]["count"].as_u64().unwrap() > 0);
    assert_eq!(lambda["cold_starts"]["count"], lambda["instances"]["started"]);
    assert!(lambda["cost"]["per_month"].as_str().unwrap().parse::<f64>().unwrap() > 0.0);
}

/// Where samples tell what requests meet, there is none of an overload: the run ends with a word about it.
#[test]
fn an_overload_of_shared_cpu_is_refused() {
    let run = |rate: &str| {
        let text = format!(
            "scenario = {{ seed = 1, replications = 1, fidelity = \"tick\" }}\n{SHOP}\ndeployment = {{ platform = \"ec2\" }}\n\
             traffic = {{ duration = \"1h\", source = {{ rate = \"{rate}\" }} }}\n"
        );
        let mut document = Document::new("overload.toml", &text, Path::new("."), "overload", &[]);
        let scenario = document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)));
        experiment::run(&scenario, &RunOptions::quiet()).map_err(|error| error.to_string())
    };
    // Two machines of two vCPUs take 80/s of 50 ms.
    assert!(run("70/s").is_ok());
    let why = run("79/s").unwrap_err();
    assert!(why.contains("deployment `ec2`: 79 requests/s come near what its instances can take"), "{why}");
}
