//! Reads a log, packed or not, one request after the other in constant memory.
//!
//! The format is given or told by the first bytes. A line that cannot be read is counted, the first few with their reasons;
//! when more than a fifth cannot be read the log is refused.

use std::io::{Cursor, Read};

use jiff::tz::TimeZone;
use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::Value;

use super::combined::Field;
use super::entry::{Entry, Found};
use super::json::{CloudLogging, Har, Object};
use super::lines::{Line, Lines};
use super::{balancer, cloudfront, combined, table};
use crate::traffic::problem::{FileError, Problem};
use crate::traffic::unpack::unpacked;

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The common or the combined log format.
    Combined,
    /// An Application Load Balancer of AWS.
    Alb,
    /// A Classic Load Balancer of AWS.
    Elb,
    /// Standard logs of CloudFront.
    CloudFront,
    /// nginx, one JSON object per line.
    NginxJson,
    /// Cloud Logging of Google Cloud, an array or one object per line.
    CloudLogging,
    /// HTTP Archive.
    Har,
    /// Azure Functions 2021.
    Azure2021,
    /// k6, CSV or JSON.
    K6,
    /// CSV with a header and a column of times.
    Csv,
}

/// How to read a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How it is written; `None` to tell by the first bytes.
    pub format: Option<Format>,
    /// What stands behind the combined format.
    pub fields: Vec<Field>,
    /// Name of the column of times of CSV; `None` for a well-known one.
    pub time: Option<String>,
    /// Whether requests that CloudFront's cache answered are left out.
    pub origin_only: bool,
    /// Zone of stamps without one.
    pub timezone: TimeZone,
}

impl Default for Reading {
    fn default() -> Self {
        Self { format: None, fields: Vec::new(), time: None, origin_only: false, timezone: TimeZone::UTC }
    }
}

/// What became of the lines (or objects) of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Requests that were read.
    pub requests: u64,
    /// Of them, those whose line is cut short.
    pub cut: u64,
    /// Requests that were asked to be left out.
    pub left_out: u64,
    /// Copies of requests that were there before, which do not count.
    pub copies: u64,
    /// Lines that could not be read.
    pub rejected: u64,
    /// The first rejected ones: line (or object) and reason.
    pub reasons: Vec<(u64, &'static str)>,
}

/// How many reasons are kept.
const REASONS: usize = 3;
/// How much of a log is looked at to tell its format.
const HEAD: u64 = 1 << 16;

impl Summary {
    fn note(&mut self, line: u64, found: Found, sink: &mut dyn FnMut(&Entry)) {
        match found {
            Found::Request(entry) => {
                self.requests += 1;
                self.cut += u64::from(!entry.whole);
                sink(&entry);
            }
            Found::Nothing => {}
            Found::LeftOut => self.left_out += 1,
            Found::Again => self.copies += 1,
            Found::Rejected(why) => {
                self.rejected += 1;
                if self.reasons.len() < REASONS {
                    self.reasons.push((line, why));
                }
            }
        }
    }

    /// What a user must know, if anything.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.rejected > 0 {
            let reasons: Vec<String> = self.reasons.iter().map(|(line, why)| format!("line {line}: {why}")).collect();
            let lines = self.rejected + self.requests + self.left_out;
            notes.push(format!("{} of {lines} lines were rejected ({})", self.rejected, reasons.join("; ")));
        }
        if self.cut > 0 {
            notes.push(format!("{} lines are cut short behind their status, and count", self.cut));
        }
        if self.copies > 0 {
            notes.push(format!("{} entries are there more than once, and count once", self.copies));
        }
        notes
    }
}

/// Reads the log that `packed` holds; `name` is what errors call it. `sink` sees every request in the log's own order. An
/// empty one has no requests.
///
/// # Errors
/// When it cannot be read or unpacked, its format cannot be told, a document is no JSON, or more than a fifth of its lines
/// are rejected.
pub fn read(
    packed: impl Read,
    name: &str,
    reading: &Reading,
    sink: &mut dyn FnMut(&Entry),
) -> Result<Summary, FileError> {
    let fail = |(line, problem)| FileError { file: name.to_owned(), line, problem };
    let unreadable = |error: std::io::Error| fail((None, Problem::Unreadable(error.to_string())));
    let mut source = unpacked(packed).map_err(unreadable)?;
    let mut head = Vec::new();
    source.by_ref().take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
    if head.starts_with(b"\xef\xbb\xbf") {
        head.drain(..3);
    }
    let mut summary = Summary::default();
    if head.iter().all(u8::is_ascii_whitespace) && (head.len() as u64) < HEAD / 2 {
        // A log that was just begun, among others.
        return Ok(summary);
    }
    let format = reading.format.or_else(|| Format::of(&head)).ok_or_else(|| fail((None, Problem::Unknown)))?;
    let first = head.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    let source = Cursor::new(head).chain(source);
    match (format, first) {
        (Format::Har, _) => document(source, reading, &mut summary, sink),
        (Format::CloudLogging, Some(b'[')) => array(source, reading, &mut summary, sink),
        (Format::K6, Some(b'{')) => lines(source, Format::K6, reading, &mut summary, sink),
        (Format::Csv | Format::Azure2021 | Format::K6, _) => {
            table::rows(source, reading, &mut |line, found| summary.note(line, found, sink))
        }
        (format, _) => lines(source, format, reading, &mut summary, sink),
    }
    .map_err(fail)?;
    let of = summary.rejected + summary.requests + summary.left_out;
    if summary.rejected * 5 > of {
        let (line, why) = summary.reasons[0];
        let problem = Problem::Rejected { rejected: summary.rejected, lines: of, why: why.to_owned() };
        return Err(fail((Some(line), problem)));
    }
    Ok(summary)
}

type Fault = (Option<u64>, Problem);

fn lines(
    source: impl Read,
    format: Format,
    reading: &Reading,
    summary: &mut Summary,
    sink: &mut dyn FnMut(&Entry),
) -> Result<(), Fault> {
    let (mut lines, mut columns, zone) = (Lines::new(source), cloudfront::Columns::default(), &reading.timezone);
    let mut google = CloudLogging::default();
    for number in 1_u64.. {
        let line = lines.next().map_err(|error| (Some(number), Problem::Unreadable(error.to_string())))?;
        let found = match line {
            None => break,
            Some(Line::TooLong) => Found::Rejected("longer than 1 MiB"),
            Some(Line::Whole(b"")) => Found::Nothing,
            Some(Line::Whole(line)) => match format {
                Format::Alb => balancer::application(line, zone),
                Format::Elb => balancer::classic(line, zone),
                Format::CloudFront => columns.found(line, reading.origin_only),
                Format::NginxJson => Object::Nginx.found(line, zone),
                Format::CloudLogging => google.found(line, zone),
                Format::K6 => Object::K6.found(line, zone),
                _ => combined::found(line, &reading.fields, zone),
            },
        };
        summary.note(number, found, sink);
    }
    Ok(())
}

fn document(
    source: impl Read,
    reading: &Reading,
    summary: &mut Summary,
    sink: &mut dyn FnMut(&Entry),
) -> Result<(), Fault> {
    let har: Har = serde_json::from_reader(std::io::BufReader::new(source))
        .map_err(|error| (u64::try_from(error.line()).ok(), Problem::Form(error.to_string())))?;
    for (number, entry) in (1..).zip(&har.log.entries) {
        summary.note(number, Object::Har.of(entry, &reading.timezone), sink);
    }
    Ok(())
}

/// An array is read object by object, and never held as a whole.
fn array(
    source: impl Read,
    reading: &Reading,
    summary: &mut Summary,
    sink: &mut dyn FnMut(&Entry),
) -> Result<(), Fault> {
    let (mut number, mut google) = (0, CloudLogging::default());
    let mut each = |value: &Value| {
        number += 1;
        summary.note(number, google.of(value, &reading.timezone), sink);
    };
    let mut json = serde_json::Deserializer::from_reader(std::io::BufReader::new(source));
    let read = json.deserialize_seq(Each(&mut each));
    read.map_err(|error| (u64::try_from(error.line()).ok(), Problem::Form(error.to_string())))
}

/// Hands on every element of an array.
struct Each<'a>(&'a mut dyn FnMut(&Value));

impl<'de> Visitor<'de> for Each<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str("an array of log entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(value) = elements.next_element_seed(std::marker::PhantomData::<Value>)? {
            (self.0)(&value);
        }
        Ok(())
    }
}

impl Format {
    /// What scenarios call them.
    pub const WORDS: [&str; 10] =
        ["combined", "alb", "elb", "cloudfront", "nginx-json", "cloud-logging", "har", "azure-2021", "k6", "csv"];

    /// The format that a scenario calls so.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "combined" => Self::Combined,
            "alb" => Self::Alb,
            "elb" => Self::Elb,
            "cloudfront" => Self::CloudFront,
            "nginx-json" => Self::NginxJson,
            "cloud-logging" => Self::CloudLogging,
            "har" => Self::Har,
            "azure-2021" => Self::Azure2021,
            "k6" => Self::K6,
            "csv" => Self::Csv,
            _ => return None,
        })
    }

    /// The format of a log that begins with `head`, if it is one that is known.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        let has = |word: &str| memchr::memmem::find(head, word.as_bytes()).is_some();
        let begin = head.iter().position(|byte| !byte.is_ascii_whitespace())?;
        let line = head[begin..].split(|byte| *byte == b'\n').next().unwrap_or(b"");
        let zone = TimeZone::UTC;
        let mut tokens = line.split(|byte| *byte == b' ');
        let (first, second) = (tokens.next().unwrap_or(b""), tokens.next().unwrap_or(b""));
        let is_stamp = |text: &[u8]| super::stamp::rfc3339(text, &zone).is_some();
        match head[begin] {
            b'[' => Some(Self::CloudLogging),
            b'{' if has("\"startedDateTime\"") || has("\"creator\"") => Some(Self::Har),
            b'{' if has("\"metric\"") && has("\"type\"") => Some(Self::K6),
            b'{' if ["httpRequest", "protoPayload", "logName", "insertId"].into_iter().any(has) => {
                Some(Self::CloudLogging)
            }
            b'{' => Some(Self::NginxJson),
            b'#' if has("#Fields:") => Some(Self::CloudFront),
            _ if line.starts_with(b"metric_name,") => Some(Self::K6),
            _ if is_stamp(second) => Some(Self::Alb),
            _ if is_stamp(first) => Some(Self::Elb),
            _ if line.contains(&b'[') => Some(Self::Combined),
            _ if has("end_timestamp") => Some(Self::Azure2021),
            _ if line.contains(&b',') => Some(Self::Csv),
            // A damaged first line may hide the format of the rest.
            _ if has("] \"") => Some(Self::Combined),
            _ => None,
        }
    }
}
