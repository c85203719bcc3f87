//! Attempts whose work ends in an error, worked out by hand.

use super::{Run, SECOND, application, class, constant, faas, fixed, play, requests_at, with_core};
use crate::application::Class;
use crate::application::retry::{Jitter, On, Retry};
use crate::engine::Platform;
use crate::metering::measurement::Measurement;
use crate::metering::usage::Dimension;
use crate::platform::Deployment;
use crate::units::Nanos;

fn retry(failed: bool) -> Retry {
    let on = On { timeout: false, rejected: false, failed };
    Retry { attempts: Some(2), on, base: constant(0.5), jitter: Jitter::None, ..Retry::default() }
}

/// Two requests at the first instant, each with a second of CPU time and one of waiting, whose client has this timeout;
/// what is at work after `at` seconds fails.
fn played(deployment: &Deployment, on_failed: bool, timeout: Option<f64>, at: f64) -> Measurement {
    let timeout = timeout.map(Nanos::from_seconds);
    let what = Class { retry: retry(on_failed), timeout, ..class(constant(1.0), constant(1.0)) };
    let application = application(vec![what]);
    let requests = requests_at(&application, &[0, 0]);
    let mut deployment = deployment.clone();
    deployment.meter.counts = vec![Dimension::GibSeconds];
    with_core(&deployment, &application, (&[], &[]), Run { shortcut: false, ..Run::of(20.0) }, |core| {
        core.serve(&requests, Nanos::from_seconds(at).0);
        let running: Vec<u32> =
            core.records.numbered().filter(|(_, record)| record.is_running()).map(|(slot, _)| slot).collect();
        for slot in running {
            core.fail(slot);
        }
    })
}

/// Attempts, completed, failed, lost, seconds of busy instances, milliseconds billed.
fn counts(measured: &Measurement) -> (u64, u64, u64, u64, f64, u128) {
    let class = &measured.classes[0];
    let busy: u128 = measured.slices.iter().map(|slice| slice.busy).sum();
    let billed = measured.usage.counts.iter().filter(|(meter, _)| meter.dimension == Dimension::GibSeconds);
    let billed: u128 = billed.flat_map(|(_, counts)| counts).sum();
    (class.offered, class.completed(), class.failed, class.lost, busy as f64 / 1e9, billed / 512 / 1_000_000)
}

#[test]
fn what_fails_is_lost_and_its_work_is_paid_for() {
    for at in [0.5, 1.5] {
        assert_eq!(counts(&played(&faas(), false, None, at)), (2, 0, 2, 2, 2.0 * at, (2000.0 * at) as u128));
    }
}

#[test]
fn what_fails_sets_its_place_free_on_every_fleet() {
    let mut shared = fixed(1);
    shared.fleet.slots = Some(1);
    shared.fleet.routing = crate::platform::fleet::Routing::Random;
    for slots in [Some(1), None] {
        shared.fleet.slots = slots;
        let measured = played(&shared, false, None, 0.5);
        // One slot: the first fails, and the second has begun and ends two seconds later.
        let expected = if slots.is_some() { (1, 1, 1, 2.5) } else { (0, 2, 2, 0.5) };
        let (_, completed, failed, lost, busy, _) = counts(&measured);
        assert_eq!((completed, failed, lost, busy), expected);
    }
}

#[test]
fn a_client_tries_again_after_an_error_if_its_policy_says_so() {
    let measured = played(&faas(), true, None, 1.5);
    assert_eq!(counts(&measured), (4, 2, 2, 0, 7.0, 7000));
    assert_eq!(measured.classes[0].latency.max(), Some(4 * SECOND), "1.5 s in vain, 0.5 s of back-off, 2 s");
}

#[test]
fn an_error_after_its_client_has_gone_is_wasted_work() {
    let measured = played(&faas(), true, Some(1.0), 1.5);
    assert_eq!((measured.classes[0].timed_out, measured.classes[0].failed), (2, 0));
    assert_eq!((measured.wasted, measured.abandoned_running), (2, 0));
}

#[test]
fn what_is_in_flight_at_the_horizon_is_billed_up_to_it() {
    let application = application(vec![class(constant(1.0), constant(1.0))]);
    let mut deployment = faas();
    deployment.meter.counts = vec![Dimension::Requests, Dimension::GibSeconds];
    for shortcut in [false, true] {
        let run = Run { shortcut, ..Run::of(1.5) };
        let measured = play(&deployment, &application, &requests_at(&application, &[0, SECOND]), run);
        let total = |dimension| {
            let of = measured.usage.counts.keys().find(|meter| meter.dimension == dimension);
            of.map_or(0, |meter| measured.usage.total(meter))
        };
        // A second and a half of the first, and half a second of the other, of 512 MiB each.
        assert_eq!((total(Dimension::Requests), total(Dimension::GibSeconds)), (2, 512 * 2 * u128::from(SECOND)));
    }
}
