//! The agenda: what happens next.
//!
//! A four-ary heap of 24-byte entries, ordered by instant and then by rank and order of scheduling, beside *lanes*: FIFO
//! queues for delays that are constant, whose entries arrive in time order and need no heap. Both orders are total, so
//! that a run is determined by what was scheduled.

use std::collections::VecDeque;

/// What happens, and when.
#[derive(Clone, Copy, Debug)]
struct Entry<E> {
    at: u64,
    order: u64,
    event: E,
}

impl<E> Entry<E> {
    /// One comparison of both parts: two instructions instead of a branch.
    #[inline]
    const fn key(&self) -> u128 {
        ((self.at as u128) << 64) | self.order as u128
    }
}

/// Ranks order what happens at one instant; lower ranks first.
const RANK_SHIFT: u32 = 60;
/// Scheduling numbers start above every tie number, which are 32 bits.
const FIRST_SEQUENCE: u64 = 1 << 33;

/// The agenda of one deployment.
#[derive(Clone, Debug)]
pub struct Agenda<E> {
    heap: Vec<Entry<E>>,
    lanes: Vec<VecDeque<Entry<E>>>,
    /// Smallest key at the front of a lane.
    lane_next: u128,
    sequence: u64,
}

impl<E: Copy> Agenda<E> {
    /// An empty agenda with this many lanes.
    #[must_use]
    pub fn new(lanes: usize) -> Self {
        Self {
            heap: Vec::new(),
            lanes: (0..lanes).map(|_| VecDeque::new()).collect(),
            lane_next: u128::MAX,
            sequence: FIRST_SEQUENCE,
        }
    }

    #[inline]
    fn order(&mut self, rank: u8) -> u64 {
        self.sequence += 1;
        (u64::from(rank) << RANK_SHIFT) | self.sequence
    }

    /// Schedules `event`; at one instant after all of lower rank and after those of its rank that were scheduled before.
    #[inline]
    pub fn schedule(&mut self, at: u64, rank: u8, event: E) {
        let order = self.order(rank);
        self.push(Entry { at, order, event });
    }

    /// Schedules `event`; at one instant and rank in the order of `tie`, before all that were scheduled without one.
    #[inline]
    pub fn schedule_tied(&mut self, at: u64, rank: u8, tie: u32, event: E) {
        self.push(Entry { at, order: (u64::from(rank) << RANK_SHIFT) | u64::from(tie), event });
    }

    /// Schedules `event` on a lane, whose entries must come in time order.
    #[inline]
    pub fn schedule_on_lane(&mut self, lane: usize, at: u64, rank: u8, event: E) {
        let entry = Entry { at, order: self.order(rank), event };
        debug_assert!(self.lanes[lane].back().is_none_or(|last| last.at <= at), "a lane takes entries in time order");
        self.lane_next = self.lane_next.min(entry.key());
        self.lanes[lane].push_back(entry);
    }

    /// Entries on a lane, stale ones included.
    #[inline]
    #[must_use]
    pub fn lane_len(&self, lane: usize) -> usize {
        self.lanes[lane].len()
    }

    /// Drops the entries of a lane that are no longer wanted.
    pub fn retain_on_lane(&mut self, lane: usize, mut wanted: impl FnMut(u64, E) -> bool) {
        self.lanes[lane].retain(|entry| wanted(entry.at, entry.event));
        self.find_lane_next();
    }

    /// Takes the next event if it is due at or before `until`.
    #[inline]
    pub fn pop_due(&mut self, until: u64) -> Option<(u64, E)> {
        let heap_next = self.heap.first().map_or(u128::MAX, Entry::key);
        let next = heap_next.min(self.lane_next);
        if (next >> 64) as u64 > until || next == u128::MAX {
            return None;
        }
        let entry = if heap_next <= self.lane_next { self.pop_heap()? } else { self.pop_lane()? };
        Some((entry.at, entry.event))
    }

    fn pop_lane(&mut self) -> Option<Entry<E>> {
        let next = self.lane_next;
        let lane = self.lanes.iter_mut().find(|lane| lane.front().is_some_and(|entry| entry.key() == next))?;
        let entry = lane.pop_front();
        self.find_lane_next();
        entry
    }

    fn find_lane_next(&mut self) {
        self.lane_next = self.lanes.iter().filter_map(VecDeque::front).map(Entry::key).min().unwrap_or(u128::MAX);
    }

    #[inline]
    fn push(&mut self, entry: Entry<E>) {
        let key = entry.key();
        let mut hole = self.heap.len();
        self.heap.push(entry);
        while hole > 0 {
            let parent = (hole - 1) / 4;
            if self.heap[parent].key() <= key {
                break;
            }
            self.heap[hole] = self.heap[parent];
            hole = parent;
        }
        self.heap[hole] = entry;
    }

    #[inline]
    fn pop_heap(&mut self) -> Option<Entry<E>> {
        let last = self.heap.pop()?;
        let Some(top) = self.heap.first().copied() else { return Some(last) };
        let key = last.key();
        let heap = self.heap.as_mut_slice();
        let mut hole = 0;
        loop {
            let first = hole * 4 + 1;
            // The smallest of four is picked without branches: mispredicted ones cost more than the comparisons.
            let child = match heap.get(first..).and_then(<[_]>::first_chunk::<4>) {
                Some(four) => {
                    let left = usize::from(four[1].key() < four[0].key());
                    let right = 2 + usize::from(four[3].key() < four[2].key());
                    first + if four[right].key() < four[left].key() { right } else { left }
                }
                None => match (first..heap.len()).min_by_key(|&child| heap[child].key()) {
                    Some(child) => child,
                    None => break,
                },
            };
            if heap[child].key() >= key {
                break;
            }
            heap[hole] = heap[child];
            hole = child;
        }
        heap[hole] = last;
        Some(top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drain(agenda: &mut Agenda<u32>, until: u64) -> Vec<(u64, u32)> {
        std::iter::from_fn(|| agenda.pop_due(until)).collect()
    }

    #[test]
    fn one_instant_follows_rank_then_tie_then_order_of_scheduling() {
        let mut agenda = Agenda::new(1);
        agenda.schedule(5, 2, 1);
        agenda.schedule_on_lane(0, 5, 1, 2);
        agenda.schedule(5, 0, 3);
        agenda.schedule_tied(5, 0, 9, 4);
        agenda.schedule_tied(5, 0, 8, 5);
        agenda.schedule(4, 3, 6);
        assert_eq!(drain(&mut agenda, 4), [(4, 6)]);
        assert_eq!(drain(&mut agenda, 5), [(5, 5), (5, 4), (5, 3), (5, 2), (5, 1)]);
        assert_eq!(drain(&mut agenda, u64::MAX), []);
    }

    #[test]
    fn lanes_can_be_thinned() {
        let mut agenda = Agenda::new(1);
        for n in 0..10 {
            agenda.schedule_on_lane(0, u64::from(n), 0, n);
        }
        agenda.retain_on_lane(0, |_, n| n >= 5);
        assert_eq!(agenda.lane_len(0), 5);
        assert_eq!(drain(&mut agenda, 6), [(5, 5), (6, 6)]);
    }

    proptest! {
        #[test]
        fn comes_out_sorted(items in proptest::collection::vec((0_u64..50, 0_u8..3), 0..200)) {
            let mut agenda = Agenda::new(0);
            for (index, &(at, rank)) in items.iter().enumerate() {
                agenda.schedule(at, rank, u32::try_from(index).unwrap());
            }
            let mut expected: Vec<(u64, u8, u32)> =
                items.iter().enumerate().map(|(i, &(at, rank))| (at, rank, u32::try_from(i).unwrap())).collect();
            expected.sort_unstable();
            let got = drain(&mut agenda, u64::MAX);
            prop_assert_eq!(got, expected.into_iter().map(|(at, _, i)| (at, i)).collect::<Vec<_>>());
        }
    }
}
