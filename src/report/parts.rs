//! Rows about the parts of an application in the table of a run: several services, queues and workflows.

use rust_decimal::Decimal;

use super::figures::{count, part, row};
use super::number::{NOTHING, Unit, estimate, money};
use super::table::{Cell, Row};
use crate::experiment::result::{
    Coordination, Cost, DeploymentResult, Intervals, QueueResult, RunResult, ServiceResult, WorkflowResult, half_width,
    interval,
};

/// What stands for a part that is bound to nothing.
const NO_PRICE: &str = "no price";

/// Rows for every service, where there are several, for every queue and for every workflow.
pub fn rows(result: &RunResult) -> Vec<Row> {
    let services =
        names(result, |deployment| deployment.services.iter().map(|service| service.name.as_str()).collect());
    let queues = names(result, |deployment| deployment.queues.iter().map(|queue| queue.name.as_str()).collect());
    let workflows =
        names(result, |deployment| deployment.workflows.iter().map(|workflow| workflow.name.as_str()).collect());
    let services = services.into_iter().flat_map(|name| of_service(result, name));
    coordination(result)
        .into_iter()
        .chain(services)
        .chain(queues.into_iter().flat_map(|name| of_queue(result, name)))
        .chain(workflows.into_iter().flat_map(|name| of_workflow(result, name)))
        .collect()
}

/// Every name that some deployment has: a monolith has other services than the rest.
fn names<'r>(result: &'r RunResult, of: impl Fn(&'r DeploymentResult) -> Vec<&'r str>) -> Vec<&'r str> {
    let mut names = Vec::new();
    for name in result.deployments.iter().flat_map(of) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// An amount of the deployment's bill that is known to this half-width.
fn of_bill(deployment: &DeploymentResult, amount: Option<Decimal>, known_to: impl Fn(&Cost) -> f64) -> Cell {
    match (amount.filter(|amount| !amount.is_zero()), &deployment.cost) {
        (Some(amount), Some(cost)) => money(amount, known_to(cost), &cost.currency).into(),
        _ => NOTHING.to_owned().into(),
    }
}

type Amount = fn(&Coordination) -> Option<Decimal>;

/// What it costs that the application has parts.
fn coordination(result: &RunResult) -> Vec<Row> {
    if result.deployments.iter().all(|deployment| deployment.coordination.is_none()) {
        return Vec::new();
    }
    let money = |deployment: &DeploymentResult, key: &str, of: Amount| {
        let Some(found) = &deployment.coordination else { return NOTHING.to_owned().into() };
        of_bill(deployment, of(found), |_| half_width(&found.ci95, key))
    };
    let parts: [(&str, &str, Amount); 5] = [
        ("edge", "edge", |of| of.edge),
        ("queues", "queues", |of| of.queues),
        ("workflows", "workflows", |of| of.workflows),
        ("bytes between zones", "between_zones", |of| of.between_zones),
        ("paid to wait for each other", "waiting", |of| of.waiting),
    ];
    let all = |d: &DeploymentResult| money(d, "cost_per_month", |of| of.cost_per_month);
    let mut rows = vec![Row::heading("Coordination"), row(result, "billed per month", all)];
    let occurs = |of: &Amount| {
        let amounts = result.deployments.iter().filter_map(|deployment| deployment.coordination.as_ref().and_then(of));
        amounts.into_iter().any(|amount| !amount.is_zero())
    };
    let some = parts.iter().filter(|(.., of)| occurs(of));
    rows.extend(some.map(|(label, key, of)| part(result, label, |d| money(d, key, *of))));
    rows.push(row(result, "time spent waiting for services", |d| {
        let share = d.coordination.as_ref().map(|of| f64::from(of.waiting_millionths) / 1e6);
        let ci95 = d.coordination.as_ref().and_then(|of| interval(&of.ci95, "waiting_share"));
        estimate(share, ci95, Unit::Share).into()
    }));
    rows
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
        of(deployment, &|service| {
            of_bill(deployment, service.cost_per_month, |cost| cost.half_width(|line| line.service == service.name))
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
    let bound = |queue: &QueueResult| Cell::from(queue.bound_to.clone().unwrap_or_else(|| NO_PRICE.to_owned()));
    let mut rows = vec![
        Row::heading(format!("Queue {name}")),
        row(result, "bound to", |d| of(d, &bound)),
        row(result, "messages published", |d| of(d, &|queue| count(result, queue.published).into())),
        counted("delivered again", &|queue| queue.redelivered),
        counted("dead letters", &|queue| queue.dead_lettered),
        counted("waiting at the end", &|queue| queue.waiting),
        row(result, "until done, p99", |d| of(d, &|queue| millis(queue.latency_ms.p99, &queue.latency_ms.ci95, "p99"))),
    ];
    let any = |is: &dyn Fn(&QueueResult) -> bool| {
        result.deployments.iter().flat_map(|deployment| &deployment.queues).any(|queue| queue.name == name && is(queue))
    };
    if any(&|queue| queue.requests > 0) {
        rows.push(row(result, "requests", |d| of(d, &|queue| count(result, queue.requests).into())));
    }
    if any(&|queue| queue.empty_receives > 0) {
        rows.push(counted("that found no message", &|queue| queue.empty_receives));
    }
    rows
}

fn of_workflow(result: &RunResult, name: &str) -> Vec<Row> {
    let of = |deployment: &DeploymentResult, cell: &dyn Fn(&WorkflowResult) -> Cell| {
        found(&deployment.workflows, |workflow| workflow.name == name, cell)
    };
    let counted = |label: &str, count_of: &dyn Fn(&WorkflowResult) -> u64| {
        part(result, label, |d| of(d, &|workflow| count(result, count_of(workflow)).into()))
    };
    let bound =
        |workflow: &WorkflowResult| Cell::from(workflow.bound_to.clone().unwrap_or_else(|| NO_PRICE.to_owned()));
    let latency = |workflow: &WorkflowResult| millis(workflow.latency_ms.p99, &workflow.latency_ms.ci95, "p99");
    vec![
        Row::heading(format!("Workflow {name}")),
        row(result, "bound to", |d| of(d, &bound)),
        row(result, "runs started", |d| of(d, &|workflow| count(result, workflow.started).into())),
        counted("failed", &|workflow| workflow.failed),
        counted("going on at the end", &|workflow| workflow.running),
        row(result, "steps", |d| of(d, &|workflow| count(result, workflow.steps).into())),
        row(result, "from start to end, p99", |d| of(d, &latency)),
    ]
}
