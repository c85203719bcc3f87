//! What a run of rates comes to in whole requests, slice by slice.

use super::latencies::{Latencies, OfClass, Outcome};
use super::law::mean_of_both;
use crate::application::Class;
use crate::engine::Plan;
use crate::engine::exact::tally::given::{Given, GivenService, GivenSlice, GivenUse};
use crate::kernel::histogram::Histogram;
use crate::kernel::whole;
use crate::metering::measurement::{ClassMeasure, CoarseHistogram};
use crate::metering::rounding::chunks;
use crate::traffic::path::Arrived;

/// Nanoseconds of one slice: of instances with an attempt, and of slots with one; where the core knows nothing of them, of
/// all instances, and of CPU on one vCPU.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Busy {
    pub instances: f64,
    pub slots: f64,
    pub alive: f64,
    pub cpu: f64,
    /// Nanoseconds of starts that are billed to requests.
    pub billed_start: f64,
}

/// What is gathered while time passes.
#[derive(Debug)]
pub(super) struct Books {
    slices: Vec<Busy>,
    /// The slice that time is in; `None` in the warm-up.
    slice: Option<usize>,
    /// Of each bucket of the charts, by class.
    outcomes: Vec<Vec<Outcome>>,
    charts: Vec<CoarseHistogram>,
    /// Attempts of each class that waited for an instance to start.
    pub cold: Vec<f64>,
}

/// Mean sizes of a class, in bytes and units of the edge.
struct Sizes {
    response: f64,
    edge_units: f64,
    edge_bytes: f64,
}

impl Sizes {
    fn of(class: &Class, unit: Option<u64>) -> Self {
        let units = |request: f64, response: f64| {
            unit.map_or(0.0, |unit| chunks(whole::round(request.max(response)), unit) as f64)
        };
        let response = class.response_bytes.mean();
        Self {
            response,
            edge_units: mean_of_both(&class.request_bytes, &class.response_bytes, units),
            edge_bytes: class.request_bytes.mean() + response,
        }
    }
}

/// Whole numbers that stay within one of a growing sum.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Carried {
    /// What of it is not given yet: the sum itself may be larger than any of these numbers.
    rest: f64,
}

impl Carried {
    pub fn add(&mut self, part: f64) -> u64 {
        self.rest += part;
        let given = whole::round(self.rest.max(0.0));
        self.rest -= given as f64;
        given
    }
}

impl Books {
    pub fn new(plan: &Plan<'_>) -> Self {
        let charted = plan.buckets.last().map_or(0, |&last| last as usize + 1);
        Self {
            slices: vec![Busy::default(); plan.calendar.slices.len()],
            slice: (plan.warmup.0 == 0).then_some(0),
            outcomes: Vec::new(),
            charts: vec![CoarseHistogram::default(); charted],
            cold: vec![0.0; plan.application.classes.len()],
        }
    }

    /// The slice that time is in, unless it is the warm-up.
    pub fn slice(&mut self) -> Option<&mut Busy> {
        self.slices.get_mut(self.slice?)
    }

    /// So many attempts of this mix wait for an instance to start.
    pub fn cold(&mut self, count: f64, mix: &[f64]) {
        if self.slice.is_some() {
            self.cold.iter_mut().zip(mix).for_each(|(cold, share)| *cold += count * share);
        }
    }

    /// Time has come to an instant: perhaps in another slice, and another bucket of the charts. Whether the warm-up has
    /// just ended.
    pub fn enter(&mut self, at: u64, latencies: &mut Latencies, plan: &Plan<'_>) -> bool {
        let slices = &plan.calendar.slices;
        match self.slice {
            None if at >= plan.warmup.0 => {
                latencies.classes.iter_mut().for_each(OfClass::forget);
                self.slice = Some(0);
                return true;
            }
            Some(slice) if at >= slices[slice].end.0 && slice + 1 < slices.len() => {
                if plan.buckets[slice + 1] != plan.buckets[slice] {
                    self.close_bucket(latencies, plan);
                }
                self.slice = Some(slice + 1);
            }
            _ => {}
        }
        false
    }

    /// The bucket of the charts that comes next has ended.
    pub fn close_bucket(&mut self, latencies: &mut Latencies, plan: &Plan<'_>) {
        let Some(chart) = self.charts.get_mut(self.outcomes.len()) else { return };
        let classes = latencies.classes.iter_mut().zip(&plan.application.classes);
        self.outcomes.push(classes.map(|(class, what)| class.close(edge_latency(plan, what), chart)).collect());
    }

    /// What became of those who arrived. By class: how many waited for a start, and how many are in flight at the horizon.
    pub fn given(
        self,
        plan: &Plan<'_>,
        latencies: &Latencies,
        arrived: &Arrived,
        (cold, in_flight): (&[u64], &[f64]),
    ) -> Given {
        let unit = plan.deployment.edge.as_ref().and_then(|edge| edge.meter.request_unit_bytes);
        let busy = |busy: &Busy| GivenSlice {
            busy: u128::from(whole::round(busy.instances)),
            slots_busy: u128::from(whole::round(busy.slots)),
            instances: u128::from(whole::round(busy.alive)),
            cpu: u128::from(whole::round(busy.cpu)) * 1_000_000,
            ..GivenSlice::default()
        };
        let mut slices: Vec<GivenSlice> = self.slices.iter().map(busy).collect();
        let of_starts = |busy: &Busy| GivenUse {
            billed: u128::from(whole::round(busy.billed_start)),
            instances: u128::from(whole::round(busy.alive)),
            ..GivenUse::default()
        };
        let mut uses: Vec<GivenUse> = self.slices.iter().map(of_starts).collect();
        let (mut classes, mut waits) = (Vec::new(), Histogram::new());
        for (number, what) in plan.application.classes.iter().enumerate() {
            let (of_class, sizes) = (&latencies.classes[number], Sizes::of(what, unit));
            let mut carried = [Carried::default(); 5];
            let mut measure = ClassMeasure::default();
            let cuts = plan.calendar.slices.iter().zip(plan.buckets);
            for ((slice, used), (cut, &bucket)) in slices.iter_mut().zip(&mut uses).zip(cuts) {
                let offered = arrived.until(number, cut.end.0) - arrived.until(number, cut.start.0);
                let share = self.outcomes[bucket as usize][number].timed_out;
                let lost = carried[0].add(offered as f64 * share).min(offered);
                let done = (offered - lost) as f64;
                slice.offered += offered;
                slice.lost += lost;
                slice.egress += carried[1].add(done * sizes.response);
                slice.edge_units += carried[2].add(offered as f64 * sizes.edge_units);
                slice.edge_bytes += carried[3].add(offered as f64 * sizes.edge_bytes);
                used.requests += offered;
                used.billed += u128::from(carried[4].add(offered as f64 * of_class.work.billed));
                measure.offered += offered;
                measure.lost += lost;
            }
            let rest = measure.offered - measure.lost;
            let left = if of_class.is_empty() { rest } else { whole::round(in_flight[number]).min(rest) };
            (measure.timed_out, measure.in_flight) = (measure.lost, left);
            let completed = rest - left;
            measure.latency = of_class.latencies(completed, edge_latency(plan, what));
            measure.cold = cold[number].min(measure.offered);
            of_class.waits(completed, &mut waits);
            classes.push(measure);
        }
        let services = vec![GivenService { uses, ..GivenService::default() }];
        Given { classes, waits, buckets: self.charts, slices, services, ..Given::default() }
    }
}

/// What the edge adds to a latency.
fn edge_latency(plan: &Plan<'_>, class: &Class) -> u64 {
    plan.deployment.edge.as_ref().filter(|_| class.passes_edge()).map_or(0, |edge| edge.latency.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_stay_within_one_of_their_sum_however_large_it_is() {
        let mut carried = Carried::default();
        let given: Vec<u64> = (0..6).map(|_| carried.add(0.4)).collect();
        assert_eq!(given, [0, 1, 0, 1, 0, 0]);
        // A year of nanoseconds of functions at 10,000/s.
        let mut carried = Carried::default();
        let sum: u128 = (0..8_760).map(|_| u128::from(carried.add(3.6e15))).sum();
        assert_eq!(sum, 8_760 * 3_600_000_000_000_000);
    }
}
