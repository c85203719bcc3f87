//! What a deployment says about one service, and about how parts are cut and bound.

use super::*;
use crate::platform::autoscaler::Law;
use crate::platform::store::BoundStore;
use crate::platform::workflow::BoundWorkflow;
use crate::units::{Bytes, Nanos};

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
    let ids = (bound.queues[0].id.as_deref(), bound.workflows[0].id.as_deref());
    assert_eq!(ids, (Some("aws-sns"), Some("aws-step-functions")));
    assert!(bound.stores == [BoundStore::default()], "a generic platform has no store of its own");
}

#[test]
fn a_monolith_has_a_process_for_its_clients_and_one_for_each_queue() {
    let text = SHOP.replace("platform = \"kubernetes\"", "platform = \"kubernetes\"\nshape = \"monolith\"");
    let managed = text.replace(", await = false", "");
    let whole = managed.replace("fulfil = \"aws-step-functions\"", "fulfil = \"inline\"");
    let no_price = whole.replace("service.price = { autoscaler = { max = 7 } }\n", "");
    let scenario = scenario(&no_price);
    let names = |application: &Application| -> Vec<String> {
        application.services.iter().map(|service| service.name.clone()).collect()
    };
    assert_eq!(names(&scenario.application), ["api", "price", "stock", "worker"]);
    let placed = &scenario.deployments[0];
    assert_eq!(names(&placed.application), ["api", "worker", "stock"]);
    assert_eq!((placed.deployment.services.len(), placed.application.workflows.len()), (3, 0));
    // Overrides of what has no process of its own would change nothing.
    assert_eq!(
        said(&whole),
        ["price: `price` is no process of its own in a monolith||its processes: `api`, `worker`, `stock`"]
    );
    assert_eq!(
        said(&managed),
        ["\"aws-step-functions\": a monolith plays its workflows itself||`inline`, which is the default here"]
    );
    assert_eq!(
        said(&no_price.replace("{ start = \"fulfil\" }", "{ start = \"fulfil\", await = false }")),
        [
            "\"monolith\": no monolith: the application starts `fulfil` with `await = false`, and a process waits for what \
             it does itself||"
        ]
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

#[test]
fn a_workflow_is_inlined_in_the_service_that_starts_it() {
    let inline = SHOP.replace("fulfil = \"aws-step-functions\"", "fulfil = \"inline\"");
    let awaited = scenario(&inline.replace(", await = false", ""));
    let placed = &awaited.deployments[0];
    assert_eq!((awaited.application.workflows.len(), placed.application.workflows.len()), (1, 0));
    let code = |application: &Application| application.services[0].body.program.code.len();
    // In the place of the start, a branch with one way: three steps more.
    assert_eq!(code(&placed.application), code(&awaited.application) + 3);
    // In a pod, what nobody waits for goes on in the background.
    let placed = &scenario(&inline).deployments[0];
    assert_eq!((placed.application.workflows.len(), placed.deployment.bindings.workflows[0].id.as_deref()), (1, None));
    let said_of_it = "that a run of `fulfil` in the background ends with its process, and has its connections and zone";
    assert!(placed.deployment.not_modelled.iter().any(|(item, _)| item == said_of_it));
    // Functions have no background.
    let said_of_functions = &said(&inline.replace("platform = \"kubernetes\"", "platform = \"faas\""))[0];
    let refused =
        "\"inline\": `fulfil` cannot be inlined: it is started with `await = false`, and functions are frozen";
    assert!(said_of_functions.starts_with(refused), "{said_of_functions}");
    assert!(said_of_functions.ends_with("||bind it to a service that plays workflows, or to \"none\""));
    let timed = inline.replace("await = false", "timeout = \"1s\"");
    assert!(said(&timed)[0].starts_with("\"inline\": `fulfil` cannot be inlined: it is started with `timeout`"));
}

#[test]
fn a_workflow_is_bound_with_what_is_counted_of_it() {
    let of = |bound: &str| {
        let text = SHOP.replace("fulfil = \"aws-step-functions\"", bound);
        scenario(&text).deployments[0].deployment.bindings.workflows[0].clone()
    };
    assert_eq!(of("fulfil = \"none\""), BoundWorkflow::default());
    assert!(of("fulfil = \"gcp-workflows\"").meter.steps);
    let express = of("fulfil = { kind = \"aws-step-functions-express\", memory = \"65MiB\" }");
    assert_eq!((express.meter.steps, express.meter.memory), (false, Some(Bytes(128 << 20))));
    assert_eq!(express.meter.round_up, Nanos(100_000_000));
    let wrong = |bound: &str| said(&SHOP.replace("fulfil = \"aws-step-functions\"", bound));
    assert_eq!(
        wrong("fulfil = { kind = \"aws-step-functions\", memory = \"65MiB\" }"),
        ["memory: unknown key `memory`||valid: cross_zone, kind"]
    );
    assert_eq!(
        wrong("fulfil = \"step-functions\""),
        ["\"step-functions\": unknown workflow `step-functions`||did you mean `aws-step-functions`?"]
    );
}
