//! From a path and the command line to a scenario.

use std::path::{Path, PathBuf};

use super::arguments::command;
use super::{Arguments, Exit, Failure, output};
use crate::document::diagnostic::{Diagnostic, nearest};
use crate::scenario::{Document, Scenario};

/// Folder in which scenarios are looked for when there is none at the path that was given.
const SHELF: &str = "scenarios";

/// The document at `path`, with what the environment and the flags change of it.
///
/// # Errors
/// When there is no such file: with what may have been meant.
pub fn document(path: &Path, arguments: &Arguments) -> Result<Document, Failure> {
    if !path.exists() {
        return Err(missing(path));
    }
    let mut document = Document::read(path, &[]);
    for setting in &arguments.settings {
        document.set(&setting.origin, &setting.text);
    }
    Ok(document)
}

/// Builds `document`, and says what should be known before it is run.
///
/// # Errors
/// Everything that is wrong with it.
pub fn scenario(document: &mut Document, arguments: &Arguments) -> Result<Scenario, Failure> {
    let scenario = document.build().map_err(|problems| Failure::scenario(document.render(&problems, true)))?;
    if !arguments.options.quiet && !scenario.warnings.is_empty() {
        output::tell(document.render(&scenario.warnings, true).trim_end());
    }
    Ok(scenario)
}

fn missing(path: &Path) -> Failure {
    let name = path.display().to_string();
    let problem = Diagnostic::error(format!("file not found: {name}"));
    let commands = command();
    let subcommands = commands.get_subcommands().map(clap::Command::get_name);
    let scenarios: Vec<String> = scenarios(path).iter().map(|path| path.display().to_string()).collect();
    let problem = if let Some(near) = nearest(&name, subcommands) {
        problem.help(format!("did you mean `simulate {near}`?"))
    } else if scenarios.is_empty() {
        problem.help("`simulate init > my.toml` writes a scenario to start from")
    } else if let Some(near) = nearest(&name, scenarios.iter().map(String::as_str)) {
        problem.help(format!("did you mean `{near}`?"))
    } else {
        problem.help(format!("scenarios here: {}", scenarios.join(", ")))
    };
    Failure::of(Exit::Bad, problem)
}

/// TOML files in the folder of `path` and on the [`SHELF`], sorted.
fn scenarios(path: &Path) -> Vec<PathBuf> {
    let beside = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folders = [beside, Some(Path::new(SHELF))];
    let files = folders.into_iter().flatten().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let mut files: Vec<PathBuf> = files
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files.dedup();
    files
}
