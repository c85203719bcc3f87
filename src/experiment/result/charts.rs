//! What only charts and the time series file need: no part of the JSON.

/// What only charts and the time series file need.
#[derive(Clone, Debug, Default)]
pub struct Charts {
    /// Measured instants: end of each bucket, in seconds from the first measured instant.
    pub bucket_ends_seconds: Vec<f64>,
    /// First measured instant, RFC 3339 with offset.
    pub start: String,
    /// One per deployment, in order.
    pub deployments: Vec<DeploymentCharts>,
}

/// Per bucket, means over replications.
#[derive(Clone, Debug, Default)]
pub struct DeploymentCharts {
    /// Requests per second that arrived.
    pub offered_rate: Vec<f64>,
    /// Requests per second that completed, of those that arrived in the bucket.
    pub completed_rate: Vec<f64>,
    /// Requests per second that did not complete, of those that arrived in the bucket.
    pub shed_rate: Vec<f64>,
    /// Instances (started to ended).
    pub instances: Vec<f64>,
    /// Instances ready to serve.
    pub ready: Vec<f64>,
    /// Instances at work.
    pub busy: Vec<f64>,
    /// Nodes, where there are any; empty otherwise.
    pub nodes: Vec<f64>,
    /// Cumulative cost of the measured time, in the bill's currency; empty without a bill.
    pub cumulative_cost: Vec<f64>,
    /// 99th percentile of the latency of requests that arrived in the bucket, milliseconds; `None` without any.
    pub p99_ms: Vec<Option<f64>>,
    /// Latency distribution over all replications: (share of requests, milliseconds), rising.
    pub latency_quantiles: Vec<(f64, f64)>,
}
