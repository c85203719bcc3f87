//! Going through a program: from one step that takes time to the next.

use super::{Body, Op, Program};
use crate::application::Class;
use crate::application::draw::drawn;
use crate::application::step::{Demand, Verb, walk};
use crate::application::store::Store;

/// What takes time next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// CPU time on one reference vCPU, in nanoseconds, above 0.
    Cpu(u64),
    /// Waiting, in nanoseconds, above 0.
    Wait(u64),
    /// What reaches beyond the service: the instruction at this place.
    Reach(u16),
    /// Nothing: the attempt has done its work.
    Done,
}

/// Who goes through a program.
#[derive(Clone, Copy, Debug)]
pub struct Walker<'a> {
    /// The key under which the service was called.
    pub key: u64,
    /// Number of the attempt, from 0.
    pub attempt: u32,
    /// All classes.
    pub classes: &'a [Class],
    /// The number of the request's.
    pub class: u16,
}

impl<'a> Walker<'a> {
    /// The class of the request.
    #[must_use]
    pub fn of_class(&self) -> &'a Class {
        &self.classes[usize::from(self.class)]
    }
}

impl Program {
    /// The next task of `walker` from the instruction at `place` on, which goes on behind it.
    #[inline(always)]
    #[allow(clippy::inline_always)] // what is called takes longer to be called than to find the next step
    #[must_use]
    pub fn next_task(&self, place: &mut u16, walker: &Walker<'_>) -> Task {
        self.next_task_by(place, walker, || ())
    }

    /// The same; `step` is called for every step that is done on the way, and for the task.
    #[inline(always)]
    #[allow(clippy::inline_always)] // as above
    pub fn next_task_by(&self, place: &mut u16, walker: &Walker<'_>, mut step: impl FnMut()) -> Task {
        loop {
            let at = *place;
            let instruction = &self.code[usize::from(at)];
            if matches!(instruction.op, Op::End) {
                return Task::Done;
            }
            *place = instruction.next;
            let own = || instruction.key(walker.key, walker.attempt);
            if !instruction.is_taken(own, u32::from(walker.class)) {
                continue;
            }
            step();
            let task = match instruction.op {
                Op::Cpu(amount) => Task::Cpu(self.amount(amount, || &walker.of_class().cpu, own())),
                Op::Io(amount) => Task::Wait(self.amount(amount, || &walker.of_class().io, own())),
                Op::Wait(law) => Task::Wait(drawn(&self.laws[usize::from(law)], own())),
                Op::Branch { first, n } => {
                    *place = self.way(first, n, own());
                    continue;
                }
                _ => Task::Reach(at),
            };
            if !matches!(task, Task::Cpu(0) | Task::Wait(0)) {
                return task;
            }
        }
    }

    /// All of the CPU time and all of the waiting of `walker`, in nanoseconds, without what reaches beyond the service.
    #[must_use]
    pub fn work_of(&self, walker: &Walker<'_>) -> (u64, u64) {
        let (mut cpu, mut waits, mut place) = (0_u64, 0_u64, 0);
        loop {
            match self.next_task(&mut place, walker) {
                Task::Cpu(more) => cpu = cpu.saturating_add(more),
                Task::Wait(more) => waits = waits.saturating_add(more),
                Task::Reach(_) => {}
                Task::Done => return (cpu, waits),
            }
        }
    }
}

impl Body {
    /// Mean CPU time and mean waiting of one visit by a request of this class and number, in nanoseconds; `stores` answer
    /// as at low load.
    #[must_use]
    pub fn mean_work(&self, class: &Class, number: u32, stores: &[Store]) -> (f64, f64) {
        let (mut cpu, mut waits) = (0.0, 0.0);
        walk(&self.steps, &mut |step, times, only| {
            if !only.contains(number) {
                return;
            }
            match &step.verb {
                Verb::Cpu(Demand::Class) => cpu += times * class.cpu.mean(),
                Verb::Cpu(Demand::Own(law)) => cpu += times * law.mean(),
                Verb::Io(Demand::Class) => waits += times * class.io.mean(),
                Verb::Io(Demand::Own(law)) | Verb::Wait(law) => waits += times * law.mean(),
                Verb::Query { store, access, .. } => {
                    waits += times * stores[usize::from(*store)].latency(*access).mean();
                }
                _ => {}
            }
        });
        (cpu, waits)
    }
}
