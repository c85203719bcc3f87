//! The App Engine standard scheduler (automatic scaling).

use crate::units::Nanos;

/// Automatic scaling of App Engine standard.
#[derive(Clone, Debug, PartialEq)]
pub struct AppEngine {
    /// CPU utilisation above which another instance is wanted, 0.5..=0.95.
    pub target_cpu_utilization: f64,
    /// Share of the concurrent requests of an instance above which another is wanted, 0.5..=0.95.
    pub target_throughput_utilization: f64,
    /// A request waits at least this long before a start is considered.
    pub min_pending_latency: Nanos,
    /// A request that has waited this long starts an instance in any case.
    pub max_pending_latency: Nanos,
    /// Idle instances added to the computed number.
    pub min_idle_instances: u32,
    /// Idle instances that are kept. `None`: automatic.
    pub max_idle_instances: Option<u32>,
    /// Whether new instances are warmed up before they get a request (not the first).
    pub warmup_requests: bool,
    /// How long a surplus instance idles before it is ended when `max_idle_instances` is automatic.
    pub idle_timeout: Nanos,
    /// How often the scheduler looks.
    pub interval: Nanos,
}
