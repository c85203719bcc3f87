//! How long it takes after a fault until requests are served as before, and what it costs until then.
//!
//! Both are read from the stretches of the charts, all replications together. What is usual is what came before the
//! fault. A stretch is not as before when more of its requests failed or were late than luck explains.

use super::estimates::intervals_either_side;
use super::fold::{Bucket, Folded};
use super::lead_time::roll_out;
use super::result::{FaultResult, RollOutResult};
use super::toll::Toll;
use crate::application::fault::{Fault, Target};
use crate::kernel::estimate::{Estimate, HALF_OF_95};
use crate::metering::measurement::CoarseHistogram;
use crate::scenario::Scenario;

/// Stretches before a fault that are taken for what is usual, at most.
const LOOKED_BACK: usize = 60;
/// Stretches as before that must follow for it to be over.
const QUIET: usize = 3;
/// Share of the requests before a fault that are not late.
const IN_TIME: f64 = 0.99;
/// So many standard deviations are not luck.
const DEVIATIONS: f64 = 4.0;

/// What is usual.
struct Usual {
    late_after: u64,
    failed: f64,
    late: f64,
}

impl Usual {
    /// Of these stretches; `None` when nothing came.
    fn of(before: &[Bucket]) -> Option<Self> {
        let mut latency = CoarseHistogram::default();
        for bucket in before {
            latency.merge(&bucket.latency);
        }
        let offered = offered(before);
        let late_after = latency.quantile(IN_TIME)?;
        let share = |count: u64| count as f64 / offered;
        Some(Self { late_after, failed: share(lost(before)), late: share(late(before, late_after)) })
    }

    /// Whether a stretch is not as before.
    fn is_worse(&self, bucket: &Bucket) -> bool {
        let requests = bucket.measure.offered as f64;
        let bad = (bucket.measure.lost + late(std::slice::from_ref(bucket), self.late_after)) as f64;
        let share = (self.failed + self.late).min(1.0);
        // The share is itself an estimate, and of few requests one is no sign.
        bad > requests * share + DEVIATIONS * (requests * share * (1.0 - share)).sqrt().max(1.0)
    }
}

fn offered(buckets: &[Bucket]) -> f64 {
    buckets.iter().map(|bucket| bucket.measure.offered).sum::<u64>() as f64
}

fn lost(buckets: &[Bucket]) -> u64 {
    buckets.iter().map(|bucket| bucket.measure.lost).sum()
}

/// Requests that are not done within so many nanoseconds, and have not failed by the end.
fn late(buckets: &[Bucket], late_after: u64) -> u64 {
    let late = |bucket: &Bucket| {
        bucket.measure.offered.saturating_sub(bucket.measure.lost + bucket.latency.within(late_after))
    };
    buckets.iter().map(late).sum()
}

/// Every measured time that something went wrong on the deployment of this index, in order.
pub(super) fn faults(scenario: &Scenario, index: usize, all: &Folded, tolls: &[Toll]) -> Vec<FaultResult> {
    let (placed, folded) = (&scenario.deployments[index], &all.deployments[index]);
    let warmup = scenario.traffic.warmup;
    let mut felt: Vec<(f64, (usize, &Fault), Option<RollOutResult>)> = Vec::new();
    for (number, fault) in scenario.faults.iter().enumerate() {
        let Some(here) = fault.on(index, &scenario.application, &placed.application) else { continue };
        let within = fault.at.iter().filter(|at| **at >= warmup && **at < warmup + scenario.traffic.duration);
        felt.extend(within.map(|&at| ((at - warmup).seconds(), (number, fault), roll_out(&here, at, folded))));
    }
    felt.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ends = &all.bucket_ends;
    let last = ends.last().copied().unwrap_or(0.0);
    let stretch = |at: f64| ends.partition_point(|&end| end <= at);
    let (mut results, mut usual, mut as_before) = (Vec::new(), None, 0);
    for (number, (at, (index_of_fault, fault), roll_out)) in felt.iter().enumerate() {
        let at = *at;
        let begin = stretch(at);
        let next = felt[number..].iter().map(|&(other, ..)| other).find(|&other| other > at);
        let end = next.map_or(ends.len(), stretch);
        if begin > as_before {
            usual = Usual::of(&folded.buckets[as_before.max(begin.saturating_sub(LOOKED_BACK))..begin]).or(usual);
        }
        let toll = tolls.iter().find(|toll| (toll.deployment, toll.fault) == (index, *index_of_fault));
        let mut result = FaultResult {
            name: fault.name.clone(),
            kind: fault.kind.word().to_owned(),
            target: target(scenario, fault.target),
            at_seconds: at,
            for_seconds: fault.lasting.seconds(),
            late_ms: None,
            recovery_seconds: None,
            failed: None,
            late: None,
            extra_cost: toll.map(|toll| toll.cost),
            ci95: None,
            roll_out: roll_out.clone(),
        };
        let mut known = vec![("extra_cost", toll.and_then(|toll| toll.estimate))];
        if let Some(usual) = &usual {
            // What came just before the end has not had its time.
            let judged = stretch(last - usual.late_after as f64 / 1e9).clamp(begin, end);
            let after = &folded.buckets[begin..judged];
            let worse = after.iter().rposition(|bucket| usual.is_worse(bucket)).map_or(0, |last| last + 1);
            let over = after.len() - worse >= QUIET;
            let hit = &after[..worse];
            let replications = all.replications() as f64;
            let beyond = |count: u64, share: f64| {
                let mean = (count as f64 - offered(hit) * share) / replications;
                let half_width = HALF_OF_95 * (count as f64).sqrt() / replications;
                Estimate { mean, ci95: Some((mean - half_width, mean + half_width)), n: all.replications() }
            };
            let (failed, late) = (beyond(lost(hit), usual.failed), beyond(late(hit, usual.late_after), usual.late));
            known.extend([("failed", Some(failed)), ("late", Some(late))]);
            result.late_ms = Some(usual.late_after as f64 / 1e6);
            result.recovery_seconds = over.then(|| if worse == 0 { 0.0 } else { ends[begin + worse - 1] - at });
            (result.failed, result.late) = (Some(failed.mean), Some(late.mean));
            as_before = if over { begin + worse } else { end };
        }
        result.ci95 = intervals_either_side(known);
        results.push(result);
    }
    results
}

fn target(scenario: &Scenario, target: Target) -> String {
    match target {
        Target::All => "all",
        Target::Service(index) => &scenario.application.services[usize::from(index)].name,
        Target::Store(index) => &scenario.application.stores[usize::from(index)].name,
        Target::Deployment(index) => &scenario.deployments[usize::from(index)].deployment.name,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::experiment::{self, RunOptions, result::FaultResult};
    use crate::scenario::Document;

    fn met(faults: &str) -> Vec<Vec<FaultResult>> {
        let text = format!(
            "scenario.replications = 2\ntraffic = {{ duration = '10m', source = {{ rate = '200/s' }} }}\n\
             class = {{ io = {{ dist = 'exponential', mean = '50ms' }} }}\n\
             deployment = [{{ name = 'hit', platform = 'faas' }}, {{ name = 'spared', platform = 'faas' }}]\n{faults}"
        );
        let mut document = Document::new("s.toml", &text, Path::new("."), "s", &[]);
        let scenario = document.build().map_err(|problems| document.render(&problems, false)).unwrap();
        let result = experiment::run(&scenario, &RunOptions::quiet()).unwrap();
        result.deployments.into_iter().map(|deployment| deployment.faults).collect()
    }

    #[test]
    fn what_failed_or_was_late_beyond_before_is_counted_until_it_is_as_before() {
        let all = met("[[fault]]\nkind = 'fail'\nshare = 0.5\nat = '4m'\nfor = '20s'\ntarget = 'hit'\n\
                       [[fault]]\nname = 'later'\nkind = 'slow'\nfactor = 20\nat = '7m'\nfor = '10s'\n");
        assert_eq!((all[0].len(), all[1].len()), (2, 1), "a fault of one deployment is none of the other");
        let [failing, slow] = &all[0][..] else { panic!("two faults") };
        assert_eq!((failing.kind.as_str(), failing.target.as_str(), failing.at_seconds), ("fail", "hit", 240.0));
        // Half of 200/s for 20 s, and one in a hundred is late before too.
        assert!((failing.failed.unwrap() - 2000.0).abs() < 150.0, "{failing:?}");
        assert!(failing.late.unwrap().abs() < 40.0, "{failing:?}");
        assert!((18.0..=24.0).contains(&failing.recovery_seconds.unwrap()), "{failing:?}");
        // A mean of a second; late is what takes longer than 0.23 s: four in five.
        assert!((0.2..0.26).contains(&(slow.late_ms.unwrap() / 1e3)), "{slow:?}");
        assert!((slow.late.unwrap() - 2000.0 * (-0.23_f64).exp()).abs() < 200.0, "{slow:?}");
        assert!(slow.failed.unwrap().abs() < 1.0 && (8.0..=14.0).contains(&slow.recovery_seconds.unwrap()), "{slow:?}");
    }

    #[test]
    fn what_does_not_end_within_the_run_has_no_time_and_what_does_nothing_none() {
        let all = met("[[fault]]\nname = 'first'\nkind = 'reclaim'\nshare = 0\nat = '2m'\n\
                       [[fault]]\nname = 'last'\nkind = 'fail'\nshare = 1\nat = '8m'\nfor = '5m'\n");
        let [nothing, endless] = &all[1][..] else { panic!("two faults") };
        assert_eq!((nothing.recovery_seconds, nothing.failed), (Some(0.0), Some(0.0)));
        assert_eq!(endless.recovery_seconds, None);
        assert!((endless.failed.unwrap() - 24_000.0).abs() < 1000.0, "{endless:?}");
        let early = met("[[fault]]\nkind = 'fail'\nshare = 1\nat = '0s'\nfor = '5s'\n");
        assert_eq!((early[0][0].late_ms, early[0][0].recovery_seconds), (None, None), "there is no before");
    }
}
