//! Objectives: what every deployment is judged by, and which must meet it.

use rust_decimal::prelude::ToPrimitive;

use crate::document::tree::{Node, Table};
use crate::pricing::settle::Options;
use crate::scenario::{Metric, Objective, Require};

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
