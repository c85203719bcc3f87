//! Means of independent replications with Student-t intervals.
//!
//! Imports nothing of the crate. Samples are summed in their given order with compensation, so that the same
//! replications give the same bits. A replication without data, or with a value that is not finite, is left out.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Half of a 95 % interval of a normal law in standard deviations.
pub const HALF_OF_95: f64 = 1.96;

/// A mean over independent replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean of the samples.
    pub mean: f64,
    /// 95 % confidence interval (low, high); `None` with one sample.
    pub ci95: Option<(f64, f64)>,
    /// Samples that had data.
    pub n: usize,
}

/// The mean of `samples`, one per replication, with its interval: Student (1908), `mean ± t(n-1, 0.975) s / sqrt(n)`.
/// `None` when no replication has data. Samples are `f64` or `Option<f64>`.
#[must_use]
pub fn mean_interval<S: Copy + Into<Option<f64>>>(samples: &[S]) -> Option<Estimate> {
    let data: Vec<f64> =
        samples.iter().filter_map(|&sample| sample.into()).filter(|sample| sample.is_finite()).collect();
    let n = data.len();
    let mean = sum(data.iter().copied()) / n as f64;
    if !mean.is_finite() {
        return None;
    }
    let ci95 = (n > 1).then(|| {
        let freedom = (n - 1) as f64;
        let variance = sum(data.iter().map(|sample| (sample - mean).powi(2))) / freedom;
        let half = t_975(freedom) * (variance / n as f64).sqrt();
        (mean - half, mean + half)
    });
    Some(Estimate { mean, ci95: ci95.filter(|(low, high)| low.is_finite() && high.is_finite()), n })
}

/// The mean of the differences `a - b` between replications of the same number, with its interval. Under common random
/// numbers it is narrower than that of two separate means. Pairs of which one has no data are left out.
///
/// # Panics
/// If there are not as many of `a` as of `b`.
#[must_use]
pub fn paired<A, B>(a: &[A], b: &[B]) -> Option<Estimate>
where
    A: Copy + Into<Option<f64>>,
    B: Copy + Into<Option<f64>>,
{
    assert_eq!(a.len(), b.len(), "pairs need as many of the one as of the other");
    let differences: Vec<Option<f64>> =
        a.iter().zip(b).map(|(&a, &b)| Some(Into::<Option<f64>>::into(a)? - Into::<Option<f64>>::into(b)?)).collect();
    mean_interval(&differences)
}

/// The mean of `samples` if the mean of `controls` had been `expected`, which is known: by regression, with the interval of
/// the regression's mean there (Student's t with n - 2 degrees of freedom, exact where both are normal; Lavenberg and Welch,
/// Management Science 27 (1981) 322-335). `None` with fewer than four samples, or where controls do not differ.
///
/// # Panics
/// If there are not as many of the one as of the other.
#[must_use]
pub fn controlled(samples: &[f64], controls: &[f64], expected: f64) -> Option<Estimate> {
    assert_eq!(samples.len(), controls.len(), "every sample needs its control");
    let n = samples.len();
    let count = n as f64;
    let (mean, mean_control) = (sum(samples.iter().copied()) / count, sum(controls.iter().copied()) / count);
    let pairs = || samples.iter().zip(controls).map(|(sample, control)| (sample - mean, control - mean_control));
    let of_controls = sum(pairs().map(|(_, control)| control * control));
    if n < 4 || of_controls.is_nan() || of_controls <= 0.0 {
        return None;
    }
    let slope = sum(pairs().map(|(sample, control)| sample * control)) / of_controls;
    let left = sum(pairs().map(|(sample, control)| (sample - slope * control).powi(2))) / (count - 2.0);
    let off = expected - mean_control;
    let at = mean + slope * off;
    let half = t_975(count - 2.0) * (left * (1.0 / count + off * off / of_controls)).sqrt();
    (at.is_finite() && half.is_finite()).then_some(Estimate { mean: at, ci95: Some((at - half, at + half)), n })
}

/// The ratio of the mean of `a` to the mean of `b` over replications of the same number, with its interval: Fieller,
/// "Some problems in interval estimation", J. R. Statist. Soc. B 16 (1954) 175-185, eq. 5, for paired samples. It holds
/// the values θ for which the paired t test does not tell the mean of `a - θ b` from 0, so that it leaves out 1 exactly
/// when the interval of the mean difference leaves out 0; the noise of both means counts, and what they share cancels.
/// Without an interval where the mean of `b` cannot be told from 0. `None` without data or when that mean is not above 0.
///
/// # Panics
/// If there are not as many of `a` as of `b`.
#[must_use]
pub fn paired_ratio(a: &[Option<f64>], b: &[Option<f64>]) -> Option<Estimate> {
    assert_eq!(a.len(), b.len(), "pairs need as many of the one as of the other");
    let pairs: Vec<(f64, f64)> = a.iter().zip(b).filter_map(|(&a, &b)| a.zip(b)).collect();
    let n = pairs.len();
    let count = n as f64;
    let mean_a = sum(pairs.iter().map(|pair| pair.0)) / count;
    let mean_b = sum(pairs.iter().map(|pair| pair.1)) / count;
    if !(mean_a / mean_b).is_finite() || mean_b <= 0.0 {
        return None;
    }
    let ratio = mean_a / mean_b;
    let ci95 = (n > 1).then(|| {
        // With d = a - ratio b, whose mean is 0, Fieller's quadratic in δ = θ - ratio is
        // (mean_b² - f_bb) δ² + 2 f_db δ - f_dd = 0, f being t² times the (co)variances of the means.
        let spread = t_975(count - 1.0).powi(2) / (count - 1.0) / count;
        let deviations = || pairs.iter().map(|pair| (pair.0 - ratio * pair.1, pair.1 - mean_b));
        let dd = spread * sum(deviations().map(|(d, _)| d * d));
        let db = spread * sum(deviations().map(|(d, b)| d * b));
        let bb = spread * sum(deviations().map(|(_, b)| b * b));
        let leading = mean_b * mean_b - bb;
        let root = (db * db + leading * dd).sqrt();
        (leading > 0.0).then(|| (ratio + (-db - root) / leading, ratio + (-db + root) / leading))
    });
    Some(Estimate { mean: ratio, ci95: ci95.flatten().filter(|(low, high)| low.is_finite() && high.is_finite()), n })
}

/// The probability that a mean of samples as these is as far from zero by chance: Student's t test, to both sides. `None` with
/// fewer than two.
#[must_use]
pub fn chance_of_mean(samples: &[f64]) -> Option<f64> {
    let n = samples.len() as f64;
    let mean = sum(samples.iter().copied()) / n;
    let variance = sum(samples.iter().map(|sample| (sample - mean).powi(2))) / (n - 1.0);
    if variance == 0.0 {
        return Some(f64::from(mean == 0.0));
    }
    let law = StudentsT::new(0.0, 1.0, n - 1.0).ok()?;
    Some(2.0 * law.cdf(-mean.abs() / (variance / n).sqrt()))
}

/// The 97.5 % point of Student's t.
fn t_975(freedom: f64) -> f64 {
    t_quantile(0.975, freedom)
}

/// The value of Student's t that is exceeded with the probability `1 - p`; infinite without any degree of freedom.
#[must_use]
pub fn t_quantile(p: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |law| law.inverse_cdf(p))
}

/// Compensated sum (Neumaier 1974): its error does not grow with the number of terms.
fn sum(terms: impl Iterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for term in terms {
        let next = total + term;
        lost += if total.abs() >= term.abs() { (total - next) + term } else { (term - next) + total };
        total = next;
    }
    total + lost
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::streams::stream;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn a_worked_example() {
        // Mean 3, variance 2.5, t(4, .975) = 2.776445; half = 2.776445 * sqrt(.5).
        let estimate = mean_interval(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        let (low, high) = estimate.ci95.unwrap();
        assert_eq!((estimate.mean, estimate.n), (3.0, 5));
        assert!((low - 1.036_757).abs() < 1e-6 && (high - 4.963_243).abs() < 1e-6, "{low} {high}");
    }

    #[test]
    fn a_mean_of_zero_is_likely_by_chance() {
        // t(4, .995) = 4.604095: samples of mean 4.604095 and standard error 1.
        let spread = 2.0_f64.sqrt();
        let samples = [-2.0, -1.0, 0.0, 1.0, 2.0].map(|off| 4.604_095 + off * spread);
        let chance = |samples: &[f64]| chance_of_mean(samples);
        assert!((chance(&samples).unwrap() - 0.01).abs() < 1e-6);
        assert!((chance(&samples.map(|sample| -sample)).unwrap() - 0.01).abs() < 1e-6);
        assert_eq!([chance(&[1.0, 1.0]), chance(&[0.0, 0.0]), chance(&[1.0])], [Some(0.0), Some(1.0), None]);
    }

    #[test]
    fn a_control_takes_out_what_it_explains() {
        // y = 1 + 2 x and residuals 1, -1, -1, 1: slope 2, s² = 4 / 2, mean at x = 4 is 9; t(2, .975) = 4.302653.
        let controls = [1.0, 2.0, 3.0, 4.0];
        let samples = [4.0, 4.0, 6.0, 10.0];
        let estimate = controlled(&samples, &controls, 4.0).unwrap();
        let half = 4.302_653 * (2.0_f64 * (0.25 + 1.5 * 1.5 / 5.0)).sqrt();
        let (low, high) = estimate.ci95.unwrap();
        assert!((estimate.mean - 9.0).abs() < 1e-9, "{estimate:?}");
        assert!((high - low - 2.0 * half).abs() < 1e-5, "{low} {high}");
        assert_eq!(controlled(&samples[..3], &controls[..3], 4.0), None);
        assert_eq!(controlled(&samples, &[2.0; 4], 4.0), None);
    }

    #[test]
    fn controlled_intervals_hold_the_mean_as_often_as_they_say() {
        let mut stream = stream(7, "control", "variate", 0);
        let mut normal = || -> f64 { StandardNormal.sample(&mut stream) };
        let held = (0..2_000).filter(|_| {
            let controls: Vec<f64> = (0..6).map(|_| normal()).collect();
            let samples: Vec<f64> = controls.iter().map(|control| 3.0 + 2.0 * control + 0.5 * normal()).collect();
            let (low, high) = controlled(&samples, &controls, 0.0).unwrap().ci95.unwrap();
            low <= 3.0 && 3.0 <= high
        });
        // Four standard errors of .95 in 2000.
        let share = held.count() as f64 / 2_000.0;
        assert!((0.9305..=0.9695).contains(&share), "{share}");
    }

    #[test]
    fn quantiles_of_t_are_those_of_the_tables() {
        for (freedom, expected) in
            [(1.0, 12.706_205), (2.0, 4.302_653), (9.0, 2.262_157), (29.0, 2.045_230), (999.0, 1.962_341)]
        {
            assert!((t_975(freedom) - expected).abs() < 1e-5, "{freedom}: {}", t_975(freedom));
        }
    }

    #[test]
    fn few_or_no_data() {
        assert_eq!(mean_interval::<f64>(&[]), None);
        assert_eq!(mean_interval(&[None::<f64>, None]), None);
        assert_eq!(mean_interval(&[f64::NAN, f64::INFINITY]), None);
        assert_eq!(mean_interval(&[2.0]), Some(Estimate { mean: 2.0, ci95: None, n: 1 }));
        assert_eq!(
            mean_interval(&[Some(2.0), None, Some(2.0)]),
            Some(Estimate { mean: 2.0, ci95: Some((2.0, 2.0)), n: 2 })
        );
        assert_eq!(mean_interval(&[f64::MAX, f64::MAX]), None);
        assert_eq!(mean_interval(&[f64::MAX, -f64::MAX]).unwrap().ci95, None);
    }

    #[test]
    fn pairs_cancel_what_both_share() {
        let shared = [10.0, 200.0, 3_000.0, 40_000.0];
        let with = shared.map(|value| value + 1.0);
        let estimate = paired(&with, &shared).unwrap();
        assert_eq!(estimate.ci95, Some((1.0, 1.0)));
        assert_eq!(paired(&[Some(1.0), None, Some(5.0)], &[0.0, 7.0, 3.0]).unwrap().n, 2);
    }

    #[test]
    fn a_ratio_worked_by_hand() {
        // Means 4 and 2, so d = a - 2 b = -1, 1, 0; b - 2 = -1, 0, 1. t² / 2 / 3 = 18.512821 / 6 = 3.085470;
        // f_dd = 2 f, f_db = f, f_bb = 2 f = 6.17 > 4 = mean_b²: b cannot be told from 0.
        let some = |values: [f64; 3]| values.map(Some);
        let (a, b) = (some([1.0, 5.0, 6.0]), some([1.0, 2.0, 3.0]));
        assert_eq!(paired_ratio(&a, &b).unwrap().ci95, None);
        // 10 more of b: means 4 and 12, r = 1/3, d = -8/3, 1, 5/3; sums: dd 10.888889, db 4.333333, bb 2.
        let b = some([11.0, 12.0, 13.0]);
        let estimate = paired_ratio(&a, &b).unwrap();
        let (low, high) = estimate.ci95.unwrap();
        assert!((estimate.mean - 1.0 / 3.0).abs() < 1e-12);
        assert!((low + 0.266_835).abs() < 1e-6 && (high - 0.739_488).abs() < 1e-6, "{low} {high}");
        assert_eq!(paired_ratio(&a, &some([0.0; 3])), None);
        assert_eq!(paired_ratio(&a[..1], &b[..1]), Some(Estimate { mean: 1.0 / 11.0, ci95: None, n: 1 }));
    }

    #[test]
    fn a_ratio_is_told_from_one_exactly_when_the_difference_is_told_from_zero() {
        let mut normal = stream(20_262, "estimate", "ratio", 0);
        let mut told = 0;
        for _ in 0..2_000 {
            let mut draw = || Distribution::<f64>::sample(&StandardNormal, &mut normal);
            let (a, b): (Vec<_>, Vec<_>) =
                (0..5).map(|_| (Some(10.5 + 0.5 * draw()), Some(10.0 + 0.5 * draw()))).unzip();
            let leaves_out = |(low, high): (f64, f64), value: f64| value < low || high < value;
            let difference = leaves_out(paired(&a, &b).unwrap().ci95.unwrap(), 0.0);
            assert_eq!(leaves_out(paired_ratio(&a, &b).unwrap().ci95.unwrap(), 1.0), difference);
            told += u32::from(difference);
        }
        assert!((200..1_800).contains(&told), "{told}");
    }

    /// As with means: the true ratio is 2, and the baseline is as noisy as the rest.
    #[test]
    fn intervals_of_ratios_cover_as_often_as_they_say() {
        let mut normal = stream(20_263, "estimate", "ratio coverage", 0);
        let mut draw = || Distribution::<f64>::sample(&StandardNormal, &mut normal);
        let covered = (0..4_000)
            .filter(|_| {
                let (a, b): (Vec<_>, Vec<_>) = (0..5).map(|_| (Some(14.0 + 2.0 * draw()), Some(7.0 + draw()))).unzip();
                let (low, high) = paired_ratio(&a, &b).unwrap().ci95.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
                low < 2.0 && 2.0 < high
            })
            .count();
        let share = covered as f64 / 4_000.0;
        assert!((share - 0.95).abs() < 0.0138, "{share}");
    }

    #[test]
    fn small_terms_survive_beside_large_ones() {
        assert_eq!(mean_interval(&[1e100, 1.0, -1e100, 1.0]).unwrap().mean, 0.5);
    }

    /// 95 % of the intervals of five normal samples hold the mean: 4 000 intervals, so a share within .0138 of it in
    /// all but one of 16 000 choices of seed.
    #[test]
    fn intervals_cover_as_often_as_they_say() {
        let mut normal = stream(20_261, "estimate", "coverage", 0);
        let covered = (0..4_000)
            .filter(|_| {
                let samples: Vec<f64> =
                    (0..5).map(|_| 7.0 + 3.0 * Distribution::<f64>::sample(&StandardNormal, &mut normal)).collect();
                let (low, high) = mean_interval(&samples).unwrap().ci95.unwrap();
                low < 7.0 && 7.0 < high
            })
            .count();
        let share = covered as f64 / 4_000.0;
        assert!((share - 0.95).abs() < 0.0138, "{share}");
    }
}
