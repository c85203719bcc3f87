//! Rows about the lead time of a new version in the table of a run: what is stated of the way to the platform, and what was
//! measured from there.

use super::figures::{part, row};
use super::number::{NOTHING, span};
use super::run::FLAG;
use super::table::{Cell, Row};
use crate::document::provenance::Confidence;
use crate::experiment::result::{DeploymentResult, LeadStep, LeadTime, RunResult};

/// Rows side by side, where a new version was rolled out anywhere.
pub fn rows(result: &RunResult) -> Vec<Row> {
    if result.deployments.iter().all(|deployment| deployment.lead_time.is_none()) {
        return Vec::new();
    }
    let of = |deployment: &DeploymentResult, cell: &dyn Fn(&LeadTime) -> Cell| {
        deployment.lead_time.as_ref().map_or_else(|| Cell::from(NOTHING.to_owned()), cell)
    };
    let seen = |seconds: Option<f64>| Cell::from(seconds.map_or_else(|| "not seen".to_owned(), short));
    let total = |lead: &LeadTime| flagged(seen(lead.total_seconds), is_flagged(&lead.build) || is_flagged(&lead.push));
    vec![
        Row::heading("Lead time of a new version"),
        row(result, "from the source to the requests", |d| of(d, &total)),
        part(result, "build", |d| of(d, &|lead| stated(&lead.build))),
        part(result, "push", |d| of(d, &|lead| stated(&lead.push))),
        part(result, "roll-out, as measured", |d| of(d, &|lead| seen(lead.roll_out_seconds))),
        row(result, "roll-back, at most", |d| of(d, &|lead| seen(lead.roll_back_seconds))),
    ]
}

fn stated(step: &LeadStep) -> Cell {
    flagged(Cell::from(short(step.seconds)), is_flagged(step))
}

/// A cell, marked if what it says is in doubt.
fn flagged(cell: Cell, in_doubt: bool) -> Cell {
    if in_doubt { Cell { text: format!("{} {FLAG}", cell.text), tone: "flagged", ..cell } } else { cell }
}

fn is_flagged(step: &LeadStep) -> bool {
    step.confidence.is_some_and(Confidence::is_flagged)
}

/// What has to be said below the table; nothing if every step is sourced.
pub fn remark(result: &RunResult) -> Option<String> {
    let leads = result.deployments.iter().filter_map(|deployment| deployment.lead_time.as_ref());
    let in_doubt = leads.into_iter().any(|lead| is_flagged(&lead.build) || is_flagged(&lead.push));
    let text = "in a lead time is an assumption, or not verified: set deploy.build and deploy.push to your own.";
    in_doubt.then(|| format!("{FLAG} {text}"))
}

/// A span to a tenth of a second, from a minute on to a second.
pub fn short(seconds: f64) -> String {
    span(if seconds < 60.0 { (seconds * 10.0).round() / 10.0 } else { seconds.round() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_as_exact_as_it_is_read() {
        assert_eq!([0.0, 0.04, 12.34, 59.99, 83.4].map(short), ["0s", "0s", "12s 300ms", "1m", "1m 23s"]);
    }
}
