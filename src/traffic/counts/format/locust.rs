//! Locust's `_stats_history.csv`: the rows of name `Aggregated`, whose total request count began at 0. A stamp is the end
//! of what it counts. Source of the columns: Locust documentation, "Retrieving test statistics in CSV format".

use std::collections::BTreeMap;

use super::{Fault, Gathered, Row, Text, cumulative};
use crate::traffic::counts::file::Reading;
use crate::traffic::counts::grid;
use crate::traffic::instant::{brief, instant};
use crate::traffic::problem::Problem;
use crate::units::Nanos;

const COLUMNS: [&str; 3] = ["Timestamp", "Name", "Total Request Count"];

pub(super) fn gather(texts: &[Text], reading: &Reading) -> Result<Gathered, Fault> {
    let mut gathered = Gathered::default();
    for text in texts {
        let mut samples = samples(text, reading)?;
        let gaps = samples.windows(2).map(|pair| pair[1].0 - pair[0].0);
        let Some(step) = reading.period.map(|period| i128::from(period.0.max(1))).or_else(|| grid::median(gaps)) else {
            return Err(text.fault(None, Problem::NoPeriod));
        };
        let reach = grid::bins(samples[0].0, samples[samples.len() - 1].0, step);
        reach.map_err(|problem| text.fault(None, problem))?;
        samples.insert(0, (samples[0].0 - step, 0.0));
        let mut counts = BTreeMap::new();
        cumulative::add_increases(&samples, step, &mut counts);
        gathered.rows.extend(counts.into_iter().map(|(at, count)| Row { file: text.file, line: None, at, count }));
        gathered.period = u64::try_from(step).ok().map(Nanos);
    }
    Ok(gathered)
}

/// The total at each instant, the last one said where there are several.
fn samples(text: &Text, reading: &Reading) -> Result<Vec<(i128, f64)>, Fault> {
    let mut reader = super::csv_reader(text, true);
    let header = reader.headers().map_err(|error| super::broken(text, &error))?.clone();
    let position = |name: &'static str| {
        let problem = || Problem::NoColumn { role: name, wanted: name.to_owned(), header: brief(header.as_slice()) };
        header.iter().position(|column| column == name).ok_or_else(|| text.fault(Some(1), problem()))
    };
    let [time, name, total] = [position(COLUMNS[0])?, position(COLUMNS[1])?, position(COLUMNS[2])?];
    let mut samples: Vec<(i128, f64)> = Vec::new();
    let mut record = ::csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| super::broken(text, &error))? {
        let line = super::line(&record);
        let fail = |problem| text.fault(line, problem);
        let (Some(time), Some(name), Some(total)) = (record.get(time), record.get(name), record.get(total)) else {
            return Err(fail(Problem::Short));
        };
        if name != "Aggregated" {
            continue;
        }
        let at = instant(time, &reading.timezone).ok_or_else(|| fail(Problem::Time(brief(time))))?;
        let count = super::count(total).ok_or_else(|| fail(Problem::Count(brief(total))))?;
        match samples.last_mut() {
            Some(last) if at < last.0 => return Err(fail(Problem::Backwards(brief(time)))),
            Some(last) if at == last.0 => last.1 = count,
            _ => samples.push((at, count)),
        }
    }
    if samples.is_empty() { Err(text.fault(None, Problem::Empty)) } else { Ok(samples) }
}
