//! How many instances there are at the first instant.

use crate::application::Application;
use crate::kernel::queueing::keep_alive_pool;
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::autoscaler::hpa::MetricTarget;
use crate::platform::autoscaler::target_tracking::Metric;

/// Busy and idle instances at the first instant: those that the scenario states, or what `rate` requests per second need
/// in the long run.
#[must_use]
pub fn first_instances(deployment: &Deployment, application: &Application, rate: f64) -> (u32, u32) {
    deployment.stated_instances().unwrap_or_else(|| {
        let autoscaler = &deployment.autoscaler;
        let most = autoscaler.max.unwrap_or(u32::MAX).max(autoscaler.min);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates; NaN becomes 0
        let wanted = stationary(deployment, application, rate) as u32;
        (0, wanted.clamp(autoscaler.min, most))
    })
}

/// Instances that `rate` requests per second need in the long run.
fn stationary(deployment: &Deployment, application: &Application, rate: f64) -> f64 {
    let size = &deployment.instance;
    let limit = size.vcpu_limit.unwrap_or(size.vcpu);
    let classes = &application.classes;
    let weights: f64 = classes.iter().map(|class| class.weight).sum();
    let mean = |of: &dyn Fn(usize) -> f64| {
        let weighted = classes.iter().enumerate().map(|(index, class)| class.weight * of(index)).sum::<f64>();
        if weights > 0.0 { weighted / weights / 1e9 } else { 0.0 }
    };
    let body = &application.service().body;
    let work: Vec<(f64, f64)> = (0..).zip(classes).map(|(number, class)| body.mean_work(class, number)).collect();
    let cpu = rate * mean(&|index| work[index].0) / size.cpu_speed;
    // On a whole instance.
    let pace = |index: usize| 1.0 / (classes[index].threads.min(limit) * size.cpu_speed);
    let alone = mean(&|index| work[index].0 * pace(index) + work[index].1);
    let slots = f64::from(deployment.fleet.slots.unwrap_or(u32::MAX));
    match &deployment.autoscaler.law {
        Law::Fixed { replicas } => f64::from(*replicas),
        Law::PerRequest(_) => {
            let keep_alive = deployment.fleet.keep_alive.as_ref().map_or(3600.0, |law| law.mean() / 1e9);
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
