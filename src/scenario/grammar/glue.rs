//! `[[queue]]`, `[[workflow]]`, `[[store]]` and `[[fault]]`.

use super::steps::steps;
use super::unplayed;
use crate::document::grammar::{Choice, DISTRIBUTION, Key, Kind, Range, Rule, Shape, Tagged, Variant};

const SERVICE: Kind = Kind::Text("the name of a service");

/// `[[queue]]`.
pub static QUEUE: Tagged = Tagged {
    tag: "kind",
    doc: "who gets a message",
    default: Some("queue"),
    common: &Shape::new(&[
        Key::new("name", Kind::Name, "names the queue").required(),
        Key::new("batch", Kind::Table(&BATCH), "how messages are gathered for one call of a consumer")
            .default("{}")
            .unplayed(unplayed::BATCHES),
        Key::new(
            "visibility_timeout",
            Kind::POSITIVE_DURATION,
            "a message whose consumer has not ended after this long is delivered again",
        )
        .default("30s"),
        Key::new("max_receives", Kind::count(1, 1000), "deliveries of a message; then it is a dead letter")
            .default("5"),
    ]),
    variants: &[
        Variant::new(
            "queue",
            "one consumer takes it",
            Shape::new(&[Key::new("consumer", SERVICE, "service that takes the messages").required()]),
        ),
        Variant::new(
            "topic",
            "every consumer gets it",
            Shape::new(&[Key::new(
                "consumers",
                Kind::List { of: &SERVICE, min: 1, max: 100 },
                "services that get every message",
            )
            .required()]),
        )
        .unplayed(unplayed::TOPICS),
    ],
};

static BATCH: Shape = Shape::new(&[
    Key::new("size", Kind::count(1, 10_000), "most messages of one call").default("1"),
    Key::new("window", Kind::DURATION, "longest wait for more messages").default("0s"),
]);

/// `[[workflow]]`.
pub static WORKFLOW: Shape = Shape::new(&[
    Key::new("name", Kind::Name, "names the workflow").required(),
    Key::new("steps", steps(), "what it does, in order: a workflow calls and waits, and has no cpu and io").required(),
]);

/// `[[store]]`.
pub static STORE: Shape = Shape::new(&[
    Key::new("name", Kind::Name, "names the store").required(),
    Key::new(
        "kind",
        Kind::Choice(&[
            Choice::new("document", "documents by key"),
            Choice::new("relational", "tables and transactions"),
            Choice::new("cache", "in memory"),
            Choice::new("object", "files by name"),
        ]),
        "what kind of store it is",
    )
    .default("document"),
    Key::new("stored", Kind::SIZE, "data that lies in it").default("0B"),
    Key::new("latency", Kind::Table(&LATENCY), "time of an access at low load").default("{}"),
]);

static LATENCY: Shape = Shape::new(&[
    Key::new("read", DISTRIBUTION, "of a read").default("4ms"),
    Key::new("write", DISTRIBUTION, "of a write").default("8ms"),
]);

const FOR: Key = Key::new("for", Kind::POSITIVE_DURATION, "how long it lasts").required();

/// `[[fault]]`.
pub static FAULT: Tagged = Tagged {
    tag: "kind",
    doc: "what goes wrong",
    default: None,
    common: &Shape::new(&[
        Key::new("name", Kind::Name, "names the fault; default: its kind"),
        Key::new(
            "target",
            Kind::Text("the name of a service, a store or a deployment, or \"all\""),
            "with what it goes wrong",
        )
        .default("all"),
        Key::new(
            "at",
            Kind::OneOf(&[Kind::Instant, Kind::List { of: &Kind::Instant, min: 1, max: 10_000 }]),
            "when it begins",
        ),
        Key::new(
            "cron",
            Kind::Text("a cron expression"),
            "when it begins, again and again, on the wall clock of the traffic",
        ),
    ])
    .with_rules(&[Rule::ExactlyOne(&["at", "cron"])]),
    variants: &[
        Variant::new(
            "slow",
            "work and waiting take longer",
            Shape::new(&[
                Key::new("factor", Kind::Number(Range::new(1.0, 1e6)), "so many times as long").required(),
                FOR,
            ]),
        )
        .unplayed(unplayed::SLOW),
        Variant::new(
            "fail",
            "attempts fail",
            Shape::new(&[Key::new("share", Kind::SHARE, "share of the attempts").required(), FOR]),
        )
        .unplayed(unplayed::FAIL),
        Variant::new(
            "zone-loss",
            "one zone is lost, with every instance and node in it, and takes no new ones",
            Shape::new(&[
                Key::new(
                    "zones",
                    Kind::count(2, 100),
                    "zones that instances are spread over; those on nodes have the zones of these",
                )
                .default("3"),
                FOR,
            ]),
        )
        .unplayed(unplayed::ZONE_LOSS),
        Variant::new(
            "reclaim",
            "instances are taken back at once",
            Shape::new(&[Key::new("share", Kind::SHARE, "share of the instances").required()]),
        )
        .unplayed(unplayed::RECLAIM),
        Variant::new("deploy", "a new version is rolled out", Shape::new(&[])).unplayed(unplayed::DEPLOY),
    ],
};
