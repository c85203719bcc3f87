//! The steps of a service or a workflow as they were written, with names resolved to indices.

use super::draw::threshold;
use super::retry::Retry;
use crate::kernel::distribution::Distribution;
use crate::units::Nanos;

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is done.
    pub verb: Verb,
    /// Probability with which it is done, each time anew, 0 to 1.
    pub p: f64,
    /// How many times, at least 1: one after the other, or at once where the step is one of a [`Verb::Parallel`].
    pub repeat: u16,
    /// Classes for whose requests it is done.
    pub only: Classes,
}

impl Step {
    /// `verb`, done once for every request.
    #[must_use]
    pub const fn new(verb: Verb) -> Self {
        Self { verb, p: 1.0, repeat: 1, only: Classes::ALL }
    }

    /// The class's CPU time, then its waiting: what a service does that says nothing else.
    #[must_use]
    pub fn of_class() -> Vec<Self> {
        vec![Self::new(Verb::Cpu(Demand::Class)), Self::new(Verb::Io(Demand::Class))]
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    /// CPU time on one reference vCPU.
    Cpu(Demand),
    /// Waiting without CPU, within the service.
    Io(Demand),
    /// Waiting for a clock, in nanoseconds.
    Wait(Distribution),
    /// Calls the service of this index and waits for its answer.
    Call {
        /// The service.
        service: u16,
        /// How it is called.
        site: CallSite,
    },
    /// Asks the store of this index and waits for its answer.
    Query {
        /// The store.
        store: u16,
        /// Whether it reads or writes.
        access: Access,
        /// How it is asked.
        site: CallSite,
    },
    /// Leaves a message in the queue or topic of this index.
    Publish {
        /// The queue.
        queue: u16,
        /// Size of the message, in bytes.
        size: Distribution,
    },
    /// Starts the workflow of this index.
    Start {
        /// The workflow.
        workflow: u16,
        /// Whether its end is waited for.
        awaited: bool,
        /// How it is started.
        site: CallSite,
    },
    /// All of these at once; done when all are, failed if one failed. Each is a verb that needs no CPU here: a call, a
    /// query, a publication, a start, or waiting.
    Parallel(Vec<Step>),
    /// One of these, or none.
    Branch(Vec<Alternative>),
}

/// One way of a branch.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// Probability; those of a branch add up to 1 at most.
    pub p: f64,
    /// What is done.
    pub steps: Vec<Step>,
}

/// The thresholds of a uniform 64-bit draw that picks one of `ways`, in order; one not below the last picks none.
#[must_use]
pub fn thresholds(ways: &[Alternative]) -> Vec<u64> {
    let mut sum = 0.0;
    let below = ways.iter().map(|way| {
        sum += way.p;
        // Ten times 0.1 is meant to be 1.
        threshold(if sum > 1.0 - ROUNDING { 1.0 } else { sum })
    });
    below.collect()
}

/// Sums of probabilities that differ from 1 by less are 1.
pub const ROUNDING: f64 = 1e-9;

/// Work whose amount is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Demand {
    /// The demand of the request's class.
    Class,
    /// Of this distribution, in nanoseconds.
    Own(Distribution),
}

/// Whether a store is read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is read.
    Read,
    /// It is written.
    Write,
}

/// How something is called: what is sent, for how long an answer is waited for, and what is done without one.
#[derive(Clone, Debug, PartialEq)]
pub struct CallSite {
    /// What is sent, in bytes; for a read, what comes back.
    pub size: Distribution,
    /// The caller gives up after this long; what was called goes on.
    pub timeout: Option<Nanos>,
    /// What it does then.
    pub retry: Retry,
}

/// A set of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classes(u64);

impl Classes {
    /// Every class there is.
    pub const ALL: Self = Self(u64::MAX);
    /// None.
    pub const NONE: Self = Self(0);
    /// How many classes a scenario may have of which a set holds only some.
    pub const MOST: usize = 63;

    /// These classes, each below [`Classes::MOST`].
    #[must_use]
    pub fn of(indices: impl IntoIterator<Item = u32>) -> Self {
        Self(indices.into_iter().fold(0, |set, class| set | 1 << class))
    }

    /// Those of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the class of this index is one of them.
    #[inline]
    #[must_use]
    pub const fn contains(self, class: u32) -> bool {
        self.0 == u64::MAX || (class < u64::BITS && self.0 >> class & 1 == 1)
    }
}

/// Calls `visit` with every step of `steps`, those within others included, in the order of writing, and how often it is
/// done on average and for whom, when `steps` are done once.
pub fn walk<'a>(steps: &'a [Step], visit: &mut impl FnMut(&'a Step, f64, Classes)) {
    walk_below(steps, 1.0, Classes::ALL, visit);
}

fn walk_below<'a>(steps: &'a [Step], times: f64, only: Classes, visit: &mut impl FnMut(&'a Step, f64, Classes)) {
    for step in steps {
        let (times, only) = (times * step.p * f64::from(step.repeat), only.and(step.only));
        visit(step, times, only);
        match &step.verb {
            Verb::Parallel(steps) => walk_below(steps, times, only, visit),
            Verb::Branch(ways) => ways.iter().for_each(|way| walk_below(&way.steps, times * way.p, only, visit)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_classes() {
        let two = Classes::of([0, 2]);
        assert_eq!([0, 1, 2, 63, 64].map(|class| two.contains(class)), [true, false, true, false, false]);
        assert!(Classes::ALL.contains(64) && Classes::ALL.contains(u32::MAX) && !Classes::NONE.contains(0));
        assert_eq!(two.and(Classes::of([2, 3])), Classes::of([2]));
        assert_eq!(two.and(Classes::ALL), two);
    }

    #[test]
    fn a_walk_multiplies_what_lies_around_a_step() {
        let wait = |p, repeat| Step { p, repeat, ..Step::new(Verb::Wait(Distribution::constant(1.0))) };
        let ways = vec![Alternative { p: 0.25, steps: vec![wait(0.5, 3)] }];
        let branch = Step { repeat: 2, only: Classes::of([1]), ..Step::new(Verb::Branch(ways)) };
        let mut seen = Vec::new();
        walk(&[wait(1.0, 1), branch], &mut |_, times, only| seen.push((times, only.contains(0))));
        assert_eq!(seen, [(1.0, true), (2.0, false), (0.75, false)]);
    }
}
