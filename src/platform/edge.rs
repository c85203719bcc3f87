//! What stands between the internet and the instances: an API gateway, a load balancer, a platform's front end.

use super::tokens::Refill;
use crate::units::Nanos;

/// The edge in front of a deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Catalogue id; also the id of its tariff.
    pub id: String,
    /// Added to every request.
    pub latency: Nanos,
    /// The edge answers for the backend after this long; the work goes on.
    pub timeout: Option<Nanos>,
    /// Requests beyond this are refused before they reach an instance, and are not billed. `None`: no limit.
    pub throttle: Option<Throttle>,
    /// What it counts.
    pub meter: EdgeMeter,
    /// Whether what passes it passes pods of the cluster, whose bytes cross zones as those of calls do.
    pub on_nodes: bool,
}

/// So many requests pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throttle {
    /// In the long run, per second, above 0.
    pub rate: f64,
    /// At once, at least 1.
    pub burst: u32,
}

impl Throttle {
    /// The bucket that holds the burst and is filled at the rate: within a nanosecond of the time that takes.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // above zero, and saturating is right
    pub fn bucket(&self) -> Refill {
        let full = f64::from(self.burst) / self.rate * 1e9;
        Refill { count: self.burst, per: Nanos((full.round() as u64).max(1)) }
    }
}

/// What an edge counts for its bill.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeMeter {
    /// Requests in units of this many bytes of the larger of request and response. `None`: not counted.
    pub request_unit_bytes: Option<u64>,
    /// Load balancers billed over time. 0: none.
    pub hours: u32,
    /// Public addresses billed over time. 0: none.
    pub addresses: u32,
    /// Capacity units. `None`: not counted.
    pub capacity: Option<CapacityUnits>,
    /// Whether bytes are counted, of request and response.
    pub bytes: bool,
}

/// Load balancer capacity units: each hour the largest of these ratios counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CapacityUnits {
    /// New connections per second in one unit.
    pub connections_per_second: f64,
    /// Requests that share a connection, at least 1.
    pub requests_per_connection: f64,
    /// Bytes processed (request and response) per hour in one unit.
    pub bytes_per_hour: f64,
}
