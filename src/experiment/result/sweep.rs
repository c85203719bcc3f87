//! What a sweep found.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Interval;
use super::comparison::Judgement;

/// What a sweep found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SweepResult {
    /// `breakeven/result/1`.
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed, the same at every point.
    pub seed: u64,
    /// Replications at each point.
    pub replications: u32,
    /// ISO code of the currency of all costs.
    pub currency: String,
    /// What was varied.
    pub axis: Axis,
    /// In the order of the axis.
    pub points: Vec<SweepPoint>,
    /// Where one deployment becomes cheaper than another.
    pub crossings: Vec<Crossing>,
}

/// What a sweep varies.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Axis {
    /// Path of the key.
    pub path: String,
    /// Base unit of the values: `requests/s`, `s`, `bytes` or `1`.
    pub unit: String,
    /// Values in base units.
    pub values: Vec<f64>,
    /// Whether the values are spaced, and crossings interpolated, logarithmically.
    pub logarithmic: bool,
}

/// All deployments at one value.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SweepPoint {
    /// In base units.
    pub value: f64,
    /// In the order of the scenario.
    pub deployments: Vec<SweepDeployment>,
}

/// One deployment at one value.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SweepDeployment {
    /// Name.
    pub name: String,
    /// Cost of a month; null without a bill.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub cost_per_month: Option<Decimal>,
    /// Interval of it.
    pub ci95: Option<Interval>,
    /// Share of the requests that ended which failed; null when none ended.
    pub failed_share: Option<f64>,
    /// Interval of it.
    #[serde(default)]
    pub failed_share_ci95: Option<Interval>,
    /// The worst of its verdicts; null without objectives.
    pub slo_verdict: Option<Judgement>,
}

/// A sign change of the mean paired cost difference, between deployments that meet the objectives if there are any.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Crossing {
    /// One deployment.
    pub a: String,
    /// The other.
    pub b: String,
    /// Value of the axis in base units.
    pub at: f64,
    /// Interval of it; null when a replication has no crossing of its own there.
    pub ci95: Option<Interval>,
    /// The one that is cheaper above.
    pub cheaper_above: String,
    /// Where the cheaper one, at the points to either side, fails requests that the other serves.
    pub sheds: Vec<Shedding>,
}

/// A deployment that is the cheaper one while it fails a share of the requests that matters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Shedding {
    /// Its name.
    pub deployment: String,
    /// The point of the axis, in base units.
    pub at: f64,
    /// Share of the requests that it fails there.
    pub failed_share: f64,
    /// Interval of it.
    #[serde(default)]
    pub ci95: Option<Interval>,
}
