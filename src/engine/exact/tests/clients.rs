//! Clients that react, worked out by hand.

use proptest::prelude::*;

use super::{Run, SECOND, application, class, constant, exponential, faas, fixed, play, play_with_users, poisson};
use crate::application::retry::{Budget, Jitter, On, Retry};
use crate::application::{Application, NOBODY, Request};
use crate::kernel::distribution::Distribution;
use crate::metering::measurement::{ClassMeasure, Measurement};
use crate::traffic::closed::{Closed, Crowd, Stage, Users};
use crate::traffic::{Flow, Source, Traffic, Uncertainty};
use crate::units::Nanos;

const ANY: On = On { timeout: true, rejected: true, failed: true };

fn retry(attempts: Option<u32>, base: f64, factor: f64) -> Retry {
    Retry { attempts, on: ANY, base: constant(base), factor, jitter: Jitter::None, ..Retry::default() }
}

/// Requests at these seconds that wait for one second.
fn at(seconds: &[f64]) -> Vec<Request> {
    let request =
        |(key, at): (u64, &f64)| Request { at: (at * 1e9) as u64, key, cpu: 0, io: SECOND, class: 0, caller: NOBODY };
    (0..).zip(seconds).map(request).collect()
}

fn with(retry: Retry, timeout: Option<f64>) -> Application {
    let timeout = timeout.map(|seconds| Nanos((seconds * 1e9) as u64));
    application(vec![crate::application::Class { timeout, retry, ..class(constant(0.0), constant(1.0)) }])
}

/// Requests, attempts, completed, rejected, timed out, lost.
fn counts(measured: &Measurement) -> [u64; 6] {
    let class = &measured.classes[0];
    [class.requests(), class.offered, class.completed(), class.rejected, class.timed_out, class.lost]
}

#[test]
fn who_is_refused_comes_back_by_the_policy() {
    let mut deployment = fixed(1);
    deployment.fleet.queue = Some(0);
    let requests = at(&[0.0, 0.1]);
    // Refused at 0.1 and, after 0.3 s, at 0.4; after 0.6 s the server has just become free.
    let third = play(&deployment, &with(retry(Some(3), 0.3, 2.0), None), &requests, Run::of(5.0));
    assert_eq!(counts(&third), [2, 4, 2, 2, 0, 0]);
    assert_eq!(third.classes[0].latency.max(), Some(1_900_000_000));
    assert_eq!(third.queue_wait.max(), Some(0), "an attempt's wait is its own");
    let second = play(&deployment, &with(retry(Some(2), 0.3, 2.0), None), &requests, Run::of(5.0));
    assert_eq!(counts(&second), [2, 3, 1, 2, 0, 1]);
    // At 0.6 s it waits before its third attempt.
    let waiting = play(&deployment, &with(retry(Some(3), 0.3, 2.0), None), &requests, Run::of(0.6));
    assert_eq!((waiting.classes[0].backing_off, waiting.classes[0].in_flight, waiting.classes[0].lost), (1, 1, 0));
}

#[test]
fn what_a_client_gave_up_goes_on_and_costs() {
    // Attempts at 0, 0.6 and 1.2 s, each given up after half a second and at work for a whole one.
    let application = with(retry(Some(3), 0.1, 1.0), Some(0.5));
    let measured = play(&faas(), &application, &at(&[0.0]), Run::of(2.0));
    assert_eq!(counts(&measured), [1, 3, 0, 0, 3, 1]);
    assert_eq!((measured.wasted, measured.abandoned_running), (2, 1));
    let busy: u128 = measured.slices.iter().map(|slice| slice.busy).sum();
    assert_eq!(busy, u128::from(2_800_000_000_u64));
}

#[test]
fn attempts_of_a_request_of_the_warm_up_are_counted_nowhere() {
    let application = with(retry(Some(3), 0.1, 1.0), Some(0.5));
    let run = Run { warmup: SECOND / 2, ..Run::of(2.0) };
    let measured = play(&faas(), &application, &at(&[0.0]), run);
    assert_eq!(counts(&measured), [0; 6]);
    assert_eq!((measured.wasted, measured.abandoned_running), (0, 0));
    let used: u128 = measured.usage.counts.values().flatten().sum();
    assert_eq!(used, 0, "what is metered by request belongs to the request: {:?}", measured.usage);
}

#[test]
fn a_budget_bounds_the_retries() {
    let mut deployment = fixed(1);
    deployment.fleet.queue = Some(0);
    let budget = Budget { share: 0.2, floor: 0.0 };
    let policy = Retry { budget: Some(budget), ..retry(None, 0.001, 1.0) };
    let application = with(policy, None);
    let requests = poisson(&application, 50.0, 100.0, 7);
    let measured = play(&deployment, &application, &requests, Run::of(100.0));
    let (retries, first) = (measured.classes[0].retries, measured.classes[0].requests());
    // Nearly all are refused, so whatever there is is spent.
    assert!(retries <= first / 5 && retries > first / 5 - 5, "{retries} retries of {first}");
    let unbounded = play(&deployment, &with(retry(Some(4), 0.001, 1.0), None), &requests, Run::of(100.0));
    assert!(unbounded.classes[0].retries > 2 * first);
}

fn crowds(closed: Closed, application: &Application, warmup: u64) -> Vec<Crowd> {
    let source = Source { name: "users".to_owned(), mix: Vec::new(), flow: Flow::Closed(closed) };
    let traffic = Traffic {
        sources: vec![source],
        start: "2026-01-05T00:00:00[UTC]".parse().unwrap(),
        warmup: Nanos(warmup),
        duration: Nanos(SECOND),
        uncertainty: Uncertainty::default(),
    };
    traffic.crowds(application, 1, 0)
}

#[test]
fn users_wait_for_what_they_get() {
    // Three users who think for a second keep a server that takes half of one exactly busy from the first second on.
    let application = application(vec![class(constant(0.0), constant(0.5))]);
    let closed = |requests| Closed { users: Users::constant(3.0), think: constant(1.0), requests };
    let busy = crowds(closed(None), &application, 0);
    let measured = play_with_users(&fixed(1), &application, &[], &busy, Run::of(10.25));
    assert_eq!((measured.classes[0].completed(), measured.classes[0].in_flight), (18, 1));
    assert_eq!(measured.classes[0].latency.max(), Some(1_500_000_000));
    let few = crowds(closed(Some(2)), &application, 0);
    let measured = play_with_users(&fixed(1), &application, &[], &few, Run::of(100.0));
    assert_eq!((measured.classes[0].offered, measured.classes[0].completed()), (6, 6));
}

#[test]
fn users_come_and_go() {
    // One user until 10 s, three until 20 s, then none: each asks every second and is answered at once.
    let application = application(vec![class(constant(0.0), constant(0.0))]);
    let stage = |seconds: u64, target| Stage { span: Nanos(seconds * SECOND), target };
    let users = Users { from: 1.0, stages: vec![stage(10, 1.0), stage(0, 3.0), stage(10, 3.0), stage(0, 0.0)] };
    let crowd = crowds(Closed { users, think: constant(1.0), requests: None }, &application, 0);
    let measured = play_with_users(&fixed(9), &application, &[], &crowd, Run::of(40.0));
    // They go at 20 s before anyone asks at that instant.
    assert_eq!(measured.classes[0].completed(), 19 + 9 + 9);
}

prop_compose! {
    fn policy()(
        attempts in prop_oneof![(1_u32..4).prop_map(Some), Just(None)],
        base in 0.01_f64..2.0, factor in 1.0_f64..3.0,
        jitter in prop_oneof![Just(Jitter::Full), Just(Jitter::Equal), Just(Jitter::Decorrelated), Just(Jitter::None)],
        budget in prop_oneof![Just(None), (0.0_f64..1.0, 0.0_f64..2.0).prop_map(|(share, floor)| Some(Budget { share, floor }))],
        on in (any::<bool>(), any::<bool>()),
    ) -> Retry {
        let on = On { timeout: on.0, rejected: on.1, failed: true };
        Retry { attempts, on, base: exponential(base), factor, jitter, budget, cap: Nanos(20 * SECOND) }
    }
}

fn maybe(seconds: std::ops::Range<f64>) -> impl Strategy<Value = Option<Nanos>> {
    prop_oneof![Just(None), seconds.prop_map(|seconds| Some(Nanos::from_seconds(seconds)))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Every request and every attempt ends once (asserted by the engine), whatever batches, and shortcut or not.
    #[test]
    fn nobody_is_lost(
        policies in proptest::collection::vec((policy(), maybe(0.05..3.0)), 1..3),
        queue in prop_oneof![Just(None), (0_u64..4).prop_map(Some)],
        limits in (maybe(0.05..2.0), maybe(0.05..2.0)), drop_abandoned in any::<bool>(), follows in any::<bool>(),
        slots in prop_oneof![Just(Some(1)), Just(Some(3)), Just(None)],
        rate in 0.1_f64..8.0, users in 0.0_f64..9.0, seed in any::<u32>(), batch in 1_usize..40,
    ) {
        let classes = policies.into_iter().map(|(retry, timeout)| crate::application::Class {
            timeout, retry, ..class(exponential(0.1), exponential(0.3))
        });
        let application = application(classes.collect());
        let mut deployment = if follows { faas() } else { fixed(2) };
        deployment.fleet.slots = if follows { Some(1) } else { slots };
        deployment.fleet.queue = queue;
        deployment.autoscaler.max = follows.then_some(2);
        deployment.fleet.start = Distribution::constant(2e8);
        (deployment.fleet.queue_timeout, deployment.fleet.timeout) = limits;
        deployment.fleet.drop_abandoned = drop_abandoned;
        let requests = poisson(&application, rate, 60.0, u64::from(seed));
        let stage = Stage { span: Nanos(30 * SECOND), target: users / 2.0 };
        let closed = Closed { users: Users { from: users, stages: vec![stage] }, think: exponential(1.0), requests: None };
        let crowd = crowds(closed, &application, 5 * SECOND);
        let run = Run { warmup: 5 * SECOND, ..Run::of(60.0) };
        let whole = play_with_users(&deployment, &application, &requests, &crowd, run);
        let open = requests.iter().filter(|request| request.at >= run.warmup).count() as u64;
        prop_assert!(whole.sum(ClassMeasure::requests) >= open);
        for other in [Run { batch, ..run }, Run { shortcut: false, ..run }] {
            let other = play_with_users(&deployment, &application, &requests, &crowd, other);
            prop_assert_eq!(format!("{:?}", whole.classes), format!("{:?}", other.classes));
            prop_assert_eq!(&whole.slices, &other.slices);
            prop_assert_eq!(format!("{:?}", whole.usage), format!("{:?}", other.usage));
        }
    }
}
