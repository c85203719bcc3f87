//! What became of those who arrived, as samples tell: whole numbers, slice by slice.

mod flows;
mod stores;

use super::books::Carried;
use super::cells::{Cells, Sample};
use super::latencies::{BUCKETS, CHARTED, COARSE, middle, shared_out};
use super::law::joined;
use crate::engine::Plan;
use crate::engine::exact::flows::FlowUse;
use crate::engine::exact::sampled::OfService;
use crate::engine::exact::tally::given::{
    Given, GivenFlow, GivenService, GivenSlice, GivenStore, GivenTaking, GivenUse,
};
use crate::kernel::histogram::{Histogram, bucket, midpoint};
use crate::kernel::whole;
use crate::metering::measurement::{ClassMeasure, CoarseHistogram, SliceMeasure};
use crate::traffic::path::Arrived;

/// Requests that wait for the start of a service: their share, and for how long.
#[derive(Debug)]
pub(super) struct Late {
    pub share: f64,
    pub law: Vec<f64>,
}

/// What is told.
pub(super) struct Told<'t, 'p> {
    plan: &'t Plan<'p>,
    cells: &'t Cells,
    samples: &'t [Sample],
    arrived: &'t Arrived,
    /// How many of each class came in each cell, and were lost.
    shares: Vec<Vec<f64>>,
    lost: Vec<u64>,
    carried: Vec<Carried>,
    given: Given,
}

/// Sums that are carried from slice to slice: those of a class, of all requests, of a service, of a store and of a workflow.
const OF_ALL: usize = 4;
const OF_SERVICE: usize = 5;
const OF_STORE: usize = 3;
const OF_FLOW: usize = 4;

impl<'t, 'p> Told<'t, 'p> {
    pub fn new(plan: &'t Plan<'p>, cells: &'t Cells, samples: &'t [Sample], arrived: &'t Arrived) -> Self {
        let (classes, services) = (plan.application.classes.len(), plan.application.services.len());
        let (stores, flows) = (plan.application.stores.len(), plan.application.workflows.len());
        let kept = classes + OF_ALL + OF_SERVICE * services + OF_STORE * stores + OF_FLOW * flows;
        let charted = plan.buckets.last().map_or(0, |&last| last as usize + 1);
        Self {
            plan,
            cells,
            samples,
            arrived,
            shares: vec![vec![0.0; samples.len()]; classes],
            lost: vec![0; classes],
            carried: vec![Carried::default(); kept],
            given: Given {
                buckets: vec![CoarseHistogram::default(); charted],
                services: vec![GivenService::default(); services],
                stores: vec![GivenStore::default(); stores],
                flows: vec![GivenFlow::default(); flows],
                ..Given::default()
            },
        }
    }

    /// Everything but what starts of instances bring, to which some are late; so many requests come per nanosecond at the
    /// end.
    pub fn all(mut self, late: &[Late], at_end: f64) -> Given {
        let mut charts = vec![(vec![0.0; BUCKETS / COARSE], 0.0); self.given.buckets.len()];
        let mut parts: &[(usize, f64)] = &[];
        for number in 0..self.plan.calendar.slices.len() {
            if !self.cells.slices[number].is_empty() {
                parts = &self.cells.slices[number];
            }
            let whole: f64 = parts.iter().map(|(_, part)| part).sum();
            let parts: Vec<(usize, f64)> = parts.iter().map(|(cell, part)| (*cell, part / whole)).collect();
            let slice = self.slice(number, &parts);
            let (outline, count) = &mut charts[self.plan.buckets[number] as usize];
            *count += slice.offered as f64;
            for (cell, part) in parts {
                let times = slice.offered as f64 * part / self.samples[cell].requests;
                let classes = &self.samples[cell].measurement.classes;
                for class in classes {
                    add(outline, &class.latency, times, COARSE);
                }
            }
            self.given.slices.push(slice);
        }
        for (chart, (outline, count)) in self.given.buckets.iter_mut().zip(charts) {
            let count = whole::round(count).min(CHARTED);
            shared_out(&outline, count, |place, count| chart.record_n(middle(place), count));
        }
        for class in 0..self.plan.application.classes.len() {
            let measure = self.class(class, late, at_end);
            self.given.classes.push(measure);
        }
        self.waits();
        if self.plan.application.services.len() > 1 {
            self.attempts();
        }
        self.stores();
        self.flows(at_end);
        self.given
    }

    /// One slice, of whose requests these shares came in which cells.
    fn slice(&mut self, number: usize, parts: &[(usize, f64)]) -> GivenSlice {
        let cut = &self.plan.calendar.slices[number];
        let mut slice = GivenSlice::default();
        let classes = self.shares.len();
        for class in 0..classes {
            let offered = self.arrived.until(class, cut.end.0) - self.arrived.until(class, cut.start.0);
            let mut lost = 0.0;
            for (cell, part) in parts {
                let (count, measure) = (offered as f64 * part, &self.samples[*cell].measurement.classes[class]);
                self.shares[class][*cell] += count;
                lost += count * ratio(measure.lost, measure.offered);
            }
            let lost = self.carried[class].add(lost).min(offered);
            slice.offered += offered;
            slice.lost += lost;
            self.lost[class] += lost;
        }
        let offered = slice.offered as f64;
        let mut sums = self.carried[classes..].iter_mut();
        let mut sum = |of: &dyn Fn(&Sample) -> f64| {
            let per_request =
                |(cell, part): &(usize, f64)| part * of(&self.samples[*cell]) / self.samples[*cell].requests;
            let whole = parts.iter().map(per_request).sum::<f64>() * offered;
            sums.next().map_or(0, |carried| carried.add(whole))
        };
        slice.egress = sum(&|sample| sample.brought.egress as f64);
        slice.edge_units = sum(&|sample| sample.brought.edge_units as f64);
        slice.edge_bytes = sum(&|sample| sample.brought.edge_bytes as f64);
        slice.called_bytes = sum(&|sample| sample.brought.called_bytes as f64);
        for (service, given) in self.given.services.iter_mut().enumerate() {
            let mut of_service =
                |of: &dyn Fn(&OfService) -> u128| sum(&|sample| of(&sample.brought.services[service]) as f64);
            let requests = of_service(&|one| u128::from(one.requests));
            let billed = u128::from(of_service(&|one| one.billed));
            let busy = u128::from(of_service(&|one| one.measure.instances.busy));
            let slots_busy = u128::from(of_service(&|one| one.measure.instances.slots_busy));
            let calling = u128::from(of_service(&|one| one.measure.instances.calling));
            given.uses.push(GivenUse { requests, billed, instances: 0 });
            given.measure.instances.add(&SliceMeasure { busy, slots_busy, calling, ..SliceMeasure::default() });
            slice.busy += busy;
            slice.slots_busy += slots_busy;
            slice.calling += calling;
        }
        for (store, given) in self.given.stores.iter_mut().enumerate() {
            let mut taken = |access| sum(&|sample| sample.measurement.stores[store].taken[access] as f64);
            let taken = [taken(0), taken(1)];
            let carried = sum(&|sample| sample.brought.carried[store] as f64);
            given.slices.push(GivenTaking { taken, carried });
        }
        for (flow, given) in self.given.flows.iter_mut().enumerate() {
            let whole = |sample: &Sample| flows::whole_runs(&sample.measurement.workflows[flow]);
            let mut of_flow =
                |of: &dyn Fn(&FlowUse, f64) -> f64| sum(&|sample| of(&sample.brought.flows[flow], whole(sample)));
            given.uses.push(FlowUse {
                runs: of_flow(&|used, _| used.runs as f64),
                steps: of_flow(&|used, whole| used.steps as f64 * whole),
                carried: of_flow(&|used, _| used.carried as f64),
                mib_nanoseconds: u128::from(of_flow(&|used, whole| used.mib_nanoseconds as f64 / 1e6 * whole))
                    * 1_000_000,
            });
        }
        slice
    }

    /// One class.
    fn class(&self, class: usize, late: &[Late], at_end: f64) -> ClassMeasure {
        let slices = &self.plan.calendar.slices;
        let (first, last) = (slices.first().map_or(0, |cut| cut.start.0), slices.last().map_or(0, |cut| cut.end.0));
        let offered = self.arrived.until(class, last) - self.arrived.until(class, first);
        let (mut law, mut time, mut ends) = (vec![0.0; BUCKETS], 0.0, [0.0; 3]);
        for (count, sample) in self.shares[class].iter().zip(self.samples) {
            let measure = &sample.measurement.classes[class];
            add(&mut law, &measure.latency, count / measure.offered.max(1) as f64, 1);
            time += count * measure.latency.mean().unwrap_or(0.0);
            for (end, ended) in ends.iter_mut().zip([measure.rejected, measure.timed_out, measure.failed]) {
                *end += count * ratio(ended, measure.offered);
            }
        }
        let law = with_late(law, late);
        // Those in flight are as many as come in the time that one takes.
        let share = offered as f64 / self.arrived.statistics().requests.max(1) as f64;
        let lost = self.lost[class];
        let in_flight = whole::round(at_end * share * time / offered.max(1) as f64).min(offered - lost);
        let mut counts = [0; 3];
        shared_out(&ends, lost, |place, count| counts[place] = count);
        let [rejected, timed_out, failed] = counts;
        let mut measure =
            ClassMeasure { offered, rejected, timed_out, failed, in_flight, lost, ..ClassMeasure::default() };
        shared_out(&law, offered - lost - in_flight, |place, count| measure.latency.record_n(midpoint(place), count));
        if measure.completed() + lost + in_flight < offered {
            // None of them completed in any sample.
            measure.in_flight = offered - lost - measure.completed();
        }
        measure
    }

    /// Waits of those that completed.
    fn waits(&mut self) {
        let mut law = vec![0.0; BUCKETS];
        for (requests, sample) in self.cells.with(self.samples) {
            add(&mut law, &sample.measurement.queue_wait, requests / sample.requests, 1);
        }
        let completed = self.given.classes.iter().map(ClassMeasure::completed).sum();
        let waits = &mut self.given.waits;
        // Those that did not wait are what the others leave.
        shared_out(&law, completed, |place, count| {
            if place > 0 {
                waits.record_n(midpoint(place), count);
            }
        });
    }

    /// What became of the attempts made to each service.
    fn attempts(&mut self) {
        let whole: f64 = self.cells.with(self.samples).map(|(requests, _)| requests).sum();
        let offered: u64 = self.given.slices.iter().map(|slice| slice.offered).sum();
        for (number, service) in self.given.services.iter_mut().enumerate() {
            let measures = || {
                let all = self.cells.with(self.samples);
                all.map(|(requests, sample)| {
                    let times = requests / whole * offered as f64 / sample.requests;
                    (times, &sample.brought.services[number].measure.attempts)
                })
            };
            let sum = |of: &dyn Fn(&ClassMeasure) -> u64| {
                whole::round(measures().map(|(times, measure)| times * of(measure) as f64).sum())
            };
            let mut measure = ClassMeasure {
                rejected: sum(&|one| one.rejected),
                timed_out: sum(&|one| one.timed_out),
                failed: sum(&|one| one.failed),
                retries: sum(&|one| one.retries),
                ..ClassMeasure::default()
            };
            let mut law = vec![0.0; BUCKETS];
            measures().for_each(|(times, one)| add(&mut law, &one.latency, times, 1));
            let completed = sum(&ClassMeasure::completed);
            shared_out(&law, completed, |place, count| measure.latency.record_n(midpoint(place), count));
            measure.offered = measure.completed() + measure.rejected + measure.timed_out + measure.failed;
            service.measure.attempts = measure;
        }
    }
}

/// The law with those who wait for a start.
fn with_late(mut law: Vec<f64>, late: &[Late]) -> Vec<f64> {
    let started: Vec<Vec<f64>> = late.iter().map(|late| joined(&law, &late.law)).collect();
    let on_time = 1.0 - late.iter().map(|late| late.share).sum::<f64>();
    for mass in &mut law {
        *mass *= on_time.max(0.0);
    }
    for (late, after) in late.iter().zip(started) {
        law.iter_mut().zip(after).for_each(|(mass, more)| *mass += late.share * more);
    }
    law
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole > 0 { part as f64 / whole as f64 } else { 0.0 }
}

/// Adds what a histogram has counted, `times` over, `wide` of its buckets in one.
fn add(mass: &mut [f64], counted: &Histogram, times: f64, wide: usize) {
    for (value, count) in counted.values() {
        mass[bucket(value).min(BUCKETS - 1) / wide] += times * count as f64;
    }
}
