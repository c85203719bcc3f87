//! Request units per second that a store takes: buckets of tokens that are refilled at a rate, and how that rate follows
//! the load.
//!
//! The rate follows what happened in whole minutes, counted from the first instant: nothing has to happen at their ends,
//! as only the next access asks what the rate has become. Units are counted in halves.

use std::collections::VecDeque;

use crate::application::step::Access;
use crate::units::Nanos;

/// What a store takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Throughput {
    /// In reads.
    pub read: Law,
    /// In writes.
    pub write: Law,
}

impl Law {
    /// Units that a bucket ever holds.
    #[must_use]
    pub fn largest_burst(&self) -> f64 {
        let (most, burst) = match self {
            Self::OnDemand(law) => (law.most, law.burst),
            Self::Provisioned(law) => (law.scaling.map_or(0, |scaling| scaling.max).max(law.units), law.burst),
        };
        f64::from(most) * burst.seconds()
    }
}

impl Throughput {
    /// What it takes of these accesses.
    #[must_use]
    pub const fn of(&self, access: Access) -> &Law {
        match access {
            Access::Read => &self.read,
            Access::Write => &self.write,
        }
    }
}

/// How the rate is set.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    /// By what was reached before.
    OnDemand(OnDemand),
    /// By what is bought.
    Provisioned(Provisioned),
}

/// Twice the largest minute of what was taken, of the minutes that have ended so long ago: traffic may double in that
/// time, and is refused beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnDemand {
    /// Units per second that are always taken, at least 1.
    pub warm: u32,
    /// Most units per second, not below `warm`.
    pub most: u32,
    /// How long after it a minute counts as reached before.
    pub grows_after: Nanos,
    /// What is left unused for so long can be caught up on.
    pub burst: Nanos,
}

/// What is bought, and how that follows the load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Provisioned {
    /// Units per second at the first instant, at least 1.
    pub units: u32,
    /// What is left unused for so long can be caught up on.
    pub burst: Nanos,
    /// `None`: it stays.
    pub scaling: Option<AutoScaling>,
}

/// Target tracking of the share that is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AutoScaling {
    /// Fewest units per second, at least 1.
    pub min: u32,
    /// Most, not below `min`.
    pub max: u32,
    /// Share of the units that is meant to be used, above 0.
    pub target: f64,
    /// Consecutive minutes above the target after which more is bought.
    pub minutes_out: u32,
    /// Consecutive minutes below `target - slack` after which less is.
    pub minutes_in: u32,
    /// A share.
    pub slack: f64,
    /// From the decision to its being in force.
    pub delay: Nanos,
}

const MINUTE: u64 = 60_000_000_000;
/// Half a unit, in what is saved up: half units times nanoseconds per second.
const HALF: u128 = 1_000_000_000;

/// What a store takes of one kind of access, at work.
#[derive(Clone, Debug)]
pub struct Gate {
    law: Law,
    /// Units per second.
    rate: u32,
    saved: u128,
    last: u64,
    /// Number of the minute that time is in, and halves taken in it.
    minute: u64,
    taken: u64,
    /// The largest minute that counts as reached, in halves; and later ones.
    peak: u64,
    recent: VecDeque<(u64, u64)>,
    /// Minutes in a row above and below; and the largest of the latter, in halves.
    above: u32,
    below: u32,
    largest_below: u64,
    /// A rate that will be in force, and when.
    ordered: Option<(u64, u32)>,
    /// Unit nanoseconds since the last call of [`Gate::capacity`].
    capacity: u128,
}

impl Gate {
    /// A full bucket at the first instant.
    #[must_use]
    pub fn new(law: &Law) -> Self {
        let rate = match law {
            Law::OnDemand(law) => law.warm,
            Law::Provisioned(law) => law.units,
        };
        let mut gate = Self {
            law: law.clone(),
            rate,
            saved: 0,
            last: 0,
            minute: 0,
            taken: 0,
            peak: 0,
            recent: VecDeque::new(),
            above: 0,
            below: 0,
            largest_below: 0,
            ordered: None,
            capacity: 0,
        };
        gate.saved = gate.full();
        gate
    }

    /// Units per second in force at the last instant that was told.
    #[must_use]
    pub const fn rate(&self) -> u32 {
        self.rate
    }

    /// Takes so many half units at instant `now`, not before the last one, if there are as many. An access of more than
    /// the whole bucket takes it all.
    pub fn take(&mut self, now: u64, halves: u64) -> bool {
        self.advance(now);
        let price = u128::from(halves) * HALF;
        if self.saved < price.min(self.full()) {
            return false;
        }
        self.saved = self.saved.saturating_sub(price);
        self.taken = self.taken.saturating_add(halves);
        true
    }

    /// So many half units are taken at instant `now`, not before the last one, by who knows that there are as many.
    pub fn book(&mut self, now: u64, halves: u64) {
        self.advance(now);
        self.taken = self.taken.saturating_add(halves);
    }

    /// Units that it holds when it is full, at the rate in force at the last instant that was told.
    #[must_use]
    pub fn burst(&self) -> f64 {
        self.full() as f64 / (2 * HALF) as f64
    }

    /// Unit nanoseconds that were in force since the last call, or since the first instant.
    pub fn capacity(&mut self, now: u64) -> u128 {
        self.advance(now);
        std::mem::take(&mut self.capacity)
    }

    fn full(&self) -> u128 {
        let burst = match &self.law {
            Law::OnDemand(law) => law.burst,
            Law::Provisioned(law) => law.burst,
        };
        u128::from(self.rate) * 2 * u128::from(burst.0)
    }

    fn advance(&mut self, now: u64) {
        loop {
            let minute_ends = (self.minute + 1).saturating_mul(MINUTE);
            match self.ordered {
                Some((at, rate)) if at <= minute_ends && at <= now => {
                    self.flow(at);
                    self.ordered = None;
                    self.rate = rate;
                    self.saved = self.saved.min(self.full());
                }
                _ if minute_ends <= now => {
                    self.flow(minute_ends);
                    self.end_minute(minute_ends);
                }
                _ => break,
            }
        }
        self.flow(now);
    }

    fn flow(&mut self, to: u64) {
        let elapsed = u128::from(to - self.last);
        let units = elapsed * u128::from(self.rate);
        self.last = to;
        self.saved = (self.saved + units * 2).min(self.full());
        self.capacity += units;
    }

    fn end_minute(&mut self, now: u64) {
        let taken = std::mem::take(&mut self.taken);
        match self.law {
            Law::OnDemand(law) => self.reach(&law, now, taken),
            Law::Provisioned(Provisioned { scaling: Some(scaling), .. }) => self.track(&scaling, now, taken),
            Law::Provisioned(_) => {}
        }
        self.minute += 1;
    }

    fn reach(&mut self, law: &OnDemand, now: u64, taken: u64) {
        if taken > 0 {
            self.recent.push_back((now, taken));
        }
        while let Some(&(ended, taken)) = self.recent.front()
            && ended.saturating_add(law.grows_after.0) <= now
        {
            self.peak = self.peak.max(taken);
            self.recent.pop_front();
        }
        let twice = whole((2.0 * per_second(self.peak)).ceil());
        self.rate = twice.clamp(law.warm, law.most);
    }

    fn track(&mut self, law: &AutoScaling, now: u64, taken: u64) {
        let share = per_second(taken) / f64::from(self.rate);
        self.above = if share > law.target { self.above + 1 } else { 0 };
        if share <= law.target - law.slack {
            self.below += 1;
            self.largest_below = self.largest_below.max(taken);
        } else {
            (self.below, self.largest_below) = (0, 0);
        }
        if self.ordered.is_some() {
            return;
        }
        let wanted = |halves: u64| whole((per_second(halves) / law.target).ceil()).clamp(law.min, law.max);
        let rate = if self.above >= law.minutes_out {
            wanted(taken).max(self.rate)
        } else if self.below >= law.minutes_in {
            wanted(self.largest_below).min(self.rate)
        } else {
            return;
        };
        if rate != self.rate {
            self.ordered = Some((now.saturating_add(law.delay.0), rate));
            (self.above, self.below, self.largest_below) = (0, 0, 0);
        }
    }
}

/// Units per second of a minute of so many halves.
fn per_second(halves: u64) -> f64 {
    halves as f64 / 120.0
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
const fn whole(units: f64) -> u32 {
    units as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn fixed(units: u32) -> Law {
        Law::Provisioned(Provisioned { units, burst: Nanos(300 * SECOND), scaling: None })
    }

    fn scaled(units: u32, min: u32, max: u32) -> Law {
        let delay = Nanos(2 * MINUTE);
        let scaling = AutoScaling { min, max, target: 0.7, minutes_out: 2, minutes_in: 15, slack: 0.2, delay };
        Law::Provisioned(Provisioned { units, burst: Nanos(300 * SECOND), scaling: Some(scaling) })
    }

    fn on_demand(warm: u32, most: u32) -> Law {
        Law::OnDemand(OnDemand { warm, most, grows_after: Nanos(30 * MINUTE), burst: Nanos(SECOND) })
    }

    /// Units taken in each of some seconds from second `from` on, when `asked` come evenly in each.
    fn seconds(gate: &mut Gate, from: u64, count: u64, asked: u64) -> Vec<u64> {
        let second = |second: u64| {
            let at = |number: u64| (from + second) * SECOND + number * SECOND / asked.max(1);
            (0..asked).filter(|number| gate.take(at(*number), 2)).count() as u64
        };
        (0..count).map(second).collect()
    }

    #[test]
    fn five_minutes_of_unused_capacity_last_for_fifteen() {
        // AWS: 150 units per second, unused for five minutes, are 45 000, and take 200 per second for 900 s.
        let mut gate = Gate::new(&fixed(150));
        let taken = seconds(&mut gate, 600, 1000, 200);
        let first_refusal = taken.iter().position(|&taken| taken < 200).unwrap();
        assert!((899..=901).contains(&first_refusal), "{first_refusal}");
        assert!(taken[910..].iter().all(|&taken| (149..=151).contains(&taken)), "what is refilled, and no more");
    }

    #[test]
    fn halves_are_half_and_what_is_larger_than_the_bucket_takes_it_all() {
        let law = Law::Provisioned(Provisioned { units: 1, burst: Nanos(SECOND), scaling: None });
        let mut gate = Gate::new(&law);
        assert_eq!((0..9).filter(|_| gate.take(0, 1)).count(), 2);
        assert!(!gate.take(SECOND - 1, 400) && gate.take(SECOND, 400) && !gate.take(SECOND + 1, 1));
    }

    #[test]
    fn more_is_bought_after_two_minutes_and_in_force_after_two_more() {
        let mut gate = Gate::new(&scaled(100, 10, 1000));
        // Within the burst, so that all of it is taken: 140 / 0.7 = 200.
        let taken = seconds(&mut gate, 0, 600, 140);
        assert!(taken.iter().all(|&taken| taken == 140));
        let mut gate = Gate::new(&scaled(100, 10, 1000));
        seconds(&mut gate, 0, 239, 140);
        assert_eq!(gate.rate(), 100);
        seconds(&mut gate, 239, 2, 140);
        assert_eq!(gate.rate(), 200);
        // 100 per second of 200 are no less than 50 %: 15 minutes of 90 are, and 90 / 0.7 = 128.6.
        seconds(&mut gate, 241, 1800, 101);
        assert_eq!(gate.rate(), 200);
        seconds(&mut gate, 2041, 20 * 60, 90);
        assert_eq!(gate.rate(), 129);
    }

    #[test]
    fn it_stays_within_its_bounds() {
        let mut gate = Gate::new(&scaled(100, 40, 150));
        // 143 after four minutes, as no more than 100 could be taken; 205 would follow.
        seconds(&mut gate, 0, 600, 1000);
        assert_eq!(gate.rate(), 150);
        gate.take(3 * 3600 * SECOND, 2);
        assert_eq!(gate.rate(), 40);
    }

    #[test]
    fn capacity_is_paid_for_as_long_as_it_is_in_force() {
        let mut gate = Gate::new(&scaled(100, 10, 1000));
        seconds(&mut gate, 0, 300, 140);
        assert_eq!(gate.capacity(300 * SECOND), u128::from(SECOND) * (240 * 100 + 60 * 200));
        assert_eq!(gate.capacity(310 * SECOND), u128::from(SECOND) * 2000);
    }

    #[test]
    fn on_demand_doubles_in_half_an_hour() {
        let mut gate = Gate::new(&on_demand(40, 1000));
        assert_eq!(seconds(&mut gate, 0, 5, 100)[1..], [40; 4]);
        // A minute of 40 has been reached half an hour later: 80 from then on, and 160 half an hour after that.
        let warm = seconds(&mut gate, 5, 31 * 60 - 5, 100);
        assert!(warm.iter().all(|&taken| (39..=41).contains(&taken)));
        let twice = seconds(&mut gate, 31 * 60 + 1, 60, 100);
        // With what the first second caught up on, 40 2/3 in the mean of the first minute.
        assert!(gate.rate() == 82 && twice[6..].iter().all(|&taken| (81..=83).contains(&taken)), "{twice:?}");
        seconds(&mut gate, 32 * 60 + 1, 40 * 60, 200);
        assert!((164..=168).contains(&gate.rate()), "{}", gate.rate());
        // What was reached is not forgotten, and the quota is the end of it.
        seconds(&mut gate, 80 * 60, 4 * 3600, 3000);
        assert_eq!(gate.rate(), 1000);
        gate.take(400 * 3600 * SECOND, 1);
        assert_eq!(gate.rate(), 1000);
    }

    proptest! {
        /// In any stretch of time, no more is taken than the bucket and its refill.
        #[test]
        fn no_more_is_taken_than_there_was(
            units in 1_u32..50, gaps in prop::collection::vec((0_u64..2 * SECOND, 1_u64..60), 1..200),
        ) {
            let mut gate = Gate::new(&Law::Provisioned(Provisioned { units, burst: Nanos(3 * SECOND), scaling: None }));
            let (mut now, mut taken) = (0, 0_u128);
            for (gap, halves) in gaps {
                now += gap;
                // The last one may be of more than the bucket.
                if gate.take(now, halves.min(u64::from(units) * 6)) {
                    taken += u128::from(halves.min(u64::from(units) * 6)) * HALF;
                }
                let there = u128::from(units) * 2 * u128::from(now + 3 * SECOND);
                prop_assert!(taken <= there);
            }
        }
    }
}
