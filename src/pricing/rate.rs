//! One item in one billing period: allowances, scaling to the whole period, tiers.
//!
//! The order is that of every bill here. (1) A day's usage less the daily allowance; a day that the horizon cuts is
//! judged as the whole day it stands for: usage scaled to the day, less the allowance, times the covered share, which
//! is the usage less the covered share of the allowance. (2) Billable usage is scaled from the covered part to the
//! whole period. (3) The monthly allowance; what is left is rounded up where only whole units are sold. (4) Tiers, marginal, each boundary in the lower tier. All of it on the sum
//! over the services of the account; a service then bears its share of the billable usage in every tier alike.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_traits::Zero;

use super::exact::{Exact, at_least_zero, exact, ratio, whole};
use super::tariff::{Allowance, Grant, Item};
use crate::metering::calendar::{Calendar, Period};

/// Usage of one item in base units: per service, one number per day of the calendar.
pub(super) type Daily<'a> = BTreeMap<&'a str, Vec<BigInt>>;

/// The tier of what an allowance covers.
pub(super) const FREE: u32 = 0;

/// Priced units per service and tier, of the whole period that `period` covers a part of.
pub(super) fn rate<'a>(
    item: &Item,
    usage: &Daily<'a>,
    calendar: &Calendar,
    (index, period): (usize, &Period),
    free_tier: bool,
) -> BTreeMap<(&'a str, u32), Exact> {
    let unit = whole(item.unit.base_units(period.length));
    if unit.is_zero() || period.covered.0 == 0 {
        return BTreeMap::new();
    }
    let allowance = |allowance: &Option<Allowance>| {
        allowance.as_ref().filter(|_| free_tier).map_or_else(Exact::zero, |allowance| granted(item, allowance.grant))
    };
    let daily_allowance = allowance(&item.free_day) * &unit;
    let (granted, billable) = split_days(usage, calendar, index, &daily_allowance);

    let scale = ratio(period.length, period.covered) / unit;
    let total = billable.values().sum::<Exact>() * &scale;
    let free = total.clone().min(allowance(&item.free_month));
    let mut paid = &total - &free;
    if item.whole {
        paid = paid.ceil();
    }
    let mut bands = vec![(FREE, free)];
    bands.extend(tiers(item, &paid));

    let mut lines = BTreeMap::new();
    for (service, quantity) in granted {
        lines.insert((service, FREE), quantity * &scale);
    }
    for (service, quantity) in billable.into_iter().filter(|(_, quantity)| !quantity.is_zero()) {
        let share = quantity * &scale / &total;
        for (tier, amount) in &bands {
            *lines.entry((service, *tier)).or_insert_with(Exact::zero) += amount * &share;
        }
    }
    lines.retain(|_, quantity| !quantity.is_zero());
    lines
}

/// Priced units that a grant covers. What has no price is not paid from a credit.
fn granted(item: &Item, grant: Grant) -> Exact {
    match (grant, item.tiers.first()) {
        (Grant::Quantity(quantity), _) => exact(quantity),
        (Grant::Credit(usd), Some(tier)) if !tier.price.is_zero() => exact(usd) / exact(tier.price),
        (Grant::Credit(_), _) => Exact::zero(),
    }
}

type PerService<'a> = BTreeMap<&'a str, Exact>;

/// What the daily allowance covers and what is left, in base units per service, over the days of one period.
fn split_days<'a>(
    usage: &Daily<'a>,
    calendar: &Calendar,
    period: usize,
    allowance: &Exact,
) -> (PerService<'a>, PerService<'a>) {
    let mut used: BTreeMap<&str, BigInt> = usage.keys().map(|&service| (service, BigInt::zero())).collect();
    let mut granted: PerService = usage.keys().map(|&service| (service, Exact::zero())).collect();
    for (number, day) in calendar.days.iter().enumerate().filter(|(_, day)| day.period == period) {
        let total: BigInt = usage.values().map(|days| &days[number]).sum();
        if total.is_zero() {
            continue;
        }
        let total = whole(total);
        let free = total.clone().min(allowance * ratio(day.covered, day.length));
        let free_share = free / total;
        for (&service, days) in usage {
            *used.entry(service).or_default() += &days[number];
            if !free_share.is_zero() {
                *granted.entry(service).or_insert_with(Exact::zero) += whole(days[number].clone()) * &free_share;
            }
        }
    }
    let billable = used.into_iter().map(|(service, used)| (service, whole(used) - &granted[service])).collect();
    (granted, billable)
}

/// Cuts a quantity at the boundaries of the tiers, which are numbered from 1.
fn tiers(item: &Item, quantity: &Exact) -> Vec<(u32, Exact)> {
    let mut from = Exact::zero();
    let mut bands = Vec::with_capacity(item.tiers.len());
    for (number, tier) in (1..).zip(&item.tiers) {
        let to = tier.up_to.map_or_else(|| quantity.clone(), |up_to| exact(up_to).min(quantity.clone()));
        bands.push((number, at_least_zero(&to - &from)));
        from = from.max(to);
    }
    bands
}
