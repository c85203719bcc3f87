//! What is to be taken from price lists: which price becomes which item of a tariff.

use crate::document::diagnostic::Diagnostics;
use crate::document::grammar::{Key, Kind, Shape, check, complete};
use crate::document::source::{Sources, Span};
use crate::document::tree::{Node, Table, parse};
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
        let items = table.at("item").table().iter().filter_map(|entry| {
            let item = entry.node.table();
            Some(Mapped {
                name: entry.key.clone(),
                span: entry.key_span,
                dimension: Dimension::from_id(item.at("dimension").text())?,
                variant: item.get("variant").map(|variant| variant.text().to_owned()),
                facts: common.iter().cloned().chain(facts(item)).collect(),
                units: item.get("units").map(Node::count),
            })
        });
        Ok(Self {
            id: table.at("id").text().to_owned(),
            region: table.at("region").text().to_owned(),
            include: table.at("include").elements().iter().map(|id| id.text().to_owned()).collect(),
            items: items.collect(),
        })
    }
}

fn facts(table: &Table) -> Vec<Fact> {
    let fact = |entry: &crate::document::tree::Entry| Fact {
        key: entry.key.clone(),
        wanted: entry.node.text().to_owned(),
        span: entry.node.span,
    };
    table.at("where").table().iter().map(fact).collect()
}
