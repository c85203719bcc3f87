//! The requests of an access log as a source of traffic: every one at its own instant.
//!
//! A log becomes its instants in order, in memory that does not grow with it; everything else about it streams. With `scale` 1 and no
//! declared uncertainty every request comes back exactly. A smaller scale keeps each request with that probability; a
//! larger one adds copies of the whole log, each turned round by a shift of its own, so that bursts keep their shape and no
//! two requests share their stamp.

mod balancer;
mod cloudfront;
pub mod combined;
pub mod entry;
pub mod instants;
mod json;
mod lines;
pub mod read;
mod scan;
mod stamp;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::counts::Align;
use super::curve::Frame;
use crate::units::Nanos;
pub use instants::{Arrivals, Gathered};

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
        let below = self.arrivals.below(u64::try_from(within.max(0)).unwrap_or(u64::MAX));
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
