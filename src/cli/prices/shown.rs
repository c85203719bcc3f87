//! A tariff as `simulate prices show` tells it: editions and regions, plans and credits, and everything of each item.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{Age, own};
use crate::document::provenance::Provenance;
use crate::pricing::book::Book;
use crate::pricing::explain::reasons;
use crate::pricing::tariff::{Allowance, Grant, Item, Tariff};

/// Editions of a tariff that are built in, oldest first; an undated one comes before all.
fn editions(tariff: &Tariff) -> Vec<Option<Date>> {
    let mut editions = Book::editions(&tariff.id);
    editions.sort_unstable();
    editions
}

/// Ids of the same tariff in other regions.
fn elsewhere(tariff: &Tariff) -> Vec<&'static str> {
    let base = |id: &str| id.split('@').next().unwrap_or_default().to_owned();
    let all = Book::builtin().tariffs().map(|other| other.id.as_str());
    all.filter(|id| *id != tariff.id && base(id) == base(&tariff.id)).collect()
}

fn dated(edition: Option<Date>) -> String {
    edition.map_or_else(|| "undated".to_owned(), |day| day.to_string())
}

/// Ids of the tariffs from which this one has items that are not its own.
fn included(tariff: &Tariff) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    for item in &tariff.items {
        let of = item.id.split('.').next().unwrap_or_default();
        if of != tariff.id && !ids.contains(&of) {
            ids.push(of);
        }
    }
    ids
}

/// For people: the head of a tariff where it is shown as a whole, then the items.
pub(super) fn told(id: &str, tariff: &Tariff, items: &[&Item], age: &Age) -> String {
    let mut text = format!("{id}, region {}\n", tariff.region);
    if id == tariff.id {
        text += &head(tariff, age);
    }
    for item in items {
        text += &paragraph(item, age);
    }
    text
}

fn head(tariff: &Tariff, age: &Age) -> String {
    let mut text = format!("    edition: {}", dated(tariff.edition));
    let others: Vec<String> = editions(tariff).into_iter().filter(|one| *one != tariff.edition).map(dated).collect();
    if !others.is_empty() {
        let _ = write!(text, "; others: {} (--as-of DATE; in a scenario, `pricing.as_of`)", others.join(", "));
    }
    text.push('\n');
    let elsewhere = elsewhere(tariff);
    if !elsewhere.is_empty() {
        let _ = writeln!(text, "    other regions: {}", elsewhere.join(", "));
    }
    if items_by_day(tariff) {
        let _ = writeln!(text, "    days of its daily allowances: {}", tariff.day_zone);
    }
    let included = included(tariff);
    if !included.is_empty() {
        let _ = writeln!(text, "    with the items of {}", included.join(", "));
    }
    for plan in &tariff.plans {
        let _ = writeln!(text, "    plan {} ({}): {}", plan.id, plan.kind.word(), plan.text);
    }
    if let Some(sold) = &tariff.sizes {
        for word in sold.sizes.in_words() {
            let _ = writeln!(text, "    {word}");
        }
        let _ = writeln!(text, "        {}", age.said(&sold.provenance));
    }
    for credit in &tariff.credits {
        let _ = writeln!(
            text,
            "    credit {}: {} USD a billing period, shared by {}",
            credit.id,
            credit.usd,
            credit.items.join(", ")
        );
        let _ = writeln!(text, "        {}", age.said(&credit.provenance));
    }
    text
}

fn items_by_day(tariff: &Tariff) -> bool {
    own(tariff).any(|item| item.free_day.is_some())
}

/// The same for machines.
pub(super) fn tariff(id: &str, tariff: &Tariff, items: &[&Item], age: &Age) -> Value {
    let items: Vec<Value> = items.iter().map(|item| of_item(tariff, item, age)).collect();
    let plans = tariff.plans.iter().map(|plan| json!({ "id": plan.id, "kind": plan.kind.word(), "text": plan.text }));
    let credits = tariff.credits.iter().map(|credit| {
        let mut value = json!({ "id": credit.id, "usd": credit.usd.to_string(), "items": credit.items });
        merge(&mut value, from(&credit.provenance, age));
        value
    });
    json!({
        "id": id,
        "region": tariff.region,
        "edition": tariff.edition.map(|day| day.to_string()),
        "editions": editions(tariff).into_iter().map(|one| one.map(|day| day.to_string())).collect::<Vec<_>>(),
        "other_regions": elsewhere(tariff),
        "day_zone": tariff.day_zone,
        "includes": included(tariff),
        "sizes": tariff.sizes.as_ref().map(|sold| sold.sizes.in_words()),
        "plans": plans.collect::<Vec<_>>(),
        "credits": credits.collect::<Vec<_>>(),
        "items": items,
    })
}

fn from(provenance: &Provenance, age: &Age) -> Value {
    json!({
        "source": provenance.source,
        "observed": provenance.observed,
        "confidence": provenance.confidence,
        "old": age.is_old(provenance),
    })
}

/// Everything that is known of an item, for people.
fn paragraph(item: &Item, age: &Age) -> String {
    let variant = item.variant.as_ref().map_or_else(String::new, |variant| format!(" of {variant}"));
    let mut text = format!("\n{}: {}{variant}, by the {}\n", item.id, item.dimension.id(), item.unit.name);
    let mut from = "0".to_owned();
    for tier in &item.tiers {
        let range = match (&tier.up_to, item.tiers.len()) {
            (_, 1) => String::new(),
            (Some(up_to), _) => format!(" from {from} up to {up_to}"),
            (None, _) => format!(" above {from}"),
        };
        let _ = write!(text, "    {} USD{range}\n        {}\n", tier.price, age.said(&tier.provenance));
        from = tier.up_to.map_or(from, |up_to| up_to.to_string());
    }
    for (allowance, per) in [(&item.free_day, "a day"), (&item.free_month, "a billing period")] {
        let Some(allowance) = allowance else { continue };
        let ends = allowance.expires.as_ref().map_or_else(String::new, |ends| format!(", {ends}"));
        let shared =
            allowance.shared.as_ref().map_or_else(String::new, |name| format!(", one grant for all of {name}"));
        let much = granted(allowance, item);
        let _ = writeln!(text, "    free with `pricing.free_tier`: {much} {per} of the account{shared}{ends}");
        let _ = writeln!(text, "        {}", age.said(&allowance.provenance));
    }
    for under in &item.plans {
        let _ = writeln!(text, "    {} USD under {}", under.price, under.plan);
        let _ = writeln!(text, "        {}", age.said(&under.provenance));
    }
    for reason in reasons(item) {
        let _ = writeln!(text, "    {reason}");
    }
    if let Some(note) = &item.note {
        let _ = writeln!(text, "    {note}");
    }
    let price = item.tiers.first().map_or_else(String::new, |tier| tier.price.to_string());
    text + &format!("    negotiated: --set 'pricing.set.\"{}\"=\"{price} USD\"'\n", item.id)
}

fn granted(allowance: &Allowance, item: &Item) -> String {
    match allowance.grant {
        Grant::Quantity(quantity) => format!("{quantity} {}", item.unit.name),
        Grant::Credit(usd) => format!("what {usd} USD buy"),
    }
}

/// The same for machines.
pub(super) fn of_item(tariff: &Tariff, item: &Item, age: &Age) -> Value {
    let from = |provenance: &Provenance| from(provenance, age);
    let tiers = item.tiers.iter().map(|tier| {
        let mut value = json!({ "up_to": tier.up_to.map(|up_to| up_to.to_string()), "usd": tier.price.to_string() });
        merge(&mut value, from(&tier.provenance));
        value
    });
    let allowance = |allowance: &Option<Allowance>| {
        allowance.as_ref().map(|allowance| {
            let (quantity, usd) = match allowance.grant {
                Grant::Quantity(quantity) => (Some(quantity.to_string()), None),
                Grant::Credit(usd) => (None, Some(usd.to_string())),
            };
            let mut value =
                json!({ "quantity": quantity, "usd": usd, "expires": allowance.expires, "months": allowance.months, "shared": allowance.shared });
            merge(&mut value, from(&allowance.provenance));
            value
        })
    };
    let plans = item.plans.iter().map(|under| {
        let mut value = json!({ "plan": under.plan, "usd": under.price.to_string() });
        merge(&mut value, from(&under.provenance));
        value
    });
    json!({
        "id": item.id,
        "region": tariff.region,
        "group": item.group.word(),
        "dimension": item.dimension.id(),
        "variant": item.variant,
        "unit": item.unit.name,
        "base_units": item.unit.size,
        "held_for_a_month": item.unit.month,
        "tiers": tiers.collect::<Vec<_>>(),
        "free_day": allowance(&item.free_day),
        "free_month": allowance(&item.free_month),
        "plans": plans.collect::<Vec<_>>(),
        "minimum_usd": item.minimum.map(|usd| usd.to_string()),
        "maximum_usd": item.maximum.map(|usd| usd.to_string()),
        "whole": item.whole,
        "times": item.times,
        "at_once": item.at_once.map(|most| most.to_string()),
        "sustained": item.sustained,
        "rules": reasons(item),
        "note": item.note,
    })
}

fn merge(value: &mut Value, more: Value) {
    if let (Value::Object(value), Value::Object(more)) = (value, more) {
        value.extend(more);
    }
}
