//! Messages that are taken together, pollers, and what a queue counts: by hand, in closed form, and what must hold in
//! every run.

use proptest::prelude::*;

use super::calls::{application, busy, io, of_services, one_class};
use super::invariants::{bits, controlled, one_slot};
use super::messages::{publish, published, queue};
use super::{Run, SECOND, class, constant, exponential, faas, fixed, play, poisson, requests_at};
use crate::application::Application;
use crate::application::queue::Batch;
use crate::application::step::{Demand, Step, Verb};
use crate::metering::measurement::Measurement;
use crate::metering::usage::{Dimension, Meter};
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::queue::pollers::Pollers;
use crate::platform::queue::{BoundQueue, Polling, QueueMeter};
use crate::units::Nanos;

const POLLERS: Pollers = Pollers { initial: 5, per_minute: 300, max: 1250, throttle_backoff: Nanos(SECOND) };

/// As Amazon SQS is.
fn polled(pollers: Option<Pollers>) -> BoundQueue {
    BoundQueue {
        id: Some("sqs".to_owned()),
        polling: Some(Polling { wait: Nanos(20 * SECOND), messages: 10 }),
        pollers,
        max_batch: None,
        meter: QueueMeter { request_bytes: Some(65_536), ..QueueMeter::default() },
        ..BoundQueue::default()
    }
}

fn bound(mut deployment: Deployment, queue: BoundQueue) -> Deployment {
    deployment.bindings.queues = vec![queue];
    deployment
}

fn batched(mut application: Application, size: u32, window: u64) -> Application {
    application.queues[0].batch = Batch { size, window: Nanos(window) };
    application
}

/// A worker, or so many, and as many publishers as are asked for.
fn workers(replicas: u32) -> Deployment {
    of_services(fixed(1), [100, replicas].map(|replicas| Law::Fixed { replicas }).to_vec())
}

/// Calls of the consumer, and what each message waited until it was done, in seconds, the longest.
fn calls_and_longest(measured: &Measurement) -> (u64, f64) {
    (measured.services[1].attempts.offered, measured.queues[0].latency.max().unwrap() as f64 / 1e9)
}

#[test]
fn who_is_busy_takes_what_has_come_meanwhile_and_works_on_one_after_the_other() {
    // The first finds an idle worker; the next three wait for it, and are taken together.
    let jobs = batched(published(vec![vec![io(2.0)]], 60 * SECOND, 5), 3, 0);
    let requests = requests_at(&jobs, &[0, 0, 0, 0, 0]);
    for deployment in [workers(1), bound(faas(), polled(Some(Pollers { initial: 1, max: 1, ..POLLERS })))] {
        let measured = play(&deployment, &jobs, &requests, Run::of(100.0));
        let queue = &measured.queues[0];
        assert_eq!((queue.delivered(), queue.redelivered), (5, 0));
        assert_eq!(measured.services[1].attempts.offered, 3);
        assert_eq!(queue.latency.sum(), u128::from((2 + 3 * 8 + 10) * SECOND));
        assert_eq!(busy(&measured), u128::from(5 * SECOND / 2 + 10 * SECOND));
    }
}

#[test]
fn more_are_waited_for_until_the_window_is_over_or_the_batch_is_full() {
    let jobs = published(vec![vec![io(1.0)]], 60 * SECOND, 5);
    let requests = requests_at(&jobs, &[0, SECOND, 2 * SECOND]);
    for deployment in [faas(), workers(3), bound(faas(), polled(Some(POLLERS)))] {
        // Published at 0.5, 1.5 and 2.5 s, taken at 5.5 s, done at 8.5 s.
        let measured = play(&deployment, &batched(jobs.clone(), 10, 5 * SECOND), &requests, Run::of(100.0));
        assert_eq!(calls_and_longest(&measured).0, 1);
        assert_eq!(measured.queues[0].latency.sum(), u128::from((8 + 7 + 6) * SECOND));
        // Two at 1.5 s, which takes 2 s; the third at 7.5 s.
        let measured = play(&deployment, &batched(jobs.clone(), 2, 5 * SECOND), &requests, Run::of(100.0));
        assert_eq!(calls_and_longest(&measured).0, 2);
        assert_eq!(measured.queues[0].latency.sum(), u128::from((3 + 2 + 6) * SECOND));
    }
}

#[test]
fn all_messages_of_a_batch_come_back_when_it_fails() {
    // Two messages of 2 s each, and the platform ends a call after 3 s, though one of them was done.
    let jobs = batched(published(vec![vec![io(2.0)]], 30 * SECOND, 2), 2, 10 * SECOND);
    let mut deployment = of_services(faas(), vec![faas().autoscaler.law, faas().autoscaler.law]);
    deployment.services[1].fleet.timeout = Some(Nanos(3 * SECOND));
    let measured = play(&deployment, &jobs, &requests_at(&jobs, &[0, 0]), Run::of(100.0));
    let queue = &measured.queues[0];
    assert_eq!((queue.delivered(), queue.redelivered, queue.dead_lettered), (0, 2, 2));
    assert_eq!(measured.services[1].attempts.timed_out, 2);
    assert_eq!(busy(&measured), u128::from((1 + 2 * 3) * SECOND));
}

#[test]
fn a_batch_that_is_hidden_no_longer_is_worked_on_to_its_end() {
    let jobs = batched(published(vec![vec![io(4.0)]], 6 * SECOND, 2), 2, 10 * SECOND);
    let measured = play(&faas(), &jobs, &requests_at(&jobs, &[0, 0]), Run::of(100.0));
    assert_eq!((measured.queues[0].redelivered, measured.queues[0].dead_lettered), (2, 2));
    assert_eq!(busy(&measured), u128::from((1 + 2 * 8) * SECOND));
}

#[test]
fn requests_are_counted_as_they_are_made() {
    // One poller, ten messages of 0.1 s at most: one alone, then ten, ten, and four.
    let jobs = batched(published(vec![vec![io(0.1)]], 60 * SECOND, 5), 10, 0);
    let requests = requests_at(&jobs, &[0; 25]);
    let one = Pollers { initial: 1, max: 1, ..POLLERS };
    let measured = play(&bound(faas(), polled(Some(one))), &jobs, &requests, Run::of(100.0));
    // Asked in vain from 3.0 s on: at 23, 43, 63 and 83 s.
    assert_eq!((measured.queues[0].requests, measured.queues[0].empty_receives), (25 + 4 + 4 + 4, 4));
    let meter = Meter { service: String::new(), dimension: Dimension::QueueRequests, variant: "sqs".to_owned() };
    assert_eq!(measured.usage.total(&meter), 37);
    // Batches of fifty are five receives, and five deletes.
    let fifty = batched(jobs.clone(), 50, 5 * SECOND);
    let measured = play(&bound(faas(), polled(Some(one))), &fifty, &requests_at(&jobs, &[0; 50]), Run::of(10.0));
    assert_eq!(measured.queues[0].requests - measured.queues[0].empty_receives, 50 + 50 + 5);
    let measured = play(&bound(workers(1), polled(None)), &fifty, &requests_at(&jobs, &[0; 50]), Run::of(10.5));
    assert_eq!(measured.queues[0].requests - measured.queues[0].empty_receives, 50 + 50 + 5);
}

#[test]
fn a_message_is_a_request_for_each_64_kilobytes() {
    let big =
        Step::new(Verb::Publish { queue: 0, size: crate::kernel::distribution::Distribution::constant(100_000.0) });
    let mut jobs = application(one_class(), vec![vec![io(0.5), big], vec![io(0.1)]]);
    jobs.queues = vec![queue(vec![1], 60 * SECOND, 5)];
    let play = |bound_to| play(&bound(faas(), bound_to), &jobs, &requests_at(&jobs, &[0]), Run::of(10.0));
    let measured = play(polled(Some(POLLERS)));
    assert_eq!(measured.queues[0].requests, 2 + 2 + 1);
    let count = |measured: &Measurement, dimension, variant: &str| {
        measured.usage.total(&Meter { service: String::new(), dimension, variant: variant.to_owned() })
    };
    // Pushed: deliveries are counted apart, or bytes are.
    let meter = QueueMeter { request_bytes: Some(65_536), deliveries: "http", ..QueueMeter::default() };
    let pushed = BoundQueue { id: Some("sns".to_owned()), meter, ..BoundQueue::default() };
    let measured = play(pushed);
    assert_eq!(count(&measured, Dimension::QueueRequests, "sns"), 2);
    assert_eq!(count(&measured, Dimension::QueueRequests, "sns:http"), 2);
    let meter = QueueMeter { least_bytes: Some(1024), ..QueueMeter::default() };
    let by_bytes = BoundQueue { id: Some("pubsub".to_owned()), meter, ..BoundQueue::default() };
    assert_eq!(count(&play(by_bytes), Dimension::QueueBytes, "pubsub"), 200_000);
}

#[test]
fn who_waits_for_messages_asks_again_and_again() {
    let jobs = published(vec![vec![io(0.1)]], 60 * SECOND, 5);
    let idle = |deployment| play(&deployment, &jobs, &[], Run { warmup: 100 * SECOND, ..Run::of(200.0) });
    // Five times every 20 s, the warm-up apart.
    let measured = idle(bound(faas(), polled(Some(POLLERS))));
    assert_eq!((measured.queues[0].requests, measured.queues[0].empty_receives), (25, 25));
    assert_eq!(idle(bound(workers(3), polled(None))).queues[0].empty_receives, 15);
    assert_eq!(idle(bound(faas(), BoundQueue::default())).queues[0].requests, 0);
    // One that gets a message every 15 s is never answered that there is none, whether it has room for more or not.
    let every_15 = requests_at(&jobs, &[0, 1, 2, 3, 4, 5].map(|number| number * 15 * SECOND));
    for slots in [Some(1), None, Some(4)] {
        let mut worker = workers(1);
        worker.services[1].fleet.slots = slots;
        let measured = play(&bound(worker, polled(None)), &jobs, &every_15, Run::of(80.0));
        assert_eq!((measured.queues[0].requests, measured.queues[0].empty_receives), (18, 0), "{slots:?}");
    }
}

#[test]
fn pollers_work_off_a_backlog_as_fast_as_they_are_added() {
    let hundred = Step { repeat: 1000, ..publish() };
    let mut jobs = application(one_class(), vec![vec![hundred], vec![io(0.1)]]);
    jobs.queues = vec![queue(vec![1], 600 * SECOND, 5)];
    let jobs = batched(jobs, 10, 0);
    let requests = requests_at(&jobs, &[0; 100]);
    let measured = play(&bound(faas(), polled(Some(POLLERS))), &jobs, &requests, Run::of(100.0));
    let (calls, longest) = calls_and_longest(&measured);
    // 5 t + 2.5 t^2 seconds of work are done at t: 10,000 at 62.25 s, and the last of them takes a second.
    assert!((62.0..63.5).contains(&longest), "{longest}");
    assert!((10_000..10_010).contains(&calls), "{calls}");
    let peak = measured.services[1].peak;
    assert!((312..=317).contains(&peak), "{peak}");
}

#[test]
fn pollers_beyond_the_first_stop_when_there_is_nothing_to_read() {
    let mut jobs = application(one_class(), vec![vec![Step { repeat: 600, ..publish() }], vec![io(1.0)]]);
    jobs.queues = vec![queue(vec![1], 600 * SECOND, 5)];
    let measured = play(&bound(faas(), polled(Some(POLLERS))), &jobs, &requests_at(&jobs, &[0]), Run::of(1000.0));
    // 600 are done within 15 s by about 75, all but five of which ask in vain once; five go on asking.
    let empty = measured.queues[0].empty_receives;
    let pollers = measured.services[1].peak;
    assert!((pollers - 5 + 5 * 48..=pollers + 5 * 50).contains(&empty), "{empty} {pollers}");
}

#[test]
fn a_poller_whose_call_was_refused_rests_and_the_backlog_is_not_burnt() {
    let mut jobs = application(one_class(), vec![vec![Step { repeat: 100, ..publish() }], vec![io(1.0)]]);
    jobs.queues = vec![queue(vec![1], 600 * SECOND, 2)];
    let mut deployment = of_services(faas(), vec![faas().autoscaler.law, faas().autoscaler.law]);
    deployment.services[1].fleet.queue = Some(0);
    deployment.services[1].autoscaler.max = Some(1);
    let deployment = bound(deployment, polled(Some(Pollers { per_minute: 0, ..POLLERS })));
    let measured = play(&deployment, &jobs, &requests_at(&jobs, &[0]), Run::of(10.5));
    // One message a second is done, and four pollers are refused once a second.
    assert!((9..=11).contains(&measured.queues[0].delivered()), "{}", measured.queues[0].delivered());
    let refused = measured.services[1].attempts.rejected;
    assert!((36..=48).contains(&refused), "{refused}");
}

fn any_queue() -> impl Strategy<Value = BoundQueue> {
    let pollers = (1_u32..4, prop_oneof![Just(0_u32), 1_u32..600], 1_u32..9, 0.0_f64..1.0).prop_map(
        |(initial, per_minute, more, rest)| Pollers {
            initial,
            per_minute,
            max: initial + more,
            throttle_backoff: Nanos::from_seconds(rest),
        },
    );
    prop_oneof![Just(BoundQueue::default()), Just(polled(None)), pollers.prop_map(|pollers| polled(Some(pollers))),]
}

proptest! {
    #[test]
    fn every_message_of_every_batch_is_delivered_dead_or_waiting(
        deployment in prop_oneof![one_slot().boxed(), controlled().boxed()], rate in 0.5_f64..10.0, seed in any::<u32>(),
        visibility in 0.05_f64..3.0, receives in 1_u32..4, size in 1_u32..6,
        window in prop_oneof![Just(0.0), 0.0_f64..1.0], of_queue in any_queue(),
    ) {
        let work = |mean| Step::new(Verb::Io(Demand::Own(exponential(mean))));
        let classes = vec![class(exponential(0.02), constant(0.05)), class(constant(0.01), constant(0.0))];
        let cpu = Step::new(Verb::Cpu(Demand::Class));
        let mut application = application(
            classes,
            vec![vec![cpu.clone(), Step { repeat: 3, ..publish() }], vec![work(0.1), cpu, super::calls::call(2)], vec![work(0.1)]],
        );
        application.queues = vec![queue(vec![1], Nanos::from_seconds(visibility).0, receives)];
        let application = batched(application, size, Nanos::from_seconds(window).0);
        let deployment = bound(deployment, of_queue);
        let requests = poisson(&application, rate, 20.0, u64::from(seed));
        let run = Run { warmup: SECOND, first_rate: rate, ..Run::of(25.0) };
        let one = play(&deployment, &application, &requests, run);
        let other = play(&deployment, &application, &requests, Run { batch: 7, shortcut: false, ..run });
        prop_assert!(bits(&one) == bits(&other));
        // Everything is done where it has time enough.
        let patient = batched(application, size, Nanos::from_seconds(window).0);
        let all = play(&bound(faas(), deployment.bindings.queues[0].clone()), &Application {
            queues: vec![crate::application::queue::Queue { visibility_timeout: Nanos(1_000_000 * SECOND), ..patient.queues[0].clone() }],
            ..patient
        }, &requests, Run::of(10_000.0));
        prop_assert_eq!(all.queues[0].delivered(), 3 * requests.len() as u64);
    }

    #[test]
    fn messages_that_nothing_holds_up_are_alone_however_large_a_batch_may_be(
        size in 2_u32..9, rate in 0.5_f64..20.0, seed in any::<u32>(),
    ) {
        let work = |mean| Step::new(Verb::Io(Demand::Own(exponential(mean))));
        let mut jobs = application(one_class(), vec![vec![work(0.1), publish()], vec![work(0.3)]]);
        jobs.queues = vec![queue(vec![1], SECOND, 3)];
        let requests = poisson(&jobs, rate, 20.0, u64::from(seed));
        let alone = play(&faas(), &jobs, &requests, Run::of(40.0));
        let many = play(&faas(), &batched(jobs.clone(), size, 0), &requests, Run::of(40.0));
        prop_assert!(bits(&alone) == bits(&many));
        // One message needs no window.
        prop_assert!(bits(&alone) == bits(&play(&faas(), &batched(jobs, 1, SECOND), &requests, Run::of(40.0))));
    }
}
