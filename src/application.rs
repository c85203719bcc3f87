//! What a request asks for: classes, the graph of services, queues, workflows and stores that they enter, and the work
//! of each request, drawn by key.
//!
//! Owns demand, never supply. Imports `units` and `kernel`. Promises that the work of a request depends on nothing but
//! its key, so that every deployment draws the same.
//!
//! | part | what it is |
//! |---|---|
//! | [`Class`] | what one request brings, and the client that waits for it |
//! | [`Service`] | steps that use CPU, wait, and call others |
//! | [`queue`] | messages between services |
//! | [`workflow`] | steps that are kept by an orchestrator |
//! | [`store`] | where data lies |
//! | [`step`] | the steps as they were written, names resolved to indices |
//! | [`program`] | the same, flat: what an engine plays |
//! | [`graph`] | who reaches whom, and how often |
//! | [`draw`] | the keys under which everything is drawn |
//! | [`telemetry`] | what a service tells about itself |
//! | [`retry`] | what a caller does about an attempt that failed |
//! | [`fault`] | what goes wrong, and when |

pub mod draw;
#[cfg(test)]
pub mod expansion;
pub mod fault;
pub mod graph;
pub mod inline;
pub mod monolith;
pub mod program;
pub mod queue;
pub mod retry;
pub mod step;
pub mod store;
pub mod telemetry;
pub mod workflow;

use crate::kernel::distribution::Distribution;
use crate::units::{Bytes, Nanos};

pub use draw::{Draw, work};
use program::Body;
use queue::Queue;
use retry::Retry;
use step::Access;
use store::Store;
use telemetry::Telemetry;
use workflow::Workflow;

/// One kind of request.
#[derive(Clone, Debug)]
pub struct Class {
    /// Name, unique in the scenario.
    pub name: String,
    /// Relative share of the requests of a source without a mix of its own; finite, not negative.
    pub weight: f64,
    /// What it enters.
    pub entry: Entry,
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
    /// What the client does about an attempt that failed.
    pub retry: Retry,
}

/// What a class of requests enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The service of this index.
    Service(u16),
    /// The store of this index, which is read or written: clients that talk to it with no server between.
    Store(u16, Access),
}

impl Class {
    /// Whether its requests pass the edge of a deployment: those that enter a store go to it.
    #[must_use]
    pub const fn passes_edge(&self) -> bool {
        matches!(self.entry, Entry::Service(_))
    }
}

/// The first service.
impl Default for Entry {
    fn default() -> Self {
        Self::Service(0)
    }
}

/// One service: what an instance of it needs, and what it does about a request.
#[derive(Clone, Debug)]
pub struct Service {
    /// Name, unique in the scenario.
    pub name: String,
    /// Memory of an instance that serves nothing.
    pub base_memory: Bytes,
    /// Size of the image that is pulled and started.
    pub image: Bytes,
    /// Start-up of the language runtime, wall time, in nanoseconds. `None`: the platform's default one.
    pub runtime_start: Option<Distribution>,
    /// Own initialisation, CPU time, in nanoseconds.
    pub init: Distribution,
    /// What it does.
    pub body: Body,
    /// What it tells about itself.
    pub telemetry: Telemetry,
}

/// Everything that requests can ask for. Parts refer to each other by index.
#[derive(Clone, Debug)]
pub struct Application {
    /// The classes, in the order of the scenario.
    pub classes: Vec<Class>,
    /// The services, at least one, in the order of the scenario.
    pub services: Vec<Service>,
    /// The queues and topics.
    pub queues: Vec<Queue>,
    /// The workflows.
    pub workflows: Vec<Workflow>,
    /// The stores.
    pub stores: Vec<Store>,
}

impl Application {
    /// One service, which every class enters.
    #[must_use]
    pub fn single(classes: Vec<Class>, service: Service) -> Self {
        Self { classes, services: vec![service], queues: Vec::new(), workflows: Vec::new(), stores: Vec::new() }
    }

    /// What the services do, in order, then what the workflows do.
    pub fn bodies(&self) -> impl Iterator<Item = &Body> {
        let services = self.services.iter().map(|service| &service.body);
        services.chain(self.workflows.iter().map(|workflow| &workflow.body))
    }

    /// The first service: the only one where requests are played against one.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.services[0]
    }

    /// Under which name what all services share is metered: that of the only one, or none.
    #[must_use]
    pub fn shared_name(&self) -> &str {
        match self.services.as_slice() {
            [only] => &only.name,
            _ => "",
        }
    }
}

/// One request as it crosses the wall from traffic to a deployment: 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Arrival at the provider's edge.
    pub at: u64,
    /// Names the request; all its work is drawn from it.
    pub key: u64,
    /// CPU time of its class on one reference vCPU, in nanoseconds: the first `cpu = "class"` of its first attempt,
    /// drawn from the key once for all deployments.
    pub cpu: u64,
    /// Waiting without CPU of its class, in nanoseconds: drawn likewise.
    pub io: u64,
    /// Index of its class.
    pub class: u32,
    /// Who waits for it, by a number of the engine's own; [`NOBODY`] where nothing is kept of its client.
    pub caller: u32,
}

/// A client of whom nothing is kept.
pub const NOBODY: u32 = u32::MAX;
