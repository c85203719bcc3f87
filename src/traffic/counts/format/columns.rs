//! Counts as CSV with a header. The columns are found by name, given or well known: `epoch_s,requests`, `t,count`,
//! `timestamp,value`. Nothing is skipped; times must rise.

use super::{Fault, Gathered, Row, Text};
use crate::traffic::counts::file::Reading;
use crate::traffic::instant::{brief, instant};
use crate::traffic::problem::Problem;

const TIME_NAMES: [&str; 6] = ["epoch_s", "t", "timestamp", "time", "date", "datetime"];
const VALUE_NAMES: [&str; 7] = ["requests", "count", "value", "sum", "invocations", "requestcount", "request_count"];

pub(super) fn gather(texts: &[Text], reading: &Reading) -> Result<Gathered, Fault> {
    let mut gathered = Gathered::default();
    for text in texts {
        rows(text, reading, &mut gathered.rows)?;
    }
    Ok(gathered)
}

fn rows(text: &Text, reading: &Reading, rows: &mut Vec<Row>) -> Result<(), Fault> {
    let mut reader = super::csv_reader(text, true);
    let header = reader.headers().map_err(|error| super::broken(text, &error))?.clone();
    if header.is_empty() {
        return Err(text.fault(None, Problem::Empty));
    }
    let role = |role, given, known| column(&header, role, given, known).map_err(|problem| text.fault(Some(1), problem));
    let time = role("time", reading.time.as_deref(), &TIME_NAMES)?;
    let value = role("value", reading.value.as_deref(), &VALUE_NAMES)?;
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
        if let Some(above) = above {
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
    if above.is_none() { Err(text.fault(None, Problem::Empty)) } else { Ok(()) }
}

/// Whether a header has a well-known column of counts.
pub(super) fn has_counts(header: &str) -> bool {
    let names = header.split(',').map(|name| name.trim().trim_matches('"'));
    names.into_iter().any(|name| VALUE_NAMES.iter().any(|known| known.eq_ignore_ascii_case(name)))
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
