//! App Engine's scheduler at work: what it sees, and what it does.

use crate::platform::autoscaler::Law;
use crate::platform::autoscaler::app_engine;
use crate::units::Nanos;

use super::Core;
use super::control::{Looked, count};
use super::cpu::MICRO;
use super::instances::{Instance, Phase};

impl Core<'_> {
    /// What App Engine's scheduler knows of the last interval, and of the CPU over the last window.
    pub(super) fn measure_look(&mut self, interval: Nanos, window: Nanos) {
        let (used, served) = (self.cpu_used_by_all(), self.served_by_all());
        let looked = &mut self.station.control.looked;
        let most = usize::try_from(window.0.div_ceil(interval.0.max(1))).unwrap_or(usize::MAX).max(1);
        looked.used.push_back(used);
        if looked.used.len() > most + 1 {
            looked.used.pop_front();
        }
        let span = interval.0 as f64 * (looked.used.len() - 1).max(1) as f64;
        let oldest = looked.used.front().copied().unwrap_or(used);
        looked.vcpu = (used - oldest) as f64 / MICRO / span;
        looked.rate = (served - looked.served) as f64 / interval.seconds();
        looked.served = served;
    }

    /// Attempts given to instances so far.
    fn served_by_all(&self) -> u64 {
        let station = self.station.number;
        let alive = self.instances.iter().filter(|life| life.is_alive() && life.station == station);
        alive.map(|life| life.served).sum::<u64>() + self.station.served_by_ended
    }

    /// What was seen was of another version.
    pub(super) fn forget_looks(&mut self) {
        self.station.control.looked = Looked::anew(self.served_by_all());
    }

    /// A request waits: App Engine's scheduler looks at once.
    pub(super) fn look_at_pending(&mut self) {
        if matches!(self.station.spec.autoscaler.law, Law::AppEngine(_)) {
            self.look(false);
        }
    }

    /// One look of App Engine's scheduler; only the regular one ends instances.
    pub(super) fn look(&mut self, regular: bool) {
        let Law::AppEngine(law) = &self.station.spec.autoscaler.law else { return };
        self.station.control.looked.forget(self.now, law.idle_timeout.0);
        let autoscaler = self.station.spec.autoscaler;
        let size = self.station.spec.instance;
        let ready = count(self.station.levels.ready.count());
        let draining = count(self.station.levels.instances.count()).saturating_sub(self.station.active);
        let oldest = self.station.queue.head().map_or(0, |slot| self.now - self.records.get(slot).arrived);
        let told = self.station.control.looked.told;
        let idle = match told {
            _ if !regular => 0,
            Some(told) => told.idle.min(ready),
            None => self.idle(),
        };
        let seen = app_engine::Observation {
            ready: ready.saturating_sub(draining),
            starting: self.station.active.saturating_sub(ready.saturating_sub(draining)),
            idle,
            wanted_of_late: self.station.control.looked.wanted_of_late(),
            in_flight: count(self.station.levels.slots.count()) - self.slots_of_old()
                + told.map_or(0, |told| told.at_work),
            pending: self.station.queue.len(),
            oldest_wait: Nanos(oldest),
            cpu_used: self.station.control.looked.vcpu * size.cpu_speed,
            cpu_per_instance: self.cpu_limit() * size.cpu_speed,
            slots: self.station.slots,
            completion_rate: self.station.control.looked.rate,
            mean_start: self.station.control.mean_start,
        };
        let decision = law.decide(autoscaler.min, autoscaler.max, &seen);
        for _ in 0..decision.start {
            // Without warm-up, and for the first instance in any case, a waiting request becomes the loading request.
            let loading = !law.warmup_requests || self.station.active == 0;
            let instance = self.start_instance();
            if loading && let Some(slot) = self.next_queued() {
                self.bind_to_start(instance, slot);
            }
        }
        // An instance that served anything since the last look was wanted, however short the request.
        let wanted = decision.wanted.max(u32::from(self.station.control.looked.rate > 0.0));
        self.station.control.looked.remember(self.now, wanted);
        if regular && !self.is_replacing() {
            for instance in self.least_wanted(decision.stop.min(idle)) {
                self.stop_instance(instance);
            }
        }
    }

    /// Ready instances without attempts.
    pub(super) fn idle(&self) -> u32 {
        let station = self.station.number;
        let idle = |life: &&Instance| life.station == station && life.phase == Phase::Ready && life.load == 0;
        count(self.instances.iter().filter(idle).count() as u64)
    }

    /// The idle instances that are ended first: those last at work longest ago. One that serves is never ended.
    fn least_wanted(&self, most: u32) -> Vec<u32> {
        if most == 0 {
            return Vec::new();
        }
        let mut idle: Vec<(u64, u32)> = self
            .numbers()
            .into_iter()
            .filter_map(|instance| {
                let life = &self.instances[instance as usize];
                (life.phase == Phase::Ready && life.load == 0).then_some((life.last_use, instance))
            })
            .collect();
        idle.sort_unstable();
        idle.into_iter().take(most as usize).map(|(_, instance)| instance).collect()
    }
}
