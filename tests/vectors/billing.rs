//! Cases of `billing.json`: usage, prices, and the bill that a provider or a price calculator makes of them.
//!
//! Here the words of the cases are translated: lines into items of a tariff ("first 6B" into the end of a tier), free
//! tiers into allowances, and usage into counts ([`super::metered`]). Rounding, allowances, tiers, sustained use, credits and
//! totals are the library's. Where a case says no more than the quantity of a line (a disk of a price calculator's own
//! configuration), that quantity is the usage; how many such there are is counted and printed.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex};

use breakeven::document::provenance::{Confidence, Provenance};
use breakeven::metering::calendar::{Calendar, Month};
use breakeven::metering::usage::{Dimension, Meter, Usage};
use breakeven::pricing::bill::{Bill, mean};
use breakeven::pricing::settle::{Options, settle};
use breakeven::pricing::tariff::{Allowance, Grant, Item, Tariff, Tier, Unit};
use breakeven::units::Nanos;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::Value;

use super::list;
use super::metered::{Facts, Origin, decimal, metered, standing};

/// Counts in one priced unit: enough for a price calculator's twelve decimals.
const COUNTS_PER_UNIT: u64 = 1_000_000_000_000;

/// Where the quantities of all items came from: a pass says little of one that was given.
pub static ORIGINS: Mutex<Vec<(String, Origin)>> = Mutex::new(Vec::new());

/// What the keys of a case's free tier are allowances of, where it is not the line of that name.
const FREE_OF: [(&str, &[&str]); 9] = [
    ("requests", &["requests", "requests_million_rounded_up"]),
    ("gb_seconds", &["compute", "compute_on_demand", "gb_seconds", "duration_million_rounded_up"]),
    ("vcpu_seconds", &["vcpu"]),
    ("gib_seconds", &["memory"]),
    ("f1_hours_per_day", &["billable", "f1_equivalent_hours"]),
    ("b1_hours_per_day", &["b1"]),
    ("traces", &["recorded"]),
    ("recorded", &["recorded"]),
    ("retrieved_or_scanned", &["retrieved_scanned"]),
];

/// The lines of one item: several when it has tiers.
pub struct Priced<'a> {
    pub name: String,
    pub lines: Vec<&'a Value>,
    /// Where the tiers end, in priced units (of the month, in percent); none where a tier has no end.
    ends: Vec<Option<Decimal>>,
    /// What is free before the first line.
    starts: Decimal,
}

impl Priced<'_> {
    pub fn unit(&self) -> &str {
        text(self.lines[0], "unit")
    }

    /// Whether the first line begins where something free ends.
    pub fn starts_free(&self) -> bool {
        !self.starts.is_zero()
    }

    fn sustained(&self) -> bool {
        self.lines.iter().any(|line| text(line, "component").ends_with("pct"))
    }
}

/// What an item of a case counted, per day.
pub struct Used<'a> {
    pub priced: Priced<'a>,
    pub quantities: Vec<Decimal>,
    pub origin: Origin,
}

/// The items of a case and what they counted.
pub fn used<'a>(case: &'a Value, facts: &Facts) -> Vec<Used<'a>> {
    let priced = priced(case, facts);
    let names: Vec<String> = priced.iter().map(|one| one.name.clone()).collect();
    let known = case["free_tier"].as_object().is_none_or(|free| {
        free.keys().all(|key| free_of(key, "").is_some() || names.iter().any(|name| *name == daily(key).0))
    });
    let used = priced.into_iter().map(|priced| {
        let given = priced.lines.iter().map(|line| number(line, "quantity")).sum::<Decimal>() + priced.starts;
        let counted = metered(facts, &priced.name, priced.unit()).filter(|_| known);
        let stands = || standing(facts, priced.unit(), given).filter(|_| known);
        let (quantities, origin) = match counted {
            Some(quantities) => (quantities, Origin::Counted),
            None => stands().map_or_else(|| (vec![given], Origin::Given), |stands| (stands, Origin::Standing)),
        };
        Used { priced, quantities, origin }
    });
    used.collect()
}

pub fn case(case: &Value) -> Result<(), String> {
    let facts = Facts::of(case);
    let origins = used(case, &facts);
    let origins = origins.iter().map(|one| (format!("{}: {}", facts.service(), one.priced.name), one.origin));
    ORIGINS.lock().expect("no case panics here").extend(origins);
    judged(case)
}

/// Lines whose quantity a case worked by hand has to give as well: so much of a disk, so many months of a plan.
const GIVEN_BY_HAND: [&str; 4] =
    ["Provisioned IOPS", "Storage (provisioned IOPS SSD, io1)", "month_after_55pct", "fargate_gb_sp"];

/// A case that is worked by hand: what its lines count must follow from its usage.
pub fn by_hand(case: &Value) -> Result<(), String> {
    let facts = Facts::of(case);
    for one in used(case, &facts) {
        if one.origin == Origin::Given && !GIVEN_BY_HAND.contains(&one.priced.name.as_str()) {
            return Err(format!("{} is not counted", one.priced.name));
        }
    }
    judged(case)
}

fn judged(case: &Value) -> Result<(), String> {
    let facts = Facts::of(case);
    let used = used(case, &facts);
    let credit: Decimal = list(&case["lines"]).iter().map(price).filter(Decimal::is_sign_negative).sum();
    let month = month(&facts);
    let calendar = calendar(&facts)?;
    let mut usage = Usage::default();
    let mut items = Vec::new();
    for (place, one) in used.iter().enumerate() {
        let unit = one.priced.unit();
        let mut item = item(&one.priced, place, unit);
        if one.origin != Origin::Given {
            grant(&mut item, case, &one.priced.name, unit);
        }
        if place == 0 && !credit.is_zero() {
            item.free_month = Some(allowance(Grant::Credit(-credit)));
        }
        let meter = Meter { service: String::new(), dimension: item.dimension, variant: place.to_string() };
        if item.sustained {
            hold(&mut usage, &meter, &calendar, one.quantities.iter().sum())?;
        } else {
            for (day, quantity) in one.quantities.iter().enumerate() {
                let slice = calendar.slices.partition_point(|slice| slice.day < day);
                usage.add(&meter, slice, counts(*quantity)?);
            }
        }
        items.push(Arc::new(item));
    }
    let tariff = Tariff { region: text(case, "region").to_owned(), items, ..Tariff::empty("case".to_owned()) };
    let options = Options::usd(month);
    let settled = settle(&usage, &[tariff], &calendar, &options).map_err(|error| error.to_string())?;
    let bill = mean(&[settled], &options).map_err(|error| error.to_string())?;
    let priced: Vec<Priced> = used.into_iter().map(|one| one.priced).collect();
    compare(case, &priced, &bill)
}

fn length(facts: &Facts) -> Nanos {
    Nanos(u64::try_from(facts.month_hours()).expect("hours") * Nanos::HOUR.0)
}

pub fn month(facts: &Facts) -> Month {
    Month::Fixed(length(facts))
}

pub fn calendar(facts: &Facts) -> Result<Calendar, String> {
    let start = "2026-01-05T00:00:00[UTC]".parse().expect("an instant");
    Calendar::new(&start, Nanos::ZERO, length(facts), month(facts), &TimeZone::UTC).map_err(|error| error.to_string())
}

/// One thing, held for so many hours from the start.
fn hold(usage: &mut Usage, meter: &Meter, calendar: &Calendar, hours: Decimal) -> Result<(), String> {
    let nanoseconds = hours * Decimal::from(Nanos::HOUR.0);
    let mut left = u64::try_from(nanoseconds).map_err(|_| format!("no usage: {hours} h"))?;
    for (number, slice) in calendar.slices.iter().enumerate() {
        let held = left.min((slice.end - slice.start).0);
        usage.add(meter, number, u128::from(held));
        left -= held;
    }
    Ok(())
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
pub enum Begins {
    First,
    Next,
    Over,
}

#[derive(Clone, Copy)]
pub struct TierWord<'a> {
    kind: Begins,
    size: &'a str,
}

/// Splits `Duration (next 9B)`, `next_20TB_b` and `25_50pct` into what is priced and which tier of it.
pub fn tier(component: &str) -> (&str, Option<TierWord<'_>>) {
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
    let sustained = priced.sustained();
    let dimension = if sustained { Dimension::NodeHours } else { Dimension::Requests };
    let mut item = Item::new(id(place), dimension, tiers);
    item.variant = Some(place.to_string());
    item.sustained = sustained;
    item.whole = priced.name.ends_with("_rounded_up");
    if !sustained {
        let size = NonZeroU64::new(COUNTS_PER_UNIT).expect("not zero");
        item.unit = Unit { name: unit.to_owned(), size, month: false };
    }
    item
}

fn grant(item: &mut Item, case: &Value, name: &str, unit: &str) {
    for (key, quantity) in case["free_tier"].as_object().into_iter().flatten() {
        let (own, is_daily) = daily(key);
        if own == name || free_of(key, name) == Some(true) {
            let quantity = decimal(quantity).expect("an allowance") / per_unit(unit);
            let free = if is_daily { &mut item.free_day } else { &mut item.free_month };
            *free = Some(allowance(Grant::Quantity(quantity)));
        }
    }
}

/// The name in a key of a free tier, and whether it is one per day.
fn daily(key: &str) -> (&str, bool) {
    key.strip_suffix("_per_day").map_or((key, false), |name| (name, true))
}

/// Whether a known key of a free tier is an allowance of the line called `name`.
fn free_of(key: &str, name: &str) -> Option<bool> {
    FREE_OF.iter().find(|(known, _)| *known == key).map(|(_, names)| names.contains(&name))
}

fn allowance(grant: Grant) -> Allowance {
    Allowance { grant, expires: None, months: None, shared: None, provenance: provenance() }
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

pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

pub fn number(value: &Value, key: &str) -> Decimal {
    decimal(&value[key]).unwrap_or_else(|| panic!("{key} is no number: {}", value[key]))
}

pub fn price(line: &Value) -> Decimal {
    number(line, "unit_price")
}
