//! Access logs of load balancers of AWS: fields between spaces, some in quotes.
//!
//! An Application Load Balancer stamps the answer; the arrival is its field 22, `request_creation_time`. A Classic Load
//! Balancer stamps the arrival. A time of -1 means that the request was never handed on. Source: AWS documentation,
//! "Access logs for your Application Load Balancer", "Access logs for your Classic Load Balancer".

use std::borrow::Cow;

use jiff::tz::TimeZone;

use super::entry::{Entry, Found, bytes, request, status};
use super::{scan, stamp};

/// Fields that are looked at: up to `request_creation_time`.
const FIELDS: usize = 22;

/// Reads one line of an Application Load Balancer.
pub(super) fn application<'a>(line: &'a [u8], timezone: &TimeZone) -> Found<'a> {
    let (fields, count) = split(line);
    if count < 13 {
        return Found::Rejected("fewer than 13 fields");
    }
    let duration = total(&fields[5..8]);
    let answered = || stamp::rfc3339(fields[1], timezone)?.checked_sub(duration.unwrap_or(0));
    let at = if count >= FIELDS { stamp::rfc3339(fields[21], timezone) } else { None };
    match at.or_else(answered) {
        Some(at) => found(at, duration, [fields[8], fields[11], fields[12]]),
        None => Found::Rejected("no stamp in fields 22 and 2"),
    }
}

/// Reads one line of a Classic Load Balancer.
pub(super) fn classic<'a>(line: &'a [u8], timezone: &TimeZone) -> Found<'a> {
    let (fields, count) = split(line);
    if count < 12 {
        return Found::Rejected("fewer than 12 fields");
    }
    match stamp::rfc3339(fields[0], timezone) {
        Some(at) => found(at, total(&fields[4..7]), [fields[7], fields[10], fields[11]]),
        None => Found::Rejected("no stamp in field 1"),
    }
}

fn found(at: i64, duration: Option<i64>, [code, size, text]: [&[u8]; 3]) -> Found<'_> {
    let (method, target) = request(text);
    Found::Request(Entry {
        at,
        duration,
        status: status(code),
        bytes: bytes(size),
        method: Cow::Borrowed(method),
        target: Cow::Borrowed(target),
        whole: true,
    })
}

/// The sum of times in seconds, if every one is known.
fn total(times: &[&[u8]]) -> Option<i64> {
    times.iter().try_fold(0_i64, |sum, time| sum.checked_add(stamp::seconds(time)?))
}

/// The first fields of a line, without their quotes, and how many there are.
fn split(line: &[u8]) -> ([&[u8]; FIELDS], usize) {
    let (mut fields, mut count, mut rest) = ([&b""[..]; FIELDS], 0, line);
    while count < FIELDS && !rest.is_empty() {
        let (begin, end) = match rest.strip_prefix(b"\"") {
            Some(quoted) => (1, scan::find(b'"', quoted).map_or(rest.len(), |at| at + 1)),
            None => (0, scan::find(b' ', rest).unwrap_or(rest.len())),
        };
        fields[count] = &rest[begin..end];
        count += 1;
        rest = &rest[end..];
        let space = scan::find(b' ', rest).map_or(rest.len(), |at| at + 1);
        rest = &rest[space..];
    }
    (fields, count)
}
