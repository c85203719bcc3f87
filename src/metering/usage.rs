//! Usage: what a bill is made from.

use std::collections::BTreeMap;

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
}

impl Dimension {
    /// Every dimension, in the order of reports.
    pub const ALL: [Self; 13] = [
        Self::Requests,
        Self::VcpuSeconds,
        Self::GibSeconds,
        Self::InstanceHours,
        Self::NodeHours,
        Self::ClusterHours,
        Self::EgressBytes,
        Self::InterzoneBytes,
        Self::EdgeRequests,
        Self::EdgeHours,
        Self::LcuHours,
        Self::AddressHours,
        Self::VolumeGibHours,
    ];

    /// The id used in files.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::VcpuSeconds => "vcpu-seconds",
            Self::GibSeconds => "gib-seconds",
            Self::InstanceHours => "instance-hours",
            Self::NodeHours => "node-hours",
            Self::ClusterHours => "cluster-hours",
            Self::EgressBytes => "egress-bytes",
            Self::InterzoneBytes => "interzone-bytes",
            Self::EdgeRequests => "edge-requests",
            Self::EdgeHours => "edge-hours",
            Self::LcuHours => "lcu-hours",
            Self::AddressHours => "address-hours",
            Self::VolumeGibHours => "volume-gib-hours",
        }
    }

    /// The dimension with this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.id() == id)
    }

    /// What one base unit is.
    #[must_use]
    pub const fn base_unit(self) -> &'static str {
        match self {
            Self::Requests | Self::EdgeRequests => "request",
            Self::VcpuSeconds => "milli-vCPU nanosecond",
            Self::GibSeconds => "MiB nanosecond",
            Self::EgressBytes | Self::InterzoneBytes => "byte",
            Self::LcuHours => "nano-LCU hour",
            Self::VolumeGibHours => "GiB nanosecond",
            Self::InstanceHours | Self::NodeHours | Self::ClusterHours | Self::EdgeHours | Self::AddressHours => {
                "nanosecond"
            }
        }
    }

    /// The unit in which the dimension is spoken of: `request`, `GiB-second`, `node-hour`.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Requests | Self::EdgeRequests => "request",
            Self::VcpuSeconds => "vCPU-second",
            Self::GibSeconds => "GiB-second",
            Self::InstanceHours => "instance-hour",
            Self::NodeHours => "node-hour",
            Self::ClusterHours => "cluster-hour",
            Self::EgressBytes | Self::InterzoneBytes => "byte",
            Self::EdgeHours => "load-balancer-hour",
            Self::LcuHours => "LCU-hour",
            Self::AddressHours => "address-hour",
            Self::VolumeGibHours => "GiB-hour",
        }
    }

    /// Base units in one [`Dimension::unit`].
    #[must_use]
    pub fn base_per_unit(self) -> Decimal {
        let nanoseconds_per_hour = Decimal::from(3_600_000_000_000_u64);
        match self {
            Self::Requests | Self::EdgeRequests | Self::EgressBytes | Self::InterzoneBytes => Decimal::ONE,
            Self::VcpuSeconds => Decimal::from(1_000_000_000_000_u64),
            Self::GibSeconds => Decimal::from(1_024_000_000_000_u64),
            Self::LcuHours => Decimal::from(1_000_000_000_u64),
            Self::InstanceHours
            | Self::NodeHours
            | Self::ClusterHours
            | Self::EdgeHours
            | Self::AddressHours
            | Self::VolumeGibHours => nanoseconds_per_hour,
        }
    }
}

/// What is counted: the dimension, which service used it, and which variant of the priced thing it was (a node type,
/// an instance class; empty where there is only one).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Meter {
    /// The service; empty for what all services share.
    pub service: String,
    /// The dimension.
    pub dimension: Dimension,
    /// Node type, instance class, edge id...
    pub variant: String,
}

/// The usage of one deployment in one replication, cut into slices of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Quantity in base units per meter, one number per slice of the [`super::calendar::Calendar`].
    pub counts: BTreeMap<Meter, Vec<u128>>,
}

impl Usage {
    /// Adds `quantity` base units of `meter` to slice number `slice`.
    pub fn add(&mut self, meter: &Meter, slice: usize, quantity: u128) {
        if quantity == 0 {
            return;
        }
        let counts = match self.counts.get_mut(meter) {
            Some(counts) => counts,
            None => self.counts.entry(meter.clone()).or_default(),
        };
        if counts.len() <= slice {
            counts.resize(slice + 1, 0);
        }
        counts[slice] += quantity;
    }

    /// The quantity of `meter` over all slices.
    #[must_use]
    pub fn total(&self, meter: &Meter) -> u128 {
        self.counts.get(meter).map_or(0, |counts| counts.iter().sum())
    }
}
