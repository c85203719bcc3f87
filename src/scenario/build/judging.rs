//! Objectives: what every deployment is judged by, and which must meet it.

use rust_decimal::prelude::ToPrimitive;

use super::{Context, Names};
use crate::document::diagnostic::Diagnostic;
use crate::document::tree::{Node, Table};
use crate::pricing::settle::Options;
use crate::scenario::{Metric, Objective, Require};

/// Reports classes and deployments that objectives name and nobody knows. The table need not have been checked.
pub fn check(context: &mut Context, table: &Table, names: &Names) {
    let Some(slo) = table.get("slo").and_then(Node::as_table) else { return };
    for entry in slo.get("class").and_then(Node::as_table).into_iter().flat_map(Table::iter) {
        if !names.classes.contains(&entry.key) {
            let unknown = Diagnostic::error(format!("no class is called `{}`", entry.key)).at(entry.key_span);
            context.problems.push(unknown.nearest(&entry.key, names.classes.iter().map(String::as_str)));
        }
    }
    let required = slo.get("require").and_then(Node::as_array).unwrap_or_default();
    for (node, name) in required.iter().filter_map(|node| Some((node, node.as_str()?))) {
        if !names.deployments.iter().any(|deployment| deployment == name) {
            let unknown = Diagnostic::error(format!("no deployment is called `{name}`")).at(node.span);
            context.problems.push(unknown.nearest(name, names.deployments.iter().map(String::as_str)));
        }
    }
}

/// The objectives of `[slo]`, `[slo.class.NAME]` and `[budget]`.
pub fn objectives(table: &Table, pricing: &Options) -> Vec<Objective> {
    let mut objectives = Vec::new();
    if let Some(slo) = table.get("slo").map(Node::table) {
        objectives.extend(of(slo, None));
        for entry in slo.get("class").map(Node::table).into_iter().flat_map(Table::iter) {
            objectives.extend(of(entry.node.table(), Some(&entry.key)));
        }
    }
    if let Some(budget) = table.get("budget").map(Node::table) {
        // The bill is in the currency of [pricing], and the budget is judged by the bill.
        let target = budget.at("cost_per_month").money().saturating_mul(pricing.currency.per_usd);
        let target = target.to_f64().unwrap_or(f64::MAX);
        objectives.push(Objective { metric: Metric::CostPerMonth, class: None, target });
    }
    objectives
}

fn of(table: &Table, class: Option<&str>) -> Vec<Objective> {
    let objective = |metric: Metric| {
        let node = table.get(metric.key())?;
        let target = match metric {
            Metric::Availability | Metric::ColdStarts => node.share(),
            _ => node.duration().millis(),
        };
        Some(Objective { metric, class: class.map(str::to_owned), target })
    };
    Metric::ALL.into_iter().filter_map(objective).collect()
}

/// Which deployments must meet every objective.
pub fn require(table: &Table) -> Require {
    let Some(require) = table.get("slo").map(|slo| slo.table().at("require")) else { return Require::Any };
    match require.as_str() {
        Some("all") => Require::All,
        Some("none") => Require::None,
        Some(_) => Require::Any,
        None => Require::Named(require.elements().iter().map(|name| name.text().to_owned()).collect()),
    }
}
