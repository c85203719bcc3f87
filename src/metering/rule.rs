//! How each event and each interval is rounded before anything is summed, as one tariff item states it.
//!
//! The arithmetic is [`super::rounding`]; here it gets the figures of a provider. Whoever counts (the engine, a worked
//! example) asks the rule, so that there is one reading of "up to the next 100 ms, at least a minute".

use super::rounding::{above, chunks, steps};
use crate::units::{Bytes, Nanos};

/// A rule of metering. Zero everywhere rounds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Time is rounded up to a multiple of this.
    pub step: Nanos,
    /// Shortest time that is billed.
    pub least: Nanos,
    /// Time that is billed after the end of an interval.
    pub tail: Nanos,
    /// Memory is rounded up to a multiple of this.
    pub memory_step: Bytes,
    /// Least memory that is billed.
    pub memory_least: Bytes,
    /// A message of more than this counts once per chunk.
    pub chunk: Bytes,
    /// Size up to which a message counts once, where that is more than a chunk.
    pub first_chunk: Bytes,
    /// What each event, or each instance, has of its own.
    pub included: Bytes,
    /// Counts are rounded up to a multiple of this, per event.
    pub count_step: u64,
    /// Whether starting up is billed like running.
    pub start_billed: bool,
}

impl Rule {
    /// The time that is billed for an event that ran for `run` after starting up for `start`.
    #[must_use]
    pub const fn time(&self, run: Nanos, start: Nanos) -> Nanos {
        let start = if self.start_billed { start.0 } else { 0 };
        Nanos(steps(run.0.saturating_add(start), self.step.0, self.least.0))
    }

    /// The memory that is billed, in MiB: the size rounded up, and parts of a MiB are whole ones.
    #[must_use]
    pub const fn mebibytes(&self, size: Bytes) -> u64 {
        steps(size.0, self.memory_step.0, self.memory_least.0).div_ceil(1 << 20)
    }

    /// How many times a message of this size counts.
    #[must_use]
    pub const fn chunks(&self, size: Bytes) -> u64 {
        if self.first_chunk.0 == 0 {
            return chunks(size.0, self.chunk.0);
        }
        let rest = above(size.0, self.first_chunk.0);
        if rest == 0 { 1 } else { 1 + chunks(rest, self.chunk.0) }
    }

    /// What is billed of a size of which a part is included.
    #[must_use]
    pub const fn above(&self, size: Bytes) -> Bytes {
        Bytes(above(size.0, self.included.0))
    }

    /// What it does, one sentence for each part of it.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.step.0 > 1 {
            words.push(format!("each time that is counted is rounded up to a multiple of {}", self.step));
        }
        if self.least.0 > 0 {
            words.push(format!("each time that is counted is at least {}", self.least));
        }
        if self.tail.0 > 0 {
            words.push(format!(
                "{} are billed after the end of each run; a gap shorter than that is bridged",
                self.tail
            ));
        }
        if self.start_billed {
            words.push("starting up is counted like running".to_owned());
        }
        if self.memory_step.0 > 1 {
            words.push(format!("memory is rounded up to a multiple of {}", self.memory_step));
        }
        if self.memory_least.0 > 0 {
            words.push(format!("memory is at least {}", self.memory_least));
        }
        if self.chunk.0 > 0 {
            let first = if self.first_chunk.0 > 0 {
                format!("its first {}, then for ", self.first_chunk)
            } else {
                String::new()
            };
            words.push(format!("a message counts once for {first}each {} of it, or part of that", self.chunk));
        }
        if self.included.0 > 0 {
            words.push(format!("the first {} of each are included", self.included));
        }
        if self.count_step > 1 {
            words.push(format!("each count is rounded up to a multiple of {}", self.count_step));
        }
        words
    }

    /// A count, rounded up.
    #[must_use]
    pub const fn count(&self, count: u64) -> u64 {
        steps(count, self.count_step, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;

    #[test]
    fn a_start_counts_only_where_it_is_billed() {
        // Lambda before and after 2025-08-01: 100 ms after an INIT of 800 ms.
        let after = Rule { step: Nanos(MS), start_billed: true, ..Rule::default() };
        let before = Rule { start_billed: false, ..after };
        let (run, start) = (Nanos(100 * MS), Nanos(800 * MS));
        assert_eq!((before.time(run, start), after.time(run, start)), (run, Nanos(900 * MS)));
    }

    #[test]
    fn time_and_memory_are_rounded_per_event() {
        // Azure Functions: 50 ms at 10 MB are 100 ms at 128 MB; 160 MB are 256.
        let rule = Rule {
            step: Nanos(MS),
            least: Nanos(100 * MS),
            memory_step: Bytes(128 * MIB),
            memory_least: Bytes(128 * MIB),
            ..Rule::default()
        };
        assert_eq!(rule.time(Nanos(50 * MS), Nanos::ZERO), Nanos(100 * MS));
        assert_eq!((rule.mebibytes(Bytes(10 * MIB)), rule.mebibytes(Bytes(160 * MIB))), (128, 256));
        assert_eq!(Rule::default().mebibytes(Bytes(1)), 1);
    }

    #[test]
    fn every_part_of_a_rule_is_said() {
        assert!(Rule::default().in_words().is_empty());
        let rule = Rule {
            step: Nanos(100 * MS),
            least: Nanos(60_000 * MS),
            tail: Nanos(900_000 * MS),
            memory_step: Bytes(128 * MIB),
            memory_least: Bytes(256 * MIB),
            chunk: Bytes(64 * KIB),
            first_chunk: Bytes(256 * KIB),
            included: Bytes(6 * MIB),
            count_step: 1000,
            start_billed: true,
        };
        let words = rule.in_words().join("\n");
        for part in
            ["100ms", "at least 1m", "15m", "starting up", "128MiB", "256MiB", "its first 256KiB", "6MiB", "1000"]
        {
            assert!(words.contains(part), "{part}: {words}");
        }
    }

    #[test]
    fn provisioned_capacity_is_paid_in_steps_of_five_minutes() {
        let rule = Rule { step: Nanos(300_000 * MS), ..Rule::default() };
        assert_eq!(rule.time(Nanos(301_000 * MS), Nanos::ZERO), Nanos(600_000 * MS));
    }

    #[test]
    fn the_first_chunk_may_be_larger() {
        // Asynchronous Lambda events: one request for the first 256 KB, then one per 64 KB.
        let rule = Rule { chunk: Bytes(64 * KIB), first_chunk: Bytes(256 * KIB), ..Rule::default() };
        assert_eq!([256, 257, 320, 321].map(|size| rule.chunks(Bytes(size * KIB))), [1, 2, 2, 3]);
        let plain = Rule { chunk: Bytes(64 * KIB), ..Rule::default() };
        assert_eq!([0, 64, 65, 127].map(|size| plain.chunks(Bytes(size * KIB))), [1, 1, 2, 2]);
    }

    #[test]
    fn what_is_included_belongs_to_each_event_and_counts_have_steps() {
        let rule = Rule { included: Bytes(6 * MIB), count_step: 1000, ..Rule::default() };
        assert_eq!([9, 3].map(|size| rule.above(Bytes(size * MIB))), [Bytes(3 * MIB), Bytes(0)]);
        // GCP Workflows: steps in increments of 1,000.
        assert_eq!((rule.count(1), rule.count(1000), rule.count(1001)), (1000, 1000, 2000));
    }
}
