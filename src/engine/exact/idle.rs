//! Instances with nothing to do: how long they are kept, and when they end.

#![allow(clippy::inline_always)]

use crate::platform::autoscaler::Law;
use crate::platform::fleet::KeepAliveFrom;

use super::calls::Next;
use super::event::Event;
use super::instances::Phase;
use super::pool::Pool;
use super::{Core, Supply};

impl Core<'_> {
    /// A ready instance has nothing to do.
    #[inline]
    pub(super) fn becomes_idle(&mut self, instance: u32) {
        let now = self.now;
        let life = &mut self.instances[instance as usize];
        life.last_use = now;
        if life.phase == Phase::Draining {
            self.end_instance(instance, now);
            if self.station.queue.len() > 0 {
                // Who waits may have waited for its place among those at work.
                self.next.push(Next::Start(self.station.number));
            }
            return;
        }
        if !matches!(self.station.spec.autoscaler.law, Law::PerRequest(_)) {
            match &mut self.station.supply {
                Supply::Pool(pool) => pool.put(instance, now, u64::MAX),
                Supply::Router(_) => self.reroute(instance),
            }
            return;
        }
        if !self.keep_at_once(instance) {
            self.keep_idle(instance);
        }
    }

    /// Keeps an instance that becomes idle in the pool; `false` if it may end at once, or is no matter of a pool. Most are used
    /// again before any could expire: how long it is kept is drawn when that has passed.
    #[inline(always)]
    pub(super) fn keep_at_once(&mut self, instance: u32) -> bool {
        // By one borrow: what the compiler has to look up but once.
        let (now, station) = (self.now, &mut *self.station);
        let Supply::Pool(pool) = &mut station.supply else { return false };
        let life = &mut self.instances[instance as usize];
        let earliest = now.saturating_add(station.hot.keep_least).min(life.ends_by);
        if earliest <= now || life.phase == Phase::Draining {
            return false;
        }
        (life.last_use, life.deadline) = (now, u64::MAX);
        pool.put(instance, now, earliest);
        station.hot.pool_check = station.hot.pool_check.min(earliest);
        true
    }

    /// Draws how long an idle instance is kept, and keeps it.
    fn keep_idle(&mut self, instance: u32) {
        let now = self.now;
        let deadline = self.draw_deadline(instance).max(now);
        if deadline == now && self.station.active > self.station.spec.autoscaler.min {
            self.end_instance(instance, now);
        } else if let Supply::Pool(pool) = &mut self.station.supply {
            pool.put(instance, now, deadline);
            self.station.hot.pool_check = self.station.hot.pool_check.min(deadline);
        } else {
            if deadline < u64::MAX {
                self.agenda.schedule(deadline, Event::Idle(instance).order());
            }
            self.reroute(instance);
        }
    }

    /// When an instance that is idle since its last use ends.
    fn draw_deadline(&mut self, instance: u32) -> u64 {
        let fleet = self.station.spec.fleet;
        let life = &mut self.instances[instance as usize];
        let kept = fleet.keep_alive.as_ref().map_or(u64::MAX, |law| {
            let since = match fleet.keep_alive_from {
                KeepAliveFrom::LastUse => life.last_use,
                KeepAliveFrom::Start => life.born,
            };
            since.saturating_add(law.draw_whole(&mut self.station.luck.keep_alive))
        });
        life.deadline = kept.min(life.ends_by).max(life.last_use);
        life.deadline
    }

    /// The deadline of an idle instance outside the pool, or of one that was to finish what it has.
    pub(super) fn idle_over(&mut self, instance: u32) {
        let life = &self.instances[instance as usize];
        // One that has finished in time has ended.
        if life.deadline != self.now || !life.is_alive() {
            return;
        }
        if life.phase == Phase::Draining || life.doomed {
            return self.lose(&[instance]);
        }
        let due = life.phase == Phase::Ready && life.load == 0;
        if due && self.station.active > self.station.spec.autoscaler.min {
            self.end_instance(instance, self.now);
        }
    }

    /// Ends the idle instances of the pool whose time is over.
    #[inline]
    pub(super) fn expire(&mut self) {
        if self.now >= self.station.hot.pool_check {
            self.expire_due();
        }
    }

    fn expire_due(&mut self) {
        let min = self.station.spec.autoscaler.min;
        let drawn_late = self.station.spec.fleet.keep_alive.as_ref().is_some_and(|law| law.as_constant().is_none());
        while self.station.active > min
            && let Supply::Pool(pool) = &mut self.station.supply
            && let Some((instance, due)) = pool.due(self.now)
        {
            if drawn_late && self.instances[instance as usize].deadline == u64::MAX {
                let deadline = self.draw_deadline(instance);
                if let Supply::Pool(Pool::Ordered(pool)) = &mut self.station.supply
                    && deadline > due
                {
                    pool.postpone(instance, deadline);
                    continue;
                }
            }
            if let Supply::Pool(pool) = &mut self.station.supply {
                pool.end(instance);
            }
            // An instance kept beyond its time by the minimum ends when another makes it superfluous: now, at most.
            self.end_instance(instance, if min == 0 { due } else { due.max(self.station.control.above_min_since) });
        }
        // While the minimum holds some back, every arrival looks again.
        self.station.hot.pool_check = match &self.station.supply {
            Supply::Pool(pool) => pool.next_deadline(),
            Supply::Router(_) => u64::MAX,
        };
    }
}
