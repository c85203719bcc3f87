//! The result: what every deployment did, and how they compare.

use jiff::Span;
use rust_decimal::prelude::ToPrimitive;

use super::control::at_expected_traffic;
use super::estimates::{Samples, Spread, interval, intervals, mean};
use super::fold::{
    Folded, FoldedDeployment, FoldedLimit, FoldedQueue, FoldedService, FoldedWorkflow, InstanceSamples, Quality,
};
use super::judge::{verdicts, worst};
use super::lead_time::lead_time;
use super::recovery::faults;
use super::result::{
    CPU_LIMIT, CatalogueInfo, Charts, ColdStarts, Comparison, Cost, DeploymentCharts, DeploymentResult, Input,
    Instances, Judgement, Latency, Limit, Measured, Nodes, NotModelled, Observed, Pair, QueueResult, QueueWait,
    RunResult, SCHEMA, ServiceResult, StoreResult, TrafficResult, WorkflowResult,
};
use super::settling::unsettled;
use super::toll::Toll;
use super::{RunError, coordination, fidelity};
use crate::application::Service;
use crate::application::queue::Queue;
use crate::application::workflow::Workflow;
use crate::kernel::estimate::{Estimate, mean_interval, paired, paired_ratio};
use crate::kernel::streams::RNG_NAME;
use crate::metering::calendar::Calendar;
use crate::platform::queue::BoundQueue;
use crate::platform::workflow::BoundWorkflow;
use crate::pricing::tariff::day_zone;
use crate::pricing::timeline::cost_over_time;
use crate::scenario::{Placed, Scenario};
use crate::traffic::statistics::Statistics;

/// Points of a latency distribution in charts.
const QUANTILE_POINTS: u32 = 200;

/// What a run found.
pub(super) fn result(scenario: &Scenario, folded: &Folded, tolls: &[Toll]) -> Result<RunResult, RunError> {
    let replications = u32::try_from(folded.replications()).unwrap_or(u32::MAX);
    let mut deployments = Vec::new();
    let mut charts = Charts {
        bucket_ends_seconds: folded.bucket_ends.clone(),
        start: scenario.traffic.start.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        deployments: Vec::new(),
    };
    for (index, placed) in scenario.deployments.iter().enumerate() {
        let (mut deployment, chart) = deployment(scenario, index, folded)?;
        deployment.faults = faults(scenario, index, folded, tolls);
        deployment.lead_time = lead_time(&placed.deployment, &deployment.faults);
        deployment.unsettled = unsettled(scenario, index, folded).filter(|_| deployment.faults.is_empty());
        deployments.push(deployment);
        charts.deployments.push(chart);
    }
    let comparison = comparison(scenario, folded, &deployments);
    let traffic = traffic(scenario, folded);
    for (deployment, one) in deployments.iter_mut().zip(&folded.deployments) {
        if let Some(cost) = &mut deployment.cost {
            cost.at_expected_traffic = at_expected_traffic(&traffic, &one.billed.per_month);
        }
    }
    Ok(RunResult {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: scenario.name.clone(),
        scenario_sha256: scenario.sha256.clone(),
        inputs: scenario
            .inputs
            .iter()
            .map(|input| Input { path: input.path.clone(), sha256: input.sha256.clone() })
            .collect(),
        seed: scenario.seed,
        rng: RNG_NAME.to_owned(),
        catalogue: catalogue(&deployments),
        fidelity: fidelity::word(&folded.chosen).to_owned(),
        partial: folded.partial,
        precision: folded.precision.clone(),
        replications,
        simulated_seconds: scenario.traffic.duration.seconds(),
        measured: measured(scenario)?,
        pricing: scenario.stated_pricing.clone(),
        repriced_by: None,
        traffic,
        deployments,
        comparison,
        charts,
    })
}

/// The measured time: it ends within the years that calendars cover, as these were made before.
fn measured(scenario: &Scenario) -> Result<Measured, RunError> {
    let traffic = &scenario.traffic;
    let end = i64::try_from(traffic.duration.0)
        .map_err(|error| error.to_string())
        .and_then(|length| Span::new().try_nanoseconds(length).map_err(|error| error.to_string()))
        .and_then(|length| traffic.start.checked_add(length).map_err(|error| error.to_string()));
    Ok(Measured { from: traffic.start.to_string(), to: end.map_err(RunError::Calendar)?.to_string() })
}

fn traffic(scenario: &Scenario, folded: &Folded) -> TrafficResult {
    let samples = |of: &dyn Fn(usize) -> Option<f64>| mean(&(0..folded.replications()).map(of).collect());
    let all = &folded.traffic;
    let interval_of = |of: fn(&Statistics) -> f64| mean_interval(&all.iter().map(of).collect::<Vec<f64>>());
    let requests: u64 = all.iter().map(|one| one.requests).sum();
    let mean_rate = samples(&|index| Some(all[index].mean_rate)).unwrap_or(0.0);
    let peak_rate = samples(&|index| Some(all[index].peak_rate)).unwrap_or(0.0);
    TrafficResult {
        requests,
        users: scenario.traffic.most_users(),
        requests_per_replication: requests as f64 / all.len() as f64,
        by_replication: all.iter().map(|one| one.requests).collect(),
        expected_requests: scenario.traffic.expected_requests(),
        mean_rate,
        peak_rate,
        peak_to_mean: (mean_rate > 0.0).then(|| peak_rate / mean_rate),
        dispersion_1s: samples(&|index| all[index].dispersion_1s),
        ci95: intervals([
            ("requests_per_replication", interval_of(|one| one.requests as f64)),
            ("mean_rate", interval_of(|one| one.mean_rate)),
        ]),
    }
}

/// The catalogue in use: its files, and the observation dates of every default and price in force.
fn catalogue(deployments: &[DeploymentResult]) -> CatalogueInfo {
    let facts = deployments.iter().flat_map(|one| one.facts.iter().map(|fact| fact.provenance.observed.as_str()));
    CatalogueInfo::of(deployments, Observed::among(facts))
}

fn deployment(
    scenario: &Scenario,
    index: usize,
    all: &Folded,
) -> Result<(DeploymentResult, DeploymentCharts), RunError> {
    let (placed, folded, calendar) = (&scenario.deployments[index], &all.deployments[index], &all.calendars[index]);
    let spec = &placed.deployment;
    let (cost, cumulative) = cost(scenario, placed, folded, calendar)?;
    let chart = charts(folded, &cumulative, &all.bucket_ends, calendar, scenario);
    let services = services(placed, folded, cost.as_ref());
    let result = DeploymentResult {
        name: spec.name.clone(),
        platform: spec.platform.clone(),
        family: spec.family,
        fidelity: all.chosen[index].result(),
        audit: None,
        requests: folded.requests,
        attempts: folded.attempts,
        limits: limits(scenario, placed, folded, all.replications()),
        latency_ms: latency(&folded.all.latency),
        queue_wait_ms: queue_wait(folded),
        cold_starts: cold_starts(folded.cold, &folded.all),
        instances: instances(&folded.instances),
        coordination: coordination::measured(scenario, placed, folded)
            .map(|measured| coordination::priced(measured, &services, cost.as_ref())),
        services,
        queues: queues(scenario, placed, folded),
        workflows: workflows(placed, folded),
        nodes: folded.nodes.as_ref().map(nodes),
        stores: stores(scenario, placed, folded),
        faults: Vec::new(),
        unsettled: None,
        lead_time: None,
        cost,
        tariffs: placed.stated.clone(),
        succeeded: folded.succeeded.clone(),
        day_zone: day_zone(&placed.tariffs).to_owned(),
        usage: folded.usage.clone(),
        overrides: spec.overrides.clone(),
        slo: verdicts(scenario, folded),
        queueing: spec.queueing.clone(),
        facts: spec.facts.clone(),
    };
    Ok((result, chart))
}

/// What held load back. Instances that take as many requests as come turn nobody away: there it is their CPU.
fn limits(scenario: &Scenario, placed: &Placed, folded: &FoldedDeployment, replications: usize) -> Vec<Limit> {
    let limit = |name: &str, value: String, reached: &Samples, shed| {
        let mut shares: Samples =
            reached.iter().map(|reached| Some((*reached)? / scenario.traffic.duration.0 as f64)).collect();
        if !shares.is_empty() {
            // What says nothing of a limit did not reach it.
            shares.resize(replications, Some(0.0));
        }
        let share = mean_interval(&shares);
        Limit {
            limit: name.to_owned(),
            value,
            reached_share: share.map(|share| share.mean),
            ci95: intervals([("reached_share", share)]),
            shed,
        }
    };
    let of_limit = |(name, of): (&String, &FoldedLimit)| limit(name, of.value.clone(), &of.reached, of.shed);
    let exhausted = folded.cpu_exhausted.iter().flatten().any(|&time| time > 0.0);
    let cpu =
        exhausted.then(|| limit(CPU_LIMIT, placed.deployment.instance.vcpu.to_string(), &folded.cpu_exhausted, 0));
    folded.limits.iter().map(of_limit).chain(cpu).collect()
}

fn latency(spread: &Spread) -> Latency {
    let of = |key: &str| spread.of(key).and_then(|percentile| mean(&percentile.samples));
    Latency {
        mean: mean(&spread.mean),
        p50: of("p50"),
        p90: of("p90"),
        p95: of("p95"),
        p99: of("p99"),
        p999: of("p999"),
        max: spread.max,
        ci95: intervals(spread.estimates()),
    }
}

fn queue_wait(folded: &FoldedDeployment) -> QueueWait {
    let entries = folded.queue_wait.estimates().chain([("share_waiting", mean_interval(&folded.share_waiting))]);
    QueueWait {
        times: Latency { ci95: intervals(entries), ..latency(&folded.queue_wait) },
        share_waiting: mean(&folded.share_waiting),
    }
}

fn instances(samples: &InstanceSamples) -> Instances {
    Instances {
        mean: mean(&samples.mean),
        mean_busy: mean(&samples.busy),
        mean_idle: mean(&samples.idle),
        peak: samples.peak,
        started: samples.started,
        utilization: mean(&samples.utilization),
        cpu_utilization: mean(&samples.cpu_utilization),
        ci95: intervals([
            ("mean", mean_interval(&samples.mean)),
            ("mean_busy", mean_interval(&samples.busy)),
            ("mean_idle", mean_interval(&samples.idle)),
            ("utilization", mean_interval(&samples.utilization)),
            ("cpu_utilization", mean_interval(&samples.cpu_utilization)),
        ]),
    }
}

/// Each of several services, with what is billed under its name.
fn services(placed: &Placed, folded: &FoldedDeployment, cost: Option<&Cost>) -> Vec<ServiceResult> {
    let named = placed.application.services.iter().zip(&folded.services);
    let result = |(service, folded): (&Service, &FoldedService)| ServiceResult {
        name: service.name.clone(),
        requests: folded.attempts,
        latency_ms: latency(&folded.quality.latency),
        instances: instances(&folded.instances),
        cold_starts: cold_starts(folded.cold, &folded.quality),
        waiting_millionths: coordination::millionths(folded.calling, folded.slots_busy),
        cost_per_month: cost.map(|cost| cost.under(&service.name)),
    };
    named.map(result).collect()
}

/// Each queue.
fn queues(scenario: &Scenario, placed: &Placed, folded: &FoldedDeployment) -> Vec<QueueResult> {
    let named = scenario.application.queues.iter().zip(&placed.deployment.bindings.queues).zip(&folded.queues);
    let result = |((queue, bound), folded): ((&Queue, &BoundQueue), &FoldedQueue)| QueueResult {
        name: queue.name.clone(),
        bound_to: bound.id.clone(),
        latency_ms: latency(&folded.latency),
        ..folded.counts.clone()
    };
    named.map(result).collect()
}

/// Each workflow that is not played by services.
fn workflows(placed: &Placed, folded: &FoldedDeployment) -> Vec<WorkflowResult> {
    let bound = &placed.deployment.bindings.workflows;
    let named = placed.application.workflows.iter().zip(bound).zip(&folded.workflows);
    let result = |((workflow, bound), folded): ((&Workflow, &BoundWorkflow), &FoldedWorkflow)| WorkflowResult {
        name: workflow.name.clone(),
        bound_to: bound.id.clone(),
        latency_ms: latency(&folded.latency),
        ..folded.counts.clone()
    };
    named.map(result).collect()
}

fn cold_starts(count: u64, quality: &Quality) -> ColdStarts {
    ColdStarts {
        count,
        fraction: mean(&quality.cold_fraction),
        ci95: intervals([("fraction", mean_interval(&quality.cold_fraction))]),
    }
}

fn nodes(samples: &super::fold::NodeSamples) -> Nodes {
    Nodes {
        mean: mean(&samples.mean),
        peak: samples.peak,
        started: samples.started,
        requested_share: mean(&samples.requested_share),
        used_share: mean(&samples.used_share),
        ci95: intervals([
            ("mean", mean_interval(&samples.mean)),
            ("requested_share", mean_interval(&samples.requested_share)),
            ("used_share", mean_interval(&samples.used_share)),
        ]),
    }
}

fn stores(scenario: &Scenario, placed: &Placed, folded: &FoldedDeployment) -> Vec<StoreResult> {
    let bound = scenario.application.stores.iter().zip(&placed.deployment.bindings.stores);
    bound.zip(&folded.stores).map(|((store, bound), folded)| folded.result(&store.name, bound, latency)).collect()
}

/// The bill, and what it came to at the end of each slice.
fn cost(
    scenario: &Scenario,
    placed: &Placed,
    folded: &FoldedDeployment,
    calendar: &Calendar,
) -> Result<(Option<Cost>, Vec<f64>), RunError> {
    if placed.tariffs.is_empty() {
        return Ok((None, Vec::new()));
    }
    let bill = folded.billed.bill_of(placed, &scenario.pricing)?;
    let cumulative = cost_over_time(&bill, &folded.whole_usage, calendar);
    let not_modelled = placed.deployment.not_modelled.iter().map(|(item, share)| NotModelled {
        item: item.clone(),
        usual_share: (!share.is_empty()).then(|| share.clone()),
    });
    let cost = folded.billed.cost(&bill, folded.requests.succeeded, not_modelled.collect());
    Ok((Some(cost), cumulative.iter().map(|amount| amount.to_f64().unwrap_or(0.0)).collect()))
}

fn charts(
    folded: &FoldedDeployment,
    cumulative: &[f64],
    bucket_ends: &[f64],
    calendar: &Calendar,
    scenario: &Scenario,
) -> DeploymentCharts {
    let buckets = &folded.buckets;
    let rate = |of: &dyn Fn(usize) -> u64| {
        (0..buckets.len()).map(|index| of(index) as f64 * 1e9 / buckets[index].nanoseconds.max(1) as f64).collect()
    };
    let level = |of: &dyn Fn(usize) -> u128| {
        (0..buckets.len()).map(|index| of(index) as f64 / buckets[index].nanoseconds.max(1) as f64).collect()
    };
    let warmup = scenario.traffic.warmup;
    // The cost is known at slice ends; each bucket ends with one.
    let cumulative_cost = if cumulative.is_empty() {
        Vec::new()
    } else {
        let until = |end: &f64| calendar.slices.partition_point(|cut| (cut.end - warmup).seconds() <= end + 1e-9);
        bucket_ends.iter().map(|end| cumulative[until(end).clamp(1, cumulative.len()) - 1]).collect()
    };
    DeploymentCharts {
        offered_rate: rate(&|index| buckets[index].measure.offered),
        completed_rate: rate(&|index| buckets[index].measure.offered - buckets[index].measure.lost),
        shed_rate: rate(&|index| buckets[index].measure.lost),
        instances: level(&|index| buckets[index].measure.instances),
        ready: level(&|index| buckets[index].measure.ready),
        busy: level(&|index| buckets[index].measure.busy),
        nodes: if folded.nodes.is_some() { level(&|index| buckets[index].measure.nodes) } else { Vec::new() },
        cumulative_cost,
        p99_ms: buckets.iter().map(|bucket| bucket.latency.quantile(0.99).map(|value| value as f64 / 1e6)).collect(),
        latency_quantiles: folded
            .latencies
            .quantile_points(QUANTILE_POINTS)
            .into_iter()
            .map(|(share, value)| (share, value as f64 / 1e6))
            .collect(),
    }
}

fn comparison(scenario: &Scenario, folded: &Folded, deployments: &[DeploymentResult]) -> Comparison {
    let mut pairs = Vec::new();
    if let Some((base, others)) = folded.deployments.split_first() {
        for (other, placed) in others.iter().zip(&scenario.deployments[1..]) {
            let names = (placed.deployment.name.as_str(), deployments[0].name.as_str());
            pairs.extend(compared(names, other, base));
        }
    }
    Comparison {
        baseline: deployments.first().map_or_else(String::new, |one| one.name.clone()),
        cheapest: cheapest(deployments.iter()),
        cheapest_meeting_slo: cheapest_meeting_slo(deployments),
        pairs,
    }
}

/// The deployment with the smallest bill.
pub(super) fn cheapest<'a>(deployments: impl Iterator<Item = &'a DeploymentResult>) -> Option<String> {
    deployments
        .filter_map(|one| Some((one.cost.as_ref()?.per_month, &one.name)))
        .min_by(|a, b| a.0.cmp(&b.0))
        .map(|(_, name)| name.clone())
}

/// The same among those that meet every objective.
pub(super) fn cheapest_meeting_slo(deployments: &[DeploymentResult]) -> Option<String> {
    cheapest(deployments.iter().filter(|one| worst(&one.slo) == Some(Judgement::Met)))
}

/// How a deployment compares to the baseline, replication by replication.
fn compared(names: (&str, &str), one: &FoldedDeployment, base: &FoldedDeployment) -> Vec<Pair> {
    let percentile = |key: &str| one.all.latency.of(key)?.difference(base.all.latency.of(key)?);
    vec![
        cost_pair(names, &one.billed.per_month, &base.billed.per_month),
        pair(names, "p50", percentile("p50")),
        pair(names, "p99", percentile("p99")),
        pair(names, "availability", paired(&one.all.availability, &base.all.availability)),
    ]
}

/// How the monthly costs of a deployment compare to those of the baseline.
pub(super) fn cost_pair(names: (&str, &str), costs: &Samples, base: &Samples) -> Pair {
    // Without a bill there are no samples at all, so that there are fewer on one side.
    let billed = costs.len() == base.len();
    let difference = if billed { paired(costs, base) } else { None };
    let ratio = if billed { paired_ratio(costs, base) } else { None };
    Pair {
        ratio: ratio.map(|ratio| ratio.mean),
        ratio_ci95: ratio.and_then(interval),
        ..pair(names, "cost_per_month", difference)
    }
}

/// The difference a - b. Without an interval nothing is concluded.
fn pair((a, b): (&str, &str), metric: &str, difference: Option<Estimate>) -> Pair {
    let ci95 = difference.and_then(interval);
    let verdict = match ci95 {
        Some(range) if range.high < 0.0 => "lower",
        Some(range) if range.low > 0.0 => "higher",
        _ => "inconclusive",
    };
    Pair {
        a: a.to_owned(),
        b: b.to_owned(),
        metric: metric.to_owned(),
        difference: difference.map(|estimate| estimate.mean),
        ci95,
        ratio: None,
        ratio_ci95: None,
        verdict: verdict.to_owned(),
    }
}
