//! Services whose requests share CPU, wait at instances or call each other: their fleets from one event to the next. What
//! requests meet there is told by samples.

use super::asked::speed;
use super::cells::{Cells, HIGHEST};
use super::connections::Connected;
use super::fleet::ASKED;
use super::lag::Lag;
use super::law::cpu_square;
use super::looks::{Last, Looks};
use super::noise::{count, work};
use super::sample::Shape;
use super::shared::Shared;
use super::stores::StoresAtWork;
use super::strain::Strain;
use super::told::Told;
use crate::application::Class;
use crate::application::graph::Graph;
use crate::engine::Plan;
use crate::engine::exact::Core;
use crate::engine::first::Demand;
use crate::kernel::streams::{Stream, stream};
use crate::kernel::whole;
use crate::metering::measurement::Measurement;
use crate::platform::autoscaler::Law;
use crate::platform::placement::Placement;
use crate::traffic::path::{Arrived, Path, Stretch};

/// Nanoseconds in a second, and millionths of a vCPU in one.
const SECOND: f64 = 1e9;
const MICRO: f64 = 1e6;

/// What a request brings to one service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Station {
    /// Attempts.
    pub visits: f64,
    /// Nanoseconds on one vCPU, and the mean of the square of that.
    pub cpu: f64,
    cpu_second: f64,
    /// Nanoseconds that it takes when it is alone.
    pub alone: f64,
    /// Parts of attempts that were not whole yet.
    attempts: f64,
    /// CPU work that has come and is not done.
    owed: f64,
    /// Requests as it sees them.
    rate: Lag,
    /// The last look at it.
    looked: Last,
}

impl Station {
    /// For how long a request waits at this service without CPU, in nanoseconds.
    pub fn waits(&self, plan: &Plan<'_>, service: usize) -> f64 {
        let threads = plan.application.classes.iter().map(|class| class.threads).fold(0.0, f64::max);
        let pace = threads.min(plan.deployment.of_service(service).instance.cpu_limit());
        (self.visits * self.alone - self.cpu / pace).max(0.0)
    }

    /// CPU work and attempts of a time in which so many requests come, with their noise; no more work than `most` is done in it.
    fn drawn(&mut self, (come, span): (f64, f64), most: f64, luck: &mut Stream) -> (f64, f64) {
        let seen = span * self.rate.pass(come, span, self.alone.max(1.0));
        self.owed += work(seen * self.cpu, seen * self.cpu_second, luck);
        let done = self.owed.min(most);
        self.owed -= done;
        (done, count(come * self.visits, luck))
    }
}

/// The fleets at work.
pub(super) struct FleetsAtWork<'a> {
    plan: Plan<'a>,
    core: Box<Core<'a>>,
    path: Path,
    stations: Vec<Station>,
    cells: Cells,
    /// Instances of each service.
    serving: Vec<u32>,
    stores: StoresAtWork<'a>,
    connected: Connected<'a>,
    /// The CPU of stores.
    shared: Vec<Shared<'a>>,
    luck: Stream,
    /// What schedulers see that look at single requests.
    looks: Option<Looks>,
    strain: Strain,
    slice: Option<usize>,
    rate: f64,
}

impl<'a> FleetsAtWork<'a> {
    pub fn new(plan: Plan<'a>, path: Path) -> Self {
        let mut specs = (0..plan.application.services.len()).map(|service| plan.deployment.of_service(service));
        let interval = specs.find_map(|spec| match &spec.autoscaler.law {
            Law::AppEngine(law) => Some(law.interval),
            _ => None,
        });
        let stations = stations(&plan, path.mix());
        Self {
            core: Box::new(Core::new(plan)),
            cells: Cells::new(plan.calendar.slices.len(), u32::from(interval.is_none())),
            serving: vec![u32::MAX; plan.application.services.len()],
            stores: StoresAtWork::new(plan),
            connected: Connected::new(plan),
            shared: Shared::all(&plan, path.mix()),
            luck: stream(plan.seed, "tick", &plan.deployment.name, plan.replication),
            looks: interval.map(|interval| Looks::new(&plan, interval, &stations)),
            stations,
            strain: Strain::default(),
            slice: (plan.warmup.0 == 0).then_some(0),
            rate: 0.0,
            path,
            plan,
        }
    }

    /// Plays everything; `None` if it was told not to go on.
    pub fn play(
        mut self,
        arrived: &Arrived,
        goes_on: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Option<Measurement>, String> {
        let (horizon, all) = (self.plan.horizon.0, arrived.statistics().requests as f64);
        let (mut now, mut events) = (0, 0_u32);
        while now < horizon {
            events = events.wrapping_add(1);
            if events.is_multiple_of(ASKED) && !goes_on(now) {
                return Ok(None);
            }
            let next = self.core.next_event().min(horizon);
            if next > now {
                self.look();
                self.go(now, next)?;
                self.strain.is_rare(all)?;
            }
            self.core.play_until(next);
            self.plan.enter(next, &mut self.slice);
            now = next;
        }
        let samples = self.cells.play(&self.plan, self.stations.iter().map(|station| station.visits).sum());
        let mut given = Told::new(&self.plan, &self.cells, &samples, arrived).all(&[], self.rate);
        self.connected.give((&self.cells, &samples), &mut given)?;
        Ok(Some(self.core.finish_with(given)))
    }

    /// Who serves now.
    fn look(&mut self) {
        let mut changed = false;
        for (number, before) in (0..).zip(&mut self.serving) {
            self.core.look_at(number);
            let serving = u32::try_from(self.core.serving()).unwrap_or(u32::MAX);
            changed |= std::mem::replace(before, serving) != serving;
        }
        if changed {
            let shape = Shape::new(self.serving.clone(), self.core.serving_by_node());
            let capacity = self.capacity_of(&shape);
            self.cells.have(shape, capacity);
        }
    }

    /// Requests per nanosecond for which they are enough.
    fn capacity_of(&self, shape: &Shape) -> f64 {
        let mut most = self.shared.first().map_or(f64::INFINITY, |shared| shared.most);
        for (number, (station, &count)) in self.stations.iter().zip(&shape.instances).enumerate() {
            let spec = self.plan.deployment.of_service(number);
            let vcpus = f64::from(count) * spec.instance.cpu_limit();
            if shape.nodes.is_empty() || spec.instance.vcpu_limit.is_some_and(f64::is_finite) {
                most = most.min(vcpus / station.cpu);
            }
            let slots = spec.fleet.slots.map_or(f64::INFINITY, f64::from);
            most = most.min(f64::from(count) * slots / (station.visits * station.alone));
        }
        if let Placement::Nodes(nodes) = &self.plan.deployment.placement {
            let group = &nodes.groups[0];
            let vcpus = group.vcpu - nodes.daemonset_milli_vcpu as f64 / 1000.0;
            // Every pod gets as much: the fullest node is the first that has too little.
            let pods: u32 = shape.nodes.iter().map(|(pods, count)| pods * count).sum();
            let fullest = shape.nodes.last().map_or(1, |(pods, _)| *pods);
            let cpu: f64 = self.stations.iter().map(|station| station.cpu).sum();
            most = most.min(vcpus * f64::from(pods) / (cpu * f64::from(fullest)));
        }
        if most.is_finite() {
            return most;
        }
        // Nothing is ever short: any scale will do.
        let alone: f64 = self.stations.iter().map(|station| station.visits * station.alone).sum();
        2.0 * self.plan.first_rate.max(1.0) / SECOND + f64::from(shape.instances[0]) / alone.max(1.0)
    }

    /// Requests are served from `now` until the next event.
    fn go(&mut self, now: u64, next: u64) -> Result<(), String> {
        let mut come = 0.0;
        while let Some(stretch) = self.path.next(next) {
            come += stretch.expected();
            self.serve(stretch)?;
        }
        let span = (next - now) as f64;
        let measured = if self.slice.is_some() { span } else { 0.0 };
        for (service, &serving) in self.serving.iter().enumerate() {
            self.connected.pass(service, f64::from(serving), measured);
        }
        for (number, station) in (0..).zip(&mut self.stations) {
            self.core.look_at(number);
            let spec = self.plan.deployment.of_service(usize::from(number));
            let most = spec.instance.cpu_limit() * self.core.serving() as f64;
            let (cpu, attempts) = match (&spec.autoscaler.law, &mut self.looks) {
                (Law::AppEngine(_), Some(looks)) => {
                    if self.core.serving() > 0 {
                        let load = self.rate / self.cells.capacity();
                        let (load, more) = self.strain.load.unwrap_or((load, 0.0));
                        let seen = looks.of(&self.plan, &self.cells, load, usize::from(number)).with(more);
                        let (at_work, idle) = seen.draw(&mut station.looked, &mut self.luck);
                        self.core.show(at_work, idle);
                    }
                    station.drawn((come, span), most * span, &mut self.luck)
                }
                _ if self.core.is_watched() => station.drawn((come, span), most * span, &mut self.luck),
                _ => (come * station.cpu, come * station.visits),
            };
            station.attempts += attempts.max(0.0);
            let whole_attempts = whole::floor(station.attempts);
            station.attempts -= whole_attempts as f64;
            self.core.work(whole::round((cpu / span).clamp(0.0, most) * MICRO), whole_attempts);
        }
        Ok(())
    }

    fn serve(&mut self, stretch: Stretch) -> Result<(), String> {
        self.stores.go(&mut self.core, stretch, self.path.mix())?;
        self.shared.first().map_or(Ok(()), |shared| shared.within(stretch))?;
        let capacity = self.cells.capacity();
        if capacity <= 0.0 {
            self.rate = stretch.last;
            let comes = stretch.expected() > 0.0;
            return if comes { Err("requests come when it has no instance".to_owned()) } else { Ok(()) };
        }
        let (first, last) = (stretch.first / capacity, stretch.last / capacity);
        let most = first.max(last);
        if let Some(looks) = &mut self.looks {
            self.cells.mix_is(self.path.mix());
            if self.stations.len() == 1 && self.strain.is_felt(most) {
                self.rate = stretch.last;
                self.strain.go(stretch, &self.plan, looks, (&mut self.cells, self.slice, self.path.mix()));
                return Ok(());
            }
        }
        if most > HIGHEST {
            return Err(format!(
                "{:.0} requests/s come near what its instances can take, which share their CPU or call each other",
                most * capacity * SECOND
            ));
        }
        self.rate = stretch.last;
        self.cells.along(self.slice, stretch, self.path.mix());
        Ok(())
    }
}

/// What a request of a mix brings to each service.
pub(super) fn stations(plan: &Plan<'_>, mix: &[f64]) -> Vec<Station> {
    let specs: Vec<_> = (0..plan.application.services.len()).map(|one| plan.deployment.of_service(one)).collect();
    let mut application = plan.application.clone();
    application.classes.iter_mut().zip(mix).for_each(|(class, share)| class.weight = *share);
    let graph = Graph::new(&application);
    let of_node = speed(plan) / specs[0].instance.cpu_speed;
    let square = |service: usize| {
        let body = &application.services[service].body;
        let of_class = |(number, (class, share)): (u32, (&Class, &f64))| {
            let visits = graph.visits(class.entry, number).map_or(0.0, |visits| visits[service]);
            share * visits * cpu_square(body, class, number)
        };
        let sum: f64 = (0..).zip(application.classes.iter().zip(mix)).map(of_class).sum();
        sum / (speed(plan) * speed(plan))
    };
    let of_demand = |(service, Demand { rate, cpu, alone }): (usize, Demand)| Station {
        visits: rate,
        cpu: cpu * SECOND / of_node,
        cpu_second: square(service),
        alone: alone * SECOND,
        attempts: 0.0,
        owed: 0.0,
        rate: Lag { seen: plan.first_rate / SECOND },
        looked: Last::default(),
    };
    let demands = Demand::of_bodies(&application, &specs, 1.0, true);
    demands.into_iter().take(specs.len()).enumerate().map(of_demand).collect()
}
