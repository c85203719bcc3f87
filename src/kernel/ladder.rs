//! A queue of keys by time for simulations: what comes soon is sorted, the rest is not.
//!
//! A heap sorts every key through all of its levels. Here a key that is far away is put on a pile; when its turn comes
//! nearer the pile is dealt into buckets of equal width, and only the bucket that is next is sorted. So a key costs about
//! the same however many there are. Keys that come in below what is already sorted are inserted there; where that would move
//! too many, the later half of what is sorted goes back to the pile, or, where it may not, they are kept in a heap beside it:
//! that is the worst case. A ladder queue (Tang, Goh and Thng, Ladder Queue: An O(1) Priority Queue Structure for
//! Large-Scale Discrete Event Simulation, ACM TOMACS 15(3), 2005) of one rung.

use super::heap::Heap;

/// Up to so many sorted keys, another one is inserted among them.
const INSERT: usize = 64;
/// Up to so many keys, a pile is sorted as it is.
const SORT: usize = 32;
/// Keys that a bucket should hold.
const FILL: usize = 4;

/// A key that knows its time; keys of an earlier time are smaller.
pub trait Timed: Copy + Ord {
    /// After every key.
    const NEVER: Self;
    /// Its time.
    fn at(self) -> u64;
}

impl Timed for u64 {
    const NEVER: Self = Self::MAX;

    #[inline]
    fn at(self) -> u64 {
        self
    }
}

impl Timed for u128 {
    const NEVER: Self = Self::MAX;

    #[inline]
    #[allow(clippy::cast_possible_truncation)] // the upper half
    fn at(self) -> u64 {
        (self >> 64) as u64
    }
}

/// Keys, the smallest one first to come out.
#[derive(Clone, Debug)]
pub struct Ladder<K> {
    /// The smallest key; [`Timed::NEVER`] without one.
    first: K,
    /// Sorted, the smallest last. With `late`, what comes before `limit`; never both empty while there are keys.
    sorted: Vec<K>,
    late: Heap<K>,
    limit: u64,
    /// Buckets from `limit` to `end`, each `1 << shift` wide: those from `next` to `used`. All others are empty.
    buckets: Vec<Vec<K>>,
    next: usize,
    used: usize,
    shift: u32,
    start: u64,
    end: u64,
    /// What comes at or after `end`, in no order.
    pile: Vec<K>,
}

impl<K: Timed> Default for Ladder<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Timed> Ladder<K> {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            first: K::NEVER,
            sorted: Vec::new(),
            late: Heap::new(),
            limit: 0,
            buckets: Vec::new(),
            next: 0,
            used: 0,
            shift: 0,
            start: 0,
            end: 0,
            pile: Vec::new(),
        }
    }

    /// The smallest key; [`Timed::NEVER`] without one.
    #[inline]
    #[must_use]
    pub const fn first(&self) -> K {
        self.first
    }

    /// Adds a key, which is not [`Timed::NEVER`].
    #[inline]
    pub fn push(&mut self, key: K) {
        let at = key.at();
        if at < self.limit {
            self.push_soon(key);
        } else if at < self.end {
            let bucket = self.bucket(at);
            self.buckets[bucket].push(key);
        } else {
            self.push_far(key);
        }
    }

    /// Removes the smallest key, if there is one.
    #[inline(always)]
    #[allow(clippy::inline_always)] // mostly a shorter list and its new end
    pub fn pop(&mut self) {
        if self.late.is_empty() {
            self.sorted.pop();
            match self.sorted.last() {
                Some(&key) => self.first = key,
                None => self.refill(),
            }
        } else {
            self.pop_beside_late();
        }
    }

    #[inline(never)]
    fn pop_beside_late(&mut self) {
        if self.sorted.last() == Some(&self.first) {
            self.sorted.pop();
        } else {
            self.late.pop();
        }
        match (self.sorted.last(), self.late.peek()) {
            (Some(&key), None) => self.first = key,
            (Some(&key), Some(late)) => self.first = key.min(late),
            (None, Some(late)) => self.first = late,
            (None, None) => self.refill(),
        }
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation)] // fewer than there are buckets
    const fn bucket(&self, at: u64) -> usize {
        ((at - self.start) >> self.shift) as usize
    }

    fn push_far(&mut self, key: K) {
        self.pile.push(key);
        if self.first == K::NEVER {
            self.refill();
        }
    }

    #[inline]
    fn push_soon(&mut self, key: K) {
        let earliest = key < self.first;
        if earliest {
            self.first = key;
        }
        if self.sorted.len() < INSERT {
            let mut place = self.sorted.len();
            self.sorted.push(key);
            if earliest {
                return;
            }
            // What is scheduled now is mostly due soon: its place is near the end, where the smallest are.
            let sorted = self.sorted.as_mut_slice();
            while place > 0 && sorted[place - 1] < key {
                sorted[place] = sorted[place - 1];
                place -= 1;
            }
            sorted[place] = key;
        } else {
            self.push_where_many_are_sorted(key);
        }
    }

    /// Puts the later half of what is sorted on the pile, if that is what comes next and its times are later indeed, and the key
    /// where it then belongs.
    #[inline(never)]
    fn push_where_many_are_sorted(&mut self, key: K) {
        let half = self.sorted.len() / 2;
        let border = self.sorted[half].at();
        let cut = self.sorted[..half].partition_point(|key| key.at() > border);
        if cut == 0 || self.next < self.used || !self.late.is_empty() {
            self.late.push(key);
            return;
        }
        self.limit = self.sorted[cut - 1].at();
        self.end = self.limit;
        self.pile.extend(self.sorted.drain(..cut));
        self.push(key);
    }

    /// Nothing is sorted any more: sorts the next bucket, or deals the pile.
    #[inline(never)]
    fn refill(&mut self) {
        self.sort_next();
        self.first = self.sorted.last().copied().unwrap_or(K::NEVER);
    }

    fn sort_next(&mut self) {
        loop {
            while self.next < self.used {
                let bucket = self.next;
                self.next += 1;
                if !self.buckets[bucket].is_empty() {
                    std::mem::swap(&mut self.sorted, &mut self.buckets[bucket]);
                    self.sorted.sort_unstable_by(|a, b| b.cmp(a));
                    self.limit = self.start.saturating_add((self.next as u64).saturating_mul(1 << self.shift));
                    return;
                }
            }
            if self.pile.len() <= SORT {
                std::mem::swap(&mut self.sorted, &mut self.pile);
                self.sorted.sort_unstable_by(|a, b| b.cmp(a));
                // A key of the last one's time may be smaller than it.
                self.limit = self.sorted.first().map_or(self.limit, |last| last.at().saturating_add(1));
                self.end = self.limit;
                return;
            }
            self.deal();
        }
    }

    /// Deals the earlier keys of the pile into buckets, about twice as far as the one in the middle.
    fn deal(&mut self) {
        let start = self.pile.iter().map(|key| key.at()).min().unwrap_or(u64::MAX);
        let middle = middle_of_some(&self.pile);
        let buckets = self.pile.len() / FILL;
        let span = (middle - start).saturating_mul(2);
        let width = (span / buckets as u64).max(1).next_power_of_two();
        (self.start, self.shift, self.next, self.used) = (start, width.trailing_zeros(), 0, buckets);
        if self.buckets.len() < buckets {
            self.buckets.resize_with(buckets, Vec::new);
        }
        // One nanosecond at the least, so that the first bucket has the first key; less than all of time, or nothing
        // would ever come after it.
        self.end = start.saturating_add((buckets as u64).saturating_mul(width));
        let mut kept = 0;
        for index in 0..self.pile.len() {
            let key = self.pile[index];
            if key.at() < self.end || key.at() == start {
                let bucket = self.bucket(key.at());
                self.buckets[bucket].push(key);
            } else {
                self.pile[kept] = key;
                kept += 1;
            }
        }
        self.pile.truncate(kept);
    }
}

/// The median time of up to 64 of the keys, taken at equal steps.
fn middle_of_some<K: Timed>(keys: &[K]) -> u64 {
    let mut some = [u64::MAX; 64];
    let step = keys.len().div_ceil(some.len());
    let mut count = 0;
    for (place, key) in some.iter_mut().zip(keys.iter().step_by(step)) {
        *place = key.at();
        count += 1;
    }
    *some[..count].select_nth_unstable(count / 2).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Times near each other, far from each other, at the end of time, and many that are equal.
        #[test]
        fn comes_out_as_from_a_sorted_list(
            steps in proptest::collection::vec((0_u8..8, any::<u64>(), 0_u32..64), 0..2_000),
        ) {
            let mut ladder = Ladder::new();
            let mut model = std::collections::BTreeSet::new();
            for (number, (kind, value, shift)) in (0_u64..).zip(steps) {
                if kind < 3 {
                    ladder.pop();
                    model.pop_first();
                } else {
                    let at = if kind == 3 { value % 4 } else { value >> shift };
                    let key = (u128::from(at) << 64) | u128::from(number);
                    ladder.push(key);
                    model.insert(key);
                }
                prop_assert_eq!(ladder.first(), model.first().copied().unwrap_or(u128::MAX));
            }
            while let Some(key) = model.pop_first() {
                prop_assert_eq!(ladder.first(), key);
                ladder.pop();
            }
            prop_assert_eq!(ladder.first(), u128::MAX);
        }

        /// As a simulation uses it: every key that comes out puts in others some time later.
        #[test]
        fn holds_under_a_moving_clock(delays in proptest::collection::vec((0_u64..5_000, 1_u32..3), 1..3_000)) {
            let mut ladder = Ladder::new();
            let mut model = std::collections::BinaryHeap::new();
            ladder.push(0_u64);
            model.push(std::cmp::Reverse(0));
            for (delay, children) in delays {
                let Some(std::cmp::Reverse(now)) = model.pop() else { break };
                prop_assert_eq!(ladder.first(), now);
                ladder.pop();
                for child in 0..u64::from(children) {
                    ladder.push(now + delay * (1 + 40 * child));
                    model.push(std::cmp::Reverse(now + delay * (1 + 40 * child)));
                }
            }
        }
    }

    /// A key that is far away does not make a heap of all that come before it.
    #[test]
    fn what_is_too_many_goes_back_to_the_pile() {
        let mut ladder = Ladder::new();
        ladder.push(1_000_000_u64);
        let keys = || (0..1_000_u64).map(|key| key * 7_919 % 1_000);
        keys().for_each(|key| ladder.push(key));
        assert!(ladder.late.is_empty() && ladder.sorted.len() <= INSERT && ladder.pile.len() > 900);
        for key in (0..1_000).chain([1_000_000]) {
            assert_eq!(ladder.first(), key);
            ladder.pop();
        }
        // Of one time there is no later half.
        (0..100).for_each(|_| ladder.push(5));
        assert!(!ladder.late.is_empty());
        assert!((0..100).all(|_| (ladder.first(), ladder.pop()) == (5, ())) && ladder.first() == u64::NEVER);
    }

    #[test]
    fn the_end_of_time_is_a_time() {
        let last = u128::from(u64::MAX) << 64;
        let mut ladder = Ladder::new();
        for _ in 0..100 {
            ladder.push(last);
        }
        ladder.push(7);
        assert_eq!(ladder.first(), 7);
        for _ in 0..100 {
            ladder.pop();
            assert_eq!(ladder.first(), last);
        }
        ladder.pop();
        assert_eq!(ladder.first(), u128::MAX);
        ladder.pop();
    }
}
