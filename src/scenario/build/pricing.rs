//! `[pricing]`: how usage becomes a bill, and the price book with the negotiated rates in it.

use super::Context;
use crate::document::tree::Table;
use crate::metering::calendar::Month;
use crate::pricing::book::Book;
use crate::pricing::settle::{Currency, Options};

/// The options that a checked and completed `[pricing]` says.
pub fn options(context: &mut Context, table: &Table) -> Option<Options> {
    let as_of = table.at("as_of");
    if as_of.as_str() != Some("latest") {
        context.error(as_of.span, "dated editions of prices are not simulated yet");
    }
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
    })
}

/// The built-in price book with the rates of `pricing.set`.
pub fn book(context: &mut Context, table: &Table) -> Book {
    let mut book = Book::builtin().clone();
    if let Err(problems) = book.set(table.at("set").table()) {
        context.problems.extend(problems);
    }
    book
}
