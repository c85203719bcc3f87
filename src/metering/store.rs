//! What happened to the queries of one store in one replication.

use crate::kernel::histogram::Histogram;

/// The measurements of one store.
#[derive(Clone, Debug, Default)]
pub struct StoreMeasure {
    /// Attempts of queries.
    pub asked: u64,
    /// Those that were answered, though it may have been to nobody.
    pub answered: u64,
    /// Those that were refused.
    pub refused: u64,
    /// Those that ended in an error of the store.
    pub failed: u64,
    /// Those that were given up before the store had done anything for them, or when it had done all of it.
    pub dropped: u64,
    /// Those that are not answered at the horizon.
    pub in_flight: u64,
    /// From asking to the answer, nanoseconds.
    pub latency: Histogram,
    /// CPU used and CPU there was, in micro-vCPU nanoseconds; none of a store without a CPU of its own.
    pub cpu_used: u128,
    /// CPU there was.
    pub cpu_capacity: u128,
    /// Half units taken, of reads and of writes.
    pub taken: [u128; 2],
    /// Unit nanoseconds of reads and of writes that were bought; none where nothing is.
    pub bought: [u128; 2],
    /// Open connections over time, in nanoseconds.
    pub connections: u128,
    /// Most of them at once.
    pub connections_peak: u64,
}

impl StoreMeasure {
    /// Share that was in use of what there was: of the CPU, else of what was bought in reads or in writes, whichever is
    /// larger. `None` of a store that has no capacity of its own.
    #[must_use]
    pub fn utilization(&self) -> Option<f64> {
        let share = |used: f64, there: u128| (there > 0).then(|| used / there as f64);
        let cpu = share(self.cpu_used as f64, self.cpu_capacity);
        let units = self.taken.iter().zip(self.bought).filter_map(|(&halves, bought)| {
            // Half a unit is half of a unit for a second.
            share(halves as f64 * 5e8, bought)
        });
        cpu.into_iter().chain(units).reduce(f64::max)
    }

    /// Asserts that every attempt of a query has one outcome.
    ///
    /// # Panics
    /// When one has not: a defect of the engine.
    pub fn assert_conserved(&self) {
        assert_eq!(
            self.asked,
            self.answered + self.refused + self.failed + self.dropped + self.in_flight,
            "every query ends in exactly one way"
        );
    }
}
