//! Workflows that whoever starts them plays itself: the same orchestration, written by hand inside a service.
//!
//! Their steps stand in the place of the step that starts them. What that step says about a run as a whole (a time limit,
//! further attempts, that something else is done meanwhile) has no form there, and is refused.
//!
//! A run that nobody waits for is another matter: it goes on in the background of the process that started it, holds none of
//! its slots, and needs no CPU of its own, for a workflow has none. So it stays a workflow. Where a process is frozen when
//! it has answered, as functions are, there is no background, and it is refused.

use super::Application;
use super::monolith::all_of;
use super::program::{Body, MOST_INSTRUCTIONS};
use super::step::{Alternative, CallSite, Step, Verb, walk};

/// `application` with the workflows of these indices inlined; the others are left, in order, and so are those of them that
/// somebody starts without waiting, in the `background` of a process if there is one.
///
/// # Errors
/// What about one of them cannot be inlined, as the rest of a sentence about it, and its index.
pub fn inlined(application: &Application, inline: &[u16], background: bool) -> Result<Application, (u16, String)> {
    let left = set_going(application);
    let gone: Vec<u16> = inline.iter().copied().filter(|workflow| !left.contains(workflow)).collect();
    let mut cut = Cut { application, inline, gone: &gone, background, steps: 0 };
    let mut whole = application.clone();
    for service in &mut whole.services {
        service.body = cut.body(&service.body)?;
    }
    for workflow in &mut whole.workflows {
        workflow.body = cut.body(&workflow.body)?;
    }
    let mut number = 0..;
    whole.workflows.retain(|_| number.next().is_some_and(|number| !gone.contains(&number)));
    Ok(whole)
}

/// Workflows that somebody starts without waiting.
fn set_going(application: &Application) -> Vec<u16> {
    let mut left = Vec::new();
    for body in application.bodies() {
        walk(&body.steps, &mut |step, _, _| {
            if let Verb::Start { workflow, awaited: false, .. } = step.verb {
                left.push(workflow);
            }
        });
    }
    left
}

struct Cut<'a> {
    application: &'a Application,
    inline: &'a [u16],
    /// Those of them that are nowhere started without waiting, and are no workflows any more.
    gone: &'a [u16],
    background: bool,
    /// Steps of one body so far, before those that are repeated are.
    steps: usize,
}

impl Cut<'_> {
    fn body(&mut self, body: &Body) -> Result<Body, (u16, String)> {
        self.steps = 0;
        let steps = self.inlined(&body.steps, &[])?;
        let too_many = |size| (self.inline[0], format!("makes {size} steps where it is inlined, which is too many"));
        Body::new(steps).map_err(too_many)
    }

    /// These steps, with those of what is started in the place of each start. `path` are the workflows around them.
    fn inlined(&mut self, steps: &[Step], path: &[u16]) -> Result<Vec<Step>, (u16, String)> {
        steps.iter().map(|step| self.one(step, path)).collect()
    }

    fn one(&mut self, step: &Step, path: &[u16]) -> Result<Step, (u16, String)> {
        self.steps += 1;
        if self.steps > MOST_INSTRUCTIONS {
            return Err((self.inline[0], format!("makes more than {MOST_INSTRUCTIONS} steps where it is inlined")));
        }
        let verb = match &step.verb {
            Verb::Start { workflow, awaited: false, .. } if self.inline.contains(workflow) && !self.background => {
                let why = "is started with `await = false`, and functions are frozen when they have answered: nothing goes on \
                           in the background of one";
                return Err((*workflow, why.to_owned()));
            }
            Verb::Start { workflow, awaited: true, site } if self.inline.contains(workflow) => {
                check(site).map_err(|why| (*workflow, why.to_owned()))?;
                if path.contains(workflow) {
                    return Err((*workflow, "starts itself".to_owned()));
                }
                let steps = &self.application.workflows[usize::from(*workflow)].body.steps;
                all_of(self.inlined(steps, &[path, &[*workflow]].concat())?).verb
            }
            Verb::Start { workflow, awaited, site } => {
                let before = self.gone.iter().filter(|gone| *gone < workflow).count();
                let workflow = *workflow - u16::try_from(before).unwrap_or(0);
                Verb::Start { workflow, awaited: *awaited, site: site.clone() }
            }
            Verb::Parallel(children) => {
                let started = children.iter().find_map(|child| match child.verb {
                    Verb::Start { workflow, awaited: true, .. } if self.inline.contains(&workflow) => Some(workflow),
                    _ => None,
                });
                if let Some(workflow) = started {
                    let why = "is started in `parallel`, and its steps can be one of several at once in no service";
                    return Err((workflow, why.to_owned()));
                }
                Verb::Parallel(self.inlined(children, path)?)
            }
            Verb::Branch(ways) => {
                let ways = ways.iter().map(|way| Ok(Alternative { p: way.p, steps: self.inlined(&way.steps, path)? }));
                Verb::Branch(ways.collect::<Result<_, _>>()?)
            }
            verb => verb.clone(),
        };
        Ok(Step { verb, ..step.clone() })
    }
}

/// Whether what is said about the start of a workflow has a form where its steps are inlined.
fn check(site: &CallSite) -> Result<(), &'static str> {
    if site.timeout.is_some() || !site.retry.is_once() {
        return Err(
            "is started with `timeout` or `retry`, and steps within a service have none of their own: say them \
                    where it calls",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::expansion::expand;
    use super::super::graph::Part;
    use super::super::program::tests::class;
    use super::super::retry::Retry;
    use super::super::step::Demand;
    use super::super::telemetry::Telemetry;
    use super::super::workflow::Workflow;
    use super::super::{Entry, Service};
    use super::*;
    use crate::kernel::distribution::Distribution;
    use crate::units::{Bytes, Nanos};

    fn site() -> CallSite {
        CallSite { size: Distribution::constant(0.0), timeout: None, retry: Retry::default() }
    }

    fn start(workflow: u16) -> Step {
        Step::new(Verb::Start { workflow, awaited: true, site: site() })
    }

    fn wait(nanoseconds: f64) -> Step {
        Step::new(Verb::Wait(Distribution::constant(nanoseconds)))
    }

    /// A service that starts the first workflow twice and then the last, and what they call.
    fn flows(first: Step) -> Application {
        let service = |name: &str, steps| Service {
            name: name.to_owned(),
            base_memory: Bytes(0),
            image: Bytes(0),
            runtime_start: None,
            init: Distribution::constant(0.0),
            body: Body::new(steps).unwrap(),
            telemetry: Telemetry::default(),
        };
        let cpu = Step::new(Verb::Cpu(Demand::Own(Distribution::constant(5.0))));
        let mut flows = Application::single(vec![class(Entry::Service(0))], service("api", vec![first, start(2)]));
        flows.services.push(service("worker", vec![cpu]));
        let call = Step::new(Verb::Call { service: 1, site: site() });
        let bodies = [vec![call, start(1)], vec![wait(10.0)], vec![wait(100.0), start(1)]];
        let workflow =
            |(name, steps): (&str, Vec<Step>)| Workflow { name: name.to_owned(), body: Body::new(steps).unwrap() };
        flows.workflows = ["a", "b", "c"].into_iter().zip(bodies).map(workflow).collect();
        flows
    }

    #[test]
    fn the_same_is_done_by_who_started_it() {
        let apart = flows(Step { repeat: 2, ..start(0) });
        let there = expand(&apart, 0, 1);
        assert_eq!((there.duration, there.of(Part::Workflow(1)).0, there.of(Part::Service(1)).0), (140, 3, 2));
        for inline in [&[0, 1, 2][..], &[0, 1], &[1], &[0, 2], &[]] {
            let whole = inlined(&apart, inline, false).unwrap();
            assert_eq!(whole.workflows.len(), 3 - inline.len());
            let here = expand(&whole, 0, 1);
            assert_eq!((here.duration, here.of(Part::Service(1)).0), (140, 2), "{inline:?}");
        }
        let names = inlined(&apart, &[0, 1], false).unwrap();
        assert_eq!((names.workflows[0].name.as_str(), expand(&names, 0, 1).of(Part::Workflow(0)).0), ("c", 1));
    }

    #[test]
    fn what_has_no_form_in_a_service_is_refused() {
        let said = |first: Step| inlined(&flows(first), &[0, 1], false).unwrap_err();
        let with = |awaited, site| Step::new(Verb::Start { workflow: 0, awaited, site });
        assert!(said(with(false, site())).1.contains("functions are frozen when they have answered"));
        assert!(said(with(true, CallSite { timeout: Some(Nanos(1)), ..site() })).1.contains("`timeout` or `retry`"));
        let retry = Retry { attempts: Some(2), ..Retry::default() };
        assert!(said(with(true, CallSite { retry, ..site() })).1.contains("`timeout` or `retry`"));
        let parallel = Step::new(Verb::Parallel(vec![wait(1.0), start(1)]));
        assert_eq!(said(parallel).0, 1);
        let mut round = flows(start(0));
        round.workflows[1].body = Body::new(vec![Step { p: 0.5, ..start(1) }]).unwrap();
        assert_eq!(inlined(&round, &[1], true).unwrap_err(), (1, "starts itself".to_owned()));
        // A workflow of another is no concern.
        assert!(inlined(&flows(with(false, site())), &[1], false).is_ok());
    }

    #[test]
    fn what_nobody_waits_for_goes_on_in_the_background_of_a_process() {
        let sent = || Step::new(Verb::Start { workflow: 0, awaited: false, site: site() });
        // One that is waited for elsewhere is there twice: in that place, and as a workflow.
        let both = all_of(vec![sent(), start(0), start(1)]);
        for first in [sent(), both] {
            let apart = flows(first);
            let (there, here) = (expand(&apart, 0, 1), inlined(&apart, &[0, 1], true).unwrap());
            // The first still calls the worker; what it starts itself and waits for is done by it.
            assert_eq!(here.workflows.iter().map(|flow| flow.name.as_str()).collect::<Vec<_>>(), ["a", "c"]);
            let played = expand(&here, 0, 1);
            assert_eq!((played.duration, played.billed()), (there.duration, there.billed()));
            assert_eq!(played.of(Part::Service(1)), there.of(Part::Service(1)));
            assert_eq!(played.sent.len(), there.sent.len());
        }
        // In several at once it is nobody's turn.
        let parallel = Step::new(Verb::Parallel(vec![wait(1.0), sent()]));
        assert_eq!(inlined(&flows(parallel), &[0], true).unwrap().workflows.len(), 3);
    }
}
