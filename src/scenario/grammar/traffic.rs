//! `[traffic]` and its sources.

use super::known::{PROFILES, TIME_ZONES};
use crate::document::grammar::{Choice, DISTRIBUTION, Key, Kind, Range, Rule, Shape, Tagged, Variant};
use crate::document::quantity;
use crate::traffic::closed;
use crate::units::Nanos;

/// `[traffic]`.
pub static TRAFFIC: Shape = Shape::new(&[
    Key::new("start", Kind::DateTime, "first measured instant, wall clock in `timezone`")
        .default("2026-01-05T00:00:00"),
    Key::new("timezone", TIME_ZONE, "IANA name of the time zone").default("UTC"),
    Key::new("duration", Kind::POSITIVE_DURATION, "measured time; default: 1d, or the span of the files"),
    Key::new("warmup", Kind::DURATION, "played before start, counted nowhere").default("0s"),
    Key::new("uncertainty", Kind::Table(&UNCERTAINTY), "how sure the level is").default("{}"),
    Key::new("source", Kind::OneOrMany(&Kind::Tagged(&SOURCE)), "what arrives; sources add up").required(),
]);

const TIME_ZONE: Kind = Kind::Known(&TIME_ZONES);
const CV: Kind = Kind::Number(Range::new(0.0, 100.0));
const CV_ABOVE_ZERO: Kind = Kind::Number(Range::above(0.0, 100.0));
const FACTOR: Kind = Kind::Number(Range::new(0.0, 1e6));

static UNCERTAINTY: Shape = Shape::new(&[
    Key::new("level_cv", CV, "of a factor on all rates, drawn once per replication").default("0.0"),
    Key::new("growth_cv", CV, "of a factor on yearly growth, drawn once per replication").default("0.0"),
]);

static SOURCE: Tagged = Tagged {
    tag: "kind",
    doc: "where the arrivals come from",
    default: Some("open"),
    common: &Shape::new(&[
        Key::new("name", Kind::Name, "names the source").required(),
        Key::new("mix", Kind::Map(&Kind::WEIGHT), "weights by class; default: every class by its own").default("{}"),
    ]),
    variants: &[
        Variant::new(
            "open",
            "a rate that does not wait for answers",
            Shape::new(OPEN).with_rules(&[
                Rule::ExactlyOne(&["rate", "peak", "stages"]),
                Rule::AtMostOne(&["profile", "stages"]),
                Rule::Needs("from", "stages"),
            ]),
        ),
        Variant::new("counts", "requests per bin of time, from a file", Shape::new(COUNTS)),
        Variant::new(
            "closed",
            "users who wait for what they get, think, and ask again",
            Shape::new(CLOSED).with_rules(&[Rule::ExactlyOne(&["users", "stages"]), Rule::Needs("from", "stages")]),
        ),
        Variant::new("log", "the requests of an access log, each at its own instant", Shape::new(LOG)),
        Variant::new(
            "schedule",
            "requests by the clock",
            Shape::new(SCHEDULE)
                .with_rules(&[Rule::ExactlyOne(&["cron", "every", "at"]), Rule::Needs("timezone", "cron")]),
        ),
        Variant::new("mmpp", "a rate that switches between two states at random", Shape::new(MMPP)),
        Variant::new("on-off", "a rate that is on and off in turn", Shape::new(ON_OFF)),
        Variant::new("hawkes", "requests that bring further requests", Shape::new(HAWKES)),
    ],
};

static OPEN: &[Key] = &[
    Key::new("rate", Kind::RATE, "mean over one plain week of the profile"),
    Key::new("peak", Kind::RATE, "largest hour of a plain week, instead of rate"),
    Key::new(
        "stages",
        Kind::List { of: &Kind::Table(&STAGE), min: 1, max: usize::MAX },
        "instead of rate and profile: linear from stage to stage, the last holds",
    ),
    Key::new("from", Kind::RATE, "rate at the beginning of the first stage; default 0/s"),
    Key::new(
        "arrivals",
        Kind::Choice(&[
            Choice::new("poisson", "independent of each other"),
            Choice::new("even", "equally spaced"),
            Choice::new("gamma", "gamma spacings with arrivals_cv"),
        ]),
        "how arrivals are spaced",
    )
    .default("poisson"),
    Key::new("arrivals_cv", CV_ABOVE_ZERO, "of gamma spacings; 1 is poisson"),
    Key::new("profile", Kind::OneOf(&[Kind::Known(&PROFILES), Kind::Table(&PROFILE)]), "shape of a plain week")
        .default("flat"),
    Key::new(
        "audience",
        Kind::List { of: &Kind::Table(&AUDIENCE), min: 1, max: usize::MAX },
        "by whose clocks the profile is read; default: the traffic's time zone",
    ),
    Key::new("burst", Kind::Table(&BURST), "gamma factor on the rate").default("{}"),
    Key::new("growth", Kind::Growth, "compound, from the start").default("0%/year"),
    Key::new("calendar", Kind::OneOrMany(&Kind::Table(&CALENDAR)), "ranges of days with another level").default("[]"),
    Key::new("event", Kind::OneOrMany(&Kind::Table(&EVENT)), "one-off events; overlapping ones multiply").default("[]"),
];

const USERS: Kind = Kind::count(0, closed::MOST_USERS as u64);

static CLOSED: &[Key] = &[
    Key::new("users", USERS, "how many there are, all the time"),
    Key::new(
        "stages",
        Kind::List { of: &Kind::Table(&CROWD), min: 1, max: usize::MAX },
        "instead of users: linear from stage to stage, the last holds",
    ),
    Key::new("from", USERS, "users at the beginning of the first stage; default 0"),
    Key::new("think", DISTRIBUTION, "between an answer and the next request, and before the first").required(),
    Key::new(
        "requests",
        Kind::OneOf(&[Kind::Choice(&[Choice::new("none", "there is no end")]), Kind::count(1, u64::MAX >> 11)]),
        "after so many a user has had enough",
    )
    .default("none"),
];

static CROWD: Shape = Shape::new(&[
    Key::new("for", Kind::DURATION, "how long the stage takes").required(),
    Key::new("target", USERS, "users at its end").required(),
]);

static STAGE: Shape = Shape::new(&[
    Key::new("for", Kind::DURATION, "how long the stage takes").required(),
    Key::new("target", Kind::RATE, "rate at its end").required(),
]);

const HOURS: Kind = Kind::List { of: &FACTOR, min: 24, max: 24 };

static PROFILE: Shape = Shape::new(&[
    Key::new("day", HOURS, "24 hourly multipliers").required(),
    Key::new("day_weekend", HOURS, "24 hourly multipliers of Saturday and Sunday; default: `day`"),
    Key::new("week", Kind::List { of: &FACTOR, min: 7, max: 7 }, "7 daily multipliers, Monday first"),
    Key::new("interpolate", INTERPOLATE, "between the hours").default("step"),
]);

const INTERPOLATE: Kind =
    Kind::Choice(&[Choice::new("step", "constant in between"), Choice::new("linear", "straight lines")]);

static AUDIENCE: Shape = Shape::new(&[
    Key::new("timezone", TIME_ZONE, "its clock").required(),
    Key::new("weight", Kind::WEIGHT, "its share, relative to the others").default("1.0"),
]);

static BURST: Shape = Shape::new(&[
    Key::new("cv", CV, "standard deviation of the factor; 0 for none").default("0.0"),
    Key::new("window", Kind::POSITIVE_DURATION, "a new factor is drawn this often").default("1m"),
]);

static CALENDAR: Shape = Shape::new(&[
    Key::new("name", Kind::Text("a name"), "for reports"),
    Key::new("from", Kind::Date, "first day").required(),
    Key::new("to", Kind::Date, "last day, included").required(),
    Key::new("factor", FACTOR, "the rate is multiplied by this").required(),
]);

static EVENT: Shape = Shape::new(&[
    Key::new("name", Kind::Text("a name"), "for reports"),
    Key::new("at", Kind::Instant, "when it begins to rise").required(),
    Key::new("multiplier", FACTOR, "the rate is multiplied by this at the top").required(),
    Key::new("ramp", Kind::DURATION, "rises in a straight line over this long"),
    Key::new("doubling", Kind::POSITIVE_DURATION, "rises by doubling this often"),
    Key::new("hold", Kind::DURATION, "how long the top lasts").default("0s"),
    Key::new("half_life", Kind::POSITIVE_DURATION, "the excess halves this often after the top; default: ends at once"),
])
.with_rules(&[Rule::AtMostOne(&["ramp", "doubling"])]);

/// One file or several, which are read as one.
const FILES: Kind = Kind::OneOf(&[FILE, Kind::List { of: &FILE, min: 1, max: usize::MAX }]);
const FILE: Kind = Kind::Text("a file path");
const FILES_DOC: &str = "file or files, relative to the scenario, plain, gzip, zstd or ZIP; `*` stands for any part of a name, a folder for its files";

static COUNTS: &[Key] = &[
    Key::new("file", FILES, FILES_DOC).required(),
    Key::new(
        "format",
        Kind::Choice(&[
            Choice::new("csv", "comma-separated, with a header"),
            Choice::new("cloudwatch", "answers of CloudWatch's get-metric-data or get-metric-statistics, JSON"),
            Choice::new("cloudwatch-csv", "a graph of the CloudWatch console"),
            Choice::new("prometheus", "answers of Prometheus' query_range, JSON; needs `unit`"),
            Choice::new("azure-2019", "a row per function, a column per minute"),
            Choice::new("locust", "Locust's _stats_history.csv"),
        ]),
        "how the files are written; default: detected",
    ),
    Key::new("time", Kind::Text("a column name"), "column of the bin's beginning; default: detected"),
    Key::new("value", Kind::Text("a column name"), "column or series of the count; default: detected, or the only one"),
    Key::new(
        "unit",
        Kind::Choice(&[
            Choice::new("rate", "requests per second in the step before"),
            Choice::new("increase", "requests in the step before"),
            Choice::new("counter", "requests since the process began"),
        ]),
        "what the samples of Prometheus are",
    ),
    Key::new("period", Kind::POSITIVE_DURATION, "length of a bin; default: the median step of the files"),
    ALIGN,
    Key::new(
        "missing",
        Kind::Choice(&[
            Choice::new("error", "a missing bin is refused"),
            Choice::new("zero", "a missing bin is empty"),
            Choice::new("hold", "a missing bin repeats the one before"),
        ]),
        "what a missing bin means",
    )
    .default("error"),
    Key::new(
        "within",
        Kind::Choice(&[
            Choice::new("uniform", "independent of each other"),
            Choice::new("even", "equally spaced"),
            Choice::new("start", "all at the beginning"),
            Choice::new("gamma", "gamma spacings with cv"),
            Choice::new("bmodel", "a cascade with p"),
        ]),
        "where the requests of a bin lie in it",
    )
    .default("uniform"),
    Key::new("cv", CV_ABOVE_ZERO, "of the spacings of within = \"gamma\""),
    Key::new("p", Kind::Number(Range::new(0.5, 1.0)), "share of the larger half of within = \"bmodel\""),
    Key::new("interpolate", INTERPOLATE, "whether the density in a bin leans towards its neighbours").default("step"),
    Key::new("scale", Kind::Number(Range::new(0.0, 1e9)), "factor on every count").default("1.0"),
    REPEAT,
];

const ALIGN: Key = Key::new(
    "align",
    Kind::Choice(&[
        Choice::new("first", "the first bin or request is placed at the start"),
        Choice::new("clock", "everything keeps its own instant"),
    ]),
    "when it is played",
)
.default("first");

const REPEAT: Key = Key::new("repeat", Kind::Boolean, "whether the file begins again where it ends").default("false");

static LOG: &[Key] = &[
    Key::new("file", FILES, FILES_DOC).required(),
    Key::new(
        "format",
        Kind::Choice(&[
            Choice::new("combined", "the common and the combined log format of Apache and nginx"),
            Choice::new("alb", "an Application Load Balancer of AWS"),
            Choice::new("elb", "a Classic Load Balancer of AWS"),
            Choice::new("cloudfront", "standard logs of CloudFront, columns by `#Fields`"),
            Choice::new("nginx-json", "nginx, one object per line"),
            Choice::new("cloud-logging", "Cloud Logging, an array or one object per line"),
            Choice::new("har", "an HTTP Archive"),
            Choice::new("azure-2021", "Azure Functions 2021"),
            Choice::new("k6", "k6, CSV or JSON"),
            Choice::new("csv", "comma-separated, with a header and a column of times"),
        ]),
        "how the files are written; default: detected",
    ),
    Key::new("fields", Kind::List { of: &FIELD, min: 0, max: 64 }, "what stands behind the combined format, in order")
        .default("[]"),
    Key::new("time", Kind::Text("a column name"), "column of the arrival in CSV; default: detected"),
    Key::new("origin_only", Kind::Boolean, "whether requests that CloudFront's cache answered are left out")
        .default("false"),
    ALIGN,
    Key::new(
        "scale",
        Kind::Number(Range::new(0.0, 1e3)),
        "below 1 the share of requests that is kept, above 1 copies of the log",
    )
    .default("1.0"),
    Key::new("jitter", Kind::DURATION, "copies beyond the first are shifted by up to this").default("1m"),
    REPEAT,
];

const FIELD: Kind = Kind::Choice(&[
    Choice::new("-", "not looked at"),
    Choice::new("%D", "microseconds that the request took"),
    Choice::new("%T", "seconds that the request took"),
    Choice::new("$request_time", "seconds that the request took, before the stamp"),
    Choice::new("$msec", "the end in seconds since 1970"),
]);

/// A state that ends at least a thousand times a second would outweigh its requests.
const STATE_TIME: Kind = Kind::Duration { min: Nanos(1_000_000), max: quantity::LONGEST, none: false };

static MMPP: &[Key] = &[
    Key::new("low", Kind::RATE, "rate of the quiet state").default("0/s"),
    Key::new("high", Kind::RATE, "rate of the busy state").required(),
    Key::new("low_for", STATE_TIME, "mean of the exponential time in the quiet state").required(),
    Key::new("high_for", STATE_TIME, "mean of the exponential time in the busy state").required(),
];

static ON_OFF: &[Key] = &[
    Key::new("rate", Kind::RATE, "while it is on").required(),
    Key::new("on", DISTRIBUTION, "how long it is on").required(),
    Key::new("off", DISTRIBUTION, "how long it is off").required(),
];

static HAWKES: &[Key] = &[
    Key::new("rate", Kind::RATE, "in the long run, followers included").required(),
    Key::new("branching", Kind::Number(Range::new(0.0, 0.99)), "mean number of direct followers of a request")
        .required(),
    Key::new(
        "decay",
        Kind::Duration { min: Nanos(1_000), max: Nanos(3_600_000_000_000), none: false },
        "mean delay of a follower, which is exponential",
    )
    .default("1s"),
];

static SCHEDULE: &[Key] = &[
    Key::new(
        "cron",
        Kind::Text("a cron expression"),
        "minute hour day month weekday, or six fields from the second on",
    ),
    Key::new("timezone", TIME_ZONE, "whose clock the expression is read by; default: the traffic's"),
    Key::new("every", STATE_TIME, "at whole periods from the start"),
    Key::new("at", Kind::List { of: &Kind::Instant, min: 1, max: 1_000_000 }, "at these instants"),
    Key::new("count", Kind::count(0, 1_000_000_000), "requests each time").default("1"),
    Key::new(
        "jitter",
        Kind::Duration { min: Nanos::ZERO, max: Nanos(24 * 3_600_000_000_000), none: false },
        "each request comes up to this much later",
    )
    .default("0s"),
];
