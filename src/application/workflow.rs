//! Steps that an orchestrator keeps: it calls services and waits, and has no CPU of its own.

use super::program::Body;

/// One workflow.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// Name, unique among workflows.
    pub name: String,
    /// What it does.
    pub body: Body,
}
