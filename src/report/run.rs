//! The page of a run: verdict first, then the table, then every deployment with its bill and its defaults, then where
//! everything comes from.

use super::audit;
use super::bill;
use super::charts::{self, ChartError};
use super::figures::{self, count};
use super::lead_time;
use super::number::{NOTHING, Unit, estimate, plain, span, whole};
use super::page::{Block, Page, Section};
use super::table::Table;
use super::unsettled;
use super::verdict;
use crate::experiment::result::{DeploymentResult, PrecisionResult, RunResult, interval};
use crate::platform::Family;

/// The mark of a figure that is an assumption or was not verified.
pub const FLAG: &str = "‡";

/// The page of `result`, with its charts.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn page(result: &RunResult) -> Result<Page, ChartError> {
    let mut page = text(result);
    page.charts = charts::of_run(result)?;
    Ok(page)
}

/// The page of `result` without charts.
pub fn text(result: &RunResult) -> Page {
    let mut sections: Vec<Section> = result.deployments.iter().map(|one| deployment(result, one)).collect();
    sections.push(reading(result));
    sections.push(provenance(result));
    Page {
        title: audit::title(result).unwrap_or_else(|| result.scenario.clone()),
        subtitle: subtitle(result),
        warnings: warnings(result),
        verdict: verdict::verdict(result),
        findings: verdict::differences(result),
        table: figures::table(result),
        remarks: remarks(result),
        charts: Vec::new(),
        sections,
    }
}

fn subtitle(result: &RunResult) -> String {
    let traffic = &result.traffic;
    let mut who: Vec<String> = traffic.users.iter().map(|&users| format!("up to {} users", whole(users))).collect();
    if traffic.requests > 0 || who.is_empty() {
        who.push(format!(
            "{} requests, {} on average, {} in the peak minute",
            count(result, traffic.requests),
            estimate(Some(traffic.mean_rate), interval(&traffic.ci95, "mean_rate"), Unit::Rate).value,
            plain(traffic.peak_rate, Unit::Rate),
        ));
    }
    format!(
        "{} of traffic, {}; {} of {}",
        span(result.simulated_seconds),
        who.join(" and "),
        if result.replications == 1 {
            "1 replication".to_owned()
        } else {
            format!("{} replications", result.replications)
        },
        if result.deployments.len() == 1 {
            "1 deployment".to_owned()
        } else {
            format!("{} deployments", result.deployments.len())
        },
    )
}

fn warnings(result: &RunResult) -> Vec<String> {
    let mut warnings = audit::warnings(result);
    warnings.extend(unsettled::warnings(result));
    if result.partial {
        let finished = result.replications;
        warnings
            .push(format!("The run was interrupted: this is the result of the {finished} replications that finished."));
    }
    if result.replications == 1 {
        let text = "One replication has no interval: nothing here says how far the figures are due to chance, and \
                    verdicts are judged on the estimate alone.";
        warnings.push(text.to_owned());
    }
    if !result.partial
        && let Some(precision) = &result.precision
        && !precision.reached
    {
        warnings.push(format!(
            "{} replications, the most that were allowed, do not bring every headline figure to \u{b1}{}: {}.",
            result.replications,
            percent(precision.relative),
            widest(precision)
        ));
    }
    warnings
}

/// How well figures were to be known, and after how many replications they were.
fn precision(result: &RunResult) -> Option<String> {
    let precision = result.precision.as_ref().filter(|precision| precision.reached)?;
    let looks: Vec<String> = precision.looks.iter().map(u32::to_string).collect();
    Some(format!(
        "Every headline figure is known to \u{b1}{}: looked at after {} replications; {}.",
        percent(precision.relative),
        looks.join(", "),
        widest(precision)
    ))
}

fn widest(precision: &PrecisionResult) -> String {
    precision.widest.as_ref().map_or_else(
        || "no figure has an interval".to_owned(),
        |held| {
            let metric = held.metric.replace("cost_per_month", "cost per month");
            format!("the widest is {metric} of {}, \u{b1}{}", held.deployment, percent(held.half_width))
        },
    )
}

fn percent(share: f64) -> String {
    plain(share, Unit::Share)
}

/// What a terminal shows below the table.
fn remarks(result: &RunResult) -> Vec<String> {
    let mut remarks = Vec::new();
    for deployment in &result.deployments {
        let limits = verdict::held_back(result, deployment).into_iter();
        remarks.extend(limits.map(|limit| format!("{}: {limit}.", deployment.name)));
        remarks.extend(bill::remarks(result, deployment));
    }
    remarks.extend(lead_time::remark(result));
    remarks.extend(precision(result));
    remarks.extend(audit::remarks(result));
    if result.replications > 1 {
        remarks
            .push("[low, high]: 95 % interval of the simulation's own noise and the declared uncertainty.".to_owned());
    }
    remarks.push(format!(
        "Seed {}, {}, breakeven {}, scenario {}.",
        result.seed,
        result.fidelity,
        result.version,
        result.scenario_sha256.get(..12).unwrap_or(&result.scenario_sha256)
    ));
    remarks
}

const fn family(family: Family) -> &'static str {
    match family {
        Family::Faas => "functions as a service",
        Family::Paas => "platform as a service",
        Family::Kubernetes => "Kubernetes",
        Family::Vm => "virtual machines",
    }
}

fn deployment(result: &RunResult, deployment: &DeploymentResult) -> Section {
    let mut blocks = Vec::new();
    let unmet = verdict::unmet(result, deployment);
    if !unmet.is_empty() {
        blocks.push(Block::List { title: "Objectives not met".to_owned(), items: unmet });
    }
    if !deployment.queueing.is_empty() {
        let title = "Where requests queue".to_owned();
        blocks.push(Block::Text { title, text: deployment.queueing.clone() });
    }
    let limits = verdict::held_back(result, deployment);
    blocks.push(if limits.is_empty() {
        Block::Text { title: "Limits".to_owned(), text: "No limit held load back.".to_owned() }
    } else {
        Block::List { title: "Limits that held load back".to_owned(), items: limits }
    });
    match &deployment.cost {
        Some(cost) => blocks.extend(bill::blocks(result, deployment, cost)),
        None => blocks.push(Block::Text {
            title: "Bill".to_owned(),
            text: "No tariff is bound to this deployment, so it has no bill; that does not make it free.".to_owned(),
        }),
    }
    blocks.extend(defaults(deployment));
    Section {
        title: deployment.name.clone(),
        lead: format!(
            "Platform {}, {}. {}",
            deployment.platform,
            family(deployment.family),
            audit::sentence(deployment)
        ),
        blocks,
    }
}

/// What the scenario changed, what is in doubt, and every default in force.
fn defaults(deployment: &DeploymentResult) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !deployment.overrides.is_empty() {
        let rows = deployment.overrides.iter().map(|change| {
            vec![change.key.clone(), change.value.clone(), change.preset.clone().unwrap_or_else(|| NOTHING.to_owned())]
        });
        let table = Table::of_text("Keys that the scenario changed", &["key", "scenario", "preset"], rows.collect());
        blocks.push(Block::Table {
            title: "Changed by the scenario".to_owned(),
            table,
            notes: Vec::new(),
            folded: false,
        });
    }
    let (flagged, sourced): (Vec<_>, Vec<_>) =
        deployment.facts.iter().partition(|fact| fact.provenance.confidence.is_flagged());
    let head = ["key", "value", "confidence", "source"];
    let groups = [
        (format!("Assumptions and recollections {FLAG} ({})", flagged.len()), flagged, "Defaults in doubt"),
        (format!("Defaults with a source ({})", sourced.len()), sourced, "Defaults with a source"),
    ];
    for (title, facts, caption) in groups {
        if facts.is_empty() {
            continue;
        }
        let rows = facts.iter().map(|fact| {
            let origin = &fact.provenance;
            let source = format!("{} (observed {})", origin.source, origin.observed);
            vec![fact.key.clone(), fact.value.clone(), origin.confidence.word().to_owned(), source]
        });
        let table = Table::of_text(caption, &head, rows.collect());
        blocks.push(Block::Table { title, table, notes: Vec::new(), folded: true });
    }
    blocks
}

fn reading(result: &RunResult) -> Section {
    let mut items = vec![
        "An interval [low, high] is the 95 % confidence interval over replications. It covers the simulation's own noise \
         and the uncertainty that the scenario declares; it does not cover constants that may be wrong."
            .to_owned(),
        "All deployments serve the same requests, so differences are paired and their intervals are narrower than the \
         intervals of the deployments suggest."
            .to_owned(),
        "Counts are means of one replication. Percentiles are read from buckets no wider than 0.4 %.".to_owned(),
        "Latency counts from a request's arrival at the provider's edge to the last byte sent; the client's network is \
         not in it. Failed requests have no latency."
            .to_owned(),
        format!("{FLAG} marks an assumption or a figure that was not verified."),
    ];
    items.extend(audit::reading(result));
    if result.replications == 1 {
        "With one replication there is no interval.".clone_into(&mut items[0]);
    }
    items.extend(precision(result));
    Section {
        title: "How to read the figures".to_owned(),
        lead: String::new(),
        blocks: vec![Block::List { title: String::new(), items }],
    }
}

fn provenance(result: &RunResult) -> Section {
    let observed = match (&result.catalogue.oldest, &result.catalogue.newest) {
        (Some(oldest), Some(newest)) => format!("observed {oldest} to {newest}"),
        _ => "no dates".to_owned(),
    };
    let mut rows = vec![
        ["Scenario".to_owned(), result.scenario.clone()],
        ["SHA-256 of the resolved scenario".to_owned(), result.scenario_sha256.clone()],
        ["Seed, generator".to_owned(), format!("{}, {}", result.seed, result.rng)],
        ["Version".to_owned(), format!("breakeven {}, schema {}", result.version, result.schema)],
        ["Fidelity".to_owned(), result.fidelity.clone()],
        ["Replications".to_owned(), result.replications.to_string()],
        ["Measured time of one replication".to_owned(), span(result.simulated_seconds)],
        ["Peak to mean of the traffic".to_owned(), optional(result.traffic.peak_to_mean)],
        ["Dispersion of counts per second".to_owned(), optional(result.traffic.dispersion_1s)],
        ["Catalogue".to_owned(), format!("{} ({observed})", result.catalogue.files.join(", "))],
    ];
    rows.extend(
        result.inputs.iter().map(|input| [format!("Input {}", input.path), format!("SHA-256 {}", input.sha256)]),
    );
    let table = Table::of_text("Provenance", &["", ""], rows.into_iter().map(Vec::from).collect());
    Section {
        title: "Provenance".to_owned(),
        lead: "The same scenario, inputs and version give the same bytes again.".to_owned(),
        blocks: vec![Block::Table { title: String::new(), table, notes: Vec::new(), folded: false }],
    }
}

fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), |value| plain(value, Unit::Count))
}
