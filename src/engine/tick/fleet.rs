//! One service at work: from one event of its control plane to the next.

use super::asked::{Load, asked, speed};
use super::books::Books;
use super::latencies::Latencies;
use super::noise::{count, work};
use super::queue::{Queue, Served};
use super::waits::below;
use crate::engine::Plan;
use crate::engine::exact::Core;
use crate::kernel::streams::{Stream, stream};
use crate::kernel::whole;
use crate::metering::measurement::Measurement;
use crate::traffic::path::{Arrived, Path};

/// Whether to go on is asked once in so many events.
pub(super) const ASKED: u32 = 4096;

/// Millionths of a vCPU in one.
const MICRO: f64 = 1e6;

/// One service at work.
pub(super) struct FleetAtWork<'a> {
    plan: Plan<'a>,
    core: Box<Core<'a>>,
    path: Path,
    slots: u32,
    /// Of a vCPU, relative to the reference.
    speed: f64,
    queue: Queue,
    latencies: Latencies,
    books: Books,
    luck: Stream,
    /// Parts of attempts that were not whole yet.
    attempts: f64,
}

/// What happened from one event to the next.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    begun: f64,
    /// Slots with an attempt, and CPU time and its variance, in nanoseconds.
    slots: f64,
    cpu: f64,
    cpu_squares: f64,
}

impl<'a> FleetAtWork<'a> {
    pub fn new(plan: Plan<'a>, path: Path) -> Self {
        let latencies = Latencies::new(asked(&plan));
        let luck = stream(plan.seed, "tick", &plan.deployment.name, plan.replication);
        Self {
            core: Box::new(Core::new(plan)),
            path,
            slots: plan.deployment.of_service(0).fleet.slots.unwrap_or(u32::MAX),
            speed: speed(&plan),
            queue: Queue::new(plan.first_rate / 1e9),
            latencies,
            books: Books::new(&plan),
            luck,
            attempts: 0.0,
            plan,
        }
    }

    /// Plays everything; `None` if it was told not to go on.
    pub fn play(mut self, arrived: &Arrived, goes_on: &mut dyn FnMut(u64) -> bool) -> Option<Measurement> {
        let horizon = self.plan.horizon.0;
        let (mut now, mut events) = (0, 0_u32);
        while now < horizon {
            events = events.wrapping_add(1);
            if events.is_multiple_of(ASKED) && !goes_on(now) {
                return None;
            }
            let next = self.core.next_event().min(horizon);
            self.go(now, next);
            let before = self.core.serving();
            self.core.play_until(next);
            self.join(self.core.serving().saturating_sub(before), next);
            self.books.enter(next, &mut self.latencies, &self.plan);
            now = next;
        }
        self.books.close_bucket(&mut self.latencies, &self.plan);
        let load = self.load();
        let service = load.service();
        let servers = self.servers();
        let all = self.queue.mean() + self.queue.offered(service).min(f64::from(servers));
        let in_flight: Vec<f64> = self.path.mix().iter().map(|share| share * all).collect();
        let cold: Vec<u64> = self.books.cold.iter().map(|cold| whole::round(*cold)).collect();
        let given = self.books.given(&self.plan, &self.latencies, arrived, (&cold, &in_flight));
        Some(self.core.finish_with(given))
    }

    fn servers(&self) -> u32 {
        u32::try_from(self.core.serving().saturating_mul(u64::from(self.slots))).unwrap_or(u32::MAX)
    }

    /// What requests ask for, in the mix that comes now.
    fn load(&self) -> Load {
        Load::of(self.latencies.classes.iter().map(|class| &class.work), self.path.mix())
    }

    /// Requests are served from `now` until the next event.
    fn go(&mut self, now: u64, next: u64) {
        let servers = self.servers();
        let mut done = Done::default();
        while let Some(stretch) = self.path.next(next) {
            self.latencies.mix.clone_from_slice(self.path.mix());
            let load = self.load();
            let Served { begun, worked, behind } =
                self.queue.advance(stretch, servers, load.service(), &mut self.latencies);
            done.begun += begun;
            done.slots += worked * load.mean;
            done.cpu += worked * load.cpu;
            done.cpu_squares += (worked - behind) * load.cpu_second + behind * load.cpu_beside_time();
        }
        let span = (next - now) as f64;
        if span <= 0.0 {
            return;
        }
        if let Some(busy) = self.books.slice() {
            let slots = done.slots.min(f64::from(servers) * span);
            busy.slots += slots;
            busy.instances += busy_instances(self.core.serving() as f64, self.slots, slots / span) * span;
        }
        let (mut cpu, mut attempts) = (done.cpu / self.speed, done.begun);
        if self.core.is_watched() {
            cpu = work(cpu, done.cpu_squares / (self.speed * self.speed), &mut self.luck);
            attempts = count(attempts, &mut self.luck);
        }
        let most = self.plan.deployment.of_service(0).instance.cpu_limit() * self.core.serving() as f64;
        self.attempts += attempts;
        let whole_attempts = whole::floor(self.attempts);
        self.attempts -= whole_attempts as f64;
        self.core.work(whole::round((cpu / span).clamp(0.0, most) * MICRO), whole_attempts);
    }

    /// So many instances have become ready: some of those who wait take their slots.
    fn join(&mut self, instances: u64, at: u64) {
        if instances == 0 {
            return;
        }
        let slots = instances as f64 * f64::from(self.slots);
        let taken = self.queue.take(slots, at as f64, &mut self.latencies);
        self.books.cold(taken, self.path.mix());
    }
}

/// Instances with at least one attempt, where so many slots of all instances have one: each of one slot is one. With more
/// slots, attempts are taken to go where there are fewest, so that an instance is idle only if there are fewer attempts
/// than instances; their number is about normal.
fn busy_instances(instances: f64, slots: u32, attempts: f64) -> f64 {
    if slots == 1 || attempts <= 0.0 {
        return attempts.min(instances);
    }
    let spread = attempts.sqrt();
    let z = (instances - attempts) / spread;
    let density = libm::exp(-z * z / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
    let idle = (instances - attempts) * below(z) + spread * density;
    (instances - idle).clamp(0.0, instances.min(attempts))
}
