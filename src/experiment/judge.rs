//! Objectives, judged on the interval of what was found.

use super::estimates::possible;
use super::fold::{FoldedDeployment, Quality};
use super::result::{Interval, Judgement, RunResult, Verdict};
use crate::kernel::estimate::{Estimate, mean_interval};
use crate::scenario::{Metric, Objective, Require, Scenario};

/// Judges one deployment by every objective of the scenario.
pub(super) fn verdicts(scenario: &Scenario, folded: &FoldedDeployment) -> Vec<Verdict> {
    scenario.objectives.iter().map(|objective| verdict(scenario, folded, objective)).collect()
}

fn verdict(scenario: &Scenario, folded: &FoldedDeployment, objective: &Objective) -> Verdict {
    let quality = match &objective.class {
        None => Some(&folded.all),
        Some(name) => scenario
            .application
            .classes
            .iter()
            .position(|class| class.name == *name)
            .map(|index| &folded.classes[index]),
    };
    let estimate = match objective.metric {
        Metric::CostPerMonth => mean_interval(&folded.billed.per_month),
        metric => quality.and_then(|quality| estimate_of(quality, metric)),
    };
    judged(objective, estimate)
}

/// The verdict on what was found.
pub(super) fn judged(objective: &Objective, estimate: Option<Estimate>) -> Verdict {
    let actual = estimate.map(|estimate| estimate.mean);
    let is_share = matches!(objective.metric, Metric::Availability | Metric::ColdStarts);
    let ci95 = estimate.and_then(|estimate| possible(estimate, is_share));
    Verdict {
        objective: objective.metric.key().to_owned(),
        class: objective.class.clone(),
        target: objective.target,
        actual,
        ci95,
        verdict: judge(objective, actual, ci95),
    }
}

fn estimate_of(quality: &Quality, metric: Metric) -> Option<Estimate> {
    match metric {
        Metric::Availability => mean_interval(&quality.availability),
        Metric::ColdStarts => mean_interval(&quality.cold_fraction),
        metric => quality.latency.of(metric.key())?.estimate(),
    }
}

/// Met when all of the interval is on the right side, missed when all is on the wrong; with one replication the
/// estimate decides. Without data nothing is known.
fn judge(objective: &Objective, actual: Option<f64>, ci95: Option<Interval>) -> Judgement {
    let Some(actual) = actual else { return Judgement::Inconclusive };
    let range = ci95.unwrap_or(Interval { low: actual, high: actual });
    let (right, wrong) = if objective.metric.is_floor() {
        (range.low >= objective.target, range.high < objective.target)
    } else {
        (range.high <= objective.target, range.low > objective.target)
    };
    match (right, wrong) {
        (true, _) => Judgement::Met,
        (_, true) => Judgement::Missed,
        _ => Judgement::Inconclusive,
    }
}

/// From the best to the worst.
const fn rank(judgement: Judgement) -> u8 {
    match judgement {
        Judgement::Met => 0,
        Judgement::Inconclusive => 1,
        Judgement::Missed => 2,
    }
}

/// The worst of a deployment's verdicts; `None` without objectives.
#[must_use]
pub fn worst(verdicts: &[Verdict]) -> Option<Judgement> {
    verdicts.iter().map(|verdict| verdict.verdict).max_by_key(|&judgement| rank(judgement))
}

/// Whether what the scenario requires is satisfied, is not, or cannot be told. Without objectives there is nothing to
/// miss.
#[must_use]
pub fn required(scenario: &Scenario, result: &RunResult) -> Judgement {
    let verdicts = result.deployments.iter().filter_map(|deployment| Some((&deployment.name, worst(&deployment.slo)?)));
    match &scenario.require {
        Require::None => None,
        Require::Any => verdicts.map(|(_, verdict)| verdict).min_by_key(|&judgement| rank(judgement)),
        Require::All => verdicts.map(|(_, verdict)| verdict).max_by_key(|&judgement| rank(judgement)),
        Require::Named(names) => verdicts
            .filter(|(name, _)| names.contains(name))
            .map(|(_, verdict)| verdict)
            .max_by_key(|&judgement| rank(judgement)),
    }
    .unwrap_or(Judgement::Met)
}
