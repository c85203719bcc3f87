//! `simulate --version`: how old the figures are matters as much as how old the program is.

use crate::platform::catalogue::Catalogue;
use crate::pricing::book::Book;

/// Version, and when defaults and prices were observed.
pub fn text() -> String {
    let range = |dates: Option<(&str, &str)>| {
        dates.map_or_else(|| "undated".to_owned(), |(oldest, newest)| format!("observed {oldest} to {newest}"))
    };
    format!(
        "simulate {}\ncatalogue: {}\nprices: {}\n",
        env!("CARGO_PKG_VERSION"),
        range(Catalogue::builtin().observed()),
        range(prices()),
    )
}

/// Earliest and latest observation of a price; undated ones do not count.
fn prices() -> Option<(&'static str, &'static str)> {
    let tiers = || Book::builtin().tariffs().flat_map(|tariff| &tariff.items).flat_map(|item| &item.tiers);
    let dates = || tiers().map(|tier| tier.provenance.observed.as_str()).filter(|date| date.starts_with("20"));
    Some((dates().min()?, dates().max()?))
}
