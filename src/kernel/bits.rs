//! A set of small whole numbers that gives its least and its greatest.

/// Numbers per word.
const WORD: usize = 64;

/// A set of numbers, a bit each. Its least and its greatest number are looked for from where the last ones were found, word
/// by word.
#[derive(Clone, Debug, Default)]
pub struct Bits {
    words: Vec<u64>,
    /// No word before this one has any.
    least: usize,
    /// No word after this one has any.
    greatest: usize,
}

impl Bits {
    /// Makes room for the numbers below `count`.
    pub fn widen(&mut self, count: usize) {
        let words = count.div_ceil(WORD);
        if self.words.len() < words {
            self.words.resize(words, 0);
        }
    }

    /// Puts a number in for which there is room.
    #[inline]
    pub fn insert(&mut self, number: usize) {
        let word = number / WORD;
        self.words[word] |= 1 << (number % WORD);
        self.least = self.least.min(word);
        self.greatest = self.greatest.max(word);
    }

    /// Takes a number out for which there is room.
    #[inline]
    pub fn remove(&mut self, number: usize) {
        self.words[number / WORD] &= !(1 << (number % WORD));
    }

    /// Whether a number is in.
    #[must_use]
    pub fn contains(&self, number: usize) -> bool {
        self.words.get(number / WORD).is_some_and(|word| word >> (number % WORD) & 1 == 1)
    }

    /// Takes the least number out.
    #[inline]
    pub fn pop_first(&mut self) -> Option<usize> {
        while let Some(word) = self.words.get_mut(self.least) {
            if *word != 0 {
                let bit = word.trailing_zeros();
                *word &= *word - 1;
                return Some(self.least * WORD + bit as usize);
            }
            self.least += 1;
        }
        None
    }

    /// Takes the greatest number out.
    #[inline]
    pub fn pop_last(&mut self) -> Option<usize> {
        while let Some(word) = self.words.get_mut(self.greatest) {
            if *word != 0 {
                let bit = word.ilog2();
                *word ^= 1 << bit;
                return Some(self.greatest * WORD + bit as usize);
            }
            self.greatest = self.greatest.checked_sub(1)?;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_sorted_set(steps in prop::collection::vec((0_u8..6, any::<usize>(), 0_u32..12), 0..600)) {
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
                    4 => prop_assert_eq!(bits.pop_first(), set.pop_first()),
                    _ => prop_assert_eq!(bits.pop_last(), set.pop_last()),
                }
                prop_assert_eq!(bits.contains(number), set.contains(&number));
            }
        }
    }
}
