//! Exact arithmetic between usage and bill: fractions of arbitrary size.
//!
//! Usage is counted in units as small as a MiB nanosecond, so a year of a large fleet has more digits than a decimal of
//! 96 bits; scaling a cut day or month divides by numbers that no decimal can. Fractions do both without loss, without
//! overflow and without regard to the order of operations. Only a finished figure becomes a [`Decimal`].

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use rust_decimal::Decimal;

use crate::units::Nanos;

/// An exact fraction.
pub(super) type Exact = BigRational;

/// Decimals of every figure in a bill.
pub(super) const DECIMALS: u32 = 6;

/// A whole number.
pub(super) fn whole(number: impl Into<BigInt>) -> Exact {
    Exact::from_integer(number.into())
}

/// A decimal, exactly.
pub(super) fn exact(decimal: Decimal) -> Exact {
    Exact::new(decimal.mantissa().into(), BigInt::from(10).pow(decimal.scale()))
}

/// `part / all`; zero when `all` is zero.
pub(super) fn ratio(part: Nanos, all: Nanos) -> Exact {
    if all == Nanos::ZERO { Exact::zero() } else { Exact::new(part.0.into(), all.0.into()) }
}

/// Rounds half to even at [`DECIMALS`]; none when the number is larger than a decimal can hold.
pub(super) fn rounded(number: &Exact) -> Option<Decimal> {
    let scaled = number * whole(10_u64.pow(DECIMALS));
    let floor = scaled.floor();
    let above = (&scaled - &floor) * whole(2);
    let mut units = floor.to_integer();
    let odd = units.bit(0);
    if above > Exact::one() || (above == Exact::one() && odd) {
        units += 1;
    }
    let units = i128::try_from(units).ok()?;
    Some(Decimal::try_from_i128_with_scale(units, DECIMALS).ok()?.normalize())
}

/// The larger of `number` and zero.
pub(super) fn at_least_zero(number: Exact) -> Exact {
    if number.is_negative() { Exact::zero() } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        rounded(&exact(text.parse().unwrap())).unwrap().to_string()
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        assert_eq!(round("0.0000005"), "0");
        assert_eq!(round("0.0000015"), "0.000002");
        assert_eq!(round("0.0000025"), "0.000002");
        assert_eq!(round("0.00000250000001"), "0.000003");
        assert_eq!(round("7.100000"), "7.1");
    }

    #[test]
    fn thirds_add_up_and_giants_are_refused() {
        let third = Exact::new(1.into(), 3.into());
        assert_eq!(rounded(&(&third + &third + &third)).unwrap(), Decimal::ONE);
        assert_eq!(rounded(&third).unwrap().to_string(), "0.333333");
        assert!(rounded(&whole(u128::MAX)).is_none());
    }
}
