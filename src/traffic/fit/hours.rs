//! A series by hours of a wall clock.

use jiff::tz::TimeZone;

use super::event::Outage;
use crate::traffic::clock::Clock;
use crate::traffic::counts::CountTable;
use crate::units::Nanos;

const HOUR: i128 = Nanos::HOUR.0 as i128;

/// One hour of a wall clock, as far as the series covers it outside of outages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hour {
    /// Its number since 1970 on the wall clock.
    pub number: i64,
    /// Its first covered instant, in nanoseconds since 1970.
    pub first: i128,
    /// How much of it is covered, in seconds.
    pub seconds: f64,
    /// Requests.
    pub count: f64,
}

impl Hour {
    /// The day since 1970-01-01 on the wall clock.
    pub fn day(&self) -> i64 {
        self.number.div_euclid(24)
    }

    /// Hour of the day.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // below 24
    pub fn of_day(&self) -> usize {
        self.number.rem_euclid(24) as usize
    }
}

/// The day of the week, Monday is 0; 1970-01-01 was a Thursday.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // below 7
pub(super) fn weekday(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize
}

/// The hours that `table` covers, in order. A bin that reaches over several hours is spread over them.
#[allow(clippy::cast_possible_truncation)] // an hour since 1970
pub(super) fn hours(table: &CountTable, timezone: &TimeZone, outages: &[Outage]) -> Vec<Hour> {
    let (mut clock, period) = (Clock::new(timezone.clone(), 1.0), i128::from(table.period.0));
    let (mut hours, mut outages): (Vec<Hour>, _) = (Vec::new(), outages.iter().peekable());
    for (bin, count) in (0i128..).zip(&table.counts) {
        let (begin, end) = (table.first + bin * period, table.first + (bin + 1) * period);
        while outages.peek().is_some_and(|outage| outage.until <= begin) {
            outages.next();
        }
        if outages.peek().is_some_and(|outage| outage.from <= begin) {
            continue;
        }
        let mut at = begin;
        while at < end {
            let local = at + clock.offset(at);
            let until = end.min(at + HOUR - local.rem_euclid(HOUR));
            let number = local.div_euclid(HOUR) as i64;
            if hours.last().is_none_or(|last| last.number != number) {
                hours.push(Hour { number, first: at, seconds: 0.0, count: 0.0 });
            }
            if let Some(last) = hours.last_mut() {
                last.seconds += (until - at) as f64 / 1e9;
                last.count += count * (until - at) as f64 / period as f64;
            }
            at = until;
        }
    }
    hours
}
