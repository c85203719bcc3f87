//! Measurements of one run.
