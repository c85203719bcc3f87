//! The instances of a fleet that follows its requests, by level crossing.
//!
//! With an instance for each request, the most recent idle one used first and each kept for a while, the instance of level
//! `k` lives while `k` requests have been at work at once within that while. Requests at work are Poisson around their mean
//! `a` (M/G/inf); level `k` above `a` is reached at the rate `rate * P(k - 1 at work)`, in clumps of mean size
//! `1 / (1 - a/k)` (Aldous, Probability Approximations via the Poisson Clumping Heuristic, 1989); a level up to `a` always.
//! A crossing of a level that does not live is a cold start.

use std::collections::VecDeque;

use crate::kernel::queueing::poisson;

/// Steps in the time for which an idle instance is kept.
const STEPS: usize = 20;
/// Crossings in a step of a level that is always reached.
const SURELY: f64 = 40.0;
/// Levels that are expected to be crossed less often in a step are never.
const NEVER: f64 = 1e-9;
/// Rates this close are the same.
const SAME: f64 = 1e-9;

/// What happened in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Passed {
    /// Mean number of instances.
    pub pool: f64,
    /// Expected cold starts.
    pub cold: f64,
}

/// The pool, by level: the first entry of every list is that of level 1.
#[derive(Debug)]
pub(super) struct Levels {
    /// For how long an idle instance is kept, in nanoseconds.
    keep_alive: f64,
    /// Expected crossings in each of the last steps, in all of them, and in the one that goes on.
    recent: VecDeque<Vec<f64>>,
    window: Vec<f64>,
    current: Vec<f64>,
    /// How much of that has passed, in nanoseconds.
    elapsed: f64,
    /// Expected crossings since the peak was looked at last.
    all: Vec<f64>,
    /// The rate, and for how many steps it has been the same.
    rate: f64,
    same: usize,
    last: Passed,
}

impl Levels {
    /// An empty pool.
    pub const fn new(keep_alive: f64) -> Self {
        Self {
            keep_alive,
            recent: VecDeque::new(),
            window: Vec::new(),
            current: Vec::new(),
            elapsed: 0.0,
            all: Vec::new(),
            rate: f64::NAN,
            same: 0,
            last: Passed { pool: 0.0, cold: 0.0 },
        }
    }

    /// Nanoseconds until the step that goes on ends.
    pub fn rest(&self) -> f64 {
        self.keep_alive / STEPS as f64 - self.elapsed
    }

    /// Whether every step at this rate would be as the last, at the beginning of which time is.
    pub fn is_settled(&self, rate: f64) -> bool {
        self.same > STEPS && self.elapsed == 0.0 && (rate - self.rate).abs() <= SAME * rate
    }

    /// Fills the pool with what this rate needs in the long run, without a start that counts.
    pub fn fill(&mut self, rate: f64, work: f64) {
        for _ in 0..STEPS {
            self.pass(rate, work, self.rest());
        }
        self.all.clear();
    }

    /// Goes through a time no longer than what is left of the step, at a rate of requests that work so long each, both in
    /// nanoseconds. What happened in the step, where it ends; its last steps are as this one.
    pub fn pass(&mut self, rate: f64, work: f64, span: f64) -> Option<Passed> {
        cross(rate, rate * work, span, &mut self.current);
        let same = (rate - self.rate).abs() <= SAME * rate;
        (self.rate, self.same) = (rate, if same { self.same } else { 0 });
        let ends = span >= self.rest() * (1.0 - SAME);
        self.elapsed += span;
        ends.then(|| self.close())
    }

    /// What happens in `span` nanoseconds in which nothing changes.
    pub fn go_on(&mut self, span: f64) -> Passed {
        let steps = span / (self.keep_alive / STEPS as f64);
        if let Some(last) = self.recent.back() {
            self.all.iter_mut().zip(last).for_each(|(all, count)| *all += steps * count);
        }
        Passed { cold: self.last.cold * steps, ..self.last }
    }

    fn close(&mut self) -> Passed {
        self.elapsed = 0.0;
        let mut current = std::mem::take(&mut self.current);
        let oldest = if self.recent.len() == STEPS { self.recent.pop_front().unwrap_or_default() } else { Vec::new() };
        let levels = current.len().max(self.window.len());
        current.resize(levels, 0.0);
        self.window.resize(levels, 0.0);
        self.all.resize(self.all.len().max(levels), 0.0);
        let mut passed = Passed::default();
        for (level, window) in self.window.iter_mut().enumerate() {
            let (enters, leaves) = (current[level], oldest.get(level).copied().unwrap_or(0.0));
            self.all[level] += enters;
            if *window + enters < NEVER {
                continue;
            }
            // Those that enter the window do so while others leave it.
            let change = enters - leaves;
            let dead = libm::exp(-*window) * if change.abs() < 1e-9 { 1.0 } else { -libm::expm1(-change) / change };
            passed.pool += (1.0 - dead).clamp(0.0, 1.0);
            passed.cold += enters * dead;
            *window = (*window + change).max(0.0);
        }
        while self.window.last().is_some_and(|count| *count < NEVER) {
            self.window.pop();
        }
        self.recent.push_back(current);
        self.same += 1;
        self.last = passed;
        passed
    }

    /// The peak is looked for from now on.
    pub fn forget_peak(&mut self) {
        self.all.clear();
    }

    /// The most instances at once, where `luck` between 0 and 1 says how many these happen to be.
    pub fn peak(&self, luck: f64) -> u64 {
        self.all.iter().rposition(|count| libm::exp(-count) < luck).map_or(0, |level| level as u64 + 1)
    }
}

/// Adds how often each level is expected to be crossed upwards by a new clump in `span`, where `busy` are at work.
fn cross(rate: f64, busy: f64, span: f64, counts: &mut Vec<f64>) {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
    let held = busy as u32;
    let mut add = |level: u32, count: f64| {
        let place = level as usize - 1;
        if counts.len() <= place {
            counts.resize(place + 1, 0.0);
        }
        counts[place] += count;
    };
    (1..=held).for_each(|level| add(level, SURELY));
    let mut at_work = poisson(busy, held);
    for level in held + 1.. {
        let count = rate * span * at_work * (1.0 - busy / f64::from(level));
        if count.is_nan() || count < NEVER {
            break;
        }
        add(level, count.min(SURELY));
        at_work *= busy / f64::from(level);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::queueing::keep_alive_pool;

    const SECOND: f64 = 1e9;

    #[test]
    fn a_steady_pool_is_that_of_the_closed_form() {
        for (rate, work) in [(0.9, 1.991), (10.0, 0.1), (100.0, 0.1), (1_000.0, 0.1)] {
            let mut levels = Levels::new(600.0 * SECOND);
            levels.fill(rate / SECOND, work * SECOND);
            let step = levels.pass(rate / SECOND, work * SECOND, levels.rest()).expect("a whole step");
            let expected = keep_alive_pool(rate, work, 600.0);
            assert!((step.pool / expected - 1.0).abs() < 0.01, "{rate}: {} for {expected}", step.pool);
            assert!(levels.is_settled(rate / SECOND) && !levels.is_settled(1.1 * rate / SECOND));
            assert!((levels.go_on(60.0 * SECOND).cold / step.cold - 2.0).abs() < 1e-9);
        }
    }

    #[test]
    fn an_empty_pool_is_filled_by_cold_starts() {
        let mut levels = Levels::new(600.0 * SECOND);
        let steps = (0..STEPS).filter_map(|_| levels.pass(100.0 / SECOND, 0.1 * SECOND, levels.rest()));
        let steps: Vec<Passed> = steps.collect();
        let (cold, pool) = (steps.iter().map(|step| step.cold).sum::<f64>(), steps[STEPS - 1].pool);
        assert!((cold / pool - 1.0).abs() < 0.05, "{cold} starts for {pool} instances");
    }
}
