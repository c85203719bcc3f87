//! Draws of Poisson counts of any mean, in constant time.

use rand::{Rng, RngExt};
use rand_distr::{Distribution as _, StandardNormal};

use super::whole;

/// From here on a count is drawn from the normal law, corrected for skewness.
const LARGE: f64 = 30.0;

/// How many of independent events happen, `mean` expected. By inversion for a small mean. A large one is the normal
/// quantile with the first term of Cornish and Fisher (Moments and Cumulants in the Specification of Distributions,
/// Revue de l'Institut International de Statistique 5, 1938): mean and variance are right, and the third moment to first
/// order.
pub fn poisson<R: Rng + ?Sized>(mean: f64, luck: &mut R) -> u64 {
    if mean >= LARGE {
        let z: f64 = StandardNormal.sample(luck);
        return whole::round(mean + mean.sqrt() * z + (z * z - 1.0) / 6.0);
    }
    if mean.is_nan() || mean <= 0.0 {
        return 0;
    }
    let mut left: f64 = luck.random();
    let (mut count, mut share) = (0, libm::exp(-mean));
    // Shares below what a float adds to 1 are never reached.
    while left >= share && share > 0.0 {
        left -= share;
        count += 1;
        share *= mean / count as f64;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::streams::stream;

    #[test]
    fn counts_have_the_mean_variance_and_skewness_of_their_law() {
        let mut luck = stream(3, "poisson", "test", 0);
        for mean in [0.01, 0.7, 5.0, 29.9, 30.0, 600.0, 1e9] {
            const DRAWS: u32 = 200_000;
            let drawn: Vec<f64> = (0..DRAWS).map(|_| poisson(mean, &mut luck) as f64 - mean).collect();
            let moment = |power: i32| drawn.iter().map(|d| d.powi(power)).sum::<f64>() / f64::from(DRAWS);
            let error = (mean / f64::from(DRAWS)).sqrt();
            assert!(moment(1).abs() < 4.0 * error, "mean of {mean}: off by {}", moment(1));
            let spread = ((2.0 + 1.0 / mean) / f64::from(DRAWS)).sqrt();
            assert!((moment(2) / mean - 1.0).abs() < 4.0 * spread, "variance of {mean}: {}", moment(2));
            if (0.7..1e3).contains(&mean) {
                let skewness = moment(3) / moment(2).powf(1.5);
                assert!((skewness - 1.0 / mean.sqrt()).abs() < 0.05, "skewness of {mean}: {skewness}");
            }
        }
        assert_eq!((poisson(0.0, &mut luck), poisson(f64::NAN, &mut luck)), (0, 0));
    }
}
