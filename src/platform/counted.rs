//! What a deployment can count for its bill, known before anything is played.
//!
//! The engine counts nothing else; `tests/invariants.rs` holds it to that.

use std::collections::BTreeSet;

use super::Deployment;
use super::meter::Per;
use super::placement::Placement;
use crate::application::Application;
use crate::metering::usage::{Dimension, Meter};

/// Every meter that `deployment` can turn when `application` runs on it, in order.
#[must_use]
pub fn meters(deployment: &Deployment, application: &Application) -> BTreeSet<Meter> {
    let service = application.service().name.as_str();
    let meter = |service: &str, dimension, variant: &str| Meter {
        service: service.to_owned(),
        dimension,
        variant: variant.to_owned(),
    };
    let mut meters = BTreeSet::new();
    let counts = &deployment.meter;
    for &dimension in &counts.counts {
        match dimension {
            Dimension::InstanceHours | Dimension::NodeHours => {
                meters.extend(variants(deployment).into_iter().map(|variant| meter(service, dimension, variant)));
            }
            _ => {
                meters.insert(meter(service, dimension, ""));
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
    add(by_life && counts.volume_gib > 0, service, Dimension::VolumeGibHours, "");
    add(by_life && counts.addresses > 0, service, Dimension::AddressHours, "");
    add(counts.clusters > 0, "", Dimension::ClusterHours, "");
    add(responds, "", Dimension::EgressBytes, "");
    if let Some(edge) = &deployment.edge {
        add(edge.meter.request_unit_bytes.is_some(), "", Dimension::EdgeRequests, &edge.id);
        add(edge.meter.hours > 0, "", Dimension::EdgeHours, &edge.id);
        add(edge.meter.addresses > 0, "", Dimension::AddressHours, "");
        add(edge.meter.capacity.is_some(), "", Dimension::LcuHours, &edge.id);
    }
    meters
}

/// The machine types, or the one kind of instance, that are paid by time.
fn variants(deployment: &Deployment) -> Vec<&str> {
    match &deployment.placement {
        Placement::Provider => vec![&deployment.instance.variant],
        Placement::Nodes(nodes) => {
            nodes.groups.iter().filter(|group| group.max > 0).map(|group| group.machine.as_str()).collect()
        }
    }
}
