//! A naive processor-sharing simulation as oracle: every job's remaining work is decreased at every event.

use super::{Run, class, exponential, fixed, play, poisson};
use crate::application::Request;
use crate::metering::measurement::ClassMeasure;
use crate::platform::fleet::{QueueAt, Routing};

/// Sojourn times on one instance with `vcpu` cores and any number of slots.
fn naive(requests: &[Request], threads: &[f64], vcpu: f64) -> Vec<f64> {
    let mut now = 0.0;
    let mut jobs: Vec<(usize, f64)> = Vec::new();
    let mut ends = vec![0.0; requests.len()];
    let shares = |jobs: &[(usize, f64)]| -> Vec<f64> {
        // Water level by repeated filling.
        let mut shares = vec![0.0; jobs.len()];
        let mut open: Vec<usize> = (0..jobs.len()).collect();
        let mut rest = vcpu;
        while !open.is_empty() {
            let level = rest / open.len() as f64;
            let (full, more): (Vec<usize>, Vec<usize>) =
                open.iter().partition(|&&job| threads[requests[jobs[job].0].class as usize] <= level);
            if full.is_empty() {
                for job in more {
                    shares[job] = level;
                }
                break;
            }
            for job in full {
                shares[job] = threads[requests[jobs[job].0].class as usize];
                rest -= shares[job];
            }
            open = more;
        }
        shares
    };
    let mut next = 0;
    while next < requests.len() || !jobs.is_empty() {
        let rates = shares(&jobs);
        let end = jobs
            .iter()
            .zip(&rates)
            .map(|(job, rate)| now + job.1 / rate)
            .enumerate()
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let arrival = requests.get(next).map_or(f64::INFINITY, |request| request.at as f64);
        let until = end.map_or(arrival, |(_, end)| end.min(arrival));
        for (job, rate) in jobs.iter_mut().zip(&rates) {
            job.1 -= (until - now) * rate;
        }
        now = until;
        match end {
            Some((job, end)) if end <= arrival => {
                ends[jobs[job].0] = now;
                jobs.remove(job);
            }
            _ => {
                jobs.push((next, requests[next].cpu as f64));
                next += 1;
            }
        }
    }
    requests.iter().zip(ends).map(|(request, end)| end - request.at as f64).collect()
}

#[test]
fn processor_sharing_agrees_with_a_naive_one() {
    for (seed, vcpu, threads) in [(1, 1.0, vec![1.0]), (2, 2.5, vec![0.5, 2.0, 1.0]), (3, 4.0, vec![3.0, 0.25])] {
        let classes = threads
            .iter()
            .map(|&threads| crate::application::Class { threads, ..class(exponential(0.02), super::constant(0.0)) })
            .collect();
        let application = super::application(classes);
        let requests = poisson(&application, 30.0 * vcpu, 60.0, seed);
        let mut deployment = fixed(1);
        deployment.instance.vcpu = vcpu;
        deployment.fleet.slots = None;
        let measured = play(&deployment, &application, &requests, Run::of(10_000.0));
        let expected = naive(&requests, &threads, vcpu);
        let mean: f64 = expected.iter().sum::<f64>() / expected.len() as f64;
        let got: u128 = measured.classes.iter().map(|class| class.latency.sum()).sum();
        let got = got as f64 / expected.len() as f64;
        assert!((got - mean).abs() < 100.0, "{got} ns against {mean} ns, {threads:?}");
        assert_eq!(measured.sum(ClassMeasure::completed), requests.len() as u64);
    }
}

#[test]
fn pods_on_a_contended_node_are_work_conserving() {
    // Two pods without limits on a node of two cores, jobs of one thread and exponential work: whatever the shares, as
    // many cores work as there are jobs, up to two, so the number of jobs is that of M/M/2, and so is the mean sojourn.
    let application = super::application(vec![class(exponential(0.05), super::constant(0.0))]);
    let requests = poisson(&application, 32.0, 2_000.0, 11);
    let sojourn = |deployment: &crate::platform::Deployment| {
        let measured = play(deployment, &application, &requests, Run::of(2_100.0));
        measured.classes[0].latency.mean().unwrap()
    };
    let mut pooled = fixed(1);
    (pooled.instance.vcpu, pooled.fleet.slots) = (2.0, None);
    let mut pods = fixed(2);
    (pods.fleet.slots, pods.fleet.queue_at, pods.fleet.routing) = (None, QueueAt::Instance, Routing::Random);
    pods.placement = super::timelines::nodes(2.0, 1, 1, None);
    pods.instance.vcpu = 0.5;
    let (one, two) = (sojourn(&pooled), sojourn(&pods));
    // Not exactly equal: which job ends first differs, and with it the work that comes next.
    assert!((two / one - 1.0).abs() < 0.01, "{one} {two}");
    pods.instance.vcpu_limit = Some(1.0);
    let limited = sojourn(&pods);
    assert!(limited > 1.5 * one, "with a core each nothing is pooled: {limited} against {one}");
}
