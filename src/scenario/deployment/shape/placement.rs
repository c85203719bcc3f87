//! The grammar of `[deployment.placement]`: one variant for each kind.

use super::{INTERVAL, POSITIVE_SIZE, SPEED, VCPU};
use crate::document::grammar::{Choice, DISTRIBUTION, Key, Kind, Range, Rule, Shape, Tagged, Variant};

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
        Kind::Choice(&[
            Choice::new("on-demand", "at the list price"),
            Choice::new("spot", "spare capacity, at its own price; that it is taken back is not simulated"),
        ]),
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
pub(in crate::scenario::deployment) static PLACEMENT: Tagged = Tagged {
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
