//! An instance for each request that finds none free, within limits of count and of rate.

use crate::units::Nanos;

/// Limits of a fleet that follows its requests.
#[derive(Clone, Debug, PartialEq)]
pub struct PerRequest {
    /// New instances within a time. `None`: no limit.
    pub scale_rate: Option<ScaleRate>,
    /// Most instances at work at once over the account. `None`: no limit.
    pub account_concurrency: Option<u32>,
    /// Most instances at work at once of this service, taken out of the account's. `None`: no limit of its own.
    pub reserved: Option<u32>,
}

/// So many new instances per time, refilled continuously.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScaleRate {
    /// New instances, at least 1.
    pub count: u32,
    /// In this long, above zero.
    pub per: Nanos,
}

/// A bucket of start tokens, held as nanoseconds of refill so that it is exact.
#[derive(Clone, Debug)]
pub struct Tokens {
    rate: ScaleRate,
    /// Refill time saved up: `per` nanoseconds buy `count` tokens; kept in units of 1/count ns.
    saved: u128,
    last: u64,
}

impl Tokens {
    /// A full bucket at instant `now`.
    #[must_use]
    pub fn full(rate: ScaleRate, now: u64) -> Self {
        Self { rate, saved: Self::capacity(rate), last: now }
    }

    fn capacity(rate: ScaleRate) -> u128 {
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
        let mut tokens = Tokens::full(ScaleRate { count: 1000, per: Nanos(10_000_000_000) }, 0);
        assert_eq!((0..5000).filter(|_| tokens.take(0)).count(), 1000);
        assert!(!tokens.take(9_999_999));
        assert!(tokens.take(10_000_000));
        assert_eq!((0..5000).filter(|_| tokens.take(1_010_000_000)).count(), 100);
        assert_eq!((0..5000).filter(|_| tokens.take(100_000_000_000)).count(), 1000, "unused refill does not accrue");
    }
}
