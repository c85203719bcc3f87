//! The distributions of the scenario language, in base units (nanoseconds or bytes).
//!
//! Samplers of the exponential, normal and gamma laws come from `rand_distr`; the exponential function is our own, the
//! others are of the pure-Rust `libm`, so that other machines agree to the last bit. A law holds its derived constants, so that a draw computes nothing
//! twice. Parameters are validated by who builds a law (the scenario); [`Law`] constructors assert.

use rand::{Rng, RngExt};
use rand_distr::{Distribution as _, Exp1, Gamma, StandardNormal};

use super::exponential::exp;
use super::whole;

/// The shape of a distribution, with its parameters in base units.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    /// Always the same value.
    Constant(f64),
    /// Exponential with this mean.
    Exponential {
        /// Mean, above 0.
        mean: f64,
    },
    /// Log-normal: `exp(mu + sigma z)`.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm, not negative.
        sigma: f64,
    },
    /// Gamma with this mean and coefficient of variation.
    Gamma {
        /// Mean, above 0.
        mean: f64,
        /// Standard deviation over mean, above 0.
        cv: f64,
    },
    /// Weibull.
    Weibull {
        /// Shape, above 0.
        shape: f64,
        /// Scale, above 0.
        scale: f64,
    },
    /// Pareto (type I): at least `scale`, tail exponent `shape`.
    Pareto {
        /// Tail exponent, above 0.
        shape: f64,
        /// Smallest value, above 0.
        scale: f64,
    },
    /// Uniform between the two.
    Uniform {
        /// Smallest value.
        low: f64,
        /// Largest value, at least `low`.
        high: f64,
    },
    /// Piecewise linear quantile function through (probability, value), flat outside the given probabilities.
    Empirical {
        /// Points with strictly rising probabilities in 0..=1 and values that do not fall. At least one.
        quantiles: Vec<(f64, f64)>,
    },
}

/// A law with optional clipping.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    law: Law,
    min: f64,
    max: f64,
    constant: Option<u64>,
    gamma: Option<Gamma<f64>>,
}

impl Distribution {
    /// The distribution of `law`, clipped to `min..=max`.
    ///
    /// # Panics
    /// If a parameter is outside the range that [`Law`] states, or `min > max`: the caller has validated them.
    #[must_use]
    pub fn clipped(law: Law, min: f64, max: f64) -> Self {
        assert!(min <= max, "clip range {min}..{max} is empty");
        let constant = match law {
            Law::Constant(value) => Some(whole::round(value.clamp(min, max))),
            _ => None,
        };
        let gamma = match law {
            Law::Gamma { mean, cv } => {
                let shape = 1.0 / (cv * cv);
                // A cv whose square vanishes leaves no law: the value is then its mean.
                Gamma::new(shape, mean / shape).ok()
            }
            _ => None,
        };
        Self { law, min, max, constant, gamma }
    }

    /// The distribution of `law`, clipped at 0 only.
    #[must_use]
    pub fn new(law: Law) -> Self {
        Self::clipped(law, 0.0, f64::MAX)
    }

    /// Always `value`.
    #[must_use]
    pub fn constant(value: f64) -> Self {
        Self::new(Law::Constant(value))
    }

    /// The law behind this distribution.
    #[must_use]
    pub const fn law(&self) -> &Law {
        &self.law
    }

    /// The value in whole base units, if it is always the same.
    #[inline]
    #[must_use]
    pub const fn as_constant(&self) -> Option<u64> {
        self.constant
    }

    /// Whether every draw is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.constant == Some(0)
    }

    /// A bound below every draw, in whole base units: the smallest value of the law, where it states one, and 0 else.
    #[must_use]
    pub fn least(&self) -> u64 {
        let least = match &self.law {
            Law::Constant(value) => *value,
            Law::Pareto { scale, .. } => *scale,
            Law::Uniform { low, .. } => *low,
            Law::Empirical { quantiles } => quantiles.first().map_or(0.0, |&(_, value)| value),
            _ => 0.0,
        };
        whole::floor(least.clamp(self.min, self.max))
    }

    /// One draw in base units.
    #[inline]
    pub fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let value = match &self.law {
            Law::Constant(value) => *value,
            Law::Exponential { mean } => {
                let unit: f64 = Exp1.sample(rng);
                mean * unit
            }
            Law::LogNormal { mu, sigma } => {
                let z: f64 = StandardNormal.sample(rng);
                exp(mu + sigma * z)
            }
            Law::Gamma { mean, .. } => self.gamma.as_ref().map_or(*mean, |gamma| gamma.sample(rng)),
            Law::Weibull { shape, scale } => {
                let unit: f64 = Exp1.sample(rng);
                scale * libm::pow(unit, 1.0 / shape)
            }
            Law::Pareto { shape, scale } => {
                let unit: f64 = Exp1.sample(rng);
                scale * exp(unit / shape)
            }
            Law::Uniform { low, high } => low + (high - low) * rng.random::<f64>(),
            Law::Empirical { quantiles } => interpolate(quantiles, rng.random::<f64>()),
        };
        // Not `clamp`, which asserts the order of its limits at every call.
        if value < self.min {
            self.min
        } else if value > self.max {
            self.max
        } else {
            value
        }
    }

    /// One draw, rounded to whole base units (saturating).
    #[inline]
    pub fn draw_whole<R: Rng + ?Sized>(&self, rng: &mut R) -> u64 {
        match self.constant {
            Some(value) => value,
            None => whole::round(self.draw(rng)),
        }
    }

    /// The mean. Exact where the law has a closed form and is not clipped; else the mean of the quantile function at
    /// 10 000 midpoints, which is what sizing and forecasts need. Infinite for a Pareto law with shape <= 1.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let clipped = self.min > 0.0 || self.max < f64::MAX;
        let exact = match &self.law {
            Law::Constant(value) => Some(value.clamp(self.min, self.max)),
            _ if clipped => None,
            Law::Exponential { mean } | Law::Gamma { mean, .. } => Some(*mean),
            Law::LogNormal { mu, sigma } => Some(libm::exp(mu + sigma * sigma / 2.0)),
            Law::Weibull { shape, scale } => Some(scale * libm::tgamma(1.0 + 1.0 / shape)),
            Law::Pareto { shape, scale } => {
                Some(if *shape > 1.0 { shape * scale / (shape - 1.0) } else { f64::INFINITY })
            }
            Law::Uniform { low, high } => Some(f64::midpoint(*low, *high)),
            Law::Empirical { .. } => None,
        };
        exact.unwrap_or_else(|| {
            const POINTS: u32 = 10_000;
            (0..POINTS).map(|i| self.quantile((f64::from(i) + 0.5) / f64::from(POINTS))).sum::<f64>()
                / f64::from(POINTS)
        })
    }

    /// The value that a draw does not exceed with probability `p` in 0..1.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        use statrs::distribution::{ContinuousCDF, Gamma as GammaLaw, Normal};
        let value = match &self.law {
            Law::Constant(value) => *value,
            Law::Exponential { mean } => -mean * libm::log1p(-p),
            Law::LogNormal { mu, sigma } => libm::exp(mu + sigma * Normal::standard().inverse_cdf(p)),
            Law::Gamma { mean, cv } => {
                let shape = 1.0 / (cv * cv);
                GammaLaw::new(shape, shape / mean).map_or(*mean, |law| law.inverse_cdf(p))
            }
            Law::Weibull { shape, scale } => scale * libm::pow(-libm::log1p(-p), 1.0 / shape),
            Law::Pareto { shape, scale } => scale * libm::exp(-libm::log1p(-p) / shape),
            Law::Uniform { low, high } => low + (high - low) * p,
            Law::Empirical { quantiles } => interpolate(quantiles, p),
        };
        value.clamp(self.min, self.max)
    }
}

fn interpolate(quantiles: &[(f64, f64)], p: f64) -> f64 {
    let above = quantiles.partition_point(|&(q, _)| q < p);
    match (above.checked_sub(1).map(|i| quantiles[i]), quantiles.get(above)) {
        (None, Some(&(_, value))) | (Some((_, value)), None) => value,
        (Some((p0, v0)), Some(&(p1, v1))) => v0 + (v1 - v0) * (p - p0) / (p1 - p0),
        (None, None) => unreachable!("an empirical law has at least one quantile"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::streams::stream;

    fn laws() -> Vec<Law> {
        vec![
            Law::Constant(5e6),
            Law::Exponential { mean: 2e9 },
            Law::LogNormal { mu: 18.0, sigma: 0.8 },
            Law::Gamma { mean: 3e8, cv: 0.5 },
            Law::Gamma { mean: 3e8, cv: 2.0 },
            Law::Weibull { shape: 1.7, scale: 1e9 },
            Law::Pareto { shape: 3.5, scale: 1e8 },
            Law::Uniform { low: 1e6, high: 3e6 },
            Law::Empirical { quantiles: vec![(0.0, 1e6), (0.5, 2e7), (0.99, 9e7), (1.0, 4e8)] },
        ]
    }

    fn sorted_draws(distribution: &Distribution, count: u32) -> Vec<f64> {
        let mut rng = stream(7, "distribution", "test", 0);
        let mut draws: Vec<f64> = (0..count).map(|_| distribution.draw(&mut rng)).collect();
        draws.sort_unstable_by(f64::total_cmp);
        draws
    }

    #[test]
    fn a_gamma_law_that_does_not_vary_is_its_mean() {
        let almost = Distribution::new(Law::Gamma { mean: 3e8, cv: 1e-200 });
        assert_eq!(sorted_draws(&almost, 3), [3e8; 3]);
        assert_eq!((almost.mean(), almost.quantile(0.99)), (3e8, 3e8));
    }

    /// Kolmogorov: the largest gap between the drawn and the stated law exceeds 1.95 / sqrt(n) in one of 1 000 cases.
    #[test]
    fn draws_follow_their_quantile_function() {
        const COUNT: u32 = 40_000;
        for law in laws() {
            let distribution = Distribution::new(law);
            let draws = sorted_draws(&distribution, COUNT);
            for percent in 1..100_u32 {
                let p = f64::from(percent) / 100.0;
                let value = distribution.quantile(p);
                let below = draws.partition_point(|&draw| draw < value * (1.0 - 1e-9)) as f64 / f64::from(COUNT);
                let up_to = draws.partition_point(|&draw| draw <= value * (1.0 + 1e-9)) as f64 / f64::from(COUNT);
                let gap = 1.95 / f64::from(COUNT).sqrt();
                assert!(below - gap <= p && p <= up_to + gap, "{:?} at {p}: {below} to {up_to}", distribution.law());
            }
        }
    }

    #[test]
    fn means_are_those_of_the_draws() {
        const COUNT: u32 = 200_000;
        for law in laws() {
            for distribution in [Distribution::new(law.clone()), Distribution::clipped(law.clone(), 2e6, 5e8)] {
                let draws = sorted_draws(&distribution, COUNT);
                let mean = draws.iter().sum::<f64>() / f64::from(COUNT);
                let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / f64::from(COUNT);
                let error = 4.0 * (variance / f64::from(COUNT)).sqrt() + 1e-3 * mean;
                assert!((distribution.mean() - mean).abs() < error, "{law:?}: {} drawn {mean}", distribution.mean());
            }
        }
    }

    #[test]
    fn clipping_bounds_draws_and_quantiles() {
        let distribution = Distribution::clipped(Law::Exponential { mean: 100.0 }, 50.0, 200.0);
        let draws = sorted_draws(&distribution, 1_000);
        assert_eq!((draws[0], draws[999]), (50.0, 200.0));
        assert_eq!((distribution.quantile(0.01), distribution.quantile(0.99)), (50.0, 200.0));
        assert_eq!(Distribution::clipped(Law::Constant(7.0), 10.0, 20.0).as_constant(), Some(10));
    }

    #[test]
    fn whole_draws_round_and_saturate() {
        let mut rng = stream(7, "distribution", "whole", 0);
        assert_eq!(Distribution::constant(2.5).draw_whole(&mut rng), 3);
        assert_eq!(Distribution::constant(f64::MAX).draw_whole(&mut rng), u64::MAX);
        assert!(Distribution::constant(0.2).is_zero());
        assert!(Distribution::new(Law::Pareto { shape: 1.0, scale: 1.0 }).mean().is_infinite());
    }

    #[test]
    fn empirical_laws_are_flat_outside_their_points() {
        let distribution = Distribution::new(Law::Empirical { quantiles: vec![(0.5, 20.0), (0.99, 90.0)] });
        assert_eq!((distribution.quantile(0.1), distribution.quantile(0.995)), (20.0, 90.0));
        assert!((distribution.quantile(0.745) - 55.0).abs() < 1e-9);
    }

    /// Golden samples: see those of the streams.
    #[test]
    fn draws_keep_their_values() {
        let mut rng = stream(1, "work", "golden", 0);
        let drawn: Vec<u64> = laws().into_iter().map(|law| Distribution::new(law).draw_whole(&mut rng)).collect();
        assert_eq!(drawn, GOLDEN_DRAWS);
    }

    const GOLDEN_DRAWS: [u64; 9] = [
        5_000_000,
        2_044_312_282,
        69_909_555,
        92_193_206,
        855_165_515,
        866_915_617,
        100_813_044,
        1_596_498,
        14_885_798,
    ];
}
