//! Whether the 95 % intervals that runs state hold what is known in closed form as often as they say: 400 experiments of
//! each system, with seeds fixed beforehand, each a run of its own as a user would start it.

use crate::instances::one_kept_instance;
use crate::length;
use crate::queues::waits_of;
use crate::system::{Fact, Length, System, interval_of, run};

/// Experiments of each system.
const EXPERIMENTS: u64 = 400;
/// The first experiment's seed; the others follow.
const FIRST_SEED: u64 = 1_000_000;
/// What is said of the replications of each experiment.
const HEAD: &str = "replications = 5";
/// What is asked of the share that holds the true value: 3.7 standard errors of it below .95, 3.2 above.
const ASKED: std::ops::RangeInclusive<f64> = 0.91..=0.985;

/// How many intervals of each fact hold it.
fn covered(system: &System, customers: f64, seeds: std::ops::Range<u64>, head: &str) -> Vec<u64> {
    let mut covered = vec![0; system.facts.len()];
    for seed in seeds {
        let result = run(&system.text_of(customers, seed, head));
        for (count, Fact { metric, known }) in covered.iter_mut().zip(&system.facts) {
            let (low, high) = interval_of(&result.deployments[0], metric, &system.name);
            *count += u64::from(low <= known.value && known.value <= high);
        }
    }
    covered
}

#[test]
fn intervals_hold_what_is_known_as_often_as_they_say() {
    let cold = breakeven::kernel::queueing::single_instance_cold_share(1.0, 2.0);
    let systems = [(waits_of(5, 4.0), 10_000.0), (one_kept_instance("\"2s\"", cold), 5_000.0)];
    let mut beyond = Vec::new();
    for (first_seed, (system, customers)) in (FIRST_SEED..).step_by(1_000).zip(&systems) {
        let seeds = first_seed..first_seed + EXPERIMENTS;
        for (fact, count) in system.facts.iter().zip(covered(system, *customers, seeds, HEAD)) {
            let share = count as f64 / EXPERIMENTS as f64;
            let line = format!("{}, {}: {count} of {EXPERIMENTS} ({:.2} %)", system.name, fact.metric, 100.0 * share);
            println!("coverage: {line}");
            if !ASKED.contains(&share) {
                beyond.push(line);
            }
        }
    }
    assert!(beyond.is_empty(), "not {ASKED:?}: {beyond:?}");
}

/// Stopping when every interval is narrow enough costs a little of what intervals hold: how much is printed.
#[test]
fn intervals_of_runs_that_stop_by_themselves_hold_nearly_as_often() {
    let experiments = if length() == Length::Full { EXPERIMENTS } else { 100 };
    let system = waits_of(1, 0.5);
    let first_seed = FIRST_SEED + 10_000;
    let counts = covered(&system, 4_000.0, first_seed..first_seed + experiments, "precision = \"4%\"");
    let least = 0.95 - 4.0 * (0.95 * 0.05 / experiments as f64).sqrt();
    for (fact, count) in system.facts.iter().zip(counts) {
        let share = count as f64 / experiments as f64;
        println!("coverage, stopped at 4 %: {}, {}: {count} of {experiments}", system.name, fact.metric);
        assert!(share >= least, "{}: {share} of the intervals", fact.metric);
    }
}
