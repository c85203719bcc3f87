//! Scalars of one replication, and their means and intervals over all.

use std::collections::BTreeMap;

use super::result::{Interval, Intervals};
use crate::kernel::estimate::{Estimate, mean_interval, paired};
use crate::kernel::histogram::{Histogram, half_width};

/// A scalar of each replication, in order; `None` where it has no data.
pub(super) type Samples = Vec<Option<f64>>;

/// The mean of samples.
pub(super) fn mean(samples: &Samples) -> Option<f64> {
    mean_interval(samples).map(|estimate| estimate.mean)
}

/// An interval as results have it.
pub(super) fn interval(estimate: Estimate) -> Option<Interval> {
    estimate.ci95.map(|(low, high)| Interval { low, high })
}

/// The same for a quantity that is never negative, and for a share at most 1: Student's interval of few replications
/// may reach beyond what is possible. A share of what was asked for (pods use more CPU than they request) may exceed 1.
pub(super) fn possible(estimate: Estimate, is_share: bool) -> Option<Interval> {
    let most = if is_share && estimate.mean <= 1.0 { 1.0 } else { f64::MAX };
    interval(estimate).map(|ci95| Interval { low: ci95.low.max(0.0), high: ci95.high.min(most) })
}

/// The keys of results that are shares.
const SHARES: [&str; 8] = [
    "fraction",
    "share_waiting",
    "utilization",
    "cpu_utilization",
    "requested_share",
    "used_share",
    "reached_share",
    "waiting_share",
];

/// Intervals of several estimates by key, none of them ever negative; `None` where no estimate has one.
pub(super) fn intervals<'k>(entries: impl IntoIterator<Item = (&'k str, Option<Estimate>)>) -> Intervals {
    collected(entries, |key, estimate| possible(estimate, SHARES.contains(&key)))
}

/// The same of differences, which may be negative.
pub(super) fn intervals_either_side<'k>(entries: impl IntoIterator<Item = (&'k str, Option<Estimate>)>) -> Intervals {
    collected(entries, |_, estimate| interval(estimate))
}

fn collected<'k>(
    entries: impl IntoIterator<Item = (&'k str, Option<Estimate>)>,
    of: impl Fn(&str, Estimate) -> Option<Interval>,
) -> Intervals {
    let found: BTreeMap<String, Interval> =
        entries.into_iter().filter_map(|(key, estimate)| Some((key.to_owned(), of(key, estimate?)?))).collect();
    (!found.is_empty()).then_some(found)
}

/// The percentiles that results have.
pub(super) const PERCENTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)];

/// One scalar of each replication, known to half the width of a histogram's bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Bucketed {
    pub samples: Samples,
    /// The largest half-width among the samples.
    pub half_width: f64,
}

impl Bucketed {
    /// The mean, its interval never narrower than the bucket: replications that fall into one bucket agree on nothing
    /// finer. Where they fall into several, the error within a bucket is part of their spread.
    pub fn estimate(&self) -> Option<Estimate> {
        mean_interval(&self.samples).map(|estimate| widened(estimate, self.half_width))
    }

    /// The mean difference to another of the same replications; the errors within the buckets of both add up.
    pub fn difference(&self, other: &Self) -> Option<Estimate> {
        paired(&self.samples, &other.samples).map(|estimate| widened(estimate, self.half_width + other.half_width))
    }
}

fn widened(estimate: Estimate, half_width: f64) -> Estimate {
    let (low, high) = (estimate.mean - half_width, estimate.mean + half_width);
    Estimate { ci95: estimate.ci95.map(|ci95| (ci95.0.min(low), ci95.1.max(high))), ..estimate }
}

/// Mean and percentiles of a latency, in milliseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread {
    pub mean: Samples,
    percentiles: [Bucketed; PERCENTILES.len()],
    /// Largest over all replications.
    pub max: Option<f64>,
}

impl Spread {
    /// Adds one replication.
    pub fn add(&mut self, histogram: &Histogram) {
        let millis = |nanoseconds: f64| nanoseconds / 1e6;
        self.mean.push(histogram.mean().map(millis));
        for ((_, p), percentile) in PERCENTILES.iter().zip(&mut self.percentiles) {
            let found = histogram.quantile(*p);
            percentile.samples.push(found.map(|value| millis(value as f64)));
            let half = found.map_or(0.0, |value| millis(half_width(value) as f64));
            percentile.half_width = percentile.half_width.max(half);
        }
        if let Some(max) = histogram.max() {
            self.max = Some(self.max.unwrap_or(0.0).max(millis(max as f64)));
        }
    }

    /// A percentile by its key.
    pub fn of(&self, key: &str) -> Option<&Bucketed> {
        PERCENTILES.iter().position(|(name, _)| *name == key).map(|index| &self.percentiles[index])
    }

    /// Keys and estimates of everything that is estimated.
    pub fn estimates(&self) -> impl Iterator<Item = (&'static str, Option<Estimate>)> {
        let percentiles = PERCENTILES.iter().zip(&self.percentiles).map(|((key, _), found)| (*key, found.estimate()));
        std::iter::once(("mean", mean_interval(&self.mean))).chain(percentiles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three replications of one value each, in nanoseconds.
    fn p99(values: [u64; 3]) -> Bucketed {
        let mut spread = Spread::default();
        for value in values {
            let mut histogram = Histogram::new();
            histogram.record_n(value, 1_000);
            // The largest value is known exactly: it must not be the percentile.
            histogram.record(value * 2);
            spread.add(&histogram);
        }
        spread.of("p99").unwrap().clone()
    }

    #[test]
    fn an_interval_is_never_narrower_than_the_bucket() {
        // Buckets of 2^20 ns from 134 ms to 268 ms: these three share one.
        let same = p99([261_200_000, 261_600_000, 262_100_000]).estimate().unwrap();
        let (low, high) = same.ci95.unwrap();
        assert!((high - low - 1.048_576).abs() < 1e-9, "{low} {high}");
        assert!(low <= 261.2 && 262.1 <= high, "{low} {high}");
        let apart = p99([200_000_000, 230_000_000, 262_000_000]);
        assert_eq!(apart.estimate(), mean_interval(&apart.samples), "its spread says it all");
    }

    #[test]
    fn the_buckets_of_both_blur_a_difference() {
        let (a, b) = (p99([262_000_000; 3]), p99([100_000_000; 3]));
        let (low, high) = a.difference(&b).unwrap().ci95.unwrap();
        assert!((high - low - 1.5 * 1.048_576).abs() < 1e-9, "{low} {high}");
        assert!(low <= 162.0 && 162.0 <= high, "{low} {high}");
    }

    #[test]
    fn what_is_possible_holds_the_mean() {
        let of = |mean, is_share| possible(Estimate { mean, ci95: Some((mean - 2.0, mean + 2.0)), n: 2 }, is_share);
        assert_eq!(of(0.5, true), Some(Interval { low: 0.0, high: 1.0 }));
        assert_eq!(of(4.0, true), Some(Interval { low: 2.0, high: 6.0 }));
        assert_eq!(of(0.5, false), Some(Interval { low: 0.0, high: 2.5 }));
    }

    #[test]
    fn no_wait_is_exactly_no_wait() {
        assert_eq!(p99([0; 3]).estimate().unwrap().ci95, Some((0.0, 0.0)));
    }
}
