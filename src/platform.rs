//! What a platform is: four parts as parameters and pure laws, and the catalogue that names combinations of them.
//!
//! | part | question it answers |
//! |---|---|
//! | [`fleet`] | how do instances serve requests? slots, CPU share, routing, queue, keep-alive |
//! | [`autoscaler`] | how many instances should there be? a pure law: observation in, target out |
//! | [`placement`] | where does an instance come from and when is it ready? |
//! | [`meter`] | what is counted for the bill? |
//!
//! Imports `units`, `document`, `kernel`, `application` and `metering`. Never sees a price; time is passed in, and no
//! law keeps a clock of its own.

pub mod autoscaler;
pub mod binding;
pub mod catalogue;
pub mod counted;
pub mod edge;
pub mod fleet;
pub mod hop;
pub mod instance;
pub mod meter;
pub mod observability;
pub mod passage;
pub mod placement;
pub mod queue;
pub mod roll_out;
pub mod service;
pub mod store;
pub mod tokens;
pub mod workflow;

use serde::{Deserialize, Serialize};

use crate::document::provenance::Provenance;

/// What kind of platform it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Functions as a service.
    Faas,
    /// Platform as a service.
    Paas,
    /// Kubernetes.
    Kubernetes,
    /// Virtual machines.
    Vm,
}

impl Family {
    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Faas => "faas",
            Self::Paas => "paas",
            Self::Kubernetes => "kubernetes",
            Self::Vm => "vm",
        }
    }
}

/// One way to run the application: everything that the engine needs to know.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Name, unique in the scenario.
    pub name: String,
    /// Catalogue id.
    pub platform: String,
    /// Kind of platform.
    pub family: Family,
    /// Region that the prices are of.
    pub region: String,
    /// What stands in front, if anything.
    pub edge: Option<edge::Edge>,
    /// One instance.
    pub instance: instance::Instance,
    /// How instances serve requests.
    pub fleet: fleet::Fleet,
    /// How many instances there should be.
    pub autoscaler: autoscaler::Autoscaler,
    /// Where instances come from.
    pub placement: placement::Placement,
    /// What a call to another service passes.
    pub hop: hop::Hop,
    /// The ways out of its private network; `None`: nothing that is counted leaves one.
    pub nat: Option<passage::Nat>,
    /// What is counted.
    pub meter: meter::Meter,
    /// Start-up of the language runtime of the service on this platform, in nanoseconds of wall time.
    pub runtime_start: crate::kernel::distribution::Distribution,
    /// What is in force for each service of the application, by index. Empty where there is one service and nothing is
    /// said about it alone: see [`Deployment::of_service`].
    pub services: Vec<service::ServiceDeployment>,
    /// What stands for its queues, workflows and stores.
    pub bindings: binding::Bindings,
    /// Where its logs, metrics and traces go.
    pub observability: observability::Observability,
    /// How a new version takes the place of the old one; without meaning where none is rolled out.
    pub roll_out: roll_out::RollOut,
    /// Where requests queue, the bound with its source, and what happens beyond it: one sentence for the report.
    pub queueing: String,
    /// Keys that the scenario changed.
    pub overrides: Vec<Override>,
    /// Every default in force, with its origin, for the report.
    pub facts: Vec<Fact>,
    /// What this platform bills that is not modelled yet: (what, usual share or empty).
    pub not_modelled: Vec<(String, String)>,
}

impl Deployment {
    /// What is in force for the service of this index.
    #[must_use]
    pub fn of_service(&self, index: usize) -> service::OfService<'_> {
        let own = self.services.get(index);
        service::OfService {
            instance: own.map_or(&self.instance, |own| &own.instance),
            fleet: own.map_or(&self.fleet, |own| &own.fleet),
            autoscaler: own.map_or(&self.autoscaler, |own| &own.autoscaler),
            runtime_start: own.map_or(&self.runtime_start, |own| &own.runtime_start),
        }
    }
}

/// A default that is in force, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Dotted key below the deployment: `fleet.keep_alive`.
    pub key: String,
    /// Value in the language of scenarios.
    pub value: String,
    /// Origin.
    pub provenance: Provenance,
}

/// A key that the scenario changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Override {
    /// Dotted key below the deployment.
    pub key: String,
    /// The scenario's value.
    pub value: String,
    /// The preset's value; null where it has none.
    pub preset: Option<String>,
}
