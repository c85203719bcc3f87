//! The instances and the work at the first instant.

use crate::application::{NOBODY, Request};
use crate::kernel::queueing::keep_alive_pool;
use crate::platform::autoscaler::Law;
use crate::platform::autoscaler::hpa::MetricTarget;
use crate::platform::autoscaler::target_tracking::Metric;
use crate::platform::meter::Per;

use super::Core;
use super::instances::Phase;
use super::record::{Client, Record};
use super::service::record_of;
use super::work::paced;

impl Core<'_> {
    /// Busy and idle instances at the first instant.
    pub(super) fn initial(&self) -> (u32, u32) {
        self.deployment.stated_instances().unwrap_or_else(|| {
            let autoscaler = &self.deployment.autoscaler;
            let most = autoscaler.max.unwrap_or(u32::MAX).max(autoscaler.min);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates; NaN becomes 0
            let wanted = self.stationary() as u32;
            (0, wanted.clamp(autoscaler.min, most))
        })
    }

    /// What the first rate needs in the long run.
    pub(super) fn stationary(&self) -> f64 {
        let rate = self.plan.first_rate;
        let size = &self.deployment.instance;
        let classes = &self.plan.application.classes;
        let weights: f64 = classes.iter().map(|class| class.weight).sum();
        let mean = |of: &dyn Fn(usize) -> f64| {
            let weighted = classes.iter().enumerate().map(|(index, class)| class.weight * of(index)).sum::<f64>();
            if weights > 0.0 { weighted / weights / 1e9 } else { 0.0 }
        };
        let cpu = rate * mean(&|index| classes[index].cpu.mean()) / size.cpu_speed;
        let alone =
            mean(&|index| classes[index].cpu.mean() * self.classes[index].pace_alone + classes[index].io.mean());
        let slots = f64::from(self.slots);
        match &self.deployment.autoscaler.law {
            Law::Fixed { replicas } => f64::from(*replicas),
            Law::PerRequest(_) => {
                let keep_alive = self.deployment.fleet.keep_alive.as_ref().map_or(3600.0, |law| law.mean() / 1e9);
                (keep_alive_pool(rate, alone, keep_alive) / slots).ceil()
            }
            Law::Hpa(spec) => spec
                .metrics
                .iter()
                .map(|metric| match metric {
                    MetricTarget::CpuUtilization(percent) => cpu / (size.vcpu * *percent as f64 / 100.0),
                    MetricTarget::RequestsPerSecond(milli) => rate / (*milli as f64 / 1000.0),
                    _ => 0.0,
                })
                .fold(0.0, f64::max)
                .ceil(),
            Law::TargetTracking(policy) => match policy.metric {
                Metric::CpuUtilization => (cpu / (self.cpu_limit() * policy.target)).ceil(),
                Metric::RequestsPerInstance => (rate * 60.0 / policy.target).ceil(),
            },
            Law::AppEngine(law) => {
                let by_requests = rate * alone / (slots * law.target_throughput_utilization);
                let by_cpu = cpu / (self.cpu_limit() * law.target_cpu_utilization);
                by_requests.max(by_cpu).ceil() + f64::from(law.min_idle_instances)
            }
        }
    }

    /// An instance that is at work at the first instant: one request of the first class that is counted nowhere.
    pub(super) fn give_initial_work(&mut self, instance: u32) {
        let application = self.plan.application;
        let Some(class) = application.classes.first() else { return };
        let luck = &mut self.luck.start;
        let (cpu, io) = (class.cpu.draw_whole(luck), class.io.draw_whole(luck));
        if self.is_pool() {
            self.tally.busy.raise(1, 0);
        } else {
            self.assign(instance);
            self.take_slot(instance);
            self.reroute(instance);
        }
        let blank = Request { at: 0, key: 0, cpu: 0, io: 0, class: 0, caller: NOBODY };
        let slot = self.insert(Record { instance, client: Client::NEVER, started: 0, ..record_of(&blank) });
        // It has been at work for a while; what is left is taken as a whole draw, without contention.
        self.wait_until(slot, paced(cpu, self.classes[0].pace).saturating_add(io));
    }

    /// The instances at the first instant: ready, without a start that anyone waited for.
    pub(super) fn place_initial(&mut self) {
        let (busy, idle) = self.initial();
        self.prepare_nodes(busy + idle);
        for number in 0..busy + idle {
            let instance = self.new_instance();
            self.tally.instance_started(0, true);
            self.active += 1;
            let life = &mut self.instances[instance as usize];
            life.phase = Phase::Starting;
            (life.placed, life.ready_at, life.warm_at) = (0, 0, 0);
            let meter = &self.deployment.meter;
            if meter.per == Per::Instance && meter.idle_billed && meter.start_billed {
                self.billed[0].open(0);
                self.instances[instance as usize].opened = 0;
            }
            if !self.place_at_first(instance) {
                self.instances[instance as usize].phase = Phase::Pending;
                self.place(instance);
                continue;
            }
            self.make_ready(instance);
            if number < busy {
                self.give_initial_work(instance);
            } else {
                self.becomes_idle(instance);
            }
        }
        self.note_max(0);
    }
}
