//! Every arrival process against its own law: chi-square of counts per bin, and Kolmogorov-Smirnov on gaps rescaled by the
//! intensity that follows from what came before (which makes those of any process exponential: Daley and Vere-Jones, An
//! Introduction to the Theory of Point Processes, 2003, theorem 7.4.I).
//!
//! Seeds are fixed. A chi-square may lie [`Z`] standard deviations from its mean, a distance times the root of the number of
//! values may be [`KS`], which chance exceeds once in a thousand. Each test shows that a parameter a little off does not pass.

use statrs::distribution::{Beta, Continuous, ContinuousCDF, DiscreteCDF, Gamma, NegativeBinomial};

use super::laws::exponential_distance;
use super::*;
use crate::kernel::distribution::Law;
use crate::traffic::counts::Within;
use crate::traffic::process::{Hawkes, State, Switching};
use crate::traffic::schedule::{Clock, Schedule};

const Z: f64 = 5.0;
const KS: f64 = 1.95;

/// Squares of the deviations of counts from `mean` over `variance`, as a number of standard deviations from their mean.
fn chi_square_z(counts: &[f64], mean: f64, variance: f64) -> f64 {
    let (sum, cells) = (counts.iter().map(|n| (n - mean) * (n - mean) / variance).sum::<f64>(), counts.len() as f64);
    (sum - cells) / (2.0 * cells).sqrt()
}

/// The distance of `values` from the law with this distribution function, times the root of their number.
fn distance(values: &[f64], law: impl Fn(f64) -> f64) -> f64 {
    exponential_distance(values.iter().map(|value| -(-law(*value)).ln_1p()).collect())
}

fn seconds(requests: &[Request]) -> Vec<f64> {
    requests.iter().map(|request| request.at as f64 / 1e9).collect()
}

/// Counts per `width` seconds over `cells` of them.
fn cells(source: Source, width: u64, cells: usize) -> Vec<f64> {
    let requests = requests(&traffic(vec![source], width * cells as u64), 0);
    histogram(&requests, width * SECOND, cells)
}

#[test]
fn gamma_spacings_in_operational_time() {
    // Of large variation, a part of the gaps is shorter than the nanoseconds of instants can tell: those are left out.
    const LEAST: f64 = 1e-4;
    // A rate that rises from 0 to 40/s within an hour: t^2 / 180 requests until t.
    let level = Level::Stages { from: 0.0, stages: vec![Stage { span: Nanos(HOUR), target: 40.0 }] };
    for cv in [0.3, 1.0, 2.5] {
        let renewal = Open { arrivals: Arrivals::Gamma { cv }, ..Open::constant(20.0) };
        let rising = Open { level: level.clone(), ..renewal.clone() };
        let at = seconds(&requests(&traffic(vec![open(rising)], 3600), 0));
        let gaps = at.windows(2).map(|pair| (pair[1] * pair[1] - pair[0] * pair[0]) / 180.0);
        let gaps: Vec<f64> = gaps.filter(|gap| *gap > LEAST).collect();
        let against = |cv: f64| {
            let law = Gamma::new(1.0 / (cv * cv), 1.0 / (cv * cv)).expect("positive");
            distance(&gaps, |gap| (law.cdf(gap) - law.cdf(LEAST)) / law.sf(LEAST))
        };
        assert!(gaps.len() > 30_000 && against(cv) < KS, "{cv}: {}", against(cv));
        assert!(against(cv * 1.05) > KS, "{cv}: a law of 5 % more passes with {}", against(cv * 1.05));

        let counts = cells(open(renewal), 10, 4_000);
        // Cox, Renewal Theory, 1962, section 4.5, for gamma spacings.
        let z = |cv: f64| chi_square_z(&counts, 200.0, cv * cv * 200.0 + (1.0 - cv.powi(4)) / 6.0);
        assert!(z(cv).abs() < Z && z(cv * 1.1).abs() > Z, "{cv}: {} {}", z(cv), z(cv * 1.1));
    }
}

#[test]
fn gamma_noise_of_the_rate() {
    let (rate, cv, width) = (2.0, 0.5f64, 2.0);
    let burst = Some(Burst { cv, window: Nanos(2 * SECOND) });
    let requests = requests(&traffic(vec![open(Open { burst, ..Open::constant(rate) })], 80_000), 0);
    // After n requests in t seconds of a window the factor has a gamma law of shape k + n and rate k + rate t.
    let rescaled = |cv: f64| {
        let shape = 1.0 / (cv * cv);
        let (mut gaps, mut gap, mut begin, mut from, mut count) = (Vec::new(), 0.0, 0.0, 0.0f64, 0.0);
        for at in seconds(&requests) {
            let spent =
                |from: f64, to: f64, count: f64| (shape + count) * ((shape + rate * to) / (shape + rate * from)).ln();
            while at >= begin + width {
                gap += spent(from, width, count);
                (begin, from, count) = (begin + width, 0.0, 0.0);
            }
            gaps.push(gap + spent(from, at - begin, count));
            (gap, from, count) = (0.0, at - begin, count + 1.0);
        }
        exponential_distance(gaps)
    };
    assert!(rescaled(cv) < KS && rescaled(cv * 1.1) > KS, "{} {}", rescaled(cv), rescaled(cv * 1.1));

    // Counts per window are negative binomial.
    let counts = histogram(&requests, 2 * SECOND, 40_000);
    let z = |cv: f64| {
        let shape = 1.0 / (cv * cv);
        let law = NegativeBinomial::new(shape, shape / (shape + rate * width)).expect("a share");
        let (mut sum, mut below, mut classes) = (0.0, 0.0, 0.0);
        for most in 0..15_u64 {
            let up_to = if most == 14 { 1.0 } else { law.cdf(most) };
            let found = counts.iter().filter(|count| **count == (most as f64) || most == 14 && **count > 14.0).count();
            let expected = (up_to - below) * 40_000.0;
            sum += (found as f64 - expected).powi(2) / expected;
            (below, classes) = (up_to, classes + 1.0);
        }
        (sum - (classes - 1.0)) / (2.0 * (classes - 1.0)).sqrt()
    };
    assert!(z(cv).abs() < Z && z(cv * 1.1) > Z, "{} {}", z(cv), z(cv * 1.1));
}

fn two_states(rates: [f64; 2], ends: [f64; 2]) -> Source {
    let lasts = |rate: f64| Distribution::new(Law::Exponential { mean: 1e9 / rate });
    let states = [0, 1].map(|state| State { rate: rates[state], lasts: lasts(ends[state]) });
    source("web", Flow::Switching(Box::new(Switching { states })))
}

/// Gaps in units of the intensity that they show to someone who sees only requests: minus the logarithm of the probability
/// of a longer gap, which is that of the two states now, times the exponential of their generator less their rates.
fn filtered(at: &[f64], rates: [f64; 2], ends: [f64; 2]) -> f64 {
    let sum = ends[0] + ends[1];
    let mut state = [ends[1] / sum, ends[0] / sum];
    let mut gaps = Vec::with_capacity(at.len());
    let mut before = 0.0;
    let [a, d] = [-ends[0] - rates[0], -ends[1] - rates[1]];
    let (middle, root) = (f64::midpoint(a, d), ((a - d).powi(2) / 4.0 + ends[0] * ends[1]).sqrt());
    for at in at {
        let gap = at - before;
        before = *at;
        // exp(M t) = e^(middle t) (cosh(root t) I + sinh(root t) / root (M - middle I)), without its largest factor.
        let largest = (middle + root) * gap;
        let fading = (-2.0 * root * gap).exp();
        let (cosh, sinh) = (f64::midpoint(1.0, fading), (1.0 - fading) / 2.0 / root);
        let next = [
            state[0] * (cosh + sinh * (a - middle)) + state[1] * sinh * ends[1],
            state[0] * sinh * ends[0] + state[1] * (cosh + sinh * (d - middle)),
        ];
        gaps.push(-(largest + (next[0] + next[1]).ln()));
        let arrives = [next[0] * rates[0], next[1] * rates[1]];
        state = arrives.map(|part| part / (arrives[0] + arrives[1]));
    }
    exponential_distance(gaps)
}

/// Variance over mean of the counts per `t` seconds (Fischer and Meier-Hellstern 1993).
fn dispersion_of(rates: [f64; 2], ends: [f64; 2], t: f64) -> f64 {
    let sum = ends[0] + ends[1];
    let level = rates[0] * ends[1] + rates[1] * ends[0];
    let strength = 2.0 * ends[0] * ends[1] * (rates[0] - rates[1]).powi(2) / (sum * sum * level);
    1.0 + strength * (1.0 - (1.0 - (-sum * t).exp()) / (sum * t))
}

#[test]
fn two_states_seen_from_outside() {
    // An MMPP, and an on-off source.
    for (rates, ends) in [([50.0, 5.0], [0.5, 0.125]), ([30.0, 0.0], [2.0, 0.5])] {
        let traffic = traffic(vec![two_states(rates, ends)], 20_000);
        let at = seconds(&requests(&traffic, 0));
        let found = filtered(&at, rates, ends);
        assert!(at.len() > 100_000 && found < KS, "{rates:?}: {found}");
        for wrong in [filtered(&at, [rates[0] * 1.05, rates[1]], ends), filtered(&at, rates, [ends[0] * 2.0, ends[1]])]
        {
            assert!(wrong > KS, "{rates:?}: parameters that are wrong pass with {wrong}");
        }
        let counts = cells(two_states(rates, ends), 100, 4_000);
        let mean = 100.0 * (rates[0] * ends[1] + rates[1] * ends[0]) / (ends[0] + ends[1]);
        let z = |ends: [f64; 2]| chi_square_z(&counts, mean, mean * dispersion_of(rates, ends, 100.0));
        assert!(z(ends).abs() < Z, "{rates:?}: {}", z(ends));
        assert!(z(ends.map(|end| end * 1.3)) > Z, "{rates:?}: shorter periods pass");
    }
}

#[test]
fn periods_of_any_law() {
    // Requests every millisecond while on, silence of at least two seconds: a gap of a second is an off period.
    let shape = 1.5;
    let off = Distribution::new(Law::Pareto { shape, scale: 2e9 });
    let on = Distribution::new(Law::Gamma { mean: 3e9, cv: 0.4 });
    let states = [State { rate: 1000.0, lasts: on }, State { rate: 0.0, lasts: off }];
    let source = source("web", Flow::Switching(Box::new(Switching { states })));
    let at = seconds(&requests(&traffic(vec![source], 20_000), 0));
    let (mut on, mut off, mut begin) = (Vec::new(), Vec::new(), None);
    for pair in at.windows(2).filter(|pair| pair[1] - pair[0] > 1.0) {
        off.push(pair[1] - pair[0] - 0.002);
        on.extend(begin.map(|begin| pair[0] - begin + 0.002));
        begin = Some(pair[1]);
    }
    assert!(off.len() > 1_000, "{}", off.len());
    let pareto = |shape: f64| distance(&off, |value| 1.0 - (2.0 / value.max(2.0)).powf(shape));
    assert!(pareto(shape) < KS && pareto(1.8) > KS, "{} {}", pareto(shape), pareto(1.8));
    let gamma = |cv: f64| {
        let law = Gamma::new(1.0 / (cv * cv), 1.0 / (3.0 * cv * cv)).expect("positive");
        distance(&on, |value| law.cdf(value))
    };
    assert!(gamma(0.4) < KS && gamma(0.5) > KS, "{} {}", gamma(0.4), gamma(0.5));
}

#[test]
fn counts_of_a_hawkes_source() {
    let (rate, branching, decay) = (10.0, 0.7f64, 0.5);
    let hawkes = Hawkes { rate, branching, decay: Nanos(SECOND / 2) };
    let counts = cells(source("web", Flow::Hawkes(hawkes)), 100, 4_000);
    let z = |branching: f64| {
        let (long, t) = (1.0 / (1.0 - branching).powi(2), 100.0 * (1.0 - branching) / decay);
        chi_square_z(&counts, 100.0 * rate, 100.0 * rate * (long + (1.0 - long) * (1.0 - (-t).exp()) / t))
    };
    assert!(z(branching).abs() < Z && z(0.67) > Z && z(0.73) < -Z, "{} {} {}", z(branching), z(0.67), z(0.73));
}

#[test]
fn jitter_of_a_schedule() {
    let schedule = Schedule { clock: Clock::Every(Nanos(100 * SECOND)), count: 200, jitter: Nanos(50 * SECOND) };
    let requests = requests(&traffic(vec![source("timer", Flow::Schedule(schedule))], 20_000), 0);
    let delays: Vec<f64> = requests.iter().map(|request| (request.at % (100 * SECOND)) as f64 / 1e9).collect();
    let counts = histogram(&requests, 2 * SECOND, 10_000);
    let counts: Vec<f64> = (0..25).map(|cell| counts[cell..].iter().step_by(50).sum()).collect();
    // The last cell is what the others leave.
    let z = chi_square_z(&counts[..24], 1_600.0, 1_600.0 * 24.0 / 25.0);
    assert_eq!(delays.len(), 40_000);
    assert!(z.abs() < Z, "{z}");
    let uniform = |jitter: f64| distance(&delays, |delay| delay / jitter);
    assert!(uniform(50.0) < KS && uniform(51.0) > KS, "{} {}", uniform(50.0), uniform(51.0));
}

#[test]
fn places_inside_a_bin() {
    let positions = |within: Within, each: u16, bins: usize| -> Vec<Vec<f64>> {
        let table = CountTable { first: 0, period: Nanos(60 * SECOND), counts: vec![f64::from(each); bins] };
        let counts = Counts { within, ..Counts::new(table) };
        let all = requests(&traffic(vec![source("file", Flow::Counts(counts))], 60 * bins as u64), 0);
        let of = |request: &Request| (request.at % (60 * SECOND)) as f64 / 60e9;
        all.chunks(usize::from(each)).map(|bin| bin.iter().map(of).collect()).collect()
    };
    let uniform = positions(Within::Uniform, 300, 200).concat();
    let law = Beta::new(1.05, 1.0).expect("positive");
    assert!(distance(&uniform, |at| at) < KS && distance(&uniform, |at| law.cdf(at)) > KS);
    assert!(law.pdf(0.5) > 0.0);
    let tenth = |tenth: u8| uniform.iter().filter(|at| (*at * 10.0).floor() == f64::from(tenth)).count() as f64;
    let tenths: Vec<f64> = (0..10).map(tenth).collect();
    let z = chi_square_z(&tenths[..9], 6_000.0, 5_400.0);
    assert!(z.abs() < Z, "{z}");

    // Spacings over their total have a beta law.
    for cv in [0.4, 2.0f64] {
        let gaps: Vec<f64> = positions(Within::Gamma { cv }, 300, 200)
            .iter()
            .flat_map(|bin| bin.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>())
            .collect();
        let against = |cv: f64| {
            let shape = 1.0 / (cv * cv);
            let law = Beta::new(shape, shape * 300.0).expect("positive");
            // A nanosecond is the finest that can be told.
            distance(&gaps, |gap| law.cdf((gap + 0.5 / 60e9).min(1.0)))
        };
        assert!(against(cv) < KS && against(cv * 1.05) > KS, "{cv}: {} {}", against(cv), against(cv * 1.05));
    }

    // Of every bin one half has the share p, and of that half one half.
    for p in [0.6, 0.75f64] {
        let mut z = Vec::new();
        for bin in positions(Within::Bmodel { p }, 10_000, 200) {
            let half = bin.iter().filter(|at| **at < 0.5).count() as f64;
            z.push((half.max(10_000.0 - half) - 10_000.0 * p) / (10_000.0 * p * (1.0 - p)).sqrt());
        }
        let sum = |shift: f64| z.iter().map(|z| (z + shift) * (z + shift)).sum::<f64>();
        let found = (sum(0.0) - 200.0) / 400f64.sqrt();
        assert!(found.abs() < Z && (sum(2.0) - 200.0) / 400f64.sqrt() > Z, "{p}: {found}");
    }
}
