//! The life of instances: start, ready, idle, drain, end.

#![allow(clippy::inline_always)]

use crate::platform::autoscaler::Law;
use crate::platform::fleet::{Fleet, KeepAliveFrom};
use crate::platform::meter::Per;
use crate::platform::placement::Placement;

use super::cpu::{Cpu, micro};
use super::limits::Limit;
use super::record::{Client, Fifo, NONE, Start, State};
use super::shortcut::Asker;
use super::{Compute, Core, Event, Supply};

/// Where an instance is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Ended; its number is free.
    Gone,
    /// Waiting for a node.
    Pending,
    /// Starting.
    Starting,
    /// Serving.
    Ready,
    /// Finishing what it has.
    Draining,
}

/// One instance. What an attempt looks at stands in one cache line.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Instance {
    pub phase: Phase,
    /// Whether its first request brings the start with it (`cold_service`).
    pub fresh: bool,
    /// Whether the router has it.
    pub routed: bool,
    /// Whether it is out of service as soon as it is ready: it was stopped while attempts waited for its start.
    pub doomed: bool,
    /// Index of its service.
    pub station: u16,
    /// Attempts assigned to it: in slots and in its queue.
    pub load: u32,
    /// Attempts in slots.
    pub used: u32,
    /// Attempts that wait on it: for its start, or for a slot.
    pub queue: Fifo,
    /// Of a one-slot instance: the record that waits for an entry of its own,
    pub record: u32,
    /// or who called the attempt that was booked at once.
    pub asker: Asker,
    /// When it was last at work.
    pub last_use: u64,
    /// Attempts it was given.
    pub served: u64,
    /// Cores in use (fifo-cores), and who waits for one.
    pub cores: u32,
    pub core_queue: Fifo,
    /// CPU of jobs that have cores or the instance to themselves.
    pub own_cpu: OwnCpu,
    /// Number of the start, in order.
    pub birth: u64,
    /// When it was asked for.
    pub born: u64,
    /// When it was given a place to start.
    pub placed: u64,
    /// When it is, or was, ready.
    pub ready_at: u64,
    /// Since when its measurements count for target tracking.
    pub warm_at: u64,
    /// When it ends if still idle.
    pub deadline: u64,
    /// It is recycled when idle at or after this.
    pub ends_by: u64,
    /// Since when it is billed; `u64::MAX` while it is not.
    pub opened: u64,
    /// Nanoseconds of its start that are billed to the request that caused it.
    pub billable_start: u64,
    /// Its node.
    pub node: u32,
    /// What its metrics were at the last scrape.
    pub scraped: super::control::Scraped,
}

const _: () = assert!(std::mem::offset_of!(Instance, cores) == 64);

/// CPU use that changes by whole jobs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OwnCpu {
    allocated: u64,
    last: u64,
    used: u128,
}

impl OwnCpu {
    /// Brings the use up to `now` and changes the allocation by so many micro-vCPU.
    pub fn change(&mut self, now: u64, by: i64) {
        self.used += u128::from(self.allocated) * u128::from(now - self.last);
        self.last = now;
        self.allocated = self.allocated.saturating_add_signed(by);
    }

    /// From `now` on so many micro-vCPU are allocated.
    pub fn set(&mut self, now: u64, allocated: u64) {
        self.change(now, 0);
        self.allocated = allocated;
    }

    /// Nothing is at work any more.
    pub fn stop(&mut self, now: u64) {
        self.set(now, 0);
    }

    /// Micro-vCPU nanoseconds up to `now`.
    pub fn used(&self, now: u64) -> u128 {
        self.used + u128::from(self.allocated) * u128::from(now - self.last)
    }
}

impl Instance {
    pub fn is_alive(&self) -> bool {
        self.phase != Phase::Gone
    }
}

/// The keep-alive of a fleet for which the simple pool will do.
pub(super) fn simple_keep_alive(fleet: &Fleet) -> Option<u64> {
    if fleet.lifetime.is_some() || fleet.keep_alive_from == KeepAliveFrom::Start {
        return None;
    }
    match &fleet.keep_alive {
        None => Some(u64::MAX),
        Some(keep_alive) => keep_alive.as_constant(),
    }
}

impl Core<'_> {
    /// Asks for an instance now. It may be ready at once.
    pub(super) fn start_instance(&mut self) -> u32 {
        let now = self.now;
        let instance = self.new_instance();
        self.count_instance(false);
        self.station.active += 1;
        self.note_max(now);
        let meter = &self.deployment.meter;
        if meter.per == Per::Instance && meter.start_billed && meter.idle_billed {
            self.station.billed.open(now);
            self.instances[instance as usize].opened = now;
        }
        match &self.deployment.placement {
            Placement::Provider => self.begin_start(instance, 0),
            Placement::Nodes(_) => self.place(instance),
        }
        instance
    }

    /// An instance is asked for now, or (`initial`) is there at the first instant.
    pub(super) fn count_instance(&mut self, initial: bool) {
        self.station.levels.instances.raise(1, self.now);
        let counted = self.tally.instance_started(initial);
        if counted {
            let measure = &mut self.station.measure;
            measure.started += u64::from(!initial);
            measure.peak = measure.peak.max(self.station.levels.instances.count());
        }
    }

    /// A number and a blank life for an instance that is asked for now.
    pub(super) fn new_instance(&mut self) -> u32 {
        let now = self.now;
        self.births += 1;
        if self.faults.zone.keeps_out(now, self.births) {
            self.births += 1;
        }
        let fleet = self.station.spec.fleet;
        let ends_by = fleet
            .lifetime
            .as_ref()
            .map_or(u64::MAX, |life| now.saturating_add(life.draw_whole(&mut self.station.luck.start)));
        let blank = Instance {
            phase: Phase::Pending,
            load: 0,
            used: 0,
            fresh: false,
            routed: false,
            doomed: false,
            station: self.station.number,
            birth: self.births,
            born: now,
            placed: u64::MAX,
            ready_at: u64::MAX,
            warm_at: u64::MAX,
            last_use: now,
            deadline: u64::MAX,
            ends_by,
            opened: u64::MAX,
            billable_start: 0,
            queue: Fifo::new(),
            cores: 0,
            core_queue: Fifo::new(),
            own_cpu: OwnCpu { last: now, ..OwnCpu::default() },
            served: 0,
            scraped: super::control::Scraped::default(),
            node: NONE,
            record: NONE,
            asker: Asker::NOBODY,
        };
        let limit = self.cpu_limit();
        // Where any service shares, every instance has a CPU of the same number, used or not.
        let cpu = self.shares_cpu.then(|| Cpu::new(&self.cpu_model, limit, self.station.spec.instance.cpu_speed, now));
        let instance = if let Some(instance) = self.free.pop() {
            self.instances[instance as usize] = blank;
            if let Some(cpu) = cpu {
                self.cpus[instance as usize] = cpu;
            }
            instance
        } else {
            self.instances.push(blank);
            self.cpus.extend(cpu);
            u32::try_from(self.instances.len() - 1).expect("fewer than four billion instances")
        };
        if let Supply::Pool(pool) = &mut self.station.supply {
            pool.expect(instance);
        }
        instance
    }

    pub(super) fn cpu_limit(&self) -> f64 {
        self.station.spec.instance.cpu_limit()
    }

    /// An instance has its place and starts, after `delay` for what its place still needs.
    pub(super) fn begin_start(&mut self, instance: u32, delay: u64) {
        let now = self.now;
        let fleet = self.station.spec.fleet;
        let size = self.station.spec.instance;
        let (platform, own) = if fleet.cold_service.is_some() {
            (0, 0)
        } else {
            let platform = fleet.start.draw_whole(&mut self.station.luck.start);
            let runtime = self.station.spec.runtime_start.draw_whole(&mut self.station.luck.start);
            let init = self.station.service.init.draw(&mut self.station.luck.start);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // not negative, and saturating is right
            let init = (init / (size.start_vcpu.min(1.0) * size.cpu_speed)).round() as u64;
            (platform, runtime.saturating_add(init))
        };
        let ready_at = now.saturating_add(delay).saturating_add(platform).saturating_add(own);
        let follows_requests = matches!(self.station.spec.autoscaler.law, Law::PerRequest(_));
        let bills_start = self.deployment.meter.per == Per::Request && self.deployment.meter.start_billed;
        let life = &mut self.instances[instance as usize];
        life.phase = Phase::Starting;
        life.placed = now;
        life.ready_at = ready_at;
        life.warm_at = ready_at.saturating_add(self.station.control.warmup());
        life.fresh = fleet.cold_service.is_some();
        life.billable_start = if bills_start { own } else { 0 };
        // The request that asks for an instance takes it at once if it can; who waits for one is told by its event.
        if ready_at == now && life.born == now && life.load == 0 && follows_requests {
            self.make_ready(instance);
        } else {
            self.agenda.schedule(ready_at, Event::Ready(instance).order());
        }
    }

    /// The start of an instance is over, unless it was given up meanwhile.
    pub(super) fn instance_ready(&mut self, instance: u32) {
        let life = &self.instances[instance as usize];
        if life.phase != Phase::Starting || life.ready_at != self.now {
            return;
        }
        self.make_ready(instance);
        let index = instance as usize;
        self.station.open.retain(|&other| other != instance);
        let born = self.instances[index].born;
        while let Some(slot) = self.instances[index].queue.pop(&self.records) {
            let record = self.records.get_mut(slot);
            // Time in the fleet's queue before the start was asked for is queue wait.
            record.startup = self.now - record.arrived.max(born);
            if std::mem::take(&mut self.instances[index].fresh) {
                self.begin_fresh(slot);
            } else {
                self.begin(slot);
            }
        }
        // A pool does not keep how many slots of its instances are used.
        let life = &self.instances[index];
        let mut free = if self.is_pool() { 1 - life.load.min(1) } else { self.station.slots - life.used };
        while self.instances[index].phase == Phase::Ready
            && free > 0
            && let Some(slot) = self.next_queued()
        {
            let record = self.records.get_mut(slot);
            record.start = Start::Cold;
            record.startup = self.now - record.arrived.max(born);
            self.hand_queued(instance, slot);
            free -= 1;
        }
        if free > 0 && self.instances[index].load == 0 {
            self.becomes_idle(instance);
        } else {
            self.reroute(instance);
        }
        self.go_on_rolling_out();
    }

    pub(super) fn make_ready(&mut self, instance: u32) {
        let now = self.now;
        let life = &mut self.instances[instance as usize];
        life.phase = if life.doomed { Phase::Draining } else { Phase::Ready };
        life.last_use = now;
        self.station.levels.starting_slots.lower(u64::from(life.used), now);
        self.station.levels.ready.raise(1, now);
        let meter = &self.deployment.meter;
        if meter.per == Per::Instance && meter.idle_billed && !meter.start_billed {
            life.opened = now;
            self.station.billed.open(now);
        }
    }

    /// Tells the router whether an instance can take requests, and how busy it is.
    #[inline(always)]
    pub(super) fn reroute(&mut self, instance: u32) {
        let Supply::Router(router) = &mut self.station.supply else { return };
        let life = &mut self.instances[instance as usize];
        let takes = life.phase == Phase::Ready && life.load < self.station.hot.places;
        if takes && life.routed {
            router.update(instance, life.load);
        } else if takes {
            router.insert(instance, life.load);
        } else if life.routed {
            router.remove(instance);
        }
        life.routed = takes;
    }

    /// An instance without attempts ends at `at`.
    pub(super) fn end_instance(&mut self, instance: u32, at: u64) {
        let index = instance as usize;
        let phase = self.instances[index].phase;
        if matches!(phase, Phase::Ready | Phase::Draining) {
            self.station.levels.ready.lower(1, at);
        }
        if phase != Phase::Draining {
            self.station.active -= 1;
        }
        if self.instances[index].routed
            && let Supply::Router(router) = &mut self.station.supply
        {
            router.remove(instance);
        }
        self.station.cpu_used += self.instances[index].own_cpu.used(self.now);
        if let Some(cpu) = self.cpus.get_mut(index) {
            cpu.advance(self.now);
            self.station.cpu_used += cpu.used();
        }
        self.station.levels.instances.lower(1, at);
        self.tally.instance_ended();
        self.leave_stores(instance, at);
        if phase == Phase::Pending {
            self.withdraw_pending(instance);
        }
        self.station.open.retain(|&other| other != instance);
        let life = &mut self.instances[index];
        self.station.served_by_ended += life.served;
        life.phase = Phase::Gone;
        life.routed = false;
        let birth = life.birth;
        let is_old = self.station.roll_out.is_some_and(|roll_out| roll_out.is_old(birth));
        if life.opened != u64::MAX {
            let (opened, last_use) = (life.opened, life.last_use);
            if is_old {
                self.station.billed.close_apart(opened, last_use, at);
            } else {
                self.station.billed.close(opened, last_use, at);
            }
        }
        self.free.push(instance);
        self.note_max(at);
        if self.instances[index].node != NONE {
            self.leave_node(instance);
        }
        if is_old {
            self.note_ended(at);
        }
    }

    /// Takes an instance out of service: at once if it has nothing, else when it has finished what it has.
    pub(super) fn stop_instance(&mut self, instance: u32) {
        let life = &mut self.instances[instance as usize];
        if life.load == 0 {
            self.end_instance(instance, self.now);
            return;
        }
        life.deadline = u64::MAX;
        match life.phase {
            Phase::Pending | Phase::Starting => {
                life.doomed = true;
                self.station.open.retain(|&other| other != instance);
            }
            _ => life.phase = Phase::Draining,
        }
        self.station.active -= 1;
        self.note_max(self.now);
        self.reroute(instance);
    }

    /// Keeps the gauge of the largest number of instances.
    pub(super) fn note_max(&mut self, at: u64) {
        let autoscaler = self.station.spec.autoscaler;
        self.station.limits.reached(Limit::Max, autoscaler.max.is_some_and(|max| self.station.active >= max), at);
        if self.station.active == autoscaler.min + 1 {
            self.station.control.above_min_since = at;
        }
    }

    /// CPU that an instance has used, in micro-vCPU nanoseconds.
    pub(super) fn cpu_used_by(&mut self, instance: u32) -> u128 {
        let own = self.instances[instance as usize].own_cpu.used(self.now);
        match self.cpus.get_mut(instance as usize) {
            Some(cpu) => {
                cpu.advance(self.now);
                own + cpu.used()
            }
            None => own,
        }
    }

    /// vCPUs of a ready instance that count as its capacity, in millionths.
    pub(super) fn micro_capacity(&self) -> u64 {
        micro(self.cpu_limit())
    }

    /// Books what is still in flight at the horizon.
    pub(super) fn book_in_flight(&mut self) {
        for (class, arrived) in self.clients.backing_off() {
            self.tally.backing_off(class, arrived);
        }
        let in_flight: Vec<_> = self.records.in_flight().copied().collect();
        for record in in_flight {
            if record.state == State::Asking {
                self.remains_asking(&record);
                continue;
            }
            if self.kinds.all[usize::from(record.kind)].is_run() {
                self.remains_running(&record);
                continue;
            }
            self.enter(self.kinds.all[usize::from(record.kind)].station);
            if record.client.waits() {
                self.remains(&record);
            } else if record.client == Client::GONE {
                self.wasted(&record, true);
            } else {
                continue;
            }
            if !matches!(record.state, State::Queued) {
                let begun = if record.started == u64::MAX {
                    self.instances[record.instance as usize].ready_at
                } else {
                    record.started
                };
                self.bill(&record, begun, u64::MAX);
            }
            if self.station.compute == Compute::Alone && record.state == State::Cpu && !self.station.hot.levels_cpu {
                let micro_vcpu = self.kinds.all[record.kind as usize].micro_vcpu;
                self.tally.cpu(micro_vcpu, record.started, u64::MAX);
            }
        }
    }
}
