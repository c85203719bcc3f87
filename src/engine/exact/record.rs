//! Everything in flight is one record of one cache line, in one state.

use crate::application::NOBODY;

/// "No record": the end of a list.
pub(super) const NONE: u32 = u32::MAX;

/// What a record waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing: the slot is free.
    Free,
    /// A place on an instance.
    Queued,
    /// Its instance to be ready.
    Starting,
    /// A core of its instance (fifo-cores).
    CoreWait,
    /// Its CPU work to end.
    Cpu,
    /// Its waiting without CPU to end.
    Io,
    /// What it called to answer.
    Calling,
    /// Nothing more: it goes on at this instant.
    Answered,
    /// The answer of a store that its client asks itself; `work` is the query.
    Asking,
    /// A clock, as the run of a workflow.
    Pausing,
}

/// Who still cares about a record: a number below [`Client::SPECIAL`] is a caller (`clients`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client(u32);

impl Client {
    /// A client who asks once, and of whom nothing is kept.
    pub const SIMPLE: Self = Self(NOBODY);
    /// It has gone; the work goes on and still costs.
    pub const GONE: Self = Self(NOBODY - 1);
    /// The same, of a request that is counted nowhere: it arrived in the warm-up.
    pub const UNCOUNTED: Self = Self(NOBODY - 2);
    /// The work was there at the first instant and is counted nowhere.
    pub const NEVER: Self = Self(NOBODY - 3);
    /// Callers have lower numbers.
    pub const SPECIAL: u32 = NOBODY - 3;

    /// Of a request.
    #[inline]
    pub const fn of(caller: u32) -> Self {
        Self(caller)
    }

    /// The caller, if it is one.
    #[inline]
    pub const fn caller(self) -> Option<u32> {
        if self.0 < Self::SPECIAL { Some(self.0) } else { None }
    }

    /// Whether its request is counted.
    pub fn is_counted(self) -> bool {
        !matches!(self, Self::UNCOUNTED | Self::NEVER)
    }

    /// Whether somebody waits.
    #[inline]
    pub const fn waits(self) -> bool {
        self.0 == NOBODY || self.0 < Self::SPECIAL
    }
}

/// Whether an attempt waited for an instance to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// It did not.
    Warm,
    /// It did.
    Cold,
    /// It did, for one that was started for it, which is billed to it.
    Own,
}

impl Start {
    #[inline]
    pub const fn is_cold(self) -> bool {
        !matches!(self, Self::Warm)
    }
}

/// One attempt in flight: exactly one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Record {
    /// Names the request; its work is drawn from it.
    pub key: u64,
    /// When this attempt arrived.
    pub arrived: u64,
    /// When it was given to a ready instance; `u64::MAX` before.
    pub started: u64,
    /// How long it waited for an instance to start.
    pub startup: u64,
    /// Until CPU work begins: that work on one reference vCPU, nanoseconds. From then on: what comes behind it, which is
    /// the waiting of its class, or in a service with steps of its own its place in them (`steps`).
    pub work: u64,
    /// Until CPU work begins: what comes behind it. From then on: when its entry in the agenda fires; `u64::MAX` without
    /// one of its own. While it waits for what it called: how many of them have not answered, and whether one failed
    /// (`calls`).
    pub waits_until: u64,
    /// The next record of the list it is in.
    pub next: u32,
    /// Who cares about it.
    pub client: Client,
    /// Its instance; [`NONE`] while queued at the fleet.
    pub instance: u32,
    /// Its kind.
    pub kind: u16,
    /// What it waits for.
    pub state: State,
    /// Whether it waited for an instance to start.
    pub start: Start,
}

impl Record {
    /// Its CPU work begins; what is behind it comes next.
    #[inline]
    pub const fn begin_cpu(&mut self) {
        self.state = State::Cpu;
        self.work = self.waits_until;
        self.waits_until = u64::MAX;
    }

    /// Names this record where it is in its steps, while it waits for what it reached.
    #[inline]
    pub const fn reaches(&self) -> u64 {
        self.key ^ self.work
    }

    /// Whether its client asks once, so that nothing follows from its end.
    #[inline]
    pub fn is_simple(&self) -> bool {
        self.client == Client::SIMPLE
    }

    /// Whether an entry in the agenda may be its own.
    #[inline]
    pub const fn has_clock(&self) -> bool {
        matches!(self.state, State::Cpu | State::Io | State::Asking | State::Pausing)
    }

    /// Whether its work has begun.
    pub const fn is_running(&self) -> bool {
        matches!(self.state, State::Cpu | State::Io | State::CoreWait | State::Calling | State::Answered)
    }
}

const _: () = assert!(size_of::<Record>() == 64);

/// All records, with a free list through their links.
#[derive(Clone, Debug)]
pub(super) struct Records {
    slots: Vec<Record>,
    free: u32,
}

impl Records {
    pub const fn new() -> Self {
        Self { slots: Vec::new(), free: NONE }
    }

    /// Puts a record in a free slot.
    #[inline]
    pub fn insert(&mut self, record: Record) -> u32 {
        if self.free == NONE {
            let slot = u32::try_from(self.slots.len()).ok().filter(|&slot| slot != NONE);
            self.slots.push(record);
            slot.expect("more than four billion requests in flight")
        } else {
            let slot = self.free;
            self.free = self.slots[slot as usize].next;
            self.slots[slot as usize] = record;
            slot
        }
    }

    /// Frees a slot.
    #[inline]
    pub fn remove(&mut self, slot: u32) {
        let record = &mut self.slots[slot as usize];
        record.state = State::Free;
        record.next = self.free;
        self.free = slot;
    }

    #[inline]
    pub fn get(&self, slot: u32) -> &Record {
        &self.slots[slot as usize]
    }

    /// A record that may have been given up.
    #[inline]
    pub fn find(&self, slot: u32) -> Option<&Record> {
        self.slots.get(slot as usize)
    }

    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> &mut Record {
        &mut self.slots[slot as usize]
    }

    /// Gives up the free slots at the end, so that a look at all records costs what is in flight and not what once was.
    pub fn trim(&mut self) {
        let used = self.slots.iter().rposition(|record| record.state != State::Free).map_or(0, |last| last + 1);
        if used == self.slots.len() {
            return;
        }
        self.slots.truncate(used);
        // The lowest free slots are taken first from now on, which sets free those at the end.
        self.free = NONE;
        for slot in (0..used).rev() {
            let record = &mut self.slots[slot];
            if record.state == State::Free {
                record.next = self.free;
                self.free = u32::try_from(slot).expect("slots are numbered by u32");
            }
        }
    }

    /// Every record with its slot, free ones too.
    pub fn numbered(&self) -> impl Iterator<Item = (u32, &Record)> {
        (0..).zip(&self.slots)
    }

    /// Every record in flight, in slot order.
    pub fn in_flight(&self) -> impl Iterator<Item = &Record> {
        self.slots.iter().filter(|record| record.state != State::Free)
    }
}

/// A first-in, first-out list of records through their links.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fifo {
    head: u32,
    tail: u32,
    len: u32,
}

impl Fifo {
    pub const fn new() -> Self {
        Self { head: NONE, tail: NONE, len: 0 }
    }

    #[inline]
    pub const fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub const fn head(&self) -> Option<u32> {
        if self.len == 0 { None } else { Some(self.head) }
    }

    #[inline]
    pub fn push(&mut self, records: &mut Records, slot: u32) {
        records.get_mut(slot).next = NONE;
        if self.len == 0 {
            self.head = slot;
        } else {
            records.get_mut(self.tail).next = slot;
        }
        self.tail = slot;
        self.len += 1;
    }

    #[inline]
    pub fn pop(&mut self, records: &Records) -> Option<u32> {
        let slot = self.head()?;
        self.head = records.get(slot).next;
        self.len -= 1;
        Some(slot)
    }

    /// Takes one record out of the list, wherever it is.
    pub fn remove(&mut self, records: &mut Records, slot: u32) {
        let mut previous = NONE;
        let mut at = self.head;
        while at != slot {
            assert!(at != NONE, "a record to be taken out of a list is in it");
            previous = at;
            at = records.get(at).next;
        }
        let next = records.get(slot).next;
        if previous == NONE {
            self.head = next;
        } else {
            records.get_mut(previous).next = next;
        }
        if self.tail == slot {
            self.tail = previous;
        }
        self.len -= 1;
    }
}
