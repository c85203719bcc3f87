//! Which requests are traced: the first ones of each second, and a share of the others.
//!
//! A request is looked at once, where it enters; what it sets going is traced with it. Of the others it is only known
//! how many there were: which of them are traced changes nothing, and their share is exact.

use crate::kernel::whole;
use crate::platform::observability::Traces;

/// Nanoseconds for which a reservoir lasts.
const SECOND: u64 = 1_000_000_000;

/// Requests that came in one slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// All of them.
    pub requests: u64,
    /// Those that the reservoir had room for.
    pub reserved: u64,
}

/// The requests of a deployment whose traces are kept.
#[derive(Debug)]
pub(super) struct Sampler<'a> {
    traces: &'a Traces,
    /// When the second ends that the last request came in, and what its reservoir has left.
    until: u64,
    left: u32,
    slices: Vec<Asked>,
}

impl<'a> Sampler<'a> {
    pub fn new(traces: &'a Traces, slices: usize) -> Self {
        Self { traces, until: 0, left: 0, slices: vec![Asked::default(); slices] }
    }

    /// A request that is counted comes at `now`, in this slice.
    pub fn asked(&mut self, now: u64, slice: usize) {
        if now >= self.until {
            (self.until, self.left) = ((now / SECOND + 1) * SECOND, self.traces.reservoir);
        }
        let asked = &mut self.slices[slice];
        asked.requests += 1;
        if self.left > 0 {
            self.left -= 1;
            asked.reserved += 1;
        }
    }

    /// Requests that were traced, by slice.
    pub fn traced(&self) -> Vec<u128> {
        let others = self.slices.iter().map(|asked| u128::from(asked.requests - asked.reserved));
        let others = whole::spread(others, |requests| self.traces.of_others(requests));
        self.slices.iter().zip(others).map(|(asked, others)| u128::from(asked.reserved) + others).collect()
    }

    /// All requests that came.
    pub fn requests(&self) -> u128 {
        self.slices.iter().map(|asked| u128::from(asked.requests)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces(reservoir: u32, of_million: u64) -> Traces {
        Traces { id: "x".to_owned(), reservoir, of_million, by_span: false }
    }

    #[test]
    fn the_first_of_each_second_and_a_twentieth_of_the_rest() {
        let rule = traces(1, 50_000);
        let mut sampler = Sampler::new(&rule, 2);
        // Ten a second for a hundred seconds, of which the last forty are of another slice.
        for request in 0..1000 {
            let at = request * SECOND / 10;
            sampler.asked(at, usize::from(at >= 60 * SECOND));
        }
        assert_eq!(sampler.traced(), [60 + 540 / 20, 40 + 360 / 20]);
        assert_eq!(sampler.requests(), 1000);
    }

    #[test]
    fn a_reservoir_is_of_its_second_and_does_not_fill_up() {
        let mut at_once = Sampler { traces: &traces(3, 0), ..Sampler::new(&traces(0, 0), 1) };
        for at in [0, 1, 2, 3, 4, SECOND - 1, SECOND, 10 * SECOND, 10 * SECOND + 1] {
            at_once.asked(at, 0);
        }
        assert_eq!(at_once.traced(), [3 + 1 + 2]);
    }
}
