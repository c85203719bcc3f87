//! What was typed, checked and built.
//!
//! Imports every room above it. Promises that all problems of a scenario are reported at once, and that what is built
//! is valid: no later room meets a value that it has to refuse.
//!
//! ```text
//! file, --set -> Document (a tree with spans) -> check -> complete -> build -> Scenario
//! ```

pub mod axis;
mod build;
pub mod deployment;
pub mod distribution;
mod document;
mod grammar;
mod path;
pub mod templates;

use crate::application::Application;
use crate::application::fault::Fault;
use crate::document::diagnostic::Diagnostics;
use crate::pricing::book::Book;
use crate::pricing::settle;
use crate::pricing::stated::StatedTariff;
use crate::pricing::tariff::Tariff;
use crate::traffic::Traffic;
pub use document::Document;

/// Everything that a run needs to know.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// Decides every random draw.
    pub seed: u64,
    /// Independent runs, at least 1.
    pub replications: u32,
    /// How well figures are to be known: more are played until they are.
    pub precision: Option<Precision>,
    /// How the run is computed.
    pub fidelity: Fidelity,
    /// Who comes, and when.
    pub traffic: Traffic,
    /// What a request asks for.
    pub application: Application,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Where it runs, at least one, in the order of the file.
    pub deployments: Vec<Placed>,
    /// What every deployment is judged by: the budget last.
    pub objectives: Vec<Objective>,
    /// What decides the exit code.
    pub require: Require,
    /// How usage becomes a bill.
    pub pricing: settle::Options,
    /// The section that says so, with everything that is in force.
    pub stated_pricing: serde_json::Map<String, serde_json::Value>,
    /// SHA-256 of the resolved scenario: defaults and presets written in, overrides applied, inputs included.
    pub sha256: String,
    /// Files that it names, in the order of reading.
    pub inputs: Vec<Input>,
    /// What a user should know before it is run.
    pub warnings: Diagnostics,
}

/// How usage becomes a bill, without a scenario: what its section `[pricing]` says.
#[derive(Clone, Debug)]
pub struct Prices {
    /// How to bill.
    pub options: settle::Options,
    /// The price book, negotiated prices in it.
    pub book: Book,
    /// The section, with everything that is in force.
    pub stated: serde_json::Map<String, serde_json::Value>,
}

/// A deployment with its prices.
#[derive(Clone, Debug)]
pub struct Placed {
    /// What it is.
    pub deployment: crate::platform::Deployment,
    /// What requests ask for, as it is cut here: the scenario's, or the same in one process.
    pub application: Application,
    /// Its prices; empty for a generic platform without a tariff, which has no bill.
    pub tariffs: Vec<Tariff>,
    /// The same, as they were stated.
    pub stated: Vec<StatedTariff>,
}

/// How well figures are to be known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Half-width of an interval as a share of its figure, 0.005 to 0.5: percentiles are known to 0.4 %.
    pub relative: f64,
    /// Replications that are played at most.
    pub most_replications: u32,
}

impl Precision {
    /// Replications that are played at most where nothing else is said.
    pub const MOST: u32 = 200;
}

/// How a run is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fidelity {
    /// Exact, as long as that is feasible.
    Auto,
    /// Every request is simulated.
    Exact,
    /// Rates are played instead of requests.
    Tick,
}

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Median latency, in milliseconds, at most.
    P50,
    /// 90th percentile of latency, in milliseconds, at most.
    P90,
    /// 95th percentile of latency, in milliseconds, at most.
    P95,
    /// 99th percentile of latency, in milliseconds, at most.
    P99,
    /// 99.9th percentile of latency, in milliseconds, at most.
    P999,
    /// Share of requests that succeed, at least.
    Availability,
    /// Share of attempts that wait for an instance to start, at most.
    ColdStarts,
    /// Bill of a month in the currency of the bill, at most.
    CostPerMonth,
}

impl Metric {
    /// Every metric, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::P50,
        Self::P90,
        Self::P95,
        Self::P99,
        Self::P999,
        Self::Availability,
        Self::ColdStarts,
        Self::CostPerMonth,
    ];

    /// The key of scenarios and results.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::P999 => "p999",
            Self::Availability => "availability",
            Self::ColdStarts => "cold_starts",
            Self::CostPerMonth => "cost_per_month",
        }
    }

    /// Whether more is better.
    #[must_use]
    pub const fn is_floor(self) -> bool {
        matches!(self, Self::Availability)
    }
}

/// One thing that every deployment is judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// What is judged.
    pub metric: Metric,
    /// Name of the only class that counts; `None` for all.
    pub class: Option<String>,
    /// The target, in the unit of the metric.
    pub target: f64,
}

/// Which deployments must meet every objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Require {
    /// At least one.
    Any,
    /// All.
    All,
    /// None: verdicts do not decide the exit code.
    None,
    /// These.
    Named(Vec<String>),
}

/// A file that a scenario names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Path as written.
    pub path: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// The JSON Schema of a scenario, for editors. Lists only what runs.
#[must_use]
pub fn schema() -> serde_json::Value {
    crate::document::grammar::json_schema("A scenario of simulate", &grammar::SCENARIO)
}
