//! A sweep over one numeric key, and where one deployment becomes cheaper than another.
//!
//! The same seeds at every point, so that the difference between two points is the key's doing. A crossing is a sign
//! change of the mean paired cost difference, interpolated linearly in the axis's own scale; its interval comes from
//! the crossings that each replication has of its own. With objectives only deployments that meet them compete; without,
//! a crossing says when the cheaper deployment fails requests that the other serves.

use super::estimates::{Samples, interval, mean, possible};
use super::fold::Folded;
use super::judge::{verdicts, worst};
use super::result::{
    Axis as AxisResult, Crossing, Interval, Judgement, SCHEMA, Shedding, SweepDeployment, SweepPoint, SweepResult,
};
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

/// Share of the requests that the cheaper deployment must fail beyond the other for a crossing to say so: what is left
/// of its price advantage then depends on what a failed request is worth.
const RELEVANT_SHARE: f64 = 0.01;

/// Cost per month of every deployment at one point, one sample per replication.
type Costs = Vec<Samples>;

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
        if scenario.precision.is_some() {
            return Err(SweepError::Run(RunError::PrecisionOfSweep));
        }
        let count = axis.values.len() as f64;
        let told = |progress: super::Progress| {
            (options.progress)(super::Progress { share: (index as f64 + progress.share) / count });
        };
        let here = RunOptions { progress: &told, ..*options };
        let folded = with_threads(options.threads, || fold_replications(&scenario, &here))
            .and_then(|folded| folded)
            .map_err(SweepError::Run)?;
        if folded.partial {
            return Err(SweepError::Run(RunError::Interrupted));
        }
        points.push(point(&scenario, &folded, *value));
        costs.push(folded.deployments.iter().map(|one| one.billed.per_month.clone()).collect());
        last = Some(scenario);
    }
    let scenario = last.as_ref();
    Ok(SweepResult {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: scenario.map_or_else(String::new, |scenario| scenario.name.clone()),
        seed: scenario.map_or(0, |scenario| scenario.seed),
        replications: scenario.map_or(0, |scenario| scenario.replications),
        currency: scenario.map_or_else(String::new, |scenario| scenario.pricing.currency.code.clone()),
        axis: AxisResult {
            path: axis.path.clone(),
            unit: axis.unit.to_owned(),
            values: axis.values.clone(),
            logarithmic: axis.logarithmic,
        },
        crossings: crossings(axis, &points, &costs),
        points,
    })
}

/// What one point of the axis found.
fn point(scenario: &Scenario, folded: &Folded, value: f64) -> SweepPoint {
    let deployments = scenario.deployments.iter().zip(&folded.deployments).map(|(placed, one)| SweepDeployment {
        name: placed.deployment.name.clone(),
        cost_per_month: mean(&one.billed.per_month).and_then(money),
        ci95: mean_interval(&one.billed.per_month).and_then(|estimate| possible(estimate, false)),
        failed_share: mean(&one.all.availability).map(|availability| 1.0 - availability),
        failed_share_ci95: failed(&one.all.availability),
        slo_verdict: worst(&verdicts(scenario, one)),
    });
    SweepPoint { value, deployments: deployments.collect() }
}

/// The interval of what availability leaves.
fn failed(availability: &Samples) -> Option<Interval> {
    let left: Samples = availability.iter().map(|served| served.map(|served| 1.0 - served)).collect();
    mean_interval(&left).and_then(|estimate| possible(estimate, true))
}

/// A mean of amounts, to the sixth decimal as bills are.
fn money(amount: f64) -> Option<Decimal> {
    use rust_decimal::prelude::FromPrimitive;
    Decimal::from_f64(amount).map(|amount| amount.round_dp(6))
}

/// Every crossing of every pair of deployments, along the axis.
fn crossings(axis: &Axis, points: &[SweepPoint], costs: &[Costs]) -> Vec<Crossing> {
    let mut found = Vec::new();
    for a in 0..points.first().map_or(0, |point| point.deployments.len()) {
        for b in 0..a {
            let pair = Pair { axis, points, costs, a, b };
            found.extend(pair.crossings());
        }
    }
    found.sort_by(|x, y| x.at.total_cmp(&y.at));
    found
}

/// Two deployments along the axis.
struct Pair<'a> {
    axis: &'a Axis,
    points: &'a [SweepPoint],
    costs: &'a [Costs],
    a: usize,
    b: usize,
}

impl Pair<'_> {
    fn crossings(&self) -> Vec<Crossing> {
        let changes = self.sign_changes(|a, b| paired(a, b).map(|estimate| estimate.mean));
        let crossing = |(number, change): (usize, &SignChange)| {
            let (below, above) = if change.rises { (self.a, self.b) } else { (self.b, self.a) };
            let sheds = [(below, above, change.before), (above, below, change.after)];
            Crossing {
                a: self.name(self.a),
                b: self.name(self.b),
                at: change.value,
                ci95: self.own_crossings(number),
                cheaper_above: self.name(above),
                sheds: sheds.into_iter().filter_map(|(cheap, dear, point)| self.sheds(cheap, dear, point)).collect(),
            }
        };
        changes.iter().enumerate().map(crossing).collect()
    }

    fn name(&self, deployment: usize) -> String {
        self.points[0].deployments[deployment].name.clone()
    }

    /// What the cheaper deployment fails at a point, if the dearer serves it and it is enough to matter.
    fn sheds(&self, cheap: usize, dear: usize, point: usize) -> Option<Shedding> {
        let SweepPoint { value, deployments } = &self.points[point];
        let (failed_share, others) = (deployments[cheap].failed_share?, deployments[dear].failed_share?);
        (failed_share - others >= RELEVANT_SHARE).then(|| Shedding {
            deployment: self.name(cheap),
            at: *value,
            failed_share,
            ci95: deployments[cheap].failed_share_ci95,
        })
    }

    /// The interval of the crossing with this number, from the replications' own; `None` if one has none.
    fn own_crossings(&self, number: usize) -> Option<Interval> {
        let replications = self.costs.first()?[self.a].len();
        let own = |replication: usize| self.sign_changes(|a, b| Some(a[replication]? - b[replication]?));
        let samples: Option<Vec<f64>> =
            (0..replications).map(|replication| own(replication).get(number).map(|change| change.value)).collect();
        mean_interval(&samples?).and_then(interval)
    }

    /// Where the difference of the costs changes its sign, between points at which both compete. Equal costs belong to
    /// either side; what lies beyond a point without a comparison is not compared with what lies before it.
    fn sign_changes(&self, difference: impl Fn(&Samples, &Samples) -> Option<f64>) -> Vec<SignChange> {
        let logarithmic = self.axis.logarithmic;
        let scale = |value: f64| if logarithmic { value.ln() } else { value };
        let back = |value: f64| if logarithmic { value.exp() } else { value };
        let mut found = Vec::new();
        let mut last: Option<(usize, f64)> = None;
        for (after, (point, costs)) in self.points.iter().zip(self.costs).enumerate() {
            let compete = competes(&point.deployments[self.a]) && competes(&point.deployments[self.b]);
            let (a, b) = (&costs[self.a], &costs[self.b]);
            // A deployment without a bill has no samples at all.
            let here = if compete && a.len() == b.len() { difference(a, b) } else { None };
            let Some(here) = here else {
                last = None;
                continue;
            };
            if here == 0.0 {
                continue;
            }
            if let Some((before, there)) = last
                && (there < 0.0) != (here < 0.0)
            {
                let (low, high) = (scale(self.axis.values[before]), scale(self.axis.values[after]));
                let value = back(low + (high - low) * there / (there - here));
                found.push(SignChange { before, after, value, rises: here > 0.0 });
            }
            last = Some((after, here));
        }
        found
    }
}

/// Whether a deployment takes part in the comparison: where there are objectives, only one that is shown to meet them.
fn competes(deployment: &SweepDeployment) -> bool {
    matches!(deployment.slo_verdict, None | Some(Judgement::Met))
}

/// Where a difference changes its sign.
struct SignChange {
    /// The point before it.
    before: usize,
    /// The point after it.
    after: usize,
    /// Value of the axis, interpolated.
    value: f64,
    /// Whether it rises from negative to positive.
    rises: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(values: &[f64], logarithmic: bool) -> Axis {
        Axis { path: "x".to_owned(), unit: "1", values: values.to_vec(), texts: Vec::new(), logarithmic }
    }

    /// `flat`, then `rising`, at every value: costs, the same in two replications.
    fn costs(costs: [[f64; 3]; 2]) -> Vec<Costs> {
        (0..3).map(|point| costs.iter().map(|one| vec![Some(one[point]); 2]).collect()).collect()
    }

    fn points(axis: &Axis) -> Vec<SweepPoint> {
        let deployment = |name: &str| SweepDeployment {
            name: name.to_owned(),
            cost_per_month: None,
            ci95: None,
            failed_share: Some(0.0),
            failed_share_ci95: None,
            slo_verdict: None,
        };
        let point = |value: &f64| SweepPoint { value: *value, deployments: ["flat", "rising"].map(deployment).into() };
        axis.values.iter().map(point).collect()
    }

    const COSTS: [[f64; 3]; 2] = [[10.0, 10.0, 10.0], [4.0, 12.0, 13.0]];

    #[test]
    fn a_crossing_is_interpolated_in_the_scale_of_the_axis() {
        let axis_of = |values: &[f64], logarithmic| {
            let axis = axis(values, logarithmic);
            crossings(&axis, &points(&axis), &costs(COSTS))
        };
        let linear = axis_of(&[1.0, 9.0, 10.0], false);
        assert_eq!(linear.len(), 1);
        assert!((linear[0].at - 7.0).abs() < 1e-12);
        assert_eq!(linear[0].cheaper_above, "flat");
        assert_eq!(linear[0].ci95.map(|ci| (ci.low, ci.high)), Some((linear[0].at, linear[0].at)));
        assert!(linear[0].sheds.is_empty());
        let logarithmic = axis_of(&[1.0, 16.0, 100.0], true);
        assert!((logarithmic[0].at - 8.0).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_bill_crosses_nothing() {
        let axis = axis(&[1.0, 9.0, 10.0], false);
        for unbilled in [0, 1] {
            let mut costs = costs(COSTS);
            for point in &mut costs {
                point[unbilled].clear();
            }
            assert!(crossings(&axis, &points(&axis), &costs).is_empty());
        }
    }

    #[test]
    fn equal_costs_belong_to_either_side() {
        let axis = axis(&[1.0, 2.0, 3.0], false);
        let found = crossings(&axis, &points(&axis), &costs([[5.0, 5.0, 5.0], [4.0, 5.0, 6.0]]));
        assert_eq!(found.len(), 1);
        assert!((found[0].at - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_crossing_says_when_the_cheaper_one_fails_requests() {
        let axis = axis(&[1.0, 9.0, 10.0], false);
        let mut points = points(&axis);
        points[1].deployments[0].failed_share = Some(0.34);
        let found = crossings(&axis, &points, &costs(COSTS));
        let shed = |shedding: &Shedding| (shedding.deployment.clone(), shedding.at, shedding.failed_share);
        assert_eq!(found[0].sheds.iter().map(shed).collect::<Vec<_>>(), [("flat".to_owned(), 9.0, 0.34)]);
        points[1].deployments[1].failed_share = Some(0.335);
        assert!(crossings(&axis, &points, &costs(COSTS))[0].sheds.is_empty(), "both fail as much");
        points[0].deployments[1].failed_share = Some(0.5);
        assert_eq!(crossings(&axis, &points, &costs(COSTS))[0].sheds[0].deployment, "rising", "cheaper below");
    }

    #[test]
    fn only_what_meets_the_objectives_competes() {
        let axis = axis(&[1.0, 9.0, 10.0], false);
        for (verdict, expected) in [(Judgement::Met, 1), (Judgement::Missed, 0), (Judgement::Inconclusive, 0)] {
            let mut points = points(&axis);
            let deployments = points.iter_mut().flat_map(|point| &mut point.deployments);
            deployments.for_each(|deployment| deployment.slo_verdict = Some(Judgement::Met));
            points[1].deployments[0].slo_verdict = Some(verdict);
            assert_eq!(crossings(&axis, &points, &costs(COSTS)).len(), expected, "{verdict:?}");
        }
    }
}
