//! Replications of a scenario, the comparison of its deployments, and sweeps over one key.
//!
//! Imports every room above it. Promises the same result at any thread count: replications run in parallel and are
//! folded in their own order. An interrupted run yields its finished replications.

mod audit;
mod billed;
mod compare;
mod control;
mod coordination;
mod estimates;
mod fidelity;
mod fold;
mod hours;
pub mod judge;
mod lead_time;
mod play;
mod precision;
mod recovery;
pub mod reprice;
pub mod result;
mod settling;
mod stores;
pub mod sweep;
mod toll;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::engine::first::first_instances;
use crate::platform::placement::Placement;
use crate::pricing::settle::Unpriced;
use crate::scenario::Scenario;
use crate::units::{grouped, rounded};
use fidelity::{Chosen, MOST_REQUEST_DEPLOYMENTS, Outside};
use fold::Folded;
use play::Stage;
use precision::Stopping;
use result::{FidelityResult, RunResult};

/// Nanoseconds of one core per request and deployment, for the estimate in that refusal: the order that `benches/`
/// measures.
const NANOSECONDS_PER_REQUEST: f64 = 100.0;
/// Instances and nodes at the first instant beyond which a deployment is refused: each takes some 400 bytes in each
/// replication that is played at the time.
const MOST_FIRST_INSTANCES: u64 = 1_000_000;
/// Requests cross the walls in batches of this many: 128 KiB, which the deployments of a replication, served in
/// parallel, still find in the second-level cache, and enough work for each to outweigh handing it out.
const BATCH: usize = 4096;

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Share of the simulated time that has been played, 0..=1.
    pub share: f64,
}

/// How to run.
#[derive(Clone, Copy)]
pub struct RunOptions<'a> {
    /// Threads; `None`: one per core.
    pub threads: Option<usize>,
    /// Becomes true when the user wants to stop.
    pub interrupt: &'a AtomicBool,
    /// Told how far the run has come, from any thread.
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// Requests per batch, for tests: the result does not depend on it.
    pub batch: usize,
    /// Whether requests whose life is known take the shortcut, for tests: the result does not depend on it.
    pub shortcut: bool,
}

impl RunOptions<'static> {
    /// All cores, no interruption, nobody watching.
    #[must_use]
    pub fn quiet() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self { threads: None, interrupt: &NEVER, progress: &|_| {}, batch: BATCH, shortcut: true }
    }
}

impl fmt::Debug for RunOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions").field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq)]
pub enum RunError {
    /// The run would take too long; nothing was played.
    TooLarge {
        /// Expected requests of all replications.
        requests: f64,
        /// Requests times deployments that would be played one by one.
        request_deployments: f64,
        /// Why they would be.
        reason: String,
    },
    /// A deployment begins with more instances than memory is meant for; nothing was played.
    TooManyInstances {
        /// Name of the deployment.
        deployment: String,
        /// Instances and nodes at the first instant.
        instances: u64,
    },
    /// The tick engine was asked for, and does not play this; nothing was played.
    NotByTick(String),
    /// A sweep was asked for with a precision; nothing was played.
    PrecisionOfSweep,
    /// The run was interrupted before the first replication was finished.
    Interrupted,
    /// A deployment uses something that has no price.
    Unpriced {
        /// Name of the deployment.
        deployment: String,
        /// What has no price.
        why: Unpriced,
    },
    /// The horizon lies beyond the years that calendars cover.
    Calendar(String),
    /// A temporary file of a log could not be read back.
    Log(String),
    /// The threads could not be started.
    Threads(String),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { requests, request_deployments, reason } => {
                let hours = request_deployments * NANOSECONDS_PER_REQUEST / 1e9 / 3600.0;
                write!(
                    f,
                    "about {} requests ({} with every deployment) would take some {} core hours to play one by one \
                     ({reason}); the bound is {}. Shorten `traffic.duration`, lower the rate, or run fewer replications",
                    rounded(*requests),
                    rounded(*request_deployments),
                    rounded(hours),
                    rounded(MOST_REQUEST_DEPLOYMENTS),
                )
            }
            Self::TooManyInstances { deployment, instances } => write!(
                f,
                "deployment `{deployment}` begins with {} instances and nodes; the bound is {}",
                grouped(&instances.to_string()),
                grouped(&MOST_FIRST_INSTANCES.to_string()),
            ),
            Self::PrecisionOfSweep => f.write_str(
                "a sweep plays the same replications at every point: set `scenario.replications`, not `scenario.precision`",
            ),
            Self::NotByTick(why) => write!(f, "the tick engine does not play this: {why}"),
            Self::Interrupted => f.write_str("interrupted before the first replication was finished"),
            Self::Unpriced { deployment, why } => write!(f, "deployment `{deployment}`: {why}"),
            Self::Calendar(why) => write!(f, "the horizon lies beyond the calendar: {why}"),
            Self::Log(why) => f.write_str(why),
            Self::Threads(why) => write!(f, "threads could not be started: {why}"),
        }
    }
}

impl std::error::Error for RunError {}

/// Plays every replication of `scenario` and compares its deployments.
///
/// # Errors
/// [`RunError`]; an interruption after the first finished replication is no error: the result then is `partial`.
pub fn run(scenario: &Scenario, options: &RunOptions<'_>) -> Result<RunResult, RunError> {
    let play = || {
        let folded = fold_replications(scenario, options)?;
        let audits = audit::audits(scenario, options, &folded.chosen)?;
        let tolls = toll::tolls(scenario, options, &folded)?;
        Ok((folded, audits, tolls))
    };
    let (folded, audits, tolls) = with_threads(options.threads, play)??;
    let mut result = compare::result(scenario, &folded, &tolls)?;
    for (deployment, audit) in result.deployments.iter_mut().zip(audits) {
        deployment.audit = audit;
    }
    Ok(result)
}

/// Refuses what cannot be played within reason, or not by the engine that is asked for. Tells the engine of each
/// deployment.
///
/// # Errors
/// [`RunError::NotByTick`], [`RunError::TooLarge`], [`RunError::TooManyInstances`].
pub fn refuse_too_large(scenario: &Scenario) -> Result<Vec<FidelityResult>, RunError> {
    choose(scenario).map(|chosen| chosen.iter().map(Chosen::result).collect())
}

fn choose(scenario: &Scenario) -> Result<Vec<Chosen>, RunError> {
    let chosen = fidelity::choose(scenario)?;
    let first_rate = scenario.traffic.forecast().first_rate;
    for placed in &scenario.deployments {
        let deployment = &placed.deployment;
        let first = first_instances(deployment, &scenario.application, first_rate);
        let nodes = match &deployment.placement {
            Placement::Nodes(nodes) => nodes.groups.iter().map(|group| u64::from(group.min)).sum(),
            Placement::Provider => 0,
        };
        let instances = first.iter().map(|&(busy, idle)| u64::from(busy) + u64::from(idle)).sum::<u64>() + nodes;
        if instances > MOST_FIRST_INSTANCES {
            return Err(RunError::TooManyInstances { deployment: deployment.name.clone(), instances });
        }
    }
    Ok(chosen)
}

/// Runs `work` on a pool of its own where a number of threads is asked for.
fn with_threads<T: Send>(threads: Option<usize>, work: impl FnOnce() -> T + Send) -> Result<T, RunError> {
    match threads {
        None => Ok(work()),
        Some(count) => rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .build()
            .map(|pool| pool.install(work))
            .map_err(|error| RunError::Threads(error.to_string())),
    }
}

/// Plays all replications. What `auto` has given to the tick engine and turns out not to be played by it is played one by
/// one, in all of them.
fn fold_replications(scenario: &Scenario, options: &RunOptions<'_>) -> Result<Folded, RunError> {
    let mut chosen = choose(scenario)?;
    loop {
        match fold_by(scenario, options, &chosen)? {
            Ok(folded) => return Ok(folded),
            Err(outside) => fidelity::play_one_by_one(scenario, &mut chosen, &outside)?,
        }
    }
}

/// Plays replications in parallel and folds them in order, a few at a time so that memory stays bounded.
fn fold_by(
    scenario: &Scenario,
    options: &RunOptions<'_>,
    chosen: &[Chosen],
) -> Result<Result<Folded, Outside>, RunError> {
    let stage = Stage::new(scenario, options, chosen)?;
    let mut folded = Folded::new(&stage);
    let at_once = u32::try_from(rayon::current_num_threads()).unwrap_or(1).max(1);
    let mut stopping = Stopping::of(scenario);
    let mut first = 0_u32;
    let interrupted = || options.interrupt.load(Ordering::Relaxed);
    while !interrupted() && (first < stopping.next() || stopping.goes_on(scenario, &folded)) {
        stage.expects(stopping.next());
        let last = first.saturating_add(at_once).min(stopping.next());
        let played: Vec<_> = (first..last).into_par_iter().map(|replication| stage.play(replication)).collect();
        if let Some(why) = scenario.traffic.fault() {
            return Err(RunError::Log(why));
        }
        for outcome in played {
            match outcome {
                Ok(Some(outcome)) => folded.add(&stage, outcome)?,
                Ok(None) => break,
                Err(outside) => return Ok(Err(outside)),
            }
        }
        first = last;
    }
    folded.partial = folded.replications() < stopping.next() as usize;
    folded.precision = stopping.result();
    if folded.replications() == 0 { Err(RunError::Interrupted) } else { Ok(Ok(folded)) }
}
