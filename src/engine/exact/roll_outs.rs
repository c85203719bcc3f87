//! New versions of services: how their instances take the place of the old ones.
//!
//! Both versions do the same work; only the new one is cold. An instance is of an old version when the number of its start
//! is not above that of the last one before the roll-out. Old ones that are taken out of service finish what they have, if
//! that takes no longer than the platform allows.
//! A roll-out that begins while another goes on takes its place: whatever is there then is old.

use crate::application::fault::Target;
use crate::metering::measurement::RollOutMeasure;
use crate::platform::autoscaler::Law;
use crate::platform::roll_out::{Bounds, Strategy};

use super::control::count;
use super::event::Event;
use super::instances::Phase;
use super::{Core, Supply};

/// A new version on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct RollOut {
    /// Number of the last start of an old version.
    last_old: u64,
    /// Instances of an old version that have not ended.
    old_left: u32,
    /// How instances are replaced one by one; `None`: at once.
    bounds: Option<Bounds>,
    /// Instances in service when it began.
    at_first: u32,
    begun: u64,
    /// Whether only the new version is in service, with as many instances as are wanted.
    done: bool,
    /// Its place among the measured ones.
    measure: usize,
}

impl RollOut {
    /// Whether an instance is of an old version.
    pub const fn is_old(&self, birth: u64) -> bool {
        birth <= self.last_old
    }
}

/// Instances in service, in the order in which they would be ended: those that start, then the newest.
#[derive(Debug, Default)]
struct Version {
    starting: Vec<u32>,
    ready: Vec<u32>,
}

impl Version {
    fn len(&self) -> u32 {
        count((self.starting.len() + self.ready.len()) as u64)
    }

    fn count_ready(&self) -> u32 {
        count(self.ready.len() as u64)
    }
}

impl Core<'_> {
    /// A new version of each service that `target` has begins to take the place of the old one.
    pub(super) fn deploy(&mut self, target: Target) {
        for number in self.stations().filter(|&number| target.has_service(number)) {
            self.enter(number);
            self.expire();
            self.begin_roll_out();
        }
    }

    fn begin_roll_out(&mut self) {
        let number = self.station.number;
        // It has an image of its own, which is on no node.
        for node in self.cluster.iter_mut().flat_map(|cluster| &mut cluster.nodes) {
            node.images_at[usize::from(number)] = u64::MAX;
        }
        let bounds = match (self.deployment.roll_out.strategy, &self.station.spec.autoscaler.law) {
            (_, Law::PerRequest(_)) => None,
            (Strategy::Rolling(bounds), _) => Some(bounds),
            (Strategy::Migrate, Law::AppEngine(law)) => law.warmup_requests.then_some(Bounds::SECOND_SET),
            (Strategy::AtOnce | Strategy::Migrate, _) => None,
        };
        let old_left = count(self.station.levels.instances.count());
        self.station.roll_out = Some(RollOut {
            last_old: self.births,
            old_left,
            bounds,
            at_first: self.station.active,
            begun: self.now,
            done: false,
            measure: self.faults.roll_outs.len(),
        });
        self.faults.roll_outs.push(RollOutMeasure {
            at: self.now,
            service: number,
            replaced: u64::from(self.station.active),
            rolled_out: None,
            old_gone: (old_left == 0).then_some(0),
        });
        if bounds.is_none() {
            let (old, _) = self.versions();
            old.starting.into_iter().chain(old.ready).for_each(|instance| self.retire(instance));
            self.replace_lost();
            self.forget_looks();
            self.look_at_pending();
        }
        self.go_on_rolling_out();
    }

    /// Attempts on instances of an old version that are no load of the new one.
    pub(super) fn slots_of_old(&self) -> u32 {
        let Some(roll_out) = self.station.roll_out.filter(|roll_out| roll_out.bounds.is_none()) else { return 0 };
        let number = self.station.number;
        let old = self.instances.iter().filter(|life| life.is_alive() && life.station == number);
        old.filter(|life| roll_out.is_old(life.birth)).map(|life| life.used).sum()
    }

    /// Whether instances are being replaced one by one.
    pub(super) fn is_replacing(&self) -> bool {
        self.station.roll_out.is_some_and(|roll_out| roll_out.bounds.is_some() && !roll_out.done)
    }

    /// Instances of the old version and of the new one that are in service, or will be.
    fn versions(&self) -> (Version, Version) {
        let (mut old, mut new) = (Version::default(), Version::default());
        let mut numbers = self.numbers();
        numbers.sort_by_key(|&instance| std::cmp::Reverse(self.instances[instance as usize].birth));
        for instance in numbers {
            let life = &self.instances[instance as usize];
            let is_old = self.station.roll_out.is_some_and(|roll_out| roll_out.is_old(life.birth));
            let version = if is_old { &mut old } else { &mut new };
            match life.phase {
                Phase::Pending | Phase::Starting if !life.doomed => version.starting.push(instance),
                Phase::Ready => version.ready.push(instance),
                _ => {}
            }
        }
        (old, new)
    }

    /// Takes an instance out of service: it ends when it has finished what it has, or when its time is over.
    fn retire(&mut self, instance: u32) {
        self.stop_old(instance);
        let life = &mut self.instances[instance as usize];
        if let Some(grace) = self.deployment.roll_out.grace.filter(|_| life.is_alive()) {
            life.deadline = self.now.saturating_add(grace.0);
            self.agenda.schedule(life.deadline, Event::Idle(instance).order());
        }
    }

    fn stop_old(&mut self, instance: u32) {
        let life = &mut self.instances[instance as usize];
        match &mut self.station.supply {
            // A pool keeps no books of what its instances have.
            Supply::Pool(pool) if life.phase == Phase::Ready => {
                if pool.remove(instance) {
                    self.end_instance(instance, self.now);
                } else {
                    (life.phase, life.deadline) = (Phase::Draining, u64::MAX);
                    self.station.active -= 1;
                    self.note_max(self.now);
                }
            }
            _ => self.stop_instance(instance),
        }
    }

    /// An instance is ready, has ended or is wanted no more: the roll-out goes on, if there is one.
    pub(super) fn go_on_rolling_out(&mut self) {
        while self.is_replacing() && self.replace_some() {}
        let Some(roll_out) = self.station.roll_out.filter(|roll_out| !roll_out.done) else { return };
        let (old, new) = self.versions();
        if old.len() == 0 && new.count_ready() >= self.needed(&roll_out, &new) {
            self.faults.roll_outs[roll_out.measure].rolled_out = Some(self.now - roll_out.begun);
            self.station.roll_out = (roll_out.old_left > 0).then_some(RollOut { done: true, ..roll_out });
        }
    }

    /// Instances of the new version that there must be before it has taken the place of the old one.
    fn needed(&self, roll_out: &RollOut, new: &Version) -> u32 {
        match &self.station.spec.autoscaler.law {
            // These start others when somebody asks.
            Law::PerRequest(_) | Law::AppEngine(_) if roll_out.bounds.is_none() => self.station.spec.autoscaler.min,
            _ => self.wanted(roll_out, new),
        }
    }

    /// Instances that are wanted, of whichever version.
    fn wanted(&self, roll_out: &RollOut, new: &Version) -> u32 {
        match &self.station.spec.autoscaler.law {
            Law::Fixed { .. } | Law::Hpa(_) | Law::TargetTracking(_) => self.station.control.desired(),
            // What it starts beside the roll-out is for load that has come.
            Law::PerRequest(_) | Law::AppEngine(_) => roll_out.at_first.max(new.len()),
        }
    }

    /// Starts as many new instances and ends as many old ones as the bounds allow now; whether there were any. It is what
    /// the deployment controller of Kubernetes does in one sync.
    fn replace_some(&mut self) -> bool {
        let Some(roll_out) = self.station.roll_out else { return false };
        let Some(bounds) = roll_out.bounds else { return false };
        let (old, new) = self.versions();
        let wanted = self.wanted(&roll_out, &new);
        let (surge, may_miss) = bounds.of(wanted);
        let least = wanted.saturating_sub(may_miss);
        let room = wanted.saturating_add(surge).saturating_sub(old.len() + new.len());
        let starts = wanted.saturating_sub(new.len()).min(room);
        // Old ones that are not ready do no good, but what is missing of the new ones is not to be missed twice.
        let spare = (old.len() + new.count_ready()).saturating_sub(least);
        let spare_ready = (old.count_ready() + new.count_ready()).saturating_sub(least);
        let surplus = new.len().saturating_sub(wanted);
        let ended = old.starting.iter().take(spare as usize);
        let ended = ended.chain(old.ready.iter().take(spare_ready as usize));
        let ended = ended.chain(new.starting.iter().chain(&new.ready).take(surplus as usize));
        let ended: Vec<u32> = ended.copied().collect();
        for _ in 0..starts {
            self.start_instance();
        }
        for &instance in &ended {
            self.retire(instance);
        }
        starts > 0 || !ended.is_empty()
    }

    /// An instance of an old version ended at `at`.
    pub(super) fn note_ended(&mut self, at: u64) {
        let Some(roll_out) = &mut self.station.roll_out else { return };
        roll_out.old_left -= 1;
        if roll_out.old_left == 0 {
            self.faults.roll_outs[roll_out.measure].old_gone = Some(at.max(roll_out.begun) - roll_out.begun);
            if roll_out.done {
                self.station.roll_out = None;
            }
        }
    }
}
