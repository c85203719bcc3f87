//! A system: a scenario, how long to run it, and what is known about it.

use std::path::Path;
use std::time::Instant;

use breakeven::experiment::result::{DeploymentResult, Interval, RunResult};
use breakeven::experiment::{self, RunOptions};
use breakeven::scenario::Document;
use serde_json::Value;

use crate::statistics::{Known, Outcome, REPLICATIONS, Stated, Tally};

/// Seeds, fixed before the first run; each system adds a number of its own, or all would have the same arrivals and err
/// together.
const SEEDS: [u64; 12] = [11, 23, 37, 41, 59, 67, 73, 89, 97, 101, 113, 127];

/// How much to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Seconds, for every change.
    Quick,
    /// Minutes, before a release.
    Full,
}

/// How long a system is run, in seconds of its own time.
#[derive(Clone, Copy, Debug)]
pub enum Span {
    /// From an empty start to a fixed end, as those who found the known values did.
    Protocol { seconds: f64 },
    /// In the steady state, for so many customers per replication in each [`Length`], after at least `warmup` seconds and
    /// a tenth of the measured time.
    Customers { quick: f64, full: f64, warmup: f64 },
}

/// A metric with what is known about it. Its name is its path in a deployment's result, or `availability`.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    pub metric: &'static str,
    pub known: Known,
}

/// An exact value.
pub const fn exact(metric: &'static str, value: f64) -> Fact {
    Fact { metric, known: Known { value, standard_error: 0.0, resolution: 0.0 } }
}

/// A value with a standard error of its own.
pub const fn about(metric: &'static str, value: f64, standard_error: f64) -> Fact {
    Fact { metric, known: Known { value, standard_error, resolution: 0.0 } }
}

/// An exact percentile, which the result states to 0.4 %.
pub const fn percentile(metric: &'static str, value: f64) -> Fact {
    Fact { metric, known: Known { value, standard_error: 0.0, resolution: 0.004 * value } }
}

/// A system.
#[derive(Clone, Debug)]
pub struct System {
    pub name: String,
    /// Requests per second.
    pub rate: f64,
    /// Its source, where that is not a Poisson process of this rate.
    pub source: Option<String>,
    pub span: Span,
    /// The scenario without its `scenario` and `traffic` tables.
    pub body: String,
    /// The first one's intervals count for the coverage, if it is exact.
    pub facts: Vec<Fact>,
}

impl System {
    /// Measured time in seconds.
    pub fn measured(&self, length: Length) -> f64 {
        match (self.span, length) {
            (Span::Protocol { seconds }, _) => seconds,
            (Span::Customers { quick, .. }, Length::Quick) => (quick / self.rate).ceil(),
            (Span::Customers { full, .. }, Length::Full) => (full / self.rate).ceil(),
        }
    }

    fn warmup(&self, length: Length) -> f64 {
        match self.span {
            Span::Protocol { .. } => 0.0,
            Span::Customers { warmup, .. } => (self.measured(length) / 10.0).max(warmup).ceil(),
        }
    }

    /// The scenario as its user would write it.
    pub fn text(&self, length: Length, seed: u64, replications: u32) -> String {
        self.written(self.measured(length), self.warmup(length), seed, &format!("replications = {replications}"))
    }

    /// The same for so many customers in each replication, after a warm-up of a tenth of their time; `head` says how many
    /// replications.
    pub fn text_of(&self, customers: f64, seed: u64, head: &str) -> String {
        let measured = (customers / self.rate).ceil();
        self.written(measured, (measured / 10.0).ceil(), seed, head)
    }

    fn written(&self, measured: f64, warmup: f64, seed: u64, head: &str) -> String {
        let source = self.source.clone().unwrap_or_else(|| format!("{{ rate = \"{}/s\" }}", self.rate));
        format!(
            "scenario = {{ name = \"theory\", seed = {seed}, {head}, fidelity = \"exact\" }}\n\
             traffic = {{ duration = \"{measured}s\", warmup = \"{warmup}s\", source = {source} }}\n{}\n",
            self.body
        )
    }

    fn seeds(&self, length: Length) -> &'static [u64] {
        match (length, self.span) {
            (Length::Full, _) => &SEEDS,
            (Length::Quick, Span::Customers { .. }) => &SEEDS[..3],
            (Length::Quick, Span::Protocol { .. }) => &SEEDS[..1],
        }
    }
}

/// Runs every system with all its seeds.
pub fn run_all(systems: &[System], length: Length) -> Tally {
    let outcomes = (0..).step_by(1_000).zip(systems).flat_map(|(own, system)| {
        let play = |seed: &u64| run(&system.text(length, own + seed, REPLICATIONS)).deployments.remove(0);
        let began = Instant::now();
        let deployments: Vec<DeploymentResult> = system.seeds(length).iter().map(play).collect();
        println!("{}: played in {:.0} s", system.name, began.elapsed().as_secs_f64());
        let outcome = move |(index, fact): (usize, &Fact)| Outcome {
            name: format!("{}, {}", system.name, fact.metric),
            known: fact.known,
            runs: deployments.iter().map(|deployment| stated(deployment, fact.metric, &system.name)).collect(),
            counts: index == 0 && fact.known.standard_error == 0.0,
        };
        system.facts.iter().enumerate().map(outcome).collect::<Vec<_>>()
    });
    Tally(outcomes.collect())
}

/// Runs a scenario.
pub fn run(text: &str) -> RunResult {
    play(Document::new("theory.toml", text, Path::new("."), "theory", &[]))
}

/// Runs the scenario in a file.
pub fn run_file(path: &Path) -> RunResult {
    play(Document::read(path, &[]))
}

fn play(mut document: Document) -> RunResult {
    let scenario = document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)));
    experiment::run(&scenario, &RunOptions::quiet()).expect("a valid scenario can be played")
}

/// The interval that a deployment's result states for a metric.
pub fn interval_of(deployment: &DeploymentResult, metric: &str, system: &str) -> (f64, f64) {
    let Stated { low, high, .. } = stated(deployment, metric, system);
    (low, high)
}

/// What the deployment's result, in its JSON form, states about a metric.
fn stated(deployment: &DeploymentResult, metric: &str, system: &str) -> Stated {
    if metric == "availability" {
        let verdict = deployment.slo.iter().find(|verdict| verdict.objective == metric);
        let verdict = verdict.unwrap_or_else(|| panic!("{system}: no verdict on {metric}"));
        let Interval { low, high } = verdict.ci95.unwrap_or_else(|| panic!("{system}: no interval of {metric}"));
        return Stated { mean: verdict.actual.expect("an interval has a middle"), low, high };
    }
    let json = serde_json::to_value(deployment).expect("a result can be written");
    let (path, key) = metric.rsplit_once('.').expect("a metric is object.key");
    let object = json.pointer(&format!("/{}", path.replace('.', "/"))).unwrap_or(&Value::Null);
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{system}: no {metric} in {object}"));
    let interval = &object["ci95"][key];
    Stated { mean: number(&object[key]), low: number(&interval["low"]), high: number(&interval["high"]) }
}
