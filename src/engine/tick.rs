//! The tick engine: plays rates instead of requests, at a cost that does not depend on how many there are.
//!
//! Instances, nodes, autoscalers, placement and bills are those of the exact engine: its core, to which no request comes
//! ([`super::exact`], `control_plane`). From one of its events to the next, what requests would do follows from the rate
//! along which they would be drawn.
//!
//! ```text
//!     domain      what is not played, and why
//!     throttle    whether an edge can turn requests away; bucket: how many; entrance: what passes
//!     law         how long requests work; asked: what they ask of an instance
//!     waits       who waits; delay: how long; queue: how long the queue is
//!     latencies   waits and work joined, in the buckets of the histograms; weights: what is gathered by value
//!     fleet       one service at work, from event to event
//!     functions   one whose instances follow its requests; pool: how many there are; along: from bend to bend of the rate
//!     books       whole requests, slice by slice
//!     fleets      services whose requests share CPU or call each other
//!     looks       what a scheduler sees that looks at single requests
//!     strain      for a while more comes than its instances can take
//!     chain       functions that call each other
//!     asks        what requests ask of stores; stores: whether these bear it; shared: their CPU;
//!                 connections: how many there are
//!     cells       what they meet, size by size and load by load; sample: requests played exactly; told: what samples
//!                 tell
//! ```

mod along;
mod asked;
mod asks;
mod books;
mod bucket;
mod cells;
mod chain;
mod connections;
mod delay;
pub mod domain;
mod entrance;
mod evened;
mod fleet;
mod fleets;
mod functions;
mod kept;
mod lag;
mod latencies;
mod law;
mod looks;
mod noise;
mod pool;
mod queue;
mod rest;
mod rows;
mod rush;
mod sample;
mod shared;
mod stores;
mod strain;
#[cfg(test)]
pub(super) mod tests;
mod throttle;
mod told;
mod waits;
mod weights;

use super::Plan;
use entrance::Entrance;

use crate::metering::measurement::Measurement;
use crate::platform::autoscaler::Law;
use crate::traffic::path::{Arrived, Path};

/// Plays one deployment within the [domain](domain::outside) along a path, on which so many arrive. `goes_on` is asked
/// now and then, with the instant that has been reached; `None` if it says no.
///
/// # Errors
/// What turns out to lie outside the domain on the way: limits of the edge, or of a fleet that follows its requests, are
/// reached.
pub fn play(
    plan: Plan<'_>,
    path: Path,
    arrived: &Arrived,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Option<Measurement>, String> {
    let throttle = domain::throttled(plan.deployment, plan.application, path.clone())?;
    let entrance = |path| Entrance::new(path, throttle, plan.warmup.0);
    let spec = plan.deployment.of_service(0);
    match (&spec.autoscaler.law, &spec.fleet.keep_alive) {
        (Law::PerRequest(_), _) if domain::has_steps(plan.application) => {
            chain::ChainAtWork::new(plan, entrance(path))?.play(arrived, goes_on)
        }
        (Law::PerRequest(law), Some(keep_alive)) => {
            functions::FunctionsAtWork::new(plan, entrance(path), law, keep_alive).play(arrived, goes_on)
        }
        _ if domain::is_sampled(plan.deployment, plan.application) => {
            fleets::FleetsAtWork::new(plan, path).play(arrived, goes_on)
        }
        _ => Ok(fleet::FleetAtWork::new(plan, path).play(arrived, goes_on)),
    }
}

impl Plan<'_> {
    /// Time has come to an instant: perhaps in another slice (`None`: the warm-up). Whether the warm-up has just ended.
    fn enter(&self, at: u64, slice: &mut Option<usize>) -> bool {
        let slices = &self.calendar.slices;
        match *slice {
            None if at >= self.warmup.0 => {
                *slice = Some(0);
                return true;
            }
            Some(now) if at >= slices[now].end.0 && now + 1 < slices.len() => *slice = Some(now + 1),
            _ => {}
        }
        false
    }
}
