//! The bill of the measured time, spread over it.

use num_bigint::BigInt;
use num_traits::Zero;
use rust_decimal::Decimal;

use super::bill::{Bill, LineItem};
use super::exact::{Exact, exact, rounded, whole};
use crate::metering::calendar::Calendar;
use crate::metering::usage::Usage;

/// Places kept below the last decimal of an amount while it is spread.
const GUARD: u64 = 1_000_000_000_000;

/// The cost of the covered time up to the end of each slice of `calendar`.
///
/// Each line's amount is apportioned by what its meters counted: a line of a day's free hours or of a tier thus costs
/// the same per unit all along, and the last number is `bill.total`. A line that `usage` does not contain (`bill` is a
/// mean over replications, `usage` may be of one) is spread evenly over the time. Rounded at 6 decimals.
#[must_use]
pub fn cost_over_time(bill: &Bill, usage: &Usage, calendar: &Calendar) -> Vec<Decimal> {
    let mut owed = vec![BigInt::zero(); calendar.slices.len()];
    for line in bill.lines.iter().filter(|line| !line.amount.is_zero()) {
        let weights = weights(line, usage, calendar);
        let all: BigInt = weights.iter().sum();
        if all.is_zero() {
            continue;
        }
        let amount = (exact(line.amount) * whole(GUARD)).floor();
        let mut so_far = BigInt::zero();
        for (owed, weight) in owed.iter_mut().zip(weights) {
            so_far += weight;
            *owed += &amount * &so_far / &all;
        }
    }
    let covered = if bill.per_month.is_zero() { Exact::zero() } else { exact(bill.total) / exact(bill.per_month) };
    let scale = covered / whole(GUARD);
    owed.into_iter().map(|owed| rounded(&(whole(owed) * &scale)).unwrap_or(bill.total)).collect()
}

/// By what one line is spread over the slices.
fn weights(line: &LineItem, usage: &Usage, calendar: &Calendar) -> Vec<BigInt> {
    let mut weights = vec![BigInt::zero(); calendar.slices.len()];
    for counts in line.meters.iter().filter_map(|meter| usage.counts.get(meter)) {
        for (weight, &count) in weights.iter_mut().zip(counts) {
            *weight += count;
        }
    }
    if weights.iter().all(Zero::is_zero) {
        for (weight, slice) in weights.iter_mut().zip(&calendar.slices) {
            *weight = (slice.end - slice.start).0.into();
        }
    }
    weights
}
