//! Outages and hours that stand out.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rand_distr::{Distribution as _, StandardNormal};

use super::Fitted;
use super::hours::Hour;
use super::week::{median, midnight};
use crate::kernel::distribution::{Distribution, Law};
use crate::kernel::streams::stream;
use crate::traffic::clock::Clock;
use crate::traffic::counts::CountTable;
use crate::traffic::event::{Event, Rise};
use crate::units::Nanos;

/// Bins without requests where many were to be expected, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    pub from: i128,
    pub until: i128,
}

/// So many requests must be missing: by chance once in e^30 times.
const MISSED: f64 = 30.0;
/// And it must last this long, in nanoseconds: shorter silences are part of bursts.
const SILENCE: u64 = 600 * Nanos::SECOND.0;
/// More of them are a habit of the traffic and no outages.
const MOST_OUTAGES: usize = 20;
/// An hour stands out by so many standard deviations: the 99.9th percentile of a normal law.
const STANDS_OUT: f64 = 3.09;
/// And by at least this share.
const LEAST: f64 = 0.2;
/// The most events.
const MOST: usize = 40;
/// A largest hour that is this near is the same.
const NEAR: f64 = 0.97;
/// Draws of a series' largest hour.
const DRAWS: usize = 61;
/// An event that changes the rate by less is none.
const PLAIN: f64 = 0.05;
/// Neighbours whose ratios differ by less become one event.
const ALIKE: f64 = 0.15;

/// Runs of empty bins that miss requests, by the means of their hours of the day.
pub(super) fn outages(table: &CountTable, timezone: &TimeZone) -> Vec<Outage> {
    let (mut clock, period) = (Clock::new(timezone.clone(), 1.0), i128::from(table.period.0));
    let mut of_day = |bin: usize| {
        let unix = table.first + bin as i128 * period;
        let hour = (unix + clock.offset(unix)).div_euclid(i128::from(Nanos::HOUR.0)).rem_euclid(24);
        usize::try_from(hour).unwrap_or(0)
    };
    let mut means: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (bin, count) in table.counts.iter().enumerate() {
        let mean = means.entry(of_day(bin)).or_insert((0.0, 0.0));
        mean.0 += count;
        mean.1 += 1.0;
    }
    let (mut outages, mut bin) = (Vec::new(), 0);
    while bin < table.counts.len() {
        let empty = table.counts[bin..].iter().take_while(|count| **count == 0.0).count();
        let expected = |bin: usize| means.get(&of_day(bin)).map_or(0.0, |(sum, bins)| sum / bins);
        let long = empty as u64 * table.period.0 >= SILENCE;
        if long && (bin..bin + empty).map(expected).sum::<f64>() > MISSED {
            let at = |bin: usize| table.first + bin as i128 * period;
            outages.push(Outage { from: at(bin), until: at(bin + empty) });
        }
        bin += empty + 1;
    }
    if outages.len() > MOST_OUTAGES {
        outages.clear();
    }
    outages
}

/// An outage as an event.
pub(super) fn silence(outage: &Outage) -> Option<Event> {
    let hold = Nanos(u64::try_from(outage.until - outage.from).ok()?);
    event("outage", outage.from, 0.0, hold)
}

fn event(name: &str, at: i128, multiplier: f64, hold: Nanos) -> Option<Event> {
    let at = jiff::Timestamp::from_nanosecond(at).ok()?;
    Some(Event { name: name.to_owned(), at, multiplier, rise: Rise::Instant, hold, half_life: None })
}

/// An hour with what the model expects of it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    hour: Hour,
    expected: f64,
    /// Whether it stands out.
    out: bool,
}

/// Hours beyond what days, hours and bursts explain, the largest deviations first; neighbours that are alike are one event.
pub(super) fn outstanding(hours: &[Hour], fitted: &Fitted) -> Vec<Event> {
    let mut seen: Vec<Seen> =
        hours.iter().map(|hour| Seen { hour: *hour, expected: expected(hour, fitted), out: false }).collect();
    let usable = |seen: &Seen| seen.expected >= 5.0 && seen.hour.seconds >= 1_800.0;
    let deviations = seen.iter().filter(|seen| usable(seen)).map(|seen| (seen.ratio() - 1.0).abs());
    let robust = 1.4826 * median(deviations.collect()).unwrap_or(0.0);
    let mut order: Vec<usize> = (0..seen.len())
        .filter(|index| {
            let seen = &seen[*index];
            let noise = (noise(fitted, seen.hour.seconds) + 1.0 / seen.expected).sqrt().max(robust);
            usable(seen) && (seen.ratio() - 1.0).abs() > LEAST.max(STANDS_OUT * noise)
        })
        .collect();
    let missed = |index: &usize| (seen[*index].hour.count - seen[*index].expected).abs();
    order.sort_by(|one, other| missed(other).total_cmp(&missed(one)));
    order.truncate(MOST);
    for index in order {
        seen[index].out = true;
    }
    let part = match_peak(&mut seen, fitted);
    let mut events: Vec<(i128, i128, f64, f64)> = Vec::new();
    for seen in seen.iter().filter(|seen| seen.out) {
        let ratio = seen.multiplier(part);
        #[allow(clippy::cast_possible_truncation)] // seconds of an hour
        let (from, until) = (seen.hour.first, seen.hour.first + (seen.hour.seconds * 1e9) as i128);
        match events.last_mut().filter(|(_, end, known, _)| *end == from && (ratio / *known - 1.0).abs() <= ALIKE) {
            Some((_, end, known, weight)) => {
                *known = (*known * *weight + ratio * seen.expected) / (*weight + seen.expected);
                *weight += seen.expected;
                *end = until;
            }
            None => events.push((from, until, ratio, seen.expected)),
        }
    }
    // What is left of a small excess by noise is none.
    events.retain(|(_, _, ratio, _)| (ratio - 1.0).abs() > PLAIN);
    let named = |(from, until, ratio, _): (i128, i128, f64, f64)| {
        event(if ratio > 1.0 { "peak" } else { "dip" }, from, ratio, Nanos(u64::try_from(until - from).ok()?))
    };
    events.into_iter().filter_map(named).collect()
}

/// What week and calendar expect of an hour.
fn expected(hour: &Hour, fitted: &Fitted) -> f64 {
    let covers = |range: &&crate::traffic::open::CalendarRange| {
        (midnight(range.from)..midnight(range.to) + 24).contains(&hour.number)
    };
    let factor: f64 = fitted.calendar.iter().filter(covers).map(|range| range.factor).product();
    let week = fitted.week.profile().hours()[usize::try_from((hour.number + 72).rem_euclid(168)).unwrap_or(0)];
    fitted.rate * week * factor * hour.seconds
}

/// Squared deviation of an hour's mean rate by bursts and clusters alone, times nothing but its own expectation.
fn noise(fitted: &Fitted, seconds: f64) -> f64 {
    fitted.burst.map_or(0.0, |burst| burst.cv * burst.cv * (burst.window.seconds() / seconds).min(1.0))
}

/// Makes sure that the model's largest hour is that of the series, in the median of many draws. As long as it is smaller,
/// the largest hour that is no event yet becomes one; then the rest of a peak's excess is noise, which the model brings
/// anyway: this gives the share that is the event's own.
fn match_peak(seen: &mut [Seen], fitted: &Fitted) -> f64 {
    let whole = |seen: &Seen| seen.hour.seconds >= 3_599.0;
    let measures = &fitted.measures;
    let Some(scale) = measures.at(Nanos::HOUR) else { return 1.0 };
    let peak = scale.peak_to_mean * measures.mean_rate * 3_600.0;
    let law = Distribution::new(Law::Gamma { mean: 1.0, cv: noise(fitted, 3_600.0).sqrt() });
    // The hours of the series need not be those of the clock: this much of each lies in the next one of the clock.
    let next = f64::from(fitted.start.minute()) / 60.0;
    let largest = |seen: &[Seen], share: f64| {
        let mut draws = stream(0, "fit", "peaks", 0);
        let mixed = seen.windows(2).map(|pair| pair[0].level(share) * (1.0 - next) + pair[1].level(share) * next);
        let levels: Vec<f64> = mixed.collect();
        let drawn = (0..DRAWS).map(|_| {
            let hours = levels.iter().map(|level| {
                let chance: f64 = StandardNormal.sample(&mut draws);
                level * law.draw(&mut draws) + level.sqrt() * chance
            });
            hours.fold(0.0, f64::max)
        });
        median(drawn.collect()).unwrap_or(0.0)
    };
    let mut order: Vec<usize> =
        (0..seen.len()).filter(|index| whole(&seen[*index]) && seen[*index].ratio() > 1.0).collect();
    order.sort_by(|one, other| seen[*other].hour.count.total_cmp(&seen[*one].hour.count));
    for index in order.into_iter().take(MOST / 4) {
        if largest(seen, 1.0) >= NEAR * peak {
            break;
        }
        seen[index].out = true;
    }
    let (mut low, mut high) = (0.0, 1.0);
    if largest(seen, high) <= peak {
        return 1.0;
    }
    for _ in 0..12 {
        let middle = f64::midpoint(low, high);
        if largest(seen, middle) > peak { high = middle } else { low = middle }
    }
    low
}

impl Seen {
    fn ratio(&self) -> f64 {
        self.hour.count / self.expected
    }

    /// What the multiplier of its event is when so much of a peak's excess is its own.
    fn multiplier(&self, share: f64) -> f64 {
        let ratio = self.ratio();
        if ratio > 1.0 { 1.0 + (ratio - 1.0) * share } else { ratio }
    }

    /// Expected requests, its event included.
    fn level(&self, share: f64) -> f64 {
        if self.out { self.expected * self.multiplier(share) } else { self.expected }
    }
}
