//! Visits in closed form, and rounds without end.

use super::*;
use crate::application::program::tests::{call, class, cpu, service};
use crate::application::queue::{self, Batch, Queue};
use crate::application::step::Step;
use crate::kernel::distribution::Distribution;
use crate::units::Nanos;

fn with_p(p: f64, step: Step) -> Step {
    Step { p, ..step }
}

fn application(bodies: Vec<Vec<Step>>) -> Application {
    let services = bodies.into_iter().map(|steps| service("one", steps)).collect();
    let classes = vec![class(Entry::Service(0)), class(Entry::Service(1))];
    Application { classes, services, queues: Vec::new(), workflows: Vec::new(), stores: Vec::new() }
}

fn visits(application: &Application) -> Option<Vec<f64>> {
    Graph::new(application).visits(Entry::Service(0), 0)
}

#[test]
fn a_jackson_network_with_feedback() {
    // 0 -> 1 -> 2, and a third of what 2 serves comes back to 1.
    let looped = application(vec![vec![call(1)], vec![cpu(1.0), call(2)], vec![with_p(1.0 / 3.0, call(1))]]);
    let visits = visits(&looped).unwrap();
    for (visited, mean) in visits.into_iter().zip([1.0, 1.5, 1.5]) {
        assert!((visited - mean).abs() < 1e-12, "{visited} for {mean}");
    }
}

#[test]
fn repeats_multiply_and_what_is_not_reached_is_not_visited() {
    let fan = application(vec![vec![Step { repeat: 3, ..with_p(0.5, call(2)) }], vec![call(2)], vec![]]);
    assert_eq!(visits(&fan).unwrap(), [1.0, 0.0, 1.5]);
    assert_eq!(Graph::new(&fan).reached(Entry::Service(0), 0), [true, false, true]);
}

#[test]
fn a_round_without_end_is_shown() {
    let looped = application(vec![vec![cpu(1.0), call(1)], vec![call(2)], vec![call(1), with_p(0.5, call(0))]]);
    let rounds = Graph::new(&looped).endless(Entry::Service(0), 0);
    assert_eq!(rounds.len(), 1);
    // The shortest way from the first part of the ring back to itself.
    let shown: Vec<(Part, usize, Part)> = rounds[0].iter().map(|edge| (edge.from, edge.place, edge.to)).collect();
    let service = Part::Service;
    assert_eq!(shown, [(service(0), 1, service(1)), (service(1), 0, service(2)), (service(2), 1, service(0))]);
}

#[test]
fn a_round_ends_where_less_than_one_comes_of_one() {
    let twice = |p| application(vec![vec![Step { repeat: 2, ..with_p(p, call(0)) }]]);
    assert_eq!(visits(&twice(0.4)), Some(vec![1.0 / (1.0 - 0.8)]));
    assert_eq!(visits(&twice(0.5)), None);
    assert_eq!(Graph::new(&twice(0.5)).endless(Entry::Service(0), 0)[0].len(), 1);
    assert!(Graph::new(&twice(0.4)).endless(Entry::Service(0), 0).is_empty());
}

#[test]
fn a_round_that_no_class_can_take_is_none() {
    let only = Step { only: Classes::of([1]), ..call(0) };
    let looped = application(vec![vec![call(1)], vec![only]]);
    let graph = Graph::new(&looped);
    assert!(graph.endless(Entry::Service(0), 0).is_empty());
    assert_eq!(graph.endless(Entry::Service(1), 1).len(), 1);
}

#[test]
fn messages_go_round_too() {
    let publish = Step::new(Verb::Publish { queue: 0, size: Distribution::constant(1.0) });
    let mut looped = application(vec![vec![publish], vec![call(0)]]);
    looped.queues.push(Queue {
        name: "placed".to_owned(),
        kind: queue::Kind::Topic,
        consumers: vec![1, 1],
        batch: Batch { size: 1, window: Nanos(0) },
        visibility_timeout: Nanos(1),
        max_receives: 1,
    });
    let rounds = Graph::new(&looped).endless(Entry::Service(0), 0);
    let through: Vec<Part> = rounds[0].iter().map(|edge| edge.to).collect();
    assert_eq!(through, [Part::Queue(0), Part::Service(1), Part::Service(0)]);
}
