//! The items, plans and credits of a tariff file that was checked.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use rust_decimal::Decimal;

use super::{dimension_of, quantity_in_words, stated_price};
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::provenance::{Confidence, Provenance};
use crate::document::source::Span;
use crate::document::tree::{Entry, Node, Table};
use crate::metering::capacity::Capacity;
use crate::metering::rule::Rule;
use crate::metering::usage::{Dimension, spare};
use crate::pricing::tariff::{Allowance, Credit, Grant, Group, Item, Plan, PlanKind, PlanPrice, Tier, Unit, parts};

/// Reads what a file prices; problems gather in `diagnostics`.
pub(super) struct Reader<'a> {
    pub id: &'a str,
    pub sources: &'a Table,
    pub diagnostics: Diagnostics,
}

impl Reader<'_> {
    pub fn items(&mut self, table: &Table) -> Vec<Item> {
        let plans = table.at("plan").table();
        let mut items = Vec::new();
        for entry in table.at("item").table().iter() {
            let item = self.item(entry, plans);
            self.one_grant(&items, &item, entry);
            self.add(&mut items, item, entry.key_span);
        }
        let Some(variants) = table.get("variants").map(Node::table) else { return items };
        for entry in variants.at("prices").table().iter() {
            for dimension in variants.at("dimensions").elements() {
                let dimension = dimension_of(dimension);
                for item in self.variant(variants, entry, dimension, plans) {
                    self.add(&mut items, item, entry.key_span);
                }
            }
            for node in variants.at("surcharge").elements().iter().filter(|node| names(node.table(), &entry.key)) {
                let item = self.surcharge(variants, entry, node);
                self.add(&mut items, item, node.span);
            }
        }
        items
    }

    /// What several items share is one grant, of one size, in a billing period.
    fn one_grant(&mut self, items: &[Item], item: &Item, entry: &Entry) {
        if item.free_day.as_ref().is_some_and(|allowance| allowance.shared.is_some()) {
            let daily = Diagnostic::error("only a monthly allowance is shared");
            self.diagnostics.push(daily.at(entry.node.table().at("free_day").span));
        }
        let Some(allowance) = item.free_month.as_ref().filter(|allowance| allowance.shared.is_some()) else { return };
        let sharing = items.iter().filter_map(|other| other.free_month.as_ref());
        let mut sharing = sharing.filter(|other| other.shared == allowance.shared);
        if sharing.any(|other| (other.grant, other.months) != (allowance.grant, allowance.months)) {
            let node = entry.node.table().at("free_month");
            let name = node.table().at("shared").text();
            self.diagnostics.push(Diagnostic::error(format!("`{name}` is granted in two sizes")).at(node.span));
        }
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

    /// The item of one variant, and that of the same on spare capacity where a plan sells it.
    fn variant(&mut self, variants: &Table, entry: &Entry, dimension: Dimension, plans: &Table) -> Vec<Item> {
        let mut unit = Unit::of(dimension);
        if variants.at("month").flag() {
            (unit.month, unit.size) = (true, NonZeroU64::MIN);
        }
        if let Some(name) = variants.get("unit") {
            name.text().clone_into(&mut unit.name);
        }
        let price = self.price(&entry.node, &unit, dimension);
        let tier = |price, provenance| vec![Tier { up_to: None, price, provenance }];
        let provenance = self.provenance(variants, variants, entry.key_span);
        let mut item = Item::new(format!("{}.{}", self.id, entry.key), dimension, tier(price, provenance));
        item.variant = Some(entry.key.clone());
        item.note = variants.get("note").map(|note| note.text().to_owned());
        item.rule = variants.get("rule").map(|rule| rounding(rule.table())).unwrap_or_default();
        let mut items = Vec::new();
        for sustained in variants.at("sustained").elements().iter().filter(|node| names(node.table(), &entry.key)) {
            item.tiers = self.sustained(sustained, price);
            item.sustained = true;
        }
        for rate in variants.at("rate").elements().iter().filter(|node| names(node.table(), &entry.key)) {
            let table = rate.table();
            let name = table.at("plan").text();
            let Some(kind) = self.plan_kind(name, table.at("plan").span, plans) else { continue };
            let price = match table.get("price") {
                Some(price) => self.price(price, &unit, dimension),
                None => price.checked_mul(self.decimal(table.at("ratio"))).unwrap_or(Decimal::MAX),
            };
            let provenance = self.provenance(table, table, rate.span);
            let plan = self.plan_id(name, plans);
            if kind == PlanKind::Spot {
                let spot = Item::new(spare(&item.id), dimension, tier(price, provenance));
                let (variant, unit, rule) = (Some(spare(&entry.key)), unit.clone(), item.rule);
                items.push(Item { variant, unit, rule, ..spot });
            } else if item.under(&plan).is_none() {
                item.plans.push(PlanPrice { plan, price, provenance });
            }
        }
        item.unit = unit;
        items.insert(0, item);
        items
    }

    /// What comes on top of a variant: a share of its price on demand, for what is counted beside it.
    fn surcharge(&mut self, variants: &Table, entry: &Entry, node: &Node) -> Item {
        let table = node.table();
        let of = dimension_of(variants.at("dimensions").elements().first().unwrap_or(table.at("dimension")));
        let price = self.price(&entry.node, &Unit::of(of), of);
        let price = price.checked_mul(self.decimal(table.at("ratio"))).unwrap_or(Decimal::MAX);
        let provenance = self.provenance(table, table, node.span);
        let variant = format!("{}:{}", entry.key, table.at("name").text());
        let tiers = vec![Tier { up_to: None, price, provenance }];
        let mut item = Item::new(format!("{}.{variant}", self.id), dimension_of(table.at("dimension")), tiers);
        item.variant = Some(variant);
        item.group = Group::of(of);
        item.rule = variants.get("rule").map(|rule| rounding(rule.table())).unwrap_or_default();
        item
    }

    /// A tier for each of the equal parts of the period, in percent of it.
    fn sustained(&mut self, node: &Node, price: Decimal) -> Vec<Tier> {
        let table = node.table();
        let factors = table.at("factors").elements();
        let parts = Decimal::from(factors.len());
        let mut tiers = Vec::with_capacity(factors.len());
        for (number, factor) in (1_u32..).zip(factors) {
            let end = (Decimal::from(number) * Decimal::ONE_HUNDRED).checked_div(parts);
            tiers.push(Tier {
                up_to: end.filter(|_| Decimal::from(number) < parts),
                price: price.checked_mul(self.decimal(factor)).unwrap_or(Decimal::MAX),
                provenance: self.provenance(table, table, node.span),
            });
        }
        tiers
    }

    fn plan_kind(&mut self, name: &str, span: Span, plans: &Table) -> Option<PlanKind> {
        let Some(plan) = plans.get(name) else {
            let unknown = Diagnostic::error(format!("`{name}` is not a `plan` of this file"));
            self.diagnostics.push(unknown.at(span).nearest(name, plans.keys()));
            return None;
        };
        PlanKind::ALL.into_iter().find(|kind| kind.word() == plan.table().at("kind").text())
    }

    /// The id of a plan of this file: its own, or that of the plan that it is.
    fn plan_id(&self, name: &str, plans: &Table) -> String {
        let same = plans.get(name).and_then(|plan| plan.table().get("same_as"));
        same.map_or_else(|| format!("{}.{name}", self.id), |same| same.text().to_owned())
    }

    fn item(&mut self, entry: &Entry, plans: &Table) -> Item {
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
        let mut item = Item::new(format!("{}.{}", self.id, entry.key), dimension, tiers);
        item.variant = table.get("variant").map(|variant| variant.text().to_owned());
        if let Some(group) = table.get("group").and_then(|word| Group::from_word(word.text())) {
            item.group = group;
        }
        item.whole = table.at("whole").flag();
        item.sustained = table.at("sustained").flag();
        item.times = table.at("times").count_u32();
        item.most = table.get("most").map(|most| Decimal::from(most.count()));
        item.at_once = table.get("at_once").map(|most| Decimal::from(most.count()));
        item.minimum = table.get("minimum").map(Node::money);
        item.maximum = table.get("maximum").map(Node::money);
        item.free_day = self.allowance(table, "free_day", dimension);
        item.free_month = self.allowance(table, "free_month", dimension);
        item.rule = table.get("rule").map(|rule| rounding(rule.table())).unwrap_or_default();
        item.capacity = table.get("capacity").map(|capacity| self.capacity(capacity.table()));
        item.note = table.get("note").map(|note| note.text().to_owned());
        for plan in table.at("plans").table().iter() {
            let price = plan.node.table();
            self.plan_kind(&plan.key, plan.key_span, plans);
            let under = if let Some(price) = price.get("price") {
                self.price(price, &unit, dimension)
            } else {
                let first = item.tiers.first().map_or(Decimal::ZERO, |tier| tier.price);
                first.checked_mul(self.decimal(price.at("ratio"))).unwrap_or(Decimal::MAX)
            };
            let provenance = self.provenance(price, table, plan.key_span);
            item.plans.push(PlanPrice { plan: self.plan_id(&plan.key, plans), price: under, provenance });
        }
        item.as_one = as_one(table.at("as_one").table());
        match unit.size.get().checked_mul(parts(&item.as_one)).and_then(NonZeroU64::new) {
            Some(size) => unit.size = size,
            None => self.diagnostics.push(Diagnostic::error("too many count as one").at(table.at("as_one").span)),
        }
        item.unit = unit;
        item
    }

    fn tiers(&mut self, item: &Table, nodes: &[Node], unit: &Unit, dimension: Dimension) -> Vec<Tier> {
        let mut tiers = Vec::with_capacity(nodes.len());
        let mut reached = Decimal::ZERO;
        for (index, node) in nodes.iter().enumerate() {
            let table = node.table();
            let up_to = table.get("up_to");
            let end = up_to.map(|node| self.end(node, item.at("terabyte").count()));
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
                up_to: end,
                price: self.price(table.at("price"), unit, dimension),
                provenance: self.provenance(table, item, node.span),
            });
        }
        tiers
    }

    /// Where a tier ends: a number of units, or one in words.
    fn end(&mut self, node: &Node, gigabytes_per_terabyte: u64) -> Decimal {
        let Some(words) = node.as_str() else { return Decimal::from(node.count()) };
        quantity_in_words(words, gigabytes_per_terabyte).unwrap_or_else(|| {
            let wrong = Diagnostic::error("not the end of a tier").at(node.span).label(format!("found `{words}`"));
            self.diagnostics.push(wrong.help("it is written 10240, \"10TB\", \"6B\", \"333M\" or \"4K\""));
            Decimal::ZERO
        })
    }

    fn capacity(&mut self, table: &Table) -> Capacity {
        Capacity {
            connections_per_second: self.decimal(table.at("connections_per_second")),
            active_connections: self.decimal(table.at("active_connections")),
            bytes_per_hour: Decimal::from(table.at("bytes_per_hour").size().0),
            evaluations_per_second: self.decimal(table.at("evaluations_per_second")),
        }
    }

    /// A decimal that is not negative.
    fn decimal(&mut self, node: &Node) -> Decimal {
        let number = node.text().parse::<Decimal>().ok().filter(|number| !number.is_sign_negative());
        number.unwrap_or_else(|| {
            self.diagnostics.push(Diagnostic::error("not a decimal").at(node.span).help("it is written \"0.63\""));
            Decimal::ZERO
        })
    }

    pub fn plans(&self, table: &Table) -> Vec<Plan> {
        let plans = table.at("plan").table().iter().filter_map(|entry| {
            let plan = entry.node.table();
            let kind = PlanKind::ALL.into_iter().find(|kind| kind.word() == plan.at("kind").text())?;
            Some(Plan {
                id: self.plan_id(&entry.key, table.at("plan").table()),
                kind,
                text: plan.at("text").text().to_owned(),
            })
        });
        plans.collect()
    }

    pub fn credits(&mut self, table: &Table, items: &[Item]) -> Vec<Credit> {
        let mut credits = Vec::new();
        for entry in table.at("credit").table().iter() {
            let credit = entry.node.table();
            let mut shared = Vec::new();
            for name in credit.at("items").elements() {
                let id = format!("{}.{}", self.id, name.text());
                if items.iter().all(|item| item.id != id) {
                    let unknown = Diagnostic::error(format!("`{}` is not an `item` of this file", name.text()));
                    self.diagnostics.push(unknown.at(name.span));
                }
                shared.push(id);
            }
            credits.push(Credit {
                id: format!("{}.{}", self.id, entry.key),
                usd: credit.at("usd").money(),
                items: shared,
                provenance: self.provenance(credit, credit, entry.key_span),
            });
        }
        credits
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
            months: table.get("months").map(Node::count_u32),
            shared: table.get("shared").map(|name| format!("{}.{}", self.id, name.text())),
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
    pub fn provenance(&mut self, table: &Table, item: &Table, span: Span) -> Provenance {
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

/// Whether a table of prices is of this variant, or of its family (what stands before the first dot or dash).
fn names(table: &Table, variant: &str) -> bool {
    let family = variant.split_once(['.', '-']).map_or(variant, |(family, _)| family);
    table.at("variants").elements().iter().any(|node| node.text() == variant || node.text() == family)
}

/// A rule of metering as it stands in a file.
fn rounding(table: &Table) -> Rule {
    Rule {
        step: table.at("step").duration(),
        least: table.at("least").duration(),
        tail: table.at("tail").duration(),
        memory_step: table.at("memory_step").size(),
        memory_least: table.at("memory_least").size(),
        chunk: table.at("chunk").size(),
        first_chunk: table.at("first_chunk").size(),
        included: table.at("included").size(),
        count_step: table.at("count_step").count(),
        start_billed: table.at("start_billed").flag(),
    }
}

/// How many of each variant count as one.
fn as_one(table: &Table) -> BTreeMap<String, NonZeroU64> {
    let of = table.iter().filter_map(|entry| Some((entry.key.clone(), NonZeroU64::new(entry.node.count())?)));
    of.collect()
}
