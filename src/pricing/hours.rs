//! Usage hour by hour, for what is decided in each hour: coverage of commitments, most units at a time, sustained use.
//!
//! An hour is a run of slices of one hour and one day; where the calendar has nothing finer than days (stored usage), a
//! day stands for its hours, as if its usage were spread evenly over them.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_traits::Zero;

use super::rate::Daily;
use super::settle::{Charge, Unpriced};
use super::tariff::Unit;
use crate::metering::calendar::Calendar;
use crate::metering::usage::Usage;
use crate::units::Nanos;

/// Usage of one item in base units: per service, one number per hour.
pub(super) type Hourly<'a> = BTreeMap<&'a str, Vec<BigInt>>;

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
        let mut hours = Self { of_slice: Vec::new(), day: Vec::new(), length: Vec::new(), days: calendar.days.len() };
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
    pub fn empty(&self) -> Vec<BigInt> {
        vec![BigInt::zero(); self.length.len()]
    }

    /// Sums the meters of a charge per service and hour.
    pub fn gather<'a>(&self, usage: &Usage, charge: &'a Charge) -> Result<Hourly<'a>, Unpriced> {
        let mut hourly = Hourly::new();
        for meter in &charge.meters {
            let hours = hourly.entry(meter.service.as_str()).or_insert_with(|| self.empty());
            let counts = usage.counts.get(meter).map_or(&[][..], Vec::as_slice);
            for (slice, &count) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
                hours[*self.of_slice.get(slice).ok_or(Unpriced::BeyondCalendar)?] += count;
            }
        }
        Ok(hourly)
    }

    /// The same per day.
    pub fn daily<'a>(&self, hourly: &Hourly<'a>) -> Daily<'a> {
        let mut daily = Daily::new();
        for (&service, hours) in hourly {
            let days = daily.entry(service).or_insert_with(|| vec![BigInt::zero(); self.days]);
            for (hour, quantity) in hours.iter().enumerate() {
                days[self.day[hour]] += quantity;
            }
        }
        daily
    }

    /// Per unit that is held at a time (the first, the second, ...): for how long it was held in the hours of these days.
    /// In base units.
    pub fn levels(&self, hourly: &Hourly, unit: &Unit, of_period: impl Fn(usize) -> bool) -> Vec<BigInt> {
        let mut levels: Vec<BigInt> = Vec::new();
        for (hour, length) in self.iter().filter(|&(hour, _)| of_period(self.day[hour])) {
            let one = BigInt::from(unit.held(length));
            let mut rest: BigInt = hourly.values().map(|hours| &hours[hour]).sum();
            let mut level = 0;
            while !rest.is_zero() && !one.is_zero() {
                let here = one.clone().min(rest.clone());
                rest -= &here;
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

/// Takes up to `most` of what the services used in an hour, from each its share, and says how much from each.
pub(super) fn take<'a>(hourly: &mut Hourly<'a>, hour: usize, most: &BigInt) -> Vec<(&'a str, BigInt)> {
    if hourly.len() == 1 {
        return take_alone(hourly, hour, most);
    }
    let total: BigInt = hourly.values().map(|hours| &hours[hour]).sum();
    let mut left = most.clone().min(total.clone());
    if left.is_zero() {
        return Vec::new();
    }
    let all = left.clone();
    let services = hourly.len();
    let mut taken = Vec::with_capacity(services);
    for (place, (&service, hours)) in hourly.iter_mut().enumerate() {
        let used = &mut hours[hour];
        // The last one pays what the divisions of the others left over.
        let share = if place + 1 == services { left.clone() } else { (&all * &*used / &total).min(left.clone()) };
        let share = share.min(used.clone());
        *used -= &share;
        left -= &share;
        taken.push((service, share));
    }
    // A remainder that the last one had not used comes from the first that can give it.
    for (place, hours) in hourly.values_mut().enumerate() {
        let more = left.clone().min(hours[hour].clone());
        hours[hour] -= &more;
        left -= &more;
        taken[place].1 += more;
    }
    taken
}

/// The same of the only service, which most accounts have.
fn take_alone<'a>(hourly: &mut Hourly<'a>, hour: usize, most: &BigInt) -> Vec<(&'a str, BigInt)> {
    let alone = hourly.iter_mut().filter_map(|(&service, hours)| {
        let taken = hours[hour].clone().min(most.clone());
        hours[hour] -= &taken;
        (!taken.is_zero()).then_some((service, taken))
    });
    alone.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_service_gives_what_there_is() {
        let mut hourly: Hourly = [("a", vec![BigInt::from(10)])].into();
        assert_eq!(take(&mut hourly, 0, &BigInt::from(4)), [("a", BigInt::from(4))]);
        assert_eq!(take(&mut hourly, 0, &BigInt::from(99)), [("a", BigInt::from(6))]);
        assert!(take(&mut hourly, 0, &BigInt::from(99)).is_empty());
    }

    #[test]
    fn what_is_taken_comes_from_everyone_and_adds_up() {
        let hour = |quantity: u32| vec![BigInt::from(quantity)];
        let mut hourly: Hourly = [("a", hour(10)), ("b", hour(20)), ("c", hour(0))].into();
        let taken = take(&mut hourly, 0, &BigInt::from(10));
        assert_eq!(taken.iter().map(|(_, taken)| taken).sum::<BigInt>(), BigInt::from(10));
        assert_eq!(taken[1].1, BigInt::from(6));
        assert_eq!(hourly.values().map(|hours| &hours[0]).sum::<BigInt>(), BigInt::from(20));
        assert_eq!(take(&mut hourly, 0, &BigInt::from(99)).iter().map(|one| &one.1).sum::<BigInt>(), BigInt::from(20));
        assert!(take(&mut hourly, 0, &BigInt::from(99)).is_empty());
    }
}
