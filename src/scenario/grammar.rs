//! The grammar of a scenario, as data: what is checked, completed with defaults and published as JSON Schema.

mod application;
mod glue;
mod known;
#[cfg(test)]
mod reference;
mod steps;
mod traffic;
pub mod unplayed;

use crate::document::grammar::{Choice, Key, Kind, Range, Rule, Shape};
use crate::document::quantity;
use crate::scenario::deployment::DEPLOYMENT;
use crate::units::Nanos;

pub use application::{CLASS, SERVICE};

/// Largest seed that survives a JSON reader: 2^53-1.
const LARGEST_SEED: u64 = (1 << 53) - 1;

const DAY: u64 = 24 * Nanos::HOUR.0;

/// A scenario.
pub static SCENARIO: Shape = Shape::new(&[
    Key::new("scenario", Kind::Table(&HEAD), "what is run, and how often").default("{}"),
    Key::new("traffic", Kind::Table(&traffic::TRAFFIC), "who comes, and when").required(),
    Key::new("class", Kind::OneOrMany(&Kind::Table(&application::CLASS)), "what one request brings").required(),
    Key::new(
        "service",
        Kind::OneOrMany(&Kind::Table(&application::SERVICE)),
        "a service: what an instance needs, and what it does about a request",
    ),
    Key::new("queue", Kind::OneOrMany(&Kind::Tagged(&glue::QUEUE)), "messages between services")
        .unplayed(unplayed::QUEUES),
    Key::new("workflow", Kind::OneOrMany(&Kind::Table(&glue::WORKFLOW)), "steps that an orchestrator keeps")
        .unplayed(unplayed::WORKFLOWS),
    Key::new("store", Kind::OneOrMany(&Kind::Table(&glue::STORE)), "where data lies").unplayed(unplayed::STORES),
    Key::new("fault", Kind::OneOrMany(&Kind::Tagged(&glue::FAULT)), "what goes wrong, and when")
        .unplayed(unplayed::FAULTS),
    Key::new("deployment", Kind::OneOrMany(&Kind::Overlay(&DEPLOYMENT)), "where it runs").required(),
    Key::new("slo", Kind::Table(&SLO), "what every deployment is judged by"),
    Key::new("budget", Kind::Table(&BUDGET), "what every deployment may cost"),
    Key::new("pricing", Kind::Table(&PRICING), "how usage becomes a bill").default("{}"),
]);

/// What a stored usage is priced by: the one section of a scenario that can change afterwards.
pub static PRICES: Shape =
    Shape::new(&[Key::new("pricing", Kind::Table(&PRICING), "how usage becomes a bill").default("{}")]);

static HEAD: Shape = Shape::new(&[
    Key::new("name", Kind::Text("a name"), "names the scenario; default: the file's stem"),
    Key::new("seed", Kind::count(0, LARGEST_SEED), "decides every random draw").default("1"),
    Key::new("replications", Kind::count(1, 100_000), "independent runs; 1 gives no intervals").default("5"),
    Key::new(
        "precision",
        Kind::Share(Range::new(0.005, 0.5)),
        "more replications are played until the half-width of every headline interval is at most this share of its figure; \
         default: `replications` are played",
    ),
    Key::new("max_replications", Kind::count(10, 100_000), "and at most so many; default: 200"),
    Key::new(
        "fidelity",
        Kind::Choice(&[
            Choice::new("auto", "exact, as long as that is feasible"),
            Choice::new("exact", "every request is simulated"),
            Choice::new("tick", "rates are played instead of requests, where that is possible"),
        ]),
        "how the run is computed",
    )
    .default("auto"),
]);

const LATENCY: Kind = Kind::POSITIVE_DURATION;

static SLO: Shape = Shape::new(&[
    Key::new("p50", LATENCY, "median latency is at most this"),
    Key::new("p90", LATENCY, "90th percentile of latency is at most this"),
    Key::new("p95", LATENCY, "95th percentile of latency is at most this"),
    Key::new("p99", LATENCY, "99th percentile of latency is at most this"),
    Key::new("p999", LATENCY, "99.9th percentile of latency is at most this"),
    Key::new("availability", Kind::SHARE, "share of requests that succeed is at least this"),
    Key::new("cold_starts", Kind::SHARE, "share of attempts that wait for an instance to start is at most this"),
    Key::new(
        "require",
        Kind::OneOf(&[
            Kind::Choice(&[
                Choice::new("any", "at least one deployment meets everything"),
                Choice::new("all", "every deployment meets everything"),
                Choice::new("none", "verdicts do not decide the exit code"),
            ]),
            Kind::List { of: &Kind::Name, min: 1, max: usize::MAX },
        ]),
        "exit code 3 unless this holds: any, all, none, or the deployments that must meet everything",
    )
    .default("any"),
    Key::new("class", Kind::Map(&Kind::Table(&CLASS_SLO)), "objectives of one class, by its name"),
]);

static CLASS_SLO: Shape = Shape::new(&[
    Key::new("p50", LATENCY, "median latency is at most this"),
    Key::new("p90", LATENCY, "90th percentile of latency is at most this"),
    Key::new("p95", LATENCY, "95th percentile of latency is at most this"),
    Key::new("p99", LATENCY, "99th percentile of latency is at most this"),
    Key::new("p999", LATENCY, "99.9th percentile of latency is at most this"),
]);

static BUDGET: Shape =
    Shape::new(&[Key::new("cost_per_month", Kind::Money, "the bill of a month is at most this").required()]);

static PRICING: Shape = Shape::new(&[
    Key::new(
        "month",
        Kind::OneOf(&[
            Kind::Duration { min: Nanos(28 * DAY), max: Nanos(31 * DAY), none: false },
            Kind::Choice(&[Choice::new("calendar", "calendar months of the traffic's time zone")]),
        ]),
        "length of a billing period",
    )
    .default("730h"),
    Key::new(
        "as_of",
        Kind::OneOf(&[Kind::Choice(&[Choice::new("latest", "the newest prices there are")]), Kind::Date]),
        "prices and metering rules as observed by that day",
    )
    .default("latest"),
    Key::new("free_tier", Kind::Boolean, "whether free tiers are used").default("false"),
    Key::new("egress", Kind::Boolean, "whether response bytes to the internet are priced").default("true"),
    Key::new("currency", Kind::Table(&CURRENCY), "what the bill is shown in").default("{}"),
    Key::new("account_opened", Kind::Date, "when the account was opened, for free tiers that end after some months"),
    Key::new("commitment", Kind::list(&Kind::Table(&COMMITMENT)), "what is paid for every hour, used or not")
        .default("[]"),
    Key::new("set", Kind::Map(&Kind::Price), "negotiated prices, by \"tariff.item\"").default("{}"),
]);

static COMMITMENT: Shape = Shape::new(&[
    Key::new("plan", Kind::Text("\"tariff.plan\""), "the plan, by the name under which prices show it").required(),
    Key::new("machine", Kind::Text("a machine type"), "type of the machines, for reserved ones"),
    Key::new("count", Kind::count(1, 1_000_000), "how many machines, for reserved ones"),
    Key::new("per_hour", Kind::Money, "money per hour at the plan's prices, for savings plans"),
])
.with_rules(&[
    Rule::ExactlyOne(&["machine", "per_hour"]),
    Rule::Needs("machine", "count"),
    Rule::Needs("count", "machine"),
]);

static CURRENCY: Shape = Shape::new(&[
    Key::new("code", Kind::Text("a currency code"), "ISO 4217 code").default("USD"),
    Key::new("per_usd", Kind::Number(Range::above(0.0, quantity::FASTEST)), "units of it for one USD").default("1.0"),
]);
