//! What a deployment binds a queue of the application to: how its messages come to their consumers, and what is counted
//! of that.
//!
//! A queue is *polled* when its consumers, or the pollers of functions, ask it for messages: then every time they ask is
//! a request, though there be no message. Else it *pushes*, and each delivery may be a request.

pub mod pollers;

use super::binding::variant;
use super::passage::Passage;
use crate::units::Nanos;
use pollers::Pollers;

/// What one queue of the application is bound to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoundQueue {
    /// Catalogue id; `None` for a queue without a limit and without a price.
    pub id: Option<String>,
    /// How it is asked for messages; `None`: it pushes them.
    pub polling: Option<Polling>,
    /// Who asks it for functions; `None`: any number of them are called at once.
    pub pollers: Option<Pollers>,
    /// Most messages of one call of a consumer; `None`: as many as the application asks for.
    pub max_batch: Option<u32>,
    /// What is counted for its bill.
    pub meter: QueueMeter,
    /// What bytes pass between it and instances.
    pub passage: Passage,
}

/// How a queue is asked for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polling {
    /// It answers that it has none after this long; above 0.
    pub wait: Nanos,
    /// Most messages of an answer, and of a delete; at least 1.
    pub messages: u32,
}

/// What a queue counts for its bill.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueMeter {
    /// Bytes of one request of the bill: each begun is one. `None`: requests are not counted.
    pub request_bytes: Option<u64>,
    /// Variant under which pushed deliveries are counted; empty: with the other requests.
    pub deliveries: &'static str,
    /// Bytes that a message is counted as at least, when it is published and at each delivery. `None`: bytes are not
    /// counted.
    pub least_bytes: Option<u64>,
}

impl BoundQueue {
    /// Variant under which a meter of this queue is priced: its tariff is that of this id alone.
    #[must_use]
    pub fn variant(&self, of: &str) -> String {
        variant(self.id.as_deref(), of)
    }

    /// Whether anything is counted.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        self.meter.request_bytes.is_some() || self.meter.least_bytes.is_some()
    }
}
