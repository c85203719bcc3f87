//! Settling: the usage of one replication and the tariffs of its account give what is owed, exactly.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use num_bigint::BigInt;
use num_traits::Zero as _;
use rust_decimal::Decimal;

use super::commitment::{Commitment, Committed, cover};
use super::exact::{Exact, exact, ratio, whole};
use super::hours::{Hourly, Hours, take, total};
use super::rate::{Daily, Rated, rate};
use super::tariff::{Credit, Item, Tariff, Tier};
use crate::metering::calendar::{Calendar, Month, Period};
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
    /// What has been committed to, in the order in which it applies.
    pub commitments: Vec<Commitment>,
    /// When the account was opened, for allowances that end; none where that is not known, which grants them.
    pub account_opened: Option<Date>,
}

impl Options {
    /// Bills in USD, everything on demand, with free tiers, of an account of unknown age.
    #[must_use]
    pub fn usd(month: Month) -> Self {
        let currency = Currency { code: "USD".to_owned(), per_usd: Decimal::ONE };
        Self { month, free_tier: true, egress: true, currency, commitments: Vec::new(), account_opened: None }
    }
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
    /// More was used in a billing period than is sold for one.
    NotSold {
        /// `tariff.item`.
        item: String,
        /// Most units that are sold.
        most: Decimal,
        /// What a unit is.
        unit: String,
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
            Self::NotSold { item, most, unit } => {
                write!(f, "{item}: more was used than the {most} {unit}s that are sold for a billing period")
            }
            Self::BeyondCalendar => f.write_str("the usage is longer than the calendar it is billed by"),
        }
    }
}

impl std::error::Error for Unpriced {}

/// What one replication owes: exact, in USD, not yet rounded. [`super::bill::mean`] makes the bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Per line and billing period, in priced units of the covered part.
    pub(super) by_period: BTreeMap<LineKey, Vec<Exact>>,
    /// The sum of the periods' covered shares.
    weight: Exact,
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
    pub(super) item: Arc<Item>,
    pub(super) meters: Vec<Meter>,
}

/// One billing period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) from: String,
    pub(super) to: String,
}

impl Settlement {
    /// What a line owes: the covered-share-weighted mean over the billing periods, in priced units.
    pub(super) fn quantity(&self, periods: &[Exact]) -> Exact {
        let all = periods.iter().sum();
        if self.weight.is_zero() { all } else { all / &self.weight }
    }
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
    let (mut charges, not_priced) = assign(usage, tariffs, options)?;
    let items: Vec<&Item> = tariffs.iter().flat_map(|tariff| &tariff.items).map(Arc::as_ref).collect();
    let hours = LazyCell::new(|| Hours::of(calendar));
    let mut committed = committed(usage, &items, &charges, &hours, options)?;
    let mut books = Books::new(calendar, options);
    for (&place, charge) in &charges {
        match committed.on_demand.remove(&place) {
            Some(hourly) => books.hourly(place, &charge.item, hourly, &hours)?,
            None if charge.item.sustained || charge.item.at_once.is_some() => {
                books.hourly(place, &charge.item, hours.gather(usage, charge)?, &hours)?;
            }
            None => books.daily(place, &charge.item, &per_day(usage, charge, calendar)?, |_| Vec::new())?,
        }
    }
    for committed in &mut committed.charges {
        let hourly = committed.hourly.iter_mut().map(|(service, hours)| (service.as_str(), std::mem::take(hours)));
        books.hourly(committed.place, &committed.charge.item, hourly.collect(), &hours)?;
    }
    let Books { mut quantities, periods, .. } = books;
    charges.extend(committed.charges.into_iter().map(|committed| (committed.place, committed.charge)));
    if options.free_tier {
        let credits: Vec<&Credit> = tariffs.iter().flat_map(|tariff| &tariff.credits).collect();
        give(&credits, &mut charges, &mut quantities, &periods);
    }
    let weight = periods.iter().map(|(_, share)| share).sum();
    let periods = periods.into_iter().map(|(settled, _)| settled).collect();
    let measured: BigInt = calendar.days.iter().map(|day| BigInt::from(day.covered.0)).sum();
    let month = options.month.nominal();
    let months = if month.0 == 0 { Exact::zero() } else { Exact::new(measured, month.0) };
    Ok(Settlement { by_period: quantities, weight, charges, periods, months, not_priced })
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
    let items: Vec<&Arc<Item>> = tariffs.iter().flat_map(|tariff| &tariff.items).collect();
    meters.into_iter().filter(|meter| is_billed(meter, options) && charging(&items, meter).is_none()).collect()
}

/// Whether what this meter costs may depend on the hours in which it counted, and not on its days alone: under a plan,
/// or where an item looks at what is held at a time.
#[must_use]
pub fn may_look_at_hours(meter: &Meter, tariffs: &[Tariff]) -> bool {
    charged_by(meter, tariffs).is_some_and(|item| !item.plans.is_empty() || looks(item))
}

/// Whether it does, with what has been committed to.
#[must_use]
pub fn looks_at_hours(meter: &Meter, tariffs: &[Tariff], options: &Options) -> bool {
    charged_by(meter, tariffs).is_some_and(|item| looks_under(item, options))
}

/// Whether any item of the account does.
#[must_use]
pub fn any_looks_at_hours(tariffs: &[Tariff], options: &Options) -> bool {
    tariffs.iter().flat_map(|tariff| &tariff.items).any(|item| looks_under(item, options))
}

fn looks_under(item: &Item, options: &Options) -> bool {
    looks(item) || options.commitments.iter().any(|one| item.under(&one.plan).is_some())
}

const fn looks(item: &Item) -> bool {
    item.sustained || item.at_once.is_some()
}

fn charged_by<'t>(meter: &Meter, tariffs: &'t [Tariff]) -> Option<&'t Item> {
    let mut items = tariffs.iter().flat_map(|tariff| &tariff.items).map(Arc::as_ref);
    items.find(|item| item.applies_to(meter.dimension, &meter.variant) && !item.tiers.is_empty())
}

/// Usage that commitments cover, and the rest of the items that they may cover.
struct Coverage<'a> {
    on_demand: BTreeMap<usize, Hourly<'a>>,
    charges: Vec<Committed>,
}

fn committed<'a>(
    usage: &Usage,
    items: &[&Item],
    charges: &'a BTreeMap<usize, Charge>,
    hours: &LazyCell<Hours, impl FnOnce() -> Hours>,
    options: &Options,
) -> Result<Coverage<'a>, Unpriced> {
    if options.commitments.is_empty() {
        return Ok(Coverage { on_demand: BTreeMap::new(), charges: Vec::new() });
    }
    let covers = |item: &Item| options.commitments.iter().any(|one| item.under(&one.plan).is_some());
    let mut on_demand = BTreeMap::new();
    for (&place, charge) in charges.iter().filter(|(_, charge)| covers(&charge.item)) {
        on_demand.insert(place, hours.gather(usage, charge)?);
    }
    let charges = cover(&options.commitments, items, charges, &mut on_demand, hours)?;
    Ok(Coverage { on_demand, charges })
}

/// What is owed so far: per line and period, in priced units of the covered part.
struct Books<'c> {
    calendar: &'c Calendar,
    options: &'c Options,
    quantities: BTreeMap<LineKey, Vec<Exact>>,
    /// Each period, and its covered share.
    periods: Vec<(Settled, Exact)>,
    /// What the items so far had of each shared allowance in each period.
    taken: BTreeMap<(String, usize), Exact>,
}

impl<'c> Books<'c> {
    fn new(calendar: &'c Calendar, options: &'c Options) -> Self {
        let settled = |period: &Period| Settled { from: period.from.clone(), to: period.to.clone() };
        let share = |period: &Period| ratio(period.covered, period.length);
        let periods = calendar.periods.iter().map(|period| (settled(period), share(period))).collect();
        Self { calendar, options, quantities: BTreeMap::new(), periods, taken: BTreeMap::new() }
    }

    /// Rates what was used hour by hour.
    fn hourly(&mut self, place: usize, item: &Item, mut hourly: Hourly<'_>, hours: &Hours) -> Result<(), Unpriced> {
        if let Some(most) = item.at_once {
            for (hour, length) in hours.iter() {
                let used = total(&hourly, hour);
                // More than a machine integer holds is more than was used.
                let charged = u128::try_from((exact(most) * whole(item.unit.held(length))).floor()).unwrap_or(used);
                if used > charged {
                    take(&mut hourly, hour, used - charged, |_, _| ());
                }
            }
        }
        let daily = hours.daily(&hourly);
        let calendar = self.calendar;
        self.daily(place, item, &daily, |period| {
            let of_period = |day: usize| calendar.days[day].period == period;
            if item.sustained { hours.levels(&hourly, &item.unit, of_period) } else { Vec::new() }
        })
    }

    /// Rates what was used day by day.
    fn daily(
        &mut self,
        place: usize,
        item: &Item,
        daily: &Daily<'_>,
        levels: impl Fn(usize) -> Vec<BigInt>,
    ) -> Result<(), Unpriced> {
        for (index, period) in self.calendar.periods.iter().enumerate() {
            let shared = item.free_month.as_ref().and_then(|allowance| allowance.shared.clone());
            let mut alone = Exact::zero();
            let taken = match shared {
                Some(shared) => self.taken.entry((shared, index)).or_insert_with(Exact::zero),
                None => &mut alone,
            };
            let rated: Rated = rate(item, daily, &levels(index), self.calendar, (index, period), self.options, taken)?;
            let (_, share) = &self.periods[index];
            for ((service, tier), quantity) in rated {
                let covered = quantity * share;
                let key = (place, service.to_owned(), tier);
                let per_period =
                    self.quantities.entry(key).or_insert_with(|| vec![Exact::zero(); self.calendar.periods.len()]);
                per_period[index] = covered;
            }
        }
        Ok(())
    }
}

/// Gives each credit in each period: no more than the items that share it owe.
fn give(
    credits: &[&Credit],
    charges: &mut BTreeMap<usize, Charge>,
    quantities: &mut BTreeMap<LineKey, Vec<Exact>>,
    periods: &[(Settled, Exact)],
) {
    for (number, credit) in credits.iter().enumerate() {
        let sharing: BTreeMap<usize, Charge> = charges
            .iter()
            .filter(|(_, one)| credit.items.contains(&one.item.id))
            .map(|(&place, one)| (place, one.clone()))
            .collect();
        let mut given = vec![Exact::zero(); periods.len()];
        for (index, (_, share)) in periods.iter().enumerate() {
            let owed = quantities.iter().filter_map(|((place, _, tier), of_period)| {
                Some(&of_period[index] * exact(sharing.get(place)?.item.price(*tier)?))
            });
            given[index] = owed.sum::<Exact>().min(exact(credit.usd) * share);
        }
        if given.iter().any(Exact::is_positive) {
            let place = CREDITS + number;
            let tier = Tier { up_to: None, price: Decimal::NEGATIVE_ONE, provenance: credit.provenance.clone() };
            let mut item = Item::new(credit.id.clone(), Dimension::UnusedCommitment, vec![tier]);
            if let Some(first) = sharing.values().next() {
                (item.group, item.dimension) = (first.item.group, first.item.dimension);
            }
            let meters = sharing.into_values().flat_map(|one| one.meters).collect();
            charges.insert(place, Charge { item: Arc::new(item), meters });
            quantities.insert((place, String::new(), 1), given);
        }
    }
}

/// Credits stand behind whatever they may be taken off.
const CREDITS: usize = usize::MAX / 2;

fn is_billed(meter: &Meter, options: &Options) -> bool {
    options.egress || meter.dimension != Dimension::EgressBytes
}

/// The place of the first item that charges a meter.
fn charging(items: &[&Arc<Item>], meter: &Meter) -> Option<usize> {
    items.iter().position(|item| item.applies_to(meter.dimension, &meter.variant) && !item.tiers.is_empty())
}

/// Finds the item that charges each meter.
fn assign(
    usage: &Usage,
    tariffs: &[Tariff],
    options: &Options,
) -> Result<(BTreeMap<usize, Charge>, Vec<Dimension>), Unpriced> {
    let items: Vec<&Arc<Item>> = tariffs.iter().flat_map(|tariff| &tariff.items).collect();
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
                .or_insert_with(|| Charge { item: Arc::clone(items[place]), meters: Vec::new() })
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
        let weight = charge.item.weight(&meter.variant);
        for (slice, &count) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
            let day = calendar.slices.get(slice).ok_or(Unpriced::BeyondCalendar)?.day;
            *days.get_mut(day).ok_or(Unpriced::BeyondCalendar)? += BigInt::from(count) * weight;
        }
    }
    Ok(daily)
}
