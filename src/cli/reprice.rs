//! `simulate reprice`: the usage of a stored result by other prices, without playing it again.

use std::path::Path;

use super::run::present;
use super::{Arguments, Exit, Failure, output, stored};
use crate::experiment::reprice::reprice as price_anew;

/// Prices the usage of the result at `path` anew.
///
/// # Errors
/// [`Failure`].
pub fn reprice(path: &Path, as_of: Option<&str>, arguments: &Arguments) -> Result<Exit, Failure> {
    let options = &arguments.options;
    let result = stored::result(path)?;
    let prices = stored::prices(&result, as_of, arguments)?;
    let result = price_anew(result, &prices).map_err(|error| stored::refusal(path, error))?;
    if let Some(folder) = &options.out {
        output::prepare(folder)?;
    }
    present(&result, options, "result.json, report.md, summary.csv and charts/")?;
    Ok(Exit::Done)
}
