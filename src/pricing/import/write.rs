//! The tariff file of what a mapping selects.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::PriceList;
use super::listed::{Listed, Step};
use super::mapping::{Fact, Mapped, Mapping};
use super::unit::{Meaning, meaning};
use crate::document::diagnostic::{Diagnostic, Diagnostics, nearest};

/// Candidates that are named at most.
const NAMED: usize = 5;

/// The text of a tariff file with the prices of `lists` that `mapping` selects.
///
/// # Errors
/// Items that no price or several prices match, units that are not known, tiers that no tariff can have; each where the
/// mapping asks for it.
pub fn tariff(mapping: &Mapping, lists: &[PriceList]) -> Result<String, Diagnostics> {
    let mut problems = Diagnostics::new();
    let mut sources: Vec<(usize, &str)> = Vec::new();
    let mut items = String::new();
    for mapped in &mapping.items {
        match selected(mapped, lists).and_then(|(list, price)| Ok((list, price, stated(mapped, &lists[list], price)?)))
        {
            Ok((list, price, stated)) => {
                let source = (list, price.observed.as_str());
                let number = sources.iter().position(|known| *known == source).unwrap_or_else(|| {
                    sources.push(source);
                    sources.len() - 1
                });
                // Writing to a string cannot fail.
                let _ = write!(items, "\n[item.{}]\n{stated}", quoted(&mapped.name));
                let _ = writeln!(items, "source = \"list-{}\"\nconfidence = \"api\"", number + 1);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.has_errors() {
        return Err(problems);
    }
    let mut text = String::from("# Written by `simulate prices import`.\n");
    let _ = writeln!(text, "id = {}\nregion = {}", quoted(&mapping.id), quoted(&mapping.region));
    if !mapping.include.is_empty() {
        let ids: Vec<String> = mapping.include.iter().map(|id| quoted(id)).collect();
        let _ = writeln!(text, "include = [{}]", ids.join(", "));
    }
    for (number, (list, observed)) in (1..).zip(&sources) {
        let list = &lists[*list];
        let source = format!("{}, {}, SHA-256 {}", list.name, list.form, list.sha256);
        let _ = writeln!(text, "\n[source.list-{number}]\ntext = {}\nobserved = {}", quoted(&source), quoted(observed));
    }
    Ok(text + &items)
}

fn quoted(text: &str) -> String {
    // A basic string with every special character escaped: TOML's and JSON's are the same but for DEL.
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// The one price that has every fact.
fn selected<'l>(mapped: &Mapped, lists: &'l [PriceList]) -> Result<(usize, &'l Listed), Diagnostic> {
    let all = || lists.iter().enumerate().flat_map(|(index, list)| list.prices.iter().map(move |price| (index, price)));
    let has = |price: &Listed, fact: &Fact| price.facts.get(&fact.key).is_some_and(|value| fact.holds(value));
    let matching: Vec<(usize, &Listed)> =
        all().filter(|(_, price)| mapped.facts.iter().all(|fact| has(price, fact))).collect();
    match matching[..] {
        [one] => Ok(one),
        [] => Err(unmatched(mapped, &all().map(|(_, price)| price).collect::<Vec<_>>())),
        _ => Err(ambiguous(mapped, &matching, lists)),
    }
}

/// Why no price matches: the first fact that none of those has that have the facts before it.
fn unmatched(mapped: &Mapped, prices: &[&Listed]) -> Diagnostic {
    let mut left: Vec<&Listed> = prices.to_vec();
    for fact in &mapped.facts {
        let values: BTreeSet<&str> =
            left.iter().filter_map(|price| price.facts.get(&fact.key)).map(String::as_str).collect();
        let next: Vec<&Listed> = left
            .iter()
            .filter(|price| price.facts.get(&fact.key).is_some_and(|value| fact.holds(value)))
            .copied()
            .collect();
        if next.is_empty() {
            let what = format!("no price for `{}`: none has `{}` = \"{}\"", mapped.name, fact.key, fact.wanted);
            let problem = Diagnostic::error(what).at(fact.span);
            if values.is_empty() {
                let keys: BTreeSet<&str> =
                    left.iter().flat_map(|price| price.facts.keys()).map(String::as_str).collect();
                return problem.nearest(&fact.key, keys);
            }
            let some: Vec<&str> = values.iter().take(NAMED).copied().collect();
            return match nearest(&fact.wanted, values.iter().copied()) {
                Some(near) => problem.help(format!("did you mean \"{near}\"?")),
                None => problem.help(format!("there is \"{}\"", some.join("\", \""))),
            };
        }
        left = next;
    }
    Diagnostic::error(format!("no price for `{}`: the lists are empty", mapped.name)).at(mapped.span)
}

fn ambiguous(mapped: &Mapped, matching: &[(usize, &Listed)], lists: &[PriceList]) -> Diagnostic {
    let places: Vec<String> =
        matching.iter().take(NAMED).map(|(list, price)| format!("{}:{}", lists[*list].name, price.line)).collect();
    let more = if matching.len() > NAMED { ", ..." } else { "" };
    let message = format!("{} prices match `{}`: {}{more}", matching.len(), mapped.name, places.join(", "));
    let keys: BTreeSet<&String> = matching.iter().flat_map(|(_, price)| price.facts.keys()).collect();
    let differs = |key: &&String| {
        let first = matching[0].1.facts.get(*key);
        matching.iter().any(|(_, price)| price.facts.get(*key) != first)
    };
    let differing: Vec<String> = keys.into_iter().filter(differs).take(NAMED).map(|key| format!("`{key}`")).collect();
    let problem = Diagnostic::error(message).at(mapped.span);
    if differing.is_empty() {
        problem.help("they have the same facts: the price is listed twice")
    } else {
        problem.help(format!("they differ in {}", differing.join(", ")))
    }
}

/// The keys of an item that state `price`.
fn stated(mapped: &Mapped, list: &PriceList, price: &Listed) -> Result<String, Diagnostic> {
    let refused = |what: String| Diagnostic::error(format!("{}:{}: {what}", list.name, price.line)).at(mapped.span);
    let meaning = match mapped.units {
        Some(per) => Meaning { per, unit: None },
        None => meaning(&price.unit, mapped.dimension).ok_or_else(|| {
            let what = format!("`{}` is no unit of `{}`", price.unit, mapped.dimension.id());
            let help =
                format!("`units` says how many {}s it is, where that is what it counts", mapped.dimension.unit());
            refused(what).help(help)
        })?,
    };
    let mut text = format!("dimension = {}\n", quoted(mapped.dimension.id()));
    if let Some(variant) = &mapped.variant {
        let _ = writeln!(text, "variant = {}", quoted(variant));
    }
    if let Some((name, size, month)) = meaning.unit {
        let _ = writeln!(text, "unit = {}\nsize = {size}", quoted(name));
        if month {
            text.push_str("month = true\n");
        }
    }
    let usd = |step: &Step| match meaning.per {
        1 => format!("\"{} USD\"", step.usd),
        per => format!("\"{} USD/{per}\"", step.usd),
    };
    let up_to = |from: Decimal| {
        let units = from.checked_mul(Decimal::from(meaning.per)).filter(|units| units.fract().is_zero());
        let units = units.and_then(|units| units.to_i64()).filter(|units| *units > 0);
        units.ok_or_else(|| refused(format!("a tier ends at {from} {}: no whole number of units", price.unit)))
    };
    // What a list gives away at first is an allowance, which a scenario asks for, and no tier that is always free.
    let (free, steps) = match &price.steps[..] {
        [first, rest @ ..] if first.usd.is_zero() && !rest.is_empty() => (rest[0].from, rest),
        steps => (Decimal::ZERO, steps),
    };
    if let [only] = steps {
        let _ = writeln!(text, "price = {}", usd(only));
    } else {
        text.push_str("tiers = [\n");
        for (step, next) in steps.iter().zip(steps.iter().skip(1).map(Some).chain([None])) {
            let end = match next {
                Some(next) => format!("up_to = {}, ", up_to(next.from - free)?),
                None => String::new(),
            };
            let _ = writeln!(text, "  {{ {end}price = {} }},", usd(step));
        }
        text.push_str("]\n");
    }
    if !free.is_zero() {
        let _ = writeln!(text, "free_month = {{ quantity = {} }}", up_to(free)?);
    }
    Ok(text)
}
