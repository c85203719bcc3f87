//! The queue before a fleet: how long it is, and how long who arrives now will wait.
//!
//! An arrival waits with the probability of M/G/c at the load at which a queue of this length would be stationary, and then for
//! a [`Delay`]. The length of the queue given that there is one follows the closure of its diffusion,
//! `q' = drift + s2 / (2 q)`: its fixed point is the stationary mean, a burst that is over before the queue has grown leaves
//! none, and over capacity it is the fluid. What servers see of the rate [lags](super::lag). Where the drift has carried a queue far beyond what chance makes of it, who arrives waits
//! as long as it takes until those before have begun, which is known when they have: instances may join meanwhile.

use std::collections::VecDeque;

use super::delay::{Delays, Service};
use super::lag::Lag;
use super::rest::Rests;
use super::waits::Waits;
use crate::traffic::path::Stretch;

/// A queue this many times as long as the diffusion alone would make it is a backlog.
const BACKLOG: f64 = 3.0;
/// A probability to wait below this is taken for none.
const NEVER: f64 = 1e-7;
/// The queue and the slack change by at most this share in one step.
const STEP: f64 = 0.1;
/// A queue within this share of its fixed point, and a rate this close to what servers see, have settled.
const SETTLED: f64 = 0.02;
/// Waits of a backlog are told this finely, relative to the longest.
const FINE: f64 = 0.02;
/// No step is shorter than this share of a service, and none longer than that while the rate that servers see lags.
const SHORTEST: f64 = 0.05;
const LAGGING: f64 = 0.5;

/// Who takes note of waits.
pub(super) trait Notes {
    /// So many arrive: a share of them waits, for so long.
    fn arrive(&mut self, count: f64, waiting: f64, delays: Delays);
    /// So many have waited exactly this long.
    fn waited(&mut self, count: f64, wait: f64);
}

/// Those who arrived evenly within a time and have not begun, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Parcel {
    from: f64,
    to: f64,
    count: f64,
}

/// What a stretch has brought: requests.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Served {
    pub begun: f64,
    pub worked: f64,
    /// Those of them that were worked in a backlog, in which all servers work all the time.
    pub behind: f64,
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Mean length while all servers are busy.
    length: f64,
    /// Mean length, those times included in which there is none.
    mean: f64,
    /// Arrivals as servers see them.
    rate: Lag,
    parcels: VecDeque<Parcel>,
    behind: f64,
    waits: Waits,
    rests: Rests,
}

impl Queue {
    /// A fleet that has been at work for long at this rate.
    pub fn new(rate: f64) -> Self {
        Self { rate: Lag { seen: rate }, ..Self::default() }
    }

    /// Mean number that wait.
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// Requests in service, as many as the rate that servers see would make.
    pub fn offered(&self, service: Service) -> f64 {
        self.rate.seen * service.mean
    }

    /// Goes through a stretch with so many servers, and tells how many requests have begun, and how many are as much as has been
    /// worked.
    pub fn advance(&mut self, stretch: Stretch, servers: u32, service: Service, notes: &mut impl Notes) -> Served {
        let span = (stretch.to - stretch.from) as f64;
        let slope = stretch.slope();
        let (mut done, mut served) = (0.0, Served::default());
        while done < span {
            let rate = stretch.first + slope * done;
            let step = self.step(rate, slope, span - done, servers, service);
            let arrived = (rate + slope * step / 2.0) * step;
            let at = stretch.from as f64 + done + step / 2.0;
            let (begun, seen) = self.go(step, arrived, at, servers, service, notes);
            served.begun += begun;
            if self.behind > 0.0 {
                let worked = step * f64::from(servers) / service.mean;
                served.worked += worked;
                served.behind += worked;
            } else {
                served.worked += (begun + seen - arrived).max(0.0);
            }
            done += step;
        }
        served
    }

    /// How far nothing changes much.
    fn step(&mut self, rate: f64, slope: f64, rest: f64, servers: u32, service: Service) -> f64 {
        let capacity = f64::from(servers) / service.mean;
        let highest = self.rate.seen.max(rate).max(rate + slope * rest);
        if self.length < 1e-3 + BACKLOG * diffusive(self.rate.seen, capacity, service)
            && self.waits.probability(servers, highest * service.mean) < NEVER
        {
            return rest;
        }
        let drift = self.rate.seen - capacity;
        let lag = (rate - self.rate.seen).abs();
        let pull = drift + spread(self.rate.seen, service) / (2.0 * self.length.max(1e-9));
        let target = diffusive(self.rate.seen, capacity, service);
        let near = drift < 0.0 && (self.length - target).abs() <= SETTLED * target;
        let mut longest = rest;
        if lag > SETTLED * drift.abs().max(SETTLED * rate) {
            longest = longest.min(LAGGING * service.mean);
        }
        if !near {
            longest = longest.min(STEP * self.length.max(1.0) / pull.abs());
        }
        if slope != 0.0 {
            longest = longest.min(STEP * drift.abs() / slope.abs());
        }
        longest.max(SHORTEST * service.mean).min(rest)
    }

    /// One step: how many have begun, and how many servers have seen come.
    fn go(
        &mut self,
        step: f64,
        arrived: f64,
        at: f64,
        servers: u32,
        service: Service,
        notes: &mut impl Notes,
    ) -> (f64, f64) {
        let capacity = f64::from(servers) / service.mean;
        let seen = self.rate.pass(arrived, step, service.mean);
        let drift = seen - capacity;
        let scale = diffusive(seen, capacity, service);
        let before = self.length;
        // The closure, implicitly: always positive, and exact at its fixed point.
        let pushed = before + step * drift;
        self.length = f64::midpoint(pushed, (pushed * pushed + 2.0 * step * spread(seen, service)).sqrt());
        let middle = f64::midpoint(before, self.length);
        // As likely as at the load at which a queue of this length would be stationary.
        let load = f64::from(servers) - spread(seen, service) * service.mean / (2.0 * middle.max(1e-12));
        let waiting = if seen > 0.0 { self.waits.probability(servers, load.max(0.0)) } else { 0.0 };
        let mean = waiting * self.length;
        let begun = (arrived - (mean - self.mean)).max(0.0);
        self.mean = mean;
        let (from, to) = (at - step / 2.0, at + step / 2.0);
        if servers == 0 || middle > BACKLOG * scale.max(1.0) {
            self.parcels.push_back(Parcel { from, to, count: arrived });
            self.behind += arrived;
        } else {
            notes.arrive(arrived, waiting, service.delay(servers, self.rests.first(servers, service), middle));
        }
        if self.behind > 0.0 {
            let over = self.behind - self.length;
            self.begin(begun.max(over), (from, to), notes);
        }
        (begun, seen * step)
    }

    /// So many slots become free at once: how many of those who wait take one.
    pub fn take(&mut self, slots: f64, at: f64, notes: &mut impl Notes) -> f64 {
        if self.behind <= 0.0 {
            // While all servers are busy the length is geometric, as that of M/M/c: the mean of the lesser of it and the slots.
            return self.mean * -libm::expm1(-slots * libm::log1p(1.0 / self.length.max(1e-9)));
        }
        let taken = slots.min(self.length);
        self.length -= taken;
        self.mean = (self.mean - taken).max(0.0);
        self.begin(taken, (at, at), notes);
        taken
    }

    /// The first of those who wait begin, so many and evenly within a time.
    fn begin(&mut self, count: f64, (mut from, to): (f64, f64), notes: &mut impl Notes) {
        let mut left = count;
        while left > 0.0
            && let Some(first) = self.parcels.front_mut()
        {
            let part = left.min(first.count);
            let arrived = first.from + (first.to - first.from) * part / first.count;
            let until = from + (to - from) * part / left;
            spread_out(part, from - first.from, until - arrived, notes);
            first.from = arrived;
            first.count -= part;
            from = until;
            left -= part;
            self.behind -= part;
            if first.count <= 1e-9 {
                self.parcels.pop_front();
            }
        }
        if self.parcels.is_empty() {
            self.behind = 0.0;
        }
    }
}

/// Waits that change evenly from one to another, a few at a time.
fn spread_out(count: f64, first: f64, last: f64, notes: &mut impl Notes) {
    let (first, last) = (first.max(0.0), last.max(0.0));
    let pieces = ((last - first).abs() / (FINE * first.max(last).max(1.0))).ceil().clamp(1.0, 1.0 / FINE);
    let mut piece = 0.5;
    while piece < pieces {
        notes.waited(count / pieces, first + (last - first) * piece / pieces);
        piece += 1.0;
    }
}

/// Variance of the queue's flow per nanosecond.
fn spread(rate: f64, service: Service) -> f64 {
    rate * (1.0 + service.cv2)
}

/// How long chance alone makes a queue: below capacity its stationary mean.
fn diffusive(rate: f64, capacity: f64, service: Service) -> f64 {
    spread(rate, service) / (2.0 * (rate - capacity).abs().max(1e-30))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Sum {
        arrived: f64,
        waited: f64,
        begun: f64,
    }

    impl Notes for Sum {
        fn arrive(&mut self, count: f64, waiting: f64, delays: Delays) {
            self.arrived += count;
            let mean: f64 = delays.iter().map(|(share, delay)| share * (delay.least + delay.more)).sum();
            self.waited += count * waiting * mean;
            self.begun += count;
        }

        fn waited(&mut self, count: f64, wait: f64) {
            self.waited += count * wait;
            self.begun += count;
        }
    }

    const SECOND: f64 = 1e9;

    fn flat(from: u64, to: u64, rate: f64) -> Stretch {
        let rate = rate / SECOND;
        Stretch { from: from * 1_000_000_000, to: to * 1_000_000_000, first: rate, last: rate }
    }

    #[test]
    fn steady_queues_wait_as_pollaczek_and_erlang_say() {
        for (servers, rate, (cv2, third), expected) in
            [(1, 0.8, (1.0, 6.0), 4.0), (1, 0.8, (0.0, 1.0), 2.0), (5, 4.0, (1.0, 6.0), 0.554_113)]
        {
            let service = Service { mean: SECOND, cv2, third };
            let (mut queue, mut sum) = (Queue::new(rate / SECOND), Sum::default());
            queue.advance(flat(0, 3_000, rate), servers, service, &mut sum);
            let (mut sum, served) =
                (Sum::default(), queue.advance(flat(3_000, 4_000, rate), servers, service, &mut sum));
            queue.advance(flat(4_000, 5_000, rate), servers, service, &mut sum);
            let mean = sum.waited / sum.arrived / SECOND;
            assert!((mean / expected - 1.0).abs() < 0.01, "{servers} servers wait {mean} for {expected}");
            let Served { begun, worked, .. } = served;
            assert!((begun - 1_000.0 * rate).abs() < 1.0 && (worked - begun).abs() < 1.0, "{begun}, {worked}");
        }
    }

    #[test]
    fn an_overload_is_the_fluid_and_is_worked_off() {
        let service = Service { mean: 0.1 * SECOND, cv2: 1.0, third: 6.0 };
        let (mut queue, mut sum) = (Queue::new(50.0 / SECOND), Sum::default());
        // Ten servers take 100/s: 150/s for 60 s leave 3 000, which are gone 60 s later at 50/s.
        queue.advance(flat(0, 30, 150.0), 10, service, &mut sum);
        let Served { worked, behind, .. } = queue.advance(flat(30, 60, 150.0), 10, service, &mut sum);
        assert!((worked - 3_000.0).abs() < 1e-6 && behind == worked, "all work all the time: {worked}, {behind}");
        assert!((queue.mean() / 3_000.0 - 1.0).abs() < 0.02, "{}", queue.mean());
        queue.advance(flat(60, 180, 50.0), 10, service, &mut sum);
        assert!(queue.mean() < 1.0, "{}", queue.mean());
        let all = 60.0 * 150.0 + 120.0 * 50.0;
        assert!((sum.begun - all).abs() < 1.0, "{} of {all} have begun", sum.begun);
        // The area of a triangle of 3 000 over 120 s.
        let (waited, area) = (sum.waited / SECOND, 3_000.0 * 120.0 / 2.0);
        assert!((waited / area - 1.0).abs() < 0.02, "waited {waited} for {area}");
    }

    #[test]
    fn slots_that_come_are_taken_by_as_many_as_wait() {
        // M/M/1 at load 0.8: P(queue >= n) = 0.8^(n + 1).
        let service = Service { mean: SECOND, cv2: 1.0, third: 6.0 };
        let (mut queue, mut sum) = (Queue::new(0.8 / SECOND), Sum::default());
        queue.advance(flat(0, 3_000, 0.8), 1, service, &mut sum);
        for (slots, expected) in [(1.0, 0.64), (2.0, 0.64 + 0.512), (1_000.0, 3.2)] {
            let taken = queue.take(slots, 3_000.0 * SECOND, &mut sum);
            assert!((taken / expected - 1.0).abs() < 0.01, "{taken} of {slots} are taken, not {expected}");
        }
    }

    #[test]
    fn who_waits_gains_from_instances_that_join() {
        let service = Service { mean: 0.1 * SECOND, cv2: 1.0, third: 6.0 };
        let (mut queue, mut sum) = (Queue::new(50.0 / SECOND), Sum::default());
        queue.advance(flat(0, 60, 150.0), 10, service, &mut sum);
        queue.advance(flat(60, 90, 50.0), 30, service, &mut sum);
        assert!(queue.mean() < 1.0);
        let (waited, area) = (sum.waited / SECOND, 3_000.0 * 60.0 / 2.0 + 3_000.0 * 12.0 / 2.0);
        assert!((waited / area - 1.0).abs() < 0.02, "waited {waited} for {area}");
    }
}
