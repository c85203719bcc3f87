//! Instances that are lost from one instant to the next: taken back, or gone with their zone or their node.
//!
//! What is at work on them, waits on them or waits for their start fails; they are billed up to then. Laws that keep a
//! number of instances start others at once, and groups of nodes other nodes.

use crate::application::fault::Target;
use crate::kernel::whole;
use crate::platform::autoscaler::Law;
use crate::platform::meter::Per;

use super::clients::Loss;
use super::instances::Phase;
use super::record::{Fifo, NONE, State};
use super::router::below;
use super::{Compute, Core, Supply};

/// A zone that is lost: that of the first instance and of the first node.
///
/// Instances go to the zones in turn, by the number of their start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LostZone {
    /// How many zones instances are spread over that are on no nodes; at least 2 while one is lost.
    zones: u32,
    /// When it is back.
    pub until: u64,
}

impl LostZone {
    /// Of so many, one is lost until then.
    pub fn lose(&mut self, zones: u32, until: u64) {
        *self = Self { zones, until: until.max(self.until) };
    }

    /// Whether number `number` of what is spread over `zones` is in it.
    pub fn has(number: u64, zones: u32) -> bool {
        let zones = u64::from(zones.max(1));
        number % zones == 1 % zones
    }

    /// Whether an instance may not have this number of a start now.
    pub fn keeps_out(&self, now: u64, birth: u64) -> bool {
        now < self.until && Self::has(birth, self.zones)
    }
}

impl Core<'_> {
    /// One of so many zones is lost, with everything in it.
    pub(super) fn lose_zone(&mut self, target: Target, zones: u32) {
        if self.cluster.is_some() {
            self.lose_nodes(&self.nodes_of_lost_zone());
            return;
        }
        let lost = self.running(target).into_iter().flatten();
        let lost: Vec<u32> =
            lost.filter(|&instance| LostZone::has(self.instances[instance as usize].birth, zones)).collect();
        self.lose(&lost);
    }

    /// This share of the instances of each service is taken back; of a deployment on nodes, of the nodes.
    pub(super) fn reclaim(&mut self, target: Target, share: f64) {
        if self.cluster.is_some() && !matches!(target, Target::Service(_)) {
            let mut nodes = self.nodes_to_reclaim();
            self.draw(&mut nodes, share);
            self.lose_nodes(&nodes);
            return;
        }
        let mut lost = Vec::new();
        for mut instances in self.running(target) {
            self.draw(&mut instances, share);
            lost.extend(instances);
        }
        self.lose(&lost);
    }

    /// Keeps this share of some, drawn at random, in order.
    fn draw(&mut self, all: &mut Vec<u32>, share: f64) {
        let wanted = usize::try_from(whole::round(all.len() as f64 * share)).unwrap_or(usize::MAX).min(all.len());
        for place in 0..wanted {
            let other = place + below(&mut self.faults.luck, all.len() - place);
            all.swap(place, other);
        }
        all.truncate(wanted);
        all.sort_unstable();
    }

    /// Instances that have a place, of each service that `target` has.
    fn running(&mut self, target: Target) -> Vec<Vec<u32>> {
        let mut running = Vec::new();
        for number in self.stations().filter(|&number| target.has_service(number)) {
            self.enter(number);
            // Those of a pool whose time is over are ended when somebody looks.
            self.expire();
            let mut numbers = self.numbers();
            let placed = |life: Phase| matches!(life, Phase::Starting | Phase::Ready | Phase::Draining);
            numbers.retain(|&instance| placed(self.instances[instance as usize].phase));
            running.push(numbers);
        }
        running
    }

    /// These instances are lost, and all that is on them.
    pub(super) fn lose(&mut self, lost: &[u32]) {
        let mut is_lost = vec![false; self.instances.len()];
        for &instance in lost {
            is_lost[instance as usize] = true;
        }
        let on_them = self.records.numbered().filter(|(_, record)| {
            record.state != State::Free && record.instance != NONE && is_lost[record.instance as usize]
        });
        let on_them: Vec<u32> = on_them.map(|(slot, _)| slot).collect();
        for slot in on_them {
            self.lose_attempt(slot);
        }
        for &instance in lost {
            self.enter_that_of(instance);
            self.empty(instance);
            self.end_instance(instance, self.now);
        }
        for number in self.stations() {
            self.enter(number);
            self.replace_lost();
        }
    }

    /// An attempt fails because its instance is lost.
    fn lose_attempt(&mut self, slot: u32) {
        let record = *self.records.get(slot);
        self.enter_that_of(record.instance);
        if record.is_running() {
            self.bill(&record, record.started, self.now);
        }
        if record.state == State::Cpu && self.station.compute == Compute::Alone && !self.station.hot.levels_cpu {
            self.leave_cpu(record.instance, record.kind, record.started);
        }
        self.calls_no_more(slot);
        self.book_failed(&record);
        self.tell_loss(&record, Loss::Failed);
        self.forget(slot);
    }

    /// Nothing is on an instance any more.
    fn empty(&mut self, instance: u32) {
        let (now, index) = (self.now, instance as usize);
        let station = &mut *self.station;
        let life = &mut self.instances[index];
        let starts = matches!(life.phase, Phase::Pending | Phase::Starting);
        let works = match &mut station.supply {
            Supply::Pool(pool) if !starts => !pool.remove(instance),
            Supply::Pool(_) | Supply::Router(_) => life.load > 0,
        };
        station.levels.busy.lower(u64::from(works), now);
        if starts {
            station.levels.starting_slots.lower(u64::from(life.used), now);
            // It was counted out when it was doomed.
            station.active += u32::from(life.doomed);
        }
        if matches!(station.supply, Supply::Router(_)) {
            station.levels.slots.lower(u64::from(life.used), now);
        }
        let meter = &self.deployment.meter;
        if works && meter.per == Per::Instance && !meter.idle_billed {
            station.billed.close(life.opened, now, now);
            life.opened = u64::MAX;
        }
        (life.load, life.used, life.cores) = (0, 0, 0);
        (life.queue, life.core_queue) = (Fifo::new(), Fifo::new());
        life.own_cpu.stop(now);
        if let Some(cpu) = self.cpus.get_mut(index) {
            cpu.advance(now);
            cpu.clear();
            self.share_cpu(instance);
        }
    }

    /// Sees to it that there are as many instances as the law keeps, whoever asks.
    pub(super) fn replace_lost(&mut self) {
        match &self.station.spec.autoscaler.law {
            Law::PerRequest(_) => {
                while self.station.active < self.station.spec.autoscaler.min {
                    let instance = self.start_instance();
                    if self.instances[instance as usize].phase == Phase::Ready {
                        self.becomes_idle(instance);
                    }
                }
                self.note_busy_limits();
                self.start_for_queue();
            }
            // It looks by itself, but for what a roll-out has lost.
            Law::AppEngine(_) => self.go_on_rolling_out(),
            Law::Fixed { .. } | Law::Hpa(_) | Law::TargetTracking(_) => self.scale_to(self.station.control.desired()),
        }
    }
}
