//! The exact engine: one core that plays every request of one deployment.
//!
//! ```text
//!  batch of requests --> serve: fire all events at or before each arrival, then offer it
//!
//!     service     offer -> hand to an instance | queue | reject;  release
//!     shortcut    a whole life, booked at once
//!     work        begin -> CPU -> I/O -> complete
//!     deadlines   the client, the queue or the platform gives up
//!     clients     another attempt after one that did not succeed; users who think between requests
//!     instances   start -> (node, pull) -> ready -> drain -> end; idle: kept and ended; initial: those of the first instant
//!     control     scrape, sync, alarm: laws of the platform room, run at their instants; scheduler: App Engine's
//!     cluster     pods on nodes: scheduling, node boot, scale-down; contention: the CPU of a node
//!     tally       books by slice; limits: what held load back; billing, usage: what the bill is made from
//! ```
//!
//! Everything in flight is one record in a state, with at most one entry in the agenda of its own. A request whose whole
//! life is known when it starts needs no record: the *shortcut* books it at once and leaves one entry that frees its
//! instance. Results are the same with the shortcut off, to the bit.
//!
//! At one instant: completions first, then instances and nodes that become ready, then timers, then control loops, then
//! the end of a slice, then arrivals; equal ones by the number of their instance or record (`event`).

mod billing;
mod clients;
mod cluster;
mod contention;
mod control;
mod cpu;
mod deadlines;
mod entrance;
mod event;
mod hot;
mod idle;
mod initial;
mod instances;
mod limits;
mod pool;
mod record;
mod router;
mod scheduler;
mod service;
mod shortcut;
mod sizes;
mod steps;
mod tally;
#[cfg(test)]
mod tests;
mod usage;
mod work;

use crate::application::Request;
use crate::kernel::agenda::Agenda;
use crate::kernel::ladder::Ladder;
use crate::kernel::streams::{Stream, stream};
use crate::metering::measurement::Measurement;
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::fleet::{QueueAt, Reuse, Sharing};
use crate::platform::meter::Per;
use crate::platform::placement::Placement;
use crate::platform::placement::scheduler::Resources;
use crate::platform::tokens::Tokens;
use crate::units::Nanos;

use super::{Plan, Platform};
use billing::BilledTime;
use clients::Clients;
use cluster::Cluster;
use control::Control;
use cpu::{Cpu, CpuModel, micro};
use deadlines::Deadlines;
use event::Event;
use hot::{Hot, places};
use instances::{Instance, simple_keep_alive};
use limits::Limit;
use pool::Pool;
use record::{Fifo, Records};
use router::Router;
use tally::Tally;
use usage::book_usage;

/// How CPU demand is served on an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compute {
    /// One request at a time with all of the instance's CPU.
    Alone,
    /// Processor sharing.
    Shared,
    /// Whole cores in order of arrival.
    Cores(u32),
}

/// Where free instances are found.
#[derive(Debug)]
enum Supply {
    /// One-slot instances that follow requests, or are always there.
    Pool(Pool),
    /// Any other fleet.
    Router(Router),
}

/// What is the same for every request of a class on this deployment.
#[derive(Debug)]
struct ClassRun {
    /// Group of the CPU model.
    group: usize,
    /// vCPUs it uses when alone on an instance or a core, in millionths.
    micro_vcpu: u64,
    /// Nanoseconds per nanosecond of CPU work when alone.
    pace: f64,
    /// Its client (or the edge) gives up after this long; `u64::MAX`: never.
    patience: u64,
    /// Whether that is the edge.
    edge_gives_up: bool,
}

/// Independent luck of a deployment.
#[derive(Debug)]
struct Luck {
    start: Stream,
    keep_alive: Stream,
    routing: Stream,
}

/// One deployment being played.
#[derive(Debug)]
pub struct Core<'a> {
    plan: Plan<'a>,
    deployment: &'a Deployment,
    now: u64,
    agenda: Agenda,
    /// Where instances cannot be told apart: when requests booked by the shortcut end, and the instances at work on them.
    departures: Ladder<u64>,
    departing: Vec<u32>,
    deadlines: Deadlines,
    clients: Clients<'a>,
    records: Records,
    in_flight: usize,
    classes: Vec<ClassRun>,
    compute: Compute,
    cpu_model: CpuModel,
    slots: u32,
    queue_places: u32,
    queue: Fifo,
    supply: Supply,
    instances: Vec<Instance>,
    cpus: Vec<Cpu>,
    free: Vec<u32>,
    /// Starting instances with a slot that no attempt has taken yet.
    open: Vec<u32>,
    /// Instances that are starting or ready: what autoscalers count.
    active: u32,
    births: u64,
    /// CPU used by instances that have ended, and by cores, in micro-vCPU nanoseconds.
    cpu_used: u128,
    /// Attempts given to instances that have ended.
    served_by_ended: u64,
    cluster: Option<Cluster>,
    /// The pods of a node while its CPU is shared out, for its memory.
    by_demand: Vec<u32>,
    luck: Luck,
    control: Control<'a>,
    /// Billed time of the instances, or of the nodes of each group; and that of each slice.
    billed: Vec<BilledTime>,
    billed_time: Vec<Vec<u128>>,
    tally: Tally<'a>,
    shortcut: bool,
    /// What passes the edge, where that is limited.
    throttle: Option<Tokens>,
    /// What the hot path asks of the deployment, looked up once.
    hot: Hot,
}

impl<'a> Core<'a> {
    /// A deployment at its first instant.
    #[must_use]
    pub fn new(plan: Plan<'a>) -> Self {
        let deployment = plan.deployment;
        let fleet = &deployment.fleet;
        let slots = fleet.slots.unwrap_or(u32::MAX);
        let on_nodes = matches!(deployment.placement, Placement::Nodes(_));
        let queue_places = places(fleet.queue);
        let limit = deployment.instance.vcpu_limit.unwrap_or(deployment.instance.vcpu);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // validated: whole and small
        let compute = match fleet.sharing {
            _ if slots == 1 && !on_nodes => Compute::Alone,
            Sharing::Processor => Compute::Shared,
            Sharing::FifoCores => Compute::Cores(limit as u32),
        };
        let supply = supply(deployment);
        let pooled = matches!(supply, Supply::Pool(_));
        // What follows requests ends one by one, and only a bill by request does not ask which.
        let exchangeable = matches!(supply, Supply::Pool(Pool::Recent { .. }))
            && (deployment.meter.per == Per::Request || matches!(deployment.autoscaler.law, Law::Fixed { .. }));
        let (classes, mut cpu_model) = class_runs(&plan, limit, compute);
        cpu_model.keep(limit, deployment.instance.cpu_speed);
        let never = |timeout: Option<Nanos>| timeout.map_or(u64::MAX, |timeout| timeout.0);
        let deadlines = Deadlines::new(
            classes.iter().map(|class| class.patience),
            never(fleet.queue_timeout),
            never(fleet.timeout),
        );
        let luck = |purpose| stream(plan.seed, purpose, &deployment.name, plan.replication);
        let vcpu_micro = micro(limit);
        let window = (plan.warmup.0, plan.horizon.0);
        let meter = &deployment.meter;
        let kinds = match &deployment.placement {
            Placement::Nodes(nodes) => nodes.groups.len(),
            Placement::Provider => 1,
        };
        let service = plan.application.service();
        let control = Control::new(deployment, service);
        let clients = Clients::new(plan.application.classes.iter().map(|class| &class.retry), plan.crowds);
        let hot = Hot::of(deployment, service, &control, &clients, exchangeable);
        let throttle = deployment.edge.as_ref().and_then(|edge| edge.throttle);
        let mut core = Self {
            plan,
            deployment,
            now: 0,
            agenda: Agenda::new(),
            deadlines,
            clients,
            departures: Ladder::new(),
            departing: Vec::new(),
            records: Records::new(),
            in_flight: 0,
            classes,
            compute,
            cpu_model,
            slots,
            queue_places,
            queue: Fifo::new(),
            supply,
            instances: Vec::new(),
            cpus: Vec::new(),
            free: Vec::new(),
            open: Vec::new(),
            active: 0,
            births: 0,
            cpu_used: 0,
            served_by_ended: 0,
            cluster: match &deployment.placement {
                Placement::Nodes(nodes) => Some(Cluster::new(nodes, pod_request(deployment), luck("nodes"))),
                Placement::Provider => None,
            },
            by_demand: Vec::new(),
            luck: Luck { start: luck("start"), keep_alive: luck("keep-alive"), routing: luck("routing") },
            billed: (0..kinds).map(|_| BilledTime::new(meter.round_up, meter.minimum, meter.tail)).collect(),
            billed_time: vec![Vec::new(); kinds],
            tally: Tally::new(
                plan.calendar,
                plan.buckets,
                plan.application,
                deployment.edge.as_ref(),
                vcpu_micro,
                pooled,
                window,
            ),
            shortcut: false,
            throttle: throttle.map(|throttle| Tokens::full(throttle.bucket(), 0)),
            hot,
            control,
        };
        core.shortcut = plan.shortcut && compute == Compute::Alone && !core.hot.levels_cpu;
        core.declare_limits();
        core.place_initial();
        core.schedule_control();
        core.schedule_crowds();
        core.agenda.schedule(core.tally.slice_end(), Event::Roll.order());
        core
    }

    fn declare_limits(&mut self) {
        let fleet = &self.deployment.fleet;
        let autoscaler = &self.deployment.autoscaler;
        if let Some(max) = autoscaler.max
            && !matches!(autoscaler.law, Law::Fixed { .. })
        {
            self.tally.declare(Limit::Max, max.to_string(), true);
        }
        if let Law::PerRequest(law) = &autoscaler.law {
            for (limit, value) in [(Limit::Account, law.account_concurrency), (Limit::Reserved, law.reserved)] {
                if let Some(value) = value {
                    self.tally.declare(limit, value.to_string(), true);
                }
            }
            if let Some(rate) = law.scale_rate {
                self.tally.declare(Limit::ScaleRate, format!("{} per {}", rate.count, rate.per), false);
            }
        }
        if let Some(places) = fleet.queue {
            self.tally.declare(Limit::Queue, places.to_string(), false);
        }
        if let Some(timeout) = fleet.queue_timeout {
            self.tally.declare(Limit::QueueTimeout, timeout.to_string(), false);
        }
        if let Some(timeout) = fleet.timeout {
            self.tally.declare(Limit::Timeout, timeout.to_string(), false);
        }
        if let Some(timeout) = self.deployment.edge.as_ref().and_then(|edge| edge.timeout) {
            self.tally.declare(Limit::EdgeTimeout, timeout.to_string(), false);
        }
        if let Some(throttle) = self.deployment.edge.as_ref().and_then(|edge| edge.throttle) {
            self.tally.declare(Limit::EdgeThrottle, format!("{}/s, {} at once", throttle.rate, throttle.burst), false);
        }
        self.tally.declare(Limit::NoInstance, "0 ready".to_owned(), false);
    }

    #[inline(always)]
    #[allow(clippy::inline_always)] // once per request, and mostly there is little to do
    fn run_until(&mut self, until: u64) {
        loop {
            let at = self.departures.first();
            let next = self.agenda.next_at();
            if at <= until && at <= next {
                self.departures.pop();
                self.now = at;
                self.depart();
                continue;
            }
            if next > until {
                break;
            }
            let (at, order) = self.agenda.pop();
            self.now = at;
            self.fire(Event::of(order));
        }
        self.now = until;
    }

    /// A request booked by the shortcut frees an instance: any of those at work on one will do.
    #[inline(always)]
    #[allow(clippy::inline_always)] // once per request
    fn depart(&mut self) {
        let instance = self.departing.pop().expect("as many instances depart as there are departures");
        self.release_to_pool(instance);
    }

    #[inline(always)]
    #[allow(clippy::inline_always)] // once per event
    fn fire(&mut self, event: Event) {
        match event {
            Event::Leaf(instance) => self.release(instance),
            Event::Own(instance) => self.own_wait_over(instance),
            Event::Record(slot) => self.wait_over(slot),
            Event::Cpu(instance) => self.cpu_due(instance),
            Event::Ready(instance) => self.instance_ready(instance),
            Event::Deadline(lane) => self.deadline(lane),
            Event::Idle(instance) => self.idle_over(instance),
            Event::Roll => self.roll(),
            Event::Scrape => self.scrape(),
            Event::Decide => self.decide(),
            Event::Scan => self.scan(),
            Event::Node(node) => self.node_ready(node),
            Event::Caller(caller) => self.caller_due(caller),
            Event::Crowd(crowd) => self.crowd_changes(crowd),
        }
    }

    fn roll(&mut self) {
        self.expire();
        let used = self.cpu_used_by_all();
        self.tally.roll(self.now, used);
        self.book_time();
        let next = self.tally.slice_end();
        if next != u64::MAX {
            self.agenda.schedule(next, Event::Roll.order());
        }
    }

    /// CPU used so far on all instances where it is not booked request by request.
    fn cpu_used_by_all(&mut self) -> u128 {
        let mut used = self.cpu_used;
        for (index, instance) in self.instances.iter().enumerate().filter(|(_, instance)| instance.is_alive()) {
            used += instance.own_cpu.used(self.now);
            if let Some(cpu) = self.cpus.get_mut(index) {
                cpu.advance(self.now);
                used += cpu.used();
            }
        }
        used
    }
}

impl Platform for Core<'_> {
    fn serve(&mut self, arrivals: &[Request], until: u64) {
        for request in arrivals {
            self.run_until(request.at);
            self.offer(request);
        }
        self.run_until(until.min(self.plan.horizon.0));
    }

    fn finish(mut self: Box<Self>) -> Measurement {
        let horizon = self.plan.horizon.0;
        self.run_until(horizon);
        self.book_in_flight();
        let (plan, billed_time) = (self.plan, std::mem::take(&mut self.billed_time));
        let (mut measurement, uses) = self.tally.finish();
        book_usage(&mut measurement, &plan, &uses, &billed_time);
        measurement.assert_conserved();
        measurement
    }
}

/// How free instances are found: one-slot ones that cannot be chosen between need no router.
fn supply(deployment: &Deployment) -> Supply {
    let (fleet, meter) = (&deployment.fleet, &deployment.meter);
    // A pool keeps no books of when each of its instances is at work.
    let by_use = meter.per == Per::Instance && !meter.idle_billed;
    if fleet.slots == Some(1) && !by_use {
        match &deployment.autoscaler.law {
            Law::PerRequest(_) => return Supply::Pool(Pool::new(fleet.reuse, simple_keep_alive(fleet))),
            Law::Fixed { .. }
                if fleet.queue_at == QueueAt::Fleet && matches!(deployment.placement, Placement::Provider) =>
            {
                return Supply::Pool(Pool::new(Reuse::MostRecent, Some(u64::MAX)));
            }
            _ => {}
        }
    }
    Supply::Router(Router::new(fleet.routing))
}

/// What one pod requests.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // vCPUs are positive and small
fn pod_request(deployment: &Deployment) -> Resources {
    Resources { milli_vcpu: (deployment.instance.vcpu * 1000.0).round() as u64, memory: deployment.instance.memory }
}

/// What is the same for every request of each class, and the distinct numbers of threads.
fn class_runs(plan: &Plan<'_>, limit: f64, compute: Compute) -> (Vec<ClassRun>, CpuModel) {
    let deployment = plan.deployment;
    let speed = deployment.instance.cpu_speed;
    let classes = &plan.application.classes;
    let mut threads: Vec<f64> = classes.iter().map(|class| class.threads).collect();
    threads.sort_by(f64::total_cmp);
    threads.dedup();
    let edge = deployment.edge.as_ref();
    let latency = edge.map_or(0, |edge| edge.latency.0);
    let edge_patience = edge.and_then(|edge| edge.timeout).map_or(u64::MAX, |timeout| timeout.0);
    let runs = classes.iter().map(|class| {
        let vcpu = if matches!(compute, Compute::Cores(_)) { class.threads.min(1.0) } else { class.threads.min(limit) };
        let client = class.timeout.map_or(u64::MAX, |timeout| timeout.0.saturating_sub(latency));
        ClassRun {
            group: threads.iter().position(|&threads| threads == class.threads).unwrap_or(0),
            micro_vcpu: micro(vcpu),
            pace: 1.0 / (vcpu * speed),
            patience: client.min(edge_patience),
            edge_gives_up: edge_patience < client,
        }
    });
    (runs.collect(), CpuModel::new(threads))
}
