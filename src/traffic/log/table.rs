//! Logs as CSV with a header: `t[,duration][,status][,bytes]` in general, Azure Functions 2021, and k6.
//!
//! Azure's `end_timestamp` is the end, `duration` seconds before it is the arrival. k6 writes a row per metric at the end of
//! a request; its `http_req_duration` rows are requests. Sources: Azure Public Dataset, `AzureFunctionsInvocationTrace2021.md`
//! (Zhang et al., Faster and cheaper serverless computing on harvested resources, SOSP 2021); k6 documentation, "CSV".

use std::borrow::Cow;
use std::io::Read;

use super::entry::{Entry, Found, bytes, status};
use super::read::Reading;
use crate::traffic::instant::{brief, instant};
use crate::traffic::problem::Problem;

const TIMES: [&str; 8] = ["arrival", "t", "epoch_s", "timestamp", "time", "start_timestamp", "start", "end_timestamp"];
/// Names of columns of durations, with the nanoseconds that their numbers count.
const DURATIONS: [(&str, f64); 3] = [("duration_ms", 1e6), ("duration_s", 1e9), ("duration", 1e9)];
const K6_METRIC: &str = "http_req_duration";

/// Where the columns are.
struct Columns {
    time: usize,
    duration: Option<(usize, f64)>,
    status: Option<usize>,
    bytes: Option<usize>,
    method: Option<usize>,
    target: Option<usize>,
    /// Whether the time is the end of the request.
    ends: bool,
    /// Where the name of k6's metric is.
    metric: Option<usize>,
}

/// Reads every row; `sink` takes a line number and what was found there.
pub(super) fn rows(
    source: impl Read,
    reading: &Reading,
    sink: &mut dyn FnMut(u64, Found),
) -> Result<(), (Option<u64>, Problem)> {
    let broken =
        |error: &::csv::Error| (error.position().map(::csv::Position::line), Problem::Unreadable(error.to_string()));
    let source = Bounded { source, left: LONGEST };
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).trim(::csv::Trim::All).from_reader(source);
    let header = reader.byte_headers().map_err(|error| broken(&error))?.clone();
    let names: Vec<String> = header.iter().map(|name| String::from_utf8_lossy(name).to_ascii_lowercase()).collect();
    let columns = Columns::of(&names, reading).map_err(|problem| (Some(1), problem))?;
    let mut record = ::csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|error| broken(&error))? {
        sink(record.position().map_or(0, ::csv::Position::line), columns.found(&record, reading));
        reader.get_mut().left = LONGEST;
    }
    Ok(())
}

/// The longest row, in bytes.
const LONGEST: usize = 1 << 20;

/// A source that ends with an error where a row does not: a quote that never closes would hold the whole file.
struct Bounded<R> {
    source: R,
    /// What the row in progress may still take.
    left: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.left = self.left.checked_sub(read).ok_or_else(|| std::io::Error::other(TOO_LONG))?;
        Ok(read)
    }
}

const TOO_LONG: &str = "a row is longer than 1 MiB: does a quote not close?";

impl Columns {
    fn of(names: &[String], reading: &Reading) -> Result<Self, Problem> {
        let place = |wanted: &str| names.iter().position(|name| name.trim_start_matches('\u{feff}') == wanted);
        let metric = place("metric_name");
        let time = match &reading.time {
            Some(name) => place(&name.to_ascii_lowercase()),
            None => TIMES.iter().find_map(|name| place(name)),
        };
        let Some(time) = time else {
            let wanted = reading.time.clone().unwrap_or_else(|| TIMES.join(", "));
            return Err(Problem::NoColumn { role: "time", wanted, header: brief(&names.join(", ")) });
        };
        let duration = DURATIONS.iter().find_map(|(name, unit)| Some((place(name)?, *unit)));
        Ok(Self {
            time,
            duration: if metric.is_some() { place("metric_value").map(|at| (at, 1e6)) } else { duration },
            status: place("status"),
            bytes: place("bytes"),
            method: place("method"),
            target: ["url", "path", "route", "func", "class"].iter().find_map(|name| place(name)),
            ends: metric.is_some() || names[time] == "end_timestamp",
            metric,
        })
    }

    fn found<'a>(&self, record: &'a ::csv::ByteRecord, reading: &Reading) -> Found<'a> {
        let cell = |place: Option<usize>| place.and_then(|place| record.get(place)).unwrap_or(b"");
        if self.metric.is_some() && cell(self.metric) != K6_METRIC.as_bytes() {
            return Found::Nothing;
        }
        let time = std::str::from_utf8(cell(Some(self.time))).ok().and_then(|text| instant(text, &reading.timezone));
        let Some(at) = time.and_then(|at| i64::try_from(at).ok()) else { return Found::Rejected("no time") };
        let duration = self.duration.and_then(|(place, unit)| nanos(cell(Some(place)), unit));
        if self.ends && duration.is_none() {
            return Found::Rejected("no duration, and the time is the end");
        }
        Found::Request(Entry {
            at: if self.ends { at.saturating_sub(duration.unwrap_or(0)) } else { at },
            duration,
            status: status(cell(self.status)),
            bytes: bytes(cell(self.bytes)),
            method: Cow::Borrowed(cell(self.method)),
            target: Cow::Borrowed(cell(self.target)),
            whole: true,
        })
    }
}

/// A number of units of so many nanoseconds, not negative.
#[allow(clippy::cast_possible_truncation)] // below a hundred years
fn nanos(text: &[u8], unit: f64) -> Option<i64> {
    let nanos = std::str::from_utf8(text).ok()?.parse::<f64>().ok()? * unit;
    (0.0..3.2e18).contains(&nanos).then(|| nanos.round() as i64)
}
