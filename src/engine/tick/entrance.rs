//! What passes the edge: the rate of a path, less what its throttle turns away.

use super::bucket::{Bucket, Scarce, Turned};
use crate::kernel::whole;
use crate::platform::edge::Throttle;
use crate::traffic::path::{Arrived, CELL, Path, Stretch};

/// Within a step the rate changes by no more than this share of the throttle's.
const FLAT: f64 = 0.01;

/// A path behind the edge.
#[derive(Debug)]
pub(super) struct Entrance {
    path: Path,
    throttle: Option<Throttled>,
}

/// One that is throttled.
#[derive(Debug)]
struct Throttled {
    bucket: Bucket,
    rate: f64,
    /// The rest of the stretch that is being passed.
    rest: Option<Stretch>,
    /// The bucket in the one given last, if it may have been empty.
    scarce: Option<Scarce>,
    /// Where minutes of the measured window begin, and what came in each.
    start: u64,
    minutes: Vec<Minute>,
}

/// What is expected of a minute.
#[derive(Clone, Copy, Debug, Default)]
struct Minute {
    come: f64,
    away: f64,
    /// How many more are turned away for each that comes more, times those who come.
    more: f64,
}

impl Entrance {
    /// A path, before a throttle that is known to turn some of it away, if so.
    pub fn new(path: Path, throttle: Option<Throttle>, start: u64) -> Self {
        let throttled = |throttle: Throttle| Throttled {
            bucket: Bucket::new(throttle),
            rate: throttle.rate / 1e9,
            rest: None,
            scarce: None,
            start,
            minutes: Vec::new(),
        };
        Self { path, throttle: throttle.map(throttled) }
    }

    /// The next stretch, which ends at `until` at the latest; `None` at the end of the window.
    pub fn next(&mut self, until: u64) -> Option<Stretch> {
        let Some(throttled) = &mut self.throttle else { return self.path.next(until) };
        if throttled.rest.is_none() {
            throttled.rest = self.path.next(until);
        }
        throttled.next()
    }

    /// Share of each class in the stretch given last; they add up to 1.
    pub fn mix(&self) -> &[f64] {
        self.path.mix()
    }

    /// The throttle's bucket in the stretch given last, if it may have been empty.
    pub fn scarce(&self) -> Option<Scarce> {
        self.throttle.as_ref()?.scarce
    }

    /// Of those who arrived, those who passed; and those who were turned away, if any could be.
    pub fn passed(&self, arrived: &Arrived) -> (Arrived, Option<Arrived>) {
        let Some(throttled) = &self.throttle else { return (arrived.clone(), None) };
        let (passed, away) = throttled.split(arrived);
        (passed, Some(away))
    }
}

impl Throttled {
    fn next(&mut self) -> Option<Stretch> {
        let rest = self.rest?;
        let minute = rest.from.checked_sub(self.start).map(|since| since / CELL);
        let end = minute.map_or(self.start, |minute| self.start + (minute + 1) * CELL);
        let (mut stretch, mut left) = rest.cut(end);
        let mut turned = Turned::default();
        if !self.bucket.overflows(stretch.first.max(stretch.last)) {
            let flat = FLAT * self.rate / stretch.slope().abs();
            let longest = whole::round(self.bucket.step(stretch.first).min(flat)).max(1);
            (stretch, left) = rest.cut(end.min(rest.from.saturating_add(longest)));
            turned = self.bucket.pass(&stretch);
        }
        self.rest = left;
        let come = stretch.expected();
        if let Some(minute) = minute {
            self.note(minute, come, turned);
        }
        self.scarce = None;
        if turned.away > 0.0 {
            let span = (stretch.to - stretch.from) as f64;
            self.scarce = Some(self.bucket.scarce(turned.away / span));
            let passed = (come - turned.away).max(0.0) / span;
            (stretch.first, stretch.last) = (passed, passed);
        }
        Some(stretch)
    }

    fn note(&mut self, minute: u64, come: f64, turned: Turned) {
        let place = usize::try_from(minute).unwrap_or(usize::MAX);
        if place >= self.minutes.len() {
            self.minutes.resize(place + 1, Minute::default());
        }
        let minute = &mut self.minutes[place];
        minute.come += come;
        minute.away += turned.away;
        minute.more += come * turned.each;
    }

    /// Those who passed, and those who were turned away. These are as many as are expected, and more or fewer as more or fewer
    /// came.
    fn split(&self, arrived: &Arrived) -> (Arrived, Arrived) {
        let (mut expected, mut more) = (0.0, 0.0);
        for (minute, count) in self.minutes.iter().zip(arrived.by_minute()) {
            expected += minute.away;
            more += (count as f64 - minute.come) * minute.more / minute.come.max(f64::MIN_POSITIVE);
        }
        let times = if expected > 0.0 { (1.0 + more / expected).max(0.0) } else { 0.0 };
        let mut shares = self
            .minutes
            .iter()
            .zip(arrived.by_minute())
            .map(|(minute, count)| if count > 0 { (times * minute.away / count as f64).min(1.0) } else { 0.0 });
        arrived.split(|| shares.next().unwrap_or(0.0))
    }
}
