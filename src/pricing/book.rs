//! The price book: the tariffs that are built in, those that a user adds, and the rates that a user has negotiated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, OnceLock};

use jiff::civil::Date;

use super::editions::{self, Edition};
use super::read::{File, read, stated, stated_price};
use super::tariff::{Tariff, Tier};
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::source::Sources;
use crate::document::tree::Table;
use crate::metering::usage::Dimension;

static LATEST: LazyLock<Book> = LazyLock::new(|| Book::of_editions(None));

/// Tariffs by id. Those that are built in are read when they are first asked for: a scenario needs a few of them.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// The day whose editions these are; the newest ones unless it is given.
    day: Option<Date>,
    /// Those that are built in, with what they include and the negotiated rates; none where the day has none.
    builtin: BTreeMap<String, OnceLock<Option<Tariff>>>,
    /// Those of users, which come before those that are built in.
    added: BTreeMap<String, Tariff>,
    /// Negotiated rates by item.
    rates: BTreeMap<(String, Dimension), Tier>,
}

impl Book {
    /// The tariffs that are built in, each in its newest edition.
    #[must_use]
    pub fn builtin() -> &'static Self {
        &LATEST
    }

    /// The tariffs that are built in as they were known to hold on `day`. Those of which no source is that old are left
    /// out; [`Book::later`] says from when they are known.
    #[must_use]
    pub fn as_of(day: Date) -> Self {
        Self::of_editions(Some(day))
    }

    /// The newest editions, of those that held on `day` if it is given.
    fn of_editions(day: Option<Date>) -> Self {
        let builtin = editions::ids().map(|id| (id, OnceLock::new())).collect();
        Self { day, builtin, ..Self::default() }
    }

    /// The edition of a tariff that this book has.
    fn edition(&self, id: &str) -> Option<&'static Edition> {
        match self.day {
            None => editions::newest(id),
            Some(day) => {
                let of_then = editions::of(id).filter(|edition| edition.tariff.edition.is_some_and(|from| from <= day));
                of_then.max_by_key(|edition| edition.tariff.edition)
            }
        }
    }

    /// A tariff that is built in, with what it includes, and the negotiated rates in it.
    fn resolved(&self, id: &str) -> Option<Tariff> {
        let edition = self.edition(id)?;
        let mut tariff = edition.tariff.clone();
        self.include(&mut tariff, &edition.includes);
        if !self.rates.is_empty() {
            for item in &mut tariff.items {
                if let Some(rate) = self.rates.get(&(item.id.clone(), item.dimension)) {
                    Arc::make_mut(item).tiers = vec![rate.clone()];
                }
            }
        }
        Some(tariff)
    }

    /// Appends what the tariffs of these ids price, and what they include; one that the day has none of is left out.
    fn include(&self, tariff: &mut Tariff, ids: &[String]) {
        for included in ids.iter().filter_map(|id| self.edition(id)) {
            append(tariff, &included.tariff);
            self.include(tariff, &included.includes);
        }
    }

    /// The tariff with this id, its includes resolved.
    ///
    /// # Panics
    /// If one that is built in has defects, which a test excludes; likewise every method that looks at tariffs.
    #[must_use]
    pub fn tariff(&self, id: &str) -> Option<&Tariff> {
        let builtin = || self.builtin.get(id)?.get_or_init(|| self.resolved(id)).as_ref();
        self.added.get(id).or_else(builtin)
    }

    /// The tariff with this id in a region: its own, or `id@region`.
    #[must_use]
    pub fn tariff_in(&self, id: &str, region: &str) -> Option<&Tariff> {
        let own = self.tariff(id).filter(|tariff| tariff.region == region);
        own.or_else(|| self.tariff(&format!("{id}@{region}")))
    }

    /// Every tariff, by id.
    pub fn tariffs(&self) -> impl Iterator<Item = &Tariff> {
        self.ids().filter_map(|id| self.tariff(id))
    }

    /// Ids of all tariffs, those of users included, in order; of some the day may have no edition.
    fn ids(&self) -> impl Iterator<Item = &str> {
        let ids: BTreeSet<&str> = self.builtin.keys().chain(self.added.keys()).map(String::as_str).collect();
        ids.into_iter()
    }

    /// For a tariff that this book leaves out because it is of an earlier day: the first day that its prices are known of,
    /// none where their source is undated.
    #[must_use]
    pub fn later(&self, id: &str) -> Option<Option<Date>> {
        self.day?;
        if self.edition(id).is_some() {
            return None;
        }
        editions::of(id).map(|edition| edition.tariff.edition).reduce(|a, b| [a, b].into_iter().flatten().min())
    }

    /// The editions that are built in of the tariff with this id: the first day of each, none where no source says.
    #[must_use]
    pub fn editions(id: &str) -> Vec<Option<Date>> {
        editions::of(id).map(|edition| edition.tariff.edition).collect()
    }

    /// Adds the tariff of a file that users know as `name`, in place of one with the same id, and gives it back.
    ///
    /// # Errors
    /// Every problem of the file, each where it stands.
    pub fn read(&mut self, sources: &mut Sources, name: &str, text: &str) -> Result<&Tariff, Diagnostics> {
        let File { mut tariff, includes, plans } = read(sources, name, text)?;
        let mut unknown = Diagnostics::new();
        for include in &includes {
            match self.tariff(include.text()) {
                Some(included) => append(&mut tariff, included),
                None => unknown.push(
                    Diagnostic::error(format!("no tariff is called `{}`", include.text()))
                        .at(include.span)
                        .nearest(include.text(), self.tariffs().map(|tariff| tariff.id.as_str())),
                ),
            }
        }
        for plan in &plans {
            let owner = plan.text().split_once('.').and_then(|(owner, _)| self.tariff(owner));
            let known = owner.map_or(&[][..], |owner| &owner.plans);
            if known.iter().all(|known| known.id != plan.text()) {
                let problem = Diagnostic::error(format!("no plan is called `{}`", plan.text())).at(plan.span);
                unknown.push(problem.nearest(plan.text(), known.iter().map(|plan| plan.id.as_str())));
            }
        }
        if unknown.has_errors() {
            return Err(unknown);
        }
        let id = tariff.id.clone();
        self.added.insert(id.clone(), tariff);
        Ok(&self.added[&id])
    }

    /// Puts negotiated rates, `"tariff.item" = "0.15 USD/1M"`, in place of all tiers of these items, wherever they are
    /// included. Allowances stay.
    ///
    /// # Errors
    /// Unknown items, with the nearest; prices that cannot be read. The book is then as before.
    pub fn set(&mut self, rates: &Table) -> Result<(), Diagnostics> {
        let mut negotiated = self.rates.clone();
        let mut diagnostics = Diagnostics::new();
        for entry in rates.iter() {
            let tariff = entry.key.split_once('.').and_then(|(tariff, _)| self.tariff(tariff));
            let items = tariff.map_or(&[][..], |tariff| &tariff.items);
            let mut items = items.iter().filter(|item| item.id == entry.key).peekable();
            if items.peek().is_none() {
                let unknown = Diagnostic::error(format!("nothing is priced as `{}`", entry.key)).at(entry.key_span);
                diagnostics.push(unknown.nearest(&entry.key, self.nearby(&entry.key)));
            }
            for item in items {
                match stated_price(&entry.node, &item.unit, item.dimension) {
                    Ok(price) => {
                        let tier = Tier { up_to: None, price, provenance: stated("pricing.set") };
                        negotiated.insert((item.id.clone(), item.dimension), tier);
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
        if negotiated != self.rates {
            self.rates = negotiated;
            // What was read without these rates is looked at anew.
            self.builtin.values_mut().for_each(|tariff| *tariff = OnceLock::new());
        }
        Ok(())
    }

    /// Ids that `id` may have been meant to be: those of its tariff if there is one, else all.
    fn nearby(&self, id: &str) -> Vec<&str> {
        let of_tariff = id.split_once('.').and_then(|(tariff, _)| self.tariff(tariff));
        let tariffs: Vec<&Tariff> = of_tariff.map_or_else(|| self.tariffs().collect(), |tariff| vec![tariff]);
        let mut ids: Vec<&str> =
            tariffs.into_iter().flat_map(|tariff| &tariff.items).map(|item| item.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// Appends what is not there yet.
fn append(tariff: &mut Tariff, included: &Tariff) {
    for item in &included.items {
        if tariff.items.iter().all(|known| known.id != item.id || known.dimension != item.dimension) {
            tariff.items.push(Arc::clone(item));
        }
    }
    tariff.plans.extend(included.plans.iter().filter(|plan| !tariff.plans.contains(plan)).cloned().collect::<Vec<_>>());
    let new = included.credits.iter().filter(|credit| !tariff.credits.contains(credit));
    tariff.credits.extend(new.cloned().collect::<Vec<_>>());
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
        assert_eq!(book.tariffs().count(), editions::ids().count());
        for item in book.tariffs().flat_map(|tariff| &tariff.items) {
            assert!(item.tiers.last().is_some_and(|tier| tier.up_to.is_none()), "{}", item.id);
            for provenance in item.tiers.iter().map(|tier| &tier.provenance) {
                assert!(!provenance.source.is_empty() && !provenance.observed.is_empty(), "{}", item.id);
            }
        }
        for price in book.tariffs().flat_map(|tariff| &tariff.items).flat_map(|item| &item.plans) {
            let owner = price.plan.split_once('.').and_then(|(owner, _)| book.tariff(owner)).unwrap();
            assert!(owner.plans.iter().any(|plan| plan.id == price.plan), "{}", price.plan);
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
        assert!(book.rates.is_empty());
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
            ("price = \"99999999999999999999999999999999 USD\"", "more digits than an exact decimal holds"),
            ("price = \"0.00000000000000000000000000000000001 USD\"", "more digits than an exact decimal holds"),
            ("price = \"1 USD\"\nfree_day = { quantity = 1, shared = \"a\" }", "only a monthly allowance is shared"),
            (
                "price = \"1 USD\"\nfree_month = { quantity = 1, shared = \"a\" }\n[item.j]\ndimension = \"traces\"\nprice = \"2 USD\"\n\
                 source = \"s\"\nconfidence = \"api\"\nfree_month = { quantity = 2, shared = \"a\" }",
                "`a` is granted in two sizes",
            ),
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

    #[test]
    fn an_edition_is_that_of_its_day_and_what_no_source_knows_is_left_out() {
        let book = |day: &str| Book::as_of(day.parse().unwrap());
        let duration = |book: &Book| book.tariff("aws-lambda").unwrap().item("gib-seconds").unwrap().clone();
        let (then, later, now) =
            (duration(&book("2018-05-01")), duration(&book("2021-01-01")), duration(Book::builtin()));
        assert_eq!(then.tiers[0].price, "0.00001667".parse().unwrap());
        assert_eq!([then.rule.step, later.rule.step, now.rule.step].map(|step| step.0 / 1_000_000), [100, 1, 1]);
        assert_eq!([then.rule.start_billed, later.rule.start_billed, now.rule.start_billed], [false, false, true]);
        let old = book("2018-05-01");
        assert!(old.tariff("aws-alb").is_none() && old.tariff("aws-network").is_none());
        assert_eq!(old.later("aws-alb"), Some(Some("2024-07-01".parse().unwrap())));
        assert_eq!((old.later("aws-lambda"), old.later("nonsense")), (None, None));
        let dynamo = |day| book(day).tariff("aws-dynamodb").unwrap().item("writes").unwrap().tiers[0].price;
        assert_eq!((dynamo("2024-10-31"), dynamo("2024-11-01")), (Decimal::new(125, 8), Decimal::new(625, 9)));
        assert_eq!(Book::editions("aws-lambda").len(), 3);
        let (now, before) = (Book::builtin().tariff("aws-lambda").unwrap(), old.tariff("aws-lambda").unwrap());
        let rule = before.different_rule(now).unwrap();
        assert_eq!(rule, "`aws-lambda.gib-seconds` is rounded up to 100ms, not 1ms");
        assert_eq!(now.different_rule(now), None);
    }

    #[test]
    fn another_region_has_prices_of_its_own() {
        let book = Book::builtin();
        let hour =
            |region: &str| book.tariff_in("aws-alb", region).map(|tariff| tariff.item("hours").unwrap().tiers[0].price);
        assert_eq!((hour("us-east-1"), hour("eu-central-1")), (Some(Decimal::new(225, 4)), Some(Decimal::new(27, 3))));
        assert_eq!(hour("mars"), None);
        let vcpu = |region: &str| book.tariff_in("cloud-run", region).unwrap().item("vcpu").unwrap().tiers[0].price;
        assert!(vcpu("europe-west3") > vcpu("us-central1"));
    }

    #[test]
    fn every_include_is_of_a_tariff() {
        for edition in editions::ids().flat_map(|id| editions::of(&id).collect::<Vec<_>>()) {
            for id in &edition.includes {
                assert!(editions::newest(id).is_some(), "{} includes {id}", edition.tariff.id);
            }
        }
    }

    #[test]
    fn a_price_under_a_plan_is_a_share_of_that_on_demand_or_its_own() {
        let book = Book::builtin();
        let under =
            |machine: &str, plan: &str| book.tariff("eks").unwrap().item(machine).unwrap().under(plan).unwrap().price;
        assert_eq!(under("m6i.large", "aws-machines.reserved-1y"), Decimal::new(6048, 5));
        assert_eq!(under("m6i.xlarge", "aws-machines.reserved-1y"), Decimal::new(121, 3));
        assert!(book.tariff("eks").unwrap().plans.iter().any(|plan| plan.id == "aws-machines.savings-1y"));
        let spot =
            book.tariff("ec2").unwrap().items.iter().find(|item| item.id == "aws-machines.m5.large:spot").unwrap();
        assert_eq!(spot.tiers[0].price, Decimal::new(4128, 5));
    }

    #[test]
    fn defects_of_plans_credits_and_tiers_in_words_are_shown_with_their_lines() {
        let item = "[item.i]\ndimension = \"node-hours\"\nprice = \"1 USD\"\n";
        let variants = "[variants]\ndimensions = [\"node-hours\"]\nprices = { a = \"1 USD\" }\n";
        for (body, expected) in [
            (format!("{item}{SOURCED}minimum = \"-1 USD\""), "negative"),
            (format!("{item}{SOURCED}maximum = \"99999999999999999999999999999999 USD\""), "more digits"),
            (
                "plan.p = { kind = \"savings\", text = \"t\", same_as = \"aws-machines.saving-1y\" }".to_owned(),
                "no plan is called `aws-machines.saving-1y`",
            ),
            ("sizes = { sold = [{ milli_vcpu = 1, least = \"2GiB\", most = \"1GiB\" }] }".to_owned(), "so many steps"),
            ("sizes = { added = \"1GiB\" }".to_owned(), "without a source"),
            (format!("{item}{SOURCED}as_one = {{ a = 0 }}"), "out of range"),
            (
                format!(
                    "{variants}{SOURCED}[[variants.surcharge]]\nname = \"n\"\ndimension = \"plan-hours\"\nvariants = [\"a\"]\nratio = \"x\"\n{SOURCED}"
                ),
                "not a decimal",
            ),
            (format!("{item}{SOURCED}plans.x = {{ price = \"1 USD\" }}"), "is not a `plan` of this file"),
            (format!("{item}{SOURCED}[credit.c]\nusd = \"1 USD\"\nitems = [\"j\"]\n{SOURCED}"), "is not an `item`"),
            (format!("{item}{SOURCED}[credit.c]\nusd = \"1 USD\"\nitems = [\"i\"]"), "without a source"),
            (
                format!(
                    "{variants}{SOURCED}[[variants.rate]]\nplan = \"p\"\nvariants = [\"a\"]\nratio = \"1\"\n{SOURCED}"
                ),
                "is not a `plan`",
            ),
            (
                format!(
                    "plan.p = {{ kind = \"spot\", text = \"t\" }}\n{variants}{SOURCED}[[variants.rate]]\nplan = \"p\"\nvariants = [\"a\"]\nratio = \"-0.5\"\n{SOURCED}"
                ),
                "not a decimal",
            ),
            (
                format!(
                    "[item.i]\ndimension = \"requests\"\n{SOURCED}tiers = [{{ up_to = \"10XB\", price = \"1 USD\" }}, {{ price = \"1 USD\" }}]"
                ),
                "not the end of a tier",
            ),
            (format!("{item}{SOURCED}rule = {{ step = \"1 apple\" }}"), "duration"),
            ("edition = \"yesterday\"".to_owned(), "date"),
        ] {
            let text = problems(&format!("{HEAD}{body}"));
            assert!(text.contains(expected) && text.contains("prices.toml:"), "{body}\n{text}");
        }
    }
}
