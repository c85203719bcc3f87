//! Reads tariffs: files of the price book, and the inline tables of scenarios.
//!
//! Every problem of a text is reported at once, each where it stands: unknown keys, prices that are malformed, negative,
//! too large or missing, tiers out of order, sources that are not listed, two prices for one thing.

use std::num::NonZeroU64;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::price::usd_per_unit;
use super::shape::TARIFF;
use super::tariff::{Allowance, Grant, Group, Item, Tariff, Tier, Unit};
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::grammar::{check, complete};
use crate::document::provenance::{Confidence, Provenance};
use crate::document::source::{Sources, Span};
use crate::document::tree::{Entry, Node, Table, parse};
use crate::metering::usage::Dimension;

/// Reads a tariff file that users know as `name`. The ids that it includes are returned with it, not yet resolved.
pub(super) fn read(sources: &mut Sources, name: &str, text: &str) -> Result<(Tariff, Vec<Node>), Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let source = sources.add(name, text);
    let mut table = parse(sources, source, &mut diagnostics);
    check(&table, Span::new(source, &(0..0)), &TARIFF, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    complete(&mut table, &TARIFF);
    let mut reader = Reader { id: table.at("id").text(), sources: table.at("source").table(), diagnostics };
    let zone = table.at("day_zone");
    if TimeZone::get(zone.text()).is_err() {
        reader.diagnostics.push(Diagnostic::error(format!("unknown time zone `{}`", zone.text())).at(zone.span));
    }
    let items = reader.items(&table);
    let tariff = Tariff {
        id: reader.id.to_owned(),
        region: table.at("region").text().to_owned(),
        day_zone: zone.text().to_owned(),
        items,
        partial: false,
    };
    let include = table.at("include").elements().to_vec();
    if reader.diagnostics.has_errors() { Err(reader.diagnostics) } else { Ok((tariff, include)) }
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
            Ok(price) => items.push(flat(format!("inline.{}", entry.key), dimension, None, price, stated("tariff"))),
            Err(problem) => diagnostics.push(problem),
        }
    }
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let (id, region, day_zone) = ("inline".to_owned(), String::new(), "UTC".to_owned());
    Ok(Tariff { id, region, day_zone, items, partial: true })
}

/// A price of a scenario that its own grammar need not have checked.
pub(super) fn stated_price(node: &Node, unit: &Unit, dimension: Dimension) -> Result<Decimal, Diagnostic> {
    let wrong = |why: &str| Diagnostic::error("not a price").at(node.span).label(why).help(PRICE_HELP);
    let text = node.as_str().ok_or_else(|| wrong(&format!("found {}", node.value.type_name())))?;
    usd_per_unit(text, unit, dimension).map_err(|why| wrong(&why))
}

const PRICE_HELP: &str = "a price is written \"0.20 USD/1M\", \"0.09 USD/GB\" or \"0.12 USD\"";

/// The provenance of what the scenario states under `key`.
pub(super) fn stated(key: &str) -> Provenance {
    let (source, observed) = (format!("the scenario, `{key}`"), "as given".to_owned());
    Provenance { source, observed, confidence: Confidence::Assumption }
}

/// An item with one price for one unit of its dimension.
fn flat(id: String, dimension: Dimension, variant: Option<String>, price: Decimal, provenance: Provenance) -> Item {
    Item {
        id,
        dimension,
        variant,
        group: Group::of(dimension),
        unit: Unit::of(dimension),
        tiers: vec![Tier { up_to: None, price, provenance }],
        whole: false,
        free_day: None,
        free_month: None,
        note: None,
    }
}

struct Reader<'a> {
    id: &'a str,
    sources: &'a Table,
    diagnostics: Diagnostics,
}

impl Reader<'_> {
    fn items(&mut self, table: &Table) -> Vec<Item> {
        let mut items = Vec::new();
        for entry in table.at("item").table().iter() {
            let item = self.item(entry);
            self.add(&mut items, item, entry.key_span);
        }
        let Some(variants) = table.get("variants").map(Node::table) else { return items };
        for entry in variants.at("prices").table().iter() {
            for dimension in variants.at("dimensions").elements() {
                let dimension = dimension_of(dimension);
                let price = self.price(&entry.node, &Unit::of(dimension), dimension);
                let provenance = self.provenance(variants, variants, entry.key_span);
                let id = format!("{}.{}", self.id, entry.key);
                let item = flat(id, dimension, Some(entry.key.clone()), price, provenance);
                self.add(&mut items, item, entry.key_span);
            }
        }
        items
    }

    /// Adds an item unless what it prices already has a price.
    fn add(&mut self, items: &mut Vec<Item>, item: Item, span: Span) {
        let same = |other: &&Item| other.dimension == item.dimension && other.variant == item.variant;
        match items.iter().find(same) {
            Some(other) => {
                let twice = format!("`{}` has two prices: `{}` and `{}`", item.dimension.id(), other.id, item.id);
                self.diagnostics.push(Diagnostic::error(twice).at(span));
            }
            None => items.push(item),
        }
    }

    fn item(&mut self, entry: &Entry) -> Item {
        let table = entry.node.table();
        let dimension = dimension_of(table.at("dimension"));
        let mut unit = Unit::of(dimension);
        if let Some(name) = table.get("unit") {
            name.text().clone_into(&mut unit.name);
        }
        if let Some(size) = table.get("size").and_then(|size| NonZeroU64::new(size.count())) {
            unit.size = size;
        }
        unit.month = table.at("month").flag();
        let tiers = match (table.get("price"), table.get("tiers")) {
            (Some(price), _) => vec![Tier {
                up_to: None,
                price: self.price(price, &unit, dimension),
                provenance: self.provenance(table, table, entry.key_span),
            }],
            (None, tiers) => self.tiers(table, tiers.map_or(&[], Node::elements), &unit, dimension),
        };
        Item {
            id: format!("{}.{}", self.id, entry.key),
            dimension,
            variant: None,
            group: table.get("group").and_then(|word| Group::from_word(word.text())).unwrap_or(Group::of(dimension)),
            unit,
            tiers,
            whole: table.at("whole").flag(),
            free_day: self.allowance(table, "free_day", dimension),
            free_month: self.allowance(table, "free_month", dimension),
            note: table.get("note").map(|note| note.text().to_owned()),
        }
    }

    fn tiers(&mut self, item: &Table, nodes: &[Node], unit: &Unit, dimension: Dimension) -> Vec<Tier> {
        let mut tiers = Vec::with_capacity(nodes.len());
        let mut reached = 0;
        for (index, node) in nodes.iter().enumerate() {
            let table = node.table();
            let up_to = table.get("up_to");
            let end = up_to.map(Node::count);
            let last = index + 1 == nodes.len();
            let problem = match end {
                None if !last => Some("only the last tier has no `up_to`"),
                Some(_) if last => Some("the last tier has no `up_to`: every quantity must have a price"),
                Some(end) if end <= reached => Some("tiers must rise"),
                _ => None,
            };
            if let Some(problem) = problem {
                self.diagnostics.push(Diagnostic::error(problem).at(up_to.map_or(node.span, |node| node.span)));
            }
            reached = end.unwrap_or(reached);
            tiers.push(Tier {
                up_to: end.map(Decimal::from),
                price: self.price(table.at("price"), unit, dimension),
                provenance: self.provenance(table, item, node.span),
            });
        }
        tiers
    }

    fn allowance(&mut self, item: &Table, key: &str, dimension: Dimension) -> Option<Allowance> {
        let node = item.get(key)?;
        let table = node.table();
        let grant = match (table.get("credit"), table.get("quantity")) {
            (Some(credit), _) => Grant::Credit(self.price(credit, &Unit::of(dimension), dimension)),
            (None, quantity) => Grant::Quantity(Decimal::from(quantity.map_or(0, Node::count))),
        };
        Some(Allowance {
            grant,
            expires: table.get("expires").map(|text| text.text().to_owned()),
            provenance: self.provenance(table, item, node.span),
        })
    }

    fn price(&mut self, node: &Node, unit: &Unit, dimension: Dimension) -> Decimal {
        stated_price(node, unit, dimension).unwrap_or_else(|problem| {
            self.diagnostics.push(problem);
            Decimal::ZERO
        })
    }

    /// The provenance that `table` states, or else its item.
    fn provenance(&mut self, table: &Table, item: &Table, span: Span) -> Provenance {
        let either = |key: &str| table.get(key).or_else(|| item.get(key));
        let found = either("source").map(|name| (name, self.sources.get(name.text())));
        let word = either("confidence").map(Node::text);
        let confidence = Confidence::ALL.into_iter().find(|confidence| Some(confidence.word()) == word);
        match (found, confidence) {
            (Some((_, Some(source))), Some(confidence)) => {
                let text = |key: &str| source.table().at(key).text().to_owned();
                return Provenance { source: text("text"), observed: text("observed"), confidence };
            }
            (Some((name, None)), _) => {
                let unknown = Diagnostic::error(format!("`{}` is not a `source` of this file", name.text()));
                self.diagnostics.push(unknown.at(name.span).nearest(name.text(), self.sources.keys()));
            }
            _ => self.diagnostics.push(
                Diagnostic::error("a price without a source")
                    .at(span)
                    .help("give `source` and `confidence` here or for the whole item"),
            ),
        }
        Provenance { source: String::new(), observed: String::new(), confidence: Confidence::Recollection }
    }
}

/// The dimension of a node that was checked to be one.
fn dimension_of(node: &Node) -> Dimension {
    Dimension::from_id(node.text()).unwrap_or_else(|| panic!("a dimension was checked, found `{}`", node.text()))
}
