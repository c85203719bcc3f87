//! The CSV files, written from the tables of [`super::columns`].

use super::Error;
use super::columns::{self, Bucket, Column, Point, Summary};
use crate::experiment::result::{RunResult, SweepResult};

/// One row per deployment.
///
/// # Errors
/// When the writer refuses, which it does only for its own faults: it writes to memory.
pub fn summary(result: &RunResult) -> Result<String, Error> {
    let rows = result.deployments.iter().map(|deployment| Summary { run: result, deployment });
    file(&columns::summary(), rows)
}

/// One row per deployment and bucket.
///
/// # Errors
/// As [`summary`].
pub fn timeseries(result: &RunResult) -> Result<String, Error> {
    let ends = &result.charts.bucket_ends_seconds;
    let rows = result.deployments.iter().zip(&result.charts.deployments).flat_map(|(deployment, series)| {
        let starts = std::iter::once(0.0).chain(ends.iter().copied());
        starts.zip(ends).enumerate().map(move |(index, (start_seconds, end_seconds))| Bucket {
            deployment: &deployment.name,
            series,
            start_seconds,
            end_seconds: *end_seconds,
            index,
        })
    });
    file(&columns::timeseries(), rows)
}

/// One row per value and deployment.
///
/// # Errors
/// As [`summary`].
pub fn sweep(result: &SweepResult) -> Result<String, Error> {
    let rows = result.points.iter().flat_map(|point| {
        point.deployments.iter().map(move |deployment| Point { sweep: result, value: point.value, deployment })
    });
    file(&columns::sweep(), rows)
}

fn file<R>(columns: &[Column<R>], rows: impl Iterator<Item = R>) -> Result<String, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns.iter().map(|column| column.name))?;
    for row in rows {
        writer.write_record(columns.iter().map(|column| (column.cell)(&row)))?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::Text(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| Error::Text(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn table(text: &str) -> Vec<csv::StringRecord> {
        csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect()
    }

    #[test]
    fn a_row_per_deployment_and_nothing_where_there_is_nothing() {
        let result = fixture::run();
        let text = summary(&result).unwrap();
        let rows = table(&text);
        assert_eq!(rows.len(), result.deployments.len());
        let header = text.lines().next().unwrap();
        let place = header.split(',').position(|name| name == "cost_per_month").unwrap();
        let costs: Vec<_> = rows.iter().map(|row| row[place].to_owned()).collect();
        assert_eq!(costs, ["2134.50", "1472.11", "", "3310.004"]);
        assert_eq!(&rows[3][1], fixture::HOSTILE);
    }

    #[test]
    fn a_row_per_deployment_and_bucket() {
        let result = fixture::run();
        let rows = table(&timeseries(&result).unwrap());
        assert_eq!(rows.len(), result.deployments.len() * result.charts.bucket_ends_seconds.len());
        assert_eq!((&rows[1][1], &rows[1][2]), ("1800", "3600"));
    }

    #[test]
    fn a_row_per_value_and_deployment() {
        let result = fixture::sweep();
        let rows = table(&sweep(&result).unwrap());
        assert_eq!(rows.len(), result.points.iter().map(|point| point.deployments.len()).sum::<usize>());
    }
}
