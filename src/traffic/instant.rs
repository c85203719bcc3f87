//! Instants as files write them, in nanoseconds since 1970.

use jiff::tz::TimeZone;

/// RFC 3339, a naive `2014-04-10 00:04:00` (or with slashes) on the wall clock of `timezone`, or an epoch in seconds,
/// milliseconds, microseconds or nanoseconds, told by magnitude.
pub(super) fn instant(text: &str, timezone: &TimeZone) -> Option<i128> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'))
        && text.matches('-').count() < 2
    {
        return epoch(text);
    }
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.as_nanosecond());
    }
    let naive: jiff::civil::DateTime = text.replace('/', "-").parse().ok()?;
    Some(timezone.to_timestamp(naive).ok()?.as_nanosecond())
}

/// An epoch by its magnitude: seconds until the year 5138, then milliseconds, microseconds and nanoseconds.
pub(super) fn epoch(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i128 = whole.parse().ok()?;
    let scale: i128 = match number.unsigned_abs() {
        0..100_000_000_000 => 1_000_000_000,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        100_000_000_000_000_000..10_000_000_000_000_000_000 => 1,
        _ => return None,
    };
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let part = digits.parse::<i128>().ok()? * scale / 1_000_000_000;
    Some(number * scale + if text.starts_with('-') { -part } else { part })
}

/// The instant for messages, as RFC 3339.
pub(super) fn shown(at: i128) -> String {
    jiff::Timestamp::from_nanosecond(at).map_or_else(|_| format!("{at} ns"), |instant| instant.to_string())
}

/// At most the first 40 characters, for messages.
pub(super) fn brief(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}
