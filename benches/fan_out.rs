//! One traffic stream against three deployments: nanoseconds per request for all three, on one core.
//!
//! `ONCE=school-week cargo bench --bench fan_out` plays one case once, for instruction counters and profilers.

mod support;

/// Three one-slot fleets: functions, a fixed fleet with room, a fixed fleet at its limit.
const ONE_SLOT: &str = r#"
traffic = { duration = "1000s", source = { rate = "10000/s" } }
class = { io = { dist = "lognormal", mean = "100ms", sigma = 0.8 }, timeout = "none" }
[[deployment]]
name = "functions"
platform = "faas"
fleet = { keep_alive = "600s", start = "250ms", initial = "stationary" }
[[deployment]]
name = "platform"
platform = "paas"
autoscaler = { kind = "fixed", replicas = 1200 }
[[deployment]]
name = "machines"
platform = "vm"
autoscaler = { kind = "fixed", replicas = 1100 }
"#;

fn cases() -> Vec<(&'static str, String)> {
    vec![("one-slot", ONE_SLOT.to_owned()), ("school-week", include_str!("../scenarios/school-week.toml").to_owned())]
}

fn main() {
    support::measure("fan_out", cases());
}
