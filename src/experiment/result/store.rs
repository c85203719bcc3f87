//! What one store of a deployment did.

use serde::{Deserialize, Serialize};

use super::{Intervals, Latency};

/// What one store did.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StoreResult {
    /// Name.
    pub name: String,
    /// Catalogue id of what stands for it; null for a store that is only a latency.
    pub bound_to: Option<String>,
    /// Queries, all replications.
    pub queries: Queries,
    /// From asking to the answer, of those that were answered; waiting for a connection of the instance included.
    pub latency_ms: Latency,
    /// Share in use of its CPU, else of the units that were bought, in reads or in writes, whichever is larger; null
    /// without a capacity of its own.
    pub utilization: Option<f64>,
    /// Connections; null where they have no limit.
    pub connections: Option<StoreConnections>,
    /// Intervals.
    pub ci95: Intervals,
}

/// How queries ended: each attempt of a call that is made again counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Queries {
    /// Asked.
    pub asked: u64,
    /// Answered, though whoever asked may have gone.
    pub answered: u64,
    /// Refused: throttled, or without a connection.
    pub refused: u64,
    /// Ended in an error of the store, by a fault.
    #[serde(default)]
    pub failed: u64,
    /// Given up before the store had begun, or when it was done, because the attempt that asked was ended.
    pub dropped: u64,
    /// Not answered at the end.
    pub in_flight: u64,
}

/// Connections of a store.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StoreConnections {
    /// Most that it accepts.
    pub limit: u32,
    /// Time average of those that are open.
    pub mean: Option<f64>,
    /// Most at once.
    pub peak: u64,
}
