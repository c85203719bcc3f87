//! Calls of a service that follow each other at once: one of them is at work at a time, so that for an instance they are one
//! that takes as long as all.

use crate::application::graph::Graph;
use crate::application::step::{Step, Verb};
use crate::application::{Application, Class};

/// Of each service, how many attempts of requests of a mix follow each other at once on average, at least 1.
pub(super) fn in_a_row(application: &Application, mix: &[f64]) -> Vec<f64> {
    let graph = Graph::new(application);
    let services = application.services.iter().map(|service| &service.body.steps);
    let bodies: Vec<_> = services.chain(application.workflows.iter().map(|workflow| &workflow.body.steps)).collect();
    let (mut attempts, mut next) = (vec![0.0; application.services.len()], vec![0.0; application.services.len()]);
    for (number, (class, share)) in (0..).zip(application.classes.iter().zip(mix)) {
        let Class { entry, .. } = class;
        let visits = graph.visits(*entry, number).unwrap_or_default();
        attempts.iter_mut().zip(&visits).for_each(|(sum, visits)| *sum += share * visits);
        bodies.iter().zip(&visits).for_each(|(steps, visits)| follow(steps, number, share * visits, &mut next));
    }
    let row = |(attempts, next): (&f64, &f64)| if attempts > next { attempts / (attempts - next) } else { 1.0 };
    attempts.iter().zip(&next).map(row).collect()
}

/// Adds how many calls come next after one of the same service, where a request of a class goes through steps so often. Those
/// within other steps come at once or by chance, and follow none.
fn follow(steps: &[Step], class: u32, times: f64, next: &mut [f64]) {
    // Who has been called last, and how likely.
    let mut last = (None, 0.0);
    for step in steps.iter().filter(|step| step.only.contains(class)) {
        let Verb::Call { service, .. } = step.verb else {
            last = (None, 0.0);
            continue;
        };
        let before = if last.0 == Some(service) { last.1 } else { 0.0 };
        let never = (1.0 - step.p).powi(i32::from(step.repeat));
        next[usize::from(service)] += times * (step.p * f64::from(step.repeat) - (1.0 - never) * (1.0 - before));
        last = (Some(service), 1.0 - (1.0 - before) * never);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::program::Body;
    use crate::application::retry::Retry;
    use crate::application::step::CallSite;
    use crate::engine::tick::tests;
    use crate::kernel::distribution::Distribution;

    fn rows(steps: Vec<Step>) -> f64 {
        let mut application = tests::application();
        application.services.push(application.services[0].clone());
        application.services[0].body = Body::new(steps).unwrap();
        in_a_row(&application, &[1.0])[1]
    }

    #[test]
    fn calls_that_follow_each_other_are_one() {
        let site = || CallSite { size: Distribution::constant(0.0), timeout: None, retry: Retry::default() };
        let call = || Step::new(Verb::Call { service: 1, site: site() });
        let wait = || Step::new(Verb::Wait(Distribution::constant(1e9)));
        let about = |steps: Vec<Step>, row: f64| {
            let found = rows(steps);
            assert!((found - row).abs() < 1e-9, "{found} for {row}");
        };
        about(vec![call()], 1.0);
        about(vec![Step { repeat: 3, ..call() }], 3.0);
        about(vec![call(), wait(), call()], 1.0);
        // One, and every fourth time another.
        about(vec![call(), Step { p: 0.25, ..call() }], 1.25);
        // Half of the time one, and half of the time another: 1, and in three of four cases there is one.
        about(vec![Step { p: 0.5, repeat: 2, ..call() }], 4.0 / 3.0);
        about(vec![Step { p: 0.5, ..call() }, Step { p: 0.5, ..call() }], 4.0 / 3.0);
        about(vec![Step { repeat: 2, ..Step::new(Verb::Parallel(vec![call()])) }], 1.0);
    }
}
