//! Refuses what was checked and built and no engine plays yet: one place, beside one list
//! ([`crate::scenario::grammar::unplayed`]).

use super::Context;
use super::references::STORE_PREFIX;
use crate::document::diagnostic::Diagnostic;
use crate::document::grammar::refuse;
use crate::document::tree::{Node, Table};
use crate::scenario::grammar::{SCENARIO, unplayed};

/// Reports everything in `table` that is not played yet: keys and kinds by the list, then what no key shows.
pub fn refuse_unplayed(context: &mut Context, table: &Table) {
    refuse(table, &SCENARIO, &mut context.problems);
    let second = table.get("service").and_then(Node::as_array).and_then(|services| services.get(1));
    if let (Some(what), Some(second)) = (unplayed::SERVICES, second) {
        context.problems.push(Diagnostic::error(format!("{what} not simulated yet")).at(second.span));
    }
    let classes = table.get("class").and_then(Node::as_array).unwrap_or_default();
    for entry in classes.iter().filter_map(|class| class.as_table()?.get("entry")) {
        if let (Some(what), Some(true)) = (unplayed::STORES, entry.as_str().map(|name| name.starts_with(STORE_PREFIX)))
        {
            context.problems.push(Diagnostic::error(format!("{what} not simulated yet")).at(entry.span));
        }
    }
}
