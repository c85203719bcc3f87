//! What a fault did to the requests of a deployment.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Intervals;
use crate::document::provenance::Confidence;

/// One time that something went wrong, and what followed: until requests were served as before, or until the next fault
/// or the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FaultResult {
    /// Name of the fault.
    pub name: String,
    /// `slow`, `fail`, `zone-loss`, `reclaim` or `deploy`.
    pub kind: String,
    /// With what it went wrong.
    pub target: String,
    /// When it began, since the first measured instant.
    pub at_seconds: f64,
    /// How long it lasted.
    pub for_seconds: f64,
    /// Requests that take longer are late: all but one in a hundred were faster before; null without any before.
    pub late_ms: Option<f64>,
    /// From its begin until requests that arrived were served as before; 0: nothing was felt, null: that was not seen.
    pub recovery_seconds: Option<f64>,
    /// Requests that failed beyond the share that failed before, a mean of one replication.
    pub failed: Option<f64>,
    /// Requests that were late beyond the share that was late before, a mean of one replication.
    pub late: Option<f64>,
    /// What it added to the bill of the measured time: beside a run without it, each of its times alike, a mean of the
    /// replications. Null without a bill, and where that run was not played to its end or has other prices.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub extra_cost: Option<Decimal>,
    /// Of `extra_cost` over replications, of `failed` and `late` from their numbers, which vary at least as those of events that
    /// come independently.
    #[serde(default)]
    pub ci95: Intervals,
    /// How the new version took the place of the old one; only of `deploy`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub roll_out: Option<RollOutResult>,
}

/// How a new version took the place of the old one. Of several services it is the one that took longest; times are means of
/// the replications, and null where that was not seen in one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RollOutResult {
    /// Instances of the old version that were in service or starting, a mean of one replication.
    pub replaced: f64,
    /// Until no instance of the old version took requests any more, and as many of the new one were ready as were wanted.
    pub seconds: Option<f64>,
    /// Until the last instance of the old version had ended.
    pub old_gone_seconds: Option<f64>,
}

/// How long a new version takes from its source to the requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LeadTime {
    /// From the source to what is deployed.
    pub build: LeadStep,
    /// From there until instances of it can start.
    pub push: LeadStep,
    /// The roll-out, as it was measured: a mean of the roll-outs that were played; null where one was not seen to end.
    pub roll_out_seconds: Option<f64>,
    /// All of them.
    pub total_seconds: Option<f64>,
    /// Back to the version before, which is built and pushed: taken for as long as a roll-out, which it is at most.
    pub roll_back_seconds: Option<f64>,
}

/// A step before the roll-out, which is stated and not simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LeadStep {
    /// How long it takes.
    pub seconds: f64,
    /// Who says so; null: the scenario does.
    pub source: Option<String>,
    /// When that was observed.
    pub observed: Option<String>,
    /// How far it can be trusted.
    pub confidence: Option<Confidence>,
}
