//! What faults add to bills: the same replications are played again without one of them, and the bills compared.
//!
//! Both runs serve the same requests with the same luck, so that what differs is the fault's doing, but for what a fleet that
//! once was of another size draws differently from then on.

use std::sync::atomic::Ordering;

use rayon::prelude::*;
use rust_decimal::Decimal;

use super::billed::Billed;
use super::fidelity::MOST_REQUEST_DEPLOYMENTS;
use super::fold::Folded;
use super::play::Stage;
use super::{RunError, RunOptions};
use crate::kernel::estimate::Estimate;
use crate::scenario::Scenario;

/// What a fault added to a bill, each of its times alike.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Toll {
    /// Index of the deployment.
    pub deployment: usize,
    /// Index of the fault in the scenario.
    pub fault: usize,
    /// A mean of the replications.
    pub cost: Decimal,
    /// The same, with its interval.
    pub estimate: Option<Estimate>,
}

/// The toll of each fault on each deployment with a bill; none of a run that was interrupted, or would take too long.
///
/// # Errors
/// [`RunError`], never [`RunError::Interrupted`].
pub(super) fn tolls(scenario: &Scenario, options: &RunOptions<'_>, folded: &Folded) -> Result<Vec<Toll>, RunError> {
    let met: Vec<(usize, Vec<usize>)> =
        (0..scenario.faults.len()).map(|fault| (fault, meeting(scenario, fault))).collect();
    let again: usize = met.iter().map(|(_, deployments)| deployments.len()).sum();
    let requests = scenario.traffic.forecast().requests * folded.replications() as f64 * again as f64;
    let mut all = Vec::new();
    if folded.partial || requests > MOST_REQUEST_DEPLOYMENTS {
        return Ok(all);
    }
    for (fault, deployments) in met {
        let Some(without) = bills_without(scenario, fault, &deployments, options, folded)? else { break };
        for (deployment, without) in deployments.into_iter().zip(without) {
            all.push(toll(scenario, folded, (deployment, fault), &without)?);
        }
    }
    Ok(all)
}

/// The deployments with a bill that a fault befalls.
fn meeting(scenario: &Scenario, fault: usize) -> Vec<usize> {
    let befalls = |index: &usize| {
        let placed = &scenario.deployments[*index];
        let met = scenario.faults[fault].on(*index, &scenario.application, &placed.application);
        met.is_some() && !placed.tariffs.is_empty()
    };
    (0..scenario.deployments.len()).filter(befalls).collect()
}

/// The bills of these deployments without the fault of this index; `None` if it was interrupted.
fn bills_without(
    scenario: &Scenario,
    fault: usize,
    deployments: &[usize],
    options: &RunOptions<'_>,
    folded: &Folded,
) -> Result<Option<Vec<Billed>>, RunError> {
    let mut bills: Vec<Billed> = deployments.iter().map(|_| Billed::default()).collect();
    if deployments.is_empty() {
        return Ok(Some(bills));
    }
    let mut spared = scenario.clone();
    spared.faults.remove(fault);
    let unwatched = RunOptions { progress: &|_| {}, ..*options };
    let stage = Stage::new(&spared, &unwatched, &folded.chosen)?;
    let replications = u32::try_from(folded.replications()).unwrap_or(u32::MAX);
    let at_once = rayon::current_num_threads();
    let all: Vec<u32> = (0..replications).collect();
    for some in all.chunks(at_once) {
        let played: Vec<_> =
            some.par_iter().map(|&replication| stage.play_requests_of(deployments, replication)).collect();
        if let Some(why) = scenario.traffic.fault() {
            return Err(RunError::Log(why));
        }
        if options.interrupt.load(Ordering::Relaxed) {
            return Ok(None);
        }
        for measured in played.into_iter().flatten() {
            for (bill, (index, measurement)) in bills.iter_mut().zip(measured) {
                bill.add_measured(
                    &measurement,
                    &scenario.deployments[index],
                    &stage.calendars[index],
                    &scenario.pricing,
                )?;
            }
        }
    }
    Ok(Some(bills))
}

/// What the bills with the fault have more than those without.
fn toll(
    scenario: &Scenario,
    folded: &Folded,
    (deployment, fault): (usize, usize),
    without: &Billed,
) -> Result<Toll, RunError> {
    let with = &folded.deployments[deployment].billed;
    let total =
        |billed: &Billed| billed.bill_of(&scenario.deployments[deployment], &scenario.pricing).map(|bill| bill.total);
    let end = scenario.traffic.warmup.saturating_add(scenario.traffic.duration);
    let times = scenario.faults[fault].at.iter().filter(|at| **at < end).count().max(1);
    let count = times as f64;
    let estimate = with.more_than(without).map(|all| Estimate {
        mean: all.mean / count,
        ci95: all.ci95.map(|(low, high)| (low / count, high / count)),
        ..all
    });
    let cost = ((total(with)? - total(without)?) / Decimal::from(times)).round_dp(6);
    Ok(Toll { deployment, fault, cost, estimate })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rust_decimal::prelude::ToPrimitive;

    use crate::experiment::result::{FaultResult, RunResult, interval};
    use crate::experiment::{self, RunOptions};
    use crate::scenario::Document;

    fn played(platform: &str, replications: u32, faults: &str) -> RunResult {
        let text = format!(
            "scenario.replications = {replications}\ntraffic = {{ duration = '2h', source = {{ rate = '20/s' }} }}\n\
             class = {{ io = '50ms' }}\ndeployment = [{{ name = 'hit', {platform} }}, {{ name = 'spared', {platform} }}]\n{faults}"
        );
        let mut document = Document::new("s.toml", &text, Path::new("."), "s", &[]);
        let scenario = document.build().map_err(|problems| document.render(&problems, false)).unwrap();
        experiment::run(&scenario, &RunOptions::quiet()).unwrap()
    }

    fn extra(fault: &FaultResult) -> f64 {
        fault.extra_cost.unwrap().to_f64().unwrap()
    }

    #[test]
    fn instances_that_a_new_version_has_beside_the_old_one_are_paid_for() {
        let fleet = "platform = 'ec2', autoscaler = { kind = 'fixed', replicas = 10 }, \
                     deploy = { kind = 'rolling', max_surge = '100%', max_unavailable = 0 }";
        let result = played(fleet, 3, "[[fault]]\nkind = 'deploy'\nat = ['30m', '60m']\ntarget = 'hit'\n");
        let [hit, spared] = &result.deployments[..] else { panic!("two deployments") };
        assert!(spared.faults.is_empty());
        let total =
            |of: &crate::experiment::result::DeploymentResult| of.cost.as_ref().unwrap().total.to_f64().unwrap();
        assert_eq!(hit.faults.len(), 2);
        for fault in &hit.faults {
            // The other deployment is the same without the fault: what it is billed less, both deploys cost.
            assert!((2.0 * extra(fault) - (total(hit) - total(spared))).abs() < 2e-6, "{fault:?}");
            assert!(extra(fault) > 0.0);
            let held = interval(&fault.ci95, "extra_cost").unwrap();
            assert!(held.low <= extra(fault) && extra(fault) <= held.high, "{held:?}");
        }
    }

    #[test]
    fn a_fault_that_does_nothing_costs_nothing_and_slow_work_is_paid_for() {
        let result = played("platform = 'aws-lambda'", 2, "[[fault]]\nkind = 'reclaim'\nshare = 0\nat = '1h'\n");
        assert_eq!(extra(&result.deployments[0].faults[0]), 0.0);
        let slow = "[[fault]]\nkind = 'slow'\nfactor = 10\nat = '1h'\nfor = '10m'\n";
        let result = played("platform = 'aws-lambda'", 2, slow);
        // 20/s for 600 s, each 450 ms longer: 5 400 s of functions more.
        let cost = extra(&result.deployments[0].faults[0]);
        let plain = played("platform = 'aws-lambda'", 2, "");
        let bill = plain.deployments[0].cost.as_ref().unwrap();
        let usual = bill.lines.iter().find(|line| line.dimension == "gib-seconds").unwrap();
        // Lines are of a month.
        let of_time = (usual.amount * bill.total / bill.per_month).to_f64().unwrap();
        // Without the fault it is 144 000 requests of 50 ms, 7 200 s.
        assert!((cost / of_time - 5_400.0 / 7_200.0).abs() < 0.02, "{cost} of {of_time}");
        assert!(played("platform = 'faas'", 2, slow).deployments[0].faults[0].extra_cost.is_none(), "no bill");
    }
}
