//! A log-linear histogram with exact merges.
