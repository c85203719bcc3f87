//! The hot loop: nanoseconds per request of one deployment, traffic generation and metering included, on one core.
//!
//! `ONCE=faas-1k cargo bench --bench hot_loop` plays one case once, for instruction counters and profilers.

mod support;

/// One-slot functions with log-normal work of mean 0.1 s, ten minutes of keep-alive, and a cold start of 250 ms.
fn faas(rate: f64, seconds: f64) -> String {
    format!(
        r#"
traffic = {{ duration = "{seconds}s", source = {{ rate = "{rate}/s" }} }}
class = {{ io = {{ dist = "lognormal", mean = "100ms", sigma = 0.8 }}, timeout = "none" }}
[[deployment]]
platform = "faas"
fleet = {{ keep_alive = "600s", start = "250ms", initial = "stationary" }}
"#
    )
}

/// A hundred processor-sharing instances at load 0.7.
fn pods(slots: u32, routing: &str, seconds: f64) -> String {
    format!(
        r#"
traffic = {{ duration = "{seconds}s", source = {{ rate = "1400/s" }} }}
class = {{ cpu = {{ dist = "lognormal", mean = "50ms", sigma = 0.8 }}, timeout = "none" }}
[[deployment]]
platform = "vm"
instance = {{ vcpu = 1.0 }}
fleet = {{ slots = {slots}, queue_at = "instance", routing = "{routing}" }}
autoscaler = {{ kind = "fixed", replicas = 100 }}
"#
    )
}

/// A fixed one-slot fleet with a shared queue.
fn fixed(seconds: f64) -> String {
    format!(
        r#"
traffic = {{ duration = "{seconds}s", source = {{ rate = "10000/s" }} }}
class = {{ io = {{ dist = "lognormal", mean = "100ms", sigma = 0.8 }}, timeout = "none" }}
[[deployment]]
platform = "vm"
autoscaler = {{ kind = "fixed", replicas = 1100 }}
"#
    )
}

fn cases() -> Vec<(&'static str, String)> {
    vec![
        ("faas-10", faas(100.0, 100_000.0)),
        ("faas-1k", faas(10_000.0, 1_000.0)),
        ("faas-100k", faas(1_000_000.0, 10.0)),
        ("fixed-1k", fixed(1_000.0)),
        ("pods-10-slots", pods(10, "least-busy", 2_000.0)),
        ("pods-10-slots-random", pods(10, "random", 2_000.0)),
        ("pods-10-slots-round-robin", pods(10, "round-robin", 2_000.0)),
        ("pods-10-slots-two-choices", pods(10, "two-choices", 2_000.0)),
        ("pods-80-slots", pods(80, "least-busy", 2_000.0)),
    ]
}

fn main() {
    support::measure("hot_loop", cases());
}
