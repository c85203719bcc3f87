//! A part of a run by itself: the very requests that come in it, and the rate behind them.
//!
//! Windows begin on whole minutes from the first measured instant, where Poisson sources draw anew, so that a window has
//! the requests of the whole run, but for the rounding of instants, without playing what comes before. Within a window
//! instants count from its beginning.

use super::Traffic;
use super::curve::Frame;
use super::path::{Arrived, Path};
use super::play::Play;
use crate::application::{Application, Request};
use crate::units::Nanos;

/// A part of one replication, in engine time of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where it begins: 0, or whole minutes from the first measured instant.
    pub from: Nanos,
    /// What comes before this is not measured.
    pub measured: Nanos,
    /// Its end.
    pub until: Nanos,
    /// The replication.
    pub replication: u32,
}

/// The requests of a window, one batch after the other.
#[derive(Debug)]
pub struct Requests {
    play: Play,
    shift: u64,
}

impl Requests {
    /// As [`Play::fill`].
    pub fn fill(&mut self, batch: &mut Vec<Request>, limit: usize) {
        self.play.fill(batch, limit);
        for request in batch {
            request.at -= self.shift;
        }
    }
}

impl Window {
    /// Length of the part that is not measured.
    #[must_use]
    pub fn warmup(&self) -> Nanos {
        self.measured - self.from
    }

    /// Length of the whole.
    #[must_use]
    pub fn length(&self) -> Nanos {
        self.until - self.from
    }

    /// The requests that come in it.
    #[must_use]
    pub fn requests(&self, traffic: &Traffic, application: &Application, seed: u64) -> Requests {
        let play = Play::new(traffic, Some(application), (seed, self.replication), self.part_of(traffic));
        Requests { play, shift: self.from.0 }
    }

    /// The rate along which they are drawn.
    ///
    /// # Panics
    /// If the traffic [needs playing](Traffic::needs_playing).
    #[must_use]
    pub fn path(&self, traffic: &Traffic, application: &Application, seed: u64) -> Path {
        let path = traffic.path_in(self.part_of(traffic), application, seed, self.replication);
        path.shifted(self.from.0)
    }

    /// Counts of its measured requests, of which none has come.
    #[must_use]
    pub fn counts(&self, application: &Application) -> Arrived {
        Arrived::none(self.warmup().0, self.length().0, application)
    }

    fn part_of(&self, traffic: &Traffic) -> (Frame, u64) {
        (Frame { end: self.until.0, ..traffic.frame() }, self.from.0)
    }
}
