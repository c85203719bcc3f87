//! The rate function: zones, calendar, events, growth, peak and the forecast.

use super::*;
use crate::traffic::event::{Event, Rise};

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a zone")
}

/// A profile with traffic in one local hour only.
fn only_at(hour: usize, timezone: &str) -> Open {
    let mut day = [0.0; 24];
    day[hour] = 1.0;
    Open {
        profile: Profile::weekly(&day, None, None, Interpolation::Step).expect("valid"),
        audience: vec![Audience { timezone: zone(timezone), weight: 1.0 }],
        ..Open::constant(1.0)
    }
}

fn on(year: i16, month: i8, day: i8, source: Open) -> Traffic {
    let mut traffic = traffic(vec![open(source)], 86_400);
    traffic.start = date(year, month, day).to_zoned(TimeZone::UTC).expect("a day");
    traffic
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} is not {expected}");
}

#[test]
fn daylight_saving_skips_an_hour_and_repeats_one() {
    // 02 h local does not exist on 2026-03-29 in Berlin, and exists twice on 2026-10-25.
    let day = |month, day| on(2026, month, day, only_at(2, "Europe/Berlin")).forecast().requests;
    close(day(3, 28), 24.0 * 3600.0);
    close(day(3, 29), 0.0);
    close(day(10, 24), 24.0 * 3600.0);
    close(day(10, 25), 48.0 * 3600.0);
    let requests = requests(&on(2026, 10, 25, only_at(2, "Europe/Berlin")), 0);
    assert!(!requests.is_empty() && requests.iter().all(|request| request.at < 2 * HOUR));
    let summer = self::requests(&on(2026, 7, 1, only_at(10, "Europe/Berlin")), 0);
    assert!(summer.iter().all(|request| (8 * HOUR..9 * HOUR).contains(&request.at)));
}

#[test]
fn each_audience_reads_the_profile_by_its_own_clock() {
    let mut source = only_at(12, "UTC");
    source.audience = vec![
        Audience { timezone: zone("Asia/Kolkata"), weight: 1.0 },
        Audience { timezone: zone("America/New_York"), weight: 3.0 },
    ];
    let counts = histogram(&requests(&on(2026, 1, 5, source.clone()), 0), HOUR / 2, 48);
    // Noon is 06:30 to 07:30 UTC in Kolkata and 17:00 to 18:00 UTC in New York.
    let busy: Vec<usize> = (0..48).filter(|half| counts[*half] > 0.0).collect();
    assert_eq!(busy, [13, 14, 34, 35]);
    let share = (counts[34] + counts[35]) / counts.iter().sum::<f64>();
    assert!((share - 0.75).abs() < 0.01, "{share}");
    let peak = Open { level: Level::Peak(8.0), ..source };
    close(on(2026, 1, 5, peak).forecast().requests, 8.0 * 3600.0 * 4.0 / 3.0);
}

#[test]
fn a_mean_is_over_a_plain_week_and_a_peak_is_the_largest_hour() {
    let mut week = traffic(vec![open(daily(7.0, Interpolation::Step))], 7 * 86_400);
    close(week.forecast().mean_rate, 7.0);
    week.sources = vec![open(daily(7.0, Interpolation::Linear))];
    close(week.forecast().mean_rate, 7.0);
    let peak = Open { level: Level::Peak(39.0), ..daily(0.0, Interpolation::Step) };
    let mut hour = traffic(vec![open(peak)], 3600);
    hour.start = date(2026, 1, 7).at(19, 0, 0, 0).to_zoned(TimeZone::UTC).expect("an hour");
    close(hour.forecast().mean_rate, 39.0);
}

#[test]
fn calendar_and_events_change_no_other_hour() {
    let plain = daily(5.0, Interpolation::Step);
    let start = date(2026, 1, 5).to_zoned(TimeZone::UTC).expect("a day").timestamp();
    let at = start + jiff::SignedDuration::from_mins(3 * 1440 + 615);
    let event = Event {
        name: "launch".to_owned(),
        at,
        multiplier: 6.0,
        rise: Rise::Ramp(Nanos(HOUR / 12)),
        hold: Nanos(HOUR / 3),
        half_life: Some(Nanos(30 * SECOND)),
    };
    let holiday =
        CalendarRange { name: "holiday".to_owned(), from: date(2026, 1, 6), to: date(2026, 1, 7), factor: 0.25 };
    let changed = Open { events: vec![event], calendar: vec![holiday], ..plain.clone() };
    let before = requests(&traffic(vec![open(plain)], 5 * 86_400), 0);
    let after = requests(&traffic(vec![open(changed.clone())], 5 * 86_400), 0);
    let day = 24 * HOUR;
    let quiet = |request: &&Request| (day..3 * day).contains(&request.at);
    let launch = |request: &&Request| (3 * day + 10 * HOUR..3 * day + 11 * HOUR).contains(&request.at);
    let others = |all: &[Request]| -> Vec<Request> {
        all.iter().filter(|request| !quiet(request) && !launch(request)).copied().collect()
    };
    assert_eq!(others(&before), others(&after));
    let ratio = |part: &dyn Fn(&&Request) -> bool| {
        after.iter().filter(part).count() as f64 / before.iter().filter(part).count() as f64
    };
    assert!((ratio(&quiet) - 0.25).abs() < 0.01, "{}", ratio(&quiet));
    // 5 minutes of ramp (mean excess 2.5), 20 of hold (5), then 5 * 30 s / ln 2 of decay, in an hour of 60 minutes.
    let excess = (5.0 * 2.5 + 20.0 * 5.0 + 5.0 * 0.5 / std::f64::consts::LN_2) / 60.0;
    assert!((ratio(&launch) / (1.0 + excess) - 1.0).abs() < 0.03, "{}", ratio(&launch));
    let mut forecast = traffic(vec![open(changed)], 3600);
    forecast.start = (start + jiff::SignedDuration::from_hours(3 * 24 + 10)).to_zoned(TimeZone::UTC);
    let plain_hour = 5.0 * daily(5.0, Interpolation::Step).profile.hours()[10];
    assert!((forecast.forecast().mean_rate / plain_hour / (1.0 + excess) - 1.0).abs() < 1e-5);
}

#[test]
fn growth_is_compound_per_year() {
    let source = Open { growth: 0.2, ..Open::constant(1.0) };
    let years = |n: u64| traffic(vec![open(source.clone())], n * 365 * 86_400).forecast().requests;
    // The integral of 1.2^t is (1.2^n - 1) / ln 1.2.
    let expected = (1.2f64.powi(3) - 1.0) / 1.2f64.ln() * 365.0 * 86_400.0;
    assert!((years(3) / expected - 1.0).abs() < 1e-6);
}

#[test]
fn stages_hold_their_last_target() {
    let stages = vec![
        Stage { span: Nanos(100 * SECOND), target: 50.0 },
        Stage { span: Nanos(0), target: 10.0 },
        Stage { span: Nanos(100 * SECOND), target: 10.0 },
    ];
    let source = Open { level: Level::Stages { from: 0.0, stages }, ..Open::constant(0.0) };
    let mut traffic = traffic(vec![open(source)], 1000);
    let forecast = traffic.forecast();
    close(forecast.requests, 2500.0 + 9000.0);
    close(forecast.first_rate, 0.0);
    traffic.warmup = Nanos(50 * SECOND);
    close(traffic.forecast().requests, 11_500.0);
    assert!(requests(&traffic, 0).iter().all(|request| request.at >= 50 * SECOND));
}

#[test]
fn the_forecast_is_the_mean_of_plays() {
    let burst = Some(Burst { cv: 0.3, window: Nanos(60 * SECOND) });
    let source = Open { burst, growth: 3.0, ..daily(2.0, Interpolation::Linear) };
    let mut traffic = traffic(vec![open(source)], 86_400);
    traffic.warmup = Nanos(HOUR);
    traffic.uncertainty.level_cv = 0.1;
    let forecast = traffic.forecast();
    let counts: Vec<f64> = (0..40)
        .map(|replication| requests(&traffic, replication).iter().filter(|r| r.at >= HOUR).count() as f64)
        .collect();
    let (mean, variance) = mean_and_variance(&counts);
    assert!((mean - forecast.requests).abs() < 5.0 * (variance / 40.0).sqrt(), "{mean} {}", forecast.requests);
    let cv = variance.sqrt() / mean;
    assert!((0.06..0.15).contains(&cv), "{cv}");
}

#[test]
fn huge_horizons_and_rates_are_forecast_at_once() {
    let century = traffic(vec![open(daily(1e12, Interpolation::Step))], 100 * 364 * 86_400);
    close(century.forecast().mean_rate / 1e12, 1.0);
}
