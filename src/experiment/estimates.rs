//! Scalars of one replication, and their means and intervals over all.

use std::collections::BTreeMap;

use super::result::{Interval, Intervals};
use crate::kernel::estimate::{Estimate, mean_interval};
use crate::kernel::histogram::Histogram;

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
/// may reach beyond what is possible.
pub(super) fn possible(estimate: Estimate, is_share: bool) -> Option<Interval> {
    let most = if is_share { 1.0 } else { f64::MAX };
    interval(estimate).map(|ci95| Interval { low: ci95.low.max(0.0), high: ci95.high.min(most) })
}

/// The keys of results that are shares.
const SHARES: [&str; 6] =
    ["fraction", "share_waiting", "utilization", "cpu_utilization", "requested_share", "used_share"];

/// Intervals of several scalars by key, none of them ever negative; `None` where no scalar has one.
pub(super) fn intervals<'k, 's>(entries: impl IntoIterator<Item = (&'k str, &'s Samples)>) -> Intervals {
    let found: BTreeMap<String, Interval> = entries
        .into_iter()
        .filter_map(|(key, samples)| Some((key.to_owned(), possible(mean_interval(samples)?, SHARES.contains(&key))?)))
        .collect();
    (!found.is_empty()).then_some(found)
}

/// The percentiles that results have.
pub(super) const PERCENTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)];

/// Mean and percentiles of a latency, in milliseconds, one sample per replication.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread {
    pub mean: Samples,
    pub percentiles: [Samples; PERCENTILES.len()],
    /// Largest over all replications.
    pub max: Option<f64>,
}

impl Spread {
    /// Adds one replication.
    pub fn add(&mut self, histogram: &Histogram) {
        let millis = |nanoseconds: f64| nanoseconds / 1e6;
        self.mean.push(histogram.mean().map(millis));
        for ((_, p), samples) in PERCENTILES.iter().zip(&mut self.percentiles) {
            samples.push(histogram.quantile(*p).map(|value| millis(value as f64)));
        }
        if let Some(max) = histogram.max() {
            self.max = Some(self.max.unwrap_or(0.0).max(millis(max as f64)));
        }
    }

    /// The samples of a percentile by its key.
    pub fn of(&self, key: &str) -> Option<&Samples> {
        PERCENTILES.iter().position(|(name, _)| *name == key).map(|index| &self.percentiles[index])
    }

    /// Keys and samples of everything that is estimated.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, &Samples)> {
        let percentiles = PERCENTILES.iter().zip(&self.percentiles).map(|((key, _), samples)| (*key, samples));
        std::iter::once(("mean", &self.mean)).chain(percentiles)
    }
}
