//! AWS target tracking: alarms on a metric, proportional scale-out, gradual scale-in.

use crate::units::Nanos;

/// What is tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Average CPU utilisation of the group's instances, as a share.
    CpuUtilization,
    /// Requests per instance and minute.
    RequestsPerInstance,
}

/// A target tracking policy and the two alarms it creates.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetTracking {
    /// What is tracked.
    pub metric: Metric,
    /// Its target: a share, or requests per minute.
    pub target: f64,
    /// Length of one data point.
    pub period: Nanos,
    /// Consecutive points above the target that scale out.
    pub evaluation_periods_out: u32,
    /// Consecutive points below `scale_in_ratio * target` that scale in.
    pub evaluation_periods_in: u32,
    /// Where the scale-in alarm lies, as a share of the target.
    pub scale_in_ratio: f64,
    /// No further scale-out within this long of one.
    pub scale_out_cooldown: Nanos,
    /// No further scale-in within this long of a scaling activity.
    pub scale_in_cooldown: Nanos,
    /// A new instance is left out of the metric for this long after it is in service.
    pub warmup: Nanos,
}
