//! The jobs of a group in the order in which they end.
//!
//! Few are next to end: those are kept sorted, which costs least where an instance has but a handful. What ends after
//! them waits in a heap, so that an instance on which tens of thousands have piled up is no slower for it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A job's end, in attained work, and its record.
type Job = (u64, u32);

/// Jobs, equal ends in order of arrival.
#[derive(Clone, Debug, Default)]
pub(super) struct Jobs {
    /// Those that end first, the first of all last.
    near: Vec<Job>,
    far: Option<Box<Far>>,
}

/// Jobs that end no sooner than any near one.
#[derive(Clone, Debug, Default)]
struct Far {
    heap: BinaryHeap<Reverse<(u64, i64, u32)>>,
    /// Orders equal ends: those that come from outside behind all that are here, those that were near before them.
    behind: i64,
    before: i64,
}

impl Jobs {
    /// Jobs that are kept sorted.
    const NEAR: usize = 64;

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.near.is_empty()
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.near.len() + self.far.as_ref().map_or(0, |far| far.heap.len())
    }

    /// End of the job that ends first.
    #[inline]
    pub fn first_end(&self) -> Option<u64> {
        self.near.last().map(|&(end, _)| end)
    }

    #[inline]
    pub fn insert(&mut self, end: u64, record: u32) {
        if self.near.len() >= Self::NEAR || self.far.is_some() {
            self.insert_among_many(end, record);
        } else {
            self.insert_near(end, record);
        }
    }

    #[inline]
    fn insert_near(&mut self, end: u64, record: u32) {
        let mut place = self.near.len();
        self.near.push((end, record));
        let jobs = self.near.as_mut_slice();
        while place > 0 && jobs[place - 1].0 <= end {
            jobs[place] = jobs[place - 1];
            place -= 1;
        }
        jobs[place] = (end, record);
    }

    #[inline(never)]
    fn insert_among_many(&mut self, end: u64, record: u32) {
        let far = self.far.get_or_insert_default();
        if self.near.first().is_some_and(|&(last, _)| last <= end) {
            far.behind += 1;
            far.heap.push(Reverse((end, far.behind, record)));
            return;
        }
        if self.near.len() >= Self::NEAR {
            let (end, record) = self.near.remove(0);
            far.before -= 1;
            far.heap.push(Reverse((end, far.before, record)));
        }
        self.insert_near(end, record);
    }

    /// Takes the job that ends first.
    #[inline]
    pub fn take_first(&mut self) -> Option<u32> {
        let (_, record) = self.near.pop()?;
        if self.near.is_empty() && self.far.is_some() {
            self.refill();
        }
        Some(record)
    }

    /// Takes a job, wherever it stands.
    pub fn remove(&mut self, record: u32) {
        self.near.retain(|&(_, other)| other != record);
        if let Some(far) = &mut self.far {
            far.heap.retain(|&Reverse((.., other))| other != record);
            if self.near.is_empty() {
                self.refill();
            }
        }
    }

    /// The near jobs have ended: the next ones of the heap are near now.
    #[inline(never)]
    fn refill(&mut self) {
        let Some(far) = &mut self.far else { return };
        let next = std::iter::from_fn(|| far.heap.pop()).take(Self::NEAR / 2);
        self.near.extend(next.map(|Reverse((end, _, record))| (end, record)));
        self.near.reverse();
        if far.heap.is_empty() {
            self.far = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Deed {
        Insert(u64),
        Take,
        Remove(usize),
    }

    fn deed() -> impl Strategy<Value = Deed> {
        prop_oneof![
            7 => (0_u64..40).prop_map(Deed::Insert),
            4 => Just(Deed::Take),
            1 => any::<usize>().prop_map(Deed::Remove),
        ]
    }

    proptest! {
        #[test]
        fn they_leave_by_their_ends_and_equal_ones_as_they_came(deeds in prop::collection::vec(deed(), 0..1500)) {
            let mut jobs = Jobs::default();
            let mut plain: Vec<Job> = Vec::new();
            for (record, deed) in (0..).zip(deeds) {
                match deed {
                    Deed::Insert(end) => {
                        jobs.insert(end, record);
                        plain.push((end, record));
                        plain.sort_by_key(|&(end, _)| end);
                    }
                    Deed::Take => {
                        let first = (!plain.is_empty()).then(|| plain.remove(0).1);
                        prop_assert_eq!(jobs.take_first(), first);
                    }
                    Deed::Remove(one) if !plain.is_empty() => {
                        let (_, gone) = plain.remove(one % plain.len());
                        jobs.remove(gone);
                    }
                    Deed::Remove(_) => {}
                }
                prop_assert_eq!(jobs.len(), plain.len());
                prop_assert_eq!(jobs.is_empty(), plain.is_empty());
                prop_assert_eq!(jobs.first_end(), plain.first().map(|&(end, _)| end));
            }
        }
    }
}
