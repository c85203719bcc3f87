//! A sweep over one numeric key, and where one deployment becomes cheaper than another.
//!
//! The same seeds at every point, so that the difference between two points is the key's doing. A crossing is a sign
//! change of the mean paired cost difference, interpolated linearly in the axis's own scale; its interval comes from
//! the crossings that each replication has of its own.

use super::estimates::{Samples, interval, mean};
use super::judge::{verdicts, worst};
use super::result::{Axis as AxisResult, Crossing, SCHEMA, SweepDeployment, SweepPoint, SweepResult};
use super::{RunError, RunOptions, fold_replications, with_threads};
use crate::document::diagnostic::Diagnostics;
use crate::kernel::estimate::{mean_interval, paired};
use crate::scenario::axis::Axis;
use crate::scenario::{Document, Scenario};
use rust_decimal::Decimal;

/// Why a sweep has no result.
#[derive(Debug)]
pub enum SweepError {
    /// The scenario at one point of the axis is bad.
    Point {
        /// The document at that point, to render with.
        document: Box<Document>,
        /// What is wrong.
        diagnostics: Diagnostics,
    },
    /// A point could not be run.
    Run(RunError),
}

/// What one point found: cost per month of every deployment, one sample per replication.
struct Costs {
    samples: Vec<Samples>,
}

/// Runs `document` at every value of `axis`.
///
/// # Errors
/// [`SweepError`]: nothing of the sweep is kept.
pub fn sweep(document: &Document, axis: &Axis, options: &RunOptions<'_>) -> Result<SweepResult, SweepError> {
    let mut points = Vec::new();
    let mut costs = Vec::new();
    let mut last: Option<Scenario> = None;
    for (index, (value, text)) in axis.values.iter().zip(&axis.texts).enumerate() {
        let mut changed = document.with_value(&axis.path, text);
        let scenario = match changed.build() {
            Ok(scenario) => scenario,
            Err(diagnostics) => return Err(SweepError::Point { document: Box::new(changed), diagnostics }),
        };
        let count = axis.values.len() as f64;
        let told = |progress: super::Progress| {
            (options.progress)(super::Progress { share: (index as f64 + progress.share) / count });
        };
        let here = RunOptions { progress: &told, ..*options };
        let folded = with_threads(options.threads, || fold_replications(&scenario, &here))
            .and_then(|folded| folded)
            .map_err(SweepError::Run)?;
        if (folded.replications() as u64) < u64::from(scenario.replications) {
            return Err(SweepError::Run(RunError::Interrupted));
        }
        let deployments = scenario.deployments.iter().zip(&folded.deployments).map(|(placed, one)| {
            let estimate = mean_interval(&one.cost_per_month);
            SweepDeployment {
                name: placed.deployment.name.clone(),
                cost_per_month: mean(&one.cost_per_month).and_then(money),
                ci95: estimate.and_then(interval),
                slo_verdict: worst(&verdicts(&scenario, one)),
            }
        });
        points.push(SweepPoint { value: *value, deployments: deployments.collect() });
        costs.push(Costs { samples: folded.deployments.iter().map(|one| one.cost_per_month.clone()).collect() });
        last = Some(scenario);
    }
    let names: Vec<String> = points
        .first()
        .map_or_else(Vec::new, |point| point.deployments.iter().map(|deployment| deployment.name.clone()).collect());
    let scenario = last.as_ref();
    Ok(SweepResult {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: scenario.map_or_else(String::new, |scenario| scenario.name.clone()),
        seed: scenario.map_or(0, |scenario| scenario.seed),
        replications: scenario.map_or(0, |scenario| scenario.replications),
        axis: AxisResult {
            path: axis.path.clone(),
            unit: axis.unit.to_owned(),
            values: axis.values.clone(),
            logarithmic: axis.logarithmic,
        },
        crossings: crossings(axis, &names, &costs),
        points,
    })
}

/// A mean of amounts, to the sixth decimal as bills are.
fn money(amount: f64) -> Option<Decimal> {
    use rust_decimal::prelude::FromPrimitive;
    Decimal::from_f64(amount).map(|amount| amount.round_dp(6))
}

/// Every crossing of every pair of deployments, along the axis.
fn crossings(axis: &Axis, names: &[String], costs: &[Costs]) -> Vec<Crossing> {
    let mut found = Vec::new();
    for a in 0..names.len() {
        for b in 0..a {
            let differences: Vec<Option<f64>> = costs
                .iter()
                .map(|point| paired(&point.samples[a], &point.samples[b]).map(|estimate| estimate.mean))
                .collect();
            for (number, at) in sign_changes(axis, &differences).into_iter().enumerate() {
                let before = differences[..=at.index].iter().rev().flatten().find(|difference| **difference != 0.0);
                let cheaper_above = if before.is_some_and(|difference| *difference > 0.0) { a } else { b };
                found.push(Crossing {
                    a: names[a].clone(),
                    b: names[b].clone(),
                    at: at.value,
                    ci95: own_crossings(axis, costs, (a, b), number),
                    cheaper_above: names[cheaper_above].clone(),
                });
            }
        }
    }
    found.sort_by(|x, y| x.at.total_cmp(&y.at));
    found
}

/// The interval of the crossing with this number, from the replications' own; `None` if one has none.
fn own_crossings(
    axis: &Axis,
    costs: &[Costs],
    (a, b): (usize, usize),
    number: usize,
) -> Option<super::result::Interval> {
    let replications = costs.first()?.samples[a].len();
    let samples: Option<Vec<f64>> = (0..replications)
        .map(|replication| {
            let differences: Vec<Option<f64>> = costs
                .iter()
                .map(|point| Some(point.samples[a][replication]? - point.samples[b][replication]?))
                .collect();
            sign_changes(axis, &differences).get(number).map(|at| at.value)
        })
        .collect();
    mean_interval(&samples?).and_then(interval)
}

/// Where a difference changes its sign.
struct SignChange {
    /// The point before it.
    index: usize,
    /// Value of the axis, interpolated.
    value: f64,
}

fn sign_changes(axis: &Axis, differences: &[Option<f64>]) -> Vec<SignChange> {
    let scale = |value: f64| if axis.logarithmic { value.ln() } else { value };
    let back = |value: f64| if axis.logarithmic { value.exp() } else { value };
    let mut found = Vec::new();
    let mut last: Option<(usize, f64)> = None;
    for (index, difference) in differences.iter().enumerate() {
        let Some(here) = difference.filter(|difference| *difference != 0.0) else { continue };
        if let Some((before, there)) = last
            && (there < 0.0) != (here < 0.0)
        {
            let (low, high) = (scale(axis.values[before]), scale(axis.values[index]));
            let value = back(low + (high - low) * there / (there - here));
            found.push(SignChange { index: before, value });
        }
        last = Some((index, here));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(values: &[f64], logarithmic: bool) -> Axis {
        Axis { path: "x".to_owned(), unit: "1", values: values.to_vec(), texts: Vec::new(), logarithmic }
    }

    #[test]
    fn a_crossing_is_interpolated_in_the_scale_of_the_axis() {
        let costs = [[10.0, 10.0, 10.0], [4.0, 12.0, 13.0]];
        let points: Vec<Costs> = (0..3)
            .map(|point| Costs { samples: vec![vec![Some(costs[0][point]); 2], vec![Some(costs[1][point]); 2]] })
            .collect();
        let names = ["flat".to_owned(), "rising".to_owned()];
        let linear = crossings(&axis(&[1.0, 9.0, 10.0], false), &names, &points);
        assert_eq!(linear.len(), 1);
        assert!((linear[0].at - 7.0).abs() < 1e-12);
        assert_eq!(linear[0].cheaper_above, "flat");
        assert_eq!(linear[0].ci95.map(|ci| (ci.low, ci.high)), Some((linear[0].at, linear[0].at)));
        let logarithmic = crossings(&axis(&[1.0, 16.0, 100.0], true), &names, &points);
        assert!((logarithmic[0].at - 8.0).abs() < 1e-12);
    }
}
