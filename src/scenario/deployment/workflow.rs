//! What workflows are bound to: from checked tables.

use super::bind::NONE;
use crate::application::Application;
use crate::application::workflow::Workflow;
use crate::document::tree::{Node, Table};
use crate::metering::rounding::steps;
use crate::platform::workflow::{BoundWorkflow, WorkflowMeter};
use crate::units::{Bytes, Nanos};

/// What every workflow of `application` is bound to.
pub(super) fn workflows(table: &Table, application: &Application) -> Vec<BoundWorkflow> {
    let bind = table.get("bind").and_then(Node::as_table);
    let of = |workflow: &Workflow| bind.and_then(|bind| bind.get(&workflow.name)).and_then(Node::as_table);
    application.workflows.iter().map(|workflow| of(workflow).map_or_else(BoundWorkflow::default, bound)).collect()
}

fn bound(table: &Table) -> BoundWorkflow {
    let id = table.at("kind").text();
    if id == NONE {
        return BoundWorkflow::default();
    }
    // What is billed by the memory of its runs is not billed by its steps.
    let of_chunks = |memory: Bytes| Bytes(steps(memory.0, table.at("chunk").size().0, 0));
    let memory = table.get("memory").map(|memory| of_chunks(memory.size()));
    let round_up = table.get("round_up").map_or(Nanos(0), Node::duration);
    let meter = WorkflowMeter { steps: memory.is_none(), memory, round_up };
    BoundWorkflow { id: Some(id.to_owned()), meter, ..BoundWorkflow::default() }
}
