//! Answers of Prometheus' `query_range`, JSON. Series are joined over files by their labels (a query answers at most
//! 11,000 points, so long exports come in pieces) and then added up. A stamp is the end of its step. Source of the form:
//! Prometheus documentation, HTTP API, "Range queries" and "Range vectors".

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Number;

use super::{Fault, Gathered, Row, Text, Unit, cumulative};
use crate::traffic::counts::file::Reading;
use crate::traffic::counts::grid;
use crate::traffic::instant::{brief, epoch, shown};
use crate::traffic::problem::Problem;
use crate::units::Nanos;

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    error: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(Number, String)>,
}

/// The samples of every series, by its labels and instants.
type Samples = BTreeMap<BTreeMap<String, String>, BTreeMap<i128, f64>>;

pub(super) fn gather(texts: &[Text], reading: &Reading) -> Result<Gathered, Fault> {
    let file = texts.first().map_or(0, |text| text.file);
    let fault = |problem| Fault { file, line: None, problem };
    let unit = reading.unit.ok_or_else(|| fault(Problem::NoUnit))?;
    let (mut samples, mut rejected) = (Samples::new(), 0_u64);
    for text in texts {
        collect(text, &mut samples, &mut rejected)?;
    }
    let times: BTreeSet<i128> = samples.values().flat_map(BTreeMap::keys).copied().collect();
    if times.is_empty() {
        return Err(fault(Problem::Empty));
    }
    let gaps = times.iter().zip(times.iter().skip(1)).map(|(before, after)| after - before);
    let step = reading.period.map(|period| i128::from(period.0.max(1))).or_else(|| grid::median(gaps));
    let step = step.ok_or_else(|| fault(Problem::NoPeriod))?;
    grid::bins(times.first().copied().unwrap_or(0), times.last().copied().unwrap_or(0), step).map_err(fault)?;
    let mut gathered = Gathered { period: u64::try_from(step).ok().map(Nanos), ..Gathered::default() };
    if rejected > 0 {
        gathered.notes.push(format!("{rejected} samples are not counts (NaN, infinite or negative) and were left out"));
    }
    let counts = added_up(&samples, unit, step, &mut gathered.notes);
    gathered.rows.extend(counts.into_iter().map(|(at, count)| Row { file, line: None, at, count }));
    Ok(gathered)
}

fn collect(text: &Text, samples: &mut Samples, rejected: &mut u64) -> Result<(), Fault> {
    let fail = |problem| text.fault(None, problem);
    for answer in serde_json::Deserializer::from_str(text.text).into_iter::<Answer>() {
        let answer = answer.map_err(|error| fail(Problem::Form(error.to_string())))?;
        let Some(data) = answer.data.filter(|_| answer.status == "success") else {
            return Err(fail(Problem::Form(format!("the query failed: {}", brief(&answer.error)))));
        };
        if data.kind != "matrix" {
            return Err(fail(Problem::Form(format!("a {} and not the matrix of query_range", brief(&data.kind)))));
        }
        for series in data.result {
            let known = samples.entry(series.metric).or_default();
            for (time, value) in &series.values {
                let at = epoch(&time.to_string()).ok_or_else(|| fail(Problem::Time(time.to_string())))?;
                let Some(count) = super::count(value) else {
                    *rejected += 1;
                    continue;
                };
                // Pieces of one export may share their edges.
                if known.insert(at, count).is_some_and(|before| before != count) {
                    return Err(fail(Problem::Duplicate(shown(at))));
                }
            }
        }
    }
    Ok(())
}

/// The counts of all series together by the beginning of the step.
fn added_up(samples: &Samples, unit: Unit, step: i128, notes: &mut Vec<String>) -> BTreeMap<i128, f64> {
    let mut counts = BTreeMap::new();
    let seconds = step as f64 / 1e9;
    let (mut holes, mut holed) = (0_i128, 0_u64);
    for series in samples.values() {
        let points: Vec<(i128, f64)> = series.iter().map(|(at, value)| (*at, *value)).collect();
        if let (Some(first), Some(last)) = (points.first(), points.last()) {
            let absent = (last.0 - first.0) / step + 1 - points.len() as i128;
            holes += absent.max(0);
            holed += u64::from(absent > 0);
        }
        match unit {
            Unit::Counter => cumulative::add_increases(&points, step, &mut counts),
            Unit::Rate => points.iter().for_each(|(at, rate)| *counts.entry(at - step).or_default() += rate * seconds),
            Unit::Increase => points.iter().for_each(|(at, count)| *counts.entry(at - step).or_default() += count),
        }
    }
    if holes > 0 {
        let meaning = if unit == Unit::Counter { "their increase was spread evenly" } else { "they add nothing" };
        notes.push(format!("{holes} steps are absent inside {holed} of {} series: {meaning}", samples.len()));
    }
    counts
}
