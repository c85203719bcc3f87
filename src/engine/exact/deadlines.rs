//! What may cut an attempt short: its client, the queue, the platform.
//!
//! Each constant delay has a lane of its own. Nothing is cancelled: an entry is valid if the attempt still waits and its
//! time is now, and a lane that is mostly stale is thinned.

use super::Core;
use super::event::Event;
use super::record::{Kind, NONE, State};
use super::tally::Limit;

impl Core<'_> {
    pub(super) fn arm_queue_deadline(&mut self, slot: u32) {
        if let Some(timeout) = self.deployment.fleet.queue_timeout {
            let at = self.now.saturating_add(timeout.0);
            self.arm(self.lanes.queue, at, Event::QueueDeadline(slot));
        }
    }

    /// Schedules a deadline on a lane, thinning the lane where most of it is stale.
    pub(super) fn arm(&mut self, lane: usize, at: u64, event: Event) {
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

    /// Sees to it that the platform ends an attempt that begins now and runs too long. Where its client gives up before
    /// that, nothing is scheduled until it does.
    pub(super) fn arm_kill(&mut self, slot: u32) {
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
}
