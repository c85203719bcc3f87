//! What a deployment used: integer counts per dimension and day, the billing calendar, and the measurements of one run.
//!
//! Imports `units` and `kernel`. Knows neither platforms nor prices. Everything is an integer, so that results merge
//! exactly and in any order.

pub mod calendar;
pub mod capacity;
pub mod dimension;
pub mod measurement;
pub mod rounding;
pub mod rule;
pub mod sizes;
pub mod store;
pub mod usage;
