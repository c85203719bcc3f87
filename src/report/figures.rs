//! The table of a run: figures by deployments. Counts are those of one replication.

use rust_decimal::prelude::ToPrimitive;

use super::audit;
use super::bill::GROUPS;
use super::faults;
use super::lead_time;
use super::number::{NOTHING, Unit, counted, estimate, money, plain, share, whole};
use super::parts;
use super::stores;
use super::table::{Cell, Row, Table};
use crate::experiment::result::{
    AuditFigure, DeploymentResult, Intervals, Judgement, RunResult, Verdict, half_width, interval,
};

/// The table of `result`.
pub fn table(result: &RunResult) -> Table {
    let mut rows = cost(result);
    rows.extend(latency(result));
    rows.extend(reliability(result));
    rows.extend(capacity(result));
    rows.extend(parts::rows(result));
    rows.extend(stores::rows(result));
    rows.extend(faults::rows(result));
    rows.extend(lead_time::rows(result));
    rows.extend(objectives(result));
    let mut head = vec![String::new()];
    head.extend(result.deployments.iter().map(|deployment| deployment.name.clone()));
    Table { caption: "Figures by deployment".to_owned(), head, text_columns: vec![0], rows }
}

/// A row of figures.
pub fn row(result: &RunResult, label: &str, cell: impl Fn(&DeploymentResult) -> Cell) -> Row {
    Row::of(label, result.deployments.iter().map(cell).collect())
}

/// The same, part of the one above.
pub fn part(result: &RunResult, label: &str, cell: impl Fn(&DeploymentResult) -> Cell) -> Row {
    Row::part(label, result.deployments.iter().map(cell).collect())
}

/// A count of one replication: the mean of several, or the one there is.
pub fn count(result: &RunResult, count: u64) -> String {
    if result.replications <= 1 {
        return whole(count);
    }
    let traffic = &result.traffic;
    let known_to = half_width(&traffic.ci95, "requests_per_replication");
    counted(count, result.replications, known_to / traffic.requests_per_replication.max(1.0))
}

fn cost(result: &RunResult) -> Vec<Row> {
    let money = |deployment: &DeploymentResult, key: &str| match &deployment.cost {
        None => Cell::from("no tariff".to_owned()),
        Some(cost) => {
            let value = if key == "per_month" { Some(cost.per_month) } else { cost.per_million_requests };
            let value = value.and_then(|value| value.to_f64());
            estimate(value, interval(&cost.ci95, key), Unit::Money(&cost.currency)).into()
        }
    };
    let mut rows = vec![Row::heading("Cost"), row(result, "per month", |deployment| money(deployment, "per_month"))];
    rows.extend(audit::row(result, AuditFigure::CostPerMonth));
    let at_expected = |deployment: &DeploymentResult| {
        let cost = deployment.cost.as_ref()?;
        let at = cost.at_expected_traffic.as_ref()?;
        Some(estimate(at.per_month.to_f64(), Some(at.ci95), Unit::Money(&cost.currency)))
    };
    if result.deployments.iter().any(|deployment| at_expected(deployment).is_some()) {
        let cell = |deployment: &DeploymentResult| {
            at_expected(deployment).map_or_else(|| Cell::from(NOTHING.to_owned()), Cell::from)
        };
        rows.push(part(result, "at the expected number of requests", cell));
    }
    rows.extend(groups(result));
    rows.push(row(result, "per million requests", |deployment| money(deployment, "per_million_requests")));
    rows
}

/// What the month's bill consists of: a row for each group in which anything is owed, where there are several.
fn groups(result: &RunResult) -> Vec<Row> {
    let amount = |deployment: &DeploymentResult, group: &str| {
        let groups = deployment.cost.as_ref()?.groups();
        groups.into_iter().find(|(word, amount)| *word == group && !amount.is_zero()).map(|(_, amount)| amount)
    };
    let owed = |group: &&str| result.deployments.iter().any(|deployment| amount(deployment, group).is_some());
    let groups: Vec<&str> = GROUPS.into_iter().filter(owed).collect();
    if groups.len() < 2 {
        return Vec::new();
    }
    let cell = |deployment: &DeploymentResult, group: &str| match (&deployment.cost, amount(deployment, group)) {
        (Some(cost), Some(amount)) => money(amount, cost.half_width(|line| line.group == group), &cost.currency).into(),
        _ => Cell::from(NOTHING.to_owned()),
    };
    groups.iter().map(|group| part(result, group, |deployment| cell(deployment, group))).collect()
}

fn latency(result: &RunResult) -> Vec<Row> {
    let millis = |value, ci95: &Intervals, key: &str| estimate(value, interval(ci95, key), Unit::Millis).into();
    let mut rows = vec![
        Row::heading("Latency of successful requests"),
        row(result, "p50", |d| millis(d.latency_ms.p50, &d.latency_ms.ci95, "p50")),
    ];
    rows.push(row(result, "p95", |d| millis(d.latency_ms.p95, &d.latency_ms.ci95, "p95")));
    rows.extend(audit::row(result, AuditFigure::P95));
    rows.push(row(result, "p99", |d| millis(d.latency_ms.p99, &d.latency_ms.ci95, "p99")));
    rows.extend(audit::row(result, AuditFigure::P99));
    rows.extend([
        Row::heading("Waiting and cold starts"),
        row(result, "attempts that queued", |d| {
            let wait = &d.queue_wait_ms;
            estimate(wait.share_waiting, interval(&wait.times.ci95, "share_waiting"), Unit::Share).into()
        }),
        row(result, "queue wait, p99", |d| millis(d.queue_wait_ms.times.p99, &d.queue_wait_ms.times.ci95, "p99")),
        row(result, "attempts that met a cold start", |d| {
            estimate(d.cold_starts.fraction, interval(&d.cold_starts.ci95, "fraction"), Unit::Share).into()
        }),
        part(result, "count", |d| count(result, d.cold_starts.count).into()),
    ]);
    rows.extend(audit::row(result, AuditFigure::ColdStarts));
    rows
}

fn reliability(result: &RunResult) -> Vec<Row> {
    let mut rows = vec![
        Row::heading("Errors"),
        row(result, "requests that failed", |d| {
            let ended = d.requests.offered.saturating_sub(d.requests.in_flight);
            share(ended.saturating_sub(d.requests.succeeded), ended).into()
        }),
        part(result, "attempts rejected", |d| count(result, d.attempts.rejected).into()),
        part(result, "attempts timed out", |d| count(result, d.attempts.timed_out).into()),
        part(result, "attempts failed", |d| count(result, d.attempts.failed).into()),
    ];
    if result.deployments.iter().any(|d| d.attempts.offered > d.requests.offered) {
        let per_request = |d: &DeploymentResult| {
            (d.requests.offered > 0).then(|| d.attempts.offered as f64 / d.requests.offered as f64)
        };
        rows.push(part(result, "attempts per request", |d| estimate(per_request(d), None, Unit::Count).into()));
    }
    rows
}

fn capacity(result: &RunResult) -> Vec<Row> {
    let mut rows = vec![
        Row::heading("Capacity"),
        row(result, "instances, mean", |d| {
            estimate(d.instances.mean, interval(&d.instances.ci95, "mean"), Unit::Count).into()
        }),
    ];
    rows.extend(audit::row(result, AuditFigure::Instances));
    rows.extend([
        row(result, "instances, peak", |d| whole(d.instances.peak).into()),
        row(result, "slots in use", |d| {
            estimate(d.instances.utilization, interval(&d.instances.ci95, "utilization"), Unit::Share).into()
        }),
        row(result, "CPU in use", |d| {
            estimate(d.instances.cpu_utilization, interval(&d.instances.ci95, "cpu_utilization"), Unit::Share).into()
        }),
    ]);
    if result.deployments.iter().any(|deployment| deployment.nodes.is_some()) {
        let nothing = || Cell::from(NOTHING.to_owned());
        rows.push(row(result, "nodes, mean", |d| {
            d.nodes
                .as_ref()
                .map_or_else(nothing, |nodes| estimate(nodes.mean, interval(&nodes.ci95, "mean"), Unit::Count).into())
        }));
        rows.push(row(result, "nodes, peak", |d| {
            d.nodes.as_ref().map_or_else(nothing, |nodes| whole(nodes.peak).into())
        }));
    }
    rows
}

/// One row per objective that any deployment was judged on, in the order in which they first appear.
fn objectives(result: &RunResult) -> Vec<Row> {
    let mut asked: Vec<&Verdict> = Vec::new();
    for verdict in result.deployments.iter().flat_map(|deployment| &deployment.slo) {
        if !asked.iter().any(|other| same(other, verdict)) {
            asked.push(verdict);
        }
    }
    if asked.is_empty() {
        return Vec::new();
    }
    let mut rows = vec![Row::heading("Objectives")];
    for objective in asked {
        rows.push(row(result, &target(result, objective), |deployment| {
            let verdict = deployment.slo.iter().find(|verdict| same(verdict, objective));
            verdict.map_or_else(|| Cell::from(NOTHING.to_owned()), |verdict| judged(result, verdict))
        }));
    }
    rows
}

fn same(a: &Verdict, b: &Verdict) -> bool {
    a.objective == b.objective && a.class == b.class
}

fn judged(result: &RunResult, verdict: &Verdict) -> Cell {
    let word = word(verdict.verdict);
    let actual = estimate(verdict.actual, verdict.ci95, unit(result, verdict));
    let text = if actual.value == NOTHING { word.to_owned() } else { format!("{word}: {}", actual.value) };
    Cell { text, interval: actual.interval, tone: word }
}

/// The word for a judgement.
pub const fn word(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Met => "met",
        Judgement::Missed => "missed",
        Judgement::Inconclusive => "inconclusive",
    }
}

/// An objective in words: `p99 ≤ 500 ms (class checkout)`.
pub fn target(result: &RunResult, verdict: &Verdict) -> String {
    let sign = if verdict.objective == "availability" { '≥' } else { '≤' };
    let class = verdict.class.as_ref().map_or_else(String::new, |class| format!(" (class {class})"));
    // A target is exact: its digits are the reader's own, so none are cut (ten are more than anybody types).
    let target = match unit(result, verdict) {
        Unit::Share => format!("{} %", crate::units::significant(verdict.target * 100.0, 10)),
        unit => plain(verdict.target, unit),
    };
    format!("{} {sign} {target}{class}", verdict.objective.replace('_', " "))
}

fn unit<'a>(result: &'a RunResult, verdict: &Verdict) -> Unit<'a> {
    match verdict.objective.as_str() {
        "availability" | "cold_starts" => Unit::Share,
        "cost_per_month" => Unit::Money(currency(result)),
        _ => Unit::Millis,
    }
}

/// The currency of the bills: one scenario has one.
pub fn currency(result: &RunResult) -> &str {
    result.deployments.iter().find_map(|d| d.cost.as_ref()).map_or("USD", |cost| cost.currency.as_str())
}
