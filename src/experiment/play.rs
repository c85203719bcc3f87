//! One replication: the same traffic, played against every deployment.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::tz::TimeZone;
use rayon::prelude::*;

use super::fidelity::{Chosen, Engine, faults_on};
use super::{Progress, RunError, RunOptions};
use crate::application::fault::Fault;
use crate::engine::exact::Core;
use crate::engine::{Plan, Platform, tick};
use crate::metering::calendar::Calendar;
use crate::metering::measurement::Measurement;
use crate::pricing::tariff::day_zone;
use crate::scenario::Scenario;
use crate::traffic::closed::Crowd;
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
    pub chosen: Chosen,
    first_rate: f64,
    options: &'a RunOptions<'a>,
    /// Simulated nanoseconds that have been played, over all replications, and the whole of them.
    played: AtomicU64,
    whole: AtomicU64,
}

impl<'a> Stage<'a> {
    pub fn new(scenario: &'a Scenario, options: &'a RunOptions<'a>, chosen: Chosen) -> Result<Self, RunError> {
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

    /// Plays one replication; `None` if it was interrupted.
    ///
    /// # Errors
    /// [`RunError::NotByTick`].
    pub fn play(&self, replication: u32) -> Result<Option<Outcome>, RunError> {
        match self.chosen.engine {
            Engine::Exact => Ok(self.play_requests(replication)),
            Engine::Tick => self.play_rates(replication),
        }
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

    /// The rate along which requests would come, on every deployment.
    fn play_rates(&self, replication: u32) -> Result<Option<Outcome>, RunError> {
        let scenario = self.scenario;
        let path = scenario.traffic.path(&scenario.application, scenario.seed, replication);
        let arrived = scenario.traffic.arrived(path.clone(), scenario.seed, replication);
        let count = scenario.deployments.len();
        let share = count.max(1) as u64;
        let play = |index: usize| {
            let mut told = 0;
            let mut goes_on = |at: u64| {
                self.add_played((at - std::mem::replace(&mut told, at)) / share);
                !self.options.interrupt.load(Ordering::Relaxed)
            };
            let plan = self.plan(index, &[], replication);
            let measured = tick::play(plan, path.clone(), &arrived, &mut goes_on)
                .map_err(|why| RunError::NotByTick(format!("deployment `{}`: {why}", plan.deployment.name)))?;
            self.add_played((self.horizon.0 - told) / share);
            Ok(measured)
        };
        let played = (0..count).into_par_iter().map(play).collect::<Result<Vec<_>, RunError>>()?;
        let deployments: Option<Vec<Measurement>> = played.into_iter().collect();
        Ok(deployments.map(|deployments| Outcome { replication, traffic: arrived.statistics(), deployments }))
    }

    fn play_requests(&self, replication: u32) -> Option<Outcome> {
        let scenario = self.scenario;
        let traffic = &scenario.traffic;
        let mut arrivals = traffic.play(&scenario.application, scenario.seed, replication);
        let crowds = traffic.crowds(&scenario.application, scenario.seed, replication);
        let mut observer = Observer::new(traffic.warmup, traffic.duration);
        let platform =
            |index| Box::new(Core::new(self.plan(index, &crowds, replication))) as Box<dyn Platform + Send + '_>;
        let mut platforms: Vec<_> = (0..scenario.deployments.len()).map(platform).collect();
        let mut batch = Vec::with_capacity(self.options.batch);
        let (mut now, mut told) = (0, 0);
        let stretch = self.stretch();
        loop {
            arrivals.fill(&mut batch, self.options.batch);
            observer.observe(&batch);
            // Users of closed sources ask whether others do or not: no stretch is long without a look at the interrupt.
            let until = batch.last().map_or(self.horizon.0, |last| last.at);
            let mut rest = batch.as_slice();
            while now < until || !rest.is_empty() {
                if self.options.interrupt.load(Ordering::Relaxed) {
                    return None;
                }
                now = until.min(now.saturating_add(stretch));
                let (arrived, later) = rest.split_at(rest.partition_point(|request| request.at <= now));
                platforms.par_iter_mut().for_each(|platform| platform.serve(arrived, now));
                rest = later;
                told = self.tell(told, now);
            }
            if batch.is_empty() {
                break;
            }
        }
        let deployments = platforms.into_par_iter().map(Platform::finish).collect();
        self.tell_rest(told);
        Some(Outcome { replication, traffic: observer.finish(), deployments })
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
    fn tell(&self, told: u64, at: u64) -> u64 {
        if at - told < self.horizon.0 / REPORTS {
            return told;
        }
        self.add_played(at - told);
        at
    }

    fn tell_rest(&self, told: u64) {
        self.add_played(self.horizon.0 - told);
    }

    fn add_played(&self, nanoseconds: u64) {
        let played = self.played.fetch_add(nanoseconds, Ordering::Relaxed) as f64 + nanoseconds as f64;
        (self.options.progress)(Progress {
            share: (played / f64::from_bits(self.whole.load(Ordering::Relaxed))).min(1.0),
        });
    }
}
