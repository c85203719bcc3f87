//! How many nodes there should be: the Kubernetes Cluster Autoscaler.

use crate::units::Nanos;

/// Flags of the Cluster Autoscaler.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterAutoscaler {
    /// How often it looks.
    pub scan_interval: Nanos,
    /// Which group grows.
    pub expander: Expander,
    /// A node must be unneeded this long before it is removed.
    pub unneeded_time: Nanos,
    /// No removal within this long of a scale-up.
    pub delay_after_add: Nanos,
    /// A node below this utilisation (requests over allocatable) is a candidate for removal.
    pub utilization_threshold: f64,
}

/// Which group grows when several would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expander {
    /// The one that leaves least unused.
    LeastWaste,
    /// The one that takes most pods.
    MostPods,
    /// Any.
    Random,
}
