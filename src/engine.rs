//! The only place where time passes.
//!
//! Imports every room above it. [`Platform`] is the wall: traffic comes through it in batches, and the measurements of
//! one deployment come out. The exact engine plays every request; the tick engine their rate, on the same control planes.

pub mod exact;
pub mod first;
pub mod memory;
pub mod tick;

use crate::application::fault::Fault;
use crate::application::{Application, Request};
use crate::metering::calendar::Calendar;
use crate::metering::measurement::Measurement;
use crate::platform::Deployment;
use crate::traffic::closed::Crowd;
use crate::units::Nanos;

/// A deployment that is being played.
pub trait Platform {
    /// Takes requests in time order, not before any it has seen, and plays everything up to and including `until`.
    fn serve(&mut self, arrivals: &[Request], until: u64);

    /// Ends the run at the horizon and tells what was measured.
    ///
    /// # Panics
    /// When a conservation law is broken: a defect of the engine.
    fn finish(self: Box<Self>) -> Measurement;
}

/// What one deployment is played with in one replication.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The deployment.
    pub deployment: &'a Deployment,
    /// What requests ask for.
    pub application: &'a Application,
    /// What goes wrong on it.
    pub faults: &'a [Fault],
    /// How the measured time is cut.
    pub calendar: &'a Calendar,
    /// Slice index to bucket index of the charts, one per slice.
    pub buckets: &'a [u32],
    /// Length of the warm-up: the first measured instant.
    pub warmup: Nanos,
    /// The horizon: the instant at which everything is cut.
    pub horizon: Nanos,
    /// Its own users, those of every closed source.
    pub crowds: &'a [Crowd],
    /// Expected requests per second at the first instant, for a stationary start.
    pub first_rate: f64,
    /// Seed of the scenario.
    pub seed: u64,
    /// Number of the replication.
    pub replication: u32,
    /// Whether requests whose whole life is known may take the shortcut. The result is the same, to the bit.
    pub shortcut: bool,
}
