//! What lies between two services of a deployment: the network, and the proxies of a mesh.

use crate::units::Nanos;

/// What a call passes on its way to another service.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hop {
    /// Time on the network and in proxies, there and back together. It lies before the work of what is called; the caller
    /// waits for it, and its time limit holds for it.
    pub latency: Nanos,
    /// CPU time of one proxy for one request, on one reference vCPU. A call passes two of them, a request from outside
    /// one. It is spent where the work is done, before it.
    pub proxy_cpu: Nanos,
    /// Share of the bytes of calls that cross zones, 0 to 1.
    pub cross_zone: f64,
}

/// What runs on a cluster beside the application, on whichever node has room for it first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemPod {
    /// Its name.
    pub name: String,
    /// CPU request, in milli-vCPU. It is taken to use what it requests.
    pub milli_vcpu: u64,
    /// Memory request.
    pub memory: crate::units::Bytes,
}
