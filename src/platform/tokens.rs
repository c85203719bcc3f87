//! A token bucket: what limits a rate and allows bursts.

use crate::units::Nanos;

/// So many per time, refilled continuously; as many can be saved up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refill {
    /// Tokens, at least 1.
    pub count: u32,
    /// In this long, above zero.
    pub per: Nanos,
}

/// A bucket of tokens, held as nanoseconds of refill so that it is exact.
#[derive(Clone, Debug)]
pub struct Tokens {
    rate: Refill,
    /// Refill time saved up: `per` nanoseconds buy `count` tokens; kept in units of 1/count ns.
    saved: u128,
    last: u64,
}

impl Tokens {
    /// A full bucket at instant `now`.
    #[must_use]
    pub fn full(rate: Refill, now: u64) -> Self {
        Self { rate, saved: Self::capacity(rate), last: now }
    }

    fn capacity(rate: Refill) -> u128 {
        u128::from(rate.per.0) * u128::from(rate.count)
    }

    /// Takes one token at instant `now` (not before the last one), if there is one.
    pub fn take(&mut self, now: u64) -> bool {
        let gained = u128::from(now - self.last) * u128::from(self.rate.count);
        self.saved = (self.saved + gained).min(Self::capacity(self.rate));
        self.last = now;
        let price = u128::from(self.rate.per.0);
        if self.saved < price {
            return false;
        }
        self.saved -= price;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_at_once_then_a_hundred_each_second() {
        let mut tokens = Tokens::full(Refill { count: 1000, per: Nanos(10_000_000_000) }, 0);
        assert_eq!((0..5000).filter(|_| tokens.take(0)).count(), 1000);
        assert!(!tokens.take(9_999_999));
        assert!(tokens.take(10_000_000));
        assert_eq!((0..5000).filter(|_| tokens.take(1_010_000_000)).count(), 100);
        assert_eq!((0..5000).filter(|_| tokens.take(100_000_000_000)).count(), 1000, "unused refill does not accrue");
    }
}
