//! Counts of a file: exact return, placement, scaling, alignment, repetition.

use super::*;
use crate::traffic::counts::Within;
use crate::traffic::counts::file::{Missing, Reading};

const MINUTE: u64 = 60 * SECOND;

fn table(counts: &[f64]) -> CountTable {
    CountTable { first: 0, period: Nanos(MINUTE), counts: counts.to_vec() }
}

fn file(counts: Counts) -> Source {
    source("file", Flow::Counts(counts))
}

const PLACEMENTS: [Within; 7] = [
    Within::Uniform,
    Within::Even,
    Within::Start,
    Within::Gamma { cv: 0.4 },
    Within::Gamma { cv: 3.0 },
    Within::Bmodel { p: 0.75 },
    Within::Bmodel { p: 1.0 },
];

#[test]
fn counts_come_back_exactly_wherever_they_are_placed() {
    let given: Vec<f64> = (0..500).map(|minute| f64::from((minute * minute * 31) % 700)).collect();
    for within in PLACEMENTS {
        for linear in [false, true] {
            let counts = Counts { within, linear, ..Counts::new(table(&given)) };
            let requests = requests(&traffic(vec![file(counts)], 500 * 60), 0);
            assert!(requests.is_sorted_by_key(|request| request.at), "{within:?} {linear}");
            assert_eq!(histogram(&requests, MINUTE, 500), given, "{within:?} {linear}");
        }
    }
}

/// Variance over mean of the counts per second, around the bins' own mean.
fn dispersion(within: Within) -> f64 {
    let counts = Counts { within, ..Counts::new(table(&[600.0; 300])) };
    let counts = histogram(&requests(&traffic(vec![file(counts)], 300 * 60), 0), SECOND, 300 * 60);
    let (mean, variance) = mean_and_variance(&counts);
    assert_eq!(mean, 10.0);
    variance / mean
}

#[test]
fn placements_differ_in_dispersion() {
    assert!(dispersion(Within::Even) < 0.1);
    // A multinomial's cell has variance n p (1 - p): 59/60 of Poisson's.
    let uniform = dispersion(Within::Uniform);
    assert!((uniform - 59.0 / 60.0).abs() < 0.06, "{uniform}");
    assert!(dispersion(Within::Gamma { cv: 3.0 }) > 3.0);
    assert!(dispersion(Within::Bmodel { p: 0.75 }) > 3.0);
    let poisson_like = dispersion(Within::Bmodel { p: 0.5 });
    assert!((poisson_like - 59.0 / 60.0).abs() < 0.06, "{poisson_like}");
    assert!((dispersion(Within::Start) - 590.0 * 18_000.0 / 17_999.0).abs() < 1e-6);
}

#[test]
fn linear_interpolation_leans_towards_the_neighbour() {
    let counts = Counts { linear: true, ..Counts::new(table(&[10_000.0, 20_000.0, 30_000.0])) };
    let halves = histogram(&requests(&traffic(vec![file(counts)], 180), 0), MINUTE / 2, 6);
    // The middle bin leans by (30 - 10) / (4 * 20) = 1/4: its first half holds (1 - 1/8) / 2 of it.
    assert!((halves[2] - 20_000.0 * 0.4375).abs() < 5.0 * 70.0, "{halves:?}");
    assert!(halves[0] < halves[1] && halves[2] < halves[3] && halves[4] > halves[5]);
}

#[test]
fn a_scaled_count_keeps_its_mean() {
    let counts = Counts { scale: 0.37, ..Counts::new(table(&vec![1.0; 20_000])) };
    let traffic = traffic(vec![file(counts)], 20_000 * 60);
    let played = requests(&traffic, 0).len() as f64;
    assert!((traffic.forecast().requests - 7_400.0).abs() < 1e-6);
    assert!((played - 7_400.0).abs() < 5.0 * (20_000.0f64 * 0.37 * 0.63).sqrt(), "{played}");
}

#[test]
fn bins_lie_at_the_start_or_by_the_clock() {
    let start = date(2026, 1, 5).to_zoned(TimeZone::UTC).expect("a day").timestamp().as_nanosecond();
    let begun = CountTable { first: start - i128::from(MINUTE / 2), ..table(&[10.0, 20.0, 40.0]) };
    let first = Counts::new(begun.clone());
    let clock = Counts { align: Align::Clock, ..first.clone() };
    let mut traffic = traffic(vec![file(first)], 180);
    assert_eq!(histogram(&requests(&traffic, 0), MINUTE, 3), [10.0, 20.0, 40.0]);
    traffic.sources = vec![file(clock)];
    assert_eq!(traffic.forecast().requests, 65.0);
    assert_eq!(histogram(&requests(&traffic, 0), MINUTE / 2, 6)[1..5].iter().sum::<f64>(), 60.0);
    assert_eq!(traffic.warnings().len(), 1);
    traffic.warmup = Nanos(MINUTE);
    let counts = histogram(&requests(&traffic, 0), MINUTE / 2, 8);
    assert_eq!(
        [counts[0], counts[1] + counts[2], counts[3] + counts[4], counts[5] + counts[6]],
        [0.0, 10.0, 20.0, 40.0]
    );
}

#[test]
fn a_file_repeats_only_when_asked_to() {
    let once = Counts::new(table(&[5.0, 7.0]));
    let mut traffic = traffic(vec![file(once.clone())], 300);
    assert_eq!(histogram(&requests(&traffic, 0), MINUTE, 5), [5.0, 7.0, 0.0, 0.0, 0.0]);
    assert!(traffic.warnings()[0].contains("3m"), "{:?}", traffic.warnings());
    traffic.sources = vec![file(Counts { repeat: true, ..once })];
    traffic.warmup = Nanos(MINUTE);
    assert_eq!(histogram(&requests(&traffic, 0), MINUTE, 6), [7.0, 5.0, 7.0, 5.0, 7.0, 5.0]);
    assert_eq!(traffic.forecast().requests, 29.0);
    assert!((traffic.forecast().first_rate - 7.0 / 60.0).abs() < 1e-12);
    assert!(traffic.warnings().is_empty());
}

/// A file of the folder of traces with its holes as zeros, or `None` (said loudly) without that folder.
fn trace(name: &str) -> Option<CountTable> {
    let Some(folder) = std::env::var_os("SIMULATE_TRACES") else {
        eprintln!("SKIPPED: SIMULATE_TRACES is not set, {name} was not read");
        return None;
    };
    let reading = Reading { missing: Missing::Zero, ..Reading::default() };
    Some(CountTable::read(&std::path::Path::new(&folder).join(name), name, &reading).expect("the trace is readable"))
}

#[test]
fn a_cloudwatch_export_keeps_its_total() {
    let Some(table) = trace("nab-cloudwatch/elb_request_count_8c0756.csv") else { return };
    assert_eq!((table.counts.len(), table.counts.iter().sum::<f64>()), (4040, 249_327.0));
    let traffic = traffic(vec![file(Counts::new(table.clone()))], table.span().0 / SECOND);
    assert_eq!(requests(&traffic, 0).len(), 249_327);
    assert_eq!(traffic.forecast().requests, 249_327.0);
}

#[test]
fn a_world_cup_survives_the_round_trip() {
    let Some(table) = trace("worldcup98/wc98_per_minute.csv.gz") else { return };
    assert_eq!(table.counts.iter().sum::<f64>(), 1_352_804_107.0);
    let bins = table.counts.len();
    let mut traffic = traffic(vec![], table.span().0 / SECOND);
    let thousandth = Counts { scale: 1e-3, ..Counts::new(table.clone()) };
    traffic.sources = vec![file(thousandth)];
    let played = histogram(&requests(&traffic, 0), MINUTE, bins);
    let exact = |minute: usize| table.counts[minute] * 1e-3;
    assert!((0..bins).all(|minute| (played[minute] - exact(minute)).abs() < 1.0));
    assert!((played.iter().sum::<f64>() - 1_352_804.107).abs() < 5.0 * (bins as f64 / 4.0).sqrt());
    // Half a day at full scale, exactly.
    traffic.sources = vec![file(Counts::new(table.clone()))];
    traffic.duration = Nanos(720 * MINUTE);
    assert_eq!(histogram(&requests(&traffic, 0), MINUTE, 720), table.counts[..720]);
}
