//! What may cut an attempt short: its client, the queue, the platform.
//!
//! Each constant delay has a lane: who waits for it to pass, in time order. Nothing is cancelled: an entry stands if the
//! attempt still waits and its time has not been set anew. A lane has at most one entry in the agenda, and one that no
//! longer stands is dropped when it comes to the front or when most of the lane is so.

use std::collections::VecDeque;

use super::Core;
use super::event::Event;
use super::record::{Kind, NONE, Records, State};
use super::tally::Limit;

/// Whose patience ends with a delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// The client's, of this class.
    Client(u16),
    /// The queue's.
    Queue,
    /// The platform's.
    Platform,
}

/// A constant delay, and who waits for it to pass.
#[derive(Debug)]
struct Lane {
    whose: Whose,
    /// Nanoseconds; `u64::MAX`: never.
    delay: u64,
    /// (since when, record), in time order.
    waiting: VecDeque<(u64, u32)>,
    /// Whether it has an entry in the agenda.
    armed: bool,
}

/// All lanes of a deployment: one per class for its clients, then the queue's, then the platform's.
#[derive(Debug)]
pub(super) struct Deadlines {
    lanes: Vec<Lane>,
}

impl Deadlines {
    /// The lanes for clients with these patiences, and the two timeouts of the fleet; `u64::MAX`: never.
    pub fn new(clients: impl Iterator<Item = u64>, queue: u64, platform: u64) -> Self {
        let lane = |whose, delay| Lane { whose, delay, waiting: VecDeque::new(), armed: false };
        let mut lanes: Vec<Lane> = (0..).zip(clients).map(|(class, delay)| lane(Whose::Client(class), delay)).collect();
        lanes.extend([lane(Whose::Queue, queue), lane(Whose::Platform, platform)]);
        Self { lanes }
    }

    const fn queue(&self) -> usize {
        self.lanes.len() - 2
    }

    const fn platform(&self) -> usize {
        self.lanes.len() - 1
    }
}

impl Lane {
    /// Whether an entry stands.
    fn stands(&self, records: &Records, (since, slot): (u64, u32)) -> bool {
        let record = records.get(slot);
        match self.whose {
            Whose::Client(class) => {
                record.state != State::Free
                    && record.kind == Kind::Client
                    && record.class == class
                    && record.arrived == since
            }
            Whose::Queue => record.state == State::Queued && record.arrived == since,
            Whose::Platform => record.is_running() && record.started == since,
        }
    }

    /// Drops what no longer stands: one at the front for one that comes in, all of it when it is most of the lane.
    #[inline]
    fn tidy(&mut self, records: &Records, in_flight: usize) {
        if let Some(&front) = self.waiting.front()
            && !self.stands(records, front)
        {
            self.waiting.pop_front();
        }
        if self.waiting.len() > 64 + 2 * in_flight {
            let mut waiting = std::mem::take(&mut self.waiting);
            waiting.retain(|&entry| self.stands(records, entry));
            self.waiting = waiting;
        }
    }

    /// Takes the next record whose time is over at `now`.
    fn take_due(&mut self, records: &Records, now: u64) -> Option<u32> {
        while let Some(&(since, slot)) = self.waiting.front() {
            let stands = self.stands(records, (since, slot));
            if stands && since.saturating_add(self.delay) > now {
                return None;
            }
            self.waiting.pop_front();
            if stands {
                return Some(slot);
            }
        }
        None
    }
}

impl Core<'_> {
    /// The client of an attempt that arrives now begins to wait.
    #[inline]
    pub(super) fn arm_client(&mut self, slot: u32) {
        let class = self.records.get(slot).class;
        self.arm(class as usize, slot);
    }

    pub(super) fn arm_queue_deadline(&mut self, slot: u32) {
        self.arm(self.deadlines.queue(), slot);
    }

    /// A record begins to wait on a lane.
    #[inline]
    fn arm(&mut self, lane: usize, slot: u32) {
        let waits = &mut self.deadlines.lanes[lane];
        if waits.delay == u64::MAX {
            return;
        }
        waits.tidy(&self.records, self.in_flight);
        debug_assert!(waits.waiting.back().is_none_or(|&(since, _)| since <= self.now), "lanes are in time order");
        waits.waiting.push_back((self.now, slot));
        self.arm_lane(lane);
    }

    /// Sees to the entry of a lane in the agenda.
    #[inline]
    fn arm_lane(&mut self, lane: usize) {
        let waits = &mut self.deadlines.lanes[lane];
        if !waits.armed
            && let Some(&(since, _)) = waits.waiting.front()
        {
            waits.armed = true;
            let lane = u32::try_from(lane).expect("fewer than four billion lanes");
            self.agenda.schedule(since.saturating_add(waits.delay), Event::Deadline(lane).order());
        }
    }

    /// The entry of a lane fires. One deadline at a time: what the first one sets free comes before the next.
    pub(super) fn deadline(&mut self, lane: u32) {
        let lane = lane as usize;
        let waits = &mut self.deadlines.lanes[lane];
        waits.armed = false;
        let whose = waits.whose;
        if let Some(slot) = waits.take_due(&self.records, self.now) {
            match whose {
                Whose::Client(_) => self.client_gives_up(slot),
                Whose::Queue => self.queue_gives_up(slot),
                Whose::Platform => self.platform_ends(slot),
            }
        }
        self.arm_lane(lane);
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
            self.arm(self.deadlines.platform(), slot);
        }
    }

    /// The client of an attempt gives up; the work goes on.
    fn client_gives_up(&mut self, slot: u32) {
        let record = self.records.get_mut(slot);
        let run = &self.classes[record.class as usize];
        record.kind = Kind::Orphan;
        let by = run.edge_gives_up.then_some(Limit::EdgeTimeout);
        let (started, kill_after) = (record.started, self.hot.kill_after);
        self.tally.timed_out(record.class, record.arrived, record.cold, by);
        if started != u64::MAX && kill_after != u64::MAX && kill_after >= run.patience {
            self.agenda.schedule(started.saturating_add(kill_after), Event::Kill(slot).order());
        }
    }

    /// An attempt has waited in a queue for as long as it may.
    fn queue_gives_up(&mut self, slot: u32) {
        let record = *self.records.get(slot);
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
        if !record.is_running() || record.started.saturating_add(self.hot.kill_after) != self.now {
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
