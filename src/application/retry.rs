//! What a caller does about an attempt that did not succeed: how often it tries, and how long it waits in between.

use rand::{Rng, RngExt};

use super::draw::{Draw, step_key};
use crate::kernel::distribution::Distribution;
use crate::kernel::streams::Draws;
use crate::kernel::whole;
use crate::units::Nanos;

/// The policy of a call site; the client of a request is the call site at the root.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Attempts in all, at least 1; `None` for no limit.
    pub attempts: Option<u32>,
    /// After which ends of an attempt another is made.
    pub on: On,
    /// First wait before jitter, in nanoseconds; drawn anew for every attempt.
    pub base: Distribution,
    /// Longest wait.
    pub cap: Nanos,
    /// Growth of the wait from attempt to attempt, at least 1.
    pub factor: f64,
    /// How the wait is spread.
    pub jitter: Jitter,
    /// How many retries all calls of the site may make together; `None` for no limit.
    pub budget: Option<Budget>,
}

/// Ends of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct On {
    /// A limit passed first.
    pub timeout: bool,
    /// It was refused before any work.
    pub rejected: bool,
    /// Its work ended in an error.
    pub failed: bool,
}

/// How a wait of `b` (the capped exponential back-off) is spread (Brooker, "Exponential Backoff And Jitter", 2015,
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Uniform from 0 to `b`.
    Full,
    /// Half of `b`, and uniform from 0 to the other half.
    Equal,
    /// Uniform from the base to three times the wait before, capped.
    Decorrelated,
    /// `b` itself.
    None,
}

/// A token bucket over all calls of a site: each first attempt adds `share` of a token, time adds `floor`, each retry
/// takes one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Retries per first attempt, 0 to 1.
    pub share: f64,
    /// Retries per second that are allowed however few calls there are.
    pub floor: f64,
}

/// One attempt, and with it the defaults of the language for what a policy leaves out.
impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: Some(1),
            on: On { timeout: true, rejected: true, failed: true },
            base: Distribution::constant(100e6),
            cap: Nanos(20 * Nanos::SECOND.0),
            factor: 2.0,
            jitter: Jitter::Full,
            budget: None,
        }
    }
}

impl Retry {
    /// Whether a call is made once and no more.
    #[must_use]
    pub fn is_once(&self) -> bool {
        self.attempts == Some(1)
    }

    /// Whether another attempt may follow attempt number `attempt` (from 0), its budget apart.
    #[inline]
    #[must_use]
    pub fn allows_after(&self, attempt: u32) -> bool {
        self.attempts.is_none_or(|attempts| attempt + 1 < attempts)
    }

    /// How long the caller of `call` waits after its attempt number `attempt` (from 0), in nanoseconds. It depends on
    /// nothing else, so that every deployment draws the same.
    #[must_use]
    pub fn backoff(&self, call: u64, attempt: u32) -> u64 {
        let cap = self.cap.0 as f64;
        let wait = match self.jitter {
            Jitter::Decorrelated => self.decorrelated(call, attempt),
            jitter => {
                let mut draws = draws(call, attempt);
                let wait = cap.min(self.base.draw(&mut draws) * libm::pow(self.factor, f64::from(attempt)));
                match jitter {
                    Jitter::Full => wait * draws.random::<f64>(),
                    Jitter::Equal => wait * (0.5 + 0.5 * draws.random::<f64>()),
                    Jitter::Decorrelated | Jitter::None => wait,
                }
            }
        };
        whole::round(wait)
    }

    /// Each wait depends on the one before: the chain is drawn again from its beginning, so that nothing is kept.
    fn decorrelated(&self, call: u64, attempt: u32) -> f64 {
        let mut before = None;
        for attempt in 0..=attempt {
            let mut draws = draws(call, attempt);
            let base = self.base.draw(&mut draws);
            let most = base.max(3.0 * before.unwrap_or(base));
            before = Some((base + (most - base) * draws.random::<f64>()).min(self.cap.0 as f64));
        }
        before.unwrap_or(0.0)
    }
}

fn draws(call: u64, attempt: u32) -> impl Rng {
    Draws::new(step_key(call, attempt, Draw::Backoff as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::distribution::Law;

    fn of(jitter: Jitter) -> Retry {
        Retry { attempts: None, jitter, ..Retry::default() }
    }

    #[test]
    fn waits_double_up_to_the_cap() {
        let waits: Vec<u64> = (0..10).map(|attempt| of(Jitter::None).backoff(1, attempt) / 1_000_000).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 20_000, 20_000]);
        assert_eq!(of(Jitter::None).backoff(1, u32::MAX), 20 * Nanos::SECOND.0);
    }

    #[test]
    fn jitter_spreads_as_it_says() {
        let mean = |jitter, attempt| {
            let waits = (0..20_000).map(|call| of(jitter).backoff(call, attempt));
            let (sum, low, high) = waits.fold((0.0, u64::MAX, 0), |(sum, low, high): (f64, u64, u64), wait| {
                (sum + wait as f64, low.min(wait), high.max(wait))
            });
            (sum / 20_000.0 / 1e6, low as f64 / 1e6, high as f64 / 1e6)
        };
        let near = |(got, low, high): (f64, f64, f64), wanted: f64, from: f64, to: f64| {
            assert!((got / wanted - 1.0).abs() < 0.02, "{got} for {wanted}");
            assert!(low >= from && low < from + 0.01 * to && high <= to && high > 0.99 * to, "{low} {high}");
        };
        near(mean(Jitter::Full, 2), 200.0, 0.0, 400.0);
        near(mean(Jitter::Equal, 2), 300.0, 200.0, 400.0);
        near(mean(Jitter::Decorrelated, 0), 200.0, 100.0, 300.0);
        // Of U(100, 3 U(100, 300)) the mean is (100 + 3 * 200) / 2.
        let (got, low, high) = mean(Jitter::Decorrelated, 1);
        assert!((got / 350.0 - 1.0).abs() < 0.02 && low >= 100.0 && high <= 900.0, "{got} {low} {high}");
    }

    #[test]
    fn a_random_base_is_drawn_anew_for_every_attempt() {
        let base = Distribution::new(Law::Exponential { mean: 1e9 });
        let retry = Retry { base, factor: 1.0, cap: Nanos(1 << 60), ..of(Jitter::None) };
        let sum: f64 = (0..20_000).map(|attempt| retry.backoff(3, attempt) as f64).sum();
        assert!((sum / 20_000.0 / 1e9 - 1.0).abs() < 0.03, "{sum}");
        assert_eq!(retry.backoff(3, 5), retry.backoff(3, 5));
    }

    #[test]
    fn attempts_end() {
        let three = Retry { attempts: Some(3), ..Retry::default() };
        assert_eq!([0, 1, 2].map(|attempt| three.allows_after(attempt)), [true, true, false]);
        assert!(of(Jitter::Full).allows_after(u32::MAX - 1) && Retry::default().is_once());
    }
}
