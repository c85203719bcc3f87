//! What requests ask of an instance of a deployment, class by class and in the mix that comes.

use super::delay::Service;
use super::law::Work;
use crate::application::Class;
use crate::engine::Plan;
use crate::metering::rounding::steps;
use crate::platform::fleet::Sharing;
use crate::platform::placement::Placement;

/// Of one class: what it asks for, how long who made an attempt waits for it from its arrival behind the edge, and the law
/// of the start that an attempt may wait for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub work: Work,
    /// Nanoseconds that each of its own takes for CPU work.
    pub pace: f64,
    pub patience: u64,
}

/// Speed of a vCPU of the instances relative to the reference.
pub(super) fn speed(plan: &Plan<'_>) -> f64 {
    let of_node = match &plan.deployment.placement {
        Placement::Nodes(nodes) => nodes.groups.first().map_or(1.0, |group| group.cpu_speed),
        Placement::Provider => 1.0,
    };
    plan.deployment.of_service(0).instance.cpu_speed * of_node
}

/// What each class asks for.
pub(super) fn asked(plan: &Plan<'_>) -> Vec<Asked> {
    let spec = plan.deployment.of_service(0);
    let most = match spec.fleet.sharing {
        Sharing::FifoCores if spec.fleet.slots != Some(1) => 1.0,
        _ if matches!(plan.deployment.placement, Placement::Nodes(_)) => f64::MAX,
        _ => spec.instance.cpu_limit(),
    };
    let (meter, speed) = (&plan.deployment.meter, speed(plan));
    let of_class = |class: &Class| {
        let pace = 1.0 / (class.threads.min(most) * speed);
        let kill_after = spec.fleet.timeout.map_or(u64::MAX, |timeout| timeout.0);
        let billed = |time: u64| steps(time.max(meter.minimum.0), meter.round_up.0, 0);
        Asked { work: Work::new(class, pace, kill_after, billed), pace, patience: patience(plan, class) }
    };
    plan.application.classes.iter().map(of_class).collect()
}

fn patience(plan: &Plan<'_>, class: &Class) -> u64 {
    let edge = plan.deployment.edge.as_ref().filter(|_| class.passes_edge());
    let latency = edge.map_or(0, |edge| edge.latency.0);
    let of_edge = edge.and_then(|edge| edge.timeout).map_or(u64::MAX, |timeout| timeout.0);
    class.timeout.map_or(u64::MAX, |timeout| timeout.0.saturating_sub(latency)).min(of_edge)
}

/// What requests ask for on average, all classes of a mix together: nanoseconds on an instance and of CPU, and the means of
/// their squares, of their product and of the former's cube.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    pub mean: f64,
    pub second: f64,
    pub third: f64,
    pub cpu: f64,
    pub cpu_second: f64,
    pub cpu_by_time: f64,
}

impl Load {
    /// Of classes with these shares.
    pub fn of<'w>(works: impl Iterator<Item = &'w Work>, mix: &[f64]) -> Self {
        let mut load = Self::default();
        for (work, share) in works.zip(mix) {
            load.mean += share * work.mean;
            load.second += share * work.second;
            load.third += share * work.third;
            load.cpu += share * work.cpu;
            load.cpu_second += share * work.cpu_second;
            load.cpu_by_time += share * work.cpu_by_time;
        }
        load
    }

    /// Mean square of the CPU time of a request less its share of the time of requests: what of their CPU varies while slots are
    /// at work all the time.
    pub fn cpu_beside_time(&self) -> f64 {
        let share = if self.mean > 0.0 { self.cpu / self.mean } else { 0.0 };
        (self.cpu_second + share * (share * self.second - 2.0 * self.cpu_by_time)).max(0.0)
    }

    /// As a queue sees it.
    pub fn service(&self) -> Service {
        let square = self.mean * self.mean;
        let cv2 = if square > 0.0 { (self.second / square - 1.0).max(0.0) } else { 0.0 };
        let third = if square > 0.0 { self.third / (square * self.mean) } else { 1.0 };
        Service { mean: self.mean.max(1.0), cv2, third }
    }
}
