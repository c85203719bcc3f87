//! How one service of an application runs on a deployment.

use super::autoscaler::{Autoscaler, Law};
use super::fleet::{Fleet, Initial};
use super::instance::Instance;
use crate::kernel::distribution::Distribution;

/// What is in force for one service: the deployment's, with what is different for it.
#[derive(Clone, Debug)]
pub struct ServiceDeployment {
    /// One instance.
    pub instance: Instance,
    /// How its instances serve requests.
    pub fleet: Fleet,
    /// How many instances of it there should be.
    pub autoscaler: Autoscaler,
    /// Start-up of its language runtime on this platform, in nanoseconds of wall time.
    pub runtime_start: Distribution,
}

/// The same, borrowed from a deployment.
#[derive(Clone, Copy, Debug)]
pub struct OfService<'a> {
    /// One instance.
    pub instance: &'a Instance,
    /// How its instances serve requests.
    pub fleet: &'a Fleet,
    /// How many instances of it there should be.
    pub autoscaler: &'a Autoscaler,
    /// Start-up of its language runtime on this platform, in nanoseconds of wall time.
    pub runtime_start: &'a Distribution,
}

impl OfService<'_> {
    /// Busy and idle instances at the first instant, where the scenario states them; `None`: what the traffic needs.
    #[must_use]
    pub fn stated_instances(&self) -> Option<(u32, u32)> {
        match (&self.autoscaler.law, &self.fleet.initial) {
            (Law::Fixed { replicas }, Initial::BusyIdle { busy, .. }) => {
                let busy = *busy.min(replicas);
                Some((busy, replicas - busy))
            }
            (Law::Fixed { replicas }, _) => Some((0, *replicas)),
            (_, Initial::Min) => Some((0, self.autoscaler.min)),
            (_, Initial::Count(instances)) => Some((0, *instances)),
            (_, Initial::BusyIdle { busy, idle }) => Some((*busy, *idle)),
            (_, Initial::Stationary) => None,
        }
    }
}
