//! What is the same for every attempt of a kind: those of a class's clients are one, those of a call site for requests of
//! a class another, and so are the deliveries of a queue to a consumer.

use super::Plan;
use super::cpu::{CpuModel, micro};
use super::station::{Compute, compute};
use crate::application::program::{Op, Program};
use crate::application::queue::Queue;
use crate::application::retry::Retry;
use crate::application::{Class, Entry};

/// The station of attempts that are made to no service, but to a store or a workflow.
pub(super) const NO_STATION: u16 = u16::MAX;

/// One kind of attempt on this deployment.
#[derive(Debug)]
pub(super) struct Kind<'a> {
    /// The class of the request that it is made for.
    pub class: u16,
    /// The service that it is made to; [`NO_STATION`]: a store, or a workflow.
    pub station: u16,
    /// Whose steps it goes through, an index into `Kinds::bodies`; [`NO_STATION`]: a store has none.
    pub body: u16,
    /// Whether it is the work of its class, as one piece.
    pub is_of_class: bool,
    /// Group of the CPU model.
    pub group: usize,
    /// vCPUs it uses when alone on an instance or a core, in millionths.
    pub micro_vcpu: u64,
    /// Nanoseconds per nanosecond of CPU work when alone.
    pub pace: f64,
    /// Who made it (or the edge) gives up after this long; `u64::MAX`: never.
    pub patience: u64,
    /// Whether that is the edge.
    pub edge_gives_up: bool,
    /// Nanoseconds on the way to it and back, which have passed before it arrives.
    pub hop: u64,
    /// CPU work of the proxies that it passes, on one reference vCPU, nanoseconds.
    pub proxies: u64,
    /// What is done when it does not succeed.
    pub policy: Policy<'a>,
}

/// What is done when an attempt does not succeed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Policy<'a> {
    /// Whoever made it tries again, and which budget that is charged to.
    Retry(&'a Retry, usize),
    /// Its message, of the queue of this index, is delivered again.
    Deliver(&'a Queue, u16),
}

impl Kind<'_> {
    /// Whether attempts of this kind are runs of a workflow.
    #[inline]
    pub const fn is_run(&self) -> bool {
        self.station == NO_STATION && self.body != NO_STATION
    }

    /// Whether attempts of this kind are deliveries of messages.
    pub const fn is_delivery(&self) -> bool {
        matches!(self.policy, Policy::Deliver(..))
    }
}

/// Every kind of attempt.
#[derive(Debug)]
pub(super) struct Kinds<'a> {
    /// Those of the classes, then for each call site of each service and workflow one per class, then for each consumer of
    /// each queue likewise.
    pub all: Vec<Kind<'a>>,
    /// How many are those of classes.
    pub classes: u16,
    /// Deliveries of messages are from this one on.
    pub deliveries: u16,
    /// The steps of the services, then of the workflows.
    pub bodies: Vec<&'a Program>,
    /// The first kind of each call site, by body.
    pub sites: Vec<Vec<u16>>,
    /// The first kind of the deliveries to each consumer, by queue.
    pub queues: Vec<Vec<u16>>,
}

/// Every kind of attempt, and the distinct numbers of threads.
#[allow(clippy::cast_possible_truncation)] // there are fewer than 65 536 kinds, which the reading of scenarios checks
pub(super) fn kinds<'a>(plan: &Plan<'a>) -> (Kinds<'a>, CpuModel) {
    let (deployment, application) = (plan.deployment, plan.application);
    let classes = application.classes.len() as u16;
    let mut threads: Vec<f64> = application.classes.iter().map(|class| class.threads).collect();
    threads.sort_by(f64::total_cmp);
    threads.dedup();
    let kind = |class: u16, station: u16, policy: Policy<'a>| {
        let what = &application.classes[usize::from(class)];
        let spec = deployment.of_service(usize::from(station));
        let most = if matches!(compute(deployment, spec), Compute::Cores(_)) { 1.0 } else { spec.instance.cpu_limit() };
        let vcpu = what.threads.min(most);
        Kind {
            class,
            station,
            body: station,
            is_of_class: application
                .services
                .get(usize::from(station))
                .is_some_and(|service| service.body.program.is_of_class()),
            group: threads.iter().position(|&threads| threads == what.threads).unwrap_or(0),
            micro_vcpu: micro(vcpu),
            pace: 1.0 / (vcpu * spec.instance.cpu_speed),
            patience: u64::MAX,
            edge_gives_up: false,
            hop: 0,
            proxies: 0,
            policy,
        }
    };
    let edge = deployment.edge.as_ref();
    let of_class = |(number, class): (u16, &'a Class)| {
        let station = match class.entry {
            Entry::Service(station) => station,
            Entry::Store(..) => NO_STATION,
        };
        let edge = edge.filter(|_| class.passes_edge());
        let latency = edge.map_or(0, |edge| edge.latency.0);
        let edge_patience = edge.and_then(|edge| edge.timeout).map_or(u64::MAX, |timeout| timeout.0);
        let client = class.timeout.map_or(u64::MAX, |timeout| timeout.0.saturating_sub(latency));
        Kind {
            patience: client.min(edge_patience),
            edge_gives_up: edge_patience < client,
            proxies: deployment.hop.proxy_cpu.0,
            ..kind(number, station, Policy::Retry(&class.retry, usize::from(number)))
        }
    };
    let mut all: Vec<Kind<'a>> = (0..).zip(&application.classes).map(of_class).collect();
    let (mut sites, mut budget) = (Vec::new(), usize::from(classes));
    let bodies: Vec<&Program> = application.bodies().map(|body| &body.program).collect();
    let services = application.services.len();
    for (caller, program) in bodies.iter().enumerate() {
        let mut first = Vec::new();
        for (number, site) in program.sites.iter().enumerate() {
            first.push(all.len() as u16);
            let patience = site.timeout.map_or(u64::MAX, |timeout| timeout.0);
            let policy = Policy::Retry(&site.retry, budget);
            if let Some(workflow) = started(program, number) {
                let body = services as u16 + workflow;
                all.extend((0..classes).map(|class| Kind { body, patience, ..kind(class, NO_STATION, policy) }));
            }
            if let Some(to) = called(program, number) {
                let hop = deployment.hop.latency.0;
                // Its own part of the caller's patience; with none left it is given up as it arrives.
                let patience = if patience == u64::MAX { patience } else { patience.saturating_sub(hop) };
                // That of the service called, and where a service calls its own.
                let passed = if caller < services { 2 } else { 1 };
                let proxies = deployment.hop.proxy_cpu.0.saturating_mul(passed);
                all.extend((0..classes).map(|class| Kind { patience, hop, proxies, ..kind(class, to, policy) }));
            }
            budget += 1;
        }
        sites.push(first);
    }
    let (mut queues, deliveries) = (Vec::new(), all.len() as u16);
    for (number, queue) in (0..).zip(&application.queues) {
        let mut first = Vec::new();
        for &to in &queue.consumers {
            first.push(all.len() as u16);
            let patience = queue.visibility_timeout.0;
            all.extend((0..classes).map(|class| Kind { patience, ..kind(class, to, Policy::Deliver(queue, number)) }));
        }
        queues.push(first);
    }
    (Kinds { all, classes, deliveries, bodies, sites, queues }, CpuModel::new(threads))
}

/// The service that is called at a site of `program`; none where it is something else that is reached.
fn called(program: &Program, number: usize) -> Option<u16> {
    program.code.iter().find_map(|instruction| match instruction.op {
        Op::Call { service, site } if usize::from(site) == number => Some(service),
        _ => None,
    })
}

/// The workflow that is started at a site of `program`.
fn started(program: &Program, number: usize) -> Option<u16> {
    program.code.iter().find_map(|instruction| match instruction.op {
        Op::Start { workflow, site, .. } if usize::from(site) == number => Some(workflow),
        _ => None,
    })
}
