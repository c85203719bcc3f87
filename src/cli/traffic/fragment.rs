//! A fit as text: a part of a scenario, with what it was fitted to and how well as comments.

use std::fmt::Write as _;

use super::fit::kind;
use crate::traffic::event::Event;
use crate::traffic::fit::read::Material;
use crate::traffic::fit::{Class, Comparison, Fitted, Spread, Week};
use crate::traffic::open::CalendarRange;
use crate::units::{Nanos, grouped, significant};

/// The whole text: comments, `[traffic]`, its source, the classes.
pub(super) fn text(files: &[String], material: &Material, fitted: &Fitted, comparison: Option<&Comparison>) -> String {
    let mut text = head(files, material, fitted);
    match comparison {
        Some(comparison) => text.push_str(&errors(comparison)),
        None => text.push_str("# Not compared: `--check` generates the series and compares, which takes a while.\n"),
    }
    text.push('\n');
    text.push_str(&traffic(fitted));
    let classes = material.mixture.as_ref().map(crate::traffic::fit::Mixture::classes).unwrap_or_default();
    text.push_str(&self::classes(&classes));
    text
}

fn head(files: &[String], material: &Material, fitted: &Fitted) -> String {
    let mut text = String::new();
    let files: Vec<String> = files.iter().map(|file| file.replace(|c: char| c.is_control(), " ")).collect();
    let _ = writeln!(text, "# Fitted to {}", files.join(", "));
    let requests = grouped(&format!("{:.0}", fitted.measures.requests));
    let _ = writeln!(
        text,
        "# {}: {requests} requests in {} from {}, in bins of {}.",
        kind(material),
        fitted.span,
        fitted.start.datetime(),
        fitted.period
    );
    let unseen = fitted.week.covered.iter().filter(|covered| !**covered).count();
    if unseen > 0 {
        let _ = writeln!(text, "# {unseen} hours of the day are not in the data and have the mean of the others.");
    }
    if let Some(week) = seen_days(fitted) {
        let _ = writeln!(text, "# {week}");
    }
    text
}

/// What the data cannot say about a week.
fn seen_days(fitted: &Fitted) -> Option<&'static str> {
    const WEEK: u64 = 7 * 24 * Nanos::HOUR.0;
    (fitted.span.0 < WEEK)
        .then_some("The data covers less than a week: days that it does not have are like the others.")
}

/// The table of errors, and what is outside of its limit.
fn errors(comparison: &Comparison) -> String {
    let series = if comparison.series == 1 {
        "one generated series".to_owned()
    } else {
        format!("the medians of {} generated series (their mean for the mean rate)", comparison.series)
    };
    let mut text = format!("# The fit against the data, by {series}:\n");
    let _ = writeln!(text, "#   {:26} {:>12} {:>12} {:>9}", "", "data", "fit", "error");
    for row in &comparison.rows {
        let verdict = match row.limit {
            Some(limit) if row.holds() => format!("  within {:.0} %", limit * 100.0),
            Some(limit) => format!("  NOT within {:.0} %", limit * 100.0),
            None => String::new(),
        };
        let [data, fit] = [row.data, row.fit].map(|value| significant(value, 5));
        let error = format!("{:+.1} %", row.error() * 100.0);
        let _ = writeln!(text, "#   {:26} {data:>12} {fit:>12} {error:>9}{verdict}", row.what);
    }
    for row in comparison.rows.iter().filter(|row| !row.holds()) {
        let _ = writeln!(text, "# {}", row.reason());
    }
    text
}

fn traffic(fitted: &Fitted) -> String {
    let mut text = String::from("[traffic]\n");
    let _ = writeln!(text, "start = {}", fitted.start.datetime());
    let zone = fitted.start.time_zone().iana_name().unwrap_or("UTC");
    let _ = writeln!(text, "timezone = \"{zone}\"");
    let _ = writeln!(text, "duration = \"{}\"", span(fitted.span));
    text.push_str("\n[[traffic.source]]\nname = \"fitted\"\n");
    let _ = writeln!(text, "rate = \"{}/s\"", number(fitted.rate, 7));
    if let Some(cv) = fitted.arrivals_cv {
        let _ = writeln!(text, "arrivals = \"gamma\"           # seconds vary more than independent arrivals would");
        let _ = writeln!(text, "arrivals_cv = {}", number(cv, 4));
    }
    if let Some(burst) = fitted.burst {
        let _ = writeln!(text, "burst = {{ cv = {}, window = \"{}\" }}", number(burst.cv, 4), span(burst.window));
    }
    text.push_str(&profile(&fitted.week));
    text.push_str(&list("calendar", &fitted.calendar, calendar));
    text.push_str(&list("event", &fitted.events, |one| event(one, fitted)));
    text
}

fn profile(week: &Week) -> String {
    if week.day.iter().all(|value| *value == 1.0) && week.week.is_none() {
        return String::new();
    }
    let mut text = String::from("\n[traffic.source.profile]        # hours from midnight, days from Monday\n");
    let row = |values: &[f64]| values.iter().map(|value| number(*value, 4)).collect::<Vec<_>>().join(", ");
    let hours = |name: &str, values: &[f64; 24]| {
        format!("{name} = [\n  {},\n  {},\n]\n", row(&values[..12]), row(&values[12..]))
    };
    text.push_str(&hours("day", &week.day));
    if let Some(weekend) = &week.weekend {
        text.push_str(&hours("day_weekend", weekend));
    }
    if let Some(days) = &week.week {
        let _ = writeln!(text, "week = [{}]", row(days));
    }
    text
}

/// Entries of an array of tables.
fn list<T>(name: &str, entries: &[T], entry: impl Fn(&T) -> String) -> String {
    let mut text = String::new();
    for one in entries {
        let _ = write!(text, "\n[[traffic.source.{name}]]\n{}", entry(one));
    }
    text
}

fn calendar(range: &CalendarRange) -> String {
    format!("from = {}\nto = {}\nfactor = {}\n", range.from, range.to, number(range.factor, 4))
}

fn event(event: &Event, fitted: &Fitted) -> String {
    let at = event.at.to_zoned(fitted.start.time_zone().clone()).datetime();
    let [hold, multiplier] = [span(event.hold), number(event.multiplier, 4)];
    format!("name = \"{}\"\nat = {at}\nmultiplier = {multiplier}\nhold = \"{hold}\"\n", event.name)
}

fn classes(classes: &[Class]) -> String {
    if classes.is_empty() {
        return format!("\n[[class]]\nname = \"request\"\n{ASSUMED}");
    }
    classes.iter().map(class).collect()
}

/// The work of a class where the data has no durations.
const ASSUMED: &str = "cpu = \"10ms\"                    # an assumption: the data does not say what a request costs\n";

fn class(class: &Class) -> String {
    let route = class.route.replace(|c: char| c.is_control(), " ");
    let what = if route.is_empty() { "everything else".to_owned() } else { route };
    let mut text = format!("\n[[class]]                        # {what}\nname = \"{}\"\n", class.name);
    let _ = writeln!(text, "weight = {}", number(class.share * 100.0, 5));
    match &class.duration {
        Some(duration) => {
            text.push_str("# Durations of the log as waiting: what of it is computation belongs into `cpu`.\n");
            let law = |value: f64| format!("\"{}\"", millis(value));
            let _ = writeln!(text, "io = {}", self::law(duration, law, 1e6, 3.1e18));
            let [mean, of_law] = [duration.mean, duration.law_mean()].map(|nanos| significant(nanos / 1e6, 4));
            let _ = writeln!(text, "# Their mean is {mean} ms, that of the law without its `max` {of_law} ms.");
        }
        None => text.push_str(ASSUMED),
    }
    if let Some(bytes) = &class.bytes {
        let _ = writeln!(text, "response_bytes = {}", sizes(bytes));
    }
    text
}

/// A law of a scenario, its values written by `value`; `least` is the smallest one that can be.
fn law(spread: &Spread, value: impl Fn(f64) -> String, least: f64, most: f64) -> String {
    let median = spread.median.clamp(least / 1e3, most);
    if spread.sigma < 0.01 {
        return value(median);
    }
    let (sigma, max) = (number(spread.sigma.min(10.0), 4), value(spread.max.clamp(median, most)));
    format!("{{ dist = \"lognormal\", median = {}, sigma = {sigma}, max = {max} }}", value(median))
}

/// A law of sizes with the mean of the log, for the mean is what is billed; answers without a body are part of it.
fn sizes(spread: &Spread) -> String {
    let (mean, max) = (spread.mean.clamp(1.0, 9e15), spread.max.clamp(1.0, 9e15));
    if spread.sigma < 0.01 {
        return format!("{mean:.0}");
    }
    let sigma = number(spread.sigma.min(10.0), 4);
    format!("{{ dist = \"lognormal\", mean = {mean:.0}, sigma = {sigma}, max = {max:.0} }}")
}

/// A span of nanoseconds as milliseconds of a scenario.
fn millis(nanos: f64) -> String {
    format!("{}ms", number(nanos.max(1.0) / 1e6, 4))
}

/// A span in the language of scenarios, to the nanosecond.
fn span(span: Nanos) -> String {
    let units = [(Nanos::SECOND.0, "s"), (1_000_000, "ms"), (1_000, "us"), (1, "ns")];
    let found = units.into_iter().find(|(unit, _)| span.0.is_multiple_of(*unit));
    found.map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", span.0 / unit))
}

/// A plain decimal with so many significant digits.
fn number(value: f64, digits: usize) -> String {
    significant(value, digits).replace(',', "")
}
