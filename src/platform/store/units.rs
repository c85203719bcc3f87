//! How many of a store's own units an access is.

use crate::application::step::Access;
use crate::metering::rounding::chunks;

/// Units of reads and of writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// Of a read.
    pub read: Unit,
    /// Of a write.
    pub write: Unit,
}

/// What one unit takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// One for each so many bytes begun, at least one; `None`: one, however large the access is.
    pub bytes: Option<u64>,
    /// Whether each counts half: an eventually consistent read.
    pub half: bool,
}

impl Unit {
    /// Halves of a unit that an access of so many bytes takes.
    #[inline]
    #[must_use]
    pub const fn halves(self, bytes: u64) -> u64 {
        let whole = match self.bytes {
            Some(unit) => chunks(bytes, unit),
            None => 1,
        };
        if self.half { whole } else { whole.saturating_mul(2) }
    }
}

impl Units {
    /// Halves of a unit that this access of so many bytes takes.
    #[inline]
    #[must_use]
    pub const fn halves(&self, access: Access, bytes: u64) -> u64 {
        match access {
            Access::Read => self.read.halves(bytes),
            Access::Write => self.write.halves(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_rounded_up_to_whole_units_and_eventual_reads_take_half() {
        // AWS: 4 KB per read unit, half for an eventually consistent one, 1 KB per write unit.
        let strong = Unit { bytes: Some(4096), half: false };
        let eventual = Unit { half: true, ..strong };
        let write = Unit { bytes: Some(1024), half: false };
        assert_eq!([1, 4096, 4097, 100_000].map(|bytes| strong.halves(bytes)), [2, 2, 4, 50]);
        assert_eq!([1, 4096, 4097, 100_000].map(|bytes| eventual.halves(bytes)), [1, 1, 2, 25]);
        assert_eq!([0, 1024, 1025, 1536].map(|bytes| write.halves(bytes)), [2, 2, 4, 4]);
        assert_eq!(Unit::default().halves(1 << 40), 2, "one per document");
    }
}
