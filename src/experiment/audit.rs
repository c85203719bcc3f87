//! Plays windows of a run by both engines, and tells how far the rates are off.
//!
//! A window is played request by request and by rates, on the same requests, along the same rate, from the same start: the
//! fleet that the first rate needs. It is measured when that is forgotten. Windows are spread over the run, one in each of
//! as many equal parts, at a place that is drawn.
//!
//! The noise of a deviation is its standard error by the jackknife: how much it changes as one window after the other is
//! left out. It covers the luck of both engines and, of percentiles, what windows differ by.

use std::sync::atomic::Ordering;

use jiff::Span;
use rand::RngExt;
use rayon::prelude::*;

use super::billed::Billed;
use super::fidelity::{Chosen, Engine};
use super::result::{Audit, AuditFigure};
use super::{RunError, RunOptions};
use crate::engine::exact::Core;
use crate::engine::memory::memory;
use crate::engine::{Plan, Platform, tick};
use crate::kernel::histogram::Histogram;
use crate::kernel::streams::{child, stream};
use crate::kernel::whole::floor;
use crate::metering::calendar::Calendar;
use crate::metering::measurement::Measurement;
use crate::platform::Deployment;
use crate::platform::fleet::Initial;
use crate::pricing::tariff::day_zone;
use crate::scenario::{Placed, Scenario};
use crate::traffic::window::Window;
use crate::units::{Nanos, rounded};

/// All audits of a run play this share of the requests times deployments that rates spare, or they would take as long as an
/// exact run,
const SHARE: f64 = 0.1;
/// but at least what a tenth of a second plays, and at most what some four seconds do.
const BUDGET: (f64, f64) = (1e6, 2.2e7);
/// Windows at the most.
const MOST: f64 = 8.0;
/// So many are shortened before there are fewer.
const WANTED: f64 = 4.0;
/// One would not tell by how much windows differ.
const LEAST: f64 = 2.0;
/// Windows begin and end on whole minutes.
const MINUTE: u64 = 60_000_000_000;
/// Width of the buckets of latencies, as a share: half of it for each engine.
const BUCKET: f64 = 0.004;
/// A window that has drawn a crowd ends early, when it has cost so many times what is due to it.
const OVERDRAWN: f64 = 2.0;

/// The audit of every deployment that was played by rates.
///
/// # Errors
/// As a run has them; never [`RunError::Interrupted`].
pub(super) fn audits(
    scenario: &Scenario,
    options: &RunOptions<'_>,
    chosen: &[Chosen],
) -> Result<Vec<Option<Audit>>, RunError> {
    let deployments = scenario.deployments.iter().zip(chosen).enumerate();
    let by_rate: Vec<usize> =
        deployments.filter(|(_, (_, one))| one.engine == Engine::Tick).map(|(index, _)| index).collect();
    let least: Vec<f64> = by_rate.iter().map(|&index| Memory::of(scenario, index).least()).collect();
    let spared = scenario.traffic.forecast().requests * f64::from(scenario.replications) * by_rate.len() as f64;
    let budgets = shared((SHARE * spared).clamp(BUDGET.0, BUDGET.1), &least);
    let audited = by_rate.par_iter().zip(budgets).map(|(&index, budget)| {
        Auditor { scenario, options, index, memory: Memory::of(scenario, index), budget }.audit()
    });
    let audited: Vec<Audit> = audited.collect::<Result<_, _>>()?;
    let mut audits = vec![None; chosen.len()];
    by_rate.into_iter().zip(audited).for_each(|(index, audit)| audits[index] = Some(audit));
    Ok(audits)
}

/// What each may play: the least that it needs, as long as there is enough, and as much more as the others. Those whom there
/// is not enough for are the dearest, and have what is left.
fn shared(budget: f64, least: &[f64]) -> Vec<f64> {
    let mut cheapest: Vec<usize> = (0..least.len()).collect();
    cheapest.sort_by(|&a, &b| least[a].total_cmp(&least[b]));
    let (mut left, mut paid) = (budget, 0);
    while let Some(&next) = cheapest.get(paid).filter(|&&next| least[next] <= left) {
        left -= least[next];
        paid += 1;
    }
    let more = left / paid.max(1) as f64;
    let mut shares = vec![left; least.len()];
    cheapest[..paid].iter().for_each(|&index| shares[index] = least[index] + more);
    shares
}

/// For how long a window is not measured, and what that costs.
#[derive(Clone, Copy)]
struct Memory {
    minutes: f64,
    requests_per_minute: f64,
}

impl Memory {
    fn of(scenario: &Scenario, index: usize) -> Self {
        let placed = &scenario.deployments[index];
        Self {
            minutes: memory(&placed.deployment, &placed.application).0.div_ceil(MINUTE) as f64,
            requests_per_minute: scenario.traffic.forecast().mean_rate * 60.0,
        }
    }

    /// Requests of a window that is measured for so many minutes.
    fn window(self, measured: f64) -> f64 {
        (self.minutes + measured) * self.requests_per_minute
    }

    /// Requests of as few and as short windows as there can be.
    fn least(self) -> f64 {
        LEAST * self.window(1.0)
    }
}

/// Who audits a deployment.
struct Auditor<'a> {
    scenario: &'a Scenario,
    options: &'a RunOptions<'a>,
    index: usize,
    memory: Memory,
    /// Requests to play.
    budget: f64,
}

/// What one engine found in some windows.
#[derive(Clone, Debug, Default)]
struct Found {
    /// Instances and monthly bill, times seconds.
    instances: f64,
    cost: Option<f64>,
    latency: Histogram,
    cold: u64,
}

/// Both engines, exact first.
type Both = [Found; 2];

impl Found {
    fn add(&mut self, other: &Self) {
        self.instances += other.instances;
        self.cost = self.cost.map_or(other.cost, |cost| other.cost.map(|other| cost + other));
        self.latency.merge(&other.latency);
        self.cold += other.cold;
    }

    fn of(&self, figure: AuditFigure) -> Option<f64> {
        let percentile = |p| self.latency.quantile(p).map(|value| value as f64);
        match figure {
            AuditFigure::Instances => Some(self.instances),
            AuditFigure::CostPerMonth => self.cost,
            AuditFigure::P95 => percentile(0.95),
            AuditFigure::P99 => percentile(0.99),
            AuditFigure::ColdStarts => Some(self.cold as f64),
        }
    }
}

/// By which share of what is exact the rates are off, in all windows but one.
fn deviation(windows: &[Both], left_out: Option<usize>, figure: AuditFigure) -> Option<f64> {
    let mut sums = Both::default();
    for (_, window) in windows.iter().enumerate().filter(|(number, _)| Some(*number) != left_out) {
        sums.iter_mut().zip(window).for_each(|(sum, found)| sum.add(found));
    }
    let [exact, tick] = [sums[0].of(figure)?, sums[1].of(figure)?];
    // Of a count of nothing no share can be told: it is taken as one.
    let whole = if figure == AuditFigure::ColdStarts && tick > 0.0 { exact.max(1.0) } else { exact };
    (whole > 0.0).then(|| (tick - exact) / whole)
}

/// Its standard error.
fn noise(windows: &[Both], figure: AuditFigure) -> Option<f64> {
    let all: Option<Vec<f64>> = (0..windows.len()).map(|left_out| deviation(windows, Some(left_out), figure)).collect();
    let all = all.filter(|all| all.len() > 1)?;
    let count = all.len() as f64;
    let mean = all.iter().sum::<f64>() / count;
    let squares: f64 = all.iter().map(|one| (one - mean) * (one - mean)).sum();
    let jackknife = ((count - 1.0) / count * squares).sqrt();
    Some(jackknife.max(match figure {
        AuditFigure::Instances | AuditFigure::CostPerMonth => 0.0,
        // Few windows may agree by chance on a bucket, and on a count that is one of chance.
        AuditFigure::P95 | AuditFigure::P99 => BUCKET,
        AuditFigure::ColdStarts => {
            let cold: u64 = windows.iter().map(|[exact, _]| exact.cold).sum();
            1.0 / (cold.max(1) as f64).sqrt()
        }
    }))
}

impl Auditor<'_> {
    fn placed(&self) -> &Placed {
        &self.scenario.deployments[self.index]
    }

    fn audit(&self) -> Result<Audit, RunError> {
        let windows = match self.windows() {
            Ok(windows) => windows,
            Err(why) => return Ok(Audit::none(why)),
        };
        let deployment = stationary(&self.placed().deployment);
        let play = |(number, window): (usize, &Window)| self.play(&deployment, *window, number as u64);
        let played: Vec<_> = windows.par_iter().enumerate().map(play).collect();
        let (mut both, mut requests) = (Vec::new(), 0);
        for outcome in played {
            match outcome? {
                Ok((found, played)) => {
                    both.push(found);
                    requests += played;
                }
                Err(why) => return Ok(Audit::none(why)),
            }
        }
        let seconds = windows.iter().map(|window| (window.until - window.measured).seconds()).sum();
        let figures = AuditFigure::ALL
            .into_iter()
            .filter_map(|figure| Some((figure, deviation(&both, None, figure)?, noise(&both, figure)?)));
        Ok(Audit::of(both.len(), seconds, requests, figures))
    }

    /// The windows; or why there are none.
    fn windows(&self) -> Result<Vec<Window>, String> {
        let Self { memory, budget, .. } = *self;
        if memory.least() > budget {
            return Err(format!(
                "a window that forgets how it began needs about {} requests, and its audit may play {} in {LEAST} or more",
                rounded(memory.window(1.0)),
                rounded(budget),
            ));
        }
        // At most half of what is played is not measured, where that can be paid.
        let evenly = budget / memory.window(memory.minutes);
        let count = if evenly >= WANTED { evenly } else { (budget / memory.window(1.0)).min(WANTED) };
        let count = count.min(MOST).floor();
        let traffic = &self.scenario.traffic;
        let due = budget / count;
        let part = traffic.duration.0 as f64 / count / MINUTE as f64;
        let length = (due / memory.requests_per_minute - memory.minutes).min(part).floor();
        if length < 1.0 {
            return Err("it is too short a run for windows of a minute".to_owned());
        }
        let mut luck = stream(self.scenario.seed, "audit", &self.placed().deployment.name, 0);
        let mut windows = Vec::new();
        for number in 0..floor(count) {
            let place = number as f64 * part + luck.random::<f64>() * (part - length);
            let measured = Nanos(traffic.warmup.0 + floor(place) * MINUTE);
            let replication = u32::try_from(number).unwrap_or(0) % self.scenario.replications;
            let from = measured.0.checked_sub(floor(memory.minutes) * MINUTE).map_or(Nanos::ZERO, Nanos);
            let until = Nanos(measured.0 + floor(length) * MINUTE);
            windows.extend(self.afforded(Window { from, measured, until, replication }, OVERDRAWN * due));
        }
        if (windows.len() as f64) < LEAST {
            return Err("its windows would fall into crowds".to_owned());
        }
        Ok(windows)
    }

    /// The window, or its beginning, with no more requests than that; none if it would measure nothing.
    fn afforded(&self, window: Window, most: f64) -> Option<Window> {
        let mut path = window.path(&self.scenario.traffic, &self.scenario.application, self.scenario.seed);
        let (mut expected, mut until) = (0.0, 0);
        while until < window.length().0 {
            until = if until < window.warmup().0 { window.warmup().0 } else { until + MINUTE };
            while let Some(stretch) = path.next(until) {
                expected += stretch.expected();
            }
            if expected > most {
                break;
            }
        }
        let until = window.from.saturating_add(Nanos(until)).min(window.until);
        (until > window.measured).then_some(Window { until, ..window })
    }

    /// What both engines find in a window, and how many requests came; or what is outside.
    fn play(
        &self,
        deployment: &Deployment,
        window: Window,
        number: u64,
    ) -> Result<Result<(Both, u64), String>, RunError> {
        let (scenario, placed) = (self.scenario, self.placed());
        let traffic = &scenario.traffic;
        let calendar = self.calendar(window).map_err(|error| RunError::Calendar(error.to_string()))?;
        let path = window.path(traffic, &scenario.application, scenario.seed);
        let buckets = vec![0; calendar.slices.len()];
        let plan = Plan {
            deployment,
            application: &placed.application,
            faults: &[],
            calendar: &calendar,
            buckets: &buckets,
            warmup: window.warmup(),
            horizon: window.length(),
            crowds: &[],
            first_rate: path.clone().next(u64::MAX).map_or(0.0, |stretch| stretch.first * 1e9),
            // Windows of one replication do not share their luck.
            seed: child(scenario.seed, number),
            replication: window.replication,
            shortcut: self.options.shortcut,
        };
        let mut requests = window.requests(traffic, &scenario.application, scenario.seed);
        let mut counts = window.counts(&scenario.application);
        let mut core = Box::new(Core::new(plan));
        let (mut batch, mut played) = (Vec::with_capacity(self.options.batch), 0);
        let stopped = || self.options.interrupt.load(Ordering::Relaxed);
        loop {
            requests.fill(&mut batch, self.options.batch);
            let Some(last) = batch.last() else { break };
            counts.count(&batch);
            core.serve(&batch, last.at);
            played += batch.len() as u64;
            if stopped() {
                return Ok(Err("the run was interrupted".to_owned()));
            }
        }
        core.serve(&[], window.length().0);
        let exact = self.found(&core.finish(), &calendar, window)?;
        match tick::play(plan, path, &counts, &mut |_| !stopped()) {
            Ok(Some(measured)) => Ok(Ok(([exact, self.found(&measured, &calendar, window)?], played))),
            Ok(None) => Ok(Err("the run was interrupted".to_owned())),
            Err(why) => Ok(Err(why)),
        }
    }

    fn calendar(&self, window: Window) -> Result<Calendar, jiff::Error> {
        let traffic = &self.scenario.traffic;
        let zone = jiff::tz::TimeZone::get(day_zone(&self.placed().tariffs))?;
        let later = i64::try_from((window.measured - traffic.warmup).0).unwrap_or(i64::MAX);
        let start = traffic.start.checked_add(Span::new().try_nanoseconds(later)?)?;
        let length = window.until - window.measured;
        Calendar::new(&start, window.warmup(), length, self.scenario.pricing.month, &zone)
    }

    fn found(&self, measured: &Measurement, calendar: &Calendar, window: Window) -> Result<Found, RunError> {
        let (placed, seconds) = (self.placed(), (window.until - window.measured).seconds());
        let mut latency = Histogram::new();
        measured.classes.iter().for_each(|class| latency.merge(&class.latency));
        let mut billed = Billed::default();
        billed.add_measured(measured, placed, calendar, &self.scenario.pricing)?;
        let instances: u128 = measured.slices.iter().map(|slice| slice.instances).sum();
        Ok(Found {
            instances: instances as f64 / 1e9,
            cost: billed.per_month.first().copied().flatten().map(|cost| cost * seconds),
            latency,
            cold: measured.sum(|class| class.cold),
        })
    }
}

/// The same, but that it begins with what the first rate needs.
fn stationary(deployment: &Deployment) -> Deployment {
    let mut deployment = deployment.clone();
    deployment.fleet.initial = Initial::Stationary;
    deployment.services.iter_mut().for_each(|own| own.fleet.initial = Initial::Stationary);
    deployment
}

#[cfg(test)]
mod tests {
    use super::shared;

    #[test]
    fn a_budget_is_shared_by_need() {
        assert_eq!(shared(100.0, &[10.0, 40.0, 20.0]), [20.0, 50.0, 30.0]);
        // The dearest is left out where there is not enough for all.
        assert_eq!(shared(100.0, &[80.0, 30.0, 40.0]), [30.0, 45.0, 55.0]);
        assert_eq!(shared(100.0, &[110.0]), [100.0]);
        assert!(shared(100.0, &[]).is_empty());
    }
}
