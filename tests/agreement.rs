//! The tick engine against the exact one, on the same traffic: one line per case, and the bounds it is held to. A case that
//! cannot meet one says so in the table, with the reason. Seeds were fixed before anything was measured; steps are those
//! of every run.

use std::path::Path;

use breakeven::experiment::result::{DeploymentResult, RunResult};
use breakeven::experiment::{self, RunOptions};
use breakeven::scenario::Document;

/// A case: traffic and deployment as they are written, and where a bound is not met, why.
struct Case {
    name: &'static str,
    traffic: &'static str,
    class: &'static str,
    deployment: &'static str,
    excused: &'static [(&'static str, &'static str)],
}

/// Log-normal of mean 100 ms, as in many measurements of web services.
const WEB: &str = r#"class = { cpu = "0ms", io = { dist = "lognormal", median = "72.6ms", sigma = 0.8 } }"#;
/// The same, half of it CPU.
const CPU: &str = r#"class = { cpu = { dist = "lognormal", median = "36.3ms", sigma = 0.8 }, io = { dist = "lognormal", median = "36.3ms", sigma = 0.8 } }"#;
/// All of it CPU: what an instance uses is how many slots are busy.
const BUSY: &str = r#"class = { cpu = { dist = "lognormal", median = "72.6ms", sigma = 0.8 } }"#;

/// Relative bounds of the two engines' difference, and for cold starts also three standard errors of a count.
const BOUNDS: [(&str, f64); 6] =
    [("instances", 0.01), ("cost", 0.01), ("mean", 0.02), ("p95", 0.02), ("p99", 0.02), ("cold", 0.05)];

const CASES: &[Case] = &[
    Case {
        name: "steady, one slot",
        traffic: r#"duration = "3h"
source = { rate = "170/s" }"#,
        class: WEB,
        deployment: r#"platform = "vm", autoscaler = { kind = "fixed", replicas = 20 }"#,
        excused: &[],
    },
    Case {
        name: "steady, one server, constant work",
        traffic: r#"duration = "24h"
source = { rate = "8/s" }"#,
        class: r#"class = { cpu = "0ms", io = "100ms" }"#,
        deployment: r#"platform = "vm", autoscaler = { kind = "fixed", replicas = 1 }"#,
        excused: &[],
    },
    Case {
        name: "steady, many slots",
        traffic: r#"duration = "90m"
source = { rate = "300/s" }"#,
        class: WEB,
        deployment: r#"platform = "vm", instance = { vcpu = 8.0 }, fleet = { slots = 8 }, autoscaler = { kind = "fixed", replicas = 4 }"#,
        excused: &[],
    },
    Case {
        name: "steady, 500 slots",
        traffic: r#"duration = "5m"
warmup = "1m"
source = { rate = "4800/s" }"#,
        class: WEB,
        deployment: r#"platform = "vm", instance = { vcpu = 4.0 }, fleet = { slots = 4 }, autoscaler = { kind = "fixed", replicas = 125 }"#,
        excused: &[],
    },
    Case {
        name: "two classes, timeout",
        traffic: r#"duration = "6h"
source = { rate = "60/s" }"#,
        class: r#"class = [
  { name = "short", weight = 4.0, cpu = "0ms", io = { dist = "exponential", mean = "40ms" } },
  { name = "long", cpu = "0ms", io = { dist = "lognormal", median = "250ms", sigma = 0.6 }, timeout = "1s" },
]"#,
        deployment: r#"platform = "vm", autoscaler = { kind = "fixed", replicas = 7 }"#,
        excused: &[],
    },
    Case {
        name: "spike on a fixed fleet",
        traffic: r#"duration = "3h"
source = { rate = "100/s", event = { at = "1h", multiplier = 2.5, hold = "10m" } }"#,
        class: WEB,
        deployment: r#"platform = "vm", autoscaler = { kind = "fixed", replicas = 20 }"#,
        excused: &[],
    },
    Case {
        name: "bursts of 20 s on a fixed fleet",
        traffic: r#"duration = "12h"
source = { rate = "140/s", burst = { cv = 0.3, window = "20s" } }"#,
        class: WEB,
        deployment: r#"platform = "vm", autoscaler = { kind = "fixed", replicas = 20 }"#,
        excused: &[],
    },
    Case {
        name: "bursts of 1 s on a fixed fleet",
        traffic: r#"duration = "6h"
source = { rate = "140/s", burst = { cv = 0.3, window = "1s" } }"#,
        class: WEB,
        deployment: r#"platform = "vm", autoscaler = { kind = "fixed", replicas = 20 }"#,
        excused: &[],
    },
    Case {
        name: "hpa, 100/s, at its floor",
        traffic: r#"duration = "6h"
source = { rate = "20/s", profile = "web-weekday" }"#,
        class: BUSY,
        deployment: HPA_2,
        excused: &[],
    },
    Case {
        name: "hpa, 100/s",
        traffic: r#"duration = "1d"
source = { rate = "100/s", profile = "web-weekday" }"#,
        class: BUSY,
        deployment: HPA,
        excused: &[],
    },
    Case {
        name: "hpa, 400/s",
        traffic: r#"duration = "2h"
source = { rate = "400/s", profile = "web-weekday" }"#,
        class: CPU,
        deployment: HPA,
        excused: &[],
    },
    Case {
        name: "hpa, 200/s, spike",
        traffic: r#"duration = "6h"
source = { rate = "200/s", event = { at = "2h", multiplier = 2.5, hold = "10m" } }"#,
        class: BUSY,
        deployment: HPA,
        excused: &[],
    },
    Case {
        name: "hpa, 200/s, bursts of 20 s",
        traffic: r#"duration = "6h"
source = { rate = "200/s", burst = { cv = 0.3, window = "20s" } }"#,
        class: BUSY,
        deployment: HPA,
        excused: &[],
    },
    Case {
        name: "hpa on nodes, 100/s",
        traffic: r#"duration = "1d"
source = { rate = "100/s", profile = "web-weekday" }"#,
        class: BUSY,
        deployment: r#"platform = "eks", instance = { vcpu = 1.0, memory = "512MiB" }, fleet = { slots = 1, queue_at = "fleet", start = "20s" }, autoscaler = { min = 2, max = 60, metrics = [{ cpu_utilization = "70%" }] }, placement = { nodes = [{ type = "m6i.xlarge", min = 1, max = 30 }] }"#,
        excused: &[],
    },
    Case {
        name: "target tracking, 200/s",
        traffic: r#"duration = "1d"
source = { rate = "100/s", profile = "web-weekday" }"#,
        class: BUSY,
        deployment: r#"platform = "vm", instance = { vcpu = 4.0 }, fleet = { slots = 4, start = "1m" }, autoscaler = { kind = "target-tracking", min = 2, max = 60, target = 0.6 }"#,
        excused: &[],
    },
    Case {
        name: "functions, 20/s",
        traffic: r#"duration = "2d"
source = { rate = "20/s", profile = "web-weekday" }"#,
        class: BUSY,
        deployment: r#"platform = "faas", fleet = { slots = 1, reuse = "most-recent", keep_alive = "10m", start = "250ms", initial = "stationary" }, autoscaler = { kind = "per-request" }"#,
        excused: &[],
    },
    Case {
        name: "functions, 50/s, kept for 60 s",
        traffic: r#"duration = "1d"
source = { rate = "50/s", profile = "web-weekday" }"#,
        class: BUSY,
        deployment: r#"platform = "faas", fleet = { slots = 1, reuse = "most-recent", keep_alive = "60s", start = "250ms", initial = "stationary" }, autoscaler = { kind = "per-request" }"#,
        excused: &[],
    },
    Case {
        name: "lambda, 20/s",
        traffic: r#"duration = "2d"
source = { rate = "20/s", profile = "web-weekday" }"#,
        class: CPU,
        deployment: r#"platform = "aws-lambda", instance = { memory = "1769MiB" }"#,
        excused: &[],
    },
];

const HPA: &str = r#"platform = "kubernetes", instance = { vcpu = 4.0 }, fleet = { slots = 4, start = "30s" }, autoscaler = { kind = "hpa", min = 2, max = 200, metrics = [{ cpu_utilization = "70%" }] }"#;
const HPA_2: &str = r#"platform = "kubernetes", instance = { vcpu = 4.0 }, fleet = { slots = 4, start = "30s" }, autoscaler = { kind = "hpa", min = 2, max = 200, metrics = [{ cpu_utilization = "80%" }] }"#;

fn run(case: &Case, fidelity: &str) -> RunResult {
    let warmup = if case.traffic.contains("warmup") { "" } else { "warmup = \"30m\"\n" };
    let text = format!(
        "scenario = {{ seed = 11, replications = 2, fidelity = \"{fidelity}\" }}\n{}\ndeployment = {{ {} }}\n[traffic]\n{warmup}{}\n",
        case.class, case.deployment, case.traffic
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
        ("nodes", of(result.nodes.as_ref().and_then(|nodes| nodes.mean))),
    ]
}

#[test]
fn the_engines_agree() {
    let wanted = std::env::var("AGREEMENT").unwrap_or_default();
    let mut failures = Vec::new();
    for case in CASES.iter().filter(|case| case.name.contains(&wanted)) {
        let clock = std::time::Instant::now();
        let exact = run(case, "exact");
        let exact_time = clock.elapsed();
        let clock = std::time::Instant::now();
        let tick = run(case, "tick");
        let tick_time = clock.elapsed();
        let (exact, tick) = (&exact.deployments[0], &tick.deployments[0]);
        let mut line = format!("{:34}", case.name);
        for ((name, is), (_, found)) in figures(exact).into_iter().zip(figures(tick)) {
            if is.is_nan() && found.is_nan() || is == 0.0 && found == 0.0 {
                continue;
            }
            let deviation = found / is - 1.0;
            line += &format!(" {name} {is:.5} {:+.2}%", 100.0 * deviation);
            let Some((_, bound)) = BOUNDS.iter().find(|(of, _)| *of == name) else { continue };
            let by_chance = if name == "cold" { 3.0 / is.max(1.0).sqrt() } else { 0.0 };
            let excused = case.excused.iter().any(|(of, _)| *of == name);
            if !excused && !(deviation.abs() <= bound.max(by_chance)) {
                failures.push(format!("{}: {name} {is} {found}", case.name));
            }
        }
        println!("{line}  [{exact_time:.1?} {tick_time:.1?}]");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
