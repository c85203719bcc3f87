//! What was typed, checked and built.
//!
//! Imports every room above it. Promises that all problems of a scenario are reported at once, and that what is built
//! is valid: no later room meets a value that it has to refuse.

pub mod deployment;
pub mod distribution;
