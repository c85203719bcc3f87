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
use num_traits::Zero as _;
use rust_decimal::Decimal;

use super::exact::{Exact, exact, whole};
use super::hours::{Hourly, Hours, take};
use super::settle::Charge;
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
    pub hourly: BTreeMap<String, Vec<BigInt>>,
}

/// Takes what the commitments cover out of `hourly` (the usage of the charges, by their place among `items`), and gives
/// what they cost. A commitment to a plan that none of the items has is not this account's.
pub(super) fn cover(
    commitments: &[Commitment],
    items: &[&Item],
    charges: &BTreeMap<usize, Charge>,
    hourly: &mut BTreeMap<usize, Hourly<'_>>,
    hours: &Hours,
) -> Vec<Committed> {
    let mut committed = Vec::new();
    let first_place = |number: usize| items.len() + number * (items.len() + 1);
    for (number, one) in commitments.iter().enumerate() {
        if let Held::Machines(machine, count) = &one.held {
            committed.extend(reserve(first_place(number), one, machine, *count, items, hourly, hours));
        }
    }
    for (number, one) in commitments.iter().enumerate() {
        if let Held::PerHour(usd) = one.held {
            committed.extend(spend(first_place(number), &one.plan, usd, items, charges, hourly, hours));
        }
    }
    committed
}

/// Machines that are paid in every hour.
fn reserve(
    place: usize,
    one: &Commitment,
    machine: &str,
    count: Decimal,
    items: &[&Item],
    hourly: &mut BTreeMap<usize, Hourly<'_>>,
    hours: &Hours,
) -> Option<Committed> {
    let of_plan = |item: &Item| item.variant.as_deref() == Some(machine) && item.under(&one.plan).is_some();
    // The same machine may be a node or an instance of its own: it is what it is used as, if it is used at all.
    let used_as = hourly.keys().map(|&place| items[place]).find(|item| of_plan(item));
    let item = used_as.or_else(|| items.iter().copied().find(|item| of_plan(item)))?;
    let price = item.under(&one.plan)?;
    let mut covered: Vec<&mut Hourly<'_>> = Vec::new();
    for (&place, used) in hourly.iter_mut() {
        if of_plan(items[place]) {
            covered.push(used);
        }
    }
    let mut paid = hours.empty();
    // Nearly all hours are of one length.
    let mut known = (Nanos::ZERO, BigInt::zero());
    for (hour, length) in hours.iter() {
        if known.0 != length {
            known = (length, (exact(count) * whole(item.unit.held(length))).floor());
        }
        let mut left = known.1.clone();
        for used in &mut covered {
            for (_, taken) in take(used, hour, &left) {
                left -= taken;
            }
        }
        paid[hour].clone_from(&known.1);
    }
    let meters = vec![meter(item.dimension, machine)];
    Some(Committed { place, charge: charge(item, price, meters), hourly: [(String::new(), paid)].into() })
}

/// Money that is spent in every hour.
fn spend(
    first_place: usize,
    plan: &str,
    usd_per_hour: Decimal,
    items: &[&Item],
    charges: &BTreeMap<usize, Charge>,
    hourly: &mut BTreeMap<usize, Hourly<'_>>,
    hours: &Hours,
) -> Vec<Committed> {
    let Some(price) = items.iter().find_map(|item| item.under(plan)) else { return Vec::new() };
    let mut covered: BTreeMap<usize, BTreeMap<String, Vec<BigInt>>> = BTreeMap::new();
    let mut unused = hours.empty();
    let order = by_discount(plan, items, charges);
    for (hour, length) in hours.iter() {
        let mut budget = exact(usd_per_hour) * Exact::new(length.0, Nanos::HOUR.0);
        for &(place, price) in &order {
            let Some(used) = hourly.get_mut(&place) else { continue };
            let per_base = exact(price) / whole(items[place].unit.size.get());
            let most = if per_base.is_zero() { total(used, hour) } else { (&budget / &per_base).floor() };
            for (service, taken) in take(used, hour, &most) {
                budget -= whole(taken.clone()) * &per_base;
                let of_item = covered.entry(place).or_default();
                of_item.entry(service.to_owned()).or_insert_with(|| hours.empty())[hour] += taken;
            }
        }
        unused[hour] = (budget * exact(Dimension::UnusedCommitment.base_per_unit())).floor();
    }
    let mut committed: Vec<Committed> = covered
        .into_iter()
        .filter_map(|(place, hourly)| {
            let charge = charge(items[place], items[place].under(plan)?, charges[&place].meters.clone());
            Some(Committed { place: first_place + place, charge, hourly })
        })
        .collect();
    let tier = Tier { up_to: None, price: Decimal::ONE, provenance: price.provenance.clone() };
    let mut item = Item::new(format!("{plan}.unused"), Dimension::UnusedCommitment, vec![tier]);
    item.group = Group::Compute;
    let charge = Charge { item: Arc::new(item), meters: vec![meter(Dimension::UnusedCommitment, "")] };
    committed.push(Committed { place: first_place + items.len(), charge, hourly: [(String::new(), unused)].into() });
    committed
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

fn total(hourly: &Hourly<'_>, hour: usize) -> BigInt {
    hourly.values().map(|hours| &hours[hour]).sum()
}

/// The item at the price of the plan: `tariff.item` becomes `tariff.item:plan`.
fn charge(item: &Item, price: &PlanPrice, meters: Vec<Meter>) -> Charge {
    let plan = price.plan.rsplit('.').next().unwrap_or_default();
    let tier = Tier { up_to: None, price: price.price, provenance: price.provenance.clone() };
    let mut under = Item::new(format!("{}:{plan}", item.id), item.dimension, vec![tier]);
    under.unit = item.unit.clone();
    under.group = item.group;
    Charge { item: Arc::new(under), meters }
}

fn meter(dimension: Dimension, variant: &str) -> Meter {
    Meter { service: String::new(), dimension, variant: variant.to_owned() }
}
