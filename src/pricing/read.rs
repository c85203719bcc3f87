//! Reads tariffs: files of the price book, and the inline tables of scenarios.
//!
//! Every problem of a text is reported at once, each where it stands: unknown keys, prices that are malformed, negative,
//! too large or missing, tiers out of order, sources that are not listed, two prices for one thing.

mod items;
mod sizes;

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::price::usd_per_unit;
use super::shape::TARIFF;
use super::tariff::{Item, Tariff, Tier, Unit};
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::grammar::{check, complete};
use crate::document::provenance::{Confidence, Provenance};
use crate::document::source::{Sources, Span};
use crate::document::tree::{Node, Table, parse};
use crate::metering::usage::Dimension;
use items::Reader;

/// A tariff file that was read, and what it says of other tariffs, not yet resolved.
pub(super) struct File {
    pub tariff: Tariff,
    /// Ids of the tariffs that it includes.
    pub includes: Vec<Node>,
    /// Plans of other tariffs that its own are.
    pub plans: Vec<Node>,
}

/// Reads a tariff file that users know as `name`.
pub(super) fn read(sources: &mut Sources, name: &str, text: &str) -> Result<File, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let source = sources.add(name, text);
    let mut table = parse(sources, source, &mut diagnostics);
    check(&table, Span::new(source, &(0..0)), &TARIFF, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    complete(&mut table, &TARIFF);
    let mut id = table.at("id").text().to_owned();
    if table.at("elsewhere").flag() {
        id = format!("{id}@{}", table.at("region").text());
    }
    let mut reader = Reader { id: &id, sources: table.at("source").table(), diagnostics };
    let zone = table.at("day_zone");
    if TimeZone::get(zone.text()).is_err() {
        reader.diagnostics.push(Diagnostic::error(format!("unknown time zone `{}`", zone.text())).at(zone.span));
    }
    let items = reader.items(&table);
    let tariff = Tariff {
        id: reader.id.to_owned(),
        region: table.at("region").text().to_owned(),
        edition: table.get("edition").and_then(date),
        day_zone: zone.text().to_owned(),
        plans: reader.plans(&table),
        credits: reader.credits(&table, &items),
        sizes: reader.sizes(&table),
        items: items.into_iter().map(Arc::new).collect(),
        partial: false,
    };
    if reader.diagnostics.has_errors() {
        return Err(reader.diagnostics);
    }
    let plans = table.at("plan").table().iter().filter_map(|plan| plan.node.table().get("same_as").cloned());
    Ok(File { tariff, includes: table.at("include").elements().to_vec(), plans: plans.collect() })
}

/// The tariff that a scenario states inline: the price of one unit of each dimension that is priced. Dimensions left
/// out are listed in the bill as not priced.
///
/// # Errors
/// Unknown dimensions and prices that cannot be read, each where it stands.
pub fn inline_tariff(table: &Table) -> Result<Tariff, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let mut items = Vec::new();
    for entry in table.iter() {
        let Some(dimension) = Dimension::from_id(&entry.key) else {
            let unknown = Diagnostic::error(format!("unknown dimension `{}`", entry.key)).at(entry.key_span);
            diagnostics.push(unknown.nearest(&entry.key, Dimension::ALL.map(Dimension::id)));
            continue;
        };
        match stated_price(&entry.node, &Unit::of(dimension), dimension) {
            Ok(price) => {
                let tier = Tier { up_to: None, price, provenance: stated("tariff") };
                items.push(Arc::new(Item::new(format!("inline.{}", entry.key), dimension, vec![tier])));
            }
            Err(problem) => diagnostics.push(problem),
        }
    }
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let (id, region, day_zone) = ("inline".to_owned(), String::new(), "UTC".to_owned());
    Ok(Tariff { region, day_zone, items, partial: true, ..Tariff::empty(id) })
}

/// A price of a scenario that its own grammar need not have checked.
pub(super) fn stated_price(node: &Node, unit: &Unit, dimension: Dimension) -> Result<Decimal, Diagnostic> {
    let wrong = |why: &str| Diagnostic::error("not a price").at(node.span).label(why).help(PRICE_HELP);
    let text = node.as_str().ok_or_else(|| wrong(&format!("found {}", node.value.type_name())))?;
    usd_per_unit(text, unit, dimension).map_err(|why| wrong(&why))
}

/// A date that was checked to be one.
fn date(node: &Node) -> Option<Date> {
    let date = node.datetime().date?;
    Date::new(i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok()
}

const PRICE_HELP: &str = "a price is written \"0.20 USD/1M\", \"0.09 USD/GB\" or \"0.12 USD\"";

/// The provenance of what the scenario states under `key`.
pub(super) fn stated(key: &str) -> Provenance {
    let (source, observed) = (format!("the scenario, `{key}`"), "as given".to_owned());
    Provenance { source, observed, confidence: Confidence::Assumption }
}

/// A quantity as price lists write it: `10TB` (in GB), `6B`, `333M`, `4K`, `512`.
#[must_use]
pub fn quantity_in_words(words: &str, gigabytes_per_terabyte: u64) -> Option<Decimal> {
    let digits = words.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(words.len());
    let count: Decimal = words[..digits].parse().ok()?;
    let times = match &words[digits..] {
        "" | "GB" => 1,
        "K" => 1000,
        "M" => 1_000_000,
        "B" => 1_000_000_000,
        "TB" => gigabytes_per_terabyte,
        _ => return None,
    };
    count.checked_mul(Decimal::from(times))
}

/// The dimension of a node that was checked to be one.
fn dimension_of(node: &Node) -> Dimension {
    Dimension::from_id(node.text()).unwrap_or_else(|| panic!("a dimension was checked, found `{}`", node.text()))
}
