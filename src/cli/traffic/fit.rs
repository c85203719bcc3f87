//! `simulate traffic fit`: a scenario's `[traffic]` and `[[class]]` from data, with the fit's error.

use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::fragment;
use crate::cli::arguments::Format;
use crate::cli::{Arguments, Exit, Failure, output};
use crate::document::diagnostic::Diagnostic;
use crate::traffic::counts::file as counts;
use crate::traffic::fit::read::{Material, Reading, Written, read};
use crate::traffic::fit::{Comparison, Fitted, compare};
use crate::traffic::log::combined::Field;
use crate::traffic::log::read as log;

/// What to fit, and how to read it.
#[derive(Clone, Debug, Args)]
pub struct Fit {
    /// Files of counts or access logs, plain, gzip, zstd or ZIP, or folders of them; read as one series
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How they are written, by the word of `traffic.source.format` [default: detected]
    #[arg(long = "as", value_name = "FORMAT")]
    written: Option<String>,
    /// IANA zone by whose clock hours and days are read, and stamps without a zone
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    timezone: String,
    /// What samples of Prometheus are: rate, increase or counter
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// Column of times, where it has no well-known name
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// Column or series of counts, where it has no well-known name
    #[arg(long, value_name = "COLUMN")]
    value: Option<String>,
    /// What stands behind the combined log format, in order: `-`, `%D`, `%T`, `$request_time`, `$msec`
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    field: Vec<String>,
    /// Compare with many generated series instead of one
    #[arg(long)]
    check: bool,
}

/// Requests that are generated at most for a comparison that nobody asked for.
const UNASKED: f64 = 1e8;
/// And for one that was asked for.
const ASKED: f64 = 3e9;

/// What `--format json` prints.
#[derive(Serialize)]
struct Told<'a> {
    files: Vec<String>,
    requests: f64,
    fragment: &'a str,
    comparison: Option<&'a Comparison>,
    notes: &'a [String],
}

/// Prints the fit of the files.
///
/// # Errors
/// When a file cannot be read, or has no requests; a word that is unknown.
pub fn fit(fit: &Fit, arguments: &Arguments) -> Result<Exit, Failure> {
    let format = arguments.format_of(&[Format::Table, Format::Json])?;
    let reading = fit.reading()?;
    let files = fit.files()?;
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    let files: Vec<(String, PathBuf)> = names.iter().cloned().zip(files).collect();
    let material =
        read(&files, &reading).map_err(|error| Failure::of(Exit::Bad, Diagnostic::error(error.to_string())))?;
    if !arguments.options.quiet {
        material.notes.iter().for_each(|note| output::tell(&format!("note: {note}")));
    }
    let Some(fitted) = Fitted::new(&material.table, &reading.log.timezone) else {
        return Err(Failure::of(Exit::Bad, Diagnostic::error("there is no request in what was read")));
    };
    let seed = arguments.options.seed.unwrap_or(1);
    let comparison = fit.replications(&fitted).map(|replications| compare(&fitted, seed, replications));
    let text = fragment::text(&names, &material, &fitted, comparison.as_ref());
    output::print(&match format {
        Format::Json => output::json(&Told {
            files: names,
            requests: fitted.measures.requests,
            fragment: &text,
            comparison: comparison.as_ref(),
            notes: &material.notes,
        })?,
        _ => text,
    })?;
    Ok(Exit::Done)
}

impl Fit {
    /// How many series are generated, if any.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most 21
    fn replications(&self, fitted: &Fitted) -> Option<u32> {
        let requests = fitted.measures.requests.max(1.0);
        if !self.check {
            return (requests <= UNASKED).then_some(1);
        }
        // As many as make the mean sure to a third of its limit; an odd number, for the medians.
        let wanted = (fitted.relative_deviation() / 0.0033).powi(2).clamp(21.0, 2001.0).min(1e8 / requests).max(5.0);
        let wanted = wanted.min((ASKED / requests).max(1.0));
        Some((wanted as u32 - 1) / 2 * 2 + 1)
    }

    /// The files, those of folders in the order of their names.
    fn files(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut files = Vec::new();
        for path in &self.files {
            if !path.is_dir() {
                files.push(path.clone());
                continue;
            }
            let unread = |error: std::io::Error| format!("cannot read the folder `{}`: {error}", path.display());
            let entries = std::fs::read_dir(path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
            let entries = entries.map_err(|error| Failure::of(Exit::Bad, Diagnostic::error(unread(error))))?;
            let mut found: Vec<PathBuf> = entries
                .iter()
                .filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."))
                .map(std::fs::DirEntry::path)
                .filter(|path| path.is_file())
                .collect();
            if found.is_empty() {
                let empty = format!("there is no file in the folder `{}`", path.display());
                return Err(Failure::of(Exit::Bad, Diagnostic::error(empty)));
            }
            found.sort();
            files.extend(found);
        }
        Ok(files)
    }

    fn reading(&self) -> Result<Reading, Failure> {
        let bad = |message: String| Failure::of(Exit::Bad, Diagnostic::error(message));
        let timezone = TimeZone::get(&self.timezone).map_err(|_| bad(format!("no time zone `{}`", self.timezone)))?;
        let written = self.written.as_deref().map(|word| {
            let format = counts::Format::named(word).map(Written::Counts);
            format.or_else(|| log::Format::named(word).map(Written::Log)).ok_or_else(|| {
                let words: Vec<&str> = counts::Format::WORDS.into_iter().chain(log::Format::WORDS).collect();
                Failure::of(Exit::Bad, Diagnostic::error(format!("no format `{word}`")).nearest(word, words))
            })
        });
        let unit = self.unit.as_deref().map(|word| {
            counts::Unit::named(word).ok_or_else(|| bad(format!("no unit `{word}`: rate, increase or counter")))
        });
        let field = |word: &String| Field::named(word).ok_or_else(|| bad(format!("no field `{word}`")));
        let fields = self.field.iter().map(field).collect::<Result<_, _>>()?;
        Ok(Reading {
            written: written.transpose()?,
            counts: counts::Reading {
                unit: unit.transpose()?,
                time: self.time.clone(),
                value: self.value.clone(),
                timezone: timezone.clone(),
                ..counts::Reading::default()
            },
            log: log::Reading { fields, time: self.time.clone(), timezone, ..log::Reading::default() },
        })
    }
}

/// How the files were read, for a remark.
pub(super) fn kind(material: &Material) -> &'static str {
    match material.written {
        Written::Counts(_) => "counts",
        Written::Log(_) => "requests of logs",
    }
}
