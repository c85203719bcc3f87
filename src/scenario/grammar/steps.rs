//! The steps of services and workflows, and what a caller does about an attempt that failed.

use super::unplayed;
use crate::document::grammar::{Choice, DISTRIBUTION, Key, Kind, Named, Range, Rule, SIZE_DISTRIBUTION, Shape};
use crate::document::quantity;
use crate::units::Nanos;

/// One step; a static, so that steps may hold steps.
static ONE: Kind = Kind::Named(&STEP);

/// Steps, in order.
pub const fn steps() -> Kind {
    Kind::List { of: &ONE, min: 1, max: 1000 }
}

const VERBS: &[&str] = &["cpu", "io", "wait", "call", "query", "publish", "start", "parallel", "branch"];

const WORK: Kind =
    Kind::OneOf(&[Kind::Choice(&[Choice::new("class", "the demand of the request's class")]), DISTRIBUTION]);

/// What is done with a store.
pub const OP: Kind = Kind::Choice(&[Choice::new("read", "reads"), Choice::new("write", "writes")]);

/// Most rounds of one step.
const MOST_ROUNDS: u64 = 1000;

/// One step.
pub static STEP: Named = Named {
    name: "step",
    doc: "one step of a service or a workflow: one verb, and what is said about it",
    shape: Shape::new(&[
        Key::new("cpu", WORK, "CPU time on one reference vCPU, or \"class\""),
        Key::new("io", WORK, "waiting that needs no CPU, or \"class\""),
        Key::new("wait", DISTRIBUTION, "waiting for a clock"),
        Key::new("call", Kind::Text("the name of a service"), "calls a service and waits for its answer")
            .unplayed(unplayed::CALLS),
        Key::new("query", Kind::Text("the name of a store"), "asks a store and waits for its answer")
            .unplayed(unplayed::STORES),
        Key::new("publish", Kind::Text("the name of a queue"), "leaves a message").unplayed(unplayed::QUEUES),
        Key::new("start", Kind::Text("the name of a workflow"), "starts a workflow").unplayed(unplayed::WORKFLOWS),
        Key::new(
            "parallel",
            steps(),
            "all of these at once, without cpu, parallel and branch; goes on when all are back, fails if one failed",
        )
        .unplayed(unplayed::PARALLEL),
        Key::new(
            "branch",
            Kind::List { of: &Kind::Table(&WAY), min: 1, max: 100 },
            "one of these ways, or none with the probability that is left",
        )
        .unplayed(unplayed::BRANCHES),
        Key::new("p", Kind::SHARE, "probability with which it is done; default: always").unplayed(unplayed::BRANCHES),
        Key::new(
            "repeat",
            Kind::count(1, MOST_ROUNDS),
            "how many times: one after the other, or at once within parallel; default: once",
        )
        .unplayed(unplayed::BRANCHES),
        Key::new(
            "only",
            Kind::List { of: &Kind::Name, min: 1, max: usize::MAX },
            "classes for whose requests it is done; default: all",
        )
        .unplayed(unplayed::BRANCHES),
        Key::new("op", OP, "what a query does; default: read").unplayed(unplayed::STORES),
        Key::new("size", SIZE_DISTRIBUTION, "what is sent, or read; of a call, there and back; default: 1000 bytes"),
        Key::new(
            "timeout",
            Kind::Duration { min: Nanos(1), max: quantity::LONGEST, none: true },
            "the caller gives up after this long; default: \"none\"",
        )
        .unplayed(unplayed::TIMEOUTS),
        Key::new("retry", Kind::Table(&RETRY), "what the caller does about an attempt that failed; default: nothing"),
        Key::new("await", Kind::Boolean, "whether the end of a workflow is waited for; default: true")
            .unplayed(unplayed::WORKFLOWS),
    ])
    .with_rules(&[
        Rule::ExactlyOne(VERBS),
        Rule::Needs("op", "query"),
        Rule::Needs("await", "start"),
        Rule::NeedsOneOf("size", &["call", "query", "publish", "start"]),
        Rule::NeedsOneOf("timeout", &["call", "query", "start"]),
        Rule::NeedsOneOf("retry", &["call", "query", "start"]),
    ]),
};

static WAY: Shape = Shape::new(&[
    Key::new("p", Kind::SHARE, "its probability; those of all ways add up to 1 at most").required(),
    Key::new("steps", steps(), "what is done").required(),
]);

/// `retry`.
pub static RETRY: Shape = Shape::new(&[
    Key::new("attempts", Kind::count_or_unbounded(1), "attempts in all").default("1"),
    Key::new(
        "on",
        Kind::List {
            of: &Kind::Choice(&[
                Choice::new("timeout", "a limit passed first"),
                Choice::new("rejected", "refused before any work"),
                Choice::new("failed", "ended in an error"),
            ]),
            min: 1,
            max: 3,
        },
        "ends of an attempt after which another is made",
    )
    .default("[\"timeout\", \"rejected\", \"failed\"]"),
    Key::new("base", DISTRIBUTION, "first wait before jitter, drawn anew for every attempt").default("100ms"),
    Key::new("cap", Kind::DURATION, "longest wait").default("20s"),
    Key::new("factor", Kind::Number(Range::new(1.0, 100.0)), "growth of the wait from attempt to attempt")
        .default("2.0"),
    Key::new(
        "jitter",
        Kind::Choice(&[
            Choice::new("full", "from nothing to the whole wait"),
            Choice::new("equal", "from half of the wait to all of it"),
            Choice::new("decorrelated", "from the base to three times the wait before"),
            Choice::new("none", "the wait itself"),
        ]),
        "how the wait is spread",
    )
    .default("full"),
    Key::new(
        "budget",
        Kind::OneOf(&[Kind::Choice(&[Choice::new("none", "without")]), Kind::Table(&BUDGET)]),
        "how many retries all callers may make together",
    )
    .default("none"),
]);

static BUDGET: Shape = Shape::new(&[
    Key::new("share", Kind::SHARE, "retries for each first attempt").default("0.1"),
    Key::new("floor", Kind::RATE, "retries that are allowed however few calls there are").default("1/s"),
]);
