//! The keys of a tariff file.

use crate::document::grammar::{Choice, Key, Kind, Rule, Shape};
use crate::document::provenance::Confidence;
use crate::metering::usage::Dimension;

use super::tariff::{Group, PlanKind};

/// A tariff file.
pub static TARIFF: Shape = Shape::new(&[
    Key::new("id", Kind::Name, "The id of what the tariff prices").required(),
    Key::new("region", Kind::Text("a region"), "Region of the prices").required(),
    Key::new("elsewhere", Kind::Boolean, "Prices of another region than that of the tariff with this id: `id@region`")
        .default("false"),
    Key::new("edition", Kind::Date, "First day on which these prices are known to hold; none where no source says"),
    Key::new("day_zone", Kind::Text("an IANA time zone"), "Zone of the days of daily allowances").default("UTC"),
    Key::new("include", Kind::list(&TEXT), "Tariffs whose items belong to this one too").default("[]"),
    Key::new("source", Kind::Map(&Kind::Table(&SOURCE)), "Where prices come from, by the name used below")
        .default("{}"),
    Key::new("item", Kind::Map(&Kind::Table(&ITEM)), "What is priced, by its name").default("{}"),
    Key::new("plan", Kind::Map(&Kind::Table(&PLAN)), "Ways to pay less for what is committed to, by name")
        .default("{}"),
    Key::new("credit", Kind::Map(&Kind::Table(&CREDIT)), "Free tiers in money that several items share, by name")
        .default("{}"),
    Key::new("variants", Kind::Table(&VARIANTS), "An item for each variant of something (machine types)"),
    Key::new("sizes", Kind::Table(&SIZES), "What is billed of the processors and memory that are asked for"),
]);

static SOURCE: Shape = Shape::new(&[
    Key::new("text", TEXT, "Author, title, year, URL").required(),
    Key::new("observed", TEXT, "When it was read, as precisely as is known").required(),
]);

static ITEM: Shape = Shape::new(&[
    Key::new("dimension", Kind::Choice(&DIMENSIONS), "What is counted").required(),
    Key::new("variant", TEXT, "The only variant of it that is priced"),
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
    Key::new("times", Kind::count(1, 100), "Units charged for one that is used").default("1"),
    Key::new(
        "as_one",
        Kind::Map(&Kind::count(1, 1_000_000)),
        "Of these variants, by name, so many that are used count as one",
    )
    .default("{}"),
    Key::new("most", WHOLE_POSITIVE, "Most units that are sold for a billing period; more is refused"),
    Key::new("at_once", WHOLE_POSITIVE, "Most units charged at a time, of what is held over time"),
    Key::new("sustained", Kind::Boolean, "`up_to` counts percent of the period for which each unit was held")
        .default("false"),
    Key::new("minimum", Kind::Money, "Least charged for a period in which anything was used"),
    Key::new("maximum", Kind::Money, "Most charged for a period; what goes beyond it is free"),
    Key::new("terabyte", Kind::count(1000, 1024), "GB in the TB of an `up_to`").default("1024"),
    Key::new("plans", Kind::Map(&Kind::Table(&PLAN_PRICE)), "Price of a unit under a plan, by its name").default("{}"),
    Key::new("rule", Kind::Table(&RULE), "How it is rounded before it is summed"),
    Key::new("capacity", Kind::Table(&CAPACITY), "What one capacity unit takes"),
    Key::new("note", TEXT, "What a reader of the bill should know"),
    SOURCE_NAME,
    CONFIDENCE,
])
.with_rules(&[Rule::ExactlyOne(&["price", "tiers"])]);

static RULE: Shape = Shape::new(&[
    Key::new("step", Kind::DURATION, "Time is rounded up to a multiple of this").default("0s"),
    Key::new("least", Kind::DURATION, "Shortest time that is billed").default("0s"),
    Key::new("tail", Kind::DURATION, "Time billed after the end of an interval").default("0s"),
    Key::new("memory_step", Kind::SIZE, "Memory is rounded up to a multiple of this").default("0B"),
    Key::new("memory_least", Kind::SIZE, "Least memory that is billed").default("0B"),
    Key::new("chunk", Kind::SIZE, "A larger message counts once per chunk").default("0B"),
    Key::new("first_chunk", Kind::SIZE, "Size up to which a message counts once, where larger").default("0B"),
    Key::new("included", Kind::SIZE, "What each event or instance has of its own").default("0B"),
    Key::new("count_step", Kind::COUNT, "Counts are rounded up to a multiple of this, per event").default("0"),
    Key::new("start_billed", Kind::Boolean, "Whether starting up is billed like running").default("false"),
]);

static CAPACITY: Shape = Shape::new(&[
    Key::new("connections_per_second", TEXT, "New connections per second, a decimal").required(),
    Key::new("active_connections", TEXT, "Connections open at a time, a decimal").required(),
    Key::new("bytes_per_hour", Kind::SIZE, "Bytes processed per hour").required(),
    Key::new("evaluations_per_second", TEXT, "Rules evaluated per second, a decimal; 0: not counted").default("'0'"),
]);

static PLAN: Shape = Shape::new(&[
    Key::new("kind", Kind::Choice(&PLAN_KINDS), "What is committed to").required(),
    Key::new("text", TEXT, "Term and payment").required(),
    Key::new("same_as", TEXT, "The plan of another tariff, `tariff.plan`, that this one is: one commitment for both"),
]);

static PLAN_PRICE: Shape = Shape::new(&[
    Key::new("ratio", TEXT, "Price under the plan over that of the first tier, a decimal"),
    Key::new("price", Kind::Price, "Price of a unit under the plan"),
    SOURCE_NAME,
    CONFIDENCE,
])
.with_rules(&[Rule::ExactlyOne(&["ratio", "price"])]);

static CREDIT: Shape = Shape::new(&[
    Key::new("usd", Kind::Money, "Most money off per billing period").required(),
    Key::new("items", Kind::List { of: &TEXT, min: 1, max: 100 }, "Names of the items that share it").required(),
    SOURCE_NAME,
    CONFIDENCE,
]);

static SUSTAINED: Shape = Shape::new(&[
    Key::new("variants", Kind::List { of: &TEXT, min: 1, max: 1000 }, "Variants, or families of them").required(),
    Key::new(
        "factors",
        Kind::List { of: &TEXT, min: 2, max: 100 },
        "Share of the price, a decimal, in each of so many equal parts of the billing period",
    )
    .required(),
    SOURCE_NAME,
    CONFIDENCE,
]);

static RATE: Shape = Shape::new(&[
    Key::new("plan", TEXT, "Name of the plan").required(),
    Key::new("variants", Kind::List { of: &TEXT, min: 1, max: 1000 }, "Variants, or families of them (`m5`)")
        .required(),
    Key::new("ratio", TEXT, "Price under the plan over that on demand, a decimal"),
    Key::new("price", Kind::Price, "Price under the plan"),
    SOURCE_NAME,
    CONFIDENCE,
])
.with_rules(&[Rule::ExactlyOne(&["ratio", "price"])]);

static SURCHARGE: Shape = Shape::new(&[
    Key::new("name", Kind::Name, "What is paid for; the variant is `VARIANT:NAME`").required(),
    Key::new("dimension", Kind::Choice(&DIMENSIONS), "What is counted for it, beside what it comes on top of")
        .required(),
    Key::new("variants", Kind::List { of: &TEXT, min: 1, max: 1000 }, "Variants, or families of them").required(),
    Key::new("ratio", TEXT, "Share of the price on demand, a decimal, whatever the thing itself costs under a plan")
        .required(),
    SOURCE_NAME,
    CONFIDENCE,
]);

static SIZES: Shape = Shape::new(&[
    Key::new("added", Kind::SIZE, "Memory that the provider adds for itself").default("0B"),
    Key::new("milli_vcpu_step", Kind::COUNT, "Processors are rounded up to so many thousandths of a vCPU").default("0"),
    Key::new("least_per_vcpu", Kind::SIZE, "Least memory for each vCPU: memory grows").default("0B"),
    Key::new("most_per_vcpu", Kind::SIZE, "Most memory for each vCPU: processors grow; 0: no limit").default("0B"),
    Key::new("sold", Kind::list(&Kind::Table(&SOLD)), "All combinations that are sold, smallest first").default("[]"),
    SOURCE_NAME,
    CONFIDENCE,
]);

static SOLD: Shape = Shape::new(&[
    Key::new("milli_vcpu", WHOLE_POSITIVE, "Thousandths of a vCPU").required(),
    Key::new("least", Kind::SIZE, "Least memory that is sold with it").required(),
    Key::new("most", Kind::SIZE, "Most memory that is sold with it").required(),
    Key::new("step", Kind::SIZE, "Between the two, memory is sold in multiples of this").default("'1GiB'"),
]);

static TIER: Shape = Shape::new(&[
    Key::new(
        "up_to",
        Kind::OneOf(&[WHOLE_POSITIVE, TEXT]),
        "Last quantity at this price, in priced units, or `10TB`, `6B`, `333M`; the last tier has none",
    ),
    Key::new("price", Kind::Price, "Price of a unit in this tier").required(),
    SOURCE_NAME,
    CONFIDENCE,
]);

static ALLOWANCE: Shape = Shape::new(&[
    Key::new("quantity", WHOLE_POSITIVE, "In priced units"),
    Key::new("credit", Kind::Price, "In money, at the price of the first tier"),
    Key::new("expires", TEXT, "What limits it, when it does not last"),
    Key::new("months", Kind::count(1, 1200), "Months from the opening of an account for which it is granted"),
    Key::new("shared", TEXT, "Name of the one monthly grant that all items with this name share, in their order"),
    SOURCE_NAME,
    CONFIDENCE,
])
.with_rules(&[Rule::ExactlyOne(&["quantity", "credit"])]);

static VARIANTS: Shape = Shape::new(&[
    Key::new(
        "dimensions",
        Kind::List { of: &Kind::Choice(&DIMENSIONS), min: 1, max: Dimension::ALL.len() },
        "What is counted",
    )
    .required(),
    Key::new("prices", Kind::Map(&Kind::Price), "Price of a unit of the dimension, by variant").required(),
    Key::new("rule", Kind::Table(&RULE), "How it is rounded before it is summed"),
    Key::new("rate", Kind::list(&Kind::Table(&RATE)), "Prices under plans").default("[]"),
    Key::new("sustained", Kind::list(&Kind::Table(&SUSTAINED)), "Discounts for use that lasts").default("[]"),
    Key::new("surcharge", Kind::list(&Kind::Table(&SURCHARGE)), "What comes on top and no plan makes cheaper")
        .default("[]"),
    Key::new("unit", TEXT, "What one priced unit is called; default: that of the dimension"),
    Key::new("month", Kind::Boolean, "The unit is held for a month").default("false"),
    Key::new("note", TEXT, "What a reader of the bill should know"),
    SOURCE_NAME,
    CONFIDENCE,
]);

const TEXT: Kind = Kind::Text("a text");
const WHOLE_POSITIVE: Kind = Kind::count(1, i64::MAX as u64);
const SOURCE_NAME: Key = Key::new("source", TEXT, "Name of the source; that of the item unless given");
const CONFIDENCE: Key =
    Key::new("confidence", Kind::Choice(&CONFIDENCES), "How far it can be trusted; that of the item unless given");

pub(super) static DIMENSIONS: [Choice; Dimension::ALL.len()] = {
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

static PLAN_KINDS: [Choice; PlanKind::ALL.len()] = {
    let mut choices = [Choice::new("", ""); PlanKind::ALL.len()];
    let mut index = 0;
    while index < choices.len() {
        choices[index] = Choice::new(PlanKind::ALL[index].word(), "");
        index += 1;
    }
    choices
};
