//! New versions, by the clock.

use proptest::prelude::*;

use super::faults::{on_nodes, two_seconds};
use super::invariants::{bits, controlled, one_slot};
use super::timelines::{app_engine, nodes};
use super::{
    Run, SECOND, application, class, constant, exponential, faas, fixed, play_with_faults, poisson, requests_at,
};
use crate::application::Application;
use crate::application::fault::{Fault, Kind, Target};
use crate::kernel::distribution::Distribution;
use crate::metering::measurement::{Measurement, RollOutMeasure, SliceMeasure};
use crate::metering::usage::Dimension;
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::autoscaler::per_request::PerRequest;
use crate::platform::fleet::Initial;
use crate::platform::meter::Per;
use crate::platform::roll_out::{Bounds, Part, Strategy as Order};
use crate::units::Nanos;

/// New versions at these seconds.
fn deploys(at: &[f64]) -> Fault {
    let at = at.iter().map(|&at| Nanos::from_seconds(at)).collect();
    Fault { name: "deploy".to_owned(), kind: Kind::Deploy, target: Target::All, at, lasting: Nanos::ZERO }
}

/// What Kubernetes does unless it is told otherwise.
const QUARTERS: Bounds = Bounds { surge: Part::Share(2500), unavailable: Part::Share(2500) };

fn rolling(mut deployment: Deployment, bounds: Bounds, start: f64) -> Deployment {
    deployment.roll_out.strategy = Order::Rolling(bounds);
    deployment.fleet.start = constant(start);
    deployment
}

/// A hundred seconds with requests at these instants in seconds.
fn played(deployment: &Deployment, application: &Application, at: &[f64], faults: &[Fault]) -> Measurement {
    let instants: Vec<u64> = at.iter().map(|&at| Nanos::from_seconds(at).0).collect();
    let requests = requests_at(application, &instants);
    play_with_faults(deployment, application, &requests, (&[], faults), Run::of(100.0))
}

fn seconds(measured: &Measurement, of: impl Fn(&SliceMeasure) -> u128) -> f64 {
    measured.slices.iter().map(of).sum::<u128>() as f64 / 1e9
}

/// Instances, and ready ones, in seconds.
fn lives(measured: &Measurement) -> (f64, f64) {
    (seconds(measured, |slice| slice.instances), seconds(measured, |slice| slice.ready))
}

/// Replaced instances, and the seconds until the new version had taken over and until the old one had gone.
fn times(measure: &RollOutMeasure) -> (u64, Option<f64>, Option<f64>) {
    let seconds = |time: Option<u64>| time.map(|time| time as f64 / 1e9);
    (measure.replaced, seconds(measure.rolled_out), seconds(measure.old_gone))
}

/// | second | what happens |
/// |---|---|
/// | 0 | three requests start an environment each, which is ready at 1, and work until 3 |
/// | 5 | one is used again, until 7 |
/// | 6 | a new version: the two idle ones end |
/// | 7 | the third ends with its request |
/// | 8 | two requests find none: two cold starts |
#[test]
fn every_environment_is_cold_after_a_deploy() {
    let mut deployment = faas();
    deployment.fleet.start = constant(1.0);
    let at = [0.0, 0.0, 0.0, 5.0, 8.0, 8.0];
    let measured = played(&deployment, &two_seconds(), &at, &[deploys(&[6.0])]);
    let class = &measured.classes[0];
    assert_eq!((class.cold, class.completed(), class.failed, measured.started), (5, 6, 0, 5));
    assert_eq!(lives(&measured).0, 2.0 * 6.0 + 7.0 + 2.0 * 92.0);
    assert_eq!(times(&measured.roll_outs[0]), (3, Some(0.0), Some(1.0)));
    // A start that a request waits for goes on, and serves it alone: those at 5 and 8 find none.
    let measured = played(&deployment, &two_seconds(), &[0.0, 5.0, 8.0], &[deploys(&[0.5])]);
    assert_eq!((measured.classes[0].cold, measured.started), (2, 2));
    assert_eq!(times(&measured.roll_outs[0]), (1, Some(0.0), Some(2.5)));
}

/// Where slots are shared, an instance that starts has room for others, but not for those of the new version.
#[test]
fn requests_of_the_new_version_join_no_start_of_the_old_one() {
    let mut deployment = faas();
    deployment.fleet.start = constant(1.0);
    deployment.fleet.slots = Some(10);
    let measured = played(&deployment, &two_seconds(), &[0.0, 0.6, 0.7], &[deploys(&[0.5])]);
    assert_eq!((measured.started, measured.classes[0].completed()), (2, 3));
}

#[test]
fn who_waits_for_a_place_among_those_at_work_gets_it_when_an_old_one_ends() {
    let mut deployment = faas();
    deployment.autoscaler.law =
        Law::PerRequest(PerRequest { scale_rate: None, account_concurrency: Some(1), reserved: None });
    let measured = played(&deployment, &two_seconds(), &[0.0, 1.5], &[deploys(&[1.0])]);
    let class = &measured.classes[0];
    assert_eq!((class.completed(), class.latency.max(), measured.started), (2, Some(2_500_000_000), 2));
}

/// Four instances, of which one may be missing and one too many; a start takes ten seconds.
///
/// | second | old | new | |
/// |---|---|---|---|
/// | 10 | 3 | 2 start | one is started beyond the four, one old one ended, and another started in its place |
/// | 20 | 1 | 2 ready, 2 start | each that is ready ends an old one, and one more starts |
/// | 30 | 0 | 4 ready | |
#[test]
fn a_rolling_update_keeps_within_its_bounds() {
    let mut shared = fixed(4);
    shared.fleet.slots = Some(4);
    for deployment in [fixed(4), shared] {
        let deployment = rolling(deployment, QUARTERS, 10.0);
        let measured = played(&deployment, &two_seconds(), &[9.5, 9.5, 9.5, 9.5, 25.0], &[deploys(&[10.0])]);
        assert_eq!(lives(&measured).0, 10.0 * 4.0 + 20.0 * 5.0 + 70.0 * 4.0 + 1.5, "one drains until 11.5");
        assert_eq!(lives(&measured).1, 10.0 * 4.0 + 20.0 * 3.0 + 70.0 * 4.0 + 1.5);
        assert_eq!((measured.started, measured.peak, measured.classes[0].completed()), (4, 6, 5));
        assert_eq!(times(&measured.roll_outs[0]), (4, Some(20.0), Some(20.0)));
    }
}

#[test]
fn what_takes_longer_than_the_platform_allows_is_lost() {
    let mut shared = fixed(2);
    shared.fleet.slots = Some(4);
    for mut deployment in [faas(), fixed(2), shared] {
        deployment.roll_out.grace = Some(Nanos(3 * SECOND / 2));
        // Of two that work for two seconds, one has half a second to go and one all but a tenth of them.
        let measured = played(&deployment, &two_seconds(), &[8.5, 9.9], &[deploys(&[10.0])]);
        let class = &measured.classes[0];
        assert_eq!((class.completed(), class.failed), (1, 1));
        assert_eq!(times(&measured.roll_outs[0]), (2, Some(0.0), Some(1.5)));
    }
}

#[test]
fn all_at_once_leaves_a_gap_of_one_start() {
    let mut deployment = fixed(3);
    deployment.fleet.start = constant(5.0);
    let measured = played(&deployment, &two_seconds(), &[9.0, 11.0], &[deploys(&[10.0])]);
    let class = &measured.classes[0];
    // The second waits for four seconds.
    assert_eq!((class.completed(), class.latency.max(), class.failed), (2, Some(6 * SECOND), 0));
    assert_eq!(lives(&measured).1, 3.0 * 95.0 + 1.0, "one drains until 11");
    assert_eq!(times(&measured.roll_outs[0]), (3, Some(5.0), Some(1.0)));
}

#[test]
fn a_second_version_takes_the_place_of_one_on_its_way() {
    // Two instances, one more at a time. What started at 10 is old at 15 and ends; others are ready at 25 and 35.
    let deployment = rolling(fixed(2), QUARTERS, 10.0);
    let measured = played(&deployment, &two_seconds(), &[], &[deploys(&[10.0, 15.0])]);
    assert_eq!(times(&measured.roll_outs[0]), (2, None, None));
    assert_eq!(times(&measured.roll_outs[1]), (3, Some(20.0), Some(20.0)));
    assert_eq!((lives(&measured), measured.started), ((200.0 + 25.0, 200.0), 3));
}

#[test]
fn a_new_image_is_pulled_on_every_node() {
    // One node of three vCPUs with two pods: there is room for a third. Its image takes 2 s, the start 1 s; the next finds it.
    let mut deployment = rolling(on_nodes(2, 1, 0.0), QUARTERS, 1.0);
    deployment.placement = nodes(3.0, 1, 1, None);
    let measured = played(&deployment, &two_seconds(), &[], &[deploys(&[10.0])]);
    assert_eq!(times(&measured.roll_outs[0]), (2, Some(3.0 + 1.0), Some(4.0)));
    // Without room nothing comes of it, and the old version goes on.
    deployment.placement = nodes(2.0, 1, 1, None);
    let measured = played(&deployment, &two_seconds(), &[50.0], &[deploys(&[10.0])]);
    assert_eq!(times(&measured.roll_outs[0]), (2, None, None));
    assert_eq!((measured.classes[0].completed(), lives(&measured).1), (1, 200.0));
    // A node is ordered for it at the scan at 20 s and up at 25 s; where its pod was, the next finds the image after 2 s.
    deployment.placement = nodes(2.0, 1, 2, Some(5.0));
    let measured = played(&deployment, &two_seconds(), &[], &[deploys(&[15.0])]);
    assert_eq!(times(&measured.roll_outs[0]).1, Some(5.0 + 5.0 + 3.0 + 1.0));
}

/// A request each second on App Engine, half a second long; a start takes a second. A new version comes at 10.
#[test]
fn app_engine_moves_traffic_at_once_or_when_new_instances_are_warm() {
    let at: Vec<f64> = (1..60).map(f64::from).collect();
    let of = |warm: bool| {
        let (mut deployment, application) = on_app_engine(warm, constant(1.0), 0.5);
        let meter = &mut deployment.meter;
        (meter.per, meter.tail) = (Per::Instance, Nanos(900 * SECOND));
        meter.counts = vec![Dimension::InstanceHours];
        let measured = played(&deployment, &application, &at, &[deploys(&[10.0])]);
        let class = &measured.classes[0];
        let waited = (class.latency.sum() as f64 / 1e9) - 59.0 * 0.5;
        let hours = measured.usage.counts.iter().find(|(meter, _)| meter.dimension == Dimension::InstanceHours);
        let billed: u128 = hours.unwrap().1.iter().sum();
        (class.cold, waited, times(&measured.roll_outs[0]), billed as f64 / 1e9)
    };
    // The old instance is billed on for fifteen minutes after its last request, beside the new one.
    assert_eq!(of(false), (2, 2.0, (1, Some(0.0), Some(0.0)), 99.0 + 90.0));
    assert_eq!(of(true), (1, 1.0, (1, Some(1.0), Some(1.0)), 99.0 + 90.0));
}

/// App Engine with this start, for requests of so many seconds.
fn on_app_engine(warm: bool, start: Distribution, seconds: f64) -> (Deployment, Application) {
    let mut deployment = fixed(0);
    deployment.autoscaler.law = app_engine(warm);
    deployment.roll_out.strategy = Order::Migrate;
    deployment.fleet.slots = Some(10);
    deployment.fleet.start = start;
    (deployment, application(vec![class(constant(0.0), constant(seconds))]))
}

#[test]
fn a_new_version_is_scheduled_by_its_own_load() {
    let (deployment, application) = on_app_engine(false, constant(1.0), 30.0);
    // Twelve requests are at work on the old version, which is two instances' worth; the new one gets a single one.
    let mut at = [1.0; 12].to_vec();
    at.push(11.0);
    let before = played(&deployment, &application, &at[..12], &[]).started;
    let measured = played(&deployment, &application, &at, &[deploys(&[10.0])]);
    assert_eq!(measured.started, before + 1);
    assert_eq!(measured.classes[0].completed(), 13);
}

#[test]
fn new_instances_are_not_ended_for_want_of_load_before_they_have_taken_over() {
    let (mut deployment, application) = on_app_engine(true, exponential(4.0), 1.0);
    if let Law::AppEngine(law) = &mut deployment.autoscaler.law {
        law.idle_timeout = Nanos(3 * SECOND);
    }
    deployment.fleet.initial = Initial::Count(4);
    let measured = played(&deployment, &application, &[], &[deploys(&[1.0])]);
    let (replaced, rolled_out, _) = times(&measured.roll_outs[0]);
    assert!(replaced == 4 && rolled_out.is_some(), "{:?}", measured.roll_outs);
    assert_eq!(measured.started, 4);
    assert!(lives(&measured).0 < 100.0, "and then they are");
}

/// Any order in which instances may be replaced.
pub(super) fn order() -> impl Strategy<Value = Order> {
    let part = || prop_oneof![(0_u32..4).prop_map(Part::Count), (0_u32..=10_000).prop_map(Part::Share)];
    prop_oneof![
        1 => Just(Order::AtOnce),
        1 => Just(Order::Migrate),
        2 => (part(), part()).prop_map(|(surge, unavailable)| Order::Rolling(Bounds { surge, unavailable })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_new_version_loses_no_work(
        deployment in prop_oneof![1 => one_slot().boxed(), 2 => controlled().boxed()], order in order(),
        at in prop::collection::vec(0.5_f64..20.0, 1..5), rate in 0.5_f64..40.0, seed in any::<u32>(),
    ) {
        let application = application(vec![class(exponential(0.1), exponential(0.1))]);
        let requests = poisson(&application, rate, 20.0, u64::from(seed));
        let mut deployment = deployment;
        deployment.roll_out.strategy = order;
        let run = Run { first_rate: rate, ..Run::of(60.0) };
        let of = |run| play_with_faults(&deployment, &application, &requests, (&[], &[deploys(&at)]), run);
        let measured = of(run);
        prop_assert_eq!(bits(&measured), bits(&of(Run { batch: 7, shortcut: false, ..run })));
        prop_assert_eq!(measured.classes[0].failed, 0);
        for slice in &measured.slices {
            prop_assert!(slice.busy <= slice.instances && slice.ready <= slice.instances);
        }
        for roll_out in &measured.roll_outs {
            prop_assert!(roll_out.rolled_out.is_none_or(|time| time <= 60 * SECOND));
        }
    }
}
