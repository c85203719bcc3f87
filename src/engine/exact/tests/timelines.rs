//! Rules with instants, worked by hand.

use super::{Run, SECOND, application, class, constant, faas, fixed, play, requests_at};
use crate::kernel::distribution::Distribution;
use crate::metering::usage::Dimension;
use crate::platform::autoscaler::Law;
use crate::platform::autoscaler::per_request::{PerRequest, ScaleRate};
use crate::platform::placement::cluster_autoscaler::{ClusterAutoscaler, Expander};
use crate::platform::placement::scheduler::Scoring;
use crate::platform::placement::{NodeGroup, Nodes, Placement};
use crate::units::{Bytes, Nanos};

/// Nodes of `vcpu` cores and 8 GiB, all of it for pods.
pub(super) fn nodes(vcpu: f64, min: u32, max: u32, boot: Option<f64>) -> Placement {
    let group = NodeGroup {
        machine: "test.large".to_owned(),
        min,
        max,
        zones: 1,
        vcpu,
        memory: Bytes(8 << 30),
        allocatable_milli_vcpu: (vcpu * 1000.0) as u64,
        allocatable_memory: Bytes(8 << 30),
        max_pods: 29,
        cpu_speed: 1.0,
    };
    let autoscaler = boot.map(|_| ClusterAutoscaler {
        scan_interval: Nanos(10 * SECOND),
        expander: Expander::LeastWaste,
        unneeded_time: Nanos(600 * SECOND),
        delay_after_add: Nanos(600 * SECOND),
        utilization_threshold: 0.5,
    });
    Placement::Nodes(Nodes {
        groups: vec![group],
        autoscaler,
        boot: constant(boot.unwrap_or(0.0)),
        scheduler: Scoring::LeastAllocated,
        daemonset_milli_vcpu: 0,
        daemonset_memory: Bytes(0),
        pull_rate: (100 << 20) as f64,
    })
}

#[test]
fn a_burst_gets_a_thousand_environments_and_then_a_hundred_each_second() {
    let application = application(vec![class(constant(0.0), constant(1.0))]);
    let mut deployment = faas();
    deployment.fleet.queue = Some(0);
    deployment.autoscaler.law = Law::PerRequest(PerRequest {
        scale_rate: Some(ScaleRate { count: 1000, per: Nanos(10 * SECOND) }),
        account_concurrency: Some(10_000),
        reserved: None,
    });
    let burst = vec![SECOND; 5000];
    let measured = play(&deployment, &application, &requests_at(&application, &burst), Run::of(10.0));
    assert_eq!((measured.classes[0].completed, measured.classes[0].rejected), (1000, 4000));

    // 200 more at work each second against 1000 + 100 t: the first is refused at ten seconds.
    let mut ramp: Vec<u64> = Vec::new();
    for number in 0..4000_u64 {
        ramp.push(number * SECOND / 200);
    }
    let lasting = super::application(vec![class(constant(0.0), constant(1000.0))]);
    let measured = play(&deployment, &lasting, &requests_at(&lasting, &ramp), Run::of(20.0));
    assert_eq!(measured.slices.iter().take(9).map(|slice| slice.lost).sum::<u64>(), 0);
    let first = measured.slices.iter().position(|slice| slice.lost > 0).unwrap();
    assert_eq!(first, 9, "in the slice of the tenth second, as 1000 + 100 t meets 200 t");
}

#[test]
fn a_pool_start_is_waited_for_and_billed() {
    let application = application(vec![class(constant(0.0), constant(0.1))]);
    let mut deployment = faas();
    deployment.fleet.start = constant(0.05);
    deployment.runtime_start = constant(0.2);
    deployment.fleet.keep_alive = Some(constant(60.0));
    deployment.meter.counts = vec![Dimension::GibSeconds];
    deployment.instance.memory = Bytes(1 << 30);
    let requests = requests_at(&application, &[SECOND, 2 * SECOND]);
    let measured = play(&deployment, &application, &requests, Run::of(10.0));
    assert_eq!(measured.classes[0].cold, 1);
    assert_eq!(measured.classes[0].latency.max(), Some(350_000_000));
    assert_eq!(measured.queue_wait.max(), Some(0), "a start is not queue wait");
    let (_, counts) = measured.usage.counts.iter().find(|(meter, _)| meter.dimension == Dimension::GibSeconds).unwrap();
    let billed: u128 = counts.iter().sum();
    assert_eq!(billed / 1024, 400_000_000, "runtime start and twice the work; not the platform's own part");
}

#[test]
fn pods_wait_for_boot_pull_and_start() {
    let mut deployment = fixed(3);
    deployment.fleet.slots = None;
    deployment.instance.vcpu = 1.0;
    deployment.placement = nodes(2.0, 1, 2, Some(60.0));
    deployment.fleet.start = constant(2.0);
    let application = application(vec![class(constant(0.01), constant(0.0))]);
    // At the first instant the autoscaler has already made room: both nodes are there.
    let measured = play(&deployment, &application, &[], Run::of(100.0));
    assert_eq!((measured.nodes_peak, measured.started), (2, 0));
}

#[test]
fn a_fleet_without_an_instance_rejects_and_says_why() {
    let mut deployment = fixed(0);
    deployment.fleet.queue = Some(0);
    let application = application(vec![class(Distribution::constant(1.0), constant(0.0))]);
    let requests = requests_at(&application, &[SECOND]);
    let measured = play(&deployment, &application, &requests, Run::of(10.0));
    assert_eq!(measured.classes[0].rejected, 1);
    assert_eq!(measured.limits[0].limit, "no ready instance");
}
