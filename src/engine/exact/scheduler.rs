//! App Engine's scheduler at work: what it sees, and what it does.

use crate::platform::autoscaler::Law;
use crate::platform::autoscaler::app_engine;
use crate::units::Nanos;

use super::Core;
use super::control::{Looked, count};
use super::cpu::MICRO;
use super::instances::Phase;

impl Core<'_> {
    /// What App Engine's scheduler knows of the last interval.
    pub(super) fn measure_look(&mut self, interval: Nanos, window: Nanos) {
        let used = self.cpu_used_by_all();
        let served = self.instances.iter().map(|life| life.served).sum::<u64>() + self.served_by_ended;
        let last = self.control.looked;
        let seconds = interval.seconds();
        let vcpu = (used - last.used) as f64 / MICRO / interval.0 as f64;
        // An exponential moving average over the window; a window of zero takes the last interval alone.
        let weight = -libm::expm1(-seconds / window.seconds());
        self.control.looked = Looked {
            served,
            used,
            rate: (served - last.served) as f64 / seconds,
            vcpu: last.vcpu + weight * (vcpu - last.vcpu),
        };
    }

    /// A request waits: App Engine's scheduler looks at once.
    pub(super) fn look_at_pending(&mut self) {
        if matches!(self.deployment.autoscaler.law, Law::AppEngine(_)) {
            self.look(false);
        }
    }

    /// One look of App Engine's scheduler; only the regular one ends instances.
    pub(super) fn look(&mut self, regular: bool) {
        let Law::AppEngine(law) = &self.deployment.autoscaler.law else { return };
        let autoscaler = &self.deployment.autoscaler;
        let size = &self.deployment.instance;
        let ready = count(self.tally.ready.count());
        let draining = count(self.tally.instances.count()).saturating_sub(self.active);
        let oldest = self.queue.head().map_or(0, |slot| self.now - self.records.get(slot).arrived);
        let idle = if regular { self.idle_since(u64::MAX) } else { Vec::new() };
        let long = self.now.checked_sub(law.idle_timeout.0);
        let seen = app_engine::Observation {
            ready: ready.saturating_sub(draining),
            starting: self.active.saturating_sub(ready.saturating_sub(draining)),
            idle: count(idle.len() as u64),
            idle_long: count(idle.iter().filter(|&&(since, _)| long.is_some_and(|long| since <= long)).count() as u64),
            in_flight: count(self.tally.slots.count()),
            pending: self.queue.len(),
            oldest_wait: Nanos(oldest),
            cpu_used: self.control.looked.vcpu * size.cpu_speed,
            cpu_per_instance: self.cpu_limit() * size.cpu_speed,
            slots: self.slots,
            completion_rate: self.control.looked.rate,
            mean_start: self.control.mean_start,
        };
        let decision = law.decide(autoscaler.min, autoscaler.max, &seen);
        for _ in 0..decision.start {
            // Without warm-up, and for the first instance in any case, a waiting request becomes the loading request.
            let loading = !law.warmup_requests || self.active == 0;
            let instance = self.start_instance();
            if loading && let Some(slot) = self.next_queued() {
                self.bind_to_start(instance, slot);
            }
        }
        for &(_, instance) in idle.iter().take(decision.stop as usize) {
            self.stop_instance(instance);
        }
    }

    /// Ready instances without attempts since `at` or earlier, the longest idle first.
    pub(super) fn idle_since(&self, at: u64) -> Vec<(u64, u32)> {
        let mut idle: Vec<(u64, u32)> = self
            .numbers()
            .filter_map(|instance| {
                let life = &self.instances[instance as usize];
                (life.phase == Phase::Ready && life.load == 0 && life.last_use <= at)
                    .then_some((life.last_use, instance))
            })
            .collect();
        idle.sort_unstable();
        idle
    }
}
