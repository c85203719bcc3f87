//! What stores answered and what was taken of them, as samples tell.

use super::{BUCKETS, Told, add, shared_out};
use crate::engine::exact::tally::given::GivenStore;
use crate::engine::tick::cells::Sample;
use crate::kernel::histogram::midpoint;
use crate::kernel::whole;
use crate::metering::store::StoreMeasure;

impl Told<'_, '_> {
    /// All of it but connections, once slices are told.
    pub(super) fn stores(&mut self) {
        let whole: f64 = self.cells.with(self.samples).map(|(requests, _)| requests).sum();
        let offered: u64 = self.given.slices.iter().map(|slice| slice.offered).sum();
        let all: Vec<(f64, &Sample)> = self
            .cells
            .with(self.samples)
            .map(|(requests, sample)| (requests / whole * offered as f64 / sample.requests, sample))
            .collect();
        for (number, given) in self.given.stores.iter_mut().enumerate() {
            let samples: Vec<(f64, &StoreMeasure)> =
                all.iter().map(|(times, sample)| (*times, &sample.measurement.stores[number])).collect();
            given.measure = measure(given, &samples);
        }
    }
}

/// What samples of a store come to, each so many times over.
fn measure(given: &GivenStore, samples: &[(f64, &StoreMeasure)]) -> StoreMeasure {
    let sum = |of: &dyn Fn(&StoreMeasure) -> f64| samples.iter().map(|(times, one)| times * of(one)).sum::<f64>();
    let count = |of: &dyn Fn(&StoreMeasure) -> u64| whole::round(sum(&|one| of(one) as f64));
    let mut measure = StoreMeasure {
        refused: count(&|one| one.refused),
        failed: count(&|one| one.failed),
        dropped: count(&|one| one.dropped),
        cpu_used: u128::from(whole::round(sum(&|one| one.cpu_used as f64 / 1e6))) * 1_000_000,
        taken: given.slices.iter().fold([0; 2], |[read, write], slice| {
            [read + u128::from(slice.taken[0]), write + u128::from(slice.taken[1])]
        }),
        ..StoreMeasure::default()
    };
    let mut law = vec![0.0; BUCKETS];
    for (times, one) in samples {
        add(&mut law, &one.latency, *times, 1);
    }
    let answered = count(&|one| one.answered);
    shared_out(&law, answered, |place, count| measure.latency.record_n(midpoint(place), count));
    measure.answered = measure.latency.count();
    measure.asked = measure.answered + measure.refused + measure.failed + measure.dropped;
    measure
}
