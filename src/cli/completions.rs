//! `simulate completions`: a script for a shell.

use clap_complete::{Shell, generate};

use super::{Exit, Failure, arguments, output};

/// Prints the completions of `shell`.
///
/// # Errors
/// When they cannot be printed.
pub fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    generate(shell, &mut arguments::command(), "simulate", &mut text);
    output::print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}
