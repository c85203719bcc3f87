//! Idle one-slot instances that follow requests.
//!
//! Most-recent-first reuse with a constant keep-alive from the last use needs no timers: instances become idle in time
//! order and are taken from the same end, so the one that expires next is always at the other end. Everything else
//! keeps an ordered set beside a heap of deadlines.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

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
    /// By order of reuse, unless that is random.
    by_order: BTreeMap<u64, u32>,
    /// For random reuse.
    dense: Vec<u32>,
    /// Per instance: its key in `by_order` or its position in `dense`, and its deadline; `None` while not idle.
    entries: Vec<Option<(u64, u64)>>,
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
                by_order: BTreeMap::new(),
                dense: Vec::new(),
                entries: Vec::new(),
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
            Reuse::MostRecent => u64::MAX - self.turn,
            Reuse::LeastRecent => self.turn,
            Reuse::Newest => u64::MAX - birth,
            Reuse::Oldest => birth,
            Reuse::Random => self.dense.len() as u64,
        };
        if self.reuse == Reuse::Random {
            self.dense.push(instance);
        } else {
            self.by_order.insert(key, instance);
        }
        let index = instance as usize;
        if self.entries.len() <= index {
            self.entries.resize(index + 1, None);
        }
        self.entries[index] = Some((key, deadline));
        if deadline < u64::MAX {
            self.deadlines.push(Reverse((deadline, instance)));
            // Stale deadlines of instances that were used meanwhile must not pile up.
            if self.deadlines.len() > 64 + 4 * (self.by_order.len() + self.dense.len()) {
                let entries = &self.entries;
                self.deadlines.retain(|&Reverse((at, id))| entries[id as usize].is_some_and(|(_, due)| due == at));
            }
        }
    }

    fn take(&mut self, routing: &mut Stream) -> Option<u32> {
        let instance = if self.reuse == Reuse::Random {
            if self.dense.is_empty() {
                return None;
            }
            self.dense[below(routing, self.dense.len())]
        } else {
            *self.by_order.first_key_value()?.1
        };
        self.remove(instance);
        Some(instance)
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
        if self.reuse == Reuse::Random {
            let position = key as usize;
            self.dense.swap_remove(position);
            if let Some(&moved) = self.dense.get(position)
                && let Some(entry) = &mut self.entries[moved as usize]
            {
                entry.0 = key;
            }
        } else {
            self.by_order.remove(&key);
        }
    }
}
