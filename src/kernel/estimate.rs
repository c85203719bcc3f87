//! Means and confidence intervals.
