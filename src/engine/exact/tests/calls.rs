//! Services that call each other: against the oracle that expands requests, closed forms, and what must hold in every run.

use proptest::prelude::*;

use super::invariants::{bits, controlled, one_slot};
use super::{Run, SECOND, class, constant, exponential, faas, fixed, generic, play, poisson, requests_at};
use crate::application::expansion::expand;
use crate::application::program::Body;
use crate::application::retry::{Budget, Retry};
use crate::application::step::{CallSite, Demand, Step, Verb};
use crate::application::{Application, Class, Service};
use crate::metering::measurement::{ClassMeasure, Measurement};
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::hop::Hop;
use crate::platform::service::ServiceDeployment;
use crate::units::Nanos;

fn site() -> CallSite {
    CallSite { size: constant(0.0), timeout: None, retry: Retry::default() }
}

pub(super) fn call(service: u16) -> Step {
    call_as(service, site())
}

fn call_as(service: u16, site: CallSite) -> Step {
    Step::new(Verb::Call { service, site })
}

pub(super) fn io(seconds: f64) -> Step {
    Step::new(Verb::Io(Demand::Own(constant(seconds))))
}

/// Services with these steps; requests enter the first.
pub(super) fn application(classes: Vec<Class>, bodies: Vec<Vec<Step>>) -> Application {
    let mut application = super::application(classes);
    let model = application.services.remove(0);
    application.services = (0..)
        .zip(bodies)
        .map(|(number, steps)| Service { name: format!("s{number}"), body: Body::new(steps).unwrap(), ..model.clone() })
        .collect();
    application
}

pub(super) fn one_class() -> Vec<Class> {
    vec![class(constant(0.0), constant(0.0))]
}

/// What `of` is for each service is in force there.
pub(super) fn of_services(mut deployment: Deployment, of: Vec<Law>) -> Deployment {
    deployment.services = of
        .into_iter()
        .map(|law| {
            let autoscaler = crate::platform::autoscaler::Autoscaler { law, ..deployment.autoscaler.clone() };
            ServiceDeployment {
                instance: deployment.instance.clone(),
                fleet: deployment.fleet.clone(),
                autoscaler,
                runtime_start: deployment.runtime_start.clone(),
            }
        })
        .collect();
    deployment
}

pub(super) fn busy(measured: &Measurement) -> u128 {
    measured.slices.iter().map(|slice| slice.busy).sum()
}

fn step(depth: u16, services: u16) -> impl Strategy<Value = Step> {
    let own = || (0.0_f64..0.3).prop_map(|seconds| Demand::Own(constant(seconds)));
    let work = prop_oneof![
        Just(Verb::Cpu(Demand::Class)),
        Just(Verb::Io(Demand::Class)),
        own().prop_map(Verb::Cpu),
        own().prop_map(Verb::Io),
    ];
    let callable = depth + 1 < services;
    let calls = move || {
        let service = if callable { depth + 1..services } else { 0..1 };
        service.prop_map(|service| Verb::Call { service, site: site() })
    };
    let child = move || (prop_oneof![3 => calls(), 1 => own().prop_map(Verb::Io)], 0.0_f64..2.0);
    let several = prop::collection::vec(child(), 1..4).prop_map(|children| {
        Verb::Parallel(children.into_iter().map(|(verb, p)| Step { p: p.min(1.0), ..Step::new(verb) }).collect())
    });
    let verb = if callable { prop_oneof![work, calls(), several].boxed() } else { work.boxed() };
    (verb, prop_oneof![2 => Just(1.0), 1 => 0.0_f64..1.0], 1_u16..3).prop_map(|(verb, p, repeat)| Step {
        p,
        repeat,
        ..Step::new(verb)
    })
}

/// Services that call those behind them.
pub(super) fn graph() -> BoxedStrategy<Vec<Vec<Step>>> {
    let services = 4;
    let body = move |depth| prop::collection::vec(step(depth, services).boxed(), 1..4).boxed();
    (body(0), body(1), body(2), body(3)).prop_map(|(a, b, c, d)| vec![a, b, c, d]).boxed()
}

fn classes() -> Vec<Class> {
    vec![class(exponential(0.02), constant(0.05)), class(constant(0.02), exponential(0.05))]
}

proptest! {
    #[test]
    fn with_nothing_in_its_way_a_request_takes_what_its_calls_add_up_to(graph in graph(), seed in any::<u32>()) {
        let application = application(classes(), graph);
        let requests = poisson(&application, 4.0, 10.0, u64::from(seed));
        let visits: Vec<_> =
            requests.iter().map(|request| expand(&application, request.class, request.key)).collect();
        let measured = play(&faas(), &application, &requests, Run::of(10_000.0));
        for (number, class) in (0..).zip(&measured.classes) {
            let of_class = requests.iter().zip(&visits).filter(|(request, _)| request.class == number);
            let durations: u128 = of_class.map(|(_, visit)| u128::from(visit.duration)).sum();
            prop_assert!(class.latency.sum() == durations);
        }
        // Who calls holds an instance while it waits: each of them is paid.
        prop_assert!(busy(&measured) == visits.iter().map(|visit| u128::from(visit.billed())).sum::<u128>());
        let cpu: u128 = visits.iter().map(|visit| u128::from(visit.of_all_cpu()) * 1_000_000).sum();
        prop_assert!(measured.slices.iter().map(|slice| slice.cpu_used).sum::<u128>() == cpu);
        for (number, service) in (0..).zip(&measured.services) {
            let part = crate::application::graph::Part::Service(number);
            let made = visits.iter().map(|visit| visit.of(part).0 as u64).sum::<u64>();
            prop_assert_eq!((service.attempts.offered, service.attempts.completed()), (made, made));
        }
    }

    #[test]
    fn nothing_is_lost_whatever_the_batches(
        graph in graph(), deployment in prop_oneof![one_slot().boxed(), controlled().boxed()], rate in 0.5_f64..20.0, seed in any::<u32>(),
        patience in prop_oneof![Just(None), (0.05_f64..1.0).prop_map(|seconds| Some(Nanos::from_seconds(seconds)))],
        attempts in 1_u32..4, budget in any::<bool>(), hop in (0_u64..3, 0_u64..2),
    ) {
        let (latency, proxy_cpu) = (Nanos(hop.0 * SECOND / 20), Nanos(hop.1 * SECOND / 100));
        let deployment = Deployment { hop: Hop { latency, proxy_cpu, cross_zone: 0.5 }, ..deployment };
        let application = impatient(graph, patience, attempts, budget);
        let requests = poisson(&application, rate, 20.0, u64::from(seed));
        let run = Run { warmup: SECOND, first_rate: rate, ..Run::of(25.0) };
        let one = play(&deployment, &application, &requests, run);
        let other = play(&deployment, &application, &requests, Run { batch: 7, shortcut: false, ..run });
        prop_assert!(bits(&one) == bits(&other));
        let offered: u64 = one.classes.iter().map(ClassMeasure::requests).sum();
        prop_assert_eq!(offered, requests.iter().filter(|request| request.at >= SECOND).count() as u64);
    }
}

proptest! {
    #[test]
    fn nothing_is_stuck_where_everyone_is_served(
        graph in graph(), replicas in prop::option::of(1_u32..4), seed in any::<u32>(), attempts in 1_u32..4,
        patience in prop_oneof![Just(None), (0.05_f64..1.0).prop_map(|seconds| Some(Nanos::from_seconds(seconds)))],
    ) {
        let application = impatient(graph, patience, attempts, false);
        let requests = poisson(&application, 3.0, 10.0, u64::from(seed));
        let measured = play(&replicas.map_or_else(faas, fixed), &application, &requests, Run::of(1_000_000.0));
        let unfinished = |class: &ClassMeasure| class.in_flight + class.backing_off;
        prop_assert_eq!(measured.classes.iter().map(unfinished).sum::<u64>(), 0);
        prop_assert_eq!(measured.services.iter().map(|service| service.attempts.in_flight).sum::<u64>(), 0);
        prop_assert_eq!(measured.abandoned_running, 0);
    }
}

/// Services whose clients and callers have this patience and make so many attempts.
pub(super) fn impatient(graph: Vec<Vec<Step>>, patience: Option<Nanos>, attempts: u32, budget: bool) -> Application {
    let budget = budget.then_some(Budget { share: 0.2, floor: 1.0 });
    let retry = Retry { attempts: Some(attempts), base: constant(0.05), budget, ..Retry::default() };
    let of_service = |steps: Vec<Step>| steps.into_iter().map(|step| with_policy(step, patience, &retry)).collect();
    let bodies = graph.into_iter().map(of_service).collect();
    let classes = classes().into_iter().map(|class| Class { timeout: patience, retry: retry.clone(), ..class });
    application(classes.collect(), bodies)
}

fn with_policy(step: Step, timeout: Option<Nanos>, retry: &Retry) -> Step {
    let verb = match step.verb {
        Verb::Call { service, site } => {
            Verb::Call { service, site: CallSite { timeout, retry: retry.clone(), ..site } }
        }
        Verb::Parallel(children) => {
            Verb::Parallel(children.into_iter().map(|child| with_policy(child, timeout, retry)).collect())
        }
        verb => verb,
    };
    Step { verb, ..step }
}

#[test]
fn a_chain_of_calls_pays_for_everyone_who_waits() {
    let depth = 6_u16;
    let body = |number| if number + 1 < depth { vec![io(0.5), call(number + 1)] } else { vec![io(0.5)] };
    let chain = application(one_class(), (0..depth).map(body).collect());
    let requests = requests_at(&chain, &[0, 100 * SECOND]);
    let measured = play(&faas(), &chain, &requests, Run::of(1_000.0));
    // Each lasts half a second longer than what it calls: 0.5 s (1 + 2 + ... + depth).
    let nested = u128::from(SECOND / 2 * u64::from(depth * (depth + 1) / 2));
    assert_eq!(busy(&measured), 2 * nested);
    assert_eq!(measured.classes[0].latency.sum(), 2 * u128::from(SECOND / 2 * u64::from(depth)));
    // All but its own half second.
    let waited: Vec<u128> = measured.services.iter().map(|service| service.instances.calling).collect();
    let half = u128::from(SECOND / 2);
    assert_eq!(waited, (0..6).map(|number| 2 * half * (5 - number)).collect::<Vec<_>>());
    let last = measured.services.last().unwrap();
    assert_eq!((last.attempts.offered, last.attempts.latency.sum()), (2, u128::from(SECOND)));
}

#[test]
fn what_is_called_at_once_is_waited_for_by_the_longest_and_fails_if_one_fails() {
    let at_once = |services: [u16; 2]| Step::new(Verb::Parallel(services.map(call).to_vec()));
    let bodies = vec![vec![at_once([1, 2]), io(1.0)], vec![io(2.0)], vec![io(3.0)]];
    let fork = application(one_class(), bodies);
    let requests = requests_at(&fork, &[0]);
    let measured = play(&faas(), &fork, &requests, Run::of(100.0));
    assert_eq!(measured.classes[0].latency.sum(), u128::from(4 * SECOND));
    assert_eq!(busy(&measured), u128::from((4 + 2 + 3) * SECOND));
    // Nobody is there to serve the second: the first is waited for all the same.
    let mut none =
        of_services(generic(Law::Fixed { replicas: 1 }), [1, 1, 0].map(|replicas| Law::Fixed { replicas }).to_vec());
    none.services[2].fleet.queue = Some(0);
    let measured = play(&none, &fork, &requests, Run::of(100.0));
    assert_eq!((measured.classes[0].failed, measured.classes[0].lost), (1, 1));
    assert_eq!(busy(&measured), u128::from((2 + 2) * SECOND));
    let limits: Vec<&str> = measured.limits.iter().map(|limit| limit.limit.as_str()).collect();
    assert_eq!(limits, ["service.s2.no ready instance"]);
}

#[test]
fn retries_in_layers_multiply() {
    // Of three layers, each with four attempts, the last refuses everything: 4^3 attempts come to it.
    let attempts = 4;
    let retry = Retry { attempts: Some(attempts), base: constant(0.0), ..Retry::default() };
    let site = CallSite { retry: retry.clone(), ..site() };
    let bodies = vec![vec![call_as(1, site.clone())], vec![call_as(2, site)], vec![io(0.1)]];
    let classes = vec![Class { retry, ..class(constant(0.0), constant(0.0)) }];
    let layers = application(classes, bodies);
    let mut deployment =
        of_services(faas(), vec![faas().autoscaler.law, faas().autoscaler.law, Law::Fixed { replicas: 0 }]);
    deployment.services[2].fleet.queue = Some(0);
    let requests = requests_at(&layers, &[0, SECOND]);
    let measured = play(&deployment, &layers, &requests, Run::of(100.0));
    let offered: Vec<u64> = measured.services.iter().map(|service| service.attempts.offered).collect();
    let made = |layers| 2 * u64::from(attempts).pow(layers);
    assert_eq!(offered, [made(1), made(2), made(3)]);
    assert_eq!((measured.classes[0].failed, measured.classes[0].lost), (made(1), 2));
}

#[test]
fn a_budget_bounds_what_layers_multiply() {
    let budget = Some(Budget { share: 0.1, floor: 0.0 });
    let retry = Retry { attempts: None, base: constant(0.0), budget, ..Retry::default() };
    let bodies = vec![vec![call_as(1, CallSite { retry, ..site() })], vec![io(0.1)]];
    let layers = application(one_class(), bodies);
    let mut deployment = of_services(faas(), vec![faas().autoscaler.law, Law::Fixed { replicas: 0 }]);
    deployment.services[1].fleet.queue = Some(0);
    let instants: Vec<u64> = (0..1000).map(|number| number * SECOND / 100).collect();
    let measured = play(&deployment, &layers, &requests_at(&layers, &instants), Run::of(100.0));
    assert_eq!(measured.services[1].attempts.offered, 1000 + 100);
}

#[test]
fn who_gives_up_on_a_call_fails_and_what_was_called_goes_on() {
    let site = CallSite { timeout: Some(Nanos(SECOND)), ..site() };
    let hasty = application(one_class(), vec![vec![call_as(1, site), io(1.0)], vec![io(5.0)]]);
    let measured = play(&faas(), &hasty, &requests_at(&hasty, &[0]), Run::of(100.0));
    assert_eq!((measured.classes[0].failed, measured.services[1].attempts.timed_out), (1, 1));
    assert_eq!(busy(&measured), u128::from((1 + 5) * SECOND));
}

#[test]
fn what_the_platform_ends_leaves_its_calls_behind() {
    let chain = application(one_class(), vec![vec![call(1), io(1.0)], vec![io(5.0)]]);
    let mut deployment = of_services(faas(), vec![faas().autoscaler.law, faas().autoscaler.law]);
    deployment.services[0].fleet.timeout = Some(Nanos(2 * SECOND));
    let measured = play(&deployment, &chain, &requests_at(&chain, &[0]), Run::of(100.0));
    assert_eq!(measured.classes[0].timed_out, 1);
    assert_eq!(busy(&measured), u128::from((2 + 5) * SECOND));
    assert_eq!(measured.services[0].instances.calling, u128::from(2 * SECOND));
    assert_eq!(measured.services[1].attempts.completed(), 1);
}

#[test]
fn a_call_holds_its_slot() {
    // One instance of the first service: its requests wait for each other's calls.
    let pair = application(one_class(), vec![vec![call(1)], vec![io(1.0)]]);
    let measured = play(&fixed(1), &pair, &requests_at(&pair, &[0, 0]), Run::of(100.0));
    assert_eq!(measured.classes[0].latency.sum(), u128::from((1 + 2) * SECOND));
    // Two of the first, one of the second: there they wait in its queue.
    let deployment = of_services(fixed(1), [2, 1].map(|replicas| Law::Fixed { replicas }).to_vec());
    let measured = play(&deployment, &pair, &requests_at(&pair, &[0, 0]), Run::of(100.0));
    assert_eq!(measured.classes[0].latency.sum(), u128::from((1 + 2) * SECOND));
    assert_eq!(busy(&measured), u128::from((1 + 2 + 2) * SECOND));
}
