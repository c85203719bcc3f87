//! The one results type. Everything that is printed or written comes from it; nothing is computed after it.
//!
//! The serialised form is the contract of `--format json`: base units, the unit in the key, `null` where there is no
//! data. [`Charts`] carries what only charts and the time series file need and is not part of the JSON.

mod audit;
mod charts;
mod comparison;
mod cost;
mod deployment;
mod fault;
mod precision;
mod store;
mod sweep;
mod unsettled;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use audit::{Audit, AuditFigure};
pub use charts::{Charts, DeploymentCharts};
pub use comparison::{Comparison, Judgement, Pair, Verdict};
pub use cost::{AtExpectedTraffic, Cost, Line, MonthTotal, NotModelled, UsageRow};
pub use deployment::{
    Attempts, CPU_LIMIT, ColdStarts, Coordination, DeploymentResult, FidelityResult, Instances, Latency, Limit, Nodes,
    QueueResult, QueueWait, Requests, ServiceResult, WorkflowResult,
};
pub use fault::{FaultResult, LeadStep, LeadTime, RollOutResult};
pub use precision::{Held, PrecisionResult};
pub use store::{Queries, StoreConnections, StoreResult};
pub use sweep::{Axis, Crossing, Shedding, SweepDeployment, SweepPoint, SweepResult};
pub use unsettled::Unsettled;

/// Names the form of this result; changes when a reader would have to.
pub const SCHEMA: &str = "breakeven/result/1";

/// A 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Half of how wide it is.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

/// Half of the interval of one estimate of an object; 0 where there is none.
#[must_use]
pub fn half_width(intervals: &Intervals, key: &str) -> f64 {
    interval(intervals, key).map_or(0.0, |ci95| ci95.half_width())
}

/// Intervals of an object's estimates by key; `None` with one replication.
pub type Intervals = Option<BTreeMap<String, Interval>>;

/// What a run found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunResult {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// SHA-256 of the resolved scenario, overrides included.
    pub scenario_sha256: String,
    /// Files that were read.
    pub inputs: Vec<Input>,
    /// Seed.
    pub seed: u64,
    /// Name of the random number generator.
    pub rng: String,
    /// The catalogue in use.
    pub catalogue: CatalogueInfo,
    /// `exact`, `tick` or `mixed`.
    pub fidelity: String,
    /// Whether the run was interrupted.
    pub partial: bool,
    /// Finished replications.
    pub replications: u32,
    /// How well figures were to be known, and are; only where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<PrecisionResult>,
    /// Measured time of one replication.
    pub simulated_seconds: f64,
    /// First and last measured instant.
    pub measured: Measured,
    /// The section `[pricing]` in force, defaults and negotiated prices included, as a scenario states it.
    pub pricing: serde_json::Map<String, serde_json::Value>,
    /// Version of the program that priced the stored usage anew; absent for a bill of the run itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub repriced_by: Option<String>,
    /// The traffic that was played.
    pub traffic: TrafficResult,
    /// In the order of the scenario.
    pub deployments: Vec<DeploymentResult>,
    /// The comparison.
    pub comparison: Comparison,
    /// For charts and time series.
    #[serde(skip)]
    pub charts: Charts,
}

/// A file that was read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Input {
    /// Path as written in the scenario.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// The measured time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Measured {
    /// Its first instant, RFC 9557: wall clock, offset and time zone of the traffic.
    pub from: String,
    /// Its end.
    pub to: String,
}

/// Dates at which figures were observed, as precisely as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Observed {
    /// The latest; null when none is dated.
    pub newest: Option<String>,
    /// The earliest.
    pub oldest: Option<String>,
}

/// The catalogue in use.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CatalogueInfo {
    /// Files of the catalogue that the run used.
    pub files: Vec<String>,
    /// Latest observation date among them.
    pub newest: Option<String>,
    /// Earliest observation date among them.
    pub oldest: Option<String>,
    /// Observation dates of the defaults of platforms alone.
    pub defaults: Observed,
    /// Observation dates of the prices of the bills alone.
    pub prices: Observed,
}

/// The traffic that was played, warm-up excluded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TrafficResult {
    /// Requests of the sources that all deployments share, all replications: those of users of closed sources are each
    /// deployment's own.
    pub requests: u64,
    /// Most users of closed sources at once, as the scenario has them; `None` without such a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<u64>,
    /// Requests of one replication, on average.
    pub requests_per_replication: f64,
    /// Requests of each replication.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_replication: Vec<u64>,
    /// Requests of one replication that were to be expected, where that is known exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_requests: Option<f64>,
    /// Requests per second.
    pub mean_rate: f64,
    /// Largest one-minute mean, requests per second.
    pub peak_rate: f64,
    /// `peak_rate / mean_rate`.
    pub peak_to_mean: Option<f64>,
    /// Variance over mean of the counts per second: median over ten-minute windows.
    pub dispersion_1s: Option<f64>,
    /// Intervals of `requests_per_replication` and `mean_rate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci95: Intervals,
}

impl Observed {
    /// The range of `dates`; texts that are no date do not count.
    pub fn among<'a>(dates: impl IntoIterator<Item = &'a str>) -> Self {
        let dated = dates.into_iter().filter(|date| date.starts_with(|first: char| first.is_ascii_digit()));
        dated.fold(Self::default(), Self::with)
    }

    fn with(self, date: &str) -> Self {
        let newest = self.newest.filter(|newest| newest.as_str() >= date).unwrap_or_else(|| date.to_owned());
        let oldest = self.oldest.filter(|oldest| oldest.as_str() <= date).unwrap_or_else(|| date.to_owned());
        Self { newest: Some(newest), oldest: Some(oldest) }
    }
}

impl CatalogueInfo {
    /// The catalogue that `deployments` and their bills use, when the defaults were observed at `defaults`.
    #[must_use]
    pub fn of(deployments: &[DeploymentResult], defaults: Observed) -> Self {
        let lines = || deployments.iter().filter_map(|one| one.cost.as_ref()).flat_map(|cost| &cost.lines);
        let tariffs = lines().filter_map(|line| line.item.split_once('.')).map(|(id, _)| format!("tariffs/{id}"));
        let platforms = deployments.iter().map(|one| format!("platforms/{}", one.platform));
        let mut files: Vec<String> = platforms.chain(tariffs).collect();
        files.sort();
        files.dedup();
        let prices = Observed::among(lines().map(|line| line.observed.as_str()));
        let both = [&defaults, &prices].map(|range| [&range.newest, &range.oldest]);
        let Observed { newest, oldest } = Observed::among(both.into_iter().flatten().flatten().map(String::as_str));
        Self { files, newest, oldest, defaults, prices }
    }
}

/// The interval of one estimate of an object, where there is one.
#[must_use]
pub fn interval(intervals: &Intervals, key: &str) -> Option<Interval> {
    intervals.as_ref().and_then(|intervals| intervals.get(key)).copied()
}

impl RunResult {
    /// A count summed over replications as the mean of one replication, the form in which reports print it.
    #[must_use]
    pub fn per_replication(&self, count: u64) -> f64 {
        count as f64 / f64::from(self.replications.max(1))
    }

    /// The deployment of that name.
    #[must_use]
    pub fn deployment(&self, name: &str) -> Option<&DeploymentResult> {
        self.deployments.iter().find(|deployment| deployment.name == name)
    }
}
