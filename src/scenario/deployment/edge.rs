//! What stands in front: the catalogue's defaults under what was typed, and what that is.
//!
//! An edge that is pods of the cluster may have another in front of it, a load balancer, at `edge.front`: to requests they
//! are one.

use super::merge::{Merged, text, unknown};
use super::placement::milli;
use super::shape::EDGE;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::source::Span;
use crate::document::tree::{Node, Table, Value};
use crate::kernel::whole;
use crate::platform::catalogue::{Catalogue, EdgeEntry, Setting};
use crate::platform::edge::{CapacityUnits, Edge, EdgeMeter, Throttle};
use crate::platform::hop::SystemPod;
use crate::platform::{Family, Override};
use crate::units::Nanos;

/// Where what stands in front of an edge is said.
const FRONT: &str = "front";

impl Merged<'_> {
    /// Writes the edge at the key of `preset` as a complete table with `kind`, or as "none".
    pub(super) fn add_edge(&mut self, preset: &Setting, catalogue: &Catalogue, problems: &mut Diagnostics) {
        let path = preset.key.as_str();
        let preset_id = preset.value_text();
        let (id, span) = match self.table.at_path(path) {
            None => (preset_id.clone(), Span::BUILT_IN),
            Some(node) => match &node.value {
                Value::String(id) => (id.clone(), node.span),
                Value::Table(table) => match table.get("kind") {
                    Some(kind) => (kind.as_str().unwrap_or_default().to_owned(), kind.span),
                    None if preset_id == "none" => ("custom".to_owned(), node.span),
                    None => (preset_id.clone(), node.span),
                },
                _ => return, // which the check reports
            },
        };
        if id == preset_id {
            self.fact(preset);
        } else {
            let preset = Some(preset_id);
            self.overrides.push(Override { key: path.to_owned(), value: id.clone(), preset });
        }
        let (before, name) = path.rsplit_once('.').unwrap_or(("", path));
        let place = if before.is_empty() { Some(&mut self.table) } else { self.section(before) };
        let Some(place) = place else { return };
        if id == "none" {
            return place.insert(name, Span::BUILT_IN, text("none"));
        }
        let Some(entry) = catalogue.edge(&id) else {
            let ids = catalogue.edges().iter().map(|edge| edge.id.as_str());
            return problems.push(unknown("edge", &id, span, false, ids));
        };
        if place.get(name).is_none_or(|edge| edge.as_table().is_none()) {
            place.insert(name, span, Node { value: Value::Table(Table::new()), span });
        }
        let Some(table) = self.section(path) else { return };
        table.insert("kind", Span::BUILT_IN, text(&id));
        let other = |key: &str| key != "kind" && EDGE.key(key).is_some() && !entry.has(key);
        for strange in table.iter().filter(|typed| other(&typed.key)) {
            let problem = Diagnostic::error(format!("{id} does not offer `{}`", strange.key)).at(strange.key_span);
            let keys = entry.settings.iter().map(|setting| setting.key.as_str()).collect::<Vec<_>>().join(", ");
            problems.push(problem.label("not offered").help(format!("it has {keys}")));
        }
        self.check_nodes(entry, (path, span), problems);
        for setting in entry.settings_on(self.platform.family) {
            let setting = Setting { key: format!("{path}.{}", setting.key), ..setting };
            if setting.key.ends_with(FRONT) { self.add_edge(&setting, catalogue, problems) } else { self.add(&setting) }
        }
    }

    /// Reports an edge of pods where there are no nodes, or in front of another.
    fn check_nodes(&self, entry: &EdgeEntry, (path, span): (&str, Span), problems: &mut Diagnostics) {
        if !entry.runs_on_nodes() {
            return;
        }
        let id = &entry.id;
        let placement = self.table.at_path("placement.kind").and_then(Node::as_str);
        if path.contains('.') {
            let problem = Diagnostic::error(format!("{id} cannot stand in front of another edge")).at(span);
            problems.push(problem.help("a load balancer can"));
        } else if self.platform.family != Family::Kubernetes {
            let message = format!("{} has no nodes on which {id} could run", self.platform.id);
            problems.push(Diagnostic::error(message).at(span));
        } else if placement == Some("none") {
            let problem = Diagnostic::error(format!("there are no nodes on which {id} could run")).at(span);
            problems.push(problem.help("give `placement` a kind"));
        }
    }
}

/// What stands in front; from a checked table, `None` for "none". A core of it is as fast as one of `cpu_speed`.
pub(super) fn build(node: &Node, cpu_speed: f64) -> Option<Edge> {
    let table = node.as_table()?;
    let capacity = table.get("capacity").and_then(Node::as_table).map(|capacity| CapacityUnits {
        connections_per_second: capacity.at("connections_per_second").number(),
        requests_per_connection: capacity.at("requests_per_connection").number(),
        bytes_per_hour: capacity.at("bytes_per_hour").size().0 as f64,
    });
    let count = |key: &str| table.get(key).map_or(0, Node::count_u32);
    let proxy = table.get("proxy_cpu").map_or(0, |cpu| whole::round(cpu.duration().0 as f64 / cpu_speed));
    let own = Edge {
        id: table.at("kind").text().to_owned(),
        latency: Nanos(table.at("latency").duration().0.saturating_add(proxy)),
        timeout: table.at("timeout").duration_or_none(),
        throttle: table.at("throttle").as_table().map(throttle),
        meter: EdgeMeter {
            request_unit_bytes: table.get("request_unit").and_then(Node::size_or_none).map(|size| size.0),
            hours: count("hours"),
            addresses: count("addresses"),
            capacity,
            bytes: table.get("bytes").is_some_and(Node::flag),
        },
        on_nodes: table.contains("replicas"),
    };
    Some(match table.get(FRONT).and_then(|front| build(front, cpu_speed)) {
        Some(front) => behind(front, &own),
        None => own,
    })
}

/// `own`, which is billed nothing, with `front` before it: one edge, which is billed as `front`.
fn behind(front: Edge, own: &Edge) -> Edge {
    Edge {
        latency: Nanos(front.latency.0.saturating_add(own.latency.0)),
        timeout: front.timeout.into_iter().chain(own.timeout).min(),
        throttle: front.throttle.or(own.throttle),
        on_nodes: own.on_nodes,
        ..front
    }
}

fn throttle(table: &Table) -> Throttle {
    Throttle { rate: table.at("rate").rate(), burst: table.at("burst").count_u32() }
}

/// The pods that the edge at `node` is.
pub(super) fn pods(node: &Node) -> Vec<SystemPod> {
    let Some(table) = node.as_table().filter(|table| table.contains("replicas")) else { return Vec::new() };
    let pod = |number: u32| SystemPod {
        name: format!("{}/{number}", table.at("kind").text()),
        milli_vcpu: milli(table.at("vcpu").number()),
        memory: table.at("memory").size(),
    };
    (1..=table.at("replicas").count_u32()).map(pod).collect()
}

/// What the edge at `node` does or bills that is not modelled.
pub(super) fn not_modelled(node: &Node, catalogue: &Catalogue) -> Vec<String> {
    let Some(table) = node.as_table() else { return Vec::new() };
    let id = table.at("kind").text();
    let mut left_out = catalogue.edge(id).map(|entry| entry.not_modelled.clone()).unwrap_or_default();
    if let Some(front) = table.get(FRONT) {
        left_out.extend(not_modelled(front, catalogue));
        if front.as_table().is_none() {
            left_out.push(format!("the load balancer in front of {id}, which `edge.front` can name"));
        }
    }
    left_out
}
