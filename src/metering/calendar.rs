//! The billing calendar: how the measured time is cut into slices, days and billing periods.
//!
//! A slice never crosses the boundary of an hour (counted from the first measured instant) or of a day, so that hourly
//! maxima (load balancer units), daily allowances and monthly tiers all follow from sums over slices. Instants are those of the
//! engine: nanoseconds from the start of the warm-up.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Zoned};

use crate::units::Nanos;

/// How long a billing period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Month {
    /// A fixed length, counted from the first measured instant.
    Fixed(Nanos),
    /// Calendar months of the traffic's time zone.
    Calendar,
}

impl Month {
    /// The length used to scale a total to a month: 730 h for calendar months.
    #[must_use]
    pub const fn nominal(self) -> Nanos {
        match self {
            Self::Fixed(length) => length,
            Self::Calendar => Nanos(730 * Nanos::HOUR.0),
        }
    }
}

/// A stretch of measured time within one hour and one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// First instant.
    pub start: Nanos,
    /// First instant after it.
    pub end: Nanos,
    /// Index into [`Calendar::days`].
    pub day: usize,
    /// Hours completed since the first measured instant.
    pub hour: usize,
}

/// A day of the tariff's day zone, cut by the horizon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// ISO date.
    pub date: String,
    /// Measured part of the day.
    pub covered: Nanos,
    /// The whole day's length (23 to 25 h).
    pub length: Nanos,
    /// Index into [`Calendar::periods`]: the period in which the day starts (the first, for a day already running).
    pub period: usize,
}

/// A billing period, cut by the horizon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// First instant, RFC 3339 with the traffic's offset.
    pub from: String,
    /// End of the covered part.
    pub to: String,
    /// Covered part of the period: the sum of the covered parts of its days.
    pub covered: Nanos,
    /// The whole period's length.
    pub length: Nanos,
}

/// The measured time of a run, cut for billing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// In time order, without gaps, from the end of the warm-up to the horizon.
    pub slices: Vec<Slice>,
    /// In time order.
    pub days: Vec<Day>,
    /// In time order.
    pub periods: Vec<Period>,
}

impl Calendar {
    /// Cuts `duration` from `start` (which the engine reaches at instant `warmup`) into days of `day_zone`, periods of
    /// `month` and slices: an hour, or the shorter length that cuts the duration into `SLICES` or a few more.
    ///
    /// # Errors
    /// When an instant lies outside the years that calendars cover (-9999 to 9999).
    pub fn new(
        start: &Zoned,
        warmup: Nanos,
        duration: Nanos,
        month: Month,
        day_zone: &TimeZone,
    ) -> Result<Self, jiff::Error> {
        let zero = start.timestamp();
        let engine = |instant: &Zoned| {
            let since = instant.timestamp().as_nanosecond() - zero.as_nanosecond();
            Nanos(u64::try_from(since.max(0)).unwrap_or(u64::MAX)).saturating_add(warmup)
        };
        let end = warmup.saturating_add(duration);
        let at = |instant: Nanos| -> Result<Zoned, jiff::Error> {
            let offset = i64::try_from(instant.saturating_sub(warmup).0).unwrap_or(i64::MAX);
            start.checked_add(Span::new().try_nanoseconds(offset)?)
        };

        let mut period_starts = vec![warmup];
        while let Some(&last) = period_starts.last() {
            let next = match month {
                Month::Fixed(length) => last.saturating_add(length),
                Month::Calendar => engine(
                    &at(last)?
                        .date()
                        .first_of_month()
                        .checked_add(Span::new().months(1))?
                        .to_zoned(start.time_zone().clone())?,
                ),
            };
            if next >= end {
                break;
            }
            period_starts.push(next);
        }

        let mut days = Vec::new();
        let mut day_spans = Vec::new();
        let mut instant = warmup;
        while instant < end {
            let local: DateTime = at(instant)?.with_time_zone(day_zone.clone()).datetime();
            let midnight = local.date().to_zoned(day_zone.clone())?;
            let next_midnight = local.date().tomorrow()?.to_zoned(day_zone.clone())?;
            let length = next_midnight.timestamp().as_nanosecond() - midnight.timestamp().as_nanosecond();
            let stop = engine(&next_midnight).min(end);
            let began = if midnight.timestamp() < zero { warmup } else { engine(&midnight) };
            let period = period_starts.partition_point(|&start| start <= began) - 1;
            days.push(Day {
                date: local.date().to_string(),
                covered: stop - instant,
                length: Nanos(u64::try_from(length).unwrap_or(86_400_000_000_000)),
                period,
            });
            day_spans.push((instant, stop));
            instant = stop;
        }

        let length = Self::slice_length(duration);
        let mut slices = Vec::new();
        for (day, &(from, to)) in day_spans.iter().enumerate() {
            let mut start = from;
            while start < to {
                let number = (start - warmup).0 / length.0 + 1;
                let stop = Nanos(warmup.0.saturating_add(number.saturating_mul(length.0))).min(to);
                let hour = usize::try_from((start - warmup).0 / Nanos::HOUR.0).unwrap_or(usize::MAX);
                slices.push(Slice { start, end: stop, day, hour });
                start = stop;
            }
        }

        let mut periods = Vec::with_capacity(period_starts.len());
        for (index, &from) in period_starts.iter().enumerate() {
            let to = period_starts.get(index + 1).copied().unwrap_or(end);
            let length = match month {
                Month::Fixed(length) => length,
                Month::Calendar => {
                    let first = at(from)?.date().first_of_month();
                    let next = first.checked_add(Span::new().months(1))?;
                    let zone = start.time_zone();
                    let whole = next.to_zoned(zone.clone())?.timestamp().as_nanosecond()
                        - first.to_zoned(zone.clone())?.timestamp().as_nanosecond();
                    Nanos(u64::try_from(whole).unwrap_or(0))
                }
            };
            let covered = days.iter().filter(|day| day.period == index).map(|day| day.covered.0).sum();
            periods.push(Period {
                from: at(from)?.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
                to: at(to)?.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
                covered: Nanos(covered),
                length,
            });
        }
        Ok(Self { slices, days, periods })
    }

    /// The same with one slice per hour of each day: as fine as any price looks, and as the usage of a result is stored.
    #[must_use]
    pub fn by_hour(self) -> Self {
        self.joined(|a, b| (a.day, a.hour) == (b.day, b.hour))
    }

    /// The same with one slice per day: as fine as most prices look.
    #[must_use]
    pub fn by_day(self) -> Self {
        self.joined(|a, b| a.day == b.day)
    }

    fn joined(mut self, together: impl Fn(&Slice, &Slice) -> bool) -> Self {
        let mut slices: Vec<Slice> = Vec::new();
        for slice in &self.slices {
            match slices.last_mut().filter(|last| together(last, slice)) {
                Some(last) => last.end = slice.end,
                None => slices.push(*slice),
            }
        }
        self.slices = slices;
        self
    }

    /// The length of slices: the longest of those that divide an hour evenly and give at least `SLICES` of them.
    #[must_use]
    pub fn slice_length(duration: Nanos) -> Nanos {
        const SECONDS: [u64; 12] = [3600, 1800, 900, 600, 300, 120, 60, 30, 15, 10, 5, 1];
        // A week has 168 hours, and hours are how people read it.
        if duration.0 >= 100 * Nanos::HOUR.0 {
            return Nanos::HOUR;
        }
        let fits = |seconds: &&u64| duration.0 / (**seconds * Nanos::SECOND.0) >= SLICES;
        Nanos(SECONDS.iter().find(fits).copied().unwrap_or(1) * Nanos::SECOND.0)
    }
}

/// About as many slices as a chart can show.
const SLICES: u64 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn start(text: &str) -> Zoned {
        text.parse().unwrap()
    }

    #[test]
    fn a_week_is_seven_days_and_a_covered_part_of_one_month() {
        let calendar = Calendar::new(
            &start("2026-01-05T00:00:00[UTC]"),
            Nanos::SECOND,
            Nanos(7 * 24 * Nanos::HOUR.0),
            Month::Fixed(Nanos(730 * Nanos::HOUR.0)),
            &TimeZone::UTC,
        )
        .unwrap();
        assert_eq!(calendar.days.len(), 7);
        assert_eq!(calendar.slices.len(), 168);
        assert_eq!(calendar.slices[0].start, Nanos::SECOND);
        assert_eq!(calendar.periods.len(), 1);
        assert_eq!(calendar.periods[0].covered, Nanos(168 * Nanos::HOUR.0));
        assert_eq!(calendar.days[6].date, "2026-01-11");
    }

    #[test]
    fn days_of_another_zone_are_cut_at_both_ends_and_follow_dst() {
        let calendar = Calendar::new(
            &start("2026-03-08T00:00:00[UTC]"),
            Nanos::ZERO,
            Nanos(48 * Nanos::HOUR.0),
            Month::Fixed(Nanos(730 * Nanos::HOUR.0)),
            &TimeZone::get("America/Los_Angeles").unwrap(),
        )
        .unwrap();
        let hours: Vec<(u64, u64)> =
            calendar.days.iter().map(|day| (day.covered.0 / Nanos::HOUR.0, day.length.0 / Nanos::HOUR.0)).collect();
        assert_eq!(hours, [(8, 24), (23, 23), (17, 24)]);
    }

    #[test]
    fn calendar_months_of_the_traffic_zone() {
        let calendar = Calendar::new(
            &start("2026-01-20T00:00:00[Europe/Berlin]"),
            Nanos::ZERO,
            Nanos(20 * 24 * Nanos::HOUR.0),
            Month::Calendar,
            &TimeZone::get("Europe/Berlin").unwrap(),
        )
        .unwrap();
        let covered: Vec<(u64, u64)> = calendar
            .periods
            .iter()
            .map(|period| (period.covered.0 / Nanos::HOUR.0, period.length.0 / Nanos::HOUR.0))
            .collect();
        assert_eq!(covered, [(12 * 24, 31 * 24), (8 * 24, 28 * 24)]);
    }

    #[test]
    fn slices_divide_hours_and_suit_the_horizon() {
        assert_eq!(Calendar::slice_length(Nanos(24 * Nanos::HOUR.0)), Nanos(300 * Nanos::SECOND.0));
        assert_eq!(Calendar::slice_length(Nanos(365 * 24 * Nanos::HOUR.0)), Nanos::HOUR);
        assert_eq!(Calendar::slice_length(Nanos(5)), Nanos::SECOND);
    }
}
