//! Whether the bucket of an edge's throttle can be empty along a rate.
//!
//! What the bucket lacks is the largest of `arrivals - refill` since any instant before. By Chernoff's bound that exceeds
//! the burst with a probability below `exp(most - x burst)`, for any `x > 0`, where `most` is the largest sum since any
//! instant of `(e^x - 1) rate - x refill`: a walk along the rate that never falls below zero. At a steady rate it is the
//! bound of Kingman (A martingale inequality in the theory of queues, Proc. Camb. Phil. Soc. 60, 1964).

use crate::platform::edge::Throttle;
use crate::traffic::path::Stretch;

use super::domain::SPREADS;

/// Exponents are tried from the least that could tell on, each so many times the one before.
const APART: f64 = std::f64::consts::SQRT_2;
/// The largest of them, unless even the least is larger: more than every hundredth token is then in use at the most.
const LARGEST: f64 = 6.0;

/// As surely as a normal variable stays below so many of its standard deviations.
pub(super) const SURELY: f64 = SPREADS * SPREADS / 2.0;

/// One exponent.
pub(super) struct Walk {
    pub exponent: f64,
    /// `e^x - 1`.
    gain: f64,
    sum: f64,
}

impl Walk {
    /// Those of a bucket that holds no more than so many tokens.
    pub fn all(burst: f64) -> Vec<Self> {
        let least = SURELY / burst;
        let exponents = std::iter::successors(Some(least), |exponent| Some(exponent * APART));
        let within = exponents.take_while(|exponent| *exponent <= least.max(LARGEST));
        within.map(|exponent| Self { exponent, gain: libm::expm1(exponent), sum: 0.0 }).collect()
    }

    /// A bucket that now holds so many tokens more has none of them yet; one that holds fewer lacks so many fewer.
    pub fn grow(&mut self, tokens: f64) {
        self.sum = (self.sum + self.exponent * tokens).max(0.0);
    }

    /// Goes through a stretch, while so many tokens come per nanosecond; the highest sum on the way.
    pub fn pass(&mut self, stretch: Stretch, refill: f64) -> f64 {
        let span = (stretch.to - stretch.from) as f64;
        let [first, last] = [stretch.first, stretch.last].map(|rate| self.gain * rate - self.exponent * refill);
        // It turns where the line crosses zero.
        let (turn, between) = if first * last < 0.0 { (first / (first - last), 0.0) } else { (1.0, last) };
        let mut highest = self.sum;
        for part in [turn * f64::midpoint(first, between), (1.0 - turn) * f64::midpoint(between, last)] {
            self.sum = (self.sum + span * part).max(0.0);
            highest = highest.max(self.sum);
        }
        highest
    }
}

/// The highest rate, per nanosecond, until the bucket of a throttle, which is full at the beginning, could be empty;
/// `None` if it surely never is.
pub(super) fn could_empty(throttle: Throttle, stretches: impl Iterator<Item = Stretch>) -> Option<f64> {
    let (burst, refill) = (f64::from(throttle.burst), throttle.rate / 1e9);
    let mut walks = Walk::all(burst);
    let mut peak = 0.0_f64;
    for stretch in stretches {
        peak = peak.max(stretch.first).max(stretch.last);
        let margin = |walk: &mut Walk| walk.exponent * burst - walk.pass(stretch, refill);
        if walks.iter_mut().map(margin).fold(f64::NEG_INFINITY, f64::max) < SURELY {
            return Some(peak);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// Seconds, and requests per second at their beginning and end.
    fn stretches(parts: &[(u64, f64, f64)]) -> impl Iterator<Item = Stretch> {
        let mut from = 0;
        parts.iter().map(move |(seconds, first, last)| {
            let to = from + seconds * SECOND;
            Stretch { from: std::mem::replace(&mut from, to), to, first: first / 1e9, last: last / 1e9 }
        })
    }

    fn empties(burst: u32, parts: &[(u64, f64, f64)]) -> bool {
        could_empty(Throttle { rate: 10_000.0, burst }, stretches(parts)).is_some()
    }

    #[test]
    fn a_steady_rate_may_come_close_to_what_a_large_bucket_gets() {
        // exp(-2 (r - a) B / a) is about exp(-32) at 32 of 10 000.
        assert!(!empties(5_000, &[(86_400, 9_950.0, 9_950.0)]));
        assert!(empties(5_000, &[(86_400, 9_980.0, 9_980.0)]));
        assert!(!empties(50, &[(86_400, 5_000.0, 5_000.0)]));
        assert!(empties(50, &[(86_400, 9_000.0, 9_000.0)]));
    }

    #[test]
    fn a_peak_may_take_what_the_bucket_holds() {
        let peak =
            |rate: f64, seconds: u64| [(3_600, 5_000.0, 5_000.0), (seconds, rate, rate), (3_600, 5_000.0, 5_000.0)];
        // 4 000 more than come in 4 s, and eight times the root of the 44 000 that arrive: 5 678. One second less: 4 452.
        assert!(!empties(5_000, &peak(11_000.0, 3)));
        assert!(empties(5_000, &peak(11_000.0, 4)));
        // One that comes before the bucket is full again finds what is left.
        let both = [peak(11_000.0, 3).to_vec(), peak(11_000.0, 3).to_vec()].concat();
        assert!(!empties(5_000, &both));
        let soon = [(3_600, 5_000.0, 5_000.0), (3, 11_000.0, 11_000.0), (1, 9_900.0, 9_900.0), (3, 11_000.0, 11_000.0)];
        assert!(empties(5_000, &soon));
    }

    #[test]
    fn a_slope_is_not_its_mean() {
        // 10 000 tokens come in a second, and as many requests do; in the second half they are 1 250 more.
        assert!(!empties(5_000, &[(1, 5_000.0, 15_000.0)]));
        assert!(empties(1_500, &[(1, 5_000.0, 15_000.0)]));
        assert!(!empties(1_500, &[(1, 9_000.0, 9_000.0)]));
    }
}
