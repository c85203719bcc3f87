//! How many instances there are at the first instant.

use crate::application::Application;
use crate::application::graph::{Graph, Part};
use crate::application::program::Body;
use crate::kernel::queueing::keep_alive_pool;
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::autoscaler::hpa::MetricTarget;
use crate::platform::autoscaler::target_tracking::Metric;
use crate::platform::service::OfService;

/// Busy and idle instances of each service at the first instant: those that the scenario states, or what `rate` requests
/// per second need in the long run.
#[must_use]
pub fn first_instances(deployment: &Deployment, application: &Application, rate: f64) -> Vec<(u32, u32)> {
    let specs: Vec<OfService<'_>> =
        (0..application.services.len()).map(|service| deployment.of_service(service)).collect();
    let mut demands = None;
    let mut of_service = |number: usize| {
        let spec = specs[number];
        spec.stated_instances().unwrap_or_else(|| {
            let demands = demands.get_or_insert_with(|| Demand::of_services(application, &specs, rate));
            let most = spec.autoscaler.max.unwrap_or(u32::MAX).max(spec.autoscaler.min);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates; NaN becomes 0
            let wanted = stationary(spec, &demands[number]) as u32;
            (0, wanted.clamp(spec.autoscaler.min, most))
        })
    };
    (0..specs.len()).map(&mut of_service).collect()
}

/// What comes to a service in the long run.
pub(in crate::engine) struct Demand {
    /// Attempts per second.
    pub rate: f64,
    /// vCPUs, at the speed of its instances.
    pub cpu: f64,
    /// Seconds that an attempt takes on a whole instance, those of what it calls included.
    pub alone: f64,
}

impl Demand {
    /// Of each service, when `rate` requests come per second. Calls that are made at once count as if made one after
    /// the other.
    pub fn of_services(application: &Application, specs: &[OfService<'_>], rate: f64) -> Vec<Self> {
        let mut all = Self::of_bodies(application, specs, rate, false);
        all.truncate(specs.len());
        all
    }

    /// Of each service, then of each workflow; whether services wait for the `runs` of workflows that they start.
    pub fn of_bodies(application: &Application, specs: &[OfService<'_>], rate: f64, runs: bool) -> Vec<Self> {
        let classes = &application.classes;
        let weights: f64 = classes.iter().map(|class| class.weight).sum();
        let graph = Graph::new(application);
        let visits: Vec<Vec<f64>> = (0..)
            .zip(classes)
            .map(|(number, class)| {
                graph.visits(class.entry, number).expect("graphs without end are refused where scenarios are read")
            })
            .collect();
        let times: Vec<Vec<f64>> =
            (0..).zip(classes).map(|(number, _)| times(application, specs, &graph, (number, runs))).collect();
        let of_body = |(service, body): (usize, &Body)| {
            let mean = |of: &dyn Fn(usize) -> f64| {
                let weighted =
                    |(index, visits): (usize, &Vec<f64>)| classes[index].weight * visits[service] * of(index);
                let weighted = visits.iter().enumerate().map(weighted).sum::<f64>();
                if weights > 0.0 { weighted / weights } else { 0.0 }
            };
            let share = mean(&|_| 1.0);
            let per_visit = if share > 0.0 { share } else { 1.0 };
            let numbers = 0..u32::try_from(classes.len()).expect("classes are few");
            let work: Vec<f64> = numbers
                .zip(classes)
                .map(|(number, class)| body.mean_work(class, number, &application.stores).0)
                .collect();
            Self {
                rate: rate * share,
                cpu: rate * (mean(&|index| work[index]) / 1e9)
                    / specs.get(service).map_or(1.0, |spec| spec.instance.cpu_speed),
                alone: mean(&|index| times[index][service]) / per_visit / 1e9,
            }
        };
        application.bodies().enumerate().map(of_body).collect()
    }
}

/// Nanoseconds that an attempt of a request of this class takes at each service on whole instances, and a run of each workflow,
/// those of what it calls included; those of runs that it waits for only with `runs`.
fn times(application: &Application, specs: &[OfService<'_>], graph: &Graph, (class, runs): (u32, bool)) -> Vec<f64> {
    let what = &application.classes[class as usize];
    let own = |(number, body): (usize, &Body)| {
        let (cpu, waits) = body.mean_work(what, class, &application.stores);
        // A workflow has no CPU.
        let Some(spec) = specs.get(number) else { return waits };
        let pace = 1.0 / (what.threads.min(spec.instance.cpu_limit()) * spec.instance.cpu_speed);
        cpu * pace + waits
    };
    let own: Vec<f64> = application.bodies().enumerate().map(own).collect();
    // A chain of calls is as long as there are services; rounds of calls that come back get ever less likely.
    let mut times = own.clone();
    for _ in 0..ROUNDS {
        let mut next = own.clone();
        for edge in graph.edges.iter().filter(|edge| edge.awaited && edge.only.contains(class)) {
            let waits = matches!(edge.to, Part::Service(_)) || runs && matches!(edge.to, Part::Workflow(_));
            let from = graph.position(edge.from);
            if waits && from < own.len() {
                next[from] += edge.mean * times[graph.position(edge.to)];
            }
        }
        if next == times {
            break;
        }
        times = next;
    }
    times
}

/// Rounds in which the times of calls are found; more than a chain of services is long.
const ROUNDS: usize = 200;

/// Instances that a service needs for `demand` in the long run.
fn stationary(spec: OfService<'_>, demand: &Demand) -> f64 {
    let size = spec.instance;
    let limit = size.cpu_limit();
    let &Demand { rate, cpu, alone } = demand;
    let slots = f64::from(spec.fleet.slots.unwrap_or(u32::MAX));
    match &spec.autoscaler.law {
        Law::Fixed { replicas } => f64::from(*replicas),
        Law::PerRequest(_) => {
            let keep_alive = spec.fleet.keep_alive.as_ref().map_or(3600.0, |law| law.mean() / 1e9);
            (keep_alive_pool(rate, alone, keep_alive) / slots).ceil()
        }
        Law::Hpa(spec) => spec
            .metrics
            .iter()
            .map(|metric| match metric {
                MetricTarget::CpuUtilization(percent) => cpu / (size.vcpu * *percent as f64 / 100.0),
                MetricTarget::RequestsPerSecond(milli) => rate / (*milli as f64 / 1000.0),
                _ => 0.0,
            })
            .fold(0.0, f64::max)
            .ceil(),
        Law::TargetTracking(policy) => match policy.metric {
            Metric::CpuUtilization => (cpu / (limit * policy.target)).ceil(),
            Metric::RequestsPerInstance => (rate * 60.0 / policy.target).ceil(),
        },
        Law::AppEngine(law) => {
            let by_requests = rate * alone / (slots * law.target_throughput_utilization);
            let by_cpu = cpu / (limit * law.target_cpu_utilization);
            by_requests.max(by_cpu).ceil() + f64::from(law.min_idle_instances)
        }
    }
}
