//! Months by rates, on one core, of so many requests that no audit can be paid. What is stated for each request says little:
//! there are a hundred times as many of them in the same time with a hundred times the rate.
//!
//! `ONCE=functions cargo bench --bench tick` plays one case once, `ONCE=all` each of them.

mod support;

fn cases() -> Vec<(&'static str, String)> {
    let both = include_str!("instructions/rates-fleet.toml").to_owned();
    vec![("fleets", both), ("functions", include_str!("instructions/rates-functions.toml").to_owned())]
}

fn main() {
    support::measure("tick", cases());
}
