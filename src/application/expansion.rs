//! The oracle of engines: one request expanded through the graph with nothing in its way. No queue, no cold start, no
//! fault, no limit of time. It reads the steps as they were written, never the program made of them.

use super::draw::{Draw, FIRST_NUMBER, delivery_key, drawn, step_key, threshold, uniform};
use super::graph::Part;
use super::step::{Alternative, Demand, Step, Verb, thresholds};
use super::{Application, Class, Entry};

/// One visit of a part by a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Where.
    pub part: Part,
    /// The key under which it was called.
    pub key: u64,
    /// CPU time of its own, in nanoseconds on one reference vCPU.
    pub cpu: u64,
    /// Waiting of its own, in nanoseconds.
    pub idle: u64,
    /// From call to answer, in nanoseconds.
    pub duration: u64,
    /// What it waited for.
    pub calls: Vec<Visit>,
    /// What it set going and did not wait for: messages and workflows.
    pub sent: Vec<Visit>,
}

/// The request `key` of this class.
pub fn expand(application: &Application, class: u32, key: u64) -> Visit {
    let asked = &application.classes[class as usize];
    let expansion = Expansion { application, asked, class };
    match asked.entry {
        Entry::Service(service) => expansion.visit(Part::Service(service), key),
        Entry::Store(store, access) => {
            leaf(Part::Store(store), key, application.stores[usize::from(store)].time(access, key, 0))
        }
    }
}

impl Visit {
    /// This visit and all that came of it, callers first.
    pub fn all(&self) -> Vec<&Self> {
        let below = self.calls.iter().chain(&self.sent).flat_map(Self::all);
        std::iter::once(self).chain(below).collect()
    }

    /// Number of visits of `part` and their CPU time.
    pub fn of(&self, part: Part) -> (usize, u64) {
        let of: Vec<&Self> = self.all().into_iter().filter(|visit| visit.part == part).collect();
        (of.len(), of.iter().map(|visit| visit.cpu).sum())
    }

    /// CPU time of all visits.
    pub fn of_all_cpu(&self) -> u64 {
        self.all().into_iter().map(|visit| visit.cpu).sum()
    }

    /// The sum of the durations of all visits of services: what instances with one slot are paid for.
    pub fn billed(&self) -> u64 {
        let service = |visit: &&Self| matches!(visit.part, Part::Service(_));
        self.all().into_iter().filter(service).map(|visit| visit.duration).sum()
    }
}

struct Expansion<'a> {
    application: &'a Application,
    asked: &'a Class,
    class: u32,
}

/// Where a walk through written steps has got to.
struct Body<'a> {
    visit: Visit,
    /// Places of the steps, by address.
    places: Vec<*const Step>,
    first_cpu: Option<usize>,
    first_io: Option<usize>,
    expansion: &'a Expansion<'a>,
}

/// A visit of its own waiting alone.
fn leaf(part: Part, key: u64, idle: u64) -> Visit {
    Visit { part, key, cpu: 0, idle, duration: idle, calls: Vec::new(), sent: Vec::new() }
}

impl Expansion<'_> {
    fn visit(&self, part: Part, key: u64) -> Visit {
        let application = self.application;
        let steps = match part {
            Part::Service(index) => &application.services[usize::from(index)].body.steps,
            Part::Workflow(index) => &application.workflows[usize::from(index)].body.steps,
            Part::Queue(index) => {
                let mut visit = leaf(part, key, 0);
                for (consumer, service) in (0..).zip(&application.queues[usize::from(index)].consumers) {
                    visit.sent.push(self.visit(Part::Service(*service), delivery_key(key, consumer)));
                }
                return visit;
            }
            Part::Store(_) => unreachable!("stores have no steps"),
        };
        let (mut places, mut first_cpu, mut first_io) = (Vec::new(), None, None);
        super::step::walk(steps, &mut |step, _, _| {
            match step.verb {
                Verb::Cpu(Demand::Class) => _ = first_cpu.get_or_insert(places.len()),
                Verb::Io(Demand::Class) => _ = first_io.get_or_insert(places.len()),
                _ => {}
            }
            places.push(std::ptr::from_ref(step));
        });
        let visit = leaf(part, key, 0);
        let mut body = Body { visit, places, first_cpu, first_io, expansion: self };
        body.visit.duration = body.steps(steps, 0);
        body.visit
    }
}

impl Body<'_> {
    /// The duration of `steps`, of which this is the copy number `copy`.
    fn steps(&mut self, steps: &[Step], copy: u32) -> u64 {
        let mut duration = 0;
        for step in steps {
            for round in 0..u32::from(step.repeat) {
                duration += self.step(step, copy * u32::from(step.repeat) + round);
            }
        }
        duration
    }

    fn step(&mut self, step: &Step, copy: u32) -> u64 {
        let own = step_key(self.visit.key, 0, self.number(step, copy));
        let taken = step.p >= 1.0 || uniform(step_key(own, 0, Draw::Taken as u32)) < threshold(step.p);
        if !taken || !step.only.contains(self.expansion.class) {
            return 0;
        }
        match &step.verb {
            Verb::Cpu(demand) => {
                let cpu = self.amount(demand, Draw::Cpu, own);
                self.visit.cpu += cpu;
                cpu
            }
            Verb::Io(demand) => {
                let idle = self.amount(demand, Draw::Io, own);
                self.idle(idle)
            }
            Verb::Wait(law) => self.idle(drawn(law, own)),
            Verb::Call { service, .. } => self.call(self.expansion.visit(Part::Service(*service), own)),
            Verb::Query { store, access, .. } => {
                let time = self.expansion.application.stores[usize::from(*store)].time(*access, own, 0);
                self.call(leaf(Part::Store(*store), own, time))
            }
            Verb::Publish { queue, .. } => self.send(Part::Queue(*queue), own),
            Verb::Start { workflow, awaited: false, .. } => self.send(Part::Workflow(*workflow), own),
            Verb::Start { workflow, .. } => self.call(self.expansion.visit(Part::Workflow(*workflow), own)),
            Verb::Parallel(children) => {
                let mut longest = 0;
                for child in children {
                    for round in 0..u32::from(child.repeat) {
                        longest = longest.max(self.step(child, copy * u32::from(child.repeat) + round));
                    }
                }
                longest
            }
            Verb::Branch(ways) => self.way(ways, copy, own),
        }
    }

    fn way(&mut self, ways: &[Alternative], copy: u32, own: u64) -> u64 {
        let draw = uniform(own);
        let picked = thresholds(ways).into_iter().position(|below| draw < below);
        picked.map_or(0, |way| self.steps(&ways[way].steps, copy))
    }

    fn number(&self, step: &Step, copy: u32) -> u32 {
        let place = self.places.iter().position(|at| std::ptr::eq(*at, step)).unwrap();
        match (Some(place), copy) {
            (first, 0) if first == self.first_cpu => Draw::Cpu as u32,
            (first, 0) if first == self.first_io => Draw::Io as u32,
            _ => FIRST_NUMBER * (u32::try_from(place).unwrap() + 1) + copy,
        }
    }

    fn amount(&self, demand: &Demand, of_class: Draw, own: u64) -> u64 {
        let asked = self.expansion.asked;
        match (demand, of_class) {
            (Demand::Own(law), _) => drawn(law, own),
            (Demand::Class, Draw::Cpu) => drawn(&asked.cpu, own),
            (Demand::Class, _) => drawn(&asked.io, own),
        }
    }

    fn idle(&mut self, idle: u64) -> u64 {
        self.visit.idle += idle;
        idle
    }

    fn call(&mut self, called: Visit) -> u64 {
        let duration = called.duration;
        self.visit.calls.push(called);
        duration
    }

    fn send(&mut self, part: Part, own: u64) -> u64 {
        let sent = self.expansion.visit(part, own);
        self.visit.sent.push(sent);
        0
    }
}
