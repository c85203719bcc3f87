//! Sources of kind schedule.

use croner::Cron;
use croner::parser::CronParser;
use jiff::Zoned;

use super::{Context, open, time_zone};
use crate::document::tree::{Node, Table};
use crate::traffic::schedule::{Clock, Schedule};
use crate::units::Nanos;

/// The most fires whose requests may be under way at a time.
const MOST_AT_ONCE: u64 = 100_000;

/// The schedule that a checked and completed table says; instants are of the clock of `start`.
pub fn schedule(context: &mut Context, table: &Table, start: &Zoned) -> Option<Schedule> {
    let jitter = table.at("jitter").duration();
    let (clock, least) = if let Some(every) = table.get("every") {
        (Clock::Every(every.duration()), every.duration())
    } else if let Some(at) = table.get("at") {
        (Clock::At(instants(context, at, start)?), Nanos::SECOND)
    } else {
        (cron(context, table.at("cron"), table.get("timezone"), start)?, Nanos::SECOND)
    };
    if jitter.0 / least.0 > MOST_AT_ONCE {
        let message = format!("`jitter` spans more than {MOST_AT_ONCE} fires: shorten it, or fire less often");
        context.error(table.at("jitter").span, message);
        return None;
    }
    Some(Schedule { clock, count: table.at("count").count(), jitter })
}

fn instants(context: &mut Context, node: &Node, start: &Zoned) -> Option<Vec<jiff::Timestamp>> {
    let instants = node.elements().iter().map(|node| open::instant(context, node, start));
    let mut instants: Vec<jiff::Timestamp> = instants.collect::<Option<_>>()?;
    instants.sort_unstable();
    Some(instants)
}

fn cron(context: &mut Context, node: &Node, zone: Option<&Node>, start: &Zoned) -> Option<Clock> {
    let zone = zone.map_or_else(|| Some(start.time_zone().clone()), time_zone)?;
    expression(context, node).map(|cron| Clock::Cron(Box::new(cron), zone))
}

/// The cron expression that `node` says.
pub fn expression(context: &mut Context, node: &Node) -> Option<Cron> {
    let parsed = CronParser::new().parse(node.text());
    if let Err(error) = &parsed {
        context.error(node.span, format!("not a cron expression such as `0 9 * * MON-FRI`: {error}"));
    }
    parsed.ok()
}
