//! Which tariff a deployment is bound to, kept so that it can be bound again to other prices.

use serde::{Deserialize, Serialize};

use super::book::Book;
use super::inline_tariff;
use super::tariff::Tariff;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::source::Sources;
use crate::document::tree::parse;

/// A tariff as it was stated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StatedTariff {
    /// Where it is written.
    pub form: Form,
    /// Id in the price book, or the path of the file as the scenario writes it; `inline` for an inline tariff.
    pub name: String,
    /// Its TOML text, where the price book does not hold it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// Whether it prices nothing but what is counted under its own name: that of a store or a queue.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub own_only: bool,
}

/// Where a tariff is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// In the price book.
    Catalogue,
    /// In a file of the user.
    File,
    /// In the scenario.
    Inline,
}

impl StatedTariff {
    /// The tariff of the price book that has this id.
    #[must_use]
    pub fn catalogue(id: &str) -> Self {
        Self { form: Form::Catalogue, name: id.to_owned(), text: None, own_only: false }
    }

    /// The tariff of the price book that has this id, for what is counted under the name of what it prices alone: of two
    /// stores or queues, each is priced by its own.
    #[must_use]
    pub fn of_part(id: &str) -> Self {
        Self { own_only: true, ..Self::catalogue(id) }
    }

    /// The tariff of the file that the scenario calls `name`.
    #[must_use]
    pub fn file(name: &str, text: &str) -> Self {
        Self { form: Form::File, name: name.to_owned(), text: Some(text.to_owned()), own_only: false }
    }

    /// The prices that a scenario states by dimension, as the TOML text of their table.
    #[must_use]
    pub fn inline(text: String) -> Self {
        Self { form: Form::Inline, name: "inline".to_owned(), text: Some(text), own_only: false }
    }

    /// The tariff with the prices of `book`; that of a file is added to it.
    ///
    /// # Errors
    /// An id that the book does not have, with the nearest; every problem of the text, each where it stands.
    pub fn tariff(&self, book: &mut Book, sources: &mut Sources) -> Result<Tariff, Diagnostics> {
        Ok(self.narrowed(self.whole(book, sources)?))
    }

    /// `tariff`, which it names, for what it is to price.
    #[must_use]
    pub fn narrowed(&self, tariff: Tariff) -> Tariff {
        if self.own_only { tariff.own_only() } else { tariff }
    }

    fn whole(&self, book: &mut Book, sources: &mut Sources) -> Result<Tariff, Diagnostics> {
        let text = self.text.as_deref().unwrap_or_default();
        match self.form {
            Form::Catalogue => book.tariff(&self.name).cloned().ok_or_else(|| {
                if let Some(first) = book.later(&self.name) {
                    let problem = Diagnostic::error(format!("no prices of `{}` are known of that day", self.name));
                    let help = first.map_or("its sources are undated".to_owned(), |day| {
                        format!("the oldest are of {day}: set `pricing.as_of` to a later day, or give `tariff`")
                    });
                    return problem.help(help).into();
                }
                let unknown = Diagnostic::error(format!("no tariff is called `{}`", self.name));
                unknown.nearest(&self.name, book.tariffs().map(|tariff| tariff.id.as_str())).into()
            }),
            Form::File => book.read(sources, &self.name, text).cloned(),
            Form::Inline => {
                let text = format!("tariff = {text}");
                let mut problems = Diagnostics::new();
                let source = sources.add("<inline tariff>", &text);
                let table = parse(sources, source, &mut problems);
                match table.get("tariff").and_then(|node| node.as_table()) {
                    Some(prices) if !problems.has_errors() => inline_tariff(prices),
                    None if !problems.has_errors() => Err(Diagnostic::error("not a table of prices").into()),
                    _ => Err(problems),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_bound_again() {
        let (mut book, mut sources) = (Book::builtin().clone(), Sources::new());
        let inline = StatedTariff::inline("{ requests = \"0.20 USD/1M\" }".to_owned());
        assert_eq!(inline.tariff(&mut book, &mut sources).unwrap().items[0].id, "inline.requests");
        let text = "id = \"mine\"\nregion = \"here\"\ninclude = [\"aws-network\"]\n";
        let file = StatedTariff::file("mine.toml", text).tariff(&mut book, &mut sources).unwrap();
        assert!(file.items.iter().any(|item| item.id == "aws-network.egress"));
        assert_eq!(StatedTariff::catalogue("eks").tariff(&mut book, &mut sources).unwrap().id, "eks");
    }

    #[test]
    fn what_is_hostile_is_refused() {
        let (mut book, mut sources) = (Book::builtin().clone(), Sources::new());
        for stated in [
            StatedTariff::catalogue("ekss"),
            StatedTariff::file("mine.toml", "id = 3"),
            StatedTariff::inline("3".to_owned()),
            StatedTariff::inline("{ requests = \"-1 USD\" }".to_owned()),
            StatedTariff::inline("{ requests = ".to_owned()),
            StatedTariff { text: None, ..StatedTariff::inline(String::new()) },
        ] {
            assert!(stated.tariff(&mut book, &mut sources).is_err(), "{stated:?}");
        }
    }
}
