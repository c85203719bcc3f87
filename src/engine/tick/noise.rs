//! What requests bring in some time: as much as is expected, with the noise of their number and of what each brings.

use rand_distr::{Distribution as _, Gamma, Poisson};

use crate::kernel::streams::Stream;

/// The work of a number of requests with this mean, of which the squares of what they bring add up to so much. A gamma law has both;
/// few large pieces make much work more likely than little, which counts where the most of several times is acted on.
pub(super) fn work(mean: f64, squares: f64, luck: &mut Stream) -> f64 {
    Gamma::new(mean * mean / squares, squares / mean).map_or(mean, |law| law.sample(luck))
}

/// A number of requests.
pub(super) fn count(mean: f64, luck: &mut Stream) -> f64 {
    Poisson::new(mean).map_or(mean, |law| law.sample(luck))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::streams::stream;

    fn moments(mut draw: impl FnMut(&mut Stream) -> f64) -> [f64; 3] {
        let mut luck = stream(1, "test", "noise", 0);
        let all: Vec<f64> = (0..200_000).map(|_| draw(&mut luck)).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let of = |power: i32| all.iter().map(|one| (one - mean).powi(power)).sum::<f64>() / all.len() as f64;
        [mean, of(2), of(3) / of(2).powf(1.5)]
    }

    #[test]
    fn work_of_few_is_skewed() {
        // Thirty pieces of an exponential law: 30 and 60, and a skewness of 6 / (2 sqrt(2) sqrt(30)) = 0.387.
        let [mean, variance, skewness] = moments(|luck| work(30.0, 60.0, luck));
        assert!((mean / 30.0 - 1.0).abs() < 0.005 && (variance / 60.0 - 1.0).abs() < 0.02, "{mean}, {variance}");
        assert!((0.3..0.6).contains(&skewness), "{skewness}");
        let [mean, variance, _] = moments(|luck| count(2.0, luck));
        assert!((mean / 2.0 - 1.0).abs() < 0.01 && (variance / 2.0 - 1.0).abs() < 0.02, "{mean}, {variance}");
    }

    #[test]
    fn nothing_brings_nothing() {
        let mut luck = stream(1, "test", "noise", 0);
        assert_eq!((work(0.0, 0.0, &mut luck), count(0.0, &mut luck), work(5.0, 0.0, &mut luck)), (0.0, 0.0, 5.0));
    }
}
