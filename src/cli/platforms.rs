//! `simulate platforms`: what can be simulated, and every default with its source.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::json;

use super::arguments::Format;
use super::{Arguments, Exit, Failure, output};
use crate::document::diagnostic::Diagnostic;
use crate::platform::Family;
use crate::platform::catalogue::{Catalogue, EdgeEntry, Platform, Row};

/// One line of the list.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    id: &'a str,
    family: Family,
    title: &'a str,
}

/// Lists the platforms.
///
/// # Errors
/// A format that there is not.
pub fn list(arguments: &Arguments) -> Result<Exit, Failure> {
    let format = arguments.format_of(&[Format::Table, Format::Json])?;
    let platforms = Catalogue::builtin().platforms();
    let listed = platforms.iter().map(|one| Listed { id: &one.id, family: one.family, title: &one.title });
    let listed: Vec<Listed<'_>> = listed.collect();
    let text = if format == Format::Json {
        output::json(&listed)?
    } else {
        let width = listed.iter().map(|one| one.id.len()).max().unwrap_or(0);
        let line = |one: &Listed<'_>| format!("{:width$}  {:10}  {}\n", one.id, one.family.word(), one.title);
        listed.iter().map(line).collect()
    };
    output::print(&text)?;
    Ok(Exit::Done)
}

/// Shows every default of the platform, or of the edge, called `id`.
///
/// # Errors
/// When there is neither, or it is not simulated yet.
pub fn show(id: &str, arguments: &Arguments) -> Result<Exit, Failure> {
    let format = arguments.format_of(&[Format::Table, Format::Json])?;
    let catalogue = Catalogue::builtin();
    if let (Some(edge), Some(rows)) = (catalogue.edge(id), catalogue.describe_edge(id)) {
        return show_edge(edge, &rows, format);
    }
    let (Some(platform), Some(rows)) = (catalogue.platform(id), catalogue.describe(id)) else {
        return Err(unknown(id));
    };
    output::print(&match format {
        Format::Json => output::json(&json!({
            "id": platform.id,
            "family": platform.family,
            "title": platform.title,
            "queueing": queueing(platform, &rows),
            "defaults": rows,
            "not_offered": pairs(&platform.not_offered, "key", "why"),
            "not_modelled": pairs(&platform.not_modelled, "item", "usual_share"),
        }))?,
        _ => text(platform, &rows),
    })?;
    Ok(Exit::Done)
}

fn show_edge(edge: &EdgeEntry, rows: &[Row], format: Format) -> Result<Exit, Failure> {
    let left_out: Vec<_> = edge.not_modelled.iter().map(|item| (item.clone(), String::new())).collect();
    output::print(&match format {
        Format::Json => output::json(&json!({
            "id": edge.id,
            "title": edge.title,
            "defaults": rows,
            "not_modelled": pairs(&left_out, "item", "usual_share"),
        }))?,
        _ => format!("{} (edge): {}\n{}{}", edge.id, edge.title, listed(rows), titled(LEFT_OUT, &left_out)),
    })?;
    Ok(Exit::Done)
}

fn unknown(id: &str) -> Failure {
    let catalogue = Catalogue::builtin();
    if catalogue.is_later_platform(id) {
        let problem = Diagnostic::error(format!("`{id}` is not simulated yet"));
        return Failure::of(Exit::Bad, problem.help("what is: `simulate platforms`"));
    }
    let ids = catalogue.platforms().iter().map(|platform| platform.id.as_str());
    let ids = ids.chain(catalogue.edges().iter().map(|edge| edge.id.as_str()));
    Failure::of(Exit::Bad, Diagnostic::error(format!("there is no platform or edge `{id}`")).nearest(id, ids))
}

fn pairs(list: &[(String, String)], first: &str, second: &str) -> Vec<serde_json::Value> {
    list.iter().map(|(one, other)| json!({ first: one, second: other })).collect()
}

/// Where requests queue: each `{key}` of the catalogue's sentence with its value.
fn queueing(platform: &Platform, rows: &[Row]) -> String {
    let with_value = |text: String, row: &Row| text.replace(&format!("{{{}}}", row.key), &row.value);
    rows.iter().fold(platform.queueing.clone(), with_value)
}

const LEFT_OUT: &str = "Billed, but not modelled";

fn text(platform: &Platform, rows: &[Row]) -> String {
    let head =
        format!("{} ({}): {}\n\n{}\n", platform.id, platform.family.word(), platform.title, queueing(platform, rows));
    let not_offered = titled("Not offered", &platform.not_offered);
    head + &listed(rows) + &not_offered + &titled(LEFT_OUT, &platform.not_modelled)
}

/// One paragraph per default: what it is, how far it can be trusted, and who says so.
fn listed(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let unit = if row.unit.is_empty() { String::new() } else { format!(" {}", row.unit) };
        let flag = if row.confidence.is_flagged() { " (!)" } else { "" };
        let _ = write!(text, "\n{} = {}{unit}\n", row.key, row.value);
        let _ = writeln!(text, "    {}{flag}, observed {}: {}", row.confidence.word(), row.observed, row.source);
        if !row.note.is_empty() {
            let _ = writeln!(text, "    {}", row.note);
        }
    }
    text
}

/// A list under its title; nothing without any.
fn titled(title: &str, list: &[(String, String)]) -> String {
    let mut text = if list.is_empty() { String::new() } else { format!("\n{title}\n") };
    for (what, more) in list {
        let more = if more.is_empty() { String::new() } else { format!(": {more}") };
        let _ = writeln!(text, "    {what}{more}");
    }
    text
}
