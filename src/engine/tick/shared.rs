//! The CPU of a store that queries share: how much is enough, and how many queries are with the store at once.

use super::asks::{ACCESSES, Asks, at_once};
use super::cells::HIGHEST;
use crate::engine::Plan;
use crate::platform::store::BoundStore;
use crate::traffic::path::Stretch;

/// More than a Poisson number varies by so much more that its root is larger by 1 %: as good as fleets are told.
const VARIES: f64 = 0.02;
const SECOND: f64 = 1e9;

/// That of one store.
#[derive(Clone, Debug)]
pub(super) struct Shared<'a> {
    /// Requests per nanosecond for which it is enough.
    pub most: f64,
    pub vcpu: f64,
    store: &'a str,
    /// Share of the queries that each service makes.
    shares: Vec<f64>,
}

impl<'a> Shared<'a> {
    /// That of each store of a plan that has any, for requests of a mix: first the one that has the least for what is asked of it.
    pub fn all(plan: &Plan<'a>, mix: &[f64]) -> Vec<Self> {
        let of_store = |(number, bound): (u16, &BoundStore)| {
            let processor = bound.processor.as_ref()?;
            let cpu = |access| {
                let asked = Asks::of_classes(plan.application, number, access, bound.units);
                asked.iter().zip(mix).map(|(asks, share)| share * asks.time).sum::<f64>() * processor.cpu_share
            };
            let needed: f64 = ACCESSES.into_iter().map(cpu).sum();
            let asking = at_once(plan.application, number);
            let all: f64 = asking.iter().map(|asking| asking.queries).sum();
            (needed > 0.0).then(|| Self {
                most: processor.vcpu / needed,
                vcpu: processor.vcpu,
                store: &plan.application.stores[usize::from(number)].name,
                shares: asking.iter().map(|asking| asking.queries / all.max(f64::MIN_POSITIVE)).collect(),
            })
        };
        let mut all: Vec<Self> = (0..).zip(&plan.deployment.bindings.stores).filter_map(of_store).collect();
        all.sort_by(|one, other| one.most.total_cmp(&other.most));
        all
    }

    /// # Errors
    /// Requests come along a stretch near what it is enough for.
    pub fn within(&self, stretch: Stretch) -> Result<(), String> {
        let rate = stretch.first.max(stretch.last);
        if rate <= HIGHEST * self.most {
            return Ok(());
        }
        let (rate, most) = (rate * SECOND, self.most * SECOND);
        Err(format!(
            "{rate:.0} requests/s come near what the CPU of store `{}` is enough for ({most:.0}/s)",
            self.store
        ))
    }

    /// By how much the variance of the number of queries of a service that are with it exceeds their mean, at a rate.
    fn surplus(&self, rate: f64, service: usize) -> f64 {
        let share = self.shares.get(service).copied().unwrap_or(0.0);
        share * share * surplus(self.vcpu, rate / self.most)
    }
}

/// Whoever has an instance for each request at work counts on a Poisson number of them. So many, of a service, are at work on
/// average.
///
/// # Errors
/// So many of them are with stores at once that they vary by more.
pub(super) fn is_calm(all: &[Shared<'_>], rate: f64, service: usize, at_work: f64) -> Result<(), String> {
    let Some(first) = all.first() else { return Ok(()) };
    if all.iter().map(|shared| shared.surplus(rate, service)).sum::<f64>() <= VARIES * at_work {
        return Ok(());
    }
    Err(format!(
        "at {:.0} requests/s queries wait for each other's CPU in store `{}`, so that more instances are at work at once than \
         by chance",
        rate * SECOND,
        first.store
    ))
}

/// By how much the variance of the number of queries at a store exceeds its mean, at a load. As they share the CPU
/// evenly, their number is that of M/M/c, whatever their law (Cohen, The multiple phase service network with generalized
/// processor sharing, Acta Informatica 12, 1979).
fn surplus(vcpu: f64, load: f64) -> f64 {
    let (mut number, mut share, mut sums) = (0.0_f64, 1.0, [1.0, 0.0, 0.0]);
    while number <= vcpu || share > f64::EPSILON * sums[0] {
        number += 1.0;
        share *= load * vcpu / number.min(vcpu);
        for (power, sum) in (0..).zip(&mut sums) {
            *sum += share * number.powi(power);
        }
    }
    let [whole, mean, second] = sums;
    let mean = mean / whole;
    second / whole - mean * mean - mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_as_many_as_jobs_in_a_queue_of_as_many_servers() {
        // M/M/1: geometric.
        assert!((surplus(1.0, 0.6) - 0.36 / 0.16).abs() < 1e-9, "{}", surplus(1.0, 0.6));
        // Where none waits for another, they are Poisson.
        assert!(surplus(64.0, 0.1).abs() < 1e-9);
        assert!(surplus(2.0, 0.5) > surplus(4.0, 0.5) && surplus(4.0, 0.5) > 0.0);
    }
}
