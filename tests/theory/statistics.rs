//! Pooling replications over seeds, and what is unusual about the result.

use std::fmt::Write as _;

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Replications of every run.
pub const REPLICATIONS: u32 = 5;

/// Student's t for the 95 % interval of [`REPLICATIONS`] replications: t(4, 0.975).
const T_OF_A_RUN: f64 = 2.776_445_105_198;

/// One run's estimate of a metric: its mean and the 95 % interval that it states.
#[derive(Clone, Copy, Debug)]
pub struct Stated {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
}

impl Stated {
    /// The standard error behind the interval.
    fn standard_error(&self) -> f64 {
        (self.high - self.low) / 2.0 / T_OF_A_RUN
    }
}

/// What is known about a metric.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The value.
    pub value: f64,
    /// Its own standard error: 0 for a closed form.
    pub standard_error: f64,
    /// Systematic error that is allowed, absolute: the resolution of percentiles.
    pub resolution: f64,
}

/// A metric of a system over all seeds.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub name: String,
    pub known: Known,
    pub runs: Vec<Stated>,
    /// Whether the runs' intervals count for the coverage.
    pub counts: bool,
}

impl Outcome {
    fn mean(&self) -> f64 {
        self.runs.iter().map(|run| run.mean).sum::<f64>() / self.runs.len() as f64
    }

    /// Standard error of the mean over all seeds: the runs' variances pooled.
    fn standard_error(&self) -> f64 {
        self.runs.iter().map(|run| run.standard_error().powi(2)).sum::<f64>().sqrt() / self.runs.len() as f64
    }

    /// Deviation in standard errors, as of a normal law: a t value of few replications is taken to the z of the same
    /// probability, so that the bound means the same for any number of seeds.
    pub fn z(&self) -> f64 {
        let difference = self.mean() - self.known.value;
        let beyond = (difference.abs() - self.known.resolution).max(0.0);
        let error = self.standard_error().hypot(self.known.standard_error);
        if beyond <= 1e-9 * self.known.value.abs() {
            return 0.0;
        }
        let freedom = f64::from(REPLICATIONS - 1) * self.runs.len() as f64;
        z_of_t(beyond / error, freedom).copysign(difference)
    }

    /// Runs whose interval holds the value.
    fn covered(&self) -> usize {
        self.runs.iter().filter(|run| run.low <= self.known.value && self.known.value <= run.high).count()
    }
}

/// The z with the tail probability of `t`, which is not negative.
fn z_of_t(t: f64, freedom: f64) -> f64 {
    let tail = StudentsT::new(0.0, 1.0, freedom).expect("freedom is above 0").cdf(-t);
    -Normal::standard().inverse_cdf(tail)
}

/// Outcomes of many systems.
#[derive(Debug, Default)]
pub struct Tally(pub Vec<Outcome>);

impl Tally {
    /// Lines of the metrics with |z| >= 4.
    pub fn deviant(&self) -> Vec<String> {
        self.0.iter().filter(|outcome| outcome.z().is_nan() || outcome.z().abs() >= 4.0).map(line).collect()
    }

    /// Intervals that hold the true value, and all that count.
    pub fn coverage(&self) -> (u32, u32) {
        let counting = || self.0.iter().filter(|outcome| outcome.counts);
        let covered: usize = counting().map(Outcome::covered).sum();
        let all: usize = counting().map(|outcome| outcome.runs.len()).sum();
        (u32::try_from(covered).expect("few intervals"), u32::try_from(all).expect("few intervals"))
    }

    /// One line for each metric.
    pub fn table(&self) -> String {
        let mut table = format!(
            "{:<52} {:>12} {:>12} {:>10} {:>6} {:>8}\n",
            "system, metric", "known", "found", "std error", "z", "covered"
        );
        for outcome in &self.0 {
            let _ = writeln!(table, "{}", line(outcome));
        }
        table
    }
}

fn line(outcome: &Outcome) -> String {
    let covered = if outcome.counts { format!("{}/{}", outcome.covered(), outcome.runs.len()) } else { String::new() };
    format!(
        "{:<52} {:>12.6} {:>12.6} {:>10.6} {:>6.2} {:>8}",
        outcome.name,
        outcome.known.value,
        outcome.mean(),
        outcome.standard_error(),
        outcome.z(),
        covered
    )
}

#[test]
fn z_is_t_for_many_replications_and_less_for_few() {
    assert!((z_of_t(2.0, 1e6) - 2.0).abs() < 1e-4);
    // P(T4 > 2.776445) = 0.025 = P(Z > 1.959964).
    assert!((z_of_t(T_OF_A_RUN, 4.0) - 1.959_964).abs() < 1e-5);
    assert!((z_of_t(8.0, 48.0) - 6.4).abs() < 0.3);
}

#[test]
fn a_deviation_is_seen() {
    let run = Stated { mean: 1.0, low: 1.0 - T_OF_A_RUN * 0.1, high: 1.0 + T_OF_A_RUN * 0.1 };
    let outcome = |value| Outcome {
        name: "test".to_owned(),
        known: Known { value, standard_error: 0.0, resolution: 0.0 },
        runs: vec![run; 16],
        counts: true,
    };
    assert!((outcome(1.0).standard_error() - 0.025).abs() < 1e-9);
    assert_eq!(outcome(1.0).z(), 0.0);
    let tally = Tally(vec![outcome(0.95), outcome(1.15)]);
    assert_eq!(tally.deviant().len(), 1);
    assert_eq!(tally.coverage(), (32, 32));
    assert_eq!(outcome(1.3).covered(), 0);
}
