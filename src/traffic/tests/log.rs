//! Logs: exact return, thinning, copies, alignment, repetition.

use super::*;
use crate::traffic::log::{Arrivals, Log};

const SECOND_SIGNED: i64 = 1_000_000_000;

/// Instants of a bursty hour, in no order.
fn instants(count: i64) -> Vec<i64> {
    (0..count).map(|index| (index * 7_919 % count) * (index * 7_919 % count) % 3_600_000 * 1_000_000).collect()
}

fn arrivals(instants: impl IntoIterator<Item = i64>) -> Arrivals {
    Arrivals::of(instants).expect("a disk").expect("some")
}

fn replayed(log: Log) -> Source {
    source("log", Flow::Log(log))
}

fn at(requests: &[Request]) -> Vec<u64> {
    requests.iter().map(|request| request.at).collect()
}

#[test]
fn every_request_comes_back_at_its_own_instant() {
    let mut given = instants(5_000);
    let log = Log::new(arrivals(given.clone()));
    let seconds = log.arrivals.span().0 / SECOND;
    let traffic = traffic(vec![replayed(log)], seconds);
    given.sort_unstable();
    let expected: Vec<u64> = given.iter().map(|instant| u64::try_from(instant - given[0]).expect("sorted")).collect();
    assert_eq!(at(&requests(&traffic, 0)), expected);
    assert_eq!(traffic.forecast().requests, 5_000.0);
    assert!(traffic.warnings().is_empty());
    for limit in [1, 7] {
        assert_eq!(at(&played(&traffic, 1, 0, limit)), expected);
    }
    let keys: std::collections::BTreeSet<u64> = requests(&traffic, 0).iter().map(|request| request.key).collect();
    assert_eq!(keys.len(), 5_000, "no two requests are the same");
}

#[test]
fn a_log_lies_at_the_start_or_by_the_clock_and_repeats_when_asked_to() {
    let start = date(2026, 1, 5).to_zoned(TimeZone::UTC).expect("a day").timestamp().as_second() * SECOND_SIGNED;
    let instants = [-1, 1, 3].map(|second| start + second * SECOND_SIGNED);
    let log = Log::new(arrivals(instants));
    let mut traffic = traffic(vec![replayed(log.clone())], 10);
    let seconds = |traffic: &Traffic| at(&requests(traffic, 0)).iter().map(|at| at / SECOND).collect::<Vec<_>>();
    assert_eq!(seconds(&traffic), [0, 2, 4]);
    assert!(traffic.warnings()[0].contains("5s"), "{:?}", traffic.warnings());
    traffic.sources = vec![replayed(Log { align: Align::Clock, ..log.clone() })];
    assert_eq!(seconds(&traffic), [1, 3]);
    assert_eq!(traffic.forecast().requests, 2.0);
    traffic.sources = vec![replayed(Log { repeat: true, ..log })];
    assert_eq!(seconds(&traffic), [0, 2, 4, 5, 7, 9]);
    traffic.warmup = Nanos(2 * SECOND);
    assert_eq!(seconds(&traffic), [1, 2, 4, 6, 7, 9, 11]);
    assert_eq!(traffic.forecast().requests, 6.0);
}

#[test]
fn a_share_keeps_its_mean_and_copies_do_not_share_stamps() {
    let log = Log::new(arrivals(instants(20_000)));
    let seconds = log.arrivals.span().0 / SECOND;
    let count = |scale: f64| {
        let traffic = traffic(vec![replayed(Log { scale, ..log.clone() })], seconds);
        assert!((traffic.forecast().requests - 20_000.0 * scale).abs() < 1e-6);
        requests(&traffic, 0)
    };
    let share = count(0.3);
    assert!((share.len() as f64 - 6_000.0).abs() < 5.0 * (20_000.0f64 * 0.3 * 0.7).sqrt(), "{}", share.len());
    let triple = count(3.0);
    assert_eq!(triple.len(), 60_000, "copies are turned round and lose nothing");
    assert!(triple.is_sorted_by_key(|request| request.at));
    let once: std::collections::BTreeSet<u64> = {
        let mut offsets = Vec::new();
        log.arrivals.read(0, usize::MAX, &mut offsets);
        offsets.into_iter().collect()
    };
    let shared = triple.iter().filter(|request| once.contains(&request.at)).count();
    assert!(shared < 21_000, "{shared} of 60000 lie at instants of the log itself");
    let more = count(2.5).len() as f64;
    assert!((more - 50_000.0).abs() < 5.0 * (20_000.0f64 * 0.25).sqrt(), "{more}");
    assert!(count(0.0).is_empty());
}
