//! `[[deployment]]`: the catalogue's defaults under what was typed, checked, and built into a
//! [`platform::Deployment`](crate::platform::Deployment).
//!
//! Promises that what is built fits together: a pod fits on a node, a minimum is not above its maximum, a key that the
//! platform does not offer was refused with the reason.

mod autoscaler;
mod check;
mod edge;
mod fleet;
mod merge;
mod placement;
mod shape;
mod sizing;

pub use shape::DEPLOYMENT;

use crate::application::Application;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::grammar;
use crate::document::provenance::{Confidence, Provenance};
use crate::document::source::Span;
use crate::document::tree::{Node, Table};
use crate::kernel::distribution::Distribution;
use crate::platform::catalogue::{Catalogue, plain_text};
use crate::platform::{Deployment, Fact};
use crate::pricing::book::Book;
use crate::scenario::distribution::durations;

use merge::{Merged, merge};

/// A deployment, and what only the scenario needs of it.
#[derive(Clone, Debug)]
pub struct Built {
    /// What the engine plays.
    pub deployment: Deployment,
    /// Where its prices come from.
    pub tariff: TariffChoice,
    /// Id of its edge, whose tariff applies as well.
    pub edge: Option<String>,
    /// Everything that is in force, typed or not, as a table of `[[deployment]]`: what a scenario's hash is of.
    pub resolved: Table,
}

/// Where the prices of a deployment come from.
#[derive(Clone, Debug, PartialEq)]
pub enum TariffChoice {
    /// No prices, no bill.
    None,
    /// The catalogue's tariff of this id. Ids are looked up by who loads tariffs, who reports at the span.
    Catalogue(String, Span),
    /// A file, relative to the scenario.
    File(String, Span),
    /// Prices per dimension, checked as such: `"instance-hours" = "0.12 USD"`.
    Inline(Table),
}

/// Builds one entry of `[[deployment]]`. Everything that is wrong with it, or doubtful, goes to `problems`; distribution
/// files were read into quantiles before.
pub fn build(
    node: &Node,
    catalogue: &Catalogue,
    application: &Application,
    problems: &mut Diagnostics,
) -> Option<Built> {
    let mut found = Diagnostics::new();
    let built = try_build(node, catalogue, application, &mut found);
    let failed = found.has_errors();
    problems.extend(found);
    built.filter(|_| !failed)
}

fn try_build(
    node: &Node,
    catalogue: &Catalogue,
    application: &Application,
    problems: &mut Diagnostics,
) -> Option<Built> {
    let Some(typed) = node.as_table() else {
        grammar::check_node(node, &grammar::Kind::Table(&DEPLOYMENT), problems);
        return None;
    };
    let mut merged = merge(typed, node.span, catalogue, problems)?;
    grammar::check(&merged.table, node.span, &DEPLOYMENT, problems);
    if problems.has_errors() {
        return None;
    }
    check::limits(&merged, problems);
    let instance = sizing::instance(&mut merged, catalogue, problems)?;
    let runtime_start = runtime(&mut merged, catalogue, application);
    let table = &merged.table;
    let placement = placement::build(table.at("placement"), catalogue, problems)?;
    let autoscaler = autoscaler::build(table.at("autoscaler"), problems)?;
    let edge = edge::build(table.at("edge"));
    let tariff = tariff(typed, &merged, problems);
    let platform = merged.platform;
    let name = table.get("name").map_or(platform.id.as_str(), Node::text).to_owned();
    let deployment = Deployment {
        name,
        platform: platform.id.clone(),
        family: platform.family,
        region: table.at("region").text().to_owned(),
        edge: edge.clone(),
        instance,
        fleet: fleet::fleet(table.at("fleet").table()),
        autoscaler,
        placement,
        meter: fleet::meter(table.at("meter").table()),
        runtime_start,
        queueing: queueing(&platform.queueing, table),
        overrides: merged.overrides,
        facts: merged.facts,
        not_modelled: platform.not_modelled.clone(),
    };
    check::whole(&deployment, table, application, problems);
    if let TariffChoice::Inline(prices) = &tariff {
        check::prices(prices, &deployment.meter.counts, problems);
    }
    Some(Built { deployment, tariff, edge: edge.map(|edge| edge.id), resolved: merged.table })
}

/// Whether `word` is a kind of `section` that runs somewhere.
fn is_kind(section: &str, word: &str) -> bool {
    let tagged = match section {
        "autoscaler" => &shape::AUTOSCALER,
        _ => &shape::PLACEMENT,
    };
    tagged.variant(word).is_some_and(|variant| variant.later.is_none())
}

/// The start-up of the application's runtime, else of the platform's default one.
fn runtime(merged: &mut Merged<'_>, catalogue: &Catalogue, application: &Application) -> Distribution {
    if let Some(named) = &application.service().runtime_start {
        merged.facts.retain(|fact| fact.key != "runtime");
        return named.clone();
    }
    let Some(setting) = merged.runtime.as_deref().and_then(|name| catalogue.runtime(name)) else {
        return Distribution::constant(0.0);
    };
    let mut provenance = setting.provenance.clone();
    if merged.platform.id != catalogue.runtimes_measured_on() {
        provenance.confidence = Confidence::Assumption;
    }
    merged.facts.push(fact("runtime.start", setting.value_text(), &provenance));
    durations(&setting.node)
}

/// The platform's sentence with the values in force written in.
fn queueing(template: &str, table: &Table) -> String {
    let mut parts = template.split('{');
    let mut sentence = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (path, rest) = part.split_once('}').unwrap_or((part, ""));
        sentence.push_str(&table.at_path(path).map(plain_text).unwrap_or_default());
        sentence.push_str(rest);
    }
    sentence
}

fn tariff(typed: &Table, merged: &Merged<'_>, problems: &mut Diagnostics) -> TariffChoice {
    let region = merged.overrides.iter().find(|changed| changed.key == "region");
    let own = merged.table.at("tariff");
    let regional = region.and_then(|region| Some(format!("{}@{}", own.as_str()?, region.value)));
    let regional = regional.filter(|id| !typed.contains("tariff") && Book::builtin().tariff(id).is_some());
    if let Some(id) = regional {
        return TariffChoice::Catalogue(id, own.span);
    }
    if let (Some(region), false) = (region, typed.contains("tariff")) {
        let preset = region.preset.as_deref().unwrap_or_default();
        let span = typed.get("region").map_or(Span::BUILT_IN, |node| node.span);
        let unpriced = Diagnostic::error(format!("{} has no prices for `{}`", merged.platform.id, region.value));
        problems.push(unpriced.at(span).help(format!("its prices are of {preset}; for another region give `tariff`")));
    }
    let node = merged.table.at("tariff");
    match node.as_table() {
        Some(prices) => TariffChoice::Inline(prices.clone()),
        None => match node.text() {
            "none" => TariffChoice::None,
            name if name.contains(['.', '/']) => TariffChoice::File(name.to_owned(), node.span),
            id => TariffChoice::Catalogue(id.to_owned(), node.span),
        },
    }
}

/// A fact that was computed rather than read.
fn fact(key: &str, value: String, provenance: &Provenance) -> Fact {
    Fact { key: key.to_owned(), value, provenance: provenance.clone() }
}

#[cfg(test)]
mod tests;
