//! What a month costs, by group, and how the bill of the measured time grows.

use rust_decimal::prelude::ToPrimitive;

use super::axis::Axis;
use super::canvas::{Mark, Panel, Plot, Swatch, series};
use super::{Chart, ChartError};
use crate::experiment::result::{Cost, DeploymentResult, Interval, RunResult, half_width, interval};
use crate::report::number::{Unit, estimate, percent, span};

/// Stacked bars: deployments by groups of the bill.
pub fn breakdown(result: &RunResult) -> Option<Result<Chart, ChartError>> {
    let billed = billed(result);
    let currency = &billed.first()?.1.currency;
    let mut groups: Vec<&str> = Vec::new();
    for (group, _) in billed.iter().flat_map(|(_, cost)| cost.groups()) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    let mut marks = Vec::new();
    let mut longest = 0.0_f64;
    for (row, (_, cost)) in billed.iter().enumerate() {
        let base = (billed.len() - 1 - row) as f64;
        let amounts = cost.groups();
        let mut left = 0.0;
        for (index, group) in groups.iter().enumerate() {
            let found = amounts.iter().find(|(name, _)| name == group);
            let amount = found.and_then(|(_, amount)| amount.to_f64()).unwrap_or(0.0);
            if amount > 0.0 {
                marks.push(Mark::Bar(series(index), (left, base + 0.22), (left + amount, base + 0.78)));
                left += amount;
            }
        }
        let total = estimate(cost.per_month.to_f64(), interval(&cost.ci95, "per_month"), Unit::Money(currency));
        marks.push(Mark::Note((left, base + 0.5), total.value));
        longest = longest.max(left);
    }
    let names: Vec<String> = billed.iter().map(|(deployment, _)| deployment.name.clone()).collect();
    // Room for the sums at the ends of the bars.
    let mut x = Axis::linear(&format!("cost per month ({currency})"), longest * 1.18);
    if longest == 0.0 {
        x = Axis::linear(&x.title, 1.0);
    }
    let plot = Plot {
        title: "Cost per month by group".to_owned(),
        legend: groups
            .iter()
            .enumerate()
            .map(|(n, group)| (Swatch::Area(series(n), 1.0), (*group).to_owned()))
            .collect(),
        row_height: 70 + 46 * u32::try_from(names.len()).unwrap_or(1),
        rows: vec![vec![Panel { title: String::new(), x, y: Axis::names(&names), marks }]],
    };
    Some(Chart::draw("cost", breakdown_sentence(&billed), &plot))
}

fn billed(result: &RunResult) -> Vec<(&DeploymentResult, &Cost)> {
    result.deployments.iter().filter_map(|deployment| Some((deployment, deployment.cost.as_ref()?))).collect()
}

fn breakdown_sentence(billed: &[(&DeploymentResult, &Cost)]) -> String {
    let Some((cheapest, cost)) = billed.iter().min_by_key(|(_, cost)| cost.per_month) else {
        return String::new();
    };
    let name = &cheapest.name;
    let per_month = cost.per_month.to_f64().unwrap_or(0.0);
    let dearest = billed.iter().max_by_key(|(_, other)| other.per_month);
    let costs = if let Some((other, most)) = dearest.filter(|(_, most)| most.per_month > cost.per_month) {
        let rest = per_month / most.per_month.to_f64().unwrap_or(1.0);
        let less = percent(1.0 - rest, rest * (relative(cost) + relative(most)));
        format!("{name} costs {less} less than {}", other.name)
    } else {
        let sum = interval(&cost.ci95, "per_month");
        format!("{name} costs {} per month", estimate(Some(per_month), sum, Unit::Money(&cost.currency)).value)
    };
    let largest = cost.groups().into_iter().max_by_key(|(_, amount)| *amount).filter(|_| per_month > 0.0);
    let part = largest.map_or_else(String::new, |(group, amount)| {
        let share = amount.to_f64().unwrap_or(0.0) / per_month;
        let known_to = cost.half_width(|line| line.group == group) / per_month + share * relative(cost);
        format!("; {group} is {} of its bill", percent(share, known_to))
    });
    format!("{costs}{part}.")
}

/// Half of the interval of a month, as a share of it. Half-widths of what is divided by each other add up.
fn relative(cost: &Cost) -> f64 {
    let per_month = cost.per_month.to_f64().unwrap_or(0.0);
    if per_month > 0.0 { half_width(&cost.ci95, "per_month") / per_month } else { 0.0 }
}

/// Lines: the bill of the measured time so far.
pub fn over_time(result: &RunResult) -> Option<Result<Chart, ChartError>> {
    let ends = &result.charts.bucket_ends_seconds;
    let end = ends.last().copied()?;
    let currency = &billed(result).first()?.1.currency;
    let mut marks = Vec::new();
    let mut legend = Vec::new();
    let mut finals: Vec<(&str, f64, Option<Interval>)> = Vec::new();
    for (index, (deployment, charts)) in result.deployments.iter().zip(&result.charts.deployments).enumerate() {
        let Some(last) = charts.cumulative_cost.last() else { continue };
        let points = ends.iter().zip(&charts.cumulative_cost).map(|(at, cost)| (*at, *cost));
        marks.push(Mark::Line(series(index), std::iter::once((0.0, 0.0)).chain(points).collect()));
        legend.push((Swatch::Line(series(index)), deployment.name.clone()));
        let total = deployment.cost.as_ref().and_then(|cost| interval(&cost.ci95, "total"));
        finals.push((&deployment.name, *last, total));
    }
    let least = finals.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let most = finals.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let money = |of: &(&str, f64, Option<Interval>)| estimate(Some(of.1), of.2, Unit::Money(currency)).value;
    let sentence = if finals.len() == 1 {
        format!("After {} the bill stands at {}.", span(end), money(least))
    } else {
        format!(
            "After {} the bills stand between {} ({}) and {} ({}).",
            span(end),
            money(least),
            least.0,
            money(most),
            most.0
        )
    };
    let x = Axis::clock(&result.charts.start, end);
    let y = Axis::linear(&format!("cost so far ({currency})"), most.1);
    let panel = Panel { title: String::new(), x, y, marks };
    let plot =
        Plot { title: "Cost over the measured time".to_owned(), legend, rows: vec![vec![panel]], row_height: 320 };
    Some(Chart::draw("cost-over-time", sentence, &plot))
}
