//! Control loops: the laws of the platform room, fed with what they would see and obeyed at their instants.

use std::collections::VecDeque;

use crate::application::Service;
use crate::platform::autoscaler::Law;
use crate::platform::autoscaler::hpa::metrics::{Phase as PodPhase, Pod, Reading, Sample, Usage};
use crate::platform::autoscaler::hpa::{Hpa, MetricTarget, Observation};
use crate::platform::autoscaler::target_tracking::{Metric, Tracker};
use crate::platform::service::OfService;
use crate::platform::tokens::Tokens;
use crate::units::Nanos;

use super::instances::Phase;
use super::record::{NONE, State};
use super::{Core, Event};

/// What an instance's metrics were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scraped {
    /// Whether it has been scraped at all.
    seen: bool,
    /// CPU used then, in micro-vCPU nanoseconds.
    used: u128,
    /// Attempts given then.
    served: u64,
    /// CPU over the last window, in milli-vCPU.
    cpu: Option<Sample>,
    /// Requests per second over the last window, in thousandths.
    rate: Option<Sample>,
}

/// The law at work, and what it remembers.
#[derive(Debug)]
pub(super) struct Control<'a> {
    spec: OfService<'a>,
    law: Working,
    /// Instances that the law wants (`spec.replicas`).
    desired: u32,
    /// Since when there are more instances than the minimum.
    pub above_min_since: u64,
    pub looked: Looked,
    /// How long a start takes on average.
    pub mean_start: Nanos,
}

/// What App Engine's scheduler is told that it sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// Attempts at work.
    pub at_work: u32,
    /// Ready instances without any.
    pub idle: u32,
}

/// What App Engine's scheduler remembers from look to look.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Attempts given to instances.
    pub served: u64,
    /// CPU used by all instances at the looks of the last window, in micro-vCPU nanoseconds.
    pub used: VecDeque<u128>,
    /// Attempts per second since the look before.
    pub rate: f64,
    /// vCPUs in use over the window.
    pub vcpu: f64,
    /// Requests of which it is told, where none comes to the core.
    pub told: Option<Told>,
    /// When how many instances were wanted: the largest first, each later one smaller.
    wanted: VecDeque<(u64, u32)>,
}

impl Looked {
    /// Nothing but how many attempts have been given to instances so far.
    pub fn anew(served: u64) -> Self {
        Self { served, ..Self::default() }
    }

    /// Remembers what was wanted at `now`.
    pub fn remember(&mut self, now: u64, wanted: u32) {
        while self.wanted.back().is_some_and(|&(_, other)| other <= wanted) {
            self.wanted.pop_back();
        }
        self.wanted.push_back((now, wanted));
    }

    /// Forgets what was wanted `span` ago or earlier.
    pub fn forget(&mut self, now: u64, span: u64) {
        while self.wanted.front().is_some_and(|&(at, _)| at.saturating_add(span) <= now) {
            self.wanted.pop_front();
        }
    }

    /// The most that was wanted at a look that is remembered; without any, nothing is known to be too many.
    pub fn wanted_of_late(&self) -> u32 {
        self.wanted.front().map_or(u32::MAX, |&(_, wanted)| wanted)
    }
}

#[derive(Debug)]
enum Working {
    /// Nothing to do but keep the number.
    Fixed,
    PerRequest(Option<Tokens>),
    Hpa(Box<Hpa>),
    TargetTracking(Box<Tracker>),
    AppEngine,
}

impl<'a> Control<'a> {
    pub fn new(spec: OfService<'a>, service: &Service) -> Self {
        let size = spec.instance;
        let mean_start = spec.fleet.start.mean()
            + spec.runtime_start.mean()
            + service.init.mean() / (size.start_vcpu.min(1.0) * size.cpu_speed);
        let autoscaler = spec.autoscaler;
        let law = match &autoscaler.law {
            Law::Fixed { .. } => Working::Fixed,
            Law::PerRequest(law) => Working::PerRequest(law.scale_rate.map(|rate| Tokens::full(rate, 0))),
            Law::Hpa(spec) => Working::Hpa(Box::new(Hpa::new(spec.clone(), autoscaler.min, autoscaler.max))),
            Law::TargetTracking(policy) => {
                Working::TargetTracking(Box::new(Tracker::new(policy.clone(), autoscaler.min, autoscaler.max)))
            }
            Law::AppEngine(_) => Working::AppEngine,
        };
        Self {
            spec,
            law,
            desired: 0,
            above_min_since: 0,
            looked: Looked::default(),
            mean_start: Nanos::from_seconds(mean_start / 1e9),
        }
    }

    /// Whether the law looks at the CPU that instances use.
    pub fn watches_cpu(&self) -> bool {
        match &self.spec.autoscaler.law {
            Law::Fixed { .. } | Law::PerRequest(_) => false,
            Law::Hpa(_) | Law::AppEngine(_) => true,
            Law::TargetTracking(policy) => policy.metric == Metric::CpuUtilization,
        }
    }

    /// How long a ready instance is left out of target tracking's metric.
    pub fn warmup(&self) -> u64 {
        match &self.spec.autoscaler.law {
            Law::TargetTracking(policy) => policy.warmup.0,
            _ => 0,
        }
    }

    /// Instances that the law wants.
    pub const fn desired(&self) -> u32 {
        self.desired
    }

    /// Start tokens, where starts are limited in rate.
    pub const fn tokens(&mut self) -> Option<&mut Tokens> {
        match &mut self.law {
            Working::PerRequest(tokens) => tokens.as_mut(),
            _ => None,
        }
    }
}

impl Core<'_> {
    pub(super) fn schedule_control(&mut self) {
        self.station.control.desired = self.station.active;
        let first = match &self.station.spec.autoscaler.law {
            Law::Fixed { .. } | Law::PerRequest(_) => return,
            Law::Hpa(spec) => {
                self.again(spec.metric_resolution, Event::Scrape(self.station.number));
                spec.sync_period
            }
            Law::TargetTracking(policy) => policy.period,
            Law::AppEngine(law) => {
                // What is there at the first instant was wanted then.
                self.station.control.looked.remember(0, self.station.active);
                law.interval
            }
        };
        self.again(first, Event::Decide(self.station.number));
    }

    pub(super) fn again(&mut self, after: Nanos, what: Event) {
        self.agenda.schedule(self.now.saturating_add(after.0), what.order());
    }

    /// Instances of the service, in the order of their numbers.
    pub(super) fn numbers(&self) -> Vec<u32> {
        let station = self.station.number;
        (0..).zip(&self.instances).filter(|(_, life)| life.station == station).map(|(number, _)| number).collect()
    }

    /// Metrics are scraped: each instance's CPU and requests since the last scrape.
    pub(super) fn scrape(&mut self) {
        let Law::Hpa(spec) = &self.station.spec.autoscaler.law else { return };
        let (now, window) = (Nanos(self.now), spec.metric_resolution);
        for instance in self.numbers() {
            let used = self.cpu_used_by(instance);
            let life = &mut self.instances[instance as usize];
            if !matches!(life.phase, Phase::Starting | Phase::Ready | Phase::Draining) {
                continue;
            }
            let last = life.scraped;
            let sample = |value: u128| {
                last.seen.then(|| Sample { value: i64::try_from(value).unwrap_or(i64::MAX), at: now, window })
            };
            let span = u128::from(window.0).max(1);
            life.scraped = Scraped {
                seen: true,
                used,
                served: life.served,
                // Micro-vCPU nanoseconds over nanoseconds, in thousandths of a vCPU; metrics-server rounds to nearest.
                cpu: sample((used - last.used + span * 500) / (span * 1000)),
                rate: sample(u128::from(life.served - last.served) * 1_000_000_000_000 / span),
            };
        }
        self.again(window, Event::Scrape(self.station.number));
    }

    /// The law decides.
    pub(super) fn decide(&mut self) {
        match &self.station.spec.autoscaler.law {
            Law::Fixed { .. } | Law::PerRequest(_) => {}
            Law::Hpa(spec) => {
                let period = spec.sync_period;
                self.sync();
                self.again(period, Event::Decide(self.station.number));
            }
            Law::TargetTracking(policy) => {
                let period = policy.period;
                self.alarm(period);
                self.again(period, Event::Decide(self.station.number));
            }
            Law::AppEngine(law) => {
                self.measure_look(law.interval, law.cpu_window);
                self.look(true);
                self.again(law.interval, Event::Decide(self.station.number));
            }
        }
    }

    /// One sync of the HorizontalPodAutoscaler.
    pub(super) fn sync(&mut self) {
        let now = Nanos(self.now);
        let size = self.station.spec.instance;
        let mut pods = Vec::new();
        let mut members = Vec::new();
        for instance in self.numbers() {
            let life = &self.instances[instance as usize];
            if life.phase == Phase::Gone {
                continue;
            }
            members.push(instance);
            let ready = matches!(life.phase, Phase::Ready | Phase::Draining);
            pods.push(Pod {
                phase: if life.phase == Phase::Pending { PodPhase::Pending } else { PodPhase::Running },
                deleted: life.phase == Phase::Draining,
                ready: (life.phase != Phase::Pending).then_some(ready),
                started: (life.placed != u64::MAX).then_some(Nanos(life.placed)),
                transitioned: Nanos(if ready { life.ready_at } else { life.born }),
            });
        }
        let Working::Hpa(hpa) = &self.station.control.law else { return };
        let metrics = hpa.spec().metrics.clone();
        let milli_request = thousandths(size.vcpu);
        let usages: Vec<Vec<Usage>> = metrics
            .iter()
            .map(|metric| {
                let memory = matches!(metric, MetricTarget::MemoryUtilization(_)).then(|| self.memory_in_use());
                let usage = |&instance: &u32| {
                    let scraped = &self.instances[instance as usize].scraped;
                    match (metric, &memory) {
                        (MetricTarget::MemoryUtilization(_), Some(bytes)) => Usage {
                            request: Some(milli_bytes(size.memory.0)),
                            sample: scraped
                                .cpu
                                .map(|cpu| Sample { value: milli_bytes(bytes[instance as usize]), ..cpu }),
                        },
                        (MetricTarget::RequestsPerSecond(_), _) => Usage { request: None, sample: scraped.rate },
                        _ => Usage { request: Some(milli_request), sample: scraped.cpu },
                    }
                };
                members.iter().map(usage).collect()
            })
            .collect();
        let readings: Vec<Reading<'_>> = usages.iter().map(|usage| Reading::Pods { usage, stale: &[] }).collect();
        let seen = Observation {
            spec_replicas: self.station.control.desired,
            status_replicas: self.station.active,
            pods: &pods,
            readings: &readings,
        };
        let Working::Hpa(hpa) = &mut self.station.control.law else { return };
        let decision = hpa.sync(now, &seen);
        self.scale_to(decision.replicas);
    }

    /// Memory in use per instance: the service's own, and that of the requests in progress.
    pub(super) fn memory_in_use(&self) -> Vec<u64> {
        let application = self.plan.application;
        let mut bytes = vec![self.station.service.base_memory.0; self.instances.len()];
        for record in self.records.in_flight() {
            if record.instance != NONE && record.state != State::Queued {
                bytes[record.instance as usize] +=
                    application.classes[usize::from(self.kinds.all[usize::from(record.kind)].class)].memory.0;
            }
        }
        bytes
    }

    /// One data point of target tracking.
    pub(super) fn alarm(&mut self, period: Nanos) {
        let Law::TargetTracking(policy) = &self.station.spec.autoscaler.law else { return };
        let metric = policy.metric;
        let (mut in_service, mut warming, mut used, mut served) = (0, 0, 0, 0);
        for instance in self.numbers() {
            let total = self.cpu_used_by(instance);
            let life = &mut self.instances[instance as usize];
            if matches!(life.phase, Phase::Gone | Phase::Draining) {
                continue;
            }
            served += life.served - life.scraped.served;
            if life.warm_at.saturating_add(period.0) <= self.now || (life.warm_at == 0 && life.phase == Phase::Ready) {
                in_service += 1;
                used += total - life.scraped.used;
            } else {
                warming += 1;
            }
            life.scraped = Scraped { seen: true, used: total, served: life.served, ..Scraped::default() };
        }
        let capacity = u128::from(self.micro_capacity()) * u128::from(period.0) * u128::from(in_service);
        let point = match metric {
            Metric::CpuUtilization => (capacity > 0).then(|| used as f64 / capacity as f64),
            Metric::RequestsPerInstance => {
                let minutes = period.seconds() / 60.0;
                (in_service > 0).then(|| served as f64 / f64::from(in_service) / minutes)
            }
        };
        let now = Nanos(self.now);
        let Working::TargetTracking(tracker) = &mut self.station.control.law else { return };
        if let Some(wanted) = tracker.observe(now, point, in_service, warming) {
            self.scale_to(wanted);
        }
    }

    /// Brings the number of instances to `wanted`.
    pub(super) fn scale_to(&mut self, wanted: u32) {
        self.station.control.desired = wanted;
        if self.is_replacing() {
            self.go_on_rolling_out();
            return;
        }
        while self.station.active < wanted {
            self.start_instance();
        }
        let surplus = self.station.active.saturating_sub(wanted) as usize;
        for instance in self.victims(surplus) {
            self.stop_instance(instance);
        }
    }

    /// The instances to stop next, at most `count`: those without a place, then those that start, then the newest, as a
    /// `ReplicaSet` does. Work that goes to others as one stops does not change who is next.
    fn victims(&self, count: usize) -> Vec<u32> {
        if count == 0 {
            return Vec::new();
        }
        let rank = |instance: u32| {
            let life = &self.instances[instance as usize];
            let step = match life.phase {
                Phase::Pending if life.load == 0 => 0,
                Phase::Starting if life.load == 0 => 1,
                Phase::Ready => 2,
                _ => return None,
            };
            Some((step, u64::MAX - life.birth, instance))
        };
        let mut ranks: Vec<_> = self.numbers().into_iter().filter_map(rank).collect();
        if count < ranks.len() {
            ranks.select_nth_unstable(count);
            ranks.truncate(count);
        }
        ranks.sort_unstable();
        ranks.into_iter().map(|(_, _, instance)| instance).collect()
    }
}

pub(super) fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[allow(clippy::cast_possible_truncation)] // vCPUs are small
fn thousandths(value: f64) -> i64 {
    (value * 1000.0).round() as i64
}

fn milli_bytes(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX).saturating_mul(1000)
}
