//! Steps as an engine plays them: one flat array of instructions, which an attempt goes through by one small counter.
//!
//! * An instruction is 32 bytes and `Copy`; laws, call sites and the ways of branches stand in tables beside the code.
//! * Every instruction says where it goes on (`next`), so there are no jumps. The last is [`Op::End`].
//! * [`Op::Parallel`] is followed by its `n` children, each of which does one thing and ends; the caller goes on at `next`
//!   when all are back.
//! * [`Op::Branch`] draws once and goes to one of its ways, each of which ends where the branch goes on.
//! * `repeat` is unrolled, so that an attempt in flight needs no counters and every copy draws under a number of its own:
//!   at most [`MOST_INSTRUCTIONS`] of 32 bytes are small beside that.
//! * A step's number is its place among the written steps and the copy (`place + 1 << 16 | copy`): to repeat one step
//!   more often changes no draw of another. The first `cpu = "class"` and the first `io = "class"` have the numbers of
//!   [`Draw::Cpu`] and [`Draw::Io`].

use super::draw::{Draw, drawn, step_key, threshold, uniform};
use super::step::{Access, CallSite, Classes, Demand, Step, Verb, thresholds};
use crate::kernel::distribution::Distribution;

/// Most instructions of a program.
pub const MOST_INSTRUCTIONS: usize = 10_000;

/// What a service or a workflow does: as it was written, and as it is played.
#[derive(Clone, Debug)]
pub struct Body {
    /// The steps.
    pub steps: Vec<Step>,
    /// The same, flat.
    pub program: Program,
}

/// The class's CPU time, then its waiting.
impl Default for Body {
    fn default() -> Self {
        let class =
            |op, what: Draw, next| Instruction { taken: u64::MAX, only: Classes::ALL, number: what as u32, next, op };
        let code = vec![
            class(Op::Cpu(Amount::Class), Draw::Cpu, 1),
            class(Op::Io(Amount::Class), Draw::Io, 2),
            Instruction::END,
        ];
        Self { steps: Step::of_class(), program: Program { code, ..Program::default() } }
    }
}

impl Body {
    /// Compiles `steps`.
    ///
    /// # Errors
    /// The number of instructions, if there would be more than [`MOST_INSTRUCTIONS`].
    pub fn new(steps: Vec<Step>) -> Result<Self, u64> {
        let size = size(&steps).saturating_add(1);
        if size > MOST_INSTRUCTIONS as u64 {
            return Err(size);
        }
        let mut compiler = Compiler::default();
        compiler.sequence(&steps);
        compiler.program.code.push(Instruction::END);
        Ok(Self { steps, program: compiler.program })
    }
}

/// How many instructions `steps` are.
fn size(steps: &[Step]) -> u64 {
    let of = |step: &Step| {
        let inner = match &step.verb {
            Verb::Parallel(steps) => size(steps),
            Verb::Branch(ways) => {
                ways.iter().fold(0, |sum: u64, way| sum.saturating_add(size(&way.steps)).saturating_add(1))
            }
            _ => 0,
        };
        inner.saturating_add(1).saturating_mul(u64::from(step.repeat))
    };
    steps.iter().fold(0, |sum: u64, step| sum.saturating_add(of(step)))
}

/// A program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// The instructions; an attempt starts at the first.
    pub code: Vec<Instruction>,
    /// Distributions of work and waiting, in nanoseconds.
    pub laws: Vec<Distribution>,
    /// How things are called.
    pub sites: Vec<CallSite>,
    /// Ways of branches: a draw below the first number, and not below that of the way before, goes to the second. The
    /// last way of each branch takes what is left.
    pub ways: Vec<(u64, u16)>,
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// It is done when a uniform draw lies below; `u64::MAX` stands for always, without a draw.
    pub taken: u64,
    /// Classes for whose requests it is done.
    pub only: Classes,
    /// What its draws are called, within the attempt.
    pub number: u32,
    /// Where it goes on, done or not.
    pub next: u16,
    /// What is done.
    pub op: Op,
}

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// CPU time.
    Cpu(Amount),
    /// Waiting within the service.
    Io(Amount),
    /// Waiting for a clock: the law of this index.
    Wait(u16),
    /// Calls a service.
    Call {
        /// Its index.
        service: u16,
        /// Index of the call site.
        site: u16,
    },
    /// Asks a store.
    Query {
        /// Its index.
        store: u16,
        /// How.
        access: Access,
        /// Index of the call site.
        site: u16,
    },
    /// Leaves a message in a queue.
    Publish {
        /// Its index.
        queue: u16,
        /// Index of the law of the message's size, in bytes.
        size: u16,
    },
    /// Starts a workflow.
    Start {
        /// Its index.
        workflow: u16,
        /// Whether its end is waited for.
        awaited: bool,
        /// Index of the call site.
        site: u16,
    },
    /// Does the `n` instructions that follow, all at once.
    Parallel {
        /// How many.
        n: u16,
    },
    /// Goes to one of the ways `first..first + n`.
    Branch {
        /// The first of its ways.
        first: u16,
        /// How many there are, at least 1.
        n: u16,
    },
    /// The attempt has done its work.
    End,
}

/// How much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// What the class of the request asks for.
    Class,
    /// A draw from the law of this index.
    Law(u16),
}

impl Instruction {
    const END: Self = Self { taken: u64::MAX, only: Classes::ALL, number: 0, next: 0, op: Op::End };

    /// The key of this step of what has `key`, in this attempt: of its work, or of its call.
    #[inline]
    #[must_use]
    pub const fn key(&self, key: u64, attempt: u32) -> u64 {
        step_key(key, attempt, self.number)
    }

    /// Whether it is done for a request of `class`; `own` gives its own key ([`Instruction::key`]), where that is asked.
    #[inline]
    #[must_use]
    pub fn is_taken(&self, own: impl FnOnce() -> u64, class: u32) -> bool {
        self.only.contains(class)
            && (self.taken == u64::MAX || uniform(step_key(own(), 0, Draw::Taken as u32)) < self.taken)
    }
}

impl Program {
    /// How much a step with this key is, where the class asks for what `of_class` gives.
    #[inline]
    #[must_use]
    pub fn amount<'a>(&'a self, amount: Amount, of_class: impl FnOnce() -> &'a Distribution, own: u64) -> u64 {
        match amount {
            Amount::Class => drawn(of_class(), own),
            Amount::Law(law) => drawn(&self.laws[usize::from(law)], own),
        }
    }

    /// The place of the last instruction, [`Op::End`].
    #[must_use]
    pub fn last(&self) -> u16 {
        index(self.code.len() - 1)
    }

    /// Where the branch with these ways goes, given its key.
    #[inline]
    #[must_use]
    pub fn way(&self, first: u16, n: u16, own: u64) -> u16 {
        let ways = &self.ways[usize::from(first)..usize::from(first) + usize::from(n)];
        let draw = uniform(own);
        let taken = ways[..ways.len() - 1].iter().position(|(below, _)| draw < *below);
        ways[taken.unwrap_or(ways.len() - 1)].1
    }

    /// Whether it is the class's CPU time and then its waiting, as where a service says no steps.
    #[must_use]
    pub fn is_of_class(&self) -> bool {
        *self == Body::default().program
    }

    /// Whether nothing but CPU and waiting is in it: how long it takes, once served, depends on no other service.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        let alone = |op| matches!(op, Op::Cpu(_) | Op::Io(_) | Op::Wait(_) | Op::Branch { .. } | Op::End);
        self.code.iter().all(|instruction| alone(instruction.op))
    }
}

#[derive(Default)]
struct Compiler {
    program: Program,
    /// Place of the next step among the written ones.
    place: u32,
    /// Copies so far, by place.
    copies: Vec<u32>,
    /// Laws and call sites of a place that was compiled before: copies share them.
    tables: Vec<Option<u16>>,
    class_cpu: Option<u32>,
    class_io: Option<u32>,
}

impl Compiler {
    fn at(&self) -> usize {
        self.program.code.len()
    }

    /// One after the other, each so often as it is repeated.
    fn sequence(&mut self, steps: &[Step]) {
        for step in steps {
            let place = self.place;
            for _ in 0..step.repeat {
                self.place = place;
                let at = self.at();
                self.step(step);
                self.program.code[at].next = index(self.at());
            }
        }
    }

    /// Appends one copy of `step`; where it goes on is not known yet.
    fn step(&mut self, step: &Step) {
        let place = self.place;
        self.place += 1;
        let number = self.number(place, &step.verb);
        let op = self.op(place, &step.verb);
        let instruction = Instruction { taken: threshold(step.p), only: step.only, number, next: 0, op };
        self.program.code.push(instruction);
        match &step.verb {
            Verb::Parallel(children) => self.children(children),
            Verb::Branch(_) => self.ways(self.at() - 1, &step.verb),
            _ => {}
        }
    }

    /// The children of the parallel instruction that was appended last.
    fn children(&mut self, children: &[Step]) {
        let parallel = self.at() - 1;
        for child in children {
            let place = self.place;
            for _ in 0..child.repeat {
                self.place = place;
                self.step(child);
            }
        }
        let end = index(self.at());
        self.program.code[parallel].op = Op::Parallel { n: end - index(parallel) - 1 };
        self.program.code[parallel + 1..].iter_mut().for_each(|child| child.next = end);
    }

    /// The ways of the branch at `branch`.
    fn ways(&mut self, branch: usize, verb: &Verb) {
        let Verb::Branch(ways) = verb else { return };
        let first = self.program.ways.len();
        self.program.ways.resize(first + ways.len() + 1, (u64::MAX, 0));
        let below = thresholds(ways);
        let mut bodies = Vec::with_capacity(ways.len());
        for (way, alternative) in ways.iter().enumerate() {
            let (start, inner) = (self.at(), self.program.ways.len());
            self.sequence(&alternative.steps);
            self.program.ways[first + way] = (below[way], index(start));
            bodies.push((start..self.at(), inner..self.program.ways.len()));
        }
        // What ran to the end of its way goes on where the branch does.
        let end = index(self.at());
        for (way, (body, inner)) in bodies.into_iter().enumerate() {
            let fell = index(body.end);
            if body.is_empty() {
                self.program.ways[first + way].1 = end;
            }
            self.program.code[body].iter_mut().filter(|one| one.next == fell).for_each(|one| one.next = end);
            self.program.ways[inner].iter_mut().filter(|way| way.1 == fell).for_each(|way| way.1 = end);
        }
        self.program.ways[first + ways.len()].1 = end;
        self.program.code[branch].op = Op::Branch { first: index(first), n: index(ways.len() + 1) };
    }

    fn number(&mut self, place: u32, verb: &Verb) -> u32 {
        let at = place as usize;
        if self.copies.len() <= at {
            self.copies.resize(at + 1, 0);
            self.tables.resize(at + 1, None);
        }
        let copy = self.copies[at];
        self.copies[at] += 1;
        let (first, what) = match verb {
            Verb::Cpu(Demand::Class) => (&mut self.class_cpu, Draw::Cpu),
            Verb::Io(Demand::Class) => (&mut self.class_io, Draw::Io),
            _ => return (place + 1) << 16 | copy,
        };
        if copy == 0 && *first.get_or_insert(place) == place { what as u32 } else { (place + 1) << 16 | copy }
    }

    fn op(&mut self, place: u32, verb: &Verb) -> Op {
        match verb {
            Verb::Cpu(demand) => Op::Cpu(self.amount(place, demand)),
            Verb::Io(demand) => Op::Io(self.amount(place, demand)),
            Verb::Wait(law) => Op::Wait(self.law(place, law)),
            Verb::Call { service, site } => Op::Call { service: *service, site: self.site(place, site) },
            Verb::Query { store, access, site } => {
                Op::Query { store: *store, access: *access, site: self.site(place, site) }
            }
            Verb::Publish { queue, size } => Op::Publish { queue: *queue, size: self.law(place, size) },
            Verb::Start { workflow, awaited, site } => {
                Op::Start { workflow: *workflow, awaited: *awaited, site: self.site(place, site) }
            }
            // Completed when what is in them is there.
            Verb::Parallel(_) => Op::Parallel { n: 0 },
            Verb::Branch(_) => Op::Branch { first: 0, n: 0 },
        }
    }

    fn amount(&mut self, place: u32, demand: &Demand) -> Amount {
        match demand {
            Demand::Class => Amount::Class,
            Demand::Own(law) => Amount::Law(self.law(place, law)),
        }
    }

    fn law(&mut self, place: u32, law: &Distribution) -> u16 {
        *self.tables[place as usize].get_or_insert_with(|| append(&mut self.program.laws, law))
    }

    fn site(&mut self, place: u32, site: &CallSite) -> u16 {
        *self.tables[place as usize].get_or_insert_with(|| append(&mut self.program.sites, site))
    }
}

fn append<T: Clone>(table: &mut Vec<T>, entry: &T) -> u16 {
    table.push(entry.clone());
    index(table.len() - 1)
}

/// Indices into a program are small: it has at most [`MOST_INSTRUCTIONS`] instructions, and as many table entries.
#[allow(clippy::cast_possible_truncation)]
fn index(at: usize) -> u16 {
    debug_assert!(u16::try_from(at).is_ok(), "{at}");
    at as u16
}

pub mod walk;

#[cfg(test)]
pub(super) mod tests;
