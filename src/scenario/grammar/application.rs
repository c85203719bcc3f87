//! `[[class]]` and `[[service]]`.

use super::known::RUNTIMES;
use super::steps::{OP, RETRY, steps};
use super::unplayed;
use crate::document::grammar::{DISTRIBUTION, Key, Kind, Range, SIZE_DISTRIBUTION, Shape};
use crate::document::quantity;
use crate::units::Nanos;

/// `[[class]]`.
pub static CLASS: Shape = Shape::new(&[
    Key::new("name", Kind::Name, "names the class").required(),
    Key::new("weight", Kind::WEIGHT, "its share of the requests, relative to the other classes").default("1.0"),
    Key::new("entry", Kind::Text("the name of a service"), "service that it enters; default: the only one"),
    Key::new("cpu", DISTRIBUTION, "CPU time on one reference vCPU").default("0s"),
    Key::new("io", DISTRIBUTION, "waiting that needs no CPU").default("0s"),
    Key::new("threads", Kind::Number(Range::new(1e-3, 1024.0)), "vCPUs it can use at once").default("1.0"),
    Key::new("memory", Kind::SIZE, "while in progress, on top of the service's base_memory").default("0B"),
    Key::new("request_bytes", SIZE_DISTRIBUTION, "size of the request").default("1000"),
    Key::new("response_bytes", SIZE_DISTRIBUTION, "size of the response").default("10000"),
    Key::new(
        "timeout",
        Kind::Duration { min: Nanos(1), max: quantity::LONGEST, none: true },
        "the client gives up; the work goes on and is billed",
    )
    .default("30s"),
    Key::new("retry", Kind::Table(&RETRY), "what the client does about an attempt that failed; default: nothing"),
    Key::new("op", OP, "what a class does that enters a store; default: read").unplayed(unplayed::STORES),
]);

/// `[[service]]`.
pub static SERVICE: Shape = Shape::new(&[
    Key::new("name", Kind::Name, "names the service").required(),
    Key::new("base_memory", Kind::SIZE, "memory of an instance that serves nothing").default("64MiB"),
    Key::new("image", Kind::SIZE, "pulled and started").default("200MiB"),
    Key::new("runtime", Kind::Known(&RUNTIMES), "language runtime; default: the platform's"),
    Key::new("init", DISTRIBUTION, "own initialisation, CPU time").default("0ms"),
    Key::new("log_bytes", Kind::SIZE, "bytes of its log lines in one attempt, on average: a bill knows only their sum")
        .default("0B"),
    Key::new("metrics", Kind::count(0, 1_000_000), "metrics of its own, each a name with its labels").default("0"),
    Key::new("spans", Kind::count(0, 10_000), "spans that one attempt of a traced request leaves").default("1"),
    Key::new("steps", steps(), "what it does, in order; default where a class enters: the class's cpu, then its io")
        .unplayed(unplayed::STEPS),
]);
