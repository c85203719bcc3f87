//! How many instances there should be. Each law is a pure struct: observation in, target out; no clock, no luck.

pub mod app_engine;
pub mod hpa;
pub mod per_request;
pub mod target_tracking;

/// The law of a deployment, with the bounds that every law shares.
#[derive(Clone, Debug, PartialEq)]
pub struct Autoscaler {
    /// Fewest instances.
    pub min: u32,
    /// Most instances. `None`: unbounded.
    pub max: Option<u32>,
    /// The law.
    pub law: Law,
}

/// The laws.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    /// A fixed number.
    Fixed {
        /// Instances.
        replicas: u32,
    },
    /// An instance for each request that finds none free.
    PerRequest(per_request::PerRequest),
    /// The Kubernetes `HorizontalPodAutoscaler`.
    Hpa(hpa::HpaSpec),
    /// AWS target tracking.
    TargetTracking(target_tracking::TargetTracking),
    /// The App Engine standard scheduler.
    AppEngine(app_engine::AppEngine),
}
