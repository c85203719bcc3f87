//! Fits of series whose law is known.

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::traffic::event::Rise;

const SECOND: u64 = Nanos::SECOND.0;

fn day() -> [f64; 24] {
    std::array::from_fn(|hour| if (8..20).contains(&hour) { 1.6 } else { 0.4 })
}

fn truth(rate: f64) -> Open {
    let week = [1.1, 1.1, 1.1, 1.1, 1.0, 0.8, 0.8];
    let profile = Profile::weekly(&day(), None, Some(&week), Interpolation::Step).expect("valid");
    Open { profile, ..Open::constant(rate) }
}

/// Counts per `period` of a source over so many days from Monday 2026-01-05.
fn series(open: Open, days: u64, period: u64) -> CountTable {
    let start = date(2026, 1, 5).to_zoned(TimeZone::UTC).expect("a day");
    let first = start.timestamp().as_nanosecond();
    let duration = Nanos(days * 24 * Nanos::HOUR.0);
    let sources = vec![Source { name: "web".to_owned(), mix: Vec::new(), flow: Flow::Open(Box::new(open)) }];
    let traffic = Traffic { sources, start, warmup: Nanos::ZERO, duration, uncertainty: Uncertainty::default() };
    let mut counts = vec![0.0; usize::try_from(duration.0 / period).expect("small")];
    let _ = traffic.measured(7, 0, Nanos(SECOND), |batch| {
        for request in batch {
            counts[usize::try_from(request.at / period).expect("small")] += 1.0;
        }
    });
    CountTable { first, period: Nanos(period), counts }
}

fn fitted(table: &CountTable) -> Fitted {
    Fitted::new(table, &TimeZone::UTC).expect("a fit")
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found / expected - 1.0).abs() <= tolerance, "{found} is not {expected}");
}

#[test]
fn a_plain_week_comes_back() {
    let fit = fitted(&series(truth(5.0), 21, 60 * SECOND));
    close(fit.rate, 5.0, 0.01);
    fit.week.day.iter().zip(day()).for_each(|(found, expected)| close(*found, expected, 0.05));
    let week = fit.week.week.expect("three weeks");
    [1.1, 1.1, 1.1, 1.1, 1.0, 0.8, 0.8].iter().zip(week).for_each(|(expected, found)| close(found, *expected, 0.03));
    assert_eq!((fit.calendar.len(), fit.events.len(), fit.arrivals_cv), (0, 0, None), "{fit:?}");
    assert!(fit.burst.is_none_or(|burst| burst.cv < 0.06), "{:?}", fit.burst);
}

#[test]
fn bursts_and_clusters_come_back() {
    let burst = Some(Burst { cv: 0.4, window: Nanos(60 * SECOND) });
    let fit = fitted(&series(Open { burst, ..truth(5.0) }, 14, 60 * SECOND));
    let found = fit.burst.expect("bursts");
    assert_eq!(found.window, Nanos(60 * SECOND));
    close(found.cv, 0.4, 0.05);
    let arrivals = Arrivals::Gamma { cv: 2.0 };
    let fit = fitted(&series(Open { arrivals, burst, ..Open::constant(5.0) }, 3, SECOND));
    close(fit.arrivals_cv.expect("clusters"), 2.0, 0.12);
    close(fit.burst.expect("bursts").cv, 0.4, 0.15);
}

#[test]
fn events_outages_and_levels_of_days_come_back() {
    let start = date(2026, 1, 5).to_zoned(TimeZone::UTC).expect("a day").timestamp();
    let hours = |hours: i64| start + hours.hours();
    let event = |name: &str, at, multiplier, hold| Event {
        name: name.to_owned(),
        at,
        multiplier,
        rise: Rise::Instant,
        hold: Nanos(hold * Nanos::HOUR.0),
        half_life: None,
    };
    let launch = event("launch", hours(8 * 24 + 10), 4.0, 2);
    let outage = event("outage", hours(10 * 24 + 13), 0.0, 3);
    let (from, to) = (date(2026, 1, 20), date(2026, 1, 22));
    let holiday = CalendarRange { name: String::new(), from, to, factor: 0.3 };
    let open = Open { events: vec![launch, outage], calendar: vec![holiday], ..truth(5.0) };
    let table = series(open, 28, 60 * SECOND);
    let fit = fitted(&table);
    close(fit.rate, 5.0, 0.02);
    let ranges: Vec<_> = fit.calendar.iter().map(|range| (range.from, range.to)).collect();
    assert_eq!(ranges, [(from, to)], "{:?}", fit.calendar);
    close(fit.calendar[0].factor, 0.3, 0.05);
    let names: Vec<(&str, jiff::Timestamp)> = fit.events.iter().map(|event| (event.name.as_str(), event.at)).collect();
    assert_eq!(names, [("peak", hours(8 * 24 + 10)), ("outage", hours(10 * 24 + 13))]);
    close(fit.events[0].multiplier, 4.0, 0.1);
    assert_eq!(fit.events[0].hold, Nanos(2 * Nanos::HOUR.0));
    let comparison = compare(&fit, 1, 3);
    assert!(comparison.rows.iter().all(Row::holds), "{comparison:?}");
}

#[test]
fn hours_are_read_by_the_clock_that_is_named() {
    let table = series(truth(5.0), 14, 300 * SECOND);
    let fit = Fitted::new(&table, &TimeZone::get("Asia/Tokyo").expect("a zone")).expect("a fit");
    // 08 to 20 h UTC are 17 to 05 h in Tokyo.
    assert!(fit.week.day[18] > 1.4 && fit.week.day[4] > 1.4 && fit.week.day[12] < 0.6, "{:?}", fit.week.day);
    assert_eq!(fit.start.hour(), 9);
}

#[test]
fn short_and_empty_series_have_what_they_can_have() {
    let table = |counts: Vec<f64>, period| CountTable { first: 0, period: Nanos(period), counts };
    assert!(Fitted::new(&table(vec![0.0; 10], SECOND), &TimeZone::UTC).is_none());
    let one = fitted(&table(vec![5.0], 60 * SECOND));
    close(one.rate, 5.0 / 60.0, 1e-9);
    assert_eq!((one.week.day, &one.week.week, one.burst), ([1.0; 24], &None, None));
    let days = fitted(&table(vec![100.0, 200.0, 300.0], 86_400 * SECOND));
    close(days.measures.mean_rate, 200.0 / 86_400.0, 1e-12);
    let expected: f64 = days.expected(Nanos(86_400 * SECOND)).iter().sum();
    close(expected, 600.0, 1e-6);
}

proptest! {
    #[test]
    fn no_file_makes_the_detection_or_a_fit_panic(
        head in prop::sample::select(vec!["", "t,count\n", "{\"MetricDataResults\":", "HashFunction,1,2\n", "[{", "# Fields"]),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        likely in "([-0-9.:TZe, \"/\\[\\]}\t\n]|9{20}){0,60}",
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        for tail in [bytes, likely.into_bytes()] {
            let path = folder.path().join("any");
            std::fs::write(&path, [head.as_bytes(), &tail].concat()).expect("written");
            if let Ok(material) = read::read(&[("any".to_owned(), path)], &read::Reading::default())
                && let Some(fit) = Fitted::new(&material.table, &TimeZone::UTC)
            {
                prop_assert!(fit.rate.is_finite() && fit.rate >= 0.0);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_series_has_a_fit_of_its_own_total(
        first in -2_000_000_000i128..4_000_000_000,
        period in prop::sample::select(vec![1u64, 7, 60, 300, 3_600, 5_000, 86_400, 1_000_000]),
        counts in prop::collection::vec(prop_oneof![3 => Just(0.0), 6 => 0.0..50.0f64, 1 => 0.0..1e6f64], 1..400),
    ) {
        let table = CountTable { first: first * 1_000_000_000, period: Nanos(period * SECOND), counts };
        let total: f64 = table.counts.iter().sum();
        match Fitted::new(&table, &TimeZone::get("Europe/Berlin").expect("a zone")) {
            None => prop_assert_eq!(total, 0.0),
            Some(fit) => {
                let expected: f64 = fit.expected(fit.period).iter().sum();
                prop_assert!((expected / total - 1.0).abs() < 1e-3, "{} of {}", expected, total);
                prop_assert!(fit.rate.is_finite() && fit.events.len() < 100);
            }
        }
    }
}
