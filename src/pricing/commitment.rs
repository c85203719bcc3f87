//! Commitments: what is paid for every hour of a term, used or not, and what it covers.
//!
//! Reserved machines come first, in the order in which they are stated; then money per hour, which is spent in each hour
//! on what it makes cheapest: the usage with the largest discount first, at equal discounts that with the lowest price
//! (AWS, Savings Plans user guide, "Understanding how Savings Plans apply to your usage"). Money is counted at the
//! plan's prices, so 25 USD an hour cover more than 25 USD of usage on demand. What an hour does not use is lost; what
//! no commitment covers is charged on demand, and only that counts towards allowances and tiers.

use std::collections::BTreeMap;
use std::sync::Arc;

use num_bigint::BigInt;
use num_integer::Integer;
use rust_decimal::Decimal;

use super::exact::{Exact, exact, whole};
use super::hours::{Hourly, Hours, take, total};
use super::settle::{Charge, Unpriced};
use super::tariff::{Group, Item, PlanPrice, Tier};
use crate::metering::usage::{Dimension, Meter};
use crate::units::Nanos;

/// What a user has committed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// Id of the plan: `aws-machines.reserved-1y`.
    pub plan: String,
    /// How much of it.
    pub held: Held,
}

/// How much is committed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// So many machines of this type.
    Machines(String, Decimal),
    /// So many USD in every hour, at the plan's prices.
    PerHour(Decimal),
}

/// A charge that a commitment makes, beside those on demand.
pub(super) struct Committed {
    /// Behind the places of all items, and the same in every replication.
    pub place: usize,
    pub charge: Charge,
    pub hourly: BTreeMap<String, Vec<u128>>,
}

/// What the hours of an account have used and can be covered: the usage of the charges, by their place among the items.
type Coverable<'a> = BTreeMap<usize, Hourly<'a>>;

/// Takes what the commitments cover out of `hourly`, and gives what they cost. A commitment to a plan that none of the
/// items has is not this account's.
///
/// # Errors
/// [`Unpriced::TooLarge`] for what costs more in an hour than can be counted.
pub(super) fn cover(
    commitments: &[Commitment],
    items: &[&Item],
    charges: &BTreeMap<usize, Charge>,
    hourly: &mut Coverable<'_>,
    hours: &Hours,
) -> Result<Vec<Committed>, Unpriced> {
    let mut committed = Vec::new();
    let first_place = |number: usize| items.len() + number * (items.len() + 1);
    for (number, one) in commitments.iter().enumerate() {
        if let Held::Machines(machine, count) = &one.held {
            committed.extend(reserve(first_place(number), one, machine, *count, items, hourly, hours)?);
        }
    }
    for (number, one) in commitments.iter().enumerate() {
        if let Held::PerHour(usd) = one.held {
            committed.extend(spend(first_place(number), &one.plan, usd, items, charges, hourly, hours)?);
        }
    }
    Ok(committed)
}

/// Machines that are paid in every hour.
fn reserve(
    place: usize,
    one: &Commitment,
    machine: &str,
    count: Decimal,
    items: &[&Item],
    hourly: &mut Coverable<'_>,
    hours: &Hours,
) -> Result<Option<Committed>, Unpriced> {
    let of_plan = |item: &Item| item.variant.as_deref() == Some(machine) && item.under(&one.plan).is_some();
    // The same machine may be a node or an instance of its own: it is what it is used as, if it is used at all.
    let used_as = hourly.keys().map(|&place| items[place]).find(|item| of_plan(item));
    let item = used_as.or_else(|| items.iter().copied().find(|item| of_plan(item)));
    let Some((item, price)) = item.and_then(|item| Some((item, item.under(&one.plan)?))) else { return Ok(None) };
    let mut covered: Vec<&mut Hourly<'_>> = Vec::new();
    for (&place, used) in hourly.iter_mut() {
        if of_plan(items[place]) {
            covered.push(used);
        }
    }
    let mut paid = hours.empty();
    // Nearly all hours are of one length.
    let mut known = (Nanos::ZERO, 0);
    for (hour, length) in hours.iter() {
        if known.0 != length {
            known = (length, machine_integer((exact(count) * whole(item.unit.held(length))).floor(), &item.id)?);
        }
        let mut left = known.1;
        for used in &mut covered {
            take(used, hour, left, |_, taken| left -= taken);
        }
        paid[hour] = known.1;
    }
    let meters = vec![meter(item.dimension, machine)];
    Ok(Some(Committed { place, charge: charge(item, price, meters), hourly: [(String::new(), paid)].into() }))
}

/// Money that is spent in every hour.
fn spend(
    first_place: usize,
    plan: &str,
    usd_per_hour: Decimal,
    items: &[&Item],
    charges: &BTreeMap<usize, Charge>,
    hourly: &mut Coverable<'_>,
    hours: &Hours,
) -> Result<Vec<Committed>, Unpriced> {
    let Some(price) = items.iter().find_map(|item| item.under(plan)) else { return Ok(Vec::new()) };
    let order = by_discount(plan, items, charges);
    let rates = Rates::of(usd_per_hour, &order, items);
    let mut spent = Spent { covered: BTreeMap::new(), unused: hours.empty() };
    // Machine integers, unless prices of many decimals or giant fleets ask for more.
    if rates.fit(&order, hourly, hours) {
        rates.spend::<u128>(&order, hourly, hours, plan, &mut spent)?;
    } else {
        rates.spend::<BigInt>(&order, hourly, hours, plan, &mut spent)?;
    }
    let mut committed: Vec<Committed> = spent
        .covered
        .into_iter()
        .filter_map(|(place, hourly)| {
            let charge = charge(items[place], items[place].under(plan)?, charges[&place].meters.clone());
            let hourly = hourly.into_iter().map(|(service, hours)| (service.to_owned(), hours)).collect();
            Some(Committed { place: first_place + place, charge, hourly })
        })
        .collect();
    let tier = Tier { up_to: None, price: Decimal::ONE, provenance: price.provenance.clone() };
    let mut item = Item::new(format!("{plan}.unused"), Dimension::UnusedCommitment, vec![tier]);
    item.group = Group::Compute;
    let charge = Charge { item: Arc::new(item), meters: vec![meter(Dimension::UnusedCommitment, "")] };
    let hourly = [(String::new(), spent.unused)].into();
    committed.push(Committed { place: first_place + items.len(), charge, hourly });
    Ok(committed)
}

/// What an hour's money was spent on.
struct Spent<'a> {
    /// By place and service: base units per hour.
    covered: BTreeMap<usize, Hourly<'a>>,
    /// Nano-USD per hour.
    unused: Vec<u128>,
}

/// Money over one denominator, in which the budget of an hour and what every item costs are whole numbers: USD are
/// `scale` decimals, hours and units the parts of `parts`.
struct Rates {
    /// Money of a nanosecond.
    nanosecond: BigInt,
    /// Money of a base unit of each item, in the order of discounts.
    base_units: Vec<BigInt>,
    /// Money in one nano-USD, as a fraction: the denominator of what is left of an hour.
    nano_usd: Exact,
}

impl Rates {
    fn of(usd_per_hour: Decimal, order: &[(usize, Decimal)], items: &[&Item]) -> Self {
        let units = || order.iter().map(|&(place, price)| (price, BigInt::from(items[place].unit.size.get())));
        let hour = BigInt::from(Nanos::HOUR.0);
        let parts = units().fold(hour.clone(), |parts, (_, size)| parts.lcm(&size));
        let scale = order.iter().map(|(_, price)| price.scale()).fold(usd_per_hour.scale(), u32::max);
        let money = |usd: Decimal| BigInt::from(usd.mantissa()) * BigInt::from(10).pow(scale - usd.scale());
        let one_usd = whole(BigInt::from(10).pow(scale) * &parts);
        Self {
            nanosecond: money(usd_per_hour) * (&parts / hour),
            base_units: units().map(|(price, size)| money(price) * (&parts / size)).collect(),
            nano_usd: one_usd / exact(Dimension::UnusedCommitment.base_per_unit()),
        }
    }

    /// Whether everything that an hour can cost is a machine integer, and what is left of it in nano-USD too.
    fn fit(&self, order: &[(usize, Decimal)], hourly: &Coverable<'_>, hours: &Hours) -> bool {
        let longest = hours.iter().map(|(_, length)| length.0).max().unwrap_or(0);
        let (_, denominator) = self.nano_usd.as_ratio();
        let mut largest = &self.nanosecond * longest * denominator;
        for (&(place, _), per_base) in order.iter().zip(&self.base_units) {
            let Some(used) = hourly.get(&place) else { continue };
            let most = hours.iter().map(|(hour, _)| total(used, hour)).max().unwrap_or(0);
            largest = largest.max(per_base * most);
        }
        u128::try_from(largest).is_ok()
    }

    /// Spends the money of every hour, the largest discount first.
    fn spend<'a, N>(
        &self,
        order: &[(usize, Decimal)],
        hourly: &mut Coverable<'a>,
        hours: &Hours,
        plan: &str,
        spent: &mut Spent<'a>,
    ) -> Result<(), Unpriced>
    where
        N: Integer + Clone + From<u128> + TryFrom<BigInt> + TryInto<u128>,
    {
        let too_large = || Unpriced::TooLarge { item: plan.to_owned() };
        let number = |number: &BigInt| N::try_from(number.clone()).map_err(|_| too_large());
        let per_nanosecond = number(&self.nanosecond)?;
        let per_base = self.base_units.iter().map(number).collect::<Result<Vec<N>, _>>()?;
        let (per_nano_usd, of) = self.nano_usd.as_ratio();
        let (per_nano_usd, of) = (number(per_nano_usd)?, number(of)?);
        for (hour, length) in hours.iter() {
            let mut budget = per_nanosecond.clone() * N::from(u128::from(length.0));
            for (&(place, _), per_base) in order.iter().zip(&per_base) {
                let Some(used) = hourly.get_mut(&place) else { continue };
                let owed = total(used, hour);
                if owed == 0 {
                    continue;
                }
                let cost = per_base.clone() * N::from(owed);
                let taken = if cost <= budget {
                    budget = budget - cost;
                    owed
                } else {
                    let most = budget.div_floor(per_base);
                    budget = budget - per_base.clone() * most.clone();
                    most.try_into().map_err(|_| too_large())?
                };
                if taken > 0 {
                    let of_item = spent.covered.entry(place).or_default();
                    take(used, hour, taken, |service, taken| {
                        of_item.entry(service).or_insert_with(|| hours.empty())[hour] += taken;
                    });
                }
            }
            spent.unused[hour] = (budget * of.clone()).div_floor(&per_nano_usd).try_into().map_err(|_| too_large())?;
        }
        Ok(())
    }
}

/// Places of the charges that the plan covers and their prices under it, those with the largest discount first.
fn by_discount(plan: &str, items: &[&Item], charges: &BTreeMap<usize, Charge>) -> Vec<(usize, Decimal)> {
    let covered = charges.keys().filter_map(|&place| {
        let price = items[place].under(plan)?.price;
        let on_demand = items[place].tiers.first()?.price;
        let left = if on_demand.is_zero() { whole(1) } else { exact(price) / exact(on_demand) };
        Some((left, price, place))
    });
    let mut order: Vec<(Exact, Decimal, usize)> = covered.collect();
    order.sort();
    order.into_iter().map(|(_, price, place)| (place, price)).collect()
}

fn machine_integer(number: BigInt, item: &str) -> Result<u128, Unpriced> {
    u128::try_from(number).map_err(|_| Unpriced::TooLarge { item: item.to_owned() })
}

/// The item at the price of the plan: `tariff.item` becomes `tariff.item:plan`.
fn charge(item: &Item, price: &PlanPrice, meters: Vec<Meter>) -> Charge {
    let plan = price.plan.rsplit('.').next().unwrap_or_default();
    let tier = Tier { up_to: None, price: price.price, provenance: price.provenance.clone() };
    let mut under = Item::new(format!("{}:{plan}", item.id), item.dimension, vec![tier]);
    under.unit = item.unit.clone();
    under.group = item.group;
    under.as_one = item.as_one.clone();
    Charge { item: Arc::new(under), meters }
}

fn meter(dimension: Dimension, variant: &str) -> Meter {
    Meter { service: String::new(), dimension, variant: variant.to_owned() }
}
