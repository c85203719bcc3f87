//! Replications folded together, in order: counts are summed, scalars are kept one per replication.

use std::collections::BTreeMap;

use super::RunError;
use super::billed::Billed;
use super::estimates::{Samples, Spread};
use super::fidelity::Chosen;
use super::play::{Outcome, Stage};
use super::result::{Attempts, PrecisionResult, QueueResult, Requests, UsageRow, WorkflowResult};
use super::stores::FoldedStore;
use crate::kernel::histogram::Histogram;
use crate::metering::calendar::Calendar;
use crate::metering::measurement::{
    ClassMeasure, CoarseHistogram, Measurement, QueueMeasure, RollOutMeasure, SliceMeasure, WorkflowMeasure,
};
use crate::metering::usage::Usage;
use crate::pricing::settle::may_look_at_hours;
use crate::pricing::tariff::Tariff;
use crate::traffic::statistics::Statistics;

/// Share of the CPU of ready instances that is all of it, within a slice of time: what is left is the end of a burst.
const ALL_CPU: f64 = 0.99;

/// All replications so far.
#[derive(Debug)]
pub(super) struct Folded {
    pub traffic: Vec<Statistics>,
    pub deployments: Vec<FoldedDeployment>,
    /// End of each bucket of the charts, seconds from the first measured instant.
    pub bucket_ends: Vec<f64>,
    pub calendars: Vec<Calendar>,
    /// One per deployment.
    pub chosen: Vec<Chosen>,
    /// Whether it was interrupted.
    pub partial: bool,
    /// How well figures were to be known, and are.
    pub precision: Option<PrecisionResult>,
}

/// What the requests of some classes got, one sample per replication.
#[derive(Clone, Debug, Default)]
pub(super) struct Quality {
    pub latency: Spread,
    pub availability: Samples,
    pub cold_fraction: Samples,
}

/// One deployment over all replications so far.
#[derive(Debug, Default)]
pub(super) struct FoldedDeployment {
    pub attempts: Attempts,
    pub requests: Requests,
    pub cold: u64,
    pub all: Quality,
    pub classes: Vec<Quality>,
    pub queue_wait: Spread,
    pub share_waiting: Samples,
    pub instances: InstanceSamples,
    /// Several services, in the order of the scenario.
    pub services: Vec<FoldedService>,
    /// In the order of the scenario.
    pub queues: Vec<FoldedQueue>,
    /// In the order of the deployment's application.
    pub workflows: Vec<FoldedWorkflow>,
    pub nodes: Option<NodeSamples>,
    pub stores: Vec<FoldedStore>,
    pub limits: BTreeMap<String, FoldedLimit>,
    /// Nanoseconds for which ready instances that take as many requests as come used all their CPU, in each replication.
    pub cpu_exhausted: Samples,
    /// Share of the time that slots had an attempt in which it waited for services that it had called.
    pub waiting: Samples,
    /// Succeeded requests of each replication.
    pub succeeded: Vec<u64>,
    pub billed: Billed,
    pub usage: Vec<UsageRow>,
    /// Summed over replications.
    pub whole_usage: Usage,
    pub latencies: Histogram,
    /// New versions, of each replication.
    pub roll_outs: Vec<Vec<RollOutMeasure>>,
    pub buckets: Vec<Bucket>,
    /// Mean instances in each bucket, by replication.
    pub courses: Vec<Vec<f64>>,
}

/// One of several services over all replications so far.
#[derive(Debug, Default)]
pub(super) struct FoldedService {
    pub attempts: u64,
    pub cold: u64,
    pub quality: Quality,
    pub instances: InstanceSamples,
    /// Nanoseconds for which attempts waited for services that they called, and for which slots had an attempt.
    pub calling: u128,
    pub slots_busy: u128,
}

/// One queue over all replications so far: counts are sums.
#[derive(Debug, Default)]
pub(super) struct FoldedQueue {
    pub counts: QueueResult,
    pub latency: Spread,
}

impl FoldedQueue {
    fn add(&mut self, queue: &QueueMeasure) {
        self.counts.published += queue.published;
        self.counts.delivered += queue.delivered();
        self.counts.dead_lettered += queue.dead_lettered;
        self.counts.waiting += queue.waiting;
        self.counts.redelivered += queue.redelivered;
        self.counts.requests += queue.requests;
        self.counts.empty_receives += queue.empty_receives;
        self.latency.add(&queue.latency);
    }
}

/// One workflow over all replications so far: counts are sums.
#[derive(Debug, Default)]
pub(super) struct FoldedWorkflow {
    pub counts: WorkflowResult,
    pub latency: Spread,
}

impl FoldedWorkflow {
    fn add(&mut self, workflow: &WorkflowMeasure) {
        self.counts.started += workflow.started;
        self.counts.succeeded += workflow.succeeded();
        self.counts.failed += workflow.failed;
        self.counts.running += workflow.running;
        self.counts.steps += workflow.steps;
        self.latency.add(&workflow.latency);
    }
}

/// A limit over all replications so far.
#[derive(Debug, Default)]
pub(super) struct FoldedLimit {
    pub value: String,
    /// Nanoseconds for which it was reached in the replications that it is known of; none where it has no duration.
    pub reached: Samples,
    /// Summed.
    pub shed: u64,
}

/// Figures of instances, one sample per replication.
#[derive(Debug, Default)]
pub(super) struct InstanceSamples {
    pub mean: Samples,
    pub busy: Samples,
    pub idle: Samples,
    pub utilization: Samples,
    pub cpu_utilization: Samples,
    pub peak: u64,
    pub started: u64,
}

/// Figures of nodes, one sample per replication.
#[derive(Debug, Default)]
pub(super) struct NodeSamples {
    pub mean: Samples,
    pub requested_share: Samples,
    pub used_share: Samples,
    pub peak: u64,
    pub started: u64,
}

/// A stretch of the charts, summed over replications.
#[derive(Clone, Debug, Default)]
pub(super) struct Bucket {
    pub measure: SliceMeasure,
    pub nanoseconds: u64,
    pub latency: CoarseHistogram,
}

impl Folded {
    pub fn new(stage: &Stage<'_>) -> Self {
        let warmup = stage.scenario.traffic.warmup;
        let buckets = stage.bucket_ends.len();
        let blank = |_| FoldedDeployment {
            classes: vec![Quality::default(); stage.scenario.application.classes.len()],
            buckets: vec![Bucket::default(); buckets],
            ..FoldedDeployment::default()
        };
        Self {
            traffic: Vec::new(),
            deployments: (0..stage.scenario.deployments.len()).map(blank).collect(),
            bucket_ends: stage.bucket_ends.iter().map(|&end| (end - warmup).seconds()).collect(),
            calendars: stage.calendars.clone(),
            chosen: stage.chosen.to_vec(),
            partial: false,
            precision: None,
        }
    }

    pub fn replications(&self) -> usize {
        self.traffic.len()
    }

    /// Adds the next replication.
    pub fn add(&mut self, stage: &Stage<'_>, outcome: Outcome) -> Result<(), RunError> {
        self.traffic.push(outcome.traffic);
        for (index, measurement) in outcome.deployments.into_iter().enumerate() {
            let folded = &mut self.deployments[index];
            folded.add_quality(&measurement);
            folded.add_capacity(&measurement, stage, index);
            let tariffs = &stage.scenario.deployments[index].tariffs;
            folded.add_usage(&measurement.usage, outcome.replication, &stage.calendars[index], tariffs);
            folded.add_bill(&measurement, stage, index)?;
            folded.roll_outs.push(measurement.roll_outs);
            for (bucket, latency) in folded.buckets.iter_mut().zip(&measurement.buckets) {
                bucket.latency.merge(latency);
            }
        }
        Ok(())
    }
}

impl FoldedDeployment {
    fn add_quality(&mut self, measurement: &Measurement) {
        let mut whole = ClassMeasure::default();
        for (class, quality) in measurement.classes.iter().zip(&mut self.classes) {
            quality.add(class);
            whole.offered += class.offered;
            whole.rejected += class.rejected;
            whole.timed_out += class.timed_out;
            whole.failed += class.failed;
            whole.in_flight += class.in_flight;
            whole.retries += class.retries;
            whole.lost += class.lost;
            whole.backing_off += class.backing_off;
            whole.cold += class.cold;
            whole.latency.merge(&class.latency);
        }
        self.all.add(&whole);
        self.cold += whole.cold;
        let attempts = &mut self.attempts;
        attempts.offered += whole.offered;
        attempts.completed += whole.completed();
        attempts.rejected += whole.rejected;
        attempts.timed_out += whole.timed_out;
        attempts.failed += whole.failed;
        attempts.in_flight += whole.in_flight;
        let requests = &mut self.requests;
        requests.offered += whole.requests();
        requests.succeeded += whole.completed();
        requests.failed += whole.lost;
        requests.in_flight += whole.in_flight + whole.backing_off;
        self.latencies.merge(&whole.latency);
        self.queue_wait.add(&measurement.queue_wait);
        let waits = &measurement.queue_wait;
        self.queues.resize_with(measurement.queues.len(), FoldedQueue::default);
        for (queue, folded) in measurement.queues.iter().zip(&mut self.queues) {
            folded.add(queue);
        }
        self.workflows.resize_with(measurement.workflows.len(), FoldedWorkflow::default);
        for (workflow, folded) in measurement.workflows.iter().zip(&mut self.workflows) {
            folded.add(workflow);
        }
        self.share_waiting.push(ratio((waits.count() - waits.zeros()) as f64, waits.count() as f64));
        for limit in &measurement.limits {
            let folded = self
                .limits
                .entry(limit.limit.clone())
                .or_insert_with(|| FoldedLimit { value: limit.value.clone(), ..FoldedLimit::default() });
            folded.shed += limit.shed;
            folded.reached.extend(limit.reached.map(|reached| Some(reached as f64)));
        }
    }

    fn add_capacity(&mut self, measurement: &Measurement, stage: &Stage<'_>, index: usize) {
        let calendar = &stage.calendars[index];
        let mut whole = SliceMeasure::default();
        let placed = &stage.scenario.deployments[index];
        let (deployment, services) = (&placed.deployment, placed.application.services.len());
        let slots = |service| deployment.of_service(service).fleet.slots;
        let unbounded = (0..services).any(|service| slots(service).is_none());
        let numbers = stage.buckets[index].iter();
        let mut exhausted = 0;
        let mut course = vec![(0, 0); self.buckets.len()];
        for ((slice, cut), &number) in measurement.slices.iter().zip(&calendar.slices).zip(numbers) {
            whole.add(slice);
            let bucket = &mut self.buckets[number as usize];
            bucket.measure.add(slice);
            bucket.nanoseconds += (cut.end - cut.start).0;
            course[number as usize].0 += slice.instances;
            course[number as usize].1 += (cut.end - cut.start).0;
            let cpu = ratio(slice.cpu_used as f64, slice.cpu_ready as f64);
            if unbounded && cpu.is_some_and(|used| used >= ALL_CPU) {
                exhausted += (cut.end - cut.start).0;
            }
        }
        self.cpu_exhausted.push(Some(exhausted as f64));
        self.waiting.push(ratio(whole.calling as f64, whole.slots_busy as f64));
        self.courses.push(course.iter().map(|&(all, time)| all as f64 / time.max(1) as f64).collect());
        let time = (stage.horizon - stage.scenario.traffic.warmup).0 as f64;
        let mean = |integral: u128| ratio(integral as f64, time);
        self.instances.add(&whole, unbounded, time, (measurement.peak, measurement.started));
        self.services.resize_with(measurement.services.len(), FoldedService::default);
        for (number, (service, folded)) in measurement.services.iter().zip(&mut self.services).enumerate() {
            folded.attempts += service.attempts.offered;
            folded.calling += service.instances.calling;
            folded.slots_busy += service.instances.slots_busy;
            folded.cold += service.attempts.cold;
            folded.quality.add(&service.attempts);
            let unbounded = slots(number).is_none();
            folded.instances.add(&service.instances, unbounded, time, (service.peak, service.started));
        }
        self.stores.resize_with(measurement.stores.len(), FoldedStore::default);
        for (folded, measure) in self.stores.iter_mut().zip(&measurement.stores) {
            folded.add(measure, time);
        }
        if let Some(started) = measurement.nodes_started {
            let nodes = self.nodes.get_or_insert_default();
            nodes.mean.push(mean(whole.nodes));
            nodes.requested_share.push(ratio(whole.node_cpu_requested as f64, whole.node_cpu as f64));
            nodes.used_share.push(ratio(whole.cpu_used as f64, whole.node_cpu as f64));
            nodes.peak = nodes.peak.max(measurement.nodes_peak);
            nodes.started += started;
        }
    }

    fn add_usage(&mut self, usage: &Usage, replication: u32, calendar: &Calendar, tariffs: &[Tariff]) {
        for (meter, counts) in &usage.counts {
            let mut days = vec![0_u128; calendar.days.len()];
            let mut hours: Vec<Vec<u128>> = vec![Vec::new(); calendar.days.len()];
            let mut hour = None;
            for (number, slice) in calendar.slices.iter().enumerate() {
                let quantity = counts.get(number).copied().unwrap_or(0);
                let of_day = &mut hours[slice.day];
                if hour != Some((slice.day, slice.hour)) {
                    hour = Some((slice.day, slice.hour));
                    of_day.push(0);
                }
                if let Some(last) = of_day.last_mut() {
                    *last += quantity;
                }
                days[slice.day] += quantity;
                self.whole_usage.add(meter, number, quantity);
            }
            let hourly = may_look_at_hours(meter, tariffs);
            for ((day, quantity), hours) in calendar.days.iter().zip(days).zip(hours).filter(|((_, used), _)| *used > 0)
            {
                let spaced = || hours.iter().map(u128::to_string).collect::<Vec<_>>().join(" ");
                self.usage.push(UsageRow {
                    replication,
                    service: meter.service.clone(),
                    dimension: meter.dimension.id().to_owned(),
                    variant: meter.variant.clone(),
                    day: day.date.clone(),
                    quantity: quantity.to_string(),
                    hours: hourly.then(spaced),
                });
            }
        }
    }

    fn add_bill(&mut self, measurement: &Measurement, stage: &Stage<'_>, index: usize) -> Result<(), RunError> {
        self.succeeded.push(measurement.sum(ClassMeasure::completed));
        let (scenario, calendar) = (stage.scenario, &stage.calendars[index]);
        self.billed.add_measured(measurement, &scenario.deployments[index], calendar, &scenario.pricing)
    }
}

impl Quality {
    fn add(&mut self, class: &ClassMeasure) {
        self.latency.add(&class.latency);
        let decided = class.completed() + class.lost;
        self.availability.push(ratio(class.completed() as f64, decided as f64));
        self.cold_fraction.push(ratio(class.cold as f64, (class.offered - class.rejected) as f64));
    }
}

impl InstanceSamples {
    /// Adds what a replication of this length brought: integrals, and how many were there at most and were started.
    fn add(&mut self, whole: &SliceMeasure, unbounded: bool, time: f64, (peak, started): (u64, u64)) {
        let mean = |integral: u128| ratio(integral as f64, time);
        self.mean.push(mean(whole.instances));
        self.busy.push(mean(whole.busy));
        self.idle.push(mean(whole.instances - whole.busy.min(whole.instances)));
        let utilization = ratio(whole.slots_busy as f64, whole.slots_ready as f64);
        self.utilization.push(utilization.filter(|_| !unbounded));
        self.cpu_utilization.push(ratio(whole.cpu_used as f64, whole.cpu_ready as f64));
        self.peak = self.peak.max(peak);
        self.started += started;
    }
}

/// `part / whole`, unless that is nothing of nothing.
pub(super) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
