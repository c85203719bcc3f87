//! A service with steps of its own, against the oracle that expands requests and against one without.

use proptest::prelude::*;

use super::invariants::{bits, controlled, one_slot};
use super::{Run, SECOND, class, constant, exponential, faas, fixed, play, poisson};
use crate::application::expansion::expand;
use crate::application::program::Body;
use crate::application::retry::Retry;
use crate::application::step::{Alternative, Classes, Demand, Step, Verb};
use crate::application::{Application, Class};
use crate::metering::measurement::Measurement;
use crate::platform::Deployment;
use crate::units::Nanos;

fn verb() -> impl Strategy<Value = Verb> {
    let demand = || {
        prop_oneof![
            Just(Demand::Class),
            (0.0_f64..0.3).prop_map(|seconds| Demand::Own(constant(seconds))),
            (0.001_f64..0.3).prop_map(|seconds| Demand::Own(exponential(seconds))),
        ]
    };
    prop_oneof![demand().prop_map(Verb::Cpu), demand().prop_map(Verb::Io)]
}

fn step(verb: impl Strategy<Value = Verb>) -> impl Strategy<Value = Step> {
    let only = prop_oneof![3 => Just(Classes::ALL), 1 => (0_u32..2).prop_map(|class| Classes::of([class]))];
    (verb, prop_oneof![Just(1.0), 0.0_f64..1.0], 1_u16..4, only).prop_map(|(verb, p, repeat, only)| Step {
        p,
        repeat,
        only,
        ..Step::new(verb)
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let any = step(verb()).prop_recursive(2, 10, 3, |inner| {
        let way = (0.0..0.5_f64, prop::collection::vec(inner, 0..3));
        let way = way.prop_map(|(p, steps)| Alternative { p, steps });
        step(prop::collection::vec(way, 1..3).prop_map(Verb::Branch))
    });
    prop::collection::vec(any, 1..5)
}

fn application(classes: Vec<Class>, steps: Vec<Step>) -> Application {
    let mut application = super::application(classes);
    application.services[0].body = Body::new(steps).unwrap();
    application
}

fn two_classes() -> Vec<Class> {
    vec![class(exponential(0.1), constant(0.05)), class(constant(0.02), exponential(0.2))]
}

/// An instance for each request and nothing in its way.
fn unbounded(slots: Option<u32>) -> Deployment {
    let mut deployment = faas();
    deployment.fleet.slots = slots;
    deployment
}

/// Everything measured, and the CPU used in all: with steps it is in the slice where it was used, without them in that
/// where it began.
fn bits_and_cpu(mut measured: Measurement) -> (String, u128) {
    let used = measured.slices.iter_mut().map(|slice| std::mem::take(&mut slice.cpu_used)).sum();
    (bits(&measured), used)
}

proptest! {
    #[test]
    fn with_nothing_in_its_way_a_request_takes_what_its_steps_add_up_to(steps in steps(), seed in any::<u32>()) {
        let application = application(two_classes(), steps);
        let requests = poisson(&application, 4.0, 20.0, u64::from(seed));
        let visits: Vec<_> =
            requests.iter().map(|request| expand(&application, request.class, request.key)).collect();
        let measured = play(&unbounded(Some(1)), &application, &requests, Run::of(1_000.0));
        for (number, class) in (0..).zip(&measured.classes) {
            let of_class = requests.iter().zip(&visits).filter(|(request, _)| request.class == number);
            let durations: u128 = of_class.map(|(_, visit)| u128::from(visit.duration)).sum();
            prop_assert_eq!(class.latency.sum(), durations);
        }
        let cpu: u128 = visits.iter().map(|visit| u128::from(visit.cpu) * 1_000_000).sum();
        prop_assert_eq!(measured.slices.iter().map(|slice| slice.cpu_used).sum::<u128>(), cpu);
    }

    #[test]
    fn alone_on_a_shared_cpu_it_is_the_same_but_for_rounding(steps in steps(), seed in any::<u32>()) {
        let application = application(two_classes(), steps);
        let mut requests = poisson(&application, 1.0, 20.0, u64::from(seed));
        for (number, request) in (0..).zip(&mut requests) {
            request.at = number * 500 * SECOND;
        }
        let alone = play(&unbounded(Some(1)), &application, &requests, Run::of(30_000.0));
        let mut deployment = fixed(1);
        deployment.fleet.slots = Some(10);
        let shared = play(&deployment, &application, &requests, Run::of(30_000.0));
        for (alone, shared) in alone.classes.iter().zip(&shared.classes) {
            prop_assert_eq!(alone.completed(), shared.completed());
            // A burst of work ends up to a nanosecond later, and each instruction is one at most.
            let bursts = alone.completed() * application.service().body.program.code.len() as u64;
            prop_assert!(shared.latency.sum().abs_diff(alone.latency.sum()) <= u128::from(bursts));
        }
    }

    #[test]
    fn a_step_that_takes_no_time_changes_nothing(
        deployment in prop_oneof![one_slot().boxed(), controlled().boxed()], rate in 0.5_f64..40.0, seed in any::<u32>(),
        timeout in prop_oneof![Just(None), (0.05_f64..1.0).prop_map(|seconds| Some(Nanos::from_seconds(seconds)))],
        attempts in 1_u32..4,
    ) {
        let retry = Retry { attempts: Some(attempts), base: constant(0.1), ..Retry::default() };
        let classes: Vec<Class> =
            two_classes().into_iter().map(|class| Class { timeout, retry: retry.clone(), ..class }).collect();
        let plain = application(classes.clone(), Step::of_class());
        let nothing = Step::new(Verb::Io(Demand::Own(constant(0.0))));
        let stepped = application(classes, [Step::of_class(), vec![nothing]].concat());
        prop_assert!(plain.service().body.program.is_of_class() && !stepped.service().body.program.is_of_class());
        let requests = poisson(&plain, rate, 30.0, u64::from(seed));
        let run = Run { warmup: 1_000_000_000, first_rate: rate, ..Run::of(35.0) };
        let plain = play(&deployment, &plain, &requests, run);
        let stepped = play(&deployment, &stepped, &requests, run);
        prop_assert!(bits_and_cpu(plain) == bits_and_cpu(stepped));
    }
}

#[test]
fn the_mean_of_steps_counts_how_often_and_for_whom() {
    let own = |seconds: f64| Demand::Own(constant(seconds));
    let way = |p, steps| Alternative { p, steps };
    let steps = vec![
        Step::new(Verb::Cpu(Demand::Class)),
        Step { p: 0.5, repeat: 3, ..Step::new(Verb::Io(own(0.1))) },
        Step {
            repeat: 2,
            ..Step::new(Verb::Branch(vec![
                way(0.25, vec![Step { repeat: 2, ..Step::new(Verb::Cpu(own(0.2))) }]),
                way(0.5, vec![Step { only: Classes::of([1]), ..Step::new(Verb::Io(Demand::Class)) }]),
            ]))
        },
    ];
    let application = application(two_classes(), steps);
    let means = [0, 1].map(|class| {
        let (cpu, waits) = application.service().body.mean_work(&application.classes[class as usize], class, &[]);
        [cpu, waits].map(|mean| (mean / 1e3).round() as u64)
    });
    // CPU of the class and 2 * 0.25 * 2 * 0.2 s; 0.5 * 3 * 0.1 s, and for the second class 2 * 0.5 * 0.2 s.
    assert_eq!(means, [[300_000, 150_000], [220_000, 350_000]]);
}
