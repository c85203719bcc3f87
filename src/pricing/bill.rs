//! The bill: lines that a reader can redo with a pencil.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::exact::{Exact, exact, product, rounded, share, whole};
use super::settle::{Charge, LineKey, Options, Settlement, Unpriced};
use super::tariff::{FREE, Group, Item, TO_THE_MINIMUM};
use crate::document::provenance::Provenance;
use crate::metering::usage::{Dimension, Meter};

/// The bill of a deployment: a mean over replications. Every figure is rounded half to even at 6 decimals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// ISO code.
    pub currency: String,
    /// Of the measured time: `per_month` times measured time over the length of a month.
    pub total: Decimal,
    /// Of a month of such time: the sum of the lines' amounts, exactly.
    pub per_month: Decimal,
    /// The covered share of each billing period's bill.
    pub periods: Vec<PeriodTotal>,
    /// In the order of the tariffs, per service, by tier.
    pub lines: Vec<LineItem>,
    /// Used, and left out by a tariff that may leave dimensions out.
    pub not_priced: Vec<Dimension>,
    /// What a reader should know: per item that occurs, its note and the end of an allowance that was applied.
    pub notes: Vec<String>,
}

/// The covered share of one billing period's bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodTotal {
    /// First instant.
    pub from: String,
    /// End of the covered part.
    pub to: String,
    /// Covered share of the period's bill.
    pub total: Decimal,
}

/// One line of the bill: `quantity x unit_price = amount`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineItem {
    /// The service; empty for what all share.
    pub service: String,
    /// Where it stands in the bill.
    pub group: Group,
    /// `tariff.item`.
    pub item: String,
    /// What was used.
    pub dimension: Dimension,
    /// Which tier, from 1; 0 for what an allowance covers.
    pub tier: u32,
    /// In `unit`.
    pub quantity: Decimal,
    /// The same of each replication.
    pub of_each: Vec<Decimal>,
    /// What is counted.
    pub unit: String,
    /// Price of one unit in the bill's currency, exact up to 28 decimals.
    pub unit_price: Decimal,
    /// `quantity x unit_price`.
    pub amount: Decimal,
    /// Where the price, or the allowance, comes from.
    pub provenance: Provenance,
    /// What the quantity was counted by.
    pub meters: Vec<Meter>,
}

/// The mean of the replications' settlements under the same tariffs, calendar and options, rounded to a bill. Without
/// settlements the bill is empty.
///
/// # Errors
/// [`Unpriced::TooLarge`] when a figure does not fit an exact decimal.
pub fn mean(settlements: &[Settlement], options: &Options) -> Result<Bill, Unpriced> {
    let count = whole(settlements.len().max(1));
    let keys: BTreeSet<&LineKey> = settlements.iter().flat_map(|one| one.by_period.keys()).collect();
    let starts = settlements.first().map_or(&[][..], |first| &first.periods);
    let mut usd = vec![Exact::zero(); starts.len()];
    let mut lines = Vec::with_capacity(keys.len());
    let mut notes = Vec::new();
    for key in keys {
        let owed = settlements.iter().filter_map(|one| Some((one, one.by_period.get(key)?.as_slice())));
        let of_one =
            |one: &Settlement| one.by_period.get(key).map_or_else(Exact::zero, |periods| one.quantity(periods));
        let of_each: Vec<Exact> = settlements.iter().map(of_one).collect();
        let charges = settlements.iter().filter_map(|one| one.charges.get(&key.0));
        let Some(charge) = charges.clone().next() else { continue };
        let of_service = charges.flat_map(|charge| &charge.meters).filter(|meter| meter.service == key.1);
        let meters = of_service.collect::<BTreeSet<&Meter>>().into_iter().cloned().collect();
        if let Some(price) = charge.item.price(key.2).filter(|price| !price.is_zero()) {
            for (index, usd) in usd.iter_mut().enumerate() {
                let covered = owed.clone().filter_map(|(_, periods)| periods.get(index));
                *usd += covered.sum::<Exact>() * exact(price);
            }
        }
        lines.push(line(key, charge, meters, &of_each, options.currency.per_usd)?);
        note(&mut notes, charge, key.2);
    }

    let too_large = || Unpriced::TooLarge { item: "total".to_owned() };
    let sum = |sum: Decimal, line: &LineItem| sum.checked_add(line.amount);
    let per_month = lines.iter().try_fold(Decimal::ZERO, sum).ok_or_else(too_large)?.normalize();
    let months = settlements.first().map_or_else(Exact::zero, |first| first.months.clone());
    let total = share(per_month, &months).ok_or_else(too_large)?;

    let mut periods = Vec::new();
    for (period, usd) in starts.iter().zip(usd) {
        let total = rounded(&(usd / &count * exact(options.currency.per_usd))).ok_or_else(too_large)?;
        periods.push(PeriodTotal { from: period.from.clone(), to: period.to.clone(), total });
    }
    let mut not_priced: Vec<Dimension> = settlements.iter().flat_map(|one| &one.not_priced).copied().collect();
    not_priced.sort_unstable();
    not_priced.dedup();
    let currency = options.currency.code.clone();
    Ok(Bill { currency, total, per_month, periods, lines, not_priced, notes })
}

/// The month and the total of the bill that one settlement makes alone: those of [`mean`], without its lines.
///
/// # Errors
/// As [`mean`].
pub fn totals(settlement: &Settlement, options: &Options) -> Result<(Decimal, Decimal), Unpriced> {
    let mut per_month = Decimal::ZERO;
    for (key, periods) in &settlement.by_period {
        let Some(charge) = settlement.charges.get(&key.0) else { continue };
        let too_large = || Unpriced::TooLarge { item: charge.item.id.clone() };
        let usd = charge.item.price(key.2).ok_or_else(too_large)?;
        if usd.is_zero() {
            continue;
        }
        let unit_price = usd.checked_mul(options.currency.per_usd).ok_or_else(too_large)?.normalize();
        let amount = rounded(&settlement.quantity(periods))
            .and_then(|quantity| product(quantity, unit_price))
            .ok_or_else(too_large)?;
        per_month = per_month.checked_add(amount).ok_or_else(too_large)?;
    }
    let per_month = per_month.normalize();
    let total = share(per_month, &settlement.months);
    Ok((per_month, total.ok_or_else(|| Unpriced::TooLarge { item: "total".to_owned() })?))
}

/// Rounds one line.
fn line(
    (_, service, tier): &LineKey,
    charge: &Charge,
    meters: Vec<Meter>,
    of_each: &[Exact],
    per_usd: Decimal,
) -> Result<LineItem, Unpriced> {
    let item = &charge.item;
    let too_large = || Unpriced::TooLarge { item: item.id.clone() };
    let usd = item.price(*tier).ok_or_else(too_large)?;
    let provenance = provenance(item, *tier).ok_or_else(too_large)?;
    let unit_price = usd.checked_mul(per_usd).ok_or_else(too_large)?.normalize();
    let mean = of_each.iter().cloned().sum::<Exact>() / whole(of_each.len().max(1));
    let quantity = rounded(&mean).ok_or_else(too_large)?;
    let of_each = of_each.iter().map(rounded).collect::<Option<_>>().ok_or_else(too_large)?;
    let amount = product(quantity, unit_price).ok_or_else(too_large)?;
    Ok(LineItem {
        service: service.clone(),
        group: item.group,
        item: item.id.clone(),
        dimension: item.dimension,
        // What is missing to the minimum stands behind the last tier.
        tier: if *tier == TO_THE_MINIMUM { u32::try_from(item.tiers.len() + 1).unwrap_or(*tier) } else { *tier },
        quantity,
        of_each,
        unit: if *tier == TO_THE_MINIMUM { "USD".to_owned() } else { item.unit.name.clone() },
        unit_price,
        amount,
        provenance,
        meters,
    })
}

/// Where the price of a tier comes from, or the allowance of what is free.
fn provenance(item: &Item, tier: u32) -> Option<Provenance> {
    let free = item.free_month.as_ref().or(item.free_day.as_ref()).filter(|_| tier == FREE);
    let of_tier = item.tiers.get((tier as usize).saturating_sub(1)).or(item.tiers.first());
    free.map(|allowance| &allowance.provenance).or(of_tier.map(|tier| &tier.provenance)).cloned()
}

/// Adds what a reader should know about this line, once.
fn note(notes: &mut Vec<String>, charge: &Charge, tier: u32) {
    let item = &charge.item;
    let allowances = [&item.free_day, &item.free_month].into_iter().flatten().filter(|_| tier == FREE);
    let ends = allowances.filter_map(|allowance| allowance.expires.as_ref()).map(|ends| format!("free tier {ends}"));
    for text in item.note.iter().cloned().chain(ends) {
        let text = format!("{}: {text}", item.id);
        if !notes.contains(&text) {
            notes.push(text);
        }
    }
}
