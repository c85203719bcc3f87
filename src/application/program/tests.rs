//! The program does what the steps say: against the expansion, which reads the steps.

use super::*;
use crate::application::expansion::{Visit, expand};
use crate::application::graph::Part;
use crate::application::queue::{self, Batch, Queue};
use crate::application::retry::Retry;
use crate::application::step::Alternative;
use crate::application::store::{self, Store};
use crate::application::telemetry::Telemetry;
use crate::application::workflow::Workflow;
use crate::application::{Application, Class, Entry, Request, Service, work};
use crate::kernel::distribution::Law;
use crate::units::{Bytes, Nanos};
use proptest::prelude::*;

fn exponential(mean: f64) -> Distribution {
    Distribution::new(Law::Exponential { mean })
}

fn site() -> CallSite {
    CallSite { size: Distribution::constant(1000.0), timeout: None, retry: Retry::default() }
}

pub(in crate::application) fn class(entry: Entry) -> Class {
    Class {
        name: "request".to_owned(),
        weight: 1.0,
        entry,
        cpu: exponential(2e6),
        io: exponential(3e6),
        threads: 1.0,
        memory: Bytes(0),
        request_bytes: Distribution::constant(1000.0),
        response_bytes: Distribution::constant(1000.0),
        timeout: None,
        retry: Retry::default(),
    }
}

pub(in crate::application) fn service(name: &str, steps: Vec<Step>) -> Service {
    let body = Body::new(steps).unwrap();
    let (base_memory, image, init) = (Bytes(0), Bytes(0), Distribution::constant(0.0));
    Service {
        name: name.to_owned(),
        base_memory,
        image,
        runtime_start: None,
        init,
        body,
        telemetry: Telemetry::default(),
    }
}

pub(in crate::application) fn call(service: u16) -> Step {
    Step::new(Verb::Call { service, site: site() })
}

pub(in crate::application) fn cpu(mean: f64) -> Step {
    Step::new(Verb::Cpu(Demand::Own(exponential(mean))))
}

/// Service 0 does `steps`; services 1 and 2, workflow 0, queue 0, topic 1 and store 0 are there to be used.
fn application(steps: Vec<Step>) -> Application {
    let of_class = Step::of_class();
    let queue = |kind, consumers: &[u16]| Queue {
        name: "messages".to_owned(),
        kind,
        consumers: consumers.to_vec(),
        batch: Batch { size: 1, window: Nanos(0) },
        visibility_timeout: Nanos(Nanos::SECOND.0),
        max_receives: 5,
    };
    let store = Store {
        name: "orders".to_owned(),
        kind: store::Kind::Document,
        stored: Bytes(0),
        read: exponential(4e6),
        write: exponential(8e6),
    };
    let wait = Step::new(Verb::Wait(exponential(1e9)));
    let flow = Workflow { name: "flow".to_owned(), body: Body::new(vec![call(1), wait, call(2)]).unwrap() };
    Application {
        classes: vec![class(Entry::Service(0)), class(Entry::Service(0)), class(Entry::Store(0, Access::Read))],
        services: vec![
            service("front", steps),
            service("middle", [of_class, vec![call(2)]].concat()),
            service("back", vec![cpu(1e6)]),
        ],
        queues: vec![queue(queue::Kind::Queue, &[2]), queue(queue::Kind::Topic, &[1, 2])],
        workflows: vec![flow],
        stores: vec![store],
    }
}

/// What a request does, by the programs.
struct Machine<'a> {
    application: &'a Application,
    class: u32,
}

impl Machine<'_> {
    fn visit(&self, part: Part, key: u64) -> Visit {
        let mut visit = Visit { part, key, cpu: 0, idle: 0, duration: 0, calls: Vec::new(), sent: Vec::new() };
        let program = match part {
            Part::Service(index) => &self.application.services[usize::from(index)].body.program,
            Part::Workflow(index) => &self.application.workflows[usize::from(index)].body.program,
            Part::Queue(index) => {
                for (consumer, service) in (0..).zip(&self.application.queues[usize::from(index)].consumers) {
                    let key = crate::application::draw::delivery_key(key, consumer);
                    visit.sent.push(self.visit(Part::Service(*service), key));
                }
                return visit;
            }
            Part::Store(_) => unreachable!(),
        };
        let mut pc = 0;
        while program.code[pc].op != Op::End {
            let one = program.code[pc];
            let own = one.key(key, 0);
            let mut next = one.next;
            if one.is_taken(|| own, self.class) {
                match one.op {
                    Op::Parallel { n } => {
                        let children = program.code[pc + 1..=pc + usize::from(n)].iter();
                        let times = children.map(|child| {
                            let own = child.key(key, 0);
                            if child.is_taken(|| own, self.class) {
                                self.one(&mut visit, program, child.op, own)
                            } else {
                                0
                            }
                        });
                        let longest = times.max().unwrap_or(0);
                        visit.duration += longest;
                    }
                    Op::Branch { first, n } => next = program.way(first, n, own),
                    op => {
                        let time = self.one(&mut visit, program, op, own);
                        visit.duration += time;
                    }
                }
            }
            assert!(usize::from(next) > pc, "the counter only grows");
            pc = usize::from(next);
        }
        visit
    }

    fn one(&self, visit: &mut Visit, program: &Program, op: Op, own: u64) -> u64 {
        let class = &self.application.classes[self.class as usize];
        let called = match op {
            Op::Cpu(amount) => {
                let cpu = program.amount(amount, || &class.cpu, own);
                visit.cpu += cpu;
                return cpu;
            }
            Op::Io(amount) => {
                let idle = program.amount(amount, || &class.io, own);
                visit.idle += idle;
                return idle;
            }
            Op::Wait(law) => {
                let idle = program.amount(Amount::Law(law), || &class.io, own);
                visit.idle += idle;
                return idle;
            }
            Op::Publish { queue, .. } => {
                visit.sent.push(self.visit(Part::Queue(queue), own));
                return 0;
            }
            Op::Start { workflow, awaited: false, .. } => {
                visit.sent.push(self.visit(Part::Workflow(workflow), own));
                return 0;
            }
            Op::Start { workflow, .. } => self.visit(Part::Workflow(workflow), own),
            Op::Call { service, .. } => self.visit(Part::Service(service), own),
            Op::Query { store, access, .. } => {
                let idle = self.application.stores[usize::from(store)].time(access, own, 0);
                let (calls, sent) = (Vec::new(), Vec::new());
                Visit { part: Part::Store(store), key: own, cpu: 0, idle, duration: idle, calls, sent }
            }
            Op::Parallel { .. } | Op::Branch { .. } | Op::End => unreachable!("{op:?} does not stand alone"),
        };
        let duration = called.duration;
        visit.calls.push(called);
        duration
    }
}

/// A verb that may stand anywhere, and whether it needs CPU.
fn leaf() -> impl Strategy<Value = Verb> {
    prop_oneof![
        Just(Verb::Io(Demand::Class)),
        Just(Verb::Wait(exponential(5e6))),
        (1..3_u16).prop_map(|service| Verb::Call { service, site: site() }),
        Just(Verb::Query { store: 0, access: Access::Write, site: site() }),
        (0..2_u16).prop_map(|queue| Verb::Publish { queue, size: Distribution::constant(100.0) }),
        any::<bool>().prop_map(|awaited| Verb::Start { workflow: 0, awaited, site: site() }),
    ]
}

fn step(verb: impl Strategy<Value = Verb>) -> impl Strategy<Value = Step> {
    let only = prop_oneof![4 => Just(Classes::ALL), 1 => Just(Classes::of([1]))];
    let p = prop_oneof![2 => Just(1.0), 1 => 0.0..1.0_f64];
    (verb, p, 1..4_u16, only).prop_map(|(verb, p, repeat, only)| Step { verb, p, repeat, only })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let work = prop_oneof![Just(Demand::Class), Just(Demand::Own(exponential(1e6)))].prop_map(Verb::Cpu);
    let parallel = prop::collection::vec(step(leaf()), 1..4).prop_map(Verb::Parallel);
    let flat = step(prop_oneof![3 => leaf(), 2 => work, 1 => parallel]);
    let any = flat.prop_recursive(2, 12, 3, |inner| {
        let way = (0.0..0.5_f64, prop::collection::vec(inner, 0..3));
        let way = way.prop_map(|(p, steps)| Alternative { p, steps });
        step(prop::collection::vec(way, 1..3).prop_map(Verb::Branch))
    });
    prop::collection::vec(any, 0..5)
}

proptest! {
    #[test]
    fn the_program_does_what_the_steps_say(steps in steps(), key in any::<u64>(), class in 0..2_u32) {
        let application = application(steps);
        let played = Machine { application: &application, class }.visit(Part::Service(0), key);
        prop_assert_eq!(played, expand(&application, class, key));
    }

    #[test]
    fn no_two_visits_of_a_request_share_a_key(steps in steps(), key in any::<u64>()) {
        let whole = expand(&application(steps), 0, key);
        let mut keys: Vec<u64> = whole.all().iter().map(|visit| visit.key).collect();
        keys.sort_unstable();
        prop_assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn numbers_name_one_draw_each(steps in steps()) {
        let program = Body::new(steps).unwrap().program;
        let mut numbers: Vec<u32> = program.code[..program.code.len() - 1].iter().map(|one| one.number).collect();
        numbers.sort_unstable();
        prop_assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]), "{numbers:?}");
        prop_assert!(numbers.iter().all(|number| *number < 2 || *number >= super::super::draw::FIRST_NUMBER));
    }
}

#[test]
fn instructions_stay_small() {
    assert_eq!(size_of::<Instruction>(), 32);
    assert_eq!(size_of::<Request>(), 40);
}

#[test]
fn what_says_no_steps_draws_what_it_always_drew() {
    let plain = Body::default();
    assert_eq!(Body::new(Step::of_class()).unwrap().program, plain.program);
    assert!(plain.program.is_of_class() && plain.program.is_alone());
    let application = application(Step::of_class());
    let whole = expand(&application, 0, 42);
    let class = &application.classes[0];
    assert_eq!((whole.cpu, whole.idle), (work(&class.cpu, 42, Draw::Cpu), work(&class.io, 42, Draw::Io)));
    assert!(whole.calls.is_empty() && whole.duration == whole.cpu + whole.idle);
}

#[test]
fn the_class_is_asked_once_under_its_own_number_and_then_anew() {
    let twice = Step { repeat: 2, ..Step::new(Verb::Cpu(Demand::Class)) };
    let program = Body::new(vec![call(1), twice.clone(), twice]).unwrap().program;
    let numbers: Vec<u32> = program.code.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [1 << 16, 0, 2 << 16 | 1, 3 << 16, 3 << 16 | 1, 0]);
}

#[test]
fn to_repeat_a_step_more_often_changes_no_other_draw() {
    let of = |repeat| Body::new(vec![Step { repeat, ..call(1) }, cpu(1e6)]).unwrap().program;
    let last = |program: &Program| program.code[program.code.len() - 2].number;
    assert_eq!((last(&of(1)), of(1).code.len()), (2 << 16, 3));
    assert_eq!((last(&of(9)), of(9).code.len()), (2 << 16, 11));
    // Copies share what stands beside the code.
    assert_eq!((of(9).sites.len(), of(9).laws.len()), (1, 1));
}

#[test]
fn a_branch_and_a_join_as_code() {
    let ways =
        vec![Alternative { p: 0.25, steps: vec![cpu(1e6), call(1)] }, Alternative { p: 0.75, steps: vec![call(2)] }];
    let both = Step { p: 0.5, ..Step::new(Verb::Parallel(vec![call(1), Step { repeat: 2, ..call(2) }])) };
    let program = Body::new(vec![Step::new(Verb::Branch(ways)), both]).unwrap().program;
    let shown: Vec<(u16, Op)> = program.code.iter().map(|one| (one.next, one.op)).collect();
    assert_eq!(
        shown,
        [
            (4, Op::Branch { first: 0, n: 3 }),
            (2, Op::Cpu(Amount::Law(0))),
            (4, Op::Call { service: 1, site: 0 }),
            (4, Op::Call { service: 2, site: 1 }),
            (8, Op::Parallel { n: 3 }),
            (8, Op::Call { service: 1, site: 2 }),
            (8, Op::Call { service: 2, site: 3 }),
            (8, Op::Call { service: 2, site: 3 }),
            (0, Op::End),
        ]
    );
    assert_eq!(program.ways, [(1 << 62, 1), (u64::MAX, 3), (u64::MAX, 4)]);
    assert_eq!((program.code[4].taken, program.code[5].taken), (1 << 63, u64::MAX));
    assert!(!program.is_alone());
}

#[test]
fn branches_and_guards_are_as_likely_as_they_say() {
    let ways =
        vec![Alternative { p: 0.2, steps: vec![call(1)] }, Alternative { p: 0.3, steps: vec![call(2), call(2)] }];
    let maybe = Step { p: 0.6, repeat: 3, ..Step::new(Verb::Query { store: 0, access: Access::Read, site: site() }) };
    let mut application = application(vec![Step::new(Verb::Branch(ways)), maybe]);
    application.services[1].body = Body::new(vec![cpu(1e6)]).unwrap();
    let mut counts = [0; 3];
    for key in 0..20_000 {
        let whole = expand(&application, 0, crate::kernel::streams::mix(key));
        for (count, part) in counts.iter_mut().zip([Part::Service(1), Part::Service(2), Part::Store(0)]) {
            *count += whole.of(part).0;
        }
    }
    for (count, mean) in counts.into_iter().zip([0.2, 0.6, 1.8]) {
        assert!((count as f64 / 20_000.0 - mean).abs() < 0.02, "{counts:?}");
    }
}

#[test]
fn a_chain_of_calls_is_paid_for_at_every_level() {
    let constant = || Step::new(Verb::Cpu(Demand::Own(Distribution::constant(1e6))));
    let mut application = application(vec![constant(), call(1)]);
    application.services[1] = service("middle", vec![constant(), call(2)]);
    application.services[2] = service("back", vec![constant()]);
    let whole = expand(&application, 0, 1);
    assert_eq!((whole.duration, whole.billed()), (3_000_000, 6_000_000));
    // The same by messages: nobody waits, and every level is paid once.
    let publish = || Step::new(Verb::Publish { queue: 0, size: Distribution::constant(1.0) });
    application.services[0] = service("front", vec![constant(), publish()]);
    let whole = expand(&application, 0, 1);
    assert_eq!((whole.duration, whole.billed(), whole.sent.len()), (1_000_000, 2_000_000, 1));
}

#[test]
fn too_long_a_program_says_how_long() {
    let wait = |repeat| Step { repeat, ..Step::new(Verb::Wait(Distribution::constant(1.0))) };
    let way = Alternative { p: 1.0, steps: vec![wait(1000)] };
    let nested = Step { repeat: 1000, ..Step::new(Verb::Branch(vec![way])) };
    assert_eq!(Body::new(vec![nested]).unwrap_err(), 1000 * 1002 + 1);
    assert_eq!(Body::new(vec![wait(10_000)]).unwrap_err(), 10_001);
    assert_eq!(Body::new(vec![wait(9_999)]).unwrap().program.code.len(), MOST_INSTRUCTIONS);
}
