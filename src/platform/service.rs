//! How one service of an application runs on a deployment.

use super::autoscaler::Autoscaler;
use super::fleet::Fleet;
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

/// How the application is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Every service has instances of its own.
    #[default]
    Services,
    /// The same steps in one process: calls are free of network.
    Monolith,
}
