//! Arrival processes against their laws. The seeds are fixed; limits are five standard deviations or wider.

use super::*;

/// Chi-square of counts against expectations, as a number of standard deviations from its mean.
fn chi_square_z(counts: &[f64], expected: &[f64]) -> f64 {
    let sum: f64 = counts.iter().zip(expected).map(|(n, m)| (n - m) * (n - m) / m).sum();
    let cells = counts.len() as f64;
    (sum - cells) / (2.0 * cells).sqrt()
}

#[test]
fn constant_poisson_counts_fit() {
    let counts = histogram(&requests(&traffic(vec![open(Open::constant(50.0))], 3600), 0), SECOND, 3600);
    let total: f64 = counts.iter().sum();
    assert!((total - 180_000.0).abs() < 5.0 * 180_000f64.sqrt(), "{total}");
    let z = chi_square_z(&counts, &vec![50.0; 3600]);
    assert!(z.abs() < 5.0, "{z}");
}

#[test]
fn diurnal_poisson_counts_fit_under_both_interpolations() {
    for interpolation in [Interpolation::Step, Interpolation::Linear] {
        let source = daily(3.0, interpolation);
        let counts = histogram(&requests(&traffic(vec![open(source.clone())], 7 * 86_400), 0), HOUR / 4, 672);
        let hour = |h: i64| source.profile.hours()[usize::try_from(h.rem_euclid(168)).expect("small")];
        let expected: Vec<f64> = (0..672)
            .map(|quarter: i64| {
                // The middle of a quarter lies on the line between the middles of hours.
                let eighths = 2 * quarter - 3;
                let (before, share) = (eighths.div_euclid(8), eighths.rem_euclid(8) as f64 / 8.0);
                let linear = hour(before) * (1.0 - share) + hour(before + 1) * share;
                900.0 * 3.0 * if interpolation == Interpolation::Step { hour(quarter / 4) } else { linear }
            })
            .collect();
        let z = chi_square_z(&counts, &expected);
        assert!(z.abs() < 5.0, "{interpolation:?} {z}");
    }
}

/// Kolmogorov-Smirnov distance of spacings from the exponential law of mean 1, times the root of their number.
pub(super) fn exponential_distance(mut gaps: Vec<f64>) -> f64 {
    gaps.sort_by(f64::total_cmp);
    let n = gaps.len() as f64;
    let distance = gaps.iter().enumerate().map(|(index, gap)| {
        let law = 1.0 - (-gap).exp();
        (law - index as f64 / n).abs().max((law - (index as f64 + 1.0) / n).abs())
    });
    distance.fold(0.0, f64::max) * n.sqrt()
}

#[test]
fn gaps_are_exponential_after_rescaling_time_by_the_rate() {
    let stages = vec![Stage { span: Nanos(HOUR), target: 100.0 }, Stage { span: Nanos(HOUR), target: 0.0 }];
    let source = Open { level: Level::Stages { from: 0.0, stages }, ..Open::constant(0.0) };
    let requests = requests(&traffic(vec![open(source)], 7200), 0);
    let expected_until = |at: u64| {
        let t = at as f64 / 1e9;
        if t < 3600.0 { t * t / 72.0 } else { 360_000.0 - (7200.0 - t) * (7200.0 - t) / 72.0 }
    };
    assert!((requests.len() as f64 - 360_000.0).abs() < 5.0 * 600.0, "{}", requests.len());
    let gaps = requests.windows(2).map(|pair| expected_until(pair[1].at) - expected_until(pair[0].at)).collect();
    let distance = exponential_distance(gaps);
    assert!(distance < 1.95, "{distance}"); // exceeded by chance once in a thousand
}

#[test]
fn even_arrivals_are_evenly_spaced_and_gamma_ones_have_their_cv() {
    let gaps = |arrivals| -> Vec<f64> {
        let requests = requests(&traffic(vec![open(Open { arrivals, ..Open::constant(20.0) })], 7200), 0);
        requests.windows(2).map(|pair| (pair[1].at - pair[0].at) as f64 / 1e9).collect()
    };
    let even = gaps(Arrivals::Even);
    assert!(even.len().abs_diff(144_000) <= 1);
    assert!(even.iter().all(|gap| (gap - 0.05).abs() < 3e-9));
    for cv in [0.3, 1.0, 2.5] {
        let (mean, variance) = mean_and_variance(&gaps(Arrivals::Gamma { cv }));
        assert!((mean * 20.0 - 1.0).abs() < 5.0 * cv / 380.0, "{cv}: {mean}");
        assert!((variance.sqrt() / mean / cv - 1.0).abs() < 0.05, "{cv}: {variance}");
    }
}

#[test]
fn even_arrivals_follow_the_rate_in_operational_time() {
    let stages = vec![Stage { span: Nanos(HOUR), target: 10.0 }];
    let level = Level::Stages { from: 0.0, stages };
    let source = Open { level, arrivals: Arrivals::Even, ..Open::constant(0.0) };
    let requests = requests(&traffic(vec![open(source)], 3600), 0);
    assert!(requests.len().abs_diff(18_000) <= 1, "{}", requests.len());
    let half = requests.iter().filter(|request| request.at < HOUR / 2).count();
    assert!(half.abs_diff(4_500) <= 1, "{half}");
}

#[test]
fn bursts_keep_the_mean_and_raise_the_dispersion() {
    let burst = Some(Burst { cv: 0.5, window: Nanos(10 * SECOND) });
    let traffic = traffic(vec![open(Open { burst, ..Open::constant(20.0) })], 400_000);
    let counts = histogram(&requests(&traffic, 0), 10 * SECOND, 40_000);
    let (mean, variance) = mean_and_variance(&counts);
    let dispersion = variance / mean;
    let expected: f64 = 1.0 + 200.0 * 0.25;
    assert!((mean - 200.0).abs() < 5.0 * (200.0 * expected / 40_000.0).sqrt(), "{mean}");
    assert!((dispersion / expected - 1.0).abs() < 0.08, "{dispersion}");
}

#[test]
fn classes_have_their_shares_and_zero_weights_none() {
    let mut mixed = open(Open::constant(100.0));
    for (mix, shares) in [(vec![], [0.75, 0.25, 0.0]), (vec![0.0, 1.0, 4.0], [0.0, 0.2, 0.8])] {
        mixed.mix = mix;
        let requests = requests(&traffic(vec![mixed.clone()], 1000), 0);
        for (class, share) in shares.iter().enumerate() {
            let count = requests.iter().filter(|request| request.class as usize == class).count() as f64;
            let n = requests.len() as f64;
            assert!((count - n * share).abs() <= 5.0 * (n * share * (1.0 - share)).sqrt(), "{class}: {count}");
        }
    }
}

#[test]
fn statistics_see_rate_peak_and_dispersion() {
    let poisson = observed(&traffic(vec![open(Open::constant(30.0))], 36_000));
    assert!((poisson.mean_rate - 30.0).abs() < 5.0 * (30.0f64 / 36_000.0).sqrt());
    assert!(poisson.peak_rate > 30.0 && poisson.peak_rate < 35.0);
    let dispersion = poisson.dispersion_1s.expect("there are requests");
    assert!((dispersion - 1.0).abs() < 0.05, "{dispersion}");
    let even = Open { arrivals: Arrivals::Even, ..Open::constant(30.0) };
    assert!(observed(&traffic(vec![open(even)], 3_600)).dispersion_1s.expect("there are requests") < 1e-3);
    let none = observed(&traffic(vec![open(Open::constant(0.0))], 3_600));
    assert_eq!(none, Statistics::default());
}
