//! What a request asks for: classes, the service they enter, and the work of each request, drawn by key.
//!
//! Owns demand, never supply. Imports `units` and `kernel`. Promises that the work of a request depends on nothing but
//! its key, so that every deployment draws the same.

use crate::kernel::distribution::Distribution;
use crate::kernel::streams::{Draws, child};
use crate::units::{Bytes, Nanos};

/// One kind of request.
#[derive(Clone, Debug)]
pub struct Class {
    /// Name, unique in the scenario.
    pub name: String,
    /// Relative share of the requests of a source without a mix of its own; finite, not negative.
    pub weight: f64,
    /// CPU time on one reference vCPU, in nanoseconds.
    pub cpu: Distribution,
    /// Waiting that needs no CPU, in nanoseconds.
    pub io: Distribution,
    /// vCPUs it can use at once, above 0.
    pub threads: f64,
    /// Memory while in progress, on top of the service's base.
    pub memory: Bytes,
    /// Size of the request, in bytes.
    pub request_bytes: Distribution,
    /// Size of the response, in bytes.
    pub response_bytes: Distribution,
    /// After this long the client gives up; the work goes on.
    pub timeout: Option<Nanos>,
}

/// The one service that requests enter.
#[derive(Clone, Debug)]
pub struct Service {
    /// Name, unique in the scenario.
    pub name: String,
    /// Memory of an instance that serves nothing.
    pub base_memory: Bytes,
    /// Size of the image that is pulled and started.
    pub image: Bytes,
    /// Start-up of the language runtime, wall time, in nanoseconds. `None`: nothing to start.
    pub runtime_start: Option<Distribution>,
    /// Own initialisation, CPU time, in nanoseconds.
    pub init: Distribution,
}

/// Everything that requests can ask for.
#[derive(Clone, Debug)]
pub struct Application {
    /// The classes, in the order of the scenario.
    pub classes: Vec<Class>,
    /// The service that every class enters.
    pub service: Service,
}

/// One request as it crosses the wall from traffic to a deployment: 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Arrival at the provider's edge.
    pub at: u64,
    /// Names the request; all its work is drawn from it.
    pub key: u64,
    /// CPU time of its first step on one reference vCPU, in nanoseconds: drawn from the key once for all deployments.
    pub cpu: u64,
    /// Waiting without CPU that follows, in nanoseconds: drawn likewise.
    pub io: u64,
    /// Index of its class.
    pub class: u32,
}

/// The step of a request from which a keyed draw is made. The numbers are part of what a seed means: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Step {
    /// CPU time.
    Cpu = 0,
    /// Waiting without CPU.
    Io = 1,
    /// Request size.
    RequestBytes = 2,
    /// Response size.
    ResponseBytes = 3,
    /// Which class the request belongs to.
    Class = 4,
}

/// Draws the work of `step` for the request `key` from `distribution`, rounded to whole base units.
#[inline]
#[must_use]
pub fn work(distribution: &Distribution, key: u64, step: Step) -> u64 {
    match distribution.as_constant() {
        Some(value) => value,
        None => distribution.draw_whole(&mut Draws::new(child(key, step as u64))),
    }
}
