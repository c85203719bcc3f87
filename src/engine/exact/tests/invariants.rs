//! What must hold in every run.
//!
//! Strategies of whole deployments and graphs are boxed where they are joined: their trees would else lie within each
//! other on the stack, and a test has but two megabytes of it.

use proptest::prelude::*;

use super::{Run, SECOND, class, constant, exponential, faas, fixed, play, poisson};
use crate::application::{Application, Class};
use crate::kernel::distribution::{Distribution, Law as LawOf};
use crate::metering::measurement::ClassMeasure;
use crate::metering::measurement::Measurement;
use crate::metering::usage::Dimension;
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::autoscaler::app_engine::AppEngine;
use crate::platform::autoscaler::hpa::{HpaSpec, MetricTarget};
use crate::platform::autoscaler::per_request::PerRequest;
use crate::platform::autoscaler::target_tracking::{Metric, TargetTracking};
use crate::platform::fleet::{KeepAliveFrom, QueueAt, Reuse, Routing, Sharing};
use crate::platform::meter::Per;
use crate::platform::tokens::Refill;
use crate::units::Nanos;

fn distribution() -> impl Strategy<Value = Distribution> {
    prop_oneof![
        Just(constant(0.0)),
        (0.001_f64..0.5).prop_map(constant),
        (0.001_f64..0.5).prop_map(exponential),
        (0.001_f64..0.3, 0.1_f64..1.5)
            .prop_map(|(median, sigma)| Distribution::new(LawOf::LogNormal { mu: (median * 1e9).ln(), sigma })),
    ]
}

fn maybe(seconds: std::ops::Range<f64>) -> impl Strategy<Value = Option<Nanos>> {
    prop_oneof![2 => Just(None), 1 => seconds.prop_map(|seconds| Some(Nanos::from_seconds(seconds)))]
}

prop_compose! {
    fn application()(
        classes in proptest::collection::vec(
            (distribution(), distribution(), prop_oneof![Just(1.0), 0.25_f64..3.0], maybe(0.01..2.0)), 1..3)
    ) -> Application {
        let build = |(cpu, io, threads, timeout)| Class { threads, timeout, ..class(cpu, io) };
        super::application(classes.into_iter().map(build).collect())
    }
}

fn law() -> impl Strategy<Value = Law> {
    let limit = || prop_oneof![Just(None), (1_u32..8).prop_map(Some)];
    prop_oneof![
        (0_u32..6).prop_map(|replicas| Law::Fixed { replicas }),
        (
            limit(),
            limit(),
            prop_oneof![
                Just(None),
                (1_u32..5, 1_u64..10).prop_map(|(count, seconds)| Some(Refill { count, per: Nanos(seconds * SECOND) }))
            ]
        )
            .prop_map(|(account_concurrency, reserved, scale_rate)| Law::PerRequest(PerRequest {
                scale_rate,
                account_concurrency,
                reserved
            })),
    ]
}

prop_compose! {
    /// A one-slot fleet of any kind.
    pub(super) fn one_slot()(
        law in law(),
        max in prop_oneof![Just(None), (1_u32..8).prop_map(Some)],
        min in 0_u32..3,
        queue in prop_oneof![Just(None), Just(Some(0)), (1_u64..5).prop_map(Some)],
        timeouts in (maybe(0.05..2.0), maybe(0.05..2.0)),
        drop_abandoned in any::<bool>(),
        reuse in prop_oneof![Just(Reuse::MostRecent), Just(Reuse::Newest), Just(Reuse::Oldest),
            Just(Reuse::LeastRecent), Just(Reuse::Random)],
        keep_alive in prop_oneof![Just(None), distribution().prop_map(Some), (0.1_f64..60.0).prop_map(|s| Some(constant(s)))],
        from_start in any::<bool>(),
        lifetime in prop_oneof![2 => Just(None), 1 => (1.0_f64..30.0).prop_map(|s| Some(exponential(s)))],
        start in distribution(),
        cold_service in prop_oneof![3 => Just(None), 1 => distribution().prop_map(Some)],
        vcpu in 0.3_f64..2.0,
    ) -> Deployment {
        let mut deployment = faas();
        deployment.autoscaler.law = law;
        deployment.autoscaler.max = max.map(|max| max.max(min));
        deployment.autoscaler.min = min;
        deployment.instance.vcpu = vcpu;
        let fleet = &mut deployment.fleet;
        fleet.queue = queue;
        (fleet.queue_timeout, fleet.timeout) = timeouts;
        fleet.drop_abandoned = drop_abandoned;
        fleet.reuse = reuse;
        fleet.keep_alive = keep_alive;
        fleet.keep_alive_from = if from_start { KeepAliveFrom::Start } else { KeepAliveFrom::LastUse };
        fleet.lifetime = lifetime;
        fleet.start = start;
        fleet.cold_service = cold_service;
        deployment
    }
}

/// A law that watches its fleet.
fn watching() -> impl Strategy<Value = Law> {
    let seconds = |seconds: u64| Nanos(seconds * SECOND);
    let hpa = move |metric| {
        Law::Hpa(HpaSpec {
            metrics: vec![metric],
            behavior: None,
            tolerance: 0.1,
            sync_period: seconds(2),
            metric_resolution: seconds(1),
            cpu_initialization_period: seconds(5),
            initial_readiness_delay: seconds(1),
            downscale_stabilization: seconds(4),
        })
    };
    let tracking = move |(metric, target)| {
        Law::TargetTracking(TargetTracking {
            metric,
            target,
            period: seconds(1),
            evaluation_periods_out: 2,
            evaluation_periods_in: 3,
            scale_in_ratio: 0.7,
            scale_out_cooldown: seconds(1),
            scale_in_cooldown: seconds(2),
            warmup: seconds(1),
        })
    };
    let app_engine = move |(warmup_requests, max_idle_instances)| {
        Law::AppEngine(AppEngine {
            target_cpu_utilization: 0.6,
            target_throughput_utilization: 0.6,
            min_pending_latency: Nanos::ZERO,
            max_pending_latency: seconds(10),
            min_idle_instances: 0,
            max_idle_instances,
            warmup_requests,
            idle_timeout: seconds(3),
            interval: seconds(1),
            cpu_window: seconds(2),
        })
    };
    prop_oneof![
        prop_oneof![
            Just(MetricTarget::CpuUtilization(50)),
            Just(MetricTarget::RequestsPerSecond(5000)),
            Just(MetricTarget::MemoryUtilization(20))
        ]
        .prop_map(hpa),
        prop_oneof![Just((Metric::CpuUtilization, 0.4)), Just((Metric::RequestsPerInstance, 200.0))].prop_map(tracking),
        (any::<bool>(), prop_oneof![Just(None), Just(Some(1))]).prop_map(app_engine),
    ]
}

prop_compose! {
    /// Any fleet under any law, on nodes or not.
    pub(super) fn controlled()(
        base in many_slots().boxed(),
        law in prop_oneof![1 => Just(None), 3 => watching().prop_map(Some)],
        on_nodes in any::<bool>(),
        boot in 0.5_f64..6.0,
        at_instance in any::<bool>(),
        vcpu_limit in prop_oneof![Just(None), Just(Some(1.0))],
    ) -> Deployment {
        let mut deployment = base;
        if let Some(law) = law {
            deployment.autoscaler.min = deployment.autoscaler.min.max(u32::from(!matches!(law, Law::AppEngine(_))));
            deployment.autoscaler.max = Some(deployment.autoscaler.max.unwrap_or(9).max(deployment.autoscaler.min));
            deployment.fleet.queue_at = if at_instance && !matches!(law, Law::AppEngine(_)) {
                QueueAt::Instance
            } else {
                QueueAt::Fleet
            };
            deployment.autoscaler.law = law;
        }
        if on_nodes {
            deployment.fleet.sharing = Sharing::Processor;
            deployment.instance.vcpu = 0.7;
            deployment.instance.vcpu_limit = vcpu_limit;
            deployment.placement = super::timelines::nodes(2.0, 1, 4, Some(boot));
            deployment.meter.per = Per::Node;
            deployment.meter.counts = vec![Dimension::NodeHours];
        }
        deployment
    }
}

prop_compose! {
    /// Any fleet with several slots.
    fn many_slots()(
        base in one_slot().boxed(),
        slots in prop_oneof![Just(None), (2_u32..6).prop_map(Some)],
        cores in any::<bool>(),
        routing in prop_oneof![Just(Routing::Random), Just(Routing::RoundRobin), Just(Routing::LeastBusy),
            Just(Routing::TwoChoices)],
        at_instance in any::<bool>(),
    ) -> Deployment {
        let mut deployment = base;
        let fleet = &mut deployment.fleet;
        fleet.slots = slots;
        fleet.routing = routing;
        if cores {
            fleet.sharing = Sharing::FifoCores;
            deployment.instance.vcpu = 2.0;
        }
        if at_instance && matches!(deployment.autoscaler.law, Law::Fixed { .. }) {
            fleet.queue_at = QueueAt::Instance;
        }
        deployment
    }
}

/// Everything that was measured, in a form that compares to the bit.
pub(super) fn bits(measured: &Measurement) -> String {
    format!("{measured:?}")
}

fn conserved(measured: &Measurement) {
    for slice in &measured.slices {
        assert!(slice.busy <= slice.instances, "busy instances are instances");
        assert!(slice.ready <= slice.instances, "ready instances are instances");
    }
    assert!(measured.queue_wait.count() == measured.sum(ClassMeasure::completed));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_shortcut_changes_nothing(
        application in application(), deployment in one_slot().boxed(), rate in 0.5_f64..40.0, seed in any::<u32>(),
    ) {
        let requests = poisson(&application, rate, 30.0, u64::from(seed));
        let run = Run { warmup: 2 * SECOND, ..Run::of(28.0) };
        let quick = play(&deployment, &application, &requests, run);
        let full = play(&deployment, &application, &requests, Run { shortcut: false, ..run });
        prop_assert_eq!(bits(&quick), bits(&full));
        conserved(&quick);
    }

    #[test]
    fn batches_change_nothing_and_everything_is_conserved(
        application in application(), deployment in many_slots().boxed(), rate in 0.5_f64..40.0, seed in any::<u32>(),
    ) {
        let requests = poisson(&application, rate, 20.0, u64::from(seed));
        let run = Run { warmup: SECOND, ..Run::of(18.0) };
        let whole = play(&deployment, &application, &requests, run);
        for batch in [1, 7] {
            let cut = play(&deployment, &application, &requests, Run { batch, ..run });
            prop_assert_eq!(bits(&whole), bits(&cut));
        }
        conserved(&whole);
    }

    #[test]
    fn control_loops_conserve_everything(
        application in application(), deployment in controlled().boxed(), rate in 0.5_f64..60.0, seed in any::<u32>(),
    ) {
        let requests = poisson(&application, rate, 40.0, u64::from(seed));
        let run = Run { warmup: SECOND, first_rate: rate, ..Run::of(45.0) };
        let whole = play(&deployment, &application, &requests, run);
        let cut = play(&deployment, &application, &requests, Run { batch: 3, shortcut: false, ..run });
        prop_assert_eq!(bits(&whole), bits(&cut));
        conserved(&whole);
        let peak = deployment.autoscaler.max.map_or(u64::MAX, u64::from);
        prop_assert!(whole.nodes_peak <= 4);
        if matches!(deployment.autoscaler.law, Law::AppEngine(_)) {
            prop_assert!(whole.peak <= peak, "never more instances than the maximum");
        }
    }

    #[test]
    fn a_keep_alive_pool_is_the_sliding_maximum_of_concurrency(
        service in (0.01_f64..0.5).prop_map(exponential), rate in 0.5_f64..10.0, keep_alive in 0.1_f64..20.0, seed in any::<u32>(),
    ) {
        let application = super::application(vec![class(constant(0.0), service)]);
        let requests = poisson(&application, rate, 60.0, u64::from(seed));
        let mut deployment = faas();
        deployment.fleet.keep_alive = Some(constant(keep_alive));
        let measured = play(&deployment, &application, &requests, Run::of(60.0));
        prop_assert_eq!(integral(&measured), sliding_maximum(&requests, keep_alive));
    }
}

fn integral(measured: &Measurement) -> u128 {
    measured.slices.iter().map(|slice| slice.instances).sum()
}

/// The integral over a minute of the largest concurrency within the last `keep_alive`.
fn sliding_maximum(requests: &[crate::application::Request], keep_alive: f64) -> u128 {
    let horizon = 60 * SECOND;
    let keep = (keep_alive * 1e9 + 0.5) as u64;
    let mut changes: Vec<(u64, i64)> = Vec::new();
    for request in requests {
        changes.push((request.at, 1));
        changes.push((request.at + request.io, -1));
    }
    changes.sort_unstable();
    // Concurrency of each stretch: (from, to, level).
    let mut stretches: Vec<(u64, u64, i64)> = Vec::new();
    let (mut level, mut from) = (0, 0);
    for &(at, change) in &changes {
        stretches.push((from, at, level));
        level += change;
        from = at;
    }
    stretches.push((from, horizon.max(from), level));
    let mut edges: Vec<u64> = stretches.iter().flat_map(|&(from, to, _)| [from, to, from + keep, to + keep]).collect();
    edges.push(horizon);
    edges.retain(|&edge| edge <= horizon);
    edges.sort_unstable();
    edges.dedup();
    let mut sum = 0;
    for pair in edges.windows(2) {
        // A stretch counts until its end plus keep-alive, where the instance that became idle then is gone.
        let highest =
            stretches.iter().filter(|&&(from, to, _)| from <= pair[0] && to + keep > pair[0]).map(|s| s.2).max();
        sum += u128::from(pair[1] - pair[0]) * u128::try_from(highest.unwrap_or(0)).unwrap();
    }
    sum
}

#[test]
fn an_overloaded_fleet_keeps_abandoned_work_and_still_conserves() {
    let application =
        super::application(vec![Class { timeout: Some(Nanos(SECOND / 2)), ..class(exponential(0.2), constant(0.0)) }]);
    let requests = poisson(&application, 20.0, 60.0, 4);
    let measured = play(&fixed(2), &application, &requests, Run::of(60.0));
    let class = &measured.classes[0];
    assert!(class.timed_out > class.completed(), "overload");
    assert_eq!(class.timed_out, measured.wasted + measured.abandoned_running, "abandoned = wasted + still running");
}
