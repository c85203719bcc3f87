//! One replication: the same traffic, played against every deployment.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::tz::TimeZone;
use rayon::prelude::*;

use super::fidelity::{Chosen, Engine, Outside, faults_on};
use super::{Progress, RunError, RunOptions};
use crate::application::fault::Fault;
use crate::engine::exact::Core;
use crate::engine::{Plan, Platform, tick};
use crate::metering::calendar::Calendar;
use crate::metering::measurement::Measurement;
use crate::pricing::tariff::day_zone;
use crate::scenario::Scenario;
use crate::traffic::closed::Crowd;
use crate::traffic::path::Arrived;
use crate::traffic::statistics::{Observer, Statistics};
use crate::units::Nanos;

/// Most points of a chart over time.
const MOST_BUCKETS: u64 = 400;
/// Progress is told this often in a replication.
const REPORTS: u64 = 200;

/// Requests of users of closed sources that are played at a stretch.
const ASKED: f64 = 65_536.0;

/// What one replication gave.
#[derive(Debug)]
pub(super) struct Outcome {
    pub replication: u32,
    pub traffic: Statistics,
    pub deployments: Vec<Measurement>,
}

/// What has been played of a replication so far.
#[derive(Debug, Default)]
struct Played {
    traffic: Statistics,
    /// By index.
    deployments: Vec<(usize, Measurement)>,
    /// Requests that were played one by one, for what is played by rates.
    counts: Option<Arrived>,
}

/// What is the same in every replication.
pub(super) struct Stage<'a> {
    pub scenario: &'a Scenario,
    pub horizon: Nanos,
    /// One per deployment: days follow its tariff.
    pub calendars: Vec<Calendar>,
    /// One per deployment: slice index to bucket index.
    pub buckets: Vec<Vec<u32>>,
    /// One per deployment: what goes wrong on it.
    pub faults: Vec<Vec<Fault>>,
    /// End of each bucket.
    pub bucket_ends: Vec<Nanos>,
    /// One per deployment.
    pub chosen: &'a [Chosen],
    first_rate: f64,
    options: &'a RunOptions<'a>,
    /// Simulated nanoseconds that have been played, over all replications, and the whole of them.
    played: AtomicU64,
    whole: AtomicU64,
}

impl<'a> Stage<'a> {
    pub fn new(scenario: &'a Scenario, options: &'a RunOptions<'a>, chosen: &'a [Chosen]) -> Result<Self, RunError> {
        let traffic = &scenario.traffic;
        let horizon = traffic.warmup.saturating_add(traffic.duration);
        let month = scenario.pricing.month;
        let calendars = scenario
            .deployments
            .iter()
            .map(|placed| {
                let zone = TimeZone::get(day_zone(&placed.tariffs))?;
                Calendar::new(&traffic.start, traffic.warmup, traffic.duration, month, &zone)
            })
            .collect::<Result<Vec<_>, jiff::Error>>()
            .map_err(|error| RunError::Calendar(error.to_string()))?;
        let slice = Calendar::slice_length(traffic.duration);
        let slices = traffic.duration.0.div_ceil(slice.0);
        let length = slice.0 * slices.div_ceil(MOST_BUCKETS).max(1);
        let bucket = |at: Nanos| u32::try_from((at - traffic.warmup).0 / length).unwrap_or(u32::MAX);
        let buckets =
            calendars.iter().map(|calendar| calendar.slices.iter().map(|cut| bucket(cut.start)).collect()).collect();
        let ends = (1..=traffic.duration.0.div_ceil(length))
            .map(|number| Nanos(traffic.warmup.0 + number * length).min(horizon))
            .collect();
        Ok(Self {
            scenario,
            horizon,
            calendars,
            buckets,
            faults: (0..)
                .zip(&scenario.deployments)
                .map(|(index, placed)| faults_on(scenario, index, placed))
                .collect(),
            bucket_ends: ends,
            chosen,
            first_rate: traffic.forecast().first_rate,
            options,
            played: AtomicU64::new(0),
            whole: AtomicU64::new(0),
        })
    }

    /// So many replications are to be played, as far as is known.
    pub fn expects(&self, replications: u32) {
        self.whole.store((self.horizon.0 as f64 * f64::from(replications)).to_bits(), Ordering::Relaxed);
    }

    /// Plays one replication; `None` if it was interrupted. Where engines are mixed, all serve the same requests: those that
    /// are played one by one are counted for the others.
    ///
    /// # Errors
    /// [`Outside`]: a deployment given to the tick engine is not played by it.
    pub fn play(&self, replication: u32) -> Result<Option<Outcome>, Outside> {
        let played_by = |engine| -> Vec<usize> {
            (0..self.chosen.len()).filter(|&index| self.chosen[index].engine == engine).collect()
        };
        let (one_by_one, by_rate) = (played_by(Engine::Exact), played_by(Engine::Tick));
        let (traffic, application) = (&self.scenario.traffic, &self.scenario.application);
        let mut played = Played::default();
        if !one_by_one.is_empty() {
            played.counts = (!by_rate.is_empty()).then(|| traffic.counts(application));
            if !self.play_requests(&one_by_one, replication, &mut played) {
                return Ok(None);
            }
        }
        if !by_rate.is_empty() && !self.play_rates(&by_rate, replication, &mut played)? {
            return Ok(None);
        }
        played.deployments.sort_by_key(|(index, _)| *index);
        let deployments = played.deployments.into_iter().map(|(_, measurement)| measurement).collect();
        Ok(Some(Outcome { replication, traffic: played.traffic, deployments }))
    }

    /// What a deployment is played with.
    fn plan<'b>(&'b self, index: usize, crowds: &'b [Crowd], replication: u32) -> Plan<'b> {
        let placed = &self.scenario.deployments[index];
        Plan {
            deployment: &placed.deployment,
            application: &placed.application,
            faults: &self.faults[index],
            calendar: &self.calendars[index],
            buckets: &self.buckets[index],
            warmup: self.scenario.traffic.warmup,
            horizon: self.horizon,
            crowds,
            first_rate: self.first_rate,
            seed: self.scenario.seed,
            replication,
            shortcut: self.options.shortcut,
        }
    }

    /// The rate along which requests would come, on these deployments; false if it was interrupted.
    fn play_rates(&self, indices: &[usize], replication: u32, played: &mut Played) -> Result<bool, Outside> {
        let scenario = self.scenario;
        let path = scenario.traffic.path(&scenario.application, scenario.seed, replication);
        let arrived = played.counts.take().unwrap_or_else(|| {
            let arrived = scenario.traffic.arrived(path.clone(), scenario.seed, replication);
            played.traffic = arrived.statistics();
            arrived
        });
        let count = self.chosen.len() as u64;
        let play = |&index: &usize| {
            let mut told = 0;
            let mut goes_on = |at: u64| {
                self.add_played((at - std::mem::replace(&mut told, at)) / count);
                !self.options.interrupt.load(Ordering::Relaxed)
            };
            let measured = tick::play(self.plan(index, &[], replication), path.clone(), &arrived, &mut goes_on)
                .map_err(|why| Outside { deployment: index, why })?;
            self.add_played((self.horizon.0 - told) / count);
            Ok(measured.map(|measured| (index, measured)))
        };
        let all = indices.par_iter().map(play).collect::<Vec<_>>();
        for one in all {
            match one? {
                Some(one) => played.deployments.push(one),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Plays every request of one replication on these deployments alone; `None` if it was interrupted.
    pub fn play_requests_of(&self, indices: &[usize], replication: u32) -> Option<Vec<(usize, Measurement)>> {
        let mut played = Played::default();
        self.play_requests(indices, replication, &mut played).then_some(played.deployments)
    }

    /// Every request, on these deployments; false if it was interrupted.
    fn play_requests(&self, indices: &[usize], replication: u32, played: &mut Played) -> bool {
        let scenario = self.scenario;
        let traffic = &scenario.traffic;
        let mut arrivals = traffic.play(&scenario.application, scenario.seed, replication);
        let crowds = traffic.crowds(&scenario.application, scenario.seed, replication);
        let mut observer = Observer::new(traffic.warmup, traffic.duration);
        let platform = |&index: &usize| {
            Box::new(Core::new(self.plan(index, &crowds, replication))) as Box<dyn Platform + Send + '_>
        };
        let mut platforms: Vec<_> = indices.iter().map(platform).collect();
        let mut batch = Vec::with_capacity(self.options.batch);
        // Of all deployments, so many are played here.
        let share = indices.len() as f64 / self.chosen.len() as f64;
        let (mut now, mut told) = (0, 0);
        let stretch = self.stretch();
        loop {
            arrivals.fill(&mut batch, self.options.batch);
            observer.observe(&batch);
            if let Some(counts) = &mut played.counts {
                counts.count(&batch);
            }
            // Users of closed sources ask whether others do or not: no stretch is long without a look at the interrupt.
            let until = batch.last().map_or(self.horizon.0, |last| last.at);
            let mut rest = batch.as_slice();
            while now < until || !rest.is_empty() {
                if self.options.interrupt.load(Ordering::Relaxed) {
                    return false;
                }
                now = until.min(now.saturating_add(stretch));
                let (arrived, later) = rest.split_at(rest.partition_point(|request| request.at <= now));
                platforms.par_iter_mut().for_each(|platform| platform.serve(arrived, now));
                rest = later;
                told = self.tell(told, now, share);
            }
            if batch.is_empty() {
                break;
            }
        }
        let measured: Vec<Measurement> = platforms.into_par_iter().map(Platform::finish).collect();
        self.add_played(part(self.horizon.0 - told, share));
        played.deployments.extend(indices.iter().copied().zip(measured));
        played.traffic = observer.finish();
        true
    }

    /// How long is played without a look at the interrupt: a step of the progress, or the time in which users of closed
    /// sources can ask so often.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // not negative, and saturating is right
    fn stretch(&self) -> u64 {
        let step = self.horizon.0 / REPORTS;
        let asked = self.scenario.traffic.most_asked();
        // Without users that is zero, and an empty sum of floats a negative one.
        let stretch = if asked > 0.0 { step.min((ASKED * 1e9 / asked) as u64) } else { step };
        stretch.max(1)
    }

    /// Tells how far a replication has come, now and then.
    fn tell(&self, told: u64, at: u64, share: f64) -> u64 {
        if at - told < self.horizon.0 / REPORTS {
            return told;
        }
        self.add_played(part(at - told, share));
        at
    }

    fn add_played(&self, nanoseconds: u64) {
        let played = self.played.fetch_add(nanoseconds, Ordering::Relaxed) as f64 + nanoseconds as f64;
        (self.options.progress)(Progress {
            share: (played / f64::from_bits(self.whole.load(Ordering::Relaxed))).min(1.0),
        });
    }
}

/// A share of a time.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most the whole
fn part(time: u64, share: f64) -> u64 {
    (time as f64 * share) as u64
}
