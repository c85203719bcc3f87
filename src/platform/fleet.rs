//! How instances serve requests.

use crate::kernel::distribution::Distribution;
use crate::units::Nanos;

/// How CPU demand contends inside an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Every job gets an equal, water-filled share.
    Processor,
    /// Jobs take whole cores in order of arrival.
    FifoCores,
}

/// Which instance a request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// Uniformly at random.
    Random,
    /// In turn.
    RoundRobin,
    /// The one with the fewest requests; ties at random.
    LeastBusy,
    /// The less busy of two drawn at random.
    TwoChoices,
}

/// Where requests wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueAt {
    /// In one queue shared by all instances.
    Fleet,
    /// In a queue of the instance they were sent to.
    Instance,
}

/// Which idle instance is used first, where instances follow requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// The one that became idle last.
    MostRecent,
    /// The one that was started last.
    Newest,
    /// The one that was started first.
    Oldest,
    /// The one that became idle first.
    LeastRecent,
    /// Any.
    Random,
}

/// From when keep-alive is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepAliveFrom {
    /// The end of the last request.
    LastUse,
    /// The start of the instance.
    Start,
}

/// The instances at the first simulated instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initial {
    /// The autoscaler's minimum.
    Min,
    /// What the first rate would need in the long run.
    Stationary,
    /// This many, idle.
    Count(u32),
    /// Some of them with a request at work that is counted nowhere.
    BusyIdle {
        /// Instances at work.
        busy: u32,
        /// Instances without work.
        idle: u32,
    },
}

/// How the instances of a deployment serve requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Fleet {
    /// Requests at once per instance. `None`: unbounded.
    pub slots: Option<u32>,
    /// How CPU demand contends inside an instance.
    pub sharing: Sharing,
    /// Which instance a request goes to.
    pub routing: Routing,
    /// Waiting places. `None`: unbounded; 0 rejects.
    pub queue: Option<u64>,
    /// Where requests wait.
    pub queue_at: QueueAt,
    /// After this long in the queue an attempt is rejected.
    pub queue_timeout: Option<Nanos>,
    /// A queued attempt whose client has gone is dropped before it starts.
    pub drop_abandoned: bool,
    /// The platform ends an attempt this long after it was given to an instance.
    pub timeout: Option<Nanos>,
    /// Which idle instance is used first.
    pub reuse: Reuse,
    /// An instance idle for this long ends. `None`: never.
    pub keep_alive: Option<Distribution>,
    /// From when keep-alive is counted.
    pub keep_alive_from: KeepAliveFrom,
    /// An instance of this age is ended when next idle. `None`: never.
    pub lifetime: Option<Distribution>,
    /// The platform's part of a start, wall time.
    pub start: Distribution,
    /// Replaces the whole start and the work of an instance's first request.
    pub cold_service: Option<Distribution>,
    /// Instances at the first instant.
    pub initial: Initial,
}
