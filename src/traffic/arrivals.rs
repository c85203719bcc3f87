//! From a rate to instants: Poisson and renewal arrivals of one open source.
//!
//! The rate is cut at whole minutes from the first measured instant (bins) and at burst windows. A Poisson source draws
//! by hazard inversion with a generator of its own per bin: an exponential hazard is spent along the rate until it is
//! used up, which by memorylessness may begin anew at each bin. So any bin is the same whatever came before, memory is
//! constant, and an arrival costs one exponential draw. Renewal sources spend their spacings the same way, but carry
//! them over bins (operational time). Method: Cinlar, Introduction to Stochastic Processes, 1975, chapter 4.

use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution as _, Exp1};

use super::curve::{Curve, Frame, Segment};
use super::demand::Demand;
use super::open::{Arrivals, Burst, Open};
use crate::application::Request;
use crate::kernel::distribution::{Distribution, Law};
use crate::kernel::streams::{Draws, Stream, child, stream_key};

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
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: u64,
    to: u64,
    length: f64,
    offset: f64,
    rate: f64,
    per_rate: f64,
    slope: f64,
}

impl Piece {
    fn new(from: u64, to: u64, rate: f64, slope: f64) -> Self {
        Self { from, to, length: (to - from) as f64, offset: 0.0, rate, per_rate: 1.0 / rate, slope }
    }

    /// Where `hazard` is used up, if this piece holds enough.
    #[inline]
    fn spend(&self, hazard: f64) -> Option<f64> {
        let offset = if self.slope == 0.0 {
            self.offset + hazard * self.per_rate
        } else {
            let rate = self.rate + self.slope * self.offset;
            let root = rate * rate + 2.0 * self.slope * hazard;
            // This form of the quadratic's root loses no digits for any slope; NaN (rate falls to 0 first) is no offset.
            self.offset + 2.0 * hazard / (rate + root.sqrt())
        };
        (offset < self.length).then_some(offset)
    }

    /// Expected number in what is left.
    fn left(&self) -> f64 {
        (self.length - self.offset) * (self.rate + self.slope * (self.offset + self.length) / 2.0)
    }
}

/// The instants of one open source, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Generator {
    keys: Keys,
    frame: Frame,
    curve: Curve,
    segment: Segment,
    burst: Option<(Burst, Distribution)>,
    window: Option<(i64, f64)>,
    spacing: Spacing,
    stream: Stream,
    hazard: f64,
    piece: Piece,
    bin: Option<i64>,
    bin_key: u64,
    index: u64,
}

impl Generator {
    pub fn new(open: &Open, frame: Frame, keys: Keys, level: f64, growth: f64) -> Self {
        let unit_gamma = |cv| Distribution::new(Law::Gamma { mean: 1.0, cv });
        let spacing = match open.arrivals {
            Arrivals::Poisson => Spacing::Exponential,
            Arrivals::Even => Spacing::Even,
            Arrivals::Gamma { cv } => Spacing::Gamma(unit_gamma(cv)),
        };
        let mut stream = Stream::seed_from_u64(keys.instants);
        let hazard = spacing.first(&mut stream);
        Self {
            keys,
            frame,
            curve: Curve::new(open, frame, 0, frame.end, level, growth),
            segment: Segment { from: 0, to: 0, first: 0.0, last: 0.0 },
            burst: open.burst.map(|burst| (burst, unit_gamma(burst.cv))),
            window: None,
            spacing,
            stream,
            hazard,
            piece: Piece::new(0, 0, 0.0, 0.0),
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
            self.piece.offset = offset;
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
        while from >= self.segment.to {
            match self.curve.next() {
                Some(segment) => self.segment = segment,
                None => return false,
            }
        }
        let (bin, bin_end) = cell(from, self.frame.start, BIN);
        let mut to = self.segment.to.min(bin_end);
        if self.bin != Some(bin) {
            self.bin = Some(bin);
            self.bin_key = child(self.keys.requests, bin as u64);
            self.index = 0;
            if matches!(self.spacing, Spacing::Exponential) {
                self.stream = Stream::seed_from_u64(child(self.keys.instants, bin as u64));
                self.hazard = Exp1.sample(&mut self.stream);
            }
        }
        let mut factor = 1.0;
        if let Some((burst, law)) = &self.burst {
            let (window, window_end) = cell(from, self.frame.start, burst.window.0);
            to = to.min(window_end);
            factor = match self.window {
                Some((known, factor)) if known == window => factor,
                _ => law.draw(&mut Draws::new(child(self.keys.burst, window as u64))),
            };
            self.window = Some((window, factor));
        }
        let segment = &self.segment;
        let slope = (segment.last - segment.first) / (segment.to - segment.from) as f64;
        let rate = segment.first + slope * (from - segment.from) as f64;
        self.piece = Piece::new(from, to, (rate * factor).max(0.0), slope * factor);
        true
    }
}

/// The cell of `width` that holds `at`, numbered from `start` (negative before it), and where it ends.
#[allow(clippy::cast_possible_wrap)] // a number of cells; beyond 2^63 it is still a name of its own
fn cell(at: u64, start: u64, width: u64) -> (i64, u64) {
    if at >= start {
        let index = (at - start) / width;
        (index as i64, (start + index * width).saturating_add(width))
    } else {
        let back = (start - at).div_ceil(width);
        (-(back as i64), start - (back - 1) * width)
    }
}
