//! Floats to whole numbers, as a cast makes them: negative and NaN are 0, what is too large is the largest.
//!
//! And whole parts of whole sums.
//!
//! Processors convert to signed integers in one step and to unsigned ones in several, and to round up they call a
//! function; simulations do both for every event.

/// From here on a signed integer does not hold the value.
const SIGNED: f64 = 9_223_372_036_854_775_808.0;

/// Rounds down.
#[inline]
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturating is what is wanted
pub const fn floor(value: f64) -> u64 {
    if value < SIGNED {
        let signed = value as i64;
        if signed < 0 { 0 } else { signed as u64 }
    } else {
        value as u64
    }
}

/// Rounds to the nearest, halves up.
#[inline]
#[must_use]
pub const fn round(value: f64) -> u64 {
    floor(value + 0.5)
}

/// Rounds up.
#[inline]
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub const fn ceil(value: f64) -> u64 {
    if value < SIGNED {
        let signed = value as i64;
        let up = signed + ((signed as f64) < value) as i64;
        if up < 0 { 0 } else { up as u64 }
    } else {
        value as u64
    }
}

/// What `of` says of a running sum, amount by amount: parts that are rounded down together, and not each by itself, so that
/// it does not matter into how many amounts a sum is cut. `of` must not fall.
pub fn spread(amounts: impl Iterator<Item = u128>, of: impl Fn(u128) -> u128) -> impl Iterator<Item = u128> {
    let (mut sum, mut given) = (0, 0);
    amounts.map(move |amount| {
        sum += amount;
        let now = of(sum);
        now - std::mem::replace(&mut given, now)
    })
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(value: f64) {
        assert_eq!(floor(value), value.floor() as u64, "{value:?}");
        assert_eq!(ceil(value), value.ceil() as u64, "{value:?}");
        assert_eq!(round(value), (value + 0.5).floor() as u64, "{value:?}");
    }

    proptest! {
        #[test]
        fn as_the_standard_functions_do(value in proptest::num::f64::ANY, small in -10.0..1e17_f64) {
            check(value);
            check(small);
        }
    }

    #[test]
    fn at_the_edges() {
        for value in [0.0, -0.0, 0.5, -0.5, 1.0, SIGNED, SIGNED - 1024.0, 2.0 * SIGNED, f64::MAX, f64::INFINITY] {
            check(value);
            check(-value);
        }
        assert_eq!((floor(f64::NAN), round(f64::NAN), ceil(f64::NAN)), (0, 0, 0));
    }

    #[test]
    fn parts_are_rounded_together() {
        let tenth = |sum: u128| sum / 10;
        let parts: Vec<u128> = spread([4, 4, 4, 0, 9].into_iter(), tenth).collect();
        assert_eq!(parts, [0, 0, 1, 0, 1]);
        assert_eq!(parts.iter().sum::<u128>(), tenth(21));
    }
}
