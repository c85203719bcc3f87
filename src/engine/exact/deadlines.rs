//! What may cut an attempt short: its client, the queue, the platform.
//!
//! Each constant delay has a lane, and most who wait on it are served long before it is over. So nobody is noted down
//! when their wait begins: once in a delay the lane looks who is waiting, and what comes later than that look is due
//! later than everybody it saw.

use std::cmp::Reverse;

use crate::platform::Deployment;
use crate::units::Nanos;

use super::Core;
use super::clients::Loss;
use super::event::Event;
use super::kind::Kind;
use super::limits::Limit;
use super::record::{Client, NONE, Record, Records, State};

/// Whose patience ends with a delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// The client's, of attempts of this kind.
    Client(u16),
    /// The queue's, of this service.
    Queue(u16),
    /// The platform's, of this service.
    Platform(u16),
}

impl Whose {
    /// Since when a record waits, if it does.
    fn since(self, record: &Record, kinds: &[Kind<'_>]) -> Option<u64> {
        let of = |station| kinds[usize::from(record.kind)].station == station;
        let (waits, since) = match self {
            Self::Client(kind) => {
                let waits = record.state != State::Free && record.client.waits() && record.kind == kind;
                if kinds[usize::from(kind)].is_delivery() {
                    // A message is hidden from when it is taken, not while it waits in the queue.
                    (waits && record.is_running(), record.started)
                } else {
                    (waits, record.arrived)
                }
            }
            Self::Queue(station) => {
                let queued = record.state == State::Queued && of(station);
                (queued && !kinds[usize::from(record.kind)].is_delivery(), record.arrived)
            }
            Self::Platform(station) => {
                (record.is_running() && record.client != Client::NEVER && of(station), record.started)
            }
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

/// All lanes of a deployment: one per kind of attempt for who made them, then the queue's and the platform's of each
/// service.
#[derive(Debug)]
pub(super) struct Deadlines {
    lanes: Vec<Lane>,
    /// Place of the first service's.
    fleets: usize,
}

impl Deadlines {
    /// The lanes for attempts of these kinds, and the two timeouts of so many services of a deployment.
    pub fn new(kinds: &[Kind<'_>], services: usize, deployment: &Deployment) -> Self {
        let lane = |whose, delay| Lane { whose, delay, waiting: Vec::new(), armed: false };
        let never = |timeout: Option<Nanos>| timeout.map_or(u64::MAX, |timeout| timeout.0);
        let mut lanes: Vec<Lane> =
            (0..).zip(kinds).map(|(number, kind)| lane(Whose::Client(number), kind.patience)).collect();
        let fleets = lanes.len();
        for (number, service) in (0..).zip(0..services) {
            let fleet = deployment.of_service(service).fleet;
            lanes.push(lane(Whose::Queue(number), never(fleet.queue_timeout)));
            lanes.push(lane(Whose::Platform(number), never(fleet.timeout)));
        }
        Self { lanes, fleets }
    }

    const fn queue(&self, station: u16) -> usize {
        self.fleets + 2 * station as usize
    }

    const fn platform(&self, station: u16) -> usize {
        self.fleets + 2 * station as usize + 1
    }
}

impl Lane {
    /// Looks who is waiting.
    fn look(&mut self, records: &Records, kinds: &[Kind<'_>]) {
        let whose = self.whose;
        self.waiting.extend(records.numbered().filter_map(|(slot, record)| Some((whose.since(record, kinds)?, slot))));
        // Of those who have waited equally long, by what they are and not by their records, which the shortcut does without.
        let order = |&(since, slot): &(u64, u32)| (since, records.get(slot).key, slot);
        self.waiting.sort_unstable_by_key(|waits| Reverse(order(waits)));
    }

    /// Who has waited longest.
    fn longest(&mut self, records: &Records, kinds: &[Kind<'_>]) -> Option<(u64, u32)> {
        while let Some(&(since, slot)) = self.waiting.last() {
            if records.find(slot).and_then(|record| self.whose.since(record, kinds)) == Some(since) {
                return Some((since, slot));
            }
            self.waiting.pop();
        }
        None
    }
}

impl Core<'_> {
    /// The client of an attempt of this kind begins to wait.
    #[inline]
    pub(super) fn arm_client(&mut self, kind: u16) {
        self.arm(kind as usize);
    }

    /// An attempt begins to wait in a queue.
    #[inline]
    pub(super) fn arm_queue(&mut self) {
        self.arm(self.deadlines.queue(self.station.number));
    }

    /// The work of an attempt of this kind begins, which the platform may end. A message is hidden from now on.
    #[inline(always)]
    #[allow(clippy::inline_always)] // mostly there is nothing to arm
    pub(super) fn arm_running(&mut self, slot: u32, kind: u16) {
        if kind >= self.kinds.deliveries {
            self.arm_client(kind);
            self.delivery_begins(slot);
        }
        if self.station.hot.kill_after != u64::MAX {
            self.arm(self.deadlines.platform(self.station.number));
        }
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
        let mut longest = waits.longest(&self.records, &self.kinds.all);
        if longest.is_none() {
            self.records.trim();
            waits.look(&self.records, &self.kinds.all);
            longest = waits.longest(&self.records, &self.kinds.all);
        }
        let Some((since, slot)) = longest else { return };
        if since.saturating_add(waits.delay) > self.now {
            self.arm_since(lane, since);
            return;
        }
        waits.waiting.pop();
        let whose = waits.whose;
        self.arm_since(lane, since);
        self.enter_that_of_record(slot);
        match whose {
            Whose::Client(_) => self.client_gives_up(slot),
            Whose::Queue(_) => self.queue_gives_up(slot),
            Whose::Platform(_) => self.platform_ends(slot),
        }
    }

    /// The client of an attempt gives up; the work goes on.
    fn client_gives_up(&mut self, slot: u32) {
        let record = *self.records.get(slot);
        let by = self.kinds.all[record.kind as usize].edge_gives_up.then_some(Limit::EdgeTimeout);
        self.time_out(&record, by);
        self.abandon(slot);
        self.lost(&record, Loss::TimedOut);
    }

    /// An attempt has waited in a queue for as long as it may.
    fn queue_gives_up(&mut self, slot: u32) {
        let record = *self.records.get(slot);
        if record.client.waits() {
            self.refuse(&record, Limit::QueueTimeout);
        }
        if record.instance == NONE {
            self.station.queue.remove(&mut self.records, slot);
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
            self.time_out(&record, Some(Limit::Timeout));
        }
        self.end_in_vain(slot, Loss::TimedOut);
    }
}
