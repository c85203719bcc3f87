//! From checked steps to the body of a service or a workflow.

use super::super::references::Names;
use super::{Context, index_of, retry};
use crate::application::program::{Body, MOST_INSTRUCTIONS};
use crate::application::retry::Retry;
use crate::application::step::{Access, Alternative, CallSite, Classes, Demand, ROUNDING, Step, Verb};
use crate::document::diagnostic::Diagnostic;
use crate::document::source::Span;
use crate::document::tree::{Entry, Node, Table};
use crate::kernel::distribution::Distribution;
use crate::scenario::distribution::{durations, sizes};

/// Size of what is sent when nothing is said, in bytes: that of a request.
const SIZE: f64 = 1000.0;

/// Whose steps they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A service, which has a CPU.
    Service,
    /// A workflow, which has none.
    Workflow,
}

/// The body that the steps at `node` are, and where each step was written, in the order of walking. `None`: something is
/// wrong, and was said.
pub fn body(context: &mut Context, node: &Node, names: &Names, owner: Owner) -> Option<(Body, Vec<Span>)> {
    let mut reader = Reader { context, names, owner, spans: Vec::new() };
    let steps = reader.steps(node.elements(), false)?;
    let spans = reader.spans;
    match Body::new(steps) {
        Ok(body) => Some((body, spans)),
        Err(size) => {
            let message = format!("with every repetition these are {size} steps");
            let long = Diagnostic::error(message).at(node.span);
            context.problems.push(long.help(format!("at most {MOST_INSTRUCTIONS}")));
            None
        }
    }
}

struct Reader<'a, 'b> {
    context: &'a mut Context<'b>,
    names: &'a Names,
    owner: Owner,
    spans: Vec<Span>,
}

impl Reader<'_, '_> {
    /// Every step is read before the first failure counts, so that all problems are found.
    fn steps(&mut self, nodes: &[Node], at_once: bool) -> Option<Vec<Step>> {
        let steps: Vec<Option<Step>> = nodes.iter().map(|node| self.step(node.table(), at_once)).collect();
        steps.into_iter().collect()
    }

    fn step(&mut self, table: &Table, at_once: bool) -> Option<Step> {
        const MODIFIERS: [&str; 8] = ["p", "repeat", "only", "op", "size", "timeout", "retry", "await"];
        // The check has made sure of exactly one verb.
        let entry = table.iter().find(|entry| !MODIFIERS.contains(&entry.key.as_str()))?;
        self.spans.push(entry.node.span);
        let allowed = self.allow(entry, at_once);
        let (verb, only) = (self.verb(entry, table), self.only(table));
        let repeat = table.get("repeat").map_or(1, Node::count);
        allowed.then_some(Step {
            verb: verb?,
            p: table.get("p").map_or(1.0, Node::share),
            repeat: u16::try_from(repeat).ok()?,
            only: only?,
        })
    }

    /// Says what is wrong with this verb here, if anything is.
    fn allow(&mut self, entry: &Entry, at_once: bool) -> bool {
        let verb = entry.key.as_str();
        let problem = match (verb, self.owner) {
            ("cpu" | "parallel" | "branch", _) if at_once => {
                let wrong = Diagnostic::error(format!("`{verb}` cannot be one of several at once"));
                wrong.help(
                    "calls, queries, publications, starts and waiting can; CPU is used at once by `class.threads`",
                )
            }
            ("cpu" | "io", Owner::Workflow) => {
                let wrong = Diagnostic::error(format!("a workflow has no `{verb}`"));
                wrong.help("it calls services that do, and waits with `wait`")
            }
            _ => return true,
        };
        self.context.problems.push(problem.at(entry.key_span));
        false
    }

    fn verb(&mut self, entry: &Entry, table: &Table) -> Option<Verb> {
        let node = &entry.node;
        let index = |names: &[String]| index_of(names, node.text());
        let verb = match entry.key.as_str() {
            "cpu" => Verb::Cpu(demand(node)),
            "io" => Verb::Io(demand(node)),
            "wait" => Verb::Wait(durations(node)),
            "call" => Verb::Call { service: index(&self.names.services)?, site: site(table) },
            "query" => {
                let writes = table.get("op").is_some_and(|op| op.text() == "write");
                let access = if writes { Access::Write } else { Access::Read };
                Verb::Query { store: index(&self.names.stores)?, access, site: site(table) }
            }
            "publish" => Verb::Publish { queue: index(&self.names.queues)?, size: size(table) },
            "start" => {
                let awaited = table.get("await").is_none_or(Node::flag);
                Verb::Start { workflow: index(&self.names.workflows)?, awaited, site: site(table) }
            }
            "parallel" => Verb::Parallel(self.steps(node.elements(), true)?),
            _ => Verb::Branch(self.ways(node)?),
        };
        Some(verb)
    }

    fn ways(&mut self, node: &Node) -> Option<Vec<Alternative>> {
        let ways: Vec<Option<Alternative>> = node
            .elements()
            .iter()
            .map(|way| {
                let way = way.table();
                let steps = self.steps(way.at("steps").elements(), false);
                Some(Alternative { p: way.at("p").share(), steps: steps? })
            })
            .collect();
        let sum: f64 = node.elements().iter().map(|way| way.table().at("p").share()).sum();
        if sum > 1.0 + ROUNDING {
            let above = Diagnostic::error(format!("the probabilities of these ways add up to {sum}")).at(node.span);
            self.context.problems.push(above.label("allowed: at most 1"));
            return None;
        }
        ways.into_iter().collect()
    }

    /// The classes of `only`; names that no class has were reported with the others.
    fn only(&mut self, table: &Table) -> Option<Classes> {
        let Some(node) = table.get("only") else { return Some(Classes::ALL) };
        let indices = node.elements().iter().map(|name| index_of(&self.names.classes, name.text()).map(u32::from));
        let indices: Vec<u32> = indices.collect::<Option<_>>()?;
        if indices.iter().any(|index| *index as usize >= Classes::MOST) {
            let message = format!("`only` knows the first {} classes", Classes::MOST);
            self.context.error(node.span, message);
            return None;
        }
        Some(Classes::of(indices))
    }
}

fn demand(node: &Node) -> Demand {
    if node.as_str() == Some("class") { Demand::Class } else { Demand::Own(durations(node)) }
}

fn size(table: &Table) -> Distribution {
    table.get("size").map_or_else(|| Distribution::constant(SIZE), sizes)
}

fn site(table: &Table) -> CallSite {
    CallSite {
        size: size(table),
        timeout: table.get("timeout").and_then(Node::duration_or_none),
        retry: table.get("retry").map_or_else(Retry::default, |node| retry::retry(node.table())),
    }
}
