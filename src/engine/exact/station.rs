//! One service of the deployment at work: its instances, who waits for one, and the law that says how many there are.
//!
//! The core serves one station at a time ([`Core::enter`]): what belongs to a service is reached by one pointer, whether
//! there are others or not.

use crate::application::Service;
use crate::application::program::Program;
use crate::kernel::streams::{Stream, stream};
use crate::metering::measurement::{ServiceMeasure, SliceMeasure};
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::fleet::{QueueAt, Reuse, Sharing};
use crate::platform::meter::Per;
use crate::platform::placement::Placement;
use crate::platform::service::OfService;

use super::Plan;
use super::billing::BilledTime;
use super::clients::Clients;
use super::control::Control;
use super::faults::{Perils, Trouble};
use super::hot::{Hot, places};
use super::instances::{OwnCpu, simple_keep_alive};
use super::levels::Levels;
use super::limits::Gauges;
use super::pool::Pool;
use super::record::Fifo;
use super::roll_outs::RollOut;
use super::router::Router;
use super::shortcut::Shortcut;

/// How CPU demand is served on an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compute {
    /// One request at a time with all of the instance's CPU.
    Alone,
    /// Processor sharing.
    Shared,
    /// Whole cores in order of arrival.
    Cores(u32),
}

/// Where free instances are found.
#[derive(Debug)]
pub(super) enum Supply {
    /// One-slot instances that follow requests, or are always there.
    Pool(Pool),
    /// Any other fleet.
    Router(Router),
}

/// Independent luck of a service on a deployment.
#[derive(Debug)]
pub(super) struct Luck {
    pub start: Stream,
    pub keep_alive: Stream,
    pub routing: Stream,
}

/// One service of the deployment at work.
#[derive(Debug)]
pub(super) struct Station<'a> {
    /// Index of the service.
    pub number: u16,
    pub service: &'a Service,
    /// What is in force for it.
    pub spec: OfService<'a>,
    pub compute: Compute,
    pub slots: u32,
    pub queue_places: u32,
    /// Attempts that wait at the fleet.
    pub queue: Fifo,
    pub supply: Supply,
    /// Starting instances with a slot that no attempt has taken yet.
    pub open: Vec<u32>,
    /// Instances that are starting or ready: what autoscalers count.
    pub active: u32,
    /// CPU used by instances that have ended, and by cores, in micro-vCPU nanoseconds.
    pub cpu_used: u128,
    /// CPU of all instances, where it is told as one figure and no law looks at single ones.
    pub cpu_of_all: Option<OwnCpu>,
    /// Attempts given to instances that have ended.
    pub served_by_ended: u64,
    pub luck: Luck,
    pub control: Control<'a>,
    /// Billed time of the instances, where it is not that of nodes.
    pub billed: BilledTime,
    pub levels: Levels,
    /// What happened at it, where there are several services.
    pub measure: ServiceMeasure,
    pub limits: Gauges,
    pub shortcut: Shortcut,
    /// What the hot path asks of the deployment, looked up once.
    pub hot: Hot,
    /// What is wrong with it now.
    pub trouble: Trouble,
    /// A new version on its way, or whose predecessor has not ended.
    pub roll_out: Option<RollOut>,
}

impl<'a> Station<'a> {
    /// The service of this index at the first instant.
    pub fn new(plan: &Plan<'a>, number: u16, clients: &Clients<'_>) -> Self {
        let deployment = plan.deployment;
        let service = &plan.application.services[usize::from(number)];
        let spec = deployment.of_service(usize::from(number));
        let compute = compute(deployment, spec);
        let perils = Perils::of(plan.faults, number);
        let supply = supply(deployment, spec, perils);
        let alone = plan.application.services.len() == 1;
        // What follows requests ends one by one, and only a bill by request does not ask which.
        let exchangeable = alone
            && matches!(supply, Supply::Pool(Pool::Recent { .. }))
            && (deployment.meter.per == Per::Request || matches!(spec.autoscaler.law, Law::Fixed { .. }));
        let pooled = matches!(supply, Supply::Pool(_));
        let name = if number == 0 { deployment.name.clone() } else { format!("{}/{}", deployment.name, service.name) };
        let luck = |purpose| stream(plan.seed, purpose, &name, plan.replication);
        let meter = &deployment.meter;
        let control = Control::new(spec, service);
        let mut hot = Hot::of(deployment, spec, service, &control, clients, perils, exchangeable);
        if !alone && hot.busy_cap < u64::MAX {
            // What the others do counts too: every change is looked at.
            hot.busy_cap = 0;
        }
        if plan.application.queues.iter().any(|queue| queue.batch.size > 1 && queue.consumers.contains(&number)) {
            // One message after the other, even where its work is that of its class.
            (hot.has_steps, hot.levels_cpu) = (true, true);
        }
        hot.guarded |= plan.application.classes.iter().any(|class| !class.passes_edge());
        let mut station = Self {
            number,
            service,
            spec,
            compute,
            slots: spec.fleet.slots.unwrap_or(u32::MAX),
            queue_places: places(spec.fleet.queue),
            queue: Fifo::new(),
            supply,
            open: Vec::new(),
            active: 0,
            cpu_used: 0,
            cpu_of_all: None,
            served_by_ended: 0,
            luck: Luck { start: luck("start"), keep_alive: luck("keep-alive"), routing: luck("routing") },
            billed: BilledTime::new(meter.round_up, meter.minimum, meter.tail),
            levels: Levels::new(spec, pooled, plan.calendar.slices.len()),
            measure: ServiceMeasure::default(),
            limits: Gauges::default(),
            shortcut: Shortcut::of(plan, (service, spec), &hot, perils),
            hot,
            control,
            trouble: Trouble::default(),
            roll_out: None,
        };
        station.limits.declare_fleet(spec);
        station
    }

    /// A slice ends at `now`, the one of this index (`None`: the warm-up); what its instances brought. `cpu_used` is what
    /// all of them have used so far, in micro-vCPU nanoseconds.
    pub fn roll(&mut self, now: u64, slice: Option<usize>, cpu_used: u128) -> SliceMeasure {
        let billed = self.billed.take(now);
        if let Some(slice) = slice {
            self.levels.close(slice, billed);
        }
        self.limits.roll(now, slice.is_some());
        let brought = self.levels.roll(now, cpu_used);
        if let Some(slice) = slice {
            self.levels.uses[slice].instances = brought.instances;
            self.measure.instances.add(&brought);
        } else {
            self.measure.peak = self.levels.instances.count();
        }
        brought
    }

    /// Whether a limit of concurrency may be reached or left by one instance more or less.
    #[inline(always)]
    #[allow(clippy::inline_always)] // twice per request
    pub const fn is_near_cap(&self) -> bool {
        self.levels.busy.count().saturating_add(1) >= self.hot.busy_cap
    }

    pub fn program(&self) -> &'a Program {
        &self.service.body.program
    }
}

/// How CPU demand is served on an instance of `spec`.
pub(super) fn compute(deployment: &Deployment, spec: OfService<'_>) -> Compute {
    let on_nodes = matches!(deployment.placement, Placement::Nodes(_));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // validated: whole and small
    match spec.fleet.sharing {
        _ if spec.fleet.slots == Some(1) && !on_nodes => Compute::Alone,
        Sharing::Processor => Compute::Shared,
        Sharing::FifoCores => Compute::Cores(spec.instance.cpu_limit() as u32),
    }
}

/// How free instances are found: one-slot ones that cannot be chosen between need no router.
fn supply(deployment: &Deployment, spec: OfService<'_>, perils: Perils) -> Supply {
    let (fleet, meter) = (spec.fleet, &deployment.meter);
    // A pool keeps no books of when each of its instances is at work.
    let by_use = meter.per == Per::Instance && !meter.idle_billed;
    // The simple pool does not find an instance that is lost.
    let simple = |keep_alive: Option<u64>| keep_alive.filter(|_| !perils.instances);
    if fleet.slots == Some(1) && !by_use {
        match &spec.autoscaler.law {
            Law::PerRequest(_) => return Supply::Pool(Pool::new(fleet.reuse, simple(simple_keep_alive(fleet)))),
            Law::Fixed { .. }
                if fleet.queue_at == QueueAt::Fleet && matches!(deployment.placement, Placement::Provider) =>
            {
                return Supply::Pool(Pool::new(Reuse::MostRecent, simple(Some(u64::MAX))));
            }
            _ => {}
        }
    }
    Supply::Router(Router::new(fleet.routing))
}
