//! Capacity units: a load balancer pays, each hour, for the one dimension of which it used most.
//!
//! Not for the sum of them, and not for the largest monthly mean: a burst of connections in one hour and one of bytes in
//! another are both paid.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Parts of a capacity unit that are counted.
const NANO: u128 = 1_000_000_000;

/// What was used in an hour, and how much of it one capacity unit takes in that hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// What was used.
    pub used: u128,
    /// What one unit takes; zero is no limit.
    pub per_unit: u128,
}

/// Thousand-millionths of a capacity unit that an hour is billed: the largest of the ratios, rounded to the nearest.
/// Parts of a unit are billed as such. Saturates.
#[must_use]
pub fn nano_units(ratios: &[Ratio]) -> u128 {
    let limited = ratios.iter().filter(|ratio| ratio.per_unit > 0);
    let nano = |ratio: &Ratio| ratio.used.saturating_mul(NANO).saturating_add(ratio.per_unit / 2) / ratio.per_unit;
    limited.map(nano).max().unwrap_or(0)
}

/// What one capacity unit takes, as providers state it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// New connections per second.
    pub connections_per_second: Decimal,
    /// Connections that are open at a time.
    pub active_connections: Decimal,
    /// Bytes processed per hour.
    pub bytes_per_hour: Decimal,
    /// Rule evaluations per second; zero where rules are not counted.
    pub evaluations_per_second: Decimal,
}

/// What a load balancer did in one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// New connections.
    pub connections: Decimal,
    /// Connections open at a time, on average.
    pub active: Decimal,
    /// Bytes processed.
    pub bytes: Decimal,
    /// Rules evaluated, beyond those that are free.
    pub evaluations: Decimal,
}

impl Capacity {
    /// [`nano_units`] of one hour of `load`.
    #[must_use]
    pub fn nano_units(&self, load: &Load) -> u128 {
        let hour = Decimal::from(3600);
        let ratio = |used: Decimal, per_unit: Decimal| Ratio { used: millionths(used), per_unit: millionths(per_unit) };
        nano_units(&[
            ratio(load.connections, self.connections_per_second * hour),
            ratio(load.active, self.active_connections),
            ratio(load.bytes, self.bytes_per_hour),
            ratio(load.evaluations, self.evaluations_per_second * hour),
        ])
    }
}

fn millionths(quantity: Decimal) -> u128 {
    quantity.checked_mul(Decimal::from(1_000_000)).and_then(|quantity| quantity.round().to_u128()).unwrap_or(u128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alb() -> Capacity {
        Capacity {
            connections_per_second: Decimal::from(25),
            active_connections: Decimal::from(3000),
            bytes_per_hour: Decimal::from(1 << 30),
            evaluations_per_second: Decimal::from(1000),
        }
    }

    #[test]
    fn the_largest_dimension_is_paid_not_their_sum() {
        // 26.6 new connections per second are 1.064 units; 0.9 GB are 0.9, 1.33 open connections next to nothing.
        let load = Load {
            connections: Decimal::new(266, 1) * Decimal::from(3600),
            active: Decimal::new(133, 2),
            bytes: Decimal::new(9, 1) * Decimal::from(1 << 30),
            evaluations: Decimal::ZERO,
        };
        assert_eq!(alb().nano_units(&load), 1_064_000_000);
        let rules = Load { evaluations: Decimal::from(2000 * 3600), ..load };
        assert_eq!(alb().nano_units(&rules), 2_000_000_000);
    }

    #[test]
    fn each_hour_pays_its_own_largest() {
        // Bytes in one hour and connections in the next: 1 + 1 units, where the means over both would be 0.5.
        let bytes = Load { bytes: Decimal::from(1 << 30), ..Load::default() };
        let connections = Load { connections: Decimal::from(25 * 3600), ..Load::default() };
        assert_eq!(alb().nano_units(&bytes) + alb().nano_units(&connections), 2_000_000_000);
    }

    #[test]
    fn what_is_not_limited_and_what_is_idle_count_nothing() {
        assert_eq!(nano_units(&[Ratio { used: 5, per_unit: 0 }]), 0);
        assert_eq!(alb().nano_units(&Load::default()), 0);
        assert_eq!(nano_units(&[]), 0);
    }
}
