//! Limits that hold load back, and for how long each was reached.

use crate::metering::measurement::{Level, LimitMeasure};

/// Limits that hold load back, in the words of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Max,
    Account,
    Reserved,
    ScaleRate,
    Queue,
    QueueTimeout,
    NoInstance,
    Timeout,
    EdgeTimeout,
    EdgeThrottle,
    Nodes,
}

impl Limit {
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Max, "autoscaler.max"),
        (Self::Account, "autoscaler.account_concurrency"),
        (Self::Reserved, "autoscaler.reserved"),
        (Self::ScaleRate, "autoscaler.scale_rate"),
        (Self::Queue, "fleet.queue"),
        (Self::QueueTimeout, "fleet.queue_timeout"),
        (Self::NoInstance, "no ready instance"),
        (Self::Timeout, "fleet.timeout"),
        (Self::EdgeTimeout, "edge.timeout"),
        (Self::EdgeThrottle, "edge.throttle"),
        (Self::Nodes, "placement.nodes.max"),
    ];
}

/// How one limit was met.
#[derive(Clone, Debug, Default)]
pub(super) struct Gauge {
    pub value: String,
    /// 1 while it is reached.
    reached: Level,
    pub integral: u128,
    pub timed: bool,
    pub shed: u64,
}

impl Gauge {
    /// It is reached from `at` on, or no more.
    #[inline]
    pub fn reach(&mut self, is: bool, at: u64) {
        match (is, self.reached.count()) {
            (true, 0) => self.reached.raise(1, at),
            (false, 1) => self.reached.lower(1, at),
            _ => {}
        }
    }

    /// A slice ends.
    pub fn roll(&mut self, now: u64) {
        self.integral += self.reached.take(now);
    }

    /// What is reported of it: nothing of a limit that has no value or held nothing back.
    pub fn measure(self, limit: &'static str) -> Option<LimitMeasure> {
        let met = !self.value.is_empty() && (self.integral > 0 || self.shed > 0);
        let reached = self.timed.then_some(self.integral);
        met.then_some(LimitMeasure { limit, value: self.value, reached, shed: self.shed })
    }
}
