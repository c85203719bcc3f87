//! Which engine plays a run, and why.

use super::RunError;
use super::result::FidelityResult;
use crate::application::fault::Fault;
use crate::engine::tick::domain::outside;
use crate::scenario::{Fidelity, Placed, Scenario};

/// The engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// Every request is played.
    Exact,
    /// Rates are played.
    Tick,
}

/// The engine of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub engine: Engine,
    reason: String,
}

impl Engine {
    /// The word of results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Tick => "tick",
        }
    }
}

impl Chosen {
    /// By what the scenario asks for.
    pub fn of(scenario: &Scenario) -> Result<Self, RunError> {
        let chosen = |engine, reason: &str| Ok(Self { engine, reason: reason.to_owned() });
        match scenario.fidelity {
            Fidelity::Exact => chosen(Engine::Exact, "asked for"),
            Fidelity::Auto => {
                chosen(Engine::Exact, "auto: every request is played one by one; tick has to be asked for")
            }
            Fidelity::Tick => match not_by_tick(scenario) {
                Some(why) => Err(RunError::NotByTick(why)),
                None => chosen(Engine::Tick, "asked for"),
            },
        }
    }

    /// As results have it.
    pub fn result(&self) -> FidelityResult {
        FidelityResult { engine: self.engine.word().to_owned(), reason: self.reason.clone() }
    }
}

/// What goes wrong on the deployment of an index.
pub(super) fn faults_on(scenario: &Scenario, index: usize, placed: &Placed) -> Vec<Fault> {
    let on = |fault: &crate::application::fault::Fault| fault.on(index, &scenario.application, &placed.application);
    scenario.faults.iter().filter_map(on).collect()
}

/// Why the tick engine does not play a scenario, if so.
fn not_by_tick(scenario: &Scenario) -> Option<String> {
    let of_deployment = |(index, placed): (usize, &Placed)| {
        let faults = faults_on(scenario, index, placed).len();
        let why = outside(&placed.deployment, &placed.application, faults)?;
        Some(format!("deployment `{}`: {why}", placed.deployment.name))
    };
    scenario.traffic.needs_playing().or_else(|| scenario.deployments.iter().enumerate().find_map(of_deployment))
}
