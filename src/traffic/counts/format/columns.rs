//! Counts as CSV with a header. The columns are found by name, given or well known: `epoch_s,requests`, `t,count`,
//! `timestamp,value`; a column `rate` has requests per second over the bin. Nothing is skipped; times must rise, unless a
//! reading is lenient.

use super::{Fault, Gathered, Row, Text};
use crate::traffic::counts::file::Reading;
use crate::traffic::counts::grid::median;
use crate::traffic::instant::{brief, instant};
use crate::traffic::problem::Problem;
use crate::units::Nanos;

const TIME_NAMES: [&str; 6] = ["epoch_s", "t", "timestamp", "time", "date", "datetime"];
const VALUE_NAMES: [&str; 7] = ["requests", "count", "value", "sum", "invocations", "requestcount", "request_count"];
const RATE: &str = "rate";

pub(super) fn gather(texts: &[Text], reading: &Reading) -> Result<Gathered, Fault> {
    let mut gathered = Gathered::default();
    let mut are_rates = false;
    for text in texts {
        are_rates |= rows(text, reading, &mut gathered.rows)?;
    }
    if are_rates {
        let mut times: Vec<i128> = gathered.rows.iter().map(|row| row.at).collect();
        times.sort_unstable();
        let gaps = times.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 0);
        let period = reading.period.map(Nanos::seconds).or_else(|| Some(median(gaps)? as f64 / 1e9));
        let period = period.ok_or(Fault { file: 0, line: None, problem: Problem::NoPeriod })?;
        gathered.rows.iter_mut().for_each(|row| row.count *= period);
    }
    Ok(gathered)
}

/// Appends the rows of one file. Whether they are rates.
fn rows(text: &Text, reading: &Reading, rows: &mut Vec<Row>) -> Result<bool, Fault> {
    let mut reader = super::csv_reader(text, true);
    let header = reader.headers().map_err(|error| super::broken(text, &error))?.clone();
    if header.is_empty() {
        return Err(text.fault(None, Problem::Empty));
    }
    let role = |role, given, known| column(&header, role, given, known).map_err(|problem| text.fault(Some(1), problem));
    let time = role("time", reading.time.as_deref(), &TIME_NAMES)?;
    let known: Vec<&str> = VALUE_NAMES.into_iter().chain([RATE]).collect();
    let value = role("value", reading.value.as_deref(), &known)?;
    let are_rates = header[value].eq_ignore_ascii_case(RATE);
    let mut above: Option<i128> = None;
    let mut record = ::csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| super::broken(text, &error))? {
        let line = super::line(&record);
        let fail = |problem| text.fault(line, problem);
        let (Some(time), Some(value)) = (record.get(time), record.get(value)) else {
            return Err(fail(Problem::Short));
        };
        let at = instant(time, &reading.timezone).ok_or_else(|| fail(Problem::Time(brief(time))))?;
        let count = super::count(value).ok_or_else(|| fail(Problem::Count(brief(value))))?;
        if let Some(above) = above.filter(|_| !reading.lenient) {
            if at < above {
                return Err(fail(Problem::Backwards(brief(time))));
            }
            if at == above {
                return Err(fail(Problem::Duplicate(brief(time))));
            }
        }
        above = Some(at);
        rows.push(Row { file: text.file, line, at, count });
    }
    if above.is_none() { Err(text.fault(None, Problem::Empty)) } else { Ok(are_rates) }
}

/// Whether a header has a well-known column of counts.
pub(super) fn has_counts(header: &str) -> bool {
    let names = header.split(',').map(|name| name.trim().trim_matches('"'));
    names.into_iter().any(|name| VALUE_NAMES.iter().chain([&RATE]).any(|known| known.eq_ignore_ascii_case(name)))
}

fn column(
    header: &::csv::StringRecord,
    role: &'static str,
    given: Option<&str>,
    known: &[&str],
) -> Result<usize, Problem> {
    let position = |name: &str| header.iter().position(|column| column.eq_ignore_ascii_case(name));
    let found = match given {
        Some(name) => position(name),
        None => known.iter().find_map(|name| position(name)),
    };
    found.ok_or_else(|| {
        let wanted = given.map_or_else(|| known.join(", "), str::to_owned);
        let header = brief(&header.iter().collect::<Vec<_>>().join(", "));
        Problem::NoColumn { role, wanted, header }
    })
}
