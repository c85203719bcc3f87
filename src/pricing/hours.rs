//! Usage hour by hour, for what is decided in each hour: coverage of commitments, most units at a time, sustained use.
//!
//! An hour is a run of slices of one hour and one day; where the calendar has nothing finer than days (stored usage), a
//! day stands for its hours, as if its usage were spread evenly over them.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_traits::Zero;

use super::rate::Daily;
use super::settle::{Charge, Unpriced};
use super::tariff::{Item, Unit};
use crate::metering::calendar::Calendar;
use crate::metering::usage::Usage;
use crate::units::Nanos;

/// Usage of one item in base units: per service, one number per hour. Machine integers, for a year has many hours: what does
/// not fit into one is refused where it is gathered, and sums over hours are of any size.
pub(super) type Hourly<'a> = BTreeMap<&'a str, Vec<u128>>;

/// The hours of a calendar.
pub(super) struct Hours {
    /// Hour of each slice.
    of_slice: Vec<usize>,
    /// Day of each hour.
    day: Vec<usize>,
    /// Length of each hour: an hour, unless a horizon or a day cuts it.
    length: Vec<Nanos>,
    days: usize,
}

impl Hours {
    pub fn of(calendar: &Calendar) -> Self {
        let slices = calendar.slices.len();
        let [of_slice, day] = [Vec::with_capacity(slices), Vec::with_capacity(slices)];
        let mut hours = Self { of_slice, day, length: Vec::with_capacity(slices), days: calendar.days.len() };
        let mut last = None;
        for slice in &calendar.slices {
            if last != Some((slice.hour, slice.day)) {
                last = Some((slice.hour, slice.day));
                hours.day.push(slice.day);
                hours.length.push(Nanos::ZERO);
            }
            let hour = hours.length.len() - 1;
            hours.of_slice.push(hour);
            hours.length[hour] = hours.length[hour].saturating_add(slice.end - slice.start);
        }
        hours
    }

    /// Number and length of each.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Nanos)> {
        self.length.iter().copied().enumerate()
    }

    /// Nothing used.
    pub fn empty(&self) -> Vec<u128> {
        vec![0; self.length.len()]
    }

    /// Sums the meters of a charge per service and hour.
    ///
    /// # Errors
    /// [`Unpriced::BeyondCalendar`]; [`Unpriced::TooLarge`] where all services together used more in an hour than a machine
    /// integer holds.
    pub fn gather<'a>(&self, usage: &Usage, charge: &'a Charge) -> Result<Hourly<'a>, Unpriced> {
        let mut hourly = Hourly::new();
        for meter in &charge.meters {
            let hours = hourly.entry(meter.service.as_str()).or_insert_with(|| self.empty());
            let counts = usage.counts.get(meter).map_or(&[][..], Vec::as_slice);
            let weight = u128::from(charge.item.weight(&meter.variant));
            for (slice, &count) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
                let hour = &mut hours[*self.of_slice.get(slice).ok_or(Unpriced::BeyondCalendar)?];
                let weighed = count.checked_mul(weight).and_then(|count| hour.checked_add(count));
                *hour = weighed.ok_or_else(|| too_large(&charge.item))?;
            }
        }
        // With one service there is nothing to sum.
        let sums = || (0..self.length.len()).all(|hour| checked_total(&hourly, hour).is_some());
        if hourly.len() > 1 && !sums() {
            return Err(too_large(&charge.item));
        }
        Ok(hourly)
    }

    /// The same per day.
    pub fn daily<'a>(&self, hourly: &Hourly<'a>) -> Daily<'a> {
        let mut daily = Daily::new();
        for (&service, hours) in hourly {
            let days = daily.entry(service).or_insert_with(|| vec![BigInt::zero(); self.days]);
            // The hours of a day stand together, and nearly always their sum fits as they do.
            let (mut day, mut sum) = (0, 0_u128);
            for (&of, &quantity) in self.day.iter().zip(hours) {
                if let Some(more) = sum.checked_add(quantity).filter(|_| of == day) {
                    sum = more;
                } else {
                    days[day] += sum;
                    (day, sum) = (of, quantity);
                }
            }
            if sum > 0 {
                days[day] += sum;
            }
        }
        daily
    }

    /// Per unit that is held at a time (the first, the second, ...): for how long it was held in the hours of these days.
    /// In base units.
    pub fn levels(&self, hourly: &Hourly, unit: &Unit, of_period: impl Fn(usize) -> bool) -> Vec<BigInt> {
        let mut levels: Vec<BigInt> = Vec::new();
        for (hour, length) in self.iter().filter(|&(hour, _)| of_period(self.day[hour])) {
            let one = unit.held(length);
            let mut rest = total(hourly, hour);
            let mut level = 0;
            while rest > 0 && one > 0 {
                let here = one.min(rest);
                rest -= here;
                if levels.len() == level {
                    levels.push(BigInt::zero());
                }
                levels[level] += here;
                level += 1;
            }
        }
        levels
    }
}

fn too_large(item: &Item) -> Unpriced {
    Unpriced::TooLarge { item: item.id.clone() }
}

/// What all services used in an hour; none where that is more than a machine integer holds.
fn checked_total(hourly: &Hourly<'_>, hour: usize) -> Option<u128> {
    hourly.values().try_fold(0_u128, |sum, hours| sum.checked_add(hours[hour]))
}

/// What all services used in an hour: what was gathered fits.
pub(super) fn total(hourly: &Hourly<'_>, hour: usize) -> u128 {
    hourly.values().map(|hours| hours[hour]).sum()
}

/// Takes up to `most` of what the services used in an hour, from each its share, and tells how much from which.
pub(super) fn take<'a>(hourly: &mut Hourly<'a>, hour: usize, most: u128, mut taken: impl FnMut(&'a str, u128)) {
    if hourly.len() == 1 {
        // What follows comes to the same.
        let only = hourly.iter_mut().next().map(|(&service, hours)| (service, &mut hours[hour]));
        let only = only.map(|(service, left)| (service, most.min(*left), left)).filter(|(_, share, _)| *share > 0);
        if let Some((service, share, left)) = only {
            *left -= share;
            taken(service, share);
        }
        return;
    }
    let used = total(hourly, hour);
    let all = most.min(used);
    if all == 0 {
        return;
    }
    let mut left = all;
    let services = hourly.len();
    for (place, (&service, hours)) in hourly.iter_mut().enumerate() {
        // The last one pays what the divisions of the others left over, of which it has not always as much.
        let share = if place + 1 == services { left } else { part(all, hours[hour], used).min(left) };
        let share = share.min(hours[hour]);
        hours[hour] -= share;
        left -= share;
        if share > 0 {
            taken(service, share);
        }
    }
    // A remainder that the last one had not used comes from the first that can give it.
    for (&service, hours) in hourly.iter_mut() {
        let more = left.min(hours[hour]);
        if more > 0 {
            hours[hour] -= more;
            left -= more;
            taken(service, more);
        }
    }
}

/// `all x one / of`, rounded down, where `one` is at most `of`.
fn part(all: u128, one: u128, of: u128) -> u128 {
    match all.checked_mul(one) {
        Some(product) => product / of,
        None => u128::try_from(BigInt::from(all) * one / of).unwrap_or(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much was taken from each of the services that gave something.
    fn taken<'a>(hourly: &mut Hourly<'a>, most: u128) -> BTreeMap<&'a str, u128> {
        let mut all = BTreeMap::new();
        take(hourly, 0, most, |service, taken| *all.entry(service).or_default() += taken);
        all
    }

    #[test]
    fn the_only_service_gives_what_there_is() {
        let mut hourly: Hourly = [("a", vec![10])].into();
        assert_eq!(taken(&mut hourly, 4), [("a", 4)].into());
        assert_eq!(taken(&mut hourly, 99), [("a", 6)].into());
        assert!(taken(&mut hourly, 99).is_empty());
    }

    #[test]
    fn what_is_taken_comes_from_everyone_and_adds_up() {
        let mut hourly: Hourly = [("a", vec![10]), ("b", vec![20]), ("c", vec![0])].into();
        let first = taken(&mut hourly, 10);
        assert_eq!(first.values().sum::<u128>(), 10);
        assert_eq!(first["b"], 6);
        assert_eq!(total(&hourly, 0), 20);
        assert_eq!(taken(&mut hourly, 99).values().sum::<u128>(), 20);
        assert!(taken(&mut hourly, 99).is_empty());
    }

    #[test]
    fn a_part_of_a_giant_is_exact() {
        let giant = u128::MAX / 3;
        assert_eq!(part(giant, giant, 2 * giant), giant / 2);
        assert_eq!(part(10, 20, 30), 6);
    }
}
