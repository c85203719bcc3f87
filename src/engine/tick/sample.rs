//! A sample: some requests, played by the exact engine at one rate on fleets of one size that have been at work for long.

use rand::RngExt;
use rand_distr::{Distribution as _, Exp1};

use super::domain::run_times;
use crate::application::{Draw, NOBODY, Request, work};
use crate::engine::exact::Core;
use crate::engine::exact::sampled::Brought;
use crate::engine::{Plan, Platform as _};
use crate::kernel::streams::{child, stream, stream_key};
use crate::kernel::whole;
use crate::metering::calendar::{Calendar, Day, Period, Slice};
use crate::metering::measurement::Measurement;
use crate::platform::Deployment;
use crate::platform::autoscaler::per_request::PerRequest;
use crate::platform::autoscaler::{Autoscaler, Law};
use crate::platform::fleet::{Fleet, Initial};
use crate::platform::placement::{NodeGroup, Placement};
use crate::units::Nanos;

/// A sample runs up for this share of its time before it counts,
const RUN_UP: f64 = 0.15;
/// and for so many times as long as runs of workflows take on average, so that as many end as begin.
const RUNS: f64 = 5.0;
/// Requests that come at once into the engine.
const BATCH: usize = 1024;
/// More instances of a single service than this are not told apart from so many.
const MANY: f64 = 24.0;

/// Who serves: instances of each service, and on how many nodes there are how many of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub instances: Vec<u32>,
    /// Pods on a node, and nodes with so many, rising.
    pub nodes: Vec<(u32, u32)>,
}

impl Shape {
    pub fn new(instances: Vec<u32>, mut by_node: Vec<u32>) -> Self {
        by_node.sort_unstable();
        let mut nodes: Vec<(u32, u32)> = Vec::new();
        for pods in by_node {
            match nodes.last_mut() {
                Some((same, count)) if *same == pods => *count += 1,
                _ => nodes.push((pods, 1)),
            }
        }
        Self { instances, nodes }
    }

    /// One as good as this with fewer instances, and how many times fewer: of one service, whose stores have no CPU that all of
    /// its requests share.
    pub fn smaller(&self, deployment: &Deployment) -> (Self, f64) {
        let shared = deployment.bindings.stores.iter().any(|store| store.processor.is_some());
        let &[count] = self.instances.as_slice() else { return (self.clone(), 1.0) };
        if shared {
            return (self.clone(), 1.0);
        }
        let times = MANY / f64::from(count);
        if times >= 1.0 {
            return (self.clone(), 1.0);
        }
        let fewer = |(pods, nodes): &(u32, u32)| (*pods, nearest(f64::from(*nodes) * times));
        let mut nodes: Vec<(u32, u32)> = self.nodes.iter().map(fewer).filter(|(_, nodes)| *nodes > 0).collect();
        let mut instances = nodes.iter().map(|(pods, nodes)| pods * nodes).sum();
        if self.nodes.is_empty() {
            instances = nearest(MANY);
        } else if nodes.is_empty() {
            let most = self.nodes.iter().copied().max_by_key(|(pods, nodes)| pods * nodes).unwrap_or((1, 1));
            nodes.push((most.0, 1));
            instances = most.0;
        }
        (Self { instances: vec![instances], nodes }, f64::from(instances) / f64::from(count))
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
fn nearest(value: f64) -> u32 {
    value.round() as u32
}

/// What is played: at a rate, per nanosecond, of requests of a mix of classes, so many of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'m> {
    pub rate: f64,
    pub mix: &'m [f64],
    pub requests: f64,
}

/// Plays a sample; `number` is its own.
pub(super) fn play(plan: &Plan<'_>, shape: &Shape, asked: &Asked<'_>, number: u32) -> (Measurement, Brought) {
    watch(plan, shape, asked, number, (u64::MAX, &mut |_, _, _| {}))
}

/// Looks into a sample: at the core, at an instant, and at who has come since.
pub(super) type Look<'l> = dyn FnMut(&mut Core<'_>, u64, &[Request]) + 'l;

/// Plays a sample, into which somebody looks every so often while it counts.
pub(super) fn watch(
    plan: &Plan<'_>,
    shape: &Shape,
    asked: &Asked<'_>,
    number: u32,
    (every, look): (u64, &mut Look<'_>),
) -> (Measurement, Brought) {
    let (shape, times) = shape.smaller(plan.deployment);
    let rate = asked.rate * times;
    let length = asked.requests.max(1.0) / rate;
    let longest = run_times(plan.deployment, plan.application).into_iter().fold(0.0, f64::max);
    let run_up = (length * RUN_UP).max(longest * RUNS);
    let (warmup, horizon) = (whole::round(run_up), whole::round(run_up + length));
    let deployment = at_rest(plan.deployment, &shape);
    let calendar = one_slice(Nanos(warmup), Nanos(horizon));
    let of_sample = Plan {
        deployment: &deployment,
        faults: &[],
        calendar: &calendar,
        buckets: &[0],
        warmup: Nanos(warmup),
        horizon: Nanos(horizon),
        crowds: &[],
        first_rate: rate * 1e9,
        seed: plan.seed,
        replication: number,
        ..*plan
    };
    let mut core = Box::new(Core::new(of_sample));
    let mut luck = stream(plan.seed, "sample", &deployment.name, number);
    let keys = stream_key(plan.seed, "sampled", &deployment.name, number);
    let classes = &plan.application.classes;
    let (mut at, mut count, mut batch) = (0.0, 0_u64, Vec::with_capacity(BATCH));
    let mut next = if every < u64::MAX { warmup } else { every };
    loop {
        let gap: f64 = Exp1.sample(&mut luck);
        at += gap / rate;
        while next <= whole::round(at).min(horizon) {
            core.serve(&batch, next);
            look(&mut core, next, &batch);
            batch.clear();
            next = next.saturating_add(every);
        }
        let over = whole::round(at) >= horizon;
        if over || every == u64::MAX && batch.len() == BATCH {
            let until = batch.last().map_or(0, |last: &Request| last.at);
            core.serve(&batch, until);
            batch.clear();
        }
        if over {
            return core.finish_sample();
        }
        let mut left: f64 = luck.random();
        let picked = asked.mix.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        let class = picked.unwrap_or(0);
        let (what, key) = (&classes[class], child(keys, count));
        batch.push(Request {
            at: whole::round(at),
            key,
            cpu: work(&what.cpu, key, Draw::Cpu),
            io: work(&what.io, key, Draw::Io),
            class: u32::try_from(class).unwrap_or(0),
            caller: NOBODY,
        });
        count += 1;
    }
}

/// The deployment with so many instances, for good.
fn at_rest(deployment: &Deployment, shape: &Shape) -> Deployment {
    let mut rests = deployment.clone();
    let rest = |fleet: &mut Fleet, autoscaler: &mut Autoscaler, count: u32| {
        if matches!(autoscaler.law, Law::PerRequest(_)) {
            let law = PerRequest { scale_rate: None, account_concurrency: None, reserved: None };
            *autoscaler = Autoscaler { min: 0, max: None, law: Law::PerRequest(law) };
            (fleet.keep_alive, fleet.lifetime, fleet.initial) = (None, None, Initial::Count(count));
        } else {
            *autoscaler = Autoscaler { min: count, max: None, law: Law::Fixed { replicas: count } };
            fleet.initial = Initial::Min;
        }
    };
    rest(&mut rests.fleet, &mut rests.autoscaler, shape.instances.first().copied().unwrap_or(0));
    for (own, &count) in rests.services.iter_mut().zip(&shape.instances) {
        rest(&mut own.fleet, &mut own.autoscaler, count);
    }
    if let Some(edge) = &mut rests.edge {
        edge.throttle = None;
    }
    for store in &mut rests.bindings.stores {
        // It is known to take what comes; but its CPU is shared.
        store.throughput = None;
        if let Some(connections) = &mut store.connections {
            connections.max = u32::MAX;
        }
    }
    if let Placement::Nodes(nodes) = &mut rests.placement {
        // Nodes that have room for what is on them, and no more.
        let daemons = u32::from(nodes.daemonset_milli_vcpu > 0 || nodes.daemonset_memory.0 > 0);
        let like = nodes.groups[0].clone();
        let group = |&(pods, count): &(u32, u32)| NodeGroup {
            min: count,
            max: count,
            zones: 1,
            max_pods: pods + daemons,
            ..like.clone()
        };
        nodes.groups = shape.nodes.iter().map(group).collect();
        nodes.autoscaler = None;
    }
    rests
}

fn one_slice(start: Nanos, end: Nanos) -> Calendar {
    let length = end - start;
    Calendar {
        slices: vec![Slice { start, end, day: 0, hour: 0 }],
        days: vec![Day { date: String::new(), covered: length, length, period: 0 }],
        periods: vec![Period { from: String::new(), to: String::new(), covered: length, length }],
    }
}
