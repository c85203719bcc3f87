//! What became of the runs of workflows, as samples tell.

use super::{BUCKETS, Told, add, ratio, shared_out};
use crate::kernel::histogram::midpoint;
use crate::kernel::whole;
use crate::metering::measurement::WorkflowMeasure;

/// By how much more the runs of a sample do than is seen of them: those that go on at its end have done half of it.
pub(super) fn whole_runs(sample: &WorkflowMeasure) -> f64 {
    1.0 / (1.0 - ratio(sample.running, sample.started) / 2.0)
}

impl Told<'_, '_> {
    /// All of it, once slices are told; so many requests come per nanosecond at the end.
    pub(super) fn flows(&mut self, at_end: f64) {
        let requests: u64 = self.given.slices.iter().map(|slice| slice.offered).sum();
        for (number, given) in self.given.flows.iter_mut().enumerate() {
            let (mut law, mut seen, mut failed, mut time) = (vec![0.0; BUCKETS], 0.0, 0.0, 0.0);
            for (count, sample) in self.cells.with(self.samples) {
                let measure = &sample.measurement.workflows[number];
                let times = count / sample.requests;
                add(&mut law, &measure.latency, times, 1);
                seen += times * (measure.started - measure.running) as f64;
                failed += times * measure.failed as f64;
                time += times * measure.latency.count() as f64 * measure.latency.mean().unwrap_or(0.0);
            }
            let started: u64 = given.uses.iter().map(|used| used.runs).sum();
            let each = if seen > 0.0 { started as f64 / seen } else { 0.0 };
            // Those that go on are as many as begin in the time that one takes.
            let per_request = started as f64 / requests.max(1) as f64;
            let going = at_end * per_request * time / seen.max(f64::MIN_POSITIVE);
            let measure = &mut given.measure;
            (measure.failed, measure.running) = (whole::round(failed * each), whole::round(going));
            let ended = started.saturating_sub(measure.failed + measure.running);
            shared_out(&law, ended, |place, count| measure.latency.record_n(midpoint(place), count));
            measure.started = measure.succeeded() + measure.failed + measure.running;
            measure.steps = given.uses.iter().map(|used| used.steps).sum();
        }
    }
}
