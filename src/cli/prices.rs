//! `simulate prices`: the price book, every figure with its source and its age.

use std::borrow::Cow;
use std::fmt::Write as _;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

mod shown;

use super::arguments::{Arguments, Format};
use super::{Exit, Failure, output};
use crate::document::diagnostic::Diagnostic;
use crate::document::provenance::{Provenance, months_before};
use crate::pricing::book::Book;
use crate::pricing::tariff::{Item, Tariff};

/// Which prices are looked at, and which of them are pointed out as old.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Months from which a price is old.
    pub older_than: u32,
    /// Prices as observed by this day; the newest ones unless it is given.
    pub as_of: Option<Date>,
}

impl Asked {
    fn book(&self) -> Cow<'static, Book> {
        self.as_of.map_or(Cow::Borrowed(Book::builtin()), |day| Cow::Owned(Book::as_of(day)))
    }
}

/// What a price looks like today, for someone who asks how old it is.
struct Age {
    today: String,
    older_than: u32,
}

impl Age {
    /// Of today: what is asked on a terminal is asked now. Results and reports never ask the clock.
    fn new(older_than: u32) -> Self {
        Self { today: jiff::Zoned::now().date().to_string(), older_than }
    }

    fn is_old(&self, provenance: &Provenance) -> bool {
        months_before(&provenance.observed, &self.today).is_some_and(|months| months >= self.older_than)
    }

    /// `, observed 2024-04-01 (more than 12 months ago)`.
    fn said(&self, provenance: &Provenance) -> String {
        let old = if self.is_old(provenance) {
            format!(" (more than {} months ago)", self.older_than)
        } else {
            String::new()
        };
        let flag = if provenance.confidence.is_flagged() { " (!)" } else { "" };
        format!("{}{flag}, observed {}{old}: {}", provenance.confidence.word(), provenance.observed, provenance.source)
    }
}

/// One tariff of the list.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    id: &'a str,
    region: &'a str,
    items: usize,
    /// Earliest and latest observation, of those that are dated.
    oldest: Option<&'a str>,
    newest: Option<&'a str>,
    /// Items with a price, a free tier or a price under a plan that is an assumption or was not verified.
    unverified: usize,
    /// Items with a price that was observed long ago.
    old: usize,
}

/// Lists the tariffs.
///
/// # Errors
/// A format that there is not.
pub fn list(asked: Asked, arguments: &Arguments) -> Result<Exit, Failure> {
    let format = arguments.format_of(&[Format::Table, Format::Json])?;
    let (age, book) = (Age::new(asked.older_than), asked.book());
    let listed: Vec<Listed<'_>> = book.tariffs().map(|tariff| listed(tariff, &age)).collect();
    output::print(&if format == Format::Json { output::json(&listed)? } else { table(&listed, &age) })?;
    Ok(Exit::Done)
}

fn listed<'a>(tariff: &'a Tariff, age: &Age) -> Listed<'a> {
    let own: Vec<&Item> = own(tariff).collect();
    let dates = || provenances(&own).map(|from| from.observed.as_str()).filter(|date| date.starts_with("20"));
    let count = |is: &dyn Fn(&Provenance) -> bool| own.iter().filter(|item| provenances(&[item]).any(is)).count();
    Listed {
        id: &tariff.id,
        region: &tariff.region,
        items: own.len(),
        oldest: dates().min(),
        newest: dates().max(),
        unverified: count(&|from| from.confidence.is_flagged()),
        old: count(&|from| age.is_old(from)),
    }
}

/// The items that are written in a tariff itself; those that it includes belong to others.
fn own(tariff: &Tariff) -> impl Iterator<Item = &Item> {
    tariff.items.iter().map(AsRef::as_ref).filter(|item: &&Item| {
        item.id.rsplit_once('.').is_some_and(|_| item.id.starts_with(&format!("{}.", tariff.id)))
    })
}

fn provenances<'a>(items: &[&'a Item]) -> impl Iterator<Item = &'a Provenance> {
    let of = |item: &&'a Item| {
        let free = [&item.free_day, &item.free_month].into_iter().flatten().map(|allowance| &allowance.provenance);
        let under = item.plans.iter().map(|under| &under.provenance);
        item.tiers.iter().map(|tier| &tier.provenance).chain(free).chain(under)
    };
    items.iter().flat_map(of).collect::<Vec<_>>().into_iter()
}

fn table(listed: &[Listed<'_>], age: &Age) -> String {
    let width = listed.iter().map(|one| one.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for one in listed {
        let observed = match (one.oldest, one.newest) {
            (Some(oldest), Some(newest)) if oldest == newest => format!("observed {oldest}"),
            (Some(oldest), Some(newest)) => format!("observed {oldest} to {newest}"),
            _ if one.items == 0 => "other tariffs only".to_owned(),
            _ => "undated".to_owned(),
        };
        let items = if one.items == 1 { "1 item".to_owned() } else { format!("{} items", one.items) };
        let _ = write!(text, "{:width$}  {:14}  {items:>9}  {observed}", one.id, one.region);
        for (count, what) in
            [(one.unverified, "not verified".to_owned()), (one.old, format!("older than {} months", age.older_than))]
        {
            if count > 0 {
                let _ = write!(text, "; {count} {what}");
            }
        }
        text.push('\n');
    }
    text
}

/// Lists the items in which every one of `words` occurs: in the id, the unit, the dimension, the region, the note or a
/// source.
///
/// # Errors
/// A format that there is not, or no such item.
pub fn search(words: &[String], asked: Asked, arguments: &Arguments) -> Result<Exit, Failure> {
    let format = arguments.format_of(&[Format::Table, Format::Json])?;
    let (age, book) = (Age::new(asked.older_than), asked.book());
    let found: Vec<(&Tariff, &Item)> = book
        .tariffs()
        .flat_map(|tariff| own(tariff).map(move |item| (tariff, item)))
        .filter(|(tariff, item)| matches(tariff, item, words))
        .collect();
    if found.is_empty() {
        let problem = Diagnostic::error(format!("nothing is priced under `{}`", words.join(" ")));
        return Err(Failure::of(Exit::Bad, problem.help("every tariff: `simulate prices list`")));
    }
    let text = if format == Format::Json {
        let items: Vec<Value> = found.iter().map(|(tariff, item)| shown::of_item(tariff, item, &age)).collect();
        output::json(&items)?
    } else {
        let width = found.iter().map(|(_, item)| item.id.len()).max().unwrap_or(0);
        let line = |(_, item): &(&Tariff, &Item)| {
            let old = if provenances(&[item]).any(|from| age.is_old(from)) { ", old" } else { "" };
            let flag = if provenances(&[item]).any(|from| from.confidence.is_flagged()) { " (!)" } else { "" };
            format!("{:width$}  {}{flag}{old}\n", item.id, prices(item))
        };
        found.iter().map(line).collect()
    };
    output::print(&text)?;
    Ok(Exit::Done)
}

fn matches(tariff: &Tariff, item: &Item, words: &[String]) -> bool {
    let sources = provenances(&[item]).map(|from| from.source.clone()).collect::<Vec<_>>().join(" ");
    let note = item.note.as_deref().unwrap_or_default();
    let all = [&item.id, item.dimension.id(), &item.unit.name, &tariff.region, note, &sources].join(" ").to_lowercase();
    words.iter().all(|word| all.contains(&word.to_lowercase()))
}

/// `0.0000002 USD per request`, the first of several tiers.
fn prices(item: &Item) -> String {
    let Some(first) = item.tiers.first() else { return "no price".to_owned() };
    let tiers = if item.tiers.len() > 1 { format!(", {} tiers", item.tiers.len()) } else { String::new() };
    format!("{} USD per {}{tiers}", first.price, item.unit.name)
}

/// Shows a tariff, or one item of it.
///
/// # Errors
/// A format that there is not, or no such price: with the nearest.
pub fn show(id: &str, asked: Asked, arguments: &Arguments) -> Result<Exit, Failure> {
    let format = arguments.format_of(&[Format::Table, Format::Json])?;
    let (age, book) = (Age::new(asked.older_than), asked.book());
    let Some((tariff, items)) = found(&book, id) else { return Err(unknown(&book, id)) };
    let text = if format == Format::Json {
        output::json(&shown::tariff(id, tariff, &items, &age))?
    } else {
        shown::told(id, tariff, &items, &age)
    };
    output::print(&text)?;
    Ok(Exit::Done)
}

/// The tariff of that id with its own items, or the items of that id.
fn found<'b>(book: &'b Book, id: &str) -> Option<(&'b Tariff, Vec<&'b Item>)> {
    if let Some(tariff) = book.tariff(id) {
        return Some((tariff, own(tariff).collect()));
    }
    let of = |tariff: &'b Tariff| {
        let items: Vec<&Item> = own(tariff).filter(|item| item.id == id).collect();
        (!items.is_empty()).then_some((tariff, items))
    };
    book.tariffs().find_map(of)
}

/// What an item is called in its tariff.
fn own_name(id: &str) -> &str {
    id.split_once('.').map_or(id, |(_, own)| own)
}

/// What there is instead: the full names of what is called so in its tariff, or else the nearest.
fn unknown(book: &Book, id: &str) -> Failure {
    let problem = Diagnostic::error(format!("nothing is priced as `{id}`"));
    if let Some(first) = book.later(id.split_once('.').map_or(id, |(tariff, _)| tariff)) {
        let help = first.map_or("its sources are undated".to_owned(), |day| format!("its oldest prices are of {day}"));
        return Failure::of(Exit::Bad, problem.help(help));
    }
    let tariffs = book.tariffs().map(|tariff| tariff.id.as_str());
    let items: Vec<&str> = book.tariffs().flat_map(own).map(|item| item.id.as_str()).collect();
    let mut whole: Vec<String> =
        items.iter().filter(|item| own_name(item) == id).map(|item| format!("`{item}`")).collect();
    whole.dedup();
    if !whole.is_empty() {
        return Failure::of(Exit::Bad, problem.help(format!("did you mean {}?", whole.join(" or "))));
    }
    let near = crate::document::diagnostic::nearest(id, tariffs.chain(items.iter().copied()));
    Failure::of(
        Exit::Bad,
        match near {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem
                .help("every tariff: `simulate prices list`; `simulate prices search WORDS` looks into all of them"),
        },
    )
}
