//! How attempts end, in the books: those of the request's class where a client made them, and those of the service.

use crate::metering::measurement::ClassMeasure;

use super::Core;
use super::clients::Loss;
use super::kind::NO_STATION;
use super::limits::Limit;
use super::record::{Client, Record};

impl Core<'_> {
    /// Whether attempts of a kind are made by a service, and not by clients.
    #[inline]
    pub(super) const fn is_call(&self, kind: u16) -> bool {
        kind >= self.kinds.classes
    }

    /// The books of the service, where there are several, for an attempt that is counted at `stamp`.
    #[inline]
    pub(super) fn of_service(&mut self, stamp: u64) -> Option<&mut ClassMeasure> {
        (self.others.len() > 1 && stamp >= self.plan.warmup.0).then_some(&mut self.station.measure.attempts)
    }

    /// An attempt that is counted at `stamp` is offered to one of several services.
    #[inline]
    pub(super) fn offered_to_service(&mut self, stamp: u64) {
        if let Some(measure) = self.of_service(stamp) {
            measure.offered += 1;
        }
    }

    /// An attempt is turned away by a limit, before any work.
    pub(super) fn refuse(&mut self, record: &Record, by: Limit) {
        let stamp = self.stamp(record);
        self.shed(by, stamp);
        // What the edge refuses has come to no service.
        if by != Limit::EdgeThrottle
            && let Some(measure) = self.of_service(stamp)
        {
            measure.rejected += 1;
        }
        if !self.is_call(record.kind) {
            self.tally.rejected(record.kind, stamp);
        }
        self.lost(record, Loss::Rejected);
    }

    /// A limit of who made it, the edge or the platform has passed first; `by` tells which where it is one of ours.
    pub(super) fn time_out(&mut self, record: &Record, by: Option<Limit>) {
        let (stamp, cold) = (self.stamp(record), record.start.is_cold());
        if let Some(by) = by {
            self.shed(by, stamp);
        }
        if self.kinds.all[usize::from(record.kind)].station != NO_STATION
            && let Some(measure) = self.of_service(stamp)
        {
            measure.timed_out += 1;
            measure.cold += u64::from(cold);
        }
        if !self.is_call(record.kind) {
            self.tally.timed_out(record.kind, stamp, cold);
        }
    }

    /// The work of an attempt that is waited for is done.
    #[inline]
    pub(super) fn succeed(&mut self, record: &Record) {
        let cold = record.start.is_cold();
        if self.others.len() > 1 {
            let (stamp, latency) = (self.stamp(record), self.now - record.arrived);
            if let Some(measure) = self.of_service(stamp) {
                measure.latency.record(latency);
                measure.cold += u64::from(cold);
            }
        }
        // One service alone may be called by a workflow, or take messages.
        if self.is_call(record.kind) {
            return;
        }
        let waited = record.started - record.arrived - record.startup;
        let arrived = self.clients.arrival(record);
        self.tally.completed(record.kind, record.key, arrived, self.now, waited, cold);
    }

    /// The work of an attempt on its instance ends in an error. Not within a call of [`Core::begin`]: what it sets free
    /// begins here, and a long queue of such attempts would be emptied by recursion.
    pub(super) fn fail(&mut self, slot: u32) {
        let record = *self.records.get(slot);
        self.book_failed(&record);
        self.end_in_vain(slot, Loss::Failed);
    }

    /// Books an attempt that ends in an error, if somebody waits for it.
    pub(super) fn book_failed(&mut self, record: &Record) {
        if !record.client.waits() {
            return;
        }
        let (stamp, cold) = (self.stamp(record), record.start.is_cold());
        if let Some(measure) = self.of_service(stamp) {
            measure.failed += 1;
            measure.cold += u64::from(cold);
        }
        if !self.is_call(record.kind) {
            self.tally.failed(record.kind, stamp, cold);
        }
    }

    /// An attempt whose work has begun is ended without success, for which its outcome is booked.
    pub(super) fn end_in_vain(&mut self, slot: u32, loss: Loss) {
        let record = *self.records.get(slot);
        self.bill(&record, record.started, self.now);
        self.tell_loss(&record, loss);
        self.take_off_cpu(slot, &record);
        self.calls_no_more(slot);
        self.forget(slot);
        self.release(record.instance);
    }

    /// Whoever waits for an attempt that has ended without success learns it.
    pub(super) fn tell_loss(&mut self, record: &Record, loss: Loss) {
        if record.client.waits() {
            self.lost(record, loss);
        } else {
            self.wasted(record, false);
        }
    }

    /// An attempt is in flight at the horizon, and waited for.
    pub(super) fn remains(&mut self, record: &Record) {
        let (stamp, cold) = (self.stamp(record), record.start.is_cold());
        if let Some(measure) = self.of_service(stamp) {
            measure.in_flight += 1;
            measure.cold += u64::from(cold);
        }
        if !self.is_call(record.kind) {
            self.tally.in_flight(record.kind, stamp, cold);
        }
    }

    /// The work of an attempt that nobody waits for has ended, or (`running`) is in flight at the horizon.
    pub(super) fn wasted(&mut self, record: &Record, running: bool) {
        if record.client == Client::GONE && !self.is_call(record.kind) {
            self.tally.abandoned(record.arrived, running);
        }
    }

    /// An attempt that is counted at `stamp` was turned away or cut short by a limit.
    fn shed(&mut self, by: Limit, stamp: u64) {
        if stamp >= self.plan.warmup.0 {
            let limits = if by.is_of_deployment() { &mut self.limits } else { &mut self.station.limits };
            limits.shed(by, 1);
        }
    }
}
