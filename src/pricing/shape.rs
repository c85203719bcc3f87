//! The keys of a tariff file.

use crate::document::grammar::{Choice, Key, Kind, Rule, Shape};
use crate::document::provenance::Confidence;
use crate::metering::usage::Dimension;

use super::tariff::Group;

/// A tariff file.
pub static TARIFF: Shape = Shape::new(&[
    Key::new("id", Kind::Name, "The id of what the tariff prices").required(),
    Key::new("region", Kind::Text("a region"), "Region of the prices").required(),
    Key::new("day_zone", Kind::Text("an IANA time zone"), "Zone of the days of daily allowances").default("UTC"),
    Key::new("include", Kind::list(&Kind::Name), "Tariffs whose items belong to this one too").default("[]"),
    Key::new("source", Kind::Map(&Kind::Table(&SOURCE)), "Where prices come from, by the name used below")
        .default("{}"),
    Key::new("item", Kind::Map(&Kind::Table(&ITEM)), "What is priced, by its name").default("{}"),
    Key::new("variants", Kind::Table(&VARIANTS), "An item for each variant of something (machine types)"),
]);

static SOURCE: Shape = Shape::new(&[
    Key::new("text", TEXT, "Author, title, year, URL").required(),
    Key::new("observed", TEXT, "When it was read, as precisely as is known").required(),
]);

static ITEM: Shape = Shape::new(&[
    Key::new("dimension", Kind::Choice(&DIMENSIONS), "What is counted").required(),
    Key::new("group", Kind::Choice(&GROUPS), "Where it stands in the bill; default: that of the dimension"),
    Key::new("unit", TEXT, "What one priced unit is called; default: that of the dimension"),
    Key::new("size", WHOLE_POSITIVE, "Base units in one priced unit; default: that of the dimension"),
    Key::new("month", Kind::Boolean, "The unit is held for a month: `size` is per nanosecond").default("false"),
    Key::new("price", Kind::Price, "Price of every unit"),
    Key::new("tiers", Kind::List { of: &Kind::Table(&TIER), min: 1, max: 100 }, "Marginal prices"),
    Key::new("whole", Kind::Boolean, "What is left after allowances is rounded up to whole priced units")
        .default("false"),
    Key::new("free_day", Kind::Table(&ALLOWANCE), "Free tier per day, not carried over"),
    Key::new("free_month", Kind::Table(&ALLOWANCE), "Free tier per billing period"),
    Key::new("note", TEXT, "What a reader of the bill should know"),
    SOURCE_NAME,
    CONFIDENCE,
])
.with_rules(&[Rule::ExactlyOne(&["price", "tiers"])]);

static TIER: Shape = Shape::new(&[
    Key::new("up_to", WHOLE_POSITIVE, "Last quantity at this price, in priced units; the last tier has none"),
    Key::new("price", Kind::Price, "Price of a unit in this tier").required(),
    SOURCE_NAME,
    CONFIDENCE,
]);

static ALLOWANCE: Shape = Shape::new(&[
    Key::new("quantity", WHOLE_POSITIVE, "In priced units"),
    Key::new("credit", Kind::Price, "In money, at the price of the first tier"),
    Key::new("expires", TEXT, "What limits it, when it does not last"),
    SOURCE_NAME,
    CONFIDENCE,
])
.with_rules(&[Rule::ExactlyOne(&["quantity", "credit"])]);

static VARIANTS: Shape = Shape::new(&[
    Key::new("dimensions", Kind::List { of: &Kind::Choice(&DIMENSIONS), min: 1, max: 13 }, "What is counted")
        .required(),
    Key::new("prices", Kind::Map(&Kind::Price), "Price of a unit of the dimension, by variant").required(),
    SOURCE_NAME,
    CONFIDENCE,
]);

const TEXT: Kind = Kind::Text("a text");
const WHOLE_POSITIVE: Kind = Kind::count(1, i64::MAX as u64);
const SOURCE_NAME: Key = Key::new("source", TEXT, "Name of the source; that of the item unless given");
const CONFIDENCE: Key =
    Key::new("confidence", Kind::Choice(&CONFIDENCES), "How far it can be trusted; that of the item unless given");

static DIMENSIONS: [Choice; Dimension::ALL.len()] = {
    let mut choices = [Choice::new("", ""); Dimension::ALL.len()];
    let mut index = 0;
    while index < choices.len() {
        choices[index] = Choice::new(Dimension::ALL[index].id(), Dimension::ALL[index].base_unit());
        index += 1;
    }
    choices
};

static GROUPS: [Choice; Group::ALL.len()] = {
    let mut choices = [Choice::new("", ""); Group::ALL.len()];
    let mut index = 0;
    while index < choices.len() {
        choices[index] = Choice::new(Group::ALL[index].word(), "");
        index += 1;
    }
    choices
};

static CONFIDENCES: [Choice; Confidence::ALL.len()] = {
    let mut choices = [Choice::new("", ""); Confidence::ALL.len()];
    let mut index = 0;
    while index < choices.len() {
        choices[index] = Choice::new(Confidence::ALL[index].word(), "");
        index += 1;
    }
    choices
};
