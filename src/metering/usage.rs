//! Usage: what a bill is made from.

use std::collections::BTreeMap;

pub use super::dimension::Dimension;

/// What is counted: the dimension, which service used it, and which variant of the priced thing it was (a node type,
/// an instance class; empty where there is only one).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Meter {
    /// The service; empty for what all services share.
    pub service: String,
    /// The dimension.
    pub dimension: Dimension,
    /// Node type, instance class, edge id...
    pub variant: String,
}

/// The variant under which a machine type is counted, and priced, where it is bought as spare capacity.
#[must_use]
pub fn spare(machine: &str) -> String {
    format!("{machine}{SPARE}")
}

/// The machine type of a variant that is spare capacity; none of one that is not.
#[must_use]
pub fn of_spare(variant: &str) -> Option<&str> {
    variant.strip_suffix(SPARE)
}

const SPARE: &str = ":spot";

/// The usage of one deployment in one replication, cut into slices of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Quantity in base units per meter, one number per slice of the [`super::calendar::Calendar`].
    pub counts: BTreeMap<Meter, Vec<u128>>,
}

impl Usage {
    /// Adds `quantity` base units of `meter` to slice number `slice`.
    pub fn add(&mut self, meter: &Meter, slice: usize, quantity: u128) {
        if quantity == 0 {
            return;
        }
        let counts = match self.counts.get_mut(meter) {
            Some(counts) => counts,
            None => self.counts.entry(meter.clone()).or_default(),
        };
        if counts.len() <= slice {
            counts.resize(slice + 1, 0);
        }
        counts[slice] += quantity;
    }

    /// The quantity of `meter` over all slices.
    #[must_use]
    pub fn total(&self, meter: &Meter) -> u128 {
        self.counts.get(meter).map_or(0, |counts| counts.iter().sum())
    }
}
