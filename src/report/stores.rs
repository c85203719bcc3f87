//! Rows about stores in the table of a run.

use super::figures::{count, part, row};
use super::number::{NOTHING, Unit, estimate, share, whole};
use super::parts::found;
use super::table::{Cell, Row};
use crate::experiment::result::{DeploymentResult, RunResult, StoreResult, interval};

/// Rows for every store, in the order of the scenario.
pub fn rows(result: &RunResult) -> Vec<Row> {
    let Some(first) = result.deployments.iter().max_by_key(|deployment| deployment.stores.len()) else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    for store in &first.stores {
        rows.push(Row::heading(format!("Store {}", store.name)));
        rows.extend(of_store(result, &store.name));
    }
    rows
}

fn of_store(result: &RunResult, name: &str) -> Vec<Row> {
    let find = |deployment: &DeploymentResult, cell: &dyn Fn(&StoreResult) -> Cell| {
        found(&deployment.stores, |store| store.name == name, cell)
    };
    let refused = |store: &StoreResult| share(store.queries.refused, store.queries.asked).into();
    let latency = |store: &StoreResult| {
        estimate(store.latency_ms.p99, interval(&store.latency_ms.ci95, "p99"), Unit::Millis).into()
    };
    let used =
        |store: &StoreResult| estimate(store.utilization, interval(&store.ci95, "utilization"), Unit::Share).into();
    let connections = |store: &StoreResult| {
        let text = store.connections.map_or_else(
            || NOTHING.to_owned(),
            |connections| format!("{} of {}", whole(connections.peak), whole(u64::from(connections.limit))),
        );
        Cell::from(text)
    };
    let bound = |store: &StoreResult| Cell::from(store.bound_to.clone().unwrap_or_else(|| "no limit".to_owned()));
    let mut rows = vec![
        row(result, "bound to", |deployment| find(deployment, &bound)),
        row(result, "queries", |deployment| find(deployment, &|store| count(result, store.queries.asked).into())),
        part(result, "refused", |deployment| find(deployment, &refused)),
        row(result, "latency, p99", |deployment| find(deployment, &latency)),
    ];
    if result.deployments.iter().flat_map(|d| &d.stores).any(|store| store.name == name && store.queries.failed > 0) {
        let failed = |store: &StoreResult| count(result, store.queries.failed).into();
        rows.insert(3, part(result, "failed", |deployment| find(deployment, &failed)));
    }
    let stores = || result.deployments.iter().flat_map(|deployment| &deployment.stores);
    let any = |of: &dyn Fn(&StoreResult) -> bool| stores().any(|store| store.name == name && of(store));
    if any(&|store| store.utilization.is_some()) {
        rows.push(row(result, "capacity in use", |deployment| find(deployment, &used)));
    }
    if any(&|store| store.connections.is_some()) {
        rows.push(row(result, "connections, peak", |deployment| find(deployment, &connections)));
    }
    rows
}
