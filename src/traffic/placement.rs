//! From counts to instants: the requests of each bin of a file, placed inside it.
//!
//! Every bin has a generator of its own, keyed by its number, so that any bin is the same whatever came before. Sorted
//! instants come without sorting and without memory: the spacings of a bin are drawn twice from the same key, first for
//! their sum, then for their positions (order statistics of uniforms are scaled sums of exponentials: Devroye,
//! Non-Uniform Random Variate Generation, 1986, chapter V.3).

use rand::{RngExt, SeedableRng};
use rand_distr::{Binomial, Distribution as _, Exp1};

use super::arrivals::Keys;
use super::counts::{Counts, Within};
use super::curve::Frame;
use super::demand::Demand;
use crate::application::Request;
use crate::kernel::distribution::{Distribution, Law};
use crate::kernel::streams::{Draws, Stream, child};

/// The instants of one source of counts, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Placement {
    counts: Counts,
    keys: Keys,
    level: f64,
    end: u64,
    base: i128,
    next_bin: i128,
    gamma: Option<Distribution>,
    bin: Bin,
}

/// The bin that is being placed.
#[derive(Clone, Debug)]
struct Bin {
    begin: i128,
    period: u64,
    lean: f64,
    key: u64,
    index: u64,
    last: u64,
    points: Points,
}

/// Positions in 0..1, in order.
#[derive(Clone, Debug)]
enum Points {
    /// Everything at 0.
    Start { left: u64 },
    /// Middles of equal parts.
    Even { next: u64, count: u64 },
    /// Partial sums of `left + 1` spacings over their total.
    Spaced { stream: Stream, left: u64, sum: f64, total: f64 },
    /// Intervals (from, width, count) that are still to be split, the first on top.
    Cascade { stream: Stream, larger: f64, intervals: Vec<(f64, f64, u64)> },
}

/// Intervals of a cascade narrower than this share of a bin are not split further: below a nanosecond of an hour.
const NARROWEST: f64 = 1e-13;

impl Points {
    fn new(within: Within, gamma: Option<&Distribution>, key: u64, count: u64) -> Self {
        match within {
            Within::Start => Self::Start { left: count },
            Within::Even => Self::Even { next: 0, count },
            Within::Uniform | Within::Gamma { .. } => {
                let stream = Stream::seed_from_u64(key);
                let mut ahead = stream.clone();
                let total = (0..=count).map(|_| spacing(gamma, &mut ahead)).sum();
                Self::Spaced { stream, left: count, sum: 0.0, total }
            }
            Within::Bmodel { p } => {
                Self::Cascade { stream: Stream::seed_from_u64(key), larger: p, intervals: vec![(0.0, 1.0, count)] }
            }
        }
    }

    #[inline]
    fn next(&mut self, gamma: Option<&Distribution>) -> Option<f64> {
        match self {
            Self::Start { left } => {
                *left = left.checked_sub(1)?;
                Some(0.0)
            }
            Self::Even { next, count } => {
                let position = (*next as f64 + 0.5) / *count as f64;
                *next += 1;
                (*next <= *count).then_some(position)
            }
            Self::Spaced { stream, left, sum, total } => {
                *left = left.checked_sub(1)?;
                *sum += spacing(gamma, stream);
                Some(*sum / *total)
            }
            Self::Cascade { stream, larger, intervals } => cascade(stream, *larger, intervals),
        }
    }
}

#[inline]
fn spacing(gamma: Option<&Distribution>, stream: &mut Stream) -> f64 {
    match gamma {
        None => Exp1.sample(stream),
        Some(law) => law.draw(stream),
    }
}

/// Splits the first interval until it holds one request (or is too narrow), and takes one out of it.
fn cascade(stream: &mut Stream, larger: f64, intervals: &mut Vec<(f64, f64, u64)>) -> Option<f64> {
    loop {
        let (from, width, count) = intervals.pop()?;
        if count == 0 {
            continue;
        }
        if count == 1 {
            return Some(from + width * stream.random::<f64>());
        }
        if width < NARROWEST {
            intervals.push((from, width, count - 1));
            return Some(from);
        }
        let share = if stream.random::<bool>() { larger } else { 1.0 - larger };
        // A share lies in 0..=1, which is all that the law asks for.
        let first = Binomial::new(count, share).map_or(0, |law| law.sample(stream));
        let half = width / 2.0;
        intervals.push((from + half, half, count - first));
        intervals.push((from, half, first));
    }
}

impl Placement {
    pub fn new(counts: &Counts, frame: Frame, keys: Keys, level: f64) -> Self {
        let base = counts.base(frame);
        let gamma = match counts.within {
            Within::Gamma { cv } => Some(Distribution::new(Law::Gamma { mean: 1.0, cv })),
            _ => None,
        };
        let period = counts.table.period.0;
        let points = Points::Start { left: 0 };
        let mut next_bin = (-base).div_euclid(i128::from(period));
        if !counts.repeat {
            next_bin = next_bin.max(0);
        }
        Self {
            counts: counts.clone(),
            keys,
            level,
            end: frame.end,
            base,
            next_bin,
            gamma,
            bin: Bin { begin: 0, period, lean: 0.0, key: 0, index: 0, last: 0, points },
        }
    }

    /// Appends requests in time order until `batch` has `limit` of them or the source has ended.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // instants are checked against 0..end first
    pub fn fill(&mut self, demand: &Demand, batch: &mut Vec<Request>, limit: usize) {
        while batch.len() < limit {
            let Some(position) = self.bin.points.next(self.gamma.as_ref()) else {
                if !self.next_bin() {
                    return;
                }
                continue;
            };
            let bin = &mut self.bin;
            // Rounding may neither leave the bin nor change the order.
            bin.last = bin.last.max((leaned(position, bin.lean) * bin.period as f64) as u64).min(bin.period - 1);
            let at = bin.begin + i128::from(bin.last);
            let key = child(bin.key, bin.index);
            bin.index += 1;
            if at >= i128::from(self.end) {
                bin.points = Points::Start { left: 0 };
                self.next_bin = i128::MAX;
            } else if at >= 0 {
                batch.push(demand.request(at as u64, key));
            }
        }
    }

    /// Goes on to the next bin; false at the end.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a bin's number is only a name; counts saturate
    fn next_bin(&mut self) -> bool {
        let index = self.next_bin;
        let ended = !self.counts.repeat && index >= self.counts.table.counts.len() as i128;
        let period = i128::from(self.bin.period);
        if ended || index == i128::MAX || self.base + index * period >= i128::from(self.end) {
            return false;
        }
        self.next_bin = index + 1;
        let key = child(self.keys.instants, index as u64);
        let expected = self.counts.count(index) * self.level;
        let rounded_up = expected.fract() > 0.0 && Draws::new(child(key, 0)).random::<f64>() < expected.fract();
        let count = expected.trunc() as u64 + u64::from(rounded_up);
        self.bin.begin = self.base + index * period;
        self.bin.lean = self.counts.lean(index);
        self.bin.key = child(self.keys.requests, index as u64);
        self.bin.index = 0;
        self.bin.last = 0;
        self.bin.points = Points::new(self.counts.within, self.gamma.as_ref(), child(key, 1), count);
        true
    }
}

/// The position below which the share `u` of a density `1 + lean (2x - 1)` lies.
#[inline]
fn leaned(u: f64, lean: f64) -> f64 {
    if lean == 0.0 {
        return u;
    }
    let flat = 1.0 - lean;
    let root = (flat * flat + 4.0 * lean * u).max(0.0);
    let below = flat + root.sqrt();
    if below > 0.0 { 2.0 * u / below } else { 0.0 }
}
