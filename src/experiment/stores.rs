//! The stores of a deployment over all replications.

use super::estimates::{Samples, Spread, intervals, mean};
use super::fold::ratio;
use super::result::{Latency, Queries, StoreConnections, StoreResult};
use crate::kernel::estimate::mean_interval;
use crate::metering::store::StoreMeasure;
use crate::platform::store::BoundStore;

/// One store over all replications so far.
#[derive(Debug, Default)]
pub(super) struct FoldedStore {
    queries: Queries,
    latency: Spread,
    utilization: Samples,
    connections: Samples,
    connections_peak: u64,
}

impl FoldedStore {
    /// Adds a replication of so many measured nanoseconds.
    pub fn add(&mut self, measure: &StoreMeasure, time: f64) {
        let queries = &mut self.queries;
        queries.asked += measure.asked;
        queries.answered += measure.answered;
        queries.refused += measure.refused;
        queries.failed += measure.failed;
        queries.dropped += measure.dropped;
        queries.in_flight += measure.in_flight;
        self.latency.add(&measure.latency);
        self.utilization.push(measure.utilization());
        self.connections.push(ratio(measure.connections as f64, time));
        self.connections_peak = self.connections_peak.max(measure.connections_peak);
    }

    /// What is reported of it; `latency` makes a result of a spread.
    pub fn result(&self, name: &str, bound: &BoundStore, latency: impl Fn(&Spread) -> Latency) -> StoreResult {
        StoreResult {
            name: name.to_owned(),
            bound_to: bound.id.clone(),
            queries: self.queries,
            latency_ms: latency(&self.latency),
            utilization: mean(&self.utilization),
            connections: bound.connections.map(|law| StoreConnections {
                limit: law.max,
                mean: mean(&self.connections),
                peak: self.connections_peak,
            }),
            ci95: intervals([("utilization", mean_interval(&self.utilization))]),
        }
    }
}
