//! The shortcut: an attempt whose whole life is known when it begins is booked at once, without a record.
//!
//! Its functions are inlined by force: with what precedes them they are one straight line, and that saves a tenth of
//! the instructions of a run (`benches/hot_loop.rs`).

#![allow(clippy::inline_always)]

use crate::application::Request;

use super::Core;
use super::event::Event;
use super::record::{Client, Record, Start};
use super::service::kind_of;
use super::work::paced;

/// What the shortcut needs to know of an attempt.
#[derive(Clone, Copy)]
pub(super) struct Life {
    key: u64,
    arrived: u64,
    work: u64,
    io: u64,
    startup: u64,
    kind: u16,
    start: Start,
}

impl Life {
    /// A request that arrives now and finds a ready instance.
    #[inline]
    pub(super) const fn of(request: &Request) -> Self {
        Self {
            key: request.key,
            arrived: request.at,
            work: request.cpu,
            io: request.io,
            startup: 0,
            kind: kind_of(request),
            start: Start::Warm,
        }
    }
}

impl Record {
    /// Of a record whose work has not begun.
    pub(super) const fn life(&self) -> Life {
        Life {
            key: self.key,
            arrived: self.arrived,
            work: self.work,
            io: self.waits_until,
            startup: self.startup,
            kind: self.kind,
            start: self.start,
        }
    }
}

impl Core<'_> {
    /// The shortcut: an attempt whose whole life is known is booked at once. `false` if something may cut it short.
    #[inline(always)]
    pub(super) fn book(&mut self, life: Life, instance: u32, begin: u64) -> bool {
        let run = &self.kinds.all[life.kind as usize];
        let computed = begin.saturating_add(paced(life.work, run.pace));
        let end = computed.saturating_add(life.io);
        let (micro_vcpu, patience) = (run.micro_vcpu, run.patience);
        if !self.book_until(life, patience, instance, begin, end) {
            return false;
        }
        if life.work > 0 {
            self.tally.cpu(micro_vcpu, begin, computed);
        }
        true
    }

    #[inline(always)]
    pub(super) fn book_until(&mut self, life: Life, patience: u64, instance: u32, begin: u64, end: u64) -> bool {
        let hot = &self.station.hot;
        let (bills_requests, exchangeable) = (hot.bills_requests, hot.exchangeable);
        if end - life.arrived > patience || end - begin > hot.kill_after {
            return false;
        }
        if end <= self.plan.horizon.0 {
            let waited = begin - life.arrived - life.startup;
            self.tally.completed(life.kind, life.key, life.arrived, end, waited, life.start.is_cold());
        } else {
            self.tally.in_flight(life.kind, life.arrived, life.start.is_cold());
        }
        if self.others.len() > 1 {
            self.book_at_service(&life, end);
        }
        if bills_requests {
            self.bill_time(life.arrived, instance, life.start, begin, end);
        }
        // An instance that is still starting can be told from the others.
        if exchangeable && !life.start.is_cold() {
            self.departures.push(end);
            self.departing.push(instance);
        } else {
            self.agenda.schedule(end, Event::Leaf(instance).order());
        }
        true
    }

    /// Books an attempt that ends then at one of several services.
    #[inline(never)]
    fn book_at_service(&mut self, life: &Life, end: u64) {
        let done = end <= self.plan.horizon.0;
        let Some(measure) = self.of_service(life.arrived) else { return };
        measure.cold += u64::from(life.start.is_cold());
        if done {
            measure.latency.record(end - life.arrived);
        } else {
            measure.in_flight += 1;
        }
    }

    /// Bills an attempt that worked from `begin` to `end`, cut at the horizon.
    #[inline]
    pub(super) fn bill(&mut self, record: &Record, begin: u64, end: u64) {
        if self.station.hot.bills_requests && (record.client.waits() || record.client == Client::GONE) {
            self.bill_time(self.stamp(record), record.instance, record.start, begin, end);
        }
    }

    #[inline(always)]
    pub(super) fn bill_time(&mut self, arrived: u64, instance: u32, own: Start, begin: u64, end: u64) {
        let start = if own == Start::Own { self.instances[instance as usize].billable_start } else { 0 };
        let time = end.min(self.plan.horizon.0).saturating_sub(begin.saturating_sub(start));
        let Some(slice) = self.tally.slice_of(arrived) else { return };
        let station = &mut *self.station;
        let billed = station.billed.rounded(time.max(self.deployment.meter.minimum.0));
        let levels = &mut station.levels;
        let used = if self.tally.is_current(slice) { &mut levels.current } else { &mut levels.uses[slice] };
        used.requests += 1;
        used.billed += u128::from(billed);
    }
}
