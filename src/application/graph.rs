//! Who reaches whom, and how often: the parts of an application as a graph.
//!
//! An edge carries the mean number of times that one visit of a part leads to a visit of another, retries apart. A
//! request visits a part `v` times on average, with `v = e + M' v`; that has a finite answer when the spectral radius of
//! `M` is below 1, which holds exactly when Gaussian elimination of `I - M'` meets positive pivots only (Hawkins and
//! Simon, "Note: Some Conditions of Macroeconomic Stability", Econometrica 17, 1949).

use super::step::{Classes, Verb, walk};
use super::{Application, Entry};

/// What a step can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The service of this index.
    Service(u16),
    /// The workflow of this index.
    Workflow(u16),
    /// The queue of this index.
    Queue(u16),
    /// The store of this index.
    Store(u16),
}

/// A step that leads from one part to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Whose step it is.
    pub from: Part,
    /// Place of the step among the written steps of `from`; of the consumer, for a queue.
    pub place: usize,
    /// What it reaches.
    pub to: Part,
    /// Mean number of times per visit of `from`.
    pub mean: f64,
    /// For requests of these classes.
    pub only: Classes,
    /// Whether the answer is waited for.
    pub awaited: bool,
}

/// The parts and edges of an application.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Every part: services, workflows, queues, stores.
    pub parts: Vec<Part>,
    /// Every edge, in the order of writing.
    pub edges: Vec<Edge>,
    offsets: [usize; 4],
}

/// Pivots below this are zero but for rounding.
const VANISHED: f64 = 1e-9;

impl Graph {
    /// The graph of `application`.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // indices are of 16 bits throughout
    pub fn new(application: &Application) -> Self {
        let counts = [
            application.services.len(),
            application.workflows.len(),
            application.queues.len(),
            application.stores.len(),
        ];
        let mut parts = Vec::new();
        parts.extend((0..counts[0]).map(|index| Part::Service(index as u16)));
        parts.extend((0..counts[1]).map(|index| Part::Workflow(index as u16)));
        parts.extend((0..counts[2]).map(|index| Part::Queue(index as u16)));
        parts.extend((0..counts[3]).map(|index| Part::Store(index as u16)));
        let offsets = [0, counts[0], counts[0] + counts[1], counts[0] + counts[1] + counts[2]];
        let mut graph = Self { parts, edges: Vec::new(), offsets };
        let services = application.services.iter().map(|service| &service.body);
        let workflows = application.workflows.iter().map(|workflow| &workflow.body);
        for (from, body) in services.chain(workflows).enumerate() {
            let mut place = 0;
            walk(&body.steps, &mut |step, mean, only| {
                let (to, awaited) = match &step.verb {
                    Verb::Call { service, .. } => (Some(Part::Service(*service)), true),
                    Verb::Query { store, .. } => (Some(Part::Store(*store)), true),
                    Verb::Publish { queue, .. } => (Some(Part::Queue(*queue)), false),
                    Verb::Start { workflow, awaited, .. } => (Some(Part::Workflow(*workflow)), *awaited),
                    _ => (None, false),
                };
                if let Some(to) = to {
                    graph.edges.push(Edge { from: graph.parts[from], place, to, mean, only, awaited });
                }
                place += 1;
            });
        }
        for (index, queue) in application.queues.iter().enumerate() {
            for (place, consumer) in queue.consumers.iter().enumerate() {
                let (from, to) = (Part::Queue(index as u16), Part::Service(*consumer));
                graph.edges.push(Edge { from, place, to, mean: 1.0, only: Classes::ALL, awaited: false });
            }
        }
        graph
    }

    /// The place of `part` in [`Graph::parts`].
    #[must_use]
    pub fn position(&self, part: Part) -> usize {
        let (section, index) = match part {
            Part::Service(index) => (0, index),
            Part::Workflow(index) => (1, index),
            Part::Queue(index) => (2, index),
            Part::Store(index) => (3, index),
        };
        self.offsets[section] + usize::from(index)
    }

    /// Which parts a request of `class` can visit that enters at `entry`, in the order of [`Graph::parts`].
    #[must_use]
    pub fn reached(&self, entry: Entry, class: u32) -> Vec<bool> {
        let mut reached = self.below(part_of(entry), class);
        reached[self.position(part_of(entry))] = true;
        reached
    }

    /// How often a request of `class` that enters at `entry` visits each part on average, in the order of
    /// [`Graph::parts`], when every attempt succeeds; `None` when that is without end.
    #[must_use]
    pub fn visits(&self, entry: Entry, class: u32) -> Option<Vec<f64>> {
        let reached = self.reached(entry, class);
        let inside: Vec<usize> = (0..self.parts.len()).filter(|part| reached[*part]).collect();
        let mut entered = vec![0.0; inside.len()];
        let at = inside.iter().position(|part| self.parts[*part] == part_of(entry))?;
        entered[at] = 1.0;
        let solved = self.solve(&inside, class, entered)?;
        let mut visits = vec![0.0; self.parts.len()];
        inside.iter().zip(solved).for_each(|(part, visited)| visits[*part] = visited);
        Some(visits)
    }

    /// The cycles in which requests of `class` that enter at `entry` go round without end, each as the edges of one
    /// shortest round; one for each set of parts that reach each other.
    #[must_use]
    pub fn endless(&self, entry: Entry, class: u32) -> Vec<Vec<Edge>> {
        if self.visits(entry, class).is_some() {
            return Vec::new();
        }
        let reached = self.reached(entry, class);
        let below: Vec<Vec<bool>> = self.parts.iter().map(|part| self.below(*part, class)).collect();
        let mut rounds = Vec::new();
        let mut done = vec![false; self.parts.len()];
        for part in 0..self.parts.len() {
            if done[part] || !reached[part] || !below[part][part] {
                continue;
            }
            let ring: Vec<usize> =
                (0..self.parts.len()).filter(|other| below[part][*other] && below[*other][part]).collect();
            for member in &ring {
                done[*member] = true;
            }
            if self.solve(&ring, class, vec![0.0; ring.len()]).is_none() {
                rounds.push(self.round(part, class));
            }
        }
        rounds
    }

    fn of_class(&self, class: u32) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.mean > 0.0 && edge.only.contains(class))
    }

    /// What lies below `part`; itself only if it is in a cycle.
    fn below(&self, part: Part, class: u32) -> Vec<bool> {
        let mut below = vec![false; self.parts.len()];
        let mut open = vec![part];
        while let Some(part) = open.pop() {
            for edge in self.of_class(class).filter(|edge| edge.from == part) {
                let to = self.position(edge.to);
                if !std::mem::replace(&mut below[to], true) {
                    open.push(edge.to);
                }
            }
        }
        below
    }

    /// The edges of a shortest way from `part` back to itself, which there is.
    fn round(&self, part: usize, class: u32) -> Vec<Edge> {
        let start = self.parts[part];
        let mut came_by: Vec<Option<Edge>> = vec![None; self.parts.len()];
        let mut open = std::collections::VecDeque::from([start]);
        while let Some(at) = open.pop_front() {
            for edge in self.of_class(class).filter(|edge| edge.from == at) {
                let to = self.position(edge.to);
                if came_by[to].is_none() {
                    came_by[to] = Some(*edge);
                    open.push_back(edge.to);
                }
            }
        }
        let mut round = Vec::new();
        let mut at = part;
        while let Some(edge) = came_by[at] {
            round.push(edge);
            at = self.position(edge.from);
            if at == part {
                break;
            }
        }
        round.reverse();
        round
    }

    /// Solves `v = entered + M' v` over the parts `inside`; `None` when the spectral radius of `M` is 1 or more.
    fn solve(&self, inside: &[usize], class: u32, mut v: Vec<f64>) -> Option<Vec<f64>> {
        let n = inside.len();
        let mut row_of = vec![usize::MAX; self.parts.len()];
        inside.iter().enumerate().for_each(|(row, part)| row_of[*part] = row);
        let mut matrix = vec![0.0; n * n];
        for row in 0..n {
            matrix[row * n + row] = 1.0;
        }
        for edge in self.of_class(class) {
            let (from, to) = (row_of[self.position(edge.from)], row_of[self.position(edge.to)]);
            if from < n && to < n {
                matrix[to * n + from] -= edge.mean;
            }
        }
        for pivot in 0..n {
            let own = matrix[pivot * n + pivot];
            if own < VANISHED {
                return None;
            }
            for row in pivot + 1..n {
                let factor = matrix[row * n + pivot] / own;
                if factor != 0.0 {
                    (pivot..n).for_each(|column| matrix[row * n + column] -= factor * matrix[pivot * n + column]);
                    v[row] -= factor * v[pivot];
                }
            }
        }
        for row in (0..n).rev() {
            let known: f64 = (row + 1..n).map(|column| matrix[row * n + column] * v[column]).sum();
            v[row] = (v[row] - known) / matrix[row * n + row];
        }
        Some(v)
    }
}

/// The part that `entry` is.
const fn part_of(entry: Entry) -> Part {
    match entry {
        Entry::Service(index) => Part::Service(index),
        Entry::Store(index, _) => Part::Store(index),
    }
}

#[cfg(test)]
mod tests;
