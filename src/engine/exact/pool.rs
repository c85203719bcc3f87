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

/// Idle instances by order of reuse and by deadline. Those that expired stay in their order until they come up, or are
/// too many.
#[derive(Clone, Debug)]
pub(super) struct Ordered {
    order: Order,
    /// Per instance; `None` while not idle.
    entries: Vec<Option<Entry>>,
    /// Idle instances.
    idle: usize,
    /// At most one entry of an instance counts, that in `armed`: one whose deadline has moved on is found out when its
    /// entry comes up.
    deadlines: BinaryHeap<Reverse<(u64, u32)>>,
    /// Per instance: where its entry in `deadlines` stands; `u64::MAX` without one.
    armed: Vec<u64>,
    /// Numbers the times an instance became idle.
    turn: u64,
}

/// The order in which idle instances are used again, with their keys.
#[derive(Clone, Debug)]
enum Order {
    /// By the turn in which they became idle.
    MostRecent(VecDeque<(u64, u32)>),
    LeastRecent(VecDeque<(u64, u32)>),
    /// By the number of their start, in rising order: who is taken first comes back first, near the end it was taken from.
    Newest(Vec<(u64, u32)>),
    Oldest(VecDeque<(u64, u32)>),
    /// The key is the position.
    Random(Vec<u32>),
}

impl Order {
    fn len(&self) -> usize {
        match self {
            Self::MostRecent(keys) | Self::LeastRecent(keys) | Self::Oldest(keys) => keys.len(),
            Self::Newest(keys) => keys.len(),
            Self::Random(dense) => dense.len(),
        }
    }

    /// Drops those that came up for nothing. A random order has none.
    fn retain(&mut self, mut wanted: impl FnMut(u64, u32) -> bool) {
        match self {
            Self::MostRecent(keys) | Self::LeastRecent(keys) | Self::Oldest(keys) => {
                keys.retain(|&(key, instance)| wanted(key, instance));
            }
            Self::Newest(keys) => keys.retain(|&(key, instance)| wanted(key, instance)),
            Self::Random(_) => {}
        }
    }
}

/// An idle instance: its key in the order of reuse, and when it ends.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: u64,
    deadline: u64,
}

impl Pool {
    pub fn new(reuse: Reuse, constant_keep_alive: Option<u64>) -> Self {
        match (reuse, constant_keep_alive) {
            (Reuse::MostRecent, Some(keep_alive)) => Self::Recent { idle: Idle::default(), keep_alive },
            _ => Self::Ordered(Ordered {
                order: match reuse {
                    Reuse::MostRecent => Order::MostRecent(VecDeque::new()),
                    Reuse::LeastRecent => Order::LeastRecent(VecDeque::new()),
                    Reuse::Newest => Order::Newest(Vec::new()),
                    Reuse::Oldest => Order::Oldest(VecDeque::new()),
                    Reuse::Random => Order::Random(Vec::new()),
                },
                entries: Vec::new(),
                idle: 0,
                deadlines: BinaryHeap::new(),
                armed: Vec::new(),
                turn: 0,
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

    /// An instance of start number `birth` is idle from `now` to `deadline` (which the simple pool knows by itself).
    #[inline]
    pub fn put(&mut self, instance: u32, birth: u64, now: u64, deadline: u64) {
        match self {
            Self::Recent { idle, .. } => idle.push(instance, now),
            Self::Ordered(ordered) => ordered.put(instance, birth, deadline),
        }
    }
}

impl Ordered {
    fn put(&mut self, instance: u32, birth: u64, deadline: u64) {
        self.turn += 1;
        self.idle += 1;
        let turn = self.turn;
        let key = match &mut self.order {
            Order::MostRecent(turns) | Order::LeastRecent(turns) => {
                turns.push_back((turn, instance));
                turn
            }
            Order::Newest(births) => {
                let mut place = births.len();
                births.push((birth, instance));
                let births = births.as_mut_slice();
                while place > 0 && births[place - 1].0 > birth {
                    births[place] = births[place - 1];
                    place -= 1;
                }
                births[place] = (birth, instance);
                birth
            }
            Order::Oldest(births) => {
                births.insert(births.partition_point(|&(other, _)| other < birth), (birth, instance));
                birth
            }
            Order::Random(dense) => {
                dense.push(instance);
                dense.len() as u64 - 1
            }
        };
        let index = instance as usize;
        if self.entries.len() <= index {
            self.entries.resize(index + 1, None);
            self.armed.resize(index + 1, u64::MAX);
        }
        self.entries[index] = Some(Entry { key, deadline });
        if self.order.len() > 64 + 4 * self.idle {
            let entries = &self.entries;
            self.order.retain(|key, id| entries[id as usize].is_some_and(|entry| entry.key == key));
        }
        self.arm(instance, deadline);
    }

    /// Sees to an instance's entry among the deadlines.
    #[inline]
    fn arm(&mut self, instance: u32, deadline: u64) {
        if deadline < self.armed[instance as usize] {
            self.arm_earlier(instance, deadline);
        }
    }

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
        loop {
            let (key, instance) = match &mut self.order {
                Order::MostRecent(turns) => turns.pop_back()?,
                Order::LeastRecent(turns) | Order::Oldest(turns) => turns.pop_front()?,
                Order::Newest(births) => births.pop()?,
                Order::Random(dense) => {
                    if dense.is_empty() {
                        return None;
                    }
                    let position = below(routing, dense.len());
                    (position as u64, dense[position])
                }
            };
            if self.entries[instance as usize].is_some_and(|entry| entry.key == key) {
                self.remove(instance);
                return Some(instance);
            }
        }
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
        if let Order::Random(dense) = &mut self.order {
            let position = usize::try_from(key).expect("a position in memory");
            dense.swap_remove(position);
            if let Some(&moved) = dense.get(position)
                && let Some(entry) = &mut self.entries[moved as usize]
            {
                entry.key = key;
            }
        }
    }
}
