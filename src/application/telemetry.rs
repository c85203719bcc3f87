//! What a service tells about itself: log lines, metrics and spans. Where they go is the deployment's business.

use crate::units::Bytes;

/// What one service tells about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Telemetry {
    /// Bytes of the log lines of one attempt, on average: a bill knows only their sum.
    pub log_bytes: Bytes,
    /// Metrics of its own, each a name with its labels.
    pub metrics: u32,
    /// Spans that one attempt of a traced request leaves.
    pub spans: u32,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { log_bytes: Bytes(0), metrics: 0, spans: 1 }
    }
}
