//! Axes: where values lie on a line, and which of them are labelled.
//!
//! The drawing library sees only positions on a linear scale; logarithms, quantiles and the clock are taken here, so
//! that ticks are where a reader expects them.

use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::DateTime;

use crate::units::significant;

/// One axis of a panel.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it measures, with the unit.
    pub title: String,
    /// Position of the lower end.
    pub low: f64,
    /// Position of the upper end, above `low`.
    pub high: f64,
    /// Labelled positions, rising.
    pub ticks: Vec<(f64, String)>,
    /// Whether lines are drawn across the panel at its ticks.
    pub grid: bool,
}

/// Ticks that are aimed at on a linear axis.
const TICKS: f64 = 5.0;

impl Axis {
    /// From zero to at least `high`, ending on a tick.
    pub fn linear(title: &str, high: f64) -> Self {
        let high = if high > 0.0 && high.is_finite() { high } else { 1.0 };
        let step = nice_step(high / TICKS);
        let count = (high / step - 1e-9).ceil().max(1.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most about twice TICKS
        let ticks = (0..=count as u32).map(|n| (f64::from(n) * step, short(f64::from(n) * step)));
        Self { title: title.to_owned(), low: 0.0, high: count * step, ticks: ticks.collect(), grid: true }
    }

    /// From `low` to `high`, values in between where they are: for an axis that need not start at zero.
    pub fn between(title: &str, low: f64, high: f64) -> Self {
        let (low, high) = if high > low { (low, high) } else { (low - 0.5, low + 0.5) };
        let step = nice_step((high - low) / TICKS);
        let first = (low / step).ceil();
        let ticks = (0..20).map(|n| (first + f64::from(n)) * step).take_while(|at| *at <= high * (1.0 + 1e-12));
        let ticks = ticks.map(|at| (at, short(at))).collect();
        Self { title: title.to_owned(), low, high, ticks, grid: true }
    }

    /// Logarithmic between two positive values, which may be widened; positions are common logarithms.
    pub fn logarithmic(title: &str, low: f64, high: f64) -> Self {
        let (low, high) = if high > low * 1.05 { (low, high) } else { (low / 2.0, high * 2.0) };
        let decades = (high / low).log10();
        let steps: &[f64] = if decades > 4.5 {
            &[1.0]
        } else if decades > 1.2 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0]
        };
        #[allow(clippy::cast_possible_truncation)] // exponents of an f64 fit an i32
        let exponents = low.log10().floor() as i32..=high.log10().ceil() as i32;
        let values = exponents.flat_map(|exponent| steps.iter().map(move |step| step * 10f64.powi(exponent)));
        let values = values.filter(|value| (low * 0.999..=high * 1.001).contains(value));
        let ticks = values.map(|value| (value.log10(), short(value))).collect();
        Self { title: title.to_owned(), low: low.log10(), high: high.log10(), ticks, grid: true }
    }

    /// Shares of requests from the median to the 99.9th percentile: every nine takes the same room.
    pub fn quantiles(title: &str) -> Self {
        let shares = [(0.5, "50 %"), (0.75, "75 %"), (0.9, "90 %"), (0.95, "95 %"), (0.99, "99 %"), (0.999, "99.9 %")];
        Self {
            title: title.to_owned(),
            low: quantile_position(0.0),
            high: quantile_position(0.999),
            ticks: std::iter::once((0.0, "0 %"))
                .chain(shares)
                .map(|(q, text)| (quantile_position(q), text.to_owned()))
                .collect(),
            grid: true,
        }
    }

    /// The clock, from `start` (RFC 3339) for `seconds`; without a readable start, elapsed time.
    pub fn clock(start: &str, seconds: f64) -> Self {
        const MINUTE: f64 = 60.0;
        const HOUR: f64 = 60.0 * MINUTE;
        const DAY: f64 = 24.0 * HOUR;
        const STEPS: [f64; 16] = [
            1.0,
            5.0,
            10.0,
            30.0,
            MINUTE,
            5.0 * MINUTE,
            10.0 * MINUTE,
            30.0 * MINUTE,
            HOUR,
            3.0 * HOUR,
            6.0 * HOUR,
            12.0 * HOUR,
            DAY,
            7.0 * DAY,
            30.0 * DAY,
            90.0 * DAY,
        ];
        let seconds = if seconds > 0.0 && seconds.is_finite() { seconds } else { 1.0 };
        let step = STEPS.into_iter().find(|step| seconds / step <= 8.0).unwrap_or(365.0 * DAY);
        let civil = start.get(..19).and_then(|text| DateTime::from_str(text).ok());
        // Ticks fall on whole steps of the wall clock, so the first one may be later than the start.
        let since_midnight = civil
            .map_or(0.0, |at| f64::from(at.hour()) * HOUR + f64::from(at.minute()) * MINUTE + f64::from(at.second()));
        let first = (since_midnight / step).ceil() * step - since_midnight;
        let positions = (0..12).map(|n| first + f64::from(n) * step).take_while(|at| *at <= seconds);
        let ticks =
            positions.map(|at| (at, civil.map_or_else(|| elapsed(at), |civil| clock_label(civil, at, step < DAY))));
        let title = match (civil, start.get(19..)) {
            (Some(_), Some(zone)) if zone == "Z" || zone == "+00:00" => "time (UTC)".to_owned(),
            (Some(_), Some(zone)) => format!("time (UTC{zone})"),
            _ => "time since start".to_owned(),
        };
        Self { title, low: 0.0, high: seconds, ticks: ticks.collect(), grid: false }
    }

    /// Named rows, the first on top.
    pub fn names(names: &[String]) -> Self {
        let count = names.len() as f64;
        let ticks = names.iter().enumerate().map(|(row, name)| (count - 0.5 - row as f64, name.clone()));
        let mut ticks: Vec<_> = ticks.collect();
        ticks.reverse();
        Self { title: String::new(), low: 0.0, high: count, ticks, grid: false }
    }
}

/// Position of a share on [`Axis::quantiles`].
pub fn quantile_position(share: f64) -> f64 {
    -(1.0 - share).max(1e-9).log10()
}

/// 1, 2 or 5 times a power of ten, at least `least`.
fn nice_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let factor = least / power;
    power * [1.0, 2.0, 2.5, 5.0].into_iter().find(|nice| *nice >= factor * (1.0 - 1e-9)).unwrap_or(10.0)
}

/// A tick's number: `250`, `1,500`, `20 k`, `1.5 M`.
pub fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1e9 => format!("{} G", significant(value / 1e9, 4)),
        size if size >= 1e6 => format!("{} M", significant(value / 1e6, 4)),
        size if size >= 1e4 => format!("{} k", significant(value / 1e3, 4)),
        _ => significant(value, 4),
    }
}

fn elapsed(seconds: f64) -> String {
    crate::units::Nanos::from_seconds(seconds).to_string()
}

/// The day, or the time of day; midnight shows the day.
fn clock_label(start: DateTime, seconds: f64, within_day: bool) -> String {
    #[allow(clippy::cast_possible_truncation)] // ticks are whole seconds of a run
    let Ok(at) = start.checked_add((seconds.round() as i64).seconds()) else {
        return elapsed(seconds);
    };
    let midnight = at.hour() == 0 && at.minute() == 0 && at.second() == 0;
    match (within_day && !midnight, at.second()) {
        (true, 0) => at.strftime("%H:%M").to_string(),
        (true, _) => at.strftime("%H:%M:%S").to_string(),
        (false, _) => at.strftime("%-d %b").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn linear_axes_end_on_a_round_number() {
        assert_eq!(labels(&Axis::linear("", 437.0)), ["0", "100", "200", "300", "400", "500"]);
        assert_eq!(labels(&Axis::linear("", 0.0)), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(labels(&Axis::linear("", f64::NAN)).len(), 6);
    }

    #[test]
    fn logarithmic_axes_have_ticks_however_narrow() {
        assert_eq!(labels(&Axis::logarithmic("", 1.0, 1e6)).len(), 7);
        assert!(labels(&Axis::logarithmic("", 12.0, 80.0)).len() >= 3);
        assert!(!labels(&Axis::logarithmic("", 5.0, 5.0)).is_empty());
    }

    #[test]
    fn clocks_show_days_and_hours() {
        let week = Axis::clock("2026-01-05T00:00:00+01:00", 7.0 * 86_400.0);
        assert_eq!(week.title, "time (UTC+01:00)");
        assert_eq!(labels(&week)[..2], ["5 Jan", "6 Jan"]);
        assert_eq!(labels(&Axis::clock("2026-01-05T01:30:00Z", 10.0 * 3600.0)), ["03:00", "06:00", "09:00"]);
        assert_eq!(labels(&Axis::clock("", 7200.0))[..2], ["0s", "30m"]);
    }
}
