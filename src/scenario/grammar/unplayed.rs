//! What the grammar checks and the scenario builds, and no engine plays yet: why it is refused. This is the one list of
//! it. To open one, make it `None`: it is then accepted, published in the schema and documented.
//! [`crate::scenario::build`] refuses by it, and what no key shows stands there.

type Refused = Option<&'static str>;

/// Steps of a service.
pub const STEPS: Refused = None;
/// `call`.
pub const CALLS: Refused = None;
/// `parallel`.
pub const PARALLEL: Refused = None;
/// `branch`, `p`, `repeat`, `only`.
pub const BRANCHES: Refused = None;
/// `timeout` of a call.
pub const TIMEOUTS: Refused = None;
/// More than one service.
pub const SERVICES: Refused = None;
/// `[[queue]]` and `publish`.
pub const QUEUES: Refused = None;
/// Queues of kind `topic`.
pub const TOPICS: Refused = None;
/// `batch` of a queue.
pub const BATCHES: Refused = None;
/// `[[workflow]]` and `start`.
pub const WORKFLOWS: Refused = None;
/// `[[store]]`, `query`, `op` and `entry = "store:NAME"`.
pub const STORES: Refused = None;
/// `[[fault]]`.
pub const FAULTS: Refused = None;
/// Faults of kind `slow`.
pub const SLOW: Refused = None;
/// Faults of kind `fail`.
pub const FAIL: Refused = None;
/// Faults of kind `zone-loss`.
pub const ZONE_LOSS: Refused = None;
/// Faults of kind `reclaim`.
pub const RECLAIM: Refused = None;
/// Faults of kind `deploy`.
pub const DEPLOY: Refused = None;
/// `shape` of a deployment.
pub const SHAPE: Refused = None;
/// `bind` of a deployment.
pub const BIND: Refused = None;
/// `[deployment.service.NAME]`.
pub const OVERRIDES: Refused = None;
