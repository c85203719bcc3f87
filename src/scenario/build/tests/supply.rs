//! What a deployment says about one service, and about how parts are cut and bound.

use super::*;
use crate::platform::autoscaler::Law;
use crate::platform::service::Shape;
use crate::platform::store::BoundStore;
use crate::units::Bytes;

#[test]
fn a_service_has_what_is_different_for_it_and_the_rest_from_the_deployment() {
    let scenario = scenario(SHOP);
    let deployment = &scenario.deployments[0].deployment;
    assert_eq!(deployment.services.len(), 4);
    let [api, price, stock, worker] = [0, 1, 2, 3].map(|index| deployment.of_service(index));
    assert_eq!((api.instance.vcpu, api.instance.memory), (1.0, Bytes(1 << 30)));
    assert!(matches!(api.autoscaler.law, Law::Hpa(_)) && api.autoscaler.max.is_none());
    // Another value merges into the same kind, another kind starts from its own defaults.
    assert_eq!((price.autoscaler.min, price.autoscaler.max), (2, Some(7)));
    assert!(matches!(worker.autoscaler.law, Law::Fixed { replicas: 3 }));
    assert_eq!((worker.instance.vcpu, worker.instance.memory), (0.5, Bytes(1 << 30)));
    // A service's own runtime.
    assert!(stock.runtime_start.mean() > 0.0 && stock.runtime_start != api.runtime_start);
    let changed: Vec<(&str, &str)> =
        deployment.overrides.iter().map(|changed| (changed.key.as_str(), changed.value.as_str())).collect();
    assert!(changed.contains(&("service.worker.instance.vcpu", "0.5")), "{changed:?}");
    assert!(changed.contains(&("service.price.autoscaler.max", "7")), "{changed:?}");
    assert!(!changed.iter().any(|(key, _)| key.starts_with("service.api.")), "{changed:?}");
}

#[test]
fn one_service_can_be_different_too() {
    const TEXT: &str = "traffic.source.rate = '1/s'\nclass.cpu = '20ms'\nservice.name = 'api'\n\
        deployment = { platform = 'vm', service.api.fleet.slots = 3, fleet.queue = 7 }\n";
    let scenario = scenario(TEXT);
    let fleet = scenario.deployments[0].deployment.of_service(0).fleet;
    assert_eq!((fleet.slots, fleet.queue), (Some(3), Some(7)));
}

#[test]
fn parts_are_cut_and_bound() {
    let scenario = scenario(SHOP);
    let deployment = &scenario.deployments[0].deployment;
    assert_eq!(deployment.shape, Shape::Monolith);
    let bound = &deployment.bindings;
    assert_eq!((bound.queues[0].as_deref(), bound.workflows[0].as_deref()), (Some("aws-sqs"), Some("inline")));
    assert!(bound.stores == [BoundStore::default()], "a generic platform has no store of its own");
}
