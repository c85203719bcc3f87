//! Services whose instances follow their requests, and that call each other: a pool for each. How long an attempt holds its
//! instance, the services that it waits for included, a sample tells.

use super::along::{AlongRate, parts};
use super::cells::{Cells, HIGHEST, Sample, around, load_of, sample};
use super::connections::Connected;
use super::domain::{KEPT, SPREADS};
use super::entrance::Entrance;
use super::evened::{Evened, Stay};
use super::fleets::{Station, stations};
use super::law::{joined, spread};
use super::pool::Pool;
use super::rows::in_a_row;
use super::sample::{Asked, Shape};
use super::shared::{Shared, is_calm};
use super::stores::StoresAtWork;
use super::told::{Late, Told};
use crate::application::Entry;
use crate::engine::Plan;
use crate::engine::exact::Core;
use crate::engine::exact::tally::given::{Given, GivenUse};
use crate::engine::first::first_instances;
use crate::kernel::streams::{Stream, stream};
use crate::kernel::whole;
use crate::metering::measurement::{Measurement, SliceMeasure};
use crate::platform::autoscaler::Law;
use crate::traffic::path::{Arrived, Stretch};

/// Requests at work at once at the busiest service in samples; their number makes no difference, but to the time of starts.
const AT_WORK: f64 = 20.0;
/// The load of samples, where none is too high.
const SAMPLED: f64 = 0.5;
/// Attempts in the sample that tells how long instances are held.
const PILOT: f64 = 100_000.0;
/// Those in each of several that tell it at different loads.
const PILOTS: f64 = 30_000.0;

/// One service at work.
struct Function<'a> {
    pool: Pool<'a>,
    station: Station,
    /// Attempts that follow each other at once.
    row: f64,
    /// Mean nanoseconds for which an attempt holds an instance; by the number of the load where stores share their CPU, as far
    /// as that is known.
    held: f64,
    held_at: Vec<Option<f64>>,
    /// The same as it varies, while stores are idle.
    stay: Option<Stay>,
    /// Those of a start, and of it that are billed.
    start: f64,
    billed_start: f64,
    /// The law of a start.
    start_law: Vec<f64>,
    /// By slice: instances times nanoseconds, and cold starts.
    alive: Vec<f64>,
    cold: Vec<f64>,
    /// Most requests at work at once.
    most: f64,
}

/// All of them.
pub(super) struct ChainAtWork<'a> {
    plan: Plan<'a>,
    core: Box<Core<'a>>,
    path: Entrance,
    functions: Vec<Function<'a>>,
    cells: Cells,
    stores: StoresAtWork<'a>,
    connected: Connected<'a>,
    /// The CPU of stores.
    shared: Vec<Shared<'a>>,
    luck: Stream,
    slice: Option<usize>,
    rate: f64,
}

impl Function<'_> {
    /// For how long an attempt holds an instance at a load that is known.
    fn held(&self, load: Option<f64>) -> f64 {
        let at = |number: u32| self.held_at.get(number as usize).copied().flatten().unwrap_or(self.held);
        load.map_or(self.held, |load| around(load).into_iter().map(|(number, share)| share * at(number)).sum())
    }
}

impl<'a> ChainAtWork<'a> {
    /// # Errors
    /// Where an instance is held for long.
    pub fn new(plan: Plan<'a>, path: Entrance) -> Result<Self, String> {
        let stations = stations(&plan, path.mix());
        let at_work = |station: &Station| station.visits * station.alone;
        let shared = Shared::all(&plan, path.mix());
        let any = AT_WORK / stations.iter().map(at_work).fold(1.0, f64::max);
        let capacity = shared.first().map_or(any / SAMPLED, |shared| shared.most);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small
        let enough = |station: &Station| {
            // At the highest load so many queries are with the store, or fewer.
            let with_store = |shared: &Shared<'_>| shared.most * at_work(station) + shared.vcpu / (1.0 - HIGHEST);
            let busy = shared.first().map_or(any * at_work(station), with_store);
            (busy + SPREADS * busy.sqrt()) as u32 + 1
        };
        let shape = Shape::new(stations.iter().map(enough).collect(), Vec::new());
        let attempts: f64 = stations.iter().map(|station| station.visits).sum();
        let asked = Asked { rate: capacity * SAMPLED, mix: path.mix(), requests: PILOT / attempts.max(1.0) };
        let pilot = sample(&plan, &shape, &asked, u32::MAX);
        let mut cells = Cells::new(plan.calendar.slices.len(), 1);
        cells.have(shape, capacity);
        let first = first_instances(plan.deployment, plan.application, plan.first_rate);
        let mut luck = stream(plan.seed, "tick", &plan.deployment.name, plan.replication);
        let mut functions = Vec::new();
        let rows = in_a_row(plan.application, path.mix());
        for (number, (station, row)) in stations.into_iter().zip(rows).enumerate() {
            functions.push(function(&plan, number, (station, row), &pilot, first[number].1, &mut luck)?);
        }
        Ok(Self {
            // The core begins with no instance of its own.
            core: Box::new(Core::new(Plan { first_rate: 0.0, ..plan })),
            functions,
            path,
            cells,
            stores: StoresAtWork::new(plan),
            connected: Connected::new(plan),
            shared,
            luck,
            slice: (plan.warmup.0 == 0).then_some(0),
            rate: 0.0,
            plan,
        })
    }

    /// Plays everything; `None` if it was told not to go on.
    pub fn play(
        mut self,
        arrived: &Arrived,
        goes_on: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Option<Measurement>, String> {
        if !self.play_along(self.plan.horizon.0, goes_on)? {
            return Ok(None);
        }
        let (passed, away) = self.path.passed(arrived);
        let mut given = self.given(&passed)?;
        given.turn_away(away.as_ref(), self.plan.calendar);
        Ok(Some(self.core.finish_with(given)))
    }

    /// What became of those who arrived, starts included.
    fn given(&mut self, arrived: &Arrived) -> Result<Given, String> {
        let attempts = self.functions.iter().map(|function| function.station.visits).sum();
        let samples = self.cells.play(&self.plan, attempts);
        let requests = arrived.statistics().requests.max(1) as f64;
        let late = |function: &Function<'_>| Late {
            share: function.cold.iter().sum::<f64>() / requests,
            law: function.start_law.clone(),
        };
        let late: Vec<Late> = self.functions.iter().map(late).collect();
        let mut given = Told::new(&self.plan, &self.cells, &samples, arrived).all(&late, self.rate);
        let cold = |function: &Function<'_>| whole::round(function.cold.iter().sum());
        let whole = |value: f64| u128::from(whole::round(value));
        for (function, service) in self.functions.iter().zip(&mut given.services) {
            for (slice, total) in given.slices.iter_mut().enumerate() {
                let (alive, started) = (whole(function.alive[slice]), function.cold[slice]);
                let cpu = whole(function.station.cpu * total.offered as f64) * 1_000_000;
                let starting = whole(started * function.start);
                let used: &mut GivenUse = &mut service.uses[slice];
                used.billed += whole(started * function.billed_start);
                used.instances += alive;
                total.instances += alive;
                total.cpu += cpu;
                total.busy += starting;
                let instances = SliceMeasure {
                    instances: alive,
                    ready: alive,
                    busy: starting,
                    slots_ready: alive,
                    cpu_used: cpu,
                    ..SliceMeasure::default()
                };
                service.measure.instances.add(&instances);
            }
            service.measure.attempts.cold = cold(function).min(service.measure.attempts.offered);
            (service.measure.started, service.measure.peak) = (cold(function), function.pool.peak());
            given.started += service.measure.started;
            given.peak += service.measure.peak;
        }
        for (number, class) in given.classes.iter_mut().enumerate() {
            let entered = match self.plan.application.classes[number].entry {
                Entry::Service(service) => Some(usize::from(service)),
                Entry::Store(..) => None,
            };
            let share = class.offered as f64 / requests;
            class.cold = entered.map_or(0, |service| whole::round(share * cold(&self.functions[service]) as f64));
            class.cold = class.cold.min(class.offered);
        }
        for (served, function) in self.connected.services.iter_mut().zip(&self.functions) {
            served.time = function.alive.iter().sum();
        }
        self.connected.give((&self.cells, &samples), &mut given)?;
        Ok(given)
    }

    /// Plays what tells how long instances are held at loads, as far as that is not known.
    fn learn(&mut self, (one, other): (f64, f64)) {
        let [(lowest, _), _] = around(one.min(other));
        let [_, (highest, _)] = around(one.max(other));
        for number in lowest..=highest {
            let place = number as usize;
            if self.functions.iter().all(|function| function.held_at.get(place).is_some_and(Option::is_some)) {
                continue;
            }
            let (_, shape, mix) = self.cells.now();
            let attempts: f64 = self.functions.iter().map(|function| function.station.visits).sum();
            let rate = self.cells.capacity() * load_of(number.max(1));
            let asked = Asked { rate, mix, requests: PILOTS / attempts.max(1.0) };
            let pilot = sample(&self.plan, shape, &asked, u32::MAX - 1 - number);
            for (service, function) in self.functions.iter_mut().enumerate() {
                function.held_at.resize(function.held_at.len().max(place + 1), None);
                function.held_at[place] = Some(held(&pilot, service));
            }
        }
    }
}

impl<'a> AlongRate<'a> for ChainAtWork<'a> {
    fn core(&mut self) -> &mut Core<'a> {
        &mut self.core
    }

    fn path(&mut self) -> &mut Entrance {
        &mut self.path
    }

    fn go(&mut self, stretch: Stretch) -> Result<(), String> {
        self.rate = stretch.last;
        self.stores.go(&mut self.core, stretch, self.path.mix())?;
        let shared = self.shared.first().map(|shared| shared.most);
        if let Some(most) = shared {
            self.shared.first().map_or(Ok(()), |shared| shared.within(stretch))?;
            self.cells.along(self.slice, stretch, self.path.mix());
            self.cells.mix_is(self.path.mix());
            self.learn((stretch.first / most, stretch.last / most));
        } else {
            self.cells.come(self.slice, SAMPLED, self.path.mix(), stretch.expected());
        }
        for (service, function) in self.functions.iter_mut().enumerate() {
            let evened = Evened::of(self.path.scarce(), function.stay);
            for part in parts(stretch, function.pool.step) {
                let held = function.held(shared.map(|most| part.rate / most));
                let (part, held) = (part.times(function.station.visits / function.row), held * function.row);
                let passed = function.pool.pass(part, (held, evened), &mut self.luck);
                function.most = function.most.max(part.rate * held);
                if let Some(slice) = self.slice {
                    function.alive[slice] += passed.time;
                    function.cold[slice] += f64::from(passed.cold);
                }
            }
            self.connected.pass(service, function.pool.peak() as f64, 0.0);
            let rate = stretch.first.max(stretch.last);
            let at_work = rate * function.station.visits * function.held(shared.map(|most| rate / most));
            is_calm(&self.shared, rate, service, at_work)?;
        }
        Ok(())
    }

    fn within_limits(&self) -> Result<(), String> {
        let high = |mean: f64| mean + SPREADS * mean.sqrt();
        let all = self.functions.iter().map(|function| function.most).sum();
        for (number, function) in self.functions.iter().enumerate() {
            let autoscaler = self.plan.deployment.of_service(number).autoscaler;
            let Law::PerRequest(law) = &autoscaler.law else { continue };
            let limits = [
                (law.account_concurrency, "autoscaler.account_concurrency", all),
                (law.reserved, "autoscaler.reserved", function.most),
                (autoscaler.max, "autoscaler.max", function.most),
            ];
            let reached = |(limit, _, most): &&(Option<u32>, &str, f64)| {
                limit.is_some_and(|limit| high(*most) >= f64::from(limit))
            };
            if let Some((_, key, most)) = limits.iter().find(reached) {
                return Err(format!("{most:.0} requests at work at once come near its limit (`{key}`)"));
            }
        }
        Ok(())
    }

    fn enter(&mut self, at: u64) {
        if self.plan.enter(at, &mut self.slice) {
            self.functions.iter_mut().for_each(|function| function.pool.forget_peak());
        }
    }
}

fn function<'a>(
    plan: &Plan<'a>,
    number: usize,
    (station, row): (Station, f64),
    pilot: &Sample,
    first: u32,
    luck: &mut Stream,
) -> Result<Function<'a>, String> {
    let spec = plan.deployment.of_service(number);
    let service = &plan.application.services[number];
    let Some(keep_alive) = &spec.fleet.keep_alive else {
        return Err("idle instances are kept for good (`fleet.keep_alive`)".to_owned());
    };
    let held = held(pilot, number);
    if held * KEPT > keep_alive.mean() {
        return Err(format!("service `{}` takes long for the time that idle instances are kept", service.name));
    }
    let init_pace = 1.0 / (spec.instance.start_vcpu.min(1.0) * spec.instance.cpu_speed);
    let own = joined(&spread(spec.runtime_start, 1.0), &spread(&service.init, init_pace));
    let (wall, billed) = (spec.fleet.start.mean(), spec.runtime_start.mean() + service.init.mean() * init_pace);
    let slices = plan.calendar.slices.len();
    let attempts = &pilot.brought.services[number].measure.attempts;
    let times = attempts.latency.values().map(|(time, count)| (count as f64, time as f64));
    let stay = Stay::of(times).map(|stay| stay.thinned(station.visits));
    Ok(Function {
        stay,
        pool: Pool::new((spec.fleet.reuse, first), (keep_alive, spec.fleet.lifetime.as_ref()), wall + billed, luck),
        station,
        row,
        held,
        held_at: Vec::new(),
        start: wall + billed,
        billed_start: if plan.deployment.meter.start_billed { billed } else { 0.0 },
        start_law: joined(&spread(&spec.fleet.start, 1.0), &own),
        alive: vec![0.0; slices],
        cold: vec![0.0; slices],
        most: 0.0,
    })
}

/// For how long an attempt holds an instance of a service in a sample, on average.
fn held(pilot: &Sample, service: usize) -> f64 {
    let played = &pilot.brought.services[service];
    // Where there is one service alone, its attempts are not counted by themselves.
    let attempts = played.measure.attempts.offered.max(played.requests);
    played.measure.instances.slots_busy as f64 / attempts.max(1) as f64
}
