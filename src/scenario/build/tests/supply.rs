//! What a deployment says about one service, and about how parts are cut and bound.

use super::*;
use crate::platform::autoscaler::Law;
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
fn parts_are_bound() {
    let scenario = scenario(SHOP);
    let deployment = &scenario.deployments[0].deployment;
    let bound = &deployment.bindings;
    assert_eq!((bound.queues[0].id.as_deref(), bound.workflows[0].as_deref()), (Some("aws-sns"), Some("inline")));
    assert!(bound.stores == [BoundStore::default()], "a generic platform has no store of its own");
}

#[test]
fn a_monolith_has_a_process_for_its_clients_and_one_for_each_queue() {
    let text = SHOP.replace("platform = \"kubernetes\"", "platform = \"kubernetes\"\nshape = \"monolith\"");
    let no_workflow = text
        .replace("[[workflow]]\nname = \"fulfil\"", "[[service]]\nname = \"fulfil\"")
        .replace("{ start = \"fulfil\", await = false }", "{ call = \"fulfil\" }");
    let no_workflow =
        no_workflow.replace("fulfil = \"inline\"", "orders = \"redis\"").replace(", orders = \"redis\"", "");
    let no_price = no_workflow.replace("service.price = { autoscaler = { max = 7 } }\n", "");
    let scenario = scenario(&no_price);
    let names = |application: &Application| -> Vec<String> {
        application.services.iter().map(|service| service.name.clone()).collect()
    };
    assert_eq!(names(&scenario.application), ["api", "price", "stock", "worker", "fulfil"]);
    let placed = &scenario.deployments[0];
    assert_eq!(names(&placed.application), ["api", "worker", "stock"]);
    assert_eq!(placed.deployment.services.len(), 3);
    // Overrides of what has no process of its own would change nothing.
    assert_eq!(
        said(&no_workflow),
        ["price: `price` is no process of its own in a monolith||its processes: `api`, `worker`, `stock`"]
    );
    assert_eq!(
        said(&text),
        ["\"monolith\": no monolith: the application has workflows, whose steps are no part of one process||"]
    );
}

#[test]
fn a_deployment_may_have_its_own_budget_of_retries() {
    let text = "traffic.source.rate = '1/s'\nclass.retry = { attempts = 3, budget = { share = 0.2 } }\n\
                [[deployment]]\nname = 'own'\nplatform = 'vm'\nretry_budget = { share = 0.5, floor = '3/s' }\n\
                [[deployment]]\nname = 'without'\nplatform = 'vm'\nretry_budget = 'none'\n\
                [[deployment]]\nname = 'as-said'\nplatform = 'vm'\n";
    let scenario = scenario(text);
    let budgets = scenario.deployments.iter().map(|placed| placed.application.classes[0].retry.budget);
    let budget = |share, floor| Some(crate::application::retry::Budget { share, floor });
    assert_eq!(budgets.collect::<Vec<_>>(), [budget(0.5, 3.0), None, budget(0.2, 1.0)]);
    let half = text.replace(", floor = '3/s'", "");
    assert!(said(&half)[0].starts_with("{ share = 0.5 }: missing key `floor`"));
}
