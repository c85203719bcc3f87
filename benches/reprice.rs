//! Stored usages priced anew per second: one is what one deployment used in one replication of a week. The library
//! call, on one core; reading the file is not in it.

use std::hint::black_box;
use std::path::Path;

use breakeven::experiment::reprice::reprice;
use breakeven::experiment::result::RunResult;
use breakeven::experiment::{RunOptions, run};
use breakeven::scenario::{Document, Prices};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

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

/// The result of a platform, and the prices of its run with free tiers.
fn stored(platform: &str) -> (RunResult, Prices) {
    let text = format!("{SCENARIO}\ndeployment = [{{ platform = \"{platform}\" }}]\n");
    let scenario = built(Document::new("bench", &text, Path::new("."), "bench", &[]), Document::build);
    let result = run(&scenario, &RunOptions::quiet()).expect("a bench scenario runs");
    let mut document = Document::of_pricing(&result.pricing);
    document.set("<set>", "pricing.free_tier=true");
    let prices = built(document, Document::prices);
    (result, prices)
}

fn reprices(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reprice");
    for platform in ["aws-lambda", "app-engine-standard", "ec2", "eks"] {
        let (result, prices) = stored(platform);
        group.throughput(Throughput::Elements(u64::from(result.replications)));
        group.bench_with_input(BenchmarkId::from_parameter(platform), &result, |bencher, result| {
            bencher.iter(|| black_box(reprice(result, &prices)));
        });
    }
    group.finish();
}

criterion_group!(benches, reprices);
criterion_main!(benches);
