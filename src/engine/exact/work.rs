//! The work of an attempt on its instance: CPU alone, shared or by cores, then waiting, then done.

#![allow(clippy::inline_always)]

use crate::kernel::agenda::Agenda;
use crate::kernel::whole;

use super::cpu::Cpu;
use super::event::Event;
use super::record::{NONE, Record, State};
use super::{Compute, Core};

impl Core<'_> {
    /// The work of a record begins on its ready instance.
    pub(super) fn begin(&mut self, slot: u32) {
        let now = self.now;
        let record = self.records.get_mut(slot);
        record.started = now;
        let (cpu, io, kind) = (record.work, record.waits_until, record.kind);
        self.arm_running(slot, kind);
        if self.station.hot.has_proxies {
            self.begin_by_proxies(slot);
            return;
        }
        if self.station.hot.has_steps {
            self.go_on(slot);
            return;
        }
        if cpu == 0 {
            // Even a wait of no length goes through the agenda: ended here, a long queue would be emptied by recursion.
            self.wait_until(slot, now.saturating_add(io));
            return;
        }
        self.compute(slot);
    }

    /// The work of a record begins with that of the proxies that it passed.
    #[inline(never)]
    fn begin_by_proxies(&mut self, slot: u32) {
        let record = self.records.get_mut(slot);
        let proxies = self.kinds.all[usize::from(record.kind)].proxies;
        if self.station.hot.has_steps {
            (record.work, record.waits_until) = (proxies, record.work);
        } else {
            record.work += proxies;
        }
        self.compute(slot);
    }

    /// The CPU work of a record begins, with what comes behind it.
    #[inline(always)]
    pub(super) fn compute(&mut self, slot: u32) {
        let now = self.now;
        let record = self.records.get(slot);
        let (instance, kind, cpu) = (record.instance, record.kind as usize, record.work);
        let run = &self.kinds.all[kind];
        match self.station.compute {
            Compute::Alone => {
                let end = now.saturating_add(paced(cpu, run.pace));
                if self.station.hot.levels_cpu {
                    self.instances[instance as usize].own_cpu.change(now, signed(run.micro_vcpu));
                }
                self.records.get_mut(slot).begin_cpu();
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
                self.records.get_mut(slot).begin_cpu();
                let group = run.group;
                let shared = &mut self.cpus[instance as usize];
                shared.advance(now);
                shared.add(group, cpu, slot);
                self.share_cpu(instance);
            }
        }
    }

    /// A request that arrives now is the first of an instance whose start and first work are one draw.
    pub(super) fn fresh(&mut self, record: Record) {
        let end = self.fresh_end();
        if self.book_fresh(&record, end) {
            return;
        }
        let slot = self.insert(record);
        self.fresh_until(slot, end);
    }

    /// The same for an attempt that was queued.
    pub(super) fn begin_fresh(&mut self, slot: u32) {
        let end = self.fresh_end();
        let record = *self.records.get(slot);
        if self.book_fresh(&record, end) {
            self.forget(slot);
            return;
        }
        self.fresh_until(slot, end);
    }

    fn book_fresh(&mut self, record: &Record, end: u64) -> bool {
        let patience = self.kinds.all[record.kind as usize].patience;
        let booked = (self.station.shortcut.of_class || self.station.shortcut.of_steps) && record.is_simple();
        booked && self.book_until(record.life(), patience, record.instance, self.now, end)
    }

    fn fresh_end(&mut self) -> u64 {
        let whole =
            self.station.spec.fleet.cold_service.as_ref().map_or(0, |law| law.draw_whole(&mut self.station.luck.start));
        self.now.saturating_add(whole)
    }

    fn fresh_until(&mut self, slot: u32, end: u64) {
        let record = self.records.get_mut(slot);
        record.started = self.now;
        let kind = record.kind;
        self.arm_running(slot, kind);
        self.skip_steps(slot);
        self.wait_until(slot, end);
    }

    pub(super) fn run_on_core(&mut self, slot: u32) {
        let now = self.now;
        let record = self.records.get_mut(slot);
        let (instance, run) = (record.instance, &self.kinds.all[record.kind as usize]);
        let end = now.saturating_add(paced(record.work, run.pace));
        record.begin_cpu();
        self.instances[instance as usize].own_cpu.change(now, signed(run.micro_vcpu));
        self.schedule_wait(slot, end);
    }

    /// An entry that must fire earlier is scheduled anew; one that may fire later is left to find that out itself.
    #[inline(always)]
    pub(super) fn arm_cpu(&mut self, instance: u32) {
        arm(&mut self.agenda, &mut self.cpus[instance as usize], instance);
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
    #[inline]
    pub(super) fn begin_io(&mut self, slot: u32) {
        if self.station.hot.has_steps {
            self.go_on(slot);
            return;
        }
        match self.records.get(slot).work {
            0 => self.complete(slot),
            io => self.wait_until(slot, self.now.saturating_add(io)),
        }
    }

    pub(super) fn wait_until(&mut self, slot: u32, end: u64) {
        self.records.get_mut(slot).state = State::Io;
        self.schedule_wait(slot, end);
    }

    /// Schedules the end of a record's wait; on a one-slot fleet in the order of instances, as the shortcut's are.
    pub(super) fn schedule_wait(&mut self, slot: u32, end: u64) {
        let record = self.records.get_mut(slot);
        record.waits_until = end;
        let event = if self.station.compute == Compute::Alone {
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
        let Some(record) = self.records.find(slot) else { return };
        if record.waits_until != self.now || !record.has_clock() {
            return;
        }
        if record.state == State::Pausing {
            self.run_on(slot);
            return;
        }
        if record.state == State::Asking {
            self.asking_over(slot);
            return;
        }
        if record.state == State::Io {
            if self.station.hot.has_steps {
                self.go_on(slot);
            } else {
                self.complete(slot);
            }
            return;
        }
        let (instance, kind, started) = (record.instance, record.kind, record.started);
        self.leave_cpu(instance, kind, started);
        self.begin_io(slot);
    }

    /// A record with a core, or an instance, to itself leaves its CPU.
    #[inline]
    pub(super) fn leave_cpu(&mut self, instance: u32, kind: u16, started: u64) {
        let micro_vcpu = self.kinds.all[usize::from(kind)].micro_vcpu;
        if let Compute::Cores(_) = self.station.compute {
            self.leave_core(instance, micro_vcpu);
        } else if self.station.hot.levels_cpu {
            self.instances[instance as usize].own_cpu.change(self.now, -signed(micro_vcpu));
        } else {
            self.tally.cpu(micro_vcpu, started, self.now);
        }
    }

    pub(super) fn leave_core(&mut self, instance: u32, micro_vcpu: u64) {
        let life = &mut self.instances[instance as usize];
        life.own_cpu.change(self.now, -signed(micro_vcpu));
        match life.core_queue.pop(&self.records) {
            Some(next) => self.run_on_core(next),
            None => life.cores -= 1,
        }
    }

    /// An attempt's work is done.
    #[inline]
    pub(super) fn complete(&mut self, slot: u32) {
        let record = self.records.get(slot);
        let instance = record.instance;
        let client = record.client;
        let record = *record;
        if client.waits() {
            self.succeed(&record);
        } else {
            self.wasted(&record, false);
        }
        if self.station.hot.counts_attempts {
            self.bill(&record, record.started, self.now);
        }
        self.answered(client, true);
        self.forget(slot);
        self.release(instance);
    }

    /// Ends the CPU work or the wait for a core of a record that is ended from outside.
    pub(super) fn take_off_cpu(&mut self, slot: u32, record: &Record) {
        let instance = record.instance;
        match (self.station.compute, record.state) {
            (Compute::Shared, State::Cpu) => {
                let cpu = &mut self.cpus[instance as usize];
                cpu.advance(self.now);
                cpu.remove(slot);
                self.share_cpu(instance);
            }
            (_, State::Cpu) => self.leave_cpu(instance, record.kind, record.started),
            (_, State::CoreWait) => {
                self.instances[instance as usize].core_queue.remove(&mut self.records, slot);
            }
            _ => {}
        }
    }
}

/// Sees to the entry of an instance's CPU in the agenda.
#[inline(always)]
pub(super) fn arm(agenda: &mut Agenda, cpu: &mut Cpu, instance: u32) {
    if cpu.due < cpu.armed {
        cpu.armed = cpu.due;
        agenda.schedule(cpu.due, Event::Cpu(instance).order());
    }
}

/// CPU work as wall time.
#[inline]
pub(super) fn paced(work: u64, pace: f64) -> u64 {
    if work == 0 { 0 } else { whole::round(work as f64 * pace) }
}

fn signed(micro_vcpu: u64) -> i64 {
    i64::try_from(micro_vcpu).unwrap_or(i64::MAX)
}
