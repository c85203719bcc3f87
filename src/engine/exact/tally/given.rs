//! What became of requests that were not played, put into the books of a run.

use crate::engine::exact::flows::FlowUse;
use crate::kernel::histogram::Histogram;
use crate::metering::calendar::Calendar;
use crate::metering::measurement::{ClassMeasure, CoarseHistogram, ServiceMeasure, WorkflowMeasure};
use crate::metering::store::StoreMeasure;
use crate::traffic::path::Arrived;
use crate::units::Nanos;

use super::Tally;

/// What became of the requests.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Given {
    /// Of each class.
    pub classes: Vec<ClassMeasure>,
    /// Waits of completed attempts that did wait.
    pub waits: Histogram,
    /// Latencies by bucket of the charts.
    pub buckets: Vec<CoarseHistogram>,
    /// By slice of the calendar.
    pub slices: Vec<GivenSlice>,
    /// By service.
    pub services: Vec<GivenService>,
    /// By store.
    pub stores: Vec<GivenStore>,
    /// By workflow.
    pub flows: Vec<GivenFlow>,
    /// Instances that were started and were at most there at once, where the core knows nothing of them.
    pub started: u64,
    pub peak: u64,
}

/// What became of those that arrived in one slice, and how busy instances were in it.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct GivenSlice {
    pub offered: u64,
    pub lost: u64,
    /// That came besides, and were turned away by the edge.
    pub turned_away: u64,
    pub egress: u64,
    pub edge_units: u64,
    pub edge_bytes: u64,
    pub called_bytes: u64,
    /// Instances with at least one attempt, and slots with one: nanoseconds.
    pub busy: u128,
    pub slots_busy: u128,
    /// Those whose attempt waits for a service that it called.
    pub calling: u128,
    /// All instances, where the core knows nothing of them: each of one slot, and ready; and micro-vCPU of CPU.
    pub instances: u128,
    pub cpu: u128,
}

/// What became of the attempts that were made to one service.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct GivenService {
    /// Where there are several, but for the instances that the core knows of.
    pub measure: ServiceMeasure,
    /// By slice.
    pub uses: Vec<GivenUse>,
}

/// What the attempts of one slice brought to a service.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct GivenUse {
    /// Attempts that are billed, and nanoseconds of their time as they are.
    pub requests: u64,
    pub billed: u128,
    /// Nanoseconds of instances of which the core knows nothing.
    pub instances: u128,
}

/// What became of the queries of one store.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct GivenStore {
    /// But for the CPU that there was, which the core knows of.
    pub measure: StoreMeasure,
    /// By slice.
    pub slices: Vec<GivenTaking>,
}

/// What the requests of one slice took of a store.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct GivenTaking {
    /// Half units, by access.
    pub taken: [u64; 2],
    /// Bytes between it and instances.
    pub carried: u64,
}

/// What became of the runs of one workflow.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct GivenFlow {
    pub measure: WorkflowMeasure,
    /// By slice.
    pub uses: Vec<FlowUse>,
}

impl Given {
    /// So many came besides, if any, and were turned away by the edge.
    pub fn turn_away(&mut self, away: Option<&Arrived>, calendar: &Calendar) {
        let Some(away) = away else { return };
        let between = |class: usize, from: Nanos, to: Nanos| away.until(class, to.0) - away.until(class, from.0);
        for (class, measure) in self.classes.iter_mut().enumerate() {
            let mut all = 0;
            for (cut, slice) in calendar.slices.iter().zip(&mut self.slices) {
                let count = between(class, cut.start, cut.end);
                slice.turned_away += count;
                all += count;
            }
            measure.offered += all;
            measure.rejected += all;
            measure.lost += all;
        }
    }

    /// How many the edge has turned away.
    pub fn turned_away(&self) -> u64 {
        self.slices.iter().map(|slice| slice.turned_away).sum()
    }
}

impl Tally<'_> {
    /// Puts it into the books, where an instance has so many micro-vCPU.
    pub fn give(&mut self, given: Given, micro_vcpu: u64) {
        for (book, class) in self.books.iter_mut().zip(given.classes) {
            book.charted.iter_mut().zip(class.latency.by_eighth()).for_each(|(charted, all)| *charted = all);
            book.measure = class;
        }
        self.measurement.queue_wait = given.waits;
        self.measurement.buckets = given.buckets;
        self.measurement.started += given.started;
        self.measurement.peak = self.measurement.peak.max(given.peak);
        let measures = self.measurement.slices.iter_mut().zip(&mut self.uses);
        for ((measure, used), given) in measures.zip(given.slices) {
            (measure.busy, measure.slots_busy, measure.calling) = (given.busy, given.slots_busy, given.calling);
            measure.instances += given.instances;
            measure.ready += given.instances;
            measure.slots_ready += given.instances;
            measure.cpu_ready += given.instances * u128::from(micro_vcpu);
            measure.cpu_used += given.cpu;
            (used.offered, used.lost) = (given.offered + given.turned_away, given.lost + given.turned_away);
            used.egress = given.egress;
            used.called_bytes = given.called_bytes;
            if self.has_edge {
                (used.edge_attempts, used.edge_units, used.edge_bytes) =
                    (given.offered, given.edge_units, given.edge_bytes);
            }
        }
    }
}
