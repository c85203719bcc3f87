//! What a deployment binds a store of the application to: what it takes at once, what it refuses, what it counts.
//!
//! | part | question it answers |
//! |---|---|
//! | [`throughput`] | how many request units per second does it take, and how does that change? |
//! | [`connections`] | how many clients may be connected? |
//! | [`processor`] | how much CPU do queries share, and how does that change? |
//! | [`units`] | how many units is an access? |
//!
//! A store without any of them answers after its latency at low load, however much is asked of it.

pub mod connections;
pub mod processor;
pub mod throughput;
pub mod units;

use super::binding::variant;
use super::passage::Passage;
use crate::application::step::Access;
use crate::units::Bytes;
use connections::Connections;
use processor::Processor;
use throughput::Throughput;
use units::Units;

/// What one store of the application is bound to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoundStore {
    /// Catalogue id; `None` for a store that is only a latency.
    pub id: Option<String>,
    /// What it takes per second; `None`: as much as comes.
    pub throughput: Option<Throughput>,
    /// Who may be connected; `None`: whoever asks.
    pub connections: Option<Connections>,
    /// The CPU that queries share; `None`: none waits for another.
    pub processor: Option<Processor>,
    /// What its accesses are, in its own units.
    pub units: Units,
    /// What is counted for its bill.
    pub meter: StoreMeter,
    /// What bytes pass between it and instances.
    pub passage: Passage,
}

/// What a store counts for its bill.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreMeter {
    /// Whether accesses are counted.
    pub accesses: bool,
    /// Whether its capacity over time is: provisioned throughput, or that of its processor.
    pub capacity: bool,
    /// Machines that are paid by the hour: their type, and how many.
    pub machines: Option<(String, u32)>,
    /// Whether the data that lies in it is counted.
    pub stored: bool,
}

impl BoundStore {
    /// Variant under which a meter of this store is priced: its tariff is that of this id alone.
    #[must_use]
    pub fn variant(&self, of: &str) -> String {
        variant(self.id.as_deref(), of)
    }

    /// Variant under which accesses are priced, and how many of what is counted under it one unit is.
    #[must_use]
    pub fn counted(&self, access: Access) -> (String, u64) {
        let half = access == Access::Read && self.units.read.half;
        if half { (self.variant("eventual"), 2) } else { (self.variant(""), 1) }
    }

    /// MiB that `stored` is billed as.
    #[must_use]
    pub fn stored_mib(&self, stored: Bytes) -> u64 {
        if self.meter.stored { stored.mib_ceil() } else { 0 }
    }
}
