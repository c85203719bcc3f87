//! What bytes pass between the instances of a deployment and what its queues, workflows and stores are bound to.
//!
//! Services of a provider lie outside the private network in which instances may be: what goes there, and what comes back,
//! passes a NAT gateway, or an endpoint of the service within the network. What answers to clients pass is the edge.

/// How bytes between instances and one queue, workflow or store are billed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Passage {
    /// Share of them that cross zones, 0 to 1.
    pub cross_zone: f64,
    /// How they leave the private network.
    pub leaves: Leaves,
}

/// How bytes leave a private network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaves {
    /// They do not, or nobody bills it.
    #[default]
    Free,
    /// By a NAT gateway.
    ByNat,
    /// By an endpoint that is billed.
    ByEndpoint,
}

/// The ways out of the private network of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nat {
    /// Zones, each with a gateway of its own; at least 1.
    pub zones: u32,
    /// Services that have an endpoint in every zone which is billed.
    pub endpoints: u32,
}

/// Variant under which endpoints are counted.
pub const ENDPOINT: &str = "endpoint";
