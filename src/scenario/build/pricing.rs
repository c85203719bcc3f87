//! `[pricing]`: how usage becomes a bill, and the price book with the negotiated rates in it.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Context;
use crate::document::diagnostic::Diagnostic;
use crate::document::source::Span;
use crate::document::tree::{Node, Table};
use crate::metering::calendar::Month;
use crate::pricing::book::Book;
use crate::pricing::commitment::{Commitment, Held};
use crate::pricing::settle::{Currency, Options};
use crate::pricing::tariff::{Plan, PlanKind};

/// The options that a checked and completed `[pricing]` says.
pub fn options(context: &mut Context, table: &Table) -> Option<Options> {
    let month = table.at("month");
    let month = if month.text() == "calendar" { Month::Calendar } else { Month::Fixed(month.duration()) };
    let currency = table.at("currency").table();
    let code = currency.at("code");
    if code.text().len() != 3 || !code.text().bytes().all(|letter| letter.is_ascii_uppercase()) {
        context.error(code.span, "expected a currency code of three capital letters such as \"EUR\"");
    }
    // The number as it was written: its shortest decimal form, never through a rounded one.
    let per_usd = currency.at("per_usd");
    let Ok(rate) = per_usd.number().to_string().parse() else {
        context.error(per_usd.span, "the rate has more digits than an exact decimal holds");
        return None;
    };
    Some(Options {
        month,
        free_tier: table.at("free_tier").flag(),
        egress: table.at("egress").flag(),
        currency: Currency { code: code.text().to_owned(), per_usd: rate },
        commitments: commitments(context, table),
        account_opened: table.get("account_opened").and_then(date),
    })
}

/// What is committed to, each with a plan of the book that commits to such a thing.
fn commitments(context: &mut Context, table: &Table) -> Vec<Commitment> {
    let mut commitments = Vec::new();
    for node in table.at("commitment").elements() {
        let stated = node.table();
        let name = stated.at("plan");
        let held = match (stated.get("machine"), stated.get("per_hour")) {
            (Some(machine), _) => Held::Machines(machine.text().to_owned(), Decimal::from(stated.at("count").count())),
            (None, Some(usd)) => Held::PerHour(usd.money()),
            (None, None) => continue,
        };
        let (kind, wanted) = match held {
            Held::Machines(..) => (PlanKind::Reserved, "per_hour"),
            Held::PerHour(_) => (PlanKind::Savings, "machine and count"),
        };
        let plan = plan(name.text());
        match plan {
            None => {
                let plans = Book::builtin().tariffs().flat_map(|tariff| &tariff.plans);
                let ids = plans.filter(|plan| plan.kind != PlanKind::Spot).map(|plan| plan.id.as_str());
                let unknown = Diagnostic::error(format!("no plan is called `{}`", name.text())).at(name.span);
                context.problems.push(unknown.nearest(name.text(), ids));
            }
            Some(plan) if plan.kind == PlanKind::Spot => {
                context.error(name.span, "spare capacity is not committed to");
            }
            Some(plan) if plan.kind != kind => {
                context.error(name.span, format!("{}: give `{wanted}`", plan.text));
            }
            Some(_) => {}
        }
        if let Held::Machines(machine, _) = &held
            && plan.is_some_and(|plan| plan.kind == PlanKind::Reserved)
            && let Some(problem) = unreserved(machine, name.text(), stated.at("machine").span)
        {
            context.problems.push(problem);
        }
        commitments.push(Commitment { plan: name.text().to_owned(), held });
    }
    commitments
}

/// The plan of the price book that is called `tariff.plan`.
fn plan(id: &str) -> Option<&'static Plan> {
    let tariff = Book::builtin().tariff(id.split_once('.')?.0)?;
    tariff.plans.iter().find(|plan| plan.id == id)
}

/// A machine that the plan does not sell.
fn unreserved(machine: &str, plan: &str, span: Span) -> Option<Diagnostic> {
    let items = &Book::builtin().tariff(plan.split_once('.')?.0)?.items;
    let under = items.iter().filter(|item| item.under(plan).is_some());
    let mut sold = under.filter_map(|item| item.variant.as_deref()).peekable();
    sold.peek()?;
    let sold: Vec<&str> = sold.collect();
    let unknown = Diagnostic::error(format!("`{plan}` has no price for `{machine}`")).at(span);
    (!sold.contains(&machine)).then(|| unknown.nearest(machine, sold))
}

fn date(node: &Node) -> Option<Date> {
    let date = node.datetime().date?;
    Date::new(i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok()
}

/// The built-in price book of the day that `[pricing]` says, with the rates of `pricing.set`.
pub fn book(context: &mut Context, table: &Table) -> Book {
    let as_of = table.at("as_of");
    let day = if as_of.as_str() == Some("latest") { None } else { date(as_of) };
    let mut book = day.map_or_else(|| Book::builtin().clone(), Book::as_of);
    if let Err(problems) = book.set(table.at("set").table()) {
        context.problems.extend(problems);
    }
    book
}
