//! Workflows: against the oracle that expands requests, by hand, and what must hold in every run.

use proptest::prelude::*;

use super::calls::{application, busy, call, io, of_services, one_class};
use super::invariants::{bits, controlled, one_slot};
use super::messages::{publish, queue};
use super::{Run, SECOND, class, constant, exponential, faas, fixed, play, poisson, requests_at};
use crate::application::expansion::expand;
use crate::application::graph::Part;
use crate::application::program::Body;
use crate::application::retry::{Budget, Retry};
use crate::application::step::{Access, Alternative, CallSite, Demand, Step, Verb};
use crate::application::store::{self, Store};
use crate::application::workflow::Workflow;
use crate::application::{Application, Class};
use crate::metering::measurement::{ClassMeasure, Measurement};
use crate::metering::usage::{Dimension, Meter};
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::workflow::{BoundWorkflow, WorkflowMeter};
use crate::units::{Bytes, Nanos};

fn site() -> CallSite {
    CallSite { size: constant(0.0), timeout: None, retry: Retry::default() }
}

fn start_as(workflow: u16, awaited: bool, site: CallSite) -> Step {
    Step::new(Verb::Start { workflow, awaited, site })
}

fn start(workflow: u16) -> Step {
    start_as(workflow, true, site())
}

fn set_going(workflow: u16) -> Step {
    start_as(workflow, false, site())
}

fn call_as(service: u16, site: CallSite) -> Step {
    Step::new(Verb::Call { service, site })
}

fn wait(seconds: f64) -> Step {
    Step::new(Verb::Wait(constant(seconds)))
}

fn often(attempts: u32) -> CallSite {
    CallSite { retry: Retry { attempts: Some(attempts), base: constant(0.0), ..Retry::default() }, ..site() }
}

/// Services with these steps, of which requests enter the first, and workflows with these.
fn flows(classes: Vec<Class>, services: Vec<Vec<Step>>, workflows: Vec<Vec<Step>>) -> Application {
    let mut flows = application(classes, services);
    let workflow =
        |(number, steps): (usize, _)| Workflow { name: format!("w{number}"), body: Body::new(steps).unwrap() };
    flows.workflows = workflows.into_iter().enumerate().map(workflow).collect();
    flows
}

fn counts(measured: &Measurement, workflow: usize) -> (u64, u64, u64, u64) {
    let of = &measured.workflows[workflow];
    (of.started, of.succeeded(), of.failed, of.running)
}

/// The last service refuses everything.
fn without(services: usize) -> Deployment {
    let mut deployment = of_services(faas(), vec![faas().autoscaler.law; services]);
    let last = deployment.services.last_mut().unwrap();
    (last.autoscaler.law, last.fleet.queue) = (Law::Fixed { replicas: 0 }, Some(0));
    deployment
}

/// A step of a workflow, or (`work`) of a service, that reaches services from `first` on and workflows from `flow` on.
fn step(work: bool, first: u16, flow: u16) -> BoxedStrategy<Step> {
    let (services, workflows) = (4, 3);
    let law = || (0.0_f64..0.3).prop_map(constant);
    let calls = (first..services).prop_map(|service| Verb::Call { service, site: site() }).boxed();
    let starts = (flow..workflows, any::<bool>()).prop_map(|(workflow, awaited)| Verb::Start {
        workflow,
        awaited,
        site: site(),
    });
    let publishes = Just(Verb::Publish { queue: 0, size: constant(0.0) });
    let queries = Just(Verb::Query { store: 0, access: Access::Read, site: site() });
    let waits = law().prop_map(Verb::Wait).boxed();
    let beyond = if flow < workflows {
        prop_oneof![3 => calls, 3 => starts, 1 => publishes, 1 => queries, 2 => waits].boxed()
    } else {
        prop_oneof![3 => calls, 1 => publishes, 1 => queries, 2 => waits].boxed()
    };
    let child = (beyond.clone(), 0.0_f64..2.0).prop_map(|(verb, p)| Step { p: p.min(1.0), ..Step::new(verb) });
    let several = prop::collection::vec(child.clone(), 1..4).prop_map(Verb::Parallel);
    let branch = (prop::collection::vec(child, 1..3), 0.0_f64..1.0)
        .prop_map(|(steps, p)| Verb::Branch(vec![Alternative { p, steps }]));
    let own = prop_oneof![Just(Verb::Cpu(Demand::Class)), Just(Verb::Io(Demand::Class))];
    let verb = if work {
        prop_oneof![2 => own, 3 => beyond, 1 => several, 1 => branch].boxed()
    } else {
        prop_oneof![3 => beyond, 1 => several, 1 => branch].boxed()
    };
    let step = (verb, prop_oneof![2 => Just(1.0), 1 => 0.0_f64..1.0], 1_u16..3);
    step.prop_map(|(verb, p, repeat)| Step { p, repeat, ..Step::new(verb) }).boxed()
}

/// Services and workflows that reach those behind them, a queue with a consumer, and a store.
fn graph() -> BoxedStrategy<Application> {
    let steps = |work, first, flow| prop::collection::vec(step(work, first, flow), 1..4);
    let services = (steps(true, 1, 0), steps(true, 2, 1), steps(true, 3, 3));
    let workflows = (steps(false, 1, 1), steps(false, 2, 2), steps(false, 3, 3));
    let both = (services, workflows).prop_map(|((a, b, c), (x, y, z))| {
        let classes = vec![class(exponential(0.02), constant(0.05)), class(constant(0.02), exponential(0.05))];
        let mut graph = flows(classes, vec![a, b, c, vec![io(0.1)]], vec![x, y, z]);
        graph.queues = vec![queue(vec![3], 1_000_000 * SECOND, 5)];
        let latency = constant(0.03);
        graph.stores = vec![Store {
            name: "data".to_owned(),
            kind: store::Kind::Document,
            stored: Bytes(0),
            read: latency.clone(),
            write: latency,
        }];
        graph
    });
    both.boxed()
}

/// The same steps, with this patience and so many attempts of everybody who reaches something.
fn impatient(mut graph: Application, timeout: Option<Nanos>, retry: &Retry) -> Application {
    fn with(steps: &[Step], of: &CallSite) -> Vec<Step> {
        let one = |step: &Step| {
            let verb = match step.verb.clone() {
                Verb::Call { service, .. } => Verb::Call { service, site: of.clone() },
                Verb::Start { workflow, awaited, .. } => Verb::Start { workflow, awaited, site: of.clone() },
                Verb::Parallel(children) => Verb::Parallel(with(&children, of)),
                Verb::Branch(ways) => {
                    Verb::Branch(ways.iter().map(|way| Alternative { p: way.p, steps: with(&way.steps, of) }).collect())
                }
                verb => verb,
            };
            Step { verb, ..step.clone() }
        };
        steps.iter().map(one).collect()
    }
    let of = CallSite { timeout, retry: retry.clone(), ..site() };
    graph.services.iter_mut().for_each(|part| part.body = Body::new(with(&part.body.steps, &of)).unwrap());
    graph.workflows.iter_mut().for_each(|part| part.body = Body::new(with(&part.body.steps, &of)).unwrap());
    graph.classes.iter_mut().for_each(|class| (class.timeout, class.retry) = (timeout, retry.clone()));
    graph
}

proptest! {
    #[test]
    fn with_nothing_in_its_way_everything_is_done_that_was_started(graph in graph(), seed in any::<u32>()) {
        let requests = poisson(&graph, 4.0, 10.0, u64::from(seed));
        let visits: Vec<_> = requests.iter().map(|request| expand(&graph, request.class, request.key)).collect();
        let measured = play(&faas(), &graph, &requests, Run::of(10_000.0));
        for (number, class) in (0..).zip(&measured.classes) {
            let of_class = requests.iter().zip(&visits).filter(|(request, _)| request.class == number);
            prop_assert!(class.latency.sum() == of_class.map(|(_, visit)| u128::from(visit.duration)).sum());
        }
        prop_assert!(busy(&measured) == visits.iter().map(|visit| u128::from(visit.billed())).sum());
        let all: Vec<_> = visits.iter().flat_map(|visit| visit.all()).collect();
        for (number, workflow) in (0..).zip(&measured.workflows) {
            let runs: Vec<_> = all.iter().filter(|visit| visit.part == Part::Workflow(number)).collect();
            let started = runs.len() as u64;
            prop_assert_eq!((workflow.started, workflow.succeeded()), (started, started));
            prop_assert!(workflow.latency.sum() == runs.iter().map(|visit| u128::from(visit.duration)).sum());
        }
        for (number, service) in (0..).zip(&measured.services) {
            let made = all.iter().filter(|visit| visit.part == Part::Service(number)).count() as u64;
            prop_assert_eq!((service.attempts.offered, service.attempts.completed()), (made, made));
        }
    }

    #[test]
    fn every_run_ends_once_whatever_the_batches(
        graph in graph(), deployment in prop_oneof![one_slot().boxed(), controlled().boxed()], rate in 0.5_f64..10.0,
        seed in any::<u32>(), attempts in 1_u32..4, budget in any::<bool>(),
        patience in prop_oneof![Just(None), (0.05_f64..1.0).prop_map(|seconds| Some(Nanos::from_seconds(seconds)))],
    ) {
        let budget = budget.then_some(Budget { share: 0.2, floor: 1.0 });
        let retry = Retry { attempts: Some(attempts), base: constant(0.05), budget, ..Retry::default() };
        let graph = impatient(graph, patience, &retry);
        let requests = poisson(&graph, rate, 15.0, u64::from(seed));
        let run = Run { warmup: SECOND, first_rate: rate, ..Run::of(18.0) };
        let one = play(&deployment, &graph, &requests, run);
        let other = play(&deployment, &graph, &requests, Run { batch: 7, shortcut: false, ..run });
        prop_assert!(bits(&one) == bits(&other));
        let offered: u64 = one.classes.iter().map(ClassMeasure::requests).sum();
        prop_assert_eq!(offered, requests.iter().filter(|request| request.at >= SECOND).count() as u64);
    }

    #[test]
    fn no_run_is_stuck_where_everyone_is_served(
        graph in graph(), replicas in prop::option::of(1_u32..4), seed in any::<u32>(), attempts in 1_u32..3,
    ) {
        let retry = Retry { attempts: Some(attempts), base: constant(0.05), ..Retry::default() };
        let graph = impatient(graph, Some(Nanos(SECOND / 3)), &retry);
        let requests = poisson(&graph, 2.0, 5.0, u64::from(seed));
        let measured = play(&replicas.map_or_else(faas, fixed), &graph, &requests, Run::of(1_000_000.0));
        prop_assert_eq!(measured.workflows.iter().map(|workflow| workflow.running).sum::<u64>(), 0);
        prop_assert_eq!(measured.services.iter().map(|service| service.attempts.in_flight).sum::<u64>(), 0);
    }
}

#[test]
fn who_starts_a_workflow_waits_for_its_end_or_not() {
    // One second of its own, three of the workflow, of which two are those of the service that it calls.
    let of =
        |begin: Step| flows(one_class(), vec![vec![begin, io(1.0)], vec![io(2.0)]], vec![vec![call(1), wait(1.0)]]);
    for (begin, latency) in [(start(0), 4), (set_going(0), 1)] {
        let flows = of(begin);
        let measured = play(&faas(), &flows, &requests_at(&flows, &[0]), Run::of(100.0));
        assert_eq!(measured.classes[0].latency.sum(), u128::from(latency * SECOND));
        assert_eq!((counts(&measured, 0), measured.workflows[0].steps), ((1, 1, 0, 0), 2));
        assert_eq!(measured.workflows[0].latency.sum(), u128::from(3 * SECOND));
        // The run holds nothing: only who waits for it does.
        assert_eq!(busy(&measured), u128::from((latency + 2) * SECOND));
    }
}

#[test]
fn a_run_fails_with_what_it_calls_and_so_does_who_waits_for_it() {
    for (begin, failed, started) in [(start(0), 1, 1), (set_going(0), 0, 1), (start_as(0, true, often(3)), 1, 3)] {
        let services = vec![vec![begin, io(1.0)], vec![io(2.0)]];
        let flows = flows(one_class(), services, vec![vec![wait(1.0), call_as(1, often(4)), wait(9.0)]]);
        let measured = play(&without(2), &flows, &requests_at(&flows, &[0]), Run::of(100.0));
        assert_eq!((measured.classes[0].failed, counts(&measured, 0)), (failed, (started, 0, started, 0)));
        // Each run waits, calls, and calls again three times: every retry is a step.
        assert_eq!((measured.workflows[0].steps, measured.services[1].attempts.offered), (started * 5, started * 4));
    }
}

#[test]
fn who_gives_up_on_a_run_fails_and_the_run_goes_on() {
    let begin = start_as(0, true, CallSite { timeout: Some(Nanos(SECOND)), ..often(2) });
    let flows = flows(one_class(), vec![vec![begin]], vec![vec![wait(5.0)]]);
    let measured = play(&faas(), &flows, &requests_at(&flows, &[0]), Run::of(100.0));
    assert_eq!((measured.classes[0].failed, counts(&measured, 0)), (1, (2, 2, 0, 0)));
    assert_eq!(busy(&measured), u128::from(2 * SECOND));
    // At the horizon one has ended and one goes on.
    let measured = play(&faas(), &flows, &requests_at(&flows, &[0]), Run::of(5.5));
    assert_eq!(counts(&measured, 0), (2, 1, 0, 1));
}

#[test]
fn one_service_alone_is_called_by_the_workflow_that_it_starts() {
    let again = Step { p: 0.5, ..set_going(0) };
    let flows = flows(one_class(), vec![vec![io(1.0), again]], vec![vec![wait(1.0), call(0), publish()]]);
    let flows = Application { queues: vec![queue(vec![0], 100 * SECOND, 3)], ..flows };
    for deployment in [faas(), fixed(9)] {
        let measured = play(&deployment, &flows, &requests_at(&flows, &[0, 0, 0, 0]), Run::of(1_000.0));
        let (started, succeeded, ..) = counts(&measured, 0);
        assert!(started > 0 && started == succeeded, "{started} {succeeded}");
        assert_eq!(measured.classes[0].latency.sum(), u128::from(4 * SECOND));
        assert_eq!(busy(&measured), u128::from((4 + 2 * started) * SECOND));
    }
}

#[test]
fn steps_and_the_time_of_runs_are_metered() {
    // Of four runs each waits for 1.43 s beside what it asks; a branch, and what is done at once, are steps too.
    let branch = Step::new(Verb::Branch(vec![Alternative { p: 1.0, steps: vec![wait(0.43)] }]));
    let parallel = Step::new(Verb::Parallel(vec![call(1), wait(0.5), Step { p: 0.0, ..call(1) }]));
    let steps = vec![branch, parallel, Step { p: 0.0, ..wait(1.0) }];
    let flows = flows(one_class(), vec![vec![Step { repeat: 2, ..start(0) }], vec![io(1.0)]], vec![steps]);
    let total = |meter: WorkflowMeter, run: Run| {
        let mut deployment = faas();
        deployment.bindings.workflows =
            vec![BoundWorkflow { id: Some("w".to_owned()), meter, ..BoundWorkflow::default() }];
        let measured = play(&deployment, &flows, &requests_at(&flows, &[0, 50 * SECOND]), run);
        let of =
            |dimension| measured.usage.total(&Meter { service: String::new(), dimension, variant: "w".to_owned() });
        [Dimension::WorkflowSteps, Dimension::WorkflowRequests, Dimension::WorkflowGibSeconds].map(of)
    };
    let standard = WorkflowMeter { steps: true, ..WorkflowMeter::default() };
    assert_eq!(total(standard.clone(), Run::of(100.0)), [4 * 5, 0, 0]);
    let express = WorkflowMeter { steps: false, memory: Some(Bytes(64 << 20)), round_up: Nanos(SECOND / 10) };
    assert_eq!(total(express.clone(), Run::of(100.0)), [0, 4, u128::from(4 * 64 * 15 * SECOND / 10)]);
    // What goes on at the horizon is billed so far: half a second of the second run.
    assert_eq!(total(express.clone(), Run::of(1.93)), [0, 2, u128::from(64 * (15 + 5) * SECOND / 10)]);
    // The warm-up is counted nowhere, though its runs end after it.
    let warm = Run { warmup: SECOND, ..Run::of(100.0) };
    assert_eq!((total(standard, warm)[0], total(express, warm)[1]), (2 * 5, 2));
}
