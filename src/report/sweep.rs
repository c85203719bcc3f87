//! The page of a sweep: where the order of the deployments changes, then cost by value.

use rust_decimal::prelude::ToPrimitive;

use super::charts::{self, ChartError};
use super::figures::word;
use super::number::{Unit, estimate, span};
use super::page::{Block, Page, Section};
use super::table::{Cell, Row, Table};
use crate::experiment::result::{Crossing, Interval, Judgement, Shedding, SweepDeployment, SweepResult};
use crate::units::{Bytes, significant};

/// The page of `result`, with its chart.
///
/// # Errors
/// When the chart cannot be drawn.
pub fn page(result: &SweepResult) -> Result<Page, ChartError> {
    Ok(Page { charts: charts::of_sweep(result)?.into_iter().collect(), ..text(result) })
}

/// The page of `result` without its chart.
pub fn text(result: &SweepResult) -> Page {
    let mut sentences = result.crossings.iter().map(|one| crossing(one, &result.axis.unit));
    let verdict = sentences.next().unwrap_or_else(|| unchanged(result));
    let replications = result.replications;
    let warnings = if replications == 1 {
        vec!["One replication has no interval: nothing here says how far the figures are due to chance.".to_owned()]
    } else {
        Vec::new()
    };
    Page {
        title: result.scenario.clone(),
        subtitle: format!(
            "Cost per month in {} against {}, {} values; {}",
            result.currency,
            result.axis.path,
            result.points.len(),
            if replications == 1 {
                "1 replication each".to_owned()
            } else {
                format!("{replications} replications each")
            }
        ),
        warnings,
        verdict,
        findings: sentences.collect(),
        table: table(result),
        remarks: remarks(result),
        charts: Vec::new(),
        sections: vec![reading(result)],
    }
}

/// Where one deployment becomes cheaper than another: `eks becomes cheaper than aws-lambda at 212/s [198, 227].` A
/// deployment that is cheaper for serving less is named with what it fails.
pub fn crossing(crossing: &Crossing, unit: &str) -> String {
    let other = if crossing.cheaper_above == crossing.a { &crossing.b } else { &crossing.a };
    let shed = |shedding: &Shedding| {
        let failed = estimate(Some(shedding.failed_share), shedding.ci95, Unit::Share).value;
        format!("{} fails {failed} of the requests at {}", shedding.deployment, exact(shedding.at, unit))
    };
    let sheds: Vec<String> = crossing.sheds.iter().map(shed).collect();
    let but = if sheds.is_empty() { String::new() } else { format!(", but sheds load: {}", sheds.join(" and ")) };
    format!("{} becomes cheaper than {other} at {}{but}.", crossing.cheaper_above, at(crossing, unit))
}

/// The place of a crossing and its interval.
pub fn at(crossing: &Crossing, unit: &str) -> String {
    value(crossing.at, crossing.ci95, unit)
}

/// A value of the axis for people, and its interval in the same unit.
fn value(value: f64, ci95: Option<Interval>, unit: &str) -> String {
    match unit {
        "requests/s" => estimate(Some(value), ci95, Unit::Rate).line(),
        "1" => estimate(Some(value), ci95, Unit::Count).line(),
        _ => {
            let text = |value: f64| in_unit(value, unit);
            let interval = ci95.map_or_else(String::new, |ci| format!(" [{}, {}]", text(ci.low), text(ci.high)));
            format!("{}{interval}", text(value))
        }
    }
}

/// A value that was asked for: its digits are the reader's own, so none are cut.
fn exact(value: f64, unit: &str) -> String {
    match unit {
        "requests/s" => format!("{}/s", significant(value, 6)),
        "1" => significant(value, 6),
        _ => in_unit(value, unit),
    }
}

fn in_unit(value: f64, unit: &str) -> String {
    match unit {
        "s" => span(value),
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a float to integer cast saturates
        "bytes" => Bytes(value.round() as u64).to_string(),
        other => format!("{} {other}", significant(value, 3)),
    }
}

/// What a sweep without crossings says.
pub fn unchanged(result: &SweepResult) -> String {
    let all = || result.points.iter().flat_map(|point| &point.deployments);
    if !all().any(|deployment| deployment.cost_per_month.is_some()) {
        return "No deployment has a bill, so no costs cross.".to_owned();
    }
    if !all().any(|deployment| deployment.slo_verdict.is_some()) {
        return "The order of the deployments by cost does not change within the range.".to_owned();
    }
    if all().any(|deployment| deployment.slo_verdict == Some(Judgement::Met)) {
        "The order by cost of the deployments that meet the objectives does not change within the range.".to_owned()
    } else {
        "No deployment is shown to meet the objectives anywhere in the range, so no costs are compared.".to_owned()
    }
}

fn table(result: &SweepResult) -> Table {
    let names = result.points.first().map_or(&[][..], |point| &point.deployments);
    let mut head = vec![result.axis.path.clone()];
    head.extend(names.iter().map(|deployment| deployment.name.clone()));
    let rows = result.points.iter().map(|point| {
        let cells = point.deployments.iter().map(cell).collect();
        Row::of(exact(point.value, &result.axis.unit), cells)
    });
    let caption = format!("Cost per month by value, {}", result.currency);
    Table { caption, head, text_columns: vec![0], rows: rows.collect() }
}

/// Cost of a month; the verdict stands with it where there are objectives.
fn cell(deployment: &SweepDeployment) -> Cell {
    let Some(cost) = deployment.cost_per_month else {
        return Cell::from("no tariff".to_owned());
    };
    let printed = estimate(cost.to_f64(), deployment.ci95, Unit::Money(""));
    let mut cell = Cell { text: printed.value.trim_end().to_owned(), interval: printed.interval, tone: "" };
    if let Some(judgement) = deployment.slo_verdict {
        cell.tone = word(judgement);
        cell.text = format!("{} ({})", cell.text, word(judgement));
    }
    cell
}

fn remarks(result: &SweepResult) -> Vec<String> {
    let mut remarks = Vec::new();
    if result.replications > 1 {
        remarks
            .push("[low, high]: 95 % interval of the simulation's own noise and the declared uncertainty.".to_owned());
    }
    remarks.push(format!("Seed {}, the same at every value, breakeven {}.", result.seed, result.version));
    remarks
}

fn reading(result: &SweepResult) -> Section {
    let scale = if result.axis.logarithmic { "logarithmically" } else { "linearly" };
    let items = vec![
        format!(
            "Costs are those of a month, in {}; met, missed or inconclusive is the worst verdict of the objectives at \
             that value. Where there are objectives, only deployments that meet them at both neighbouring values cross; \
             where there are none, a crossing names the cheaper deployment's failed requests if it fails more of them \
             than the other by a hundredth of all.",
            result.currency
        ),
        format!(
            "A crossing is where the mean paired cost difference changes its sign, interpolated {scale} between two values. \
             Its interval is that of the replications' own crossings; without one, a replication has no crossing there. \
             What lies between two values is not known: more of them, close together, place a crossing better."
        ),
        "Intervals cover the simulation's own noise and the uncertainty that the scenario declares; they do not cover \
         constants that may be wrong."
            .to_owned(),
        format!(
            "Seed {}, the same at every value; {} replications; breakeven {}, schema {}.",
            result.seed, result.replications, result.version, result.schema
        ),
    ];
    let title = "How to read the figures".to_owned();
    Section { title, lead: String::new(), blocks: vec![Block::List { title: String::new(), items }] }
}
