//! Numbers for people: scaled units, and never more digits than the interval supports.
//!
//! Imports `units`, the kernel's estimates and the result's [`Interval`]. Files never use these forms.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::experiment::result::Interval;
use crate::kernel::estimate::HALF_OF_95;
use crate::units::grouped;

/// What is printed where there is no figure.
pub const NOTHING: &str = "–";

/// Most places behind the decimal point.
const MOST_PLACES: i32 = 12;
/// Relative to their size, ends of an interval that differ by no more than this are equal.
const ROUNDING_ERROR: f64 = 1e-9;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit<'a> {
    /// Milliseconds, printed as ms or s.
    Millis,
    /// Money of this ISO code, two decimals.
    Money(&'a str),
    /// A share, printed in percent.
    Share,
    /// A plain number, printed with k or M when large.
    Count,
    /// Per second.
    Rate,
}

/// A number and its interval as text, both in the unit that the number ends in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// `312 ms`.
    pub value: String,
    /// `[300, 325]`; empty without an interval.
    pub interval: String,
}

impl Printed {
    /// Both on one line.
    pub fn line(&self) -> String {
        if self.interval.is_empty() { self.value.clone() } else { format!("{} {}", self.value, self.interval) }
    }
}

/// Prints an estimate.
pub fn estimate(value: Option<f64>, ci95: Option<Interval>, unit: Unit<'_>) -> Printed {
    let Some(value) = value.filter(|value| value.is_finite()) else {
        return Printed { value: NOTHING.to_owned(), interval: String::new() };
    };
    let ci95 = ci95.filter(|ci| ci.low.is_finite() && ci.high.is_finite());
    let (factor, suffix) = scale(value, unit);
    let default = default_places(value * factor, unit);
    // Nobody pays fractions of a cent, once there are some.
    let in_cents = matches!(unit, Unit::Money(_)) && value.abs() >= 1.0;
    let places = ci95.map_or(default, |ci| {
        let places = supported_places(ci.half_width() * factor).min(default);
        if in_cents { places } else { told_apart(ci, factor, places) }
    });
    let end = |end: f64| rounded(end * factor, places.max(places_of_end(end * factor, places)));
    let interval = ci95.map_or_else(String::new, |ci| format!("[{}, {}]", end(ci.low), end(ci.high)));
    Printed { value: format!("{}{suffix}", rounded(value * factor, places)), interval }
}

/// Prints a number without an interval.
pub fn plain(value: f64, unit: Unit<'_>) -> String {
    estimate(Some(value), None, unit).value
}

/// Prints an exact whole number.
pub fn whole(value: u64) -> String {
    grouped(&value.to_string())
}

/// Prints money that is known to this half-width; what is too small for that is told as such.
pub fn money(amount: Decimal, half_width: f64, currency: &str) -> String {
    let amount = amount.to_f64().unwrap_or(f64::NAN);
    let places = supported_places(half_width).min(default_places(amount, Unit::Money(currency)));
    format!("{} {currency}", no_finer(amount, places))
}

/// Prints a quantity that is known to this half-width, thousands separated, without trailing zeros.
pub fn quantity(value: Decimal, half_width: f64) -> String {
    let full = value.normalize();
    let places = supported_places(half_width);
    if places >= i32::try_from(full.scale()).unwrap_or(MOST_PLACES) {
        exact(full)
    } else {
        no_finer(full.to_f64().unwrap_or(f64::NAN), places)
    }
}

/// Prints the mean of `replications` counts that are `sum` together. They vary as much as those of events that come independently, a
/// Poisson law, at the least, and where the requests vary more, by as large a share as these.
pub fn counted(sum: u64, replications: u32, share_of_requests: f64) -> String {
    printed_count(sum as f64 / f64::from(replications.max(1)), sum, share_of_requests, Unit::Count)
}

/// Prints which share `part` is of `whole`; it varies as a Poisson law does.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 { NOTHING.to_owned() } else { printed_count(part as f64 / whole as f64, part, 0.0, Unit::Share) }
}

/// Prints a share in percent that is known to this half-width, to whole percents at most.
pub fn percent(share: f64, half_width: f64) -> String {
    format!("{} %", no_finer(share * 100.0, supported_places(half_width * 100.0).min(0)))
}

/// What comes of so many events, of which at least this share is chance.
fn printed_count(value: f64, events: u64, least: f64, unit: Unit<'_>) -> String {
    let chance = HALF_OF_95 / (events.max(1) as f64).sqrt();
    let half_width = chance.max(least) * value;
    let (factor, suffix) = scale(value, unit);
    let places = supported_places(half_width * factor).min(default_places(value * factor, unit));
    format!("{}{suffix}", rounded(value * factor, places))
}

/// A value to so many places, or that it is smaller than their unit.
fn no_finer(value: f64, places: i32) -> String {
    let text = rounded(value, places);
    if value == 0.0 || text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        return text;
    }
    let unit = rounded(libm::pow(10.0, f64::from(-places)), places);
    if value > 0.0 { format!("< {unit}") } else { format!("> \u{2212}{unit}") }
}

/// Prints an exact decimal in full, thousands separated, without trailing zeros.
pub fn exact(value: Decimal) -> String {
    grouped(&value.normalize().to_string())
}

/// Prints a span of `seconds` as days, hours, minutes or seconds.
pub fn span(seconds: f64) -> String {
    crate::units::Nanos::from_seconds(seconds).to_string()
}

/// Places of an end of an interval that would be rounded to zero, which would hide on which side of zero it lies: those of
/// its first digit. Only the end has them; the value is known no better for it.
fn places_of_end(end: f64, places: i32) -> i32 {
    let hidden = end != 0.0 && end.abs() * libm::pow(10.0, f64::from(places)) < 0.5;
    if hidden { significant_places(end, 1) } else { places }
}

/// More places where the ends would print the same although they differ: that would claim to know the value exactly.
/// Ends that differ by rounding errors alone do not.
fn told_apart(ci95: Interval, factor: f64, places: i32) -> i32 {
    let (low, high) = (ci95.low * factor, ci95.high * factor);
    if high - low <= ROUNDING_ERROR * low.abs().max(high.abs()) {
        return places;
    }
    (places..=MOST_PLACES).find(|&places| rounded(low, places) != rounded(high, places)).unwrap_or(places)
}

/// Places behind the decimal point (negative: before it) that an interval of this half-width supports: to the first
/// significant digit of the half-width, and one further when that digit is a 1 or a 2.
fn supported_places(half_width: f64) -> i32 {
    if half_width <= 0.0 {
        return i32::MAX;
    }
    let exponent = half_width.log10().floor();
    let leading = half_width / 10f64.powf(exponent);
    #[allow(clippy::cast_possible_truncation)] // the exponent of an f64 fits an i32
    let places = -(exponent as i32);
    if leading < 3.0 { places + 1 } else { places }
}

/// Places that are printed without an interval: cents, else three significant digits.
fn default_places(scaled: f64, unit: Unit<'_>) -> i32 {
    match unit {
        Unit::Money(_) if scaled == 0.0 || scaled.abs() >= 0.01 => 2,
        Unit::Money(_) => significant_places(scaled, 2),
        // 99.94 % is told by its distance from 100 %.
        Unit::Share if scaled > 50.0 && scaled < 100.0 => significant_places(100.0 - scaled, 3).max(1),
        Unit::Count | Unit::Rate if scaled.abs() >= 100.0 => 0,
        _ => significant_places(scaled, 3),
    }
}

fn significant_places(value: f64, digits: i32) -> i32 {
    if value == 0.0 {
        return 0;
    }
    #[allow(clippy::cast_possible_truncation)] // the exponent of an f64 fits an i32
    let magnitude = value.abs().log10().floor() as i32;
    (digits - 1 - magnitude).max(0)
}

fn scale(value: f64, unit: Unit<'_>) -> (f64, String) {
    let size = value.abs();
    match unit {
        Unit::Millis if size >= 1_000.0 => (1e-3, " s".to_owned()),
        Unit::Millis => (1.0, " ms".to_owned()),
        Unit::Money(currency) => (1.0, format!(" {currency}")),
        Unit::Share => (100.0, " %".to_owned()),
        Unit::Rate if size >= 10_000.0 => (1e-3, " k/s".to_owned()),
        Unit::Rate => (1.0, "/s".to_owned()),
        Unit::Count if size >= 1e6 => (1e-6, " M".to_owned()),
        Unit::Count if size >= 1e5 => (1e-3, " k".to_owned()),
        Unit::Count => (1.0, String::new()),
    }
}

/// `value` rounded to `places`, thousands separated, never a negative zero.
fn rounded(value: f64, places: i32) -> String {
    let places = places.clamp(-300, MOST_PLACES);
    let text = if places >= 0 {
        format!("{value:.*}", places.unsigned_abs() as usize)
    } else {
        let step = 10f64.powi(-places);
        format!("{:.0}", (value / step).round() * step)
    };
    let text =
        if text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { &text } else { text.trim_start_matches('-') };
    grouped(text).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(value: f64, low: f64, high: f64, unit: Unit<'_>) -> String {
        estimate(Some(value), Some(Interval { low, high }), unit).line()
    }

    #[test]
    fn digits_end_where_the_interval_begins() {
        assert_eq!(of(2_134.567, 2_100.2, 2_168.9, Unit::Money("USD")), "2,130 USD [2,100, 2,170]");
        assert_eq!(of(312.44, 311.2, 313.6, Unit::Millis), "312 ms [311, 314]");
        assert_eq!(of(0.3141, 0.28, 0.34, Unit::Share), "31 % [28, 34]");
        assert_eq!(of(-0.3141, -0.34, -0.28, Unit::Share), "−31 % [−34, −28]");
        assert_eq!(of(46.0, -3.0, 95.0, Unit::Millis), "50 ms [−3, 100]");
        assert_eq!(of(0.999_386, 0.999_3, 0.999_47, Unit::Share), "99.939 % [99.930, 99.947]");
        assert_eq!(of(12.0, 12.0, 12.0, Unit::Money("USD")), "12.00 USD [12.00, 12.00]");
    }

    #[test]
    fn ends_that_differ_print_as_ends_that_differ() {
        assert_eq!(of(262.07, 261.55, 262.40, Unit::Millis), "262.1 ms [261.6, 262.4]");
        assert_eq!(of(0.0113, 0.0111, 0.0114, Unit::Money("USD")), "0.0113 USD [0.0111, 0.0114]");
        assert_eq!(of(2.951, 2.9492, 2.9528, Unit::Money("USD")), "2.95 USD [2.95, 2.95]");
        assert_eq!(of(3.0, 3.0 - 1e-12, 3.0 + 1e-12, Unit::Count), "3.00 [3.00, 3.00]");
        assert_eq!(of(0.0, 0.0, 0.0, Unit::Millis), "0 ms [0, 0]");
    }

    #[test]
    fn without_an_interval_three_digits_and_cents() {
        assert_eq!(plain(1_234.5, Unit::Millis), "1.23 s");
        assert_eq!(plain(12.345, Unit::Millis), "12.3 ms");
        assert_eq!(plain(1_234.5, Unit::Money("USD")), "1,234.50 USD");
        assert_eq!(plain(0.004_56, Unit::Money("USD")), "0.0046 USD");
        assert_eq!(plain(1_234_567.0, Unit::Count), "1.23 M");
        assert_eq!(plain(12_345.0, Unit::Count), "12,345");
        assert_eq!(plain(0.0, Unit::Share), "0 %");
    }

    #[test]
    fn no_number_is_no_number() {
        assert_eq!(estimate(None, None, Unit::Share).line(), NOTHING);
        assert_eq!(estimate(Some(f64::NAN), None, Unit::Share).line(), NOTHING);
        assert_eq!(plain(-0.000_01, Unit::Money("USD")), "−0.000010 USD");
        assert_eq!(rounded(-0.001, 2), "0.00");
    }

    /// The unit of the last digit that is printed: `2,130 USD` may end at the tens, so a text of whole numbers has the
    /// unit of its last digit that is not a zero.
    fn finest(text: &str) -> f64 {
        let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
        match digits.split_once('.') {
            Some((_, places)) => 10f64.powi(-i32::try_from(places.len()).unwrap()),
            None => 10f64.powi(i32::try_from(digits.len() - digits.trim_end_matches('0').len()).unwrap()),
        }
    }

    proptest! {
        /// The rule: the last digit stands where the first digit of the half-width does, or one behind it where that is a
        /// 1 or a 2. The half-width is then less than thirty units of the last digit.
        #[test]
        fn no_digit_is_finer_than_the_interval(
            value in -1e6..1e6_f64,
            size in -6.0..6.0_f64,
            off in -0.99..0.99_f64,
            unit in prop_oneof![
                Just(Unit::Millis), Just(Unit::Money("USD")), Just(Unit::Share), Just(Unit::Count), Just(Unit::Rate)
            ],
        ) {
            let half_width = 10f64.powf(size);
            let interval = Interval { low: value + (off - 1.0) * half_width, high: value + (off + 1.0) * half_width };
            let (factor, suffix) = scale(value, unit);
            let text = estimate(Some(value), Some(interval), unit).value;
            let digits = text.strip_suffix(suffix.as_str()).unwrap();
            // A value that rounds to zero ends anywhere.
            prop_assume!(digits.bytes().any(|byte| (b'1'..=b'9').contains(&byte)));
            prop_assert!(finest(digits) * 30.0 >= half_width * factor * (1.0 - 1e-9), "{text} of {interval:?}");
        }

        #[test]
        fn no_money_is_finer_than_its_half_width(cents in 1..100_000_000_i64, size in -3.0..4.0_f64) {
            let half_width = 10f64.powf(size);
            let text = money(Decimal::new(cents, 2), half_width, "USD");
            let digits = text.trim_start_matches("< ").strip_suffix(" USD").unwrap();
            prop_assert!(digits.bytes().any(|byte| (b'1'..=b'9').contains(&byte)), "{text} says nothing");
            prop_assert!(finest(digits) * 30.0 >= half_width * (1.0 - 1e-9), "{text} of {half_width}");
        }
    }

    #[test]
    fn money_quantities_and_counts_end_where_what_is_known_of_them_does() {
        let of = |amount: &str, half_width| money(amount.parse().unwrap(), half_width, "USD");
        assert_eq!([of("814.37", 35.0), of("73", 0.0), of("3.2", 35.0)], ["810 USD", "73.00 USD", "< 10 USD"]);
        assert_eq!([of("814.37", 0.0), of("0", 35.0)], ["814.37 USD", "0 USD"]);
        let of = |half_width| quantity("1234567.333333".parse().unwrap(), half_width);
        assert_eq!([of(1_350.0), of(4_000.0), of(0.0)], ["1,234,600", "1,235,000", "1,234,567.333333"]);
        // 107 events in three runs: 36 of each, give or take 7.
        assert_eq!(counted(107, 3, 0.0), "36");
        assert_eq!(counted(42_336_000, 7, 0.0), "6.05 M");
        assert_eq!([counted(87_066, 3, 0.0), counted(87_066, 3, 0.15)], ["29,020", "29,000"]);
        assert_eq!([share(4, 1_000), share(0, 1_000), share(0, 0)], ["0.4 %", "0 %", NOTHING]);
        assert_eq!(counted(0, 5, 0.0), "0");
    }

    #[test]
    fn percents_are_whole_at_most() {
        assert_eq!([percent(0.4321, 0.0), percent(0.4321, 0.004), percent(0.4321, 0.07)], ["43 %", "43 %", "43 %"]);
        assert_eq!([percent(0.4321, 0.4), percent(0.04, 0.4)], ["40 %", "< 10 %"]);
    }

    #[test]
    fn an_end_near_zero_keeps_its_side() {
        assert_eq!(of(3.0, 0.02, 5.98, Unit::Count), "3.0 [0.02, 6.0]");
        assert_eq!(of(46.0, -0.4, 92.4, Unit::Millis), "50 ms [−0.4, 90]");
    }
}
