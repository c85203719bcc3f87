//! Stored usages priced anew per second: one is what one deployment used in one replication of a week. The library
//! call, on one core; reading the file is not in it.
//!
//! `ONCE=eks cargo bench --bench reprice` prices one case a hundred times and prints nanoseconds per stored usage, for
//! instruction counters and profilers.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use breakeven::experiment::reprice::reprice;
use breakeven::experiment::result::RunResult;
use breakeven::experiment::{RunOptions, run};
use breakeven::pricing::stated::StatedTariff;
use breakeven::scenario::{Document, Prices};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};

/// Few requests: what counts is days, dimensions and tiers.
const SCENARIO: &str = r#"
scenario.replications = 20
traffic = { duration = "7d", start = 2026-01-05T00:00:00, source = { rate = "0.02/s" } }
class = { cpu = { dist = "exponential", mean = "20ms" }, io = "30ms" }
"#;

fn built<T>(
    mut document: Document,
    build: impl Fn(&mut Document) -> Result<T, breakeven::document::diagnostic::Diagnostics>,
) -> T {
    build(&mut document).unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)))
}

/// The result of a platform, and the prices of its run with free tiers. What is not played is the generic platform of its
/// family, billed by its tariff; `eks-reserved`, `eks-savings` and `eks-both` are `eks` with commitments, which look at every hour.
fn stored(case: &str) -> (RunResult, Prices) {
    let (platform, tariff) = match case {
        "heroku" => ("paas", ", tariff = { instance-hours = \"0.05 USD\", egress-bytes = \"0 USD/GB\" }"),
        "eks-reserved" | "eks-savings" | "eks-both" => ("eks", ""),
        platform => (platform, ""),
    };
    let text = format!("{SCENARIO}\ndeployment = [{{ platform = \"{platform}\"{tariff} }}]\n");
    let scenario = built(Document::new("bench", &text, Path::new("."), "bench", &[]), Document::build);
    let mut result = run(&scenario, &RunOptions::quiet()).expect("a bench scenario runs");
    if case == "heroku" {
        let deployment = &mut result.deployments[0];
        deployment.tariffs = vec![StatedTariff::catalogue("heroku")];
        deployment.usage.retain(|row| ["instance-hours", "egress-bytes"].contains(&row.dimension.as_str()));
        deployment.usage.iter_mut().for_each(|row| "standard-2x".clone_into(&mut row.variant));
    }
    let mut document = Document::of_pricing(&result.pricing);
    document.set("<set>", "pricing.free_tier=true");
    let reserved = "{ plan = \"aws-machines.reserved-1y\", machine = \"m6i.large\", count = 1 }";
    let savings = "{ plan = \"aws-machines.savings-1y\", per_hour = \"0.10 USD\" }";
    let commitments = match case {
        "eks-reserved" => reserved.to_owned(),
        "eks-savings" => savings.to_owned(),
        "eks-both" => format!("{reserved}, {savings}"),
        _ => String::new(),
    };
    document.set("<set>", &format!("pricing.commitment=[{commitments}]"));
    let prices = built(document, Document::prices);
    (result, prices)
}

const CASES: [&str; 8] =
    ["aws-lambda", "app-engine-standard", "ec2", "eks", "heroku", "eks-reserved", "eks-savings", "eks-both"];

fn main() {
    if let Ok(wanted) = std::env::var("ONCE") {
        CASES.into_iter().filter(|platform| wanted == "all" || wanted == *platform).for_each(once);
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("reprice");
    for platform in CASES {
        let (result, prices) = stored(platform);
        group.throughput(Throughput::Elements(u64::from(result.replications)));
        group.bench_with_input(BenchmarkId::from_parameter(platform), &result, |bencher, result| {
            let stored = || result.clone();
            bencher.iter_batched(stored, |stored| black_box(reprice(stored, &prices)), BatchSize::SmallInput);
        });
    }
    group.finish();
    criterion.final_summary();
}

fn once(platform: &str) {
    const TIMES: u32 = 100;
    let (result, prices) = stored(platform);
    let stored: Vec<RunResult> = (0..TIMES).map(|_| result.clone()).collect();
    let start = Instant::now();
    for stored in stored {
        black_box(reprice(stored, &prices)).expect("stored usage has a price");
    }
    let nanoseconds = start.elapsed().as_nanos() as f64 / f64::from(TIMES * result.replications);
    println!("{platform}: {nanoseconds:.0} ns per stored usage, {:.0} per second", 1e9 / nanoseconds);
}
