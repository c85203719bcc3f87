//! The same application in one process: what splitting it costs can be seen beside it.
//!
//! What requests enter is one process, in which every call is a part of the caller's own work: no network, no time limit
//! and no further attempt. What is done at once where services call each other is done one after the other here, for a
//! process has no second place for the same request. Whoever takes the messages of a queue is a process of its own, with
//! everything that it calls, as workers of monoliths are. A workflow is a part of who starts it, likewise.

use super::program::{Body, MOST_INSTRUCTIONS};
use super::step::{Alternative, Classes, Step, Verb};
use super::telemetry::Telemetry;
use super::{Application, Entry, Service};
use crate::kernel::distribution::Distribution;
use crate::kernel::whole;
use crate::units::Bytes;

/// The name of a process that several services are entered in.
const SEVERAL: &str = "monolith";

/// `application` in one process, beside the consumers of its queues.
///
/// # Errors
/// What about it has no such form, as the rest of a sentence about the application.
pub fn monolith(application: &Application) -> Result<Application, String> {
    let mut cut = Cut { application, steps: 0 };
    let mut entries: Vec<u16> = application.classes.iter().filter_map(|class| entered(class.entry)).collect();
    entries.sort_unstable();
    entries.dedup();
    let mut whole = application.clone();
    whole.workflows.clear();
    whole.services = match entries.as_slice() {
        [] => Vec::new(),
        [only] => vec![cut.process(*only)?],
        _ => vec![cut.of_several(&entries)?],
    };
    for class in &mut whole.classes {
        if let Entry::Service(entry) = &mut class.entry {
            *entry = 0;
        }
    }
    // The service that each process was made of.
    let mut roots: Vec<Option<u16>> = match entries[..] {
        [] => Vec::new(),
        [only] => vec![Some(only)],
        _ => vec![None],
    };
    for consumer in whole.queues.iter_mut().flat_map(|queue| &mut queue.consumers) {
        if !roots.contains(&Some(*consumer)) {
            whole.services.push(cut.process(*consumer)?);
            roots.push(Some(*consumer));
        }
        if let Some((process, _)) = (0..).zip(&roots).find(|(_, root)| **root == Some(*consumer)) {
            *consumer = process;
        }
    }
    Ok(whole)
}

const fn entered(entry: Entry) -> Option<u16> {
    match entry {
        Entry::Service(service) => Some(service),
        Entry::Store(..) => None,
    }
}

struct Cut<'a> {
    application: &'a Application,
    /// Steps so far, before those that are repeated are.
    steps: usize,
}

impl<'a> Cut<'a> {
    fn service(&self, index: u16) -> &'a Service {
        &self.application.services[usize::from(index)]
    }

    /// A service with everything that it calls.
    fn process(&mut self, root: u16) -> Result<Service, String> {
        let steps = self.steps_of(root, &[])?;
        self.of(&[root], self.service(root).name.clone(), steps)
    }

    /// Several services that requests enter, each for its own classes.
    fn of_several(&mut self, entries: &[u16]) -> Result<Service, String> {
        let classes = &self.application.classes;
        if classes.len() > Classes::MOST {
            return Err(format!("has more than {} classes, which enter several services", Classes::MOST));
        }
        let mut steps = Vec::new();
        for &entry in entries {
            let own = (0..).zip(classes).filter(|(_, class)| entered(class.entry) == Some(entry));
            let only = Classes::of(own.map(|(index, _)| index));
            steps.push(Step { only, ..all_of(self.steps_of(entry, &[])?) });
        }
        self.of(entries, SEVERAL.to_owned(), steps)
    }

    fn of(&self, roots: &[u16], name: String, steps: Vec<Step>) -> Result<Service, String> {
        let parts = self.parts(roots);
        let sum = |of: fn(&Service) -> Bytes| Bytes(parts.iter().map(|part| of(part).0).sum());
        let root = self.service(roots[0]);
        let init = match parts.iter().filter(|part| !part.init.is_zero()).count() {
            0 | 1 => parts.iter().find(|part| !part.init.is_zero()).map_or(&root.init, |part| &part.init).clone(),
            // Each is initialised once, one after the other.
            _ => Distribution::constant(parts.iter().map(|part| part.init.mean()).sum()),
        };
        let body = Body::new(steps).map_err(|size| format!("has {size} steps in one process, which is too many"))?;
        Ok(Service {
            name,
            base_memory: sum(|part| part.base_memory),
            image: sum(|part| part.image),
            runtime_start: root.runtime_start.clone(),
            init,
            body,
            telemetry: self.told(roots, &parts),
        })
    }

    /// What a process tells about itself: the metrics of its parts, one span, and in each attempt what its parts would
    /// write that the attempt comes to, on average over the classes by their weights.
    fn told(&self, roots: &[u16], parts: &[&Service]) -> Telemetry {
        let classes = (0..).zip(&self.application.classes);
        let entering = classes.filter(|(_, class)| roots.len() == 1 || entered(class.entry).is_some());
        let (mut bytes, mut weights) = (0.0, 0.0);
        for (number, class) in entering {
            let root = if roots.len() == 1 { Some(roots[0]) } else { entered(class.entry) };
            bytes += class.weight * root.map_or(0.0, |root| self.written(root, number));
            weights += class.weight;
        }
        let mean = if weights > 0.0 { bytes / weights } else { 0.0 };
        Telemetry {
            log_bytes: Bytes(whole::round(mean)),
            metrics: parts.iter().map(|part| part.telemetry.metrics).sum(),
            ..self.service(roots[0]).telemetry
        }
    }

    /// Bytes of the log lines of one visit of a service, or of a workflow behind them, by a request of `class`, with those
    /// of what it calls. That the calls end was seen when they were written in their places.
    fn written(&self, index: u16, class: u32) -> f64 {
        let service = self.application.services.get(usize::from(index));
        let mut bytes = service.map_or(0.0, |service| service.telemetry.log_bytes.0 as f64);
        super::step::walk(self.steps(index), &mut |step, times, only| {
            if let Some(reached) = self.reached(&step.verb)
                && only.contains(class)
            {
                bytes += times * self.written(reached, class);
            }
        });
        bytes
    }

    /// These services and all that they call, each once.
    fn parts(&self, roots: &[u16]) -> Vec<&'a Service> {
        let mut known = roots.to_vec();
        let mut next = 0;
        while let Some(&index) = known.get(next) {
            next += 1;
            super::step::walk(self.steps(index), &mut |step, _, _| {
                if let Some(reached) = self.reached(&step.verb)
                    && !known.contains(&reached)
                {
                    known.push(reached);
                }
            });
        }
        known.into_iter().filter_map(|index| self.application.services.get(usize::from(index))).collect()
    }

    /// These steps, with those of what is called in the place of each call. `path` are the services around them.
    fn inlined(&mut self, steps: &[Step], path: &[u16]) -> Result<Vec<Step>, String> {
        steps.iter().map(|step| self.one(step, path)).collect()
    }

    fn one(&mut self, step: &Step, path: &[u16]) -> Result<Step, String> {
        self.steps += 1;
        if self.steps > MOST_INSTRUCTIONS {
            return Err(format!("has more than {MOST_INSTRUCTIONS} steps in one process"));
        }
        let inner = |steps| Step { p: step.p, repeat: step.repeat, only: step.only, ..all_of(steps) };
        Ok(match &step.verb {
            Verb::Start { workflow, awaited: false, .. } => {
                let name = &self.application.workflows[usize::from(*workflow)].name;
                return Err(format!(
                    "starts `{name}` with `await = false`, and a process waits for what it does itself"
                ));
            }
            verb if let Some(reached) = self.reached(verb) => inner(self.steps_of(reached, path)?),
            Verb::Parallel(children) if children.iter().any(|child| self.reached(&child.verb).is_some()) => {
                inner(self.inlined(children, path)?)
            }
            Verb::Branch(ways) => {
                let ways = ways.iter().map(|way| Ok(Alternative { p: way.p, steps: self.inlined(&way.steps, path)? }));
                Step { verb: Verb::Branch(ways.collect::<Result<_, String>>()?), ..step.clone() }
            }
            _ => step.clone(),
        })
    }

    /// What a service or a workflow does, called by those of `path`.
    fn steps_of(&mut self, part: u16, path: &[u16]) -> Result<Vec<Step>, String> {
        if path.contains(&part) {
            let application = self.application;
            let services = application.services.iter().map(|service| &service.name);
            let mut names = services.chain(application.workflows.iter().map(|workflow| &workflow.name));
            let name = names.nth(usize::from(part)).map_or("", String::as_str);
            return Err(format!("has services that call each other in a circle by way of `{name}`"));
        }
        self.inlined(self.steps(part), &[path, &[part]].concat())
    }

    /// The steps of a service, or behind them of a workflow.
    fn steps(&self, part: u16) -> &'a [Step] {
        self.application.bodies().nth(usize::from(part)).map_or(&[], |body| &body.steps)
    }

    /// What is done in the place of a step of this verb: that of a service, or behind them of a workflow.
    fn reached(&self, verb: &Verb) -> Option<u16> {
        match verb {
            Verb::Call { service, .. } => Some(*service),
            Verb::Start { workflow, .. } => {
                u16::try_from(self.application.services.len() + usize::from(*workflow)).ok()
            }
            _ => None,
        }
    }
}

/// All of these, one after the other, as one step.
pub(super) fn all_of(steps: Vec<Step>) -> Step {
    Step::new(Verb::Branch(vec![Alternative { p: 1.0, steps }]))
}

#[cfg(test)]
mod tests {
    use super::super::expansion::expand;
    use super::super::program::Op;
    use super::super::queue::{Batch, Kind, Queue};
    use super::super::retry::Retry;
    use super::super::step::{CallSite, Demand};
    use super::*;
    use crate::application::Class;
    use crate::units::Nanos;

    fn service(name: &str, steps: Vec<Step>) -> Service {
        Service {
            name: name.to_owned(),
            base_memory: Bytes(100),
            image: Bytes(1000),
            runtime_start: None,
            init: Distribution::constant(5.0),
            body: Body::new(steps).unwrap(),
            telemetry: Telemetry::default(),
        }
    }

    fn cpu(nanoseconds: f64) -> Step {
        Step::new(Verb::Cpu(Demand::Own(Distribution::constant(nanoseconds))))
    }

    fn call(service: u16) -> Step {
        let site = CallSite { size: Distribution::constant(0.0), timeout: Some(Nanos(1)), retry: Retry::default() };
        Step::new(Verb::Call { service, site })
    }

    fn class(entry: u16) -> Class {
        Class {
            name: format!("c{entry}"),
            weight: 1.0,
            cpu: Distribution::constant(7.0),
            io: Distribution::constant(0.0),
            threads: 1.0,
            memory: Bytes(0),
            request_bytes: Distribution::constant(0.0),
            response_bytes: Distribution::constant(0.0),
            timeout: None,
            retry: Retry::default(),
            entry: Entry::Service(entry),
        }
    }

    /// Two entries that share what they call, and a queue between one of them and a worker.
    fn shop() -> Application {
        let front = vec![cpu(1.0), Step { repeat: 2, ..call(2) }, Step::new(Verb::Parallel(vec![call(2), call(3)]))];
        let publish = Step::new(Verb::Publish { queue: 0, size: Distribution::constant(0.0) });
        let back = vec![Step::new(Verb::Cpu(Demand::Class)), call(3), publish];
        let services = vec![
            service("front", front),
            service("back", back),
            service("price", vec![cpu(10.0), call(3)]),
            service("stock", vec![cpu(100.0)]),
            service("worker", vec![cpu(1000.0), call(2)]),
        ];
        let queue = Queue {
            name: "placed".to_owned(),
            kind: Kind::Queue,
            consumers: vec![4],
            batch: Batch { size: 1, window: Nanos(0) },
            visibility_timeout: Nanos(1_000_000),
            max_receives: 3,
        };
        let mut shop = Application::single(vec![class(0), class(1)], service("x", vec![]));
        (shop.services, shop.queues) = (services, vec![queue]);
        shop
    }

    #[test]
    fn the_same_work_is_done_by_fewer_processes() {
        let (shop, whole) = (shop(), monolith(&shop()).unwrap());
        let names: Vec<&str> = whole.services.iter().map(|process| process.name.as_str()).collect();
        assert_eq!(names, ["monolith", "worker"]);
        for (class, key) in [(0, 1), (0, 2), (1, 1), (1, 2)] {
            let [apart, together] = [expand(&shop, class, key), expand(&whole, class, key)];
            assert_eq!(together.of_all_cpu(), apart.of_all_cpu());
            assert!(together.calls.is_empty());
        }
        // 1 + 2 (10 + 100) + (10 + 100) + 100: at once there, one after the other here.
        assert_eq!((expand(&shop, 0, 1).duration, expand(&whole, 0, 1).duration), (331, 431));
        // What is sent to a queue is taken by a process of its own, with what it calls.
        let sent = &expand(&whole, 1, 1).sent[0].sent[0];
        assert_eq!((sent.cpu, sent.duration, sent.calls.len()), (1110, 1110, 0));
        let calls = |op: Op| matches!(op, Op::Call { .. } | Op::Parallel { .. });
        assert!(whole.services.iter().flat_map(|process| &process.body.program.code).all(|code| !calls(code.op)));
    }

    #[test]
    fn a_process_holds_all_of_its_parts() {
        let whole = monolith(&shop()).unwrap();
        // front, back, price, stock; worker, price, stock.
        let sizes = whole.services.iter().map(|process| (process.base_memory.0, process.image.0, process.init.mean()));
        assert_eq!(sizes.collect::<Vec<_>>(), [(400, 4000, 20.0), (300, 3000, 15.0)]);
    }

    #[test]
    fn an_entry_that_takes_messages_too_is_one_process() {
        let mut shop = shop();
        shop.classes.remove(0);
        shop.queues[0].consumers = vec![1];
        let whole = monolith(&shop).unwrap();
        assert_eq!((whole.services.len(), whole.queues[0].consumers.as_slice()), (1, &[0][..]));
        assert_eq!(whole.services[0].name, "back");
    }

    #[test]
    fn circles_and_what_grows_without_end_are_refused() {
        let mut circle = shop();
        circle.services[3].body = Body::new(vec![Step { p: 0.5, ..call(2) }]).unwrap();
        let said = monolith(&circle).unwrap_err();
        assert_eq!(said, "has services that call each other in a circle by way of `price`");
        // Each of thirty services calls the next one twice.
        let twice = |next: u16| if next == 30 { vec![cpu(1.0)] } else { vec![call(next + 1), call(next + 1)] };
        let mut deep = Application::single(vec![class(0)], service("x", vec![]));
        deep.services = (0..=30).map(|next| service(&format!("s{next}"), twice(next))).collect();
        assert_eq!(monolith(&deep).unwrap_err(), "has more than 10000 steps in one process");
    }
}
