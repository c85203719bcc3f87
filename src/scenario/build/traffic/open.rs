//! Sources of kind open.

use jiff::{Span as Stretch, Timestamp, Zoned};

use super::{Context, civil, civil_date, time_zone};
use crate::document::tree::{Node, Table, Value};
use crate::traffic::event::{Event, Rise};
use crate::traffic::open::{Arrivals, Audience, Burst, CalendarRange, Level, Open, Stage};
use crate::traffic::profile::{Interpolation, Profile, seasons};

/// The source that a checked and completed table says.
/// It touches up to so many `years` before and after that of `start`.
pub fn open(context: &mut Context, table: &Table, start: &Zoned, years: i16) -> Option<Open> {
    let arrivals = arrivals(context, table);
    let profile = profile(context, table.at("profile"));
    let audience = audience(context, table.get("audience"), start);
    let seasons = table.at("profile").as_str().map_or_else(Vec::new, |name| {
        seasons(name, start.year().saturating_sub(years)..=start.year().saturating_add(years))
    });
    let calendar: Vec<_> =
        table.at("calendar").elements().iter().map(|node| calendar_range(context, node.table())).collect();
    let events: Vec<_> = table.at("event").elements().iter().map(|node| event(context, node.table(), start)).collect();
    Some(Open {
        level: level(table),
        arrivals: arrivals?,
        profile: profile?,
        audience: audience?,
        calendar: calendar.into_iter().collect::<Option<Vec<_>>>()?.into_iter().chain(seasons).collect(),
        events: events.into_iter().collect::<Option<_>>()?,
        growth: table.at("growth").growth(),
        burst: burst(table.at("burst").table()),
    })
}

fn level(table: &Table) -> Level {
    if let Some(peak) = table.get("peak") {
        return Level::Peak(peak.rate());
    }
    let Some(stages) = table.get("stages") else { return Level::Mean(table.at("rate").rate()) };
    let stage =
        |node: &Node| Stage { span: node.table().at("for").duration(), target: node.table().at("target").rate() };
    Level::Stages {
        from: table.get("from").map_or(0.0, Node::rate),
        stages: stages.elements().iter().map(stage).collect(),
    }
}

fn arrivals(context: &mut Context, table: &Table) -> Option<Arrivals> {
    let node = table.at("arrivals");
    match (node.text(), table.entry("arrivals_cv")) {
        ("gamma", Some(cv)) => Some(Arrivals::Gamma { cv: cv.node.number() }),
        ("gamma", None) => {
            context.error(node.span, "`arrivals = \"gamma\"` needs `arrivals_cv`");
            None
        }
        (_, Some(cv)) => {
            context.error(cv.key_span, "`arrivals_cv` needs `arrivals = \"gamma\"`");
            None
        }
        ("even", None) => Some(Arrivals::Even),
        _ => Some(Arrivals::Poisson),
    }
}

fn burst(table: &Table) -> Option<Burst> {
    let cv = table.at("cv").number();
    (cv > 0.0).then(|| Burst { cv, window: table.at("window").duration() })
}

fn profile(context: &mut Context, node: &Node) -> Option<Profile> {
    let Value::Table(table) = &node.value else {
        return Profile::named(node.text());
    };
    let numbers = |node: &Node| node.elements().iter().map(Node::number).collect::<Vec<f64>>();
    let [weekend, week] = ["day_weekend", "week"].map(|key| table.get(key).map(numbers));
    let interpolation =
        if table.at("interpolate").text() == "linear" { Interpolation::Linear } else { Interpolation::Step };
    Profile::weekly(&numbers(table.at("day")), weekend.as_deref(), week.as_deref(), interpolation)
        .map_err(|error| context.error(node.span, error.to_string()))
        .ok()
}

/// Who reads the profile; without a list, the traffic's own zone.
fn audience(context: &mut Context, node: Option<&Node>, start: &Zoned) -> Option<Vec<Audience>> {
    let Some(node) = node else {
        return Some(vec![Audience { timezone: start.time_zone().clone(), weight: 1.0 }]);
    };
    let parts: Vec<Option<Audience>> = node
        .elements()
        .iter()
        .map(|part| {
            let table = part.table();
            let timezone = time_zone(table.at("timezone"))?;
            Some(Audience { timezone, weight: table.at("weight").number() })
        })
        .collect();
    let parts: Vec<Audience> = parts.into_iter().collect::<Option<_>>()?;
    if parts.iter().all(|part| part.weight == 0.0) {
        context.error(node.span, "every audience has weight 0");
        return None;
    }
    Some(parts)
}

fn calendar_range(context: &mut Context, table: &Table) -> Option<CalendarRange> {
    let date = |key: &str| civil_date(table.at(key).datetime());
    let (Some(from), Some(to)) = (date("from"), date("to")) else {
        context.error(table.at("from").span, "not a date of the calendar");
        return None;
    };
    if from > to {
        context.error(table.at("from").span, "`from` is after `to`");
        return None;
    }
    let name = table.get("name").map_or_else(|| format!("{from} to {to}"), |name| name.text().to_owned());
    Some(CalendarRange { name, from, to, factor: table.at("factor").number() })
}

fn event(context: &mut Context, table: &Table, start: &Zoned) -> Option<Event> {
    let at = instant(context, table.at("at"), start)?;
    let rise = match (table.get("ramp"), table.get("doubling")) {
        (Some(ramp), _) => Rise::Ramp(ramp.duration()),
        (None, Some(doubling)) => Rise::Doubling(doubling.duration()),
        (None, None) => Rise::Instant,
    };
    Some(Event {
        name: table.get("name").map_or_else(|| "event".to_owned(), |name| name.text().to_owned()),
        at,
        multiplier: table.at("multiplier").number(),
        rise,
        hold: table.at("hold").duration(),
        half_life: table.get("half_life").map(Node::duration),
    })
}

/// A local date-time in the zone of `start`, or a duration after it.
pub fn instant(context: &mut Context, node: &Node, start: &Zoned) -> Option<Timestamp> {
    let found = match &node.value {
        Value::Datetime(datetime) => civil(*datetime).and_then(|local| local.to_zoned(start.time_zone().clone()).ok()),
        _ => i64::try_from(node.duration().0)
            .ok()
            .and_then(|nanos| Stretch::new().try_nanoseconds(nanos).ok())
            .and_then(|after| start.checked_add(after).ok()),
    };
    if found.is_none() {
        context.error(node.span, "not an instant of the calendar");
    }
    found.map(|found| found.timestamp())
}
