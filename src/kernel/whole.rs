//! Floats to whole numbers, as a cast makes them: negative and NaN are 0, what is too large is the largest.
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
}
