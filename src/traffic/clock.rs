//! The wall clock of one audience: the profile's hour and the calendar's day at an instant.
//!
//! Promises that daylight saving is right: an hour that a zone skips brings no traffic of that hour, one that it repeats
//! brings it twice.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::open::CalendarRange;
use super::profile::Profile;

const DAY: i128 = 86_400_000_000_000;
const WEEK: i128 = 7 * DAY;
/// The first instant of 1970 was a Thursday, three days into a week that begins on Monday.
const EPOCH_IN_WEEK: i128 = 3 * DAY;

/// Days since 1970-01-01, inclusive on both sides, and their factor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Days {
    from: i64,
    to: i64,
    factor: f64,
}

impl Days {
    pub fn new(range: &CalendarRange) -> Self {
        let day = |date: jiff::civil::Date| date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours() / 24;
        Self { from: day(range.from), to: day(range.to), factor: range.factor }
    }
}

/// One audience's clock with its weight. It remembers the offset from UTC until the zone's next transition.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    timezone: TimeZone,
    pub weight: f64,
    offset: i128,
    known: (i128, i128),
}

/// A straight piece as one audience sees it.
pub(super) struct View {
    /// Multiplier at the instant.
    pub value: f64,
    /// Change per nanosecond.
    pub slope: f64,
    /// Nanoseconds until it may change otherwise.
    pub left: i128,
}

impl Clock {
    pub fn new(timezone: TimeZone, weight: f64) -> Self {
        Self { timezone, weight, offset: 0, known: (0, 0) }
    }

    /// Offset from UTC in nanoseconds at `unix`, nanoseconds since 1970.
    pub fn offset(&mut self, unix: i128) -> i128 {
        if unix < self.known.0 || unix >= self.known.1 {
            let last = Timestamp::MAX.as_nanosecond();
            let instant = Timestamp::from_nanosecond(unix.min(last)).unwrap_or(Timestamp::MAX);
            self.offset = i128::from(self.timezone.to_offset(instant).seconds()) * 1_000_000_000;
            let next = self.timezone.following(instant).next();
            self.known = (unix, next.map_or(i128::MAX, |transition| transition.timestamp().as_nanosecond()));
        }
        self.offset
    }

    /// What this audience sees at `unix`. A flat profile without a calendar does not change at all.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // instants of a week and days fit
    pub fn view(&mut self, unix: i128, profile: Option<&Profile>, calendar: &[Days]) -> View {
        if profile.is_none() && calendar.is_empty() {
            return View { value: 1.0, slope: 0.0, left: i128::MAX };
        }
        let local = unix + self.offset(unix);
        let mut view = View { value: 1.0, slope: 0.0, left: self.known.1.saturating_sub(unix) };
        if let Some(profile) = profile {
            let piece = profile.piece((local + EPOCH_IN_WEEK).rem_euclid(WEEK) as u64);
            view = View { value: piece.value, slope: piece.slope, left: view.left.min(i128::from(piece.left)) };
        }
        if !calendar.is_empty() {
            let day = local.div_euclid(DAY) as i64;
            let covering = calendar.iter().filter(|days| (days.from..=days.to).contains(&day));
            let factor: f64 = covering.map(|days| days.factor).product();
            view.value *= factor;
            view.slope *= factor;
            view.left = view.left.min(DAY - local.rem_euclid(DAY));
        }
        view
    }
}
