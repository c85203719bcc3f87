//! Where an instance comes from, and when it is ready.

pub mod cluster_autoscaler;
pub mod scheduler;

use super::hop::SystemPod;
use crate::kernel::distribution::Distribution;
use crate::units::{Bytes, Nanos};

/// Where the instances of a deployment come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Placement {
    /// The provider has room for every instance; its start is the fleet's.
    Provider,
    /// Pods on nodes.
    Nodes(Box<Nodes>),
}

/// Pods on nodes that the deployment pays.
#[derive(Clone, Debug, PartialEq)]
pub struct Nodes {
    /// Node groups. At least one.
    pub groups: Vec<NodeGroup>,
    /// Node autoscaler. `None`: every group stays at its minimum.
    pub autoscaler: Option<cluster_autoscaler::ClusterAutoscaler>,
    /// From the order of a node to its being ready.
    pub boot: Distribution,
    /// Scoring of nodes that fit.
    pub scheduler: scheduler::Scoring,
    /// Requests of the daemons on every node, in milli-vCPU.
    pub daemonset_milli_vcpu: u64,
    /// Requests of the daemons on every node.
    pub daemonset_memory: Bytes,
    /// Image pull on a node that does not have it, in bytes per second, above 0.
    pub pull_rate: f64,
    /// What else runs on the nodes from the first instant on. A node that has such a pod is never removed.
    pub system: Vec<SystemPod>,
}

/// Nodes of one shape.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeGroup {
    /// Machine type, as usage and tariffs name it: one that is bought on spare capacity by its [`spare`] name.
    ///
    /// [`spare`]: crate::metering::usage::spare
    pub machine: String,
    /// Whether it is spare capacity that the provider may take back. It does when a fault says so, and not else.
    pub spot: bool,
    /// Nodes that are always there.
    pub min: u32,
    /// Most nodes.
    pub max: u32,
    /// Zones over which the group is spread; the minimum is rounded up to a multiple.
    pub zones: u32,
    /// vCPUs of the machine.
    pub vcpu: f64,
    /// Memory of the machine.
    pub memory: Bytes,
    /// CPU for pods, in milli-vCPU.
    pub allocatable_milli_vcpu: u64,
    /// Memory for pods.
    pub allocatable_memory: Bytes,
    /// Pods, daemons included.
    pub max_pods: u32,
    /// Speed of one vCPU relative to the reference.
    pub cpu_speed: f64,
}

impl Nodes {
    /// How long an image of `size` takes to pull.
    #[must_use]
    pub fn pull_time(&self, size: Bytes) -> Nanos {
        Nanos::from_seconds(size.0 as f64 / self.pull_rate)
    }
}
