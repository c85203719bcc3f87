//! The common and the combined log format of Apache and nginx, with or without a leading virtual host, with declared
//! fields behind.
//!
//! `host ident user [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1234 "referer" "agent" fields...`. Apache stamps the
//! arrival, and writes lines in the order of completion. nginx stamps the end: a declared `$request_time` is subtracted.
//! Source: Apache HTTP Server documentation, `mod_log_config`; nginx documentation, `ngx_http_log_module`.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use super::entry::{Entry, Found, bytes, request, status};
use super::{scan, stamp};

/// A field behind the combined format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `-`: not looked at.
    Ignored,
    /// `%D`: microseconds from arrival to the end.
    Micros,
    /// `%T`: whole seconds from arrival to the end.
    Seconds,
    /// `$request_time`: seconds from arrival to the end, which is what the line's stamp is.
    RequestTime,
    /// `$msec`: the end as seconds since 1970 with decimals.
    Msec,
}

impl Field {
    /// The field that a scenario calls so.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "-" => Self::Ignored,
            "%D" => Self::Micros,
            "%T" => Self::Seconds,
            "$request_time" => Self::RequestTime,
            "$msec" => Self::Msec,
            _ => return None,
        })
    }
}

/// Reads one line.
pub(super) fn found<'a>(line: &'a [u8], fields: &[Field], timezone: &TimeZone) -> Found<'a> {
    let Some((at, rest)) = stamped(line, timezone) else {
        return Found::Rejected("no stamp like [17/May/2015:10:05:03 +0000]");
    };
    let Some((text, rest)) = asked(rest) else { return Found::Rejected("no request in quotes with a status behind") };
    let (code, rest) = token(rest);
    let (size, rest) = token(rest);
    let (method, target) = request(text);
    let mut entry = Entry {
        at,
        duration: None,
        status: status(code),
        bytes: bytes(size),
        method: Cow::Borrowed(method),
        target: Cow::Borrowed(target),
        whole: true,
    };
    entry.whole = match fields {
        [] => is_whole(rest),
        fields => match timed(&mut entry, rest, fields) {
            Some(whole) => whole,
            None => return Found::Rejected("a declared field is not there, or no number"),
        },
    };
    Found::Request(entry)
}

/// The stamp in the first brackets that hold one, and what follows them.
fn stamped<'a>(line: &'a [u8], timezone: &TimeZone) -> Option<(i64, &'a [u8])> {
    scan::places(b'[', line).find_map(|open| {
        let inside = &line[open + 1..];
        let (at, length) = stamp::common(inside, timezone)?;
        Some((at, inside[length..].strip_prefix(b"]")?))
    })
}

/// The request: up to the first quote behind which a status follows, for old logs do not escape quotes inside.
fn asked(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = rest.strip_prefix(b" \"")?;
    scan::places(b'"', rest).find_map(|close| {
        let after = rest[close + 1..].strip_prefix(b" ")?;
        let ends = |length: usize| after.get(length).is_none_or(|byte| *byte == b' ');
        let is_status = after.starts_with(b"-") && ends(1)
            || after.len() >= 3 && after[..3].iter().all(u8::is_ascii_digit) && ends(3);
        is_status.then_some((&rest[..close], after))
    })
}

/// The next token, without its quotes, and what follows the space behind it.
fn token(rest: &[u8]) -> (&[u8], &[u8]) {
    if let Some(quoted) = rest.strip_prefix(b"\"") {
        let close = closing(quoted);
        let after = quoted.get(close + 1..).unwrap_or(b"");
        return (&quoted[..close], after.strip_prefix(b" ").unwrap_or(after));
    }
    let space = scan::find(b' ', rest).unwrap_or(rest.len());
    (&rest[..space], rest.get(space + 1..).unwrap_or(b""))
}

/// Where the quote that was opened before `text` closes; its end if it does not.
fn closing(text: &[u8]) -> usize {
    let mut from = 0;
    while let Some(at) = scan::find_either([b'"', b'\\'], &text[from..]) {
        if text[from + at] == b'"' {
            return from + at;
        }
        from = (from + at + 2).min(text.len());
    }
    text.len()
}

/// Whether every quote that opens closes.
fn is_whole(mut rest: &[u8]) -> bool {
    while let Some(open) = scan::find(b'"', rest) {
        let quoted = &rest[open + 1..];
        let close = closing(quoted);
        if close == quoted.len() {
            return false;
        }
        rest = &quoted[close + 1..];
    }
    true
}

/// Reads the declared fields, behind referer and agent where they are there. Whether the line is whole; `None` when a
/// field is not what was declared.
fn timed(entry: &mut Entry, mut rest: &[u8], fields: &[Field]) -> Option<bool> {
    if !is_whole(rest) {
        return Some(false);
    }
    if rest.starts_with(b"\"") {
        rest = token(token(rest).1).1;
    }
    let mut ended_at_stamp = false;
    for field in fields {
        let (text, after) = token(rest);
        rest = after;
        match field {
            Field::Ignored if text.is_empty() => return None,
            Field::Ignored => {}
            Field::Micros => entry.duration = Some(stamp::digits(text)?.checked_mul(1_000)?),
            Field::Seconds => entry.duration = Some(stamp::seconds(text)?),
            Field::RequestTime => {
                entry.duration = Some(stamp::seconds(text)?);
                ended_at_stamp = true;
            }
            Field::Msec => {
                entry.at = stamp::seconds(text)?;
                ended_at_stamp = true;
            }
        }
    }
    if ended_at_stamp {
        entry.at = entry.at.checked_sub(entry.duration.unwrap_or(0))?;
    }
    Some(true)
}
