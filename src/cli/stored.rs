//! A result that was written before, and the prices to bill its usage by.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::{Arguments, Exit, Failure};
use crate::document::diagnostic::Diagnostic;
use crate::experiment::reprice::RepriceError;
use crate::experiment::result::{RunResult, SCHEMA};
use crate::scenario::{Document, Prices};

/// Largest result that is read: 1 GiB, years of usage of many replications. A wrong path should not fill the memory.
const LARGEST: u64 = 1 << 30;

/// What every result says of itself.
#[derive(Deserialize)]
struct Head {
    schema: Option<String>,
}

/// The result of `simulate run` at `path`.
///
/// # Errors
/// When it cannot be read, or is none: where it stops being one.
pub fn result(path: &Path) -> Result<RunResult, Failure> {
    let name = path.display();
    let refused = |message: String| Failure::of(Exit::Bad, Diagnostic::error(message));
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    read.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refused(format!("file not found: {name}")),
        std::io::ErrorKind::IsADirectory => {
            let problem = Diagnostic::error(format!("{name} is a folder"));
            Failure::of(Exit::Bad, problem.help(format!("its result is {}", path.join("result.json").display())))
        }
        _ => refused(format!("cannot read {name}: {error}")),
    })?;
    if bytes.len() as u64 > LARGEST {
        return Err(refused(format!("{name} is larger than {} MiB", LARGEST >> 20)));
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        let schema = serde_json::from_slice::<Head>(&bytes).ok().and_then(|head| head.schema);
        let problem = Diagnostic::error(format!("{name} is no result of `simulate run`: {error}"));
        Failure::of(
            Exit::Bad,
            match schema {
                Some(schema) if schema != SCHEMA => problem.help(format!("its schema is `{schema}`, not `{SCHEMA}`")),
                Some(_) => problem.help("it may have been written by another version: run the scenario again"),
                None => problem.help("`simulate run SCENARIO.toml --out DIR` writes DIR/result.json"),
            },
        )
    })
}

/// The prices of `result`, with what the environment, the flags and `as_of` change of them.
///
/// # Errors
/// Everything that is wrong with them.
pub fn prices(result: &RunResult, as_of: Option<&str>, arguments: &Arguments) -> Result<Prices, Failure> {
    let mut document = Document::of_pricing(&result.pricing);
    for setting in &arguments.settings {
        document.set(&setting.origin, &setting.text);
    }
    if let Some(date) = as_of {
        document.set("<--as-of>", &format!("pricing.as_of={date}"));
    }
    document.prices().map_err(|problems| Failure::scenario(document.render(&problems, true)))
}

/// Why usage that `path` stores has no bill.
pub fn refusal(path: &Path, error: RepriceError) -> Failure {
    let name = path.display();
    match error {
        RepriceError::Tariff { sources, problems, .. } => Failure::scenario(problems.render(&sources, true)),
        RepriceError::Metering { .. } => {
            let problem = Diagnostic::error(format!("{name} cannot be priced by that date: {error}"));
            let help = "what is counted would differ: run the scenario with this `pricing.as_of`";
            Failure::of(Exit::Bad, problem.help(help))
        }
        RepriceError::Stored { .. } | RepriceError::Unpriced { .. } => {
            Failure::of(Exit::Bad, Diagnostic::error(format!("{name}: {error}")))
        }
    }
}
