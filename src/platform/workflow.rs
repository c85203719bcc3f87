//! What a deployment binds a workflow of the application to: what is counted of its runs.

use super::binding::variant;
use super::passage::Passage;
use crate::units::{Bytes, Nanos};

/// What one workflow of the application is bound to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoundWorkflow {
    /// Catalogue id; `None` for a workflow without a price.
    pub id: Option<String>,
    /// What is counted for its bill.
    pub meter: WorkflowMeter,
    /// What bytes pass between it and instances.
    pub passage: Passage,
}

/// What a workflow counts for its bill.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkflowMeter {
    /// Whether its steps are counted, retries included.
    pub steps: bool,
    /// Memory that a run is billed for over its time, rounded up as it is billed; `None`: runs and their time are not
    /// counted.
    pub memory: Option<Bytes>,
    /// The time of a run is rounded up to a multiple of this, of which it is one at least.
    pub round_up: Nanos,
}

impl BoundWorkflow {
    /// Variant under which a meter of this workflow is priced: its tariff is that of this id alone.
    #[must_use]
    pub fn variant(&self) -> String {
        variant(self.id.as_deref(), "")
    }
}
