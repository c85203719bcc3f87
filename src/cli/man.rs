//! `simulate man`: the manual page.

use super::{Exit, Failure, arguments, output};
use crate::document::diagnostic::Diagnostic;

/// Prints the manual page of the program, or of one subcommand.
///
/// # Errors
/// When there is no such subcommand.
pub fn man(name: Option<&str>) -> Result<Exit, Failure> {
    let mut command = arguments::command();
    if let Some(name) = name {
        let visible = |command: &&clap::Command| !command.is_hide_set();
        let Some(found) = command.get_subcommands().filter(visible).find(|one| one.get_name() == name) else {
            let names: Vec<&str> = command.get_subcommands().filter(visible).map(clap::Command::get_name).collect();
            let problem = Diagnostic::error(format!("there is no subcommand `{name}`")).nearest(name, names);
            return Err(Failure::of(Exit::Bad, problem));
        };
        command = found.clone().display_name(format!("simulate-{name}"));
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::new(Exit::Failed, format!("the manual page could not be made: {error}")))?;
    output::print(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}
