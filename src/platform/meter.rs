//! What is counted for the bill.

use crate::metering::usage::Dimension;
use crate::units::Nanos;

/// What the compute part of a bill follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Each attempt's time on an instance.
    Request,
    /// Each instance's time.
    Instance,
    /// Each node's time.
    Node,
}

/// What is counted, and how it is rounded.
#[derive(Clone, Debug, PartialEq)]
pub struct Meter {
    /// What the bill follows.
    pub per: Per,
    /// What the compute part of the bill counts (key `meter.counts`, a list of dimension ids): per request some of
    /// `requests`, `gib-seconds`, `vcpu-seconds`; per instance some of `instance-hours`, `gib-seconds`, `vcpu-seconds`;
    /// per node `node-hours`. A dimension that is counted must have a price.
    pub counts: Vec<Dimension>,
    /// Times are rounded up to a multiple of this; zero does not round.
    pub round_up: Nanos,
    /// Shortest billed time per request, or per instance or node life.
    pub minimum: Nanos,
    /// Billed after the last request of an instance.
    pub tail: Nanos,
    /// Whether starting up is billed.
    pub start_billed: bool,
    /// Whether an idle instance is billed.
    pub idle_billed: bool,
    /// Billed instance-hours in one hour of this instance (App Engine counts an F2 as two F1).
    pub weight: u32,
    /// Managed control planes. 0: none.
    pub clusters: u32,
    /// GiB of block storage per node, or per virtual machine. 0: none.
    pub volume_gib: u32,
    /// Public addresses per node, or per virtual machine. 0: none.
    pub addresses: u32,
}
