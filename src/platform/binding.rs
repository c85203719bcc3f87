//! What a deployment puts in the place of the queues, workflows and stores of an application.

use super::passage::Passage;
use super::queue::BoundQueue;
use super::store::BoundStore;
use super::workflow::BoundWorkflow;

/// What an application's parts are bound to, by their indices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bindings {
    /// What stands for the queues.
    pub queues: Vec<BoundQueue>,
    /// What stands for the workflows.
    pub workflows: Vec<BoundWorkflow>,
    /// What stands for the stores.
    pub stores: Vec<BoundStore>,
}

impl Bindings {
    /// What bytes pass on the way to each of them.
    pub fn passages(&self) -> impl Iterator<Item = &Passage> {
        let queues = self.queues.iter().map(|queue| &queue.passage);
        let workflows = self.workflows.iter().map(|workflow| &workflow.passage);
        queues.chain(workflows).chain(self.stores.iter().map(|store| &store.passage))
    }
}

/// Variant under which a meter of what is bound under this catalogue id is priced, so that each is priced by its own
/// tariff alone.
pub(super) fn variant(id: Option<&str>, of: &str) -> String {
    let id = id.unwrap_or_default();
    if of.is_empty() { id.to_owned() } else { format!("{id}:{of}") }
}

/// Something that a name of an application can be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bindable {
    /// Catalogue id.
    pub id: &'static str,
    /// What it can stand for.
    pub kind: Kind,
}

/// What a bound name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A queue or a topic.
    Queue,
    /// A workflow.
    Workflow,
    /// A store.
    Store,
}

impl Kind {
    /// The section of a scenario.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Workflow => "workflow",
            Self::Store => "store",
        }
    }
}

const fn bindable(id: &'static str, kind: Kind) -> Bindable {
    Bindable { id, kind }
}

/// Every id that a name can be bound to.
pub const BINDABLE: [Bindable; 15] = [
    bindable("aws-sqs", Kind::Queue),
    bindable("aws-sns", Kind::Queue),
    bindable("gcp-cloud-tasks", Kind::Queue),
    bindable("gcp-pubsub", Kind::Queue),
    bindable("self-hosted", Kind::Queue),
    bindable("aws-step-functions", Kind::Workflow),
    bindable("aws-step-functions-express", Kind::Workflow),
    bindable("gcp-workflows", Kind::Workflow),
    bindable("inline", Kind::Workflow),
    bindable("aws-dynamodb", Kind::Store),
    bindable("aws-aurora", Kind::Store),
    bindable("aws-aurora-serverless", Kind::Store),
    bindable("gcp-datastore", Kind::Store),
    bindable("gcp-firestore", Kind::Store),
    bindable("redis", Kind::Store),
];
