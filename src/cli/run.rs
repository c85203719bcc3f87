//! `simulate run`: plays a scenario, prints the comparison and writes the report.

use std::path::Path;

use super::arguments::{Format, Options};
use super::{Arguments, Exit, Failure, opening, output, watch};
use crate::experiment;
use crate::experiment::judge::required;
use crate::experiment::result::{Judgement, RunResult};
use crate::report;

/// Runs the scenario at `path`.
///
/// # Errors
/// [`Failure`]; an interruption after the first finished replication is none.
pub fn run(path: &Path, arguments: &Arguments) -> Result<Exit, Failure> {
    let options = &arguments.options;
    let scenario = opening::scenario(&mut opening::document(path, arguments)?, arguments)?;
    experiment::refuse_too_large(&scenario)?;
    if let Some(folder) = &options.out {
        output::prepare(folder)?;
    }
    let result = watch::watched(options, |run_options| experiment::run(&scenario, run_options))?;
    present(&result, options, "result.json, report.md, summary.csv, timeseries.csv and charts/")?;
    if result.partial {
        return Ok(Exit::Interrupted);
    }
    Ok(match required(&scenario, &result) {
        Judgement::Missed => Exit::Missed,
        Judgement::Inconclusive if options.strict => Exit::Inconclusive,
        _ => Exit::Done,
    })
}

/// What is said about the files of a report.
pub(super) fn written(folder: &Path, others: &str) -> String {
    format!("Wrote {}, and beside it {others}", folder.join("report.html").display())
}

/// Prints a result, and writes it where that was asked for: `files` are those beside its page.
///
/// # Errors
/// What cannot be written.
pub(super) fn present(result: &RunResult, options: &Options, files: &str) -> Result<(), Failure> {
    output::print(&match (options.format.unwrap_or_default(), output::width()) {
        (Format::Table, Some(width)) => report::table(result, width),
        (format, _) => report::render(result, format.into())?,
    })?;
    if let Some(folder) = &options.out {
        report::write(result, folder)?;
        if !options.quiet {
            output::tell(&written(folder, files));
        }
    }
    Ok(())
}
