//! `[pricing]`: how usage becomes a bill, and the price book with the negotiated rates in it.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Context;
use crate::document::diagnostic::Diagnostic;
use crate::document::tree::{Node, Table};
use crate::metering::calendar::Month;
use crate::pricing::book::Book;
use crate::pricing::commitment::{Commitment, Held};
use crate::pricing::settle::{Currency, Options};
use crate::pricing::tariff::{Plan, PlanKind, Tariff};

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
        commitments: commitments(table),
        account_opened: table.get("account_opened").and_then(date),
    })
}

/// What is committed to.
fn commitments(table: &Table) -> Vec<Commitment> {
    let stated = table.at("commitment").elements().iter().map(Node::table);
    let commitments = stated.filter_map(|stated| {
        let held = match (stated.get("machine"), stated.get("per_hour")) {
            (Some(machine), _) => Held::Machines(machine.text().to_owned(), Decimal::from(stated.at("count").count())),
            (None, Some(usd)) => Held::PerHour(usd.money()),
            (None, None) => return None,
        };
        Some(Commitment { plan: stated.at("plan").text().to_owned(), held })
    });
    commitments.collect()
}

/// Checks that each commitment is to a plan that there is, of the price book or of one of the tariffs of the deployments,
/// and that the plan sells such a thing. Where no tariffs are known, a plan of a tariff that the book does not have is not
/// looked for.
pub fn check_commitments(context: &mut Context, table: &Table, tariffs: Option<&[&Tariff]>) {
    for node in table.at("commitment").elements() {
        let stated = node.table();
        let name = stated.at("plan");
        let owner = name.text().split_once('.').map_or("", |(owner, _)| owner);
        let book = Book::builtin().tariff(owner);
        if book.is_none() && tariffs.is_none() {
            continue;
        }
        let of_owner = tariffs.into_iter().flatten().copied().chain(book);
        let found = of_owner.flat_map(|tariff| tariff.plans.iter().map(move |plan| (plan, tariff)));
        let found = found.filter(|(plan, _)| plan.id == name.text()).collect::<Vec<_>>();
        let problem = match found.first() {
            None => Some(unknown_plan(name, tariffs.unwrap_or_default())),
            Some((plan, tariff)) => unfit(stated, plan, tariff),
        };
        if let Some(problem) = problem {
            context.problems.push(problem);
        }
    }
}

fn unknown_plan(name: &Node, tariffs: &[&Tariff]) -> Diagnostic {
    let plans = Book::builtin().tariffs().chain(tariffs.iter().copied()).flat_map(|tariff| &tariff.plans);
    let ids: Vec<&str> = plans.filter(|plan| plan.kind != PlanKind::Spot).map(|plan| plan.id.as_str()).collect();
    Diagnostic::error(format!("no plan is called `{}`", name.text())).at(name.span).nearest(name.text(), ids)
}

/// What is wrong with a commitment to this plan of this tariff.
fn unfit(stated: &Table, plan: &Plan, tariff: &Tariff) -> Option<Diagnostic> {
    let span = stated.at("plan").span;
    let machine = stated.get("machine");
    match (plan.kind, machine) {
        (PlanKind::Spot, _) => Some(Diagnostic::error("spare capacity is not committed to").at(span)),
        (PlanKind::Savings, Some(_)) => Some(Diagnostic::error(format!("{}: give `per_hour`", plan.text)).at(span)),
        (PlanKind::Reserved, None) => {
            Some(Diagnostic::error(format!("{}: give `machine and count`", plan.text)).at(span))
        }
        (PlanKind::Savings, None) => None,
        (PlanKind::Reserved, Some(machine)) => {
            let under = tariff.items.iter().filter(|item| item.under(&plan.id).is_some());
            let sold: Vec<&str> = under.filter_map(|item| item.variant.as_deref()).collect();
            let name = machine.text();
            let unknown = Diagnostic::error(format!("`{}` has no price for `{name}`", plan.id)).at(machine.span);
            (!sold.is_empty() && !sold.contains(&name)).then(|| unknown.nearest(name, sold))
        }
    }
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
