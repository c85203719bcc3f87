//! One instance: an execution environment, a dyno, a pod, a virtual machine.

use crate::units::Bytes;

/// The size of an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// vCPUs it has (Kubernetes: requests), above 0.
    pub vcpu: f64,
    /// vCPUs it may use at most. `None`: all of what it has, or of its node.
    pub vcpu_limit: Option<f64>,
    /// Speed of one vCPU relative to the reference (see the contract's Demand), above 0.
    pub cpu_speed: f64,
    /// vCPUs during start-up, above 0.
    pub start_vcpu: f64,
    /// Memory (Kubernetes: requests).
    pub memory: Bytes,
    /// Memory it may use at most.
    pub memory_limit: Option<Bytes>,
    /// Instance class or machine type, as usage and tariffs name it; empty where there are none.
    pub variant: String,
}

impl Instance {
    /// vCPUs it may use: its limit, or what it has.
    #[must_use]
    pub fn cpu_limit(&self) -> f64 {
        self.vcpu_limit.unwrap_or(self.vcpu)
    }
}
