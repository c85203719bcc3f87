//! The grammar of `[[deployment]]`. Defaults are not here: they come from the catalogue.

use crate::document::grammar::{Choice, DISTRIBUTION, Key, Kind, Range, Rule, Shape, Tagged, Variant};
use crate::document::quantity;
use crate::units::{Bytes, Nanos};

const NONE: Kind = Kind::Choice(&[Choice::new("none", "without")]);
const DISTRIBUTION_OR_NONE: Kind = Kind::OneOf(&[NONE, DISTRIBUTION]);
const POSITIVE_SIZE: Kind = Kind::Size { min: Bytes(1), none: false };
const VCPU: Kind = Kind::Number(Range::above(0.0, 1024.0));
const SPEED: Kind = Kind::Number(Range::above(0.0, 100.0));
const TARGET_SHARE: Kind = Kind::Share(Range::above(0.0, 1.0));
const GAE_TARGET: Kind = Kind::Share(Range::new(0.5, 0.95));
const LONG: Nanos = quantity::LONGEST;
const INTERVAL: Kind = Kind::Duration { min: Nanos(1_000_000), max: LONG, none: false };

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
    Key::new("meter", Kind::Table(&METER), "what is counted for the bill"),
    Key::new(
        "tariff",
        Kind::OneOf(&[Kind::Text("a tariff's id, a file, or \"none\""), Kind::Map(&Kind::Price)]),
        "prices: a catalogue id, a file, or a table of dimensions with prices",
    ),
    Key::later("addons", "add-ons are"),
    Key::later("shape", "other shapes than one service are"),
    Key::later("bind", "queues, stores and workflows are"),
    Key::later("service", "several services are"),
]);

static EDGE: Shape = Shape::new(&[
    Key::new("kind", Kind::Text("an edge's id, or \"custom\""), "edge of the catalogue to start from").required(),
    Key::new("latency", Kind::DURATION, "added to every request"),
    Key::new("timeout", Kind::DURATION_OR_NONE, "answers for the instance after this long; the work goes on"),
    Key::new(
        "request_unit",
        Kind::Size { min: Bytes(1), none: true },
        "requests are counted in units of this size; \"none\": not counted",
    ),
    Key::new("hours", Kind::COUNT, "load balancers that are billed over time"),
    Key::new("addresses", Kind::COUNT, "public addresses that are billed over time"),
    Key::new(
        "capacity",
        Kind::OneOf(&[NONE, Kind::Table(&CAPACITY)]),
        "capacity units; each hour the largest of the ratios counts",
    ),
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
    Key::new("round_up", Kind::DURATION, "times are rounded up to a multiple of this; \"0s\": not rounded"),
    Key::new("minimum", Kind::DURATION, "shortest billed time per request, or per instance or node life"),
    Key::new("tail", Kind::DURATION, "billed after the last request of an instance"),
    Key::new("start_billed", Kind::Boolean, "whether starting up is billed"),
    Key::new("idle_billed", Kind::Boolean, "whether an idle instance is billed"),
    Key::new("weight", Kind::POSITIVE_COUNT, "billed instance-hours in one hour of an instance"),
    Key::new("clusters", Kind::COUNT, "managed control planes"),
    Key::new("volume_gib", Kind::COUNT, "GiB of block storage per node, or per machine"),
    Key::new("addresses", Kind::COUNT, "public addresses per node, or per machine"),
]);

const MIN: Key = Key::new("min", Kind::COUNT, "fewest instances");
// These laws see nothing to scale on while there is no instance.
const MIN_ONE: Key = Key::new("min", Kind::POSITIVE_COUNT, "fewest instances");
const MAX: Key = Key::new("max", Kind::count_or_unbounded(1), "most instances");

static SCALE_RATE: Shape = Shape::new(&[
    Key::new("count", Kind::POSITIVE_COUNT, "new instances").required(),
    Key::new("per", Kind::POSITIVE_DURATION, "in this long, refilled continuously").required(),
]);

static METRIC: Shape = Shape::new(&[
    Key::new("cpu_utilization", Kind::Share(Range::new(0.01, 100.0)), "CPU used over CPU requested"),
    Key::new("memory_utilization", Kind::Share(Range::new(0.01, 100.0)), "memory used over memory requested"),
    Key::new("requests_per_second", Kind::Rate(Range::new(0.001, 1e12)), "requests of a pod"),
    Key::later("queue_length", "queues are"),
    Key::later("queue", "queues are"),
])
.with_rules(&[Rule::ExactlyOne(&["cpu_utilization", "memory_utilization", "requests_per_second"])]);

static POLICY: Shape = Shape::new(&[
    Key::new(
        "type",
        Kind::Choice(&[Choice::new("Pods", "a number"), Choice::new("Percent", "of the replicas")]),
        "what is limited",
    )
    .required(),
    Key::new("value", Kind::POSITIVE_COUNT, "pods, or percent").required(),
    Key::new("period_seconds", Kind::count(1, 1800), "within so many seconds").required(),
]);

static RULES: Shape = Shape::new(&[
    Key::new("stabilization_window_seconds", Kind::count(0, 3600), "window of recommendations"),
    Key::new(
        "select_policy",
        Kind::Choice(&[
            Choice::new("Max", "the policy that allows most"),
            Choice::new("Min", "the policy that allows least"),
            Choice::new("Disabled", "no change in this direction"),
        ]),
        "which policy wins",
    ),
    Key::new("policies", Kind::List { of: &Kind::Table(&POLICY), min: 1, max: 100 }, "limits of the change"),
    Key::new("tolerance", Kind::SHARE, "no change while the ratio is this close to 1"),
]);

static BEHAVIOR: Shape = Shape::new(&[
    Key::new("scale_up", Kind::Table(&RULES), "rules for scaling up"),
    Key::new("scale_down", Kind::Table(&RULES), "rules for scaling down"),
]);

/// The autoscaler's kinds.
pub(super) static AUTOSCALER: Tagged = Tagged {
    tag: "kind",
    doc: "the law; a platform lists the kinds it offers",
    default: None,
    common: &Shape::new(&[]),
    variants: &[
        Variant::new(
            "fixed",
            "a fixed number",
            Shape::new(&[Key::new("replicas", Kind::POSITIVE_COUNT, "instances").required()]),
        ),
        Variant::new(
            "per-request",
            "an instance for each request that finds none free",
            Shape::new(&[
                MIN,
                MAX,
                Key::new(
                    "scale_rate",
                    Kind::OneOf(&[NONE, Kind::Table(&SCALE_RATE)]),
                    "limit of new instances per time",
                ),
                Key::new("account_concurrency", Kind::count_or_unbounded(1), "most at work at once over the account"),
                Key::new(
                    "reserved",
                    Kind::Count { min: 0, max: u32::MAX as u64, unlimited: Some("none") },
                    "most at work at once of this service, set aside for it",
                ),
                Key::later("provisioned", "provisioned concurrency is"),
            ])
            .with_rules(&[Rule::Ordered("min", "max")]),
        ),
        Variant::new(
            "hpa",
            "the Kubernetes HorizontalPodAutoscaler",
            Shape::new(&[
                MIN_ONE,
                MAX,
                Key::new(
                    "metrics",
                    Kind::List { of: &Kind::Table(&METRIC), min: 1, max: 16 },
                    "metrics with their targets; the largest proposal wins",
                ),
                Key::new(
                    "behavior",
                    Kind::OneOf(&[NONE, Kind::Table(&BEHAVIOR)]),
                    "as autoscaling/v2, in snake_case; \"none\" differs from {}",
                ),
                Key::new("tolerance", Kind::SHARE, "no change while the ratio is this close to 1"),
                Key::new("sync_period", INTERVAL, "from the end of one sync to the next"),
                Key::new("metric_resolution", INTERVAL, "how often metrics are scraped"),
                Key::new("cpu_initialization_period", Kind::DURATION, "younger pods' CPU counts only if ready"),
                Key::new("initial_readiness_delay", Kind::DURATION, "unready after this long: never was ready"),
                Key::new("downscale_stabilization", Kind::DURATION, "window of recommendations on the way down"),
            ])
            .with_rules(&[Rule::Ordered("min", "max")]),
        ),
        Variant::new(
            "target-tracking",
            "AWS target tracking",
            Shape::new(&[
                MIN_ONE,
                MAX,
                Key::new(
                    "metric",
                    Kind::Choice(&[
                        Choice::new("cpu_utilization", "mean CPU of the instances"),
                        Choice::new("requests_per_instance", "requests per instance and minute"),
                    ]),
                    "what is tracked",
                ),
                Key::new(
                    "target",
                    Kind::OneOf(&[TARGET_SHARE, Kind::Rate(Range::above(0.0, 1e12))]),
                    "a share, or a rate per instance",
                ),
                Key::new("period", INTERVAL, "length of one data point"),
                Key::new("evaluation_periods", Kind::count(1, 1440), "points above the target that scale out"),
                Key::new("scale_in_evaluation_periods", Kind::count(1, 1440), "points below that scale in"),
                Key::new("scale_in_ratio", TARGET_SHARE, "scale-in threshold over target"),
                Key::new("scale_out_cooldown", Kind::DURATION, "no further scale-out within this long"),
                Key::new("scale_in_cooldown", Kind::DURATION, "no further scale-in within this long"),
                Key::new("warmup", Kind::DURATION, "a new instance is left out of the metric for this long"),
            ])
            .with_rules(&[Rule::Ordered("min", "max")]),
        ),
        Variant::new(
            "app-engine",
            "the scheduler of App Engine standard",
            Shape::new(&[
                MIN,
                MAX,
                Key::new("target_cpu_utilization", GAE_TARGET, "CPU above which another instance is wanted"),
                Key::new("target_throughput_utilization", GAE_TARGET, "share of slots above which another is wanted"),
                Key::new("min_pending_latency", Kind::DURATION, "no start for a request that waited less"),
                Key::new("max_pending_latency", Kind::DURATION, "a start for a request that waited longer"),
                Key::new("min_idle_instances", Kind::COUNT, "idle instances on top of the computed number"),
                Key::new(
                    "max_idle_instances",
                    Kind::Count { min: 1, max: 1000, unlimited: Some("automatic") },
                    "idle instances that are kept",
                ),
                Key::new("warmup_requests", Kind::Boolean, "new instances are warmed up first"),
                Key::new("idle_timeout", Kind::DURATION, "a surplus instance idles this long, if automatic"),
                Key::new("interval", INTERVAL, "how often the scheduler looks"),
            ])
            .with_rules(&[Rule::Ordered("min", "max"), Rule::Ordered("min_pending_latency", "max_pending_latency")]),
        ),
        Variant::later("kpa", "the Knative autoscaler is"),
        Variant::later("keda", "KEDA is"),
        Variant::later("cloud-run", "the Cloud Run autoscaler is"),
        Variant::later("step", "step scaling is"),
        Variant::later("heroku-p95", "Heroku autoscaling is"),
        Variant::later("azure-consumption", "the Azure scale controller is"),
        Variant::later("fly", "Fly autostop is"),
        Variant::later("scheduled", "scheduled scaling is"),
    ],
};

static DAEMONSETS: Shape = Shape::new(&[
    Key::new("vcpu", Kind::Number(Range::new(0.0, 1024.0)), "CPU requests").required(),
    Key::new("memory", Kind::SIZE, "memory requests").required(),
]);

static ALLOCATABLE: Shape = Shape::new(&[
    Key::new("vcpu", VCPU, "vCPUs for pods").required(),
    Key::new("memory", POSITIVE_SIZE, "memory for pods").required(),
]);

static NODE: Shape = Shape::new(&[
    Key::new("type", Kind::Text("a machine type"), "machine type"),
    Key::new("min", Kind::COUNT, "nodes that are always there, rounded up to a multiple of zones"),
    Key::new("max", Kind::count_or_unbounded(1), "most nodes"),
    Key::new(
        "market",
        Kind::Choice(&[Choice::new("on-demand", "at the list price"), Choice::later("spot", "spot nodes are")]),
        "how nodes are bought",
    ),
    Key::new("zones", Kind::count(1, 10), "zones over which nodes are spread"),
    Key::new("vcpu", VCPU, "vCPUs; default: the machine type's"),
    Key::new("memory", POSITIVE_SIZE, "memory; default: the machine type's"),
    Key::new("allocatable", Kind::Table(&ALLOCATABLE), "what pods may request; default: by the machine type"),
    Key::new("max_pods", Kind::count_or_unbounded(1), "pods, daemons included; default: by the machine type"),
    Key::new("cpu_speed", SPEED, "speed of one vCPU; default: the machine type's"),
])
.with_rules(&[Rule::Ordered("min", "max")]);

const NODE_TABLE: Kind = Kind::Table(&NODE);
const NODES: Key = Key::new("nodes", Kind::List { of: &NODE_TABLE, min: 1, max: 16 }, "node groups");
const BOOT: Key = Key::new("boot", DISTRIBUTION, "from the order of a node to its being ready");
const SCHEDULER: Key = Key::new(
    "scheduler",
    Kind::Choice(&[
        Choice::new("least-allocated", "prefer the emptiest node that fits"),
        Choice::new("most-allocated", "prefer the fullest"),
    ]),
    "which node a pod goes to",
);
const DAEMONS: Key = Key::new("daemonsets", Kind::Table(&DAEMONSETS), "requests of the daemons on every node");
const PULL_RATE: Key = Key::new(
    "pull_rate",
    Kind::Text("a size per second such as \"60MiB/s\", or \"none\""),
    "image pull on a node that does not have it",
);

/// The placement's kinds.
pub(super) static PLACEMENT: Tagged = Tagged {
    tag: "kind",
    doc: "where nodes come from; \"none\": the provider has room for every instance",
    default: None,
    common: &Shape::new(&[]),
    variants: &[
        Variant::new("none", "the provider has room for every instance", Shape::new(&[])),
        Variant::new(
            "fixed",
            "every group stays at its minimum",
            Shape::new(&[NODES, BOOT, SCHEDULER, DAEMONS, PULL_RATE]),
        ),
        Variant::new(
            "cluster-autoscaler",
            "the Kubernetes Cluster Autoscaler",
            Shape::new(&[
                NODES,
                BOOT,
                SCHEDULER,
                DAEMONS,
                PULL_RATE,
                Key::new("scan_interval", INTERVAL, "how often it looks"),
                Key::new(
                    "expander",
                    Kind::Choice(&[
                        Choice::new("least-waste", "the group that leaves least unused"),
                        Choice::new("most-pods", "the group that takes most pods"),
                        Choice::new("random", "any"),
                    ]),
                    "which group grows",
                ),
                Key::new("unneeded_time", Kind::DURATION, "a node is removed after being unneeded this long"),
                Key::new("delay_after_add", Kind::DURATION, "no removal within this long of a scale-up"),
                Key::new("utilization_threshold", Kind::SHARE, "below it a node may be removed"),
            ]),
        ),
        Variant::later("karpenter", "Karpenter is"),
        Variant::later("pod-billed", "pods billed without nodes are"),
    ],
};
