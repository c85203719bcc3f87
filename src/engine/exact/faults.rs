//! Faults: what goes wrong, and from when to when.
//!
//! A fault is an entry in the agenda that changes what holds from then on. Who begins a step while a service is slow takes
//! longer for it, and who ends while it fails may fail: both are asked between two steps. A deployment without faults
//! has none of it in its way.

use crate::application::Draw;
use crate::application::draw::{step_key, threshold, uniform};
use crate::application::fault::{Fault, Kind};
use crate::kernel::streams::{Stream, stream};
use crate::kernel::whole;
use crate::metering::measurement::RollOutMeasure;

use super::event::Event;
use super::losses::LostZone;
use super::{Core, Plan};

/// What may go wrong with a service in a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Perils {
    /// Its work may take longer, or end in an error.
    pub work: bool,
    /// Its instances may be lost or replaced.
    pub instances: bool,
}

impl Perils {
    /// Of the service of this index.
    pub fn of(faults: &[Fault], station: u16) -> Self {
        let mut perils = Self { work: false, instances: false };
        for fault in faults.iter().filter(|fault| fault.target.has_service(station)) {
            perils.work |= !fault.ends_instances();
            perils.instances |= fault.ends_instances();
        }
        perils
    }
}

/// What is wrong with a service or a store at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trouble {
    /// Work and waiting take so many times as long.
    slow: f64,
    /// Who draws less fails; 0: nobody does, and `u64::MAX`: everybody.
    fails: u64,
}

impl Default for Trouble {
    fn default() -> Self {
        Self { slow: 1.0, fails: 0 }
    }
}

impl Trouble {
    /// Of faults that are independent of each other.
    fn of(faults: impl Iterator<Item = Kind>) -> Self {
        let (mut slow, mut well) = (1.0, 1.0);
        for kind in faults {
            match kind {
                Kind::Slow { factor } => slow *= factor,
                Kind::Fail { share } => well *= 1.0 - share,
                Kind::ZoneLoss { .. } | Kind::Reclaim { .. } | Kind::Deploy => {}
            }
        }
        Self { slow, fails: threshold(1.0 - well) }
    }

    /// How long takes now what takes so many nanoseconds.
    #[inline]
    pub fn slowed(&self, time: u64) -> u64 {
        if self.slow == 1.0 { time } else { whole::round(time as f64 * self.slow) }
    }

    /// Whether what has this key fails in this attempt, if it ends now.
    #[inline]
    pub fn fails(&self, key: u64, attempt: u32) -> bool {
        let draw = || uniform(step_key(key, attempt, Draw::Fails as u32));
        self.fails > 0 && (self.fails == u64::MAX || draw() < self.fails)
    }
}

/// A fault begins, or is over.
#[derive(Clone, Copy, Debug)]
struct Change {
    at: u64,
    begins: bool,
    fault: usize,
}

/// The faults of a deployment.
#[derive(Debug)]
pub(super) struct Faults<'a> {
    all: &'a [Fault],
    /// In order of time, and how many of them have happened.
    changes: Vec<Change>,
    happened: usize,
    /// How many times each fault has begun and is not over.
    lasting: Vec<u32>,
    /// The zone that is lost, if one is.
    pub zone: LostZone,
    /// Which instances are taken back.
    pub luck: Stream,
    /// New versions so far.
    pub roll_outs: Vec<RollOutMeasure>,
}

impl<'a> Faults<'a> {
    pub fn new(plan: &Plan<'a>) -> Self {
        let all = plan.faults;
        let change = |(number, fault): (usize, &Fault)| {
            let begin = |at: u64| Change { at, begins: true, fault: number };
            let end = |at: u64| Change { at: at.saturating_add(fault.lasting.0), begins: false, fault: number };
            let changes: Vec<Change> = fault.at.iter().flat_map(|&at| [begin(at.0), end(at.0)]).collect();
            changes
        };
        let mut changes: Vec<Change> = all.iter().enumerate().flat_map(change).collect();
        // One that begins when it is over has begun again.
        changes.sort_by_key(|change| change.at);
        Self {
            all,
            changes,
            happened: 0,
            lasting: vec![0; all.len()],
            zone: LostZone::default(),
            luck: stream(plan.seed, "faults", &plan.deployment.name, plan.replication),
            roll_outs: Vec::new(),
        }
    }

    /// The kinds of faults that last, of those that `concern`.
    fn lasting(&self, concern: impl Fn(&Fault) -> bool) -> impl Iterator<Item = Kind> {
        let lasting = self.all.iter().zip(&self.lasting).filter(|(_, times)| **times > 0);
        lasting.map(|(fault, _)| fault).filter(move |fault| concern(fault)).map(|fault| fault.kind)
    }
}

impl Core<'_> {
    /// The next change has an entry in the agenda.
    pub(super) fn schedule_fault(&mut self) {
        if let Some(change) = self.faults.changes.get(self.faults.happened) {
            self.agenda.schedule(change.at, Event::Fault.order());
        }
    }

    /// A fault begins, or is over.
    pub(super) fn fault_changes(&mut self) {
        let Change { begins, fault, .. } = self.faults.changes[self.faults.happened];
        self.faults.happened += 1;
        self.schedule_fault();
        let lasting = &mut self.faults.lasting[fault];
        *lasting = if begins { *lasting + 1 } else { *lasting - 1 };
        let &Fault { kind, target, lasting, .. } = &self.faults.all[fault];
        match kind {
            Kind::Slow { .. } | Kind::Fail { .. } => self.look_for_trouble(),
            Kind::ZoneLoss { zones } if begins => {
                self.faults.zone.lose(zones, self.now.saturating_add(lasting.0));
                self.lose_zone(target, zones);
            }
            Kind::Reclaim { share } if begins => self.reclaim(target, share),
            Kind::Deploy if begins => self.deploy(target),
            Kind::ZoneLoss { .. } | Kind::Reclaim { .. } | Kind::Deploy => {}
        }
    }

    /// What is wrong now with every service and store.
    fn look_for_trouble(&mut self) {
        for number in self.stations() {
            self.enter(number);
            self.station.trouble = Trouble::of(self.faults.lasting(|fault| fault.target.has_service(number)));
        }
        for (number, store) in (0..).zip(&mut self.stores.all) {
            store.trouble = Trouble::of(self.faults.lasting(|fault| fault.target.has_store(number)));
        }
    }
}
