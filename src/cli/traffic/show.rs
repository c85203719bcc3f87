//! `simulate traffic show`: one replication of a scenario's traffic in figures, and the hours of its week.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::cli::arguments::Format;
use crate::cli::{Arguments, Exit, Failure, opening, output};
use crate::document::diagnostic::Diagnostic;
use crate::experiment;
use crate::report;
use crate::scenario::{Fidelity, Scenario};
use crate::traffic::measure::Measures;
use crate::traffic::statistics::Observer;
use crate::units::{Nanos, grouped, significant};

/// What `--format json` prints.
#[derive(Serialize)]
struct Shown {
    scenario: String,
    seed: u64,
    start: String,
    simulated_seconds: f64,
    /// Of one replication, the warm-up excluded.
    forecast_requests: f64,
    forecast_mean_rate: f64,
    /// Most users of closed sources at once; their requests are each deployment's own and not among those shown.
    users: Option<u64>,
    requests: f64,
    mean_rate: f64,
    scales: Vec<Scale>,
    /// As in results: the median over windows of ten minutes.
    dispersion_1s: Option<f64>,
    /// Requests per second by hour of the week in the traffic's zone, Monday 00 h first.
    week: Vec<Option<f64>>,
}

#[derive(Serialize)]
struct Scale {
    seconds: f64,
    peak_to_mean: f64,
    dispersion: f64,
}

/// Shows the traffic of the scenario at `path`.
///
/// # Errors
/// Everything that is wrong with it; a folder that cannot be written.
pub fn show(path: &Path, arguments: &Arguments) -> Result<Exit, Failure> {
    let format = arguments.format_of(&[Format::Table, Format::Json])?;
    let mut scenario = opening::scenario(&mut opening::document(path, arguments)?, arguments)?;
    // Whoever plays it, here every request is drawn.
    scenario.fidelity = Fidelity::Exact;
    experiment::refuse_too_large(&scenario)?;
    let folder = arguments.options.out.as_deref();
    folder.map_or(Ok(()), output::prepare)?;
    let (measures, dispersion_1s) = played(&scenario);
    if let Some(why) = scenario.traffic.fault() {
        return Err(Failure::of(Exit::Failed, Diagnostic::error(why)));
    }
    let shown = shown(&scenario, &measures, dispersion_1s);
    output::print(&match format {
        Format::Json => output::json(&shown)?,
        _ => text(&shown),
    })?;
    if let Some(folder) = folder {
        report::write_traffic(&output::json(&shown)?, &measures.week, &scenario.name, folder)?;
        if !arguments.options.quiet {
            output::tell(&format!("Wrote {}, and beside it charts/week.svg", folder.join("traffic.json").display()));
        }
    }
    Ok(Exit::Done)
}

/// One replication, measured, and its dispersion at one second as results have it.
fn played(scenario: &Scenario) -> (Measures, Option<f64>) {
    let traffic = &scenario.traffic;
    let mut observer = Observer::new(traffic.warmup, traffic.duration);
    let measures = traffic.measured(scenario.seed, 0, Nanos(1), |batch| observer.observe(batch));
    (measures, observer.finish().dispersion_1s)
}

fn shown(scenario: &Scenario, measures: &Measures, dispersion_1s: Option<f64>) -> Shown {
    let forecast = scenario.traffic.forecast();
    let scale = |scale: &crate::traffic::measure::Scale| Scale {
        seconds: scale.width.seconds(),
        peak_to_mean: scale.peak_to_mean,
        dispersion: scale.dispersion,
    };
    Shown {
        scenario: scenario.name.clone(),
        seed: scenario.seed,
        start: scenario.traffic.start.to_string(),
        simulated_seconds: scenario.traffic.duration.seconds(),
        forecast_requests: forecast.requests,
        forecast_mean_rate: forecast.mean_rate,
        users: scenario.traffic.most_users(),
        requests: measures.requests,
        mean_rate: measures.mean_rate,
        scales: measures.scales.iter().map(scale).collect(),
        dispersion_1s,
        week: measures.week.clone(),
    }
}

fn text(shown: &Shown) -> String {
    let mut text =
        format!("{}: {} from {}\n", shown.scenario, Nanos::from_seconds(shown.simulated_seconds), shown.start);
    if let Some(users) = shown.users {
        let users = grouped(&users.to_string());
        let _ = writeln!(
            text,
            "  users       up to {users}: their requests depend on the deployment and are forecast only"
        );
        if shown.requests == 0.0 {
            let _ = writeln!(
                text,
                "  forecast    {} requests at most",
                grouped(&format!("{:.0}", shown.forecast_requests))
            );
            return text;
        }
    }
    let [forecast, requests] = [shown.forecast_requests, shown.requests].map(|count| grouped(&format!("{count:.0}")));
    let _ = writeln!(text, "  requests    {requests}, of {forecast} forecast");
    let [rate, forecast] = [shown.mean_rate, shown.forecast_mean_rate].map(|rate| significant(rate, 4));
    let _ = writeln!(text, "  mean rate   {rate}/s, of {forecast}/s forecast\n");
    let _ = writeln!(text, "  {:>8}  {:>10}  {:>22}", "scale", "peak/mean", "dispersion (Poisson 1)");
    for scale in &shown.scales {
        let width = Nanos::from_seconds(scale.seconds).to_string();
        let [peak, dispersion] = [scale.peak_to_mean, scale.dispersion].map(|value| significant(value, 4));
        let _ = writeln!(text, "  {width:>8}  {peak:>10}  {dispersion:>22}");
    }
    if let Some(dispersion) = shown.dispersion_1s {
        let _ = writeln!(
            text,
            "  within ten minutes, seconds have a dispersion of {} (median)",
            significant(dispersion, 4)
        );
    }
    text.push('\n');
    text.push_str(&report::week_text(&shown.week));
    text
}
