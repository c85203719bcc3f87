//! A set of small whole numbers that knows its least and its greatest: a tree of words, 64 numbers or words to each.

/// Numbers per word.
const WORD: usize = 64;

/// A set of numbers. Every operation takes a step per level, of which there is one for 64 numbers and three for 200 000.
#[derive(Clone, Debug, Default)]
pub struct Bits {
    /// Bit `i % 64` of word `i / 64` of the first level is the number `i`; of the others it is word `i` below, which is
    /// not 0. The last level has one word.
    levels: Vec<Vec<u64>>,
}

impl Bits {
    /// Makes room for the numbers below `count`.
    pub fn widen(&mut self, count: usize) {
        let (mut words, mut level) = (count.div_ceil(WORD).max(1), 0);
        loop {
            if self.levels.len() == level {
                // What has been the top is in the first word of what is above it.
                let top = self.levels.last().and_then(|level| level.first()).is_some_and(|word| *word != 0);
                self.levels.push(vec![u64::from(top)]);
            }
            let has = &mut self.levels[level];
            if has.len() < words {
                has.resize(words, 0);
            }
            if words == 1 {
                return;
            }
            (words, level) = (words.div_ceil(WORD), level + 1);
        }
    }

    /// Puts a number in for which there is room.
    #[inline]
    pub fn insert(&mut self, number: usize) {
        let mut index = number;
        for level in &mut self.levels {
            let word = &mut level[index / WORD];
            let was_empty = *word == 0;
            *word |= 1 << (index % WORD);
            if !was_empty {
                return;
            }
            index /= WORD;
        }
    }

    /// Takes a number out for which there is room.
    #[inline]
    pub fn remove(&mut self, number: usize) {
        let mut index = number;
        for level in &mut self.levels {
            let word = &mut level[index / WORD];
            *word &= !(1 << (index % WORD));
            if *word != 0 {
                return;
            }
            index /= WORD;
        }
    }

    /// Whether a number is in.
    #[must_use]
    pub fn contains(&self, number: usize) -> bool {
        let word = self.levels.first().and_then(|level| level.get(number / WORD));
        word.is_some_and(|word| word >> (number % WORD) & 1 == 1)
    }

    /// The least number.
    #[inline]
    #[must_use]
    pub fn first(&self) -> Option<usize> {
        self.descend(u64::trailing_zeros)
    }

    /// The greatest number.
    #[inline]
    #[must_use]
    pub fn last(&self) -> Option<usize> {
        self.descend(u64::ilog2)
    }

    /// From the top to a number, by the bit that is picked of each word on the way.
    #[inline]
    fn descend(&self, pick: impl Fn(u64) -> u32) -> Option<usize> {
        let mut index = 0;
        for (above, level) in self.levels.iter().rev().enumerate() {
            let word = level[index];
            if above == 0 && word == 0 {
                return None;
            }
            index = index * WORD + pick(word) as usize;
        }
        (!self.levels.is_empty()).then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_sorted_set(steps in prop::collection::vec((0_u8..6, any::<usize>(), 0_u32..20), 0..600)) {
            let (mut bits, mut set, mut room) = (Bits::default(), BTreeSet::new(), 0);
            for (kind, value, shift) in steps {
                let number = value % (1 << shift);
                match kind {
                    0..3 => {
                        room = room.max(number + 1);
                        bits.widen(room);
                        bits.insert(number);
                        set.insert(number);
                    }
                    3 if number < room => {
                        bits.remove(number);
                        set.remove(&number);
                    }
                    4 => set.pop_first().into_iter().for_each(|number| bits.remove(number)),
                    _ => set.pop_last().into_iter().for_each(|number| bits.remove(number)),
                }
                prop_assert_eq!((bits.first(), bits.last()), (set.first().copied(), set.last().copied()));
                prop_assert_eq!(bits.contains(number), set.contains(&number));
            }
        }
    }
}
