//! One service whose instances follow its requests, each with one for itself.

use super::along::{AlongRate, Part, parts};
use super::asked::{Load, asked, speed};
use super::books::Books;
use super::delay::Delays;
use super::domain::SPREADS;
use super::entrance::Entrance;
use super::evened::{Evened, Stay};
use super::latencies::Latencies;
use super::law::{joined, spread};
use super::pool::Pool;
use super::queue::Notes;
use crate::engine::Plan;
use crate::engine::exact::Core;
use crate::engine::first::first_instances;
use crate::kernel::distribution::Distribution;
use crate::kernel::streams::{Stream, stream};
use crate::kernel::whole;
use crate::metering::measurement::Measurement;
use crate::platform::autoscaler::per_request::PerRequest;
use crate::traffic::path::{Arrived, Stretch};

/// One service at work.
pub(super) struct FunctionsAtWork<'a> {
    plan: Plan<'a>,
    core: Box<Core<'a>>,
    path: Entrance,
    law: &'a PerRequest,
    speed: f64,
    pool: Pool<'a>,
    /// For how long requests of a mix are at work.
    stay: (Vec<f64>, Option<Stay>),
    latencies: Latencies,
    books: Books,
    luck: Stream,
    /// Mean time of a start, and the part of it that is billed to a request, in nanoseconds.
    start: f64,
    billed_start: f64,
    /// Requests at work at once, and the most of them.
    at_work: f64,
    most: f64,
}

impl<'a> FunctionsAtWork<'a> {
    pub fn new(plan: Plan<'a>, path: Entrance, law: &'a PerRequest, keep_alive: &'a Distribution) -> Self {
        let (spec, service) = (plan.deployment.of_service(0), plan.application.service());
        let mut latencies = Latencies::new(asked(&plan));
        let init_pace = 1.0 / (spec.instance.start_vcpu.min(1.0) * spec.instance.cpu_speed);
        let outside = joined(&spread(&spec.fleet.start, 1.0), &spread(spec.runtime_start, 1.0));
        latencies.set_start(&joined(&outside, &spread(&service.init, init_pace)));
        let own = spec.runtime_start.mean() + service.init.mean() * init_pace;
        let start = spec.fleet.start.mean() + own;
        let first = first_instances(plan.deployment, plan.application, plan.first_rate);
        let count = first.first().map_or(0, |(busy, idle)| busy + idle);
        let mut luck = stream(plan.seed, "tick", &plan.deployment.name, plan.replication);
        Self {
            // The core begins with no instance of its own.
            core: Box::new(Core::new(Plan { first_rate: 0.0, ..plan })),
            path,
            law,
            speed: speed(&plan),
            pool: Pool::new((spec.fleet.reuse, count), (keep_alive, spec.fleet.lifetime.as_ref()), start, &mut luck),
            stay: (Vec::new(), None),
            latencies,
            books: Books::new(&plan),
            luck,
            start,
            billed_start: if plan.deployment.meter.start_billed { own } else { 0.0 },
            at_work: 0.0,
            most: 0.0,
            plan,
        }
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
        self.books.close_bucket(&mut self.latencies, &self.plan);
        let in_flight: Vec<f64> = self.path.mix().iter().map(|share| share * self.at_work).collect();
        let cold: Vec<u64> = self.books.cold.iter().map(|cold| whole::round(*cold)).collect();
        let peak = self.pool.peak();
        let (passed, away) = self.path.passed(arrived);
        let mut given = self.books.given(&self.plan, &self.latencies, &passed, (&cold, &in_flight));
        given.started = given.classes.iter().map(|class| class.cold).sum();
        given.peak = peak;
        given.turn_away(away.as_ref(), self.plan.calendar);
        Ok(Some(self.core.finish_with(given)))
    }

    /// So many requests wait for the start of an instance.
    fn start(&mut self, cold: f64) {
        self.latencies.cold(cold);
        self.books.cold(cold, &self.latencies.mix);
        if let Some(busy) = self.books.slice() {
            busy.instances += cold * self.start;
            busy.billed_start += cold * self.billed_start;
        }
    }
}

impl<'a> AlongRate<'a> for FunctionsAtWork<'a> {
    fn core(&mut self) -> &mut Core<'a> {
        &mut self.core
    }

    fn path(&mut self) -> &mut Entrance {
        &mut self.path
    }

    fn go(&mut self, stretch: Stretch) -> Result<(), String> {
        self.latencies.mix.clone_from_slice(self.path.mix());
        let load = Load::of(self.latencies.classes.iter().map(|class| &class.work), self.path.mix());
        let scarce = self.path.scarce();
        if scarce.is_some() && self.stay.0 != self.path.mix() {
            self.stay = (self.path.mix().to_vec(), Stay::of(self.latencies.work()));
        }
        let evened = Evened::of(scarce, self.stay.1);
        for part in parts(stretch, self.pool.step) {
            let passed = self.pool.pass(part, (load.mean, evened), &mut self.luck);
            let Part { span, rate, .. } = part;
            let arrived = rate * span;
            self.latencies.arrive(arrived, 0.0, Delays::default());
            self.at_work = rate * load.mean;
            self.most = self.most.max(self.at_work);
            if let Some(busy) = self.books.slice() {
                busy.alive += passed.time;
                busy.slots += arrived * load.mean;
                busy.instances += arrived * load.mean;
                busy.cpu += arrived * load.cpu / self.speed;
            }
            self.start(f64::from(passed.cold));
        }
        Ok(())
    }

    fn within_limits(&self) -> Result<(), String> {
        let most = self.most + SPREADS * self.most.sqrt();
        let max = self.plan.deployment.of_service(0).autoscaler.max;
        let limits = [
            (self.law.account_concurrency, "autoscaler.account_concurrency"),
            (self.law.reserved, "autoscaler.reserved"),
            (max, "autoscaler.max"),
        ];
        let reached = limits.iter().find(|(limit, _)| limit.is_some_and(|limit| most >= f64::from(limit)));
        if let Some((_, key)) = reached {
            return Err(format!("{:.0} requests at work at once come near its limit (`{key}`)", self.most));
        }
        Ok(())
    }

    fn enter(&mut self, at: u64) {
        if self.books.enter(at, &mut self.latencies, &self.plan) {
            self.pool.forget_peak();
        }
    }
}
