//! A price as a list of any form has it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::document::json::{Located, Wrong};

/// One price of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Byte at which it stands.
    pub at: usize,
    /// Line on which it stands, from 1.
    pub line: usize,
    /// What it is the price of, in the list's own words: what a mapping selects by.
    pub facts: BTreeMap<String, String>,
    /// What is counted, in the list's own words.
    pub unit: String,
    /// Marginal prices, in ascending order; the first begins at 0.
    pub steps: Vec<Step>,
    /// From when it holds, as far as the list says.
    pub observed: String,
}

/// A price from a quantity on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// In units of the list.
    pub from: Decimal,
    /// USD for one unit of the list.
    pub usd: Decimal,
}

/// A decimal that is not negative, as it is written: plain or with an exponent, exactly.
pub fn decimal(node: &Located<'_>) -> Result<Decimal, Wrong> {
    let text = node.number()?;
    let refused = |why: &str| Wrong::new(node.at, format!("`{}` {why}", shortened(text)));
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let read = if plain { Decimal::from_str_exact(text) } else { Decimal::from_scientific(text) };
    let number = read.map_err(|_| refused("is no decimal that fits an exact price"))?;
    if number.is_sign_negative() && !number.is_zero() {
        return Err(refused("is negative"));
    }
    Ok(number.normalize())
}

fn shortened(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    if short.len() < text.len() { format!("{short}...") } else { short }
}

/// The date with which an instant begins; `undated` for anything else.
pub fn date(text: &str) -> String {
    let date = text.get(..10).and_then(|date| date.parse::<jiff::civil::Date>().ok());
    date.map_or_else(|| "undated".to_owned(), |date| date.to_string())
}

/// The members of a table that are words, under their own keys.
pub fn facts(table: &Located<'_>) -> Result<BTreeMap<String, String>, Wrong> {
    Ok(table.table()?.iter().filter_map(|(key, value)| Some((key.clone().into_owned(), value.word()?))).collect())
}

/// Sorts steps, and refuses those that do not begin at 0 or begin where another does.
pub fn in_order(mut steps: Vec<Step>, at: usize) -> Result<Vec<Step>, Wrong> {
    steps.sort_by_key(|step| step.from);
    if steps.first().is_none_or(|step| !step.from.is_zero()) {
        return Err(Wrong::new(at, "no price from 0 on"));
    }
    if steps.windows(2).any(|pair| pair[0].from == pair[1].from) {
        return Err(Wrong::new(at, "two prices from the same quantity on"));
    }
    Ok(steps)
}

/// Refuses what is not priced in USD.
pub fn in_usd(currency: &Located<'_>) -> Result<(), Wrong> {
    let code = currency.text()?;
    if code == "USD" {
        return Ok(());
    }
    let what = format!("priced in `{}`: only prices in USD are taken over, which bills convert", shortened(code));
    Err(Wrong::new(currency.at, what))
}
