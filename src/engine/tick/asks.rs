//! What requests of each class ask stores for, on average and at the most, retries apart.

use super::law::mean_of_both;
use crate::application::graph::Graph;
use crate::application::step::{Access, Step, Verb, walk};
use crate::application::{Application, Entry};
use crate::kernel::distribution::Distribution;
use crate::kernel::whole;
use crate::platform::store::units::Units;

/// What a request of one class asks for, by one kind of access to one store.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Asks {
    /// Accesses, on average and at most: of each part that it visits, as much as one visit could bring.
    times: f64,
    most: f64,
    /// Units, and the sum of the squares of those of each access.
    pub units: f64,
    squares: f64,
    /// Time at low load, in nanoseconds.
    pub time: f64,
}

/// Both kinds of access to a store.
pub(super) const ACCESSES: [Access; 2] = [Access::Read, Access::Write];

impl Asks {
    /// Of each class of an application, at a store whose accesses are so many units.
    pub fn of_classes(application: &Application, store: u16, access: Access, units: Units) -> Vec<Self> {
        let graph = Graph::new(application);
        let bodies: Vec<_> = application.bodies().collect();
        let law = application.stores[usize::from(store)].latency(access);
        let of_class = |(number, class): (u32, &crate::application::Class)| {
            let mut asks = Self::default();
            let mut add = |times: f64, size: &Distribution| {
                let of = |bytes: f64| units.halves(access, whole::round(bytes)) as f64 / 2.0;
                let alone = Distribution::constant(0.0);
                asks.times += times;
                asks.units += times * mean_of_both(size, &alone, |bytes, _| of(bytes));
                asks.squares += times * mean_of_both(size, &alone, |bytes, _| of(bytes) * of(bytes));
                asks.time += times * law.mean();
            };
            if class.entry == Entry::Store(store, access) {
                add(1.0, if access == Access::Read { &class.response_bytes } else { &class.request_bytes });
                asks.most = 1.0;
                return asks;
            }
            let visits = graph.visits(class.entry, number).unwrap_or_default();
            let is = |verb: &Verb| matches!(verb, Verb::Query { store: to, access: how, .. } if *to == store && *how == access);
            let mut all = 0.0;
            for (body, visits) in bodies.iter().zip(visits).filter(|(_, visits)| *visits > 0.0) {
                walk(&body.steps, &mut |step, times, only| {
                    if let Verb::Query { site, .. } = &step.verb
                        && is(&step.verb)
                        && only.contains(number)
                    {
                        add(visits * times, &site.size);
                    }
                });
                all += visits.max(1.0).ceil() * most(&body.steps, number, &is);
            }
            asks.most = all;
            asks
        };
        (0..).zip(&application.classes).map(of_class).collect()
    }

    /// The mean of the square of the units that a request asks for; no less than it is, as no request makes more accesses
    /// than it could at the most.
    pub fn second(&self) -> f64 {
        let each = if self.times > 0.0 { self.units / self.times } else { 0.0 };
        self.squares + self.times * (self.most - 1.0).max(0.0) * each * each
    }
}

/// Most of certain steps that are done when these are done once.
fn most(steps: &[Step], class: u32, is: &impl Fn(&Verb) -> bool) -> f64 {
    let of_step = |step: &Step| {
        let once = match &step.verb {
            Verb::Parallel(steps) => most(steps, class, is),
            Verb::Branch(ways) => ways.iter().map(|way| most(&way.steps, class, is)).fold(0.0, f64::max),
            verb => f64::from(u8::from(is(verb))),
        };
        f64::from(step.repeat) * once
    };
    steps.iter().filter(|step| step.p > 0.0 && step.only.contains(class)).map(of_step).sum()
}

/// How a service, or a workflow, asks a store.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Asking {
    /// Queries that an attempt makes at once, at the most.
    pub at_once: u32,
    /// Queries that a request brings, on average over all classes by their weight.
    pub queries: f64,
}

/// How each of them does, services first.
pub(super) fn at_once(application: &Application, store: u16) -> Vec<Asking> {
    let graph = Graph::new(application);
    let bodies: Vec<_> = application.bodies().collect();
    let mut all = vec![Asking { at_once: 0, queries: 0.0 }; bodies.len()];
    let is = |step: &Step| matches!(step.verb, Verb::Query { store: to, .. } if to == store);
    for (number, class) in (0..).zip(&application.classes) {
        let visits = graph.visits(class.entry, number).unwrap_or_default();
        for ((asking, body), visits) in all.iter_mut().zip(&bodies).zip(visits) {
            walk(&body.steps, &mut |step, times, only| {
                asking.at_once = asking.at_once.max(match &step.verb {
                    Verb::Parallel(all) => all.iter().filter(|step| is(step)).map(|step| u32::from(step.repeat)).sum(),
                    _ => u32::from(is(step)),
                });
                if is(step) && only.contains(number) {
                    asking.queries += class.weight * visits * times;
                }
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::program::Body;
    use crate::application::retry::Retry;
    use crate::application::step::{Alternative, CallSite, Classes};
    use crate::application::store::{Kind, Store};
    use crate::engine::tick::tests::application;
    use crate::platform::store::units::Unit;
    use crate::units::Bytes;

    fn read(p: f64, repeat: u16) -> Step {
        let site = CallSite { size: Distribution::constant(1000.0), timeout: None, retry: Retry::default() };
        Step { p, repeat, ..Step::new(Verb::Query { store: 0, access: Access::Read, site }) }
    }

    /// Of a service that does this, by reads of three units each.
    fn asks(steps: Vec<Step>) -> Asks {
        let mut application = application();
        application.services[0].body = Body::new(steps).unwrap();
        let (read, write) = (Distribution::constant(4e6), Distribution::constant(8e6));
        let store = Store { name: "orders".to_owned(), kind: Kind::Document, stored: Bytes(0), read, write };
        application.stores = vec![store];
        let unit = Unit { bytes: Some(400), half: false };
        Asks::of_classes(&application, 0, Access::Read, Units { read: unit, write: unit })[0]
    }

    #[test]
    fn units_are_counted_with_their_squares() {
        let twice = asks(vec![read(1.0, 2)]);
        assert!((twice.units - 6.0).abs() < 1e-9 && (twice.second() - 36.0).abs() < 1e-9, "{twice:?}");
        assert!((twice.time - 8e6).abs() < 1.0);
        // None or all of ten: as many as could be made count, not as many as are.
        let seldom = asks(vec![read(0.01, 10)]);
        assert!((seldom.units - 0.3).abs() < 1e-9 && (seldom.second() - 9.0).abs() < 1e-9, "{seldom:?}");
        let ways = [(0.5, 1), (0.25, 4)].map(|(p, repeat)| Alternative { p, steps: vec![read(1.0, repeat)] });
        let either = asks(vec![Step::new(Verb::Branch(ways.into()))]);
        assert!((either.units - 4.5).abs() < 1e-9, "{either:?}");
        assert!(either.second() >= 9.0 * (0.5 + 0.25 * 16.0), "{either:?}");
    }

    #[test]
    fn classes_ask_for_what_is_theirs() {
        let other = Step { only: Classes::of([1]), ..read(1.0, 1) };
        assert_eq!(asks(vec![other]).units, 0.0);
    }
}
