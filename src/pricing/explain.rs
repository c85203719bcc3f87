//! From a line of a bill back to what was used: the quantities of every replication and period, exactly.
//!
//! Nothing is computed a second way: what a line owes is what settling found, period by period. Beside it stands what was
//! used, so that a reader sees what allowances, rounding, limits and commitments made of it.

use std::collections::BTreeSet;

use num_bigint::BigInt;
use num_traits::{Signed, Zero as _};
use rust_decimal::Decimal;
use serde::Serialize;

use super::exact::{Exact, ratio, rounded, whole};
use super::settle::{LineKey, Settlement};
use super::tariff::{FREE, Item, TO_THE_MINIMUM};
use crate::metering::calendar::Calendar;
use crate::metering::usage::{Meter, Usage};

/// A number: exactly, and rounded half to even at 6 decimals for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// A decimal where there is one, else a fraction `n/d`.
    pub exact: String,
    /// Rounded; null where it is larger than a decimal holds.
    pub rounded: Option<Decimal>,
}

/// Where a line comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The item that charges it.
    pub item: Item,
    /// What was counted for it: by service, dimension and variant.
    pub meters: Vec<Meter>,
    /// The mean of the replications: the line's quantity before it is rounded.
    pub quantity: Figure,
    /// Every replication.
    pub replications: Vec<OfReplication>,
}

/// What a line owes in one replication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfReplication {
    /// From 0.
    pub replication: usize,
    /// The mean of the periods, each weighted by its covered share; in priced units of a whole period.
    pub quantity: Figure,
    /// Usage of the line's meters in base units, on every day on which there was any.
    pub days: Vec<OfDay>,
    /// Billing periods.
    pub periods: Vec<OfPeriod>,
}

/// What was used on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfDay {
    /// ISO date.
    pub day: String,
    /// The service; empty for what all share.
    pub service: String,
    /// In base units.
    pub quantity: String,
}

/// What an item owes in one billing period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfPeriod {
    /// First instant.
    pub from: String,
    /// End of the covered part.
    pub to: String,
    /// Measured part of the period over the whole of it: the weight of the period.
    pub covered_share: Figure,
    /// Used by all services, in base units.
    pub used_base: String,
    /// The same in priced units, scaled to the whole period.
    pub used: Figure,
    /// What all services owe of it, by tier: 0 is what is free, above the last tier what is missing to a minimum, in USD.
    pub tiers: Vec<OfTier>,
    /// All tiers that count units, less `used`: what rounding added, or what commitments and limits took away.
    pub adjusted: Figure,
    /// What the line has of it.
    pub quantity: Figure,
}

/// What all services owe in one tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfTier {
    /// From 1; 0 is free.
    pub tier: u32,
    /// In priced units of a whole period.
    pub quantity: Figure,
}

/// Explains line number `index` (from 0) of the bill of these settlements, whose usages were cut by `calendar`. `None`
/// when the bill has no such line.
#[must_use]
pub fn explain(settlements: &[Settlement], usages: &[Usage], calendar: &Calendar, index: usize) -> Option<Explanation> {
    let keys: BTreeSet<&LineKey> = settlements.iter().flat_map(|one| one.by_period.keys()).collect();
    let key = keys.into_iter().nth(index)?;
    let item = settlements.iter().find_map(|one| one.charges.get(&key.0))?.item.as_ref().clone();
    let mut meters: Vec<Meter> =
        settlements.iter().filter_map(|one| one.charges.get(&key.0)).flat_map(|charge| charge.meters.clone()).collect();
    meters.sort_unstable();
    meters.dedup();
    let of = |(replication, (settlement, usage)): (usize, (&Settlement, &Usage))| {
        of_replication(replication, settlement, usage, calendar, key, &item, &meters)
    };
    let replications: Vec<(Exact, OfReplication)> = settlements.iter().zip(usages).enumerate().map(of).collect();
    let quantity = replications.iter().map(|(quantity, _)| quantity).sum::<Exact>() / whole(settlements.len().max(1));
    let replications = replications.into_iter().map(|(_, one)| one).collect();
    Some(Explanation { item, meters, quantity: figure(&quantity), replications })
}

fn of_replication(
    replication: usize,
    settlement: &Settlement,
    usage: &Usage,
    calendar: &Calendar,
    key: &LineKey,
    item: &Item,
    meters: &[Meter],
) -> (Exact, OfReplication) {
    let per_day: Vec<Vec<BigInt>> = meters.iter().map(|meter| of_days(usage, meter, calendar)).collect();
    let days = calendar.days.iter().enumerate().flat_map(|(number, day)| {
        let used =
            meters.iter().zip(&per_day).filter(move |(meter, days)| meter.service == key.1 && !days[number].is_zero());
        used.map(move |(meter, days)| OfDay {
            day: day.date.clone(),
            service: meter.service.clone(),
            quantity: days[number].to_string(),
        })
    });
    let periods = (0..calendar.periods.len()).map(|index| {
        let days = calendar.days.iter().enumerate().filter(|(_, day)| day.period == index);
        let (mut used, mut weighed) = (BigInt::zero(), BigInt::zero());
        for (number, _) in days {
            for (meter, days) in meters.iter().zip(&per_day) {
                used += &days[number];
                weighed += &days[number] * item.weight(&meter.variant);
            }
        }
        of_period(settlement, calendar, index, key, item, (&used, weighed))
    });
    let quantity = settlement.by_period.get(key).map_or_else(Exact::zero, |periods| settlement.quantity(periods));
    let one =
        OfReplication { replication, quantity: figure(&quantity), days: days.collect(), periods: periods.collect() };
    (quantity, one)
}

fn of_days(usage: &Usage, meter: &Meter, calendar: &Calendar) -> Vec<BigInt> {
    let mut days = vec![BigInt::zero(); calendar.days.len()];
    let counts = usage.counts.get(meter).map_or(&[][..], Vec::as_slice);
    for (slice, &count) in calendar.slices.iter().zip(counts) {
        days[slice.day] += count;
    }
    days
}

fn of_period(
    settlement: &Settlement,
    calendar: &Calendar,
    index: usize,
    key: &LineKey,
    item: &Item,
    (used_base, weighed): (&BigInt, BigInt),
) -> OfPeriod {
    let period = &calendar.periods[index];
    let share = ratio(period.covered, period.length);
    // What is owed was kept for the covered part.
    let of_whole = |quantity: &Exact| if share.is_zero() { Exact::zero() } else { quantity / &share };
    let unit = whole(item.unit.base_units(period.length));
    let used = if unit.is_zero() || share.is_zero() {
        Exact::zero()
    } else {
        whole(weighed) * whole(item.times) / (&unit * &share)
    };
    let mut tiers: Vec<(u32, Exact)> = Vec::new();
    for ((place, _, tier), periods) in &settlement.by_period {
        if *place != key.0 {
            continue;
        }
        let quantity = of_whole(&periods[index]);
        match tiers.iter_mut().find(|(known, _)| known == tier) {
            Some((_, sum)) => *sum += quantity,
            None => tiers.push((*tier, quantity)),
        }
    }
    tiers.retain(|(_, quantity)| !quantity.is_zero());
    tiers.sort_by_key(|(tier, _)| *tier);
    let units: Exact = tiers.iter().filter(|(tier, _)| *tier != TO_THE_MINIMUM).map(|(_, quantity)| quantity).sum();
    let line = settlement.by_period.get(key).map_or_else(Exact::zero, |periods| of_whole(&periods[index]));
    let last = u32::try_from(item.tiers.len()).unwrap_or(u32::MAX);
    OfPeriod {
        from: period.from.clone(),
        to: period.to.clone(),
        covered_share: figure(&share),
        used_base: used_base.to_string(),
        adjusted: figure(&(units - &used)),
        used: figure(&used),
        tiers: tiers
            .iter()
            .map(|(tier, quantity)| OfTier {
                tier: if *tier == TO_THE_MINIMUM { last.saturating_add(1) } else { *tier },
                quantity: figure(quantity),
            })
            .collect(),
        quantity: figure(&line),
    }
}

fn figure(number: &Exact) -> Figure {
    Figure { exact: text(number), rounded: rounded(number) }
}

/// The decimal that is exactly this number, or the fraction.
fn text(number: &Exact) -> String {
    let (numer, denom) = number.lowest_terms();
    let mut scaled = numer.clone();
    for places in 0_usize..=60 {
        if (&scaled % &denom).is_zero() {
            let digits = (scaled / denom).magnitude().to_string();
            let sign = if numer.is_negative() { "-" } else { "" };
            if places == 0 {
                return format!("{sign}{digits}");
            }
            let digits = format!("{digits:0>width$}", width = places + 1);
            let (whole, part) = digits.split_at(digits.len() - places);
            return format!("{sign}{whole}.{part}");
        }
        scaled *= 10;
    }
    format!("{numer}/{denom}")
}

/// Why what is charged may differ from what happened, in words: how each request, interval or message was rounded before
/// it was counted, and what becomes of the sum.
#[must_use]
pub fn reasons(item: &Item) -> Vec<String> {
    let mut reasons = item.rule.in_words();
    if let Some(capacity) = item.capacity {
        reasons.push(format!(
            "a unit is, in each hour, the largest of new connections per second / {}, open connections / {}, bytes / {} \
             and rule evaluations per second / {}, not their sum",
            capacity.connections_per_second,
            capacity.active_connections,
            capacity.bytes_per_hour,
            capacity.evaluations_per_second,
        ));
    }
    if item.tiers.len() > 1 && !item.sustained {
        reasons.push("tiers count what all services of the account use in a billing period".to_owned());
    }
    if item.times > 1 {
        reasons.push(format!("each unit that is used is charged {} times", item.times));
    }
    for (variant, many) in &item.as_one {
        reasons.push(format!("{many} of `{variant}` count as one"));
    }
    if let Some(most) = item.most {
        reasons.push(format!("no more than {most} are sold for a billing period"));
    }
    if item.whole {
        reasons.push("what is left after allowances is rounded up to whole units".to_owned());
    }
    if let Some(most) = item.at_once {
        reasons.push(format!("no more than {most} at a time are charged"));
    }
    if item.sustained {
        reasons.push("tiers count the percent of the period for which each unit was held".to_owned());
    }
    if let Some(minimum) = item.minimum {
        reasons.push(format!("a period in which anything was used costs at least {minimum} USD"));
    }
    if let Some(maximum) = item.maximum {
        reasons.push(format!("a period costs at most {maximum} USD; what goes beyond is free (tier {FREE})"));
    }
    if !item.plans.is_empty() {
        reasons.push("what a commitment covers is charged in lines of its own".to_owned());
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numerator: i64, denominator: i64) -> String {
        text(&Exact::new(numerator, denominator))
    }

    #[test]
    fn every_limit_of_an_item_is_a_reason() {
        let mut item = Item::new("a.b".to_owned(), crate::metering::usage::Dimension::Requests, Vec::new());
        assert!(reasons(&item).is_empty());
        (item.minimum, item.maximum) = (Some(Decimal::TEN), Some(Decimal::ONE_HUNDRED));
        (item.times, item.whole, item.at_once) = (2, true, Some(Decimal::from(32)));
        item.rule.count_step = 1000;
        let said = reasons(&item).join("\n");
        for part in ["at least 10 USD", "at most 100 USD", "charged 2 times", "whole units", "no more than 32", "1000"]
        {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn numbers_are_decimals_where_they_can_be() {
        assert_eq!(of(3, 1), "3");
        assert_eq!(of(1, 8), "0.125");
        assert_eq!(of(-5, 4), "-1.25");
        assert_eq!(of(100, 1), "100");
        assert_eq!(of(1, 3), "1/3");
        assert_eq!(of(0, 5), "0");
    }
}
