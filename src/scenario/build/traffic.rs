//! `[traffic]`: the clock, and the sources on it.

mod closed;
mod counts;
mod files;
mod log;
mod open;
mod process;
mod schedule;

pub use log::Logs;
pub use open::instant;
pub use schedule::expression as cron_expression;

use jiff::tz::TimeZone;
use jiff::{Span as Stretch, Zoned, civil};

use super::Context;
use crate::document::diagnostic::Diagnostic;
use crate::document::quantity;
use crate::document::tree::{Datetime, Node, Table};
use crate::traffic::closed::MOST_USERS;
use crate::traffic::{Flow, Source, Traffic, Uncertainty};
use crate::units::Nanos;

/// Length of the measured window when nothing says it.
const DAY: Nanos = Nanos(24 * Nanos::HOUR.0);

/// The traffic that a checked and completed `[traffic]` says, for these classes.
pub fn traffic(context: &mut Context, table: &Table, classes: &[String]) -> Option<Traffic> {
    let zone = time_zone(table.at("timezone"));
    let start = zone.and_then(|zone| zoned(context, table.at("start"), &zone))?;
    let years = years(table);
    let sources: Vec<Option<Source>> = table
        .at("source")
        .elements()
        .iter()
        .map(|source| self::source(context, source, &start, years, classes))
        .collect();
    let sources: Vec<Source> = sources.into_iter().collect::<Option<_>>()?;
    let uncertainty = table.at("uncertainty").table();
    let traffic = Traffic {
        duration: duration(context, table, &sources)?,
        warmup: table.at("warmup").duration(),
        sources,
        uncertainty: Uncertainty {
            level_cv: uncertainty.at("level_cv").number(),
            growth_cv: uncertainty.at("growth_cv").number(),
        },
        start,
    };
    if traffic.most_users().is_some_and(|users| users > u64::from(MOST_USERS)) {
        context.error(table.at("source").span, format!("the sources have more than {MOST_USERS} users together"));
        return None;
    }
    check_calendar(context, &traffic, table.at("start"))?;
    for warning in traffic.warnings() {
        context.problems.push(Diagnostic::warning(warning).at(table.at("source").span));
    }
    Some(traffic)
}

/// Years that the run may touch beyond the one in which it starts.
#[allow(clippy::cast_possible_truncation)] // at most a hundred
fn years(table: &Table) -> i16 {
    const YEAR: u64 = 365 * DAY.0;
    let longest = |key: &str| table.get(key).map_or(0, |node| node.duration().0 / YEAR);
    (longest("duration").max(longest("warmup")).min(200) + 1) as i16
}

fn source(context: &mut Context, node: &Node, start: &Zoned, years: i16, classes: &[String]) -> Option<Source> {
    let table = node.table();
    let mix = mix(context, table.at("mix"), classes);
    let flow = match table.at("kind").text() {
        "counts" => counts::counts(context, table, start).map(Flow::Counts),
        "log" => log::log(context, table, start).map(Flow::Log),
        "mmpp" => Some(Flow::Switching(Box::new(process::mmpp(table)))),
        "on-off" => process::on_off(context, table).map(|source| Flow::Switching(Box::new(source))),
        "schedule" => schedule::schedule(context, table, start).map(Flow::Schedule),
        "closed" => closed::closed(context, table).map(Flow::Closed),
        "hawkes" => process::hawkes(context, table).map(Flow::Hawkes),
        _ => open::open(context, table, start, years).map(|open| Flow::Open(Box::new(open))),
    };
    Some(Source { name: table.at("name").text().to_owned(), mix: mix?, flow: flow? })
}

/// Weights by class index; empty when none are given.
fn mix(context: &mut Context, node: &Node, classes: &[String]) -> Option<Vec<f64>> {
    let table = node.table();
    if table.is_empty() {
        return Some(Vec::new());
    }
    let weights: Vec<f64> = classes.iter().map(|class| table.get(class).map_or(0.0, Node::number)).collect();
    if weights.iter().all(|weight| *weight == 0.0) {
        context.error(node.span, "every weight of the mix is 0: no request would have a class");
        return None;
    }
    Some(weights)
}

/// The measured time: as given, else the longest span of a file, else a day.
fn duration(context: &mut Context, table: &Table, sources: &[Source]) -> Option<Nanos> {
    if let Some(node) = table.get("duration") {
        return Some(node.duration());
    }
    let spans = sources.iter().filter_map(|source| match &source.flow {
        Flow::Counts(counts) => Some(counts.table.span()),
        Flow::Log(log) => Some(log.arrivals.span()),
        _ => None,
    });
    let duration = spans.max().unwrap_or(DAY);
    if duration > quantity::LONGEST {
        context.error(table.at("source").span, "the files span more than 100 years: give `traffic.duration`");
        return None;
    }
    Some(duration)
}

/// The calendar ends with the year 9999, and days of every time zone around the run must lie within it.
fn check_calendar(context: &mut Context, traffic: &Traffic, start: &Node) -> Option<()> {
    const MARGIN: i64 = 3 * 24 * 3_600_000_000_000;
    let signed = |nanos: Nanos| i64::try_from(nanos.0).unwrap_or(i64::MAX);
    let at = |offset: i64| traffic.start.checked_add(Stretch::new().try_nanoseconds(offset)?);
    let first = signed(traffic.warmup).saturating_add(MARGIN);
    let last = signed(traffic.duration).saturating_add(MARGIN);
    let first = at(-first).ok().filter(|first| first.year() >= 1);
    if first.is_none() || at(last).is_err() {
        context.error(start.span, "the run does not lie within the years 1 to 9999");
        return None;
    }
    Some(())
}

/// The time zone of this IANA name, which was checked.
fn time_zone(node: &Node) -> Option<TimeZone> {
    TimeZone::get(node.text()).ok()
}

/// A local date-time on the wall clock of `zone`; one that a change of the clock skips or repeats as jiff's
/// "compatible" does.
fn zoned(context: &mut Context, node: &Node, zone: &TimeZone) -> Option<Zoned> {
    let local = civil(node.datetime()).and_then(|local| local.to_zoned(zone.clone()).ok());
    if local.is_none() {
        context.error(node.span, "not a date-time of the years 1 to 9999");
    }
    local
}

fn civil(datetime: Datetime) -> Option<civil::DateTime> {
    let date = civil_date(datetime)?;
    let time = datetime.time?;
    let part = |number: u8| i8::try_from(number).ok();
    let nanosecond = i32::try_from(time.nanosecond.unwrap_or(0)).ok()?;
    // A leap second has no place on a civil clock: it is the second before.
    let second = time.second.unwrap_or(0).min(59);
    civil::Time::new(part(time.hour)?, part(time.minute)?, part(second)?, nanosecond)
        .ok()
        .map(|time| date.to_datetime(time))
}

fn civil_date(datetime: Datetime) -> Option<civil::Date> {
    let date = datetime.date?;
    civil::Date::new(i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok()
}
