//! Sources of kinds mmpp, on-off and hawkes.

use super::Context;
use crate::document::tree::Table;
use crate::kernel::distribution::{Distribution, Law};
use crate::scenario::distribution::durations;
use crate::traffic::process::{Hawkes, State, Switching};
use crate::units::Nanos;

/// The shortest mean cycle of an on-off source, so that switching never outweighs the requests.
const SHORTEST: Nanos = Nanos(1_000_000);

/// The two-state source that a checked and completed table says.
pub fn mmpp(table: &Table) -> Switching {
    let state = |rate: &str, lasts: &str| State {
        rate: table.at(rate).rate(),
        lasts: Distribution::new(Law::Exponential { mean: table.at(lasts).duration().0 as f64 }),
    };
    Switching { states: [state("low", "low_for"), state("high", "high_for")] }
}

/// The on-off source that a checked and completed table says.
pub fn on_off(context: &mut Context, table: &Table) -> Option<Switching> {
    let [on, off] = ["on", "off"].map(|key| durations(table.at(key)));
    let cycle = on.mean() + off.mean();
    if !cycle.is_finite() {
        context.error(table.at("on").span, "periods without a finite mean: give them a `max`");
        return None;
    }
    if cycle < SHORTEST.0 as f64 {
        context.error(table.at("on").span, format!("`on` and `off` must last {SHORTEST} together on average"));
        return None;
    }
    let rate = table.at("rate").rate();
    Some(Switching { states: [State { rate, lasts: on }, State { rate: 0.0, lasts: off }] })
}

/// The most requests that a self-exciting source may need to forget its beginning: some seconds of work.
const LONGEST_MEMORY: f64 = 1e8;

/// The self-exciting source that a checked and completed table says.
pub fn hawkes(context: &mut Context, table: &Table) -> Option<Hawkes> {
    let source = Hawkes {
        rate: table.at("rate").rate(),
        branching: table.at("branching").number(),
        decay: table.at("decay").duration(),
    };
    if source.memory() > LONGEST_MEMORY {
        let requests = source.memory();
        let message = format!("its memory reaches over {requests:.0e} requests, of {LONGEST_MEMORY:.0e} at most");
        context.error(table.at("rate").span, format!("{message}: lower `rate`, `branching` or `decay`"));
        return None;
    }
    Some(source)
}
