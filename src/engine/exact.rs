//! The exact engine: one core that plays every request of one deployment.
//!
//! ```text
//!  batch of requests --> serve: fire all events at or before each arrival, then offer it
//!
//!     station     one service and its fleet; kind: what attempts of a kind have in common
//!     calls       services that call each other; messages: through queues, in `batches`;
//!                 steps: what an attempt does, one after the other
//!     allowed     whether there may be another instance
//!     service     offer -> hand to an instance | queue | reject;  release
//!     shortcut    a whole life, booked at once
//!     work        begin -> CPU -> I/O -> complete
//!     ends        how attempts end, in the books
//!     flows       runs of workflows, which call services from no instance
//!     queries     what attempts ask of stores (`stores`): refused, connected, worked on, answered
//!     deadlines   the client, the queue or the platform gives up
//!     faults      what goes wrong, from when to when
//!     losses      instances that are lost, and what was on them; lost_nodes: nodes with their pods
//!     roll_outs   new versions, and how their instances take the place of the old ones
//!     clients     another attempt after one that did not succeed; users who think between requests
//!     instances   start -> (node, pull) -> ready -> drain -> end; idle: kept and ended; initial: those of the first instant
//!     control     scrape, sync, alarm: laws of the platform room, run at their instants; scheduler: App Engine's
//!     control_plane  the same without requests, for the tick engine; sampled: what requests bring, for it
//!     cluster     pods on nodes: scheduling; nodes: boot, scale-down; contention: the CPU of a node
//!     traces      which requests are traced; observed: what logs, metrics and traces cost
//!     tally       books by slice; levels: instances of a service; limits: what held load back; billing, usage: the bill
//! ```
//!
//! Everything in flight is one record in a state, with at most one entry in the agenda of its own. A request whose whole
//! life is known when it starts needs no record: the *shortcut* books it at once and leaves one entry that frees its
//! instance. Results are the same with the shortcut off, to the bit.
//!
//! At one instant: completions first, then instances and nodes that become ready, then timers, faults and control loops, then
//! the end of a slice, then arrivals; equal ones by the number of their instance or record (`event`).

mod allowed;
mod batches;
mod billing;
mod calls;
mod clients;
mod cluster;
mod contention;
mod control;
mod control_plane;
mod cpu;
mod deadlines;
mod ends;
mod entrance;
mod event;
mod faults;
mod first_nodes;
pub(in crate::engine) mod flows;
mod hot;
mod idle;
mod initial;
mod instances;
mod jobs;
mod kind;
mod levels;
mod limits;
mod losses;
mod lost_nodes;
mod messages;
mod nodes;
mod observed;
mod pool;
mod queries;
mod queues;
mod record;
mod roll_outs;
mod router;
pub(in crate::engine) mod sampled;
mod scheduler;
mod seats;
mod service;
mod shortcut;
mod sizes;
mod station;
mod steps;
mod stores;
pub(in crate::engine) mod tally;
#[cfg(test)]
mod tests;
mod traces;
mod usage;
mod work;

use crate::application::Request;
use crate::kernel::agenda::Agenda;
use crate::kernel::ladder::Ladder;
use crate::metering::measurement::{Measurement, SliceMeasure};
use crate::platform::Deployment;
use crate::platform::passage::Passage;
use crate::platform::placement::Placement;
use crate::platform::tokens::Tokens;

use super::{Plan, Platform};
use calls::Next;
use clients::Clients;
use cluster::Cluster;
use cpu::{Cpu, CpuModel};
use deadlines::Deadlines;
use event::Event;
use faults::Faults;
use flows::{Flow, flows};
use instances::Instance;
use kind::{Kinds, NO_STATION, kinds};
use limits::Gauges;
use queues::Queues;
use record::{Records, State};
use station::{Compute, Station, Supply};
use stores::Stores;
use tally::Tally;
use traces::Sampler;
use usage::{book_flows, book_queues, book_stores, book_usage};

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
    stores: Stores<'a>,
    faults: Faults<'a>,
    in_flight: usize,
    kinds: Kinds<'a>,
    cpu_model: CpuModel,
    /// The service that is being served.
    station: Box<Station<'a>>,
    /// The others, by index.
    others: Vec<Option<Box<Station<'a>>>>,
    instances: Vec<Instance>,
    cpus: Vec<Cpu>,
    free: Vec<u32>,
    births: u64,
    cluster: Option<Cluster>,
    /// Whether any service shares the CPU of its instances: then every instance has a place in `cpus`.
    shares_cpu: bool,
    /// The pods of a node while its CPU is shared out, for its memory.
    by_demand: Vec<u32>,
    tally: Tally<'a>,
    /// Limits of the deployment as a whole.
    limits: Gauges,
    /// What passes the edge, where that is limited.
    throttle: Option<Tokens>,
    /// Which requests are traced, where any are.
    sampler: Option<Sampler<'a>>,
    queues: Queues,
    flows: Vec<Flow>,
    /// Whether anybody is billed for what calls and starts of runs carry.
    carries_bytes: bool,
    /// From when to when an attempt that is booked at once is on its CPU.
    computes: Vec<(u64, u64)>,
    /// What is to be done at this instant, when its event is done.
    next: Vec<Next>,
}

impl<'a> Core<'a> {
    /// A deployment at its first instant.
    ///
    /// # Panics
    /// If the application has no service, or classes that enter none.
    #[must_use]
    pub fn new(plan: Plan<'a>) -> Self {
        let deployment = plan.deployment;
        let (kinds, cpu_model) = kinds(&plan);
        let clients = Clients::new(plan.application, plan.crowds);
        let numbers = (0..).zip(&plan.application.services).map(|(number, _)| number);
        let mut stations = numbers.map(|number| Box::new(Station::new(&plan, number, &clients)));
        let station = stations.next().expect("an application has a service");
        let others = std::iter::once(None).chain(stations.map(Some)).collect();
        let throttle = deployment.edge.as_ref().and_then(|edge| edge.throttle);
        let mut core = Self {
            plan,
            deployment,
            now: 0,
            agenda: Agenda::new(),
            deadlines: Deadlines::new(&kinds.all, plan.application.services.len(), deployment),
            clients,
            departures: Ladder::new(),
            departing: Vec::new(),
            records: Records::new(),
            stores: Stores::new(plan.application, &deployment.bindings, plan.calendar.slices.len()),
            faults: Faults::new(&plan),
            in_flight: 0,
            queues: Queues::new(plan.application, deployment, plan.calendar.slices.len()),
            flows: flows(&plan),
            carries_bytes: deployment.hop.cross_zone > 0.0
                || deployment.bindings.workflows.iter().any(|workflow| workflow.passage != Passage::default()),
            kinds,
            cpu_model,
            station,
            others,
            instances: Vec::new(),
            cpus: Vec::new(),
            free: Vec::new(),
            births: 0,
            shares_cpu: false,
            cluster: match &deployment.placement {
                Placement::Nodes(nodes) => Some(Cluster::new(nodes, &plan)),
                Placement::Provider => None,
            },
            by_demand: Vec::new(),
            tally: Tally::new(
                plan.calendar,
                plan.buckets,
                plan.application,
                deployment.edge.as_ref(),
                (plan.warmup.0, plan.horizon.0),
            ),
            limits: Gauges::default(),
            throttle: throttle.map(|throttle| Tokens::full(throttle.bucket(), 0)),
            computes: Vec::new(),
            sampler: deployment
                .observability
                .traces
                .as_ref()
                .map(|traces| Sampler::new(traces, plan.calendar.slices.len())),
            next: Vec::new(),
        };
        core.prepare();
        core
    }

    /// What stands and what is scheduled at the first instant.
    fn prepare(&mut self) {
        for number in self.stations() {
            self.enter(number);
            let size = self.station.spec.instance;
            self.cpu_model.keep(size.cpu_limit(), size.cpu_speed);
            self.shares_cpu |= self.station.compute == Compute::Shared;
        }
        let entered = self.plan.application.classes.iter().any(|class| !class.passes_edge());
        self.limits.declare_whole(self.deployment, entered);
        self.place_initial();
        for number in self.stations() {
            self.enter(number);
            self.schedule_control();
        }
        self.schedule_crowds();
        self.schedule_fault();
        self.open_queues();
        self.agenda.schedule(self.tally.slice_end(), Event::Roll.order());
    }

    /// The numbers of the services.
    #[allow(clippy::cast_possible_truncation)] // indices of services are of 16 bits
    fn stations(&self) -> std::ops::Range<u16> {
        0..self.others.len() as u16
    }

    /// From here on it is about the service of this number.
    #[inline(always)]
    #[allow(clippy::inline_always)] // once per event, and mostly it is the same
    fn enter(&mut self, number: u16) {
        if self.station.number != number {
            self.change_to(number);
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always)] // as above
    fn change_to(&mut self, number: u16) {
        let (before, next) = (usize::from(self.station.number), usize::from(number));
        let other = self.others[next].as_mut().expect("every service but the one served is in its place");
        std::mem::swap(&mut self.station, other);
        self.others.swap(before, next);
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
            if !self.next.is_empty() {
                self.work_off();
            }
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
            Event::Leaf(instance) => {
                self.enter_that_of(instance);
                self.booked_ends(instance);
            }
            Event::Own(instance) => {
                self.enter_that_of(instance);
                self.own_wait_over(instance);
            }
            Event::Record(slot) => {
                self.enter_that_of_record(slot);
                self.wait_over(slot);
            }
            Event::Cpu(instance) => {
                self.enter_that_of(instance);
                self.cpu_due(instance);
            }
            Event::Store(store) => self.store_due(store),
            Event::Ready(instance) => {
                self.enter_that_of(instance);
                self.instance_ready(instance);
            }
            Event::Deadline(lane) => self.deadline(lane),
            Event::Idle(instance) => {
                self.enter_that_of(instance);
                self.idle_over(instance);
            }
            Event::Fault => self.fault_changes(),
            Event::Roll => self.roll(),
            Event::Scrape(station) => {
                self.enter(station);
                self.scrape();
            }
            Event::Decide(station) => {
                self.enter(station);
                self.decide();
            }
            Event::Scan => self.scan(),
            Event::Node(node) => self.node_ready(node),
            Event::Caller(caller) => self.caller_due(caller),
            Event::Crowd(crowd) => self.crowd_changes(crowd),
        }
    }

    /// From here on it is about the service of an instance.
    #[inline(always)]
    #[allow(clippy::inline_always)] // once per event
    fn enter_that_of(&mut self, instance: u32) {
        if self.others.len() > 1 {
            self.enter(self.instances[instance as usize].station);
        }
    }

    /// From here on it is about the service that an attempt was made to.
    #[inline(always)]
    #[allow(clippy::inline_always)] // once per event
    fn enter_that_of_record(&mut self, slot: u32) {
        if self.others.len() > 1
            && let Some(record) = self.records.find(slot)
            && record.state != State::Free
            && let station = self.kinds.all[usize::from(record.kind)].station
            // Who asks a store with no server between is at no service, and a workflow is at none.
            && station != NO_STATION
        {
            self.enter(station);
        }
    }

    fn roll(&mut self) {
        let mut instances = SliceMeasure::default();
        let slice = self.tally.current_slice();
        for number in self.stations() {
            self.enter(number);
            self.expire();
            let used = self.cpu_used_by_all();
            instances.add(&self.station.roll(self.now, slice, used));
        }
        self.roll_queues();
        self.tally.roll(self.now, instances);
        self.limits.roll(self.now, slice.is_some());
        self.stores.roll(self.now, slice.is_some());
        if let Some(cluster) = &mut self.cluster {
            cluster.roll(self.now, slice);
        }
        let next = self.tally.slice_end();
        if next != u64::MAX {
            self.agenda.schedule(next, Event::Roll.order());
        }
    }

    /// Closes the books at the horizon.
    fn close_books(mut self: Box<Self>) -> Measurement {
        self.enter(0);
        let mut stations: Vec<Box<Station<'_>>> =
            std::iter::once(self.station).chain(self.others.into_iter().flatten()).collect();
        // What was in flight was billed after the last slice had ended.
        let last = self.plan.calendar.slices.len() - 1;
        for station in &mut stations {
            station.levels.close(last, 0);
        }
        let (mut measurement, uses) = self.tally.finish();
        measurement.limits = limits::measured(&stations, &self.limits);
        if stations.len() > 1 {
            measurement.services = stations.iter().map(|station| station.measure.clone()).collect();
        }
        measurement.roll_outs = self.faults.roll_outs;
        book_usage(&mut measurement, &self.plan, &uses, &stations, self.cluster.as_ref(), self.sampler.as_ref());
        book_stores(&mut measurement, &self.plan, &mut self.stores);
        book_queues(&mut measurement, &self.plan, self.queues.all);
        book_flows(&mut measurement, &self.plan, self.flows);
        measurement.assert_conserved();
        measurement
    }

    /// CPU used so far on all instances of the service where it is not booked request by request.
    fn cpu_used_by_all(&mut self) -> u128 {
        let mut used = self.station.cpu_used;
        if let Some(cpu) = &self.station.cpu_of_all {
            return used + cpu.used(self.now);
        }
        let station = self.station.number;
        let here = |instance: &Instance| instance.is_alive() && instance.station == station;
        for (index, instance) in self.instances.iter().enumerate().filter(|(_, instance)| here(instance)) {
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
            if !self.next.is_empty() {
                self.work_off();
            }
        }
        self.run_until(until.min(self.plan.horizon.0));
    }

    fn finish(mut self: Box<Self>) -> Measurement {
        self.run_until(self.plan.horizon.0);
        self.book_in_flight();
        self.book_waiting_messages();
        self.close_books()
    }
}
