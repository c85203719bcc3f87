//! From a rate to instants: Poisson and renewal arrivals of one open source.
//!
//! The rate is cut at whole minutes from the first measured instant (bins) and at burst windows. A Poisson source draws
//! by hazard inversion with a generator of its own per bin: an exponential hazard is spent along the rate until it is
//! used up, which by memorylessness may begin anew at each bin. So any bin is the same whatever came before, memory is
//! constant, and an arrival costs one exponential draw. Renewal sources spend their spacings the same way, but carry
//! them over bins (operational time). Method: Cinlar, Introduction to Stochastic Processes, 1975, chapter 4.

use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution as _, Exp1};

use super::curve::Frame;
use super::demand::Demand;
use super::open::{Arrivals, Open};
use super::walk::{Walk, cell};
use crate::application::Request;
use crate::kernel::distribution::{Distribution, Law};
use crate::kernel::streams::{Stream, child, stream_key};

/// Length of a bin. Short enough that little is drawn in vain, long enough that opening one costs nothing.
const BIN: u64 = 60_000_000_000;

/// Keys of everything random of one source in one replication.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    /// Instants.
    pub instants: u64,
    /// Requests.
    pub requests: u64,
    /// Burst factors.
    pub burst: u64,
}

impl Keys {
    pub fn new(seed: u64, source: &str, replication: u32) -> Self {
        let key = |purpose| stream_key(seed, purpose, source, replication);
        Self { instants: key("arrivals"), requests: key("requests"), burst: key("burst") }
    }
}

/// Spacings in operational time, mean 1.
#[derive(Clone, Debug)]
enum Spacing {
    Exponential,
    Even,
    Gamma(Distribution),
}

impl Spacing {
    #[inline]
    fn draw(&self, stream: &mut Stream) -> f64 {
        match self {
            Self::Exponential => Exp1.sample(stream),
            Self::Even => 1.0,
            Self::Gamma(law) => law.draw(stream),
        }
    }

    /// The first spacing of a stationary process: a uniform part of a length-biased spacing.
    fn first(&self, stream: &mut Stream) -> f64 {
        match self {
            Self::Exponential => Exp1.sample(stream),
            Self::Even => stream.random(),
            Self::Gamma(law) => {
                let Law::Gamma { cv, .. } = *law.law() else { return 1.0 };
                let (mean, cv) = (1.0 + cv * cv, cv / libm::sqrt(1.0 + cv * cv));
                Distribution::new(Law::Gamma { mean, cv }).draw(stream) * stream.random::<f64>()
            }
        }
    }
}

/// The rate between two cuts, with the point up to which it has been spent.
///
/// Hazard is kept as time at the piece's mean rate, so that the whole of a piece is spent at its length. Where the rate
/// changes, an offset is found from all that has been spent, not from the offset before it: what one arrival has to wait
/// for in the one before is an addition, and their roots and divisions overlap.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: u64,
    to: u64,
    length: f64,
    offset: f64,
    spent: f64,
    mean: f64,
    per_mean: f64,
    /// Half the first rate and half the slope, both over the mean rate.
    half: f64,
    tilt: f64,
}

impl Piece {
    /// A piece with this rate at its beginning, not negative. By rounding it may end a little below 0.
    fn new(from: u64, to: u64, rate: f64, slope: f64) -> Self {
        let length = (to - from) as f64;
        let mean = (rate + slope * length / 2.0).max(0.0);
        let (half, tilt) = (rate / mean / 2.0, slope / mean / 2.0);
        Self { from, to, length, offset: 0.0, spent: 0.0, mean, per_mean: 1.0 / mean, half, tilt }
    }

    /// Spends `hazard` and tells the offset at which it is used up, if this piece holds enough; otherwise it is left alone.
    #[inline]
    fn spend(&mut self, hazard: f64) -> Option<f64> {
        let spent = self.spent + hazard * self.per_mean;
        let offset = if self.tilt == 0.0 {
            spent
        } else {
            // This form of the quadratic's root loses no digits for any slope; NaN (rate falls to 0 first) is no offset.
            spent / (self.half + (self.half * self.half + self.tilt * spent).sqrt())
        };
        if offset < self.length {
            self.spent = spent;
            // Two offsets closer than their rounding could otherwise change places.
            self.offset = if offset > self.offset { offset } else { self.offset };
            return Some(self.offset);
        }
        None
    }

    /// Expected number in what is left.
    fn left(&self) -> f64 {
        (self.length - self.spent) * self.mean
    }
}

/// The instants of one open source, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Generator {
    keys: Keys,
    frame: Frame,
    walk: Walk,
    spacing: Spacing,
    stream: Stream,
    hazard: f64,
    piece: Piece,
    bin: Option<i64>,
    bin_key: u64,
    index: u64,
}

impl Generator {
    /// From `from` to the end of the frame. A source that is not Poisson begins anew there.
    pub fn new(open: &Open, frame: Frame, from: u64, keys: Keys, factors: (f64, f64)) -> Self {
        let spacing = match open.arrivals {
            Arrivals::Poisson => Spacing::Exponential,
            Arrivals::Even => Spacing::Even,
            Arrivals::Gamma { cv } => Spacing::Gamma(Distribution::new(Law::Gamma { mean: 1.0, cv })),
        };
        let mut stream = Stream::seed_from_u64(keys.instants);
        let hazard = spacing.first(&mut stream);
        Self {
            keys,
            frame,
            walk: Walk::new(open, frame, from, keys.burst, factors),
            spacing,
            stream,
            hazard,
            piece: Piece::new(from, from, 0.0, 0.0),
            bin: None,
            bin_key: 0,
            index: 0,
        }
    }

    /// Appends requests in time order until `batch` has `limit` of them or the source has ended.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // an offset is below the piece's length
    pub fn fill(&mut self, demand: &Demand, batch: &mut Vec<Request>, limit: usize) {
        while batch.len() < limit {
            let Some(offset) = self.piece.spend(self.hazard) else {
                self.hazard = (self.hazard - self.piece.left()).max(0.0);
                if !self.next_piece() {
                    return;
                }
                continue;
            };
            self.hazard = self.spacing.draw(&mut self.stream);
            batch.push(demand.request(self.piece.from + offset as u64, child(self.bin_key, self.index)));
            self.index += 1;
        }
    }

    /// Goes on to the next piece; false at the end.
    #[allow(clippy::cast_sign_loss)] // a bin's number is only a name
    fn next_piece(&mut self) -> bool {
        let from = self.piece.to;
        if from >= self.frame.end {
            self.piece = Piece::new(from, from, 0.0, 0.0);
            return false;
        }
        let (bin, bin_end) = cell(from, self.frame.start, BIN);
        let Some(next) = self.walk.next(from, bin_end) else { return false };
        if self.bin != Some(bin) {
            self.bin = Some(bin);
            self.bin_key = child(self.keys.requests, bin as u64);
            self.index = 0;
            if matches!(self.spacing, Spacing::Exponential) {
                self.stream = Stream::seed_from_u64(child(self.keys.instants, bin as u64));
                self.hazard = Exp1.sample(&mut self.stream);
            }
        }
        self.piece = Piece::new(next.from, next.to, next.rate, next.slope);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Offsets of a piece, each found from the one before by the quadratic of the rate there.
    fn one_by_one(length: u64, rate: f64, slope: f64, hazards: &[f64]) -> Vec<f64> {
        let mut offset = 0.0;
        let mut offsets = Vec::new();
        for hazard in hazards {
            let now = rate + slope * offset;
            offset += 2.0 * hazard / (now + (now * now + 2.0 * slope * hazard).sqrt());
            // Also ends at NaN.
            if offset.is_nan() || offset >= length as f64 {
                break;
            }
            offsets.push(offset);
        }
        offsets
    }

    /// First rate and slope of a piece of `length` that expects `expected` arrivals and of which the last rate is to the
    /// mean rate as 1 + `lean`.
    fn line(length: u64, expected: f64, lean: f64) -> (f64, f64) {
        let mean = expected / length as f64;
        (mean * (1.0 - lean), 2.0 * mean * lean / length as f64)
    }

    /// Any lean, with no, hardly any and all of it among them.
    fn leans() -> impl Strategy<Value = f64> {
        prop_oneof![
            Just(0.0),
            Just(1.0),
            Just(-1.0),
            -1.0..1.0,
            -1e-9..1e-9,
            -1e-17..1e-17,
            0.999_999..1.0,
            -1.0..-0.999_999
        ]
    }

    proptest! {
        #[test]
        fn a_piece_is_spent_exactly(
            length in 1_u64..=BIN,
            expected in 1e-3..2e4,
            lean in leans(),
            hazards in prop::collection::vec(1e-9..3.0, 1..400),
            crowd in prop_oneof![Just(1.0), 1.0..1e4],
        ) {
            let hazards: Vec<f64> = hazards.iter().map(|hazard| hazard / crowd).collect();
            let (rate, slope) = line(length, expected, lean);
            let mut piece = Piece::new(0, length, rate, slope);
            let whole = piece.left();
            prop_assert!((whole - expected).abs() <= 1e-12 * expected, "{whole} for {expected}");
            let mut last = 0.0;
            let mut count = 0;
            let known = one_by_one(length, rate, slope, &hazards);
            for (index, hazard) in hazards.iter().enumerate() {
                let Some(offset) = piece.spend(*hazard) else { break };
                prop_assert!(offset >= last && offset < length as f64);
                // The area under the line up to the offset is the hazard, whatever the offset's condition.
                let sum: f64 = hazards[..=index].iter().sum();
                let area = offset * (rate + slope * offset / 2.0);
                prop_assert!((area - sum).abs() <= 1e-12 * expected, "{area} for {sum} of {expected}");
                prop_assert!((piece.left() - (expected - sum)).abs() <= 1e-12 * expected);
                if let Some(other) = known.get(index) {
                    // Where the rate nearly vanishes an offset has no more digits than its hazard: compare by area there.
                    let now = (rate + slope * offset.min(*other)).abs();
                    let apart = (offset - other).abs();
                    prop_assert!(apart * now <= 1e-12 * expected, "{offset} and {other}");
                    if now * length as f64 > 1e-2 * expected {
                        prop_assert!(apart <= 1e-10 * length as f64, "{offset} and {other}");
                    }
                }
                (last, count) = (offset, index + 1);
            }
            // Both end with the same arrival, unless the end is within rounding of one.
            let near = |sum: f64| (sum - expected).abs() <= 1e-12 * expected;
            let (fewer, more) = (count.min(known.len()), count.max(known.len()));
            for next in fewer..more {
                prop_assert!(near(hazards[..=next].iter().sum()), "{count} arrivals, not {}", known.len());
            }
        }
    }

    #[test]
    fn nothing_comes_where_the_rate_is_nothing() {
        for (rate, slope) in [(0.0, 0.0), (0.0, -1e-30), (1e-30, -1.0)] {
            let mut piece = Piece::new(0, BIN, rate, slope);
            for hazard in [0.0, 1e-300, 1e-9, 1.0] {
                assert_eq!(piece.spend(hazard), None, "{rate} {slope} {hazard}");
            }
            assert!(piece.left() == 0.0);
        }
    }
}
