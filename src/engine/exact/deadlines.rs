//! What may cut an attempt short: its client, the queue, the platform.
//!
//! Each constant delay has a lane, and most who wait on it are served long before it is over. So nobody is noted down
//! when their wait begins: once in a delay the lane looks who is waiting, and what comes later than that look is due
//! later than everybody it saw.

use super::Core;
use super::clients::Loss;
use super::event::Event;
use super::limits::Limit;
use super::record::{Client, NONE, Record, Records, State};

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

impl Whose {
    /// Since when a record waits, if it does.
    fn since(self, record: &Record) -> Option<u64> {
        let (waits, since) = match self {
            Self::Client(class) => {
                (record.state != State::Free && record.client.waits() && record.class == class, record.arrived)
            }
            Self::Queue => (record.state == State::Queued, record.arrived),
            Self::Platform => (record.is_running() && record.client != Client::NEVER, record.started),
        };
        waits.then_some(since)
    }
}

/// A constant delay, and who waits for it to pass.
#[derive(Debug)]
struct Lane {
    whose: Whose,
    /// Nanoseconds; `u64::MAX`: never.
    delay: u64,
    /// Who waited at the last look: (since when, record), the longest wait last.
    waiting: Vec<(u64, u32)>,
    /// Whether it has an entry in the agenda: always while somebody waits.
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
        let lane = |whose, delay| Lane { whose, delay, waiting: Vec::new(), armed: false };
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
    /// Looks who is waiting.
    fn look(&mut self, records: &Records) {
        let whose = self.whose;
        self.waiting.extend(records.numbered().filter_map(|(slot, record)| Some((whose.since(record)?, slot))));
        self.waiting.sort_unstable_by(|a, b| b.cmp(a));
    }

    /// Who has waited longest.
    fn longest(&mut self, records: &Records) -> Option<(u64, u32)> {
        while let Some(&(since, slot)) = self.waiting.last() {
            if records.find(slot).and_then(|record| self.whose.since(record)) == Some(since) {
                return Some((since, slot));
            }
            self.waiting.pop();
        }
        None
    }
}

impl Core<'_> {
    /// The client of an attempt of this class begins to wait.
    #[inline]
    pub(super) fn arm_client(&mut self, class: u16) {
        self.arm(class as usize);
    }

    /// An attempt begins to wait in a queue.
    #[inline]
    pub(super) fn arm_queue(&mut self) {
        self.arm(self.deadlines.queue());
    }

    /// An attempt's work begins, which the platform may end.
    #[inline]
    pub(super) fn arm_platform(&mut self) {
        self.arm(self.deadlines.platform());
    }

    /// Somebody begins to wait on a lane.
    #[inline]
    fn arm(&mut self, lane: usize) {
        let waits = &self.deadlines.lanes[lane];
        if !waits.armed && waits.delay != u64::MAX {
            self.arm_since(lane, self.now);
        }
    }

    #[cold]
    fn arm_since(&mut self, lane: usize, since: u64) {
        let waits = &mut self.deadlines.lanes[lane];
        waits.armed = true;
        let lane = u32::try_from(lane).expect("fewer than four billion lanes");
        self.agenda.schedule(since.saturating_add(waits.delay), Event::Deadline(lane).order());
    }

    /// The entry of a lane fires. One deadline at a time: what the first one sets free comes before the next.
    pub(super) fn deadline(&mut self, lane: u32) {
        let lane = lane as usize;
        let waits = &mut self.deadlines.lanes[lane];
        waits.armed = false;
        let mut longest = waits.longest(&self.records);
        if longest.is_none() {
            self.records.trim();
            waits.look(&self.records);
            longest = waits.longest(&self.records);
        }
        let Some((since, slot)) = longest else { return };
        if since.saturating_add(waits.delay) > self.now {
            self.arm_since(lane, since);
            return;
        }
        waits.waiting.pop();
        let whose = waits.whose;
        self.arm_since(lane, since);
        match whose {
            Whose::Client(_) => self.client_gives_up(slot),
            Whose::Queue => self.queue_gives_up(slot),
            Whose::Platform => self.platform_ends(slot),
        }
    }

    /// The client of an attempt gives up; the work goes on.
    fn client_gives_up(&mut self, slot: u32) {
        let record = *self.records.get(slot);
        let by = self.classes[record.class as usize].edge_gives_up.then_some(Limit::EdgeTimeout);
        self.tally.timed_out(record.class, self.stamp(&record), record.start.is_cold(), by);
        self.abandon(slot);
        self.lost(&record, Loss::TimedOut);
    }

    /// An attempt has waited in a queue for as long as it may.
    fn queue_gives_up(&mut self, slot: u32) {
        let record = *self.records.get(slot);
        if record.client.waits() {
            self.tally.rejected(record.class, self.stamp(&record), Limit::QueueTimeout);
            self.lost(&record, Loss::Rejected);
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
    fn platform_ends(&mut self, slot: u32) {
        let record = *self.records.get(slot);
        if record.client.waits() {
            self.tally.timed_out(record.class, self.stamp(&record), record.start.is_cold(), Some(Limit::Timeout));
        }
        self.end_in_vain(slot, Loss::TimedOut);
    }
}
