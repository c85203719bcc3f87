//! The exponential function for samplers: portable to the last bit and about twice as fast as the general one.
//!
//! `exp(x) = 2^(n/64) exp(r)` with `|r| <= ln 2 / 128`: a table of 64 roots of two times a Taylor polynomial of degree 5,
//! whose error is below r^6 / 720 = 4e-17 (table-driven reduction: P. T. P. Tang, ACM Trans. Math. Softw. 15(2), 1989).
//! Only sums and products of doubles, never fused, so that every machine gets the same bits.

use std::f64::consts::{LN_2, LOG2_E};

const ROOTS: usize = 64;
/// Adding it leaves the nearest whole number in the low bits of the sum.
const TO_WHOLE: f64 = 6_755_399_441_055_744.0;
/// ln 2 / 64 in two parts: the first has so few digits that its product with any `n` here is exact.
const STEP_HIGH: f64 = f64::from_bits((LN_2 / ROOTS as f64).to_bits() & !0xffff_ffff);
const STEP_LOW: f64 = (LN_2 / ROOTS as f64 - STEP_HIGH) + LN_2_TAIL / ROOTS as f64;
/// What the nearest double leaves out of ln 2.
const LN_2_TAIL: f64 = 2.319_046_813_846_3e-17;
/// Within it neither the result nor the reduction leaves the normal numbers.
const RANGE: f64 = 700.0;

/// 2^(j/64) by Taylor's series, when the crate is compiled.
const POWERS: [f64; ROOTS] = {
    let mut powers = [1.0; ROOTS];
    let mut index = 1;
    while index < ROOTS {
        let x = LN_2 * index as f64 / ROOTS as f64;
        // From the last term inwards, which loses the fewest digits.
        let mut sum = 1.0;
        let mut term = 24;
        while term > 0 {
            sum = 1.0 + x / term as f64 * sum;
            term -= 1;
        }
        powers[index] = sum;
        index += 1;
    }
    powers
};

/// e to the power of `x`, within 4e-16 of it; outside -700..=700 as `libm` has it.
#[inline]
#[must_use]
pub fn exp(x: f64) -> f64 {
    if !(-RANGE..=RANGE).contains(&x) {
        return libm::exp(x);
    }
    let shifted = x * (ROOTS as f64 * LOG2_E) + TO_WHOLE;
    // The low bits hold n as a two's complement number; its last six pick the root, the others are the exponent.
    let n = shifted.to_bits();
    let whole = shifted - TO_WHOLE;
    let r = (x - whole * STEP_HIGH) - whole * STEP_LOW;
    let curve = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0)))));
    #[allow(clippy::cast_possible_truncation)] // below 64
    let power = POWERS[(n % ROOTS as u64) as usize] * curve;
    f64::from_bits(power.to_bits().wrapping_add((n >> 6) << 52))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_exponential_function() {
        for index in -700_000..=700_000 {
            let x = f64::from(index) * 0.000_999_7;
            let (found, expected) = (exp(x), libm::exp(x));
            assert!((found / expected - 1.0).abs() < 5e-16, "exp({x}) is {expected}, not {found}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!((exp(-800.0), exp(800.0)), (0.0, f64::INFINITY));
        assert!(exp(f64::NAN).is_nan());
    }
}
