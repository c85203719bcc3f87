//! The classes of a log: requests by method and the beginning of their path, how long they took and how much they were
//! answered. Memory is per route, of which there are at most so many; the rest is one class.

use std::collections::HashMap;

use crate::traffic::log::entry::Entry;

/// A class of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// A name that scenarios take, unique among the classes.
    pub name: String,
    /// Method and beginning of the path; empty for the rest.
    pub route: String,
    /// Its share of all requests.
    pub share: f64,
    /// How long requests took, in nanoseconds, where the log says it.
    pub duration: Option<Spread>,
    /// Bytes of their answers, where the log says them.
    pub bytes: Option<Spread>,
}

/// A log-normal law with the mean of the logarithms of its numbers, and what says how good it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Median of the law.
    pub median: f64,
    /// Standard deviation of the logarithms.
    pub sigma: f64,
    /// Mean of the numbers themselves, zeros included.
    pub mean: f64,
    /// The largest number.
    pub max: f64,
}

impl Spread {
    /// Mean of the law.
    #[must_use]
    pub fn law_mean(&self) -> f64 {
        self.median * libm::exp(self.sigma * self.sigma / 2.0)
    }
}

/// The most routes that are told apart while reading.
const MOST_ROUTES: usize = 10_000;
/// The most classes, that of the rest included.
const MOST_CLASSES: usize = 8;
/// A route with a smaller share is part of the rest.
const LEAST_SHARE: f64 = 0.01;

/// Sums over numbers and their logarithms.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: f64,
    sum: f64,
    positive: f64,
    logs: f64,
    squares: f64,
    max: f64,
}

impl Moments {
    fn take(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        if value > 0.0 {
            let log = libm::log(value);
            self.positive += 1.0;
            self.logs += log;
            self.squares += log * log;
            self.max = self.max.max(value);
        }
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.positive += other.positive;
        self.logs += other.logs;
        self.squares += other.squares;
        self.max = self.max.max(other.max);
    }

    fn spread(&self) -> Option<Spread> {
        if self.positive == 0.0 {
            return None;
        }
        let mean = self.logs / self.positive;
        let sigma = (self.squares / self.positive - mean * mean).max(0.0).sqrt();
        Some(Spread { median: libm::exp(mean), sigma, mean: self.sum / self.count, max: self.max })
    }
}

#[derive(Clone, Debug, Default)]
struct Group {
    requests: u64,
    durations: Moments,
    bytes: Moments,
}

impl Group {
    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.durations.add(&other.durations);
        self.bytes.add(&other.bytes);
    }
}

/// Gathers the classes of a log.
#[derive(Clone, Debug, Default)]
pub struct Mixture {
    groups: HashMap<Vec<u8>, Group>,
    rest: Group,
    key: Vec<u8>,
}

impl Mixture {
    /// Takes the next request.
    pub fn take(&mut self, entry: &Entry) {
        self.key.clear();
        route(&entry.method, &entry.target, &mut self.key);
        let full = self.groups.len() >= MOST_ROUTES;
        let group = if let Some(group) = self.groups.get_mut(&self.key) {
            group
        } else if full || self.key.is_empty() {
            &mut self.rest
        } else {
            self.groups.entry(self.key.clone()).or_default()
        };
        group.requests += 1;
        if let Some(duration) = entry.duration {
            group.durations.take(duration as f64);
        }
        if let Some(bytes) = entry.bytes {
            group.bytes.take(bytes as f64);
        }
    }

    /// The classes, the largest first; the rest is the last one.
    #[must_use]
    pub fn classes(&self) -> Vec<Class> {
        let total = self.rest.requests + self.groups.values().map(|group| group.requests).sum::<u64>();
        let mut groups: Vec<(&Vec<u8>, &Group)> = self.groups.iter().collect();
        // By number, then by route, so that the order does not depend on the table's.
        groups.sort_by(|one, other| other.1.requests.cmp(&one.1.requests).then_with(|| one.0.cmp(other.0)));
        let large = |(_, group): &&(&Vec<u8>, &Group)| group.requests as f64 >= LEAST_SHARE * total as f64;
        let kept = groups.iter().take(MOST_CLASSES - 1).take_while(large).count();
        let mut rest = self.rest.clone();
        groups[kept..].iter().for_each(|(_, group)| rest.add(group));
        let mut classes: Vec<Class> = Vec::new();
        let mut add = |route: String, name: String, group: &Group| {
            let taken = |name: &str| classes.iter().any(|class: &Class| class.name == name);
            let free = (2..=MOST_CLASSES + 1).map(|number| format!("{name}-{number}")).find(|name| !taken(name));
            let name = if taken(&name) { free.unwrap_or_default() } else { name };
            let share = group.requests as f64 / total.max(1) as f64;
            let (duration, bytes) = (group.durations.spread(), group.bytes.spread());
            classes.push(Class { name, route, share, duration, bytes });
        };
        for (route, group) in &groups[..kept] {
            let route = String::from_utf8_lossy(route).into_owned();
            add(route.clone(), name(&route), group);
        }
        if rest.requests > 0 {
            add(String::new(), if kept == 0 { "request".to_owned() } else { "other".to_owned() }, &rest);
        }
        classes
    }
}

/// Writes method and beginning of the path: the first segment, and the next one behind `api` and versions; a name with an
/// ending (`/logo.gif`) lies in the root, and what looks like an id is `*`.
fn route(method: &[u8], target: &[u8], key: &mut Vec<u8>) {
    let target = match memchr::memmem::find(&target[..target.len().min(16)], b"://") {
        Some(scheme) => {
            let host = &target[scheme + 3..];
            memchr::memchr(b'/', host).map_or(&b"/"[..], |path| &host[path..])
        }
        None => target,
    };
    let path = &target[..memchr::memchr2(b'?', b'#', target).unwrap_or(target.len())];
    if path.is_empty() && method.is_empty() {
        return;
    }
    key.extend_from_slice(&method[..method.len().min(16)]);
    if !method.is_empty() {
        key.push(b' ');
    }
    let Some(path) = path.strip_prefix(b"/") else {
        // The name of a function, a host, or something odd.
        key.extend_from_slice(&path[..path.len().min(64)]);
        return;
    };
    let mut segments = path.split(|byte| *byte == b'/').filter(|segment| !segment.is_empty()).peekable();
    key.push(b'/');
    while let Some(segment) = segments.next() {
        if segments.peek().is_none() && segment.contains(&b'.') {
            return;
        }
        let id = segment.len() > 32 || segment.iter().any(u8::is_ascii_digit) && !is_version(segment);
        key.extend_from_slice(if id { b"*" } else { segment });
        if !(segment.eq_ignore_ascii_case(b"api") || is_version(segment)) || segments.peek().is_none() {
            return;
        }
        key.push(b'/');
    }
}

/// `v1`.
fn is_version(segment: &[u8]) -> bool {
    matches!(segment, [b'v' | b'V', digits @ ..] if !digits.is_empty() && digits.len() < 3 && digits.iter().all(u8::is_ascii_digit))
}

/// A name that scenarios take: small letters, digits and single hyphens, beginning with a letter.
fn name(route: &str) -> String {
    let route = route.strip_prefix("GET ").unwrap_or(route);
    let mut name = String::new();
    for letter in route.chars().flat_map(char::to_lowercase).take(40) {
        match letter {
            'a'..='z' | '0'..='9' => name.push(letter),
            '*' => name.push_str("id"),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let name = name.trim_end_matches('-');
    match name.chars().next() {
        None => "root".to_owned(),
        Some('a'..='z') => name.to_owned(),
        Some(_) => format!("r-{name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn entry<'a>(method: &'a str, target: &'a str, millis: i64) -> Entry<'a> {
        Entry {
            duration: Some(millis * 1_000_000),
            bytes: Some(1_000),
            method: Cow::Borrowed(method.as_bytes()),
            target: Cow::Borrowed(target.as_bytes()),
            whole: true,
            ..Entry::default()
        }
    }

    #[test]
    fn routes_are_the_beginnings_of_paths() {
        for (method, target, expected) in [
            ("GET", "/shuttle/missions/sts-70/movies/x.gif?a=/b", "GET /shuttle"),
            ("GET", "/", "GET /"),
            ("GET", "/ksc.html", "GET /"),
            ("POST", "/api/v1/orders/17", "POST /api/v1/orders"),
            ("GET", "https://example.org:443/users/9", "GET /users"),
            ("GET", "https://example.org", "GET /"),
            ("GET", "/8f14e45fceea167a5a36dedd4bea2543/x/y", "GET /*"),
            ("GET", "/api", "GET /api"),
            ("", "resize", "resize"),
            ("", "", ""),
        ] {
            let mut key = Vec::new();
            route(method.as_bytes(), target.as_bytes(), &mut key);
            assert_eq!(String::from_utf8_lossy(&key), expected, "{method} {target}");
        }
        assert_eq!(["GET /", "POST /api/*", "GET /8/x", "Ä"].map(name), ["root", "post-api-id", "r-8-x", "root"]);
    }

    #[test]
    fn classes_have_shares_laws_and_names_of_their_own() {
        let mut mixture = Mixture::default();
        for number in 0..1000i64 {
            mixture.take(&entry("GET", "/a/x", if number % 2 == 0 { 10 } else { 40 }));
            if number % 4 == 0 {
                mixture.take(&entry("POST", "/a/y", 100));
                mixture.take(&entry(
                    "GET",
                    &format!("/{}/x", "z".repeat(usize::try_from(number % 97).unwrap_or(0))),
                    5,
                ));
            }
            if number % 2 == 0 {
                mixture.take(&entry("GET", "/post-a/b", 0));
            }
        }
        let classes = mixture.classes();
        let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
        assert_eq!(names[..3], ["a", "post-a", "post-a-2"], "{names:?}");
        assert_eq!(names.last(), Some(&"other"));
        assert_eq!(classes[0].share, 0.5);
        assert!((classes.iter().map(|class| class.share).sum::<f64>() - 1.0).abs() < 1e-12);
        let duration = classes[0].duration.expect("said");
        assert!((duration.median / 20e6 - 1.0).abs() < 1e-9 && (duration.sigma - std::f64::consts::LN_2).abs() < 1e-9);
        assert!((duration.mean / 25e6 - 1.0).abs() < 1e-9 && duration.max == 40e6);
        assert_eq!(classes[1].duration, None, "no request took any time");
    }

    #[test]
    fn any_number_of_routes_takes_no_more_memory() {
        let mut mixture = Mixture::default();
        for number in 0..30_000 {
            let letters: String = format!("{number:05}").bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
            mixture.take(&entry("GET", &format!("/{letters}/x"), 1));
        }
        assert_eq!(mixture.groups.len(), MOST_ROUTES);
        assert_eq!((mixture.rest.requests, mixture.classes().len()), (20_000, 1));
    }
}
