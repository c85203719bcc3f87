//! The one results type. Everything that is printed or written comes from it; nothing is computed after it.
//!
//! The serialised form is the contract of `--format json`: base units, the unit in the key, `null` where there is no
//! data. [`Charts`] carries what only charts and the time series file need and is not part of the JSON.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::document::provenance::Confidence;
use crate::platform::{Fact, Family, Override};

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
    /// Measured time of one replication.
    pub simulated_seconds: f64,
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
}

/// The traffic that was played, warm-up excluded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TrafficResult {
    /// Requests, all replications.
    pub requests: u64,
    /// Requests of one replication, on average.
    pub requests_per_replication: f64,
    /// Requests per second.
    pub mean_rate: f64,
    /// Largest one-minute mean, requests per second.
    pub peak_rate: f64,
    /// `peak_rate / mean_rate`.
    pub peak_to_mean: Option<f64>,
    /// Variance over mean of the counts per second: median over ten-minute windows.
    pub dispersion_1s: Option<f64>,
}

/// What one deployment did.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DeploymentResult {
    /// Name.
    pub name: String,
    /// Catalogue id.
    pub platform: String,
    /// Kind of platform.
    pub family: Family,
    /// Engine and why.
    pub fidelity: FidelityResult,
    /// Requests, all replications.
    pub requests: Requests,
    /// Attempts, all replications.
    pub attempts: Attempts,
    /// What held it back.
    pub limits: Vec<Limit>,
    /// Latency of succeeded requests.
    pub latency_ms: Latency,
    /// Queue wait of completed attempts.
    pub queue_wait_ms: QueueWait,
    /// Cold starts.
    pub cold_starts: ColdStarts,
    /// Instances.
    pub instances: Instances,
    /// Nodes, where there are any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nodes: Option<Nodes>,
    /// The bill; null without a tariff.
    pub cost: Option<Cost>,
    /// Usage per replication and day.
    pub usage: Vec<UsageRow>,
    /// What the scenario changed of the preset.
    pub overrides: Vec<Override>,
    /// Verdicts.
    pub slo: Vec<Verdict>,
    /// Where requests queue, the bound, and what happens beyond it: one sentence for the report.
    #[serde(skip)]
    pub queueing: String,
    /// Defaults in force, for the report.
    #[serde(skip)]
    pub facts: Vec<Fact>,
}

/// Which engine ran, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FidelityResult {
    /// `exact` or `tick`.
    pub engine: String,
    /// Why.
    pub reason: String,
}

/// What clients wanted and got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Requests {
    /// Requests offered.
    pub offered: u64,
    /// Requests that succeeded.
    pub succeeded: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Requests in flight at the end.
    pub in_flight: u64,
}

/// How attempts ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Attempts {
    /// Attempts offered.
    pub offered: u64,
    /// Completed.
    pub completed: u64,
    /// Refused before any work.
    pub rejected: u64,
    /// A client, edge or platform limit passed first.
    pub timed_out: u64,
    /// The work ended in an error.
    pub failed: u64,
    /// In flight at the end.
    pub in_flight: u64,
}

/// A limit that held load back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Limit {
    /// What is limited, in the words of the scenario: `autoscaler.max`, `autoscaler.scale_rate`, `fleet.queue`...
    pub limit: String,
    /// Its value.
    pub value: String,
    /// Share of the time for which it was reached; null where a limit has no duration.
    pub reached_share: Option<f64>,
    /// Attempts it turned away, all replications.
    pub shed: u64,
}

/// Percentiles of latency.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Latency {
    /// Mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// 99.9th percentile.
    pub p999: Option<f64>,
    /// Largest, over all replications.
    pub max: Option<f64>,
    /// Intervals.
    pub ci95: Intervals,
}

/// Percentiles of queue wait.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct QueueWait {
    /// Mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// 99.9th percentile.
    pub p999: Option<f64>,
    /// Largest, over all replications.
    pub max: Option<f64>,
    /// Share of completed attempts that waited at all.
    pub share_waiting: Option<f64>,
    /// Intervals.
    pub ci95: Intervals,
}

/// Cold starts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ColdStarts {
    /// Attempts that waited for an instance to start, all replications.
    pub count: u64,
    /// `count / (attempts.offered - attempts.rejected)`.
    pub fraction: Option<f64>,
    /// Intervals.
    pub ci95: Intervals,
}

/// Instances.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Instances {
    /// Time average between start request and end, starting and draining included.
    pub mean: Option<f64>,
    /// Time average with at least one attempt assigned.
    pub mean_busy: Option<f64>,
    /// `mean - mean_busy`.
    pub mean_idle: Option<f64>,
    /// Most at once.
    pub peak: u64,
    /// Instances started, all replications.
    pub started: u64,
    /// Busy slots over slots of ready instances; null when slots are unbounded.
    pub utilization: Option<f64>,
    /// CPU used over CPU of ready instances.
    pub cpu_utilization: Option<f64>,
    /// Intervals.
    pub ci95: Intervals,
}

/// Nodes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Nodes {
    /// Time average.
    pub mean: Option<f64>,
    /// Most at once.
    pub peak: u64,
    /// Nodes started, all replications.
    pub started: u64,
    /// CPU requested by pods and daemons over CPU of nodes.
    pub requested_share: Option<f64>,
    /// CPU used over CPU of nodes.
    pub used_share: Option<f64>,
    /// Intervals.
    pub ci95: Intervals,
}

/// The bill of a deployment: means over replications, exact decimals as strings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cost {
    /// ISO code.
    pub currency: String,
    /// Of the measured time.
    #[cfg_attr(test, schemars(with = "String"))]
    pub total: Decimal,
    /// Of a month of such time: the sum of the lines.
    #[cfg_attr(test, schemars(with = "String"))]
    pub per_month: Decimal,
    /// `total` per million succeeded requests; null without any.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub per_million_requests: Option<Decimal>,
    /// Billing periods.
    pub months: Vec<MonthTotal>,
    /// The bill of a month.
    pub lines: Vec<Line>,
    /// What the bill leaves out.
    pub not_modelled: Vec<NotModelled>,
    /// Intervals of `total`, `per_month`, `per_million_requests`.
    pub ci95: Intervals,
}

/// The covered share of one billing period's bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MonthTotal {
    /// First instant.
    pub from: String,
    /// End of the covered part.
    pub to: String,
    /// Covered share of the period's bill.
    #[cfg_attr(test, schemars(with = "String"))]
    pub total: Decimal,
}

/// One line of the bill: `quantity x unit_price = amount`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Line {
    /// The service; empty for what all share.
    pub service: String,
    /// compute, requests, edge, data, observability, network or fixed.
    pub group: String,
    /// `tariff.item`.
    pub item: String,
    /// Dimension id.
    pub dimension: String,
    /// Which tier, from 1; 0 for what an allowance covers.
    pub tier: u32,
    /// In `unit`.
    #[cfg_attr(test, schemars(with = "String"))]
    pub quantity: Decimal,
    /// What is counted.
    pub unit: String,
    /// Price of one unit.
    #[cfg_attr(test, schemars(with = "String"))]
    pub unit_price: Decimal,
    /// `quantity x unit_price`.
    #[cfg_attr(test, schemars(with = "String"))]
    pub amount: Decimal,
    /// Source of the price.
    pub source: String,
    /// When it was observed.
    pub observed: String,
    /// How far it can be trusted.
    pub confidence: Confidence,
}

/// Something that the bill leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NotModelled {
    /// What.
    pub item: String,
    /// Usual share, where a source gives one.
    pub usual_share: Option<String>,
}

/// Usage of one replication on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UsageRow {
    /// From 0.
    pub replication: u32,
    /// The service.
    pub service: String,
    /// Dimension id.
    pub dimension: String,
    /// Node type, instance class...; absent where there is only one.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub variant: String,
    /// ISO date in the tariff's day zone.
    pub day: String,
    /// Whole base units, as a decimal string: it may be larger than an exact decimal can be.
    pub quantity: String,
}

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

/// What only charts and the time series file need.
#[derive(Clone, Debug, Default)]
pub struct Charts {
    /// Measured instants: end of each bucket, in seconds from the first measured instant.
    pub bucket_ends_seconds: Vec<f64>,
    /// First measured instant, RFC 3339 with offset.
    pub start: String,
    /// One per deployment, in order.
    pub deployments: Vec<DeploymentCharts>,
}

/// Per bucket, means over replications.
#[derive(Clone, Debug, Default)]
pub struct DeploymentCharts {
    /// Requests per second that arrived.
    pub offered_rate: Vec<f64>,
    /// Requests per second that completed, of those that arrived in the bucket.
    pub completed_rate: Vec<f64>,
    /// Requests per second that did not complete, of those that arrived in the bucket.
    pub shed_rate: Vec<f64>,
    /// Instances (started to ended).
    pub instances: Vec<f64>,
    /// Instances ready to serve.
    pub ready: Vec<f64>,
    /// Instances at work.
    pub busy: Vec<f64>,
    /// Nodes, where there are any; empty otherwise.
    pub nodes: Vec<f64>,
    /// Cumulative cost of the measured time, in the bill's currency; empty without a bill.
    pub cumulative_cost: Vec<f64>,
    /// 99th percentile of the latency of requests that arrived in the bucket, milliseconds; `None` without any.
    pub p99_ms: Vec<Option<f64>>,
    /// Latency distribution over all replications: (share of requests, milliseconds), rising.
    pub latency_quantiles: Vec<(f64, f64)>,
}

/// What a sweep found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SweepResult {
    /// [`SCHEMA`].
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

impl Pair {
    /// A paired cost difference and its interval as shares of the baseline's cost. `None` for other metrics, without two
    /// bills or when the baseline is free.
    #[must_use]
    pub fn relative_cost(&self) -> Option<(f64, Option<Interval>)> {
        let ci95 = self.ratio_ci95.map(|ci| Interval { low: ci.low - 1.0, high: ci.high - 1.0 });
        self.ratio.map(|ratio| (ratio - 1.0, ci95))
    }
}

impl Requests {
    /// `succeeded / (offered - in_flight)`; `None` when nothing ended.
    #[must_use]
    pub fn availability(&self) -> Option<f64> {
        let ended = self.offered.saturating_sub(self.in_flight);
        (ended > 0).then(|| self.succeeded as f64 / ended as f64)
    }
}

impl DeploymentResult {
    /// The worst of its verdicts; `None` without objectives.
    #[must_use]
    pub fn slo_verdict(&self) -> Option<Judgement> {
        let found = |judgement| self.slo.iter().any(|verdict| verdict.verdict == judgement);
        [Judgement::Missed, Judgement::Inconclusive, Judgement::Met].into_iter().find(|judgement| found(*judgement))
    }
}

impl Cost {
    /// Amounts of a month by group, in the order in which the bill first names them; they add up to `per_month`.
    #[must_use]
    pub fn groups(&self) -> Vec<(&str, Decimal)> {
        let mut groups: Vec<(&str, Decimal)> = Vec::new();
        for line in &self.lines {
            match groups.iter_mut().find(|(group, _)| *group == line.group) {
                Some((_, amount)) => *amount += line.amount,
                None => groups.push((&line.group, line.amount)),
            }
        }
        groups
    }
}
