//! A graph of the CloudWatch console as CSV: lines of description (label, id, statistic and more), then one line per bin
//! in the zone of the console. A stamp is the beginning of its bin; an empty cell is a bin that is not there.

use super::{Fault, Gathered, Row, Text};
use crate::traffic::counts::file::Reading;
use crate::traffic::instant::{brief, instant};
use crate::traffic::problem::Problem;

pub(super) fn gather(texts: &[Text], reading: &Reading) -> Result<Gathered, Fault> {
    let mut gathered = Gathered::default();
    for text in texts {
        rows(text, reading, &mut gathered.rows)?;
    }
    Ok(gathered)
}

fn rows(text: &Text, reading: &Reading, rows: &mut Vec<Row>) -> Result<(), Fault> {
    let mut reader = super::csv_reader(text, false);
    let mut described: Vec<::csv::StringRecord> = Vec::new();
    let mut column = None;
    let mut record = ::csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| super::broken(text, &error))? {
        let line = super::line(&record);
        let time = record.get(0).unwrap_or("");
        let Some(at) = instant(time, &reading.timezone) else {
            if column.is_some() {
                return Err(text.fault(line, Problem::Time(brief(time))));
            }
            described.push(record.clone());
            continue;
        };
        let chosen = match column {
            Some(chosen) => chosen,
            None => self::column(&described, record.len(), reading).map_err(|problem| text.fault(line, problem))?,
        };
        column = Some(chosen);
        let value = record.get(chosen).ok_or_else(|| text.fault(line, Problem::Short))?;
        if value.is_empty() {
            continue;
        }
        let count = super::count(value).ok_or_else(|| text.fault(line, Problem::Count(brief(value))))?;
        rows.push(Row { file: text.file, line, at, count });
    }
    if column.is_none() { Err(text.fault(None, Problem::Empty)) } else { Ok(()) }
}

/// The column that `value` names by anything said about it; without it there must be one only. Its statistic, where it
/// is said, must be the sum.
fn column(described: &[::csv::StringRecord], columns: usize, reading: &Reading) -> Result<usize, Problem> {
    let cells = |column: usize| described.iter().filter_map(move |record| record.get(column));
    let chosen = match &reading.value {
        Some(wanted) => (1..columns).find(|&column| cells(column).any(|cell| cell == wanted)),
        None => (columns <= 2).then_some(1),
    };
    let Some(chosen) = chosen else {
        let found: Vec<&str> = (1..columns).filter_map(|column| cells(column).next()).collect();
        return Err(Problem::Series { wanted: reading.value.clone(), found: brief(&found.join(", ")) });
    };
    let statistic = described.iter().find(|record| record.get(0).is_some_and(|cell| cell.starts_with("Stat")));
    match statistic.and_then(|record| record.get(chosen)) {
        Some(word) if !word.is_empty() && !word.eq_ignore_ascii_case("sum") => Err(Problem::NotSum),
        _ => Ok(chosen),
    }
}
