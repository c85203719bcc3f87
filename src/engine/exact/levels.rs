//! The instances of a service by what they do, and what they bring in each slice.

use crate::metering::measurement::{Level, SliceMeasure};
use crate::platform::service::OfService;

use super::cpu::micro;

/// What the requests that came to a service in one slice are billed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ServiceUse {
    /// Attempts that are billed.
    pub requests: u64,
    /// Nanoseconds of their time, rounded one by one.
    pub billed: u128,
    /// Nanoseconds for which its instances were billed.
    pub billed_time: u128,
    /// Nanoseconds for which its instances were there.
    pub instances: u128,
}

/// The instances of a service by what they do.
#[derive(Debug)]
pub(super) struct Levels {
    pub instances: Level,
    pub ready: Level,
    pub busy: Level,
    /// Slots with an attempt, on ready instances and on starting ones.
    pub slots: Level,
    /// Those on starting ones.
    pub starting_slots: Level,
    /// Attempts that wait for a service that they called.
    pub calling: Level,
    cpu_seen: u128,
    vcpu_micro: u64,
    /// Slots of an instance; 0: as many as come.
    slots_each: u32,
    /// Every busy instance has one busy slot, which then is not counted apart.
    one_slot: bool,
    /// What the requests of the slice that time is in have brought so far; that of the others is in `uses`.
    pub current: ServiceUse,
    pub uses: Vec<ServiceUse>,
}

impl Levels {
    /// Of a service that is run like this, in a window of so many slices.
    pub fn new(spec: OfService<'_>, one_slot: bool, slices: usize) -> Self {
        Self {
            instances: Level::default(),
            ready: Level::default(),
            busy: Level::default(),
            slots: Level::default(),
            starting_slots: Level::default(),
            calling: Level::default(),
            cpu_seen: 0,
            vcpu_micro: micro(spec.instance.cpu_limit()),
            slots_each: spec.fleet.slots.unwrap_or(0),
            one_slot,
            current: ServiceUse::default(),
            uses: vec![ServiceUse::default(); slices],
        }
    }

    /// A slice ends at `now`. `cpu_used` is what all instances have used so far, in micro-vCPU nanoseconds.
    pub fn roll(&mut self, now: u64, cpu_used: u128) -> SliceMeasure {
        let busy = self.busy.take(now);
        let slots = if self.one_slot { busy } else { self.slots.take(now) };
        let starting = self.starting_slots.take(now);
        let ready = self.ready.take(now);
        let used = cpu_used - std::mem::replace(&mut self.cpu_seen, cpu_used);
        SliceMeasure {
            instances: self.instances.take(now),
            ready,
            busy,
            slots_busy: slots - starting,
            slots_ready: ready * u128::from(self.slots_each),
            calling: self.calling.take(now),
            cpu_used: used,
            cpu_ready: ready * u128::from(self.vcpu_micro),
            ..SliceMeasure::default()
        }
    }

    /// Instances that have room for more: as many as would be left if what there is were on as few of them as can be.
    pub fn listening(&self) -> usize {
        let full = match self.slots_each {
            _ if self.one_slot => self.busy.count(),
            0 => 0,
            slots => self.slots.count() / u64::from(slots),
        };
        usize::try_from(self.ready.count().saturating_sub(full)).unwrap_or(usize::MAX)
    }

    /// Closes the books of the requests of a slice.
    pub fn close(&mut self, slice: usize, billed_time: u128) {
        let current = std::mem::take(&mut self.current);
        let Some(used) = self.uses.get_mut(slice) else { return };
        used.requests += current.requests;
        used.billed += current.billed;
        used.billed_time += billed_time;
    }
}
