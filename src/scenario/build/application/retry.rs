//! From a checked and completed `retry` to a policy.

use super::Context;
use crate::application::retry::{Budget, Jitter, On, Retry};
use crate::document::tree::{Node, Table};
use crate::scenario::distribution::durations;
use crate::units::Nanos;

/// Refuses, in a checked and completed table, a policy that may ask without end at one instant.
pub fn check(context: &mut Context, table: &Table) {
    let Some(policy) = table.get("retry").and_then(Node::as_table) else { return };
    let never_waits = durations(policy.at("base")).is_zero() || policy.at("cap").duration() == Nanos::ZERO;
    if policy.at("attempts").count_or_unbounded().is_none() && never_waits {
        let message = "attempts without end and without a wait between them would never leave one instant";
        context.error(policy.at("attempts").span, message);
    }
}

/// The policy that `table` says.
pub fn retry(table: &Table) -> Retry {
    let on = |end: &str| table.at("on").elements().iter().any(|word| word.text() == end);
    Retry {
        attempts: table.at("attempts").count_or_unbounded().map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
        on: On { timeout: on("timeout"), rejected: on("rejected"), failed: on("failed") },
        base: durations(table.at("base")),
        cap: table.at("cap").duration(),
        factor: table.at("factor").number(),
        jitter: match table.at("jitter").text() {
            "equal" => Jitter::Equal,
            "decorrelated" => Jitter::Decorrelated,
            "none" => Jitter::None,
            _ => Jitter::Full,
        },
        budget: budget(table.at("budget")),
    }
}

/// The budget that a checked node says.
pub fn budget(node: &Node) -> Option<Budget> {
    let table = node.as_table()?;
    Some(Budget { share: table.at("share").share(), floor: table.at("floor").rate() })
}
