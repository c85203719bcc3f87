//! What goes wrong, with what, and when.

use super::Application;
use crate::units::Nanos;

/// One fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What reports call it.
    pub name: String,
    /// What goes wrong.
    pub kind: Kind,
    /// With what.
    pub target: Target,
    /// When it begins: instants since the start of the warm-up, rising.
    pub at: Vec<Nanos>,
    /// How long it lasts; zero for what happens at an instant.
    pub lasting: Nanos,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Work and waiting take `factor` times as long.
    Slow {
        /// At least 1.
        factor: f64,
    },
    /// This share of the attempts fails.
    Fail {
        /// 0 to 1.
        share: f64,
    },
    /// One zone is lost, with every instance and node in it.
    ZoneLoss {
        /// Zones that instances are spread over which are on no nodes; at least 2. Nodes have those of their group.
        zones: u32,
    },
    /// This share of the instances is taken back at once.
    Reclaim {
        /// 0 to 1.
        share: f64,
    },
    /// A new version is rolled out.
    Deploy,
}

/// With what it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Everything.
    All,
    /// The service of this index, on every deployment.
    Service(u16),
    /// The store of this index, on every deployment.
    Store(u16),
    /// The deployment of this index.
    Deployment(u16),
}

impl Fault {
    /// What it is on the deployment of this index, which plays `application` as `cut`; `None`: nothing. Where a service is
    /// no process of its own, what befalls it befalls every process.
    #[must_use]
    pub fn on(&self, deployment: usize, application: &Application, cut: &Application) -> Option<Self> {
        let target = match self.target {
            Target::Deployment(index) if usize::from(index) != deployment => return None,
            Target::Service(index) => {
                let name = &application.services[usize::from(index)].name;
                let mut processes = (0..).zip(&cut.services);
                let own = processes.find(|(_, process)| process.name == *name).map(|(index, _)| index);
                own.map_or(Target::All, Target::Service)
            }
            target => target,
        };
        Some(Self { target, ..self.clone() })
    }

    /// Whether instances are lost or replaced by it.
    #[must_use]
    pub const fn ends_instances(&self) -> bool {
        matches!(self.kind, Kind::ZoneLoss { .. } | Kind::Reclaim { .. } | Kind::Deploy)
    }
}

impl Kind {
    /// Its word in scenarios.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Slow { .. } => "slow",
            Self::Fail { .. } => "fail",
            Self::ZoneLoss { .. } => "zone-loss",
            Self::Reclaim { .. } => "reclaim",
            Self::Deploy => "deploy",
        }
    }
}

impl Target {
    /// Whether the service of this index is a part of it, on a deployment that it is on.
    #[must_use]
    pub const fn has_service(self, service: u16) -> bool {
        match self {
            Self::All | Self::Deployment(_) => true,
            Self::Service(index) => index == service,
            Self::Store(_) => false,
        }
    }

    /// Whether the store of this index is a part of it: a deployment has services, and uses stores.
    #[must_use]
    pub const fn has_store(self, store: u16) -> bool {
        match self {
            Self::All => true,
            Self::Store(index) => index == store,
            Self::Service(_) | Self::Deployment(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::Service;
    use crate::application::program::Body;
    use crate::application::telemetry::Telemetry;
    use crate::kernel::distribution::Distribution;
    use crate::units::Bytes;

    #[test]
    fn a_fault_is_of_a_deployment_and_of_what_is_on_it() {
        let service = |name: &&str| Service {
            name: (*name).to_owned(),
            base_memory: Bytes(0),
            image: Bytes(0),
            runtime_start: None,
            init: Distribution::constant(0.0),
            body: Body::default(),
            telemetry: Telemetry::default(),
        };
        let application = |services: &[&str]| {
            let services: Vec<Service> = services.iter().map(service).collect();
            Application { services: services.clone(), ..Application::single(Vec::new(), services[0].clone()) }
        };
        let (split, whole) = (application(&["a", "b", "c"]), application(&["a", "worker"]));
        let fault = |target| Fault {
            name: "fault".to_owned(),
            kind: Kind::Deploy,
            target,
            at: vec![Nanos::ZERO],
            lasting: Nanos::ZERO,
        };
        let on = |target, deployment, cut| fault(target).on(deployment, &split, cut).map(|fault| fault.target);
        assert_eq!(on(Target::Deployment(1), 0, &split), None);
        assert_eq!(on(Target::Deployment(1), 1, &split), Some(Target::Deployment(1)));
        assert_eq!(on(Target::Service(2), 1, &split), Some(Target::Service(2)));
        assert_eq!(on(Target::Service(2), 1, &whole), Some(Target::All), "it is a part of a process");
        assert_eq!(on(Target::Service(0), 1, &whole), Some(Target::Service(0)));
        let of = |target: Target| (target.has_service(1), target.has_store(1));
        assert_eq!(of(Target::All), (true, true));
        assert_eq!(of(Target::Deployment(0)), (true, false));
        assert_eq!((of(Target::Service(1)), of(Target::Service(0))), ((true, false), (false, false)));
        assert_eq!((of(Target::Store(1)), of(Target::Store(0))), ((false, true), (false, false)));
    }
}
