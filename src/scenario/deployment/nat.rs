//! The private network: what lies outside of it, and how bytes get there.

use super::merge::Merged;
use crate::application::Application;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::tree::{Node, Table};
use crate::platform::Fact;
use crate::platform::binding::Bindings;
use crate::platform::catalogue::{Catalogue, PartEntry, Way};
use crate::platform::hop::Hop;
use crate::platform::passage::{Leaves, Nat, Passage};

/// The ways out of the network; `None`: nothing leaves it. Services that have no endpoint are reported.
pub(super) fn nat(table: &Table, catalogue: &Catalogue, problems: &mut Diagnostics) -> Option<Nat> {
    let typed = table.get("nat").and_then(Node::as_table)?;
    let outside = || catalogue.parts().iter().filter(|part| part.way.is_some()).map(|part| part.id.as_str());
    let mut endpoints = 0;
    for node in endpoints_of(typed) {
        match catalogue.part(node.text()).map(|part| &part.way) {
            Some(Some((Way::Interface, _))) => endpoints += 1,
            Some(Some((Way::Gateway, _))) => {}
            Some(None) => {
                let message = format!("`{}` lies within the network, and has no endpoint there", node.text());
                problems.push(Diagnostic::error(message).at(node.span));
            }
            None => {
                let unknown = Diagnostic::error(format!("no service is called `{}`", node.text())).at(node.span);
                problems.push(unknown.nearest(node.text(), outside()));
            }
        }
    }
    Some(Nat { zones: typed.at("zones").count_u32(), endpoints })
}

fn endpoints_of(nat: &Table) -> &[Node] {
    nat.get("endpoints").map_or(&[], Node::elements)
}

/// Writes into `bindings` what bytes pass on the way to each of them, and lists where that is known from.
pub(super) fn pass(bindings: &mut Bindings, merged: &mut Merged<'_>, hop: &Hop, app: &Application, all: &Catalogue) {
    let queues = app.queues.iter().map(|queue| &queue.name).zip(bindings.queues.iter_mut().map(|one| &mut one.passage));
    let flows = app.workflows.iter().map(|flow| &flow.name);
    let flows = flows.zip(bindings.workflows.iter_mut().map(|one| &mut one.passage));
    let stores = app.stores.iter().map(|store| &store.name).zip(bindings.stores.iter_mut().map(|one| &mut one.passage));
    for (name, passage) in queues.chain(flows).chain(stores) {
        let Some(bound) = merged.table.at_path(&format!("bind.{name}")).and_then(Node::as_table) else { continue };
        let entry = all.part(bound.at("kind").text());
        let cross_zone = match bound.get("cross_zone") {
            Some(share) if share.as_str() == Some("hop") => hop.cross_zone,
            share => share.map_or(0.0, Node::share),
        };
        let nat = merged.table.get("nat").and_then(Node::as_table);
        *passage = Passage { cross_zone, leaves: nat.map_or(Leaves::Free, |nat| leaves(entry, nat)) };
        if let (Some(_), Some((way, provenance))) = (nat, entry.and_then(|entry| entry.way.as_ref())) {
            let (key, value) = (format!("bind.{name}.way"), way.word().to_owned());
            merged.facts.push(Fact { key, value, provenance: provenance.clone() });
        }
    }
}

fn leaves(entry: Option<&PartEntry>, nat: &Table) -> Leaves {
    let Some((entry, way)) = entry.and_then(|entry| Some((entry, &entry.way.as_ref()?.0))) else { return Leaves::Free };
    let has_endpoint = endpoints_of(nat).iter().any(|id| id.text() == entry.id);
    match way {
        _ if !has_endpoint => Leaves::ByNat,
        Way::Interface => Leaves::ByEndpoint,
        Way::Gateway => Leaves::Free,
    }
}

/// What passes the gateway, and is not counted.
pub(super) const NOT_COUNTED: &str =
    "what else passes the NAT gateways: images, logs, and the bytes of `io` with others";
