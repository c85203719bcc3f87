//! The agenda: what happens next.
//!
//! An entry is an instant and an *order*, a number by which its owner tells what happens and which of two entries at one
//! instant comes first. Together they are one 128-bit key in a four-ary heap. Beside the heap stand *lanes*: FIFO queues
//! for delays that are constant, whose entries come in time order and need no heap. Equal keys in one lane keep their
//! order; a key that is in the heap and in a lane comes from the heap first.

use std::collections::VecDeque;

use super::heap::Heap;

/// The agenda of one deployment.
#[derive(Clone, Debug)]
pub struct Agenda {
    heap: Heap<u128>,
    lanes: Vec<VecDeque<u128>>,
    /// Smallest key at the front of a lane.
    lane_next: u128,
}

#[inline]
const fn key(at: u64, order: u64) -> u128 {
    ((at as u128) << 64) | order as u128
}

/// The instant and the order of a key.
#[inline]
#[allow(clippy::cast_possible_truncation)] // the halves are what is wanted
const fn parts(key: u128) -> (u64, u64) {
    ((key >> 64) as u64, key as u64)
}

impl Agenda {
    /// An empty agenda with this many lanes.
    #[must_use]
    pub fn new(lanes: usize) -> Self {
        Self { heap: Heap::new(), lanes: vec![VecDeque::new(); lanes], lane_next: u128::MAX }
    }

    /// Schedules an entry.
    #[inline]
    pub fn schedule(&mut self, at: u64, order: u64) {
        self.heap.push(key(at, order));
    }

    /// Schedules an entry on a lane, whose entries must come in time order.
    #[inline]
    pub fn schedule_on_lane(&mut self, lane: usize, at: u64, order: u64) {
        let key = key(at, order);
        debug_assert!(self.lanes[lane].back().is_none_or(|&last| last >> 64 <= key >> 64), "lanes are in time order");
        self.lane_next = self.lane_next.min(key);
        self.lanes[lane].push_back(key);
    }

    /// Entries on a lane, stale ones included.
    #[inline]
    #[must_use]
    pub fn lane_len(&self, lane: usize) -> usize {
        self.lanes[lane].len()
    }

    /// Drops the entries of a lane that are no longer wanted.
    pub fn retain_on_lane(&mut self, lane: usize, mut wanted: impl FnMut(u64, u64) -> bool) {
        self.lanes[lane].retain(|&key| {
            let (at, order) = parts(key);
            wanted(at, order)
        });
        self.find_lane_next();
    }

    /// The instant of the next entry; `u64::MAX` without one.
    #[inline]
    #[must_use]
    pub fn next_at(&self) -> u64 {
        parts(self.heap.peek().unwrap_or(u128::MAX).min(self.lane_next)).0
    }

    /// Takes the next entry if it is due at or before `until`: its instant and its order.
    #[inline]
    pub fn pop_due(&mut self, until: u64) -> Option<(u64, u64)> {
        let heap_next = self.heap.peek().unwrap_or(u128::MAX);
        let next = heap_next.min(self.lane_next);
        if next > key(until, u64::MAX) || next == u128::MAX {
            return None;
        }
        if heap_next <= self.lane_next {
            self.heap.pop();
        } else {
            self.pop_lane();
        }
        Some(parts(next))
    }

    fn pop_lane(&mut self) {
        let next = self.lane_next;
        if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.front() == Some(&next)) {
            lane.pop_front();
        }
        self.find_lane_next();
    }

    fn find_lane_next(&mut self) {
        self.lane_next = self.lanes.iter().filter_map(VecDeque::front).copied().min().unwrap_or(u128::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drain(agenda: &mut Agenda, until: u64) -> Vec<(u64, u64)> {
        std::iter::from_fn(|| agenda.pop_due(until)).collect()
    }

    #[test]
    fn one_instant_follows_the_order_of_entries() {
        let mut agenda = Agenda::new(2);
        agenda.schedule(5, 20);
        agenda.schedule_on_lane(0, 5, 10);
        agenda.schedule_on_lane(1, 5, 15);
        agenda.schedule(5, 3);
        agenda.schedule(4, 99);
        assert_eq!(drain(&mut agenda, 4), [(4, 99)]);
        assert_eq!(drain(&mut agenda, 5), [(5, 3), (5, 10), (5, 15), (5, 20)]);
        assert_eq!(drain(&mut agenda, u64::MAX), []);
    }

    #[test]
    fn lanes_can_be_thinned() {
        let mut agenda = Agenda::new(1);
        for n in 0..10 {
            agenda.schedule_on_lane(0, n, n);
        }
        agenda.retain_on_lane(0, |_, n| n >= 5);
        assert_eq!(agenda.lane_len(0), 5);
        assert_eq!(drain(&mut agenda, 6), [(5, 5), (6, 6)]);
    }

    proptest! {
        #[test]
        fn comes_out_sorted(items in proptest::collection::vec((0_u64..50, 0_u64..20), 0..200)) {
            let mut agenda = Agenda::new(0);
            for &(at, order) in &items {
                agenda.schedule(at, order);
            }
            let mut expected = items;
            expected.sort_unstable();
            prop_assert_eq!(drain(&mut agenda, u64::MAX), expected);
        }
    }
}
