//! Tariffs with provenance, and the settling of usage into a bill.
//!
//! Imports `units`, `document`, `kernel` and `metering`. Never sees a platform: a stored usage can be priced again
//! without simulating. Money and quantities are exact decimals; no float is on a path to an amount.
