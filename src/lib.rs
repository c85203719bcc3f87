//! `breakeven` plays the same requests against FaaS, PaaS and Kubernetes models by discrete-event simulation and says
//! how each scales, what its users wait and what it is billed. The command line tool is `simulate`.
//!
//! # The idea
//!
//! An application does not change when it moves; the machinery around it does. So the *work* (requests that bring CPU
//! time, waiting time, memory and bytes) is drawn once, and the same requests are served by several *deployments*. What
//! a deployment used is metered; what it used is priced; the results are compared.
//!
//! ```text
//! scenario.toml -> traffic --requests--> deployment A --usage--> bill A \
//!                     |               -> deployment B --usage--> bill B  > comparison -> report
//!                     '-------------- -> deployment C --usage--> bill C /
//! ```
//!
//! # The floor plan
//!
//! A room may use only rooms above it in this table; `tests/floor_plan.rs` reads the table and enforces it.
//!
//! | rank | room | what it owns |
//! |---|---|---|
//! | 1 | `units` | time, rates, sizes and money as types |
//! | 2 | `document` | spanned TOML, the grammar that reads it, diagnostics, provenance |
//! | 3 | `kernel` | domain-free: random streams, distributions, histogram, agenda, queueing formulas, estimates |
//! | 4 | `application` | what a request asks for: classes, the graph that they enter, and their work, drawn by key |
//! | 5 | `traffic` | who comes, and when: sources, profiles, arrival processes, imported counts |
//! | 6 | `metering` | usage as integer counts per dimension, billing calendar, measurements of one run |
//! | 7 | `platform` | what a platform is, as parameters and pure laws, and the catalogue of presets |
//! | 8 | `pricing` | tariffs with provenance; usage and tariff give a bill |
//! | 9 | `engine` | the only place where time passes |
//! | 10 | `scenario` | what was typed, checked and built |
//! | 11 | `experiment` | replications, comparison, sweeps; the result |
//! | 12 | `report` | the result as table, JSON, CSV, Markdown, charts and one HTML page |
//! | 13 | `cli` | one file per subcommand |
//!
//! Three independences are protected: pricing never sees a platform; a platform never sees a price and draws its own
//! luck only from its own streams; a report never recomputes.
//!
//! # The contract of the engine
//!
//! * Time is `u64` nanoseconds from the start of the warm-up. Same seed, same bytes, at any thread count.
//! * External arrivals are an ordered stream that crosses walls in batches; the result does not depend on batch size.
//! * At one instant, completions come first, then instances that become ready, then timers and control loops, then
//!   arrivals; equal ones in the order in which they were scheduled.
//! * Every attempt that was offered ends as exactly one of completed, rejected, timed out, failed or in flight; the
//!   engine asserts it in every run.

pub mod application;
pub mod cli;
pub mod document;
pub mod engine;
pub mod experiment;
pub mod kernel;
pub mod metering;
pub mod platform;
pub mod pricing;
pub mod report;
pub mod scenario;
pub mod traffic;
pub mod units;
