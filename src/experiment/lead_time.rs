//! How long a new version takes from its source to the requests: what the catalogue or the scenario says of the way to the
//! platform, and what the simulation measured from there.

use super::estimates::mean;
use super::fold::FoldedDeployment;
use super::result::{FaultResult, LeadStep, LeadTime, RollOutResult};
use crate::application::fault::{Fault, Kind};
use crate::metering::measurement::RollOutMeasure;
use crate::platform::Deployment;
use crate::units::Nanos;

/// The roll-out that `fault`, as it is on the deployment, began at this instant of the run; of several services the one that
/// took longest.
pub(super) fn roll_out(fault: &Fault, at: Nanos, folded: &FoldedDeployment) -> Option<RollOutResult> {
    if fault.kind != Kind::Deploy {
        return None;
    }
    let begun = |one: &&RollOutMeasure| one.at == at.0 && fault.target.has_service(one.service);
    let played: Vec<Vec<&RollOutMeasure>> =
        folded.roll_outs.iter().map(|all| all.iter().filter(begun).collect()).collect();
    // Whatever was not seen to end in one replication has no mean.
    let longest = |of: &dyn Fn(&RollOutMeasure) -> Option<u64>| {
        let each = played.iter().map(|all| {
            let times: Option<Vec<u64>> = all.iter().map(|one| of(one)).collect();
            times?.into_iter().max().map(|time| Nanos(time).seconds())
        });
        mean_of(each.collect::<Option<Vec<f64>>>()?)
    };
    let replaced = played.iter().map(|all| all.iter().map(|one| one.replaced).sum::<u64>() as f64).collect();
    Some(RollOutResult {
        replaced: mean_of(replaced)?,
        seconds: longest(&|one| one.rolled_out),
        old_gone_seconds: longest(&|one| one.old_gone),
    })
}

/// The lead time on a deployment, of the roll-outs among these faults; `None` without any.
pub(super) fn lead_time(deployment: &Deployment, faults: &[FaultResult]) -> Option<LeadTime> {
    let roll_outs: Vec<&RollOutResult> = faults.iter().filter_map(|fault| fault.roll_out.as_ref()).collect();
    if roll_outs.is_empty() {
        return None;
    }
    let step = |key: &str, time: Nanos| {
        let fact = deployment.facts.iter().find(|fact| fact.key == key);
        LeadStep {
            seconds: time.seconds(),
            source: fact.map(|fact| fact.provenance.source.clone()),
            observed: fact.map(|fact| fact.provenance.observed.clone()),
            confidence: fact.map(|fact| fact.provenance.confidence),
        }
    };
    let (build, push) =
        (step("deploy.build", deployment.roll_out.build), step("deploy.push", deployment.roll_out.push));
    let each: Option<Vec<f64>> = roll_outs.iter().map(|one| one.seconds).collect();
    let roll_out_seconds = each.and_then(mean_of);
    let total_seconds = roll_out_seconds.map(|seconds| build.seconds + push.seconds + seconds);
    Some(LeadTime { build, push, roll_out_seconds, total_seconds, roll_back_seconds: roll_out_seconds })
}

fn mean_of(values: Vec<f64>) -> Option<f64> {
    mean(&values.into_iter().map(Some).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::experiment::{self, RunOptions, result::DeploymentResult};
    use crate::scenario::Document;

    fn deployed(at: &str) -> Vec<DeploymentResult> {
        let text = format!(
            "scenario.replications = 2\ntraffic = {{ duration = '5m', source = {{ rate = '20/s' }} }}\nclass.io = '50ms'\n\
             fault = {{ kind = 'deploy', at = {at} }}\n\
             [[deployment]]\nplatform = 'aws-lambda'\n\
             [[deployment]]\nplatform = 'vm'\nautoscaler.replicas = 4\nfleet = {{ slots = 10, start = '10s' }}\n\
             deploy = {{ kind = 'rolling', build = '1m', push = '15s' }}\n"
        );
        let mut document = Document::new("s.toml", &text, Path::new("."), "s", &[]);
        let scenario = document.build().map_err(|problems| document.render(&problems, false)).unwrap();
        experiment::run(&scenario, &RunOptions::quiet()).unwrap().deployments
    }

    #[test]
    fn what_is_stated_and_what_was_measured_stand_side_by_side() {
        let all = deployed("'2m'");
        let lead = |index: usize| all[index].lead_time.as_ref().unwrap();
        let lambda = lead(0);
        assert_eq!((lambda.build.seconds, lambda.push.seconds, lambda.roll_out_seconds), (30.0, 3.0, Some(0.0)));
        assert!(lambda.build.confidence.unwrap().is_flagged() && !lambda.push.confidence.unwrap().is_flagged());
        // Four by two: two starts of ten seconds, one after the other.
        let machines = lead(1);
        assert_eq!((machines.total_seconds, machines.roll_back_seconds), (Some(95.0), Some(20.0)));
        assert_eq!(machines.build.confidence, None, "the scenario says it");
        let roll_out = all[1].faults[0].roll_out.as_ref().unwrap();
        assert_eq!((roll_out.replaced, roll_out.seconds), (4.0, Some(20.0)));
        assert!(all[1].faults[0].recovery_seconds.is_some());
    }

    #[test]
    fn one_that_is_not_seen_to_end_has_no_lead_time() {
        let all = deployed("['2m', '2m 5s']");
        let machines = &all[1];
        assert_eq!(machines.faults[0].roll_out.as_ref().unwrap().seconds, None, "it was superseded");
        assert_eq!(machines.lead_time.as_ref().unwrap().total_seconds, None);
        assert_eq!(all[0].lead_time.as_ref().unwrap().total_seconds, Some(33.0));
    }
}
