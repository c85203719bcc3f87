//! What a tariff is: items that each price one dimension, in tiers, after allowances.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use jiff::civil::Date;
use num_integer::Integer as _;
use rust_decimal::Decimal;

use crate::document::provenance::Provenance;
use crate::metering::capacity::Capacity;
use crate::metering::rule::Rule;
use crate::metering::sizes::Sizes;
use crate::metering::usage::Dimension;
use crate::units::Nanos;

/// The prices of one thing that bills: a platform, an edge, a machine catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tariff {
    /// The id of what it prices.
    pub id: String,
    /// Region of the prices.
    pub region: String,
    /// First day on which these prices are known to hold; none where the sources are undated.
    pub edition: Option<Date>,
    /// IANA zone whose days the daily allowances follow.
    pub day_zone: String,
    /// What is priced, those of included tariffs last. A meter is charged by the first item that applies to it.
    pub items: Vec<Arc<Item>>,
    /// Ways to pay less for what is committed to, those of included tariffs last.
    pub plans: Vec<Plan>,
    /// Money off the sum of several items, those of included tariffs last.
    pub credits: Vec<Credit>,
    /// What is billed of the processors and memory that are asked for; none where any size is sold as it is.
    pub sizes: Option<Sold>,
    /// Whether dimensions may be left out: they are then listed as not priced. Otherwise they are an error.
    pub partial: bool,
}

impl Tariff {
    /// A tariff that prices nothing.
    #[must_use]
    pub fn empty(id: String) -> Self {
        Self {
            id,
            region: String::new(),
            edition: None,
            day_zone: "UTC".to_owned(),
            items: Vec::new(),
            plans: Vec::new(),
            credits: Vec::new(),
            sizes: None,
            partial: false,
        }
    }

    /// A rule by which the same work would be counted otherwise under `other`, in words; none where both count alike.
    #[must_use]
    pub fn different_rule(&self, other: &Self) -> Option<String> {
        if self.sizes.as_ref().map(|sold| &sold.sizes) != other.sizes.as_ref().map(|sold| &sold.sizes) {
            return Some(format!("`{}` sells other sizes", self.id));
        }
        // What has no variants first: it is what most deployments use.
        let items = self.items.iter().map(Arc::as_ref);
        let (variants, plain): (Vec<&Item>, Vec<&Item>) = items.partition(|item| item.variant.is_some());
        plain.into_iter().chain(variants).find_map(|item| {
            let before = other.items.iter().find(|one| one.id == item.id && one.dimension == item.dimension)?;
            let (now, then) = (item.rule, before.rule);
            let what = if now.step != then.step {
                format!("is rounded up to {}, not {}", now.step, then.step)
            } else if now.start_billed != then.start_billed {
                let word = |billed: bool| if billed { "is" } else { "is not" };
                format!("{} counted while starting up, where it {}", word(now.start_billed), word(then.start_billed))
            } else if now != then {
                "is rounded in another way".to_owned()
            } else {
                return None;
            };
            Some(format!("`{}` {what}", item.id))
        })
    }

    /// The same for what is counted under its name alone: variant `ID`, or `ID:VARIANT` where there are several. `ID` is
    /// that of what is priced, in whatever region.
    #[must_use]
    pub fn own_only(mut self) -> Self {
        let id = self.id.split_once('@').map_or(self.id.as_str(), |(id, _)| id);
        for item in &mut self.items {
            let variant = match &item.variant {
                Some(variant) => format!("{id}:{variant}"),
                None => id.to_owned(),
            };
            Arc::make_mut(item).variant = Some(variant);
        }
        self
    }

    /// The item called `name` (`requests`), of this tariff or of one that it includes.
    #[must_use]
    pub fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().map(Arc::as_ref).find(|item| item.id.split_once('.').is_some_and(|(_, own)| own == name))
    }
}

/// The sizes that a tariff sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sold {
    /// What is billed of what is asked for.
    pub sizes: Sizes,
    /// Where that comes from.
    pub provenance: Provenance,
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
    /// Units charged for one that is used: two for a byte that pays where it leaves and where it arrives.
    pub times: u32,
    /// Of these variants, so many count as one.
    pub as_one: BTreeMap<String, NonZeroU64>,
    /// Most units that are sold for a billing period: there is no bill for more.
    pub most: Option<Decimal>,
    /// Most units that are charged at a time, of what is held over time.
    pub at_once: Option<Decimal>,
    /// Whether tiers count, for each unit that is held, the percent of the billing period for which it was held.
    pub sustained: bool,
    /// Least that is charged for a billing period in which anything was used, in USD.
    pub minimum: Option<Decimal>,
    /// Most that is charged for a billing period, in USD: what goes beyond it is free.
    pub maximum: Option<Decimal>,
    /// Prices under plans, for what is committed to.
    pub plans: Vec<PlanPrice>,
    /// How what is counted was rounded before it was summed.
    pub rule: Rule,
    /// What a load balancer's capacity unit takes, of an item that counts these.
    pub capacity: Option<Capacity>,
    /// What a reader of the bill should know about this item.
    pub note: Option<String>,
}

/// A way to pay less than on demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// `tariff.plan`, of the tariff in which it is written.
    pub id: String,
    /// What is committed to.
    pub kind: PlanKind,
    /// What it is, for readers: term, payment.
    pub text: String,
}

/// What a plan commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanKind {
    /// A number of machines of one type, paid in every hour, used or not.
    Reserved,
    /// Money per hour at the plan's prices; what an hour does not use is lost.
    Savings,
    /// Nothing: spare capacity that may be taken back.
    Spot,
}

impl PlanKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Reserved, Self::Savings, Self::Spot];

    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Savings => "savings",
            Self::Spot => "spot",
        }
    }
}

/// What a unit of an item costs under a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanPrice {
    /// Id of the [`Plan`].
    pub plan: String,
    /// USD for one priced unit.
    pub price: Decimal,
    /// Where the price comes from.
    pub provenance: Provenance,
}

/// Money off the sum of several items, per billing period. It is no refund, and is not carried over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// `tariff.credit`, of the tariff in which it is written.
    pub id: String,
    /// Most money off, in USD.
    pub usd: Decimal,
    /// Ids of the items that share it.
    pub items: Vec<String>,
    /// Where the figure comes from.
    pub provenance: Provenance,
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

    /// Base units of one that is held for `time`, of a unit that is held for an hour or a month.
    #[must_use]
    pub fn held(&self, time: Nanos) -> u128 {
        let size = u128::from(self.size.get()) * u128::from(time.0);
        if self.month { size } else { size / u128::from(Nanos::HOUR.0) }
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

/// The tier of what an allowance, or a maximum, covers.
pub const FREE: u32 = 0;
/// The tier of what is missing to the minimum: its quantity is money.
pub const TO_THE_MINIMUM: u32 = u32::MAX;

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
    /// Months from the opening of an account for which it is granted; none for ever.
    pub months: Option<u32>,
    /// `tariff.name` of the one grant that several items share, each as far as the items before it leave of it.
    pub shared: Option<String>,
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
            | Dimension::VolumeGibHours
            | Dimension::CpuSeconds
            | Dimension::GhzSeconds
            | Dimension::ProvisionedGibSeconds
            | Dimension::ProvisionedDurationGibSeconds
            | Dimension::EphemeralGibSeconds
            | Dimension::RestoredBytes
            | Dimension::CreditHours
            | Dimension::UnusedCommitment => Self::Compute,
            Dimension::Requests => Self::Requests,
            Dimension::EdgeRequests
            | Dimension::EdgeHours
            | Dimension::LcuHours
            | Dimension::EdgeMessages
            | Dimension::ConnectionHours
            | Dimension::EdgeBytes => Self::Edge,
            Dimension::QueueRequests
            | Dimension::QueueBytes
            | Dimension::StreamHours
            | Dimension::WorkflowSteps
            | Dimension::WorkflowRequests
            | Dimension::WorkflowGibSeconds
            | Dimension::StoreReads
            | Dimension::StoreWrites
            | Dimension::StoreDeletes
            | Dimension::CapacityHours
            | Dimension::StoredGibHours
            | Dimension::ProcessedBytes => Self::Data,
            Dimension::LogBytes
            | Dimension::ScannedBytes
            | Dimension::MetricHours
            | Dimension::MetricBytes
            | Dimension::AlarmHours
            | Dimension::TelemetryRequests
            | Dimension::Traces => Self::Observability,
            Dimension::EgressBytes
            | Dimension::InterzoneBytes
            | Dimension::InterregionBytes
            | Dimension::AddressHours
            | Dimension::NatHours
            | Dimension::NatBytes => Self::Network,
            Dimension::ClusterHours | Dimension::PlanHours => Self::Fixed,
        }
    }
}

impl Item {
    /// An item with these marginal prices and nothing else: no allowance, no limit, no plan.
    #[must_use]
    pub fn new(id: String, dimension: Dimension, tiers: Vec<Tier>) -> Self {
        Self {
            id,
            dimension,
            variant: None,
            group: Group::of(dimension),
            unit: Unit::of(dimension),
            tiers,
            whole: false,
            free_day: None,
            free_month: None,
            times: 1,
            as_one: BTreeMap::new(),
            most: None,
            at_once: None,
            sustained: false,
            minimum: None,
            maximum: None,
            plans: Vec::new(),
            rule: Rule::default(),
            capacity: None,
            note: None,
        }
    }

    /// USD for one priced unit of a line of this tier; what an allowance covers costs nothing.
    #[must_use]
    pub fn price(&self, tier: u32) -> Option<Decimal> {
        match tier {
            FREE => Some(Decimal::ZERO),
            TO_THE_MINIMUM => Some(Decimal::ONE),
            tier => self.tiers.get(tier as usize - 1).map(|tier| tier.price),
        }
    }

    /// What one base unit of usage in `variant` counts, in parts of which [`Unit::size`] has as many more: where twenty of
    /// some variant count as one, they count 1 each, and all others 20.
    #[must_use]
    pub fn weight(&self, variant: &str) -> u64 {
        let parts = parts(&self.as_one);
        self.as_one.get(variant).map_or(parts, |many| parts / many.get())
    }

    /// The price under the plan with this id.
    #[must_use]
    pub fn under(&self, plan: &str) -> Option<&PlanPrice> {
        self.plans.iter().find(|price| price.plan == plan)
    }

    /// Whether this item charges usage of `dimension` in `variant`.
    #[must_use]
    pub fn applies_to(&self, dimension: Dimension, variant: &str) -> bool {
        self.dimension == dimension && self.variant.as_deref().is_none_or(|only| only == variant)
    }
}

/// Into how many parts one is cut, so that one of as many as count as one is a whole number of them.
pub(super) fn parts(as_one: &BTreeMap<String, NonZeroU64>) -> u64 {
    as_one.values().fold(1, |parts, many| parts.lcm(&many.get()))
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
