//! `simulate check`: everything that is wrong with a scenario, or what it will play.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::arguments::Format;
use super::{Arguments, Exit, Failure, opening, output};
use crate::experiment;
use crate::experiment::result::FidelityResult;
use crate::scenario::Scenario;
use crate::units::grouped;

/// What is said about a valid scenario.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    scenario: &'a str,
    scenario_sha256: &'a str,
    inputs: Vec<&'a str>,
    deployments: Vec<&'a str>,
    replications: u32,
    /// Expected, warm-up included.
    requests_per_replication: f64,
    /// By which engine each deployment is played, and why.
    fidelity: Vec<FidelityResult>,
    warnings: usize,
}

/// Checks the scenario at `path`.
///
/// # Errors
/// Everything that is wrong with it, or that it is too large to be run.
pub fn check(path: &Path, arguments: &Arguments) -> Result<Exit, Failure> {
    let format = arguments.format_of(&[Format::Table, Format::Json])?;
    let scenario = opening::scenario(&mut opening::document(path, arguments)?, arguments)?;
    let fidelity = experiment::refuse_too_large(&scenario)?;
    let checked = checked(&scenario, fidelity);
    output::print(&match format {
        Format::Json => output::json(&checked)?,
        _ => text(path, &checked),
    })?;
    Ok(Exit::Done)
}

fn checked(scenario: &Scenario, fidelity: Vec<FidelityResult>) -> Checked<'_> {
    Checked {
        scenario: &scenario.name,
        scenario_sha256: &scenario.sha256,
        inputs: scenario.inputs.iter().map(|input| input.path.as_str()).collect(),
        deployments: scenario.deployments.iter().map(|placed| placed.deployment.name.as_str()).collect(),
        replications: scenario.replications,
        requests_per_replication: scenario.traffic.forecast().requests,
        fidelity,
        warnings: scenario.warnings.len(),
    }
}

fn text(path: &Path, checked: &Checked<'_>) -> String {
    let times = if checked.replications == 1 { "once".to_owned() } else { format!("{} times", checked.replications) };
    let mut text = format!(
        "{} is a valid scenario: about {} requests, played {times} on {}\n",
        path.display(),
        grouped(&format!("{:.0}", checked.requests_per_replication)),
        checked.deployments.join(", ")
    );
    for (name, FidelityResult { engine, reason }) in checked.deployments.iter().zip(&checked.fidelity) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name}: {engine} ({reason})");
    }
    text
}
