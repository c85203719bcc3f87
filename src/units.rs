//! Units as types: instants and spans of time, event rates, sizes and money.
//!
//! Owns conversion and human formatting; imports nothing of the crate. Machine files never use the human forms.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Nanoseconds: an instant (since the start of the warm-up) or a span. The largest value stands for "never".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Nanos(pub u64);

impl Nanos {
    /// The beginning of time, and the empty span.
    pub const ZERO: Self = Self(0);
    /// An instant that does not come.
    pub const NEVER: Self = Self(u64::MAX);
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);
    /// One hour.
    pub const HOUR: Self = Self(3_600 * 1_000_000_000);

    /// The nearest nanosecond to `seconds`; negative and NaN become zero, too large becomes [`Nanos::NEVER`].
    #[must_use]
    pub fn from_seconds(seconds: f64) -> Self {
        // A float to integer cast saturates and takes NaN to zero, which is what is promised.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Self((seconds * 1e9).round() as u64)
    }

    /// This span in seconds.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// This span in milliseconds.
    #[must_use]
    pub fn millis(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The sum, or [`Nanos::NEVER`] where it would overflow.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or zero where it would be negative.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Nanos {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Nanos {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl fmt::Display for Nanos {
    /// The scenario language's own form with at most three units: `1h 30m`, `250ms`, `7d`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 7] = [
            (86_400_000_000_000, "d"),
            (3_600_000_000_000, "h"),
            (60_000_000_000, "m"),
            (1_000_000_000, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
            (1, "ns"),
        ];
        if *self == Self::NEVER {
            return f.write_str("none");
        }
        let mut rest = self.0;
        let mut written = 0;
        for (size, unit) in UNITS {
            let count = rest / size;
            if count > 0 && written < 3 {
                if written > 0 {
                    f.write_str(" ")?;
                }
                write!(f, "{count}{unit}")?;
                rest -= count * size;
                written += 1;
            }
        }
        if written == 0 { f.write_str("0s") } else { Ok(()) }
    }
}

/// Events per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Rate(pub f64);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", significant(self.0, 4))
    }
}

/// A size in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bytes(pub u64);

impl Bytes {
    /// One MiB.
    pub const MIB: u64 = 1 << 20;

    /// This size in MiB.
    #[must_use]
    pub fn mib(self) -> f64 {
        self.0 as f64 / Self::MIB as f64
    }

    /// Whole MiB, rounded up.
    #[must_use]
    pub const fn mib_ceil(self) -> u64 {
        self.0.div_ceil(Self::MIB)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        for (size, unit) in UNITS {
            if self.0 >= size {
                return write!(f, "{}{unit}", significant(self.0 as f64 / size as f64, 4));
            }
        }
        write!(f, "{}B", self.0)
    }
}

/// US dollars, exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Usd(pub Decimal);

impl fmt::Display for Usd {
    /// Dollars and cents with thousands separated, for people: `1,234.50 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        write!(f, "{} USD", grouped(&format!("{cents:.2}")))
    }
}

/// `value` with about `digits` significant digits and no trailing zeros, thousands separated.
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    #[allow(clippy::cast_possible_truncation)] // log10 of a finite f64 fits an i64
    let magnitude = value.abs().log10().floor() as i64;
    let wanted = i64::try_from(digits).unwrap_or(12) - 1 - magnitude;
    let decimals = usize::try_from(wanted.clamp(0, 12)).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    grouped(text)
}

/// An estimate to two digits, its thousands separated: more digits would claim too much.
#[must_use]
pub fn rounded(value: f64) -> String {
    let unit = libm::pow(10.0, value.log10().floor() - 1.0).max(1.0);
    grouped(&format!("{:.0}", (value / unit).round() * unit))
}

/// Separates the thousands of a plain decimal number.
#[must_use]
pub fn grouped(number: &str) -> String {
    let (sign, rest) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(w, f)| (w, Some(f)));
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_print_in_the_language_of_scenarios() {
        assert_eq!(Nanos(5_400_000_000_000).to_string(), "1h 30m");
        assert_eq!(Nanos(250_000_000).to_string(), "250ms");
        assert_eq!(Nanos::ZERO.to_string(), "0s");
        assert_eq!(Nanos::NEVER.to_string(), "none");
    }

    #[test]
    fn seconds_saturate() {
        assert_eq!(Nanos::from_seconds(-1.0), Nanos::ZERO);
        assert_eq!(Nanos::from_seconds(f64::NAN), Nanos::ZERO);
        assert_eq!(Nanos::from_seconds(1e300), Nanos::NEVER);
        assert_eq!(Nanos::from_seconds(1.5), Nanos(1_500_000_000));
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!(significant(1_234_567.0, 4), "1,234,567");
        assert_eq!(significant(0.012_345, 3), "0.0123");
        assert_eq!(grouped("-1234.5"), "-1,234.5");
        assert_eq!(Bytes(512 << 20).to_string(), "512MiB");
        assert_eq!(Usd(Decimal::new(123_450, 2)).to_string(), "1,234.50 USD");
    }
}
