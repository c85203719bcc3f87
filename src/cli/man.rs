//! `simulate man`: the manual page.

use super::{Exit, Failure, arguments, output};
use crate::document::diagnostic::Diagnostic;

/// Prints the manual page of the program, or of one subcommand.
///
/// # Errors
/// When there is no such subcommand.
pub fn man(name: Option<&str>) -> Result<Exit, Failure> {
    let mut command = arguments::command();
    command.build();
    if let Some(name) = name {
        let Some(found) = command.find_subcommand(name) else {
            let names = command.get_subcommands().map(clap::Command::get_name);
            let problem = Diagnostic::error(format!("there is no subcommand `{name}`")).nearest(name, names);
            return Err(Failure::of(Exit::Bad, problem));
        };
        command = found.clone();
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::new(Exit::Failed, format!("the manual page could not be made: {error}")))?;
    output::print(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}
