//! Replications of a scenario, the comparison of its deployments, and sweeps over one key.
//!
//! Imports every room above it. Promises the same result at any thread count: replications run in parallel and are
//! folded in their own order.

pub mod result;
