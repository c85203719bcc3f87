//! Counts per bin of time, such as a load balancer's request metric, as a source of traffic.
//!
//! With `scale` 1 and no declared uncertainty the counts of a file come back exactly: counts -> arrivals -> counts is the
//! identity. Otherwise a bin's count is the scaled one, its fraction rounded up with that probability, so that the mean
//! is exact.

pub mod file;
mod format;
mod grid;

use std::sync::Arc;

use super::curve::Frame;
use crate::units::Nanos;

/// Counts on a regular grid.
#[derive(Clone, Debug, PartialEq)]
pub struct CountTable {
    /// Beginning of the first bin, in nanoseconds since 1970.
    pub first: i128,
    /// Length of a bin, above 0.
    pub period: Nanos,
    /// Requests per bin; finite, not negative, at least one bin.
    pub counts: Vec<f64>,
}

impl CountTable {
    /// The time that the bins cover.
    #[must_use]
    pub fn span(&self) -> Nanos {
        Nanos(self.period.0.saturating_mul(self.counts.len() as u64))
    }
}

/// Where the first bin lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// At the first measured instant.
    #[default]
    First,
    /// At its own instant.
    Clock,
}

/// Where the requests of a bin lie in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Within {
    /// Independent uniform instants: a Poisson process given its count.
    #[default]
    Uniform,
    /// In the middles of equal parts.
    Even,
    /// All at the beginning.
    Start,
    /// By gamma spacings.
    Gamma {
        /// Standard deviation over mean of a spacing, above 0; 1 is `Uniform`.
        cv: f64,
    },
    /// By a cascade that gives the share `p` to one half of every interval, at random the first or the second (Wang et
    /// al., Data mining meets performance evaluation: fast algorithms for modeling bursty traffic, ICDE 2002).
    Bmodel {
        /// Share of the larger half, 0.5 ..= 1.
        p: f64,
    },
}

/// A source that replays counts.
#[derive(Clone, Debug)]
pub struct Counts {
    /// The counts.
    pub table: Arc<CountTable>,
    /// Where the first bin lies.
    pub align: Align,
    /// Where requests lie in their bin.
    pub within: Within,
    /// Whether the density in a bin leans towards its larger neighbour, instead of being the same all over the bin. A
    /// bin's count is unchanged. `Within::Start` ignores it.
    pub linear: bool,
    /// Factor on every count, not negative.
    pub scale: f64,
    /// Whether the file begins again where it ends (and before it begins); otherwise there is no traffic.
    pub repeat: bool,
}

impl Counts {
    /// `table` as it is: from the first measured instant, uniform, once.
    #[must_use]
    pub fn new(table: CountTable) -> Self {
        Self {
            table: Arc::new(table),
            align: Align::First,
            within: Within::Uniform,
            linear: false,
            scale: 1.0,
            repeat: false,
        }
    }

    /// Engine time at which the first bin begins.
    pub(super) fn base(&self, frame: Frame) -> i128 {
        match self.align {
            Align::First => i128::from(frame.start),
            Align::Clock => self.table.first - frame.origin,
        }
    }

    /// The scaled count of bin `index`, counted from the first.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // below the number of bins
    pub(super) fn count(&self, index: i128) -> f64 {
        let bins = self.table.counts.len() as i128;
        let index = if self.repeat { index.rem_euclid(bins) } else { index };
        if (0..bins).contains(&index) { self.table.counts[index as usize] * self.scale } else { 0.0 }
    }

    /// How the density of bin `index` leans: at position `x` of 0..1 it is `1 + lean (2x - 1)` times the mean. It is half
    /// the central difference of the neighbours, limited so that the density stays at or above 0.
    pub(super) fn lean(&self, index: i128) -> f64 {
        let own = self.count(index);
        if !self.linear || own == 0.0 {
            return 0.0;
        }
        ((self.count(index + 1) - self.count(index - 1)) / (4.0 * own)).clamp(-1.0, 1.0)
    }

    /// Expected requests in engine time `from..until`.
    pub(super) fn expected(&self, frame: Frame, from: u64, until: u64) -> f64 {
        let base = self.base(frame);
        self.before(i128::from(until) - base) - self.before(i128::from(from) - base)
    }

    /// Expected requests between the beginning of the first bin and `elapsed` after it; negative before it.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // below the number of bins
    fn before(&self, elapsed: i128) -> f64 {
        let (period, bins) = (i128::from(self.table.period.0), self.table.counts.len() as i128);
        let index = elapsed.div_euclid(period);
        let sum = |counts: &[f64]| counts.iter().sum::<f64>() * self.scale;
        let whole = if self.repeat {
            let cycles = index.div_euclid(bins);
            cycles as f64 * sum(&self.table.counts) + sum(&self.table.counts[..index.rem_euclid(bins) as usize])
        } else {
            sum(&self.table.counts[..index.clamp(0, bins) as usize])
        };
        let share = elapsed.rem_euclid(period) as f64 / period as f64;
        let lean = self.lean(index);
        whole + self.count(index) * share * (1.0 - lean + lean * share)
    }

    /// Expected requests per second at engine time `at`.
    pub(super) fn rate_at(&self, frame: Frame, at: u64) -> f64 {
        let elapsed = i128::from(at) - self.base(frame);
        let period = i128::from(self.table.period.0);
        let index = elapsed.div_euclid(period);
        let share = elapsed.rem_euclid(period) as f64 / period as f64;
        self.count(index) / self.table.period.seconds() * (1.0 + self.lean(index) * (2.0 * share - 1.0))
    }

    /// Engine time at which the file ends, unless it repeats.
    pub(super) fn end(&self, frame: Frame) -> Option<i128> {
        (!self.repeat).then(|| self.base(frame) + i128::from(self.table.span().0))
    }
}
