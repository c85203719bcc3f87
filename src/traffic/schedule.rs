//! Requests by the clock: a cron expression, a fixed interval or a list of instants, a number of requests at each, spread
//! by a jitter.
//!
//! Owns the parameters and the sampler, which is exact. What is random is keyed by the seed, the source and the instant
//! of the fire, so that another warm-up leaves the measured requests alone. Memory is per fire in progress, never per
//! request. The factor of `uncertainty` does not apply: a clock has no level to be unsure of.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use croner::Cron;
use jiff::{Timestamp, Zoned, tz::TimeZone};
use rand::RngExt;

use super::arrivals::Keys;
use super::curve::Frame;
use super::demand::Demand;
use crate::application::Request;
use crate::kernel::streams::{Draws, child};
use crate::units::Nanos;

/// A source that fires by the clock.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// When it fires.
    pub clock: Clock,
    /// Requests at each fire.
    pub count: u64,
    /// Each request comes up to this long after its fire, uniformly and independently.
    pub jitter: Nanos,
}

/// When a [`Schedule`] fires.
#[derive(Clone, Debug)]
pub enum Clock {
    /// At whole periods from the first measured instant, before it as well.
    Every(Nanos),
    /// At these instants, rising.
    At(Vec<Timestamp>),
    /// By a cron expression on the wall clock of a zone. Where the clock goes forward, fires at fixed times that are skipped
    /// come right after; where it goes back, they come once, and those of every so many minutes in both passes.
    Cron(Box<Cron>, TimeZone),
}

/// Fires beyond this many are counted by their mean distance.
const COUNTED: u64 = 20_000;

impl Schedule {
    /// Expected requests that fire in engine time `from..until`; exact up to 20 000 fires.
    pub(super) fn expected(&self, frame: Frame, from: u64, until: u64) -> f64 {
        let mut fires = Fires::new(self.clock.clone(), frame, i128::from(from), i128::from(until));
        if let Clock::Every(period) = self.clock {
            let period = i128::from(period.0);
            let whole = |at: u64| (i128::from(at) - i128::from(frame.start) + period - 1).div_euclid(period);
            return (whole(until) - whole(from)) as f64 * self.count as f64;
        }
        let (mut counted, mut last) = (0, i128::from(from));
        for fire in fires.by_ref().take(usize::try_from(COUNTED).unwrap_or(usize::MAX)) {
            counted += 1;
            last = fire;
        }
        let share = if counted < COUNTED { 1.0 } else { (until - from) as f64 / (last - i128::from(from)) as f64 };
        counted as f64 * share.max(1.0) * self.count as f64
    }

    /// Expected requests per second in the minute from engine time `at`.
    pub(super) fn rate_at(&self, frame: Frame, at: u64) -> f64 {
        const MINUTE: u64 = 60;
        self.expected(frame, at, at.saturating_add(MINUTE * Nanos::SECOND.0)) / MINUTE as f64
    }
}

/// The fires of a clock in engine time, one after the other.
#[derive(Clone, Debug)]
struct Fires {
    clock: Clock,
    frame: Frame,
    /// No fire before this is left.
    from: i128,
    until: i128,
}

impl Fires {
    fn new(clock: Clock, frame: Frame, from: i128, until: i128) -> Self {
        Self { clock, frame, from, until }
    }

    /// The next fire of a cron expression at or after this engine time.
    fn of_cron(&self, cron: &Cron, zone: &TimeZone) -> Option<i128> {
        // A whole second, for cron knows no other: the next one if it is not.
        let unix = (self.frame.origin + self.from + 999_999_999).div_euclid(1_000_000_000);
        let from = Timestamp::from_second(i64::try_from(unix).ok()?).ok()?.to_zoned(zone.clone());
        let fire: Zoned = cron.find_next_occurrence(&from, true).ok()?;
        Some(fire.timestamp().as_nanosecond() - self.frame.origin)
    }
}

impl Iterator for Fires {
    type Item = i128;

    fn next(&mut self) -> Option<i128> {
        let fire = match &self.clock {
            Clock::Every(period) => {
                let (period, start) = (i128::from(period.0), i128::from(self.frame.start));
                Some(start + (self.from - start + period - 1).div_euclid(period) * period)
            }
            Clock::At(instants) => {
                let passed = instants.partition_point(|at| at.as_nanosecond() - self.frame.origin < self.from);
                instants.get(passed).map(|at| at.as_nanosecond() - self.frame.origin)
            }
            Clock::Cron(cron, zone) => self.of_cron(cron, zone),
        };
        let fire = fire.filter(|fire| *fire < self.until)?;
        // Instants that are listed twice fire once: every fire has a name of its own.
        self.from = fire + 1;
        Some(fire)
    }
}

/// A fire whose requests are not all through.
#[derive(Clone, Debug)]
struct Fire {
    at: i128,
    draws: Draws,
    key: u64,
    done: u64,
    /// The last delay, as a share of the jitter.
    delay: f64,
}

/// The requests of one schedule, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Timer {
    keys: Keys,
    count: u64,
    jitter: u64,
    end: i128,
    start: u64,
    fires: std::iter::Peekable<Fires>,
    active: Vec<Fire>,
    /// Instant, fire and place in `active` of the next request of each fire in progress.
    heads: BinaryHeap<Reverse<(i128, i128, usize)>>,
    free: Vec<usize>,
}

impl Timer {
    pub fn new(schedule: &Schedule, frame: Frame, keys: Keys) -> Self {
        let end = i128::from(frame.end);
        // What fired longer ago has come by engine time 0.
        let from = 1 - i128::from(schedule.jitter.0.max(1));
        Self {
            keys,
            count: schedule.count,
            jitter: schedule.jitter.0,
            end,
            start: frame.start,
            fires: Fires::new(schedule.clock.clone(), frame, from, end).peekable(),
            active: Vec::new(),
            heads: BinaryHeap::new(),
            free: Vec::new(),
        }
    }

    /// Appends requests in time order until `batch` has `limit` of them or the source has ended.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // instants lie in 0..end
    pub fn fill(&mut self, demand: &Demand, batch: &mut Vec<Request>, limit: usize) {
        while batch.len() < limit {
            let head = self.heads.peek().map(|Reverse((at, ..))| *at);
            if let Some(fire) = self.fires.peek().copied().filter(|fire| head.is_none_or(|head| *fire <= head)) {
                self.fires.next();
                self.begin(fire);
                continue;
            }
            let Some(Reverse((at, _, place))) = self.heads.pop() else { return };
            if at >= self.end {
                // What is left lies beyond the end, and nothing fires before it any more.
                self.heads.clear();
                return;
            }
            let fire = &self.active[place];
            let key = child(fire.key, fire.done - 1);
            self.advance(place);
            if at >= 0 {
                batch.push(demand.request(at as u64, key));
            }
        }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the number is only a name
    fn begin(&mut self, at: i128) {
        let name = (at - i128::from(self.start)) as u64;
        let fire = Fire {
            at,
            draws: Draws::new(child(self.keys.instants, name)),
            key: child(self.keys.requests, name),
            done: 0,
            delay: 0.0,
        };
        let place = self.free.pop().unwrap_or(self.active.len());
        if place == self.active.len() {
            self.active.push(fire);
        } else {
            self.active[place] = fire;
        }
        self.advance(place);
    }

    /// Draws the next request of a fire: the least of the uniform delays that are left, given the last one, by inversion.
    #[allow(clippy::cast_possible_truncation)] // below the jitter
    fn advance(&mut self, place: usize) {
        let fire = &mut self.active[place];
        let left = self.count - fire.done;
        if left == 0 {
            self.free.push(place);
            return;
        }
        if self.jitter > 0 {
            let drawn: f64 = fire.draws.random();
            // 1 - (1 - u)^(1/n) without losing digits where n is large.
            let step = -libm::expm1(libm::log1p(-drawn) / left as f64);
            fire.delay += (1.0 - fire.delay) * step;
        }
        fire.done += 1;
        let at = fire.at + (fire.delay * self.jitter as f64) as i128;
        self.heads.push(Reverse((at, fire.at, place)));
    }
}
