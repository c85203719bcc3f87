//! A service with steps of its own: an attempt goes through them, from one that takes time to the next.

use crate::application::program::walk::{Task, Walker};

use super::Core;
use super::record::{Record, State};

/// Where an attempt has got to: what its steps are drawn by, and the instruction that comes next.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub attempt: u32,
    pub next: u16,
}

impl Place {
    /// As a record keeps it beside its work.
    pub const fn packed(self) -> u64 {
        (self.attempt as u64) << 16 | self.next as u64
    }

    #[allow(clippy::cast_possible_truncation)] // what was packed
    pub const fn unpacked(packed: u64) -> Self {
        Self { attempt: (packed >> 16) as u32, next: packed as u16 }
    }
}

impl Core<'_> {
    /// An attempt begins with the first step. Apart, so that services without steps keep their straight line.
    #[inline(never)]
    pub(super) fn place_at_first_step(&self, record: &mut Record) {
        let place = Place { attempt: self.clients.attempt(record.client), next: 0 };
        (record.work, record.waits_until) = (place.packed(), u64::MAX);
    }

    /// What an attempt waits for now is all that it does.
    pub(super) fn skip_steps(&mut self, slot: u32) {
        let last = self.station.program().last();
        let record = self.records.get_mut(slot);
        record.work = if self.station.hot.has_steps { Place { attempt: 0, next: last }.packed() } else { 0 };
    }

    /// An attempt goes on to its next step that takes time, or is done.
    #[inline(never)]
    pub(super) fn go_on(&mut self, slot: u32) {
        let program = self.station.program();
        let record = self.records.get_mut(slot);
        let kind = &self.kinds.all[usize::from(record.kind)];
        let mut place = Place::unpacked(record.work);
        let class = &self.plan.application.classes[usize::from(kind.class)];
        let walker = Walker { key: record.key, attempt: place.attempt, class: (class, u32::from(kind.class)) };
        let task = program.next_task(&mut place.next, &walker);
        record.work = place.packed();
        match task {
            Task::Cpu(work) => {
                let work = self.station.trouble.slowed(work);
                (record.work, record.waits_until) = (work, place.packed());
                self.compute(slot);
            }
            Task::Wait(waits) => {
                let waits = self.station.trouble.slowed(waits);
                self.wait_until(slot, self.now.saturating_add(waits));
            }
            Task::Reach(at) => self.reach(slot, at, place),
            Task::Done if matches!(record.state, State::Cpu | State::Io | State::Answered) => {
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
}
