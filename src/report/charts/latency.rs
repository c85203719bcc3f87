//! The distribution of latency: how long the slowest requests take.

use super::axis::{Axis, quantile_position};
use super::canvas::{Mark, Panel, Plot, Swatch, series};
use super::{Chart, ChartError};
use crate::experiment::result::{DeploymentResult, RunResult, interval};
use crate::report::number::{Unit, estimate};

/// The largest share that is drawn: further out, a percentile rests on a handful of requests.
const LAST: f64 = 0.999;

/// Lines: latency by share of requests, both axes logarithmic.
pub fn distribution(result: &RunResult) -> Option<Result<Chart, ChartError>> {
    let mut marks = Vec::new();
    let mut legend = Vec::new();
    let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
    for (index, (deployment, charts)) in result.deployments.iter().zip(&result.charts.deployments).enumerate() {
        let drawn = charts.latency_quantiles.iter().filter(|(share, millis)| *share <= LAST && *millis > 0.0);
        let drawn: Vec<(f64, f64)> = drawn.copied().collect();
        if drawn.len() < 2 {
            continue;
        }
        low = drawn.iter().fold(low, |low, (_, millis)| low.min(*millis));
        high = drawn.iter().fold(high, |high, (_, millis)| high.max(*millis));
        let points = drawn.iter().map(|(share, millis)| (quantile_position(*share), millis.log10()));
        marks.push(Mark::Line(series(index), points.collect()));
        legend.push((Swatch::Line(series(index)), deployment.name.clone()));
    }
    if marks.is_empty() {
        return None;
    }
    let x = Axis::quantiles("share of successful requests that are no slower");
    let y = Axis::logarithmic("latency (ms, logarithmic)", low * 0.9, high * 1.1);
    let plot = Plot {
        title: "Distribution of latency".to_owned(),
        legend,
        rows: vec![vec![Panel { title: String::new(), x, y, marks }]],
        row_height: 360,
    };
    Some(Chart::draw("latency", sentence(&result.deployments), &plot))
}

fn sentence(deployments: &[DeploymentResult]) -> String {
    let parts = deployments.iter().filter_map(|deployment| {
        let latency = &deployment.latency_ms;
        let (median, p99) = (latency.p50?, latency.p99?);
        let millis = |value, key| estimate(Some(value), interval(&latency.ci95, key), Unit::Millis).value;
        Some((p99, format!("{} on {} (median {})", millis(p99, "p99"), deployment.name, millis(median, "p50"))))
    });
    let mut parts: Vec<(f64, String)> = parts.collect();
    parts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let parts: Vec<String> = parts.into_iter().map(|(_, text)| text).collect();
    if parts.is_empty() { String::new() } else { format!("99 % of requests are answered within {}.", parts.join(", ")) }
}
