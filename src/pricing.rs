//! Tariffs with provenance, and the settling of usage into a bill.
//!
//! Imports `units`, `document`, `kernel` and `metering`. Never sees a platform: a stored usage can be priced again
//! without simulating. Money and quantities are exact; no float is on a path to an amount.
//!
//! ```text
//! tariffs/*.toml -> book -> tariffs \
//!                                    > settle, per replication -> mean -> bill -> cost over time
//!                  usage, calendar  /
//! ```

pub mod bill;
pub mod book;
pub mod commitment;
pub mod explain;
pub mod import;
pub mod settle;
pub mod stated;
pub mod tariff;
pub mod timeline;

mod editions;
mod exact;
mod hours;
mod price;
mod rate;
mod read;
mod shape;
mod tariffs;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod traps;

pub use read::{inline_tariff, quantity_in_words};
