//! What audits found: a row below each figure that was audited, and what the reader must know first.

use super::figures::part;
use super::number::{NOTHING, span, whole};
use super::table::{Cell, Row};
use crate::experiment::result::{Audit, AuditFigure, DeploymentResult, RunResult};

/// By how much the rates are off, where any deployment was audited.
pub fn row(result: &RunResult, figure: AuditFigure) -> Option<Row> {
    let of = |deployment: &DeploymentResult| deployment.audit.as_ref().and_then(|audit| audit.figure(figure));
    result.deployments.iter().any(|deployment| of(deployment).is_some()).then(|| {
        part(result, "off by, in the audit", |deployment| {
            Cell::from(of(deployment).map_or_else(|| NOTHING.to_owned(), shares))
        })
    })
}

/// The deployments whose audit did not pass, for the title.
pub fn title(result: &RunResult) -> Option<String> {
    let those = |word: &str, is: fn(&Audit) -> bool| {
        let is_one = |one: &&DeploymentResult| one.audit.as_ref().is_some_and(is);
        let names: Vec<&str> = result.deployments.iter().filter(is_one).map(|one| one.name.as_str()).collect();
        (!names.is_empty()).then(|| format!("AUDIT {word} ({})", names.join(", ")))
    };
    let said = [those("FAILED", |audit| audit.passed == Some(false)), those("UNDECIDED", Audit::is_undecided)];
    let said: Vec<String> = said.into_iter().flatten().collect();
    (!said.is_empty()).then(|| format!("{}: {}", result.scenario, said.join(", ")))
}

/// What must be known first of figures that come from rates.
pub fn warnings(result: &RunResult) -> Vec<String> {
    let warning = |deployment: &DeploymentResult| {
        let (name, audit) = (&deployment.name, deployment.audit.as_ref()?);
        let off = |figures: Vec<AuditFigure>| {
            figures.into_iter().filter_map(|figure| off(audit, figure)).collect::<Vec<String>>().join(", ")
        };
        match (&audit.reason, audit.passed) {
            (Some(reason), _) => Some(format!("{name} was played by rates and is not audited: {reason}.")),
            (None, Some(true)) => None,
            (None, Some(false)) => Some(format!(
                "The audit of {name} failed, so do not rely on these of its figures: in windows where requests were played as \
                 well, rates are off by {}. A shorter run with `--fidelity exact` is not.",
                off(audit.failed())
            )),
            (None, None) => Some(format!(
                "The audit of {name} is undecided: in windows where requests were played as well, rates are off by {}, which may be \
                 chance. A shorter run with `--fidelity exact` tells.",
                off(audit.open())
            )),
        }
    };
    result.deployments.iter().filter_map(warning).collect()
}

/// Which engine played what, and what its audit played; nothing where all requests were played.
pub fn remarks(result: &RunResult) -> Vec<String> {
    if result.fidelity == "exact" {
        return Vec::new();
    }
    result.deployments.iter().map(|one| format!("{}: {}", one.name, sentence(one))).collect()
}

/// How to read the rows, where there are any.
pub fn reading(result: &RunResult) -> Option<String> {
    let is_audited = |one: &DeploymentResult| one.audit.as_ref().is_some_and(|audit| audit.windows > 0);
    result.deployments.iter().any(is_audited).then(|| {
        "\"Off by, in the audit\": where rates are played, windows of the run are played request by request as well. By so \
         much the rates are off there, ± a standard error; within several of these it may be chance."
            .to_owned()
    })
}

/// The engine of a deployment, and its audit.
pub fn sentence(deployment: &DeploymentResult) -> String {
    let fidelity = &deployment.fidelity;
    let engine = format!("Engine: {} ({}).", fidelity.engine, fidelity.reason);
    let audit = deployment.audit.as_ref().map(|audit| match &audit.reason {
        Some(reason) => format!(" Not audited: {reason}."),
        None => format!(
            " Audit {}: {} windows, {} in all, with {} requests.",
            match audit.passed {
                Some(true) => "passed",
                Some(false) => "failed",
                None => "undecided",
            },
            audit.windows,
            span(audit.measured_seconds),
            whole(audit.requests)
        ),
    });
    engine + audit.as_deref().unwrap_or_default()
}

/// A figure that is off: `p99 +4.2 % ± 0.3 % (bound 2 %)`.
fn off(audit: &Audit, figure: AuditFigure) -> Option<String> {
    let (key, bound) = (figure.key().replace('_', " "), 100.0 * figure.bound());
    Some(format!("{key} {} (bound {bound:.0} %)", shares(audit.figure(figure)?)))
}

fn shares((deviation, noise): (f64, f64)) -> String {
    // To the hundredth of a percent, and never a negative zero.
    let hundredths = (1e4 * deviation).round() + 0.0;
    format!("{:+.2} % ± {:.2} %", hundredths / 100.0, 100.0 * noise).replace('-', "\u{2212}")
}
