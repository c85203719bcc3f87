//! Means of independent replications with Student-t intervals.
//!
//! Imports nothing of the crate. Samples are summed in their given order with compensation, so that the same
//! replications give the same bits. A replication without data, or with a value that is not finite, is left out.

use statrs::distribution::{ContinuousCDF, StudentsT};

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

/// The 97.5 % point of Student's t.
fn t_975(freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |law| law.inverse_cdf(0.975))
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
