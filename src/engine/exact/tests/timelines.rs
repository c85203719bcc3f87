//! Rules with instants, worked by hand.

use super::{Run, SECOND, application, class, constant, faas, fixed, play, requests_at};
use crate::kernel::distribution::Distribution;
use crate::metering::measurement::SliceMeasure;
use crate::metering::usage::Dimension;
use crate::platform::autoscaler::app_engine::AppEngine;
use crate::platform::autoscaler::hpa::{HpaSpec, MetricTarget};
use crate::platform::autoscaler::per_request::PerRequest;
use crate::platform::autoscaler::{Autoscaler, Law};
use crate::platform::meter::Per;
use crate::platform::placement::cluster_autoscaler::{ClusterAutoscaler, Expander};
use crate::platform::placement::scheduler::Scoring;
use crate::platform::placement::{NodeGroup, Nodes, Placement};
use crate::platform::tokens::Refill;
use crate::units::{Bytes, Nanos};

/// Nodes of `vcpu` cores and 8 GiB, all of it for pods.
pub(super) fn nodes(vcpu: f64, min: u32, max: u32, boot: Option<f64>) -> Placement {
    let group = NodeGroup {
        machine: "test.large".to_owned(),
        spot: false,
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
    Placement::Nodes(Box::new(Nodes {
        groups: vec![group],
        autoscaler,
        boot: constant(boot.unwrap_or(0.0)),
        scheduler: Scoring::LeastAllocated,
        daemonset_milli_vcpu: 0,
        daemonset_memory: Bytes(0),
        pull_rate: f64::from(100 << 20),
        system: Vec::new(),
    }))
}

#[test]
fn a_burst_gets_a_thousand_environments_and_then_a_hundred_each_second() {
    let application = application(vec![class(constant(0.0), constant(1.0))]);
    let mut deployment = faas();
    deployment.fleet.queue = Some(0);
    deployment.autoscaler.law = Law::PerRequest(PerRequest {
        scale_rate: Some(Refill { count: 1000, per: Nanos(10 * SECOND) }),
        account_concurrency: Some(10_000),
        reserved: None,
    });
    let burst = vec![SECOND; 5000];
    let measured = play(&deployment, &application, &requests_at(&application, &burst), Run::of(10.0));
    assert_eq!((measured.classes[0].completed(), measured.classes[0].rejected), (1000, 4000));

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
fn the_first_instant_has_the_nodes_that_its_pods_need() {
    let mut deployment = fixed(3);
    deployment.fleet.slots = None;
    deployment.placement = nodes(2.0, 1, 2, Some(60.0));
    let application = application(vec![class(constant(0.01), constant(0.0))]);
    let measured = play(&deployment, &application, &[], Run::of(100.0));
    assert_eq!((measured.nodes_peak, measured.started, measured.nodes_started), (2, 0, Some(0)));
}

/// A step of load on one pod, by the clock:
///
/// | second | what happens |
/// |---|---|
/// | 20 | one request of 10 ms of CPU arrives every 10 ms: the pod uses a whole vCPU |
/// | 30 | scrape: 10 of the last 15 s were busy, 0.667 of the requested 1.5 vCPU = 44 %; sync: 44/50 asks for one pod |
/// | 45 | scrape: 1 of 1.5 vCPU = 66 %; sync: ceil(66/50 x 1) = 2 pods; the second does not fit the node |
/// | 50 | the Cluster Autoscaler's scan orders a node |
/// | 110 | the node is up; the scheduler binds the pod; 200 MiB of image at 100 MiB/s are pulled |
/// | 112 | the container starts: 2 s for the platform, 1 s for the runtime |
/// | 115 | the pod is ready |
#[test]
fn a_step_of_load_gets_a_pod_after_lag_sync_boot_pull_and_start() {
    let mut deployment = fixed(1);
    deployment.autoscaler = Autoscaler {
        min: 1,
        max: Some(10),
        law: Law::Hpa(HpaSpec {
            metrics: vec![MetricTarget::CpuUtilization(50)],
            behavior: None,
            tolerance: 0.1,
            sync_period: Nanos(15 * SECOND),
            metric_resolution: Nanos(15 * SECOND),
            cpu_initialization_period: Nanos(300 * SECOND),
            initial_readiness_delay: Nanos(30 * SECOND),
            downscale_stabilization: Nanos(300 * SECOND),
        }),
    };
    deployment.fleet.slots = None;
    deployment.instance.vcpu = 1.5;
    deployment.placement = nodes(2.0, 1, 5, Some(60.0));
    deployment.fleet.start = constant(2.0);
    deployment.runtime_start = constant(1.0);
    let application = application(vec![class(constant(0.01), constant(0.0))]);
    let instants: Vec<u64> = (0..10_000).map(|number| 20 * SECOND + number * SECOND / 100).collect();
    let measured = play(&deployment, &application, &requests_at(&application, &instants), Run::of(118.0));
    let seconds = |of: fn(&SliceMeasure) -> u128, at_least: u128| {
        measured.slices.iter().position(|slice| of(slice) >= at_least * u128::from(SECOND))
    };
    assert_eq!(seconds(|slice| slice.instances, 2), Some(45), "asked for");
    assert_eq!(seconds(|slice| slice.nodes, 2), Some(50), "node ordered");
    assert_eq!(seconds(|slice| slice.node_cpu / 1_000_000, 4), Some(110), "node up");
    assert_eq!(seconds(|slice| slice.ready, 2), Some(115), "pod ready");
    assert_eq!((measured.started, measured.nodes_started), (1, Some(1)));
}

pub(super) fn app_engine(warmup_requests: bool) -> Law {
    Law::AppEngine(AppEngine {
        target_cpu_utilization: 0.6,
        target_throughput_utilization: 0.6,
        min_pending_latency: Nanos::ZERO,
        max_pending_latency: Nanos(10 * SECOND),
        min_idle_instances: 0,
        max_idle_instances: None,
        warmup_requests,
        idle_timeout: Nanos(900 * SECOND),
        interval: Nanos(SECOND),
        cpu_window: Nanos(60 * SECOND),
    })
}

#[test]
fn an_instance_that_needs_no_time_to_start_serves_who_waits() {
    let mut deployment = fixed(0);
    deployment.autoscaler = Autoscaler { min: 1, max: None, law: app_engine(true) };
    let application = application(vec![class(constant(0.0), constant(5.0))]);
    // The second finds the first instance at work: another is started, is ready, and takes it at once.
    let requests = requests_at(&application, &[100 * SECOND, 101 * SECOND]);
    let measured = play(&deployment, &application, &requests, Run::of(200.0));
    assert_eq!((measured.classes[0].completed(), measured.classes[0].latency.max()), (2, Some(5 * SECOND)));
}

#[test]
fn an_app_engine_instance_is_billed_to_fifteen_minutes_after_its_last_request() {
    let mut deployment = fixed(0);
    deployment.autoscaler.law = app_engine(false);
    deployment.fleet.slots = Some(10);
    deployment.fleet.start = constant(1.0);
    let meter = &mut deployment.meter;
    (meter.per, meter.tail, meter.weight) = (Per::Instance, Nanos(900 * SECOND), 2);
    meter.counts = vec![Dimension::InstanceHours];
    let application = application(vec![class(constant(0.0), constant(0.5))]);
    // The first request starts the instance at 100 s and waits for it; the second, at 130 s, finds it.
    let requests = requests_at(&application, &[100 * SECOND, 130 * SECOND]);
    let measured = play(&deployment, &application, &requests, Run::of(3000.0));
    assert_eq!((measured.started, measured.classes[0].cold, measured.classes[0].completed()), (1, 1, 2));
    assert_eq!(measured.classes[0].latency.max(), Some(1_500_000_000));
    let (_, counts) =
        measured.usage.counts.iter().find(|(meter, _)| meter.dimension == Dimension::InstanceHours).unwrap();
    // From the start at 100 s to 900 s after 130.5 s, where the scheduler's next look, at 1031 s, ends the instance; each
    // second counts twice, as the instance has weight two.
    assert_eq!(counts.iter().sum::<u128>(), 2 * 931 * u128::from(SECOND));
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
