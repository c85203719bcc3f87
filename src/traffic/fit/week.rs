//! Hours of the day, days of the week, and the levels of days, fitted in turn to the hours of a series.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, ToSpan};

use super::hours::{Hour, weekday};
use crate::traffic::open::CalendarRange;

/// The shape of a plain week.
#[derive(Clone, Debug, PartialEq)]
pub struct Week {
    /// 24 multipliers of mean 1: of weekdays, or of every day.
    pub day: [f64; 24],
    /// 24 multipliers of mean 1 of Saturday and Sunday, where the series has two such days.
    pub weekend: Option<[f64; 24]>,
    /// The levels of the days, Monday first, of mean 1; where the series has three different ones.
    pub week: Option<[f64; 7]>,
    /// Which hours of the day the series covers.
    pub covered: [bool; 24],
}

/// Rounds of the fit of hours and days in turn; it converges at once for all but a few bins.
const ROUNDS: usize = 8;
/// A day whose level differs by less than this is plain.
const PLAIN: f64 = 0.08;
/// A day with less of it covered, in seconds, has no level of its own.
const LEAST_OF_DAY: f64 = 3.0 * 3_600.0;
/// A series that covers less than this, in seconds, has no hours that could be told apart.
const LEAST: f64 = 3.0 * 3_600.0;
/// An hour that differs from its day by more than this factor is an event.
const FAR: f64 = 1.8;
/// With fewer requests per hour, chance alone does that.
const LEAST_PER_HOUR: f64 = 20.0;
/// The most ranges of days; longer series get coarser ones.
const MOST_RANGES: usize = 60;

impl Week {
    /// The multiplier of an hour, levels of days left out.
    pub(super) fn of_hour(&self, hour: &Hour) -> f64 {
        let table = if weekday(hour.day()) >= 5 { self.weekend.as_ref().unwrap_or(&self.day) } else { &self.day };
        table[hour.of_day()]
    }

    /// The level of a day.
    pub(super) fn of_day(&self, day: i64) -> f64 {
        self.week.map_or(1.0, |week| week[weekday(day)])
    }
}

/// The shape of a week, and the level of each day.
pub(super) fn shape(hours: &[Hour]) -> (Week, BTreeMap<i64, f64>) {
    let mut week = Week { day: [1.0; 24], weekend: None, week: None, covered: [false; 24] };
    for hour in hours {
        week.covered[hour.of_day()] = true;
    }
    let covered: BTreeMap<i64, f64> = hours.iter().fold(BTreeMap::new(), |mut days, hour| {
        *days.entry(hour.day()).or_insert(0.0) += hour.seconds;
        days
    });
    let total: f64 = covered.values().sum();
    let mut levels = levels(hours, &week);
    if total >= LEAST {
        let whole = |weekend: bool| {
            let full = covered.iter().filter(|(day, seconds)| (weekday(**day) >= 5) == weekend && **seconds > 80_000.0);
            full.count() >= 2
        };
        let apart = whole(true) && whole(false);
        for _ in 0..ROUNDS {
            let kind = |weekend: bool| hours.iter().filter(move |hour| (weekday(hour.day()) >= 5) == weekend);
            if apart {
                week.day = table(kind(false), &levels);
                week.weekend = Some(table(kind(true), &levels));
            } else {
                week.day = table(hours.iter(), &levels);
            }
            levels = self::levels(hours, &week);
        }
    }
    let known: Vec<(usize, f64)> = levels
        .iter()
        .filter(|(day, _)| covered.get(day).is_some_and(|seconds| *seconds >= 2.0 * LEAST_OF_DAY))
        .map(|(day, level)| (weekday(*day), *level))
        .collect();
    week.week = days(&known);
    (week, levels)
}

/// The mean rate by hour of the day after division by the level of the day, of mean 1; days on which an hour is far from its
/// median are left out, and hours that are not covered have 1.
fn table<'a>(hours: impl Iterator<Item = &'a Hour>, levels: &BTreeMap<i64, f64>) -> [f64; 24] {
    let mut of_day: [Vec<(f64, f64)>; 24] = std::array::from_fn(|_| Vec::new());
    for hour in hours {
        let weight = hour.seconds * levels.get(&hour.day()).copied().unwrap_or(0.0);
        of_day[hour.of_day()].push((hour.count, weight));
    }
    let rates = of_day.map(|days| (!days.is_empty()).then(|| level(&days)));
    let known: Vec<f64> = rates.iter().copied().flatten().collect();
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    rates.map(|rate| rate.map_or(1.0, |rate| if mean > 0.0 { rate / mean } else { 1.0 }))
}

/// Requests per second of each day after division by the hours' multipliers. Single hours that are far from the day's median
/// are left out, for they are events.
fn levels(hours: &[Hour], week: &Week) -> BTreeMap<i64, f64> {
    let mut days: BTreeMap<i64, Vec<(f64, f64)>> = BTreeMap::new();
    for hour in hours {
        days.entry(hour.day()).or_default().push((hour.count, hour.seconds * week.of_hour(hour)));
    }
    days.into_iter().map(|(day, hours)| (day, level(&hours))).collect()
}

/// Counts over weights of the hours of a day, or of one hour on many days, those that stand out left out.
fn level(hours: &[(f64, f64)]) -> f64 {
    let mean = |hours: &[(f64, f64)]| {
        let (count, weight) = hours.iter().fold((0.0, 0.0), |sum, hour| (sum.0 + hour.0, sum.1 + hour.1));
        if weight > 0.0 { count / weight } else { 0.0 }
    };
    let busy = hours.iter().map(|hour| hour.0).sum::<f64>() >= LEAST_PER_HOUR * hours.len() as f64;
    let ratios = hours.iter().filter(|hour| hour.1 > 0.0).map(|(count, weight)| count / weight);
    let Some(middle) = median(ratios.collect()).filter(|_| busy) else { return mean(hours) };
    let near = |hour: &&(f64, f64)| hour.0 <= FAR * middle * hour.1 && hour.0 * FAR >= middle * hour.1;
    let plain: Vec<(f64, f64)> = hours.iter().filter(near).copied().collect();
    // Where many are far from the median, that is how it is.
    if plain.len() * 4 >= hours.len() * 3 { mean(&plain) } else { mean(hours) }
}

/// The median level of each day of the week, of mean 1; days that are not covered have the median of all.
fn days(known: &[(usize, f64)]) -> Option<[f64; 7]> {
    let of = |weekday: Option<usize>| {
        let fits = known.iter().filter(|(day, level)| weekday.is_none_or(|weekday| weekday == *day) && *level > 0.0);
        median(fits.map(|(_, level)| *level).collect())
    };
    let all = of(None)?;
    let levels: [Option<f64>; 7] = std::array::from_fn(|day| of(Some(day)));
    if levels.iter().flatten().count() < 3 {
        return None;
    }
    let levels = levels.map(|level| level.unwrap_or(all));
    let mean = levels.iter().sum::<f64>() / 7.0;
    Some(levels.map(|level| level / mean))
}

/// The median, the lower one of two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}

/// Ranges of days whose level differs from that of a plain week.
pub(super) fn calendar(hours: &[Hour], week: &Week, levels: &BTreeMap<i64, f64>) -> Vec<CalendarRange> {
    let mut covered: BTreeMap<i64, f64> = BTreeMap::new();
    for hour in hours {
        *covered.entry(hour.day()).or_insert(0.0) += hour.seconds;
    }
    let enough = |day: &i64| covered.get(day).is_some_and(|seconds| *seconds >= LEAST_OF_DAY);
    let relative: Vec<(i64, f64)> = levels
        .iter()
        .filter(|(day, level)| enough(day) && **level > 0.0)
        .map(|(day, level)| (*day, level / week.of_day(*day)))
        .collect();
    let Some(plain) = median(relative.iter().map(|(_, level)| *level).collect()) else { return Vec::new() };
    let factors: Vec<(i64, f64)> = relative.into_iter().map(|(day, level)| (day, level / plain)).collect();
    let mut tolerance = PLAIN;
    loop {
        let ranges = ranges(&factors, tolerance);
        if ranges.len() <= MOST_RANGES || tolerance > 1.0 {
            return ranges;
        }
        tolerance *= 1.3;
    }
}

/// Neighbouring days of like levels in one range, plain ones left out.
fn ranges(factors: &[(i64, f64)], tolerance: f64) -> Vec<CalendarRange> {
    let mut ranges: Vec<(i64, i64, Vec<f64>)> = Vec::new();
    for (day, factor) in factors {
        let like = |(_, last, known): &(i64, i64, Vec<f64>)| {
            let mean = known.iter().sum::<f64>() / known.len() as f64;
            *last == day - 1
                && (factor / mean - 1.0).abs() <= tolerance
                && ((mean - 1.0).abs() <= tolerance) == ((factor - 1.0).abs() <= tolerance)
        };
        match ranges.last_mut().filter(|range| like(range)) {
            Some((_, last, known)) => {
                *last = *day;
                known.push(*factor);
            }
            None => ranges.push((*day, *day, vec![*factor])),
        }
    }
    let dated = |(from, to, known): (i64, i64, Vec<f64>)| {
        let factor = known.iter().sum::<f64>() / known.len() as f64;
        let (from, to) = (civil(from)?, civil(to)?);
        let name = if from == to { from.to_string() } else { format!("{from} to {to}") };
        ((factor - 1.0).abs() > tolerance).then_some(CalendarRange { name, from, to, factor })
    };
    ranges.into_iter().filter_map(dated).collect()
}

/// A day since 1970-01-01.
fn civil(day: i64) -> Option<Date> {
    let days = i32::try_from(day).ok()?;
    date(1970, 1, 1).checked_add(days.days()).ok()
}

/// Hours of a wall clock since 1970 at midnight of a day.
pub(super) fn midnight(day: Date) -> i64 {
    let since: SignedDuration = day.duration_since(date(1970, 1, 1));
    since.as_hours()
}
