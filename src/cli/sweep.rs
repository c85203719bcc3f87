//! `simulate sweep`: one number of a scenario takes many values.

use std::path::Path;

use super::arguments::Format;
use super::run::written;
use super::{Arguments, Exit, Failure, opening, output, watch};
use crate::experiment::sweep::{self, SweepError};
use crate::report;
use crate::scenario::axis::Axis;

/// Runs the scenario at `path` for every value of `over`.
///
/// # Errors
/// [`Failure`]: of an interrupted sweep nothing is kept.
pub fn sweep(path: &Path, over: &str, arguments: &Arguments) -> Result<Exit, Failure> {
    let options = &arguments.options;
    let mut document = opening::document(path, arguments)?;
    opening::scenario(&mut document, arguments)?;
    let axis = match Axis::read(&mut document, over) {
        Ok(axis) => axis,
        Err(problems) => return Err(Failure::scenario(document.render(&problems, true))),
    };
    if let Some(folder) = &options.out {
        output::prepare(folder)?;
    }
    let result = watch::watched(options, |run_options| sweep::sweep(&document, &axis, run_options));
    let result = result.map_err(|error| match error {
        SweepError::Point { document, diagnostics } => Failure::scenario(document.render(&diagnostics, true)),
        SweepError::Run(error) => error.into(),
    })?;
    output::print(&match (options.format.unwrap_or_default(), output::width()) {
        (Format::Table, Some(width)) => report::sweep_table(&result, width),
        (format, _) => report::render_sweep(&result, format.into())?,
    })?;
    if let Some(folder) = &options.out {
        report::write_sweep(&result, folder)?;
        if !options.quiet {
            output::tell(&written(folder, "result.json, report.md, sweep.csv and charts/"));
        }
    }
    Ok(Exit::Done)
}
