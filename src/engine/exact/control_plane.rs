//! A core to which no request comes: instances, nodes, laws and bills are played as ever, and what instances work is told
//! to it as a rate. The tick engine plays its deployments by it.

use crate::application::step::Access;
use crate::metering::measurement::Measurement;
use crate::platform::autoscaler::Law;

use super::Core;
use super::cluster::Node;
use super::control::Told;
use super::instances::{Instance, Phase};
use super::limits::Limit;
use super::tally::given::Given;

impl Core<'_> {
    /// When something happens next.
    pub(in crate::engine) fn next_event(&self) -> u64 {
        self.agenda.next_at()
    }

    /// Plays everything up to and including `until`.
    pub(in crate::engine) fn play_until(&mut self, until: u64) {
        self.run_until(until);
    }

    /// From here on it is about the service of this number.
    pub(in crate::engine) fn look_at(&mut self, service: u16) {
        self.enter(service);
    }

    /// Instances that serve.
    pub(in crate::engine) const fn serving(&self) -> u64 {
        self.station.levels.ready.count()
    }

    /// How many instances serve on each node that has any.
    pub(in crate::engine) fn serving_by_node(&self) -> Vec<u32> {
        let serves = |pod: &&u32| self.instances[**pod as usize].phase == Phase::Ready;
        let count = |node: &Node| u32::try_from(node.pods.iter().filter(serves).count()).unwrap_or(u32::MAX);
        let nodes = self.cluster.iter().flat_map(|cluster| &cluster.nodes).filter(|node| node.stage.is_some());
        nodes.map(count).filter(|count| *count > 0).collect()
    }

    /// From now on the instances that serve use so many micro-vCPU together; and they are given so many attempts. Both
    /// are shared out evenly, if a law looks at each of them.
    pub(in crate::engine) fn work(&mut self, micro_vcpu: u64, attempts: u64) {
        if !self.is_watched() {
            self.station.cpu_of_all.get_or_insert_default().set(self.now, micro_vcpu);
            return;
        }
        let serving = self.serving();
        if serving == 0 {
            return;
        }
        let (mut more_cpu, mut more_attempts) = (micro_vcpu % serving, attempts % serving);
        let station = self.station.number;
        let serves = |life: &&mut Instance| life.phase == Phase::Ready && life.station == station;
        for life in self.instances.iter_mut().filter(serves) {
            let cpu = micro_vcpu / serving + u64::from(more_cpu > 0);
            life.own_cpu.set(self.now, cpu);
            life.last_use = self.now;
            life.served += attempts / serving + u64::from(more_attempts > 0);
            (more_cpu, more_attempts) = (more_cpu.saturating_sub(1), more_attempts.saturating_sub(1));
        }
    }

    /// A scheduler that looks at single requests sees so many at work from now on, and so many instances without any.
    pub(in crate::engine) fn show(&mut self, at_work: u32, idle: u32) {
        self.station.control.looked.told = Some(Told { at_work, idle });
    }

    /// Whether a law looks at what instances do.
    pub(in crate::engine) fn is_watched(&self) -> bool {
        !matches!(self.station.spec.autoscaler.law, Law::Fixed { .. } | Law::PerRequest(_))
    }

    /// So many half units are taken of a store from an instant on, which is not before the last one. Units that it takes
    /// per second then, and that it holds when nothing is taken.
    pub(in crate::engine) fn take_units(
        &mut self,
        (store, access): (usize, Access),
        at: u64,
        halves: u64,
    ) -> (u32, f64) {
        let gate = self.stores.all[store].gates.as_mut().map(|gates| &mut gates[access as usize]);
        gate.map_or((u32::MAX, f64::INFINITY), |gate| {
            gate.book(at, halves);
            (gate.rate(), gate.burst())
        })
    }

    /// Ends the run at the horizon: what became of the requests is given.
    pub(in crate::engine) fn finish_with(mut self: Box<Self>, mut given: Given) -> Measurement {
        self.run_until(self.plan.horizon.0);
        for (store, given) in self.stores.all.iter_mut().zip(std::mem::take(&mut given.stores)) {
            store.give(given);
        }
        for (flow, given) in self.flows.iter_mut().zip(std::mem::take(&mut given.flows)) {
            (flow.measure, flow.uses) = (given.measure, given.uses);
        }
        for (number, given) in (0..).zip(&given.services) {
            self.enter(number);
            let station = &mut self.station;
            for (used, given) in station.levels.uses.iter_mut().zip(&given.uses) {
                (used.requests, used.billed) = (given.requests, given.billed);
                used.instances += given.instances;
            }
            station.measure.attempts = given.measure.attempts.clone();
            station.measure.instances.add(&given.measure.instances);
            station.measure.started += given.measure.started;
            station.measure.peak = station.measure.peak.max(given.measure.peak);
        }
        self.enter(0);
        self.limits.shed(Limit::EdgeThrottle, given.turned_away());
        let micro_vcpu = self.micro_capacity();
        self.tally.give(given, micro_vcpu);
        self.close_books()
    }
}
