//! Schedules by the clock: cron through changes of daylight saving, periods, instants, jitter.

use croner::parser::CronParser;

use super::*;
use crate::traffic::schedule::{Clock, Schedule};

fn fires(clock: Clock, count: u64, jitter: u64) -> Source {
    source("timer", Flow::Schedule(Schedule { clock, count, jitter: Nanos(jitter) }))
}

fn cron(text: &str, zone: &str) -> Clock {
    Clock::Cron(
        Box::new(CronParser::new().parse(text).expect("a cron expression")),
        TimeZone::get(zone).expect("a zone"),
    )
}

/// Hours and minutes UTC of the fires of a day in 2026.
fn of_day(month: i8, day: i8, text: &str, zone: &str) -> Vec<(u64, u64)> {
    let mut traffic = traffic(vec![fires(cron(text, zone), 1, 0)], 86_400);
    traffic.start = date(2026, month, day).to_zoned(TimeZone::UTC).expect("a day");
    let all = requests(&traffic, 0);
    assert_eq!(all.len() as f64, traffic.forecast().requests);
    all.iter().map(|request| (request.at / HOUR, request.at % HOUR / (60 * SECOND))).collect()
}

#[test]
fn cron_goes_by_the_wall_clock_of_its_zone() {
    assert_eq!(of_day(1, 15, "30 9 * * *", "America/New_York"), [(14, 30)]);
    assert_eq!(of_day(7, 15, "30 9 * * *", "America/New_York"), [(13, 30)]);
    assert_eq!(of_day(7, 15, "0 9 * * MON", "UTC"), []); // a Wednesday
    assert_eq!(of_day(7, 13, "0 9 * * MON", "UTC"), [(9, 0)]);
    assert_eq!(of_day(7, 13, "0 */8 13 * FRI", "UTC"), [(0, 0), (8, 0), (16, 0)]); // the 13th or a Friday
}

#[test]
fn cron_at_a_fixed_time_fires_once_through_a_change_of_the_clock() {
    // Berlin goes from 02:00 to 03:00 at 01:00 UTC on 2026-03-29, and back from 03:00 to 02:00 at 01:00 UTC on 2026-10-25.
    assert_eq!(of_day(3, 29, "30 2 * * *", "Europe/Berlin"), [(1, 0)], "right after the gap");
    assert_eq!(of_day(10, 25, "30 2 * * *", "Europe/Berlin"), [(0, 30)], "in the first pass");
}

#[test]
fn cron_of_every_so_many_minutes_goes_on_through_a_change_of_the_clock() {
    for (month, day) in [(3, 29), (10, 25)] {
        let found = of_day(month, day, "*/20 * * * *", "Europe/Berlin");
        let expected: Vec<(u64, u64)> = (0..24).flat_map(|hour| [0, 20, 40].map(|minute| (hour, minute))).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn six_fields_begin_with_the_second() {
    let traffic = traffic(vec![fires(cron("*/15 * * * * *", "UTC"), 2, 0)], 60);
    let at: Vec<u64> = requests(&traffic, 0).iter().map(|request| request.at / SECOND).collect();
    assert_eq!(at, [0, 0, 15, 15, 30, 30, 45, 45]);
}

#[test]
fn what_never_fires_is_said() {
    let mut traffic = traffic(vec![fires(cron("0 0 30 2 *", "UTC"), 1, 0)], 366 * 86_400);
    assert!(traffic.warnings()[0].contains("never fires"), "{:?}", traffic.warnings());
    assert!(requests(&traffic, 0).is_empty());
    traffic.sources = vec![fires(Clock::Every(Nanos(HOUR)), 1, 0)];
    assert!(traffic.warnings().is_empty());
}

#[test]
fn periods_count_from_the_first_measured_instant() {
    let mut traffic = traffic(vec![fires(Clock::Every(Nanos(40 * SECOND)), 3, 0)], 100);
    traffic.warmup = Nanos(50 * SECOND);
    let at: Vec<u64> = requests(&traffic, 0).iter().map(|request| request.at / SECOND).collect();
    assert_eq!(at, [10, 10, 10, 50, 50, 50, 90, 90, 90, 130, 130, 130]);
    assert_eq!(traffic.forecast().requests, 9.0);
}

#[test]
fn instants_are_played_as_they_are() {
    let mut traffic = traffic(Vec::new(), 100);
    let start = traffic.start.timestamp();
    let at = [5, 7, 7, 99].map(|second| start + jiff::SignedDuration::from_secs(second));
    traffic.sources = vec![fires(Clock::At(at.to_vec()), 1, 0)];
    let found: Vec<u64> = requests(&traffic, 0).iter().map(|request| request.at / SECOND).collect();
    assert_eq!(found, [5, 7, 99]);
}

#[test]
fn jitter_is_uniform_and_fires_may_overlap() {
    // 50 requests every 10 s, spread over 25 s: the law of each delay is uniform, and the stream stays in order.
    let traffic = traffic(vec![fires(Clock::Every(Nanos(10 * SECOND)), 50, 25 * SECOND)], 10_000);
    let requests = requests(&traffic, 0);
    assert!(requests.is_sorted_by_key(|request| request.at));
    // Every second lies in 2.5 fires on average.
    let counts = histogram(&requests[..], SECOND, 10_000);
    let steady = &counts[100..];
    let (mean, variance) = mean_and_variance(steady);
    assert!((mean - 5.0).abs() < 0.2, "{mean}");
    // Binomial, alternating between 2 and 3 fires in every second: below Poisson.
    assert!((0.8..1.15).contains(&(variance / mean)), "{}", variance / mean);
    let alone = Traffic { sources: vec![fires(Clock::Every(Nanos(100 * SECOND)), 200, 50 * SECOND)], ..traffic };
    let mut delays: Vec<f64> =
        self::requests(&alone, 0).iter().map(|r| (r.at % (100 * SECOND)) as f64 / 50e9).collect();
    delays.sort_by(f64::total_cmp);
    let n = delays.len() as f64;
    assert_eq!(n, 20_000.0);
    let distance = delays.iter().enumerate().map(|(i, delay)| (delay - (i as f64 + 0.5) / n).abs()).fold(0.0, f64::max);
    assert!(distance * n.sqrt() < 1.95, "{distance}");
}

#[test]
fn another_warm_up_leaves_fires_alone_and_batches_do_not_matter() {
    let short = traffic(vec![fires(Clock::Every(Nanos(30 * SECOND)), 7, 45 * SECOND)], 3600);
    let long = Traffic { warmup: Nanos(HOUR), ..short.clone() };
    let whole = requests(&short, 0);
    let measured: Vec<(u64, u64)> =
        requests(&long, 0).iter().filter(|r| r.at >= HOUR).map(|r| (r.at - HOUR, r.key)).collect();
    assert_eq!(measured, whole.iter().map(|r| (r.at, r.key)).collect::<Vec<_>>());
    assert_eq!(played(&short, 1, 0, 1), whole);
    assert_eq!(played(&short, 1, 0, 7), whole);
}

#[test]
fn a_fire_of_many_requests_takes_no_memory() {
    let traffic = traffic(vec![fires(Clock::Every(Nanos(HOUR)), 1_000_000_000, HOUR)], 3600);
    let mut play = traffic.play(&application(), 1, 0);
    let mut batch = Vec::new();
    play.fill(&mut batch, 1000);
    let last = batch.last().expect("requests").at;
    // The thousandth of a billion uniform delays lies at a millionth of the hour.
    assert!((last as f64 / HOUR as f64 * 1e6 - 1.0).abs() < 2.2, "{last}");
}
