//! The shape of a plain week: 168 hourly multipliers with mean 1, read by local wall clock, and the catalogue of them.
//!
//! Imports `document` for provenance. Promises that the mean over a plain week is 1 under either interpolation.

use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;

use super::open::CalendarRange;
use crate::document::provenance::Provenance;

const HOURS: usize = 168;
const NANOS_PER_HOUR: u64 = 3_600_000_000_000;
const NANOS_PER_WEEK: u64 = NANOS_PER_HOUR * 168;

/// How the rate moves between the hours of a profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// Constant within an hour.
    #[default]
    Step,
    /// A straight line from the middle of one hour to the middle of the next; the mean over a week is unchanged.
    Linear,
}

/// What is wrong with the numbers of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileError {
    /// A day does not have 24 numbers, or a week not 7.
    Length {
        /// How many are needed.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A number is negative, infinite or not a number.
    Value,
    /// Every hour is zero, so that nothing can be scaled to mean 1.
    AllZero,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { expected, found } => write!(f, "a profile needs {expected} numbers here, found {found}"),
            Self::Value => f.write_str("the numbers of a profile are finite and not negative"),
            Self::AllZero => f.write_str("every hour of the profile is zero"),
        }
    }
}

impl std::error::Error for ProfileError {}

/// A plain week, Monday 00 h first, scaled to mean 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    hours: Vec<f64>,
    interpolation: Interpolation,
}

/// The straight piece of a profile around one instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// Value at the instant.
    pub value: f64,
    /// Change per nanosecond.
    pub slope: f64,
    /// Nanoseconds until the piece ends.
    pub left: u64,
}

impl Profile {
    /// The same rate at every hour.
    #[must_use]
    pub fn flat() -> Self {
        Self { hours: vec![1.0; HOURS], interpolation: Interpolation::Step }
    }

    /// The week whose hour `h` of day `d` (Monday is 0) is `day[h] * week[d]`, with `weekend[h]` in place of `day[h]` on
    /// Saturday and Sunday, scaled to mean 1.
    ///
    /// # Errors
    /// If a list has the wrong length, a number is negative or not finite, or everything is zero.
    pub fn weekly(
        day: &[f64],
        weekend: Option<&[f64]>,
        week: Option<&[f64]>,
        interpolation: Interpolation,
    ) -> Result<Self, ProfileError> {
        let week = week.unwrap_or(&[1.0; 7]);
        let weekend = weekend.unwrap_or(day);
        for (numbers, expected) in [(day, 24), (weekend, 24), (week, 7)] {
            if numbers.len() != expected {
                return Err(ProfileError::Length { expected, found: numbers.len() });
            }
            if numbers.iter().any(|value| !value.is_finite() || *value < 0.0) {
                return Err(ProfileError::Value);
            }
        }
        let mut hours = Vec::with_capacity(HOURS);
        for (index, level) in week.iter().enumerate() {
            let shape = if index >= 5 { weekend } else { day };
            hours.extend(shape.iter().map(|value| value * level));
        }
        let mean = hours.iter().sum::<f64>() / HOURS as f64;
        if mean == 0.0 {
            return Err(ProfileError::AllZero);
        }
        if !mean.is_finite() {
            return Err(ProfileError::Value);
        }
        for value in &mut hours {
            *value /= mean;
        }
        Ok(Self { hours, interpolation })
    }

    /// The catalogue's profile of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let entry = catalogue().into_iter().find(|entry| entry.name == name)?;
        let (weekend, week) = (entry.day_weekend.as_deref(), entry.week.as_deref());
        Self::weekly(&entry.day, weekend, week, Interpolation::Step).ok()
    }

    /// The multipliers, Monday 00 h first.
    #[must_use]
    pub fn hours(&self) -> &[f64] {
        &self.hours
    }

    /// Whether every hour is the same.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.hours.iter().all(|value| *value == self.hours[0])
    }

    /// The piece around `instant`, nanoseconds of local wall clock since a Monday 00 h, below one week.
    pub(super) fn piece(&self, instant: u64) -> Piece {
        #[allow(clippy::cast_possible_truncation)] // both are below 168
        match self.interpolation {
            Interpolation::Step => {
                let left = NANOS_PER_HOUR - instant % NANOS_PER_HOUR;
                Piece { value: self.hours[(instant / NANOS_PER_HOUR) as usize], slope: 0.0, left }
            }
            Interpolation::Linear => {
                let shifted = (instant + NANOS_PER_WEEK - NANOS_PER_HOUR / 2) % NANOS_PER_WEEK;
                let (hour, past) = ((shifted / NANOS_PER_HOUR) as usize, shifted % NANOS_PER_HOUR);
                let (from, to) = (self.hours[hour], self.hours[(hour + 1) % HOURS]);
                let slope = (to - from) / NANOS_PER_HOUR as f64;
                Piece { value: from + slope * past as f64, slope, left: NANOS_PER_HOUR - past }
            }
        }
    }
}

/// One profile of the catalogue, as its file states it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileEntry {
    /// Name used in scenarios.
    pub name: String,
    /// One sentence on what it looks like.
    pub description: String,
    /// 24 hourly values of a weekday, or of every day.
    pub day: Vec<f64>,
    /// 24 hourly values of Saturday and Sunday.
    #[serde(default)]
    pub day_weekend: Option<Vec<f64>>,
    /// 7 daily multipliers, Monday first.
    #[serde(default)]
    pub week: Option<Vec<f64>>,
    /// Days of every year with another level.
    #[serde(default)]
    pub year: Vec<Season>,
    /// Where the numbers come from.
    pub provenance: Provenance,
}

/// Days of every year with another level, as a file states them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Season {
    /// Name for reports.
    pub name: String,
    /// First day, `MM-DD`.
    pub from: String,
    /// Last day, included; before `from` it lies in the next year.
    pub to: String,
    /// The rate is multiplied by this.
    pub factor: f64,
}

impl Season {
    /// Its days that begin in one year, if the calendar has them.
    #[must_use]
    pub fn in_year(&self, year: i16) -> Option<CalendarRange> {
        let day = |text: &str, year: i16| {
            let (month, day) = text.split_once('-')?;
            Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
        };
        let from = day(&self.from, year)?;
        let to = day(&self.to, if self.to < self.from { year.checked_add(1)? } else { year })?;
        Some(CalendarRange { name: self.name.clone(), from, to, factor: self.factor })
    }
}

/// The days with another level of the catalogue's profile of this name, in these years.
pub fn seasons(name: &str, years: std::ops::RangeInclusive<i16>) -> Vec<CalendarRange> {
    let Some(entry) = catalogue().into_iter().find(|entry| entry.name == name) else { return Vec::new() };
    years
        .flat_map(|year| entry.year.iter().filter_map(move |season| season.in_year(year)).collect::<Vec<_>>())
        .collect()
}

const FILES: [&str; 8] = [
    include_str!("profiles/flat.toml"),
    include_str!("profiles/web-weekday.toml"),
    include_str!("profiles/consumer.toml"),
    include_str!("profiles/load-balancer.toml"),
    include_str!("profiles/sports-event.toml"),
    include_str!("profiles/cloud-functions.toml"),
    include_str!("profiles/school-day.toml"),
    include_str!("profiles/school-year.toml"),
];

/// Every profile that ships with the crate.
#[must_use]
pub fn catalogue() -> Vec<ProfileEntry> {
    // The files are part of the crate and a test reads each of them, so that none is ever skipped here.
    FILES.iter().filter_map(|text| toml::from_str(text).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_catalogue_is_read_and_has_mean_one() {
        let entries = catalogue();
        assert_eq!(entries.len(), FILES.len());
        for entry in entries {
            let profile = Profile::named(&entry.name).expect("the entry is valid");
            assert!((profile.hours().iter().sum::<f64>() / 168.0 - 1.0).abs() < 1e-12, "{}", entry.name);
            assert!(!entry.provenance.source.is_empty() && !entry.description.is_empty());
            assert!(entry.year.iter().all(|season| season.in_year(2027).is_some_and(|days| days.from <= days.to)));
        }
        assert!(Profile::named("flat").expect("flat").is_flat());
        assert!(Profile::named("no-such-profile").is_none());
    }

    #[test]
    fn linear_interpolation_keeps_the_mean_and_passes_through_the_middles() {
        let day: Vec<f64> = (0..24).map(|hour| f64::from(hour % 7)).collect();
        let profile = Profile::weekly(&day, None, None, Interpolation::Linear).expect("valid");
        let (mut at, mut area) = (0, 0.0);
        while at < NANOS_PER_WEEK {
            let piece = profile.piece(at);
            let left = piece.left.min(NANOS_PER_WEEK - at);
            area += (piece.value + piece.slope * left as f64 / 2.0) * left as f64;
            at += left;
        }
        assert!((area / NANOS_PER_WEEK as f64 - 1.0).abs() < 1e-12);
        let middle = profile.piece(5 * NANOS_PER_HOUR + NANOS_PER_HOUR / 2);
        assert!((middle.value - profile.hours()[5]).abs() < 1e-12);
    }

    #[test]
    fn seasons_return_every_year_and_may_reach_into_the_next() {
        let days = seasons("school-year", 2025..=2026);
        assert_eq!(days.len(), 20);
        let winter: Vec<String> =
            days.iter().filter(|days| days.name == "winter holidays").map(|d| format!("{} {}", d.from, d.to)).collect();
        assert_eq!(winter, ["2025-12-20 2026-01-03", "2026-12-20 2027-01-03"]);
        assert!(seasons("school-day", 2025..=2026).is_empty() && seasons("none", 2025..=2026).is_empty());
    }

    #[test]
    fn bad_numbers_are_refused() {
        let day = [1.0; 24];
        let weekly = |day: &[f64], week: Option<&[f64]>| Profile::weekly(day, None, week, Interpolation::Step);
        assert_eq!(weekly(&day[..23], None), Err(ProfileError::Length { expected: 24, found: 23 }));
        assert_eq!(weekly(&day, Some(&[1.0])), Err(ProfileError::Length { expected: 7, found: 1 }));
        assert_eq!(weekly(&[0.0; 24], None), Err(ProfileError::AllZero));
        assert_eq!(weekly(&[f64::NAN; 24], None), Err(ProfileError::Value));
        assert_eq!(weekly(&[-1.0; 24], None), Err(ProfileError::Value));
    }
}
