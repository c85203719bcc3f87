//! What lies between services, and what runs beside them on nodes.

use super::calls::{application, busy, call, io, of_services, one_class};
use super::timelines::nodes;
use super::{Run, SECOND, class, constant, faas, fixed, play, play_with_faults, requests_at};
use crate::application::fault::{Fault, Kind, Target};
use crate::application::retry::Retry;
use crate::application::step::{CallSite, Step, Verb};
use crate::metering::measurement::Measurement;
use crate::metering::usage::{Dimension, Meter};
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::hop::{Hop, SystemPod};
use crate::platform::meter::Per;
use crate::platform::placement::Placement;
use crate::units::{Bytes, Nanos};

fn far(deployment: Deployment) -> Deployment {
    let hop = Hop { latency: Nanos(SECOND / 10), ..Hop::default() };
    Deployment { hop, ..deployment }
}

fn cpu_used(measured: &Measurement) -> u128 {
    measured.slices.iter().map(|slice| slice.cpu_used).sum()
}

#[test]
fn each_call_takes_its_time_on_the_way_and_the_caller_is_paid_for_it() {
    let chain = application(one_class(), vec![vec![io(0.5), call(1)], vec![call(2), io(0.5)], vec![io(1.0)]]);
    let measured = play(&far(faas()), &chain, &requests_at(&chain, &[0]), Run::of(100.0));
    let tenth = u128::from(SECOND / 10);
    assert_eq!(measured.classes[0].latency.sum(), 22 * tenth);
    // 2.2 s, of which the second has 1.6 s without the way to it, and the third 1 s.
    assert_eq!(busy(&measured), (22 + 16 + 10) * tenth);
}

#[test]
fn a_time_limit_holds_for_the_way_and_each_attempt_goes_it() {
    let retry = Retry { attempts: Some(3), base: constant(0.0), ..Retry::default() };
    let site =
        |limit: f64| CallSite { size: constant(0.0), timeout: Some(Nanos::from_seconds(limit)), retry: retry.clone() };
    let call_within = |limit| Step::new(Verb::Call { service: 1, site: site(limit) });
    for (limit, attempts) in [(1.05, 3), (1.15, 1)] {
        let pair = application(one_class(), vec![vec![call_within(limit)], vec![io(1.0)]]);
        let measured = play(&far(faas()), &pair, &requests_at(&pair, &[0]), Run::of(100.0));
        assert_eq!(measured.services[1].attempts.offered, attempts, "{limit}");
        assert_eq!(measured.classes[0].failed, u64::from(attempts == 3));
    }
    let pair = application(one_class(), vec![vec![call_within(1.05)], vec![io(1.0)]]);
    let measured = play(&far(faas()), &pair, &requests_at(&pair, &[0]), Run::of(100.0));
    // Each is given up 1.05 s after it set out.
    let caller = u128::from(SECOND) * 315 / 100;
    assert_eq!(busy(&measured), caller + 3 * u128::from(SECOND));
}

#[test]
fn proxies_need_cpu_before_the_work() {
    // A thousandth of a second each: one before the entry, two before what is called.
    let of = |deployment: Deployment| Deployment {
        hop: Hop { proxy_cpu: Nanos(SECOND / 1000), ..Hop::default() },
        ..deployment
    };
    let mut pods = fixed(2);
    pods.fleet.slots = Some(10);
    let pair = application(one_class(), vec![vec![call(1), call(1)], vec![io(1.0)]]);
    let plain = super::application(vec![class(constant(0.1), constant(0.2))]);
    for deployment in [of(faas()), of(pods)] {
        let measured = play(&deployment, &pair, &requests_at(&pair, &[0]), Run::of(100.0));
        assert_eq!(cpu_used(&measured), u128::from(5 * SECOND / 1000) * 1_000_000);
        assert_eq!(measured.classes[0].latency.sum(), u128::from(2 * SECOND + 5 * SECOND / 1000));
        let measured = play(&deployment, &plain, &requests_at(&plain, &[0]), Run::of(100.0));
        assert_eq!(measured.classes[0].latency.sum(), u128::from(301 * SECOND / 1000));
        assert_eq!(cpu_used(&measured), u128::from(101 * SECOND / 1000) * 1_000_000);
    }
}

#[test]
fn a_share_of_what_calls_carry_crosses_zones() {
    let size = crate::kernel::distribution::Distribution::constant(3000.0);
    let site = CallSite { size, timeout: None, retry: Retry::default() };
    let twice = Step { repeat: 2, ..Step::new(Verb::Call { service: 1, site }) };
    let pair = application(one_class(), vec![vec![twice], vec![io(0.1)]]);
    let requests = requests_at(&pair, &[SECOND, 2 * SECOND, 3 * SECOND]);
    let hop = Hop { cross_zone: 2.0 / 3.0, ..Hop::default() };
    let deployment = Deployment { hop, ..faas() };
    let measured = play(&deployment, &pair, &requests, Run { warmup: 3 * SECOND / 2, ..Run::of(10.0) });
    let meter = Meter { service: String::new(), dimension: Dimension::InterzoneBytes, variant: String::new() };
    assert_eq!(measured.usage.total(&meter), 2 * 2 * 2000);
    let near = play(&faas(), &pair, &requests, Run::of(10.0));
    assert_eq!(near.usage.total(&meter), 0);
    // Each attempt carries it anew.
    let mut refusing = of_services(deployment, vec![faas().autoscaler.law, Law::Fixed { replicas: 0 }]);
    refusing.services[1].fleet.queue = Some(0);
    let retry = Retry { attempts: Some(3), base: constant(0.0), ..Retry::default() };
    let size = crate::kernel::distribution::Distribution::constant(3000.0);
    let once = Step::new(Verb::Call { service: 1, site: CallSite { size, timeout: None, retry } });
    let in_vain = application(one_class(), vec![vec![once], vec![io(0.1)]]);
    let refused = play(&refusing, &in_vain, &requests_at(&in_vain, &[SECOND]), Run::of(10.0));
    assert_eq!(refused.usage.total(&meter), 3 * 2000);
}

#[test]
fn what_runs_beside_the_services_has_room_first_and_its_node_stays() {
    let plain = super::application(vec![class(constant(0.0), constant(0.1))]);
    let on_nodes = |milli_vcpu| {
        let mut deployment = fixed(0);
        deployment.autoscaler.law = Law::Fixed { replicas: 1 };
        deployment.instance.vcpu = 1.0;
        deployment.placement = nodes(2.0, 1, 4, Some(60.0));
        deployment.meter.per = Per::Node;
        let Placement::Nodes(spec) = &mut deployment.placement else { unreachable!() };
        spec.system = vec![SystemPod { name: "a/b".to_owned(), milli_vcpu, memory: Bytes(0) }];
        play(&deployment, &plain, &requests_at(&plain, &[0]), Run::of(4000.0))
    };
    // Beside half a vCPU there is room for the pod; beside one and a half it needs a second node.
    assert_eq!([on_nodes(500), on_nodes(1500)].map(|measured| measured.nodes_peak), [1, 2]);
    // All the time, in millionths of a vCPU.
    let requested = |measured: &Measurement| measured.slices.iter().map(|slice| slice.node_cpu_requested).sum::<u128>();
    let mean = |milli_vcpu| requested(&on_nodes(milli_vcpu)) / u128::from(4000 * SECOND);
    assert_eq!([mean(500), mean(1500)], [1_500_000, 2_500_000]);
}

#[test]
fn what_has_no_room_on_nodes_that_cannot_grow_is_told() {
    let plain = super::application(vec![class(constant(0.0), constant(0.1))]);
    let limits = |system: &[u64]| {
        let mut deployment = fixed(1);
        deployment.instance.vcpu = 0.2;
        deployment.placement = nodes(2.0, 1, 1, None);
        let Placement::Nodes(spec) = &mut deployment.placement else { unreachable!() };
        let pod = |&milli_vcpu| SystemPod { name: "a/b".to_owned(), milli_vcpu, memory: Bytes(0) };
        spec.system = system.iter().map(pod).collect();
        let measured = play(&deployment, &plain, &requests_at(&plain, &[0]), Run::of(100.0));
        measured.limits.iter().map(|limit| (limit.limit.clone(), limit.reached)).collect::<Vec<_>>()
    };
    assert_eq!(limits(&[1500]), []);
    assert_eq!(limits(&[1500, 1500]), [("placement.nodes.max".to_owned(), Some(u128::from(100 * SECOND)))]);
}

#[test]
fn what_runs_beside_the_services_moves_when_its_node_is_lost() {
    let plain = super::application(vec![class(constant(0.0), constant(0.1))]);
    let mut deployment = fixed(1);
    deployment.instance.vcpu = 1.0;
    deployment.placement = nodes(2.0, 1, 4, Some(60.0));
    let Placement::Nodes(spec) = &mut deployment.placement else { unreachable!() };
    spec.system = vec![SystemPod { name: "a/b".to_owned(), milli_vcpu: 1500, memory: Bytes(0) }];
    let lost = all_reclaimed(1000);
    let requests = requests_at(&plain, &[0]);
    let measured = play_with_faults(&deployment, &plain, &requests, (&[], &[lost]), Run::of(4000.0));
    // All the time but the minute in which other nodes boot: both are back on them.
    let requested = measured.slices.iter().map(|slice| slice.node_cpu_requested).sum::<u128>();
    assert_eq!(requested / u128::from(SECOND), 2_500_000 * 3940);
}

#[test]
fn who_is_lost_waits_for_nobody_any_more() {
    let pair = application(one_class(), vec![vec![call(1)], vec![io(10.0)]]);
    let requests = requests_at(&pair, &[SECOND]);
    let measured = play_with_faults(&faas(), &pair, &requests, (&[], &[all_reclaimed(3)]), Run::of(100.0));
    assert_eq!(measured.services[0].instances.calling, u128::from(2 * SECOND));
    assert_eq!(measured.services[1].attempts.failed, 1);
}

/// Every instance, or every node, is taken back at this second.
fn all_reclaimed(second: u64) -> Fault {
    let at = vec![Nanos(second * SECOND)];
    Fault { name: "f".to_owned(), kind: Kind::Reclaim { share: 1.0 }, target: Target::All, at, lasting: Nanos(0) }
}
