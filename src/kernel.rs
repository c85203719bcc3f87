//! Domain-free machinery: random streams, distributions, histogram, agenda, queueing formulas and estimates.
//!
//! Imports only `units`. Everything here is deterministic given its seeds and independent of the order of merging.

pub mod agenda;
pub mod bits;
pub mod distribution;
pub mod estimate;
pub mod exponential;
pub mod heap;
pub mod histogram;
pub mod ladder;
pub mod poisson;
pub mod queueing;
pub mod streams;
pub mod whole;
