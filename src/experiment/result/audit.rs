//! How far the rates were off where requests were played beside them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kernel::estimate::t_quantile;

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

/// Standard errors by which a count of few may be off.
const OF_FEW: f64 = 3.0;
/// A deviation is not taken for chance where its odds are those of three standard deviations. Of few windows the standard error is
/// not known well itself, and it takes more of them.
const ODDS: f64 = 0.998_650_1;

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
    #[must_use]
    pub const fn bound(self) -> f64 {
        match self {
            Self::Instances | Self::CostPerMonth => 0.01,
            Self::P95 | Self::P99 => 0.02,
            Self::ColdStarts => 0.05,
        }
    }

    /// Whether it is a count of few.
    const fn is_of_few(self) -> bool {
        matches!(self, Self::ColdStarts)
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
    /// True if every deviation is within its bound (of cold starts also if it is within three standard errors), false if one is
    /// beyond that and no chance; null if one is, but may be so by chance, or nothing was audited.
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
        audit.passed = match (audit.failed().is_empty(), audit.open().is_empty()) {
            (false, _) => Some(false),
            (true, true) => Some(true),
            (true, false) => None,
        };
        audit
    }

    /// Deviation and noise of a figure.
    #[must_use]
    pub fn figure(&self, figure: AuditFigure) -> Option<(f64, f64)> {
        Some((*self.deviation.get(figure.key())?, *self.noise.get(figure.key())?))
    }

    /// Whether something was audited, but not enough to tell.
    #[must_use]
    pub const fn is_undecided(&self) -> bool {
        self.windows > 0 && self.passed.is_none()
    }

    /// The figures that are off by more than they may be, and not by chance.
    #[must_use]
    pub fn failed(&self) -> Vec<AuditFigure> {
        self.off(true)
    }

    /// The figures that are off by more than they may be, but perhaps by chance.
    #[must_use]
    pub fn open(&self) -> Vec<AuditFigure> {
        self.off(false)
    }

    fn off(&self, surely: bool) -> Vec<AuditFigure> {
        let by_chance = t_quantile(ODDS, self.windows.saturating_sub(1) as f64);
        let is_off = |figure: &AuditFigure| {
            self.figure(*figure).is_some_and(|(deviation, noise)| {
                let bound = figure.bound().max(if figure.is_of_few() { OF_FEW * noise } else { 0.0 });
                deviation.abs() > bound && (deviation.abs() > by_chance * noise) == surely
            })
        };
        AuditFigure::ALL.into_iter().filter(is_off).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(figure: AuditFigure, deviation: f64, noise: f64) -> Option<bool> {
        Audit::of(8, 3600.0, 1_000_000, [(AuditFigure::P95, 0.0, 0.01), (figure, deviation, noise)]).passed
    }

    #[test]
    fn what_is_beyond_its_bound_perhaps_by_chance_is_left_open() {
        assert_eq!(passed(AuditFigure::Instances, -0.009, 0.001), Some(true));
        assert_eq!(passed(AuditFigure::Instances, -0.011, 0.004), None);
        // Eight windows: 4.53 standard errors are as seldom as three standard deviations. Two: 235.
        assert_eq!(passed(AuditFigure::Instances, -0.017, 0.004), None);
        assert_eq!(passed(AuditFigure::Instances, -0.019, 0.004), Some(false));
        assert_eq!(Audit::of(2, 60.0, 1_000, [(AuditFigure::P99, 0.5, 0.004)]).passed, None);
        // What surely is off outweighs what may be.
        let both = [(AuditFigure::P95, 0.03, 0.02), (AuditFigure::P99, 0.04, 0.005)];
        assert_eq!(Audit::of(8, 3600.0, 1_000_000, both).passed, Some(false));
    }

    #[test]
    fn cold_starts_may_be_off_by_their_chance() {
        assert_eq!(passed(AuditFigure::ColdStarts, 0.2, 0.1), Some(true));
        assert_eq!(passed(AuditFigure::ColdStarts, 0.04, 0.01), Some(true));
        assert_eq!(passed(AuditFigure::ColdStarts, 0.06, 0.015), None);
        assert_eq!(passed(AuditFigure::ColdStarts, 0.06, 0.01), Some(false));
    }

    #[test]
    fn nothing_audited_is_not_undecided() {
        assert!(!Audit::none("dear".to_owned()).is_undecided());
        assert!(Audit::of(2, 60.0, 1, [(AuditFigure::Instances, 0.02, 0.01)]).is_undecided());
    }
}
