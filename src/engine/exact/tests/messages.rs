//! Messages through queues: by hand, and what must hold in every run.

use proptest::prelude::*;

use super::calls::{application, busy, io, of_services, one_class};
use super::invariants::{bits, controlled, one_slot};
use super::{Run, SECOND, class, constant, exponential, faas, fixed, play, poisson, requests_at};
use crate::application::Application;
use crate::application::expansion::expand;
use crate::application::queue::{Batch, Kind, Queue};
use crate::application::step::{Demand, Step, Verb};
use crate::platform::autoscaler::Law;
use crate::units::Nanos;

pub(super) fn publish() -> Step {
    Step::new(Verb::Publish { queue: 0, size: constant(0.0) })
}

pub(super) fn queue(consumers: Vec<u16>, visibility: u64, max_receives: u32) -> Queue {
    Queue {
        name: "jobs".to_owned(),
        kind: if consumers.len() == 1 { Kind::Queue } else { Kind::Topic },
        consumers,
        batch: Batch { size: 1, window: Nanos::ZERO },
        visibility_timeout: Nanos(visibility),
        max_receives,
    }
}

/// A service that works for half a second and publishes, and consumers with these steps.
pub(super) fn published(consumers: Vec<Vec<Step>>, visibility: u64, max_receives: u32) -> Application {
    let numbers = (1..).take(consumers.len()).collect();
    let bodies = [vec![vec![io(0.5), publish()]], consumers].concat();
    let mut application = application(one_class(), bodies);
    application.queues = vec![queue(numbers, visibility, max_receives)];
    application
}

#[test]
fn nobody_waits_for_who_takes_a_message_and_every_consumer_of_a_topic_gets_it() {
    let topic = published(vec![vec![io(2.0)], vec![io(3.0)]], 30 * SECOND, 5);
    let measured = play(&faas(), &topic, &requests_at(&topic, &[0, 0]), Run::of(100.0));
    assert_eq!(measured.classes[0].latency.sum(), u128::from(SECOND));
    let queue = &measured.queues[0];
    assert_eq!((queue.published, queue.delivered(), queue.waiting), (4, 4, 0));
    assert_eq!(queue.latency.sum(), u128::from(2 * (2 + 3) * SECOND));
    assert_eq!(busy(&measured), u128::from((1 + 2 * (2 + 3)) * SECOND));
}

#[test]
fn messages_wait_for_workers_however_short_their_queue() {
    let jobs = published(vec![vec![io(10.0)]], 15 * SECOND, 5);
    let mut deployment = of_services(fixed(1), [9, 1].map(|replicas| Law::Fixed { replicas }).to_vec());
    deployment.services[1].fleet.queue = Some(0);
    deployment.services[1].fleet.queue_timeout = Some(Nanos(SECOND));
    let measured = play(&deployment, &jobs, &requests_at(&jobs, &[0, 0, 0]), Run::of(100.0));
    // One after the other, and hidden only from when each was taken: none is delivered twice.
    let queue = &measured.queues[0];
    assert_eq!((queue.delivered(), queue.redelivered), (3, 0));
    assert_eq!(queue.latency.sum(), u128::from((10 + 20 + 30) * SECOND));
}

#[test]
fn a_message_whose_consumer_takes_too_long_is_delivered_again_and_then_dead() {
    let jobs = published(vec![vec![io(10.0)]], 4 * SECOND, 3);
    let measured = play(&faas(), &jobs, &requests_at(&jobs, &[0]), Run::of(100.0));
    let queue = &measured.queues[0];
    assert_eq!((queue.published, queue.delivered(), queue.redelivered, queue.dead_lettered), (1, 0, 2, 1));
    // Each delivery is worked on to its end.
    assert_eq!(busy(&measured), u128::from(SECOND / 2 + 3 * 10 * SECOND));
    assert_eq!((measured.services[1].attempts.offered, measured.services[1].attempts.timed_out), (3, 3));
}

#[test]
fn a_message_that_is_refused_comes_back_after_its_visibility_timeout() {
    // Functions with no room for a second: it is offered again 4 s after it was refused.
    let jobs = published(vec![vec![io(3.0)]], 4 * SECOND, 5);
    let mut deployment = of_services(faas(), vec![faas().autoscaler.law, faas().autoscaler.law]);
    deployment.services[1].fleet.queue = Some(0);
    deployment.services[1].autoscaler.max = Some(1);
    let measured = play(&deployment, &jobs, &requests_at(&jobs, &[0, 0]), Run::of(100.0));
    let queue = &measured.queues[0];
    assert_eq!((queue.delivered(), queue.redelivered, queue.dead_lettered), (2, 1, 0));
    assert_eq!(queue.latency.sum(), u128::from((3 + 4 + 3) * SECOND));
}

#[test]
fn a_message_whose_consumer_is_ended_comes_back_when_it_is_no_longer_hidden() {
    let jobs = published(vec![vec![io(10.0)]], 30 * SECOND, 2);
    let mut deployment = of_services(faas(), vec![faas().autoscaler.law, faas().autoscaler.law]);
    deployment.services[1].fleet.timeout = Some(Nanos(3 * SECOND));
    let measured = play(&deployment, &jobs, &requests_at(&jobs, &[0]), Run::of(33.0));
    // Published at 0.5 s, ended at 3.5 s, visible again at 30.5 s: at the horizon it is at work once more.
    let queue = &measured.queues[0];
    assert_eq!((queue.redelivered, queue.dead_lettered, queue.waiting), (1, 0, 1));
    assert_eq!(busy(&measured), u128::from(SECOND / 2 + (3 + 2) * SECOND + SECOND / 2));
}

proptest! {
    #[test]
    fn with_nothing_in_its_way_all_is_done_that_was_set_going(
        p in 0.0_f64..1.0, repeat in 1_u16..4, again in 0.0_f64..0.8, seed in any::<u32>(),
    ) {
        let work = |mean| Step::new(Verb::Io(Demand::Own(exponential(mean))));
        let first = vec![work(0.1), Step { p, repeat, ..publish() }];
        // A consumer that publishes to its own queue again.
        let consumer = vec![work(0.2), Step { p: again, ..publish() }];
        let mut application = application(one_class(), vec![first, consumer]);
        application.queues = vec![queue(vec![1], 1_000_000 * SECOND, 5)];
        let requests = poisson(&application, 5.0, 20.0, u64::from(seed));
        let visits: Vec<_> = requests.iter().map(|request| expand(&application, 0, request.key)).collect();
        let measured = play(&faas(), &application, &requests, Run::of(100_000.0));
        prop_assert!(busy(&measured) == visits.iter().map(|visit| u128::from(visit.billed())).sum::<u128>());
        let part = crate::application::graph::Part::Queue(0);
        let sent = visits.iter().map(|visit| visit.of(part).0 as u64).sum::<u64>();
        prop_assert_eq!((measured.queues[0].published, measured.queues[0].delivered()), (sent, sent));
    }

    #[test]
    fn every_message_is_delivered_dead_or_waiting(
        deployment in prop_oneof![one_slot().boxed(), controlled().boxed()], rate in 0.5_f64..10.0, seed in any::<u32>(),
        visibility in 0.05_f64..2.0, receives in 1_u32..4,
    ) {
        let work = |mean| Step::new(Verb::Io(Demand::Own(exponential(mean))));
        let classes = vec![class(exponential(0.02), constant(0.05))];
        let cpu = Step::new(Verb::Cpu(Demand::Class));
        let mut application = application(
            classes,
            vec![vec![cpu.clone(), Step { repeat: 2, ..publish() }], vec![work(0.1), cpu, super::calls::call(2)], vec![work(0.1)]],
        );
        application.queues = vec![queue(vec![1], Nanos::from_seconds(visibility).0, receives)];
        let requests = poisson(&application, rate, 20.0, u64::from(seed));
        let run = Run { warmup: SECOND, first_rate: rate, ..Run::of(25.0) };
        let one = play(&deployment, &application, &requests, run);
        let other = play(&deployment, &application, &requests, Run { batch: 7, shortcut: false, ..run });
        prop_assert!(bits(&one) == bits(&other));
    }
}
