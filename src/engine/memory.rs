//! For how long it matters how a deployment began.

use super::first::Demand;
use crate::application::Application;
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::placement::Placement;
use crate::platform::service::OfService;
use crate::units::Nanos;

/// Of times that are drawn, all but one in a hundred are shorter.
const LONG: f64 = 0.99;
/// A queue has come to rest after so many times of what waits in it: one that is 90 % busy by Poisson arrivals and
/// exponential work forgets in 380, `1 / (1 - sqrt(load))^2` (Morse, Stochastic Properties of Waiting Lines, Operations
/// Research 3, 1955).
const AT_REST: f64 = 1000.0;

/// How long an instance takes to start, and the laws of a deployment look back, or queues to come to rest if that is longer:
/// whoever begins with a guess of what is needed has forgotten it by then.
#[must_use]
pub fn memory(deployment: &Deployment, application: &Application) -> Nanos {
    let nodes = match &deployment.placement {
        Placement::Provider => Nanos::ZERO,
        Placement::Nodes(nodes) => {
            let kept = nodes.autoscaler.as_ref().map_or(Nanos::ZERO, |flags| flags.unneeded_time);
            nanos(nodes.boot.quantile(LONG)).saturating_add(kept)
        }
    };
    let of_service = |service| of_service(deployment.of_service(service), application, service);
    let services = 0..application.services.len();
    let longest = services.clone().map(of_service).max().unwrap_or(Nanos::ZERO);
    let specs: Vec<OfService<'_>> = services.map(|service| deployment.of_service(service)).collect();
    let alone = Demand::of_services(application, &specs, 1.0).iter().map(|demand| demand.alone).fold(0.0, f64::max);
    nodes.saturating_add(longest).max(nanos(AT_REST * alone * 1e9))
}

fn of_service(spec: OfService<'_>, application: &Application, service: usize) -> Nanos {
    let init = application.services[service].init.quantile(LONG) / spec.instance.cpu_speed;
    let start = nanos(spec.fleet.start.quantile(LONG) + spec.runtime_start.quantile(LONG) + init);
    let looks_back = match &spec.autoscaler.law {
        Law::Fixed { .. } => Nanos::ZERO,
        Law::PerRequest(_) => nanos(spec.fleet.keep_alive.as_ref().map_or(0.0, |kept| kept.quantile(LONG))),
        Law::Hpa(law) => {
            let rules = law.behavior.as_ref().and_then(|behavior| behavior.scale_down.as_ref());
            let window = rules.and_then(|rules| rules.stabilization_window).unwrap_or(law.downscale_stabilization);
            window.saturating_add(law.metric_resolution).saturating_add(law.sync_period)
        }
        Law::TargetTracking(law) => {
            let alarm = law.period.0.saturating_mul(u64::from(law.evaluation_periods_in));
            Nanos(alarm).saturating_add(law.scale_in_cooldown).saturating_add(law.warmup)
        }
        Law::AppEngine(law) => law.idle_timeout,
    };
    start.saturating_add(looks_back)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // not negative; saturates
fn nanos(time: f64) -> Nanos {
    Nanos(time as u64)
}
