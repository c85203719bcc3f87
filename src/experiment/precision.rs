//! How many replications are enough: after those of a look, more are played as long as an interval is wider than asked for.
//!
//! Looks are few and grow by half, because an interval that is looked at after every replication is stopped at when it
//! happens to be narrow, and holds the true value less often than it says (Law and Kelton, *Simulation Modeling and
//! Analysis*, 3rd ed. 2000, 9.4.1, has the rule and the correction of the relative half-width). What is known when nothing
//! more was played is the same at any number of threads.

use super::estimates::Samples;
use super::fold::{Folded, FoldedDeployment};
use super::result::{Held, PrecisionResult};
use crate::kernel::estimate::{Estimate, mean_interval, paired};
use crate::scenario::{Precision, Scenario};

/// The first look is after so many replications at least: the spread of fewer is hardly known.
const FIRST_LOOK: u32 = 10;
/// From one look to the next.
const GROWTH: f64 = 1.5;
/// The percentiles among the headline figures.
const PERCENTILES: [&str; 3] = ["p50", "p95", "p99"];

/// When a run stops.
#[derive(Debug)]
pub(super) struct Stopping {
    precision: Option<Precision>,
    /// Replications to be played before the next look.
    next: u32,
    looks: Vec<u32>,
    widest: Option<Held>,
}

impl Stopping {
    /// By what the scenario asks for.
    pub fn of(scenario: &Scenario) -> Self {
        let next = scenario.precision.map_or(scenario.replications, |precision| {
            scenario.replications.max(FIRST_LOOK).min(precision.most_replications)
        });
        Self { precision: scenario.precision, next, looks: Vec::new(), widest: None }
    }

    /// Replications to be played before the next look.
    pub const fn next(&self) -> u32 {
        self.next
    }

    /// Looks at what was found; whether more is to be played.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most half more, and far below 2^32
    pub fn goes_on(&mut self, scenario: &Scenario, folded: &Folded) -> bool {
        let Some(precision) = self.precision else { return false };
        self.looks.push(self.next);
        self.widest = widest(scenario, folded);
        if is_enough(precision, self.widest.as_ref()) || self.next >= precision.most_replications {
            return false;
        }
        self.next = ((f64::from(self.next) * GROWTH).ceil() as u32).min(precision.most_replications);
        true
    }

    /// As results have it; `None` where no precision was asked for.
    pub fn result(self) -> Option<PrecisionResult> {
        let precision = self.precision?;
        Some(PrecisionResult {
            relative: precision.relative,
            reached: !self.looks.is_empty() && is_enough(precision, self.widest.as_ref()),
            looks: self.looks,
            widest: self.widest,
        })
    }
}

/// Whether the widest interval is narrow enough: a half-width of `r / (1 + r)` of the estimate is one of at most `r` of the
/// true value, as long as the interval holds that.
fn is_enough(precision: Precision, widest: Option<&Held>) -> bool {
    widest.is_none_or(|held| held.half_width <= precision.relative / (1.0 + precision.relative))
}

/// The headline figure whose interval is widest, relative to the figure; of a difference to the baseline, to what that has.
fn widest(scenario: &Scenario, folded: &Folded) -> Option<Held> {
    let mut all = Vec::new();
    let names = scenario.deployments.iter().map(|placed| placed.deployment.name.as_str());
    for (index, (name, one)) in names.zip(&folded.deployments).enumerate() {
        let held = |metric: &str, estimate: Option<Estimate>, of: Option<f64>| {
            let (low, high) = estimate?.ci95?;
            let half_width = (high - low) / 2.0 / of?.abs();
            half_width.is_finite().then(|| Held { deployment: name.to_owned(), metric: metric.to_owned(), half_width })
        };
        let base = &folded.deployments[0];
        for Headline { metric, estimate, difference, of_base } in headlines(one, base) {
            all.extend(held(metric, estimate, estimate.map(|estimate| estimate.mean)));
            if index > 0 {
                all.extend(held(&format!("{metric}, difference to the baseline"), difference, of_base));
            }
        }
    }
    all.into_iter().max_by(|a, b| a.half_width.total_cmp(&b.half_width))
}

/// A figure that a comparison is read for.
struct Headline {
    metric: &'static str,
    estimate: Option<Estimate>,
    difference: Option<Estimate>,
    of_base: Option<f64>,
}

fn headlines(one: &FoldedDeployment, base: &FoldedDeployment) -> Vec<Headline> {
    let of_samples = |metric, own: &Samples, other: &Samples| Headline {
        metric,
        estimate: mean_interval(own),
        // What has no bill has no samples.
        difference: if own.len() == other.len() { paired(own, other) } else { None },
        of_base: mean_interval(other).map(|estimate| estimate.mean),
    };
    let mut all = vec![
        of_samples("cost_per_month", &one.billed.per_month, &base.billed.per_month),
        of_samples("instances", &one.instances.mean, &base.instances.mean),
        of_samples("availability", &one.all.availability, &base.all.availability),
    ];
    all.extend(PERCENTILES.iter().filter_map(|&metric| {
        let (own, other) = (one.all.latency.of(metric)?, base.all.latency.of(metric)?);
        Some(Headline {
            metric,
            estimate: own.estimate(),
            difference: own.difference(other),
            of_base: other.estimate().map(|estimate| estimate.mean),
        })
    }));
    all
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::experiment::result::{Intervals, RunResult};
    use crate::experiment::{self, RunOptions};
    use crate::scenario::Document;

    fn played(head: &str, threads: usize) -> RunResult {
        let text = format!(
            "scenario = {{ {head} }}\ntraffic = {{ duration = '10m', source = {{ rate = '5/s' }} }}\n\
             class = {{ io = {{ dist = 'exponential', mean = '100ms' }} }}\n\
             deployment = [{{ platform = 'faas' }}, {{ platform = 'aws-lambda' }}]\n"
        );
        let mut document = Document::new("s.toml", &text, Path::new("."), "s", &[]);
        let scenario = document.build().map_err(|problems| document.render(&problems, false)).unwrap();
        experiment::run(&scenario, &RunOptions { threads: Some(threads), ..RunOptions::quiet() }).unwrap()
    }

    fn half_width(intervals: &Intervals, key: &str, mean: Option<f64>) -> f64 {
        let interval = intervals.as_ref().unwrap()[key];
        (interval.high - interval.low) / 2.0 / mean.unwrap()
    }

    #[test]
    fn a_run_goes_on_until_every_headline_is_known_well_enough() {
        let result = played("replications = 4, precision = '5%'", 2);
        let precision = result.precision.as_ref().unwrap();
        assert!(precision.reached && !result.partial, "{precision:?}");
        // From ten on, each look half as many more.
        let looks = [10, 15, 23, 35, 53, 80, 120];
        assert!(precision.looks.len() > 1, "the first look is not enough: {precision:?}");
        assert_eq!(precision.looks, looks[..precision.looks.len()]);
        assert_eq!(result.replications, *precision.looks.last().unwrap());
        for deployment in &result.deployments {
            let latency = &deployment.latency_ms;
            for (key, mean) in [("p50", latency.p50), ("p95", latency.p95), ("p99", latency.p99)] {
                assert!(half_width(&latency.ci95, key, mean) <= 0.05 / 1.05, "{key} of {}", deployment.name);
            }
            let instances = &deployment.instances;
            assert!(half_width(&instances.ci95, "mean", instances.mean) <= 0.05 / 1.05);
        }
        let text = |result: &RunResult| serde_json::to_string(result).unwrap();
        assert_eq!(text(&result), text(&played("replications = 4, precision = '5%'", 1)));
    }

    #[test]
    fn what_the_bound_does_not_reach_is_named() {
        let result = played("precision = '1%', max_replications = 12", 2);
        let precision = result.precision.unwrap();
        assert_eq!((result.replications, precision.looks, precision.reached), (12, vec![10, 12], false));
        assert!(precision.widest.unwrap().half_width > 0.01);
        assert!(played("replications = 3", 2).precision.is_none());
    }
}
