//! A log-linear histogram: 128 buckets per power of two, integer counts.
//!
//! Imports nothing. Recording is a shift and an add; merging adds integers, so it is exact and does not depend on the
//! order. Values below 256 have a bucket each. From there on a bucket is at most 1/128 of its values wide and is
//! reported as its midpoint, so a percentile is off by at most 1/256, under 0.4 %. Count, sum, maximum and the number
//! of zeros are exact.

/// Buckets per power of two, and the first value that shares a block with larger ones.
pub const BLOCK: usize = 128;
/// Parts of a power of two, for those who need it less finely.
const EIGHTHS: usize = 8;

/// Counts of `u64` values, nanoseconds as a rule.
///
/// Memory follows the largest value seen: about 1 KB per power of two, nothing while empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: Vec<u64>,
    sum: u128,
    max: u64,
}

/// A value's place where each power of two has `PARTS` equal parts, which is a power of two, too: the bits of `value` below its
/// leading one, after the parts of all smaller powers. Values below twice `PARTS` have one each.
#[inline]
const fn part<const PARTS: usize>(value: u64) -> usize {
    let shift = 63 - PARTS.ilog2() - (value | PARTS as u64).leading_zeros();
    // At most 57 * 128 + 255, whatever the width of a `usize`.
    #[allow(clippy::cast_possible_truncation)]
    let index = shift as usize * PARTS + (value >> shift) as usize;
    index
}

/// The smallest value of a [`part`].
#[inline]
const fn first_of<const PARTS: usize>(part: usize) -> u64 {
    let shift = (part / PARTS).saturating_sub(1);
    ((part - shift * PARTS) as u64) << shift
}

/// The bucket of `value`.
#[inline]
#[must_use]
pub const fn bucket(value: u64) -> usize {
    part::<BLOCK>(value)
}

/// The smallest value of a bucket.
#[must_use]
pub const fn lowest(bucket: usize) -> u64 {
    first_of::<BLOCK>(bucket)
}

/// The value in the middle of a bucket, rounded down.
#[must_use]
pub const fn midpoint(bucket: usize) -> u64 {
    let shift = (bucket / BLOCK).saturating_sub(1);
    lowest(bucket) + ((1 << shift) - 1) / 2
}

/// The eighth of a power of two that `value` is in, counted from 0; values below 16 have one each. Each is a whole number
/// of buckets.
#[inline]
#[must_use]
pub const fn eighth(value: u64) -> usize {
    part::<EIGHTHS>(value)
}

/// As many as there are.
pub const ALL_EIGHTHS: usize = eighth(u64::MAX) + 1;

/// The value in the middle of an [`eighth`], rounded down.
#[must_use]
pub const fn middle_of_eighth(eighth: usize) -> u64 {
    let shift = (eighth / EIGHTHS).saturating_sub(1);
    first_of::<EIGHTHS>(eighth) + (1 << shift) / 2
}

/// The first bucket of an [`eighth`] below [`BLOCK`], where a bucket is a value.
#[allow(clippy::cast_possible_truncation)] // at most `BLOCK`
const fn least_of(eighth: usize) -> usize {
    first_of::<EIGHTHS>(eighth) as usize
}

/// How far a value in the bucket of `value` may lie from that bucket's midpoint, at most: 0 below 256, above it at most
/// 1/256 of the value.
#[must_use]
pub const fn half_width(value: u64) -> u64 {
    let shift = (bucket(value) / BLOCK).saturating_sub(1);
    (1 << shift) / 2
}

impl Histogram {
    /// An empty histogram.
    #[must_use]
    pub const fn new() -> Self {
        Self { counts: Vec::new(), sum: 0, max: 0 }
    }

    /// Counts one `value`.
    #[inline(always)]
    #[allow(clippy::inline_always)] // once per request and deployment
    pub fn record(&mut self, value: u64) {
        self.sum += u128::from(value);
        self.max = self.max.max(value);
        let bucket = bucket(value);
        match self.counts.get_mut(bucket) {
            Some(count) => *count += 1,
            None => self.widen(bucket, 1),
        }
    }

    /// Counts `value` `times` times.
    pub fn record_n(&mut self, value: u64, times: u64) {
        if times == 0 {
            return;
        }
        self.sum += u128::from(value) * u128::from(times);
        self.max = self.max.max(value);
        let bucket = bucket(value);
        match self.counts.get_mut(bucket) {
            Some(count) => *count += times,
            None => self.widen(bucket, times),
        }
    }

    /// Makes room up to the end of the block of `bucket` and puts `times` there. The length follows from the largest
    /// bucket alone, so that equal contents are equal histograms.
    #[cold]
    #[inline(never)]
    fn widen(&mut self, bucket: usize, times: u64) {
        self.counts.resize((bucket / BLOCK + 1) * BLOCK, 0);
        self.counts[bucket] += times;
    }

    /// Adds everything that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// Values counted: summed up when asked for, so that recording has less to do.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Whether nothing has been counted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The values that have been counted, to 0.4 %, and how often, from the smallest.
    pub fn values(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let counted = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        counted.map(|(bucket, count)| (midpoint(bucket), *count))
    }

    /// How many have been counted in each [`eighth`], up to the last one that has any.
    pub fn by_eighth(&self) -> impl Iterator<Item = u64> + '_ {
        let (first, others) = self.counts.split_at(BLOCK.min(self.counts.len()));
        let of_first = (0..if first.is_empty() { 0 } else { eighth(BLOCK as u64) })
            .map(|number| first[least_of(number)..least_of(number + 1)].iter().sum());
        of_first.chain(others.chunks(BLOCK / EIGHTHS).map(|counts| counts.iter().sum()))
    }

    /// Exact sum of the values.
    #[must_use]
    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// Exact number of values that are 0.
    #[must_use]
    pub fn zeros(&self) -> u64 {
        self.counts.first().copied().unwrap_or(0)
    }

    /// The largest value; `None` when empty.
    #[must_use]
    pub const fn max(&self) -> Option<u64> {
        if self.is_empty() { None } else { Some(self.max) }
    }

    /// The mean, from the exact sum; `None` when empty.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.sum as f64 / self.count() as f64)
    }

    /// The smallest value that at least the share `p` of the values does not exceed, to 0.4 %; `p` is taken into
    /// 0..=1, where 0 gives the smallest value. Exact below 256 and at the maximum. `None` when empty.
    #[must_use]
    pub fn quantile(&self, p: f64) -> Option<u64> {
        let all = self.count();
        let rank = rank(p, all);
        let mut below = 0;
        let found = self.counts.iter().position(|count| {
            below += count;
            below >= rank
        })?;
        Some(self.value_at(rank, all, found))
    }

    /// The distribution as `points` pairs of share and quantile, shares evenly spaced from 0 to 1; for charts. Empty
    /// when there are no values or fewer than two points are asked for.
    #[must_use]
    pub fn quantile_points(&self, points: u32) -> Vec<(f64, u64)> {
        if self.is_empty() || points < 2 {
            return Vec::new();
        }
        let all = self.count();
        let mut buckets = self.counts.iter().enumerate();
        let (mut found, mut below) = (0, 0);
        (0..points)
            .map(|point| {
                let share = f64::from(point) / f64::from(points - 1);
                let rank = rank(share, all);
                while below < rank {
                    let Some((bucket, count)) = buckets.next() else { break };
                    found = bucket;
                    below += count;
                }
                (share, self.value_at(rank, all, found))
            })
            .collect()
    }

    fn value_at(&self, rank: u64, all: u64, bucket: usize) -> u64 {
        if rank == all { self.max } else { midpoint(bucket).min(self.max) }
    }
}

/// Which of `all` values, counted from the smallest as 1, is the `p` quantile.
fn rank(p: f64, all: u64) -> u64 {
    // 0.07 * 100 is a little above 7 in floating point; without the factor the rank would be 8.
    let rank = (p * all as f64 * (1.0 - 4.0 * f64::EPSILON)).ceil();
    // The cast saturates: negative and NaN become 0.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let rank = rank as u64;
    rank.min(all).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        for &value in values {
            histogram.record(value);
        }
        histogram
    }

    /// Values of every magnitude.
    fn values() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec((any::<u64>(), 0_u32..64).prop_map(|(value, shift)| value >> shift), 1..200)
    }

    proptest! {
        #[test]
        fn quantiles_are_within_their_bound_of_an_exact_sort(mut values in values(), p in 0.0..=1.0_f64) {
            let histogram = of(&values);
            values.sort_unstable();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let rank = ((p * values.len() as f64).ceil() as usize).max(1);
            let exact = values[rank - 1];
            let found = histogram.quantile(p).unwrap();
            prop_assert!(found.abs_diff(exact) as f64 <= exact as f64 * 0.004, "{found} for {exact}");
            if exact < 256 {
                prop_assert_eq!(found, exact);
            }
        }

        #[test]
        fn count_sum_max_and_zeros_are_exact(values in values()) {
            let histogram = of(&values);
            prop_assert_eq!(histogram.count(), values.len() as u64);
            prop_assert_eq!(histogram.sum(), values.iter().map(|&value| u128::from(value)).sum::<u128>());
            prop_assert_eq!(histogram.max(), values.iter().max().copied());
            prop_assert_eq!(histogram.zeros(), values.iter().filter(|&&value| value == 0).count() as u64);
        }

        #[test]
        fn merging_is_the_same_in_any_order_and_as_recording_all(a in values(), b in values(), c in values()) {
            let (x, y, z) = (of(&a), of(&b), of(&c));
            let mut forwards = Histogram::new();
            let mut backwards = Histogram::new();
            for (one, other) in [(&x, &z), (&y, &y), (&z, &x)] {
                forwards.merge(one);
                backwards.merge(other);
            }
            prop_assert_eq!(&forwards, &backwards);
            prop_assert_eq!(&forwards, &of(&[a, b, c].concat()));
        }

        #[test]
        fn what_is_counted_again_is_the_same(values in values()) {
            let counted = of(&values);
            let mut again = Histogram::new();
            counted.values().for_each(|(value, times)| again.record_n(value, times));
            prop_assert_eq!(again.counts, counted.counts);
        }

        #[test]
        fn eighths_have_all_that_was_counted(values in values()) {
            let mut expected = vec![0; ALL_EIGHTHS];
            for &value in &values {
                expected[eighth(value)] += 1;
            }
            let found: Vec<u64> = of(&values).by_eighth().collect();
            prop_assert_eq!(&found[..], &expected[..found.len()]);
            prop_assert_eq!(found.iter().sum::<u64>(), values.len() as u64);
        }

        #[test]
        fn points_are_quantiles(values in values(), points in 2_u32..50) {
            let histogram = of(&values);
            let found = histogram.quantile_points(points);
            prop_assert_eq!(found.len(), points as usize);
            for (share, value) in found {
                prop_assert_eq!(Some(value), histogram.quantile(share));
            }
        }
    }

    #[test]
    fn values_of_a_bucket_lie_within_half_its_width_of_the_midpoint() {
        for value in (0..70_000).chain([262_000_000, 1 << 40, u64::MAX]) {
            let found = midpoint(bucket(value));
            assert!(found.abs_diff(value) <= half_width(value), "{value}: {found} ± {}", half_width(value));
            assert!(half_width(value) <= value / 256 + 1 && (value >= 256 || half_width(value) == 0), "{value}");
        }
    }

    #[test]
    fn buckets_tile_the_whole_range() {
        let mut last = 0;
        for shift in 0..57_u32 {
            for offset in 0..256_u64 {
                let index = bucket(offset << shift);
                assert!(index >= last || offset < 128, "bucket of {offset} << {shift} goes back");
                if offset >= 128 {
                    assert_eq!(bucket(midpoint(index)), index);
                    last = index;
                }
            }
        }
        assert_eq!(bucket(u64::MAX), 58 * BLOCK - 1);
    }

    #[test]
    fn eighths_tile_the_whole_range() {
        assert_eq!((0..16).map(eighth).collect::<Vec<_>>(), (0..16).collect::<Vec<_>>());
        for number in 1..ALL_EIGHTHS {
            let lowest = first_of::<EIGHTHS>(number);
            assert_eq!(
                (eighth(lowest - 1), eighth(lowest), eighth(middle_of_eighth(number))),
                (number - 1, number, number),
                "{lowest}"
            );
        }
    }

    #[test]
    fn extremes() {
        let empty = Histogram::new();
        assert_eq!((empty.quantile(0.5), empty.mean(), empty.max(), empty.zeros()), (None, None, None, 0));
        assert!(empty.quantile_points(10).is_empty());

        let mut histogram = Histogram::new();
        histogram.record_n(u64::MAX, 3);
        histogram.record_n(7, 0);
        assert_eq!(histogram.sum(), 3 * u128::from(u64::MAX));
        assert_eq!(histogram.quantile(0.0).unwrap().leading_zeros(), 0);
        assert_eq!(histogram.quantile(1.0), Some(u64::MAX));
        assert_eq!(histogram.quantile(f64::NAN), histogram.quantile(0.0));
    }

    #[test]
    fn ranks_do_not_suffer_from_rounding() {
        let histogram = of(&(1..=100).collect::<Vec<_>>());
        for percent in 1..=100_u32 {
            assert_eq!(histogram.quantile(f64::from(percent) / 100.0), Some(u64::from(percent)));
        }
    }

    #[test]
    fn recording_many_is_recording_each() {
        let mut many = of(&[5]);
        many.record_n(1_000_000, 4);
        assert_eq!(many, of(&[5, 1_000_000, 1_000_000, 1_000_000, 1_000_000]));
    }
}
