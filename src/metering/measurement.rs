//! The measurements of one deployment in one replication: integers only, so that they conserve and merge exactly.

use super::store::StoreMeasure;
use super::usage::Usage;
use crate::kernel::histogram::{ALL_EIGHTHS, Histogram, eighth, middle_of_eighth};

/// A count that changes in time, and its integral.
///
/// Raising the count at `t` subtracts `t`, lowering it adds `t`; the integral up to `T` is what was gathered plus
/// `count * T`. So changes may be told out of order within a slice, as those of idle pools are, and stay exact.
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    count: u64,
    gathered: i128,
}

impl Level {
    /// The count now.
    #[inline]
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The count grows by `by` at instant `at`.
    #[inline]
    pub fn raise(&mut self, by: u64, at: u64) {
        self.count += by;
        self.gathered -= i128::from(by) * i128::from(at);
    }

    /// The count falls by `by` at instant `at`.
    #[inline]
    pub fn lower(&mut self, by: u64, at: u64) {
        self.count -= by;
        self.gathered += i128::from(by) * i128::from(at);
    }

    /// The integral since the last call, or since the beginning, up to `at`.
    ///
    /// # Panics
    /// If the count was told to fall before it rose: a defect of who keeps it.
    pub fn take(&mut self, at: u64) -> u128 {
        let held = i128::from(self.count) * i128::from(at);
        let integral = self.gathered + held;
        self.gathered = -held;
        u128::try_from(integral).expect("a count is never negative")
    }
}

/// What happened in one slice of the calendar. Integrals are in nanoseconds times what is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SliceMeasure {
    /// Requests that arrived.
    pub offered: u64,
    /// Requests that arrived and were rejected, timed out or failed.
    pub lost: u64,
    /// Instances, from start request to end.
    pub instances: u128,
    /// Instances ready to serve.
    pub ready: u128,
    /// Instances with at least one attempt.
    pub busy: u128,
    /// Slots with an attempt, on ready instances.
    pub slots_busy: u128,
    /// Slots of ready instances; 0 where they take as many attempts as come.
    pub slots_ready: u128,
    /// Slots whose attempt waits for a service that it called.
    pub calling: u128,
    /// CPU used, in micro-vCPU nanoseconds.
    pub cpu_used: u128,
    /// CPU of ready instances, in micro-vCPU nanoseconds.
    pub cpu_ready: u128,
    /// Nodes, from order to end.
    pub nodes: u128,
    /// CPU of nodes that are up, in micro-vCPU nanoseconds.
    pub node_cpu: u128,
    /// CPU requested on them by pods and daemons, in micro-vCPU nanoseconds.
    pub node_cpu_requested: u128,
}

impl SliceMeasure {
    /// Adds what another brought in the same slice.
    pub const fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        self.lost += other.lost;
        self.instances += other.instances;
        self.ready += other.ready;
        self.busy += other.busy;
        self.slots_busy += other.slots_busy;
        self.slots_ready += other.slots_ready;
        self.calling += other.calling;
        self.cpu_used += other.cpu_used;
        self.cpu_ready += other.cpu_ready;
        self.nodes += other.nodes;
        self.node_cpu += other.node_cpu;
        self.node_cpu_requested += other.node_cpu_requested;
    }
}

/// What happened to the requests of one class.
#[derive(Clone, Debug, Default)]
pub struct ClassMeasure {
    /// Attempts offered.
    pub offered: u64,
    /// Attempts refused before any work.
    pub rejected: u64,
    /// Attempts for which a client, edge or platform limit passed first.
    pub timed_out: u64,
    /// Attempts whose work ended in an error.
    pub failed: u64,
    /// Attempts in flight at the horizon.
    pub in_flight: u64,
    /// Attempts that were not the first of their request.
    pub retries: u64,
    /// Requests whose client made its last attempt in vain.
    pub lost: u64,
    /// Requests whose client waits before its next attempt, at the horizon.
    pub backing_off: u64,
    /// Latency of completed attempts, nanoseconds.
    pub latency: Histogram,
    /// Attempts that waited for an instance to start.
    pub cold: u64,
}

impl ClassMeasure {
    /// Requests offered: attempts that were the first.
    #[must_use]
    pub const fn requests(&self) -> u64 {
        self.offered - self.retries
    }

    /// Attempts completed.
    #[must_use]
    pub fn completed(&self) -> u64 {
        self.latency.count()
    }

    fn assert_attempts_conserved(&self) {
        assert_eq!(
            self.offered,
            self.completed() + self.rejected + self.timed_out + self.failed + self.in_flight,
            "every attempt offered ends in exactly one way"
        );
    }
}

/// What happened at one of several services.
#[derive(Clone, Debug, Default)]
pub struct ServiceMeasure {
    /// What became of the attempts made to it, by clients and by other services.
    pub attempts: ClassMeasure,
    /// Its instances, over the whole window.
    pub instances: SliceMeasure,
    /// Instances started in the measured time.
    pub started: u64,
    /// Most instances at once.
    pub peak: u64,
}

/// What happened to the messages of one queue, one for each consumer.
#[derive(Clone, Debug, Default)]
pub struct QueueMeasure {
    /// Messages published.
    pub published: u64,
    /// Deliveries beyond the first of a message.
    pub redelivered: u64,
    /// Messages that were delivered in vain as often as they may be.
    pub dead_lettered: u64,
    /// Messages that are in the queue, or with a consumer, at the horizon.
    pub waiting: u64,
    /// Requests that it counted for its bill.
    pub requests: u64,
    /// Those of them that asked for messages when there was none.
    pub empty_receives: u64,
    /// From publication until a consumer was done, nanoseconds.
    pub latency: Histogram,
}

impl QueueMeasure {
    /// Messages that a consumer is done with.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.latency.count()
    }
}

/// What happened to the runs of one workflow.
#[derive(Clone, Debug, Default)]
pub struct WorkflowMeasure {
    /// Runs started.
    pub started: u64,
    /// Runs that ended because something that they called failed.
    pub failed: u64,
    /// Runs that go on at the horizon.
    pub running: u64,
    /// Steps that were done, retries included.
    pub steps: u64,
    /// From the start of a run to its end, nanoseconds, of those that succeeded.
    pub latency: Histogram,
}

impl WorkflowMeasure {
    /// Runs that did all of their steps.
    #[must_use]
    pub fn succeeded(&self) -> u64 {
        self.latency.count()
    }
}

/// A limit that held load back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitMeasure {
    /// What is limited, in the words of the scenario.
    pub limit: String,
    /// Its value.
    pub value: String,
    /// Nanoseconds for which it was reached; `None` where it has no duration.
    pub reached: Option<u128>,
    /// Attempts turned away by it.
    pub shed: u64,
}

/// A new version of a service that took the place of the old one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollOutMeasure {
    /// When it began, nanoseconds.
    pub at: u64,
    /// Index of the service.
    pub service: u16,
    /// Instances of the old version that were in service or starting then.
    pub replaced: u64,
    /// Nanoseconds until no instance of the old version took attempts any more, and as many of the new one were ready as
    /// were wanted; `None`: that was not seen.
    pub rolled_out: Option<u64>,
    /// Nanoseconds until the last instance of the old version had ended; `None`: that was not seen.
    pub old_gone: Option<u64>,
}

/// Latency of the requests that arrived in one bucket of the charts: eight buckets per power of two.
#[derive(Clone, Debug)]
pub struct CoarseHistogram {
    counts: Box<[u32; ALL_EIGHTHS]>,
}

impl Default for CoarseHistogram {
    fn default() -> Self {
        Self { counts: Box::new([0; ALL_EIGHTHS]) }
    }
}

impl CoarseHistogram {
    /// Counts a value so many times.
    pub fn record_n(&mut self, value: u64, times: u64) {
        self.record_eighth(eighth(value), times);
    }

    /// Counts values of an [`eighth`].
    pub fn record_eighth(&mut self, eighth: usize, times: u64) {
        let count = &mut self.counts[eighth];
        *count = count.saturating_add(u32::try_from(times).unwrap_or(u32::MAX));
    }

    /// Values in no higher bucket than that of `value`.
    #[must_use]
    pub fn within(&self, value: u64) -> u64 {
        self.counts[..=eighth(value)].iter().map(|&count| u64::from(count)).sum()
    }

    /// Adds the counts of another.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts.iter()) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    /// The value that a share `p` does not exceed, within 6 %.
    #[must_use]
    pub fn quantile(&self, p: f64) -> Option<u64> {
        let total: u64 = self.counts.iter().map(|&count| u64::from(count)).sum();
        if total == 0 {
            return None;
        }
        let wanted = p * total as f64;
        let mut seen = 0;
        for (index, &count) in self.counts.iter().enumerate() {
            seen += u64::from(count);
            if seen as f64 >= wanted {
                return Some(middle_of_eighth(index));
            }
        }
        None
    }
}

/// Everything measured of one deployment in one replication.
#[derive(Clone, Debug, Default)]
pub struct Measurement {
    /// Per class, in the order of the scenario.
    pub classes: Vec<ClassMeasure>,
    /// Queue wait of completed attempts, nanoseconds.
    pub queue_wait: Histogram,
    /// Per slice of the calendar.
    pub slices: Vec<SliceMeasure>,
    /// Per bucket of the charts.
    pub buckets: Vec<CoarseHistogram>,
    /// Instances started in the measured time.
    pub started: u64,
    /// Most instances at once.
    pub peak: u64,
    /// Nodes started in the measured time; `None` without nodes.
    pub nodes_started: Option<u64>,
    /// Most nodes at once.
    pub nodes_peak: u64,
    /// Attempts abandoned by their client whose work ended, and those still at work at the horizon.
    pub wasted: u64,
    /// Abandoned attempts still at work at the horizon.
    pub abandoned_running: u64,
    /// Per service, in the order of the scenario; none where there is only one.
    pub services: Vec<ServiceMeasure>,
    /// Per queue, in the order of the scenario.
    pub queues: Vec<QueueMeasure>,
    /// Per workflow, in the order of the application.
    pub workflows: Vec<WorkflowMeasure>,
    /// Limits that held load back.
    pub limits: Vec<LimitMeasure>,
    /// New versions that were rolled out, the warm-up included, in order.
    pub roll_outs: Vec<RollOutMeasure>,
    /// Per store of the application.
    pub stores: Vec<StoreMeasure>,
    /// What the bill is made from.
    pub usage: Usage,
}

impl Measurement {
    /// A sum over classes.
    #[must_use]
    pub fn sum(&self, of: impl Fn(&ClassMeasure) -> u64) -> u64 {
        self.classes.iter().map(of).sum()
    }

    /// Asserts that every attempt offered, and every request, has exactly one outcome.
    ///
    /// # Panics
    /// When one has not: a defect of the engine.
    pub fn assert_conserved(&self) {
        self.stores.iter().for_each(StoreMeasure::assert_conserved);
        for class in &self.classes {
            class.assert_attempts_conserved();
            assert_eq!(
                class.requests(),
                class.completed() + class.lost + class.in_flight + class.backing_off,
                "every request ends in exactly one way"
            );
        }
        for queue in &self.queues {
            assert_eq!(
                queue.published,
                queue.delivered() + queue.dead_lettered + queue.waiting,
                "every message is delivered, dead or waiting"
            );
        }
        for workflow in &self.workflows {
            assert_eq!(
                workflow.started,
                workflow.succeeded() + workflow.failed + workflow.running,
                "every run of a workflow succeeds, fails or goes on"
            );
        }
        for service in &self.services {
            service.attempts.assert_attempts_conserved();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_integrates_in_any_order() {
        let mut level = Level::default();
        level.raise(3, 10);
        level.lower(1, 40);
        level.lower(1, 20);
        assert_eq!(level.take(50), 10 + 30 + 40);
        level.raise(1, 60);
        assert_eq!(level.take(70), 20 + 10);
        assert_eq!(level.count(), 2);
    }

    #[test]
    fn coarse_buckets_hold_what_they_say() {
        for value in (0..64).flat_map(|shift| [1_u64 << shift, (1_u64 << shift) + (1_u64 << shift) / 3]) {
            let mut histogram = CoarseHistogram::default();
            histogram.record_n(value, 1);
            let got = histogram.quantile(0.5).unwrap() as f64;
            assert!((got / value as f64 - 1.0).abs() < 0.0626, "{value} came back as {got}");
            assert_eq!((histogram.within(value), histogram.within(value / 2)), (1, 0));
        }
    }
}
