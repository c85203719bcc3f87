//! How many instances are started where some more requests come from one instant on, each of which has one for itself.
//!
//! Of those who come some find no instance and have one started. With `u` as many as are lacking, counted in works, and starts that
//! take `x` of them, `u' = 1 - u(t - x)`: only who has begun ends. It grows to 1, and beyond where a start takes longer than
//! `1 / e` of a work, since those who wait for theirs keep others from it (the delay equation of Wright, A non-linear
//! difference-differential equation, Journal für die reine und angewandte Mathematik 194, 1955, as it is where little is lacking). It
//! never falls: instances stay. Its solution is a sum of powers on each step of `x`, of which the first three are enough.

/// The longest start, in works, after which no more are started than are lacking: the equation swings beyond it.
const SWINGS: f64 = 1.0 / std::f64::consts::E;

/// Instances that are started for each that is lacking, where a start takes so many works.
pub(super) fn started(start: f64) -> f64 {
    if start >= 1.0 {
        // None of those who had an instance started has ended before the last of them has come.
        return start + 0.5;
    }
    let third = 2.0 - std::f64::consts::SQRT_2;
    if start >= third {
        return within_three(start);
    }
    // Beyond three steps the rest is small: it grows as the square of what is over.
    let over = ((start - SWINGS) / (third - SWINGS)).max(0.0);
    1.0 + (within_three(third) - 1.0) * over * over
}

/// Where the growth ends within the third step.
fn within_three(start: f64) -> f64 {
    let end = 1.0 - (2.0 * start - 1.0).sqrt();
    2.0 * start - start * start / 2.0 + (1.0 - start) * end - end * end / 2.0 + end * end * end / 6.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::whole;

    /// The equation, in small steps.
    fn stepped(start: f64) -> f64 {
        let (step, mut past) = (1e-4, vec![0.0_f64]);
        let lag = usize::try_from(whole::round(start / step)).unwrap();
        loop {
            let before = past.len().checked_sub(1 + lag).map_or(0.0, |place| past[place]);
            let now = past[past.len() - 1];
            if before >= 1.0 || now > 1.0 - 1e-4 && past.len() > 20 * lag.max(10_000) {
                return past.iter().fold(0.0, |most: f64, one| most.max(*one));
            }
            past.push(now + step * (1.0 - before));
        }
    }

    #[test]
    fn as_many_as_the_equation_tells() {
        for start in [0.1, 0.3, 0.4, 0.5, 0.58, 0.6, 0.8, 1.0, 1.5, 4.0] {
            let (found, expected) = (started(start), stepped(start));
            assert!((found / expected - 1.0).abs() < 0.01, "{start}: {found} for {expected}");
        }
    }
}
