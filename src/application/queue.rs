//! Messages between services: queues, whose messages one consumer takes, and topics, whose messages every consumer gets.

use crate::units::Nanos;

/// One queue or topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Name, unique among queues.
    pub name: String,
    /// Which of the two.
    pub kind: Kind,
    /// The services that are called with its messages: one for a queue, at least one for a topic.
    pub consumers: Vec<u16>,
    /// How messages are gathered for one call of a consumer.
    pub batch: Batch,
    /// A message whose consumer has not ended after this long is delivered again.
    pub visibility_timeout: Nanos,
    /// Deliveries of a message, at least 1; then it is a dead letter.
    pub max_receives: u32,
}

/// Whether a message goes to one or to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One consumer.
    Queue,
    /// Every consumer gets every message.
    Topic,
}

/// How messages are gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Most messages of one call, at least 1.
    pub size: u32,
    /// Longest wait for more of them.
    pub window: Nanos,
}
