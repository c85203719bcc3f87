//! How well figures were to be known, and are.

use serde::{Deserialize, Serialize};

/// Replications were played until intervals were narrow enough, or as many as were allowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PrecisionResult {
    /// Half-width of an interval that was asked for, as a share of its figure.
    pub relative: f64,
    /// Whether every headline figure has it.
    pub reached: bool,
    /// After how many replications that was looked at.
    pub looks: Vec<u32>,
    /// The widest interval at the last look; `null` before the first one, and where no figure has an interval.
    pub widest: Option<Held>,
}

/// An interval of a headline figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Held {
    /// Name of the deployment.
    pub deployment: String,
    /// The figure: `cost_per_month`, `instances`, `availability`, `p50`, `p95`, `p99`, or the difference of one of these to
    /// that of the baseline.
    pub metric: String,
    /// Half of the interval as a share of the figure; of a difference, of the baseline's figure.
    pub half_width: f64,
}
