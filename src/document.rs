//! What scenarios, catalogue, tariffs and importers are read with: spanned TOML, values with units, the grammar that
//! checks and documents them, diagnostics, and provenance.
//!
//! Imports only `units`. Promises that reading never panics, that every problem of a file is reported at once, and that
//! each carries the file, the span and what would have been right.

pub mod provenance;
