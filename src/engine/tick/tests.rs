//! The tick engine on small deployments.

use crate::application::retry::Retry;
use crate::application::{Class, Entry};
use crate::kernel::distribution::Distribution;
use crate::units::Bytes;

/// A class of requests that ask for this.
pub fn class(cpu: Distribution, io: Distribution) -> Class {
    Class {
        name: "request".to_owned(),
        weight: 1.0,
        cpu,
        io,
        threads: 1.0,
        memory: Bytes(0),
        request_bytes: Distribution::constant(1000.0),
        response_bytes: Distribution::constant(10_000.0),
        timeout: None,
        entry: Entry::default(),
        retry: Retry::default(),
    }
}
