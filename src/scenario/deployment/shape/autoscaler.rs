//! The grammar of `[deployment.autoscaler]`: one variant for each kind.

use super::{INTERVAL, NONE};
use crate::document::grammar::{Choice, Key, Kind, Range, Rule, Shape, Tagged, Variant};

const TARGET_SHARE: Kind = Kind::Share(Range::above(0.0, 1.0));
const GAE_TARGET: Kind = Kind::Share(Range::new(0.5, 0.95));

const MIN: Key = Key::new("min", Kind::COUNT, "fewest instances");
// These laws see nothing to scale on while there is no instance.
const MIN_ONE: Key = Key::new("min", Kind::POSITIVE_COUNT, "fewest instances");
const MAX: Key = Key::new("max", Kind::count_or_unbounded(1), "most instances");

static SCALE_RATE: Shape = Shape::new(&[
    Key::new("count", Kind::POSITIVE_COUNT, "new instances").required(),
    Key::new("per", Kind::POSITIVE_DURATION, "in this long, refilled continuously").required(),
]);

static METRIC: Shape = Shape::new(&[
    Key::new("cpu_utilization", Kind::Share(Range::new(0.01, 10.0)), "CPU used over CPU requested"),
    Key::new("memory_utilization", Kind::Share(Range::new(0.01, 10.0)), "memory used over memory requested"),
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
pub(in crate::scenario::deployment) static AUTOSCALER: Tagged = Tagged {
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
                Key::new("cpu_window", Kind::DURATION, "the CPU in use is averaged over this long"),
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
