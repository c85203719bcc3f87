//! What one deployment did: attempts, waits, instances.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Intervals;
use super::audit::Audit;
use super::comparison::{Judgement, Verdict};
use super::cost::{Cost, UsageRow};
use super::fault::{FaultResult, LeadTime};
use super::store::StoreResult;
use super::unsettled::Unsettled;
use crate::platform::{Fact, Family, Override};
use crate::pricing::stated::StatedTariff;

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
    /// How far its figures are off where requests were played beside the rates; only where rates were played.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub audit: Option<Audit>,
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
    /// Its services, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub services: Vec<ServiceResult>,
    /// What it costs that the application has parts; only where the scenario has several services, queues or workflows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub coordination: Option<Coordination>,
    /// Its queues and topics, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub queues: Vec<QueueResult>,
    /// Its workflows, where there are any; one that its services play themselves is none.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub workflows: Vec<WorkflowResult>,
    /// Nodes, where there are any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nodes: Option<Nodes>,
    /// Its stores, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub stores: Vec<StoreResult>,
    /// What went wrong in the measured time, and what followed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub faults: Vec<FaultResult>,
    /// How the measured time begins otherwise than it goes on, as it does after too short a warm-up; only where replications
    /// agree on that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unsettled: Option<Unsettled>,
    /// How long a new version takes from its source to the requests; only where one was rolled out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lead_time: Option<LeadTime>,
    /// The bill; null without a tariff.
    pub cost: Option<Cost>,
    /// The tariffs of the bill, in the order in which they are asked; none without a bill.
    pub tariffs: Vec<StatedTariff>,
    /// Succeeded requests of each replication.
    pub succeeded: Vec<u64>,
    /// IANA zone of the days of `usage`.
    pub day_zone: String,
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

/// The limit that is reached while instances use all their CPU.
pub const CPU_LIMIT: &str = "instance.vcpu";

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
    /// Of `reached_share`.
    #[serde(default)]
    pub ci95: Intervals,
    /// Attempts it turned away, all replications.
    pub shed: u64,
}

/// Mean and percentiles of a time, in milliseconds.
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

/// Queue wait.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct QueueWait {
    /// Mean and percentiles; the intervals are those of `share_waiting` too.
    #[serde(flatten)]
    pub times: Latency,
    /// Share of completed attempts that waited at all.
    pub share_waiting: Option<f64>,
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

/// One of several services.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ServiceResult {
    /// Name.
    pub name: String,
    /// Attempts made to it, by clients and by other services, all replications.
    pub requests: u64,
    /// From the arrival of an attempt to its answer; completed ones.
    pub latency_ms: Latency,
    /// Its instances.
    pub instances: Instances,
    /// Attempts that waited for one of its instances to start.
    pub cold_starts: ColdStarts,
    /// Share of the time of its slots with an attempt in which that waited for services that it called, in millionths.
    #[serde(default)]
    pub waiting_millionths: u32,
    /// What is billed under its name, as a part of `cost.per_month`; null without a tariff.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub cost_per_month: Option<Decimal>,
}

/// What it costs that an application has parts: as parts of `cost.per_month`, where there is a bill.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Coordination {
    /// What stands before the application.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub edge: Option<Decimal>,
    /// Queues and topics.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub queues: Option<Decimal>,
    /// Workflows.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub workflows: Option<Decimal>,
    /// Bytes between zones.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub between_zones: Option<Decimal>,
    /// What is billed for the time in which attempts waited for services that they called, where the bill follows
    /// requests: of each service's compute, the share of its slots' time. Null where it follows instances or nodes.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub waiting: Option<Decimal>,
    /// The sum of these; null without a bill.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub cost_per_month: Option<Decimal>,
    /// Share of the time of slots with an attempt in which it waited for services that it called, in millionths.
    pub waiting_millionths: u32,
    /// Intervals of the amounts, by their names, and of the share of waiting, `waiting_share`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci95: Intervals,
}

/// The runs of one workflow; all replications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WorkflowResult {
    /// Name.
    pub name: String,
    /// Catalogue id of what stands for it; null for a workflow without a price.
    pub bound_to: Option<String>,
    /// Runs started, once more for each further attempt of who waits for one: `succeeded + failed + running`.
    pub started: u64,
    /// Runs that did all of their steps.
    pub succeeded: u64,
    /// Runs that ended because something that they called failed.
    pub failed: u64,
    /// Runs that go on at the end of the run.
    pub running: u64,
    /// Steps that were done, retries included.
    pub steps: u64,
    /// From the start of a run to its end; those that succeeded.
    pub latency_ms: Latency,
}

/// The messages of one queue or topic, one for each consumer; all replications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct QueueResult {
    /// Name.
    pub name: String,
    /// Messages published.
    pub published: u64,
    /// Messages that a consumer is done with.
    pub delivered: u64,
    /// Messages that were delivered in vain as often as they may be.
    pub dead_lettered: u64,
    /// Messages in the queue, or with a consumer, at the end.
    pub waiting: u64,
    /// Deliveries beyond the first of a message.
    pub redelivered: u64,
    /// Catalogue id of what stands for it; null for a queue without a limit and without a price.
    pub bound_to: Option<String>,
    /// Requests that it counted for its bill.
    pub requests: u64,
    /// Those of them that asked for messages when there was none.
    pub empty_receives: u64,
    /// From publication until a consumer was done.
    pub latency_ms: Latency,
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
