//! Cost against what a sweep varies, with the values at which the order changes.

use rust_decimal::prelude::ToPrimitive;

use super::axis::Axis;
use super::canvas::{Mark, Panel, Plot, Swatch, series};
use super::{Chart, ChartError};
use crate::experiment::result::SweepResult;
use crate::report::sweep::{at, crossing};

/// Lines with intervals: cost per month by value; crossings are ruled.
pub fn costs(result: &SweepResult) -> Option<Result<Chart, ChartError>> {
    let logarithmic = result.axis.logarithmic && result.axis.values.iter().all(|value| *value > 0.0);
    let position = |value: f64| if logarithmic { value.log10() } else { value };
    let names: Vec<&str> = result.points.first()?.deployments.iter().map(|d| d.name.as_str()).collect();
    let mut marks = Vec::new();
    let mut legend = Vec::new();
    let mut highest = 0.0_f64;
    for (index, name) in names.iter().enumerate() {
        let found = result.points.iter().filter_map(|point| {
            let deployment = point.deployments.iter().find(|deployment| deployment.name == *name)?;
            let cost = deployment.cost_per_month?.to_f64()?;
            let (low, high) = deployment.ci95.map_or((cost, cost), |ci| (ci.low, ci.high));
            Some((position(point.value), low, cost, high))
        });
        let found: Vec<(f64, f64, f64, f64)> = found.collect();
        if found.is_empty() {
            continue;
        }
        highest = found.iter().fold(highest, |highest, point| highest.max(point.3));
        let upper = found.iter().map(|(x, _, _, high)| (*x, *high));
        let lower = found.iter().rev().map(|(x, low, _, _)| (*x, low.max(0.0)));
        marks.push(Mark::Area(series(index), 0.18, upper.chain(lower).collect()));
        marks.push(Mark::Line(series(index), found.iter().map(|(x, _, cost, _)| (*x, *cost)).collect()));
        marks.extend(found.iter().map(|(x, _, cost, _)| Mark::Dot(series(index), (*x, *cost))));
        legend.push((Swatch::Line(series(index)), (*name).to_owned()));
    }
    if marks.is_empty() {
        return None;
    }
    let unit = &result.axis.unit;
    marks.extend(result.crossings.iter().map(|one| Mark::Rule(position(one.at), at(one, unit))));
    let (low, high) = result
        .axis
        .values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    let title = format!("{} ({})", result.axis.path, if unit == "1" { "no unit" } else { unit });
    let x = if logarithmic {
        Axis::logarithmic(&format!("{title}, logarithmic"), low, high)
    } else {
        Axis::between(&title, low, high)
    };
    let y = Axis::linear("cost per month", highest);
    let plot = Plot {
        title: format!("Cost per month against {}", result.axis.path),
        legend,
        rows: vec![vec![Panel { title: String::new(), x, y, marks }]],
        row_height: 380,
    };
    let sentences: Vec<String> = result.crossings.iter().map(|one| crossing(one, unit)).collect();
    let sentence = if sentences.is_empty() {
        "The order of the deployments by cost does not change within the range.".to_owned()
    } else {
        sentences.join(" ")
    };
    Some(Chart::draw("sweep", sentence, &plot))
}
