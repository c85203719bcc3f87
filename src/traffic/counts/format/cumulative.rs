//! Counters that only rise, as counts per step.

use std::collections::BTreeMap;

/// Adds the increases of `samples`, which rise in time, to the steps (by their beginnings) in which they happened. A
/// counter that falls has begun again from 0. What happened while samples were missing is spread evenly over the steps.
pub(super) fn add_increases(samples: &[(i128, f64)], step: i128, counts: &mut BTreeMap<i128, f64>) {
    for pair in samples.windows(2) {
        let ((before, low), (at, high)) = (pair[0], pair[1]);
        let increase = if high < low { high } else { high - low };
        // Samples nearer than half a step still make one.
        let steps = ((at - before + step / 2) / step).max(1);
        for back in 1..=steps {
            *counts.entry(at - back * step).or_default() += increase / steps as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resets_and_gaps_keep_the_sum() {
        let mut counts = BTreeMap::new();
        add_increases(&[(0, 100.0), (10, 104.0), (20, 3.0), (50, 9.0)], 10, &mut counts);
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(0, 4.0), (10, 3.0), (20, 2.0), (30, 2.0), (40, 2.0)]);
    }
}
