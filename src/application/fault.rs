//! What goes wrong, with what, and when.

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
    /// One zone is lost, with every instance in it.
    ZoneLoss,
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
