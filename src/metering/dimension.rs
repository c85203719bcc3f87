//! The things that are counted for a bill.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A thing that is counted for a bill. Quantities are integers in the base unit of the dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    /// Requests that the compute platform bills.
    Requests,
    /// vCPUs allocated over time.
    VcpuSeconds,
    /// Memory allocated over time.
    GibSeconds,
    /// Instances over time (in the class's billing weight, where the platform has classes).
    InstanceHours,
    /// Nodes over time.
    NodeHours,
    /// Managed control planes over time.
    ClusterHours,
    /// Response bytes to the internet.
    EgressBytes,
    /// Bytes between zones.
    InterzoneBytes,
    /// Requests that the edge bills.
    EdgeRequests,
    /// Load balancers over time.
    EdgeHours,
    /// Load balancer capacity units over time.
    LcuHours,
    /// Public addresses over time.
    AddressHours,
    /// Block storage over time.
    VolumeGibHours,
    /// CPU time used, where waiting is free.
    CpuSeconds,
    /// Clock cycles allocated over time.
    GhzSeconds,
    /// Memory of environments that are kept ready.
    ProvisionedGibSeconds,
    /// Memory of executions on environments that are kept ready.
    ProvisionedDurationGibSeconds,
    /// Disk of instances above what is included, over time.
    EphemeralGibSeconds,
    /// Memory that was restored from a snapshot.
    RestoredBytes,
    /// Plans and subscriptions over time.
    PlanHours,
    /// Surplus CPU credits of burstable machines, as vCPUs over time.
    CreditHours,
    /// Messages that an edge with open connections bills.
    EdgeMessages,
    /// Open connections over time.
    ConnectionHours,
    /// Bytes that an edge processes.
    EdgeBytes,
    /// NAT gateways, or machines behind one, over time.
    NatHours,
    /// Bytes through a NAT gateway.
    NatBytes,
    /// Bytes between regions.
    InterregionBytes,
    /// Requests to a queue or a topic.
    QueueRequests,
    /// Bytes through a queue or a topic.
    QueueBytes,
    /// Streams, shards and consumers over time.
    StreamHours,
    /// Steps (state transitions) of workflows.
    WorkflowSteps,
    /// Runs of workflows that are billed by the run.
    WorkflowRequests,
    /// Memory of workflows that are billed by duration.
    WorkflowGibSeconds,
    /// Reads of a store, in its own units.
    StoreReads,
    /// Writes to a store, in its own units.
    StoreWrites,
    /// Deletes from a store, in its own units.
    StoreDeletes,
    /// Capacity of a store (read and write units, database capacity units) over time.
    CapacityHours,
    /// Data held over time.
    StoredGibHours,
    /// Data restored from a backup or moved through an archive.
    ProcessedBytes,
    /// Logs taken in.
    LogBytes,
    /// Logs searched.
    ScannedBytes,
    /// Metrics over time.
    MetricHours,
    /// Bytes of metrics taken in.
    MetricBytes,
    /// Alarms and dashboards over time.
    AlarmHours,
    /// Calls to telemetry interfaces.
    TelemetryRequests,
    /// Traces or spans recorded.
    Traces,
    /// What a commitment to spend did not find use for.
    UnusedCommitment,
}

/// Base units in a thing that is held for an hour, in nanoseconds.
const HOUR: u64 = 3_600_000_000_000;
/// Nanoseconds of a second, for a thousandth of what is held.
const MILLI_SECOND: u64 = 1_000_000_000_000;
/// MiB nanoseconds in a GiB-second: the one place where MB milliseconds meet GB seconds.
const GIB_SECOND: u64 = 1_024_000_000_000;
/// Thousand-millionths.
const NANO: u64 = 1_000_000_000;

/// Id, base unit, unit in which it is spoken of, base units in that. In the order of the enumeration.
type Row = (Dimension, &'static str, &'static str, &'static str, u64);
const ROWS: [Row; 47] = [
    (Dimension::Requests, "requests", "request", "request", 1),
    (Dimension::VcpuSeconds, "vcpu-seconds", "milli-vCPU nanosecond", "vCPU-second", MILLI_SECOND),
    (Dimension::GibSeconds, "gib-seconds", "MiB nanosecond", "GiB-second", GIB_SECOND),
    (Dimension::InstanceHours, "instance-hours", "nanosecond", "instance-hour", HOUR),
    (Dimension::NodeHours, "node-hours", "nanosecond", "node-hour", HOUR),
    (Dimension::ClusterHours, "cluster-hours", "nanosecond", "cluster-hour", HOUR),
    (Dimension::EgressBytes, "egress-bytes", "byte", "byte", 1),
    (Dimension::InterzoneBytes, "interzone-bytes", "byte", "byte", 1),
    (Dimension::EdgeRequests, "edge-requests", "request", "request", 1),
    (Dimension::EdgeHours, "edge-hours", "nanosecond", "load-balancer-hour", HOUR),
    (Dimension::LcuHours, "lcu-hours", "nano-LCU hour", "LCU-hour", NANO),
    (Dimension::AddressHours, "address-hours", "nanosecond", "address-hour", HOUR),
    (Dimension::VolumeGibHours, "volume-gib-hours", "GiB nanosecond", "GiB-hour", HOUR),
    (Dimension::CpuSeconds, "cpu-seconds", "nanosecond", "CPU-second", NANO),
    (Dimension::GhzSeconds, "ghz-seconds", "MHz nanosecond", "GHz-second", MILLI_SECOND),
    (Dimension::ProvisionedGibSeconds, "provisioned-gib-seconds", "MiB nanosecond", "GiB-second", GIB_SECOND),
    (
        Dimension::ProvisionedDurationGibSeconds,
        "provisioned-duration-gib-seconds",
        "MiB nanosecond",
        "GiB-second",
        GIB_SECOND,
    ),
    (Dimension::EphemeralGibSeconds, "ephemeral-gib-seconds", "MiB nanosecond", "GiB-second", GIB_SECOND),
    (Dimension::RestoredBytes, "restored-bytes", "byte", "byte", 1),
    (Dimension::PlanHours, "plan-hours", "nanosecond", "plan-hour", HOUR),
    (Dimension::CreditHours, "credit-hours", "nanosecond", "vCPU-hour", HOUR),
    (Dimension::EdgeMessages, "edge-messages", "message", "message", 1),
    (Dimension::ConnectionHours, "connection-hours", "nanosecond", "connection-hour", HOUR),
    (Dimension::EdgeBytes, "edge-bytes", "byte", "byte", 1),
    (Dimension::NatHours, "nat-hours", "nanosecond", "NAT-hour", HOUR),
    (Dimension::NatBytes, "nat-bytes", "byte", "byte", 1),
    (Dimension::InterregionBytes, "interregion-bytes", "byte", "byte", 1),
    (Dimension::QueueRequests, "queue-requests", "request", "request", 1),
    (Dimension::QueueBytes, "queue-bytes", "byte", "byte", 1),
    (Dimension::StreamHours, "stream-hours", "nanosecond", "stream-hour", HOUR),
    (Dimension::WorkflowSteps, "workflow-steps", "step", "step", 1),
    (Dimension::WorkflowRequests, "workflow-requests", "run", "run", 1),
    (Dimension::WorkflowGibSeconds, "workflow-gib-seconds", "MiB nanosecond", "GiB-second", GIB_SECOND),
    (Dimension::StoreReads, "store-reads", "read", "read", 1),
    (Dimension::StoreWrites, "store-writes", "write", "write", 1),
    (Dimension::StoreDeletes, "store-deletes", "delete", "delete", 1),
    (Dimension::CapacityHours, "capacity-hours", "milli-unit nanosecond", "unit-hour", 1000 * HOUR),
    (Dimension::StoredGibHours, "stored-gib-hours", "MiB nanosecond", "GiB-hour", 1024 * HOUR),
    (Dimension::ProcessedBytes, "processed-bytes", "byte", "byte", 1),
    (Dimension::LogBytes, "log-bytes", "byte", "byte", 1),
    (Dimension::ScannedBytes, "scanned-bytes", "byte", "byte", 1),
    (Dimension::MetricHours, "metric-hours", "nanosecond", "metric-hour", HOUR),
    (Dimension::MetricBytes, "metric-bytes", "byte", "byte", 1),
    (Dimension::AlarmHours, "alarm-hours", "nanosecond", "alarm-hour", HOUR),
    (Dimension::TelemetryRequests, "telemetry-requests", "request", "request", 1),
    (Dimension::Traces, "traces", "trace", "trace", 1),
    (Dimension::UnusedCommitment, "unused-commitment", "nano-USD", "USD", NANO),
];

impl Dimension {
    /// Every dimension, in the order of reports.
    pub const ALL: [Self; ROWS.len()] = {
        let mut all = [Self::Requests; ROWS.len()];
        let mut index = 0;
        while index < ROWS.len() {
            all[index] = ROWS[index].0;
            index += 1;
        }
        all
    };

    /// The id used in files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        ROWS[self as usize].1
    }

    /// The dimension with this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.id() == id)
    }

    /// What one base unit is.
    #[must_use]
    pub const fn base_unit(self) -> &'static str {
        ROWS[self as usize].2
    }

    /// The unit in which the dimension is spoken of: `request`, `GiB-second`, `node-hour`.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        ROWS[self as usize].3
    }

    /// Base units in one [`Dimension::unit`].
    #[must_use]
    pub fn base_per_unit(self) -> Decimal {
        Decimal::from(ROWS[self as usize].4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_the_order_of_the_enumeration_and_ids_are_those_of_files() {
        for (index, row) in ROWS.iter().enumerate() {
            assert_eq!(row.0 as usize, index, "{}", row.1);
            assert_eq!(serde_json::to_value(row.0).unwrap(), row.1);
            assert_eq!(Dimension::from_id(row.1), Some(row.0));
        }
    }

    #[test]
    fn megabyte_milliseconds_are_gigabyte_seconds_by_1024_times_1000() {
        // Azure's execution units: 1,110,000,000 MB-ms / 1,024,000 = 1083.984375 GB-s.
        let megabyte_milliseconds = Decimal::from(1_110_000_000_u64) * Decimal::from(1_000_000);
        assert_eq!(megabyte_milliseconds / Dimension::GibSeconds.base_per_unit(), Decimal::new(1_083_984_375, 6));
    }
}
