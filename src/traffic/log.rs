//! The requests of an access log as a source of traffic: every one at its own instant.
//!
//! A log becomes a sorted list of instants, 8 bytes for each request; everything else about it streams. With `scale` 1 and no
//! declared uncertainty every request comes back exactly. A smaller scale keeps each request with that probability; a
//! larger one adds copies of the whole log, each turned round by a shift of its own, so that bursts keep their shape and no
//! two requests share their stamp.

mod balancer;
mod cloudfront;
pub mod combined;
pub mod entry;
mod json;
mod lines;
pub mod read;
mod stamp;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::counts::Align;
use super::curve::Frame;
use crate::units::Nanos;

/// Instants in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrivals {
    /// The first one, in nanoseconds since 1970.
    pub first: i128,
    /// All of them in nanoseconds after the first; not empty, rising.
    offsets: Vec<u64>,
}

impl Arrivals {
    /// `instants`, in any order, in nanoseconds since 1970; `None` when there are none.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // differences of 64-bit numbers to the smallest
    #[allow(clippy::stable_sort_primitive)] // logs are nearly in order, for which a stable sort takes about one pass
    pub fn new(mut instants: Vec<i64>) -> Option<Self> {
        instants.sort();
        let first = i128::from(*instants.first()?);
        let offsets = instants.into_iter().map(|at| (i128::from(at) - first) as u64).collect();
        Some(Self { first, offsets })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Never.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// In nanoseconds after the first, in order.
    #[must_use]
    pub fn offsets(&self) -> &[u64] {
        &self.offsets
    }

    /// The whole seconds that they cover.
    #[must_use]
    pub fn span(&self) -> Nanos {
        let last = self.offsets.last().copied().unwrap_or(0);
        Nanos((last / Nanos::SECOND.0 + 1).saturating_mul(Nanos::SECOND.0))
    }
}

/// A source that replays a log.
#[derive(Clone, Debug)]
pub struct Log {
    /// The instants.
    pub arrivals: Arc<Arrivals>,
    /// Whether the first request comes at the first measured instant, or every one at its own.
    pub align: Align,
    /// Factor on the number of requests, not negative.
    pub scale: f64,
    /// Copies beyond the first are shifted by up to this, to either side.
    pub jitter: Nanos,
    /// Whether the log begins again where it ends (and before it begins); otherwise there is no traffic.
    pub repeat: bool,
}

impl Log {
    /// `arrivals` as they are: from the first measured instant, once.
    #[must_use]
    pub fn new(arrivals: Arrivals) -> Self {
        Self {
            arrivals: Arc::new(arrivals),
            align: Align::First,
            scale: 1.0,
            jitter: Nanos(60 * Nanos::SECOND.0),
            repeat: false,
        }
    }

    /// Engine time of the first request.
    pub(super) fn base(&self, frame: Frame) -> i128 {
        match self.align {
            Align::First => i128::from(frame.start),
            Align::Clock => self.arrivals.first - frame.origin,
        }
    }

    /// Expected requests in engine time `from..until`, shifts of copies left out.
    pub(super) fn expected(&self, frame: Frame, from: u64, until: u64) -> f64 {
        let base = self.base(frame);
        (self.before(i128::from(until) - base) - self.before(i128::from(from) - base)) as f64 * self.scale
    }

    /// Requests between the first and `elapsed` after it; negative before it.
    fn before(&self, elapsed: i128) -> i128 {
        let span = i128::from(self.arrivals.span().0);
        let (cycle, within) =
            if self.repeat { (elapsed.div_euclid(span), elapsed.rem_euclid(span)) } else { (0, elapsed) };
        let below = self.arrivals.offsets.partition_point(|offset| i128::from(*offset) < within);
        cycle * self.arrivals.len() as i128 + below as i128
    }

    /// Expected requests per second in the minute from engine time `at`.
    pub(super) fn rate_at(&self, frame: Frame, at: u64) -> f64 {
        const MINUTE: u64 = 60;
        self.expected(frame, at, at.saturating_add(MINUTE * Nanos::SECOND.0)) / MINUTE as f64
    }

    /// Engine time at which the log ends, unless it repeats.
    pub(super) fn end(&self, frame: Frame) -> Option<i128> {
        (!self.repeat).then(|| self.base(frame) + i128::from(self.arrivals.span().0))
    }
}
