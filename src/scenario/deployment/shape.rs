//! The grammar of `[[deployment]]`. Defaults are not here: they come from the catalogue.

mod autoscaler;
mod bound;
mod observability;
mod placement;
mod queue;
mod store;
mod workflow;

pub(super) use autoscaler::AUTOSCALER;
pub(super) use placement::PLACEMENT;

use crate::document::grammar::{Choice, DISTRIBUTION, Key, Kind, Range, Shape};
use crate::document::quantity;
use crate::scenario::grammar::unplayed;
use crate::units::{Bytes, Nanos};

const NONE: Kind = Kind::Choice(&[Choice::new("none", "without")]);
const DISTRIBUTION_OR_NONE: Kind = Kind::OneOf(&[NONE, DISTRIBUTION]);
const POSITIVE_SIZE: Kind = Kind::Size { min: Bytes(1), none: false };
const VCPU: Kind = Kind::Number(Range::above(0.0, 1024.0));
const SPEED: Kind = Kind::Number(Range::new(1e-3, 100.0));
const LONG: Nanos = quantity::LONGEST;
/// Billed times are added up over all requests of an hour: no provider rounds or bills beyond hours.
const BILLED: Kind = Kind::Duration { min: Nanos(0), max: Nanos::HOUR, none: false };
const INTERVAL: Kind = Kind::Duration { min: Nanos(1_000_000), max: LONG, none: false };

static NAT: Shape = Shape::new(&[
    Key::new("zones", Kind::count(1, 100), "zones, each with a NAT gateway of its own").required(),
    Key::new(
        "endpoints",
        Kind::List { of: &Kind::Text("the id of a queue, a workflow or a store of the catalogue"), min: 0, max: 16 },
        "services that are reached by endpoints in the network, not by the gateways; default: none",
    ),
]);

static RETRY_BUDGET: Shape = Shape::new(&[
    Key::new("share", Kind::SHARE, "retries for each first attempt").required(),
    Key::new("floor", Kind::RATE, "retries that are allowed however few requests there are").required(),
]);

/// One entry of `[[deployment]]`, complete: with the catalogue's defaults under what was typed.
pub static DEPLOYMENT: Shape = Shape::new(&[
    Key::new("name", Kind::Name, "name, by which results call it; default: the platform's id"),
    Key::new("platform", Kind::Text("a platform's id"), "platform of the catalogue").required(),
    Key::new("region", Kind::Text("a region"), "region whose prices apply"),
    Key::new(
        "edge",
        Kind::OneOf(&[Kind::Text("an edge's id, or \"none\""), Kind::Table(&EDGE)]),
        "what stands in front: a catalogue id, a table with `kind`, or \"none\"",
    ),
    Key::new("instance", Kind::Table(&INSTANCE), "one instance: environment, dyno, pod, machine"),
    Key::new("fleet", Kind::Table(&FLEET), "how instances serve requests"),
    Key::new("autoscaler", Kind::Tagged(&AUTOSCALER), "how many instances there are"),
    Key::new("placement", Kind::Tagged(&PLACEMENT), "where instances come from: pods on nodes"),
    Key::new("hop", Kind::Table(&HOP), "what a call to another service passes"),
    Key::new(
        "nat",
        Kind::OneOf(&[NONE, Kind::Table(&NAT)]),
        "the ways out of the private network in which instances are; default: nothing that is counted leaves one",
    ),
    Key::new(
        "retry_budget",
        Kind::OneOf(&[NONE, Kind::Table(&RETRY_BUDGET)]),
        "retries that clients may make together on this deployment; default: what the `retry` of the class says",
    ),
    Key::new("meter", Kind::Table(&METER), "what is counted for the bill"),
    Key::new("observability", Kind::Table(&observability::OBSERVABILITY), "where logs, metrics and traces go"),
    Key::new(
        "deploy",
        Kind::Table(&DEPLOY),
        "how a new version takes the place of the old one, where there is a fault of kind `deploy`",
    ),
    Key::new(
        "tariff",
        Kind::OneOf(&[Kind::Text("a tariff's id, a file, or \"none\""), Kind::Map(&Kind::Price)]),
        "prices: a catalogue id, a file, or a table of dimensions with prices",
    ),
    Key::new(
        "addons",
        Kind::List { of: &Kind::Text("an add-on's id"), min: 0, max: 16 },
        "what runs on the cluster beside the application, by catalogue id; default: nothing",
    ),
    Key::new(
        "shape",
        Kind::Choice(&[
            Choice::new("services", "every service has instances of its own"),
            Choice::new("monolith", "the same steps in one process, calls free of network"),
        ]),
        "how the application is cut; default: services",
    )
    .unplayed(unplayed::SHAPE),
    Key::new(
        "bind",
        Kind::Map(&Kind::OneOf(&[
            Kind::Text("the id of a queue, a workflow or a store of the catalogue"),
            Kind::Tagged(&bound::BOUND),
        ])),
        "what stands for the queues, workflows and stores, by name; default: the platform's own",
    )
    .unplayed(unplayed::BIND),
    Key::new("service", Kind::Map(&Kind::Overlay(&SERVICE)), "what is different for one service, by its name")
        .unplayed(unplayed::OVERRIDES),
]);

/// `[deployment.service.NAME]`: the rest is the deployment's.
pub(super) static SERVICE: Shape = Shape::new(&[
    Key::new("instance", Kind::Table(&INSTANCE), "one instance of it"),
    Key::new("fleet", Kind::Table(&FLEET), "how its instances serve requests"),
    Key::new("autoscaler", Kind::Tagged(&AUTOSCALER), "how many instances of it there are"),
]);

pub(super) static EDGE: Shape = Shape::new(&[
    EDGE_KIND,
    EDGE_LATENCY,
    EDGE_TIMEOUT,
    EDGE_THROTTLE,
    EDGE_UNIT,
    EDGE_HOURS,
    EDGE_ADDRESSES,
    EDGE_CAPACITY,
    EDGE_BYTES,
    Key::new(
        "front",
        Kind::OneOf(&[Kind::Text("an edge's id, or \"none\""), Kind::Table(&FRONT)]),
        "pods of the cluster: the load balancer before them; a catalogue id, a table with `kind`, or \"none\"",
    ),
    Key::new("replicas", Kind::count(1, 1000), "pods of the cluster: how many"),
    Key::new("vcpu", VCPU, "pods of the cluster: vCPUs that one requests, and is taken to use"),
    Key::new("memory", POSITIVE_SIZE, "pods of the cluster: memory that one requests"),
    Key::new("proxy_cpu", Kind::DURATION, "pods of the cluster: CPU time of a request, which adds to its latency"),
]);

/// What stands in front of an edge.
static FRONT: Shape = Shape::new(&[
    EDGE_KIND,
    EDGE_LATENCY,
    EDGE_TIMEOUT,
    EDGE_THROTTLE,
    EDGE_UNIT,
    EDGE_HOURS,
    EDGE_ADDRESSES,
    EDGE_CAPACITY,
    EDGE_BYTES,
]);

const EDGE_KIND: Key =
    Key::new("kind", Kind::Text("an edge's id, or \"custom\""), "edge of the catalogue to start from").required();
const EDGE_LATENCY: Key = Key::new("latency", Kind::DURATION, "added to every request");
const EDGE_TIMEOUT: Key =
    Key::new("timeout", Kind::DURATION_OR_NONE, "answers for the instance after this long; the work goes on");
const EDGE_THROTTLE: Key = Key::new(
    "throttle",
    Kind::OneOf(THROTTLE_OR_NONE),
    "requests beyond this are refused before they reach an instance",
);
const EDGE_UNIT: Key = Key::new(
    "request_unit",
    Kind::Size { min: Bytes(1), none: true },
    "requests are counted in units of this size; \"none\": not counted",
);
const EDGE_HOURS: Key = Key::new("hours", Kind::COUNT, "load balancers that are billed over time");
const EDGE_ADDRESSES: Key = Key::new("addresses", Kind::COUNT, "public addresses that are billed over time");
const EDGE_CAPACITY: Key =
    Key::new("capacity", Kind::OneOf(CAPACITY_OR_NONE), "capacity units; each hour the largest of the ratios counts");
const EDGE_BYTES: Key = Key::new("bytes", Kind::Boolean, "whether the bytes of requests and responses are billed");

static THROTTLE_OR_NONE: &[Kind] = &[NONE, Kind::Table(&THROTTLE)];
static CAPACITY_OR_NONE: &[Kind] = &[NONE, Kind::Table(&CAPACITY)];

static THROTTLE: Shape = Shape::new(&[
    Key::new("rate", Kind::POSITIVE_RATE, "requests that pass in the long run").required(),
    Key::new("burst", Kind::count(1, u32::MAX as u64), "requests that pass at once").required(),
]);

static CAPACITY: Shape = Shape::new(&[
    Key::new("connections_per_second", Kind::POSITIVE, "new connections per second in one unit").required(),
    Key::new(
        "requests_per_connection",
        Kind::Number(Range::new(1.0, f64::INFINITY)),
        "requests that share a connection",
    )
    .required(),
    Key::new("bytes_per_hour", POSITIVE_SIZE, "bytes per hour in one unit").required(),
]);

static INSTANCE: Shape = Shape::new(&[
    Key::new("vcpu", VCPU, "vCPUs (kubernetes: requests)"),
    Key::new("class", Kind::Text("an instance class"), "instance class, where the platform sells classes"),
    Key::new("type", Kind::Text("a machine type"), "machine type, where the platform sells machines"),
    Key::new("memory", POSITIVE_SIZE, "memory (kubernetes: requests)"),
    Key::new(
        "vcpu_limit",
        Kind::NumberOrNone(Range::above(0.0, 1024.0)),
        "vCPUs it may use at most; \"none\": what its node has left",
    ),
    Key::new("memory_limit", Kind::Size { min: Bytes(1), none: true }, "memory it may use at most"),
    Key::new("cpu_speed", SPEED, "speed of one vCPU; 1.0 is a hyperthread of the aws m6i family"),
    Key::new(
        "start_vcpu",
        Kind::OneOf(&[VCPU, Kind::Choice(&[Choice::new("vcpu", "as many as requests have")])]),
        "vCPUs during start-up",
    ),
]);

static HOP: Shape = Shape::new(&[
    Key::new("latency", Kind::DURATION, "time of a call on the network and in proxies, there and back"),
    Key::new("proxy_cpu", Kind::DURATION, "CPU time of one proxy for one request; a call passes two, others one"),
    Key::new(
        "cross_zone",
        Kind::OneOf(&[
            Kind::Choice(&[Choice::new("zones", "as many as cross if every node is called alike")]),
            Kind::SHARE,
        ]),
        "share of the bytes of calls that cross zones",
    ),
]);

/// So many instances, or a share of those that are wanted.
const PART: Kind = Kind::OneOf(&[Kind::COUNT, Kind::SHARE]);

static DEPLOY: Shape = Shape::new(&[
    Key::new(
        "kind",
        Kind::Choice(&[
            Choice::new("at-once", "the old version gets no more requests from one instant on"),
            Choice::new("migrate", "instance by instance where App Engine sends warm-up requests, else at once"),
            Choice::new("rolling", "instance by instance, within bounds"),
        ]),
        "in which order instances are replaced",
    ),
    Key::new("max_surge", PART, "rolling: more instances than are wanted; a share is rounded up"),
    Key::new("max_unavailable", PART, "rolling: fewer ready instances than are wanted; a share is rounded down"),
    Key::new(
        "grace",
        Kind::DURATION_OR_NONE,
        "an instance that is taken out of service has so long to finish what it has; then that fails",
    ),
    Key::new("build", Kind::DURATION, "from the source to what is deployed, for the lead time"),
    Key::new("push", Kind::DURATION, "from there until instances of it can start, for the lead time"),
]);

static INITIAL: Shape = Shape::new(&[
    Key::new("busy", Kind::COUNT, "instances with a request at work").required(),
    Key::new("idle", Kind::COUNT, "instances without").required(),
]);

static FLEET: Shape = Shape::new(&[
    Key::new("slots", Kind::count_or_unbounded(1), "requests at once per instance"),
    Key::new(
        "sharing",
        Kind::Choice(&[
            Choice::new("processor", "every job gets an equal share"),
            Choice::new("fifo-cores", "jobs take whole cores in order of arrival"),
        ]),
        "how CPU demand contends inside an instance",
    ),
    Key::new(
        "routing",
        Kind::Choice(&[
            Choice::new("random", "any"),
            Choice::new("round-robin", "in turn"),
            Choice::new("least-busy", "the one with fewest requests"),
            Choice::new("two-choices", "the less busy of two drawn at random"),
        ]),
        "which instance a request goes to",
    ),
    Key::new("queue", Kind::COUNT_OR_UNBOUNDED, "waiting places; 0 rejects"),
    Key::new(
        "queue_at",
        Kind::Choice(&[
            Choice::new("fleet", "one queue for all instances"),
            Choice::new("instance", "a queue of so many places at each"),
        ]),
        "where requests wait",
    ),
    Key::new("queue_timeout", Kind::DURATION_OR_NONE, "waiting attempts are rejected after this long"),
    Key::new("drop_abandoned", Kind::Boolean, "a queued attempt whose client has gone is dropped"),
    Key::new(
        "timeout",
        Kind::Duration { min: Nanos(1), max: LONG, none: true },
        "the platform ends an attempt after this long",
    ),
    Key::new(
        "reuse",
        Kind::Choice(&[
            Choice::new("most-recent", "the one that became idle last"),
            Choice::new("newest", "the one that was started last"),
            Choice::new("oldest", "the one that was started first"),
            Choice::new("least-recent", "the one that became idle first"),
            Choice::new("random", "any"),
        ]),
        "which idle instance is used, where instances follow requests",
    ),
    Key::new("keep_alive", DISTRIBUTION_OR_NONE, "an instance idle for this long ends; \"none\": never"),
    Key::new(
        "keep_alive_from",
        Kind::Choice(&[
            Choice::new("last-use", "the end of the last request"),
            Choice::new("start", "the start of the instance"),
        ]),
        "from when keep-alive is counted",
    ),
    Key::new("lifetime", DISTRIBUTION_OR_NONE, "an instance of this age ends when next idle"),
    Key::new("start", DISTRIBUTION, "the platform's part of a start, wall time"),
    Key::new(
        "cold_service",
        DISTRIBUTION_OR_NONE,
        "replaces the whole start and the work of an instance's first request",
    ),
    Key::new(
        "initial",
        Kind::OneOf(&[
            Kind::Choice(&[
                Choice::new("min", "the autoscaler's minimum"),
                Choice::new("stationary", "what the first rate needs in the long run"),
            ]),
            Kind::COUNT,
            Kind::Table(&INITIAL),
        ]),
        "instances at the first simulated instant",
    ),
]);

const COUNTED: Kind = Kind::Choice(&[
    Choice::new("requests", "attempts, where the bill follows requests"),
    Choice::new("vcpu-seconds", "vCPUs over time"),
    Choice::new("gib-seconds", "memory over time"),
    Choice::new("instance-hours", "instances over time, where the bill follows instances"),
    Choice::new("node-hours", "nodes over time, where the bill follows nodes"),
]);

static METER: Shape = Shape::new(&[
    Key::new(
        "per",
        Kind::Choice(&[
            Choice::new("request", "each attempt's time on an instance"),
            Choice::new("instance", "each instance's time"),
            Choice::new("node", "each node's time"),
        ]),
        "what the compute part of the bill follows",
    ),
    Key::new(
        "counts",
        Kind::List { of: &COUNTED, min: 1, max: 3 },
        "dimensions that the compute part of the bill counts",
    ),
    Key::new("round_up", BILLED, "times are rounded up to a multiple of this; \"0s\": not rounded"),
    Key::new("minimum", BILLED, "shortest billed time per request, or per instance or node life"),
    Key::new("tail", Kind::DURATION, "billed after the last request of an instance"),
    Key::new("start_billed", Kind::Boolean, "whether starting up is billed"),
    Key::new("idle_billed", Kind::Boolean, "whether an idle instance is billed"),
    Key::new("weight", Kind::POSITIVE_COUNT, "billed instance-hours in one hour of an instance"),
    Key::new("clusters", Kind::COUNT, "managed control planes"),
    Key::new("volume_gib", Kind::COUNT, "GiB of block storage per node, or per machine"),
    Key::new("addresses", Kind::COUNT, "public addresses per node, or per machine"),
]);
