//! A run that is played for what its requests bring, as sums over all of it: the tick engine takes such samples.

use crate::engine::Platform as _;
use crate::metering::measurement::{Measurement, ServiceMeasure};

use super::Core;
use super::control::count;
use super::flows::FlowUse;

/// What the requests of a sample brought.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Brought {
    pub egress: u64,
    pub called_bytes: u64,
    pub edge_units: u64,
    pub edge_bytes: u64,
    /// By service.
    pub services: Vec<OfService>,
    /// Bytes between instances and each store.
    pub carried: Vec<u64>,
    /// By workflow.
    pub flows: Vec<FlowUse>,
}

/// What they brought to one service.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct OfService {
    pub measure: ServiceMeasure,
    /// Attempts that are billed, and nanoseconds of their time as they are.
    pub requests: u64,
    pub billed: u128,
}

impl Core<'_> {
    /// Attempts at work at a service now, and its instances without any.
    pub(in crate::engine) fn at_work(&mut self, service: u16) -> (u32, u32) {
        self.enter(service);
        (count(self.station.levels.slots.count()), self.idle())
    }

    /// Ends a sample at the horizon.
    pub(in crate::engine) fn finish_sample(mut self: Box<Self>) -> (Measurement, Brought) {
        self.run_until(self.plan.horizon.0);
        let mut brought = self.tally.brought();
        for number in self.stations() {
            self.enter(number);
            let levels = &self.station.levels;
            let used = || levels.uses.iter().chain([&levels.current]);
            brought.services.push(OfService {
                measure: self.station.measure.clone(),
                requests: used().map(|used| used.requests).sum(),
                billed: used().map(|used| used.billed).sum(),
            });
        }
        brought.carried = self.stores.all.iter().map(|store| store.carried.iter().sum()).collect();
        for flow in &self.flows {
            let mut all = FlowUse::default();
            flow.uses.iter().for_each(|used| all.add(used));
            brought.flows.push(all);
        }
        (self.finish(), brought)
    }
}
