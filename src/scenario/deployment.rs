//! `[[deployment]]`: the catalogue's defaults under what was typed, checked, and built into a
//! [`platform::Deployment`](crate::platform::Deployment).
//!
//! Promises that what is built fits together: a pod fits on a node, a minimum is not above its maximum, a key that the
//! platform does not offer was refused with the reason.

mod autoscaler;
mod bind;
mod check;
mod edge;
mod fleet;
mod hop;
mod merge;
mod nat;
mod observability;
mod placement;
mod queue;
mod roll_out;
mod services;
mod shape;
mod sizing;
mod store;
mod workflow;

pub use shape::DEPLOYMENT;

use std::fmt::Write as _;

use crate::application::{Application, Service};
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::grammar;
use crate::document::provenance::{Confidence, Provenance};
use crate::document::source::Span;
use crate::document::tree::{Node, Table};
use crate::kernel::distribution::Distribution;
use crate::platform::binding::Bindings;
use crate::platform::catalogue::{Catalogue, plain_text};
use crate::platform::placement::Placement;
use crate::platform::{Deployment, Fact, Override};
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
    let place = Place { typed, span: node.span, catalogue };
    // Where nothing is said about one service alone, it is the only one, and is checked with the rest.
    let alone = application.services.len() == 1 && !typed.contains("service");
    let (mut deployment, merged) = place.of(alone.then(|| application.service()), application, problems)?;
    let tariff = tariff(typed, &merged, &deployment.overrides, problems);
    if let TariffChoice::Inline(prices) = &tariff {
        check::prices(prices, &deployment.meter.counts, problems);
    }
    if !alone {
        deployment.services = services::services(&place, application, &mut deployment.overrides, problems)?;
    }
    observability::add_ons(&mut deployment, &merged, application, catalogue, problems);
    let edge = deployment.edge.as_ref().map(|edge| edge.id.clone());
    Some(Built { deployment, tariff, edge, resolved: merged.table })
}

/// Where something runs: what was typed of it, on the defaults of the catalogue.
#[derive(Clone, Copy)]
struct Place<'a> {
    typed: &'a Table,
    span: Span,
    catalogue: &'a Catalogue,
}

impl<'a> Place<'a> {
    /// The deployment as it is for `service`, or for whichever service, without what is said about one alone.
    fn of(
        self,
        service: Option<&Service>,
        application: &Application,
        problems: &mut Diagnostics,
    ) -> Option<(Deployment, Merged<'a>)> {
        let catalogue = self.catalogue;
        let mut merged = merge(self.typed, self.span, catalogue, problems)?;
        bind::bind_parts(&mut merged, application, catalogue, problems);
        grammar::check(&merged.table, self.span, &DEPLOYMENT, problems);
        if problems.has_errors() {
            return None;
        }
        check::limits(&merged, problems);
        let mut instance = sizing::instance(&mut merged, catalogue, problems)?;
        hop::add_sidecars(&merged.addons, &mut instance);
        let runtime_start = runtime(&mut merged, catalogue, service);
        let table = &merged.table;
        let platform = merged.platform;
        let placement = placement::build(table.at("placement"), catalogue, problems)?;
        let mut bindings = Bindings {
            queues: queue::queues(table, application, platform.family),
            workflows: workflow::workflows(table, application),
            stores: store::stores(table, application, catalogue, problems),
        };
        let hop = hop::hop(table.at("hop").table(), &placement);
        let nat = nat::nat(table, catalogue, problems);
        nat::pass(&mut bindings, &mut merged, &hop, application, catalogue);
        let table = &merged.table;
        let deployment = Deployment {
            name: table.get("name").map_or(platform.id.as_str(), Node::text).to_owned(),
            platform: platform.id.clone(),
            family: platform.family,
            region: table.at("region").text().to_owned(),
            edge: edge::build(table.at("edge"), instance.cpu_speed * hop::node_speed(&placement)),
            instance,
            fleet: fleet::fleet(table.at("fleet").table()),
            autoscaler: autoscaler::build(table.at("autoscaler"), problems)?,
            hop,
            nat,
            meter: fleet::meter(table.at("meter").table()),
            runtime_start,
            services: Vec::new(),
            not_modelled: not_modelled(&merged, &placement, application, &bindings, catalogue),
            bindings,
            observability: observability::build(&merged, problems),
            roll_out: roll_out::roll_out(table),
            queueing: queueing(&platform.queueing, table),
            overrides: std::mem::take(&mut merged.overrides),
            facts: std::mem::take(&mut merged.facts),
            placement,
        };
        check::whole(&deployment, &merged.table, application, service, problems);
        Some((deployment, merged))
    }
}

/// What the platform, its edge and the stores, queues and workflows that are bound to it do or bill that is not modelled.
fn not_modelled(
    merged: &Merged<'_>,
    placement: &Placement,
    application: &Application,
    bindings: &Bindings,
    catalogue: &Catalogue,
) -> Vec<(String, String)> {
    let platform = merged.platform;
    let nat = merged.table.get("nat").and_then(Node::as_table);
    let told = observability::not_modelled(merged, application, catalogue).into_iter();
    let told = told.map(|item| (item, String::new()));
    let of_platform = platform.not_modelled.iter().filter(|(item, _)| nat.is_none() || !platform.of_nat.contains(item));
    let mut left_out: Vec<_> = told.chain(of_platform.cloned()).chain(placement::not_modelled(placement)).collect();
    left_out.extend(nat.map(|_| (nat::NOT_COUNTED.to_owned(), String::new())));
    let of_edge = edge::not_modelled(merged.table.at("edge"), catalogue);
    left_out.extend(of_edge.into_iter().map(|item| (item, String::new())));
    let stores = application.stores.iter().zip(&bindings.stores);
    let stores = stores.map(|(store, bound)| ("store", &store.name, bound.id.as_deref()));
    let queues = application.queues.iter().zip(&bindings.queues);
    let queues = queues.map(|(queue, bound)| ("queue", &queue.name, bound.id.as_deref()));
    let workflows = application.workflows.iter().zip(&bindings.workflows);
    let workflows = workflows.map(|(workflow, bound)| ("workflow", &workflow.name, bound.id.as_deref()));
    for (what, name, id) in stores.chain(queues).chain(workflows) {
        let background =
            merged.table.at_path(&format!("bind.{name}")).is_some_and(|bound| bound.as_str() == Some("inline"));
        let items = match id.and_then(|id| catalogue.part(id)) {
            Some(entry) => entry.not_modelled.clone(),
            None if background => {
                vec![format!(
                    "that a run of `{name}` in the background ends with its process, and has its connections and zone"
                )]
            }
            None => vec![format!("limits and prices of the {what} `{name}`, which is bound to nothing")],
        };
        let new: Vec<_> = items.into_iter().map(|item| (item, String::new())).collect();
        left_out.extend(new.into_iter().filter(|item| !left_out.contains(item)).collect::<Vec<_>>());
    }
    left_out
}

/// Whether `word` is a kind of `section` that runs somewhere.
fn is_kind(section: &str, word: &str) -> bool {
    let tagged = match section {
        "autoscaler" => &shape::AUTOSCALER,
        _ => &shape::PLACEMENT,
    };
    tagged.variant(word).is_some_and(|variant| variant.later.is_none())
}

/// The start-up of the service's runtime, else of the platform's default one.
fn runtime(merged: &mut Merged<'_>, catalogue: &Catalogue, service: Option<&Service>) -> Distribution {
    if let Some(named) = service.and_then(|service| service.runtime_start.as_ref()) {
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

/// The platform's sentence with the values in force written in, and what the edge refuses before.
fn queueing(template: &str, table: &Table) -> String {
    let mut parts = template.split('{');
    let mut sentence = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (path, rest) = part.split_once('}').unwrap_or((part, ""));
        sentence.push_str(&table.at_path(path).map(plain_text).unwrap_or_default());
        sentence.push_str(rest);
    }
    if let Some(throttle) = table.at_path("edge.throttle").and_then(Node::as_table) {
        let (rate, burst) = (throttle.at("rate").text(), throttle.at("burst").count_u32());
        write!(sentence, " The edge lets {rate} pass, {burst} at once, and refuses the rest.").expect("a string");
    }
    sentence
}

fn tariff(typed: &Table, merged: &Merged<'_>, overrides: &[Override], problems: &mut Diagnostics) -> TariffChoice {
    let region = overrides.iter().find(|changed| changed.key == "region");
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
