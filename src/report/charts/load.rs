//! Load against capacity: what arrives, and how many instances stand, are ready and are busy.

use super::axis::Axis;
use super::canvas::{Mark, Panel, Plot, Swatch, series};
use super::{Chart, ChartError};
use crate::experiment::result::{DeploymentCharts, DeploymentResult, RunResult, half_width, interval};
use crate::report::number::{Unit, estimate, percent, plain, span};

/// Small multiples: a row per deployment, its load on the left and its capacity on the right.
pub fn over_time(result: &RunResult) -> Option<Result<Chart, ChartError>> {
    let ends = &result.charts.bucket_ends_seconds;
    let end = ends.last().copied()?;
    let pairs: Vec<_> = result.deployments.iter().zip(&result.charts.deployments).collect();
    // One scale for all loads: they are the same requests. Capacities differ by orders of magnitude, so have their own.
    let peak = pairs.iter().map(|(_, charts)| largest(&charts.offered_rate)).fold(0.0, f64::max);
    let rows: Vec<Vec<Panel>> = pairs
        .iter()
        .map(|(deployment, charts)| {
            let x = Axis::clock(&result.charts.start, end);
            vec![load(deployment, charts, ends, x.clone(), peak), capacity(deployment, charts, ends, x)]
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let plot = Plot {
        title: "Load against capacity".to_owned(),
        legend: vec![
            (Swatch::Line(series(0)), "requests offered".to_owned()),
            (Swatch::Area(series(1), 0.9), "not completed".to_owned()),
            (Swatch::Area(series(6), 0.35), "instances".to_owned()),
            (Swatch::Line(series(2)), "ready".to_owned()),
            (Swatch::Area(series(0), 0.8), "busy".to_owned()),
        ],
        rows,
        row_height: 230,
    };
    Some(Chart::draw("load", sentence(result, ends, peak), &plot))
}

fn load(deployment: &DeploymentResult, charts: &DeploymentCharts, ends: &[f64], x: Axis, peak: f64) -> Panel {
    let mut marks = vec![
        Mark::Area(series(1), 0.9, below(&steps(ends, &charts.shed_rate))),
        Mark::Line(series(0), steps(ends, &charts.offered_rate)),
    ];
    // Labels of neighbouring faults stand below each other.
    let faults = (0..).zip(&deployment.faults);
    marks.extend(faults.map(|(line, fault)| Mark::Rule(fault.at_seconds, line % 3, fault.name.clone())));
    Panel { title: deployment.name.clone(), x, y: Axis::linear("requests per second", peak), marks }
}

fn capacity(deployment: &DeploymentResult, charts: &DeploymentCharts, ends: &[f64], x: Axis) -> Panel {
    let mut marks = vec![
        Mark::Area(series(6), 0.35, below(&steps(ends, &charts.instances))),
        Mark::Area(series(0), 0.8, below(&steps(ends, &charts.busy))),
        Mark::Line(series(2), steps(ends, &charts.ready)),
    ];
    marks.extend(deployment.faults.iter().map(|fault| Mark::Rule(fault.at_seconds, 0, String::new())));
    let y = Axis::linear("instances (mean of a bucket)", largest(&charts.instances));
    Panel { title: deployment.name.clone(), x, y, marks }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

/// A mean of a bucket holds for all of the bucket.
fn steps(ends: &[f64], values: &[f64]) -> Vec<(f64, f64)> {
    let mut from = 0.0;
    let mut points = Vec::with_capacity(2 * values.len());
    for (end, value) in ends.iter().zip(values) {
        points.extend([(from, *value), (*end, *value)]);
        from = *end;
    }
    points
}

/// The outline of the area between a line and zero.
fn below(line: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (line.first(), line.last()) else {
        return Vec::new();
    };
    let floor = [(last.0, 0.0), (first.0, 0.0)];
    line.iter().copied().chain(floor).collect()
}

fn sentence(result: &RunResult, ends: &[f64], peak: f64) -> String {
    let parts = result.deployments.iter().filter_map(|deployment| {
        let instances = &deployment.instances;
        let mean = instances.mean.filter(|mean| *mean > 0.0)?;
        let busy = instances.mean_busy?;
        let known_to =
            (half_width(&instances.ci95, "mean_busy") + half_width(&instances.ci95, "mean") * busy / mean) / mean;
        Some(format!(
            "{} holds {} instances on average, {} of them busy",
            deployment.name,
            estimate(Some(mean), interval(&instances.ci95, "mean"), Unit::Count).value,
            percent(busy / mean, known_to)
        ))
    });
    let parts: Vec<String> = parts.collect();
    let starts = std::iter::once(0.0).chain(ends.iter().copied());
    let widest = starts.zip(ends).map(|(start, end)| end - start).fold(0.0, f64::max);
    let load = format!("Load peaks at {}, as a mean of {}", plain(peak, Unit::Rate), span(widest));
    if parts.is_empty() { format!("{load}.") } else { format!("{load}; {}.", parts.join("; ")) }
}
