//! The exact engine against closed forms, oracles and itself.

#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // test values are small and positive

mod batches;
mod calls;
mod clients;
mod deadlines;
mod edges;
mod failures;
mod faults;
mod flows;
mod hops;
mod invariants;
mod messages;
mod observability;
mod oracle;
mod passages;
mod patience;
mod roll_outs;
mod steps;
mod stores;
mod timelines;

use jiff::Zoned;

use super::Core;
use crate::application::fault::Fault;
use crate::application::program::Body;
use crate::application::retry::Retry;
use crate::application::telemetry::Telemetry;
use crate::application::{Application, Class, Draw, Entry, NOBODY, Request, Service, work};
use crate::engine::{Plan, Platform};
use crate::kernel::distribution::{Distribution, Law as LawOf};
use crate::kernel::streams::{child, stream};
use crate::metering::calendar::{Calendar, Month};
use crate::metering::measurement::Measurement;
use crate::platform::autoscaler::per_request::PerRequest;
use crate::platform::autoscaler::{Autoscaler, Law};
use crate::platform::binding::Bindings;
use crate::platform::fleet::{Fleet, Initial, KeepAliveFrom, QueueAt, Reuse, Routing, Sharing};
use crate::platform::hop::Hop;
use crate::platform::instance::Instance;
use crate::platform::meter::{Meter, Per};
use crate::platform::observability::Observability;
use crate::platform::placement::Placement;
use crate::platform::roll_out::RollOut;
use crate::platform::{Deployment, Family};
use crate::traffic::closed::Crowd;
use crate::units::{Bytes, Nanos};

pub(super) const SECOND: u64 = 1_000_000_000;

pub(super) fn exponential(mean_seconds: f64) -> Distribution {
    Distribution::new(LawOf::Exponential { mean: mean_seconds * 1e9 })
}

pub(super) fn constant(seconds: f64) -> Distribution {
    Distribution::constant(seconds * 1e9)
}

pub(super) fn class(cpu: Distribution, io: Distribution) -> Class {
    Class {
        name: "request".to_owned(),
        weight: 1.0,
        cpu,
        io,
        threads: 1.0,
        memory: Bytes(0),
        request_bytes: Distribution::constant(1000.0),
        response_bytes: Distribution::constant(10_000.0),
        timeout: None,
        entry: Entry::default(),
        retry: Retry::default(),
    }
}

pub(super) fn application(classes: Vec<Class>) -> Application {
    let service = Service {
        name: "app".to_owned(),
        base_memory: Bytes(64 << 20),
        image: Bytes(200 << 20),
        runtime_start: None,
        init: Distribution::constant(0.0),
        body: Body::default(),
        telemetry: Telemetry::default(),
    };
    Application::single(classes, service)
}

/// A generic platform: no delay, no limit, one slot, an unbounded queue at the fleet.
pub(super) fn generic(law: Law) -> Deployment {
    Deployment {
        name: "generic".to_owned(),
        platform: "vm".to_owned(),
        family: Family::Vm,
        region: String::new(),
        edge: None,
        instance: Instance {
            vcpu: 1.0,
            vcpu_limit: None,
            cpu_speed: 1.0,
            start_vcpu: 1.0,
            memory: Bytes(512 << 20),
            memory_limit: None,
            variant: String::new(),
        },
        fleet: Fleet {
            slots: Some(1),
            sharing: Sharing::Processor,
            routing: Routing::LeastBusy,
            queue: None,
            queue_at: QueueAt::Fleet,
            queue_timeout: None,
            drop_abandoned: false,
            timeout: None,
            reuse: Reuse::MostRecent,
            keep_alive: None,
            keep_alive_from: KeepAliveFrom::LastUse,
            lifetime: None,
            start: Distribution::constant(0.0),
            cold_service: None,
            initial: Initial::Min,
        },
        hop: Hop::default(),
        nat: None,
        autoscaler: Autoscaler { min: 0, max: None, law },
        placement: Placement::Provider,
        meter: Meter {
            per: Per::Request,
            counts: Vec::new(),
            round_up: Nanos::ZERO,
            minimum: Nanos::ZERO,
            tail: Nanos::ZERO,
            start_billed: true,
            idle_billed: true,
            weight: 1,
            clusters: 0,
            volume_gib: 0,
            addresses: 0,
        },
        runtime_start: Distribution::constant(0.0),
        services: Vec::new(),
        bindings: Bindings::default(),
        observability: Observability::default(),
        roll_out: RollOut::default(),
        queueing: String::new(),
        overrides: Vec::new(),
        facts: Vec::new(),
        not_modelled: Vec::new(),
    }
}

pub(super) fn faas() -> Deployment {
    generic(Law::PerRequest(PerRequest { scale_rate: None, account_concurrency: None, reserved: None }))
}

pub(super) fn fixed(replicas: u32) -> Deployment {
    generic(Law::Fixed { replicas })
}

/// Requests at these instants.
pub(super) fn requests_at(application: &Application, instants: &[u64]) -> Vec<Request> {
    let request = |(index, &at): (usize, &u64)| {
        let key = child(77, index as u64);
        let class = &application.classes[0];
        Request {
            at,
            key,
            cpu: work(&class.cpu, key, Draw::Cpu),
            io: work(&class.io, key, Draw::Io),
            class: 0,
            caller: NOBODY,
        }
    };
    instants.iter().enumerate().map(request).collect()
}

/// Poisson requests, classes in turn.
pub(super) fn poisson(application: &Application, rate: f64, seconds: f64, seed: u64) -> Vec<Request> {
    let gap = exponential(1.0 / rate);
    let mut luck = stream(seed, "arrivals", "test", 0);
    let mut at = 0.0;
    let mut requests = Vec::new();
    loop {
        at += gap.draw(&mut luck);
        if at >= seconds * 1e9 {
            return requests;
        }
        let key = child(seed, requests.len() as u64);
        let class = requests.len() % application.classes.len();
        let asked = &application.classes[class];
        let (cpu, io) = (work(&asked.cpu, key, Draw::Cpu), work(&asked.io, key, Draw::Io));
        requests.push(Request { at: at as u64, key, cpu, io, class: class as u32, caller: NOBODY });
    }
}

/// How a test run differs from a plain one.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub warmup: u64,
    pub horizon: u64,
    pub batch: usize,
    pub shortcut: bool,
    pub seed: u64,
    pub first_rate: f64,
}

impl Run {
    pub fn of(seconds: f64) -> Self {
        let horizon = (seconds * 1e9) as u64;
        Self { warmup: 0, horizon, batch: 1024, shortcut: true, seed: 1, first_rate: 0.0 }
    }
}

pub(super) fn play(deployment: &Deployment, application: &Application, requests: &[Request], run: Run) -> Measurement {
    play_with_users(deployment, application, requests, &[], run)
}

pub(super) fn play_with_users(
    deployment: &Deployment,
    application: &Application,
    requests: &[Request],
    crowds: &[Crowd],
    run: Run,
) -> Measurement {
    play_with_faults(deployment, application, requests, (crowds, &[]), run)
}

pub(super) fn play_with_faults(
    deployment: &Deployment,
    application: &Application,
    requests: &[Request],
    (crowds, faults): (&[Crowd], &[Fault]),
    run: Run,
) -> Measurement {
    with_core(deployment, application, (crowds, faults), run, |core| {
        let before = requests.partition_point(|request| request.at < run.horizon);
        for batch in requests[..before].chunks(run.batch) {
            core.serve(batch, batch.last().unwrap().at);
        }
    })
}

/// What is measured of a deployment that `serve` gives its requests to.
pub(super) fn with_core(
    deployment: &Deployment,
    application: &Application,
    (crowds, faults): (&[Crowd], &[Fault]),
    run: Run,
    serve: impl FnOnce(&mut Core<'_>),
) -> Measurement {
    let start: Zoned = "2026-01-05T00:00:00[UTC]".parse().unwrap();
    let month = Month::Fixed(Nanos(730 * Nanos::HOUR.0));
    let duration = Nanos(run.horizon - run.warmup);
    let calendar = Calendar::new(&start, Nanos(run.warmup), duration, month, &jiff::tz::TimeZone::UTC).unwrap();
    let buckets: Vec<u32> = (0..u32::try_from(calendar.slices.len()).unwrap()).collect();
    let mut core = Box::new(Core::new(Plan {
        deployment,
        application,
        faults,
        calendar: &calendar,
        buckets: &buckets,
        warmup: Nanos(run.warmup),
        horizon: Nanos(run.horizon),
        crowds,
        first_rate: run.first_rate,
        seed: run.seed,
        replication: 0,
        shortcut: run.shortcut,
    }));
    serve(&mut core);
    core.finish()
}

#[test]
fn m_m_5_waits_as_erlang_says() {
    let application = application(vec![class(constant(0.0), exponential(1.0))]);
    let requests = poisson(&application, 4.0, 400_000.0, 3);
    let measured = play(&fixed(5), &application, &requests, Run::of(400_000.0));
    let wait = measured.queue_wait.mean().unwrap() / 1e9;
    assert!((wait - 0.554_113).abs() < 0.02, "mean wait {wait}");
    let busy: u128 = measured.slices.iter().map(|slice| slice.busy).sum();
    assert!((busy as f64 / 4e14 - 4.0).abs() < 0.02, "busy {}", busy as f64 / 4e14);
}

#[test]
fn processor_sharing_does_not_care_about_the_law() {
    for law in [constant(1.0), exponential(1.0)] {
        let application = application(vec![class(law, constant(0.0))]);
        let requests = poisson(&application, 0.8, 400_000.0, 5);
        let mut deployment = fixed(1);
        deployment.fleet.slots = None;
        let measured = play(&deployment, &application, &requests, Run::of(400_000.0));
        let sojourn = measured.classes[0].latency.mean().unwrap() / 1e9;
        assert!((sojourn - 5.0).abs() < 0.25, "mean sojourn {sojourn}");
    }
}

#[test]
fn erlang_b_at_the_account_limit() {
    let application = application(vec![class(constant(0.0), constant(1.0))]);
    let requests = poisson(&application, 8.0, 50_000.0, 9);
    let mut deployment = faas();
    deployment.fleet.queue = Some(0);
    deployment.autoscaler.law =
        Law::PerRequest(PerRequest { scale_rate: None, account_concurrency: Some(10), reserved: None });
    let measured = play(&deployment, &application, &requests, Run::of(50_000.0));
    let lost = measured.classes[0].rejected as f64 / measured.classes[0].offered as f64;
    assert!((lost - 0.121_661).abs() < 0.006, "lost {lost}");
    assert_eq!(measured.limits[0].limit, "autoscaler.account_concurrency");
}
