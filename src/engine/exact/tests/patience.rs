//! Who asks a store and does not wait for ever: worked out by hand.

use super::calls::busy;
use super::stores::{bound, counts, processor, query, reading, retry};
use super::{Run, SECOND, constant, faas, fixed, play, requests_at};
use crate::application::program::Body;
use crate::application::retry::{On, Retry};
use crate::application::step::{Access, Step, Verb};
use crate::application::{Application, Class};
use crate::kernel::distribution::Distribution;
use crate::metering::measurement::Measurement;
use crate::metering::usage::{Dimension, Meter};
use crate::platform::Deployment;
use crate::platform::store::connections::Connections;
use crate::platform::store::{BoundStore, StoreMeter};
use crate::units::Nanos;

/// A step that gives up on the store after so many seconds.
pub(super) fn impatient(step: Step, seconds: f64) -> Step {
    match step.verb {
        Verb::Query { store, access, mut site } => {
            site.timeout = Some(Nanos::from_seconds(seconds));
            Step { verb: Verb::Query { store, access, site }, ..step }
        }
        _ => step,
    }
}

/// A service that reads once, waits for so many seconds for it, and does nothing else.
fn waiting(latency: Distribution, patience: f64, again: Retry) -> Application {
    let mut application = reading(latency, again.clone());
    application.services[0].body = Body::new(vec![impatient(query(Access::Read, again), patience)]).unwrap();
    application
}

fn played(deployment: &Deployment, application: &Application, requests: usize) -> Measurement {
    play(deployment, application, &requests_at(application, &vec![0; requests]), Run::of(9.0))
}

#[test]
fn what_the_store_has_begun_goes_on_and_is_billed() {
    let mut store = processor(1.0, 1.0);
    store.meter = StoreMeter { accesses: true, ..StoreMeter::default() };
    let application = waiting(constant(1.0), 0.3, Retry::default());
    let measured = played(&bound(faas(), store), &application, 2);
    // Both share the CPU, and are done after two seconds.
    assert_eq!(counts(&measured), [0, 2, 2, 2, 0]);
    assert_eq!(measured.stores[0].latency.sum(), u128::from(2 * 2 * SECOND));
    assert_eq!(measured.stores[0].cpu_used, 1_000_000 * u128::from(2 * SECOND));
    assert_eq!(busy(&measured), u128::from(2 * 3 * SECOND / 10));
    let reads = Meter { service: String::new(), dimension: Dimension::StoreReads, variant: String::new() };
    assert_eq!(measured.usage.total(&reads), 2);
}

#[test]
fn every_attempt_has_a_patience_of_its_own() {
    let of = |again: Retry| {
        let application = waiting(constant(1.0), 0.3, again);
        let measured = played(&bound(faas(), BoundStore::default()), &application, 1);
        (counts(&measured), busy(&measured) * 10 / u128::from(SECOND))
    };
    // 0.3 s, a wait of 0.1 s, and 0.3 s again; the store answers both, to nobody.
    assert_eq!(of(retry(2, 0.1)), ([0, 1, 2, 2, 0], 7));
    // Who asks again after refusals alone does not.
    let on = On { timeout: false, rejected: true, failed: true };
    assert_eq!(of(Retry { on, ..retry(2, 0.1) }), ([0, 1, 1, 1, 0], 3));
}

#[test]
fn an_answer_at_the_last_instant_is_one() {
    let application = waiting(constant(0.3), 0.3, Retry::default());
    assert_eq!(counts(&played(&bound(faas(), BoundStore::default()), &application, 1)), [1, 0, 1, 1, 0]);
    assert_eq!(counts(&played(&bound(faas(), processor(1.0, 1.0)), &application, 1)), [1, 0, 1, 1, 0]);
}

#[test]
fn what_waits_for_a_connection_is_not_asked() {
    let mut deployment = fixed(1);
    deployment.fleet.slots = None;
    let one = Connections { max: 1, pool: Some(1) };
    let deployment = bound(deployment, BoundStore { connections: Some(one), ..BoundStore::default() });
    // The first is answered at 1 s, and the second has waited for its connection until then: it is done at 2 s.
    let of = |patience| {
        let measured = played(&deployment, &waiting(constant(1.0), patience, Retry::default()), 2);
        (counts(&measured), measured.stores[0].dropped)
    };
    assert_eq!(of(2.0), ([2, 0, 2, 2, 0], 0));
    // It gives up when it is being asked: the store answers it all the same.
    assert_eq!(of(1.5), ([1, 1, 2, 2, 0], 0));
    assert_eq!(of(0.5), ([0, 2, 2, 1, 0], 1));
}

/// The attempt is ended by the platform before its query is given up, and makes no other.
#[test]
fn who_has_gone_gives_up_nothing() {
    let mut deployment = bound(faas(), BoundStore::default());
    deployment.fleet.timeout = Some(Nanos(SECOND / 10));
    let mut application = waiting(constant(1.0), 0.3, retry(3, 0.1));
    application.classes = vec![Class { retry: Retry::default(), ..application.classes[0].clone() }];
    let measured = played(&deployment, &application, 1);
    assert_eq!(measured.classes[0].timed_out, 1);
    assert_eq!((measured.stores[0].asked, measured.stores[0].answered), (1, 1));
}
