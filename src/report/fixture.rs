//! An invented result for the tests of this room. No figure in it is a measurement of anything.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::document::provenance::{Confidence, Provenance};
use crate::experiment::result::*;
use crate::platform::{Fact, Family, Override};

/// A name that would break out of every format, were it not escaped.
pub const HOSTILE: &str = "d\"<script>alert('x')</script>&|*e*";

#[allow(clippy::unnecessary_wraps)] // the type of the fields that it fills
fn ci(pairs: &[(&str, f64, f64)]) -> Intervals {
    Some(pairs.iter().map(|(key, low, high)| ((*key).to_owned(), Interval { low: *low, high: *high })).collect())
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn line(group: &str, item: &str, quantity: &str, unit: &str, price: &str, confidence: Confidence) -> Line {
    let (quantity, unit_price) = (decimal(quantity), decimal(price));
    let flagged = confidence.is_flagged();
    Line {
        service: String::new(),
        group: group.to_owned(),
        item: item.to_owned(),
        dimension: unit.to_owned(),
        tier: 1,
        quantity,
        unit: unit.to_owned(),
        unit_price,
        amount: (quantity * unit_price).round_dp(6),
        source: if flagged { "Fixture, a guess" } else { "Fixture, price list, https://prices.example/list?a=1&b=2" }
            .to_owned(),
        observed: "2026-11-01".to_owned(),
        confidence,
        // All replications own the same things, and do not use as much of them.
        ci95: (group != "fixed").then(|| {
            let middle = quantity.to_f64().unwrap();
            [("quantity".to_owned(), Interval { low: 0.97 * middle, high: 1.03 * middle })].into()
        }),
    }
}

fn cost(per_month: &str, low: f64, high: f64, lines: Vec<Line>) -> Cost {
    Cost {
        currency: "USD".to_owned(),
        total: decimal("70.18"),
        per_month: decimal(per_month),
        per_million_requests: Some(decimal(per_month) / decimal("612.4")),
        months: vec![],
        lines,
        not_modelled: vec![
            NotModelled { item: "log ingestion".to_owned(), usual_share: Some("5 % to 20 %".to_owned()) },
            NotModelled { item: "support plan".to_owned(), usual_share: None },
        ],
        notes: vec![],
        ci95: ci(&[("per_month", low, high), ("per_million_requests", low / 612.4, high / 612.4)]),
        at_expected_traffic: None,
    }
}

fn verdict(objective: &str, target: f64, actual: f64, low: f64, high: f64, verdict: Judgement) -> Verdict {
    let ci95 = Some(Interval { low, high });
    Verdict { objective: objective.to_owned(), class: None, target, actual: Some(actual), ci95, verdict }
}

fn fact(key: &str, value: &str, confidence: Confidence) -> Fact {
    let source = "Fixture, a text that is long enough to wrap in a table, 2026, https://docs.example/limits".to_owned();
    let provenance = Provenance { source, observed: "2026-11".to_owned(), confidence };
    Fact { key: key.to_owned(), value: value.to_owned(), provenance }
}

fn deployment(name: &str, family: Family, scale: f64) -> DeploymentResult {
    let percentiles = [40.0, 60.0, 80.0, 150.0, 450.0].map(|millis| Some(millis * scale));
    let [p50, p90, p95, p99, p999] = percentiles;
    let around = |key: &'static str, value: Option<f64>| (key, value.unwrap() * 0.97, value.unwrap() * 1.03);
    DeploymentResult {
        name: name.to_owned(),
        platform: "faas".to_owned(),
        family,
        fidelity: FidelityResult { engine: "exact".to_owned(), reason: "fixture of 42 M requests".to_owned() },
        audit: None,
        requests: Requests { offered: 42_336_000, succeeded: 42_310_000, failed: 25_990, in_flight: 10 },
        attempts: Attempts {
            offered: 42_336_000,
            completed: 42_310_000,
            rejected: 25_000,
            timed_out: 900,
            failed: 90,
            in_flight: 10,
        },
        limits: vec![],
        latency_ms: Latency {
            mean: Some(47.0 * scale),
            p50,
            p90,
            p95,
            p99,
            p999,
            max: Some(2_900.0),
            ci95: ci(&[around("p50", p50), around("p95", p95), around("p99", p99)]),
        },
        queue_wait_ms: QueueWait {
            times: Latency {
                mean: Some(0.6),
                p99: Some(12.4),
                ci95: ci(&[("share_waiting", 0.039, 0.0434), ("p99", 11.2, 13.6)]),
                ..Latency::default()
            },
            share_waiting: Some(0.0412),
        },
        cold_starts: ColdStarts { count: 84_672, fraction: Some(0.002), ci95: ci(&[("fraction", 0.0017, 0.0023)]) },
        instances: Instances {
            mean: Some(9.31 * scale),
            mean_busy: Some(3.1 * scale),
            mean_idle: Some(6.21 * scale),
            peak: 38,
            started: 2_100,
            utilization: Some(0.333),
            cpu_utilization: Some(0.21),
            ci95: ci(&[("mean", 9.1 * scale, 9.5 * scale), ("utilization", 0.32, 0.346)]),
        },
        services: Vec::new(),
        coordination: None,
        queues: Vec::new(),
        workflows: Vec::new(),
        nodes: None,
        stores: Vec::new(),
        faults: Vec::new(),
        unsettled: None,
        lead_time: None,
        cost: None,
        tariffs: vec![],
        succeeded: vec![8_462_000; 5],
        day_zone: "UTC".to_owned(),
        usage: vec![UsageRow {
            replication: 0,
            service: "api".to_owned(),
            dimension: "requests".to_owned(),
            variant: String::new(),
            day: "2026-01-05".to_owned(),
            quantity: "1209600".to_owned(),
            hours: None,
        }],
        overrides: vec![],
        slo: vec![],
        queueing: "Requests wait at one shared queue of the fleet, without bound; a client gives up after 30 s."
            .to_owned(),
        facts: vec![
            fact("fleet.keep_alive", "10m", Confidence::Assumption),
            fact("autoscaler.scale_rate", "1000 per 10s", Confidence::Provider),
            fact("fleet.start", "lognormal, median 180ms, sigma 0.4", Confidence::Secondary),
        ],
    }
}

fn a() -> DeploymentResult {
    let lines = vec![
        line("compute", "a.gib-seconds", "106725000.5", "GiB-seconds", "0.00001667", Confidence::Provider),
        line("requests", "a.requests", "1840695", "requests", "0.0000002", Confidence::Provider),
        line("network", "a.egress", "3945.6", "GB", "0.09", Confidence::Recollection),
    ];
    let slo = vec![
        verdict("p99", 500.0, 450.0, 436.5, 463.5, Judgement::Met),
        verdict("availability", 0.999, 0.999_386, 0.999_3, 0.999_5, Judgement::Met),
    ];
    let limits = vec![Limit {
        limit: "autoscaler.max".to_owned(),
        value: "20".to_owned(),
        reached_share: Some(0.31),
        ci95: None,
        shed: 84_000,
    }];
    let overrides = vec![
        Override { key: "instance.memory".to_owned(), value: "1GiB".to_owned(), preset: Some("512MiB".to_owned()) },
        Override { key: "autoscaler.max".to_owned(), value: "20".to_owned(), preset: None },
    ];
    let cost = Some(cost("2134.50", 2_100.2, 2_168.9, lines));
    DeploymentResult { limits, cost, overrides, slo, ..deployment("a", Family::Faas, 3.0) }
}

fn b() -> DeploymentResult {
    let lines = vec![
        line("compute", "b.node-hours", "6570", "node-hours", "0.096", Confidence::Api),
        line("fixed", "b.cluster-hours", "730", "cluster-hours", "0.10", Confidence::Provider),
        line("edge", "b.lcu-hours", "4100.5", "LCU-hours", "0.008", Confidence::Provider),
        line("network", "b.egress", "8180.4", "GB", "0.09", Confidence::Recollection),
    ];
    let slo = vec![
        verdict("p99", 500.0, 496.0, 481.0, 511.0, Judgement::Inconclusive),
        verdict("availability", 0.999, 0.999_9, 0.999_85, 0.999_94, Judgement::Met),
    ];
    let nodes = Some(Nodes {
        mean: Some(9.0),
        peak: 14,
        started: 60,
        requested_share: Some(0.62),
        used_share: Some(0.2),
        ci95: ci(&[("mean", 8.8, 9.2)]),
    });
    DeploymentResult {
        cost: Some(cost("1472.11", 1_466.0, 1_478.2, lines)),
        slo,
        nodes,
        ..deployment("b", Family::Kubernetes, 3.3)
    }
}

/// No bill, and nothing that succeeded.
fn c() -> DeploymentResult {
    DeploymentResult {
        requests: Requests { offered: 0, succeeded: 0, failed: 0, in_flight: 0 },
        attempts: Attempts::default(),
        latency_ms: Latency { ci95: Some(BTreeMap::new()), ..Latency::default() },
        queue_wait_ms: QueueWait::default(),
        cold_starts: ColdStarts::default(),
        instances: Instances::default(),
        facts: vec![],
        ..deployment("c", Family::Vm, 1.0)
    }
}

fn d() -> DeploymentResult {
    let lines = vec![line("compute", "d.instance-hours", "33100.04", "instance-hours", "0.1", Confidence::Assumption)];
    let slo = vec![
        verdict("p99", 500.0, 1_204.0, 1_150.0, 1_262.0, Judgement::Missed),
        verdict("availability", 0.999, 0.93, 0.92, 0.94, Judgement::Missed),
    ];
    DeploymentResult {
        cost: Some(cost("3310.004", 3_201.0, 3_419.0, lines)),
        slo,
        ..deployment(HOSTILE, Family::Paas, 8.0)
    }
}

fn pair(a: &str, metric: &str, difference: f64, low: f64, high: f64, verdict: &str) -> Pair {
    let ratio = |difference: f64| 1.0 + difference / 2_134.5;
    let of_costs = metric == "cost_per_month";
    Pair {
        a: a.to_owned(),
        b: "a".to_owned(),
        metric: metric.to_owned(),
        difference: Some(difference),
        ci95: Some(Interval { low, high }),
        ratio: of_costs.then(|| ratio(difference)),
        ratio_ci95: of_costs.then(|| Interval { low: ratio(low), high: ratio(high) }),
        verdict: verdict.to_owned(),
    }
}

/// Half an hour per bucket for a week, with a daily wave.
fn charts() -> Charts {
    let count = 7 * 48;
    let wave: Vec<f64> = (0..count)
        .map(|n| {
            let day = f64::from(n % 48) / 48.0;
            let busy_day = if n / 48 >= 5 { 0.55 } else { 1.0 };
            busy_day * (70.0 - 60.0 * (2.0 * std::f64::consts::PI * (day - 0.1)).cos()) + f64::from(n * 7919 % 11)
        })
        .collect();
    let one = |per_instance: f64, floor: f64, hourly: f64, latency: f64, shed: f64| {
        let busy: Vec<f64> = wave.iter().map(|rate| rate / per_instance).collect();
        let ready: Vec<f64> = busy.iter().map(|busy| (busy * 1.6).max(floor)).collect();
        let spent = ready.iter().scan(0.0, |sum, ready| {
            *sum += ready * hourly / 2.0;
            Some(*sum)
        });
        DeploymentCharts {
            cumulative_cost: if hourly > 0.0 { spent.collect() } else { vec![] },
            offered_rate: wave.clone(),
            completed_rate: wave.iter().map(|rate| rate - (rate - shed).max(0.0)).collect(),
            shed_rate: wave.iter().map(|rate| (rate - shed).max(0.0)).collect(),
            instances: ready.iter().map(|ready| ready * 1.08).collect(),
            ready,
            busy,
            nodes: vec![],
            p99_ms: wave.iter().map(|rate| Some(latency * (1.0 + rate / 100.0))).collect(),
            latency_quantiles: (1..400)
                .map(|n| {
                    let share = 1.0 - 10f64.powf(-f64::from(n) / 100.0);
                    (share, latency * (0.3 + f64::from(n) / 120.0 + (f64::from(n) / 220.0).powi(5)))
                })
                .collect(),
        }
    };
    let idle = DeploymentCharts { offered_rate: vec![0.0; wave.len()], ..DeploymentCharts::default() };
    Charts {
        bucket_ends_seconds: (1..=count).map(|n| f64::from(n) * 1_800.0).collect(),
        start: "2026-01-05T00:00:00+01:00".to_owned(),
        deployments: vec![
            one(6.0, 1.0, 0.04, 120.0, 120.0),
            one(9.0, 6.0, 0.05, 135.0, 1e9),
            idle,
            one(3.0, 10.0, 0.06, 320.0, 90.0),
        ],
    }
}

/// Four deployments: one that meets, one that is cheaper and inconclusive, one without a bill or data, one that fails.
pub fn run() -> RunResult {
    let pairs = vec![
        pair("b", "cost_per_month", -662.39, -701.0, -624.0, "lower"),
        pair("b", "p99", 46.0, -3.0, 95.0, "inconclusive"),
        pair("b", "availability", 0.0005, 0.0004, 0.0006, "higher"),
        pair(HOSTILE, "cost_per_month", 2_600.5, 2_480.0, 2_720.0, "higher"),
        pair(HOSTILE, "p99", 754.0, 700.0, 808.0, "higher"),
        Pair {
            difference: None,
            ci95: None,
            ratio: None,
            ratio_ci95: None,
            ..pair("c", "cost_per_month", 0.0, 0.0, 0.0, "inconclusive")
        },
    ];
    RunResult {
        schema: SCHEMA.to_owned(),
        version: "0.0.0".to_owned(),
        scenario: "fixture <week>".to_owned(),
        scenario_sha256: "5f2d".repeat(16),
        inputs: vec![Input { path: "counts & more.csv".to_owned(), sha256: "ab12".repeat(16) }],
        seed: 7,
        rng: "xoshiro256++".to_owned(),
        catalogue: CatalogueInfo {
            files: vec!["platforms/faas.toml".to_owned(), "platforms/kubernetes.toml".to_owned()],
            newest: Some("2026-11-23".to_owned()),
            oldest: Some("2026-08".to_owned()),
            defaults: Observed { newest: Some("2026-11-23".to_owned()), oldest: Some("2026-08".to_owned()) },
            prices: Observed { newest: Some("2026-11-01".to_owned()), oldest: Some("2026-11-01".to_owned()) },
        },
        measured: Measured {
            from: "2026-01-05T00:00:00+00:00[UTC]".to_owned(),
            to: "2026-01-12T00:00:00+00:00[UTC]".to_owned(),
        },
        pricing: serde_json::Map::new(),
        repriced_by: None,
        fidelity: "exact".to_owned(),
        partial: false,
        precision: None,
        replications: 7,
        simulated_seconds: 604_800.0,
        traffic: TrafficResult {
            users: None,
            requests: 42_336_000,
            requests_per_replication: 6_048_000.0,
            by_replication: Vec::new(),
            expected_requests: None,
            mean_rate: 10.0,
            peak_rate: 131.4,
            peak_to_mean: Some(13.14),
            dispersion_1s: None,
            ci95: None,
        },
        deployments: vec![a(), b(), c(), d()],
        comparison: Comparison {
            baseline: "a".to_owned(),
            cheapest: Some("b".to_owned()),
            cheapest_meeting_slo: Some("a".to_owned()),
            pairs,
        },
        charts: charts(),
    }
}

/// The same with one replication: no interval anywhere.
pub fn run_once() -> RunResult {
    let mut result = run();
    result.replications = 1;
    for deployment in &mut result.deployments {
        deployment.latency_ms.ci95 = None;
        deployment.queue_wait_ms.times.ci95 = None;
        deployment.cold_starts.ci95 = None;
        deployment.instances.ci95 = None;
        deployment.nodes.iter_mut().for_each(|nodes| nodes.ci95 = None);
        deployment.cost.iter_mut().for_each(|cost| cost.ci95 = None);
        deployment.slo.iter_mut().for_each(|verdict| verdict.ci95 = None);
    }
    result.comparison.pairs.iter_mut().for_each(|pair| pair.ci95 = None);
    result
}

/// Three deployments over rates, with one crossing that has an interval and one that has none.
pub fn sweep() -> SweepResult {
    let values: Vec<f64> = (0..9).map(|n| 10.0 * 2f64.powi(n)).collect();
    let points = values.iter().map(|value| {
        let one = |name: &str, cost: f64, verdict| SweepDeployment {
            name: name.to_owned(),
            cost_per_month: Some(decimal(&format!("{cost:.6}"))),
            ci95: Some(Interval { low: cost * 0.95, high: cost * 1.05 }),
            failed_share: Some(0.0),
            failed_share_ci95: None,
            slo_verdict: Some(verdict),
        };
        let late = if *value > 600.0 { Judgement::Missed } else { Judgement::Met };
        SweepPoint {
            value: *value,
            deployments: vec![
                one("a", value * 3.4, Judgement::Met),
                one("b", 650.0 + value * 0.35, Judgement::Met),
                one(HOSTILE, 180.0 + value * 1.6, late),
            ],
        }
    });
    let crossing = |a: &str, b: &str, at: f64, ci95, cheaper: &str| Crossing {
        a: a.to_owned(),
        b: b.to_owned(),
        at,
        ci95,
        cheaper_above: cheaper.to_owned(),
        sheds: Vec::new(),
    };
    let crossings = vec![
        crossing("a", "b", 212.2, Some(Interval { low: 198.4, high: 227.0 }), "b"),
        crossing("b", HOSTILE, 376.0, None, "b"),
    ];
    SweepResult {
        schema: SCHEMA.to_owned(),
        version: "0.0.0".to_owned(),
        scenario: "fixture".to_owned(),
        seed: 7,
        replications: 5,
        currency: "USD".to_owned(),
        axis: Axis {
            path: "traffic.source.web.rate".to_owned(),
            unit: "requests/s".to_owned(),
            values: values.clone(),
            logarithmic: true,
        },
        points: points.collect(),
        crossings,
    }
}
