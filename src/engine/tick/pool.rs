//! The instances of a fleet that follows its requests, by level crossing: one of their possible histories.
//!
//! With an instance for each request, the most recent or the newest idle one used first and each kept for a while, the
//! instance of rank `k` is used whenever `k` requests are at work at once. Requests at work are Poisson around their mean
//! `a` (M/G/inf); level `k` above `a` is reached at the rate `rate * P(k - 1 at work)`, in clumps of mean size
//! `1 / (1 - a/k)` (Aldous, Probability Approximations via the Poisson Clumping Heuristic, 1989). Clumps come independently of each
//! other, so that the highest level reached in a time takes one draw. Behind a throttle requests at work [vary less](super::evened).
//! Each level beyond the instances that there are is a cold start. While it lasts others find none by chance, and have one
//! started, too; where the rate jumps, as many as [are lacking](super::rush), and where it changes, those at work [lag](super::lag).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rand::RngExt;

use super::along::Part;
use super::evened::{Evened, Moved};
use super::kept::Kept;
use super::lag::Lag;
use super::rush::started;
use super::waits::below;
use crate::kernel::distribution::Distribution;
use crate::kernel::queueing::poisson;
use crate::kernel::streams::Stream;
use crate::kernel::whole;
use crate::platform::fleet::Reuse;

/// Steps in the time for which an idle instance is kept or one is used: what happens in one is told by its highest level, those
/// before that and those after it.
const STEPS: f64 = 20.0;
/// What is left of a step is not looked at when it is a smaller share of it.
const REST: f64 = 0.05;
/// Rates this close are the same.
const SAME: f64 = 0.003;
/// Where so many roots are lacking, all that are lacking are turned away.
const FULL: f64 = -8.0;
/// A level that is crossed this seldom, per nanosecond, never is: once in ten thousand years.
const NEVER: f64 = 3e-21;

/// What happened in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Passed {
    /// Instances, times the nanoseconds for which they were there.
    pub time: f64,
    /// Cold starts.
    pub cold: u32,
}

/// How often levels are reached at one rate.
#[derive(Debug)]
struct Crossings {
    /// Requests per nanosecond, and how many are at work on average.
    rate: f64,
    busy: f64,
    work: f64,
    /// How their number varies.
    evened: Evened,
    /// Levels that are reached all the time.
    held: u32,
    /// How often each level beyond those is reached, per nanosecond; and clumps in which it is.
    each: Vec<f64>,
    per_nano: Vec<f64>,
}

impl Crossings {
    const fn new() -> Self {
        Self { rate: 0.0, busy: 0.0, work: 0.0, evened: Evened::NOT, held: 0, each: Vec::new(), per_nano: Vec::new() }
    }

    fn set(&mut self, rate: f64, work: f64, evened: Evened) {
        let busy = rate * work;
        let is_near = (rate - self.rate).abs() <= SAME * self.rate && (busy - self.busy).abs() <= SAME * self.busy;
        if is_near && evened.is_near(self.evened, SAME) {
            return;
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
        let held = busy as u32;
        (self.rate, self.busy, self.work, self.evened, self.held) = (rate, busy, work, evened, held);
        self.each.clear();
        self.per_nano.clear();
        let law = (evened != Evened::NOT).then(|| Moved::new(busy, evened));
        let mut at_work = law.map_or_else(|| poisson(busy, held), |law| law.at(held));
        for level in held + 1.. {
            // A level is reached as often as it is left, where each of those at work ends.
            let ratio = law.map_or(busy / f64::from(level), |law| law.ratio(level));
            let each = if law.is_none() { rate * at_work } else { at_work * ratio * f64::from(level) / work };
            let clumps = each * (1.0 - busy / f64::from(level));
            if clumps.is_nan() || clumps < NEVER && f64::from(level) > busy + 1.0 {
                break;
            }
            self.each.push(each);
            self.per_nano.push(clumps);
            at_work *= ratio;
        }
        // Who reaches a level has reached those below.
        let mut most = 0.0_f64;
        for count in self.per_nano.iter_mut().rev() {
            most = most.max(*count);
            *count = most;
        }
    }

    /// How many find none of so many instances, by chance, in a time.
    fn meanwhile(&self, instances: u32, time: f64) -> f64 {
        let each = instances.checked_sub(self.held).and_then(|place| self.each.get(place as usize));
        time * each.copied().unwrap_or(0.0)
    }

    /// How many do where at most `jump` more are at work soon. Lacking is what a loss system turns away in a time of work, by its
    /// limit of many servers (Jagerman, Some Properties of the Erlang Loss Function, Bell System Technical Journal 53, 1974).
    fn in_a_jump(&self, instances: u32, start: f64, jump: f64) -> f64 {
        let root = (self.busy * self.evened.variance).sqrt();
        let slack = (f64::from(instances) - self.busy) / root;
        let density = libm::exp(-slack * slack / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
        let lacking = if slack < FULL { -slack * root } else { root * density / below(slack) };
        lacking.min(jump) * started(start / self.work)
    }

    /// The highest level reached in a time in which none above `cap` is.
    fn highest(&self, span: f64, cap: u32, luck: &mut Stream) -> u32 {
        let beyond = cap.checked_sub(self.held).and_then(|place| self.per_nano.get(place as usize));
        let drawn = beyond.copied().unwrap_or(0.0) - libm::log1p(-luck.random::<f64>()) / span;
        let reached = self.per_nano.partition_point(|count| *count > drawn);
        (self.held + u32::try_from(reached).unwrap_or(u32::MAX)).min(cap)
    }
}

/// The pool.
#[derive(Debug)]
pub(super) struct Pool<'a> {
    lifetime: Option<&'a Distribution>,
    /// The longest time that may be gone through at once, in nanoseconds.
    pub step: f64,
    /// Mean nanoseconds of a start.
    start: f64,
    reuse: Reuse,
    crossings: Crossings,
    /// Attempts as those at work see them; and how many more there are soon, since they jumped.
    rate: Option<Lag>,
    jump: f64,
    kept: Kept<'a>,
    /// Number of each instance in the order of their starts; and when which is recycled.
    instances: VecDeque<u64>,
    recycled: BinaryHeap<Reverse<(u64, u64)>>,
    births: u64,
    now: f64,
    peak: u64,
}

impl<'a> Pool<'a> {
    /// So many idle instances, each kept for so long and used for so long, that take so long to start.
    pub fn new(
        (reuse, count): (Reuse, u32),
        (keep_alive, lifetime): (&'a Distribution, Option<&'a Distribution>),
        start: f64,
        luck: &mut Stream,
    ) -> Self {
        let shortest = lifetime.map_or(f64::INFINITY, Distribution::mean).min(keep_alive.mean());
        let mut pool = Self {
            lifetime,
            step: shortest / STEPS,
            start,
            reuse,
            crossings: Crossings::new(),
            rate: None,
            jump: 0.0,
            kept: Kept::new(keep_alive, count),
            instances: VecDeque::new(),
            recycled: BinaryHeap::new(),
            births: 0,
            now: 0.0,
            peak: 0,
        };
        pool.begin(count, luck);
        pool
    }

    fn count(&self) -> u32 {
        u32::try_from(self.instances.len()).unwrap_or(u32::MAX)
    }

    /// Goes through a time of at most a [step](Self::step), in which attempts work so long each and their number varies so.
    pub fn pass(&mut self, part: Part, (work, evened): (f64, Evened), luck: &mut Stream) -> Passed {
        let Part { span, first, rate } = part;
        let seen = self.rate.get_or_insert(Lag { seen: first });
        let jump = first - seen.seen;
        self.jump = if jump > SAME * first { jump * work } else { 0.0 };
        self.crossings.set(seen.pass(rate * span, span, work), work, evened);
        let mut passed = Passed::default();
        self.along((self.now + span, u32::MAX), REST * span, &mut passed, luck);
        passed
    }

    /// Goes on until an instant; no level above `cap` is reached. What remains of a time when it is short is not looked at.
    fn along(&mut self, (to, mut cap): (f64, u32), rest: f64, passed: &mut Passed, luck: &mut Stream) {
        while to - self.now > rest {
            let high = self.now + (to - self.now) * luck.random::<f64>();
            cap = self.crossings.highest(to - self.now, cap, luck);
            // Lower levels before the highest only matter where instances end or start before it.
            if self.kept.next(high, luck).min(self.next_recycled()) < high || cap > self.count() {
                self.along((high, cap), rest, passed, luck);
            }
            self.reach(high, cap, passed, luck);
        }
        self.until(to, passed, luck);
    }

    /// So many requests are at work at once. If that is more than there are instances, more are started meanwhile.
    fn reach(&mut self, at: f64, mut level: u32, passed: &mut Passed, luck: &mut Stream) {
        self.until(at, passed, luck);
        let count = self.count();
        if level > count {
            let number = |of: f64| u32::try_from(whole::floor(of)).unwrap_or(u32::MAX);
            let meanwhile = number(self.crossings.meanwhile(count, self.start) + luck.random::<f64>());
            let in_a_jump = number(self.crossings.in_a_jump(count, self.start, self.jump));
            level = level.saturating_add(meanwhile).max(count.saturating_add(in_a_jump));
        }
        let more = level.saturating_sub(self.count());
        passed.cold += more;
        self.begin(more, luck);
        self.kept.reach(at, level, luck);
    }

    fn begin(&mut self, count: u32, luck: &mut Stream) {
        for _ in 0..count {
            self.births += 1;
            self.instances.push_back(self.births);
            if let Some(law) = self.lifetime {
                let ends = whole::round(self.now).saturating_add(law.draw_whole(luck));
                self.recycled.push(Reverse((ends, self.births)));
            }
        }
        self.peak = self.peak.max(self.instances.len() as u64);
    }

    /// When the next instance is too old.
    fn next_recycled(&self) -> f64 {
        self.recycled.peek().map_or(f64::INFINITY, |Reverse((at, _))| *at as f64)
    }

    /// Instances that are idle for too long, or too old, end.
    fn until(&mut self, to: f64, passed: &mut Passed, luck: &mut Stream) {
        loop {
            let (idle, old) = (self.kept.next(to, luck), self.next_recycled());
            let next = idle.min(old).max(self.now);
            passed.time += self.instances.len() as f64 * (next.min(to) - self.now);
            self.now = next.min(to);
            if next >= to {
                return;
            }
            if idle <= old {
                let (highest, count) = self.kept.end(luck);
                self.end(highest, count, luck);
            } else if let Some(Reverse((_, born))) = self.recycled.pop()
                && let Ok(place) = self.instances.binary_search(&born)
            {
                self.recycle(place, luck);
            }
        }
    }

    /// An instance is recycled: those of higher ranks come down by one.
    fn recycle(&mut self, place: usize, luck: &mut Stream) {
        self.instances.remove(place);
        let all = self.count() + 1;
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let rank = match self.reuse {
            Reuse::Newest => all - place,
            Reuse::Oldest => place + 1,
            _ => luck.random_range(1..=all),
        };
        self.kept.lose(rank, luck);
    }

    /// So many instances end, from a rank downwards. Where none is recycled nobody asks which.
    fn end(&mut self, highest: u32, count: u32, luck: &mut Stream) {
        if self.lifetime.is_none() {
            self.instances.truncate(self.instances.len() - count as usize);
            return;
        }
        for rank in (highest - count + 1..=highest).rev() {
            let place = self.place_of(rank, luck);
            self.instances.remove(place);
        }
    }

    /// Where the instance of a rank stands in the order of starts.
    fn place_of(&self, rank: u32, luck: &mut Stream) -> usize {
        let all = self.count();
        let place = match self.reuse {
            Reuse::Newest => all - rank,
            Reuse::Oldest => rank - 1,
            _ => luck.random_range(0..all),
        };
        place as usize
    }

    /// The peak is looked for from now on.
    pub fn forget_peak(&mut self) {
        self.peak = self.instances.len() as u64;
    }

    /// The most instances at once.
    pub const fn peak(&self) -> u64 {
        self.peak
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::queueing::keep_alive_pool;
    use crate::kernel::streams::stream;

    const SECOND: f64 = 1e9;

    fn steady(rate: f64, span: f64) -> Part {
        Part { span, first: rate / SECOND, rate: rate / SECOND }
    }

    /// Where ever more come, instances keep up: 4 % more within a step are more than what is by chance to spare, but no jump.
    #[test]
    fn instances_keep_up_with_a_rate_that_grows() {
        let kept = Distribution::constant(600.0 * SECOND);
        let mut luck = stream(1, "test", "pool", 0);
        let mut pool = Pool::new((Reuse::MostRecent, 0), (&kept, None), 0.25 * SECOND, &mut luck);
        let mut pass = |first: f64, last: f64| {
            let part = Part { span: pool.step, first: first / SECOND, rate: f64::midpoint(first, last) / SECOND };
            pool.pass(part, (0.1 * SECOND, Evened::NOT), &mut luck).cold
        };
        (0..20).for_each(|_| _ = pass(1e7, 1e7));
        let grown = pass(1e7, 1.04e7);
        // 20 000 more are at work on average of the step.
        assert!((18_000..22_000).contains(&grown), "{grown}");
    }

    /// Mean instances and cold starts of two weeks after a day.
    fn played(keep_alive: &Distribution, lifetime: Option<&Distribution>, rate: f64, work: f64) -> (f64, f64) {
        let mut luck = stream(1, "test", "pool", 0);
        let mut pool = Pool::new((Reuse::MostRecent, 0), (keep_alive, lifetime), 0.0, &mut luck);
        let mut pass = |days: f64| {
            let (mut time, mut cold, mut done) = (0.0, 0.0, 0.0);
            while done < days * 86_400.0 * SECOND {
                let passed = pool.pass(steady(rate, pool.step), (work * SECOND, Evened::NOT), &mut luck);
                (time, cold, done) = (time + passed.time, cold + f64::from(passed.cold), done + pool.step);
            }
            (time / done, cold)
        };
        pass(1.0);
        pass(14.0)
    }

    #[test]
    fn a_steady_pool_is_that_of_the_closed_form() {
        let kept = Distribution::constant(600.0 * SECOND);
        for (rate, work) in [(0.9, 1.991), (10.0, 0.1), (100.0, 0.1), (1_000.0, 0.1)] {
            let (pool, _) = played(&kept, None, rate, work);
            let expected = keep_alive_pool(rate, work, 600.0);
            assert!((pool / expected - 1.0).abs() < 0.015, "{rate}: {pool} for {expected}");
        }
    }

    /// Found by playing 5e5 requests one by one against instances that start at once.
    #[test]
    fn instances_that_are_soon_too_old_are_there_again() {
        let (kept, used) = (Distribution::constant(600.0 * SECOND), Distribution::constant(60.0 * SECOND));
        let (pool, _) = played(&kept, Some(&used), 100.0, 0.1);
        assert!((pool / 20.46 - 1.0).abs() < 0.015, "{pool}");
    }

    /// 1 000 and then 1 500 requests per second of 100 ms: found by playing them one by one, with starts of so long.
    #[test]
    fn more_are_started_while_the_first_start() {
        for (start, least, found) in [(0.0, 35.0, 52.0), (0.5, 75.0, 122.0)] {
            let kept = Distribution::constant(100.0 * SECOND);
            let mut luck = stream(1, "test", "pool", 0);
            let mut sum = 0.0;
            for _ in 0..40 {
                let mut pool = Pool::new((Reuse::MostRecent, 0), (&kept, None), start * SECOND, &mut luck);
                let mut pass =
                    |rate: f64| pool.pass(steady(rate, pool.step), (0.1 * SECOND, Evened::NOT), &mut luck).cold;
                (0..100).for_each(|_| _ = pass(1_000.0));
                sum += f64::from((0..4).map(|_| pass(1_500.0)).sum::<u32>());
            }
            assert!((least..1.15 * found).contains(&(sum / 40.0)), "{start}: {} for {found}", sum / 40.0);
        }
    }

    #[test]
    fn recycled_instances_are_started_again() {
        let (kept, used) = (Distribution::constant(600.0 * SECOND), Distribution::constant(1_200.0 * SECOND));
        let (pool, cold) = played(&kept, None, 100.0, 0.1);
        let (fewer, more) = played(&kept, Some(&used), 100.0, 0.1);
        // Each lives for 20 minutes at most.
        let starts = fewer * 14.0 * 72.0;
        assert!(
            more > starts && more > 1.5 * cold && fewer < pool,
            "{more} for {starts} and {cold}, {fewer} of {pool}"
        );
    }
}
