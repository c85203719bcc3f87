//! The Kubernetes HorizontalPodAutoscaler.

use crate::units::Nanos;

/// What a HorizontalPodAutoscaler is told (autoscaling/v2 and the controller's flags).
#[derive(Clone, Debug, PartialEq)]
pub struct HpaSpec {
    /// Metrics; the largest proposal wins. At least one.
    pub metrics: Vec<MetricTarget>,
    /// `spec.behavior`; absent differs from present and empty.
    pub behavior: Option<Behavior>,
    /// Controller flag: no change while the ratio is within 1 -+ this, both directions.
    pub tolerance: f64,
    /// From the end of one sync to the next.
    pub sync_period: Nanos,
    /// How often metrics are scraped; also the window of a CPU sample.
    pub metric_resolution: Nanos,
    /// Younger pods' CPU samples count only if taken while ready.
    pub cpu_initialization_period: Nanos,
    /// A pod unready for this long after its start never was ready.
    pub initial_readiness_delay: Nanos,
    /// Controller flag: window of recommendations when `behavior` is absent.
    pub downscale_stabilization: Nanos,
}

/// One metric and its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricTarget {
    /// CPU in percent of the request.
    CpuUtilization(i64),
    /// Memory in percent of the request.
    MemoryUtilization(i64),
    /// Requests per second of a pod, in thousandths.
    RequestsPerSecond(i64),
}

/// `spec.behavior`. A direction that is `None` has the API's defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Behavior {
    /// Rules for scaling up.
    pub scale_up: Option<Rules>,
    /// Rules for scaling down.
    pub scale_down: Option<Rules>,
}

/// Rules of one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// `None`: the default of the direction (0 up, the controller's flag down).
    pub stabilization_window: Option<Nanos>,
    /// Which policy wins.
    pub select: SelectPolicy,
    /// Policies. At least one.
    pub policies: Vec<Policy>,
    /// `None`: the controller's flag.
    pub tolerance: Option<f64>,
}

/// Which policy wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectPolicy {
    /// The one that allows the largest change.
    Max,
    /// The one that allows the smallest change.
    Min,
    /// No scaling in this direction.
    Disabled,
}

/// A limit on the change within a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What is limited.
    pub kind: PolicyKind,
    /// Pods, or percent.
    pub value: u32,
    /// Within this long, above zero.
    pub period: Nanos,
}

/// What a policy limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// A number of pods.
    Pods,
    /// A percentage of the replicas at the start of the period.
    Percent,
}
