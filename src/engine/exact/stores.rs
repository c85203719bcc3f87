//! The stores of a deployment while it is played: buckets of tokens, connections, CPU, and what happened to queries.
//!
//! A query is what an attempt asks a store, all of its attempts included. It is kept beside the caller that waits for it, and
//! may outlive who called: what an attempt that was ended had asked for goes on, uses the store's CPU and its connection,
//! and is answered to nobody.

use std::collections::VecDeque;

use crate::application::Application;
use crate::application::retry::Retry;
use crate::application::step::Access;
use crate::kernel::whole;
use crate::metering::measurement::Level;
use crate::metering::store::StoreMeasure;
use crate::platform::binding::Bindings;
use crate::platform::store::connections::{Connections, Held};
use crate::platform::store::processor::{Processor, Scaler};
use crate::platform::store::throughput::Gate;
use crate::platform::store::units::Units;

use super::cpu::{Cpu, CpuModel, MICRO, micro};
use super::faults::Trouble;
use super::record::NONE;
use super::tally::given::GivenStore;

/// What a query does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Waits for a connection of its instance.
    Pooled,
    /// Uses the store's CPU.
    Working,
    /// Is on its way without it.
    OnItsWay,
    /// Was refused, and its caller waits before the next attempt.
    BackingOff,
    /// Was refused for good.
    Refused,
}

/// Who waits for a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// A caller, for an attempt.
    Caller(u32),
    /// The record of a client.
    Client(u32),
}

/// One query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'a> {
    /// Names the call.
    pub key: u64,
    /// When this attempt of it was made.
    pub asked: u64,
    /// Bytes that it sends, or reads.
    pub bytes: u64,
    /// Time for which it needs no CPU of the store, once that is done.
    pub rest: u64,
    /// Who asks waits for so long for each attempt; `u64::MAX`: for ever.
    pub patience: u64,
    /// When it is answered or asked again, once that is known.
    pub until: u64,
    pub asker: Asker,
    /// The instance that holds its connection; [`NONE`]: no instance does.
    pub instance: u32,
    /// Slice of the request that it belongs to; [`NONE`]: it is counted nowhere.
    pub slice: u32,
    /// Number of its attempt, from 0.
    pub attempt: u32,
    /// What the caller does when it is refused, and its budget; `None` for a client, who has its own policy.
    pub retry: Option<(&'a Retry, usize)>,
    /// Index of the store.
    pub store: u16,
    pub access: Access,
    pub phase: Phase,
}

impl Query<'_> {
    /// When who asks gives up on this attempt.
    pub const fn gives_up(&self) -> u64 {
        self.asked.saturating_add(self.patience)
    }
}

/// Halves of units that the requests of one slice took, by access.
pub(super) type SliceUnits = [u64; 2];

/// One store.
#[derive(Debug)]
pub(super) struct Store {
    pub units: Units,
    /// What it takes of reads and of writes.
    pub gates: Option<[Gate; 2]>,
    pub pool: Option<Pool>,
    pub processor: Option<Engine>,
    /// Where its entry in the agenda stands; `u64::MAX` without one.
    pub armed: u64,
    /// What is wrong with it now.
    pub trouble: Trouble,
    pub measure: StoreMeasure,
    /// Per slice.
    pub taken: Vec<SliceUnits>,
    /// Bytes between it and instances, per slice.
    pub carried: Vec<u64>,
    /// Capacity over time, per slice: of reads and of writes in unit nanoseconds, or in half-unit nanoseconds.
    pub capacity: Vec<[u128; 2]>,
}

/// The connections of a store.
#[derive(Debug)]
pub(super) struct Pool {
    pub law: Connections,
    pub open: Level,
    /// By instance.
    held: Vec<Held>,
    /// Queries that wait for a connection of their instance, by instance.
    waiting: Vec<VecDeque<u32>>,
}

/// The CPU of a store.
#[derive(Debug)]
pub(super) struct Engine {
    pub law: Processor,
    model: CpuModel,
    pub cpu: Cpu,
    jobs: u32,
    scaler: Option<Scaler>,
    /// When the capacity is looked at next; `u64::MAX`: never.
    next_look: u64,
    /// CPU used up to the last look, and up to the last call of [`Engine::capacity`].
    seen: u128,
    booked: u128,
    /// Half-unit nanoseconds since the last call of [`Engine::capacity`], and vCPU time, up to `since`.
    halves: u128,
    micro_vcpu: u128,
    since: u64,
}

/// All stores of a deployment.
#[derive(Debug)]
pub(super) struct Stores<'a> {
    /// By index.
    pub all: Vec<Store>,
    queries: Vec<Query<'a>>,
    free: Vec<u32>,
    /// The budget of the first call site of each body.
    first_budget: Vec<usize>,
}

impl<'a> Stores<'a> {
    /// The stores of `application`, bound like this, in a run of so many slices.
    pub fn new(application: &'a Application, bindings: &Bindings, slices: usize) -> Self {
        let store = |index: usize| {
            let bound = bindings.stores.get(index).cloned().unwrap_or_default();
            let gates = bound.throughput.as_ref();
            Store {
                units: bound.units,
                gates: gates.map(|throughput| [Gate::new(&throughput.read), Gate::new(&throughput.write)]),
                pool: bound.connections.map(Pool::new),
                processor: bound.processor.as_ref().map(Engine::new),
                armed: u64::MAX,
                trouble: Trouble::default(),
                measure: StoreMeasure::default(),
                taken: vec![[0; 2]; slices],
                carried: vec![0; slices],
                capacity: Vec::new(),
            }
        };
        let sites = application.bodies().map(|body| body.program.sites.len());
        let first_budget = sites.scan(application.classes.len(), |next, sites| {
            let first = *next;
            *next += sites;
            Some(first)
        });
        Self {
            all: (0..application.stores.len()).map(store).collect(),
            queries: Vec::new(),
            free: Vec::new(),
            first_budget: first_budget.collect(),
        }
    }

    /// Keeps a query.
    pub fn insert(&mut self, query: Query<'a>) -> u32 {
        let id = self.free.pop().unwrap_or_else(|| {
            self.queries.push(query);
            u32::try_from(self.queries.len() - 1).expect("fewer than four billion queries")
        });
        self.queries[id as usize] = query;
        id
    }

    /// A query is over.
    pub fn remove(&mut self, id: u32) {
        self.queries[id as usize].instance = NONE;
        self.free.push(id);
    }

    /// The budget of a call site of a service, or behind them of a workflow.
    pub fn budget(&self, body: u16, site: u16) -> usize {
        self.first_budget[usize::from(body)] + usize::from(site)
    }

    pub fn query(&self, id: u32) -> &Query<'a> {
        &self.queries[id as usize]
    }

    pub fn query_mut(&mut self, id: u32) -> &mut Query<'a> {
        &mut self.queries[id as usize]
    }

    /// The store that a query asks.
    pub fn asked(&mut self, id: u32) -> &mut Store {
        &mut self.all[self.queries[id as usize].store as usize]
    }

    /// What happened to a query, where it is counted.
    pub fn measure(&mut self, id: u32) -> Option<&mut StoreMeasure> {
        let query = self.queries[id as usize];
        (query.slice != NONE).then(|| &mut self.all[query.store as usize].measure)
    }

    /// An instance has ended at `at`: its connections are closed, and those with a query when that is answered. The
    /// queries that wait for one of them.
    pub fn instance_ended(&mut self, instance: u32, at: u64) -> Vec<u32> {
        let mut waiting = Vec::new();
        for (number, store) in self.all.iter_mut().enumerate() {
            let Some(pool) = &mut store.pool else { continue };
            let Some(held) = pool.held.get_mut(instance as usize) else { continue };
            let held = std::mem::take(held);
            pool.open.lower(u64::from(held.idle), at);
            waiting.extend(std::mem::take(&mut pool.waiting[instance as usize]));
            if held.busy > 0 {
                let orphans = self.queries.iter_mut().filter(|query| {
                    let connected = matches!(query.phase, Phase::Working | Phase::OnItsWay);
                    query.instance == instance && usize::from(query.store) == number && connected
                });
                orphans.for_each(|query| query.instance = NONE);
            }
        }
        waiting
    }

    /// Queries that are counted and not over.
    pub fn count_unanswered(&mut self) {
        let mut over = vec![false; self.queries.len()];
        self.free.iter().for_each(|id| over[*id as usize] = true);
        for (query, _) in self.queries.iter().zip(over).filter(|(_, over)| !over) {
            let refused = matches!(query.phase, Phase::BackingOff | Phase::Refused);
            if query.slice != NONE && !refused {
                self.all[query.store as usize].measure.in_flight += 1;
            }
        }
    }

    /// A slice ends at `now`; `counted`: not the warm-up.
    pub fn roll(&mut self, now: u64, counted: bool) {
        for store in &mut self.all {
            store.roll(now, counted);
        }
    }
}

impl Store {
    fn roll(&mut self, now: u64, counted: bool) {
        let mut bought = [0; 2];
        let (mut used, mut capacity) = (0, 0);
        if let Some(gates) = &mut self.gates {
            bought = gates.each_mut().map(|gate| gate.capacity(now));
        }
        if let Some(engine) = &mut self.processor {
            (bought[0], used, capacity) = engine.capacity(now);
        }
        let open = self.pool.as_mut().map(|pool| (pool.open.take(now), pool.open.count()));
        if !counted {
            self.measure.connections_peak = open.map_or(0, |(_, count)| count);
            return;
        }
        self.measure.cpu_used += used;
        self.measure.cpu_capacity += capacity;
        self.measure.connections += open.map_or(0, |(integral, _)| integral);
        self.capacity.push(bought);
    }

    /// Puts into its books what was not played.
    pub fn give(&mut self, given: GivenStore) {
        self.measure = StoreMeasure { cpu_capacity: self.measure.cpu_capacity, ..given.measure };
        for (slice, used) in given.slices.iter().enumerate() {
            (self.taken[slice], self.carried[slice]) = (used.taken, used.carried);
        }
    }

    /// When something happens in it by itself; `u64::MAX`: never.
    pub fn due(&self) -> u64 {
        self.processor.as_ref().map_or(u64::MAX, Engine::due)
    }
}

impl Pool {
    fn new(law: Connections) -> Self {
        Self { law, open: Level::default(), held: Vec::new(), waiting: Vec::new() }
    }

    /// The connections of an instance.
    pub fn held(&mut self, instance: u32) -> &mut Held {
        let index = instance as usize;
        if self.held.len() <= index {
            self.held.resize(index + 1, Held::default());
            self.waiting.resize(index + 1, VecDeque::new());
        }
        &mut self.held[index]
    }

    /// A query waits for a connection of its instance.
    pub fn wait(&mut self, instance: u32, id: u32) {
        self.held(instance);
        self.waiting[instance as usize].push_back(id);
    }

    /// A query waits no longer for a connection of its instance.
    pub fn withdraw(&mut self, instance: u32, id: u32) {
        self.waiting[instance as usize].retain(|&other| other != id);
    }

    /// A query of an instance has ended. The query that takes its connection over, if one waits for it.
    pub fn release(&mut self, instance: u32, now: u64) -> Option<u32> {
        if instance == NONE {
            self.open.lower(1, now);
            return None;
        }
        let next = self.waiting[instance as usize].pop_front();
        if next.is_none() {
            self.held[instance as usize].give_back();
        }
        next
    }
}

impl Engine {
    fn new(law: &Processor) -> Self {
        let model = CpuModel::new(vec![1.0]);
        let cpu = Cpu::new(&model, law.vcpu, 1.0, 0);
        Self {
            law: law.clone(),
            model,
            cpu,
            jobs: 0,
            scaler: law.scaling.map(Scaler::new),
            next_look: law.scaling.map_or(u64::MAX, |scaling| scaling.period.0),
            seen: 0,
            booked: 0,
            halves: 0,
            micro_vcpu: 0,
            since: 0,
        }
    }

    /// Time for which a query that takes so long at low load needs the CPU.
    pub fn cpu_of(&self, time: u64) -> u64 {
        whole::round(time as f64 * self.law.cpu_share)
    }

    pub fn add(&mut self, now: u64, work: u64, id: u32) {
        self.look(now);
        self.cpu.advance(now);
        self.cpu.add(0, work, id);
        self.jobs += 1;
        self.cpu.share(&self.model);
    }

    /// What is due happens: a query has done its work, or the capacity is looked at.
    pub fn fire(&mut self, now: u64) -> Option<u32> {
        if self.cpu.due == now {
            self.cpu.advance(now);
            let id = self.cpu.take_due();
            self.jobs -= 1;
            self.cpu.share(&self.model);
            return Some(id);
        }
        self.look(now);
        None
    }

    /// When something happens by itself: without queries, nobody sees what the capacity is.
    fn due(&self) -> u64 {
        if self.jobs == 0 { u64::MAX } else { self.cpu.due.min(self.next_look) }
    }

    /// Catches up on the periods that have ended by `now`.
    fn look(&mut self, now: u64) {
        let Some(scaler) = &mut self.scaler else { return };
        let scaling = *scaler.scaling();
        while self.next_look <= now {
            let at = self.next_look;
            self.cpu.advance(at);
            let used = self.cpu.used();
            let mean = (used - self.seen) as f64 / (scaling.period.0 as f64 * MICRO);
            self.seen = used;
            self.next_look = at + scaling.period.0;
            let before = scaler.halves();
            if scaler.observe(at, mean) {
                let held = u128::from(at - self.since);
                self.halves += held * u128::from(before);
                self.micro_vcpu += held * u128::from(micro(scaling.vcpu(before)));
                self.since = at;
                self.cpu.set_limit(&self.model, scaling.vcpu(scaler.halves()));
                self.cpu.share(&self.model);
            } else if self.jobs == 0 && mean == 0.0 && before == scaling.min {
                // Nothing changes before somebody asks.
                self.next_look = (now / scaling.period.0 + 1) * scaling.period.0;
            }
        }
    }

    /// Half-unit nanoseconds, CPU used and CPU there was, both in micro-vCPU nanoseconds, since the last call.
    fn capacity(&mut self, now: u64) -> (u128, u128, u128) {
        self.look(now);
        self.cpu.advance(now);
        let held = u128::from(now - self.since);
        self.since = now;
        self.micro_vcpu += held * u128::from(micro(self.cpu.limit()));
        self.halves += held * u128::from(self.scaler.as_ref().map_or(0, Scaler::halves));
        let used = self.cpu.used() - std::mem::replace(&mut self.booked, self.cpu.used());
        (std::mem::take(&mut self.halves), used, std::mem::take(&mut self.micro_vcpu))
    }
}
