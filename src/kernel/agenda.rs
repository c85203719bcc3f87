//! The agenda: what happens next.
//!
//! An entry is an instant and an *order*, a number by which its owner tells what happens and which of two entries at one
//! instant comes first. Together they are one 128-bit key in a ladder queue.

use super::ladder::Ladder;

/// The agenda of one deployment.
#[derive(Clone, Debug)]
pub struct Agenda {
    keys: Ladder<u128>,
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

impl Default for Agenda {
    fn default() -> Self {
        Self::new()
    }
}

impl Agenda {
    /// An empty agenda.
    #[must_use]
    pub const fn new() -> Self {
        Self { keys: Ladder::new() }
    }

    /// Schedules an entry.
    #[inline]
    pub fn schedule(&mut self, at: u64, order: u64) {
        self.keys.push(key(at, order));
    }

    /// The instant of the next entry; `u64::MAX` without one.
    #[inline]
    #[must_use]
    pub fn next_at(&self) -> u64 {
        parts(self.keys.first()).0
    }

    /// Takes the next entry: its instant and its order. There must be one.
    #[inline(always)]
    #[allow(clippy::inline_always)] // once per event
    pub fn pop(&mut self) -> (u64, u64) {
        let next = self.keys.first();
        self.keys.pop();
        parts(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drain(agenda: &mut Agenda, until: u64) -> Vec<(u64, u64)> {
        std::iter::from_fn(|| (agenda.next_at() <= until).then(|| agenda.pop())).collect()
    }

    #[test]
    fn one_instant_follows_the_order_of_entries() {
        let mut agenda = Agenda::new();
        for (at, order) in [(5, 20), (5, 10), (5, 3), (4, 99)] {
            agenda.schedule(at, order);
        }
        assert_eq!(drain(&mut agenda, 4), [(4, 99)]);
        assert_eq!(agenda.next_at(), 5);
        assert_eq!(drain(&mut agenda, 5), [(5, 3), (5, 10), (5, 20)]);
        assert_eq!(drain(&mut agenda, u64::MAX - 1), []);
    }

    proptest! {
        #[test]
        fn comes_out_sorted(items in proptest::collection::vec((0_u64..50, 0_u64..20), 0..200)) {
            let mut agenda = Agenda::new();
            for &(at, order) in &items {
                agenda.schedule(at, order);
            }
            let mut expected = items;
            expected.sort_unstable();
            prop_assert_eq!(drain(&mut agenda, u64::MAX - 1), expected);
        }
    }
}
