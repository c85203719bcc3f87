//! Deployments with their prices.

use std::collections::BTreeSet;

use super::Context;
use super::application::retry::budget;
use crate::application::Application;
use crate::application::inline::inlined;
use crate::application::monolith::monolith;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::source::Span;
use crate::document::tree::{Node, Table, Value};
use crate::metering::usage::{Dimension, Meter, of_spare};
use crate::platform::catalogue::Catalogue;
use crate::platform::counted::meters;
use crate::platform::meter::Per;
use crate::platform::placement::Placement;
use crate::platform::{Deployment, Family};
use crate::pricing::book::Book;
use crate::pricing::inline_tariff;
use crate::pricing::settle::{Options, unpriced};
use crate::pricing::stated::StatedTariff;
use crate::pricing::tariff::{Item, Tariff};
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
    let deploys = deploys(table);
    let Some(Value::Array(entries)) = table.get_mut("deployment").map(|node| &mut node.value) else { return None };
    // Every entry is built before the first failure counts, so that all problems are found.
    let placed: Vec<Option<Placed>> = entries
        .iter_mut()
        .filter(|entry| entry.as_table().is_some())
        .map(|entry| {
            if deploys {
                name_roll_out(entry);
            }
            placed(context, entry, application, pricing, &mut book)
        })
        .collect();
    placed.into_iter().collect()
}

/// Whether new versions are rolled out.
fn deploys(table: &Table) -> bool {
    let faults = table.get("fault").map_or(&[][..], Node::elements);
    faults.iter().filter_map(Node::as_table).any(|fault| fault.at("kind").as_str() == Some("deploy"))
}

/// What is in force for roll-outs is said only where there are any.
fn name_roll_out(entry: &mut Node) {
    if let Some(table) = entry.as_table_mut()
        && !table.contains("deploy")
    {
        table.insert("deploy", Span::BUILT_IN, Node::built_in(Value::Table(Table::new())));
    }
}

fn placed(
    context: &mut Context,
    entry: &mut Node,
    application: &Application,
    pricing: Option<&Options>,
    book: &mut Book,
) -> Option<Placed> {
    let application = cut(context, entry, application)?;
    let mut built = build(entry, Catalogue::builtin(), &application, &mut context.problems)?;
    leave_unpriced_logs(&mut built, book);
    let stated = stated(context, &built, book)?;
    let tariffs: Option<Vec<Tariff>> =
        stated.iter().map(|(stated, span)| bound(context, stated, *span, book)).collect();
    let tariffs = tariffs?;
    count_as_then(&mut built.deployment, &tariffs);
    let unsold = no_spot_price(&built, &tariffs);
    if unsold.has_errors() {
        context.problems.extend(unsold);
        return None;
    }
    if let Some(pricing) = pricing
        && !tariffs.is_empty()
        && let Some(problem) = missing_prices(&built.deployment, &application, &tariffs, pricing)
    {
        let typed = entry.as_table().and_then(|table| table.get("tariff"));
        context.problems.push(problem.at(typed.map_or(entry.span, |tariff| tariff.span)));
        return None;
    }
    let mut application = application;
    if let Some(stated) = built.resolved.get("retry_budget") {
        for class in &mut application.classes {
            class.retry.budget = budget(stated);
        }
    }
    entry.value = Value::Table(built.resolved);
    let stated = stated.into_iter().map(|(stated, _)| stated).collect();
    Some(Placed { deployment: built.deployment, application, tariffs, stated })
}

/// The application as the deployment cuts it: `shape`.
fn cut(context: &mut Context, entry: &Node, application: &Application) -> Option<Application> {
    let shape = entry.as_table().and_then(|table| table.get("shape"));
    let Some(shape) = shape.filter(|shape| shape.as_str() == Some("monolith")) else {
        return inline(context, entry, application);
    };
    let mut bound = application.workflows.iter().filter_map(|workflow| bound_to(entry, &workflow.name));
    if let Some(managed) = bound.find(|node| node.as_str() != Some(INLINE)) {
        let problem = Diagnostic::error("a monolith plays its workflows itself").at(managed.span);
        context.problems.push(problem.help(format!("`{INLINE}`, which is the default here")));
        return None;
    }
    let whole = match monolith(application) {
        Ok(whole) => whole,
        Err(why) => {
            context.error(shape.span, format!("no monolith: the application {why}"));
            return None;
        }
    };
    let named = entry.as_table().and_then(|table| table.get("service")).and_then(Node::as_table);
    let mut parts = named.into_iter().flat_map(Table::iter);
    if let Some(part) = parts.find(|named| whole.services.iter().all(|process| process.name != named.key)) {
        let problem = Diagnostic::error(format!("`{}` is no process of its own in a monolith", part.key));
        let processes = whole.services.iter().map(|process| format!("`{}`", process.name)).collect::<Vec<_>>();
        context.problems.push(problem.at(part.key_span).help(format!("its processes: {}", processes.join(", "))));
        return None;
    }
    Some(whole)
}

/// What a workflow is bound to that the services play which start it.
const INLINE: &str = "inline";

/// What `entry` binds the name of a part to, if it says that.
fn bound_to<'a>(entry: &'a Node, name: &str) -> Option<&'a Node> {
    entry.as_table()?.get("bind")?.as_table()?.get(name)
}

/// The application with the workflows that services play themselves.
fn inline(context: &mut Context, entry: &Node, application: &Application) -> Option<Application> {
    let of = |name: &str| bound_to(entry, name).filter(|node| node.as_str() == Some(INLINE));
    let numbered = (0..).zip(&application.workflows);
    let inline: Vec<u16> = numbered.filter(|(_, one)| of(&one.name).is_some()).map(|(number, _)| number).collect();
    // A process of a function is frozen between its requests.
    let platform = entry.as_table().and_then(|table| table.get("platform")).and_then(Node::as_str);
    let family = platform.and_then(|id| Catalogue::builtin().platform(id)).map(|platform| platform.family);
    match inlined(application, &inline, family != Some(Family::Faas)) {
        Ok(whole) => Some(whole),
        Err((workflow, why)) => {
            let name = &application.workflows[usize::from(workflow)].name;
            let span = of(name).map_or(entry.span, |node| node.span);
            let problem = Diagnostic::error(format!("`{name}` cannot be inlined: it {why}")).at(span);
            context.problems.push(problem.help("bind it to a service that plays workflows, or to \"none\""));
            None
        }
    }
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

/// Node groups on spare capacity of which no tariff says the price. One price for all nodes, which an item without a
/// variant has, is none: it would make spare capacity as dear as what is bought on demand.
fn no_spot_price(built: &Built, tariffs: &[Tariff]) -> Diagnostics {
    let Placement::Nodes(nodes) = &built.deployment.placement else { return Diagnostics::new() };
    if tariffs.is_empty() {
        return Diagnostics::new();
    }
    let counted = |item: &Item| built.deployment.meter.counts.contains(&item.dimension);
    let items = tariffs.iter().flat_map(|tariff| &tariff.items).filter(|item| counted(item));
    let sold: Vec<&str> = items.filter_map(|item| of_spare(item.variant.as_deref()?)).collect();
    let asked: Vec<&str> = tariffs.iter().map(|tariff| tariff.id.as_str()).collect();
    let typed = built.resolved.at_path("placement.nodes").map_or(&[][..], Node::elements);
    let unsold = nodes.groups.iter().zip(typed).filter_map(|(group, typed)| {
        let machine = of_spare(&group.machine).filter(|machine| !sold.contains(machine))?;
        let missing = Diagnostic::error(format!("no spot price of `{machine}` in {}", asked.join(", ")));
        let missing = missing.at(typed.table().at("market").span);
        Some(if sold.is_empty() {
            missing.help("they have no spot prices: buy `on-demand`, or give a tariff file with a plan of kind `spot`")
        } else {
            missing.nearest(machine, sold.iter().copied())
        })
    });
    unsold.collect()
}

/// The tariffs of the deployment's stores, queues and workflows, its own with where it was stated, then that of its edge; none at all where the
/// deployment has none.
fn stated(context: &mut Context, built: &Built, book: &Book) -> Option<Vec<(StatedTariff, Span)>> {
    let (own, span) = match &built.tariff {
        TariffChoice::None => return Some(Vec::new()),
        TariffChoice::Catalogue(id, span) => (StatedTariff::catalogue(id), *span),
        TariffChoice::File(path, span) => {
            let Ok(text) = String::from_utf8(context.file(path, *span)?) else {
                context.error(*span, format!("`{path}` is not UTF-8 text"));
                return None;
            };
            (StatedTariff::file(path, &text), *span)
        }
        TariffChoice::Inline(prices) => {
            // Here, where the problems of its prices have a place in the scenario.
            if let Err(problems) = inline_tariff(prices) {
                context.problems.extend(problems);
                return None;
            }
            (StatedTariff::inline(prices.to_toml()), Span::BUILT_IN)
        }
    };
    let edge = built.edge.as_deref().filter(|edge| *edge != own.name).and_then(|edge| of_part(edge, built, book));
    let edge = edge.map(|edge| (StatedTariff::catalogue(&edge), span));
    let bindings = &built.deployment.bindings;
    let stores = bindings.stores.iter().filter_map(|store| store.id.as_deref());
    let queues = bindings.queues.iter().filter(|queue| queue.is_counted()).filter_map(|queue| queue.id.as_deref());
    let workflows = bindings.workflows.iter().filter_map(|workflow| workflow.id.as_deref());
    let told = built.deployment.observability.ids();
    let ids: BTreeSet<&str> = stores.chain(queues).chain(workflows).chain(told).collect();
    // First: the deployment's own may price a dimension whatever it is of.
    let mut stated: Vec<_> = ids
        .into_iter()
        .filter_map(|id| of_part(id, built, book))
        .map(|id| (StatedTariff::of_part(&id), span))
        .collect();
    stated.extend(std::iter::once((own, span)).chain(edge));
    Some(stated)
}

/// Logs that a platform keeps without being asked, and of which no price is known in its region or of that day, are not
/// counted: who asked for nothing is not refused for it, but told.
fn leave_unpriced_logs(built: &mut Built, book: &Book) {
    let Some(logs) = built.deployment.observability.logs.as_ref().filter(|logs| logs.unasked) else { return };
    if of_part(&logs.id, built, book).is_some_and(|id| book.tariff(&id).is_some()) {
        return;
    }
    let item = format!("logs: no price of {} is known of that region and day", logs.id);
    built.deployment.observability.logs = None;
    built.deployment.not_modelled.push((item, String::new()));
}

/// Id of the tariff of an edge, a store or a queue: in another region than the platform's, its prices there.
fn of_part(part: &str, built: &Built, book: &Book) -> Option<String> {
    let region = &built.deployment.region;
    if built.deployment.overrides.iter().any(|changed| changed.key == "region") {
        let everywhere = book.tariff(part).filter(|tariff| ["global", "anywhere"].contains(&tariff.region.as_str()));
        return book.tariff_in(part, region).or(everywhere).map(|tariff| tariff.id.clone());
    }
    (book.tariff(part).is_some() || book.later(part).is_some()).then(|| part.to_owned())
}

/// Counts a request by the rule of its day, where the tariff of that day has another than the newest and the scenario
/// says nothing else.
fn count_as_then(deployment: &mut Deployment, tariffs: &[Tariff]) {
    let overridden = |key: &str| deployment.overrides.iter().any(|changed| changed.key == key);
    let (step, least, start) =
        (overridden("meter.round_up"), overridden("meter.minimum"), overridden("meter.start_billed"));
    for tariff in tariffs {
        let newest = Book::builtin().tariff(&tariff.id);
        if newest.is_none_or(|newest| newest.edition == tariff.edition) || deployment.meter.per != Per::Request {
            continue;
        }
        let rule = tariff.items.iter().find(|item| item.dimension == Dimension::GibSeconds).map(|item| item.rule);
        let Some(rule) = rule else { continue };
        if !step {
            deployment.meter.round_up = rule.step;
        }
        if !least {
            deployment.meter.minimum = rule.least;
        }
        if !start {
            deployment.meter.start_billed = rule.start_billed;
        }
    }
}

/// The tariff that is stated at `span`.
fn bound(context: &mut Context, stated: &StatedTariff, span: Span, book: &mut Book) -> Option<Tariff> {
    match stated.tariff(book, context.sources) {
        Ok(tariff) => Some(tariff),
        Err(problems) => {
            for problem in problems.iter().cloned() {
                context.problems.push(if problem.span.is_none() { problem.at(span) } else { problem });
            }
            None
        }
    }
}
