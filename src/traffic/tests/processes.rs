//! Switching and self-exciting sources against their laws. The seeds are fixed; limits are wide enough for five standard
//! deviations.

use super::laws::exponential_distance;
use super::*;
use crate::kernel::distribution::Law;
use crate::traffic::process::{Hawkes, State, Switching};

fn state(rate: f64, law: Law) -> State {
    State { rate, lasts: Distribution::new(law) }
}

fn exponential(seconds: f64) -> Law {
    Law::Exponential { mean: seconds * 1e9 }
}

fn switching(first: State, second: State) -> Source {
    source("web", Flow::Switching(Box::new(Switching { states: [first, second] })))
}

/// Mean, and variance over mean, of the counts per `width` seconds over `seconds`.
fn dispersion(requests: &[Request], width: u64, seconds: u64) -> (f64, f64) {
    let cells = usize::try_from(seconds / width).expect("small");
    let (mean, variance) = mean_and_variance(&histogram(requests, width * SECOND, cells));
    (mean / width as f64, variance / mean)
}

const SEEDS: [u64; 4] = [1, 2, 3, 20_261_124];

/// The same of a source for each seed and each of three widths.
fn dispersions(traffic: &Traffic, seconds: u64) -> impl Iterator<Item = (u64, u64, (f64, f64))> {
    SEEDS.into_iter().flat_map(move |seed| {
        let requests = played(traffic, seed, 0, 1024);
        [1, 10, 100].map(|width| (seed, width, dispersion(&requests, width, seconds)))
    })
}

#[test]
fn the_dispersion_of_an_mmpp_is_that_of_its_formula() {
    // Rates per second, and rates at which the states are left.
    let (l, s) = ([50.0, 5.0], [0.1, 0.025]);
    let source = switching(state(l[0], exponential(1.0 / s[0])), state(l[1], exponential(1.0 / s[1])));
    let seconds = 500_000;
    let traffic = traffic(vec![source], seconds);
    assert!((traffic.forecast().mean_rate - 14.0).abs() < 1e-9);
    for (seed, width, (mean, found)) in dispersions(&traffic, seconds) {
        // Fischer and Meier-Hellstern 1993: 23.2, 159.9 and 342 for these rates.
        let (sum, t) = (s[0] + s[1], width as f64);
        let strength = 2.0 * s[0] * s[1] * (l[0] - l[1]).powi(2) / (sum * sum * (l[0] * s[1] + l[1] * s[0]));
        let expected = 1.0 + strength * (1.0 - (1.0 - (-sum * t).exp()) / (sum * t));
        assert!((found / expected - 1.0).abs() < 0.08, "seed {seed}, {width} s: {found}, not {expected}");
        // The variance of the mean over the whole run is the long-run dispersion times mean over length.
        assert!((mean - 14.0).abs() < 5.0 * ((1.0 + strength) * 14.0 / seconds as f64).sqrt(), "{mean}");
    }
}

#[test]
fn two_states_of_one_rate_are_a_poisson_source() {
    let source = switching(state(40.0, exponential(0.5)), state(40.0, exponential(0.1)));
    let requests = requests(&traffic(vec![source], 3600), 0);
    let gaps = requests.windows(2).map(|pair| (pair[1].at - pair[0].at) as f64 / 1e9 * 40.0).collect();
    let distance = exponential_distance(gaps);
    assert!(distance < 1.95, "{distance}"); // exceeded by chance once in a thousand
}

#[test]
fn gaps_of_an_interrupted_poisson_source_are_hyperexponential() {
    // Kuczura, The interrupted Poisson process as an overflow process, Bell System Technical Journal 52, 1973: with on-rate
    // l, s the rate at which "on" ends and r at which "off" ends, gaps are independent with survivor
    // k e^(-a t) + (1 - k) e^(-b t), where a, b are the roots of x^2 - (l + s + r) x + l r and k = (l - b) / (a - b).
    let (rate, on_ends, off_ends) = (30.0f64, 2.0, 0.5);
    let sum = rate + on_ends + off_ends;
    let root = (sum.powi(2) - 4.0 * rate * off_ends).sqrt();
    let (fast, slow) = (f64::midpoint(sum, root), f64::midpoint(sum, -root));
    let share = (rate - slow) / (fast - slow);
    let source = switching(state(rate, exponential(1.0 / on_ends)), state(0.0, exponential(1.0 / off_ends)));
    let traffic = traffic(vec![source], 20_000);
    for seed in SEEDS {
        let requests = played(&traffic, seed, 0, 1024);
        assert!(requests.len() > 80_000, "{}", requests.len());
        let rescaled = |pair: &[Request]| {
            let gap = (pair[1].at - pair[0].at) as f64 / 1e9;
            -(share * (-fast * gap).exp() + (1.0 - share) * (-slow * gap).exp()).ln()
        };
        let distance = exponential_distance(requests.windows(2).map(rescaled).collect());
        assert!(distance < 1.95, "seed {seed}: {distance}"); // exceeded by chance once in a thousand
    }
}

#[test]
fn on_and_off_in_turn() {
    let source = switching(state(1000.0, Law::Constant(10e9)), state(0.0, Law::Constant(5e9)));
    let traffic = traffic(vec![source], 1500);
    let counts = histogram(&requests(&traffic, 0), SECOND, 1500);
    // A phase at random, then 10 s of 15: of every 15 whole seconds 4 or 5 are silent.
    for cycle in counts.chunks(15) {
        let silent = cycle.iter().filter(|count| **count == 0.0).count();
        assert!((4..=5).contains(&silent), "{cycle:?}");
    }
    assert!((traffic.forecast().requests - 1_000_000.0).abs() < 1e-3);
    assert!((counts.iter().sum::<f64>() - 1_000_000.0).abs() < 15_000.0);
}

fn hawkes(rate: f64, branching: f64, decay: u64) -> Source {
    source("web", Flow::Hawkes(Hawkes { rate, branching, decay: Nanos(decay) }))
}

#[test]
fn the_dispersion_of_a_hawkes_source_is_that_of_its_formula() {
    let (branching, decay, seconds) = (0.7f64, 0.5, 200_000);
    let traffic = traffic(vec![hawkes(10.0, branching, SECOND / 2)], seconds);
    for (seed, width, (mean, found)) in dispersions(&traffic, seconds) {
        let (long, t) = (1.0 / (1.0 - branching).powi(2), width as f64 * (1.0 - branching) / decay);
        let expected = long + (1.0 - long) * (1.0 - (-t).exp()) / t;
        assert!((found / expected - 1.0).abs() < 0.12, "seed {seed}, {width} s: {found}, not {expected}");
        assert!((mean - 10.0).abs() < 5.0 * (long * 10.0 / seconds as f64).sqrt(), "{mean}");
    }
}

#[test]
fn gaps_of_a_hawkes_source_are_exponential_after_rescaling_time_by_its_intensity() {
    let (rate, branching) = (20.0, 0.8);
    let traffic = traffic(vec![hawkes(rate, branching, SECOND)], 3_000);
    for seed in SEEDS {
        let distance = rescaled_distance(&played(&traffic, seed, 0, 1024), rate, branching);
        assert!(distance < 1.95, "seed {seed}: {distance}");
    }
}

/// Distance from the exponential law of the gaps in units of the intensity that the requests before them leave behind.
fn rescaled_distance(requests: &[Request], rate: f64, branching: f64) -> f64 {
    let (base, mut excess, mut gaps) = (rate * (1.0 - branching), 0.0, Vec::new());
    for pair in requests.windows(2) {
        excess += branching;
        let gap = (pair[1].at - pair[0].at) as f64 / 1e9;
        gaps.push(base * gap + excess * (1.0 - (-gap).exp()));
        excess *= (-gap).exp();
    }
    // What came before the first request is not known, and forgotten after a while.
    gaps.drain(..1_000);
    assert!(gaps.len() > 50_000);
    exponential_distance(gaps)
}

#[test]
fn processes_without_requests_end_and_batches_do_not_matter() {
    let none = switching(state(0.0, exponential(1.0)), state(0.0, exponential(1.0)));
    assert!(requests(&traffic(vec![none, hawkes(0.0, 0.5, SECOND)], 3600), 0).is_empty());
    let poisson = traffic(vec![hawkes(30.0, 0.0, SECOND)], 600);
    let found = requests(&poisson, 0).len() as f64;
    assert!((found - 18_000.0).abs() < 5.0 * 18_000f64.sqrt(), "{found}");
    let mixed = traffic(vec![hawkes(3.0, 0.9, SECOND)], 600);
    let whole = played(&mixed, 1, 0, 1024);
    assert!(whole.is_sorted_by_key(|request| request.at) && whole.last().is_some_and(|last| last.at < 600 * SECOND));
    for limit in [1, 7] {
        assert_eq!(played(&mixed, 1, 0, limit), whole);
    }
}
