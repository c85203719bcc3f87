//! What is to be taken from price lists: which price becomes which item of a tariff.

use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::grammar::{Choice, Key, Kind, Shape, check, complete};
use crate::document::source::{Sources, Span};
use crate::document::tree::{Entry, Node, Table, parse};
use crate::metering::usage::Dimension;
use crate::pricing::shape::DIMENSIONS;

/// What users write.
static MAPPING: Shape = Shape::new(&[
    Key::new("id", Kind::Name, "The id of what the tariff prices").required(),
    Key::new("region", TEXT, "Region of the prices").required(),
    Key::new("include", Kind::list(&TEXT), "Tariffs of the price book whose items belong to this one too")
        .default("[]"),
    Key::new("where", FACTS, "Facts that every price has").default("{}"),
    Key::new("item", Kind::Map(&Kind::Table(&ITEM)), "Items, by name").required(),
    Key::new("plan", Kind::Map(&Kind::Table(&PLAN)), "Ways to pay less for what is committed to, by name")
        .default("{}"),
]);

static PLAN: Shape = Shape::new(&[
    Key::new(
        "kind",
        Kind::Choice(&[
            Choice::new("reserved", "machines of one type, paid in every hour"),
            Choice::new("savings", "money per hour at the plan's prices"),
        ]),
        "What is committed to",
    )
    .required(),
    Key::new("text", TEXT, "Term and payment").required(),
]);

static ITEM: Shape = Shape::new(&[
    Key::new("dimension", Kind::Choice(&DIMENSIONS), "What is counted").required(),
    Key::new("variant", TEXT, "The only variant of it that is priced (a machine type)"),
    Key::new("where", FACTS, "Facts that this price alone has").default("{}"),
    Key::new(
        "units",
        Kind::count(1, i64::MAX as u64),
        "Units of the dimension in one unit of the list, where its word is not known",
    ),
    Key::new("plans", Kind::Map(&Kind::Table(&UNDER)), "Its prices under plans, by the plan's name").default("{}"),
]);

static UNDER: Shape = Shape::new(&[
    Key::new("where", FACTS, "Facts that this price alone has, in place of those of the item with the same keys")
        .required(),
    Key::new(
        "units",
        Kind::count(1, i64::MAX as u64),
        "Units of the dimension that the price pays: the hours of a term that is paid at once",
    ),
]);

const TEXT: Kind = Kind::Text("a text");
const FACTS: Kind = Kind::Map(&TEXT);

/// What is to be taken from price lists.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(super) id: String,
    pub(super) region: String,
    pub(super) include: Vec<String>,
    pub(super) items: Vec<Mapped>,
    pub(super) plans: Vec<Plan>,
}

/// A plan, in the words of the tariff.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub name: String,
    pub kind: String,
    pub text: String,
}

/// The facts of the one price that an item has under a plan.
#[derive(Clone, Debug)]
pub(super) struct Under {
    pub plan: String,
    pub span: Span,
    pub facts: Vec<Fact>,
    pub units: Option<u64>,
}

/// An item, and the facts of the one price that it takes.
#[derive(Clone, Debug)]
pub(super) struct Mapped {
    pub name: String,
    pub span: Span,
    pub dimension: Dimension,
    pub variant: Option<String>,
    pub facts: Vec<Fact>,
    pub units: Option<u64>,
    pub plans: Vec<Under>,
}

/// A fact that a price must have: the value, or with `~` before it a part of the value.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub key: String,
    pub wanted: String,
    pub span: Span,
}

impl Fact {
    pub fn holds(&self, value: &str) -> bool {
        match self.wanted.strip_prefix('~') {
            Some(part) => value.contains(part),
            None => value == self.wanted,
        }
    }
}

impl Mapping {
    /// Reads the mapping that users know as `name`.
    ///
    /// # Errors
    /// Every problem of the text, each where it stands.
    pub fn read(sources: &mut Sources, name: &str, text: &str) -> Result<Self, Diagnostics> {
        let mut problems = Diagnostics::new();
        let source = sources.add(name, text);
        let mut table = parse(sources, source, &mut problems);
        check(&table, Span::new(source, &(0..0)), &MAPPING, &mut problems);
        if problems.has_errors() {
            return Err(problems);
        }
        complete(&mut table, &MAPPING);
        let common = facts(&table);
        let plans = table.at("plan").table();
        for entry in table.at("item").table().iter() {
            for under in entry.node.table().at("plans").table().iter().filter(|under| !plans.contains(&under.key)) {
                let unknown = Diagnostic::error(format!("`{}` is not a `plan` of this file", under.key));
                problems.push(unknown.at(under.key_span).nearest(&under.key, plans.keys()));
            }
        }
        if problems.has_errors() {
            return Err(problems);
        }
        let items = table.at("item").table().iter().filter_map(|entry| {
            let item = entry.node.table();
            let own: Vec<Fact> = common.iter().cloned().chain(facts(item)).collect();
            let under = item.at("plans").table().iter().map(|entry| under(entry, &own));
            Some(Mapped {
                plans: under.collect(),
                name: entry.key.clone(),
                span: entry.key_span,
                dimension: Dimension::from_id(item.at("dimension").text())?,
                variant: item.get("variant").map(|variant| variant.text().to_owned()),
                facts: own,
                units: item.get("units").map(Node::count),
            })
        });
        Ok(Self {
            id: table.at("id").text().to_owned(),
            region: table.at("region").text().to_owned(),
            include: table.at("include").elements().iter().map(|id| id.text().to_owned()).collect(),
            items: items.collect(),
            plans: plans.iter().map(plan).collect(),
        })
    }
}

fn plan(entry: &Entry) -> Plan {
    let text = |key: &str| entry.node.table().at(key).text().to_owned();
    Plan { name: entry.key.clone(), kind: text("kind"), text: text("text") }
}

fn under(entry: &Entry, of_item: &[Fact]) -> Under {
    let table = entry.node.table();
    let own = facts(table);
    let inherited = of_item.iter().filter(|fact| own.iter().all(|known| known.key != fact.key));
    Under {
        plan: entry.key.clone(),
        span: entry.key_span,
        facts: inherited.cloned().chain(own.iter().cloned()).collect(),
        units: table.get("units").map(Node::count),
    }
}

fn facts(table: &Table) -> Vec<Fact> {
    let fact =
        |entry: &Entry| Fact { key: entry.key.clone(), wanted: entry.node.text().to_owned(), span: entry.node.span };
    table.at("where").table().iter().map(fact).collect()
}
