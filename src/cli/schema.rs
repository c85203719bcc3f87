//! `simulate schema`: the language of scenarios, for editors.

use super::{Exit, Failure, output};

/// Prints the JSON Schema of scenarios.
///
/// # Errors
/// When it cannot be printed.
pub fn schema() -> Result<Exit, Failure> {
    output::print(&output::json(&crate::scenario::schema())?)?;
    Ok(Exit::Done)
}
