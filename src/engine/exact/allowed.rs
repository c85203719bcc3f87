//! Whether there may be another instance for who asks: the limits of a service, and those of the account for all of them.

use crate::platform::autoscaler::Law;

use super::Core;
use super::calls::Next;
use super::limits::Limit;

impl Core<'_> {
    /// Whether the law allows another instance for a request.
    pub(super) fn may_start(&mut self) -> Result<(), Limit> {
        let Law::PerRequest(law) = &self.station.spec.autoscaler.law else {
            return Err(if self.station.levels.ready.count() == 0 { Limit::NoInstance } else { Limit::Queue });
        };
        let busy = self.station.levels.busy.count();
        let busy_in_all = self.busy_in_all();
        if law.reserved.is_some_and(|cap| busy >= u64::from(cap)) {
            return Err(Limit::Reserved);
        }
        if law.account_concurrency.is_some_and(|cap| busy_in_all >= u64::from(cap)) {
            return Err(Limit::Account);
        }
        if self.station.spec.autoscaler.max.is_some_and(|max| self.station.active >= max) {
            return Err(Limit::Max);
        }
        let now = self.now;
        if self.station.control.tokens().is_some_and(|tokens| !tokens.take(now)) {
            return Err(Limit::ScaleRate);
        }
        Ok(())
    }

    /// Keeps the gauges of concurrency. It changes by one, so well below the limits none of them is reached or left.
    #[inline]
    pub(super) fn note_busy(&mut self) {
        if self.station.is_near_cap() {
            self.note_busy_limits();
        }
    }

    pub(super) fn note_busy_limits(&mut self) {
        let Law::PerRequest(law) = &self.station.spec.autoscaler.law else { return };
        let (now, busy) = (self.now, self.station.levels.busy.count());
        if let Some(cap) = law.reserved {
            self.station.limits.reached(Limit::Reserved, busy >= u64::from(cap), now);
        }
        let Some(cap) = law.account_concurrency else { return };
        let is_reached = self.busy_in_all() >= u64::from(cap);
        self.limits.reached(Limit::Account, is_reached, now);
        if !is_reached {
            let waiting = self.others.iter().flatten().filter(|other| other.queue.len() > 0);
            let waiting = waiting.map(|other| Next::Start(other.number));
            self.next.extend(waiting);
        }
    }

    /// Busy instances of all services.
    fn busy_in_all(&self) -> u64 {
        let others = self.others.iter().flatten().map(|other| other.levels.busy.count());
        self.station.levels.busy.count() + others.sum::<u64>()
    }

    /// Starts instances for those who wait at the fleet, as many as there may be.
    pub(super) fn start_for_queue(&mut self) {
        while self.station.queue.len() > 0 && self.may_start().is_ok() {
            let Some(slot) = self.next_queued() else { return };
            let instance = self.start_instance();
            self.bind_to_start(instance, slot);
            self.note_busy();
        }
    }
}
