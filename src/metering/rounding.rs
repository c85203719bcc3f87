//! What is counted for a request, an interval or an hour before anything is summed.
//!
//! Providers round each event, never the sum: a thousand runs of 61 ms in steps of 100 ms are 100 s, not 61 s. All of it
//! is integer arithmetic in whatever unit the caller counts.

use std::ops::Range;

/// `quantity`, at least `least`, rounded up to a multiple of `step`; a step of 0 or 1 rounds nothing. Saturates.
#[must_use]
pub const fn steps(quantity: u64, step: u64, least: u64) -> u64 {
    let quantity = if quantity < least { least } else { quantity };
    if step <= 1 { quantity } else { quantity.div_ceil(step).saturating_mul(step) }
}

/// How many chunks of `chunk` a message of `size` is billed as: at least one, however small it is.
#[must_use]
pub const fn chunks(size: u64, chunk: u64) -> u64 {
    if chunk == 0 || size == 0 { 1 } else { size.div_ceil(chunk) }
}

/// What lies above an allowance that every event has of its own.
#[must_use]
pub const fn above(quantity: u64, included: u64) -> u64 {
    quantity.saturating_sub(included)
}

/// Time covered by at least one of `intervals`, each prolonged by `tail`: what an instance is billed for that is paid
/// while it handles any request, or that is paid for a while after its last one. Overlaps count once, and so does a
/// gap shorter than the tail.
#[must_use]
pub fn covered(intervals: &[Range<u64>], tail: u64) -> u64 {
    let mut sorted: Vec<Range<u64>> = intervals.iter().filter(|range| range.start < range.end).cloned().collect();
    sorted.sort_unstable_by_key(|range| range.start);
    let mut covered = 0;
    let mut reached = 0;
    for Range { start, end } in sorted {
        let end = end.saturating_add(tail);
        covered += end.saturating_sub(start.max(reached));
        reached = reached.max(end);
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_rounded_up_not_the_sum() {
        // Cloud Functions: 240 ms are billed as 300 ms. Azure Functions: 50 ms at 10 MB are 100 ms at 128 MB.
        assert_eq!(steps(240, 100, 0), 300);
        assert_eq!((steps(50, 1, 100), steps(10, 128, 128)), (100, 128));
        assert_eq!(1000 * steps(61, 100, 0), 100_000);
        assert_eq!(steps(300, 100, 0), 300);
        assert_eq!((steps(7, 0, 0), steps(u64::MAX, 100, 0)), (7, u64::MAX));
    }

    #[test]
    fn fargate_bills_a_minute_at_least() {
        assert_eq!((steps(12, 1, 60), steps(61, 1, 60)), (60, 61));
    }

    #[test]
    fn messages_are_billed_in_chunks() {
        // SQS: 128 KB are two requests of 64 KB, 127 KB as well; an empty receive is one.
        assert_eq!((chunks(128, 64), chunks(127, 64), chunks(129, 64), chunks(0, 64)), (2, 2, 3, 1));
    }

    #[test]
    fn included_parts_belong_to_the_event() {
        // Response streaming: the first 6 MB of each request are free, so 3 MB do not lend 3 MB to the next.
        assert_eq!(above(9, 6) + above(3, 6), 3);
    }

    #[test]
    fn a_gap_shorter_than_the_tail_is_bridged_and_counted_once() {
        // App Engine, minutes: 30 up are billed as 45; 30 up, 10 down, 60 up as 115; 30 up, 20 down, 60 up as 120.
        assert_eq!(covered(std::slice::from_ref(&(0..30)), 15), 45);
        assert_eq!(covered(&[40..100, 0..30], 15), 115);
        assert_eq!(covered(&[0..30, 50..110], 15), 120);
    }

    #[test]
    fn requests_that_overlap_are_billed_once() {
        // Cloud Run: two requests of 400 ms on one instance, 100 ms apart, are 500 ms of instance time.
        assert_eq!(covered(&[0..400, 100..500, 200..300], 0), 500);
        assert_eq!(covered(&[5..5, 7..9], 0), 2);
    }
}
