//! The instances and the work at the first instant.

use rand::Rng;

use crate::application::program::walk::Walker;
use crate::application::{NOBODY, Request};
use crate::engine::first::first_instances;
use crate::platform::meter::Per;

use super::Core;
use super::instances::Phase;
use super::kind::Kind;
use super::record::{Client, Record};
use super::service::record_of;
use super::work::paced;

impl Core<'_> {
    /// An instance that is at work at the first instant: on one attempt of its first kind, which is counted nowhere.
    pub(super) fn give_initial_work(&mut self, instance: u32) {
        let here = |kind: &Kind<'_>| kind.station == self.station.number;
        let Some((kind, of_kind)) = (0..).zip(&self.kinds.all).find(|(_, kind)| here(kind)) else { return };
        let (class, pace) = (of_kind.class, of_kind.pace);
        let what = &self.plan.application.classes[usize::from(class)];
        let program = self.station.program();
        let luck = &mut self.station.luck.start;
        let (cpu, io) = if program.is_of_class() {
            (what.cpu.draw_whole(luck), what.io.draw_whole(luck))
        } else {
            let walker = Walker { key: luck.next_u64(), attempt: 0, classes: &self.plan.application.classes, class };
            program.work_of(&walker)
        };
        if self.is_pool() {
            self.station.levels.busy.raise(1, 0);
        } else {
            self.assign(instance);
            self.take_slot(instance);
            self.reroute(instance);
        }
        let blank = Request { at: 0, key: 0, cpu: 0, io: 0, class: kind, caller: NOBODY };
        let slot = self.insert(Record { instance, client: Client::NEVER, started: 0, ..record_of(&blank) });
        self.skip_steps(slot);
        // It has been at work for a while; what is left is taken as a whole draw, without contention.
        self.wait_until(slot, paced(cpu, pace).saturating_add(io));
    }

    /// The instances of every service at the first instant: ready, without a start that anyone waited for.
    pub(super) fn place_initial(&mut self) {
        let counts = first_instances(self.deployment, self.plan.application, self.plan.first_rate);
        let pods: Vec<u32> = counts.iter().map(|(busy, idle)| busy + idle).collect();
        self.prepare_nodes(&pods);
        for (number, (busy, idle)) in self.stations().zip(counts) {
            self.enter(number);
            for place in 0..busy + idle {
                self.place_first_instance(place < busy);
            }
            self.note_max(0);
        }
    }

    fn place_first_instance(&mut self, busy: bool) {
        let instance = self.new_instance();
        self.count_instance(true);
        self.station.active += 1;
        let life = &mut self.instances[instance as usize];
        life.phase = Phase::Starting;
        (life.placed, life.ready_at, life.warm_at) = (0, 0, 0);
        let meter = &self.deployment.meter;
        if meter.per == Per::Instance && meter.idle_billed && meter.start_billed {
            self.station.billed.open(0);
            self.instances[instance as usize].opened = 0;
        }
        if !self.place_at_first(instance) {
            self.instances[instance as usize].phase = Phase::Pending;
            self.place(instance);
            return;
        }
        self.make_ready(instance);
        if busy {
            self.give_initial_work(instance);
        } else {
            self.becomes_idle(instance);
        }
    }
}
