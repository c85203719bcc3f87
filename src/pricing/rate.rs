//! One item in one billing period: allowances, scaling to the whole period, tiers, minimum and maximum.
//!
//! The order is that of every bill here. (1) A day's usage less the daily allowance; a day that the horizon cuts is
//! judged as the whole day it stands for: usage scaled to the day, less the allowance, times the covered share, which
//! is the usage less the covered share of the allowance. (2) Billable usage is scaled from the covered part to the
//! whole period, and counts as often as the item says. (3) The monthly allowance; what is left is rounded up where only
//! whole units are sold. (4) Tiers, marginal, each boundary in the lower tier. (5) What is missing to the minimum is
//! added, what goes beyond the maximum is free. All of it on the sum over the services of the account; a service then
//! bears its share of the billable usage in every tier alike.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Span;
use jiff::civil::Date;
use num_bigint::BigInt;
use num_traits::Zero as _;

use super::exact::{Exact, at_least_zero, exact, ratio, whole};
use super::settle::{Options, Unpriced};
use super::tariff::{Allowance, FREE, Grant, Item, TO_THE_MINIMUM};
use crate::metering::calendar::{Calendar, Period};

/// Usage of one item in base units: per service, one number per day of the calendar.
pub(super) type Daily<'a> = BTreeMap<&'a str, Vec<BigInt>>;

/// Priced units per service and tier.
pub(super) type Rated<'a> = BTreeMap<(&'a str, u32), Exact>;

/// Priced units per service and tier, of the whole period that `period` covers a part of. `levels` are those of an item
/// that counts sustained use, in base units of the covered part; `taken` is what other items had of the monthly allowance
/// in this period, to which what this one takes is added.
///
/// # Errors
/// [`Unpriced::NotSold`] for more than is sold for a period.
pub(super) fn rate<'a>(
    item: &Item,
    usage: &Daily<'a>,
    levels: &[BigInt],
    calendar: &Calendar,
    (index, period): (usize, &Period),
    options: &Options,
    taken: &mut Exact,
) -> Result<Rated<'a>, Unpriced> {
    let unit = whole(item.unit.base_units(period.length));
    if unit.is_zero() || period.covered.0 == 0 {
        return Ok(BTreeMap::new());
    }
    let allowance = |allowance: &Option<Allowance>| {
        let granted = allowance.as_ref().filter(|allowance| options.free_tier && runs(allowance, period, options));
        granted.map_or_else(Exact::zero, |allowance| grant(item, allowance.grant))
    };
    let daily_allowance = allowance(&item.free_day) * &unit;
    let (granted, billable) = split_days(usage, calendar, index, &daily_allowance);

    let scale = ratio(period.length, period.covered) * whole(item.times) / unit;
    let used = billable.values().sum::<Exact>();
    let mut paid = &used * &scale;
    if let Some(most) = item.most.filter(|&most| paid > exact(most)) {
        return Err(Unpriced::NotSold { item: item.id.clone(), most, unit: item.unit.name.clone() });
    }
    let mut bands = Vec::with_capacity(item.tiers.len() + 1);
    let allowance = allowance(&item.free_month);
    if !allowance.is_zero() {
        let free = paid.clone().min(at_least_zero(allowance - &*taken));
        *taken += &free;
        paid -= &free;
        bands.push((FREE, free));
    }
    if item.whole {
        paid = paid.ceil();
    }
    if item.sustained {
        let one = whole(item.unit.held(period.length)) / whole(item.unit.base_units(period.length));
        bands.extend(sustained(item, levels, &scale, &one));
    } else {
        bands.extend(tiers(item, &paid, &whole(1)));
    }
    bound(item, &mut bands);

    let mut lines = BTreeMap::new();
    for (service, quantity) in granted {
        lines.insert((service, FREE), quantity * &scale);
    }
    let bearing: Vec<(&str, Exact)> = billable.into_iter().filter(|(_, quantity)| !quantity.is_zero()).collect();
    let alone = bearing.len() == 1;
    for (service, quantity) in bearing {
        let share = (!alone).then(|| quantity / &used);
        for (tier, amount) in &bands {
            let borne = share.as_ref().map_or_else(|| amount.clone(), |share| amount * share);
            match lines.entry((service, *tier)) {
                Entry::Vacant(line) => _ = line.insert(borne),
                Entry::Occupied(mut line) => *line.get_mut() += borne,
            }
        }
    }
    lines.retain(|_, quantity| !quantity.is_zero());
    Ok(lines)
}

/// Whether an allowance is still granted in a period: some end so many months after an account was opened.
fn runs(allowance: &Allowance, period: &Period, options: &Options) -> bool {
    let (Some(months), Some(opened)) = (allowance.months, options.account_opened) else { return true };
    let starts = period.from.get(..10).and_then(|date| date.parse::<Date>().ok());
    let ends = opened.checked_add(Span::new().months(months)).ok();
    starts.zip(ends).is_none_or(|(starts, ends)| starts < ends)
}

/// Priced units that a grant covers. What has no price is not paid from a credit.
fn grant(item: &Item, grant: Grant) -> Exact {
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
    if allowance.is_zero() {
        let of_period = |days: &[BigInt]| {
            let days = calendar.days.iter().zip(days).filter(|(day, _)| day.period == period);
            whole(days.map(|(_, quantity)| quantity).sum::<BigInt>())
        };
        return (PerService::new(), usage.iter().map(|(&service, days)| (service, of_period(days))).collect());
    }
    let mut used: BTreeMap<&str, BigInt> = usage.keys().map(|&service| (service, BigInt::zero())).collect();
    let mut granted: PerService = usage.keys().map(|&service| (service, Exact::zero())).collect();
    for (number, day) in calendar.days.iter().enumerate().filter(|(_, day)| day.period == period) {
        let total: BigInt = usage.values().map(|days| &days[number]).sum();
        if total.is_zero() {
            continue;
        }
        let total = whole(total);
        let free = total.clone().min(allowance * ratio(day.covered, day.length));
        let alone = usage.len() == 1;
        let free_share = &free / &total;
        for (&service, days) in usage {
            *used.entry(service).or_default() += &days[number];
            let of_service = if alone { free.clone() } else { whole(days[number].clone()) * &free_share };
            *granted.entry(service).or_insert_with(Exact::zero) += of_service;
        }
    }
    let billable = used.into_iter().map(|(service, used)| (service, whole(used) - &granted[service])).collect();
    (granted, billable)
}

/// Cuts a quantity at the boundaries of the tiers, which are numbered from 1 and counted in `units`.
fn tiers(item: &Item, quantity: &Exact, units: &Exact) -> Vec<(u32, Exact)> {
    let mut from = Exact::zero();
    let mut bands = Vec::with_capacity(item.tiers.len());
    for (number, tier) in (1..).zip(&item.tiers) {
        if from >= *quantity && number > 1 {
            break;
        }
        let to = tier.up_to.map_or_else(|| quantity.clone(), |up_to| (exact(up_to) * units).min(quantity.clone()));
        bands.push((number, at_least_zero(&to - &from)));
        from = from.max(to);
    }
    bands
}

/// Sustained use: each unit that is held at a time climbs the tiers by itself, and a tier ends at so many percent of the
/// time in which it could have been held (`one`).
fn sustained(item: &Item, levels: &[BigInt], scale: &Exact, one: &Exact) -> Vec<(u32, Exact)> {
    let percent = one / whole(100);
    let mut bands: Vec<(u32, Exact)> = (1..).zip(&item.tiers).map(|(number, _)| (number, Exact::zero())).collect();
    for level in levels {
        for (band, (_, quantity)) in bands.iter_mut().zip(tiers(item, &(whole(level.clone()) * scale), &percent)) {
            band.1 += quantity;
        }
    }
    bands
}

/// Adds what is missing to the minimum, and frees what goes beyond the maximum, from the last tier down.
fn bound(item: &Item, bands: &mut Vec<(u32, Exact)>) {
    if item.minimum.is_none() && item.maximum.is_none() {
        return;
    }
    let price = |tier: u32| item.price(tier).map_or_else(Exact::zero, exact);
    let amount: Exact = bands.iter().map(|(tier, quantity)| quantity * price(*tier)).sum();
    if let Some(minimum) = item.minimum {
        bands.push((TO_THE_MINIMUM, at_least_zero(exact(minimum) - &amount)));
    }
    let Some(maximum) = item.maximum else { return };
    let mut beyond = at_least_zero(amount - exact(maximum));
    let mut freed = Exact::zero();
    for (tier, quantity) in bands.iter_mut().rev() {
        let price = price(*tier);
        if beyond.is_zero() || price.is_zero() {
            continue;
        }
        let cut = (&beyond / &price).min(quantity.clone());
        beyond -= &cut * &price;
        *quantity -= &cut;
        freed += cut;
    }
    bands.push((FREE, freed));
}
