//! The instances and the work at the first instant.

use rand::Rng;

use crate::application::program::walk::Walker;
use crate::application::{NOBODY, Request};
use crate::engine::first::first_instances;
use crate::platform::meter::Per;

use super::Core;
use super::instances::Phase;
use super::record::{Client, Record};
use super::service::record_of;
use super::work::paced;

impl Core<'_> {
    /// An instance that is at work at the first instant: one request of the first class that is counted nowhere.
    pub(super) fn give_initial_work(&mut self, instance: u32) {
        let application = self.plan.application;
        let Some(class) = application.classes.first() else { return };
        let luck = &mut self.luck.start;
        let (cpu, io) = if self.hot.has_steps {
            let walker = Walker { key: luck.next_u64(), attempt: 0, class: (class, 0) };
            application.service().body.program.work_of(&walker)
        } else {
            (class.cpu.draw_whole(luck), class.io.draw_whole(luck))
        };
        if self.is_pool() {
            self.tally.busy.raise(1, 0);
        } else {
            self.assign(instance);
            self.take_slot(instance);
            self.reroute(instance);
        }
        let blank = Request { at: 0, key: 0, cpu: 0, io: 0, class: 0, caller: NOBODY };
        let slot = self.insert(Record { instance, client: Client::NEVER, started: 0, ..record_of(&blank) });
        self.skip_steps(slot);
        // It has been at work for a while; what is left is taken as a whole draw, without contention.
        self.wait_until(slot, paced(cpu, self.classes[0].pace).saturating_add(io));
    }

    /// The instances at the first instant: ready, without a start that anyone waited for.
    pub(super) fn place_initial(&mut self) {
        let (busy, idle) = first_instances(self.deployment, self.plan.application, self.plan.first_rate);
        self.prepare_nodes(busy + idle);
        for number in 0..busy + idle {
            let instance = self.new_instance();
            self.tally.instance_started(0, true);
            self.active += 1;
            let life = &mut self.instances[instance as usize];
            life.phase = Phase::Starting;
            (life.placed, life.ready_at, life.warm_at) = (0, 0, 0);
            let meter = &self.deployment.meter;
            if meter.per == Per::Instance && meter.idle_billed && meter.start_billed {
                self.billed[0].open(0);
                self.instances[instance as usize].opened = 0;
            }
            if !self.place_at_first(instance) {
                self.instances[instance as usize].phase = Phase::Pending;
                self.place(instance);
                continue;
            }
            self.make_ready(instance);
            if number < busy {
                self.give_initial_work(instance);
            } else {
                self.becomes_idle(instance);
            }
        }
        self.note_max(0);
    }
}
