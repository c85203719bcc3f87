//! The theory suite: whole scenarios, through the public API, against what is known exactly.
//!
//! * `queues`: closed forms of queueing theory on fleets of a fixed size.
//! * `instances`: closed forms of fleets that follow their requests, and steady states found by independent event-exact
//!   simulation, with their own uncertainty.
//! * `clients`: retries, and users who wait for what they get.
//! * `graphs`: services that call each other.
//! * `worked`: cases that can be done by hand, without tolerance.
//! * `control`: what is known of the traffic makes a bill better known, and no less true.
//! * `coverage`: how often stated intervals hold what is known, over 400 short experiments.
//!
//! Every system is run with seeds fixed beforehand, five replications each. A metric's deviation is measured in standard
//! errors of all its replications and must stay below 4; of the 95 % intervals that the runs themselves state, one per
//! system and seed, the right share must hold the true value. `cargo test --profile gate --test theory` runs short
//! versions of the systems in less than a minute; `SIMULATE_THEORY=full cargo test --profile gate --test theory -- --nocapture` the whole, in minutes, and prints
//! the figures.

mod clients;
mod control;
mod coverage;
mod graphs;
mod instances;
mod queues;
mod statistics;
mod system;
mod variance;
mod worked;

use statistics::Tally;
use system::{Length, System};

/// How much of the suite to run.
fn length() -> Length {
    match std::env::var("SIMULATE_THEORY").as_deref() {
        Ok("full") => Length::Full,
        Ok(other) => panic!("SIMULATE_THEORY is {other:?}; the only value is \"full\""),
        Err(_) => Length::Quick,
    }
}

/// Runs `systems`, prints a line for each metric, and fails if one deviates.
fn hold(title: &str, systems: &[System], length: Length) -> Tally {
    let tally = system::run_all(systems, length);
    println!("{title}\n{}", tally.table());
    let deviant = tally.deviant();
    assert!(deviant.is_empty(), "{title}: |z| >= 4\n{}", deviant.join("\n"));
    tally
}

#[test]
fn closed_forms_hold_and_intervals_cover() {
    let length = length();
    let mut systems = queues::systems();
    systems.extend(instances::systems());
    systems.extend(clients::systems());
    systems.extend(graphs::systems());
    let tally = hold("closed forms", &systems, length);
    let (covered, intervals) = tally.coverage();
    let share = f64::from(covered) / f64::from(intervals);
    println!("coverage: {covered} of {intervals} intervals ({:.1} %) hold the true value", 100.0 * share);
    let (low, high) = match length {
        Length::Full => {
            assert!(intervals >= 400, "only {intervals} intervals");
            (0.91, 0.985)
        }
        // Four standard errors of a share of .95; runs are short and some waits skewed.
        Length::Quick => {
            let margin = 4.0 * (0.95 * 0.05 / f64::from(intervals)).sqrt();
            (0.95 - margin, (0.95 + margin).min(1.0))
        }
    };
    assert!((low..=high).contains(&share), "{share} of the intervals cover, not {low} to {high}");
}

#[test]
fn steady_states_of_independent_simulators_hold() {
    hold("independent simulation", &instances::simulated(), length());
}
