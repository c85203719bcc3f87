//! Logs in JSON: one object per line (nginx, Cloud Logging, k6), an array of objects (Cloud Logging), or one document (HAR).
//! Numbers may be in quotes. Sources: nginx documentation, `ngx_http_log_module`; Google Cloud documentation, `LogEntry`
//! and `RequestLog`; k6 documentation, "JSON output"; HTTP Archive 1.2.

use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use super::entry::{Entry, Found, bytes, request, status};
use super::stamp;
use crate::traffic::instant::epoch;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    Nginx,
    CloudLogging,
    K6,
    Har,
}

impl Object {
    /// Reads one line.
    pub fn found<'a>(self, line: &[u8], timezone: &TimeZone) -> Found<'a> {
        match serde_json::from_slice(line) {
            Ok(value) => self.of(&value, timezone),
            Err(_) => Found::Rejected("not JSON"),
        }
    }

    /// Reads one object.
    pub fn of<'a>(self, value: &Value, timezone: &TimeZone) -> Found<'a> {
        match self {
            Self::Nginx => nginx(value, timezone),
            Self::CloudLogging => cloud_logging(value, timezone),
            Self::K6 => k6(value, timezone),
            Self::Har => har(value, timezone),
        }
    }
}

/// Entries of Cloud Logging. Those with the name, the stamp and the `insertId` of one of the last [`REMEMBERED`] are copies
/// of it.
#[derive(Debug, Default)]
pub(super) struct CloudLogging {
    seen: HashSet<u64>,
    order: VecDeque<u64>,
}

const REMEMBERED: usize = 1 << 16;

impl CloudLogging {
    /// Reads one line.
    pub fn found<'a>(&mut self, line: &[u8], timezone: &TimeZone) -> Found<'a> {
        match serde_json::from_slice(line) {
            Ok(value) => self.of(&value, timezone),
            Err(_) => Found::Rejected("not JSON"),
        }
    }

    /// Reads one object.
    pub fn of<'a>(&mut self, value: &Value, timezone: &TimeZone) -> Found<'a> {
        if self.again(value) { Found::Again } else { Object::CloudLogging.of(value, timezone) }
    }

    fn again(&mut self, value: &Value) -> bool {
        let Some(id) = value.get("insertId").and_then(Value::as_str) else { return false };
        let of = |member: &str| value.get(member).and_then(Value::as_str);
        let mut hash = DefaultHasher::new();
        (id, of("timestamp"), of("logName")).hash(&mut hash);
        let id = hash.finish();
        if !self.seen.insert(id) {
            return true;
        }
        self.order.push_back(id);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        false
    }
}

/// The text of a string or a number.
fn text(value: Option<&Value>) -> Option<Cow<'_, str>> {
    match value? {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// The first of these members that is there.
fn first<'v>(value: &'v Value, names: &[&str]) -> Option<Cow<'v, str>> {
    names.iter().find_map(|name| text(value.get(name)))
}

/// An instant in any of the forms of an access log.
fn instant(text: &str, timezone: &TimeZone) -> Option<i64> {
    let bytes = text.as_bytes();
    let common = || stamp::common(bytes, timezone).map(|(at, _)| at);
    stamp::rfc3339(bytes, timezone).or_else(common).or_else(|| i64::try_from(epoch(text)?).ok())
}

fn entry<'a>(at: i64, duration: Option<i64>, method: Option<Cow<str>>, target: Option<Cow<str>>) -> Entry<'a> {
    let owned = |text: Option<Cow<str>>| Cow::Owned(text.map_or_else(Vec::new, |text| text.into_owned().into_bytes()));
    Entry { at, duration, status: None, bytes: None, method: owned(method), target: owned(target), whole: true }
}

fn with<'a>(entry: Entry<'a>, code: Option<Cow<str>>, size: Option<Cow<str>>) -> Found<'a> {
    Found::Request(Entry {
        status: code.and_then(|text| status(text.as_bytes())),
        bytes: size.and_then(|text| bytes(text.as_bytes())),
        ..entry
    })
}

const NGINX_TIMES: [&str; 6] = ["msec", "time_iso8601", "time_local", "time", "timestamp", "@timestamp"];

fn nginx<'a>(value: &Value, timezone: &TimeZone) -> Found<'a> {
    let Some(ended) = first(value, &NGINX_TIMES).and_then(|text| instant(&text, timezone)) else {
        return Found::Rejected("no msec, time_iso8601 or time_local");
    };
    let duration = first(value, &["request_time"]).and_then(|text| stamp::seconds(text.as_bytes()));
    let duration = duration.or_else(|| upstream(&first(value, &["upstream_response_time"])?));
    let line = first(value, &["request"]);
    let (method, target) = line.as_ref().map_or((&b""[..], &b""[..]), |line| request(line.as_bytes()));
    let owned = |bytes: &[u8]| (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes).into_owned().into());
    let method = first(value, &["request_method"]).or_else(|| owned(method));
    let target = first(value, &["request_uri", "uri"]).or_else(|| owned(target));
    let entry = entry(ended.saturating_sub(duration.unwrap_or(0)), duration, method, target);
    with(entry, first(value, &["status"]), first(value, &["body_bytes_sent", "bytes_sent"]))
}

/// The sum of `0.1, 0.2 : 0.3`, the times of the servers that were asked one after the other; `-` was not asked.
fn upstream(text: &str) -> Option<i64> {
    let times = text.split([',', ':']).map(str::trim).filter(|time| *time != "-");
    times.map(|time| stamp::seconds(time.as_bytes())).reduce(|sum, time| sum?.checked_add(time?))?
}

fn cloud_logging<'a>(value: &Value, timezone: &TimeZone) -> Found<'a> {
    let none = Value::Null;
    let http = value.get("httpRequest").unwrap_or(&none);
    // Requests of the first App Engine runtimes.
    let old = value.get("protoPayload").filter(|payload| payload.get("latency").is_some()).unwrap_or(&none);
    if http.is_null() && old.is_null() {
        return Found::Nothing;
    }
    let at = first(old, &["startTime"]).or_else(|| first(value, &["timestamp"]));
    let Some(at) = at.and_then(|text| instant(&text, timezone)) else { return Found::Rejected("no timestamp") };
    let latency = first(http, &["latency"]).or_else(|| first(old, &["latency"]));
    let duration = latency.and_then(|text| stamp::seconds(text.strip_suffix('s')?.as_bytes()));
    let method = first(http, &["requestMethod"]).or_else(|| first(old, &["method"]));
    let target = first(http, &["requestUrl"]).or_else(|| first(old, &["resource"]));
    let code = first(http, &["status"]).or_else(|| first(old, &["status"]));
    let size = first(http, &["responseSize"]).or_else(|| first(old, &["responseSize"]));
    with(entry(at, duration, method, target), code, size)
}

fn k6<'a>(value: &Value, timezone: &TimeZone) -> Found<'a> {
    let is = |member: &str, word: &str| value.get(member).and_then(Value::as_str) == Some(word);
    if !is("type", "Point") || !is("metric", "http_req_duration") {
        return Found::Nothing;
    }
    let none = Value::Null;
    let data = value.get("data").unwrap_or(&none);
    let ended = first(data, &["time"]).and_then(|text| instant(&text, timezone));
    let (Some(ended), Some(duration)) = (ended, data.get("value").and_then(milliseconds)) else {
        return Found::Rejected("no time and value");
    };
    let tags = data.get("tags").unwrap_or(&none);
    let entry = entry(ended.saturating_sub(duration), Some(duration), first(tags, &["method"]), first(tags, &["url"]));
    with(entry, first(tags, &["status"]), None)
}

fn har<'a>(value: &Value, timezone: &TimeZone) -> Found<'a> {
    let Some(at) = first(value, &["startedDateTime"]).and_then(|text| instant(&text, timezone)) else {
        return Found::Rejected("no startedDateTime");
    };
    let none = Value::Null;
    let (asked, answer) = (value.get("request").unwrap_or(&none), value.get("response").unwrap_or(&none));
    let duration = value.get("time").and_then(milliseconds);
    let size = answer.get("content").and_then(|content| text(content.get("size")));
    with(entry(at, duration, first(asked, &["method"]), first(asked, &["url"])), first(answer, &["status"]), size)
}

/// Milliseconds with decimals in nanoseconds.
#[allow(clippy::cast_possible_truncation)] // below a hundred years
fn milliseconds(value: &Value) -> Option<i64> {
    let nanos = value.as_f64()? * 1e6;
    (0.0..3.2e18).contains(&nanos).then_some(nanos as i64)
}

/// A HAR document, as far as it is looked at.
#[derive(Deserialize)]
pub(super) struct Har {
    pub log: HarLog,
}

/// Its log.
#[derive(Deserialize)]
pub(super) struct HarLog {
    pub entries: Vec<Value>,
}
