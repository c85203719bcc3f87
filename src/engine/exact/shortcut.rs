//! The shortcut: an attempt whose whole life is known when it begins is booked at once, without a record. That of a client
//! who asks once is over with that; one that a service called has its caller told when it ends.
//!
//! Its functions are inlined by force: with what precedes them they are one straight line, and that saves a tenth of
//! the instructions of a run (`benches/hot_loop.rs`).

#![allow(clippy::inline_always)]

use crate::application::program::walk::Task;
use crate::application::{NOBODY, Request, Service};
use crate::platform::service::OfService;

use super::calls::Call;
use super::clients::{Caller, Doing, Who};
use super::event::Event;
use super::faults::Perils;
use super::hot::Hot;
use super::record::{Client, NONE, Record, Start};
use super::service::{kind_of, record_of};
use super::station::{Compute, compute};
use super::steps::Place;
use super::work::paced;
use super::{Core, Plan};

/// Which attempts of a service are booked at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shortcut {
    /// Those of clients who ask once, for the work of their class.
    pub of_class: bool,
    /// Those for the steps of the service, and those that a service makes.
    pub of_steps: bool,
}

impl Shortcut {
    /// Of the service that `spec` runs.
    pub fn of(plan: &Plan<'_>, (service, spec): (&Service, OfService<'_>), hot: &Hot, perils: Perils) -> Self {
        let is_alone = |spec| compute(plan.deployment, spec) == Compute::Alone;
        let certain = !(hot.watches_cpu || hot.has_proxies || perils.work || perils.instances);
        let known = plan.shortcut && is_alone(spec) && certain;
        // Elsewhere some of what ends at one instant ends in the order of its records, which would not be the same.
        let application = plan.application;
        let all_alone = (0..application.services.len()).all(|service| is_alone(plan.deployment.of_service(service)));
        let has_clocks =
            !application.workflows.is_empty() || application.classes.iter().any(|class| !class.passes_edge());
        Self {
            of_class: known && !hot.has_steps,
            of_steps: known && all_alone && !has_clocks && service.body.program.is_alone(),
        }
    }
}

/// Who learns that an attempt is over which was booked at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    /// The record that waits for it.
    pub slot: u32,
    /// The place of its caller; [`NONE`]: nobody.
    pub place: u32,
    /// What the record is at ([`Record::reaches`]): another may have it by then.
    pub of: u64,
}

impl Asker {
    pub const NOBODY: Self = Self { slot: NONE, place: NONE, of: 0 };

    /// A service that calls by the caller of this place.
    fn of(caller: &Caller, place: u32) -> Self {
        let Who::Attempt(slot, _) = caller.who else { unreachable!("calls are made by attempts") };
        Self { slot, place, of: caller.of }
    }
}

/// What the shortcut needs to know of an attempt.
#[derive(Clone, Copy)]
pub(super) struct Life {
    key: u64,
    arrived: u64,
    /// The instant by which it is counted.
    stamp: u64,
    work: u64,
    io: u64,
    startup: u64,
    kind: u16,
    start: Start,
    asker: Asker,
}

impl Life {
    /// A request that arrives now and finds a ready instance.
    #[inline]
    pub(super) const fn of(request: &Request) -> Self {
        Self {
            key: request.key,
            arrived: request.at,
            stamp: request.at,
            work: request.cpu,
            io: request.io,
            startup: 0,
            kind: kind_of(request),
            start: Start::Warm,
            asker: Asker::NOBODY,
        }
    }
}

impl Record {
    /// Of a record whose work has not begun, and whose client asks once.
    pub(super) const fn life(&self) -> Life {
        Life {
            key: self.key,
            arrived: self.arrived,
            stamp: self.arrived,
            work: self.work,
            io: self.waits_until,
            startup: self.startup,
            kind: self.kind,
            start: self.start,
            asker: Asker::NOBODY,
        }
    }
}

impl Core<'_> {
    /// A request that arrives now and has a ready instance is booked at once, if that can be done.
    #[inline(always)]
    pub(super) fn book_request(&mut self, request: &Request, shortcut: Shortcut, instance: u32) -> bool {
        if request.caller == NOBODY && shortcut.of_class {
            return self.book(Life::of(request), instance, self.now);
        }
        shortcut.of_steps && self.book_steps(&Record { instance, ..record_of(request) }, self.now)
    }

    /// The same for a record whose work begins at `begin` on its instance.
    pub(super) fn book_record(&mut self, record: &Record, begin: u64) -> bool {
        let shortcut = self.station.shortcut;
        if record.is_simple() && shortcut.of_class {
            // Work of no length would end before the start does, by the order of one instant.
            return (record.work > 0 || begin == self.now) && self.book(record.life(), record.instance, begin);
        }
        shortcut.of_steps && self.book_steps(record, begin)
    }

    /// The shortcut: an attempt whose whole life is known is booked at once. `false` if something may cut it short.
    #[inline(always)]
    fn book(&mut self, life: Life, instance: u32, begin: u64) -> bool {
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

    /// The same where the work stands in steps, or a service asks for it.
    #[inline(never)]
    fn book_steps(&mut self, record: &Record, begin: u64) -> bool {
        let called = record.kind >= self.kinds.classes && record.kind < self.kinds.deliveries;
        let caller = record.client.caller();
        if !(record.is_simple() || called && caller.is_some()) {
            return false;
        }
        let run = &self.kinds.all[usize::from(record.kind)];
        let (micro_vcpu, pace, patience) = (run.micro_vcpu, run.pace, run.patience);
        let end = self.walk(record.key, self.first_step(record), pace, begin);
        let asker = caller.map_or(Asker::NOBODY, |place| Asker::of(&self.clients.callers[place as usize], place));
        let life = Life { stamp: self.stamp(record), asker, ..record.life() };
        // What takes no time would end before the start does, by the order of one instant.
        let at_once = begin > self.now && end == begin;
        if at_once || !self.book_until(life, patience, record.instance, begin, end) {
            return false;
        }
        if let Some(place) = caller {
            self.clients.callers[place as usize].doing = Doing::Nothing;
        }
        self.book_computes(micro_vcpu);
        true
    }

    /// A call that arrives now and finds a ready instance, if its whole life is known; the caller's place is kept for it.
    pub(super) fn book_call(&mut self, call: &Call, place: u32) -> bool {
        let run = &self.kinds.all[usize::from(call.kind)];
        let (micro_vcpu, pace, patience, class) = (run.micro_vcpu, run.pace, run.patience, run.class);
        self.enter(run.station);
        let (now, hot) = (self.now, &self.station.hot);
        if !self.station.shortcut.of_steps || hot.may_be_fresh {
            return false;
        }
        let most = hot.kill_after.min(patience);
        let end = self.walk(call.key, Place { attempt: 0, next: 0, class }, pace, now);
        if end - now > most {
            return false;
        }
        let Some(instance) = self.take_ready() else { return false };
        let stamp = if call.arrived < self.plan.warmup.0 { call.arrived } else { now };
        let life = Life {
            key: call.key,
            arrived: now,
            stamp,
            work: 0,
            io: 0,
            startup: 0,
            kind: call.kind,
            start: Start::Warm,
            asker: Asker { slot: call.slot, place, of: call.of },
        };
        self.book_fitting(life, instance, now, end, true);
        self.book_computes(micro_vcpu);
        true
    }

    /// When the work of an attempt that begins at `begin` is over, where nothing of it reaches beyond its service. From when
    /// to when it is on its CPU is in `computes`.
    #[inline(always)]
    fn walk(&mut self, key: u64, mut place: Place, pace: f64, begin: u64) -> u64 {
        let (program, walker) = (self.station.program(), self.walker(key, place));
        let mut end = begin;
        self.computes.clear();
        loop {
            match program.next_task(&mut place.next, &walker) {
                Task::Cpu(work) => {
                    let from = end;
                    end = from.saturating_add(paced(work, pace));
                    self.computes.push((from, end));
                }
                Task::Wait(waits) => end = end.saturating_add(waits),
                Task::Reach(_) => unreachable!("a program that reaches beyond its service is not booked at once"),
                Task::Done => return end,
            }
        }
    }

    /// Books the CPU of an attempt that was walked through.
    #[inline(always)]
    fn book_computes(&mut self, micro_vcpu: u64) {
        for &(from, until) in &self.computes {
            if self.station.hot.levels_cpu {
                let used = self.tally.cpu_by_slice(micro_vcpu, from, until);
                self.station.measure.instances.cpu_used += used;
            } else {
                self.tally.cpu(micro_vcpu, from, until);
            }
        }
    }

    #[inline(always)]
    pub(super) fn book_until(&mut self, life: Life, patience: u64, instance: u32, begin: u64, end: u64) -> bool {
        if end - life.arrived > patience || end - begin > self.station.hot.kill_after {
            return false;
        }
        self.book_fitting(life, instance, begin, end, false);
        true
    }

    /// Books an attempt that nothing cuts short, and (`offers`) that it was offered.
    #[inline(always)]
    fn book_fitting(&mut self, life: Life, instance: u32, begin: u64, end: u64, offers: bool) {
        let hot = &self.station.hot;
        let (counts_attempts, exchangeable) = (hot.counts_attempts, hot.exchangeable);
        let is_called = life.asker.place != NONE;
        if is_called {
            // Whoever called has it in its own books.
        } else if end <= self.plan.horizon.0 {
            let waited = begin - life.arrived - life.startup;
            self.tally.completed(life.kind, life.key, life.arrived, end, waited, life.start.is_cold());
        } else {
            self.tally.in_flight(life.kind, life.arrived, life.start.is_cold());
        }
        if self.others.len() > 1 {
            self.book_at_service(life.stamp, life.start, end - life.arrived, end, offers);
        }
        if counts_attempts {
            self.bill_time(life.stamp, instance, life.start, begin, end);
        }
        // An instance that is still starting can be told from the others.
        if exchangeable && !life.start.is_cold() && !is_called {
            self.departures.push(end);
            self.departing.push(instance);
        } else {
            if is_called {
                self.instances[instance as usize].asker = life.asker;
            }
            self.agenda.schedule(end, Event::Leaf(instance).order());
        }
    }

    /// Books an attempt that ends then at one of several services. What is looked at is handed over one by one: with the
    /// whole of it, it would be kept in memory for every request.
    #[inline(never)]
    fn book_at_service(&mut self, stamp: u64, start: Start, latency: u64, end: u64, offers: bool) {
        let done = end <= self.plan.horizon.0;
        let Some(measure) = self.of_service(stamp) else { return };
        measure.offered += u64::from(offers);
        measure.cold += u64::from(start.is_cold());
        if done {
            measure.latency.record(latency);
        } else {
            measure.in_flight += 1;
        }
    }

    /// An attempt that was booked at once ends on its instance.
    #[inline(always)]
    pub(super) fn booked_ends(&mut self, instance: u32) {
        let life = &mut self.instances[instance as usize];
        let asker = life.asker;
        if asker.place != NONE {
            life.asker.place = NONE;
            self.booked_call_returns(asker);
        }
        if self.is_pool() {
            self.release_to_pool(instance);
        } else {
            // Too long for the straight line.
            self.release(instance);
        }
    }

    /// Bills an attempt that worked from `begin` to `end`, cut at the horizon.
    #[inline(always)]
    pub(super) fn bill(&mut self, record: &Record, begin: u64, end: u64) {
        if self.station.hot.counts_attempts && (record.client.waits() || record.client == Client::GONE) {
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
