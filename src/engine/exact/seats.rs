//! Idle instances by when they were started.

use crate::kernel::bits::Bits;

/// Instances by when they were started: each has a seat behind all before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seats {
    instances: Vec<u32>,
    /// Per instance. The seat of one that has ended is its own until another has its number.
    of: Vec<u32>,
    /// Numbers of instances that have a seat.
    seated: usize,
    /// Seats of idle instances.
    idle: Bits,
}

impl Seats {
    /// An instance has been started that may become idle.
    pub fn expect(&mut self, instance: u32) {
        let index = instance as usize;
        if self.of.len() <= index {
            self.of.resize(index + 1, u32::MAX);
        }
        self.seated += usize::from(self.of[index] == u32::MAX);
        if self.instances.len() > 64 + 2 * self.seated {
            self.close_ranks();
        }
        self.of[index] = u32::try_from(self.instances.len()).expect("some twice as many seats as instances, at most");
        self.instances.push(instance);
        self.idle.widen(self.instances.len());
    }

    /// An instance is idle.
    #[inline]
    pub fn put(&mut self, instance: u32) {
        self.idle.insert(self.of[instance as usize] as usize);
    }

    /// An instance is idle no more.
    #[inline]
    pub fn remove(&mut self, instance: u32) {
        self.idle.remove(self.of[instance as usize] as usize);
    }

    /// Takes the idle instance that was started first.
    #[inline]
    pub fn take_first(&mut self) -> Option<u32> {
        self.idle.pop_first().map(|seat| self.instances[seat])
    }

    /// Takes the idle instance that was started last.
    #[inline]
    pub fn take_last(&mut self) -> Option<u32> {
        self.idle.pop_last().map(|seat| self.instances[seat])
    }

    /// Drops the seats that are nobody's.
    fn close_ranks(&mut self) {
        let old = std::mem::take(&mut self.instances);
        let idle = std::mem::take(&mut self.idle);
        self.idle.widen(old.len());
        for (seat, instance) in (0_u32..).zip(old) {
            let its = &mut self.of[instance as usize];
            if *its != seat {
                continue;
            }
            let next = self.instances.len();
            if idle.contains(seat as usize) {
                self.idle.insert(next);
            }
            *its = u32::try_from(next).expect("no more than before");
            self.instances.push(instance);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Ten instances that end, have their number given to others, are at work and idle.
        #[test]
        fn idle_instances_stand_in_the_order_of_their_starts(steps in prop::collection::vec((90_u32..100, 0_u8..8), 0..1_000)) {
            let (mut seats, mut starts, mut idle) = (Seats::default(), BTreeMap::new(), BTreeMap::new());
            for (start, (instance, kind)) in (0_u32..).zip(steps) {
                let is_idle = starts.get(&instance).is_some_and(|start| idle.contains_key(start));
                match (kind, starts.get(&instance)) {
                    (0..4, _) if !is_idle => {
                        seats.expect(instance);
                        starts.insert(instance, start);
                    }
                    (4, Some(&start)) if !is_idle => {
                        seats.put(instance);
                        idle.insert(start, instance);
                    }
                    (5, Some(start)) if is_idle => {
                        seats.remove(instance);
                        idle.remove(start);
                    }
                    (6, _) => prop_assert_eq!(seats.take_first(), idle.pop_first().map(|(_, instance)| instance)),
                    (7, _) => prop_assert_eq!(seats.take_last(), idle.pop_last().map(|(_, instance)| instance)),
                    _ => {}
                }
                prop_assert!(seats.instances.len() <= 64 + 2 * 10 + 1);
            }
        }
    }
}
