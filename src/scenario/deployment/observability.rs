//! `[deployment.observability]`: the catalogue's defaults under what was typed, and what is built of them.

use super::hop;
use super::merge::{Merged, merged_node, text};
use crate::application::Application;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::source::Span;
use crate::document::tree::{Node, Table, Value};
use crate::platform::autoscaler::Law;
use crate::platform::catalogue::{Addon, Catalogue, PartEntry, Setting};
use crate::platform::observability::{Logs, Metrics, Observability, Sizing, Traces, millionths};
use crate::platform::placement::{Nodes, Placement};
use crate::platform::{Deployment, Override};
use crate::units::{Bytes, Nanos};

const SECTION: &str = "observability";
/// What has a place to go to.
const TOLD: [&str; 3] = ["logs", "metrics", "traces"];
const NONE: &str = "none";

/// Whether this key says where something goes.
pub(super) fn is_place(key: &str) -> bool {
    let told = key.strip_prefix(SECTION).and_then(|rest| rest.strip_prefix('.'));
    told.is_some_and(|told| TOLD.contains(&told))
}

/// Writes where everything goes as complete tables with `kind`, or as "none".
pub(super) fn complete(
    merged: &mut Merged<'_>,
    settings: &[Setting],
    catalogue: &Catalogue,
    problems: &mut Diagnostics,
) {
    for setting in settings.iter().filter(|setting| is_place(&setting.key)) {
        let Some((_, told)) = setting.key.split_once('.') else { continue };
        if let Some((span, place)) = place(merged, told, setting, catalogue, problems)
            && let Some(section) = merged.section(SECTION)
        {
            section.insert(told, span, place);
        }
    }
}

/// Where `told` goes. `None`: something else was typed, which the check reports.
fn place(
    merged: &mut Merged<'_>,
    told: &str,
    preset: &Setting,
    catalogue: &Catalogue,
    problems: &mut Diagnostics,
) -> Option<(Span, Node)> {
    let own = preset.node.as_table();
    let own_id = own.map_or_else(|| preset.node.text(), |own| own.at("kind").text());
    let typed = merged.table.get(SECTION).and_then(Node::as_table).and_then(|section| section.entry(told)).cloned();
    let key_span = typed.as_ref().map_or(Span::BUILT_IN, |entry| entry.key_span);
    let (id, span, typed) = match typed.as_ref().map(|entry| (&entry.node.value, entry.node.span)) {
        None => (own_id.to_owned(), Span::BUILT_IN, Table::new()),
        Some((Value::String(id), span)) => (id.clone(), span, Table::new()),
        Some((Value::Table(table), span)) => match table.get("kind") {
            Some(kind) => (kind.as_str()?.to_owned(), kind.span, table.clone()),
            None => (own_id.to_owned(), span, table.clone()),
        },
        Some(_) => return None,
    };
    if id == own_id {
        merged.fact(preset);
    } else {
        let preset = Some(own_id.to_owned());
        merged.overrides.push(Override { key: preset_key(told), value: id.clone(), preset });
    }
    let mut table = typed;
    if id == NONE {
        if let Some(entry) = table.iter().find(|entry| entry.key != "kind") {
            let nowhere = Diagnostic::error(format!("`{}` is of a place, and {told} go nowhere", entry.key));
            problems.push(nowhere.at(entry.key_span).help("say with `kind` where they go"));
        }
        return Some((key_span, text(NONE)));
    }
    table.insert("kind", span, Node { value: Value::String(id.clone()), span });
    for setting in of_entry(catalogue.part(&id), told) {
        // What the platform says of its own place comes before what holds for everybody.
        let of_platform = own.filter(|_| id == own_id).and_then(|own| own.get(&setting.key));
        let setting = match of_platform {
            Some(node) => {
                let node = merged_node(&setting.node, node);
                Setting { node, provenance: preset.provenance.clone(), ..setting }
            }
            None => setting,
        };
        merged.put(&preset_key(told), &mut table, &setting);
    }
    Some((key_span, Node { value: Value::Table(table), span }))
}

fn preset_key(told: &str) -> String {
    format!("{SECTION}.{told}")
}

/// What an entry of the catalogue says about what it takes.
fn of_entry(entry: Option<&PartEntry>, told: &str) -> Vec<Setting> {
    let settings = entry.into_iter().flat_map(|entry| &entry.settings);
    let own = settings.filter_map(|setting| {
        let key = setting.key.strip_prefix(told)?.strip_prefix('.')?;
        Some(Setting { key: key.to_owned(), ..setting.clone() })
    });
    own.collect()
}

/// Where everything goes; from a checked table. What only add-ons take is refused without them.
pub(super) fn build(merged: &Merged<'_>, problems: &mut Diagnostics) -> Observability {
    let table = merged.table.at(SECTION).table();
    let logs = table.at("logs").as_table().map(|logs| Logs {
        unasked: !table.at("logs").span.is_shown(),
        of_platform: table.at("platform_log_bytes").size(),
        ..logs_of(logs)
    });
    let metrics = table.at("metrics").as_table().map(metrics_of);
    if let Some(Metrics::OnCluster { id }) = &metrics
        && merged.addons.iter().all(|addon| addon.id != *id)
    {
        let missing = Diagnostic::error(format!("metrics go to `{id}`, which is not there"));
        let at = table.at("metrics").table().at("kind").span;
        problems.push(missing.at(at).help(format!("it is an add-on of a cluster: `addons = [\"{id}\"]`")));
    }
    let traces = table.at("traces").as_table().map(traces_of);
    Observability { logs, metrics, traces, disk_gib: 0 }
}

fn logs_of(table: &Table) -> Logs {
    let class = table.get("class").map_or("", Node::text);
    let (retention, included) = (table.at("retention").duration(), table.at("included").duration());
    Logs {
        id: table.at("kind").text().to_owned(),
        unasked: false,
        class: if class == "standard" { String::new() } else { class.to_owned() },
        of_platform: Bytes(0),
        kept: Nanos(retention.0.saturating_sub(included.0)),
        of_million: millionths(table.at("compressed").share()),
    }
}

fn metrics_of(table: &Table) -> Metrics {
    let id = table.at("kind").text().to_owned();
    match (table.contains("series_memory"), table.get("sample_bytes")) {
        (true, _) => Metrics::OnCluster { id },
        (false, Some(sample)) => {
            Metrics::ByBytes { id, sample: sample.size(), interval: table.at("interval").duration() }
        }
        (false, None) => Metrics::ByTime { id },
    }
}

fn traces_of(table: &Table) -> Traces {
    let id = table.at("kind").text().to_owned();
    Traces {
        by_span: id == "gcp-cloud-trace",
        id,
        reservoir: table.at("reservoir").count_u32(),
        of_million: millionths(table.at("sampling").share()),
    }
}

/// The pods of the add-ons, and the disks of those that keep metrics: each as large as the largest cluster needs. One that
/// fits on no node is reported where the add-ons were typed.
pub(super) fn add_ons(
    deployment: &mut Deployment,
    merged: &Merged<'_>,
    application: &Application,
    catalogue: &Catalogue,
    problems: &mut Diagnostics,
) {
    let mut pods = hop::pods(&merged.addons, &merged.table);
    let Placement::Nodes(nodes) = &deployment.placement else { return };
    for addon in &merged.addons {
        let Some((sizing, takes)) = sizing(addon, merged, catalogue) else { continue };
        let series = most_series(sizing, takes, deployment, nodes, application, pods.len() as u64);
        let servers = pods.iter_mut().map(|(pod, _)| pod);
        let servers = servers.filter(|pod| pod.name.split('/').next() == Some(addon.id.as_str()));
        servers.for_each(|pod| pod.memory = sizing.memory(series));
        deployment.observability.disk_gib = deployment.observability.disk_gib.saturating_add(sizing.disk_gib(series));
    }
    let pods = hop::checked(pods, &nodes.groups, problems);
    if let Placement::Nodes(nodes) = &mut deployment.placement {
        nodes.system = pods;
    }
}

/// How much an add-on needs that keeps metrics, and whether it takes those of the services.
fn sizing(addon: &Addon, merged: &Merged<'_>, catalogue: &Catalogue) -> Option<(Sizing, bool)> {
    let entry = catalogue.part(&addon.id)?;
    let typed = merged.table.at_path("observability.metrics").and_then(Node::as_table);
    let typed = typed.filter(|metrics| metrics.at("kind").text() == addon.id);
    let settings = of_entry(Some(entry), "metrics");
    let at = |key: &str| {
        let default = || settings.iter().find(|setting| setting.key == key).map(|setting| &setting.node);
        typed.and_then(|typed| typed.get(key)).or_else(default)
    };
    let sizing = Sizing {
        per_node: at("series_per_node")?.count(),
        per_pod: at("series_per_pod")?.count(),
        series_memory: at("series_memory")?.size(),
        sample: at("sample_bytes")?.size(),
        interval: at("interval")?.duration(),
        retention: at("retention")?.duration(),
    };
    Some((sizing, typed.is_some()))
}

/// Series of the largest cluster that there may be. Of what has no limit it is not known how much there may be: nodes
/// without one count as many as are always there, and pods as many as the nodes have room for.
fn most_series(
    sizing: Sizing,
    takes: bool,
    deployment: &Deployment,
    nodes: &Nodes,
    application: &Application,
    system: u64,
) -> u64 {
    let grows = nodes.autoscaler.is_some();
    let most = |min: u32, max: u32| u64::from(if grows && max < u32::MAX { max.max(min) } else { min });
    let of_groups: u64 = nodes.groups.iter().map(|group| most(group.min, group.max)).sum();
    let places: u64 =
        nodes.groups.iter().map(|group| most(group.min, group.max).saturating_mul(u64::from(group.max_pods))).sum();
    let (mut pods, mut metrics) = (0_u64, 0_u64);
    for (index, service) in application.services.iter().enumerate() {
        let scaled = deployment.of_service(index).autoscaler;
        let own = match (&scaled.law, scaled.max) {
            (Law::Fixed { replicas }, _) => u64::from(*replicas),
            (_, Some(max)) => u64::from(max),
            (_, None) => places,
        };
        let own = own.min(places);
        pods = pods.saturating_add(own);
        metrics = metrics.saturating_add(own.saturating_mul(u64::from(service.telemetry.metrics)));
    }
    sizing.series(of_groups, pods.min(places).saturating_add(system), if takes { metrics } else { 0 })
}

/// What nothing is counted of, because the scenario does not say it.
pub(super) fn not_modelled(merged: &Merged<'_>, application: &Application, catalogue: &Catalogue) -> Vec<String> {
    let table = merged.table.at(SECTION).table();
    if merged.table.at("tariff").as_str() == Some(NONE) {
        return Vec::new();
    }
    let (mut nowhere, mut items) = (Vec::new(), Vec::new());
    for told in TOLD {
        match table.at(told).as_table() {
            None => nowhere.push(told),
            Some(place) => {
                let entry = catalogue.part(place.at("kind").text());
                items.extend(entry.into_iter().flat_map(|entry| &entry.not_modelled).cloned());
            }
        }
    }
    if !nowhere.is_empty() {
        items.insert(0, format!("{}: `observability` does not say where they go", listed(&nowhere)));
    }
    items.dedup(); // what takes both logs and metrics
    let silent = application.services.iter().all(|service| service.telemetry.log_bytes.0 == 0);
    if silent && table.at("logs").as_table().is_some() {
        items.insert(0, "log lines of the application itself: no service says its `log_bytes`".to_owned());
    }
    items
}

/// `a, b and c`.
fn listed(words: &[&str]) -> String {
    match words {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => words.concat(),
    }
}
