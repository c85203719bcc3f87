//! What a deployment can count for its bill, known before anything is played.
//!
//! The engine counts nothing else; `tests/invariants.rs` holds it to that.

use std::collections::BTreeSet;

use super::Deployment;
use super::instance::Instance;
use super::meter::Per;
use super::passage::{ENDPOINT, Leaves};
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
    // What is counted: the instances of each service and their requests, or nodes that all services share.
    let on_nodes = counts.per == Per::Node && matches!(deployment.placement, Placement::Nodes(_));
    let counted: Vec<(&str, &Instance)> = if on_nodes {
        vec![(application.shared_name(), &deployment.instance)]
    } else {
        let services = application.services.iter().enumerate();
        services.map(|(index, service)| (service.name.as_str(), deployment.of_service(index).instance)).collect()
    };
    for (name, instance) in &counted {
        for &dimension in &counts.counts {
            match dimension {
                Dimension::InstanceHours | Dimension::NodeHours => {
                    let variants = variants(deployment, instance);
                    meters.extend(variants.into_iter().map(|variant| meter(name, dimension, variant)));
                }
                _ => {
                    meters.insert(meter(name, dimension, ""));
                }
            }
        }
    }
    let by_life = counts.per != Per::Request;
    let responds = application.classes.iter().any(|class| class.response_bytes.as_constant() != Some(0));
    let mut add = |counted: bool, service: &str, dimension, variant: &str| {
        if counted {
            meters.insert(meter(service, dimension, variant));
        }
    };
    for (name, _) in counted {
        add(by_life && counts.volume_gib > 0, name, Dimension::VolumeGibHours, "");
        add(by_life && counts.addresses > 0, name, Dimension::AddressHours, "");
    }
    add(counts.clusters > 0, "", Dimension::ClusterHours, "");
    add(responds, "", Dimension::EgressBytes, "");
    let mut sites = application.services.iter().flat_map(|service| &service.body.program.sites);
    let calls = sites.any(|site| site.size.as_constant() != Some(0));
    let crosses = calls || deployment.edge.as_ref().is_some_and(|edge| edge.on_nodes);
    add(crosses && deployment.hop.cross_zone > 0.0, "", Dimension::InterzoneBytes, "");
    let passages = || deployment.bindings.passages();
    add(passages().any(|passage| passage.cross_zone > 0.0), "", Dimension::InterzoneBytes, "");
    if let Some(nat) = deployment.nat {
        let leave = |by| passages().any(|passage| passage.leaves == by);
        add(true, "", Dimension::NatHours, "");
        add(leave(Leaves::ByNat), "", Dimension::NatBytes, "");
        add(nat.endpoints > 0, "", Dimension::NatHours, ENDPOINT);
        add(leave(Leaves::ByEndpoint), "", Dimension::NatBytes, ENDPOINT);
    }
    if let Some(edge) = &deployment.edge {
        add(edge.meter.request_unit_bytes.is_some(), "", Dimension::EdgeRequests, &edge.id);
        add(edge.meter.hours > 0, "", Dimension::EdgeHours, &edge.id);
        add(edge.meter.addresses > 0, "", Dimension::AddressHours, "");
        add(edge.meter.capacity.is_some(), "", Dimension::LcuHours, &edge.id);
        add(edge.meter.bytes, "", Dimension::EdgeBytes, &edge.id);
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
    for bound in &deployment.bindings.queues {
        let counts = &bound.meter;
        add(counts.request_bytes.is_some(), "", Dimension::QueueRequests, &bound.variant(""));
        add(counts.request_bytes.is_some(), "", Dimension::QueueRequests, &bound.variant(counts.deliveries));
        add(counts.least_bytes.is_some(), "", Dimension::QueueBytes, &bound.variant(""));
    }
    for bound in &deployment.bindings.workflows {
        let (counts, variant) = (&bound.meter, bound.variant());
        add(counts.steps, "", Dimension::WorkflowSteps, &variant);
        add(counts.memory.is_some(), "", Dimension::WorkflowRequests, &variant);
        add(counts.memory.is_some(), "", Dimension::WorkflowGibSeconds, &variant);
    }
    meters.extend(deployment.observability.meters(application));
    meters
}

/// The machine types, or the one kind of instance, that are paid by time.
fn variants<'a>(deployment: &'a Deployment, instance: &'a Instance) -> Vec<&'a str> {
    match &deployment.placement {
        Placement::Provider => vec![&instance.variant],
        Placement::Nodes(nodes) => {
            nodes.groups.iter().filter(|group| group.max > 0).map(|group| group.machine.as_str()).collect()
        }
    }
}
