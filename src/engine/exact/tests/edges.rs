//! What the edge holds back.

use super::{Run, SECOND, application, class, constant, faas, play, requests_at};
use crate::application::Class;
use crate::application::retry::{Jitter, Retry};
use crate::metering::measurement::Measurement;
use crate::metering::usage::{Dimension, Meter};
use crate::platform::Deployment;
use crate::platform::edge::{CapacityUnits, Edge, EdgeMeter, Throttle};
use crate::units::Nanos;

/// As Amazon API Gateway has it: 10 000 per second, 5 000 at once.
fn gateway() -> Deployment {
    let meter = EdgeMeter { request_unit_bytes: Some(512 << 10), hours: 0, addresses: 0, capacity: None, bytes: false };
    let throttle = Some(Throttle { rate: 10_000.0, burst: 5_000 });
    let mut deployment = faas();
    deployment.edge =
        Some(Edge { id: "gateway".to_owned(), latency: Nanos::ZERO, timeout: None, throttle, meter, on_nodes: false });
    deployment
}

/// Completed, rejected, lost, and what the edge bills.
fn outcome(measured: &Measurement) -> [u64; 4] {
    let class = &measured.classes[0];
    let meter = Meter { service: String::new(), dimension: Dimension::EdgeRequests, variant: "gateway".to_owned() };
    let billed = measured.usage.total(&meter);
    [class.completed(), class.rejected, class.lost, u64::try_from(billed).unwrap()]
}

fn of(retry: Retry, instants: &[u64]) -> [u64; 4] {
    let application = application(vec![Class { retry, ..class(constant(0.0), constant(0.01)) }]);
    let requests = requests_at(&application, instants);
    let measured = play(&gateway(), &application, &requests, Run::of(20.0));
    let throttled = measured.limits.iter().find(|limit| limit.limit == "edge.throttle").map_or(0, |limit| limit.shed);
    assert_eq!(throttled, measured.classes[0].rejected);
    outcome(&measured)
}

/// The provider's own examples (Throttling requests to your HTTP API,
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html>): 10 000 requests evenly in a
/// second all pass; of 10 000 at once 5 000 do.
#[test]
fn ten_thousand_in_a_second_pass_if_they_come_evenly() {
    let evenly: Vec<u64> = (0..10_000).map(|number| number / 10 * (SECOND / 1_000)).collect();
    assert_eq!(of(Retry::default(), &evenly), [10_000, 0, 0, 10_000]);
    assert_eq!(of(Retry::default(), &vec![0; 10_000]), [5_000, 5_000, 5_000, 5_000]);
}

#[test]
fn a_refused_client_comes_back_and_its_attempts_pass_the_edge_too() {
    let retry = Retry { attempts: Some(2), base: constant(0.25), jitter: Jitter::None, ..Retry::default() };
    // In a quarter of a second 2 500 places are free again.
    assert_eq!(of(retry, &vec![0; 10_000]), [7_500, 5_000 + 2_500, 2_500, 7_500]);
}

#[test]
fn what_the_warm_up_sends_is_not_counted_but_takes_its_places() {
    let application = application(vec![class(constant(0.0), constant(0.01))]);
    let instants = [vec![SECOND - 1; 5_000], vec![SECOND; 100]].concat();
    let requests = requests_at(&application, &instants);
    let measured = play(&gateway(), &application, &requests, Run { warmup: SECOND, ..Run::of(20.0) });
    assert_eq!(outcome(&measured), [0, 100, 100, 0]);
}

/// A load balancer's capacity units follow the attempts that pass it: those that are refused do not, those that come
/// again do.
#[test]
fn capacity_is_of_the_attempts_that_pass() {
    let units = |retry: Retry, throttle: Option<Throttle>, instants: &[u64]| {
        let mut deployment = gateway();
        let edge = deployment.edge.as_mut().unwrap();
        edge.throttle = throttle;
        edge.meter.capacity =
            Some(CapacityUnits { connections_per_second: 1.0, requests_per_connection: 1.0, bytes_per_hour: 1e15 });
        let application = application(vec![Class { retry, ..class(constant(0.0), constant(0.01)) }]);
        let measured = play(&deployment, &application, &requests_at(&application, instants), Run::of(20.0));
        let meter = Meter { service: String::new(), dimension: Dimension::LcuHours, variant: "gateway".to_owned() };
        measured.usage.total(&meter)
    };
    let retry = Retry { attempts: Some(2), base: constant(0.25), jitter: Jitter::None, ..Retry::default() };
    let throttle = Some(Throttle { rate: 10_000.0, burst: 5_000 });
    let passed = units(Retry::default(), None, &[0; 750].repeat(10));
    assert_eq!(units(retry, throttle, &[0; 1_000].repeat(10)), passed);
    assert_eq!(passed, 2_083_333_333, "7500 connections of 3600 an hour");
}

/// A load balancer that bills bytes, and pods of the cluster half of whose bytes cross zones, count both
/// directions of every attempt that passes.
#[test]
fn bytes_that_pass_are_counted_and_those_of_pods_cross_zones() {
    let bytes = |bytes: bool, on_nodes: bool| {
        let mut deployment = gateway();
        let edge = deployment.edge.as_mut().unwrap();
        (edge.meter.bytes, edge.on_nodes) = (bytes, on_nodes);
        deployment.hop.cross_zone = 0.5;
        let size = |bytes: f64| crate::kernel::distribution::Distribution::constant(bytes);
        let plain = class(constant(0.0), constant(0.01));
        let sized = Class { request_bytes: size(1_000.0), response_bytes: size(3_000.0), ..plain };
        let application = application(vec![sized]);
        // Of 5 001 at once one is refused.
        let measured = play(&deployment, &application, &requests_at(&application, &vec![0; 5_001]), Run::of(20.0));
        [(Dimension::EdgeBytes, "gateway"), (Dimension::InterzoneBytes, "")].map(|(dimension, variant)| {
            measured.usage.total(&Meter { service: String::new(), dimension, variant: variant.to_owned() })
        })
    };
    assert_eq!(bytes(false, false), [0, 0]);
    assert_eq!(bytes(true, false), [5_000 * 4_000, 0]);
    assert_eq!(bytes(false, true), [0, 5_000 * 2_000]);
}
