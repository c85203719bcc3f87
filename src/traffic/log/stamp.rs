//! Stamps of logs, read byte by byte: the stamp of the common log format, RFC 3339, and durations in decimals. All in
//! nanoseconds; instants since 1970.

use jiff::tz::TimeZone;

const SECOND: i64 = 1_000_000_000;

/// `17/May/2015:10:05:03 +0000`; without an offset on the wall clock of `timezone`. With the bytes that it takes.
pub(super) fn common(text: &[u8], timezone: &TimeZone) -> Option<(i64, usize)> {
    if text.len() < 20 || text[2] != b'/' || text[6] != b'/' || text[11] != b':' {
        return None;
    }
    let month = match &text[3..6] {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    };
    let days = days(digits(&text[7..11])?, month, digits(&text[..2])?)?;
    let local = days * 86_400 + time(&text[12..20])?;
    if text.len() >= 26 && text[20] == b' ' {
        let offset = offset(text[21], &text[22..24], &text[24..26])?;
        return Some(((local - offset).checked_mul(SECOND)?, 26));
    }
    Some((naive(local, timezone)?, 20))
}

/// `2014-04-10T00:04:00.123456Z`, or with an offset, or a space for the T; without an offset on the wall clock of
/// `timezone`. All of `text`.
pub(super) fn rfc3339(text: &[u8], timezone: &TimeZone) -> Option<i64> {
    if text.len() < 19 || text[4] != b'-' || text[7] != b'-' || !matches!(text[10], b'T' | b't' | b' ') {
        return None;
    }
    let days = days(digits(&text[..4])?, digits(&text[5..7])?, digits(&text[8..10])?)?;
    let local = days * 86_400 + time(&text[11..19])?;
    let (mut fraction, mut rest) = (0, &text[19..]);
    if let Some(decimals) = rest.strip_prefix(b".") {
        let length = decimals.iter().take_while(|byte| byte.is_ascii_digit()).count();
        fraction = nanos_of(&decimals[..length])?;
        rest = &decimals[length..];
    }
    let seconds = match rest {
        b"Z" | b"z" => local,
        [sign, h1, h2, b':', m1, m2] | [sign, h1, h2, m1, m2] => local - offset(*sign, &[*h1, *h2], &[*m1, *m2])?,
        [] => return naive(local, timezone)?.checked_add(fraction),
        _ => return None,
    };
    seconds.checked_mul(SECOND)?.checked_add(fraction)
}

/// Seconds with decimals (`0.182`), not negative, in nanoseconds.
pub(super) fn seconds(text: &[u8]) -> Option<i64> {
    let point = memchr::memchr(b'.', text).unwrap_or(text.len());
    let (whole, decimals) = (&text[..point], text.get(point + 1..).unwrap_or(b""));
    if whole.is_empty() || whole.len() > 10 {
        return None;
    }
    digits(whole)?.checked_mul(SECOND)?.checked_add(nanos_of(decimals)?)
}

/// A number of digits only, at most 18 of them.
pub(super) fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    text.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// Decimals of a second; what is finer than a nanosecond is cut off.
fn nanos_of(decimals: &[u8]) -> Option<i64> {
    if !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |place: usize| decimals.get(place).map_or(0, |byte| i64::from(byte - b'0'));
    Some((0..9).fold(0, |nanos, place| nanos * 10 + digit(place)))
}

/// `10:05:03` in seconds; a leap second is the second before.
fn time(text: &[u8]) -> Option<i64> {
    let [hour, minute, second] = [digits(&text[..2])?, digits(&text[3..5])?, digits(&text[6..8])?];
    let right = text[2] == b':' && text[5] == b':' && hour < 24 && minute < 60 && second <= 60;
    right.then(|| hour * 3600 + minute * 60 + second.min(59))
}

fn offset(sign: u8, hours: &[u8], minutes: &[u8]) -> Option<i64> {
    let seconds = digits(hours)? * 3600 + digits(minutes)? * 60;
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

/// Days since 1970-01-01; none for a day that the calendar does not have (Hinnant, chrono-compatible low-level date algorithms, 2013).
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, shifted) = (year.div_euclid(400), if month > 2 { month - 3 } else { month + 9 });
    let of_era = year.rem_euclid(400);
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn naive(local: i64, timezone: &TimeZone) -> Option<i64> {
    let local = jiff::Timestamp::from_second(local).ok()?.to_zoned(TimeZone::UTC).datetime();
    i64::try_from(timezone.to_timestamp(local).ok()?.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_what_a_library_of_dates_says() {
        let zone = TimeZone::UTC;
        for (text, same) in [
            ("17/May/2015:10:05:03 +0000", "2015-05-17T10:05:03Z"),
            ("01/Aug/1995:02:00:04 -0400", "1995-08-01T06:00:04Z"),
            ("29/Feb/2024:23:59:60 +0530", "2024-02-29T18:29:59Z"),
            ("31/Dec/1969:23:59:59 +0000", "1969-12-31T23:59:59Z"),
        ] {
            let nanos = same.parse::<jiff::Timestamp>().expect("right").as_nanosecond();
            assert_eq!(common(text.as_bytes(), &zone).map(|(at, _)| i128::from(at)), Some(nanos), "{text}");
            assert_eq!(rfc3339(same.as_bytes(), &zone).map(i128::from), Some(nanos), "{same}");
        }
        assert_eq!(rfc3339(b"1970-01-01T01:00:00.1234567891+01:00", &zone), Some(123_456_789));
        assert_eq!(rfc3339(b"1970-01-01 01:00:00.5+0100", &zone), Some(500_000_000));
        let berlin = TimeZone::get("Europe/Berlin").expect("zone");
        assert_eq!(rfc3339(b"1970-01-01 01:00:00.5", &berlin), Some(500_000_000));
        assert_eq!(common(b"01/Jan/1970:01:00:00", &berlin), Some((0, 20)));
        for wrong in ["17/Mai/2015:10:05:03 +0000", "17/May/2015:24:05:03 +0000", "17/May/2015 10:05:03 +0000", ""] {
            assert_eq!(common(wrong.as_bytes(), &zone), None, "{wrong}");
        }
        for wrong in ["2014-13-10T00:04:00Z", "2014-04-10T00:04:00X", "2014-04-10T00:04", "2014-04-10T00:04:00.5,"] {
            assert_eq!(rfc3339(wrong.as_bytes(), &zone), None, "{wrong}");
        }
    }

    #[test]
    fn durations_are_decimals() {
        assert_eq!(seconds(b"0.182"), Some(182_000_000));
        assert_eq!(seconds(b"12"), Some(12_000_000_000));
        for wrong in ["", "-1", "-0.5", ".", "1e3", "0.1s", "99999999999"] {
            assert_eq!(seconds(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
