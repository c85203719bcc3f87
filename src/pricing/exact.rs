//! Exact arithmetic between usage and bill: fractions of arbitrary size.
//!
//! Usage is counted in units as small as a MiB nanosecond, so a year of a large fleet has more digits than a decimal of
//! 96 bits; scaling a cut day or month divides by numbers that no decimal can. Fractions do both without loss, without
//! overflow and without regard to the order of operations. Only a finished figure becomes a [`Decimal`].
//!
//! A fraction is not kept in lowest terms: greatest common divisors would be most of what a bill costs. Products only
//! grow by what they are made of, and sums of one denominator, which those of an item are, do not grow at all; a sum of
//! two denominators is reduced.

use std::cmp::Ordering;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, Zero};
use rust_decimal::Decimal;

use crate::units::Nanos;

/// An exact fraction.
#[derive(Clone, Debug)]
pub(super) struct Exact {
    numer: BigInt,
    /// Positive.
    denom: BigInt,
}

/// Decimals of every figure in a bill.
pub(super) const DECIMALS: u32 = 6;
const MICRO: u32 = 10_u32.pow(DECIMALS);

/// A whole number.
pub(super) fn whole(number: impl Into<BigInt>) -> Exact {
    Exact { numer: number.into(), denom: BigInt::one() }
}

/// A decimal, exactly.
pub(super) fn exact(decimal: Decimal) -> Exact {
    Exact { numer: decimal.mantissa().into(), denom: power_of_ten(decimal.scale()) }
}

/// `part / all`; zero when `all` is zero.
pub(super) fn ratio(part: Nanos, all: Nanos) -> Exact {
    if all == Nanos::ZERO { Exact::zero() } else { Exact::new(part.0, all.0) }
}

/// 10 to the power of a decimal's scale.
fn power_of_ten(scale: u32) -> BigInt {
    10_u128.pow(scale).into()
}

impl Exact {
    /// `numer / denom`.
    ///
    /// # Panics
    /// If `denom` is zero.
    pub fn new(numer: impl Into<BigInt>, denom: impl Into<BigInt>) -> Self {
        let (numer, denom) = (numer.into(), denom.into());
        assert!(!denom.is_zero(), "a fraction has a denominator");
        if denom.is_negative() { Self { numer: -numer, denom: -denom } } else { Self { numer, denom } }
    }

    pub fn zero() -> Self {
        whole(0)
    }

    pub fn is_zero(&self) -> bool {
        self.numer.is_zero()
    }

    pub fn is_positive(&self) -> bool {
        self.numer.is_positive()
    }

    /// The whole number at or above it.
    pub fn ceil(&self) -> Self {
        whole(self.numer.div_ceil(&self.denom))
    }

    /// The whole number at or below it.
    pub fn floor(&self) -> BigInt {
        self.numer.div_floor(&self.denom)
    }

    /// Numerator and denominator as they are, the denominator positive.
    pub fn as_ratio(&self) -> (&BigInt, &BigInt) {
        (&self.numer, &self.denom)
    }

    /// Numerator and denominator in lowest terms.
    pub fn lowest_terms(&self) -> (BigInt, BigInt) {
        let common = self.numer.gcd(&self.denom);
        (&self.numer / &common, &self.denom / common)
    }

    fn plus(&self, other: &Self, sign: impl Fn(BigInt, BigInt) -> BigInt) -> Self {
        if self.denom == other.denom {
            return Self { numer: sign(self.numer.clone(), other.numer.clone()), denom: self.denom.clone() };
        }
        let numer = sign(&self.numer * &other.denom, &other.numer * &self.denom);
        let sum = Self { numer, denom: &self.denom * &other.denom };
        if self.denom.is_one() || other.denom.is_one() {
            return sum;
        }
        let (numer, denom) = sum.lowest_terms();
        Self { numer, denom }
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.denom == other.denom {
            self.numer.cmp(&other.numer)
        } else {
            (&self.numer * &other.denom).cmp(&(&other.numer * &self.denom))
        }
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Exact {}

/// An operator for values and references alike.
macro_rules! operator {
    ($operator:ident, $method:ident, $of:expr) => {
        impl $operator<&Exact> for &Exact {
            type Output = Exact;
            fn $method(self, other: &Exact) -> Exact {
                $of(self, other)
            }
        }
        impl $operator<Exact> for Exact {
            type Output = Exact;
            fn $method(self, other: Exact) -> Exact {
                $of(&self, &other)
            }
        }
        impl $operator<&Exact> for Exact {
            type Output = Exact;
            fn $method(self, other: &Exact) -> Exact {
                $of(&self, other)
            }
        }
        impl $operator<Exact> for &Exact {
            type Output = Exact;
            fn $method(self, other: Exact) -> Exact {
                $of(self, &other)
            }
        }
    };
}

operator!(Add, add, |a: &Exact, b: &Exact| a.plus(b, |a, b| a + b));
operator!(Sub, sub, |a: &Exact, b: &Exact| a.plus(b, |a, b| a - b));
operator!(Mul, mul, |a: &Exact, b: &Exact| Exact { numer: &a.numer * &b.numer, denom: &a.denom * &b.denom });
operator!(Div, div, |a: &Exact, b: &Exact| Exact::new(&a.numer * &b.denom, &a.denom * &b.numer));

impl AddAssign<&Exact> for Exact {
    fn add_assign(&mut self, other: &Exact) {
        if self.denom == other.denom { self.numer += &other.numer } else { *self = &*self + other }
    }
}

impl AddAssign for Exact {
    fn add_assign(&mut self, other: Exact) {
        *self += &other;
    }
}

impl SubAssign<&Exact> for Exact {
    fn sub_assign(&mut self, other: &Exact) {
        if self.denom == other.denom { self.numer -= &other.numer } else { *self = &*self - other }
    }
}

impl SubAssign for Exact {
    fn sub_assign(&mut self, other: Exact) {
        *self -= &other;
    }
}

impl<'a> Sum<&'a Exact> for Exact {
    fn sum<I: Iterator<Item = &'a Exact>>(mut all: I) -> Exact {
        let Some(mut sum) = all.next().cloned() else { return Exact::zero() };
        all.for_each(|one| sum += one);
        sum
    }
}

impl Sum for Exact {
    fn sum<I: Iterator<Item = Exact>>(mut all: I) -> Exact {
        let Some(mut sum) = all.next() else { return Exact::zero() };
        all.for_each(|one| sum += one);
        sum
    }
}

/// Rounds half to even at [`DECIMALS`]; none when the number is larger than a decimal can hold.
pub(super) fn rounded(number: &Exact) -> Option<Decimal> {
    rounded_ratio(&(&number.numer * MICRO), &number.denom)
}

/// `a x b`, rounded in the same way.
pub(super) fn product(a: Decimal, b: Decimal) -> Option<Decimal> {
    let units = BigInt::from(a.mantissa()) * b.mantissa() * MICRO;
    rounded_ratio(&units, &(power_of_ten(a.scale()) * power_of_ten(b.scale())))
}

/// `decimal x fraction`, rounded in the same way.
pub(super) fn share(decimal: Decimal, fraction: &Exact) -> Option<Decimal> {
    rounded(&(exact(decimal) * fraction))
}

/// `units / denominator` in the last decimal.
fn rounded_ratio(units: &BigInt, denominator: &BigInt) -> Option<Decimal> {
    let (mut quotient, rest) = units.div_mod_floor(denominator);
    let twice: BigInt = rest * 2;
    if twice > *denominator || (twice == *denominator && quotient.is_odd()) {
        quotient += 1;
    }
    let units = i128::try_from(quotient).ok()?;
    Some(Decimal::try_from_i128_with_scale(units, DECIMALS).ok()?.normalize())
}

/// The larger of `number` and zero.
pub(super) fn at_least_zero(number: Exact) -> Exact {
    if number.numer.is_negative() { Exact::zero() } else { number }
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
        let third = Exact::new(1, 3);
        assert_eq!(rounded(&(&third + &third + &third)).unwrap(), Decimal::ONE);
        assert_eq!(rounded(&third).unwrap().to_string(), "0.333333");
        assert!(rounded(&whole(u128::MAX)).is_none());
    }
    #[test]
    fn one_number_is_one_number_however_it_is_written() {
        let (half, two_quarters) = (Exact::new(1, 2), Exact::new(-2, -4));
        assert_eq!(half, two_quarters);
        assert_eq!(two_quarters.lowest_terms(), (1.into(), 2.into()));
        assert!(Exact::new(2, 6) < half && half > Exact::zero());
        assert_eq!(&half + &two_quarters, whole(1));
        assert_eq!(&half - &Exact::new(1, 3), Exact::new(1, 6));
        assert_eq!(&half / &two_quarters, whole(1));
        assert_eq!((Exact::new(-7, 2).ceil(), Exact::new(-7, 2).floor()), (whole(-3), (-4).into()));
        assert_eq!([half, two_quarters, Exact::new(1, 3)].iter().sum::<Exact>(), Exact::new(4, 3));
    }
}
