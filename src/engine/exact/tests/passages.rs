//! Bytes between instances and what queues, workflows and stores are bound to: counted by hand.

use super::calls::{application, call, io, of_services, one_class};
use super::messages::queue;
use super::stores::store;
use super::{Run, SECOND, constant, faas, fixed, play, requests_at};
use crate::application::program::Body;
use crate::application::retry::{Jitter, Retry};
use crate::application::step::{Access, CallSite, Step, Verb};
use crate::application::workflow::Workflow;
use crate::kernel::distribution::Distribution;
use crate::metering::measurement::Measurement;
use crate::metering::usage::{Dimension, Meter};
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::passage::{ENDPOINT, Leaves, Nat, Passage};
use crate::platform::queue::{BoundQueue, Polling};
use crate::platform::store::BoundStore;
use crate::platform::store::throughput::{self, Provisioned, Throughput};
use crate::platform::workflow::BoundWorkflow;
use crate::units::Nanos;

/// Half of what passes crosses zones.
fn passage(leaves: Leaves) -> Passage {
    Passage { cross_zone: 0.5, leaves }
}

fn sized(bytes: f64, retry: Retry) -> CallSite {
    CallSite { size: Distribution::constant(bytes), timeout: None, retry }
}

fn total(measured: &Measurement, dimension: Dimension, variant: &str) -> u128 {
    measured.usage.total(&Meter { service: String::new(), dimension, variant: variant.to_owned() })
}

/// Bytes that crossed zones, passed a gateway, and passed an endpoint.
fn bytes(measured: &Measurement) -> [u128; 3] {
    [(Dimension::InterzoneBytes, ""), (Dimension::NatBytes, ""), (Dimension::NatBytes, ENDPOINT)]
        .map(|(dimension, variant)| total(measured, dimension, variant))
}

#[test]
fn queries_that_are_served_carry_what_they_ask_for() {
    let retry = Retry { attempts: Some(2), base: constant(1.0), factor: 1.0, jitter: Jitter::None, ..Retry::default() };
    let read = Step::new(Verb::Query { store: 0, access: Access::Read, site: sized(3000.0, retry) });
    let mut reading = application(one_class(), vec![vec![read], vec![io(0.1)]]);
    reading.stores = vec![store(constant(0.01))];
    let law = throughput::Law::Provisioned(Provisioned { units: 1, burst: Nanos(SECOND), scaling: None });
    let of = |leaves| {
        let mut deployment = faas();
        deployment.nat = Some(Nat { zones: 3, endpoints: 2 });
        deployment.bindings.stores = vec![BoundStore {
            throughput: Some(Throughput { read: law.clone(), write: law.clone() }),
            passage: passage(leaves),
            ..BoundStore::default()
        }];
        // One at a time: the second is refused at first, and carries nothing then.
        play(&deployment, &reading, &requests_at(&reading, &[0, 0]), Run::of(4000.0))
    };
    let measured = of(Leaves::Free);
    assert_eq!((measured.stores[0].asked, bytes(&measured)), (3, [3000, 0, 0]));
    assert_eq!(bytes(&of(Leaves::ByNat)), [3000, 6000, 0]);
    assert_eq!(bytes(&of(Leaves::ByEndpoint)), [3000, 0, 6000]);
    // An hour that is begun is a whole one, of each gateway and of each endpoint in each zone.
    let hours = |variant| total(&measured, Dimension::NatHours, variant) / u128::from(Nanos::HOUR.0);
    assert_eq!([hours(""), hours(ENDPOINT)], [2 * 3, 2 * 3 * 2]);
}

#[test]
fn messages_are_carried_when_they_are_sent_and_whenever_they_are_taken() {
    let publish = Step::new(Verb::Publish { queue: 0, size: Distribution::constant(1000.0) });
    let mut jobs = application(one_class(), vec![vec![publish], vec![io(2.0)]]);
    // Hidden for too short a time: it is taken twice.
    jobs.queues = vec![queue(vec![1], SECOND, 2)];
    let of = |deployment: Deployment, polling: bool| {
        let mut deployment = deployment;
        let polling = polling.then_some(Polling { wait: Nanos(20 * SECOND), messages: 10 });
        let queue = BoundQueue { polling, passage: passage(Leaves::ByNat), ..BoundQueue::default() };
        deployment.bindings.queues = vec![queue];
        bytes(&play(&deployment, &jobs, &requests_at(&jobs, &[0]), Run::of(100.0)))
    };
    let workers = || of_services(fixed(1), [1, 2].map(|replicas| Law::Fixed { replicas }).to_vec());
    // Workers fetch their messages by the gateway; what is pushed to them, or polled for functions, does not pass it.
    assert_eq!(of(workers(), true), [1500, 3000, 0]);
    assert_eq!(of(workers(), false), [1500, 1000, 0]);
    assert_eq!(of(faas(), true), [1500, 1000, 0]);
}

#[test]
fn runs_are_started_from_instances_and_call_from_nowhere() {
    let start = |awaited| Step::new(Verb::Start { workflow: 0, awaited, site: sized(400.0, Retry::default()) });
    let again = Retry { attempts: Some(3), base: constant(0.0), ..Retry::default() };
    let failing = Step::new(Verb::Start { workflow: 1, awaited: true, site: sized(50.0, again) });
    let mut flows =
        application(one_class(), vec![vec![start(true), start(false), failing], vec![io(0.1)], vec![io(0.1)]]);
    let workflow = |steps: Vec<Step>| Workflow { name: "w".to_owned(), body: Body::new(steps).unwrap() };
    flows.workflows = vec![workflow(vec![call(1)]), workflow(vec![call(2)])];
    let mut deployment = of_services(faas(), vec![faas().autoscaler.law; 3]);
    let last = deployment.services.last_mut().unwrap();
    (last.autoscaler.law, last.fleet.queue) = (Law::Fixed { replicas: 0 }, Some(0));
    let bound = |leaves| BoundWorkflow { passage: passage(leaves), ..BoundWorkflow::default() };
    deployment.bindings.workflows = vec![bound(Leaves::ByNat), bound(Leaves::ByEndpoint)];
    deployment.hop.cross_zone = 0.5;
    let measured = play(&deployment, &flows, &requests_at(&flows, &[0]), Run::of(100.0));
    // The last one is refused three times.
    assert_eq!(bytes(&measured), [400 + 75, 800, 150]);
}
