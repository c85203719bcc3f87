//! When idle instances end: each is kept for a time of its own after its last use, and lower ranks are used later than higher
//! ones.
//!
//! Those last used together end one by one, at the order statistics of as many draws: of `n` that are left the first ends where
//! the share of the law that is left has shrunk by a uniform number to the power of `1 / n`.

use std::collections::VecDeque;

use rand::RngExt;

use crate::kernel::distribution::Distribution;
use crate::kernel::streams::Stream;

/// Ranks that were used last at one time: up to a rank, from that of the next later use on.
#[derive(Clone, Copy, Debug)]
struct Used {
    at: f64,
    rank: u32,
    /// When the first of them ends, and the share of the law of keeping that is beyond it; before that is drawn, a bound.
    ends: f64,
    left: Option<f64>,
}

/// The idle times of a pool.
#[derive(Debug)]
pub(super) struct Kept<'a> {
    law: &'a Distribution,
    /// The highest rank first, each later use of a lower one.
    used: VecDeque<Used>,
    /// The place of those of whom one ends first, as far as it is known.
    first: Option<usize>,
}

impl<'a> Kept<'a> {
    /// Ranks up to one have been used at the beginning.
    pub fn new(law: &'a Distribution, rank: u32) -> Self {
        let mut kept = Self { law, used: VecDeque::new(), first: None };
        kept.push(0.0, rank);
        kept
    }

    fn push(&mut self, at: f64, rank: u32) {
        if rank > 0 {
            let ends = at + self.law.least() as f64;
            self.first = self.first.filter(|first| self.used.get(*first).is_some_and(|used| used.ends <= ends));
            self.used.push_back(Used { at, rank, ends, left: None });
        }
    }

    /// The highest rank below those of a place.
    fn below(&self, place: usize) -> u32 {
        self.used.get(place + 1).map_or(0, |used| used.rank)
    }

    /// Ranks up to one are used.
    pub fn reach(&mut self, at: f64, rank: u32, luck: &mut Stream) {
        let mut below = None;
        while let Some(used) = self.used.back().filter(|used| used.rank <= rank) {
            below = Some(used.rank);
            self.used.pop_back();
        }
        let above = self.used.len().checked_sub(1);
        self.push(at, rank);
        if let Some(above) = above {
            let highest = self.used[above].rank;
            self.are_fewer(above, (highest - below.unwrap_or(0), highest - rank), luck);
        }
    }

    /// When the next of them ends, as far as that is before an instant.
    pub fn next(&mut self, before: f64, luck: &mut Stream) -> f64 {
        loop {
            let Some(place) = self.first() else { return f64::INFINITY };
            let Used { ends, left, .. } = self.used[place];
            if ends >= before || left.is_some() {
                return ends;
            }
            self.used[place].left = Some(1.0);
            self.draw(place, luck);
        }
    }

    fn first(&mut self) -> Option<usize> {
        if self.first.is_none() {
            let ends = self.used.iter().map(|used| used.ends).enumerate();
            self.first = ends.min_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(place, _)| place);
        }
        self.first
    }

    /// Draws when the next of those of a place ends, after the last.
    fn draw(&mut self, place: usize, luck: &mut Stream) {
        let below = self.below(place);
        let used = &mut self.used[place];
        if self.law.as_constant().is_some() {
            // All of them end at that bound.
            return;
        }
        self.first = None;
        if let Some(left) = &mut used.left {
            *left *= libm::exp(libm::log1p(-luck.random::<f64>()) / f64::from(used.rank - below));
            used.ends = used.at + self.law.quantile(1.0 - *left);
        }
    }

    /// Some of those of a place are not among them any more; perhaps the first that would end.
    fn are_fewer(&mut self, place: usize, (were, are): (u32, u32), luck: &mut Stream) {
        if self.used[place].left.is_some() && luck.random_range(0..were.max(1)) >= are {
            self.draw(place, luck);
        }
    }

    /// The first of them ends, and those that end with it: their highest rank, and how many they are.
    pub fn end(&mut self, luck: &mut Stream) -> (u32, u32) {
        let place = self.first().unwrap_or_default();
        let (below, highest) = (self.below(place), self.used[place].rank);
        if self.law.as_constant().is_some() {
            let ended = highest - below;
            self.used.iter_mut().take(place).for_each(|used| used.rank -= ended);
            self.used.remove(place);
            self.first = None;
            return (highest, ended);
        }
        let rank = luck.random_range(below..highest) + 1;
        self.come_down(place);
        if self.used[place].rank > below {
            self.draw(place, luck);
        }
        self.tidy(place);
        (rank, 1)
    }

    /// A rank is no more: its instance is gone.
    pub fn lose(&mut self, rank: u32, luck: &mut Stream) {
        let Some(place) = self.used.partition_point(|used| used.rank >= rank).checked_sub(1) else { return };
        let were = self.used[place].rank - self.below(place);
        self.come_down(place);
        if were > 1 {
            self.are_fewer(place, (were, were - 1), luck);
        }
        self.tidy(place);
    }

    /// One of those of a place is gone: higher ranks come down.
    fn come_down(&mut self, place: usize) {
        self.used.iter_mut().take(place + 1).for_each(|used| used.rank -= 1);
    }

    /// A place that has no rank left is none.
    fn tidy(&mut self, place: usize) {
        if self.used[place].rank == self.below(place) {
            self.used.remove(place);
            self.first = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::distribution::Law;
    use crate::kernel::streams::stream;

    #[test]
    fn each_is_kept_for_a_time_of_its_own() {
        let law = Distribution::new(Law::Uniform { low: 300.0, high: 420.0 });
        let mut luck = stream(1, "test", "kept", 0);
        let (mut sum, mut squares, mut last) = (0.0, 0.0, 0.0_f64);
        for _ in 0..2_000 {
            let mut kept = Kept::new(&law, 10);
            for left in (0..10).rev() {
                let next = kept.next(f64::INFINITY, &mut luck);
                let (rank, ended) = kept.end(&mut luck);
                assert!((1..=left + 1).contains(&rank) && ended == 1);
                sum += next;
                squares += (next - 360.0) * (next - 360.0);
                last += if left == 0 { next } else { 0.0 };
            }
            assert_eq!(kept.next(f64::INFINITY, &mut luck), f64::INFINITY);
        }
        let (mean, variance, last) = (sum / 20_000.0, squares / 20_000.0, last / 2_000.0);
        assert!((mean - 360.0).abs() < 1.0 && (variance / 1_200.0 - 1.0).abs() < 0.03, "{mean}, {variance}");
        // The latest of ten.
        assert!((last - (300.0 + 120.0 * 10.0 / 11.0)).abs() < 1.0, "{last}");
    }

    #[test]
    fn who_is_used_again_is_kept_from_then_on() {
        let law = Distribution::new(Law::Uniform { low: 300.0, high: 420.0 });
        let mut luck = stream(1, "test", "kept", 0);
        let (mut sum, times) = (0.0, 2_000);
        for _ in 0..times {
            let mut kept = Kept::new(&law, 10);
            // The first of ten is known; then seven are used, and three are left of which one may be it.
            let first = kept.next(f64::INFINITY, &mut luck);
            kept.reach(290.0, 7, &mut luck);
            let again = kept.next(f64::INFINITY, &mut luck);
            assert!(again >= first);
            sum += again;
            kept.lose(8, &mut luck);
            kept.lose(1, &mut luck);
            (0..2).for_each(|_| assert!((7..=8).contains(&kept.end(&mut luck).0)));
            assert!(kept.next(f64::INFINITY, &mut luck) >= 590.0);
        }
        // The least of three.
        assert!((sum / f64::from(times) - 330.0).abs() < 1.5, "{}", sum / f64::from(times));
    }

    #[test]
    fn who_is_kept_as_long_ends_together() {
        let law = Distribution::constant(300.0);
        let mut luck = stream(1, "test", "kept", 0);
        let mut kept = Kept::new(&law, 10);
        kept.reach(100.0, 7, &mut luck);
        assert_eq!((kept.next(f64::INFINITY, &mut luck), kept.end(&mut luck)), (300.0, (10, 3)));
        assert_eq!((kept.next(f64::INFINITY, &mut luck), kept.end(&mut luck)), (400.0, (7, 7)));
        assert_eq!(kept.next(f64::INFINITY, &mut luck), f64::INFINITY);
    }
}
