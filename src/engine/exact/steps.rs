//! A service with steps of its own: an attempt goes through them, from one that takes time to the next.

use crate::application::program::walk::{Task, Walker};

use super::Core;
use super::record::{Record, State};

/// Where an attempt has got to: what its steps are drawn by, for whose request, and the instruction that comes next.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub attempt: u32,
    pub next: u16,
    pub class: u16,
}

impl Place {
    /// As a record keeps it beside its work.
    pub const fn packed(self) -> u64 {
        (self.attempt as u64) << 32 | (self.class as u64) << 16 | self.next as u64
    }

    #[allow(clippy::cast_possible_truncation)] // what was packed
    pub const fn unpacked(packed: u64) -> Self {
        Self { attempt: (packed >> 32) as u32, class: (packed >> 16) as u16, next: packed as u16 }
    }

    /// What was packed, where the instruction that comes next is another.
    const fn moved(packed: u64, next: u16) -> u64 {
        packed & !(u16::MAX as u64) | next as u64
    }
}

impl<'a> Core<'a> {
    /// An attempt begins with the first step. Apart, so that services without steps keep their straight line.
    #[inline(never)]
    pub(super) fn place_at_first_step(&self, record: &mut Record) {
        (record.work, record.waits_until) = (self.first_step(record).packed(), u64::MAX);
    }

    /// Where an attempt begins.
    #[inline]
    pub(super) fn first_step(&self, record: &Record) -> Place {
        let class = self.kinds.all[usize::from(record.kind)].class;
        Place { attempt: self.clients.attempt(record.client), next: 0, class }
    }

    /// What an attempt waits for now is all that it does.
    pub(super) fn skip_steps(&mut self, slot: u32) {
        let last = self.station.program().last();
        let record = self.records.get_mut(slot);
        let class = self.kinds.all[usize::from(record.kind)].class;
        record.work = if self.station.hot.has_steps { Place { attempt: 0, next: last, class }.packed() } else { 0 };
    }

    /// An attempt goes on to its next step that takes time, or is done.
    #[inline(never)]
    pub(super) fn go_on(&mut self, slot: u32) {
        let program = self.station.program();
        let record = self.records.get(slot);
        let (packed, state) = (record.work, record.state);
        let mut place = Place::unpacked(packed);
        let walker = self.walker(record.key, place);
        let task = program.next_task(&mut place.next, &walker);
        let moved = Place::moved(packed, place.next);
        let record = self.records.get_mut(slot);
        record.work = moved;
        match task {
            Task::Cpu(work) => {
                let work = self.station.trouble.slowed(work);
                (record.work, record.waits_until) = (work, moved);
                self.compute(slot);
            }
            Task::Wait(waits) => {
                let waits = self.station.trouble.slowed(waits);
                self.wait_until(slot, self.now.saturating_add(waits));
            }
            Task::Reach(at) => self.reach(slot, at, place),
            Task::Done if self.comes_to_next_message(slot) => {}
            Task::Done if matches!(state, State::Cpu | State::Io | State::Answered) => {
                if self.station.trouble.fails(walker.key, walker.attempt) {
                    self.fail(slot);
                } else {
                    self.complete(slot);
                }
            }
            // Even work of no length goes through the agenda: ended here, a long queue would be emptied by recursion.
            Task::Done => self.wait_until(slot, self.now),
        }
    }

    /// Who goes through the steps that belong to the request, or the call, of this key.
    pub(super) fn walker(&self, key: u64, place: Place) -> Walker<'a> {
        Walker { key, attempt: place.attempt, classes: &self.plan.application.classes, class: place.class }
    }
}
