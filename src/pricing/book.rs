//! The price book: the tariffs that are built in, those that a user adds, and the rates that a user has negotiated.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::read::{read, stated, stated_price};
use super::tariff::{Item, Tariff, Tier};
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::source::Sources;
use crate::document::tree::Table;

/// The tariffs that are built in: those that are included come before those that include them.
const FILES: [(&str, &str); 9] = [
    ("aws-addresses.toml", include_str!("tariffs/aws-addresses.toml")),
    ("aws-network.toml", include_str!("tariffs/aws-network.toml")),
    ("aws-machines.toml", include_str!("tariffs/aws-machines.toml")),
    ("aws-lambda.toml", include_str!("tariffs/aws-lambda.toml")),
    ("aws-http-api.toml", include_str!("tariffs/aws-http-api.toml")),
    ("aws-alb.toml", include_str!("tariffs/aws-alb.toml")),
    ("eks.toml", include_str!("tariffs/eks.toml")),
    ("ec2.toml", include_str!("tariffs/ec2.toml")),
    ("app-engine-standard.toml", include_str!("tariffs/app-engine-standard.toml")),
];

static BUILT_IN: LazyLock<Book> = LazyLock::new(|| {
    let mut book = Book::default();
    let mut sources = Sources::new();
    for (name, text) in FILES {
        if let Err(problems) = book.read(&mut sources, name, text) {
            panic!("a built-in tariff has defects:\n{}", problems.render(&sources, false));
        }
    }
    book
});

/// Tariffs by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    tariffs: BTreeMap<String, Tariff>,
}

impl Book {
    /// The tariffs that are built in.
    ///
    /// # Panics
    /// If one of them has defects, which a test excludes.
    #[must_use]
    pub fn builtin() -> &'static Self {
        &BUILT_IN
    }

    /// The tariff with this id, its includes resolved.
    #[must_use]
    pub fn tariff(&self, id: &str) -> Option<&Tariff> {
        self.tariffs.get(id)
    }

    /// Every tariff, by id.
    pub fn tariffs(&self) -> impl Iterator<Item = &Tariff> {
        self.tariffs.values()
    }

    /// Adds the tariff of a file that users know as `name`, in place of one with the same id, and gives it back.
    ///
    /// # Errors
    /// Every problem of the file, each where it stands.
    pub fn read(&mut self, sources: &mut Sources, name: &str, text: &str) -> Result<&Tariff, Diagnostics> {
        let (mut tariff, includes) = read(sources, name, text)?;
        let mut unknown = Diagnostics::new();
        for include in &includes {
            match self.tariffs.get(include.text()) {
                Some(included) => tariff.items.extend_from_slice(&included.items),
                None => unknown.push(
                    Diagnostic::error(format!("no tariff is called `{}`", include.text()))
                        .at(include.span)
                        .nearest(include.text(), self.tariffs.keys().map(String::as_str)),
                ),
            }
        }
        if unknown.has_errors() {
            return Err(unknown);
        }
        let id = tariff.id.clone();
        self.tariffs.insert(id.clone(), tariff);
        Ok(&self.tariffs[&id])
    }

    /// Puts negotiated rates, `"tariff.item" = "0.15 USD/1M"`, in place of all tiers of these items, wherever they are
    /// included. Allowances stay.
    ///
    /// # Errors
    /// Unknown items, with the nearest; prices that cannot be read. The book is then as before.
    pub fn set(&mut self, rates: &Table) -> Result<(), Diagnostics> {
        let mut changed = self.clone();
        let mut diagnostics = Diagnostics::new();
        for entry in rates.iter() {
            let mut items = changed.items_mut().filter(|item| item.id == entry.key).peekable();
            if items.peek().is_none() {
                let unknown = Diagnostic::error(format!("nothing is priced as `{}`", entry.key)).at(entry.key_span);
                diagnostics.push(unknown.nearest(&entry.key, self.nearby(&entry.key)));
            }
            for item in items {
                match stated_price(&entry.node, &item.unit, item.dimension) {
                    Ok(price) => {
                        item.tiers = vec![Tier { up_to: None, price, provenance: stated("pricing.set") }];
                    }
                    Err(problem) => {
                        diagnostics.push(problem);
                        break;
                    }
                }
            }
        }
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        *self = changed;
        Ok(())
    }

    fn items_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.tariffs.values_mut().flat_map(|tariff| &mut tariff.items)
    }

    /// Ids that `id` may have been meant to be: those of its tariff if there is one, else all.
    fn nearby(&self, id: &str) -> Vec<&str> {
        let of_tariff = id.split_once('.').and_then(|(tariff, _)| self.tariffs.get(tariff));
        let tariffs: Vec<&Tariff> = of_tariff.map_or_else(|| self.tariffs.values().collect(), |tariff| vec![tariff]);
        let mut ids: Vec<&str> =
            tariffs.into_iter().flat_map(|tariff| &tariff.items).map(|item| item.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::document::tree::parse;
    use crate::metering::usage::Dimension;
    use crate::pricing::inline_tariff;

    fn table(text: &str) -> (Sources, Table) {
        let mut sources = Sources::new();
        let source = sources.add("scenario.toml", text);
        let mut problems = Diagnostics::new();
        let table = parse(&sources, source, &mut problems);
        assert!(problems.is_empty());
        (sources, table)
    }

    fn problems(text: &str) -> String {
        let mut sources = Sources::new();
        let found = Book::default().read(&mut sources, "prices.toml", text).unwrap_err();
        found.render(&sources, false)
    }

    #[test]
    fn built_in_tariffs_are_whole_and_every_price_has_a_source() {
        let book = Book::builtin();
        assert_eq!(book.tariffs().count(), FILES.len());
        for item in book.tariffs().flat_map(|tariff| &tariff.items) {
            assert!(item.tiers.last().is_some_and(|tier| tier.up_to.is_none()), "{}", item.id);
            for provenance in item.tiers.iter().map(|tier| &tier.provenance) {
                assert!(!provenance.source.is_empty() && !provenance.observed.is_empty(), "{}", item.id);
            }
        }
        let has = |tariff: &str, id: &str| book.tariff(tariff).unwrap().items.iter().any(|item| item.id == id);
        assert!(has("eks", "aws-machines.m6i.large") && has("ec2", "aws-machines.m6i.large"));
        assert!(has("aws-lambda", "aws-network.egress") && has("eks", "eks.cluster-hours"));
        assert!(has("aws-alb", "aws-addresses.public-ipv4") && has("ec2", "aws-addresses.public-ipv4"));
    }

    #[test]
    fn negotiated_rates_hold_wherever_an_item_is_included() {
        let mut book = Book::builtin().clone();
        let (_, rates) = table("\"aws-network.egress\" = \"0.04 USD/GB\"\n\"aws-lambda.requests\" = \"0.15 USD/1M\"");
        book.set(&rates).unwrap();
        for tariff in ["aws-network", "aws-lambda", "eks", "ec2"] {
            let item = book.tariff(tariff).unwrap().items.iter().find(|item| item.id == "aws-network.egress").unwrap();
            assert_eq!(item.tiers.len(), 1);
            assert_eq!(item.tiers[0].price, Decimal::new(4, 2));
            assert!(item.free_month.is_some());
        }
    }

    #[test]
    fn unknown_items_and_bad_rates_change_nothing() {
        let mut book = Book::builtin().clone();
        let (sources, rates) = table("\"aws-lambda.request\" = \"1 USD\"\n\"eks.cluster-hours\" = \"-1 USD\"");
        let text = book.set(&rates).unwrap_err().render(&sources, false);
        assert!(text.contains("did you mean `aws-lambda.requests`?"), "{text}");
        assert!(text.contains("negative") && text.contains("scenario.toml:2"), "{text}");
        assert_eq!(&book, Book::builtin());
    }

    #[test]
    fn inline_tariffs_price_the_unit_of_the_dimension() {
        let (_, prices) = table("\"instance-hours\" = \"0.12 USD\"\nrequests = \"0.20 USD/1M\"");
        let tariff = inline_tariff(&prices).unwrap();
        assert!(tariff.partial);
        let requests = tariff.items.iter().find(|item| item.dimension == Dimension::Requests).unwrap();
        assert_eq!((requests.id.as_str(), requests.tiers[0].price), ("inline.requests", Decimal::new(2, 7)));
        let (sources, wrong) = table("\"instance-hour\" = \"0.12 USD\"\nrequests = 1\n\"egress-bytes\" = \"1 EUR\"");
        let text = inline_tariff(&wrong).unwrap_err().render(&sources, false);
        assert!(text.contains("did you mean `instance-hours`?"), "{text}");
        assert!(text.contains("found a whole number") && text.contains("no `USD`"), "{text}");
    }

    const HEAD: &str = "id = \"x\"\nregion = \"r\"\nsource.s = { text = \"t\", observed = \"o\" }\n";
    const SOURCED: &str = "source = \"s\"\nconfidence = \"api\"\n";

    #[test]
    fn defects_of_a_file_are_shown_with_their_lines() {
        let item = |body: &str| problems(&format!("{HEAD}[item.i]\ndimension = \"requests\"\n{SOURCED}{body}"));
        for (body, expected) in [
            ("", "missing key `price` or `tiers`"),
            ("price = \"-1 USD\"", "negative"),
            ("price = \"1 EUR\"", "no `USD`"),
            ("price = \"99999999999999999999999999999999 USD\"", "is not a number"),
            ("price = \"1 USD/3\"", "not an exact decimal"),
            ("price = \"1 USD/GB\"", "does not count bytes"),
            ("price = \"1 USD\"\nprice = \"2 USD\"", "duplicate key"),
            ("pric = \"1 USD\"", "did you mean `price`?"),
            ("tiers = [{ up_to = 1, price = \"1 USD\" }]", "every quantity must have a price"),
            ("tiers = [{ price = \"1 USD\" }, { price = \"1 USD\" }]", "only the last tier"),
            (
                "tiers = [{ up_to = 5, price = \"1 USD\" }, { up_to = 5, price = \"1 USD\" }, { price = \"0 USD\" }]",
                "rise",
            ),
            ("price = \"1 USD\"\nfree_day = { quantity = 0 }", "out of range"),
            ("price = \"1 USD\"\nfree_day = { quantity = 1, source = \"t\" }", "did you mean `s`?"),
            ("price = \"1 USD\"\n[item.j]\ndimension = \"requests\"\nprice = \"2 USD\"", "has two prices"),
        ] {
            let text = item(body);
            assert!(text.contains(expected), "{body}\n{text}");
            assert!(text.contains("prices.toml:"), "{body}\n{text}");
        }
        let unsourced = problems(&format!("{HEAD}[item.i]\ndimension = \"requests\"\nprice = \"1 USD\""));
        assert!(unsourced.contains("a price without a source"), "{unsourced}");
        assert!(problems(&format!("day_zone = \"Mars/Base\"\n{HEAD}")).contains("unknown time zone"));
        assert!(problems(&format!("include = [\"y\"]\n{HEAD}")).contains("no tariff is called `y`"));
    }
}
