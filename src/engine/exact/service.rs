//! The life of an attempt: offered, handed to an instance or queued or rejected, begun, completed.

#![allow(clippy::inline_always)]

use crate::application::Request;
use crate::platform::autoscaler::Law;
use crate::platform::fleet::QueueAt;
use crate::platform::meter::Per;

use super::instances::Phase;
use super::limits::Limit;
use super::pool::Pool;
use super::record::{Client, NONE, Record, Start, State};
use super::{Core, Supply};

impl Core<'_> {
    /// A request arrives now.
    #[inline(always)]
    pub(super) fn offer(&mut self, request: &Request) {
        self.now = request.at;
        if self.station.hot.guarded {
            self.announce(request);
            self.ask(request);
            return;
        }
        self.tally.offered(request.class, request.at, request.key);
        self.admit(request);
    }

    /// An attempt that arrives now looks for an instance.
    #[inline(always)]
    pub(super) fn admit(&mut self, request: &Request) {
        if self.others.len() > 1 {
            self.enter(self.kinds.all[usize::from(kind_of(request))].station);
            self.offered_to_service(self.stamp(&record_of(request)));
        }
        match &mut self.station.supply {
            Supply::Pool(_) => self.offer_to_pool(request),
            Supply::Router(_) => self.offer_to_router(request),
        }
    }

    #[inline(always)]
    pub(super) fn offer_to_pool(&mut self, request: &Request) {
        if let Some(instance) = self.take_ready() {
            self.hand(instance, request);
            return;
        }
        match self.may_start() {
            Ok(()) => {
                let instance = self.start_instance();
                self.station.levels.busy.raise(1, self.now);
                self.note_busy();
                self.hand_cold(instance, record_of(request));
            }
            Err(limit) => self.wait_or_reject(request, limit),
        }
    }

    /// An idle instance of the pool, which is now at work.
    #[inline(always)]
    pub(super) fn take_ready(&mut self) -> Option<u32> {
        self.expire();
        // By one borrow: what the compiler has to look up but once.
        let (now, station) = (self.now, &mut *self.station);
        let Supply::Pool(pool) = &mut station.supply else { return None };
        let instance = pool.take(&mut station.luck.routing)?;
        station.levels.busy.raise(1, now);
        if station.is_near_cap() {
            self.note_busy_limits();
        }
        Some(instance)
    }

    pub(super) fn offer_to_router(&mut self, request: &Request) {
        let Supply::Router(router) = &mut self.station.supply else { return };
        if let Some(instance) = router.pick(&mut self.station.luck.routing) {
            self.assign(instance);
            if self.instances[instance as usize].used < self.station.slots {
                self.take_slot(instance);
                self.reroute(instance);
                self.hand(instance, request);
            } else {
                let slot = self.insert(Record { instance, ..record_of(request) });
                self.instances[instance as usize].queue.push(&mut self.records, slot);
                self.arm_queue();
                self.reroute(instance);
            }
            return;
        }
        if matches!(self.station.spec.autoscaler.law, Law::PerRequest(_))
            && let Some(&instance) = self.station.open.first()
        {
            self.join_start(instance, request);
            return;
        }
        match self.may_start() {
            Ok(()) => {
                let instance = self.start_instance();
                self.join_start(instance, request);
            }
            Err(limit) => self.wait_or_reject(request, limit),
        }
    }

    /// A request takes a slot of an instance that starts, or has just been started and is ready at once.
    pub(super) fn join_start(&mut self, instance: u32, request: &Request) {
        self.assign(instance);
        self.take_slot(instance);
        let life = &self.instances[instance as usize];
        if matches!(life.phase, Phase::Pending | Phase::Starting) {
            let open = life.used < self.station.slots;
            let listed = self.station.open.contains(&instance);
            if open && !listed {
                self.station.open.push(instance);
            } else if !open && listed {
                self.station.open.retain(|&other| other != instance);
            }
        }
        self.reroute(instance);
        self.hand_cold(instance, record_of(request));
    }

    pub(super) fn wait_or_reject(&mut self, request: &Request, cause: Limit) {
        let waits_here = self.station.spec.fleet.queue_at == QueueAt::Fleet;
        let has_place = waits_here && self.station.queue.len() < self.station.queue_places;
        if has_place || self.waits_in_queue(kind_of(request)) {
            let slot = self.insert(record_of(request));
            self.station.queue.push(&mut self.records, slot);
            self.arm_queue();
            self.look_at_pending();
            return;
        }
        let by = if waits_here && self.station.queue_places > 0 { Limit::Queue } else { cause };
        let record = record_of(request);
        self.refuse(&record, by);
    }

    /// Puts a record in flight and arms its client's deadline.
    #[inline(always)]
    pub(super) fn insert(&mut self, mut record: Record) -> u32 {
        if self.station.hot.has_steps {
            self.place_at_first_step(&mut record);
        }
        let slot = self.records.insert(record);
        self.in_flight += 1;
        if record.client.waits() && record.kind < self.kinds.deliveries {
            self.arm_client(record.kind);
        }
        slot
    }

    /// One more attempt on an instance.
    #[inline]
    pub(super) fn assign(&mut self, instance: u32) {
        let life = &mut self.instances[instance as usize];
        life.load += 1;
        life.served += 1;
        if life.load == 1 {
            self.station.levels.busy.raise(1, self.now);
            let meter = &self.deployment.meter;
            if meter.per == Per::Instance && !meter.idle_billed {
                life.opened = self.now;
                self.station.billed.open(self.now);
            }
        }
    }

    #[inline]
    pub(super) fn take_slot(&mut self, instance: u32) {
        let life = &mut self.instances[instance as usize];
        life.used += 1;
        self.station.levels.slots.raise(1, self.now);
        if matches!(life.phase, Phase::Pending | Phase::Starting) {
            self.station.levels.starting_slots.raise(1, self.now);
        }
    }

    /// A request that arrives now begins on a ready instance.
    #[inline(always)]
    pub(super) fn hand(&mut self, instance: u32, request: &Request) {
        let station = &*self.station;
        let shortcut = station.shortcut;
        if station.hot.may_be_fresh && std::mem::take(&mut self.instances[instance as usize].fresh) {
            self.fresh(Record { instance, start: Start::Own, ..record_of(request) });
            return;
        }
        if self.book_request(request, shortcut, instance) {
            return;
        }
        let slot = self.insert(Record { instance, ..record_of(request) });
        self.begin(slot);
    }

    /// An attempt that arrives now is given to the instance that was started for it.
    pub(super) fn hand_cold(&mut self, instance: u32, record: Record) {
        let life = &mut self.instances[instance as usize];
        let mut record = Record { instance, start: Start::Own, ..record };
        let ready_at = life.ready_at;
        if life.phase == Phase::Ready {
            if std::mem::take(&mut life.fresh) {
                self.fresh(record);
                return;
            }
            if self.book_record(&record, self.now) {
                return;
            }
            let slot = self.insert(record);
            self.begin(slot);
            return;
        }
        if matches!(self.station.supply, Supply::Pool(_)) {
            // The pool does not keep these for its instances, but the end of a start reads them.
            life.used = 1;
            life.load = 1;
            self.station.levels.starting_slots.raise(1, self.now);
        }
        record.startup = ready_at - self.now;
        if self.book_record(&record, ready_at) {
            return;
        }
        record.startup = 0;
        record.state = State::Starting;
        let slot = self.insert(record);
        self.instances[instance as usize].queue.push(&mut self.records, slot);
    }

    /// A queued attempt becomes the one that an instance is started for.
    pub(super) fn bind_to_start(&mut self, instance: u32, slot: u32) {
        let record = *self.records.get(slot);
        self.assign(instance);
        self.take_slot(instance);
        self.reroute(instance);
        if self.instances[instance as usize].phase == Phase::Ready {
            self.records.get_mut(slot).start = Start::Cold;
            self.begin_queued(instance, slot);
            return;
        }
        let bound = Record { instance, start: Start::Own, state: State::Starting, ..record };
        *self.records.get_mut(slot) = bound;
        self.instances[instance as usize].queue.push(&mut self.records, slot);
    }

    /// A queued attempt is given to a ready instance with a free slot.
    pub(super) fn hand_queued(&mut self, instance: u32, slot: u32) {
        if self.is_pool() {
            self.station.levels.busy.raise(1, self.now);
            self.note_busy();
        } else {
            self.assign(instance);
            self.take_slot(instance);
        }
        self.begin_queued(instance, slot);
    }

    /// A queued attempt that has its slot begins.
    pub(super) fn begin_queued(&mut self, instance: u32, slot: u32) {
        let record = self.records.get_mut(slot);
        record.instance = instance;
        record.started = self.now;
        let record = *record;
        if self.station.hot.may_be_fresh && std::mem::take(&mut self.instances[instance as usize].fresh) {
            let record = self.records.get_mut(slot);
            record.start = Start::Own;
            self.begin_fresh(slot);
            return;
        }
        if self.book_record(&record, self.now) {
            self.give_up(slot);
            return;
        }
        self.begin(slot);
    }

    /// A record is in flight no more.
    #[inline]
    pub(super) fn forget(&mut self, slot: u32) {
        let instance = self.records.get(slot).instance;
        if instance != NONE {
            self.instances[instance as usize].record = NONE;
        }
        self.give_up(slot);
    }

    /// A record is needed no more; its instance is at work still, if what it stood for was booked at once.
    #[inline]
    fn give_up(&mut self, slot: u32) {
        self.records.remove(slot);
        self.in_flight -= 1;
    }

    /// A slot of an instance is free.
    #[inline]
    pub(super) fn release(&mut self, instance: u32) {
        if self.is_pool() {
            self.release_to_pool(instance);
        } else {
            self.release_slot(instance);
        }
    }

    #[inline(always)]
    fn release_slot(&mut self, instance: u32) {
        self.leave_slot(instance);
        if self.instances[instance as usize].queue.len() > 0
            && let Some(slot) = self.pop_waiting(instance)
        {
            self.take_slot(instance);
            self.reroute(instance);
            self.begin_queued(instance, slot);
        } else if self.station.queue.len() > 0
            && self.instances[instance as usize].phase == Phase::Ready
            && let Some(slot) = self.next_queued()
        {
            self.hand_queued(instance, slot);
            self.reroute(instance);
        } else {
            self.settle_load(instance);
        }
    }

    /// A one-slot instance of the pool is free.
    #[inline(always)]
    pub(super) fn release_to_pool(&mut self, instance: u32) {
        let (now, station) = (self.now, &mut *self.station);
        station.levels.busy.lower(1, now);
        let is_near_cap = station.is_near_cap();
        if !is_near_cap && station.queue.len() == 0 {
            if let Supply::Pool(Pool::Recent { idle, keep_alive }) = &mut station.supply
                && *keep_alive > 0
            {
                idle.push(instance, now);
                station.hot.pool_check = station.hot.pool_check.min(now.saturating_add(*keep_alive));
                return;
            }
            if self.keep_at_once(instance) {
                return;
            }
        }
        self.give_back(instance, is_near_cap);
    }

    /// A one-slot instance of the pool is free, and somebody waits, a limit is near, or it may end.
    fn give_back(&mut self, instance: u32, is_near_cap: bool) {
        if is_near_cap {
            self.note_busy_limits();
        }
        if self.station.queue.len() > 0
            && self.instances[instance as usize].phase == Phase::Ready
            && let Some(slot) = self.next_queued()
        {
            self.hand_queued(instance, slot);
        } else if let Supply::Pool(Pool::Recent { idle, keep_alive }) = &mut self.station.supply
            && *keep_alive > 0
        {
            idle.push(instance, self.now);
            self.station.hot.pool_check = self.station.hot.pool_check.min(self.now.saturating_add(*keep_alive));
        } else {
            self.becomes_idle(instance);
        }
    }

    /// An instance that lost an attempt is idle, or can take another.
    #[inline(always)]
    pub(super) fn settle_load(&mut self, instance: u32) {
        if self.instances[instance as usize].load == 0 {
            self.becomes_idle(instance);
        } else {
            self.reroute(instance);
        }
    }

    /// The next attempt that waits on an instance for a slot.
    pub(super) fn pop_waiting(&mut self, instance: u32) -> Option<u32> {
        loop {
            let slot = self.instances[instance as usize].queue.pop(&self.records)?;
            if !self.is_dropped(slot) {
                return Some(slot);
            }
            self.forget(slot);
            self.leave_load(instance);
        }
    }

    #[inline]
    pub(super) fn leave_slot(&mut self, instance: u32) {
        self.instances[instance as usize].used -= 1;
        self.station.levels.slots.lower(1, self.now);
        self.leave_load(instance);
    }

    #[inline(always)]
    pub(super) fn leave_load(&mut self, instance: u32) {
        let life = &mut self.instances[instance as usize];
        life.load -= 1;
        life.last_use = self.now;
        if life.load == 0 {
            self.station.levels.busy.lower(1, self.now);
            let meter = &self.deployment.meter;
            if meter.per == Per::Instance && !meter.idle_billed {
                self.station.billed.close(life.opened, self.now, self.now);
                life.opened = u64::MAX;
            }
        }
    }

    /// The attempt that has waited longest at the fleet.
    pub(super) fn next_queued(&mut self) -> Option<u32> {
        loop {
            let slot = self.station.queue.pop(&self.records)?;
            if !self.is_dropped(slot) {
                return Some(slot);
            }
            self.forget(slot);
        }
    }

    /// Whether a queued attempt is dropped because its client has gone.
    pub(super) fn is_dropped(&self, slot: u32) -> bool {
        self.station.spec.fleet.drop_abandoned && !self.records.get(slot).client.waits()
    }

    #[inline]
    pub(super) const fn is_pool(&self) -> bool {
        matches!(self.station.supply, Supply::Pool(_))
    }
}

/// A new record for a request.
#[inline]
pub(super) fn record_of(request: &Request) -> Record {
    Record {
        key: request.key,
        arrived: request.at,
        started: u64::MAX,
        startup: 0,
        work: request.cpu,
        waits_until: request.io,
        next: NONE,
        client: Client::of(request.caller),
        instance: NONE,
        kind: kind_of(request),
        state: State::Queued,
        start: Start::Warm,
    }
}

#[inline]
#[allow(clippy::cast_possible_truncation)] // there are fewer than 65 536 kinds, which the reading of scenarios checks
pub(super) const fn kind_of(request: &Request) -> u16 {
    request.class as u16
}
