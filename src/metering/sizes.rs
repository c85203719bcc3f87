//! The sizes that are sold: what of processors and memory is billed for what a pod or a task asks for.

use crate::units::Bytes;

/// Processors and memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Thousandths of a vCPU.
    pub milli_vcpu: u64,
    /// Memory.
    pub memory: Bytes,
}

/// Memories that are sold with so many processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sold {
    /// Thousandths of a vCPU.
    pub milli_vcpu: u64,
    /// Least memory.
    pub least: Bytes,
    /// Most memory.
    pub most: Bytes,
    /// From the least on, memory is sold in multiples of this; above zero.
    pub step: Bytes,
}

/// How a size that is asked for becomes one that is billed. Zero everywhere, and nothing listed, bills what is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Memory that the provider adds for itself.
    pub added: Bytes,
    /// Processors are rounded up to a multiple of this, in thousandths of a vCPU.
    pub milli_vcpu_step: u64,
    /// Least memory for each vCPU: memory grows to it.
    pub least_per_vcpu: Bytes,
    /// Most memory for each vCPU: processors grow to it. Zero is no limit.
    pub most_per_vcpu: Bytes,
    /// All that is sold, smallest first; empty where any size is.
    pub sold: Vec<Sold>,
}

impl Sizes {
    /// The size that is billed for what is asked for: the first of those that are sold into which it fits. None where it is
    /// larger than all of them.
    #[must_use]
    pub fn billed(&self, asked: Size) -> Option<Size> {
        let memory = asked.memory.0.saturating_add(self.added.0);
        let for_memory = match self.most_per_vcpu.0 {
            0 => 0,
            most => u128::from(memory).saturating_mul(1000).div_ceil(u128::from(most)),
        };
        let step = self.milli_vcpu_step.max(1);
        let for_memory = u64::try_from(for_memory).unwrap_or(u64::MAX);
        let milli_vcpu = asked.milli_vcpu.max(for_memory).max(1).div_ceil(step).saturating_mul(step);
        let least = (u128::from(milli_vcpu) * u128::from(self.least_per_vcpu.0)).div_ceil(1000);
        let size = Size { milli_vcpu, memory: Bytes(memory.max(u64::try_from(least).unwrap_or(u64::MAX))) };
        if self.sold.is_empty() { Some(size) } else { self.sold.iter().find_map(|sold| sold.holding(size)) }
    }

    /// What it does, one sentence for each part of it.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.added.0 > 0 {
            words.push(format!("{} of memory are added to what is asked for", self.added));
        }
        if self.milli_vcpu_step > 1 {
            words.push(format!("processors are rounded up to multiples of {} thousandths", self.milli_vcpu_step));
        }
        if self.least_per_vcpu.0 > 0 {
            words.push(format!("memory is at least {} for each vCPU", self.least_per_vcpu));
        }
        if self.most_per_vcpu.0 > 0 {
            words.push(format!("for each {} of memory there is a vCPU", self.most_per_vcpu));
        }
        if !self.sold.is_empty() {
            words.push("the smallest combination that is sold and holds it is billed".to_owned());
        }
        words
    }
}

impl Sold {
    /// The smallest of these that holds `size`.
    fn holding(&self, size: Size) -> Option<Size> {
        let above = size.memory.0.saturating_sub(self.least.0);
        let memory = self.least.0.saturating_add(above.div_ceil(self.step.0.max(1)).saturating_mul(self.step.0));
        (size.milli_vcpu <= self.milli_vcpu && memory <= self.most.0)
            .then_some(Size { milli_vcpu: self.milli_vcpu, memory: Bytes(memory) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn size(milli_vcpu: u64, mebibytes: u64) -> Size {
        Size { milli_vcpu, memory: Bytes(mebibytes * MIB) }
    }

    #[test]
    fn nothing_said_bills_what_is_asked_for() {
        assert_eq!(Sizes::default().billed(size(333, 77)), Some(size(333, 77)));
        assert!(Sizes::default().in_words().is_empty());
    }

    #[test]
    fn the_smallest_that_is_sold_and_holds_it_is_billed() {
        let sold = |milli_vcpu, least, most| Sold {
            milli_vcpu,
            least: Bytes(least * MIB),
            most: Bytes(most * MIB),
            step: Bytes(1024 * MIB),
        };
        let sizes = Sizes {
            added: Bytes(256 * MIB),
            sold: vec![sold(500, 1024, 4096), sold(1000, 2048, 8192)],
            ..Sizes::default()
        };
        assert_eq!(sizes.billed(size(100, 768)), Some(size(500, 1024)));
        assert_eq!(sizes.billed(size(100, 769)), Some(size(500, 2048)));
        assert_eq!(sizes.billed(size(500, 3841)), Some(size(1000, 5120)));
        assert_eq!(sizes.billed(size(501, 1)), Some(size(1000, 2048)));
        assert_eq!([sizes.billed(size(1001, 1)), sizes.billed(size(1, 7937))], [None, None]);
    }

    #[test]
    fn what_is_scarce_grows_with_the_other() {
        let sizes = Sizes {
            milli_vcpu_step: 250,
            least_per_vcpu: Bytes(1024 * MIB),
            most_per_vcpu: Bytes(2048 * MIB),
            ..Sizes::default()
        };
        assert_eq!(sizes.billed(size(900, 100)), Some(size(1000, 1024)));
        assert_eq!(sizes.billed(size(250, 2049)), Some(size(1250, 2049)));
        assert_eq!(sizes.billed(size(0, 0)), Some(size(250, 256)));
        assert_eq!(sizes.in_words().len(), 3);
    }
}
