//! The life of an attempt: offered, handed to an instance or queued or rejected, begun, completed.
//!
//! The way of a request that the shortcut books is one straight line; its functions are inlined by force, which saves a
//! tenth of the instructions of a run (`benches/hot_loop.rs`).

#![allow(clippy::inline_always)]

use crate::application::{Request, Step, work};
use crate::platform::autoscaler::Law;
use crate::platform::fleet::QueueAt;
use crate::platform::meter::Per;

use super::instances::Phase;
use super::pool::Pool;
use super::record::{Kind, NONE, Record, State};
use super::tally::Limit;
use super::{Compute, Core, Event, Supply};

impl Core<'_> {
    /// A request arrives now.
    #[inline]
    pub(super) fn offer(&mut self, request: &Request) {
        self.now = request.at;
        self.tally.offered(request.class, request.at, request.key);
        match &mut self.supply {
            Supply::Pool(_) => self.offer_to_pool(request),
            Supply::Router(_) => self.offer_to_router(request),
        }
    }

    #[inline]
    fn offer_to_pool(&mut self, request: &Request) {
        self.expire();
        let Supply::Pool(pool) = &mut self.supply else { return };
        if let Some(instance) = pool.take(&mut self.luck.routing) {
            self.tally.busy.raise(1, self.now);
            self.note_busy();
            self.hand(instance, request);
            return;
        }
        match self.may_start() {
            Ok(()) => {
                let instance = self.start_instance();
                self.tally.busy.raise(1, self.now);
                self.note_busy();
                self.hand_cold(instance, record_of(request));
            }
            Err(limit) => self.wait_or_reject(request, limit),
        }
    }

    fn offer_to_router(&mut self, request: &Request) {
        let Supply::Router(router) = &mut self.supply else { return };
        if let Some(instance) = router.pick(&mut self.luck.routing) {
            self.assign(instance);
            if self.instances[instance as usize].used < self.slots {
                self.take_slot(instance);
                self.reroute(instance);
                self.hand(instance, request);
            } else {
                let slot = self.insert(Record { instance, ..record_of(request) });
                self.instances[instance as usize].queue.push(&mut self.records, slot);
                self.arm_queue_deadline(slot);
                self.reroute(instance);
            }
            return;
        }
        if matches!(self.deployment.autoscaler.law, Law::PerRequest(_)) {
            if let Some(&instance) = self.open.first() {
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
            return;
        }
        let cause = if self.tally.ready.count() == 0 { Limit::NoInstance } else { Limit::Queue };
        self.wait_or_reject(request, cause);
    }

    /// A request takes a slot of an instance that starts, or has just been started and is ready at once.
    fn join_start(&mut self, instance: u32, request: &Request) {
        self.assign(instance);
        self.take_slot(instance);
        let life = &self.instances[instance as usize];
        if life.phase == Phase::Starting {
            let open = life.used < self.slots;
            let listed = self.open.contains(&instance);
            if open && !listed {
                self.open.push(instance);
            } else if !open && listed {
                self.open.retain(|&other| other != instance);
            }
        }
        self.reroute(instance);
        self.hand_cold(instance, record_of(request));
    }

    /// Whether the law allows another instance for a request.
    fn may_start(&mut self) -> Result<(), Limit> {
        let Law::PerRequest(law) = &self.deployment.autoscaler.law else { return Err(Limit::NoInstance) };
        let busy = self.tally.busy.count();
        if law.reserved.is_some_and(|cap| busy >= u64::from(cap)) {
            return Err(Limit::Reserved);
        }
        if law.account_concurrency.is_some_and(|cap| busy >= u64::from(cap)) {
            return Err(Limit::Account);
        }
        if self.deployment.autoscaler.max.is_some_and(|max| self.active >= max) {
            return Err(Limit::Max);
        }
        let now = self.now;
        if self.control.tokens().is_some_and(|tokens| !tokens.take(now)) {
            return Err(Limit::ScaleRate);
        }
        Ok(())
    }

    /// Keeps the gauges of concurrency.
    #[inline]
    fn note_busy(&mut self) {
        if self.hot.limits_busy {
            self.note_busy_limits();
        }
    }

    fn note_busy_limits(&mut self) {
        if let Law::PerRequest(law) = &self.deployment.autoscaler.law {
            let busy = self.tally.busy.count();
            for (limit, cap) in [(Limit::Account, law.account_concurrency), (Limit::Reserved, law.reserved)] {
                if let Some(cap) = cap {
                    self.tally.reached(limit, busy >= u64::from(cap), self.now);
                }
            }
        }
    }

    fn wait_or_reject(&mut self, request: &Request, cause: Limit) {
        let class = class_of(request);
        let waits_here = self.deployment.fleet.queue_at == QueueAt::Fleet;
        if waits_here && self.queue.len() < self.queue_places {
            let slot = self.insert(record_of(request));
            self.queue.push(&mut self.records, slot);
            self.arm_queue_deadline(slot);
            self.look_at_pending();
            return;
        }
        let by = if waits_here && self.queue_places > 0 { Limit::Queue } else { cause };
        self.tally.rejected(class, request.at, by);
    }

    fn arm_queue_deadline(&mut self, slot: u32) {
        if let Some(timeout) = self.deployment.fleet.queue_timeout {
            let at = self.now.saturating_add(timeout.0);
            self.arm(self.lanes.queue, at, Event::QueueDeadline(slot));
        }
    }

    /// Schedules a deadline on a lane, thinning the lane where most of it is stale.
    fn arm(&mut self, lane: usize, at: u64, event: Event) {
        if at == u64::MAX {
            return;
        }
        self.agenda.schedule_on_lane(lane, at, event.order());
        if self.agenda.lane_len(lane) > 64 + 2 * self.in_flight {
            let (records, classes) = (&self.records, &self.classes);
            let deployment = self.deployment;
            self.agenda.retain_on_lane(lane, |at, order| match Event::of(order) {
                Event::Deadline(slot) => {
                    let record = records.get(slot);
                    record.state != State::Free
                        && record.arrived.saturating_add(classes[record.class as usize].patience) == at
                }
                Event::QueueDeadline(slot) => {
                    let (record, timeout) = (records.get(slot), deployment.fleet.queue_timeout);
                    record.state == State::Queued && timeout.is_some_and(|t| record.arrived.saturating_add(t.0) == at)
                }
                Event::Kill(slot) => {
                    let (record, timeout) = (records.get(slot), deployment.fleet.timeout);
                    record.state != State::Free && timeout.is_some_and(|t| record.started.saturating_add(t.0) == at)
                }
                _ => true,
            });
        }
    }

    /// Puts a record in flight and arms its client's deadline.
    fn insert(&mut self, record: Record) -> u32 {
        let slot = self.records.insert(record);
        self.in_flight += 1;
        let run = &self.classes[record.class as usize];
        if record.kind == Kind::Client && run.patience != u64::MAX {
            let (lane, at) = (run.lane, record.arrived.saturating_add(run.patience));
            self.arm(lane, at, Event::Deadline(slot));
        }
        slot
    }

    /// One more attempt on an instance.
    #[inline]
    fn assign(&mut self, instance: u32) {
        let life = &mut self.instances[instance as usize];
        life.load += 1;
        life.served += 1;
        if life.load == 1 {
            self.tally.busy.raise(1, self.now);
            let meter = &self.deployment.meter;
            if meter.per == Per::Instance && !meter.idle_billed {
                life.opened = self.now;
                self.billed[0].open(self.now);
            }
        }
    }

    #[inline]
    fn take_slot(&mut self, instance: u32) {
        let life = &mut self.instances[instance as usize];
        life.used += 1;
        self.tally.slots.raise(1, self.now);
        if life.phase == Phase::Starting {
            self.tally.starting_slots.raise(1, self.now);
        }
    }

    /// A request that arrives now begins on a ready instance.
    #[inline(always)]
    fn hand(&mut self, instance: u32, request: &Request) {
        if self.hot.may_be_fresh && std::mem::take(&mut self.instances[instance as usize].fresh) {
            self.begin_fresh(Record { instance, cold: true, own_start: true, ..record_of(request) });
            return;
        }
        if self.shortcut && self.book(Life::of(request), instance, self.now) {
            return;
        }
        let slot = self.insert(Record { instance, ..record_of(request) });
        self.begin(slot);
    }

    /// An attempt that arrives now is given to the instance that was started for it.
    fn hand_cold(&mut self, instance: u32, record: Record) {
        let life = &mut self.instances[instance as usize];
        let mut record = Record { instance, cold: true, own_start: true, ..record };
        if std::mem::take(&mut life.fresh) {
            self.begin_fresh(record);
            return;
        }
        let ready_at = life.ready_at;
        if life.phase == Phase::Ready {
            if self.shortcut && self.book(record.life(), instance, self.now) {
                return;
            }
            let slot = self.insert(record);
            self.begin(slot);
            return;
        }
        if matches!(self.supply, Supply::Pool(_)) {
            // The pool does not keep these for its instances, but the end of a start reads them.
            life.used = 1;
            life.load = 1;
            self.tally.starting_slots.raise(1, self.now);
        }
        record.startup = ready_at - self.now;
        // Work of no length would end before the start does, by the order of one instant.
        if self.shortcut && record.work > 0 && self.book(record.life(), instance, ready_at) {
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
            self.records.get_mut(slot).cold = true;
            self.begin_queued(instance, slot);
            return;
        }
        let bound = Record { instance, cold: true, own_start: true, state: State::Starting, ..record };
        *self.records.get_mut(slot) = bound;
        self.instances[instance as usize].queue.push(&mut self.records, slot);
    }

    /// The first request of an instance whose start and first work are one draw.
    fn begin_fresh(&mut self, record: Record) {
        let Some(law) = &self.deployment.fleet.cold_service else { return };
        let whole = law.draw_whole(&mut self.luck.start);
        let record = Record { started: self.now, state: State::Io, work: 0, ..record };
        let end = self.now.saturating_add(whole);
        if self.shortcut && self.book_until(record.life(), record.instance, self.now, end) {
            return;
        }
        let slot = self.insert(record);
        self.arm_kill(slot);
        self.wait_until(slot, end);
    }

    /// The shortcut: an attempt whose whole life is known is booked at once. `false` if something may cut it short.
    #[inline(always)]
    fn book(&mut self, life: Life, instance: u32, begin: u64) -> bool {
        let run = &self.classes[life.class as usize];
        let computed = begin.saturating_add(paced(life.work, run.pace));
        let end = computed.saturating_add(work(&run.io, life.key, Step::Io));
        let micro_vcpu = run.micro_vcpu;
        if !self.book_until(life, instance, begin, end) {
            return false;
        }
        if life.work > 0 {
            self.tally.cpu(micro_vcpu, begin, computed);
        }
        true
    }

    #[inline(always)]
    fn book_until(&mut self, life: Life, instance: u32, begin: u64, end: u64) -> bool {
        let patience = self.classes[life.class as usize].patience;
        if end - life.arrived > patience || end - begin > self.hot.kill_after {
            return false;
        }
        if end <= self.plan.horizon.0 {
            let waited = begin - life.arrived - life.startup;
            self.tally.completed(life.class, life.key, life.arrived, end, waited, life.cold);
        } else {
            self.tally.in_flight(life.class, life.arrived, life.cold);
        }
        if self.hot.bills_requests {
            self.bill_time(life.arrived, instance, life.own_start, begin, end);
        }
        // An instance that is still starting can be told from the others.
        if self.hot.exchangeable && !life.cold {
            self.departures.push(end);
            self.departing.push(instance);
        } else {
            self.agenda.schedule(end, Event::Leaf(instance).order());
        }
        true
    }

    /// Bills an attempt that worked from `begin` to `end`, cut at the horizon.
    #[inline]
    pub(super) fn bill(&mut self, record: &Record, begin: u64, end: u64) {
        if self.hot.bills_requests && record.kind != Kind::Initial {
            self.bill_time(record.arrived, record.instance, record.own_start, begin, end);
        }
    }

    #[inline(always)]
    fn bill_time(&mut self, arrived: u64, instance: u32, own_start: bool, begin: u64, end: u64) {
        let start = if own_start { self.instances[instance as usize].billable_start } else { 0 };
        let time = end.min(self.plan.horizon.0).saturating_sub(begin.saturating_sub(start));
        let billed = self.billed[0].rounded(time.max(self.deployment.meter.minimum.0));
        self.tally.billed(arrived, billed);
    }

    /// A queued attempt is given to a ready instance with a free slot.
    pub(super) fn hand_queued(&mut self, instance: u32, slot: u32) {
        if self.is_pool() {
            self.tally.busy.raise(1, self.now);
            self.note_busy();
        } else {
            self.assign(instance);
            self.take_slot(instance);
        }
        self.begin_queued(instance, slot);
    }

    /// A queued attempt that has its slot begins.
    fn begin_queued(&mut self, instance: u32, slot: u32) {
        let record = self.records.get_mut(slot);
        record.instance = instance;
        record.started = self.now;
        let record = *record;
        if self.hot.may_be_fresh && std::mem::take(&mut self.instances[instance as usize].fresh) {
            self.forget(slot);
            self.begin_fresh(Record { cold: true, own_start: true, ..record });
            return;
        }
        if self.shortcut && record.kind == Kind::Client && self.book(record.life(), instance, self.now) {
            self.forget(slot);
            return;
        }
        self.begin(slot);
    }

    /// A record is in flight no more.
    fn forget(&mut self, slot: u32) {
        let instance = self.records.get(slot).instance;
        if instance != NONE {
            self.instances[instance as usize].record = NONE;
        }
        self.records.remove(slot);
        self.in_flight -= 1;
    }

    /// The work of a record begins on its ready instance.
    pub(super) fn begin(&mut self, slot: u32) {
        let now = self.now;
        let record = self.records.get_mut(slot);
        record.started = now;
        let (instance, class, cpu) = (record.instance, record.class as usize, record.work);
        self.arm_kill(slot);
        if cpu == 0 {
            // Even a wait of no length goes through the agenda: ended here, a long queue would be emptied by recursion.
            let io = self.io_of(slot);
            self.wait_until(slot, now.saturating_add(io));
            return;
        }
        let run = &self.classes[class];
        match self.compute {
            Compute::Alone => {
                let end = now.saturating_add(paced(cpu, run.pace));
                if self.control.watches_cpu() {
                    self.instances[instance as usize].own_cpu.change(now, signed(run.micro_vcpu));
                }
                self.records.get_mut(slot).state = State::Cpu;
                self.schedule_wait(slot, end);
            }
            Compute::Cores(cores) => {
                let life = &mut self.instances[instance as usize];
                if life.cores < cores {
                    life.cores += 1;
                    self.run_on_core(slot);
                } else {
                    self.records.get_mut(slot).state = State::CoreWait;
                    life.core_queue.push(&mut self.records, slot);
                }
            }
            Compute::Shared => {
                self.records.get_mut(slot).state = State::Cpu;
                let group = run.group;
                let shared = &mut self.cpus[instance as usize];
                shared.advance(now);
                shared.add(group, cpu, slot);
                self.share_cpu(instance);
            }
        }
    }

    /// Sees to it that the platform ends an attempt that begins now and runs too long. Where its client gives up before
    /// that, nothing is scheduled until it does.
    fn arm_kill(&mut self, slot: u32) {
        if self.hot.kill_after == u64::MAX {
            return;
        }
        let record = self.records.get(slot);
        let waits_longer = self.hot.kill_after >= self.classes[record.class as usize].patience;
        if record.kind != Kind::Client || !waits_longer {
            let at = self.now.saturating_add(self.hot.kill_after);
            self.arm(self.lanes.kill, at, Event::Kill(slot));
        }
    }

    fn run_on_core(&mut self, slot: u32) {
        let now = self.now;
        let record = self.records.get_mut(slot);
        record.state = State::Cpu;
        let (instance, run) = (record.instance, &self.classes[record.class as usize]);
        let end = now.saturating_add(paced(record.work, run.pace));
        self.instances[instance as usize].own_cpu.change(now, signed(run.micro_vcpu));
        self.schedule_wait(slot, end);
    }

    /// Shares an instance's CPU out again and sees to its entry in the agenda: one that must fire earlier is scheduled
    /// anew; one that may fire later is left to find that out itself.
    #[inline]
    pub(super) fn share_cpu(&mut self, instance: u32) {
        if self.instances[instance as usize].node == NONE {
            self.cpus[instance as usize].share(&self.cpu_model);
            self.arm_cpu(instance);
        } else {
            self.share_node(instance);
        }
    }

    #[inline]
    pub(super) fn arm_cpu(&mut self, instance: u32) {
        let cpu = &mut self.cpus[instance as usize];
        if cpu.due < cpu.armed {
            cpu.armed = cpu.due;
            self.agenda.schedule(cpu.due, Event::Cpu(instance).order());
        }
    }

    /// The entry of an instance's CPU fires.
    pub(super) fn cpu_due(&mut self, instance: u32) {
        let now = self.now;
        let cpu = &mut self.cpus[instance as usize];
        if cpu.armed != now {
            return;
        }
        cpu.armed = u64::MAX;
        if cpu.due != now {
            self.arm_cpu(instance);
            return;
        }
        cpu.advance(now);
        let slot = cpu.take_due();
        self.share_cpu(instance);
        self.begin_io(slot);
    }

    /// The CPU work of a record is done.
    fn begin_io(&mut self, slot: u32) {
        match self.io_of(slot) {
            0 => self.complete(slot),
            io => self.wait_until(slot, self.now.saturating_add(io)),
        }
    }

    fn io_of(&self, slot: u32) -> u64 {
        let record = self.records.get(slot);
        work(&self.classes[record.class as usize].io, record.key, Step::Io)
    }

    fn wait_until(&mut self, slot: u32, end: u64) {
        self.records.get_mut(slot).state = State::Io;
        self.schedule_wait(slot, end);
    }

    /// Schedules the end of a record's wait; on a one-slot fleet in the order of instances, as the shortcut's are.
    fn schedule_wait(&mut self, slot: u32, end: u64) {
        let record = self.records.get_mut(slot);
        record.waits_until = end;
        let event = if self.compute == Compute::Alone {
            self.instances[record.instance as usize].record = slot;
            Event::Own(record.instance)
        } else {
            Event::Record(slot)
        };
        self.agenda.schedule(end, event.order());
    }

    /// The wait of the record on a one-slot instance is over, unless it was ended from outside.
    pub(super) fn own_wait_over(&mut self, instance: u32) {
        let slot = self.instances[instance as usize].record;
        if slot != NONE {
            self.wait_over(slot);
        }
    }

    /// The wait of a record is over, unless it was ended from outside.
    pub(super) fn wait_over(&mut self, slot: u32) {
        let record = self.records.get(slot);
        if record.waits_until != self.now || !matches!(record.state, State::Cpu | State::Io) {
            return;
        }
        if record.state == State::Io {
            self.complete(slot);
            return;
        }
        let record = *record;
        self.leave_cpu(&record);
        self.begin_io(slot);
    }

    /// A record with a core, or an instance, to itself leaves its CPU.
    fn leave_cpu(&mut self, record: &Record) {
        let micro_vcpu = self.classes[record.class as usize].micro_vcpu;
        if let Compute::Cores(_) = self.compute {
            self.leave_core(record.instance, micro_vcpu);
        } else if self.control.watches_cpu() {
            self.instances[record.instance as usize].own_cpu.change(self.now, -signed(micro_vcpu));
        } else {
            self.tally.cpu(micro_vcpu, record.started, self.now);
        }
    }

    fn leave_core(&mut self, instance: u32, micro_vcpu: u64) {
        let life = &mut self.instances[instance as usize];
        life.own_cpu.change(self.now, -signed(micro_vcpu));
        match life.core_queue.pop(&self.records) {
            Some(next) => self.run_on_core(next),
            None => life.cores -= 1,
        }
    }

    /// An attempt's work is done.
    fn complete(&mut self, slot: u32) {
        let record = *self.records.get(slot);
        self.forget(slot);
        match record.kind {
            Kind::Client => {
                let waited = record.started - record.arrived - record.startup;
                self.tally.completed(record.class, record.key, record.arrived, self.now, waited, record.cold);
            }
            Kind::Orphan => self.tally.abandoned(record.arrived, false),
            Kind::Initial => {}
        }
        self.bill(&record, record.started, self.now);
        self.release(record.instance);
    }

    /// A slot of an instance is free.
    pub(super) fn release(&mut self, instance: u32) {
        if self.is_pool() {
            self.tally.busy.lower(1, self.now);
            self.note_busy();
            if self.queue.len() > 0
                && let Some(slot) = self.next_queued()
            {
                self.hand_queued(instance, slot);
            } else if let Supply::Pool(Pool::Recent { idle, keep_alive }) = &mut self.supply
                && *keep_alive > 0
            {
                idle.push_back((instance, self.now));
                self.hot.pool_check = self.hot.pool_check.min(self.now.saturating_add(*keep_alive));
            } else {
                self.becomes_idle(instance);
            }
            return;
        }
        self.leave_slot(instance);
        if let Some(slot) = self.pop_waiting(instance) {
            self.take_slot(instance);
            self.reroute(instance);
            self.begin_queued(instance, slot);
        } else if self.instances[instance as usize].phase == Phase::Ready
            && let Some(slot) = self.next_queued()
        {
            self.hand_queued(instance, slot);
            self.reroute(instance);
        } else {
            self.settle_load(instance);
        }
    }

    /// An instance that lost an attempt is idle, or can take another.
    fn settle_load(&mut self, instance: u32) {
        if self.instances[instance as usize].load == 0 {
            self.becomes_idle(instance);
        } else {
            self.reroute(instance);
        }
    }

    /// The next attempt that waits on an instance for a slot.
    fn pop_waiting(&mut self, instance: u32) -> Option<u32> {
        loop {
            let slot = self.instances[instance as usize].queue.pop(&self.records)?;
            if !self.is_dropped(slot) {
                return Some(slot);
            }
            self.forget(slot);
            self.leave_load(instance);
        }
    }

    fn leave_slot(&mut self, instance: u32) {
        self.instances[instance as usize].used -= 1;
        self.tally.slots.lower(1, self.now);
        self.leave_load(instance);
    }

    fn leave_load(&mut self, instance: u32) {
        let life = &mut self.instances[instance as usize];
        life.load -= 1;
        life.last_use = self.now;
        if life.load == 0 {
            self.tally.busy.lower(1, self.now);
            let meter = &self.deployment.meter;
            if meter.per == Per::Instance && !meter.idle_billed {
                self.billed[0].close(life.opened, self.now, self.now);
                life.opened = u64::MAX;
            }
        }
    }

    /// The attempt that has waited longest at the fleet.
    pub(super) fn next_queued(&mut self) -> Option<u32> {
        loop {
            let slot = self.queue.pop(&self.records)?;
            if !self.is_dropped(slot) {
                return Some(slot);
            }
            self.forget(slot);
        }
    }

    /// Whether a queued attempt is dropped because its client has gone.
    fn is_dropped(&self, slot: u32) -> bool {
        self.deployment.fleet.drop_abandoned && self.records.get(slot).kind == Kind::Orphan
    }

    /// The client of an attempt gives up; the work goes on.
    pub(super) fn client_gives_up(&mut self, slot: u32) {
        let record = self.records.get_mut(slot);
        let run = &self.classes[record.class as usize];
        let due = record.state != State::Free
            && record.kind == Kind::Client
            && record.arrived.saturating_add(run.patience) == self.now;
        if due {
            record.kind = Kind::Orphan;
            let by = run.edge_gives_up.then_some(Limit::EdgeTimeout);
            let started = record.started;
            self.tally.timed_out(record.class, record.arrived, record.cold, by);
            if started != u64::MAX && self.hot.kill_after != u64::MAX && self.hot.kill_after >= run.patience {
                self.agenda.schedule(started.saturating_add(self.hot.kill_after), Event::Kill(slot).order());
            }
        }
    }

    /// An attempt has waited in a queue for as long as it may.
    pub(super) fn queue_gives_up(&mut self, slot: u32) {
        let record = *self.records.get(slot);
        let timeout = self.deployment.fleet.queue_timeout.map_or(u64::MAX, |timeout| timeout.0);
        if record.state != State::Queued || record.arrived.saturating_add(timeout) != self.now {
            return;
        }
        if record.kind == Kind::Client {
            self.tally.rejected(record.class, record.arrived, Limit::QueueTimeout);
        }
        if record.instance == NONE {
            self.queue.remove(&mut self.records, slot);
            self.forget(slot);
        } else {
            self.instances[record.instance as usize].queue.remove(&mut self.records, slot);
            self.forget(slot);
            self.leave_load(record.instance);
            self.settle_load(record.instance);
        }
    }

    /// The platform ends an attempt that has run for as long as it may.
    pub(super) fn platform_ends(&mut self, slot: u32) {
        let record = *self.records.get(slot);
        let timeout = self.deployment.fleet.timeout.map_or(u64::MAX, |timeout| timeout.0);
        let running = matches!(record.state, State::Cpu | State::Io | State::CoreWait);
        if !running || record.started.saturating_add(timeout) != self.now {
            return;
        }
        match record.kind {
            Kind::Client => {
                self.tally.timed_out(record.class, record.arrived, record.cold, Some(Limit::Timeout));
            }
            Kind::Orphan => self.tally.abandoned(record.arrived, false),
            Kind::Initial => {}
        }
        self.bill(&record, record.started, self.now);
        self.take_off_cpu(slot, &record);
        self.forget(slot);
        self.release(record.instance);
    }

    /// Ends the CPU work or the wait for a core of a record that is ended from outside.
    fn take_off_cpu(&mut self, slot: u32, record: &Record) {
        let instance = record.instance;
        match (self.compute, record.state) {
            (Compute::Shared, State::Cpu) => {
                let cpu = &mut self.cpus[instance as usize];
                cpu.advance(self.now);
                cpu.remove(slot);
                self.share_cpu(instance);
            }
            (_, State::Cpu) => self.leave_cpu(record),
            (_, State::CoreWait) => {
                self.instances[instance as usize].core_queue.remove(&mut self.records, slot);
            }
            _ => {}
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
        let blank = Request { at: 0, key: 0, cpu: 0, class: 0 };
        let slot = self.insert(Record { instance, kind: Kind::Initial, started: 0, ..record_of(&blank) });
        // It has been at work for a while; what is left is taken as a whole draw, without contention.
        self.wait_until(slot, paced(cpu, self.classes[0].pace).saturating_add(io));
    }

    #[inline]
    pub(super) const fn is_pool(&self) -> bool {
        matches!(self.supply, Supply::Pool(_))
    }
}

/// What the shortcut needs to know of an attempt.
#[derive(Clone, Copy)]
struct Life {
    key: u64,
    arrived: u64,
    work: u64,
    startup: u64,
    class: u16,
    cold: bool,
    own_start: bool,
}

impl Life {
    /// A request that arrives now and finds a ready instance.
    #[inline]
    const fn of(request: &Request) -> Self {
        Self {
            key: request.key,
            arrived: request.at,
            work: request.cpu,
            startup: 0,
            class: class_of(request),
            cold: false,
            own_start: false,
        }
    }
}

impl Record {
    const fn life(&self) -> Life {
        Life {
            key: self.key,
            arrived: self.arrived,
            work: self.work,
            startup: self.startup,
            class: self.class,
            cold: self.cold,
            own_start: self.own_start,
        }
    }
}

/// A new record for a request.
#[inline]
fn record_of(request: &Request) -> Record {
    Record {
        key: request.key,
        arrived: request.at,
        started: u64::MAX,
        startup: 0,
        work: request.cpu,
        waits_until: u64::MAX,
        next: NONE,
        instance: NONE,
        class: class_of(request),
        state: State::Queued,
        kind: Kind::Client,
        cold: false,
        own_start: false,
    }
}

#[inline]
#[allow(clippy::cast_possible_truncation)] // scenarios have fewer than 65 536 classes, which their reading checks
const fn class_of(request: &Request) -> u16 {
    request.class as u16
}

/// CPU work as wall time.
#[inline]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // not negative, and saturating is right
fn paced(work: u64, pace: f64) -> u64 {
    (work as f64 * pace + 0.5) as u64
}

fn signed(micro_vcpu: u64) -> i64 {
    i64::try_from(micro_vcpu).unwrap_or(i64::MAX)
}
