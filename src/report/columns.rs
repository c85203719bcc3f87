//! The columns of the CSV files: one table per file, from which both the files and their documentation are written.
//!
//! Base units, the unit in the column's name; empty where there is no data.

use std::fmt::Write;

use rust_decimal::Decimal;

use super::figures::word;
use crate::experiment::result::{
    DeploymentCharts, DeploymentResult, Interval, Intervals, RunResult, SweepDeployment, SweepResult, interval,
};

/// A column of rows of type `R`.
pub struct Column<R: ?Sized> {
    /// Name.
    pub name: &'static str,
    /// Unit; empty for text.
    pub unit: &'static str,
    /// Meaning.
    pub meaning: &'static str,
    /// The text of a row's cell.
    pub cell: fn(&R) -> String,
}

/// A row of `summary.csv`.
pub struct Summary<'a> {
    /// The run.
    pub run: &'a RunResult,
    /// One of its deployments.
    pub deployment: &'a DeploymentResult,
}

/// A row of `timeseries.csv`.
pub struct Bucket<'a> {
    /// Name of the deployment.
    pub deployment: &'a str,
    /// Its series.
    pub series: &'a DeploymentCharts,
    /// Start of the bucket, seconds.
    pub start_seconds: f64,
    /// End of the bucket, seconds.
    pub end_seconds: f64,
    /// Which bucket.
    pub index: usize,
}

/// A row of `sweep.csv`.
pub struct Point<'a> {
    /// The sweep.
    pub sweep: &'a SweepResult,
    /// Value of one of its points.
    pub value: f64,
    /// One of the deployments at it.
    pub deployment: &'a SweepDeployment,
}

const fn column<R>(name: &'static str, unit: &'static str, meaning: &'static str, cell: fn(&R) -> String) -> Column<R> {
    Column { name, unit, meaning, cell }
}

/// The shortest text that reads back as the same number; empty without one.
fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(String::new, |value| value.to_string())
}

fn decimal(value: Option<Decimal>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn low(interval: Option<Interval>) -> String {
    number(interval.map(|interval| interval.low))
}

fn high(interval: Option<Interval>) -> String {
    number(interval.map(|interval| interval.high))
}

fn of_cost(row: &Summary<'_>, key: &str) -> Option<Interval> {
    row.deployment.cost.as_ref().and_then(|cost| interval(&cost.ci95, key))
}

fn of(intervals: &Intervals, key: &str) -> Option<Interval> {
    interval(intervals, key)
}

/// Columns of `summary.csv`: one row per deployment.
#[rustfmt::skip] // one line per column: it is a table
#[allow(clippy::too_many_lines)] // as long as the table is
pub fn summary<'a>() -> Vec<Column<Summary<'a>>> {
    vec![
        column("scenario", "", "name of the scenario", |r| r.run.scenario.clone()),
        column("deployment", "", "name of the deployment", |r| r.deployment.name.clone()),
        column("platform", "", "catalogue id of its platform", |r| r.deployment.platform.clone()),
        column("engine", "", "exact or tick", |r| r.deployment.fidelity.engine.clone()),
        column("seed", "", "seed of the run", |r| r.run.seed.to_string()),
        column("replications", "1", "finished replications; counts below are sums over them", |r| r.run.replications.to_string()),
        column("simulated_seconds", "s", "measured time of one replication", |r| number(Some(r.run.simulated_seconds))),
        column("currency", "", "ISO code of the costs; empty without a bill", |r| r.deployment.cost.as_ref().map_or_else(String::new, |cost| cost.currency.clone())),
        column("cost_total", "currency", "cost of the measured time", |r| decimal(r.deployment.cost.as_ref().map(|cost| cost.total))),
        column("cost_total_ci95_low", "currency", "lower end of its 95 % interval", |r| low(of_cost(r, "total"))),
        column("cost_total_ci95_high", "currency", "upper end of its 95 % interval", |r| high(of_cost(r, "total"))),
        column("cost_per_month", "currency", "cost of a month of such time", |r| decimal(r.deployment.cost.as_ref().map(|cost| cost.per_month))),
        column("cost_per_month_ci95_low", "currency", "lower end of its 95 % interval", |r| low(of_cost(r, "per_month"))),
        column("cost_per_month_ci95_high", "currency", "upper end of its 95 % interval", |r| high(of_cost(r, "per_month"))),
        column("cost_per_million_requests", "currency", "cost of a million succeeded requests", |r| decimal(r.deployment.cost.as_ref().and_then(|cost| cost.per_million_requests))),
        column("cost_per_million_requests_ci95_low", "currency", "lower end of its 95 % interval", |r| low(of_cost(r, "per_million_requests"))),
        column("cost_per_million_requests_ci95_high", "currency", "upper end of its 95 % interval", |r| high(of_cost(r, "per_million_requests"))),
        column("requests_offered", "1", "requests offered", |r| r.deployment.requests.offered.to_string()),
        column("requests_succeeded", "1", "requests that succeeded", |r| r.deployment.requests.succeeded.to_string()),
        column("requests_failed", "1", "requests that failed", |r| r.deployment.requests.failed.to_string()),
        column("requests_in_flight", "1", "requests in flight at the end", |r| r.deployment.requests.in_flight.to_string()),
        column("availability", "share", "succeeded / (offered - in flight)", |r| number(r.deployment.requests.availability())),
        column("attempts_offered", "1", "attempts offered", |r| r.deployment.attempts.offered.to_string()),
        column("attempts_completed", "1", "attempts completed", |r| r.deployment.attempts.completed.to_string()),
        column("attempts_rejected", "1", "attempts refused before any work", |r| r.deployment.attempts.rejected.to_string()),
        column("attempts_timed_out", "1", "attempts that a limit of the client, edge or platform ended", |r| r.deployment.attempts.timed_out.to_string()),
        column("attempts_failed", "1", "attempts whose work ended in an error", |r| r.deployment.attempts.failed.to_string()),
        column("attempts_in_flight", "1", "attempts in flight at the end", |r| r.deployment.attempts.in_flight.to_string()),
        column("latency_mean_ms", "ms", "mean of the latency of succeeded requests", |r| number(r.deployment.latency_ms.mean)),
        column("latency_mean_ms_ci95_low", "ms", "lower end of its 95 % interval", |r| low(of(&r.deployment.latency_ms.ci95, "mean"))),
        column("latency_mean_ms_ci95_high", "ms", "upper end of its 95 % interval", |r| high(of(&r.deployment.latency_ms.ci95, "mean"))),
        column("latency_p50_ms", "ms", "median of the latency of succeeded requests", |r| number(r.deployment.latency_ms.p50)),
        column("latency_p50_ms_ci95_low", "ms", "lower end of its 95 % interval", |r| low(of(&r.deployment.latency_ms.ci95, "p50"))),
        column("latency_p50_ms_ci95_high", "ms", "upper end of its 95 % interval", |r| high(of(&r.deployment.latency_ms.ci95, "p50"))),
        column("latency_p90_ms", "ms", "90th percentile of the latency of succeeded requests", |r| number(r.deployment.latency_ms.p90)),
        column("latency_p90_ms_ci95_low", "ms", "lower end of its 95 % interval", |r| low(of(&r.deployment.latency_ms.ci95, "p90"))),
        column("latency_p90_ms_ci95_high", "ms", "upper end of its 95 % interval", |r| high(of(&r.deployment.latency_ms.ci95, "p90"))),
        column("latency_p95_ms", "ms", "95th percentile of the latency of succeeded requests", |r| number(r.deployment.latency_ms.p95)),
        column("latency_p95_ms_ci95_low", "ms", "lower end of its 95 % interval", |r| low(of(&r.deployment.latency_ms.ci95, "p95"))),
        column("latency_p95_ms_ci95_high", "ms", "upper end of its 95 % interval", |r| high(of(&r.deployment.latency_ms.ci95, "p95"))),
        column("latency_p99_ms", "ms", "99th percentile of the latency of succeeded requests", |r| number(r.deployment.latency_ms.p99)),
        column("latency_p99_ms_ci95_low", "ms", "lower end of its 95 % interval", |r| low(of(&r.deployment.latency_ms.ci95, "p99"))),
        column("latency_p99_ms_ci95_high", "ms", "upper end of its 95 % interval", |r| high(of(&r.deployment.latency_ms.ci95, "p99"))),
        column("latency_p999_ms", "ms", "99.9th percentile of the latency of succeeded requests", |r| number(r.deployment.latency_ms.p999)),
        column("latency_p999_ms_ci95_low", "ms", "lower end of its 95 % interval", |r| low(of(&r.deployment.latency_ms.ci95, "p999"))),
        column("latency_p999_ms_ci95_high", "ms", "upper end of its 95 % interval", |r| high(of(&r.deployment.latency_ms.ci95, "p999"))),
        column("latency_max_ms", "ms", "largest, over all replications of the latency of succeeded requests", |r| number(r.deployment.latency_ms.max)),
        column("queue_wait_mean_ms", "ms", "mean of the queue wait of completed attempts, zeros included", |r| number(r.deployment.queue_wait_ms.times.mean)),
        column("queue_wait_mean_ms_ci95_low", "ms", "lower end of its 95 % interval", |r| low(of(&r.deployment.queue_wait_ms.times.ci95, "mean"))),
        column("queue_wait_mean_ms_ci95_high", "ms", "upper end of its 95 % interval", |r| high(of(&r.deployment.queue_wait_ms.times.ci95, "mean"))),
        column("queue_wait_p50_ms", "ms", "median of the queue wait of completed attempts, zeros included", |r| number(r.deployment.queue_wait_ms.times.p50)),
        column("queue_wait_p50_ms_ci95_low", "ms", "lower end of its 95 % interval", |r| low(of(&r.deployment.queue_wait_ms.times.ci95, "p50"))),
        column("queue_wait_p50_ms_ci95_high", "ms", "upper end of its 95 % interval", |r| high(of(&r.deployment.queue_wait_ms.times.ci95, "p50"))),
        column("queue_wait_p90_ms", "ms", "90th percentile of the queue wait of completed attempts, zeros included", |r| number(r.deployment.queue_wait_ms.times.p90)),
        column("queue_wait_p90_ms_ci95_low", "ms", "lower end of its 95 % interval", |r| low(of(&r.deployment.queue_wait_ms.times.ci95, "p90"))),
        column("queue_wait_p90_ms_ci95_high", "ms", "upper end of its 95 % interval", |r| high(of(&r.deployment.queue_wait_ms.times.ci95, "p90"))),
        column("queue_wait_p95_ms", "ms", "95th percentile of the queue wait of completed attempts, zeros included", |r| number(r.deployment.queue_wait_ms.times.p95)),
        column("queue_wait_p95_ms_ci95_low", "ms", "lower end of its 95 % interval", |r| low(of(&r.deployment.queue_wait_ms.times.ci95, "p95"))),
        column("queue_wait_p95_ms_ci95_high", "ms", "upper end of its 95 % interval", |r| high(of(&r.deployment.queue_wait_ms.times.ci95, "p95"))),
        column("queue_wait_p99_ms", "ms", "99th percentile of the queue wait of completed attempts, zeros included", |r| number(r.deployment.queue_wait_ms.times.p99)),
        column("queue_wait_p99_ms_ci95_low", "ms", "lower end of its 95 % interval", |r| low(of(&r.deployment.queue_wait_ms.times.ci95, "p99"))),
        column("queue_wait_p99_ms_ci95_high", "ms", "upper end of its 95 % interval", |r| high(of(&r.deployment.queue_wait_ms.times.ci95, "p99"))),
        column("queue_wait_p999_ms", "ms", "99.9th percentile of the queue wait of completed attempts, zeros included", |r| number(r.deployment.queue_wait_ms.times.p999)),
        column("queue_wait_p999_ms_ci95_low", "ms", "lower end of its 95 % interval", |r| low(of(&r.deployment.queue_wait_ms.times.ci95, "p999"))),
        column("queue_wait_p999_ms_ci95_high", "ms", "upper end of its 95 % interval", |r| high(of(&r.deployment.queue_wait_ms.times.ci95, "p999"))),
        column("queue_wait_max_ms", "ms", "largest, over all replications of the queue wait of completed attempts, zeros included", |r| number(r.deployment.queue_wait_ms.times.max)),
        column("queue_share_waiting", "share", "share of completed attempts that waited", |r| number(r.deployment.queue_wait_ms.share_waiting)),
        column("queue_share_waiting_ci95_low", "share", "lower end of its 95 % interval", |r| low(of(&r.deployment.queue_wait_ms.times.ci95, "share_waiting"))),
        column("queue_share_waiting_ci95_high", "share", "upper end of its 95 % interval", |r| high(of(&r.deployment.queue_wait_ms.times.ci95, "share_waiting"))),
        column("cold_starts_count", "1", "attempts that waited for an instance to start", |r| r.deployment.cold_starts.count.to_string()),
        column("cold_starts_fraction", "share", "cold starts / (attempts offered - rejected)", |r| number(r.deployment.cold_starts.fraction)),
        column("cold_starts_fraction_ci95_low", "share", "lower end of its 95 % interval", |r| low(of(&r.deployment.cold_starts.ci95, "fraction"))),
        column("cold_starts_fraction_ci95_high", "share", "upper end of its 95 % interval", |r| high(of(&r.deployment.cold_starts.ci95, "fraction"))),
        column("instances_mean", "1", "time average of instances between start request and end", |r| number(r.deployment.instances.mean)),
        column("instances_mean_ci95_low", "1", "lower end of its 95 % interval", |r| low(of(&r.deployment.instances.ci95, "mean"))),
        column("instances_mean_ci95_high", "1", "upper end of its 95 % interval", |r| high(of(&r.deployment.instances.ci95, "mean"))),
        column("instances_mean_busy", "1", "time average of instances with an attempt assigned", |r| number(r.deployment.instances.mean_busy)),
        column("instances_mean_busy_ci95_low", "1", "lower end of its 95 % interval", |r| low(of(&r.deployment.instances.ci95, "mean_busy"))),
        column("instances_mean_busy_ci95_high", "1", "upper end of its 95 % interval", |r| high(of(&r.deployment.instances.ci95, "mean_busy"))),
        column("instances_mean_idle", "1", "mean - mean busy", |r| number(r.deployment.instances.mean_idle)),
        column("instances_peak", "1", "most instances at once", |r| r.deployment.instances.peak.to_string()),
        column("instances_started", "1", "instances started", |r| r.deployment.instances.started.to_string()),
        column("instances_utilization", "share", "busy slots / slots of ready instances", |r| number(r.deployment.instances.utilization)),
        column("instances_utilization_ci95_low", "share", "lower end of its 95 % interval", |r| low(of(&r.deployment.instances.ci95, "utilization"))),
        column("instances_utilization_ci95_high", "share", "upper end of its 95 % interval", |r| high(of(&r.deployment.instances.ci95, "utilization"))),
        column("instances_cpu_utilization", "share", "CPU used / CPU of ready instances", |r| number(r.deployment.instances.cpu_utilization)),
        column("instances_cpu_utilization_ci95_low", "share", "lower end of its 95 % interval", |r| low(of(&r.deployment.instances.ci95, "cpu_utilization"))),
        column("instances_cpu_utilization_ci95_high", "share", "upper end of its 95 % interval", |r| high(of(&r.deployment.instances.ci95, "cpu_utilization"))),
        column("nodes_mean", "1", "time average of nodes; empty where there are none", |r| number(r.deployment.nodes.as_ref().and_then(|nodes| nodes.mean))),
        column("nodes_peak", "1", "most nodes at once", |r| r.deployment.nodes.as_ref().map_or_else(String::new, |nodes| nodes.peak.to_string())),
        column("slo_verdict", "", "worst verdict of its objectives: met, missed or inconclusive; empty without any", |r| r.deployment.slo_verdict().map_or_else(String::new, |verdict| word(verdict).to_owned())),
    ]
}

/// Columns of `timeseries.csv`: one row per deployment and bucket, means over replications.
#[rustfmt::skip] // one line per column: it is a table
#[allow(clippy::too_many_lines)] // as long as the table is
pub fn timeseries<'a>() -> Vec<Column<Bucket<'a>>> {
    vec![
        column("deployment", "", "name of the deployment", |r| r.deployment.to_owned()),
        column("bucket_start_seconds", "s", "start of the bucket, from the first measured instant", |r| number(Some(r.start_seconds))),
        column("bucket_end_seconds", "s", "end of the bucket", |r| number(Some(r.end_seconds))),
        column("offered_rate_per_second", "1/s", "requests that arrived in the bucket", |r| number(r.series.offered_rate.get(r.index).copied())),
        column("completed_rate_per_second", "1/s", "those of them that completed", |r| number(r.series.completed_rate.get(r.index).copied())),
        column("shed_rate_per_second", "1/s", "those of them that did not", |r| number(r.series.shed_rate.get(r.index).copied())),
        column("instances", "1", "mean of instances, started to ended", |r| number(r.series.instances.get(r.index).copied())),
        column("instances_ready", "1", "mean of instances ready to serve", |r| number(r.series.ready.get(r.index).copied())),
        column("instances_busy", "1", "mean of instances at work", |r| number(r.series.busy.get(r.index).copied())),
        column("nodes", "1", "mean of nodes; empty where there are none", |r| number(r.series.nodes.get(r.index).copied())),
        column("cumulative_cost", "currency", "bill of the measured time up to the end of the bucket; empty without a bill", |r| number(r.series.cumulative_cost.get(r.index).copied())),
        column("latency_p99_ms", "ms", "99th percentile of the latency of requests that arrived in the bucket", |r| number(r.series.p99_ms.get(r.index).copied().flatten())),
    ]
}

/// Columns of `sweep.csv`: one row per value and deployment.
#[rustfmt::skip] // one line per column: it is a table
#[allow(clippy::too_many_lines)] // as long as the table is
pub fn sweep<'a>() -> Vec<Column<Point<'a>>> {
    vec![
        column("axis", "", "path of the key that was varied", |r| r.sweep.axis.path.clone()),
        column("unit", "", "base unit of the values", |r| r.sweep.axis.unit.clone()),
        column("value", "see unit", "value of the key", |r| number(Some(r.value))),
        column("deployment", "", "name of the deployment", |r| r.deployment.name.clone()),
        column("cost_per_month", "currency", "cost of a month; empty without a bill", |r| decimal(r.deployment.cost_per_month)),
        column("cost_per_month_ci95_low", "currency", "lower end of its 95 % interval", |r| low(r.deployment.ci95)),
        column("cost_per_month_ci95_high", "currency", "upper end of its 95 % interval", |r| high(r.deployment.ci95)),
        column("currency", "", "ISO code of the costs", |r| r.sweep.currency.clone()),
        column("failed_share", "1", "share of the requests that ended which failed", |r| number(r.deployment.failed_share)),
        column("slo_verdict", "", "worst verdict of its objectives: met, missed or inconclusive; empty without any", |r| r.deployment.slo_verdict.map_or_else(String::new, |verdict| word(verdict).to_owned())),
    ]
}

/// The reference page of these columns.
pub fn documentation() -> String {
    let mut page = String::from(
        "# Columns of the CSV files\n\n\
         Base units; the unit is in the name of the column. A share is between 0 and 1. A cell is empty where there is no\n\
         data: no tariff, no requests, or one replication, which has no interval. Lines end in LF, fields follow RFC 4180.\n\n\
         This page is generated from `src/report/columns.rs`.\n",
    );
    describe(&mut page, "summary.csv", "One row per deployment. Counts are sums over replications.", &summary());
    describe(
        &mut page,
        "timeseries.csv",
        "One row per deployment and time bucket; means over replications.",
        &timeseries(),
    );
    describe(&mut page, "sweep.csv", "One row per value and deployment, written by `simulate sweep`.", &sweep());
    page
}

fn describe<R>(page: &mut String, file: &str, rows: &str, columns: &[Column<R>]) {
    // Writing to a string cannot fail.
    let _ = write!(page, "\n## {file}\n\n{rows}\n\n| column | unit | meaning |\n|---|---|---|\n");
    for column in columns {
        let _ = writeln!(page, "| `{}` | {} | {} |", column.name, column.unit, column.meaning);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Set `BLESS=1` to write the page anew.
    #[test]
    fn the_reference_page_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/src/reference/columns.md");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, documentation()).unwrap();
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(stored, documentation(), "docs/src/reference/columns.md is out of date: run the test with BLESS=1");
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = summary().iter().map(|column| column.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
