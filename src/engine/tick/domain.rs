//! What the tick engine does not play: each refusal says what it is.

use super::throttle::could_empty;
use crate::application::step::{Verb, walk};
use crate::application::{Application, Class};
use crate::engine::first::Demand;
use crate::kernel::distribution::Distribution;
use crate::kernel::whole;
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::autoscaler::hpa::MetricTarget;
use crate::platform::autoscaler::per_request::PerRequest;
use crate::platform::edge::Throttle;
use crate::platform::fleet::{Fleet, Initial, KeepAliveFrom, QueueAt, Reuse, Sharing};
use crate::platform::meter::Per;
use crate::platform::placement::Placement;
use crate::platform::service::OfService;
use crate::platform::store::BoundStore;
use crate::traffic::path::Path;
use crate::units::Nanos;

/// What comes, or is at work, at once stays below its mean and so many of its roots, in any run.
pub(super) const SPREADS: f64 = 8.0;
/// A request may take this share of the time between two measurements of an autoscaler, on average: what is measured in
/// one then hardly depends on the one before.
const SHORT: f64 = 0.2;
/// Idle instances are kept for at least so many times what a request takes on average.
pub(super) const KEPT: f64 = 20.0;
/// A scheduler that wants an instance for fewer requests at work than this sees rare crowds, of which samples tell too little.
const CROWDED: f64 = 2.0;
/// A platform that starts fewer instances per second than this may hold a fleet back that follows its requests.
const FAST: f64 = 10.0;
/// Runs of workflows may take a fifth of a minute on average, by which everything is counted.
const SOON: Nanos = Nanos(12_000_000_000);
/// A throttle that lets fewer pass at once is no diffusion.
const LEAST_BURST: u32 = 3;

/// Why a deployment of an application, on which this many things go wrong, is not played; `None` if it is.
#[must_use]
pub fn outside(deployment: &Deployment, application: &Application, faults: usize) -> Option<String> {
    let of_application = || of_application(application, faults);
    let of_class = || application.classes.iter().find_map(|class| of_class(class, deployment));
    let of_front = || of_front(deployment);
    let of_law = || of_law(deployment, application);
    let of_nodes = || of_nodes(deployment, is_sampled(deployment, application));
    let of_stores = || of_stores(deployment, application);
    let of_workflows = || of_workflows(deployment, application);
    of_application()
        .or_else(of_stores)
        .or_else(of_workflows)
        .or_else(of_class)
        .or_else(of_front)
        .or_else(of_law)
        .or_else(of_nodes)
}

/// Whether requests do something else than one piece of work of their class.
pub(super) fn has_steps(application: &Application) -> bool {
    application.services.len() > 1 || !application.service().body.program.is_of_class()
}

/// Whether samples tell what requests meet: they call each other, share CPU, or wait somewhere else than in one queue.
pub(super) fn is_sampled(deployment: &Deployment, application: &Application) -> bool {
    let Fleet { queue, queue_at, queue_timeout, slots, .. } = deployment.of_service(0).fleet;
    let one_queue = slots.is_some() && *queue_at == QueueAt::Fleet && queue.is_none() && queue_timeout.is_none();
    let looks = matches!(deployment.of_service(0).autoscaler.law, Law::AppEngine(_));
    has_steps(application) || !one_queue || looks || shares_cpu(deployment, application)
}

/// The throttle of the edge, if it could turn requests away along a path.
///
/// # Errors
/// Why it is not played then.
pub(super) fn throttled(
    deployment: &Deployment,
    application: &Application,
    mut path: Path,
) -> Result<Option<Throttle>, String> {
    let Some(throttle) = deployment.edge.as_ref().and_then(|edge| edge.throttle) else { return Ok(None) };
    let Some(peak) = could_empty(throttle, std::iter::from_fn(|| path.next(u64::MAX))) else { return Ok(None) };
    let near = format!("{:.0} requests/s come near what its edge takes (`edge.throttle`)", peak * 1e9);
    let waits = !matches!(deployment.of_service(0).autoscaler.law, Law::PerRequest(_));
    let again = application.classes.iter().any(|class| class.retry.attempts != Some(1));
    let why = when(waits, "what passes comes too evenly for its queues")
        .or_else(|| when(again, "clients try again (`retry`)"))
        .or_else(|| when(throttle.burst < LEAST_BURST, "hardly any may come at once"));
    why.map_or(Ok(Some(throttle)), |why| Err(format!("{near}, and {why}")))
}

fn when(is: bool, what: &str) -> Option<String> {
    is.then(|| what.to_owned())
}

fn of_application(application: &Application, faults: usize) -> Option<String> {
    when(!application.queues.is_empty(), "the application has queues")
        .or_else(|| when(faults > 0, "something goes wrong on it (`fault`)"))
}

/// Runs of workflows end while the rate is what it was when they began.
fn of_workflows(deployment: &Deployment, application: &Application) -> Option<String> {
    let times = run_times(deployment, application);
    let (workflow, time) = application.workflows.iter().zip(times).find(|(_, time)| *time > SOON.0 as f64)?;
    let time = Nanos(whole::round(time));
    Some(format!("runs of workflow `{}` take {time} on average, which is longer than {SOON}", workflow.name))
}

/// Mean nanoseconds of a run of each workflow.
pub(super) fn run_times(deployment: &Deployment, application: &Application) -> Vec<f64> {
    if application.workflows.is_empty() {
        return Vec::new();
    }
    let specs: Vec<_> = (0..application.services.len()).map(|service| deployment.of_service(service)).collect();
    let all = Demand::of_bodies(application, &specs, 1.0, true);
    all.iter().skip(specs.len()).map(|demand| demand.alone * 1e9).collect()
}

/// Stores whose capacity is settled at every instant, and who asks them.
fn of_stores(deployment: &Deployment, application: &Application) -> Option<String> {
    let grows = |bound: &BoundStore| bound.processor.as_ref().is_some_and(|processor| processor.scaling.is_some());
    let mut named = application.stores.iter().zip(&deployment.bindings.stores);
    if let Some((store, _)) = named.find(|(_, bound)| grows(bound)) {
        let name = &store.name;
        return Some(format!("the CPU of store `{name}` follows what is asked of it from one second to the next"));
    }
    if let Some(class) = application.classes.iter().find(|class| !class.passes_edge()) {
        return Some(format!("clients of class `{}` ask a store with no server between", class.name));
    }
    let connected =
        |store: &u16| deployment.bindings.stores.get(usize::from(*store)).is_some_and(|one| one.connections.is_some());
    for workflow in &application.workflows {
        let mut asked = None;
        walk(&workflow.body.steps, &mut |step, _, _| match step.verb {
            Verb::Query { store, .. } if connected(&store) => asked = Some(store),
            _ => {}
        });
        if let Some(store) = asked {
            let (workflow, store) = (&workflow.name, &application.stores[usize::from(store)].name);
            return Some(format!(
                "runs of workflow `{workflow}` hold connections to store `{store}`, and no instance does"
            ));
        }
    }
    let mut given_up = false;
    for body in application.bodies() {
        walk(&body.steps, &mut |step, _, _| {
            given_up |= matches!(&step.verb, Verb::Query { site, .. } if site.timeout.is_some());
        });
    }
    let again = application.classes.iter().find(|class| given_up && class.retry.attempts != Some(1))?;
    Some(format!("clients of class `{}` try again (`retry`) when a query is given up (`timeout`)", again.name))
}

fn of_class(class: &Class, deployment: &Deployment) -> Option<String> {
    let limited = class.timeout.is_some() || deployment.edge.as_ref().is_some_and(|edge| edge.timeout.is_some());
    let fleet = &deployment.fleet;
    let refused = fleet.queue_timeout.is_some()
        || (fleet.queue.is_some() && !matches!(deployment.autoscaler.law, Law::PerRequest(_)));
    let lost = limited || refused || fleet.timeout.is_some();
    when(lost && class.retry.attempts != Some(1), &format!("clients of class `{}` try again (`retry`)", class.name))
        .or_else(|| {
            let dropped = limited && fleet.drop_abandoned;
            when(dropped, "requests whose client has gone are dropped from the queue (`fleet.drop_abandoned`)")
        })
}

fn of_front(deployment: &Deployment) -> Option<String> {
    let fresh = deployment.of_service(0).fleet.cold_service.is_some();
    when(deployment.hop.proxy_cpu.0 > 0, "requests pass proxies that need CPU")
        .or_else(|| when(deployment.observability.traces.is_some(), "requests are picked for traces one by one"))
        .or_else(|| when(fresh, "first requests bring their start (`fleet.cold_service`)"))
}

/// Instances that follow requests, one for each.
fn of_pool(deployment: &Deployment, spec: OfService<'_>, law: &PerRequest, longest: f64) -> Option<String> {
    let Fleet { slots, reuse, keep_alive, keep_alive_from, initial, .. } = spec.fleet;
    let kept = keep_alive.as_ref().map_or(f64::INFINITY, Distribution::mean);
    let started = law.scale_rate.is_some_and(|rate| f64::from(rate.count) < FAST * rate.per.seconds());
    let stated = !matches!(initial, Initial::Stationary | Initial::Min);
    let in_turn = matches!(reuse, Reuse::LeastRecent | Reuse::Random);
    when(*slots != Some(1), "instances that follow requests take several at once (`fleet.slots`)")
        .or_else(|| when(deployment.meter.per != Per::Request, "its instances follow requests, and its bill does not"))
        .or_else(|| when(in_turn, "idle instances are used in turn (`fleet.reuse`)"))
        .or_else(|| when(!kept.is_finite(), "idle instances are kept for good (`fleet.keep_alive`)"))
        .or_else(|| when(*keep_alive_from == KeepAliveFrom::Start, "instances are kept from their start on"))
        .or_else(|| when(spec.autoscaler.min > 0, "it keeps a minimum of instances (`autoscaler.min`)"))
        .or_else(|| when(started, "starts of instances are limited in rate (`autoscaler.scale_rate`)"))
        .or_else(|| when(stated, "its first instances are stated (`fleet.initial`)"))
        .or_else(|| when(longest * KEPT > kept, "requests take long for the time that idle instances are kept"))
}

fn of_law(deployment: &Deployment, application: &Application) -> Option<String> {
    let speed = deployment.of_service(0).instance.cpu_speed;
    let longest =
        application.classes.iter().map(|class| class.cpu.mean() / speed + class.io.mean()).fold(0.0, f64::max);
    let follows = |spec: &OfService<'_>| matches!(spec.autoscaler.law, Law::PerRequest(_));
    let mut specs = (0..application.services.len()).map(|service| deployment.of_service(service));
    if let Law::PerRequest(law) = &deployment.of_service(0).autoscaler.law {
        if !specs.all(|spec| follows(&spec)) {
            return when(true, "some of its services follow requests, and others do not");
        }
        let mut specs = (0..application.services.len()).map(|service| deployment.of_service(service));
        return specs.find_map(|spec| of_pool(deployment, spec, law, longest));
    }
    if specs.clone().any(|spec| follows(&spec)) {
        return when(true, "some of its services follow requests, and others do not");
    }
    specs.find_map(|spec| {
        let by_age = when(spec.fleet.lifetime.is_some(), "instances are recycled by age (`fleet.lifetime`)");
        by_age.or_else(|| of_loop(spec, longest))
    })
}

/// An autoscaler that looks at what is measured every so often.
fn of_loop(spec: OfService<'_>, longest: f64) -> Option<String> {
    let window = match &spec.autoscaler.law {
        Law::Fixed { .. } | Law::PerRequest(_) => return None,
        Law::AppEngine(law) => {
            let wanted = spec.fleet.slots.map_or(f64::INFINITY, f64::from) * law.target_throughput_utilization;
            if wanted < CROWDED {
                return Some(format!(
                    "its scheduler starts an instance for {wanted:.1} requests at work (`fleet.slots` times \
                     `autoscaler.target_throughput_utilization`)"
                ));
            }
            law.cpu_window
        }
        Law::Hpa(spec) => {
            let seen = |metric: &MetricTarget| {
                matches!(
                    metric,
                    MetricTarget::CpuUtilization(_) | MetricTarget::CpuAverage(_) | MetricTarget::RequestsPerSecond(_)
                )
            };
            if !spec.metrics.iter().all(seen) {
                return when(true, "its autoscaler looks at something else than CPU or requests per second");
            }
            spec.metric_resolution
        }
        Law::TargetTracking(policy) => policy.period,
    };
    when(
        longest > SHORT * window.0 as f64,
        &format!("requests take long for an autoscaler that measures every {}", Nanos(window.0)),
    )
}

/// Whether requests may wait for each other's CPU on an instance.
fn shares_cpu(deployment: &Deployment, application: &Application) -> bool {
    let spec = deployment.of_service(0);
    let slots = spec.fleet.slots.unwrap_or(u32::MAX);
    let on_nodes = matches!(deployment.placement, Placement::Nodes(_));
    if slots == 1 && !on_nodes {
        return false;
    }
    let threads = application.classes.iter().map(|class| class.threads).fold(0.0, f64::max);
    let used = match spec.fleet.sharing {
        Sharing::FifoCores => f64::from(slots),
        Sharing::Processor => f64::from(slots) * threads,
    };
    used > if on_nodes { spec.instance.vcpu } else { spec.instance.cpu_limit() }
}

/// Nodes are as good as each other; those of which samples are taken in size, too, and nothing else is on them.
fn of_nodes(deployment: &Deployment, sampled: bool) -> Option<String> {
    let Placement::Nodes(nodes) = &deployment.placement else { return None };
    let first = &nodes.groups[0];
    when(nodes.groups.iter().any(|one| one.cpu_speed != first.cpu_speed), "its groups of nodes differ in speed")
        .or_else(|| {
            let differ = nodes.groups.iter().any(|one| one.vcpu != first.vcpu);
            when(sampled && differ, "its groups of nodes differ in size, and requests share their CPU")
        })
        .or_else(|| when(sampled && !nodes.system.is_empty(), "add-ons run on its nodes, and requests share their CPU"))
}
