//! What a fault did to the requests of a deployment.

use serde::{Deserialize, Serialize};

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
}
