//! How far the rates were off where requests were played beside them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What an audit looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFigure {
    /// Mean instances.
    Instances,
    /// The bill.
    CostPerMonth,
    /// 95th percentile of the latency.
    P95,
    /// 99th percentile of the latency.
    P99,
    /// Attempts that waited for an instance to start.
    ColdStarts,
}

/// Standard errors beyond which a deviation is not taken for chance.
const BY_CHANCE: f64 = 3.0;

impl AuditFigure {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Instances, Self::CostPerMonth, Self::P95, Self::P99, Self::ColdStarts];

    /// Its key in [`Audit::deviation`].
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Instances => "instances",
            Self::CostPerMonth => "cost_per_month",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::ColdStarts => "cold_starts",
        }
    }

    /// The share by which it may be off.
    const fn bound(self) -> f64 {
        match self {
            Self::Instances | Self::CostPerMonth => 0.01,
            Self::P95 | Self::P99 => 0.02,
            Self::ColdStarts => 0.05,
        }
    }
}

/// A comparison of the rates with the requests behind them, in windows of the run that both engines play.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Audit {
    /// Windows; 0 where nothing was audited.
    pub windows: usize,
    /// Measured time of all windows, seconds.
    pub measured_seconds: f64,
    /// Requests that were played one by one for it.
    pub requests: u64,
    /// Of each figure (`instances`, `cost_per_month`, `p95`, `p99`, `cold_starts`): by which share of the exact one that
    /// of the rates is off, in these windows.
    pub deviation: BTreeMap<String, f64>,
    /// Standard error of each of them.
    pub noise: BTreeMap<String, f64>,
    /// Whether every deviation is within its bound, or within three standard errors; null where nothing was audited.
    pub passed: Option<bool>,
    /// Why nothing was audited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Audit {
    /// None, and why.
    #[must_use]
    pub fn none(reason: String) -> Self {
        Self { reason: Some(reason), ..Self::default() }
    }

    /// What was found in windows of so many seconds and requests: deviations with their noise.
    #[must_use]
    pub fn of(
        windows: usize,
        measured_seconds: f64,
        requests: u64,
        figures: impl IntoIterator<Item = (AuditFigure, f64, f64)>,
    ) -> Self {
        let mut audit = Self { windows, measured_seconds, requests, ..Self::default() };
        for (figure, deviation, noise) in figures {
            audit.deviation.insert(figure.key().to_owned(), deviation);
            audit.noise.insert(figure.key().to_owned(), noise);
        }
        audit.passed = Some(audit.failed().is_empty());
        audit
    }

    /// Deviation and noise of a figure.
    #[must_use]
    pub fn figure(&self, figure: AuditFigure) -> Option<(f64, f64)> {
        Some((*self.deviation.get(figure.key())?, *self.noise.get(figure.key())?))
    }

    /// The figures that are off by more than they may be, and not by chance.
    #[must_use]
    pub fn failed(&self) -> Vec<AuditFigure> {
        let is_off = |figure: &AuditFigure| {
            self.figure(*figure)
                .is_some_and(|(deviation, noise)| deviation.abs() > figure.bound().max(BY_CHANCE * noise))
        };
        AuditFigure::ALL.into_iter().filter(is_off).collect()
    }
}
