//! The rate of an open source in one replication: its curve, and the noise of its bursts on top, as straight pieces.
//!
//! What draws arrivals and what only expects them walk along the same rate: burst factors are drawn by key, one per
//! window counted from the first measured instant.

use super::curve::{Curve, Frame, Segment};
use super::open::{Burst, Open};
use crate::kernel::distribution::{Distribution, Law};
use crate::kernel::streams::{Draws, child};

/// A straight piece of the rate, in requests per nanosecond.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Straight {
    pub from: u64,
    pub to: u64,
    /// At `from`; not negative.
    pub rate: f64,
    /// Change per nanosecond.
    pub slope: f64,
}

impl Straight {
    /// The rate at an instant of the piece, by rounding never below 0.
    pub fn at(&self, at: u64) -> f64 {
        (self.rate + self.slope * (at - self.from) as f64).max(0.0)
    }
}

/// The walker.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    frame: Frame,
    curve: Curve,
    segment: Segment,
    burst: Option<(Burst, Distribution)>,
    /// Key of the burst factors.
    key: u64,
    window: Option<(i64, f64)>,
}

impl Walk {
    /// Along the rate of `open` from `from` to the end of the frame.
    pub fn new(open: &Open, frame: Frame, from: u64, key: u64, (level, growth): (f64, f64)) -> Self {
        Self {
            frame,
            curve: Curve::new(open, frame, from, frame.end, level, growth),
            segment: Segment { from, to: from, first: 0.0, last: 0.0 },
            burst: open.burst.map(|burst| (burst, Distribution::new(Law::Gamma { mean: 1.0, cv: burst.cv }))),
            key,
            window: None,
        }
    }

    /// The piece that begins at `from`, where the one before ended, and ends at `until` at the latest; `None` at the end.
    #[allow(clippy::cast_sign_loss)] // a window's number is only a name
    pub fn next(&mut self, from: u64, until: u64) -> Option<Straight> {
        while from >= self.segment.to {
            self.segment = self.curve.next()?;
        }
        let mut to = self.segment.to.min(until);
        let mut factor = 1.0;
        if let Some((burst, law)) = &self.burst {
            let (window, window_end) = cell(from, self.frame.start, burst.window.0);
            to = to.min(window_end);
            factor = match self.window {
                Some((known, factor)) if known == window => factor,
                _ => law.draw(&mut Draws::new(child(self.key, window as u64))),
            };
            self.window = Some((window, factor));
        }
        let segment = &self.segment;
        let slope = (segment.last - segment.first) / (segment.to - segment.from) as f64;
        let rate = segment.first + slope * (from - segment.from) as f64;
        Some(Straight { from, to, rate: (rate * factor).max(0.0), slope: slope * factor })
    }
}

/// The cell of `width` that holds `at`, numbered from `start` (negative before it), and where it ends.
#[allow(clippy::cast_possible_wrap)] // a number of cells; beyond 2^63 it is still a name of its own
pub(super) fn cell(at: u64, start: u64, width: u64) -> (i64, u64) {
    if at >= start {
        let index = (at - start) / width;
        (index as i64, (start + index * width).saturating_add(width))
    } else {
        let back = (start - at).div_ceil(width);
        (-(back as i64), start - (back - 1) * width)
    }
}
