//! Azure Functions 2019: a row per function, a column per minute of the day (`481` or `minute_481` is the minute that
//! ends then), added up over functions. Several files are days that follow each other. Source of the schema: Azure Public
//! Dataset, `AzureFunctionsDataset2019.md` (Shahrad et al., Serverless in the wild, USENIX ATC 2020).

use super::{Fault, Gathered, Row, Text};
use crate::traffic::instant::brief;
use crate::traffic::problem::Problem;
use crate::units::Nanos;

const MINUTE: u64 = 60 * 1_000_000_000;
const MINUTES_PER_DAY: u64 = 1440;

pub(super) fn gather(texts: &[Text]) -> Result<Gathered, Fault> {
    let mut gathered = Gathered { period: Some(Nanos(MINUTE)), ..Gathered::default() };
    for (day, text) in texts.iter().enumerate() {
        let mut reader = super::csv_reader(text, true);
        let header = reader.headers().map_err(|error| super::broken(text, &error))?.clone();
        let mut minutes: Vec<(usize, u64, f64)> =
            header.iter().enumerate().filter_map(|(column, name)| Some((column, minute(name)?, 0.0))).collect();
        if minutes.is_empty() {
            let (wanted, header) = ("1 to 1440 or minute_1 to minute_1440".to_owned(), brief(header.as_slice()));
            return Err(text.fault(Some(1), Problem::NoColumn { role: "minute", wanted, header }));
        }
        let mut record = ::csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| super::broken(text, &error))? {
            let fail = |problem| text.fault(super::line(&record), problem);
            for (column, _, sum) in &mut minutes {
                let cell = record.get(*column).ok_or_else(|| fail(Problem::Short))?;
                *sum += super::count(cell).ok_or_else(|| fail(Problem::Count(brief(cell))))?;
            }
        }
        let before = day as u64 * MINUTES_PER_DAY;
        gathered.rows.extend(minutes.iter().map(|&(_, minute, count)| Row {
            file: text.file,
            line: None,
            at: i128::from((before + minute - 1) * MINUTE),
            count,
        }));
    }
    Ok(gathered)
}

/// The minute of the day, 1 to 1440, that a column counts.
fn minute(name: &str) -> Option<u64> {
    let number = name.strip_prefix("minute_").unwrap_or(name).parse().ok()?;
    (1..=MINUTES_PER_DAY).contains(&number).then_some(number)
}
