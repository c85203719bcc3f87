//! Connections to stores: how many instances hold, and whether they stay clear of how many there may be.
//!
//! An instance opens as many as it has queries at once, and keeps them until it ends. At the most it has as many queries at
//! once as its slots and its pool allow; where these are open, no more than a Poisson number of the same mean surely is.

use super::asks::{Asking, at_once};
use super::cells::Cells;
use super::cells::Sample;
use super::domain::SPREADS;
use super::throttle::SURELY;
use crate::engine::Plan;
use crate::engine::exact::tally::given::Given;
use crate::kernel::whole;
use crate::platform::autoscaler::Law;

/// Nanoseconds.
const MILLI: f64 = 1e6;

/// A store whose connections are counted.
#[derive(Debug)]
struct Limited {
    store: usize,
    max: u32,
    /// Of each service: its share of the queries, and the most connections that an instance of it can open.
    services: Vec<(f64, f64)>,
}

/// How many instances of a service there were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Served {
    /// At the most, the warm-up included.
    pub peak: f64,
    /// Times nanoseconds that are measured.
    pub time: f64,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Connected<'a> {
    plan: Plan<'a>,
    limited: Vec<Limited>,
    pub services: Vec<Served>,
}

impl<'a> Connected<'a> {
    pub fn new(plan: Plan<'a>) -> Self {
        let limited = (0..).zip(&plan.deployment.bindings.stores).filter_map(|(store, bound)| {
            let law = bound.connections?;
            let asking = at_once(plan.application, store);
            let all: f64 = asking.iter().map(|asking| asking.queries).sum();
            let of_service = |(number, asking): (usize, &Asking)| {
                let slots = plan.deployment.of_service(number).fleet.slots.map_or(f64::INFINITY, f64::from);
                let pool = law.pool.map_or(f64::INFINITY, f64::from);
                let at_once = f64::from(asking.at_once);
                let most = if at_once > 0.0 { (slots * at_once).min(pool) } else { 0.0 };
                (asking.queries / all.max(f64::MIN_POSITIVE), most)
            };
            let services = asking.iter().take(plan.application.services.len()).enumerate().map(of_service).collect();
            Some(Limited { store: usize::from(store), max: law.max, services })
        });
        let limited = limited.collect();
        Self { plan, limited, services: vec![Served::default(); plan.application.services.len()] }
    }

    /// So many instances of a service are there for a while.
    pub fn pass(&mut self, service: usize, instances: f64, measured: f64) {
        let served = &mut self.services[service];
        served.peak = served.peak.max(instances);
        served.time += instances * measured;
    }

    /// What instances hold, given what samples tell of those of fleets.
    ///
    /// # Errors
    /// They could come near what a store takes.
    pub fn give(&self, (cells, samples): (&Cells, &[Sample]), given: &mut Given) -> Result<(), String> {
        for limited in &self.limited {
            let (mut surely, mut peak, mut time) = (0.0, 0.0, 0.0);
            for (number, (served, &(share, most))) in self.services.iter().zip(&limited.services).enumerate() {
                let (held, could) = if most.is_finite() && most <= 1.0 {
                    (most, most)
                } else {
                    let (held, could) = each(limited, (number, share), served, (cells, samples));
                    (held.min(most), could.min(most))
                };
                let follows = matches!(self.plan.deployment.of_service(number).autoscaler.law, Law::PerRequest(_));
                let spread = if follows { SPREADS * served.peak.sqrt() } else { 0.0 };
                surely += could * (served.peak + spread);
                peak += held * served.peak;
                time += held * served.time;
            }
            if surely >= f64::from(limited.max) {
                let name = &self.plan.application.stores[limited.store].name;
                return Err(format!(
                    "{surely:.0} connections of its instances come near the {} that store `{name}` takes",
                    limited.max
                ));
            }
            let measure = &mut given.stores[limited.store].measure;
            measure.connections = u128::from(whole::round(time / MILLI)) * 1_000_000;
            measure.connections_peak = whole::round(peak);
        }
        Ok(())
    }
}

/// Connections that an instance of a service, which makes this share of the queries of a store, is likely to hold in the
/// end, and those that it surely does not exceed.
fn each(
    limited: &Limited,
    (service, share): (usize, f64),
    served: &Served,
    (cells, samples): (&Cells, &[Sample]),
) -> (f64, f64) {
    let lives = served.time / served.peak.max(1.0);
    let (mut held, mut could) = (0.0_f64, 0.0_f64);
    for (_, sample) in cells.with(samples) {
        let (store, instances) =
            (&sample.measurement.stores[limited.store], f64::from(sample.shape.instances[service]));
        let per_instance = share / instances.max(1.0);
        let queries = store.latency.count() as f64 / sample.time * per_instance;
        let at_once = queries * store.latency.mean().unwrap_or(0.0);
        held = held.max(store.connections_peak as f64 * per_instance).max(reached(at_once, queries * lives));
        could = could.max(surely_below(at_once));
    }
    (held, could.max(held))
}

/// The highest that a Poisson number of a mean is likely to be at any of so many looks.
fn reached(mean: f64, looks: f64) -> f64 {
    let (mut number, mut share) = (0.0, libm::exp(-mean));
    let mut above = 1.0 - share;
    while above * looks > 1.0 && share > 0.0 {
        number += 1.0;
        share *= mean / number;
        above -= share;
    }
    number
}

/// The number that a Poisson one of a mean surely does not exceed (Chernoff's bound).
fn surely_below(mean: f64) -> f64 {
    let mut number = mean.ceil().max(1.0);
    while mean > 0.0 && number * libm::log(number / mean) - number + mean < SURELY {
        number += 1.0;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poisson_number_surely_is_no_larger() {
        // The odds of 32 or more of a mean of 4 are 1e-17, of 26 or more 1e-12.
        assert!((27.0..32.0).contains(&surely_below(4.0)), "{}", surely_below(4.0));
        assert!((surely_below(1e6) - 1e6 - 8.0 * 1e3).abs() < 20.0, "as of a normal one");
        assert_eq!([reached(0.0, 1e9), reached(1.0, 1.0), reached(1.0, 1e6)], [0.0, 0.0, 9.0]);
        assert!(surely_below(1e-9) <= 3.0 && surely_below(0.0) <= 1.0);
    }
}
