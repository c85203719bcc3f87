//! Deployments with their prices.

use super::Context;
use crate::application::Application;
use crate::document::diagnostic::Diagnostic;
use crate::document::source::Span;
use crate::document::tree::{Node, Table, Value};
use crate::metering::usage::Meter;
use crate::platform::Deployment;
use crate::platform::catalogue::Catalogue;
use crate::platform::counted::meters;
use crate::pricing::book::Book;
use crate::pricing::inline_tariff;
use crate::pricing::settle::{Options, unpriced};
use crate::pricing::tariff::Tariff;
use crate::scenario::Placed;
use crate::scenario::deployment::{Built, TariffChoice, build};

/// Every entry of `deployments`, built for `application` and priced by the book with the rates of `[pricing]`; without
/// `pricing`, which has said why, nothing is said about prices that are missing. What is in force is written back into
/// the entries.
pub fn deployments(
    context: &mut Context,
    table: &mut Table,
    application: &Application,
    pricing: Option<&Options>,
) -> Option<Vec<Placed>> {
    let mut book = super::pricing::book(context, table.at("pricing").table());
    let Some(Value::Array(entries)) = table.get_mut("deployment").map(|node| &mut node.value) else { return None };
    // Every entry is built before the first failure counts, so that all problems are found.
    let placed: Vec<Option<Placed>> = entries
        .iter_mut()
        .filter(|entry| entry.as_table().is_some())
        .map(|entry| placed(context, entry, application, pricing, &mut book))
        .collect();
    placed.into_iter().collect()
}

fn placed(
    context: &mut Context,
    entry: &mut Node,
    application: &Application,
    pricing: Option<&Options>,
    book: &mut Book,
) -> Option<Placed> {
    let built = build(entry, Catalogue::builtin(), application, &mut context.problems)?;
    let tariffs = tariffs(context, &built, book)?;
    if let Some(pricing) = pricing
        && !tariffs.is_empty()
        && let Some(problem) = missing_prices(&built.deployment, application, &tariffs, pricing)
    {
        let typed = entry.as_table().and_then(|table| table.get("tariff"));
        context.problems.push(problem.at(typed.map_or(entry.span, |tariff| tariff.span)));
        return None;
    }
    entry.value = Value::Table(built.resolved);
    Some(Placed { deployment: built.deployment, tariffs })
}

/// What the deployment can count and no tariff prices. A missing price is never zero, and is told before hours are spent.
fn missing_prices(
    deployment: &Deployment,
    application: &Application,
    tariffs: &[Tariff],
    pricing: &Options,
) -> Option<Diagnostic> {
    let meters = meters(deployment, application);
    let word = |meter: &Meter| match meter.variant.as_str() {
        "" => format!("`{}`", meter.dimension.id()),
        variant => format!("`{}` of `{variant}`", meter.dimension.id()),
    };
    let missing: Vec<String> = unpriced(&meters, tariffs, pricing).into_iter().map(word).collect();
    let asked: Vec<&str> = tariffs.iter().map(|tariff| tariff.id.as_str()).collect();
    let name = &deployment.name;
    (!missing.is_empty()).then(|| {
        let message = format!("no price in {} for what `{name}` counts: {}", asked.join(", "), missing.join(", "));
        Diagnostic::error(message)
            .help(format!("price it in `deployment.{name}.tariff`, or choose what the platform's own tariff prices"))
    })
}

/// The tariff of the deployment, then that of its edge; none at all where the deployment has none.
fn tariffs(context: &mut Context, built: &Built, book: &mut Book) -> Option<Vec<Tariff>> {
    let own = match &built.tariff {
        TariffChoice::None => return Some(Vec::new()),
        TariffChoice::Catalogue(id, span) => of_catalogue(context, book, id, *span)?,
        TariffChoice::File(path, span) => of_file(context, book, path, *span)?,
        TariffChoice::Inline(prices) => match inline_tariff(prices) {
            Ok(tariff) => tariff,
            Err(problems) => {
                context.problems.extend(problems);
                return None;
            }
        },
    };
    let edge = built.edge.as_deref().and_then(|edge| book.tariff(edge)).filter(|edge| edge.id != own.id);
    let edge = edge.cloned();
    Some(std::iter::once(own).chain(edge).collect())
}

fn of_catalogue(context: &mut Context, book: &Book, id: &str, span: Span) -> Option<Tariff> {
    let found = book.tariff(id).cloned();
    if found.is_none() {
        let unknown = Diagnostic::error(format!("no tariff is called `{id}`")).at(span);
        context.problems.push(unknown.nearest(id, book.tariffs().map(|tariff| tariff.id.as_str())));
    }
    found
}

fn of_file(context: &mut Context, book: &mut Book, path: &str, span: Span) -> Option<Tariff> {
    let Ok(text) = String::from_utf8(context.file(path, span)?) else {
        context.error(span, format!("`{path}` is not UTF-8 text"));
        return None;
    };
    match book.read(context.sources, path, &text) {
        Ok(tariff) => Some(tariff.clone()),
        Err(problems) => {
            context.problems.extend(problems);
            None
        }
    }
}
