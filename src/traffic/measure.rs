//! What a series of arrivals looks like at several scales: mean, peaks, dispersion, and the hours of a week.
//!
//! Played requests and counts of files are measured alike, so that a fit can be compared with its data. Memory does not
//! grow with the number of requests.

use jiff::tz::TimeZone;

use super::clock::Clock;
use super::counts::CountTable;
use crate::units::Nanos;

/// The scales: one second, one minute, one hour.
pub const SCALES: [Nanos; 3] = [Nanos::SECOND, Nanos(60 * Nanos::SECOND.0), Nanos::HOUR];

/// Figures at one scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Length of a bin.
    pub width: Nanos,
    /// The largest bin over the mean one.
    pub peak_to_mean: f64,
    /// Variance over mean of the counts per bin, over the whole.
    pub dispersion: f64,
}

/// Figures of a series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measures {
    /// Requests.
    pub requests: f64,
    /// Requests per second.
    pub mean_rate: f64,
    /// At each of [`SCALES`] that the series resolves, and at its own bins, where it covers two whole ones.
    pub scales: Vec<Scale>,
    /// Mean requests per second by hour of the week on a wall clock, Monday 00 h first; `None` where it covers less than
    /// half of an hour.
    pub week: Vec<Option<f64>>,
}

impl Measures {
    /// The figures of counts of a file, by the wall clock of `timezone`.
    #[must_use]
    pub fn of(table: &CountTable, timezone: &TimeZone) -> Self {
        let mut gauge = Gauge::new(table.first, table.span(), table.period, timezone);
        for (bin, count) in (0u64..).zip(&table.counts) {
            gauge.add(bin * table.period.0, *count);
        }
        gauge.finish()
    }

    /// The figures at the scale of this width.
    #[must_use]
    pub fn at(&self, width: Nanos) -> Option<Scale> {
        self.scales.iter().find(|scale| scale.width == width).copied()
    }
}

/// Bins of one width, the one in progress and the sums of those before.
#[derive(Clone, Debug)]
struct Bins {
    width: u64,
    whole: u64,
    index: u64,
    count: f64,
    sum: f64,
    squares: f64,
    peak: f64,
}

impl Bins {
    fn add(&mut self, index: u64, count: f64) {
        if index != self.index {
            self.close();
            self.index = index;
        }
        self.count += count;
    }

    fn close(&mut self) {
        let count = std::mem::take(&mut self.count);
        if self.index < self.whole {
            self.sum += count;
            self.squares += count * count;
            self.peak = self.peak.max(count);
        }
    }

    fn finish(mut self) -> Option<Scale> {
        self.close();
        let bins = self.whole as f64;
        let mean = self.sum / bins;
        (self.whole >= 2 && mean > 0.0).then(|| Scale {
            width: Nanos(self.width),
            peak_to_mean: self.peak / mean,
            dispersion: ((self.squares - self.sum * mean) / (bins - 1.0)).max(0.0) / mean,
        })
    }
}

/// Takes a series in the order of time.
#[derive(Clone, Debug)]
pub struct Gauge {
    first: i128,
    span: Nanos,
    period: u64,
    requests: f64,
    scales: Vec<Bins>,
    clock: Clock,
    /// Counts and nanoseconds by hour of the week.
    hours: Vec<(f64, f64)>,
    /// The hour in progress: where it ends after the first instant, and which one it is.
    hour: (u64, usize),
}

impl Gauge {
    /// Measures `span` from `first`, in nanoseconds since 1970, of a series that resolves `period`.
    #[must_use]
    pub fn new(first: i128, span: Nanos, period: Nanos, timezone: &TimeZone) -> Self {
        let mut widths: Vec<u64> = SCALES.iter().map(|width| width.0).chain([period.0.max(SCALES[0].0)]).collect();
        widths.sort_unstable();
        widths.dedup();
        let resolved = widths.into_iter().filter(|width| width % period.0.max(1) == 0);
        let scales = resolved.map(|width| Bins {
            width,
            whole: span.0 / width,
            index: 0,
            count: 0.0,
            sum: 0.0,
            squares: 0.0,
            peak: 0.0,
        });
        let mut gauge = Self {
            first,
            span,
            period: period.0.max(1),
            requests: 0.0,
            scales: scales.collect(),
            clock: Clock::new(timezone.clone(), 1.0),
            hours: vec![(0.0, 0.0); 168],
            hour: (0, 0),
        };
        let mut at = 0;
        while at < span.0 {
            let (end, hour) = gauge.hour_at(at);
            gauge.hours[hour].1 += (end.min(span.0) - at) as f64;
            at = end;
        }
        gauge
    }

    /// When the hour around `after` ends, and which one of the week it is.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // an hour of a week
    fn hour_at(&mut self, after: u64) -> (u64, usize) {
        const HOUR: i128 = Nanos::HOUR.0 as i128;
        let unix = self.first + i128::from(after);
        let local = unix + self.clock.offset(unix);
        let left = (HOUR - local.rem_euclid(HOUR)) as u64;
        // The first day of 1970 was a Thursday.
        let hour = (local.div_euclid(HOUR) + 72).rem_euclid(168) as usize;
        (after + left, hour)
    }

    /// `count` requests in the bin that begins `after` the first instant.
    pub fn add(&mut self, after: u64, count: f64) {
        self.requests += count;
        for bins in &mut self.scales {
            bins.add(after / bins.width, count);
        }
        let (mut at, end) = (after, after + self.period);
        // A bin may reach over several hours.
        loop {
            if at >= self.hour.0 || self.hour.0 > at + Nanos::HOUR.0 {
                self.hour = self.hour_at(at);
            }
            let until = self.hour.0.min(end);
            self.hours[self.hour.1].0 += count * ((until - at) as f64 / self.period as f64);
            at = until;
            if at >= end {
                return;
            }
        }
    }

    /// One request `after` the first instant.
    pub fn arrive(&mut self, after: u64) {
        self.add(after - after % self.period, 1.0);
    }

    /// The figures.
    #[must_use]
    pub fn finish(self) -> Measures {
        let seconds = self.span.seconds();
        let rate = |&(count, nanos): &(f64, f64)| {
            (nanos >= Nanos::HOUR.0 as f64 / 2.0).then(|| count / nanos * Nanos::SECOND.0 as f64)
        };
        Measures {
            requests: self.requests,
            mean_rate: if seconds > 0.0 { self.requests / seconds } else { 0.0 },
            scales: self.scales.into_iter().filter_map(Bins::finish).collect(),
            week: self.hours.iter().map(rate).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = Nanos::SECOND.0;
    /// A Monday, 00 h UTC.
    const MONDAY: i128 = 1_767_571_200_000_000_000;

    #[test]
    fn figures_by_hand() {
        let counts: Vec<f64> = (0..120).map(|minute| if minute < 60 { 1.0 } else { 3.0 }).collect();
        let table = CountTable { first: MONDAY, period: Nanos(60 * SECOND), counts };
        let found = Measures::of(&table, &TimeZone::UTC);
        assert_eq!((found.requests, found.mean_rate), (240.0, 240.0 / 7200.0));
        assert_eq!(found.at(Nanos::SECOND), None, "minutes do not say what seconds had");
        let minute = found.at(Nanos(60 * SECOND)).expect("resolved");
        assert_eq!(minute.peak_to_mean, 1.5);
        assert!((minute.dispersion - 120.0 / 119.0 / 2.0).abs() < 1e-12);
        let hour = found.at(Nanos::HOUR).expect("resolved");
        assert_eq!((hour.peak_to_mean, hour.dispersion), (1.5, 60.0));
        assert_eq!(found.week[..3], [Some(60.0 / 3600.0), Some(180.0 / 3600.0), None]);
    }

    #[test]
    fn hours_are_those_of_the_wall_clock_and_long_bins_are_spread_over_them() {
        let table = CountTable { first: MONDAY, period: Nanos(6 * 3600 * SECOND), counts: vec![600.0, 0.0] };
        let found = Measures::of(&table, &TimeZone::get("Asia/Kolkata").expect("a zone"));
        // 00:00 UTC is 05:30 in Kolkata: half an hour of 5, then 6 to 10, then half of 11.
        let busy: Vec<usize> = (0..168).filter(|hour| found.week[*hour].is_some_and(|rate| rate > 0.0)).collect();
        assert_eq!(busy, [5, 6, 7, 8, 9, 10, 11]);
        let total: f64 = (0..168).filter_map(|hour| found.week[hour]).sum();
        assert!((found.week[7].expect("covered") - 600.0 / 6.0 / 3600.0).abs() < 1e-12 && total > 0.0);
    }
}
