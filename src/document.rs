//! What scenarios, catalogue, tariffs and importers are read with: spanned TOML, values with units, the grammar that
//! checks and documents them, diagnostics, and provenance.
//!
//! Imports only `units`. Promises that reading never panics, that every problem of a file is reported at once, and that
//! each carries the file, the span and what would have been right.
//!
//! The road of a text: [`tree::parse`] gives a [`tree::Table`] whose every node knows its span;
//! [`grammar::check`] compares it with a [`grammar::Shape`] and reports every problem; [`grammar::complete`] writes the
//! shape's defaults in; then the getters of [`fields`] cannot fail.

pub mod diagnostic;
pub mod fields;
pub mod grammar;
pub mod json;
pub mod provenance;
pub mod quantity;
pub mod source;
pub mod tree;
