//! A fit against its data: the same figures of both.

use serde::Serialize;

use super::Fitted;
use super::week::median;
use crate::traffic::measure::Measures;
use crate::units::Nanos;

/// Figures of the data and of generated series.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// How many series were generated.
    pub series: u32,
    /// The figures.
    pub rows: Vec<Row>,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What it is, with its unit.
    pub what: String,
    /// Of the data.
    pub data: f64,
    /// Of the generated series: the mean for rates, else the median.
    pub fit: f64,
    /// The relative error that is asked for, if any.
    pub limit: Option<f64>,
}

impl Row {
    /// Relative error of the fit.
    #[must_use]
    pub fn error(&self) -> f64 {
        if self.data == 0.0 { 0.0 } else { self.fit / self.data - 1.0 }
    }

    /// Whether it is within its limit, where it has one.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.limit.is_none_or(|limit| self.error().abs() <= limit)
    }

    /// What a figure outside of its limit means.
    #[must_use]
    pub fn reason(&self) -> String {
        let (more, less) = ("more", "less");
        let word = if self.error() > 0.0 { more } else { less };
        if self.limit == Some(MEAN) {
            return format!("The {} differs by chance: bursts are large and the series is short.", self.what);
        }
        format!("The {} of the fit is {word} than that of the data: replay the file where that decides.", self.what)
    }
}

/// Limits of the relative errors of the mean rate, the largest hour, and the dispersion of minutes (or of bins).
const MEAN: f64 = 0.01;
const PEAK: f64 = 0.15;
const DISPERSION: f64 = 0.3;

/// Generates `series` of them, at least one, and compares.
#[must_use]
pub fn compare(fitted: &Fitted, seed: u64, series: u32) -> Comparison {
    use rayon::prelude::*;
    let traffic = fitted.traffic();
    let series = series.max(1);
    let generated: Vec<Measures> =
        (0..series).into_par_iter().map(|replication| traffic.measures(seed, replication, fitted.period)).collect();
    let rates: f64 = generated.iter().map(|measures| measures.mean_rate).sum();
    let data = &fitted.measures;
    let mut rows = vec![Row {
        what: "mean rate (requests/s)".to_owned(),
        data: data.mean_rate,
        fit: rates / f64::from(series),
        limit: Some(MEAN),
    }];
    let minute = Nanos(60 * Nanos::SECOND.0);
    let judged = data.scales.iter().map(|scale| scale.width).find(|width| *width >= minute);
    for scale in &data.scales {
        let of = |figure: fn(&crate::traffic::measure::Scale) -> f64| {
            median(
                generated.iter().filter_map(|measures| measures.at(scale.width)).map(|scale| figure(&scale)).collect(),
            )
        };
        let hour = (scale.width == Nanos::HOUR).then_some(PEAK);
        if let Some(fit) = of(|scale| scale.peak_to_mean) {
            let what = format!("peak/mean at {}", scale.width);
            rows.push(Row { what, data: scale.peak_to_mean, fit, limit: hour });
        }
        if let Some(fit) = of(|scale| scale.dispersion) {
            let limit = (judged == Some(scale.width)).then_some(DISPERSION);
            rows.push(Row { what: format!("dispersion at {}", scale.width), data: scale.dispersion, fit, limit });
        }
    }
    Comparison { series, rows }
}
