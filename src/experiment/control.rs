//! Costs at the expected traffic: how many requests came is known of every replication, and so is how many were to be
//! expected. Where the bill follows the requests, most of its chance is theirs, and can be taken out (a control variate:
//! Lavenberg and Welch, "A perspective on the use of control variables to increase the efficiency of Monte Carlo simulations",
//! Management Science 27 (1981) 322-335).
//!
//! The bill itself stays the mean of the replications, whose lines add up; this stands beside it.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::estimates::{Samples, possible};
use super::result::{AtExpectedTraffic, TrafficResult};
use crate::kernel::estimate::{controlled, mean_interval};

/// It is stated where its interval is narrower than this share of the plain one: where it pays.
const PAYS: f64 = 0.7;
/// And where the half-width of the plain one is more than this share of the cost.
const MATTERS: f64 = 0.005;

/// The monthly cost at the expected traffic, from those of the replications; `None` where that says little more.
pub(super) fn at_expected_traffic(traffic: &TrafficResult, per_month: &Samples) -> Option<AtExpectedTraffic> {
    let expected = traffic.expected_requests?;
    let costs: Vec<f64> = per_month.iter().copied().collect::<Option<_>>()?;
    if costs.len() != traffic.by_replication.len() {
        return None;
    }
    let requests: Vec<f64> = traffic.by_replication.iter().map(|&requests| requests as f64).collect();
    let estimate = controlled(&costs, &requests, expected)?;
    let width = |ci95: Option<(f64, f64)>| ci95.map(|(low, high)| high - low);
    let plain = mean_interval(&costs)?;
    let (mean, plain, narrow) = (plain.mean, width(plain.ci95)?, width(estimate.ci95)?);
    (narrow < PAYS * plain && plain > 2.0 * MATTERS * mean).then_some(())?;
    Some(AtExpectedTraffic {
        per_month: Decimal::from_f64(estimate.mean)?.round_dp(6).max(Decimal::ZERO),
        ci95: possible(estimate, false)?,
        worth: (plain / narrow).powi(2),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::experiment::result::RunResult;
    use crate::experiment::{self, RunOptions};
    use crate::scenario::Document;

    fn played(seed: u64, traffic: &str) -> RunResult {
        let text = format!(
            "scenario = {{ seed = {seed}, replications = 5 }}\ntraffic = {{ duration = '1h', {traffic} }}\n\
             class = {{ io = '100ms', response_bytes = '0B' }}\n\
             deployment = [{{ platform = 'aws-lambda' }}, {{ platform = 'ec2', edge = 'none', instance = {{ type = 't3.micro' }}, \
             autoscaler = {{ kind = 'fixed', replicas = 1 }}, fleet = {{ slots = 20 }} }}]\n"
        );
        let mut document = Document::new("s.toml", &text, Path::new("."), "s", &[]);
        let scenario = document.build().map_err(|problems| document.render(&problems, false)).unwrap();
        experiment::run(&scenario, &RunOptions::quiet()).unwrap()
    }

    const UNCERTAIN: &str = "source = { rate = '20/s' }, uncertainty = { level_cv = 0.2 }";

    #[test]
    fn a_bill_that_follows_requests_is_known_far_better_and_holds_what_is_known() {
        // Constant work makes the bill of functions proportional to their requests: 72,000 are to be expected.
        let sure = played(1, "source = { rate = '20/s' }");
        let billed = f64::try_from(sure.deployments[0].cost.as_ref().unwrap().per_month).unwrap();
        let known = billed * 72_000.0 / sure.traffic.requests_per_replication;
        let (mut held, mut worth) = (0, 0.0);
        for seed in 100..130 {
            let result = played(seed, UNCERTAIN);
            let at = result.deployments[0].cost.as_ref().unwrap().at_expected_traffic.clone().unwrap();
            // Cold starts and requests at the end leave a little.
            held += u32::from(at.ci95.low <= known * 1.0002 && known * 0.9998 <= at.ci95.high);
            worth += at.worth / 30.0;
            let fixed = result.deployments[1].cost.as_ref().unwrap();
            assert!(fixed.at_expected_traffic.is_none(), "a machine costs the same whoever comes");
        }
        assert!(held >= 26, "{held} of 30 hold {known}");
        assert!(worth > 100.0, "{worth}");
    }

    #[test]
    fn what_is_not_known_beforehand_controls_nothing() {
        let at = |result: &RunResult| result.deployments[0].cost.as_ref().unwrap().at_expected_traffic.is_some();
        assert!(at(&played(1, UNCERTAIN)));
        let growing = "source = { rate = '20/s' }, uncertainty = { level_cv = 0.2, growth_cv = 0.1 }";
        assert!(!at(&played(1, growing)));
        assert!(!at(&played(1, "source = { kind = 'hawkes', rate = '20/s', branching = 0.5, decay = '10s' }")));
    }
}
