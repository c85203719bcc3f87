//! What must hold for the graph as a whole: requests come to an end, every part is there for some request, and what a
//! class asks for is asked for by some step.

use super::Context;
use crate::application::Application;
use crate::application::graph::{Edge, Graph, Part};
use crate::application::step::{Demand, Verb, walk};
use crate::document::diagnostic::Diagnostic;
use crate::document::source::Span;
use crate::document::tree::{Node, Table};

/// Most kinds of attempts: those of the clients of each class, those of each call for it, and deliveries to each consumer.
const MOST_KINDS: usize = 65_000;

/// Where a section was written.
fn written(table: &Table, section: &str) -> Span {
    table.get(section).map_or(Span::BUILT_IN, |node| node.span)
}

/// Reports rounds without end as errors, and as warnings parts that no request reaches and work of a class that no step
/// does. `spans` says where the steps of
/// each service, then of each workflow, were written.
pub fn check(context: &mut Context, table: &Table, application: &Application, spans: &[Vec<Span>]) {
    let sites: usize = application.services.iter().map(|service| service.body.program.sites.len()).sum();
    let consumers: usize = application.queues.iter().map(|queue| queue.consumers.len()).sum();
    let (classes, calls) = (application.classes.len(), sites + consumers);
    if classes * (calls + 1) > MOST_KINDS {
        let message = format!("{classes} classes and {calls} calls and consumers: too many to keep apart");
        let help = format!("classes times one more than there are calls and consumers is {MOST_KINDS} at most");
        context.problems.push(Diagnostic::error(message).at(written(table, "class")).help(help));
    }
    let graph = Graph::new(application);
    let shown = Shown { application, graph: &graph, table, spans };
    let mut reported: Vec<Vec<Edge>> = Vec::new();
    let mut reached = vec![false; graph.parts.len()];
    for (index, class) in (0..).zip(&application.classes) {
        for round in graph.endless(class.entry, index) {
            if !reported.contains(&round) {
                context.problems.push(shown.endless(&round));
                reported.push(round);
            }
        }
        let of_class = graph.reached(class.entry, index);
        shown.idle_work(index, &of_class).into_iter().for_each(|idle| context.problems.push(idle));
        reached.iter_mut().zip(of_class).for_each(|(reached, of_class)| *reached |= of_class);
    }
    // A service that nobody wrote needs no word.
    let is_written = |part: &Part| table.contains(Shown::section(*part).0);
    for (part, _) in graph.parts.iter().zip(reached).filter(|(part, reached)| !reached && is_written(part)) {
        context.problems.push(shown.unreached(*part));
    }
}

struct Shown<'a> {
    application: &'a Application,
    graph: &'a Graph,
    table: &'a Table,
    spans: &'a [Vec<Span>],
}

impl Shown<'_> {
    fn endless(&self, round: &[Edge]) -> Diagnostic {
        let mut way: Vec<&str> = round.iter().map(|edge| self.name(edge.from)).collect();
        way.extend(way.first().copied());
        let message = format!("requests go round without end: {}", way.join(" -> "));
        // A queue has no steps: its consumers stand for them.
        let step = round.iter().find_map(|edge| self.spans.get(self.graph.position(edge.from))?.get(edge.place));
        let help = "a round ends when fewer than one visit comes of each on average: give a step in it `p`, or `only`";
        Diagnostic::error(message).at(step.copied().unwrap_or(Span::BUILT_IN)).help(help)
    }

    fn unreached(&self, part: Part) -> Diagnostic {
        let (section, index) = Self::section(part);
        let entries = self.table.get(section).map_or(&[][..], Node::elements);
        let node = entries.get(usize::from(index));
        let name = node.and_then(|node| node.table().get("name")).filter(|name| name.span.is_shown());
        let span = name.or(node).map_or(Span::BUILT_IN, |node| node.span);
        let message = format!("no request reaches the {section} `{}`", self.name(part));
        Diagnostic::warning(message).at(span).help("what it keeps ready is billed all the same")
    }

    /// What class number `class` says of its work that no step does which its requests come to.
    fn idle_work(&self, class: u32, reached: &[bool]) -> Vec<Diagnostic> {
        let (mut cpu, mut io) = (false, false);
        for (part, _) in self.graph.parts.iter().zip(reached).filter(|(_, reached)| **reached) {
            let body = match part {
                Part::Service(index) => &self.application.services[usize::from(*index)].body,
                Part::Workflow(index) => &self.application.workflows[usize::from(*index)].body,
                Part::Queue(_) | Part::Store(_) => continue,
            };
            walk(&body.steps, &mut |step, times, only| {
                let done = times > 0.0 && only.contains(class);
                cpu |= done && step.verb == Verb::Cpu(Demand::Class);
                io |= done && step.verb == Verb::Io(Demand::Class);
            });
        }
        let written = self.table.get("class").map_or(&[][..], Node::elements).get(class as usize);
        let idle = [("cpu", cpu), ("io", io)].into_iter().filter(|(_, used)| !used);
        let idle = idle.filter_map(|(key, _)| written?.table().entry(key).filter(|entry| entry.key_span.is_shown()));
        idle.map(|entry| {
            let name = &self.application.classes[class as usize].name;
            let message = format!("no step does the `{}` of class `{name}`", entry.key);
            let help = format!("a step `{} = \"class\"` does, of a service that its requests come to", entry.key);
            Diagnostic::warning(message).at(entry.key_span).help(help)
        })
        .collect()
    }

    const fn section(part: Part) -> (&'static str, u16) {
        match part {
            Part::Service(index) => ("service", index),
            Part::Workflow(index) => ("workflow", index),
            Part::Queue(index) => ("queue", index),
            Part::Store(index) => ("store", index),
        }
    }

    fn name(&self, part: Part) -> &str {
        let application = self.application;
        match part {
            Part::Service(index) => &application.services[usize::from(index)].name,
            Part::Workflow(index) => &application.workflows[usize::from(index)].name,
            Part::Queue(index) => &application.queues[usize::from(index)].name,
            Part::Store(index) => &application.stores[usize::from(index)].name,
        }
    }
}
