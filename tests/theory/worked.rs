//! Cases that can be done by hand: no luck, no tolerance beyond a nanosecond.

use std::fs;

use breakeven::experiment::result::DeploymentResult;
use breakeven::kernel::histogram::Histogram;

use crate::system::{run, run_file};

/// Plays so many requests at the start of each second against one VM.
fn burst(per_second: &[u32], class: &str, deployment: &str) -> DeploymentResult {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows = per_second.iter().enumerate().map(|(second, count)| format!("{second},{count}\n"));
    let csv = format!("t,count\n{}", rows.collect::<String>());
    fs::write(folder.path().join("counts.csv"), csv).expect("the folder can be written");
    let scenario = folder.path().join("worked.toml");
    let text = format!(
        "scenario = {{ seed = 1, replications = 1 }}\n\
         traffic = {{ source = {{ kind = \"counts\", file = \"counts.csv\", period = \"1s\", within = \"start\" }} }}\n\
         class = {{ {class}, timeout = \"none\" }}\n\
         deployment = {{ platform = \"vm\", autoscaler = {{ kind = \"fixed\", replicas = 1 }}, {deployment} }}"
    );
    fs::write(&scenario, text).expect("the folder can be written");
    run_file(&scenario).deployments.remove(0)
}

#[track_caller]
fn milliseconds(found: Option<f64>, expected: f64) {
    let found = found.expect("requests have succeeded");
    assert!((found - expected).abs() < 2e-6, "{found} ms, not {expected} ms");
}

/// Jobs on the CPUs of one instance that takes as many as come, and when they are done.
struct Jobs {
    /// Jobs that come in each second from the first.
    per_second: &'static [u32],
    class: &'static str,
    vcpu: u32,
    sharing: &'static str,
    mean_ms: f64,
    max_ms: f64,
}

const JOBS: [Jobs; 4] = [
    // Ten jobs of one second on four CPUs: each gets 0.4 CPU and ends after 2.5 s.
    Jobs { per_second: &[10], class: "cpu = \"1s\"", vcpu: 4, sharing: "processor", mean_ms: 2_500.0, max_ms: 2_500.0 },
    // Five jobs that can use two CPUs each, on ten.
    Jobs {
        per_second: &[5],
        class: "cpu = \"2s\", threads = 2.0",
        vcpu: 10,
        sharing: "processor",
        mean_ms: 1_000.0,
        max_ms: 1_000.0,
    },
    // A job of two seconds is alone for one, then shares with another of two: done at 3 s and at 4 s.
    Jobs {
        per_second: &[1, 1],
        class: "cpu = \"2s\"",
        vcpu: 1,
        sharing: "processor",
        mean_ms: 3_000.0,
        max_ms: 3_000.0,
    },
    // Ten jobs of one second take four CPUs in turn: done after 1, 1, 1, 1, 2, 2, 2, 2, 3 and 3 s.
    Jobs {
        per_second: &[10],
        class: "cpu = \"1s\"",
        vcpu: 4,
        sharing: "fifo-cores",
        mean_ms: 1_800.0,
        max_ms: 3_000.0,
    },
];

#[test]
fn jobs_are_done_when_their_shares_of_the_cpu_say() {
    for Jobs { per_second, class, vcpu, sharing, mean_ms, max_ms } in JOBS {
        // Until the last is done: requests that are in flight at the end have no latency.
        let counts: Vec<u32> = per_second.iter().copied().chain([0; 5]).collect();
        let fleet = format!("instance.vcpu = {vcpu}, fleet = {{ slots = \"unbounded\", sharing = \"{sharing}\" }}");
        let result = burst(&counts, class, &fleet);
        assert_eq!(result.attempts.completed, u64::from(per_second.iter().sum::<u32>()), "{class} on {fleet}");
        milliseconds(result.latency_ms.mean, mean_ms);
        milliseconds(result.latency_ms.max, max_ms);
    }
}

/// Ten jobs of one second in one slot: waits of 0 to 9 s.
#[test]
fn one_at_a_time() {
    let result = burst(&[&[10][..], &[0; 11]].concat(), "io = \"1s\"", "fleet = { slots = 1 }");
    milliseconds(result.queue_wait_ms.times.mean, 4_500.0);
    milliseconds(result.queue_wait_ms.times.max, 9_000.0);
    milliseconds(result.latency_ms.max, 10_000.0);
    assert_eq!(result.queue_wait_ms.share_waiting, Some(0.9));
}

/// A request every 100 s: each is cold if an idle instance is given up before the next, else only the first.
#[test]
fn even_arrivals_are_all_cold_or_all_warm() {
    let cold = |service: &str, keep_alive: &str| {
        let result = run(&format!(
            "scenario = {{ name = \"even\", replications = 2 }}\n\
             traffic = {{ duration = \"10000s\", source = {{ rate = \"0.01/s\", arrivals = \"even\" }} }}\n\
             class = {{ io = \"{service}\", timeout = \"none\" }}\n\
             deployment = {{ platform = \"faas\", fleet = {{ start = \"1s\", keep_alive = \"{keep_alive}\", initial = 0 }} }}"
        ));
        let deployment = &result.deployments[0];
        assert!((198..=202).contains(&deployment.attempts.offered), "{} requests", deployment.attempts.offered);
        (deployment.cold_starts.count, deployment.attempts.offered)
    };
    let (count, offered) = cold("10s", "50s");
    assert_eq!(count, offered);
    assert_eq!(cold("60s", "50s").0, 2);
    assert_eq!(cold("10s", "95s").0, 2);
}

/// Ten requests at the start of each of a hundred seconds on Lambda, and the lines of the group `observability`: item, tier,
/// quantity and amount.
fn told(service: &str) -> Vec<(String, u32, String, String)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows: Vec<String> = (0..100).map(|second| format!("{second},10\n")).collect();
    fs::write(folder.path().join("counts.csv"), format!("t,count\n{}", rows.concat()))
        .expect("the folder can be written");
    let scenario = folder.path().join("told.toml");
    let text = format!(
        "scenario.replications = 1\n\
         traffic.source = {{ kind = \"counts\", file = \"counts.csv\", period = \"1s\", within = \"start\" }}\n\
         class.io = \"10ms\"\n\
         service = {{ name = \"app\", {service} }}\n\
         [deployment]\n\
         platform = \"aws-lambda\"\n\
         observability = {{ metrics = \"aws-cloudwatch\", traces = \"aws-xray\" }}"
    );
    fs::write(&scenario, text).expect("the folder can be written");
    let cost = run_file(&scenario).deployments.remove(0).cost.expect("Lambda has prices");
    let lines = cost.lines.into_iter().filter(|line| line.group == "observability");
    let text = |amount: rust_decimal::Decimal| amount.normalize().to_string();
    lines.map(|line| (line.item, line.tier, text(line.quantity), text(line.amount))).collect()
}

/// A month of 730 h is 26,280 times as long. Each request is an attempt of 264 bytes of Lambda and the service's own.
#[test]
fn what_is_told_is_billed_by_hand() {
    let line = |item: &str, tier, quantity: &str, amount: &str| {
        (item.to_owned(), tier, quantity.to_owned(), amount.to_owned())
    };
    // 1,000 bytes each: 26.28e9 of them taken in, 15 % of which are kept for 720 h of the 730.
    let small = told("log_bytes = \"736B\", metrics = 5");
    let expected = [
        line("aws-cloudwatch.lambda-logs", 1, "24.475157", "12.237578"),
        line("aws-cloudwatch.log-storage", 1, "3.620982", "0.108629"),
        line("aws-cloudwatch.metrics", 1, "5", "1.5"),
        // 100 of the reservoirs and a twentieth of the other 900, 26,280 times.
        line("aws-xray.traces", 1, "3810600", "19.053"),
    ];
    assert_eq!(small, expected);
    // A GiB each: 26,280,000 of them, in four tiers; and metrics in two.
    let large = told("log_bytes = \"1073741560B\", metrics = 12000");
    for expected in [
        line("aws-cloudwatch.lambda-logs", 1, "10000", "5000"),
        line("aws-cloudwatch.lambda-logs", 2, "20000", "5000"),
        line("aws-cloudwatch.lambda-logs", 3, "20000", "2000"),
        line("aws-cloudwatch.lambda-logs", 4, "26230000", "1311500"),
        line("aws-cloudwatch.metrics", 1, "10000", "3000"),
        line("aws-cloudwatch.metrics", 2, "2000", "200"),
    ] {
        assert!(large.contains(&expected), "{expected:?} is not among {large:?}");
    }
}

/// Quantiles of 0, 1, ..., 10 at tenths, and mean and mean square of 0, 10, ..., 110 as other simulators test theirs.
#[test]
fn quantiles_of_small_samples() {
    let mut histogram = Histogram::new();
    (0..=10).for_each(|value| histogram.record(value));
    for tenth in 0..=10_u32 {
        assert_eq!(histogram.quantile(f64::from(tenth) / 10.0), Some(u64::from(tenth)));
    }
    let mut histogram = Histogram::new();
    (0..=11).for_each(|value| histogram.record(10 * value));
    assert_eq!((histogram.mean(), histogram.quantile(0.5), histogram.max()), (Some(55.0), Some(50), Some(110)));
}
