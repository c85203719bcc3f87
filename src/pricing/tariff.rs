//! What a tariff is: items that each price one dimension, in tiers, after allowances.

use std::num::NonZeroU64;

use rust_decimal::Decimal;

use crate::document::provenance::Provenance;
use crate::metering::usage::Dimension;
use crate::units::Nanos;

/// The prices of one thing that bills: a platform, an edge, a machine catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tariff {
    /// The id of what it prices.
    pub id: String,
    /// Region of the prices.
    pub region: String,
    /// IANA zone whose days the daily allowances follow.
    pub day_zone: String,
    /// What is priced, those of included tariffs last. A meter is charged by the first item that applies to it.
    pub items: Vec<Item>,
    /// Whether dimensions may be left out: they are then listed as not priced. Otherwise they are an error.
    pub partial: bool,
}

/// One priced thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// `tariff.item`, of the tariff in which it is written.
    pub id: String,
    /// What it prices.
    pub dimension: Dimension,
    /// The only variant it prices (a machine type); none for all of them together.
    pub variant: Option<String>,
    /// Where it stands in the bill.
    pub group: Group,
    /// What one priced unit is.
    pub unit: Unit,
    /// Marginal prices, in ascending order; the last tier has no end.
    pub tiers: Vec<Tier>,
    /// Whether what is left after the allowances is rounded up to whole priced units, once per billing period: a plan
    /// that sells millions sells no part of one.
    pub whole: bool,
    /// Free tier per day, which is not carried over.
    pub free_day: Option<Allowance>,
    /// Free tier per billing period.
    pub free_month: Option<Allowance>,
    /// What a reader of the bill should know about this item.
    pub note: Option<String>,
}

/// A priced unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// What it is called: `request`, `GB`, `GB-month`.
    pub name: String,
    /// Base units of the dimension in one of it.
    pub size: NonZeroU64,
    /// Whether it is held for a month: then `size` is per nanosecond of the billing period.
    pub month: bool,
}

impl Unit {
    /// The unit in which the dimension is spoken of.
    #[must_use]
    pub fn of(dimension: Dimension) -> Self {
        let size = u64::try_from(dimension.base_per_unit()).ok().and_then(NonZeroU64::new);
        Self { name: dimension.unit().to_owned(), size: size.unwrap_or(NonZeroU64::MIN), month: false }
    }

    /// Base units in one priced unit, in a billing period of this length.
    #[must_use]
    pub fn base_units(&self, period: Nanos) -> u128 {
        let size = u128::from(self.size.get());
        if self.month { size * u128::from(period.0) } else { size }
    }
}

/// A price that holds up to a cumulative quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Last quantity at this price, in priced units, inclusive; none for the last tier.
    pub up_to: Option<Decimal>,
    /// USD for one priced unit.
    pub price: Decimal,
    /// Where the price comes from.
    pub provenance: Provenance,
}

/// How much costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// A quantity, in priced units.
    Quantity(Decimal),
    /// What so many USD buy at the price of the first tier: less of it where, or when, that price is higher.
    Credit(Decimal),
}

/// A quantity that costs nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How much.
    pub grant: Grant,
    /// What limits it, when it does not last: `for the first 12 months`.
    pub expires: Option<String>,
    /// Where the figure comes from.
    pub provenance: Provenance,
}

/// Where an item stands in the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Processors, memory and the disks of machines.
    Compute,
    /// Requests that the compute platform charges.
    Requests,
    /// What stands before the application.
    Edge,
    /// Stores and queues.
    Data,
    /// Logs, metrics and traces.
    Observability,
    /// Bytes and addresses.
    Network,
    /// What costs the same without any traffic.
    Fixed,
}

impl Group {
    /// Every group, in the order of bills.
    pub const ALL: [Self; 7] =
        [Self::Compute, Self::Requests, Self::Edge, Self::Data, Self::Observability, Self::Network, Self::Fixed];

    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Requests => "requests",
            Self::Edge => "edge",
            Self::Data => "data",
            Self::Observability => "observability",
            Self::Network => "network",
            Self::Fixed => "fixed",
        }
    }

    /// The group with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.word() == word)
    }

    /// The group to which a dimension belongs unless its item says otherwise.
    #[must_use]
    pub const fn of(dimension: Dimension) -> Self {
        match dimension {
            Dimension::VcpuSeconds
            | Dimension::GibSeconds
            | Dimension::InstanceHours
            | Dimension::NodeHours
            | Dimension::VolumeGibHours => Self::Compute,
            Dimension::Requests => Self::Requests,
            Dimension::EdgeRequests | Dimension::EdgeHours | Dimension::LcuHours => Self::Edge,
            Dimension::EgressBytes | Dimension::InterzoneBytes | Dimension::AddressHours => Self::Network,
            Dimension::ClusterHours => Self::Fixed,
        }
    }
}

impl Item {
    /// Whether this item charges usage of `dimension` in `variant`.
    #[must_use]
    pub fn applies_to(&self, dimension: Dimension, variant: &str) -> bool {
        self.dimension == dimension && self.variant.as_deref().is_none_or(|only| only == variant)
    }
}

/// The zone whose days the calendar of a bill follows: that of the first tariff with a daily allowance, else UTC.
#[must_use]
pub fn day_zone(tariffs: &[Tariff]) -> &str {
    let daily = |tariff: &&Tariff| tariff.items.iter().any(|item| item.free_day.is_some());
    tariffs.iter().find(daily).map_or("UTC", |tariff| &tariff.day_zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_every_dimension_are_its_own() {
        for dimension in Dimension::ALL {
            let unit = Unit::of(dimension);
            assert_eq!(Decimal::from(unit.size.get()), dimension.base_per_unit(), "{}", dimension.id());
        }
        for group in Group::ALL {
            assert_eq!(Group::from_word(group.word()), Some(group));
        }
    }
}
