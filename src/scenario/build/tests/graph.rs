//! What a graph becomes.

use super::*;
use crate::application::Entry;
use crate::application::expansion::expand;
use crate::application::fault::{Kind, Target};
use crate::application::graph::{Graph, Part};
use crate::application::queue;
use crate::application::retry::{Budget, Jitter};
use crate::application::step::{Access, Classes, Verb};
use crate::units::{Bytes, Nanos};

#[test]
fn a_shop_is_built() {
    let scenario = scenario(SHOP);
    assert!(scenario.warnings.is_empty(), "{:?}", scenario.warnings);
    let shop = &scenario.application;
    let entries: Vec<Entry> = shop.classes.iter().map(|class| class.entry).collect();
    assert_eq!(entries, [Entry::Service(0), Entry::Service(0), Entry::Store(0, Access::Read)]);
    let retry = &shop.classes[0].retry;
    assert_eq!((retry.attempts, retry.factor, retry.jitter), (Some(3), 2.0, Jitter::Full));
    assert_eq!(retry.budget, Some(Budget { share: 0.2, floor: 1.0 }));
    assert!(shop.classes[1].retry.is_once());
    let names: Vec<&str> = shop.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["api", "price", "stock", "worker"]);
    assert_eq!((shop.services[2].base_memory, shop.services[2].runtime_start.is_some()), (Bytes(128 << 20), true));
    let queue = &shop.queues[0];
    assert_eq!((queue.kind, queue.consumers.as_slice()), (queue::Kind::Topic, &[3, 2][..]));
    assert_eq!((queue.batch.size, queue.batch.window, queue.max_receives), (10, Nanos::SECOND, 5));
    let store = &shop.stores[0];
    assert_eq!((store.read.mean(), store.write.mean(), store.stored), (3e6, 8e6, Bytes(20 << 30)));
    assert_eq!(shop.workflows[0].body.steps.len(), 3);
}

#[test]
fn steps_say_what_was_written() {
    let scenario = scenario(SHOP);
    let steps = &scenario.application.services[0].body.steps;
    assert_eq!(steps.len(), 6);
    let Verb::Query { store: 0, access: Access::Write, site } = &steps[2].verb else { panic!("{:?}", steps[2]) };
    assert_eq!((site.size.as_constant(), steps[2].repeat, site.timeout), (Some(2048), 2, None));
    let Verb::Parallel(both) = &steps[3].verb else { panic!("{:?}", steps[3]) };
    let Verb::Call { service: 1, site } = &both[0].verb else { panic!("{:?}", both[0]) };
    assert_eq!((site.timeout, site.size.as_constant()), (Some(Nanos(300_000_000)), Some(1000)));
    let Verb::Call { service: 2, site } = &both[1].verb else { panic!("{:?}", both[1]) };
    assert_eq!((site.retry.attempts, site.retry.jitter, both[1].p), (None, Jitter::None, 0.5));
    assert_eq!((&steps[4].verb, steps[4].only), (&publish(), Classes::of([1])));
    let Verb::Branch(ways) = &steps[5].verb else { panic!("{:?}", steps[5]) };
    assert_eq!((ways[0].p, ways[1].p), (0.2, 0.3));
    assert!(matches!(ways[0].steps[0].verb, Verb::Start { workflow: 0, awaited: false, .. }));
}

fn publish() -> Verb {
    Verb::Publish { queue: 0, size: crate::kernel::distribution::Distribution::constant(1024.0) }
}

#[test]
fn requests_visit_what_the_graph_says() {
    let scenario = scenario(SHOP);
    let shop = &scenario.application;
    let graph = Graph::new(shop);
    let visits = graph.visits(Entry::Service(0), 1).unwrap();
    let of = |part| visits[graph.position(part)];
    // Of a fifth comes a workflow, which calls the worker and the price; one message goes to worker and stock.
    assert_eq!((of(Part::Service(0)), of(Part::Workflow(0)), of(Part::Queue(0))), (1.0, 0.2, 1.0));
    for (part, mean) in
        [(Part::Service(1), 1.2), (Part::Service(2), 1.5), (Part::Service(3), 1.2), (Part::Store(0), 3.5)]
    {
        assert!((of(part) - mean).abs() < 1e-12, "{part:?}: {}", of(part));
    }
    let whole = expand(shop, 1, 9);
    assert_eq!(whole.of(Part::Queue(0)).0, 1);
    assert!(whole.of(Part::Store(0)).0 >= 3 && whole.duration > 30_000_000);
    assert_eq!(expand(shop, 2, 9).part, Part::Store(0));
}

#[test]
fn the_work_of_a_request_does_not_depend_on_where_it_runs() {
    let [one, other] = ["kubernetes", "faas"].map(|platform| {
        let text = SHOP.replace("platform = \"kubernetes\"", &format!("platform = \"{platform}\""));
        let text = text.replace("autoscaler = { kind = \"hpa\", min = 2 }\n", "");
        let text = text.replace("service.price = { autoscaler = { max = 7 } }\n", "");
        scenario(&text.replace(", autoscaler = { kind = \"fixed\", replicas = 3 }", "")).application
    });
    for key in 0..50 {
        assert_eq!(expand(&one, 0, key), expand(&other, 0, key));
    }
}

#[test]
fn without_services_there_is_one_that_does_what_the_class_says() {
    const HEAD: &str = "traffic.source.rate = '1/s'\nclass.cpu = '20ms'\ndeployment = { platform = 'vm' }\n";
    let plain = scenario(HEAD);
    assert!(plain.application.service().body.program.is_of_class());
    assert!(plain.deployments[0].deployment.services.is_empty());
    let named = scenario(&format!("{HEAD}service = {{ name = 'api' }}"));
    assert!(named.application.service().body.program.is_of_class());
    let said =
        scenario(&format!("{HEAD}service = {{ name = 'api', steps = [{{ cpu = 'class' }}, {{ io = 'class' }}] }}"));
    assert_eq!(said.application.service().body.program, plain.application.service().body.program);
}

#[test]
fn faults_know_when_and_with_what() {
    let faults = scenario(SHOP).faults;
    let minutes = |minutes: u64| Nanos(minutes * 60 * Nanos::SECOND.0);
    assert_eq!(
        (faults[0].name.as_str(), faults[0].kind, faults[0].target),
        ("slow", Kind::Slow { factor: 5.0 }, Target::Store(0))
    );
    assert_eq!((faults[0].at.as_slice(), faults[0].lasting), (&[minutes(70)][..], Nanos(10 * Nanos::SECOND.0)));
    assert_eq!(
        (faults[1].name.as_str(), faults[1].kind, faults[1].target),
        ("release", Kind::Deploy, Target::Deployment(0))
    );
    assert_eq!((faults[1].at.as_slice(), faults[1].lasting), (&[minutes(25), minutes(100)][..], Nanos::ZERO));
}

#[test]
fn faults_come_again_by_the_wall_clock() {
    let during = |duration: &str, cron: &str| {
        let text = SHOP.replace("at = [2026-01-05T01:30:00, \"15m\"]", &format!("cron = \"{cron}\""));
        let zone = format!("duration = \"{duration}\", timezone = \"Europe/Berlin\"");
        let text = text.replace("duration = \"2h\"", &zone);
        built(&text).map(|scenario| (scenario.faults[1].at.clone(), scenario.warnings.len()))
    };
    let nightly = |cron: &str| during("2d", cron);
    // The run begins ten minutes before midnight.
    let hours = |hours: u64| Nanos((hours * 60 + 10) * 60 * Nanos::SECOND.0);
    assert_eq!(nightly("0 3 * * *"), Ok((vec![hours(3), hours(27)], 0)));
    assert_eq!(nightly("50 23 4 1 *"), Ok((vec![Nanos::ZERO], 0)));
    assert_eq!(nightly("0 3 1 7 *"), Ok((vec![], 1)));
    assert!(nightly("0 3 1 july").unwrap_err()[0].contains("not a cron expression"));
    assert!(during("8d", "* * * * *").unwrap_err()[0].contains("more than 10000 faults"));
}
