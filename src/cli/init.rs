//! `simulate init`: a scenario to start from.

use super::{Exit, Failure, output};
use crate::document::diagnostic::Diagnostic;
use crate::scenario::templates::{TEMPLATES, Template, template};

/// Prints the template called `name`, the first by default.
///
/// # Errors
/// When there is none of that name.
pub fn init(name: Option<&str>) -> Result<Exit, Failure> {
    let found: Option<&Template> = match name {
        None => TEMPLATES.first(),
        Some(name) => template(name),
    };
    let Some(found) = found else {
        let name = name.unwrap_or_default();
        let problem = Diagnostic::error(format!("there is no template `{name}`"));
        return Err(Failure::of(Exit::Bad, problem.nearest(name, TEMPLATES.iter().map(|template| template.name))));
    };
    output::print(found.text)?;
    Ok(Exit::Done)
}

/// Lists the templates.
///
/// # Errors
/// When it cannot be printed.
pub fn list() -> Result<Exit, Failure> {
    let width = TEMPLATES.iter().map(|template| template.name.len()).max().unwrap_or(0);
    let line = |template: &Template| format!("{:width$}  {}\n", template.name, template.about);
    output::print(&TEMPLATES.iter().map(line).collect::<String>())?;
    Ok(Exit::Done)
}
