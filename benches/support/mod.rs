//! What the benches share: scenarios as text, played through the public API on one core.

use std::path::Path;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput};

use breakeven::experiment::{RunOptions, run};
use breakeven::scenario::{Document, Scenario};

/// A scenario of one replication from its text.
fn scenario(text: &str) -> Scenario {
    let mut document = Document::new("bench", text, Path::new("."), "bench", &["scenario.replications=1".to_owned()]);
    match document.build() {
        Ok(scenario) => scenario,
        Err(problems) => panic!("{}", document.render(&problems, false)),
    }
}

/// Plays it on one thread and tells how many attempts at services there were; of one service, how many requests.
fn play(scenario: &Scenario) -> u64 {
    let options = RunOptions { threads: Some(1), ..RunOptions::quiet() };
    let result = run(scenario, &options).expect("a bench scenario runs");
    let attempts: u64 =
        result.deployments.iter().flat_map(|deployment| &deployment.services).map(|service| service.requests).sum();
    if attempts == 0 { result.traffic.requests } else { attempts }
}

/// Measures every case as one of `group`.
///
/// With `ONCE=CASE` in the environment it plays that case once instead and prints nanoseconds per attempt: what
/// instruction counters and profilers are pointed at.
pub fn measure(group: &str, cases: Vec<(&str, String)>) {
    if let Ok(wanted) = std::env::var("ONCE") {
        once(&wanted, &cases);
        return;
    }
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group(group);
    for (name, text) in cases {
        let scenario = scenario(&text);
        group.throughput(Throughput::Elements(play(&scenario)));
        group.bench_with_input(BenchmarkId::from_parameter(name), &scenario, |bencher, scenario| {
            bencher.iter(|| play(scenario));
        });
    }
    group.finish();
    criterion.final_summary();
}

fn once(wanted: &str, cases: &[(&str, String)]) {
    for (name, text) in cases.iter().filter(|(name, _)| wanted == "all" || *name == wanted) {
        let scenario = scenario(text);
        let start = Instant::now();
        let attempts = play(&scenario);
        let nanoseconds = start.elapsed().as_nanos() as f64 / attempts as f64;
        println!("{name}: {attempts} attempts, {nanoseconds:.1} ns each, {:.1} M/s", 1e3 / nanoseconds);
    }
}
