//! Names in steps: what they call, and for whom they are done.

use super::{Names, entries, expect_node, tables};
use crate::document::tree::{Node, Table};
use crate::scenario::build::Context;

/// Verbs that take a name, and the section that has it.
const VERBS: [(&str, &str); 4] = [("call", "service"), ("query", "store"), ("publish", "queue"), ("start", "workflow")];

/// Reports every unknown name in the steps of services and workflows.
pub(super) fn check(context: &mut Context, table: &Table, names: &Names) {
    for owner in tables(table.get("service")).chain(tables(table.get("workflow"))) {
        check_steps(context, names, owner.get("steps"));
    }
}

fn check_steps(context: &mut Context, names: &Names, steps: Option<&Node>) {
    for step in tables(steps) {
        for (verb, section) in VERBS {
            step.get(verb).into_iter().for_each(|node| expect_node(context, names, section, node));
        }
        for class in entries(step.get("only")) {
            expect_node(context, names, "class", class);
        }
        check_steps(context, names, step.get("parallel"));
        tables(step.get("branch")).for_each(|way| check_steps(context, names, way.get("steps")));
    }
}
