//! The values of the language: durations, rates, growth, sizes, money, shares. Text in, base units out, exactly.
//!
//! Every reader says in its error what it could not read; what would be right (with an example) is the kind's own
//! sentence in [`super::grammar`].

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::units::{Bytes, Nanos};

/// Longest duration: 100 years of 365.25 days, so that sums of several stay far below 2^64 ns (584 years).
pub const LONGEST: Nanos = Nanos(36_525 * 86_400 * Nanos::SECOND.0);

/// Largest size: 2^60 bytes (1 EiB).
pub const LARGEST: Bytes = Bytes(1 << 60);

/// Largest rate: 10^12 per second.
pub const FASTEST: f64 = 1e12;

const DURATIONS: [(&str, u64); 10] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

const SIZES: [(&str, u64); 10] = [
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

const PERIODS: [(&str, u64); 4] = [("s", 1), ("min", 60), ("h", 3_600), ("day", 86_400)];

const NEGATIVE: &str = "negative";

/// Reads `"15ms"`, `"1h 30m"`, `"7d"`.
///
/// # Errors
/// No number, an unknown unit, finer than 1 ns, negative, or longer than [`LONGEST`].
pub fn duration(text: &str) -> Result<Nanos, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("empty".to_owned());
    }
    let mut total = Decimal::ZERO;
    while !rest.is_empty() {
        let (number, after) = leading_number(rest)?;
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let size = unit_of(unit, &DURATIONS)?;
        if number.is_sign_negative() && !number.is_zero() {
            return Err(NEGATIVE.to_owned());
        }
        total = number
            .checked_mul(Decimal::from(size))
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| "longer than 100 years".to_owned())?;
        rest = after.trim_start();
    }
    if !total.fract().is_zero() {
        return Err("finer than 1ns".to_owned());
    }
    total.to_u64().map(Nanos).filter(|&nanos| nanos <= LONGEST).ok_or_else(|| "longer than 100 years".to_owned())
}

/// Reads `"120/s"`, `"7200/min"`, `"1.5M/day"` as events per second.
///
/// # Errors
/// No number, an unknown period, negative, or above [`FASTEST`].
pub fn rate(text: &str) -> Result<f64, String> {
    let (count, period) = text.trim().split_once('/').ok_or("no `/s`, `/min`, `/h` or `/day`")?;
    let count = counted(count.trim())?;
    let seconds = unit_of(period.trim(), &PERIODS)?;
    if count.is_sign_negative() && !count.is_zero() {
        return Err(NEGATIVE.to_owned());
    }
    let per_second = count.to_f64().unwrap_or(f64::INFINITY) / seconds as f64;
    if per_second > FASTEST { Err("faster than 1000G/s".to_owned()) } else { Ok(per_second) }
}

/// Reads `"20%/year"` as the yearly relative change, 0.2.
///
/// # Errors
/// Not of that form, not above -100 %, or above 1 000 000 %.
pub fn growth(text: &str) -> Result<f64, String> {
    let share = text.trim().strip_suffix("/year").ok_or("no `/year`")?;
    let percent = share.trim_end().strip_suffix('%').ok_or("no `%`")?;
    let percent = decimal(percent.trim_end())?;
    if percent <= -Decimal::ONE_HUNDRED || percent > Decimal::from(1_000_000) {
        return Err("allowed: above -100%/year, up to 1000000%/year".to_owned());
    }
    Ok((percent / Decimal::ONE_HUNDRED).to_f64().unwrap_or(0.0))
}

/// Reads `"512MiB"`, `"1GB"`, `"0B"`.
///
/// # Errors
/// No number, an unknown unit, a part of a byte, negative, or above [`LARGEST`].
pub fn size(text: &str) -> Result<Bytes, String> {
    let (number, unit) = leading_number(text.trim())?;
    let unit = unit_of(unit.trim(), &SIZES)?;
    if number.is_sign_negative() && !number.is_zero() {
        return Err(NEGATIVE.to_owned());
    }
    let bytes = number.checked_mul(Decimal::from(unit)).ok_or("larger than 2^60 bytes")?;
    if !bytes.fract().is_zero() {
        return Err("not a whole number of bytes".to_owned());
    }
    bytes.to_u64().map(Bytes).filter(|&bytes| bytes <= LARGEST).ok_or_else(|| "larger than 2^60 bytes".to_owned())
}

/// Reads `"12.50 USD"`.
///
/// # Errors
/// No number, no `USD`, negative, or more digits than an exact decimal holds.
pub fn money(text: &str) -> Result<Decimal, String> {
    let number = text.trim().strip_suffix("USD").ok_or("no `USD`")?;
    let number = number.trim_end();
    let amount = decimal(number)?;
    // Never rounded: a price of many places would become another one, or nothing.
    if Decimal::from_str_exact(number).is_err() {
        return Err(TOO_LONG.replace("{}", number));
    }
    if amount.is_sign_negative() && !amount.is_zero() { Err(NEGATIVE.to_owned()) } else { Ok(amount) }
}

const TOO_LONG: &str = "`{}` has more digits than an exact decimal holds";

/// Reads the price `"0.20 USD/1M"` or `"0.12 USD"` as (amount, for how many units). `/GB` and other sizes count bytes.
///
/// # Errors
/// As [`money`]; and when what follows the `/` is not a positive count or a size.
pub fn price(text: &str) -> Result<(Decimal, Decimal), String> {
    let Some((amount, per)) = text.split_once('/') else {
        return Ok((money(text)?, Decimal::ONE));
    };
    let amount = money(amount)?;
    let per = per.trim();
    let units = match SIZES.iter().find(|(name, _)| *name == per) {
        Some((_, bytes)) => Decimal::from(*bytes),
        None => counted(per)?,
    };
    if units <= Decimal::ZERO { Err("not for a positive number of units".to_owned()) } else { Ok((amount, units)) }
}

/// Reads `"95%"` as 0.95.
///
/// # Errors
/// No number or no `%`. Any range is for the caller.
pub fn share(text: &str) -> Result<f64, String> {
    let percent = text.trim().strip_suffix('%').ok_or("no `%`")?;
    let share = decimal(percent.trim_end())?.checked_div(Decimal::ONE_HUNDRED).unwrap_or_default();
    Ok(share.to_f64().unwrap_or(0.0))
}

/// A number with an optional `k`, `M` or `G`: `1.5M`.
fn counted(text: &str) -> Result<Decimal, String> {
    let (number, factor) = match text.as_bytes().last() {
        Some(b'k') => (&text[..text.len() - 1], 1_000_u64),
        Some(b'M') => (&text[..text.len() - 1], 1_000_000),
        Some(b'G') => (&text[..text.len() - 1], 1_000_000_000),
        _ => (text, 1),
    };
    decimal(number)?.checked_mul(Decimal::from(factor)).ok_or_else(|| "number too large".to_owned())
}

fn decimal(text: &str) -> Result<Decimal, String> {
    if text.is_empty() {
        return Err("no number".to_owned());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = unsigned.bytes().filter(u8::is_ascii_digit).count();
    let points = unsigned.bytes().filter(|&byte| byte == b'.').count();
    if digits == 0 || points > 1 || digits + points < unsigned.len() {
        return Err(format!("`{text}` is not a number"));
    }
    text.parse::<Decimal>().map_err(|_| TOO_LONG.replace("{}", text))
}

/// Splits the number off the front of `text`.
fn leading_number(text: &str) -> Result<(Decimal, &str), String> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    if number.is_empty() {
        return Err(format!("`{text}` does not start with a number"));
    }
    Ok((decimal(number)?, rest.trim_start()))
}

fn unit_of(unit: &str, units: &[(&str, u64)]) -> Result<u64, String> {
    units.iter().find(|(name, _)| *name == unit).map(|&(_, size)| size).ok_or_else(|| {
        let mut names: Vec<&str> = Vec::new();
        for (index, &(name, size)) in units.iter().enumerate() {
            if !units[..index].iter().any(|&(_, earlier)| earlier == size) {
                names.push(name);
            }
        }
        let names = names.join(", ");
        if unit.is_empty() { format!("no unit ({names})") } else { format!("unknown unit `{unit}` ({names})") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations() {
        assert_eq!(duration("15ms"), Ok(Nanos(15_000_000)));
        assert_eq!(duration("1h 30m"), Ok(Nanos(5_400 * 1_000_000_000)));
        assert_eq!(duration("1h30m"), duration("1.5h"));
        assert_eq!(duration("7d"), Ok(Nanos(168 * Nanos::HOUR.0)));
        assert_eq!(duration("0s"), Ok(Nanos::ZERO));
        assert_eq!(duration("36525d"), Ok(LONGEST));
        assert!(duration("36526d").unwrap_err().contains("100 years"));
        assert!(duration("1e300s").is_err());
        assert!(duration("15").unwrap_err().starts_with("no unit (ns, us, ms, s, m, h, d, w)"));
        assert!(duration("15 sec").unwrap_err().starts_with("unknown unit `sec`"));
        assert_eq!(duration("-1s"), Err(NEGATIVE.to_owned()));
        assert_eq!(duration("0.5ns"), Err("finer than 1ns".to_owned()));
    }

    #[test]
    fn rates_growth_and_shares() {
        assert_eq!(rate("120/s"), Ok(120.0));
        assert_eq!(rate("7200/min"), Ok(120.0));
        assert_eq!(rate("1.5M/day"), Ok(1_500_000.0 / 86_400.0));
        assert_eq!(rate("-5/s"), Err(NEGATIVE.to_owned()));
        assert!(rate("5").is_err() && rate("5/week").is_err() && rate("2000G/s").is_err() && rate("/s").is_err());
        assert_eq!(growth("20%/year"), Ok(0.2));
        assert_eq!(growth("-50 %/year"), Ok(-0.5));
        assert!(growth("20%").is_err() && growth("-100%/year").is_err());
        assert_eq!(share("99.9%"), Ok(0.999));
    }

    #[test]
    fn sizes_and_money() {
        assert_eq!(size("512MiB"), Ok(Bytes(512 << 20)));
        assert_eq!(size("1GB"), Ok(Bytes(1_000_000_000)));
        assert_eq!(size("1.5KiB"), Ok(Bytes(1536)));
        assert!(size("512mb").is_err() && size("0.5B").is_err() && size("2000000TiB").is_err());
        assert_eq!(money("12.50 USD"), Ok(Decimal::new(1250, 2)));
        assert!(money("12.50").is_err() && money("-1 USD").is_err() && money("12.50 EUR").is_err());
        assert_eq!(price("0.20 USD/1M"), Ok((Decimal::new(20, 2), Decimal::from(1_000_000))));
        assert_eq!(price("0.09 USD/GB"), Ok((Decimal::new(9, 2), Decimal::from(1_000_000_000))));
        assert!(price("0.2 USD/0").is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(nanos in 0_u64..=999_999_999) {
            // At most three units are printed, so only spans below a second print in full.
            prop_assert_eq!(duration(&Nanos(nanos).to_string()), Ok(Nanos(nanos)));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = (duration(&text), rate(&text), growth(&text), size(&text), money(&text), price(&text), share(&text));
        }
    }
}
