//! Cost against what a sweep varies, with the values at which the order changes.

use rust_decimal::prelude::ToPrimitive;

use super::axis::Axis;
use super::canvas::{Mark, Panel, Plot, Swatch, series};
use super::{Chart, ChartError};
use crate::experiment::result::SweepResult;
use crate::report::sweep::{at, crossing, unchanged};

/// Costs that span more than this are drawn on a logarithmic axis, if the values are: crossings of small costs would
/// lie on the floor of a linear one.
const LOGARITHMIC_SPAN: f64 = 15.0;

/// Pieces of a curve between two values, where the cost axis bends what is straight.
const STEPS: u32 = 16;

/// Value, low, cost, high.
type Point = (f64, f64, f64, f64);

/// One deployment's costs where it has a bill.
struct Curve<'a> {
    name: &'a str,
    points: Vec<Point>,
}

/// Lines with intervals: cost per month by value; crossings are ruled.
pub fn costs(result: &SweepResult) -> Option<Result<Chart, ChartError>> {
    let curves = curves(result);
    let costs = || curves.iter().flat_map(|curve| &curve.points).map(|point| point.2);
    let (lowest, highest) = (costs().reduce(f64::min)?, costs().reduce(f64::max)?);
    let values = &result.axis.values;
    let (first, last) = (values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?);
    let wide = result.axis.logarithmic && first > 0.0;
    let tall = wide && lowest > 0.0 && highest / lowest > LOGARITHMIC_SPAN;
    let across = |value: f64| if wide { value.log10() } else { value };
    let up = |cost: f64| if tall { cost.max(lowest * 0.8).log10() } else { cost.max(0.0) };
    let mut marks = Vec::new();
    for (index, curve) in curves.iter().enumerate() {
        let ink = series(index);
        let path = interpolated(&curve.points, across, if tall { STEPS } else { 1 });
        let upper = path.iter().map(|(x, _, _, high)| (*x, up(*high)));
        let lower = path.iter().rev().map(|(x, low, _, _)| (*x, up(*low)));
        marks.push(Mark::Area(ink, 0.18, upper.chain(lower).collect()));
        marks.extend(curve.points.iter().map(|(x, _, cost, _)| Mark::Dot(ink, (across(*x), up(*cost)))));
        marks.push(Mark::Line(ink, path.iter().map(|(x, _, cost, _)| (*x, up(*cost))).collect()));
    }
    let unit = &result.axis.unit;
    // Labels of neighbouring crossings stand below each other.
    let rules = (0..).zip(&result.crossings);
    marks.extend(rules.map(|(line, one)| Mark::Rule(across(one.at), line % 3, at(one, unit))));
    let title = format!("{} ({})", result.axis.path, if unit == "1" { "no unit" } else { unit });
    let x = if wide {
        Axis::logarithmic(&format!("{title}, logarithmic"), first, last)
    } else {
        Axis::between(&title, first, last)
    };
    let currency = &result.currency;
    let y = if tall {
        Axis::logarithmic(&format!("cost per month ({currency}, logarithmic)"), lowest * 0.8, highest * 1.6)
    } else {
        Axis::linear(&format!("cost per month ({currency})"), highest * 1.15)
    };
    let plot = Plot {
        title: format!("Cost per month against {}", result.axis.path),
        legend: curves.iter().enumerate().map(|(n, curve)| (Swatch::Line(series(n)), curve.name.to_owned())).collect(),
        rows: vec![vec![Panel { title: String::new(), x, y, marks }]],
        row_height: 380,
    };
    let sentences: Vec<String> = result.crossings.iter().map(|one| crossing(one, unit)).collect();
    let sentence = if sentences.is_empty() { unchanged(result) } else { sentences.join(" ") };
    Some(Chart::draw("sweep", sentence, &plot))
}

/// The curve as crossings are found on it: costs are linear between values in the axis's own scale, which on a
/// logarithmic cost axis is no straight line. First members are in that scale.
fn interpolated(points: &[Point], across: impl Fn(f64) -> f64, steps: u32) -> Vec<Point> {
    let scaled: Vec<Point> = points.iter().map(|(x, low, cost, high)| (across(*x), *low, *cost, *high)).collect();
    let between = |pair: &[Point], step: u32| {
        let (a, b, share) = (pair[0], pair[1], f64::from(step) / f64::from(steps));
        let at = |from: f64, to: f64| from + (to - from) * share;
        (at(a.0, b.0), at(a.1, b.1), at(a.2, b.2), at(a.3, b.3))
    };
    let inner = scaled.windows(2).flat_map(|pair| (0..steps).map(move |step| between(pair, step)));
    inner.chain(scaled.last().copied()).collect()
}

/// The curves of all deployments, in order; those without a bill are empty.
fn curves(result: &SweepResult) -> Vec<Curve<'_>> {
    let names = result.points.first().map_or(&[][..], |point| &point.deployments);
    let curve = |name: &'_ str| {
        let found = result.points.iter().filter_map(|point| {
            let deployment = point.deployments.iter().find(|deployment| deployment.name == name)?;
            let cost = deployment.cost_per_month?.to_f64()?;
            let (low, high) = deployment.ci95.map_or((cost, cost), |ci| (ci.low, ci.high));
            Some((point.value, low, cost, high))
        });
        found.collect()
    };
    names.iter().map(|deployment| Curve { name: &deployment.name, points: curve(&deployment.name) }).collect()
}
