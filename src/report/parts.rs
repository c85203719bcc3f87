//! Rows about the parts of an application in the table of a run: several services, and queues.

use rust_decimal::prelude::ToPrimitive;

use super::figures::{count, part, row};
use super::number::{NOTHING, Unit, estimate, plain};
use super::table::{Cell, Row};
use crate::experiment::result::{DeploymentResult, Intervals, QueueResult, RunResult, ServiceResult, interval};

/// Rows for every service, where there are several, and for every queue.
pub fn rows(result: &RunResult) -> Vec<Row> {
    let Some(first) = result.deployments.first() else { return Vec::new() };
    let services = first.services.iter().flat_map(|service| of_service(result, &service.name));
    let queues = first.queues.iter().flat_map(|queue| of_queue(result, &queue.name));
    services.chain(queues).collect()
}

/// A cell about what has this name in a deployment.
pub fn found<'r, T>(parts: &'r [T], is: impl Fn(&T) -> bool, cell: impl Fn(&'r T) -> Cell) -> Cell {
    parts.iter().find(|part| is(part)).map_or_else(|| Cell::from(NOTHING.to_owned()), cell)
}

fn millis(value: Option<f64>, ci95: &Intervals, key: &str) -> Cell {
    estimate(value, interval(ci95, key), Unit::Millis).into()
}

fn of_service(result: &RunResult, name: &str) -> Vec<Row> {
    let of = |deployment: &DeploymentResult, cell: &dyn Fn(&ServiceResult) -> Cell| {
        found(&deployment.services, |service| service.name == name, cell)
    };
    let money = |deployment: &DeploymentResult| {
        let currency = deployment.cost.as_ref().map_or("", |cost| cost.currency.as_str());
        of(deployment, &|service| match service.cost_per_month.and_then(|cost| cost.to_f64()) {
            Some(cost) if cost > 0.0 => plain(cost, Unit::Money(currency)).into(),
            _ => Cell::from(NOTHING.to_owned()),
        })
    };
    vec![
        Row::heading(format!("Service {name}")),
        row(result, "attempts", |d| of(d, &|service| count(result, service.requests).into())),
        row(result, "latency, p99", |d| {
            of(d, &|service| millis(service.latency_ms.p99, &service.latency_ms.ci95, "p99"))
        }),
        row(result, "instances, mean", |d| {
            of(d, &|service| {
                let instances = &service.instances;
                estimate(instances.mean, interval(&instances.ci95, "mean"), Unit::Count).into()
            })
        }),
        row(result, "attempts that met a cold start", |d| {
            of(d, &|service| {
                let cold = &service.cold_starts;
                estimate(cold.fraction, interval(&cold.ci95, "fraction"), Unit::Share).into()
            })
        }),
        row(result, "billed under its name, per month", money),
    ]
}

fn of_queue(result: &RunResult, name: &str) -> Vec<Row> {
    let of = |deployment: &DeploymentResult, cell: &dyn Fn(&QueueResult) -> Cell| {
        found(&deployment.queues, |queue| queue.name == name, cell)
    };
    let counted = |label: &str, count_of: &dyn Fn(&QueueResult) -> u64| {
        part(result, label, |d| of(d, &|queue| count(result, count_of(queue)).into()))
    };
    vec![
        Row::heading(format!("Queue {name}")),
        row(result, "messages published", |d| of(d, &|queue| count(result, queue.published).into())),
        counted("delivered again", &|queue| queue.redelivered),
        counted("dead letters", &|queue| queue.dead_lettered),
        counted("waiting at the end", &|queue| queue.waiting),
        row(result, "until done, p99", |d| of(d, &|queue| millis(queue.latency_ms.p99, &queue.latency_ms.ci95, "p99"))),
    ]
}
