//! What a deployment can count for its bill, known before anything is played.
//!
//! The engine counts nothing else; `tests/invariants.rs` holds it to that.

use std::collections::BTreeSet;

use super::Deployment;
use super::meter::Per;
use super::placement::Placement;
use crate::application::Application;
use crate::application::step::Access;
use crate::metering::usage::{Dimension, Meter};

/// Every meter that `deployment` can turn when `application` runs on it, in order.
#[must_use]
pub fn meters(deployment: &Deployment, application: &Application) -> BTreeSet<Meter> {
    let meter = |service: &str, dimension, variant: &str| Meter {
        service: service.to_owned(),
        dimension,
        variant: variant.to_owned(),
    };
    let mut meters = BTreeSet::new();
    let counts = &deployment.meter;
    // What lives and is paid by time: the instances of each service, or nodes that all of them share.
    let lives = match (&deployment.placement, counts.per) {
        (Placement::Nodes(_), Per::Node) => vec![application.shared_name()],
        _ => application.services.iter().map(|service| service.name.as_str()).collect(),
    };
    // Where nodes are billed, they are the instances of a platform that counts these.
    let on_nodes = matches!(deployment.placement, Placement::Nodes(_)) && counts.per == Per::Node;
    for (index, service) in application.services.iter().enumerate() {
        let name = service.name.as_str();
        for &dimension in &counts.counts {
            match dimension {
                Dimension::NodeHours => {}
                Dimension::InstanceHours if on_nodes => {}
                Dimension::InstanceHours => {
                    let own = deployment.of_service(index).instance.variant.as_str();
                    let machines = match &deployment.placement {
                        Placement::Nodes(nodes) => nodes.groups.iter().map(|group| group.machine.as_str()).collect(),
                        Placement::Provider => vec![own],
                    };
                    meters.extend(machines.into_iter().map(|variant| meter(name, dimension, variant)));
                }
                _ => {
                    meters.insert(meter(name, dimension, ""));
                }
            }
        }
    }
    if let Placement::Nodes(nodes) = &deployment.placement {
        let paid = |dimension: &&Dimension| {
            **dimension == Dimension::NodeHours || (**dimension == Dimension::InstanceHours && on_nodes)
        };
        for &dimension in counts.counts.iter().filter(paid) {
            let used = nodes.groups.iter().filter(|group| group.max > 0);
            meters.extend(used.map(|group| meter(application.shared_name(), dimension, &group.machine)));
        }
    }
    let by_life = counts.per != Per::Request;
    let responds = application.classes.iter().any(|class| class.response_bytes.as_constant() != Some(0));
    let mut add = |counted: bool, service: &str, dimension, variant: &str| {
        if counted {
            meters.insert(meter(service, dimension, variant));
        }
    };
    for service in lives {
        add(by_life && counts.volume_gib > 0, service, Dimension::VolumeGibHours, "");
        add(by_life && counts.addresses > 0, service, Dimension::AddressHours, "");
    }
    add(counts.clusters > 0, "", Dimension::ClusterHours, "");
    add(responds, "", Dimension::EgressBytes, "");
    if let Some(edge) = &deployment.edge {
        add(edge.meter.request_unit_bytes.is_some(), "", Dimension::EdgeRequests, &edge.id);
        add(edge.meter.hours > 0, "", Dimension::EdgeHours, &edge.id);
        add(edge.meter.addresses > 0, "", Dimension::AddressHours, "");
        add(edge.meter.capacity.is_some(), "", Dimension::LcuHours, &edge.id);
    }
    for (store, bound) in application.stores.iter().zip(&deployment.bindings.stores) {
        let counts = &bound.meter;
        add(counts.accesses, "", Dimension::StoreReads, &bound.counted(Access::Read).0);
        add(counts.accesses, "", Dimension::StoreWrites, &bound.counted(Access::Write).0);
        let variants: &[&str] = if bound.throughput.is_some() { &["read", "write"] } else { &[""] };
        for variant in variants {
            add(counts.capacity, "", Dimension::CapacityHours, &bound.variant(variant));
        }
        add(bound.stored_mib(store.stored) > 0, "", Dimension::StoredGibHours, &bound.variant(""));
        if let Some((machine, _)) = &counts.machines {
            add(true, "", Dimension::InstanceHours, &bound.variant(machine));
        }
    }
    meters
}
