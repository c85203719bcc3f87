//! Who comes, and when: sources, profiles, arrival processes, and imported counts.
//!
//! Imports `units`, `document`, `kernel` and `application`. Promises one ordered stream of requests per replication,
//! whose randomness is keyed by seed, source and bin, in memory that does not grow with the number of requests.
//!
//! [`Traffic::play`] gives the stream, [`Traffic::forecast`] what to expect of it without playing. Engine time 0 is the
//! start of the warm-up; bins, burst windows and growth are counted from the first measured instant, so that another
//! warm-up leaves the measured requests alone.

mod arrivals;
mod clock;
pub mod closed;
pub mod counts;
mod curve;
mod demand;
pub mod event;
pub mod fit;
mod instant;
pub mod log;
pub mod measure;
pub mod open;
pub mod path;
mod placement;
mod play;
pub mod problem;
pub mod process;
pub mod profile;
mod replay;
pub mod schedule;
pub mod statistics;
#[cfg(test)]
mod tests;
mod unpack;
mod walk;
pub mod window;

use crate::application::{Application, Request};
use crate::kernel::distribution::{Distribution, Law};
use crate::kernel::streams::{Draws, stream_key};
use crate::units::Nanos;
use closed::Closed;
use counts::Counts;
use curve::{Curve, Frame};
use log::Log;
use measure::{Gauge, Measures};
use open::Open;
pub use play::Play;
use process::{Hawkes, Switching};
use schedule::Schedule;

/// A rate that changes by no more than this share of itself does not change.
const STEADY: f64 = 1e-9;

/// Everything that arrives.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// The sources; they add up.
    pub sources: Vec<Source>,
    /// First measured instant.
    pub start: jiff::Zoned,
    /// Played before `start`, counted nowhere.
    pub warmup: Nanos,
    /// Length of the measured window.
    pub duration: Nanos,
    /// How sure the level is.
    pub uncertainty: Uncertainty,
}

/// One source of requests.
#[derive(Clone, Debug)]
pub struct Source {
    /// Name, unique in the traffic; part of what its random streams are called.
    pub name: String,
    /// Relative weight per class index. Empty or all zero: the classes' own weights.
    pub mix: Vec<f64>,
    /// Its arrivals.
    pub flow: Flow,
}

/// Where the arrivals of a source come from.
#[derive(Clone, Debug)]
pub enum Flow {
    /// A rate of its own.
    Open(Box<Open>),
    /// Counts of a file.
    Counts(Counts),
    /// Requests of an access log.
    Log(Log),
    /// A rate that switches between two states.
    Switching(Box<Switching>),
    /// Requests that bring further requests.
    Hawkes(Hawkes),
    /// Requests by the clock.
    Schedule(Schedule),
    /// Users who wait for what they get.
    Closed(Closed),
}

/// One log-normal draw of mean 1 per replication, common to all sources.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Uncertainty {
    /// Standard deviation of the factor on every rate and count; 0 for none.
    pub level_cv: f64,
    /// Standard deviation of the factor on `1 + growth` of every open source; 0 for none.
    pub growth_cv: f64,
}

/// What to expect of a traffic, from its rates alone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Forecast {
    /// Expected requests of one replication in the measured window.
    pub requests: f64,
    /// Expected requests per second at engine time 0.
    pub first_rate: f64,
    /// Expected requests per second over the measured window.
    pub mean_rate: f64,
}

impl Traffic {
    /// The requests of one replication over `[0, warmup + duration)`, classes and work drawn from `application`.
    #[must_use]
    pub fn play(&self, application: &Application, seed: u64, replication: u32) -> Play {
        Play::new(self, Some(application), (seed, replication), (self.frame(), 0))
    }

    /// The instants of the same requests, which ask for nothing.
    #[must_use]
    pub fn instants(&self, seed: u64, replication: u32) -> Play {
        Play::new(self, None, (seed, replication), (self.frame(), 0))
    }

    /// Measures one replication, on a series that resolves `period`, by the wall clock of the traffic's zone.
    #[must_use]
    pub fn measures(&self, seed: u64, replication: u32, period: Nanos) -> Measures {
        self.measured(seed, replication, period, |_| ())
    }

    /// The same, while `sink` sees every batch of requests, which ask for nothing.
    #[must_use]
    pub fn measured(&self, seed: u64, replication: u32, period: Nanos, mut sink: impl FnMut(&[Request])) -> Measures {
        let first = self.start.timestamp().as_nanosecond();
        let mut gauge = Gauge::new(first, self.duration, period, self.start.time_zone());
        let (mut play, mut batch) = (self.instants(seed, replication), Vec::new());
        loop {
            play.fill(&mut batch, 1024);
            if batch.is_empty() {
                return gauge.finish();
            }
            sink(&batch);
            for request in batch.iter().filter(|request| request.at >= self.warmup.0) {
                gauge.arrive(request.at - self.warmup.0);
            }
        }
    }

    /// What to expect. Exact for counts, logs and step profiles, else within 1e-5; of users as if they were answered at
    /// once; `growth_cv` is left out. The cost is per
    /// hour of a profile (a hundred years take well under a second), never per request.
    #[must_use]
    pub fn forecast(&self) -> Forecast {
        let frame = self.frame();
        let (mut requests, mut first_rate) = (0.0, 0.0);
        for source in &self.sources {
            match &source.flow {
                Flow::Open(open) => {
                    let curve = |from, until| Curve::new(open, frame, from, until, 1.0, 1.0);
                    requests += curve(frame.start, frame.end).map(|segment| segment.area()).sum::<f64>();
                    first_rate += curve(0, 1).next().map_or(0.0, |segment| segment.first * 1e9);
                }
                Flow::Counts(counts) => {
                    requests += counts.expected(frame, frame.start, frame.end);
                    first_rate += counts.rate_at(frame, 0);
                }
                Flow::Log(log) => {
                    requests += log.expected(frame, frame.start, frame.end);
                    first_rate += log.rate_at(frame, 0);
                }
                Flow::Switching(source) => {
                    requests += source.mean_rate() * self.duration.seconds();
                    first_rate += source.mean_rate();
                }
                Flow::Hawkes(source) => {
                    requests += source.rate * self.duration.seconds();
                    first_rate += source.rate;
                }
                Flow::Schedule(schedule) => {
                    requests += schedule.expected(frame, frame.start, frame.end);
                    first_rate += schedule.rate_at(frame, 0);
                }
                Flow::Closed(closed) => {
                    requests += closed.most_requests(self.duration);
                    first_rate += closed.first_rate();
                }
            }
        }
        let seconds = self.duration.seconds();
        Forecast { requests, first_rate, mean_rate: if seconds > 0.0 { requests / seconds } else { 0.0 } }
    }

    /// Requests of one replication that are to be expected in the measured window, where that is known exactly: not of users
    /// who wait, of sources that excite themselves or switch, or of a growth that is uncertain.
    #[must_use]
    pub fn expected_requests(&self) -> Option<f64> {
        let known = |source: &Source| matches!(source.flow, Flow::Open(_) | Flow::Counts(_) | Flow::Schedule(_));
        let known = self.uncertainty.growth_cv == 0.0 && self.sources.iter().all(known);
        known.then(|| self.forecast().requests)
    }

    /// Whether requests are expected at the same rate at every instant: those of open sources with nothing but bursts.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        let frame = self.frame();
        let steady = |source: &Source| match &source.flow {
            Flow::Open(open) => {
                let rates = || Curve::new(open, frame, 0, frame.end, 1.0, 1.0).flat_map(|one| [one.first, one.last]);
                let (low, high) =
                    rates().fold((f64::INFINITY, 0.0_f64), |(low, high), rate| (low.min(rate), high.max(rate)));
                high - low <= STEADY * high
            }
            _ => false,
        };
        self.uncertainty.growth_cv == 0.0 && self.sources.iter().all(steady)
    }

    /// What a user should know about this traffic before it is played.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let frame = self.frame();
        let ends = self.sources.iter().filter_map(|source| match &source.flow {
            Flow::Counts(counts) => Some((&source.name, counts.end(frame)?)),
            Flow::Log(log) => Some((&source.name, log.end(frame)?)),
            _ => None,
        });
        let early = ends.filter_map(|(source, end)| {
            let missing = u64::try_from(i128::from(frame.end) - end).ok().filter(|missing| *missing > 0)?;
            let missing = Nanos(missing);
            Some(format!(
                "source '{source}': its file ends {missing} before the horizon and brings no traffic after that"
            ))
        });
        let silent = self.sources.iter().filter_map(|source| match &source.flow {
            Flow::Schedule(schedule) if schedule.expected(frame, 0, frame.end) == 0.0 => {
                Some(format!("source '{}': its schedule never fires in this run", source.name))
            }
            _ => None,
        });
        early.chain(silent).collect()
    }

    /// Why requests of a log were missing in what was played, if its instants could not be read back.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let fault = |source: &Source| match &source.flow {
            Flow::Log(log) => log.arrivals.fault().map(|why| format!("source '{}': {why}", source.name)),
            _ => None,
        };
        self.sources.iter().find_map(fault)
    }

    fn frame(&self) -> Frame {
        let origin = self.start.timestamp().as_nanosecond() - i128::from(self.warmup.0);
        Frame { origin, start: self.warmup.0, end: self.warmup.saturating_add(self.duration).0 }
    }

    /// The factors on level and yearly growth in one replication.
    fn factors(&self, seed: u64, replication: u32) -> (f64, f64) {
        let factor = |purpose: &str, cv: f64| {
            if cv == 0.0 {
                return 1.0;
            }
            let variance = libm::log1p(cv * cv);
            let law = Law::LogNormal { mu: -variance / 2.0, sigma: libm::sqrt(variance) };
            Distribution::new(law).draw(&mut Draws::new(stream_key(seed, purpose, "traffic", replication)))
        };
        (factor("level", self.uncertainty.level_cv), factor("growth", self.uncertainty.growth_cv))
    }
}
