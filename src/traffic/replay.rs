//! From a log to instants: its requests at their own times, thinned out or in shifted copies.
//!
//! Whether a request is kept and what it asks for are keyed by its copy and its number, so that any stretch is the same
//! whatever came before. Memory is a block of instants per copy; blocks are smaller where copies are many.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::sync::Arc;

use rand::RngExt;

use super::arrivals::Keys;
use super::curve::Frame;
use super::demand::Demand;
use super::log::{Arrivals, Log};
use crate::application::Request;
use crate::kernel::streams::{Draws, child};

/// The most copies; a factor of uncertainty could ask for more.
const MOST_COPIES: f64 = 1e5;
/// Instants in the blocks of all copies together, and the fewest of one.
const BLOCKS: usize = 1 << 16;
const BLOCK: usize = 16;

/// The requests of one log, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Replay {
    arrivals: Arc<Arrivals>,
    keys: Keys,
    end: i128,
    base: i128,
    repeat: bool,
    /// Instants that a copy holds at once.
    block: usize,
    copies: Vec<Copied>,
    /// Instant and copy of each copy's next request.
    heads: BinaryHeap<Reverse<(i128, usize)>>,
}

/// The log once, turned round.
#[derive(Clone, Debug)]
struct Copied {
    /// The probability of each request.
    keep: f64,
    /// Added to every offset, below the span; what leaves the log at its end comes in at its beginning.
    shift: u64,
    /// The first offset that comes in at the beginning.
    start: usize,
    /// How often the log has ended.
    cycle: i128,
    /// How many requests of this cycle have come.
    passed: usize,
    /// Number of the first offset of the block, and the offsets in it.
    block: (usize, Vec<u64>),
}

impl Replay {
    pub fn new(log: &Log, frame: Frame, keys: Keys, level: f64) -> Self {
        let (base, span) = (log.base(frame), log.arrivals.span().0);
        let cycle = if log.repeat { (-base).div_euclid(i128::from(span)) } else { 0 };
        let factor = (log.scale * level).min(MOST_COPIES);
        let mut replay = Self {
            arrivals: Arc::clone(&log.arrivals),
            keys,
            end: i128::from(frame.end),
            base,
            repeat: log.repeat,
            block: BLOCK,
            copies: Vec::new(),
            heads: BinaryHeap::new(),
        };
        let mut left = factor;
        while left > 0.0 {
            let shift = replay.shift(log.jitter.0, span);
            let start = log.arrivals.below(span - shift);
            // Where nothing leaves at the end, nothing comes in at the beginning.
            let start = if start == log.arrivals.len() { 0 } else { start };
            replay.copies.push(Copied { keep: left.min(1.0), shift, start, cycle, passed: 0, block: (0, Vec::new()) });
            left -= 1.0;
        }
        replay.block = (BLOCKS / replay.copies.len().max(1)).max(BLOCK);
        for copy in 0..replay.copies.len() {
            while let Some(at) = replay.next_of(copy) {
                if at >= 0 {
                    replay.heads.push(Reverse((at, copy)));
                    break;
                }
                replay.copies[copy].pass(replay.arrivals.len());
            }
        }
        replay
    }

    /// The shift of the next copy: none for the first, else up to `jitter` to either side.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a share of the jitter
    fn shift(&self, jitter: u64, span: u64) -> u64 {
        if self.copies.is_empty() {
            return 0;
        }
        let mut draws = Draws::new(child(self.keys.burst, self.copies.len() as u64));
        let amount = (draws.random::<f64>() * jitter as f64) as u64 % span;
        if draws.random::<bool>() || amount == 0 { amount } else { span - amount }
    }

    /// When the next request of a copy comes, kept or not; `None` after the last one, beyond the end, or when it cannot
    /// be read.
    fn next_of(&mut self, copy: usize) -> Option<i128> {
        let (copied, span) = (&mut self.copies[copy], self.arrivals.span().0);
        if copied.cycle > 0 && !self.repeat {
            return None;
        }
        let offset = copied.offset(&self.arrivals, self.block)? + copied.shift;
        let offset = if offset >= span { offset - span } else { offset };
        let at = self.base + copied.cycle * i128::from(span) + i128::from(offset);
        (at < self.end).then_some(at)
    }

    /// Appends requests in time order until `batch` has `limit` of them or the source has ended.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // instants lie in 0..end; a number is only a name
    pub fn fill(&mut self, demand: &Demand, batch: &mut Vec<Request>, limit: usize) {
        let len = self.arrivals.len();
        while batch.len() < limit {
            let Some(Reverse((at, copy))) = self.heads.peek().copied() else { return };
            let copied = &mut self.copies[copy];
            let number = (copied.cycle * len as i128 + copied.index(len) as i128) as u64;
            let keep = copied.keep;
            copied.pass(len);
            let next = self.next_of(copy);
            if let Some(mut head) = self.heads.peek_mut() {
                match next {
                    Some(next) => head.0.0 = next,
                    None => drop(PeekMut::pop(head)),
                }
            }
            let kept = || {
                let key = child(child(self.keys.instants, copy as u64), number);
                Draws::new(key).random::<f64>() < keep
            };
            if keep >= 1.0 || kept() {
                batch.push(demand.request(at as u64, child(child(self.keys.requests, copy as u64), number)));
            }
        }
    }
}

impl Copied {
    /// The next offset, of a new block of `limit` where it lies in none; `None` when it cannot be read.
    fn offset(&mut self, arrivals: &Arrivals, limit: usize) -> Option<u64> {
        let index = self.index(arrivals.len());
        let (from, offsets) = &mut self.block;
        let place = index.checked_sub(*from).filter(|place| *place < offsets.len());
        if let Some(place) = place {
            return Some(offsets[place]);
        }
        *from = index;
        arrivals.read(index, limit, offsets);
        offsets.first().copied()
    }

    /// Which offset is next.
    fn index(&self, len: usize) -> usize {
        let index = self.start + self.passed;
        if index >= len { index - len } else { index }
    }

    fn pass(&mut self, len: usize) {
        self.passed += 1;
        if self.passed == len {
            self.passed = 0;
            self.cycle += 1;
        }
    }
}
