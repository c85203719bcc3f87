//! The tariff file of what a mapping selects.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::PriceList;
use super::listed::{Listed, Step};
use super::mapping::{Fact, Mapped, Mapping, Under};
use super::savings::Products;
use super::unit::{Meaning, meaning};
use crate::document::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::document::source::Span;

/// Candidates that are named at most.
const NAMED: usize = 5;

/// Where prices are looked for.
struct Shelf<'l> {
    lists: &'l [PriceList],
    products: Products<'l>,
}

impl Shelf<'_> {
    fn has(&self, price: &Listed, fact: &Fact) -> bool {
        self.products.fact(price, &fact.key).is_some_and(|value| fact.holds(value))
    }
}

/// The lists, each as of a day, from which prices were taken: in the order in which they are first named.
#[derive(Default)]
struct Origins<'l>(Vec<(usize, &'l str)>);

impl<'l> Origins<'l> {
    /// The name of a source in the tariff.
    fn name(&mut self, list: usize, price: &'l Listed) -> String {
        let origin = (list, price.observed.as_str());
        let number = self.0.iter().position(|known| *known == origin).unwrap_or_else(|| {
            self.0.push(origin);
            self.0.len() - 1
        });
        format!("list-{}", number + 1)
    }
}

/// The text of a tariff file with the prices of `lists` that `mapping` selects.
///
/// # Errors
/// Items that no price or several prices match, units that are not known, tiers that no tariff can have; each where the
/// mapping asks for it.
pub fn tariff(mapping: &Mapping, lists: &[PriceList]) -> Result<String, Diagnostics> {
    let mut problems = Diagnostics::new();
    let mut origins = Origins::default();
    let mut items = String::new();
    let shelf = Shelf { lists, products: Products::of(lists) };
    for mapped in &mapping.items {
        match item(mapped, &shelf, &mut origins) {
            // Writing to a string cannot fail.
            Ok(stated) => _ = write!(items, "\n[item.{}]\n{stated}", quoted(&mapped.name)),
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
    for (number, (list, observed)) in (1..).zip(&origins.0) {
        let list = &lists[*list];
        let source = format!("{}, {}, SHA-256 {}", list.name, list.form, list.sha256);
        let _ = writeln!(text, "\n[source.list-{number}]\ntext = {}\nobserved = {}", quoted(&source), quoted(observed));
    }
    for plan in &mapping.plans {
        let (name, words) = (quoted(&plan.name), quoted(&plan.text));
        let _ = writeln!(text, "\n[plan.{name}]\nkind = {}\ntext = {words}", quoted(&plan.kind));
    }
    Ok(text + &items)
}

/// The keys of an item: its price, and those under plans.
fn item<'l>(mapped: &Mapped, shelf: &Shelf<'l>, origins: &mut Origins<'l>) -> Result<String, Diagnostic> {
    let lists = shelf.lists;
    let (list, price) = selected(&mapped.name, mapped.span, &mapped.facts, shelf)?;
    let meaning = understood(mapped.units, mapped, mapped.span, &lists[list], price)?;
    let mut text = stated(mapped, &meaning, &lists[list], price)?;
    let _ = writeln!(text, "source = \"{}\"\nconfidence = \"api\"", origins.name(list, price));
    for under in &mapped.plans {
        let name = format!("{}` under `{}", mapped.name, under.plan);
        let (list, price) = selected(&name, under.span, &under.facts, shelf)?;
        let (usd, confidence) = paid(mapped, &meaning, under, &lists[list], price)?;
        let (plan, source) = (quoted(&under.plan), origins.name(list, price));
        let _ = writeln!(
            text,
            "plans.{plan} = {{ price = \"{usd} USD\", source = \"{source}\", confidence = \"{confidence}\" }}"
        );
    }
    Ok(text)
}

/// USD for one unit of the item under a plan. What is paid at once for many units may be no exact decimal for one of them:
/// it is then rounded, and derived.
fn paid(
    mapped: &Mapped,
    of_item: &Meaning,
    under: &Under,
    list: &PriceList,
    price: &Listed,
) -> Result<(Decimal, &'static str), Diagnostic> {
    let refused = |what: &str| Diagnostic::error(format!("{}:{}: {what}", list.name, price.line)).at(under.span);
    let meaning = match under.units {
        Some(per) => Meaning { per, unit: of_item.unit },
        None => understood(None, mapped, under.span, list, price)?,
    };
    if meaning.unit != of_item.unit {
        return Err(refused(&format!("`{}` is not what `{}` is counted in", price.unit, mapped.name)));
    }
    let [only] = &price.steps[..] else { return Err(refused("a price with tiers: a plan has one price")) };
    let per = Decimal::from(meaning.per);
    let usd = only.usd.checked_div(per).ok_or_else(|| refused("more than an exact price holds"))?;
    if usd.checked_mul(per) == Some(only.usd) {
        return Ok((usd.normalize(), "api"));
    }
    Ok((usd.round_dp(PLACES).normalize(), "derived"))
}

/// Decimals of a price that is no exact part of what is paid at once.
const PLACES: u32 = 10;

fn quoted(text: &str) -> String {
    // A basic string with every special character escaped: TOML's and JSON's are the same but for DEL.
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// The one price that has every fact.
fn selected<'l>(name: &str, span: Span, facts: &[Fact], shelf: &Shelf<'l>) -> Result<(usize, &'l Listed), Diagnostic> {
    let lists = shelf.lists;
    let all = || lists.iter().enumerate().flat_map(|(index, list)| list.prices.iter().map(move |price| (index, price)));
    let matching: Vec<(usize, &Listed)> =
        all().filter(|(_, price)| facts.iter().all(|fact| shelf.has(price, fact))).collect();
    match matching[..] {
        [one] => Ok(one),
        [] => Err(unmatched(name, span, facts, all().map(|(_, price)| price).collect(), shelf)),
        _ => Err(ambiguous(name, span, &matching, lists)),
    }
}

/// Why no price matches: the first fact that none of those has that have the facts before it.
fn unmatched<'l>(name: &str, span: Span, facts: &[Fact], mut left: Vec<&'l Listed>, shelf: &Shelf<'l>) -> Diagnostic {
    for fact in facts {
        let values: BTreeSet<&str> =
            left.iter().filter_map(|price| shelf.products.fact(price, &fact.key)).map(String::as_str).collect();
        let next: Vec<&Listed> = left.iter().filter(|price| shelf.has(price, fact)).copied().collect();
        if next.is_empty() {
            let what = format!("no price for `{name}`: none has `{}` = \"{}\"", fact.key, fact.wanted);
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
    Diagnostic::error(format!("no price for `{name}`: the lists are empty")).at(span)
}

fn ambiguous(name: &str, span: Span, matching: &[(usize, &Listed)], lists: &[PriceList]) -> Diagnostic {
    let places: Vec<String> =
        matching.iter().take(NAMED).map(|(list, price)| format!("{}:{}", lists[*list].name, price.line)).collect();
    let more = if matching.len() > NAMED { ", ..." } else { "" };
    let message = format!("{} prices match `{name}`: {}{more}", matching.len(), places.join(", "));
    let keys: BTreeSet<&String> = matching.iter().flat_map(|(_, price)| price.facts.keys()).collect();
    let differs = |key: &&String| {
        let first = matching[0].1.facts.get(*key);
        matching.iter().any(|(_, price)| price.facts.get(*key) != first)
    };
    let differing: Vec<String> = keys.into_iter().filter(differs).take(NAMED).map(|key| format!("`{key}`")).collect();
    let problem = Diagnostic::error(message).at(span);
    if differing.is_empty() {
        problem.help("they have the same facts: the price is listed twice")
    } else {
        problem.help(format!("they differ in {}", differing.join(", ")))
    }
}

/// What a unit of the list is in the item's dimension.
fn understood(
    units: Option<u64>,
    mapped: &Mapped,
    span: Span,
    list: &PriceList,
    price: &Listed,
) -> Result<Meaning, Diagnostic> {
    if let Some(per) = units {
        return Ok(Meaning { per, unit: None });
    }
    meaning(&price.unit, mapped.dimension).ok_or_else(|| {
        let (unit, dimension) = (&price.unit, mapped.dimension);
        let what = format!("{}:{}: `{unit}` is no unit of `{}`", list.name, price.line, dimension.id());
        let help = format!("`units` says how many {}s it is, where that is what it counts", dimension.unit());
        Diagnostic::error(what).at(span).help(help)
    })
}

/// The keys of an item that state `price`.
fn stated(mapped: &Mapped, meaning: &Meaning, list: &PriceList, price: &Listed) -> Result<String, Diagnostic> {
    let refused = |what: String| Diagnostic::error(format!("{}:{}: {what}", list.name, price.line)).at(mapped.span);
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
