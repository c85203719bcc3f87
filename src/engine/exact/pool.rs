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
        idle: VecDeque<(u32, u64)>,
        /// Nanoseconds.
        keep_alive: u64,
    },
    /// Any other order or lifetime.
    Ordered(Ordered),
}

/// Idle instances by order of reuse and by deadline.
#[derive(Clone, Debug)]
pub(super) struct Ordered {
    reuse: Reuse,
    /// By order of reuse, unless that is random: (key, instance), the largest first. Those that expired stay until they
    /// come up, or are too many.
    by_order: BinaryHeap<(u64, u32)>,
    /// For random reuse.
    dense: Vec<u32>,
    /// Per instance: its key in `by_order` or its position in `dense`, and its deadline; `None` while not idle.
    entries: Vec<Option<(u64, u64)>>,
    /// Idle instances.
    idle: usize,
    deadlines: BinaryHeap<Reverse<(u64, u32)>>,
    /// Numbers the times an instance became idle.
    turn: u64,
}

impl Pool {
    pub fn new(reuse: Reuse, constant_keep_alive: Option<u64>) -> Self {
        match (reuse, constant_keep_alive) {
            (Reuse::MostRecent, Some(keep_alive)) => Self::Recent { idle: VecDeque::new(), keep_alive },
            _ => Self::Ordered(Ordered {
                reuse,
                by_order: BinaryHeap::new(),
                dense: Vec::new(),
                entries: Vec::new(),
                idle: 0,
                deadlines: BinaryHeap::new(),
                turn: 0,
            }),
        }
    }

    /// An idle instance whose time was over at or before `now`, and when; it is idle no more. Call until `None`.
    #[inline]
    pub fn expire(&mut self, now: u64) -> Option<(u32, u64)> {
        match self {
            Self::Recent { idle, keep_alive } => {
                let &(instance, since) = idle.front()?;
                let deadline = since.saturating_add(*keep_alive);
                if deadline > now {
                    return None;
                }
                idle.pop_front();
                Some((instance, deadline))
            }
            Self::Ordered(ordered) => ordered.expire(now),
        }
    }

    /// No idle instance expires before this.
    pub fn next_deadline(&self) -> u64 {
        match self {
            Self::Recent { idle, keep_alive } => {
                idle.front().map_or(u64::MAX, |&(_, since)| since.saturating_add(*keep_alive))
            }
            Self::Ordered(ordered) => ordered.deadlines.peek().map_or(u64::MAX, |&Reverse((deadline, _))| deadline),
        }
    }

    /// Takes the instance that is used next.
    #[inline]
    pub fn take(&mut self, routing: &mut Stream) -> Option<u32> {
        match self {
            Self::Recent { idle, .. } => idle.pop_back().map(|(instance, _)| instance),
            Self::Ordered(ordered) => ordered.take(routing),
        }
    }

    /// An instance of start number `birth` is idle from `now` to `deadline` (which the simple pool knows by itself).
    #[inline]
    pub fn put(&mut self, instance: u32, birth: u64, now: u64, deadline: u64) {
        match self {
            Self::Recent { idle, .. } => idle.push_back((instance, now)),
            Self::Ordered(ordered) => ordered.put(instance, birth, deadline),
        }
    }
}

impl Ordered {
    fn put(&mut self, instance: u32, birth: u64, deadline: u64) {
        self.turn += 1;
        let key = match self.reuse {
            Reuse::MostRecent => self.turn,
            Reuse::LeastRecent => u64::MAX - self.turn,
            Reuse::Newest => birth,
            Reuse::Oldest => u64::MAX - birth,
            Reuse::Random => self.dense.len() as u64,
        };
        if self.reuse == Reuse::Random {
            self.dense.push(instance);
        } else {
            self.by_order.push((key, instance));
        }
        self.idle += 1;
        let index = instance as usize;
        if self.entries.len() <= index {
            self.entries.resize(index + 1, None);
        }
        self.entries[index] = Some((key, deadline));
        // What is stale must not pile up.
        let most = 64 + 4 * self.idle;
        let entries = &self.entries;
        if self.by_order.len() > most {
            self.by_order.retain(|&(key, id)| entries[id as usize].is_some_and(|(own, _)| own == key));
        }
        if deadline < u64::MAX {
            self.deadlines.push(Reverse((deadline, instance)));
            if self.deadlines.len() > most {
                self.deadlines.retain(|&Reverse((at, id))| entries[id as usize].is_some_and(|(_, due)| due == at));
            }
        }
    }

    fn take(&mut self, routing: &mut Stream) -> Option<u32> {
        if self.reuse == Reuse::Random {
            if self.dense.is_empty() {
                return None;
            }
            let instance = self.dense[below(routing, self.dense.len())];
            self.remove(instance);
            return Some(instance);
        }
        loop {
            let (key, instance) = self.by_order.pop()?;
            if self.entries[instance as usize].is_some_and(|(own, _)| own == key) {
                self.remove(instance);
                return Some(instance);
            }
        }
    }

    fn expire(&mut self, now: u64) -> Option<(u32, u64)> {
        while let Some(&Reverse((deadline, instance))) = self.deadlines.peek() {
            if deadline > now {
                return None;
            }
            self.deadlines.pop();
            if self.entries[instance as usize].is_some_and(|(_, due)| due == deadline) {
                self.remove(instance);
                return Some((instance, deadline));
            }
        }
        None
    }

    fn remove(&mut self, instance: u32) {
        let (key, _) = self.entries[instance as usize].take().expect("an idle instance has an entry");
        self.idle -= 1;
        if self.reuse == Reuse::Random {
            let position = usize::try_from(key).expect("a position in memory");
            self.dense.swap_remove(position);
            if let Some(&moved) = self.dense.get(position)
                && let Some(entry) = &mut self.entries[moved as usize]
            {
                entry.0 = key;
            }
        }
    }
}
