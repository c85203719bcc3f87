//! `simulate prices import`: price lists of providers as a tariff file, or what is in them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::arguments::{Arguments, Format};
use super::{Exit, Failure, output};
use crate::document::diagnostic::Diagnostic;
use crate::document::source::{Sources, read_file};
use crate::pricing::book::Book;
use crate::pricing::import::{LARGEST, Listed, Mapping, PriceList, Refused, price_list, tariff};

/// Prices that are listed at most in a table: a look at a list, which may hold a million.
const SHOWN: usize = 200;

/// Takes from the lists at `files` what the mapping at `map` selects; without one, says what is in them.
///
/// # Errors
/// What cannot be read or is no price list, and everything that cannot be taken over.
pub fn import(
    files: &[PathBuf],
    map: Option<&Path>,
    filter: &[String],
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let format = arguments.format_of(&[Format::Table, Format::Json])?;
    let lists = files.iter().map(|path| list(path)).collect::<Result<Vec<_>, _>>()?;
    let Some(map) = map else {
        output::print(&listing(&lists, &facts(filter)?, format)?)?;
        return Ok(Exit::Done);
    };
    if !filter.is_empty() {
        let problem = Diagnostic::error("`--where` looks into lists; what is imported is selected by the mapping");
        return Err(Failure::of(Exit::Bad, problem.help("write it as `where` into the mapping")));
    }
    let mut sources = Sources::new();
    let text = read_file(map).map_err(|problem| Failure::of(Exit::Bad, problem))?;
    let name = map.display().to_string();
    let made = Mapping::read(&mut sources, &name, &text).and_then(|mapping| tariff(&mapping, &lists));
    let text = made.map_err(|problems| Failure::scenario(problems.render(&sources, true)))?;
    // What is written must be what a scenario can read: an item twice, a tariff that is not there.
    let mut sources = Sources::new();
    let read = Book::builtin().clone().read(&mut sources, "<the tariff>", &text).map(drop);
    read.map_err(|problems| Failure::scenario(problems.render(&sources, true)))?;
    match &arguments.options.out {
        None => output::print(&text)?,
        Some(path) => {
            write(path, &text)?;
            if !arguments.options.quiet {
                output::tell(&format!("Wrote {}: a deployment takes it as `tariff = \"FILE\"`", path.display()));
            }
        }
    }
    Ok(Exit::Done)
}

fn list(path: &Path) -> Result<PriceList, Failure> {
    let name = path.display().to_string();
    let refused = |message: String| Failure::of(Exit::Bad, Diagnostic::error(message));
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| refused(format!("cannot read {name}: {error}")))?;
    if bytes.len() as u64 > LARGEST {
        let problem = Diagnostic::error(format!("{name} is larger than {} MiB", LARGEST >> 20));
        return Err(Failure::of(Exit::Bad, problem.help("take the list of one region, or filter it first")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        refused(format!("{name} is not UTF-8 text: it stops being so at byte {}", error.utf8_error().valid_up_to()))
    })?;
    price_list(&name, &text).map_err(|Refused { message, help }| {
        let problem = Diagnostic::error(message);
        Failure::of(
            Exit::Bad,
            match help {
                Some(help) => problem.help(help),
                None => problem,
            },
        )
    })
}

/// `KEY=VALUE` as key and value.
fn facts(filter: &[String]) -> Result<Vec<(&str, &str)>, Failure> {
    let split = |text: &'_ String| -> Result<(usize, usize), Failure> {
        text.find('=').map(|at| (at, text.len())).ok_or_else(|| {
            let problem = Diagnostic::error(format!("`--where {text}`: expected KEY=VALUE"));
            Failure::of(Exit::Bad, problem.help("regionCode=us-east-1; ~ before the value for a part of it"))
        })
    };
    filter.iter().map(|text| split(text).map(|(at, end)| (&text[..at], &text[at + 1..end]))).collect()
}

fn holds(price: &Listed, (key, wanted): (&str, &str)) -> bool {
    price.facts.get(key).is_some_and(|value| match wanted.strip_prefix('~') {
        Some(part) => value.contains(part),
        None => value == wanted,
    })
}

/// What is in the lists: the facts that a mapping may select by, and the prices.
fn listing(lists: &[PriceList], filter: &[(&str, &str)], format: Format) -> Result<String, Failure> {
    let all = lists.iter().flat_map(|list| list.prices.iter().map(move |price| (list, price)));
    let found: Vec<(&PriceList, &Listed)> =
        all.filter(|(_, price)| filter.iter().all(|fact| holds(price, *fact))).collect();
    if format == Format::Json {
        let value = |(list, price): &(&PriceList, &Listed)| {
            let steps =
                price.steps.iter().map(|step| json!({ "from": step.from.to_string(), "usd": step.usd.to_string() }));
            json!({
                "file": list.name, "line": price.line, "unit": price.unit, "observed": price.observed,
                "steps": steps.collect::<Vec<_>>(), "facts": price.facts,
            })
        };
        return output::json(&found.iter().map(value).collect::<Vec<_>>());
    }
    let mut text = String::new();
    for list in lists {
        let _ = writeln!(text, "{}: {}, {} prices", list.name, list.form, list.prices.len());
    }
    let differing: BTreeSet<&str> = found
        .iter()
        .flat_map(|(_, price)| price.facts.iter())
        .filter(|(key, value)| found.iter().any(|(_, other)| other.facts.get(*key) != Some(*value)))
        .map(|(key, _)| key.as_str())
        .collect();
    for (list, price) in found.iter().take(SHOWN) {
        let first = price.steps.first().map_or_else(String::new, |step| step.usd.to_string());
        let steps = if price.steps.len() > 1 { format!(", {} tiers", price.steps.len()) } else { String::new() };
        let _ = write!(text, "\n{}:{}: {first} USD per {}{steps}\n", list.name, price.line, price.unit);
        for (key, value) in price.facts.iter().filter(|(key, _)| differing.contains(key.as_str())) {
            let _ = writeln!(text, "    {key} = {value}");
        }
    }
    if found.len() > SHOWN {
        let _ = write!(text, "\n... and {} more: `--where KEY=VALUE` narrows it down\n", found.len() - SHOWN);
    }
    Ok(text)
}

/// Writes the file whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let written = tempfile::Builder::new().prefix(".writing-").tempfile_in(folder).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.persist(path).map(drop).map_err(|error| error.error)
    });
    written.map_err(|error| Failure::new(Exit::Failed, format!("cannot write {}: {error}", path.display())))
}
