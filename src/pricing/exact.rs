//! Exact arithmetic between usage and bill: fractions of arbitrary size.
//!
//! Usage is counted in units as small as a MiB nanosecond, so a year of a large fleet has more digits than a decimal of
//! 96 bits; scaling a cut day or month divides by numbers that no decimal can. Fractions do both without loss, without
//! overflow and without regard to the order of operations. Only a finished figure becomes a [`Decimal`].

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};
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
    rounded_ratio(number.numer() * 10_u64.pow(DECIMALS), number.denom())
}

/// `a x b`, rounded in the same way.
pub(super) fn product(a: Decimal, b: Decimal) -> Option<Decimal> {
    let units = BigInt::from(a.mantissa()) * b.mantissa() * 10_u64.pow(DECIMALS);
    rounded_ratio(units, &BigInt::from(10).pow(a.scale() + b.scale()))
}

/// `decimal x fraction`, rounded in the same way.
pub(super) fn share(decimal: Decimal, fraction: &Exact) -> Option<Decimal> {
    let units = BigInt::from(decimal.mantissa()) * fraction.numer() * 10_u64.pow(DECIMALS);
    rounded_ratio(units, &(BigInt::from(10).pow(decimal.scale()) * fraction.denom()))
}

/// `units / denominator` in the last decimal. Fractions are not reduced on the way: that is most of what exact numbers
/// cost.
fn rounded_ratio(units: BigInt, denominator: &BigInt) -> Option<Decimal> {
    let (mut quotient, mut rest) = (&units / denominator, units % denominator);
    if rest.is_negative() {
        quotient -= 1;
        rest += denominator;
    }
    let twice: BigInt = rest * 2;
    if twice > *denominator || (twice == *denominator && quotient.bit(0)) {
        quotient += 1;
    }
    let units = i128::try_from(quotient).ok()?;
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
