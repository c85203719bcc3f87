//! Faults, worked out by hand, and what must hold whatever goes wrong.

use proptest::prelude::*;

use super::calls::{graph, impatient};
use super::invariants::{bits, controlled, one_slot};
use super::roll_outs::order;
use super::stores::{query, retry, store};
use super::timelines::nodes;
use super::{Run, SECOND, application, class, constant, exponential, faas, fixed, play, play_with_faults, poisson};
use super::{generic, requests_at};
use crate::application::fault::{Fault, Kind, Target};
use crate::application::program::Body;
use crate::application::retry::Retry;
use crate::application::step::Access;
use crate::application::{Application, Class};
use crate::metering::measurement::{ClassMeasure, Measurement};
use crate::metering::usage::Dimension;
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::fleet::{QueueAt, Sharing};
use crate::platform::meter::Per;
use crate::units::Nanos;

fn fault(kind: Kind, from: f64, to: f64) -> Fault {
    let (at, lasting) = (vec![Nanos::from_seconds(from)], Nanos::from_seconds(to - from));
    Fault { name: "fault".to_owned(), kind, target: Target::All, at, lasting }
}

fn slow(factor: f64, from: f64, to: f64) -> Fault {
    fault(Kind::Slow { factor }, from, to)
}

fn fail(share: f64, from: f64, to: f64) -> Fault {
    fault(Kind::Fail { share }, from, to)
}

fn reclaim(share: f64, at: f64) -> Fault {
    fault(Kind::Reclaim { share }, at, at)
}

fn zone_loss(zones: u32, from: f64, to: f64) -> Fault {
    fault(Kind::ZoneLoss { zones }, from, to)
}

fn with(deployment: &Deployment, application: &Application, instants: &[u64], faults: &[Fault]) -> Measurement {
    let requests = requests_at(application, instants);
    play_with_faults(deployment, application, &requests, (&[], faults), Run::of(100.0))
}

/// A second of CPU time and one of waiting.
pub(super) fn two_seconds() -> Application {
    application(vec![class(constant(1.0), constant(1.0))])
}

/// Completed and failed attempts, and the sum of the latencies in seconds.
fn counts(measured: &Measurement) -> (u64, u64, f64) {
    let class = &measured.classes[0];
    (class.completed(), class.failed, class.latency.sum() as f64 / 1e9)
}

fn busy(measured: &Measurement) -> f64 {
    measured.slices.iter().map(|slice| slice.busy).sum::<u128>() as f64 / 1e9
}

fn instances(measured: &Measurement) -> f64 {
    measured.slices.iter().map(|slice| slice.instances).sum::<u128>() as f64 / 1e9
}

/// Fleets of every way to serve work, of one CPU that is enough for one at a time.
fn fleets() -> Vec<Deployment> {
    let mut shared = fixed(1);
    shared.fleet.slots = Some(4);
    let mut cores = shared.clone();
    cores.fleet.sharing = Sharing::FifoCores;
    let mut queueing = fixed(1);
    queueing.fleet.queue_at = QueueAt::Instance;
    vec![faas(), fixed(1), shared, cores, queueing]
}

#[test]
fn what_begins_while_it_is_slow_takes_longer() {
    for deployment in fleets() {
        // The first computes when it begins and waits while it is slow; the second both; the third comes after.
        let instants = [0, 5 * SECOND, 20 * SECOND];
        let measured = with(&deployment, &two_seconds(), &instants, &[slow(3.0, 0.5, 15.0)]);
        assert_eq!(counts(&measured), (3, 0, (1.0 + 3.0) + (3.0 + 3.0) + 2.0));
    }
}

#[test]
fn faults_that_overlap_add_up() {
    let faults = [slow(2.0, 0.0, 50.0), slow(3.0, 10.0, 50.0), fail(1.0, 30.0, 50.0)];
    let instants = [0, 10 * SECOND, 30 * SECOND, 60 * SECOND];
    let measured = with(&faas(), &two_seconds(), &instants, &faults);
    assert_eq!(counts(&measured), (3, 1, 4.0 + 12.0 + 2.0));
    assert!((busy(&measured) - (4.0 + 12.0 + 12.0 + 2.0)).abs() < 1e-9, "what fails has done its work");
}

#[test]
fn a_share_of_what_ends_while_it_fails_fails() {
    let instants: Vec<u64> = (0..10_000).map(|number| number * SECOND / 500).collect();
    let measured = with(&faas(), &two_seconds(), &instants, &[fail(0.3, 2.0, 12.0)]);
    let failed = counts(&measured).1 as f64;
    assert!((failed - 1500.0).abs() < 4.0 * (5000.0_f64 * 0.3 * 0.7).sqrt(), "{failed}");
    // The same ones fail elsewhere; half of it fails for a part of them.
    assert_eq!(counts(&with(&fixed(2000), &two_seconds(), &instants, &[fail(0.3, 2.0, 12.0)])).1 as f64, failed);
    let everyone = with(&faas(), &two_seconds(), &instants, &[fail(1.0, 2.0, 12.0)]);
    assert_eq!(counts(&everyone).1, 5000);
}

#[test]
fn a_store_is_slow_or_fails_and_is_asked_again() {
    let mut reading = application(vec![class(constant(0.0), constant(0.0))]);
    reading.services[0].body = Body::new(vec![query(Access::Read, retry(2, 5.0))]).unwrap();
    reading.stores.push(store(constant(1.0)));
    let of_store = |fault| Fault { target: Target::Store(0), ..fault };
    let faults = [slow(2.0, 10.0, 20.0), fail(1.0, 30.0, 34.0), fail(1.0, 50.0, 60.0)].map(of_store);
    let instants = [0, 10, 30, 50].map(|second| second * SECOND);
    let measured = with(&faas(), &reading, &instants, &faults);
    // 1 s; 2 s; 1 s in vain, 5 s of back-off, 1 s; twice in vain.
    assert_eq!(counts(&measured), (3, 1, 1.0 + 2.0 + 7.0));
    let store = &measured.stores[0];
    assert_eq!((store.asked, store.answered, store.failed, store.refused), (6, 3, 3, 0));
}

#[test]
fn what_is_lost_fails_and_is_billed_up_to_then() {
    for mut deployment in fleets() {
        deployment.meter.per = Per::Request;
        deployment.meter.counts = vec![Dimension::GibSeconds];
        let measured = with(&deployment, &two_seconds(), &[0, 10 * SECOND], &[reclaim(1.0, 0.5)]);
        assert_eq!(counts(&measured), (1, 1, 2.0));
        assert!((busy(&measured) - 2.5).abs() < 1e-9, "{}", busy(&measured));
        let cpu: u128 = measured.slices.iter().map(|slice| slice.cpu_used).sum();
        assert_eq!(cpu, u128::from(1_500_000 * SECOND));
        let time = measured.usage.counts.iter().filter(|(meter, _)| meter.dimension == Dimension::GibSeconds);
        let billed: u128 = time.flat_map(|(_, counts)| counts).sum();
        assert_eq!(billed, 512 * u128::from(2 * SECOND + SECOND / 2));
    }
}

#[test]
fn a_fixed_fleet_starts_others_where_no_zone_is_lost() {
    let mut deployment = fixed(3);
    deployment.fleet.start = constant(5.0);
    // The first of three zones: its instance fails and is replaced in another, where the second fault finds nothing.
    let faults = [zone_loss(3, 1.0, 60.0), zone_loss(3, 20.0, 60.0), zone_loss(3, 80.0, 90.0)];
    let instants = [0, 0, 0, 2, 2, 2, 19, 19, 19, 79, 79, 79].map(|second| second * SECOND);
    let measured = with(&deployment, &two_seconds(), &instants, &faults);
    let class = &measured.classes[0];
    assert_eq!((class.completed(), class.failed, measured.started), (11, 1, 1));
    // Of the three at two seconds, two begin at once, when the others end, and one when an instance is there again or one
    // of these has ended.
    assert_eq!(class.latency.max(), Some(4 * SECOND));
    assert!((instances(&measured) - 300.0).abs() < 1e-9);
}

#[test]
fn idle_environments_are_lost_too() {
    let mut deployment = faas();
    deployment.fleet.start = constant(1.0);
    let instants = [0, 0, 50 * SECOND, 50 * SECOND];
    let lost = with(&deployment, &two_seconds(), &instants, &[reclaim(0.5, 30.0)]);
    assert_eq!((lost.classes[0].cold, lost.started, counts(&lost).1), (3, 3, 0));
    assert!((instances(&lost) - (100.0 + 30.0 + 50.0)).abs() < 1e-9);
}

/// Pods of one vCPU on nodes of two, one node per zone.
pub(super) fn on_nodes(replicas: u32, zones: u32, boot: f64) -> Deployment {
    let mut deployment = generic(Law::Fixed { replicas });
    deployment.fleet.slots = None;
    deployment.placement = nodes(2.0, zones, 2 * zones, Some(boot));
    if let crate::platform::placement::Placement::Nodes(spec) = &mut deployment.placement {
        spec.groups[0].zones = zones;
        spec.boot = constant(boot);
    }
    deployment.meter.per = Per::Node;
    deployment.meter.counts = vec![Dimension::NodeHours];
    deployment
}

#[test]
fn nodes_of_a_lost_zone_are_replaced_and_their_pods_move() {
    // Three nodes of two pods; another node boots for ten seconds.
    let deployment = on_nodes(6, 3, 10.0);
    let instants: Vec<u64> = [0; 6].into_iter().chain([2 * SECOND; 6]).chain([50 * SECOND; 6]).collect();
    let measured = with(&deployment, &two_seconds(), &instants, &[zone_loss(2, 1.0, 30.0)]);
    let class = &measured.classes[0];
    assert_eq!((class.failed, class.completed()), (2, 16));
    assert_eq!((measured.started, measured.nodes_started), (2, Some(1)));
    // One node ends after a second, and another is there from then on; its pods wait for it and for their image.
    let time: u128 = measured.slices.iter().map(|slice| slice.nodes).sum();
    assert_eq!(time, 300 * u128::from(SECOND));
    let ready: u128 = measured.slices.iter().map(|slice| slice.ready).sum();
    assert_eq!(ready, u128::from((600 - 2 * (10 + 2)) * SECOND));
    // Where there is but one zone, nothing is placed before it is back.
    let all = with(&on_nodes(2, 1, 10.0), &two_seconds(), &[0, 2 * SECOND], &[zone_loss(2, 1.0, 30.0)]);
    assert_eq!(counts(&all), (1, 1, 32.0));
}

fn kind() -> impl Strategy<Value = Kind> {
    let share = || prop_oneof![1 => Just(1.0), 3 => 0.0_f64..1.0];
    prop_oneof![
        (1.0_f64..5.0).prop_map(|factor| Kind::Slow { factor }),
        share().prop_map(|share| Kind::Fail { share }),
        share().prop_map(|share| Kind::Reclaim { share }),
        share().prop_map(|share| Kind::Reclaim { share }),
        (2_u32..5).prop_map(|zones| Kind::ZoneLoss { zones }),
        (2_u32..5).prop_map(|zones| Kind::ZoneLoss { zones }),
        Just(Kind::Deploy),
        Just(Kind::Deploy),
    ]
}

/// Faults within the first seconds, on services or all.
fn faults(services: u16) -> impl Strategy<Value = Vec<Fault>> {
    let target = prop_oneof![2 => Just(Target::All), 1 => (0..services).prop_map(Target::Service)];
    let one = (kind(), target, prop::collection::vec(0.0_f64..15.0, 1..4), 0.0_f64..8.0);
    let build = |(kind, target, at, lasting): (Kind, Target, Vec<f64>, f64)| {
        let mut at: Vec<Nanos> = at.into_iter().map(Nanos::from_seconds).collect();
        at.sort_unstable();
        let target = if matches!(kind, Kind::ZoneLoss { .. }) { Target::All } else { target };
        Fault { name: "fault".to_owned(), kind, target, at, lasting: Nanos::from_seconds(lasting) }
    };
    prop::collection::vec(one.prop_map(build), 1..4)
}

fn tried_again() -> Application {
    let retry = Retry { attempts: Some(3), base: constant(0.2), ..Retry::default() };
    application(vec![Class { timeout: Some(Nanos(3 * SECOND)), retry, ..class(exponential(0.1), exponential(0.1)) }])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_goes_wrong_everything_is_conserved(
        slots in prop_oneof![1 => one_slot().boxed(), 2 => controlled().boxed()], faults in faults(1), rate in 0.5_f64..40.0, seed in any::<u32>(),
        order in order(), grace in prop_oneof![Just(None), (0.0_f64..2.0).prop_map(|grace| Some(Nanos::from_seconds(grace)))],
    ) {
        let mut slots = slots;
        slots.roll_out.strategy = order;
        slots.roll_out.grace = grace;
        let application = tried_again();
        let requests = poisson(&application, rate, 20.0, u64::from(seed));
        let run = Run { warmup: SECOND, first_rate: rate, ..Run::of(25.0) };
        let of = |run| play_with_faults(&slots, &application, &requests, (&[], &faults), run);
        let whole = of(run);
        prop_assert_eq!(bits(&whole), bits(&of(Run { batch: 3, shortcut: false, ..run })));
        for slice in &whole.slices {
            prop_assert!(slice.busy <= slice.instances && slice.ready <= slice.instances);
        }
    }

    #[test]
    fn a_fault_that_does_nothing_changes_nothing(
        deployment in prop_oneof![1 => one_slot().boxed(), 2 => controlled().boxed()], rate in 0.5_f64..40.0, seed in any::<u32>(),
    ) {
        let application = tried_again();
        let requests = poisson(&application, rate, 20.0, u64::from(seed));
        let run = Run { first_rate: rate, ..Run::of(25.0) };
        // How long each is kept is drawn in the order in which somebody looks, and a fault looks.
        let mut deployment = deployment;
        let kept = deployment.fleet.keep_alive.take();
        deployment.fleet.keep_alive = kept.map(|law| constant(law.mean() / 1e9));
        let plain = play(&deployment, &application, &requests, run);
        let harmless = [slow(1.0, 1.0, 9.0), fail(0.0, 2.0, 9.0), reclaim(0.0, 3.0)];
        let with = play_with_faults(&deployment, &application, &requests, (&[], &harmless), run);
        prop_assert_eq!(format!("{:?}", plain.classes), format!("{:?}", with.classes));
        prop_assert_eq!((plain.started, plain.peak), (with.started, with.peak));
        let lives = |measured: &Measurement| measured.slices.iter().map(|slice| (slice.instances, slice.busy)).collect::<Vec<_>>();
        prop_assert_eq!(lives(&plain), lives(&with));
    }

    #[test]
    fn nothing_is_stuck_after_it(
        graph in graph(), fleet in 0_u32..5, faults in faults(4), seed in any::<u32>(), attempts in 1_u32..4, start in 0.0_f64..3.0,
        patience in prop_oneof![Just(None), (0.05_f64..1.0).prop_map(|seconds| Some(Nanos::from_seconds(seconds)))],
        order in order(),
    ) {
        let application = impatient(graph, patience, attempts, false);
        let requests = poisson(&application, 3.0, 15.0, u64::from(seed));
        let mut deployment = match fleet {
            0 => faas(),
            1 | 2 => fixed(fleet),
            _ => on_nodes(1, fleet - 2, 3.0),
        };
        deployment.fleet.start = constant(start);
        deployment.roll_out.strategy = order;
        // On full nodes, old pods may wait for services whose new pods wait for their places.
        deployment.roll_out.grace = (fleet > 2).then_some(Nanos(5 * SECOND));
        let run = Run::of(100_000.0);
        let measured = play_with_faults(&deployment, &application, &requests, (&[], &faults), run);
        let unfinished = |class: &ClassMeasure| class.in_flight + class.backing_off;
        prop_assert_eq!(measured.classes.iter().map(unfinished).sum::<u64>(), 0);
        prop_assert_eq!(measured.services.iter().map(|service| service.attempts.in_flight).sum::<u64>(), 0);
        prop_assert_eq!(measured.abandoned_running, 0);
    }
}
