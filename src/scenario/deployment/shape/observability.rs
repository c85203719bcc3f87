//! The grammar of `[deployment.observability]`: one variant for each place that logs, metrics or traces can go to.

use crate::document::grammar::{Choice, Key, Kind, Shape, Tagged, Variant};
use crate::units::{Bytes, Nanos};

const INTERVAL: Kind = Kind::Duration { min: Nanos(1_000_000), max: Nanos(24 * Nanos::HOUR.0), none: false };
const COUNT: Kind = Kind::count(0, 1_000_000);
const ID: Kind = Kind::Text("the id of what takes them, or \"none\"");

/// `[deployment.observability]`.
pub(super) static OBSERVABILITY: Shape = Shape::new(&[
    Key::new("logs", Kind::OneOf(&[ID, Kind::Tagged(&LOGS)]), "where log lines go; \"none\": they are not counted"),
    Key::new("platform_log_bytes", Kind::SIZE, "bytes that the platform itself writes about one attempt"),
    Key::new("metrics", Kind::OneOf(&[ID, Kind::Tagged(&METRICS)]), "where metrics go; \"none\": they are not counted"),
    Key::new("traces", Kind::OneOf(&[ID, Kind::Tagged(&TRACES)]), "where traces go; \"none\": they are not counted"),
]);

const RETENTION: Key = Key::new("retention", Kind::DURATION, "how long they are kept");
const INCLUDED: Key =
    Key::new("included", Kind::DURATION, "for how long keeping them is included in the price of taking them in");
const COMPRESSED: Key = Key::new("compressed", Kind::SHARE, "share of their bytes that is kept");
const CLASS: Key = Key::new(
    "class",
    Kind::Choice(&[
        Choice::new("standard", "of an application"),
        Choice::new("infrequent", "of one that is seldom looked at"),
        Choice::new("lambda", "of AWS Lambda, with tiers of their own"),
    ]),
    "as what they are priced",
);

static LOGS: Tagged = Tagged {
    tag: "kind",
    doc: "what takes log lines",
    default: None,
    common: &Shape::new(&[]),
    variants: &[
        Variant::new("aws-cloudwatch", "Amazon CloudWatch Logs", Shape::new(&[CLASS, RETENTION, INCLUDED, COMPRESSED])),
        Variant::new("gcp-cloud-logging", "Google Cloud Logging", Shape::new(&[RETENTION, INCLUDED, COMPRESSED])),
    ],
};

const SAMPLE: Key = Key::new("sample_bytes", Kind::SIZE, "bytes of one value");
const EVERY: Key = Key::new("interval", INTERVAL, "from one value to the next");

const OF_CLUSTER: Shape = Shape::new(&[
    Key::new("series_per_node", COUNT, "series that each node brings"),
    Key::new("series_per_pod", COUNT, "series that each pod brings, beside the metrics of its service"),
    Key::new("series_memory", Kind::Size { min: Bytes(0), none: false }, "memory of one series"),
    SAMPLE,
    EVERY,
    Key::new("retention", Kind::DURATION, "how long values are kept"),
]);

static METRICS: Tagged = Tagged {
    tag: "kind",
    doc: "what takes metrics",
    default: None,
    common: &Shape::new(&[]),
    variants: &[
        Variant::new("aws-cloudwatch", "Amazon CloudWatch, by the metric", Shape::new(&[])),
        Variant::new("gcp-cloud-monitoring", "Google Cloud Monitoring, by the byte", Shape::new(&[SAMPLE, EVERY])),
        Variant::new("prometheus", "the add-on of that name", OF_CLUSTER),
        Variant::new("influxdb", "the add-on of that name", OF_CLUSTER),
    ],
};

const SAMPLING: Shape = Shape::new(&[
    Key::new("reservoir", COUNT, "requests of each second that are traced, the first ones"),
    Key::new("sampling", Kind::SHARE, "share of the other requests that is traced"),
]);

static TRACES: Tagged = Tagged {
    tag: "kind",
    doc: "what takes traces",
    default: None,
    common: &Shape::new(&[]),
    variants: &[
        Variant::new("aws-xray", "AWS X-Ray, by the trace", SAMPLING),
        Variant::new("gcp-cloud-trace", "Google Cloud Trace, by the span", SAMPLING),
    ],
};
