//! Rows about faults in the table of a run: when requests were served as before again, and what it cost.

use rust_decimal::prelude::ToPrimitive;

use super::figures::{part, row};
use super::lead_time::short;
use super::number::{NOTHING, Unit, estimate, plain, span};
use super::table::{Cell, Row};
use crate::experiment::result::{DeploymentResult, FaultResult, RunResult, interval};

/// Most faults that the table tells of; the result has all.
const MOST: usize = 8;

/// Rows for every fault that any deployment met, in the order of time.
pub fn rows(result: &RunResult) -> Vec<Row> {
    let mut met: Vec<&FaultResult> = Vec::new();
    for fault in result.deployments.iter().flat_map(|deployment| &deployment.faults) {
        if !met.iter().any(|other| is_same(other, fault)) {
            met.push(fault);
        }
    }
    met.sort_by(|a, b| a.at_seconds.total_cmp(&b.at_seconds));
    let mut rows: Vec<Row> = met.iter().take(MOST).flat_map(|fault| of_fault(result, fault)).collect();
    if met.len() > MOST {
        rows.push(Row::heading(format!("{} more faults are in the JSON", met.len() - MOST)));
    }
    rows
}

fn is_same(a: &FaultResult, b: &FaultResult) -> bool {
    a.name == b.name && a.target == b.target && a.at_seconds.total_cmp(&b.at_seconds).is_eq()
}

fn of_fault(result: &RunResult, fault: &FaultResult) -> Vec<Row> {
    let of = |deployment: &DeploymentResult, text: &dyn Fn(&FaultResult) -> Option<String>| {
        let met = deployment.faults.iter().find(|other| is_same(other, fault));
        Cell::from(met.and_then(text).unwrap_or_else(|| NOTHING.to_owned()))
    };
    let recovery = |fault: &FaultResult| match fault.recovery_seconds {
        _ if fault.late_ms.is_none() => None,
        None => Some("not seen".to_owned()),
        Some(seconds) if seconds > 0.0 => Some(span(seconds)),
        Some(_) => Some("nothing felt".to_owned()),
    };
    let known = |fault: &FaultResult, key: &str, value: Option<f64>, unit: Unit<'_>| {
        value.map(|value| estimate(Some(value), interval(&fault.ci95, key), unit).value)
    };
    let beyond = |fault: &FaultResult, key: &str, count: Option<f64>| {
        known(fault, key, count.map(|count| count.round().max(0.0)), Unit::Count)
    };
    let mut rows = vec![
        Row::heading(format!("Fault {} of {}, after {}", fault.name, fault.target, span(fault.at_seconds))),
        row(result, "until served as before", |d| of(d, &recovery)),
        part(result, "failed beyond before", |d| of(d, &|fault| beyond(fault, "failed", fault.failed))),
        part(result, "late beyond before", |d| of(d, &|fault| beyond(fault, "late", fault.late))),
    ];
    if result.deployments.iter().any(|one| one.faults.iter().any(|fault| fault.extra_cost.is_some())) {
        rows.push(part(result, "added to the bill", |d| {
            let currency = d.cost.as_ref().map_or("", |cost| cost.currency.as_str());
            let cost = |fault: &FaultResult| fault.extra_cost.and_then(|cost| cost.to_f64());
            of(d, &|fault| known(fault, "extra_cost", cost(fault), Unit::Money(currency)))
        }));
    }
    if fault.roll_out.is_some() {
        let replaced = |fault: &FaultResult| Some(plain(fault.roll_out.as_ref()?.replaced, Unit::Count));
        let seen = |seconds: Option<f64>| seconds.map_or_else(|| "not seen".to_owned(), short);
        let rolled_out = |fault: &FaultResult| Some(seen(fault.roll_out.as_ref()?.seconds));
        let old_gone = |fault: &FaultResult| Some(seen(fault.roll_out.as_ref()?.old_gone_seconds));
        rows.push(row(result, "instances replaced", |d| of(d, &replaced)));
        rows.push(part(result, "rolled out after", |d| of(d, &rolled_out)));
        rows.push(part(result, "the last old one ended after", |d| of(d, &old_gone)));
    }
    rows
}
