//! The stores of a deployment along a rate: what they take of requests, and whether they stay clear of what they can bear.
//!
//! Whether units run out is told as it is of the throttle of an edge, by Chernoff's bound on what is asked for since any instant
//! (`throttle`). An access takes several units, and a request makes several accesses: what comes is taken for lumps, all as
//! large, with the mean and the variance of what requests ask for. How much a store takes follows what was taken of it
//! minute by minute: the store itself knows how, and is told.

use rand_distr::{Distribution as _, StandardNormal};

use super::asks::{ACCESSES, Asks};
use super::throttle::{SURELY, Walk};
use crate::application::step::Access;
use crate::engine::Plan;
use crate::engine::exact::Core;
use crate::kernel::streams::{Stream, stream};
use crate::kernel::whole;
use crate::traffic::path::Stretch;

/// Stores count by the minute.
const MINUTE: u64 = 60_000_000_000;
const SECOND: f64 = 1e9;

/// What a store takes of one kind of access.
struct Account {
    store: usize,
    access: Access,
    /// By class.
    asked: Vec<Asks>,
    /// Units of a lump.
    lump: f64,
    walks: Vec<Walk>,
    /// Units that it held when it was full.
    burst: Option<f64>,
    /// Parts of half units that were not whole yet.
    rest: f64,
}

/// Those of a deployment that have limits.
pub(super) struct StoresAtWork<'a> {
    plan: Plan<'a>,
    accounts: Vec<Account>,
    luck: Stream,
}

impl<'a> StoresAtWork<'a> {
    pub fn new(plan: Plan<'a>) -> Self {
        let mut accounts = Vec::new();
        for (number, bound) in (0..).zip(&plan.deployment.bindings.stores) {
            let Some(throughput) = &bound.throughput else { continue };
            for access in ACCESSES {
                let asked = Asks::of_classes(plan.application, number, access, bound.units);
                let lump = asked.iter().filter(|asks| asks.units > 0.0).map(|asks| asks.second() / asks.units);
                let lump = lump.fold(0.0, f64::max);
                if lump > 0.0 {
                    let walks = Walk::all(throughput.of(access).largest_burst() / lump);
                    let store = usize::from(number);
                    accounts.push(Account { store, access, asked, lump, walks, burst: None, rest: 0.0 });
                }
            }
        }
        Self { plan, accounts, luck: stream(plan.seed, "stores", &plan.deployment.name, plan.replication) }
    }

    /// Requests of a mix come along a stretch.
    ///
    /// # Errors
    /// They could ask for more than a store takes.
    pub fn go(&mut self, core: &mut Core<'_>, stretch: Stretch, mix: &[f64]) -> Result<(), String> {
        if self.accounts.is_empty() {
            return Ok(());
        }
        let mut left = Some(stretch);
        while let Some(rest) = left {
            let (part, next) = rest.cut((rest.from / MINUTE + 1) * MINUTE);
            for account in &mut self.accounts {
                let per_second = account.go(core, part, mix, &mut self.luck);
                if let Err((asked, taken)) = per_second {
                    let word = if account.access == Access::Read { "read" } else { "write" };
                    return Err(format!(
                        "{asked:.0} {word} units/s come near the {taken}/s that store `{}` takes",
                        self.plan.application.stores[account.store].name
                    ));
                }
            }
            left = next;
        }
        Ok(())
    }
}

impl Account {
    /// Requests come along a part of a minute. If they could find nothing left, how many units are asked for, and how many are
    /// taken, per second.
    fn go(&mut self, core: &mut Core<'_>, part: Stretch, mix: &[f64], luck: &mut Stream) -> Result<(), (f64, u32)> {
        let mean =
            |of: &dyn Fn(&Asks) -> f64| self.asked.iter().zip(mix).map(|(asks, share)| share * of(asks)).sum::<f64>();
        let (units, second) = (mean(&|asks| asks.units), mean(&Asks::second));
        let come = part.expected();
        let noise: f64 = StandardNormal.sample(luck);
        self.rest += 2.0 * (come * units + (come * second).sqrt() * noise);
        let halves = whole::floor(self.rest.max(0.0));
        self.rest -= halves as f64;
        let (rate, burst) = core.take_units((self.store, self.access), part.from, halves);
        // A bucket that grows is as full as it was.
        let grown = (burst - self.burst.replace(burst).unwrap_or(burst)) / self.lump;
        let lumps = units / self.lump;
        let part = Stretch { first: part.first * lumps, last: part.last * lumps, ..part };
        let refill = f64::from(rate) / SECOND / self.lump;
        let margin = |walk: &mut Walk| {
            walk.grow(grown);
            walk.exponent * burst / self.lump - walk.pass(part, refill)
        };
        if self.walks.iter_mut().map(margin).fold(f64::NEG_INFINITY, f64::max) < SURELY {
            return Err((part.first.max(part.last) * self.lump * SECOND, rate));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a bucket of 200 that has just grown by so many could be empty after a second in which as many come as are
    /// refilled, 100.
    fn empties(grown: &[f64]) -> bool {
        let second = Stretch { from: 0, to: 1_000_000_000, first: 1e-7, last: 1e-7 };
        let margin = |walk: &mut Walk| {
            for tokens in grown {
                walk.grow(*tokens);
            }
            walk.exponent * 200.0 - walk.pass(second, 1e-7)
        };
        Walk::all(200.0).iter_mut().map(margin).fold(f64::NEG_INFINITY, f64::max) < SURELY
    }

    #[test]
    fn a_bucket_that_grows_is_as_full_as_it_was() {
        // Eight standard deviations of 100 are 80.
        assert!(!empties(&[]) && !empties(&[80.0]));
        assert!(empties(&[150.0]), "50 are left");
        assert!(!empties(&[150.0, -150.0]) && !empties(&[-150.0]), "what it does not hold it does not lack");
    }
}
