//! CloudWatch's `get-metric-data` (points newest first, in pages) and `get-metric-statistics` (points in no order), JSON.
//! A file may hold several answers one after the other. A stamp is the beginning of its bin.
//!
//! Source of the fields: Amazon CloudWatch API Reference, `GetMetricData` and `GetMetricStatistics`.

use serde::Deserialize;
use serde_json::Value;

use super::{Fault, Gathered, Row, Text};
use crate::traffic::counts::file::Reading;
use crate::traffic::instant::{brief, instant};
use crate::traffic::problem::Problem;

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "MetricDataResults", default)]
    results: Vec<Series>,
    #[serde(rename = "Datapoints", default)]
    points: Vec<Point>,
    #[serde(rename = "Label", default)]
    label: String,
}

#[derive(Deserialize)]
struct Series {
    #[serde(rename = "Id", default)]
    id: String,
    #[serde(rename = "Label", default)]
    label: String,
    #[serde(rename = "Timestamps")]
    timestamps: Vec<Value>,
    #[serde(rename = "Values")]
    values: Vec<f64>,
    #[serde(rename = "StatusCode", default)]
    status: String,
}

#[derive(Deserialize)]
struct Point {
    #[serde(rename = "Timestamp")]
    timestamp: Value,
    #[serde(rename = "Sum")]
    sum: Option<f64>,
}

pub(super) fn gather(texts: &[Text], reading: &Reading) -> Result<Gathered, Fault> {
    let mut series = Vec::new();
    for text in texts {
        for answer in serde_json::Deserializer::from_str(text.text).into_iter::<Answer>() {
            let answer = answer.map_err(|error| text.fault(None, Problem::Form(error.to_string())))?;
            series.extend(answer.results.into_iter().map(|series| (*text, series)));
            if let Some(points) = summed(text, answer.label, answer.points)? {
                series.push((*text, points));
            }
        }
    }
    chosen(&mut series, reading)?;
    let mut gathered = Gathered::default();
    let partial = series.iter().filter(|(_, series)| series.status == "PartialData").count();
    if partial > 0 {
        gathered.notes.push(format!(
            "{partial} of {} answers say PartialData: the rest is in further pages, which must be given too",
            series.len()
        ));
    }
    for (text, series) in &series {
        rows(text, series, reading, &mut gathered.rows)?;
    }
    Ok(gathered)
}

/// The data points of `get-metric-statistics` as a series; every one needs a sum.
fn summed(text: &Text, label: String, points: Vec<Point>) -> Result<Option<Series>, Fault> {
    if points.is_empty() {
        return Ok(None);
    }
    let values: Option<Vec<f64>> = points.iter().map(|point| point.sum).collect();
    let values = values.ok_or_else(|| text.fault(None, Problem::NotSum))?;
    let timestamps = points.into_iter().map(|point| point.timestamp).collect();
    Ok(Some(Series { id: String::new(), label, timestamps, values, status: String::new() }))
}

/// Keeps the series that `value` names by id or label; without it there must be one only.
fn chosen(series: &mut Vec<(Text, Series)>, reading: &Reading) -> Result<(), Fault> {
    let name = |series: &Series| if series.id.is_empty() { series.label.clone() } else { series.id.clone() };
    let mut names: Vec<String> = series.iter().map(|(_, series)| name(series)).collect();
    names.dedup();
    names.sort_unstable();
    names.dedup();
    let file = series.first().map_or(0, |(text, _)| text.file);
    match &reading.value {
        Some(wanted) => {
            series.retain(|(_, series)| series.id == *wanted || series.label == *wanted);
            if series.is_empty() {
                let problem = Problem::Series { wanted: Some(wanted.clone()), found: brief(&names.join(", ")) };
                return Err(Fault { file, line: None, problem });
            }
        }
        None if names.len() > 1 => {
            let problem = Problem::Series { wanted: None, found: brief(&names.join(", ")) };
            return Err(Fault { file, line: None, problem });
        }
        None => {}
    }
    Ok(())
}

fn rows(text: &Text, series: &Series, reading: &Reading, rows: &mut Vec<Row>) -> Result<(), Fault> {
    let fail = |problem| text.fault(None, problem);
    if series.timestamps.len() != series.values.len() {
        let (times, values) = (series.timestamps.len(), series.values.len());
        return Err(fail(Problem::Form(format!("{times} timestamps with {values} values"))));
    }
    for (time, &count) in series.timestamps.iter().zip(&series.values) {
        let time = time.as_str().map_or_else(|| time.to_string(), str::to_owned);
        let at = instant(&time, &reading.timezone).ok_or_else(|| fail(Problem::Time(brief(&time))))?;
        if !(count.is_finite() && count >= 0.0) {
            return Err(fail(Problem::Count(count.to_string())));
        }
        rows.push(Row { file: text.file, line: None, at, count });
    }
    Ok(())
}
