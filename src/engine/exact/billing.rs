//! Billed time of things that live: instances and nodes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::metering::measurement::Level;
use crate::metering::rounding::steps;
use crate::units::Nanos;

/// The billed time of the instances, or of the nodes, of a deployment.
#[derive(Debug)]
pub(super) struct BilledTime {
    round_up: u64,
    minimum: u64,
    tail: u64,
    /// What is billed now.
    running: Level,
    /// When what has ended is billed no more.
    ends: BinaryHeap<Reverse<u64>>,
    /// The same of what leaves nothing to others.
    apart: Vec<u64>,
}

impl BilledTime {
    pub fn new(round_up: Nanos, minimum: Nanos, tail: Nanos) -> Self {
        Self {
            round_up: round_up.0,
            minimum: minimum.0,
            tail: tail.0,
            running: Level::default(),
            ends: BinaryHeap::new(),
            apart: Vec::new(),
        }
    }

    /// Something is billed from `at` on. Where a tail is still being billed for one that has gone, the new one takes it
    /// over: a gap is never counted twice (the tail that would end first is taken, which saves the least).
    pub fn open(&mut self, at: u64) {
        self.settle(at);
        if self.tail == 0 || self.ends.pop().is_none() {
            self.running.raise(1, at);
        }
    }

    /// Something that was billed since `opened`, and was last used at `last_use`, ends at `at`.
    pub fn close(&mut self, opened: u64, last_use: u64, at: u64) {
        let end = self.end_of(opened, last_use, at);
        self.ends.push(Reverse(end));
        self.settle(at);
    }

    /// The same of an instance of an old version, whose tail no instance of the new one takes over.
    pub fn close_apart(&mut self, opened: u64, last_use: u64, at: u64) {
        let end = self.end_of(opened, last_use, at);
        self.apart.push(end);
    }

    /// When what ended at `at` is billed no more.
    fn end_of(&self, opened: u64, last_use: u64, at: u64) -> u64 {
        let end = at.max(last_use.saturating_add(self.tail));
        opened.saturating_add(self.rounded((end - opened).max(self.minimum)))
    }

    /// A time as it is billed.
    #[inline]
    pub const fn rounded(&self, time: u64) -> u64 {
        steps(time, self.round_up, 0)
    }

    /// Brings the books up to `now`.
    fn settle(&mut self, now: u64) {
        while let Some(&Reverse(end)) = self.ends.peek()
            && end <= now
        {
            self.ends.pop();
            self.running.lower(1, end);
        }
    }

    /// Billed time since the last call, up to `now`.
    pub fn take(&mut self, now: u64) -> u128 {
        self.settle(now);
        for end in self.apart.extract_if(.., |end| *end <= now) {
            self.running.lower(1, end);
        }
        self.running.take(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000_000_000;

    fn app_engine() -> BilledTime {
        BilledTime::new(Nanos::ZERO, Nanos::ZERO, Nanos(15 * MINUTE))
    }

    #[test]
    fn thirty_minutes_up_are_billed_forty_five() {
        let mut time = app_engine();
        time.open(0);
        time.close(0, 30 * MINUTE, 30 * MINUTE);
        assert_eq!(time.take(1000 * MINUTE), 45 * u128::from(MINUTE));
    }

    #[test]
    fn a_gap_shorter_than_the_tail_is_bridged_and_never_counted_twice() {
        let mut time = app_engine();
        time.open(0);
        time.close(0, 30 * MINUTE, 30 * MINUTE);
        time.open(40 * MINUTE);
        time.close(40 * MINUTE, 100 * MINUTE, 100 * MINUTE);
        assert_eq!(time.take(1000 * MINUTE), 115 * u128::from(MINUTE));
    }

    #[test]
    fn an_instance_that_idled_through_its_tail_is_billed_no_further() {
        let mut time = app_engine();
        time.open(0);
        time.close(0, 5 * MINUTE, 20 * MINUTE);
        assert_eq!(time.take(1000 * MINUTE), 20 * u128::from(MINUTE));
    }

    #[test]
    fn minimum_and_rounding_are_per_life() {
        let mut time = BilledTime::new(Nanos(MINUTE), Nanos(2 * MINUTE), Nanos::ZERO);
        time.open(0);
        time.close(0, 0, 10);
        time.open(MINUTE);
        time.close(MINUTE, 0, 3 * MINUTE + 1);
        assert_eq!(time.take(100 * MINUTE), (2 + 3) * u128::from(MINUTE));
    }
}
