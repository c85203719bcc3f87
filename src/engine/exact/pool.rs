//! Idle one-slot instances that follow requests.
//!
//! Most-recent-first reuse with a constant keep-alive from the last use needs no timers: instances become idle in time
//! order and are taken from the same end, so the one that expires next is always at the other end. Everything else
//! keeps an ordered set beside a heap of deadlines.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::kernel::streams::Stream;
use crate::platform::fleet::Reuse;

use super::router::below;
use super::seats::Seats;

/// The idle instances of a fleet.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    /// Most recent first, constant keep-alive from the last use: (instance, idle since).
    Recent {
        /// The one that expires next first.
        idle: Idle,
        /// Nanoseconds.
        keep_alive: u64,
    },
    /// Any other order or lifetime.
    Ordered(Ordered),
}

/// Instances with the instant since when they are idle, in its order: used again from the end, and given up from the
/// front. A vector, because there the way to the end is shortest.
#[derive(Clone, Debug, Default)]
pub(super) struct Idle {
    list: Vec<(u32, u64)>,
    /// So many at the front have been given up. They are dropped when they are half of it.
    given_up: usize,
}

impl Idle {
    #[inline(always)]
    #[allow(clippy::inline_always)] // once per request
    pub fn push(&mut self, instance: u32, since: u64) {
        self.list.push((instance, since));
    }

    #[inline(always)]
    #[allow(clippy::inline_always)] // once per request
    fn pop(&mut self) -> Option<u32> {
        if self.list.len() == self.given_up {
            return None;
        }
        self.list.pop().map(|(instance, _)| instance)
    }

    fn front(&self) -> Option<(u32, u64)> {
        self.list.get(self.given_up).copied()
    }

    fn give_up_front(&mut self) {
        self.given_up += 1;
        if 2 * self.given_up >= self.list.len() {
            self.list.drain(..self.given_up);
            self.given_up = 0;
        }
    }
}

/// Idle instances by order of reuse and by deadline.
#[derive(Clone, Debug)]
pub(super) struct Ordered {
    order: Order,
    /// From which end of it they are taken.
    end: End,
    /// Per instance; `None` while not idle.
    entries: Vec<Option<Entry>>,
    /// Idle instances.
    idle: usize,
    /// At most one entry of an instance counts, that in `armed`: one whose deadline has moved on is found out when its
    /// entry comes up.
    deadlines: BinaryHeap<Reverse<(u64, u32)>>,
    /// Per instance: where its entry in `deadlines` stands; `u64::MAX` without one.
    armed: Vec<u64>,
}

/// The order in which idle instances are used again.
#[derive(Clone, Debug)]
enum Order {
    /// By when they became idle.
    Used(Turns),
    /// By when they were started.
    Started(Seats),
    Random(Dense),
}

/// An end of an order.
#[derive(Clone, Copy, Debug)]
enum End {
    First,
    Last,
}

/// Instances by the turn in which they became idle, which is their key. Those that expired stay until they come up, or are
/// too many.
#[derive(Clone, Debug, Default)]
struct Turns {
    order: VecDeque<(u64, u32)>,
    last: u64,
}

impl Turns {
    #[inline(never)]
    fn put(&mut self, instance: u32, idle: usize, entries: &[Option<Entry>]) -> u64 {
        if self.order.len() > 64 + 4 * idle {
            self.order.retain(|&(turn, id)| entries[id as usize].is_some_and(|entry| entry.key == turn));
        }
        self.last += 1;
        self.order.push_back((self.last, instance));
        self.last
    }

    #[inline(never)]
    fn take(&mut self, end: End, entries: &[Option<Entry>]) -> Option<u32> {
        loop {
            let next = match end {
                End::First => self.order.pop_front(),
                End::Last => self.order.pop_back(),
            };
            let (turn, instance) = next?;
            if entries[instance as usize].is_some_and(|entry| entry.key == turn) {
                return Some(instance);
            }
        }
    }
}

/// Instances in no order: an instance's key is its position.
#[derive(Clone, Debug, Default)]
struct Dense(Vec<u32>);

impl Dense {
    #[inline(never)]
    fn put(&mut self, instance: u32) -> u64 {
        self.0.push(instance);
        self.0.len() as u64 - 1
    }

    #[inline(never)]
    fn take(&mut self, routing: &mut Stream, entries: &mut [Option<Entry>]) -> Option<u32> {
        if self.0.is_empty() {
            return None;
        }
        let position = below(routing, self.0.len());
        let instance = self.0[position];
        self.leave(position, entries);
        Some(instance)
    }

    /// An instance leaves its position to the last one.
    fn leave(&mut self, position: usize, entries: &mut [Option<Entry>]) {
        self.0.swap_remove(position);
        if let Some(&moved) = self.0.get(position)
            && let Some(entry) = &mut entries[moved as usize]
        {
            entry.key = position as u64;
        }
    }
}

/// An idle instance.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// In the order of reuse, where it has one.
    key: u64,
    /// When it ends.
    deadline: u64,
}

impl Pool {
    pub fn new(reuse: Reuse, constant_keep_alive: Option<u64>) -> Self {
        match (reuse, constant_keep_alive) {
            (Reuse::MostRecent, Some(keep_alive)) => Self::Recent { idle: Idle::default(), keep_alive },
            _ => Self::Ordered(Ordered {
                order: match reuse {
                    Reuse::MostRecent | Reuse::LeastRecent => Order::Used(Turns::default()),
                    Reuse::Newest | Reuse::Oldest => Order::Started(Seats::default()),
                    Reuse::Random => Order::Random(Dense::default()),
                },
                end: match reuse {
                    Reuse::MostRecent | Reuse::Newest => End::Last,
                    Reuse::LeastRecent | Reuse::Oldest | Reuse::Random => End::First,
                },
                entries: Vec::new(),
                idle: 0,
                deadlines: BinaryHeap::new(),
                armed: Vec::new(),
            }),
        }
    }

    /// The idle instance whose time was over first, and when, if that was at or before `now`.
    #[inline]
    pub fn due(&mut self, now: u64) -> Option<(u32, u64)> {
        let (instance, deadline) = match self {
            Self::Recent { idle, keep_alive } => {
                idle.front().map(|(instance, since)| (instance, since.saturating_add(*keep_alive)))
            }
            Self::Ordered(ordered) => ordered.due(now),
        }?;
        (deadline <= now).then_some((instance, deadline))
    }

    /// The instance that is due is idle no more.
    pub fn end(&mut self, instance: u32) {
        match self {
            Self::Recent { idle, .. } => {
                idle.give_up_front();
            }
            Self::Ordered(ordered) => ordered.remove(instance),
        }
    }

    /// No idle instance expires before this; the first that does may do so later.
    pub fn next_deadline(&self) -> u64 {
        match self {
            Self::Recent { idle, keep_alive } => {
                idle.front().map_or(u64::MAX, |(_, since)| since.saturating_add(*keep_alive))
            }
            Self::Ordered(ordered) => ordered.deadlines.peek().map_or(u64::MAX, |&Reverse((deadline, _))| deadline),
        }
    }

    /// An instance that may be lost is idle no more; whether it was. A pool that may lose any is an ordered one.
    pub fn remove(&mut self, instance: u32) -> bool {
        match self {
            Self::Recent { .. } => unreachable!("instances of this pool cannot be told apart, and are not lost"),
            Self::Ordered(ordered) => {
                let is_idle = ordered.entries.get(instance as usize).is_some_and(Option::is_some);
                ordered.remove(instance);
                is_idle
            }
        }
    }

    /// Takes the instance that is used next.
    #[inline(always)]
    #[allow(clippy::inline_always)] // once per request
    pub fn take(&mut self, routing: &mut Stream) -> Option<u32> {
        match self {
            Self::Recent { idle, .. } => idle.pop(),
            Self::Ordered(ordered) => ordered.take(routing),
        }
    }

    /// An instance has been started that may come here, after all that have been before.
    pub fn expect(&mut self, instance: u32) {
        if let Self::Ordered(ordered) = self {
            ordered.expect(instance);
        }
    }

    /// An instance is idle from `now` to `deadline` (which the simple pool knows by itself).
    #[inline]
    pub fn put(&mut self, instance: u32, now: u64, deadline: u64) {
        match self {
            Self::Recent { idle, .. } => idle.push(instance, now),
            Self::Ordered(ordered) => ordered.put(instance, deadline),
        }
    }
}

impl Ordered {
    fn expect(&mut self, instance: u32) {
        let count = instance as usize + 1;
        if self.entries.len() < count {
            self.entries.resize(count, None);
            self.armed.resize(count, u64::MAX);
        }
        if let Order::Started(seats) = &mut self.order {
            seats.expect(instance);
        }
    }

    #[inline]
    fn put(&mut self, instance: u32, deadline: u64) {
        self.idle += 1;
        let key = match &mut self.order {
            Order::Used(turns) => turns.put(instance, self.idle, &self.entries),
            Order::Started(seats) => {
                seats.put(instance);
                0
            }
            Order::Random(dense) => dense.put(instance),
        };
        self.entries[instance as usize] = Some(Entry { key, deadline });
        self.arm(instance, deadline);
    }

    /// Sees to an instance's entry among the deadlines.
    #[inline]
    fn arm(&mut self, instance: u32, deadline: u64) {
        if deadline < self.armed[instance as usize] {
            self.arm_earlier(instance, deadline);
        }
    }

    #[inline(never)]
    fn arm_earlier(&mut self, instance: u32, deadline: u64) {
        self.armed[instance as usize] = deadline;
        self.deadlines.push(Reverse((deadline, instance)));
        if self.deadlines.len() > 64 + 2 * self.armed.len() {
            let armed = &self.armed;
            self.deadlines.retain(|&Reverse((at, id))| armed[id as usize] == at);
        }
    }

    #[inline(never)]
    fn take(&mut self, routing: &mut Stream) -> Option<u32> {
        let instance = match &mut self.order {
            Order::Used(turns) => turns.take(self.end, &self.entries)?,
            Order::Started(seats) => match self.end {
                End::First => seats.take_first()?,
                End::Last => seats.take_last()?,
            },
            Order::Random(dense) => dense.take(routing, &mut self.entries)?,
        };
        self.entries[instance as usize] = None;
        self.idle -= 1;
        Some(instance)
    }

    fn due(&mut self, now: u64) -> Option<(u32, u64)> {
        while let Some(&Reverse((at, instance))) = self.deadlines.peek() {
            if at > now {
                return None;
            }
            let index = instance as usize;
            let armed = self.armed[index] == at;
            match self.entries[index] {
                Some(entry) if armed && entry.deadline == at => return Some((instance, at)),
                entry => {
                    self.deadlines.pop();
                    if armed {
                        self.armed[index] = u64::MAX;
                        if let Some(entry) = entry {
                            self.arm(instance, entry.deadline);
                        }
                    }
                }
            }
        }
        None
    }

    /// The instance that is due ends later than was thought.
    pub fn postpone(&mut self, instance: u32, deadline: u64) {
        if let Some(entry) = &mut self.entries[instance as usize] {
            entry.deadline = deadline;
        }
    }

    fn remove(&mut self, instance: u32) {
        let Some(Entry { key, .. }) = self.entries.get_mut(instance as usize).and_then(Option::take) else { return };
        self.idle -= 1;
        match &mut self.order {
            Order::Used(_) => {}
            Order::Started(seats) => seats.remove(instance),
            Order::Random(dense) => {
                dense.leave(usize::try_from(key).expect("a position in memory"), &mut self.entries);
            }
        }
    }
}
