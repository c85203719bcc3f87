//! The grammar of what stores are bound to. Defaults are the catalogue's.

use crate::document::grammar::{Choice, Key, Kind, Range, Rule, Shape};
use crate::document::quantity;
use crate::units::{Bytes, Nanos};

const UNITS: Kind = Kind::count(1, 100_000_000);
const UNIT_BYTES: Kind = Kind::Size { min: Bytes(1), none: false };
const SCALE_PERIOD: Kind = Kind::Duration { min: Nanos(10_000_000), max: quantity::LONGEST, none: false };
const WINDOW: Kind = Kind::Duration { min: Nanos(1), max: Nanos(24 * Nanos::HOUR.0), none: false };
const MINUTES: Kind = Kind::count(1, 1440);
const TARGET: Kind = Kind::Share(Range::above(0.0, 1.0));
const CAPACITY: Kind = Kind::Number(Range::new(0.5, 256.0));

static WARM: Shape = Shape::new(&[
    Key::new("read_units_per_second", UNITS, "reads that are always taken"),
    Key::new("write_units_per_second", UNITS, "writes that are always taken"),
]);

static ON_DEMAND: Shape = Shape::new(&[
    Key::new("max_read_request_units", UNITS, "most read units per second"),
    Key::new("max_write_request_units", UNITS, "most write units per second"),
]);

static PROVISIONED: Shape = Shape::new(&[
    Key::new("read_capacity_units", UNITS, "read units per second at the first instant"),
    Key::new("write_capacity_units", UNITS, "write units per second at the first instant"),
]);

static AUTO_SCALING: Shape = Shape::new(&[
    Key::new("min", UNITS, "fewest units per second"),
    Key::new("max", UNITS, "most units per second"),
    Key::new("target_utilization", TARGET, "share of the units that is meant to be used"),
]);

const AUTO_SCALING_OR_NONE: Kind = Kind::OneOf(&[
    Kind::Choice(&[Choice::new("none", "the capacity of the first instant stays")]),
    Kind::Table(&AUTO_SCALING),
]);

pub(super) static DYNAMODB: [Key; 14] = [
    Key::new(
        "mode",
        Kind::Choice(&[
            Choice::new("on-demand", "every access is paid"),
            Choice::new("provisioned", "capacity is paid by the hour"),
        ]),
        "how throughput is bought",
    ),
    Key::new(
        "consistency",
        Kind::Choice(&[
            Choice::new("eventual", "half a unit for each 4 KiB"),
            Choice::new("strong", "a unit for each 4 KiB"),
        ]),
        "how reads are done",
    ),
    Key::new("warm_throughput", Kind::Table(&WARM), "on demand: what is always taken"),
    Key::new("on_demand_throughput", Kind::Table(&ON_DEMAND), "on demand: the most that is taken"),
    Key::new("growth_window", WINDOW, "on demand: traffic beyond twice of what was reached this long ago is refused"),
    Key::new("on_demand_burst", WINDOW, "on demand: unused throughput of so long can be caught up on"),
    Key::new("provisioned_throughput", Kind::Table(&PROVISIONED), "provisioned: capacity at the first instant"),
    Key::new("read_auto_scaling", AUTO_SCALING_OR_NONE, "provisioned: how read capacity follows the load"),
    Key::new("write_auto_scaling", AUTO_SCALING_OR_NONE, "provisioned: how write capacity follows the load"),
    Key::new("scale_out_minutes", MINUTES, "provisioned: minutes above the target after which capacity is added"),
    Key::new("scale_in_minutes", MINUTES, "provisioned: minutes well below it after which capacity is taken back"),
    Key::new("scale_in_slack", Kind::SHARE, "provisioned: how far below the target that is"),
    Key::new("update_delay", Kind::DURATION, "provisioned: from a decision to its being in force"),
    Key::new("burst", WINDOW, "provisioned: unused capacity of so long can be caught up on"),
];

const POOL: Key = Key::new(
    "pool",
    Kind::count_or_unbounded(1),
    "most connections of one instance; its further queries wait for one of them",
);
const CPU_SHARE: Key =
    Key::new("cpu_share", Kind::SHARE, "share of a query's time at low load for which it needs a vCPU of the store");
const READ_IO: Key = Key::new("read_io", UNIT_BYTES, "bytes of a read that are one I/O of the bill");
const WRITE_IO: Key = Key::new("write_io", UNIT_BYTES, "bytes of a write that are one I/O of the bill");

pub(super) const AURORA: Shape = Shape::new(&[
    Key::new("class", Kind::Text("a class of instances"), "class of the instance"),
    Key::new(
        "max_connections",
        Kind::OneOf(&[Kind::Choice(&[Choice::new("class", "by the class")]), Kind::POSITIVE_COUNT]),
        "most connections; a query that needs one more fails",
    ),
    POOL,
    CPU_SHARE,
    READ_IO,
    WRITE_IO,
]);

pub(super) const AURORA_SERVERLESS: Shape = Shape::new(&[
    Key::new("min", CAPACITY, "least capacity, in ACU, rounded up to halves"),
    Key::new("max", Kind::Number(Range::new(1.0, 256.0)), "largest capacity, in ACU, rounded up to halves"),
    Key::new(
        "max_connections",
        Kind::OneOf(&[Kind::Choice(&[Choice::new("capacity", "by the largest capacity")]), Kind::POSITIVE_COUNT]),
        "most connections; a query that needs one more fails",
    ),
    POOL,
    CPU_SHARE,
    Key::new("vcpu_per_acu", Kind::Number(Range::above(0.0, 16.0)), "vCPUs of one ACU"),
    Key::new("target_utilization", TARGET, "share of the CPU that is meant to be used"),
    Key::new("scale_period", SCALE_PERIOD, "how often the capacity is looked at"),
    Key::new("scale_down_after", Kind::POSITIVE_DURATION, "half an ACU is given back after so long of less load"),
    READ_IO,
    WRITE_IO,
])
.with_rules(&[Rule::Ordered("min", "max")]);

pub(super) const DOCUMENTS: Shape = Shape::new(&[Key::new(
    "unit",
    Kind::Choice(&[Choice::new("document", "one document, however large")]),
    "what an access counts as",
)]);

pub(super) const NODES: Shape = Shape::new(&[
    Key::new("node_type", Kind::Text("a type of nodes"), "type of the nodes"),
    Key::new("nodes", Kind::POSITIVE_COUNT, "how many there are"),
]);
