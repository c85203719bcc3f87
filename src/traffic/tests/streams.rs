//! Promises of the stream: order, window, batches, keys, replications.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::kernel::distribution::Law;
use crate::traffic::log;
use crate::traffic::process::{Hawkes, State, Switching};
use crate::traffic::schedule::{Clock, Schedule};

fn three_sources() -> Traffic {
    let even = Open { arrivals: Arrivals::Even, ..Open::constant(3.0) };
    let table = CountTable { first: 0, period: Nanos(60 * SECOND), counts: vec![100.0, 0.0, 7.0, 900.0] };
    let sources = vec![
        open(daily(10.0, Interpolation::Linear)),
        source("cron", Flow::Open(Box::new(even))),
        source("file", Flow::Counts(Counts::new(table))),
    ];
    Traffic { warmup: Nanos(90 * SECOND + 1), ..traffic(sources, 1000) }
}

#[test]
fn the_stream_does_not_depend_on_the_batch_size() {
    let traffic = three_sources();
    let whole = played(&traffic, 5, 2, 1024);
    assert!(whole.len() > 5_000);
    for limit in [1, 7, 100_000] {
        assert_eq!(played(&traffic, 5, 2, limit), whole);
    }
    for source in &traffic.sources {
        let alone = Traffic { sources: vec![source.clone()], ..traffic.clone() };
        assert_eq!(played(&alone, 5, 2, 1), played(&alone, 5, 2, 1024));
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    use rayon::prelude::*;
    let state = |rate, mean| State { rate, lasts: Distribution::new(Law::Exponential { mean }) };
    let mut traffic = three_sources();
    let switching = Switching { states: [state(3.0, 9e9), state(90.0, 2e9)] };
    let hawkes = Hawkes { rate: 5.0, branching: 0.8, decay: Nanos(SECOND) };
    traffic.sources.push(source("switching", Flow::Switching(Box::new(switching))));
    traffic.sources.push(source("hawkes", Flow::Hawkes(hawkes)));
    let schedule = Schedule { clock: Clock::Every(Nanos(30 * SECOND)), count: 20, jitter: Nanos(45 * SECOND) };
    traffic.sources.push(source("timer", Flow::Schedule(schedule)));
    let burst = Some(Burst { cv: 0.7, window: Nanos(10 * SECOND) });
    let noisy = Open { arrivals: Arrivals::Gamma { cv: 2.0 }, burst, ..Open::constant(8.0) };
    traffic.sources.push(source("noisy", Flow::Open(Box::new(noisy))));
    let arrivals =
        log::Arrivals::of((0..5_000).map(|at| at * at % 900_000 * 1_000_000)).expect("a disk").expect("some");
    traffic.sources.push(source("log", Flow::Log(log::Log { scale: 2.3, ..log::Log::new(arrivals) })));
    let on = |threads: usize| -> Vec<Vec<Request>> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| (0..16u32).into_par_iter().map(|replication| played(&traffic, 3, replication, 64)).collect())
    };
    let alone = on(1);
    assert_eq!(on(4), alone);
    assert_eq!(on(16), alone);
}

#[test]
fn sources_add_up_without_changing_each_other() {
    let traffic = three_sources();
    let merged: HashSet<(u64, u64)> = requests(&traffic, 0).iter().map(|request| (request.at, request.key)).collect();
    let mut total = 0;
    for source in &traffic.sources {
        let alone = requests(&Traffic { sources: vec![source.clone()], ..traffic.clone() }, 0);
        total += alone.len();
        assert!(alone.iter().all(|request| merged.contains(&(request.at, request.key))));
    }
    assert_eq!(merged.len(), total);
}

#[test]
fn keys_are_unique_over_sources_and_replications() {
    let traffic = three_sources();
    let mut keys = HashSet::new();
    for replication in 0..3 {
        for request in requests(&traffic, replication) {
            assert!(keys.insert(request.key));
        }
    }
}

#[test]
fn another_warm_up_leaves_the_measured_requests_alone() {
    let short = three_sources();
    let long = Traffic { warmup: Nanos(2 * HOUR), ..short.clone() };
    let measured = |traffic: &Traffic, source: usize| -> Vec<(u64, u64)> {
        let alone = Traffic { sources: vec![traffic.sources[source].clone()], ..traffic.clone() };
        let all = requests(&alone, 0).into_iter().filter(|request| request.at >= traffic.warmup.0);
        all.map(|request| (request.at - traffic.warmup.0, request.key)).collect()
    };
    assert_eq!(measured(&short, 2), measured(&long, 2));
    let flat = |traffic: &Traffic| Traffic { sources: vec![open(Open::constant(10.0))], ..traffic.clone() };
    assert_eq!(measured(&flat(&short), 0), measured(&flat(&long), 0));
}

#[test]
fn replications_are_independent() {
    let traffic = traffic(vec![open(Open::constant(20.0))], 20_000);
    let [one, other] = [0, 1].map(|replication| histogram(&requests(&traffic, replication), 10 * SECOND, 2000));
    let ((mean_one, var_one), (mean_other, var_other)) = (mean_and_variance(&one), mean_and_variance(&other));
    let product: f64 = one.iter().zip(&other).map(|(a, b)| (a - mean_one) * (b - mean_other)).sum();
    let correlation = product / 2000.0 / (var_one * var_other).sqrt();
    assert!(correlation.abs() < 5.0 / 2000f64.sqrt(), "{correlation}");
}

#[test]
fn an_ended_stream_stays_ended() {
    for source in three_sources().sources {
        let traffic = traffic(vec![source], 120);
        let mut play = traffic.play(&application(), 1, 0);
        let mut batch = Vec::new();
        play.fill(&mut batch, usize::MAX);
        assert!(!batch.is_empty());
        for _ in 0..3 {
            play.fill(&mut batch, 10);
            assert!(batch.is_empty());
        }
    }
}

fn any_open() -> impl Strategy<Value = Open> {
    let stage = (0..400_000_000_000u64, 0.0..40.0f64).prop_map(|(span, target)| Stage { span: Nanos(span), target });
    let stages = (0.0..40.0f64, prop::collection::vec(stage, 1..5))
        .prop_map(|(from, stages)| Open { level: Level::Stages { from, stages }, ..Open::constant(0.0) });
    let profile =
        (prop::collection::vec(0.0..3.0f64, 24), 0.01..30.0f64, any::<bool>()).prop_map(|(day, rate, linear)| {
            let interpolation = if linear { Interpolation::Linear } else { Interpolation::Step };
            let profile = Profile::weekly(&day, None, None, interpolation).unwrap_or_else(|_| Profile::flat());
            Open { profile, ..Open::constant(rate) }
        });
    let arrivals = prop_oneof![
        Just(Arrivals::Poisson),
        Just(Arrivals::Even),
        (0.2..3.0f64).prop_map(|cv| Arrivals::Gamma { cv }),
    ];
    let burst = prop::option::of((0.05..3.0f64, 1..200_000_000_000u64));
    (prop_oneof![stages, profile], arrivals, burst).prop_map(|(open, arrivals, burst)| {
        let burst = burst.map(|(cv, window)| Burst { cv, window: Nanos(window.max(SECOND / 10)) });
        Open { arrivals, burst, ..open }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_stream_is_ordered_inside_its_window_and_repeatable(
        source in any_open(),
        seed in 0..1u64 << 53,
        warmup in 0..3_000_000_000_000u64,
    ) {
        let traffic = Traffic { warmup: Nanos(warmup), ..traffic(vec![open(source)], 1500) };
        let requests = played(&traffic, seed, 0, 1024);
        prop_assert!(requests.is_sorted_by_key(|request| request.at));
        prop_assert!(requests.iter().all(|request| request.at < warmup + 1500 * SECOND));
        prop_assert_eq!(&played(&traffic, seed, 0, 13), &requests);
        prop_assert!(traffic.forecast().requests.is_finite());
    }
}
