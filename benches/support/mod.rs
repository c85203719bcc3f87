//! What the benches share: scenarios as text, played through the public API on one core.

use std::path::Path;
use std::time::Instant;

use breakeven::experiment::{RunOptions, run};
use breakeven::scenario::{Document, Scenario};

/// A scenario of one replication from its text.
pub fn scenario(text: &str) -> Scenario {
    let mut document = Document::new("bench", text, Path::new("."), "bench", &["scenario.replications=1".to_owned()]);
    match document.build() {
        Ok(scenario) => scenario,
        Err(problems) => panic!("{}", document.render(&problems, false)),
    }
}

/// Plays it on one thread and tells how many requests there were.
pub fn play(scenario: &Scenario) -> u64 {
    let options = RunOptions { threads: Some(1), ..RunOptions::quiet() };
    run(scenario, &options).expect("a bench scenario runs").traffic.requests
}

/// With `ONCE=CASE` in the environment plays that case once and prints nanoseconds per request: what instruction
/// counters and profilers are pointed at. `true`: there is nothing more to do.
pub fn once(cases: &[(&str, String)]) -> bool {
    let Ok(wanted) = std::env::var("ONCE") else { return false };
    for (name, text) in cases.iter().filter(|(name, _)| wanted == "all" || *name == wanted) {
        let scenario = scenario(text);
        let start = Instant::now();
        let requests = play(&scenario);
        let nanoseconds = start.elapsed().as_nanos() as f64 / requests as f64;
        println!("{name}: {requests} requests, {nanoseconds:.1} ns per request, {:.1} M/s", 1e3 / nanoseconds);
    }
    true
}
