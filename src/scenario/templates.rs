//! Scenarios that `simulate init` writes: runnable, commented, and tested like any other.

/// A scenario to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// Name given to `init`.
    pub name: &'static str,
    /// What it is about, one line.
    pub about: &'static str,
    /// The file.
    pub text: &'static str,
}

/// Every template, the default first.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "starter",
        about: "a small web site on AWS Lambda, App Engine and EKS, every line explained",
        text: include_str!("../../scenarios/starter.toml"),
    },
    Template {
        name: "idle-internal-tool",
        about: "a few requests an hour on weekdays: what paying only for use is worth",
        text: include_str!("../../scenarios/idle-internal-tool.toml"),
    },
    Template {
        name: "steady-api",
        about: "the same high load at every hour: functions, App Engine, clusters tuned and untuned, machines",
        text: include_str!("../../scenarios/steady-api.toml"),
    },
    Template {
        name: "launch-day",
        about: "a flash crowd at noon: who keeps up, who waits, who is turned away",
        text: include_str!("../../scenarios/launch-day.toml"),
    },
    Template {
        name: "connection-storm",
        about: "a step in traffic and a database with ninety connections: functions against machines with pools",
        text: include_str!("../../scenarios/connection-storm.toml"),
    },
    Template {
        name: "throttled-table",
        about: "four times the usual load on a DynamoDB table: on demand, scaled, and bought for the peak",
        text: include_str!("../../scenarios/throttled-table.toml"),
    },
    Template {
        name: "shop",
        about: "four services that call each other, and a queue: functions that wait for functions are paid twice",
        text: include_str!("../../scenarios/shop.toml"),
    },
    Template {
        name: "retry-storm",
        about: "a third of the machines lost for ten seconds: which fleets retries keep down, and what would help",
        text: include_str!("../../scenarios/retry-storm.toml"),
    },
    Template {
        name: "deploy-at-noon",
        about: "a new version under load on functions, App Engine and a cluster: what users notice, and the lead time",
        text: include_str!("../../scenarios/deploy-at-noon.toml"),
    },
    Template {
        name: "glued-functions",
        about: "gateway, functions, queue, workflow and table: what coordination costs, and the same in one process",
        text: include_str!("../../scenarios/glued-functions.toml"),
    },
    Template {
        name: "school-week",
        about: "a week of an education site in four time zones, some 18 million requests",
        text: include_str!("../../scenarios/school-week.toml"),
    },
];

/// The template called `name`.
#[must_use]
pub fn template(name: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.name == name)
}
