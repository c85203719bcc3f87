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
