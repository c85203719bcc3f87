//! Cases of `billing.json`: usage, prices, and the bill that a provider or a price calculator makes of them.
//!
//! Here the words of the cases are translated: lines into items of a tariff ("first 6B" into the end of a tier), free
//! tiers into allowances, and usage into counts ([`super::metered`]). Rounding, allowances, tiers, credits and totals are the
//! library's. Where a case says no more than the quantity of a line (a price calculator's own configuration), that
//! quantity is the usage.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicUsize, Ordering};

use breakeven::document::provenance::{Confidence, Provenance};
use breakeven::metering::calendar::{Calendar, Month};
use breakeven::metering::usage::{Dimension, Meter, Usage};
use breakeven::pricing::bill::{Bill, mean};
use breakeven::pricing::settle::{Currency, Options, settle};
use breakeven::pricing::tariff::{Allowance, Grant, Group, Item, Tariff, Tier, Unit};
use breakeven::units::Nanos;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::Value;

use super::list;
use super::metered::{Facts, decimal, metered};

/// Counts in one priced unit: enough for a price calculator's twelve decimals.
const COUNTS_PER_UNIT: u64 = 1_000_000_000_000;

/// Items whose quantity was counted from the usage, and all items: a pass says little of a quantity that was given.
pub static COUNTED: AtomicUsize = AtomicUsize::new(0);
pub static ITEMS: AtomicUsize = AtomicUsize::new(0);

/// What the keys of a case's free tier are allowances of. A case with another key keeps the quantities of its lines.
const FREE_OF: [(&str, &[&str]); 9] = [
    ("requests", &["requests", "requests_million_rounded_up"]),
    ("gb_seconds", &["compute", "gb_seconds", "duration_million_rounded_up"]),
    ("executions", &["executions"]),
    ("operations", &["operations"]),
    ("transitions", &["transitions"]),
    ("cpu_ms", &["cpu_ms"]),
    ("vcpu_seconds", &["vcpu"]),
    ("gib_seconds", &["memory"]),
    (FREE_PER_DAY, &["billable"]),
];
const FREE_PER_DAY: &str = "f1_hours_per_day";

/// The lines of one item: several when it has tiers.
struct Priced<'a> {
    name: String,
    lines: Vec<&'a Value>,
    /// Where the tiers end, in priced units; none where a tier has no end.
    ends: Vec<Option<Decimal>>,
    /// What is free before the first line.
    starts: Decimal,
}

pub fn case(case: &Value) -> Result<(), String> {
    let facts = Facts::of(case);
    let priced = priced(case, &facts);
    let credit: Decimal = list(&case["lines"]).iter().map(price).filter(Decimal::is_sign_negative).sum();
    let known = case["free_tier"].as_object().is_none_or(|free| free.keys().all(|key| free_of(key).is_some()));

    let zone = TimeZone::UTC;
    let start = "2026-01-05T00:00:00[UTC]".parse().expect("an instant");
    let length = Nanos(u64::try_from(facts.month_hours()).expect("hours") * Nanos::HOUR.0);
    let month = Month::Fixed(length);
    let calendar = Calendar::new(&start, Nanos::ZERO, length, month, &zone).map_err(|error| error.to_string())?;
    let mut usage = Usage::default();
    let mut items = Vec::new();
    for (place, one) in priced.iter().enumerate() {
        let unit = text(one.lines[0], "unit");
        let derived = metered(&facts, &one.name, unit).filter(|_| known);
        ITEMS.fetch_add(1, Ordering::Relaxed);
        COUNTED.fetch_add(usize::from(derived.is_some()), Ordering::Relaxed);
        let mut item = item(one, place, unit);
        if derived.is_some() {
            grant(&mut item, case, &one.name, unit);
        }
        if place == 0 && !credit.is_zero() {
            item.free_month = Some(allowance(Grant::Credit(-credit)));
        }
        let given = || vec![one.lines.iter().map(|line| number(line, "quantity")).sum::<Decimal>() + one.starts];
        let meter = Meter { service: String::new(), dimension: item.dimension, variant: place.to_string() };
        for (day, quantity) in derived.unwrap_or_else(given).into_iter().enumerate() {
            let slice = calendar.slices.partition_point(|slice| slice.day < day);
            usage.add(&meter, slice, counts(quantity)?);
        }
        items.push(item);
    }
    let (id, region) = ("case".to_owned(), text(case, "region").to_owned());
    let tariff = Tariff { id, region, day_zone: "UTC".to_owned(), items, partial: false };
    let currency = Currency { code: "USD".to_owned(), per_usd: Decimal::ONE };
    let options = Options { month, free_tier: true, egress: true, currency };
    let settled = settle(&usage, &[tariff], &calendar, &options).map_err(|error| error.to_string())?;
    let bill = mean(&[settled], &options).map_err(|error| error.to_string())?;
    compare(case, &priced, &bill)
}

/// Quantities within what the case prints of them, and the total within its tolerance.
fn compare(case: &Value, priced: &[Priced], bill: &Bill) -> Result<(), String> {
    for (place, one) in priced.iter().enumerate() {
        let first = 1 + u32::from(!one.starts.is_zero());
        for (tier, line) in (first..).zip(&one.lines) {
            let ours = bill.lines.iter().filter(|line| line.item == id(place) && line.tier == tier);
            let ours: Decimal = ours.map(|line| line.quantity).sum();
            // A credit turns quantities into free ones: the total judges it.
            let theirs = number(line, "quantity");
            let credited = bill.lines.iter().any(|line| line.tier == 0) && case["free_tier"].is_null();
            if !credited && (ours - theirs).abs() > (theirs / Decimal::from(10_000)).max(Decimal::new(1, 6)) {
                return Err(format!("{}: {ours} instead of {theirs}", text(line, "component")));
            }
        }
    }
    let wanted = number(case, "expected_monthly_cost");
    // The exact total beside the sum of rounded lines: 100 s of a dyno-month are no multiple of a millionth.
    let ours: Decimal = bill.periods.iter().map(|period| period.total).sum();
    if (ours - wanted).abs() > number(case, "tolerance") {
        return Err(format!("{ours} instead of {wanted}"));
    }
    Ok(())
}

/// Gathers the lines of a case into items: a line that starts at no tier begins one.
fn priced<'a>(case: &'a Value, facts: &Facts) -> Vec<Priced<'a>> {
    let mut found: Vec<Priced> = Vec::new();
    for line in list(&case["lines"]).iter().filter(|line| !price(line).is_sign_negative()) {
        let component = text(line, "component");
        let per_unit = per_unit(text(line, "unit"));
        let (name, span) = tier(component);
        let (begins, size) = match span.map(|span| (span, facts.size(span.size))) {
            Some((span, Some(size))) => (span.kind, Some(size / per_unit)),
            _ => (Begins::First, None),
        };
        match found.last_mut() {
            Some(last) if begins != Begins::First && last.name == name => {
                let reached = last.ends.last().copied().flatten();
                last.ends.push(reached.zip(size).filter(|_| begins == Begins::Next).map(|(from, size)| from + size));
                last.lines.push(line);
            }
            _ => {
                let starts = if begins == Begins::Over { size.unwrap_or_default() } else { Decimal::ZERO };
                let ends = vec![size.filter(|_| begins != Begins::Over)];
                found.push(Priced { name: name.to_owned(), lines: vec![line], ends, starts });
            }
        }
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Begins {
    First,
    Next,
    Over,
}

#[derive(Clone, Copy)]
struct TierWord<'a> {
    kind: Begins,
    size: &'a str,
}

/// Splits `Duration (next 9B)`, `next_20TB_b` and `25_50pct` into what is priced and which tier of it.
fn tier(component: &str) -> (&str, Option<TierWord<'_>>) {
    let words = [("first", Begins::First), ("next", Begins::Next), ("over", Begins::Over)];
    let (name, rest) = component.rsplit_once(" (").unwrap_or(("", component));
    for (word, kind) in words {
        if let Some(size) = rest.strip_prefix(word).and_then(|rest| rest.strip_prefix([' ', '_'])) {
            let size = size.trim_end_matches(')').split('_').next().unwrap_or_default();
            return (name, Some(TierWord { kind, size }));
        }
    }
    if component.ends_with("pct") && component.starts_with(|c: char| c.is_ascii_digit()) {
        // Shares of the month are all of the same width.
        return ("", Some(TierWord { kind: Begins::Next, size: "25pct" }));
    }
    (component, None)
}

fn item(priced: &Priced, place: usize, unit: &str) -> Item {
    let mut tiers = Vec::new();
    if !priced.starts.is_zero() {
        tiers.push(Tier { up_to: Some(priced.starts), price: Decimal::ZERO, provenance: provenance() });
    }
    for (index, (line, end)) in priced.lines.iter().zip(&priced.ends).enumerate() {
        let last = index + 1 == priced.lines.len();
        tiers.push(Tier { up_to: end.filter(|_| !last), price: price(line), provenance: provenance() });
    }
    let size = NonZeroU64::new(COUNTS_PER_UNIT).expect("not zero");
    Item {
        id: id(place),
        dimension: Dimension::Requests,
        variant: Some(place.to_string()),
        group: Group::Requests,
        unit: Unit { name: unit.to_owned(), size, month: false },
        tiers,
        whole: priced.name.ends_with("_rounded_up"),
        free_day: None,
        free_month: None,
        note: None,
    }
}

fn grant(item: &mut Item, case: &Value, name: &str, unit: &str) {
    for (key, quantity) in case["free_tier"].as_object().into_iter().flatten() {
        if free_of(key).is_some_and(|names| names.contains(&name)) {
            let quantity = decimal(quantity).expect("an allowance") / per_unit(unit);
            let free = if key == FREE_PER_DAY { &mut item.free_day } else { &mut item.free_month };
            *free = Some(allowance(Grant::Quantity(quantity)));
        }
    }
}

fn free_of(key: &str) -> Option<&'static [&'static str]> {
    FREE_OF.iter().find(|(known, _)| *known == key).map(|(_, names)| *names)
}

fn allowance(grant: Grant) -> Allowance {
    Allowance { grant, expires: None, provenance: provenance() }
}

fn id(place: usize) -> String {
    format!("case.{place}")
}

fn provenance() -> Provenance {
    let (source, observed) = ("the case".to_owned(), "as given".to_owned());
    Provenance { source, observed, confidence: Confidence::Assumption }
}

/// How many are sold as one: a million of `1M requests`.
pub fn per_unit(unit: &str) -> Decimal {
    let digits = unit.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
    let count = unit[..digits].parse::<u64>().unwrap_or(1);
    let times = match unit[digits..].split(' ').next() {
        Some("M") => 1_000_000,
        Some("K" | "k") => 1000,
        // `128MB-seconds`, `20-GB-hours` and `100RU/s-hours` name a size, not a number of units.
        _ => return Decimal::ONE,
    };
    Decimal::from(count * times)
}

fn counts(quantity: Decimal) -> Result<u128, String> {
    let whole = quantity.checked_mul(Decimal::from(COUNTS_PER_UNIT)).map(|counts| counts.round());
    whole.and_then(|counts| u128::try_from(counts).ok()).ok_or_else(|| format!("no usage: {quantity}"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn number(value: &Value, key: &str) -> Decimal {
    decimal(&value[key]).unwrap_or_else(|| panic!("{key} is no number: {}", value[key]))
}

fn price(line: &Value) -> Decimal {
    number(line, "unit_price")
}
