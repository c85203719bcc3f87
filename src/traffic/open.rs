//! An open source: a rate that does not wait for answers, as what a scenario states about it.
//!
//! Owns the parameters; `curve` turns them into straight pieces, `arrivals` into instants. Promises that calendar,
//! events, growth and burst come on top of the level: they never change another hour.

use jiff::tz::TimeZone;

use super::event::Event;
use super::profile::Profile;
use crate::units::Nanos;

/// A source with a rate of its own.
#[derive(Clone, Debug)]
pub struct Open {
    /// How much.
    pub level: Level,
    /// How arrivals are spaced.
    pub arrivals: Arrivals,
    /// The shape of a plain week. Not used with [`Level::Stages`].
    pub profile: Profile,
    /// Who reads the profile, and by which clock. At least one; weights are relative.
    pub audience: Vec<Audience>,
    /// Ranges of local dates; overlapping ones multiply.
    pub calendar: Vec<CalendarRange>,
    /// One-off events; overlapping ones multiply.
    pub events: Vec<Event>,
    /// Growth per year of 365 days, compound, from the first measured instant: `0.2` is 20 % per year. Above -1.
    pub growth: f64,
    /// Noise of the rate.
    pub burst: Option<Burst>,
}

/// The level of an open source, in requests per second.
#[derive(Clone, Debug, PartialEq)]
pub enum Level {
    /// Mean over one plain week of the profile.
    Mean(f64),
    /// The largest hour of a plain week, all audiences together, by the clocks at the first measured instant.
    Peak(f64),
    /// Straight lines, from the first measured instant on; the warm-up has the first rate, and the last target holds.
    Stages {
        /// Rate at the beginning.
        from: f64,
        /// In order.
        stages: Vec<Stage>,
    },
}

/// One stage of a load test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// How long it takes; zero jumps.
    pub span: Nanos,
    /// Requests per second at its end.
    pub target: f64,
}

/// The spacing of arrivals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// Independent of each other.
    Poisson,
    /// Equally spaced in operational time (the expected number of arrivals so far), from a random phase.
    Even,
    /// A renewal process in operational time with gamma spacings.
    Gamma {
        /// Standard deviation over mean of a spacing, above 0; 1 is Poisson.
        cv: f64,
    },
}

/// A part of the users with a clock of its own.
#[derive(Clone, Debug)]
pub struct Audience {
    /// Its clock.
    pub timezone: TimeZone,
    /// Its share, relative to the others; not negative, and not all zero.
    pub weight: f64,
}

/// A range of days with another level, by each audience's own dates.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarRange {
    /// Name for reports.
    pub name: String,
    /// First day.
    pub from: jiff::civil::Date,
    /// Last day, included.
    pub to: jiff::civil::Date,
    /// The rate is multiplied by this; not negative.
    pub factor: f64,
}

/// A gamma factor of mean 1 on the rate, one per window counted from the first measured instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// Standard deviation of the factor, above 0. The counts per window then have variance over mean
    /// `1 + rate * window * cv^2`.
    pub cv: f64,
    /// Length of a window, above 0.
    pub window: Nanos,
}

impl Open {
    /// A Poisson source of constant `rate` per second.
    #[must_use]
    pub fn constant(rate: f64) -> Self {
        Self {
            level: Level::Mean(rate),
            arrivals: Arrivals::Poisson,
            profile: Profile::flat(),
            audience: vec![Audience { timezone: TimeZone::UTC, weight: 1.0 }],
            calendar: Vec::new(),
            events: Vec::new(),
            growth: 0.0,
            burst: None,
        }
    }
}
