//! How deployments do by the objectives, and beside each other.

use serde::{Deserialize, Serialize};

use super::Interval;

/// Met, missed, or not to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Judgement {
    /// All of the interval is on the right side.
    Met,
    /// All of it is on the wrong side.
    Missed,
    /// It is on both.
    Inconclusive,
}

/// One objective, judged.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Verdict {
    /// p50, p90, p95, p99, p999 (milliseconds), availability, `cold_starts` (shares) or `cost_per_month`.
    pub objective: String,
    /// The class it is about; null for all.
    pub class: Option<String>,
    /// Target in the unit of the objective.
    pub target: f64,
    /// What was found.
    pub actual: Option<f64>,
    /// Interval of it.
    pub ci95: Option<Interval>,
    /// The judgement.
    pub verdict: Judgement,
}

/// How the deployments compare.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Comparison {
    /// The first deployment.
    pub baseline: String,
    /// The cheapest; null when none has a bill.
    pub cheapest: Option<String>,
    /// The cheapest that meets every objective; null when none does.
    pub cheapest_meeting_slo: Option<String>,
    /// Paired differences to the baseline.
    pub pairs: Vec<Pair>,
}

/// A difference between two deployments under common random numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Pair {
    /// The deployment.
    pub a: String,
    /// The baseline.
    pub b: String,
    /// `cost_per_month`, p50, p99 or availability.
    pub metric: String,
    /// a - b.
    pub difference: Option<f64>,
    /// Interval of it.
    pub ci95: Option<Interval>,
    /// a / b, of the mean costs; null for other metrics, without two bills, or when the baseline is free.
    pub ratio: Option<f64>,
    /// Interval of it: Fieller's, of paired replications.
    pub ratio_ci95: Option<Interval>,
    /// lower, higher or inconclusive.
    pub verdict: String,
}

impl Pair {
    /// A paired cost difference and its interval as shares of the baseline's cost. `None` for other metrics, without two
    /// bills or when the baseline is free.
    #[must_use]
    pub fn relative_cost(&self) -> Option<(f64, Option<Interval>)> {
        let ci95 = self.ratio_ci95.map(|ci| Interval { low: ci.low - 1.0, high: ci.high - 1.0 });
        self.ratio.map(|ratio| (ratio - 1.0, ci95))
    }
}
