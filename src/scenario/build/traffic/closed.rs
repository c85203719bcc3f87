//! From a checked and completed `kind = "closed"` to users.

use super::super::Context;
use crate::document::tree::{Node, Table};
use crate::scenario::distribution::durations;
use crate::traffic::closed::{Closed, MOST_CHANGES, Stage, Users};

/// The users that `table` says.
pub fn closed(context: &mut Context, table: &Table) -> Option<Closed> {
    let think = durations(table.at("think"));
    if think.is_zero() {
        let message = "users who do not think would ask without end at one instant whenever they are refused";
        context.error(table.at("think").span, message);
        return None;
    }
    if !think.mean().is_finite() {
        context.error(table.at("think").span, "the mean of this law is infinite: users would never ask");
        return None;
    }
    let count = |node: &Node| node.count() as f64;
    let users = match table.get("stages") {
        None => Users::constant(count(table.at("users"))),
        Some(stages) => Users {
            from: table.get("from").map_or(0.0, count),
            stages: stages
                .elements()
                .iter()
                .map(|stage| {
                    let stage = stage.table();
                    Stage { span: stage.at("for").duration(), target: count(stage.at("target")) }
                })
                .collect(),
        },
    };
    if users.coming_and_going() > MOST_CHANGES {
        let message = format!("users come and go more than {MOST_CHANGES:e} times");
        context.error(table.at("stages").span, message);
        return None;
    }
    Some(Closed { users, think, requests: table.at("requests").count_or_unbounded() })
}
