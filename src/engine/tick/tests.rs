//! The tick engine on small deployments.

use crate::application::program::Body;
use crate::application::retry::Retry;
use crate::application::telemetry::Telemetry;
use crate::application::{Application, Class, Entry, Service};
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

/// One service, which does what its only class asks for, and that is nothing.
pub fn application() -> Application {
    let nothing = || Distribution::constant(0.0);
    let service = Service {
        name: "app".to_owned(),
        base_memory: Bytes(64 << 20),
        image: Bytes(200 << 20),
        runtime_start: None,
        init: nothing(),
        body: Body::default(),
        telemetry: Telemetry::default(),
    };
    Application::single(vec![class(nothing(), nothing())], service)
}
