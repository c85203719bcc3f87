//! What must hold for every platform of the catalogue and any traffic, seen from outside.

use std::collections::BTreeMap;
use std::path::Path;

use breakeven::experiment::result::{DeploymentResult, RunResult};
use breakeven::experiment::{self, RunOptions};
use breakeven::platform::counted::meters;
use breakeven::scenario::{Document, Scenario};
use proptest::prelude::*;
use rust_decimal::Decimal;

/// One of each kind of autoscaler, and a generic fleet that is too small for the busier cases.
const DEPLOYMENTS: [&str; 7] = [
    r#"{ platform = "aws-lambda", instance = { memory = "512MiB" } }"#,
    r#"{ name = "narrow", platform = "aws-lambda", autoscaler = { account_concurrency = 5 } }"#,
    r#"{ platform = "app-engine-standard", observability = { metrics = "gcp-cloud-monitoring", traces = { kind = "gcp-cloud-trace", sampling = "10%" } } }"#,
    r#"{ platform = "eks", instance = { vcpu = 0.25, memory = "256MiB" }, autoscaler = { max = 12 }, addons = ["prometheus"], observability = { logs = "aws-cloudwatch", traces = "aws-xray" } }"#,
    r#"{ platform = "ec2", instance = { type = "t3.micro" }, autoscaler = { kind = "target-tracking" } }"#,
    r#"{ name = "small", platform = "vm", autoscaler = { kind = "fixed", replicas = 2 }, fleet = { queue = 20, queue_timeout = "2s" } }"#,
    r#"{ platform = "kubernetes", autoscaler = { kind = "hpa", min = 1, max = 4 }, fleet = { slots = "unbounded", start = "2s" } }"#,
];

/// A small scenario of every kind of traffic that a property draws.
#[derive(Clone, Debug)]
struct Drawn {
    seed: u32,
    rate: f64,
    multiplier: f64,
    cpu_ms: u32,
    timeout_ms: u32,
    warmup: u32,
}

prop_compose! {
    fn drawn()(
        seed in any::<u32>(), rate in 0.01_f64..20.0, multiplier in 0.0_f64..8.0,
        cpu_ms in 1_u32..80, timeout_ms in 50_u32..5000, warmup in 0_u32..120,
    ) -> Drawn {
        Drawn { seed, rate, multiplier, cpu_ms, timeout_ms, warmup }
    }
}

impl Drawn {
    fn scenario(&self, deployments: &[&str]) -> Scenario {
        let Self { seed, rate, multiplier, cpu_ms, timeout_ms, warmup } = self;
        let text = format!(
            r#"
scenario = {{ seed = {seed}, replications = 3, fidelity = "exact" }}
traffic.duration = "25m"
traffic.warmup = "{warmup}s"
traffic.source = {{ rate = "{rate}/s", burst = {{ cv = 0.5 }}, event = {{ at = "5m", multiplier = {multiplier}, ramp = "1m", hold = "5m" }} }}
service = {{ name = "app", log_bytes = "500B", metrics = 7 }}
class = [
  {{ name = "short", weight = 3.0, cpu = {{ dist = "exponential", mean = "{cpu_ms}ms" }}, io = "10ms", timeout = "{timeout_ms}ms" }},
  {{ name = "long", cpu = "{cpu_ms}ms", io = {{ dist = "lognormal", median = "100ms", sigma = 1.0 }}, memory = "8MiB" }},
]
deployment = [{}]
"#,
            deployments.join(", ")
        );
        let mut document = Document::new("drawn.toml", &text, Path::new("."), "drawn", &[]);
        document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)))
    }
}

fn run(scenario: &Scenario, options: &RunOptions<'_>) -> RunResult {
    experiment::run(scenario, options).unwrap()
}

/// The bytes of the result file.
fn bytes(result: &RunResult) -> String {
    serde_json::to_string(result).unwrap()
}

fn requests_and_attempts_are_conserved(result: &RunResult) {
    for deployment in &result.deployments {
        let (requests, attempts) = (deployment.requests, deployment.attempts);
        assert_eq!(requests.offered, result.traffic.requests, "{}: the same for all", deployment.name);
        assert_eq!(requests.offered, requests.succeeded + requests.failed + requests.in_flight, "{}", deployment.name);
        assert_eq!(
            attempts.offered,
            attempts.completed + attempts.rejected + attempts.timed_out + attempts.failed + attempts.in_flight,
            "{}",
            deployment.name
        );
        assert!(deployment.cold_starts.count <= attempts.offered - attempts.rejected, "{}", deployment.name);
    }
}

fn lines_add_up(deployment: &DeploymentResult) {
    let generic = ["vm", "kubernetes"].contains(&deployment.platform.as_str());
    assert_eq!(deployment.cost.is_none(), generic, "{}: a bill, unless it is nobody's", deployment.name);
    let Some(cost) = &deployment.cost else { return };
    let sum: Decimal = cost.lines.iter().map(|line| line.amount).sum();
    assert_eq!(sum, cost.per_month, "{}: exactly", deployment.name);
    for line in &cost.lines {
        let product = (line.quantity * line.unit_price).round_dp(6);
        assert_eq!(product, line.amount.round_dp(6), "{}: {}", deployment.name, line.item);
    }
}

/// Prices are asked for before anything is played: nothing may be counted that was not foreseen.
fn what_is_counted_was_known_before(scenario: &Scenario, result: &RunResult) {
    for (placed, deployment) in scenario.deployments.iter().zip(&result.deployments) {
        let foreseen = meters(&placed.deployment, &scenario.application);
        for row in &deployment.usage {
            let known = foreseen.iter().any(|meter| {
                (&meter.service, meter.dimension.id(), &meter.variant)
                    == (&row.service, row.dimension.as_str(), &row.variant)
            });
            assert!(known, "{}: {row:?} is not among {foreseen:?}", deployment.name);
        }
    }
}

/// Busy instances are ready, ready ones are there, and no share is above 1.
fn instances_are_consistent(result: &RunResult) {
    const ROUNDING: f64 = 1e-9;
    for (deployment, charts) in result.deployments.iter().zip(&result.charts.deployments) {
        let name = &deployment.name;
        let instances = &deployment.instances;
        let (mean, busy) = (instances.mean.unwrap(), instances.mean_busy.unwrap());
        assert!(busy <= mean + ROUNDING && mean <= instances.peak as f64 + ROUNDING, "{name}: {instances:?}");
        for share in [instances.utilization, instances.cpu_utilization].into_iter().flatten() {
            assert!((0.0..=1.0 + ROUNDING).contains(&share) || name == "eks", "{name}: {share}");
        }
        for ((&busy, &ready), &there) in charts.busy.iter().zip(&charts.ready).zip(&charts.instances) {
            assert!(busy <= there + ROUNDING && ready <= there + ROUNDING, "{name}: {busy} {ready} {there}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn everything_is_conserved_and_adds_up(drawn in drawn()) {
        let scenario = drawn.scenario(&DEPLOYMENTS);
        let result = run(&scenario, &RunOptions::quiet());
        what_is_counted_was_known_before(&scenario, &result);
        requests_and_attempts_are_conserved(&result);
        result.deployments.iter().for_each(lines_add_up);
        instances_are_consistent(&result);
    }

    #[test]
    fn the_result_depends_on_neither_threads_nor_batches_nor_the_shortcut(drawn in drawn()) {
        let scenario = drawn.scenario(&DEPLOYMENTS);
        let known = bytes(&run(&scenario, &RunOptions { threads: Some(1), ..RunOptions::quiet() }));
        let options = [
            RunOptions { threads: Some(2), ..RunOptions::quiet() },
            RunOptions { batch: 1, ..RunOptions::quiet() },
            RunOptions { batch: 7, ..RunOptions::quiet() },
            RunOptions { batch: 1024, ..RunOptions::quiet() },
            RunOptions { shortcut: false, ..RunOptions::quiet() },
        ];
        for option in options {
            let (threads, batch, shortcut) = (option.threads, option.batch, option.shortcut);
            let found = bytes(&run(&scenario, &option));
            prop_assert!(known == found, "threads {threads:?}, batch {batch}, shortcut {shortcut}");
        }
    }

    #[test]
    fn a_deployment_does_not_see_the_others(drawn in drawn(), first in 0..DEPLOYMENTS.len()) {
        let figures = |deployments: &[&str]| -> BTreeMap<String, String> {
            let result = run(&drawn.scenario(deployments), &RunOptions::quiet());
            let of = |deployment: &DeploymentResult| (deployment.name.clone(), serde_json::to_string(deployment).unwrap());
            result.deployments.iter().map(of).collect()
        };
        let all = figures(&DEPLOYMENTS);
        let mut turned = DEPLOYMENTS;
        turned.rotate_left(first);
        turned[1..].reverse();
        prop_assert_eq!(&figures(&turned), &all, "the order does not matter");
        for (name, alone) in figures(&DEPLOYMENTS[first..=first]) {
            // Only `auto` counts the others, and gives that as its reason. Alone, a deployment need not be told apart: its name is the same, it is written in the scenario or the platform's.
            prop_assert_eq!(Some(&alone), all.get(&name), "nor does the company");
        }
    }
}
