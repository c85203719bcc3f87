//! Settling: the usage of one replication and the tariffs of its account give what is owed, exactly.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_traits::Zero;
use rust_decimal::Decimal;

use super::exact::{Exact, exact, ratio};
use super::rate::{Daily, FREE, rate};
use super::tariff::{Item, Tariff};
use crate::metering::calendar::{Calendar, Month};
use crate::metering::usage::{Dimension, Meter, Usage};

/// How to bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Length of a billing period: that with which the calendar was made.
    pub month: Month,
    /// Whether free tiers apply.
    pub free_tier: bool,
    /// Whether bytes to the internet are billed.
    pub egress: bool,
    /// What the bill is printed in.
    pub currency: Currency,
}

/// The currency of a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currency {
    /// ISO code.
    pub code: String,
    /// Units of it for one USD.
    pub per_usd: Decimal,
}

/// Why there is no bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unpriced {
    /// Something was used that no tariff of the account prices. A missing price is never zero.
    NoPrice {
        /// What was used.
        dimension: Dimension,
        /// Of which variant; empty where there is only one.
        variant: String,
        /// Ids of the tariffs that were asked.
        tariffs: Vec<String>,
    },
    /// A figure of this item is larger than an exact decimal holds (about 8e22).
    TooLarge {
        /// `tariff.item`, or `total`.
        item: String,
    },
    /// Usage lies beyond the last slice of the calendar: both must be of the same run.
    BeyondCalendar,
}

impl std::fmt::Display for Unpriced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoPrice { dimension, variant, tariffs } => {
                let of = if variant.is_empty() { String::new() } else { format!(" of `{variant}`") };
                write!(f, "`{}`{of} has no price in {}", dimension.id(), tariffs.join(", "))
            }
            Self::TooLarge { item } => write!(f, "{item} is larger than an exact amount can be"),
            Self::BeyondCalendar => f.write_str("the usage is longer than the calendar it is billed by"),
        }
    }
}

impl std::error::Error for Unpriced {}

/// What one replication owes: exact, in USD, not yet rounded. [`super::bill::mean`] makes the bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Per line, the covered-share-weighted mean over the billing periods, in priced units.
    pub(super) quantities: BTreeMap<LineKey, Exact>,
    /// The items that the lines price, by their place among the account's tariffs.
    pub(super) charges: BTreeMap<usize, Charge>,
    /// Billing periods.
    pub(super) periods: Vec<Settled>,
    /// Measured time over the length of a month.
    pub(super) months: Exact,
    /// Used, and not priced by a tariff that may leave dimensions out.
    pub(super) not_priced: Vec<Dimension>,
}

/// The place of the item among the account's tariffs, the service, and the tier.
pub(super) type LineKey = (usize, String, u32);

/// An item and the meters that it charges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Charge {
    pub(super) item: Item,
    pub(super) meters: Vec<Meter>,
}

/// The covered share of one billing period's bill, in USD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) usd: Exact,
}

/// Bills `usage`, cut by `calendar`, under `tariffs`, of which the first that applies charges a meter.
///
/// Every period is billed as the whole period of which the calendar covers a part: usage is scaled by length over
/// covered time, and the bill counts with covered time over length. This also holds for periods whose days, which
/// belong to the period in which they start, cover a little more than the period.
///
/// # Errors
/// [`Unpriced::NoPrice`] for what no tariff prices, unless one of them is partial; [`Unpriced::BeyondCalendar`].
pub fn settle(
    usage: &Usage,
    tariffs: &[Tariff],
    calendar: &Calendar,
    options: &Options,
) -> Result<Settlement, Unpriced> {
    let (charges, not_priced) = assign(usage, tariffs, options)?;
    let mut quantities: BTreeMap<LineKey, Exact> = BTreeMap::new();
    let mut periods: Vec<Settled> = calendar
        .periods
        .iter()
        .map(|period| Settled { from: period.from.clone(), to: period.to.clone(), usd: Exact::zero() })
        .collect();
    for (&place, charge) in &charges {
        let daily = per_day(usage, charge, calendar)?;
        for (period, settled) in calendar.periods.iter().enumerate().zip(&mut periods) {
            let share = ratio(period.1.covered, period.1.length);
            for ((service, tier), quantity) in rate(&charge.item, &daily, calendar, period, options.free_tier) {
                let covered = quantity * &share;
                if tier != FREE {
                    settled.usd += &covered * exact(charge.item.tiers[tier as usize - 1].price);
                }
                *quantities.entry((place, service.to_owned(), tier)).or_insert_with(Exact::zero) += covered;
            }
        }
    }
    let weight: Exact = calendar.periods.iter().map(|period| ratio(period.covered, period.length)).sum();
    if !weight.is_zero() {
        for quantity in quantities.values_mut() {
            *quantity /= &weight;
        }
    }
    let measured: BigInt = calendar.days.iter().map(|day| BigInt::from(day.covered.0)).sum();
    let month = options.month.nominal();
    let months = if month.0 == 0 { Exact::zero() } else { Exact::new(measured, month.0.into()) };
    Ok(Settlement { quantities, charges, periods, months, not_priced })
}

/// The meters that would be billed and that no tariff prices: what [`settle`] refuses as soon as they are used. None where
/// a tariff is partial.
#[must_use]
pub fn unpriced<'m>(
    meters: impl IntoIterator<Item = &'m Meter>,
    tariffs: &[Tariff],
    options: &Options,
) -> Vec<&'m Meter> {
    if tariffs.iter().any(|tariff| tariff.partial) {
        return Vec::new();
    }
    let items: Vec<&Item> = tariffs.iter().flat_map(|tariff| &tariff.items).collect();
    meters.into_iter().filter(|meter| is_billed(meter, options) && charging(&items, meter).is_none()).collect()
}

fn is_billed(meter: &Meter, options: &Options) -> bool {
    options.egress || meter.dimension != Dimension::EgressBytes
}

/// The place of the first item that charges a meter.
fn charging(items: &[&Item], meter: &Meter) -> Option<usize> {
    items.iter().position(|item| item.applies_to(meter.dimension, &meter.variant) && !item.tiers.is_empty())
}

/// Finds the item that charges each meter.
fn assign(
    usage: &Usage,
    tariffs: &[Tariff],
    options: &Options,
) -> Result<(BTreeMap<usize, Charge>, Vec<Dimension>), Unpriced> {
    let items: Vec<&Item> = tariffs.iter().flat_map(|tariff| &tariff.items).collect();
    let partial = tariffs.iter().any(|tariff| tariff.partial);
    let mut charges: BTreeMap<usize, Charge> = BTreeMap::new();
    let mut not_priced = Vec::new();
    for (meter, counts) in &usage.counts {
        if !is_billed(meter, options) || counts.iter().all(|&count| count == 0) {
            continue;
        }
        match charging(&items, meter) {
            Some(place) => charges
                .entry(place)
                .or_insert_with(|| Charge { item: items[place].clone(), meters: Vec::new() })
                .meters
                .push(meter.clone()),
            None if partial => not_priced.push(meter.dimension),
            None => {
                return Err(Unpriced::NoPrice {
                    dimension: meter.dimension,
                    variant: meter.variant.clone(),
                    tariffs: tariffs.iter().map(|tariff| tariff.id.clone()).collect(),
                });
            }
        }
    }
    not_priced.sort_unstable();
    not_priced.dedup();
    Ok((charges, not_priced))
}

/// Sums the meters of a charge per service and day.
fn per_day<'a>(usage: &Usage, charge: &'a Charge, calendar: &Calendar) -> Result<Daily<'a>, Unpriced> {
    let mut daily = Daily::new();
    for meter in &charge.meters {
        let days = daily.entry(meter.service.as_str()).or_insert_with(|| vec![BigInt::zero(); calendar.days.len()]);
        let counts = usage.counts.get(meter).map_or(&[][..], Vec::as_slice);
        for (slice, &count) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
            let day = calendar.slices.get(slice).ok_or(Unpriced::BeyondCalendar)?.day;
            *days.get_mut(day).ok_or(Unpriced::BeyondCalendar)? += count;
        }
    }
    Ok(daily)
}
