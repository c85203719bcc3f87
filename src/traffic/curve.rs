//! The rate of an open source as straight pieces, made one after the other in constant memory.
//!
//! Step profiles and stages are exact; growth and the curved parts of events are replaced by chords short enough that
//! the integral is within 1e-5. The noise of `burst` is not part of the curve: it has mean 1.

use super::clock::{Clock, Days};
use super::event::Course;
use super::open::{Level, Open};
use super::profile::Profile;

const NANOS: f64 = 1e-9;
const YEAR: f64 = 365.0 * 86_400.0 * 1e9;
/// Growth is followed by a chord per day: at 100 % per year the integral is then within 1e-6.
const GROWTH_STEP: u64 = 86_400_000_000_000;
const HOUR: i128 = 3_600_000_000_000;

/// Where a curve lies in time. All but `origin` are engine time in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Engine time 0, in nanoseconds since 1970.
    pub origin: i128,
    /// First measured instant.
    pub start: u64,
    /// End of the measured window.
    pub end: u64,
}

/// The rate between two instants: a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Segment {
    pub from: u64,
    pub to: u64,
    /// Requests per nanosecond at `from`.
    pub first: f64,
    /// Requests per nanosecond just before `to`.
    pub last: f64,
}

impl Segment {
    /// Expected number of requests.
    pub fn area(&self) -> f64 {
        f64::midpoint(self.first, self.last) * (self.to - self.from) as f64
    }
}

/// The walker along the rate.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    frame: Frame,
    at: u64,
    until: u64,
    base: f64,
    log_growth: f64,
    profile: Option<Profile>,
    clocks: Vec<Clock>,
    calendar: Vec<Days>,
    events: Vec<(i128, Course)>,
    stages: Option<Stages>,
}

impl Curve {
    /// The rate of `open` over engine time `from..until`. `level` multiplies the whole, `growth` the factor per year.
    pub fn new(open: &Open, frame: Frame, from: u64, until: u64, level: f64, growth: f64) -> Self {
        let staged = matches!(open.level, Level::Stages { .. });
        let profile = (!staged && !open.profile.is_flat()).then(|| open.profile.clone());
        let total: f64 = open.audience.iter().map(|audience| audience.weight).sum();
        let clock = |audience: &super::open::Audience| Clock::new(audience.timezone.clone(), audience.weight / total);
        let mut clocks: Vec<Clock> = open.audience.iter().map(clock).collect();
        let base = match &open.level {
            Level::Mean(rate) => *rate,
            Level::Peak(rate) => rate / largest_hour(&mut clocks, profile.as_ref(), frame),
            Level::Stages { .. } => 1.0,
        };
        Self {
            frame,
            at: from,
            until,
            base: base * level * NANOS,
            log_growth: libm::log((1.0 + open.growth) * growth) / YEAR,
            profile,
            clocks,
            calendar: open.calendar.iter().map(Days::new).collect(),
            events: open.events.iter().map(|e| (e.at.as_nanosecond() - frame.origin, Course::new(e))).collect(),
            stages: Stages::new(&open.level, frame.start),
        }
    }

    /// Value at `from` of all audiences together, change per nanosecond, and how long that holds.
    fn audiences(&mut self, from: u64) -> (f64, f64, i128) {
        let (mut value, mut slope, mut left) = (0.0, 0.0, i128::MAX);
        for clock in &mut self.clocks {
            let view = clock.view(self.frame.origin + i128::from(from), self.profile.as_ref(), &self.calendar);
            value += clock.weight * view.value;
            slope += clock.weight * view.slope;
            left = left.min(view.left);
        }
        (value, slope, left)
    }

    fn growth(&self, at: u64) -> f64 {
        libm::exp(self.log_growth * at.saturating_sub(self.frame.start) as f64)
    }
}

impl Iterator for Curve {
    type Item = Segment;

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `to` lies between `from` and `until`
    fn next(&mut self) -> Option<Segment> {
        let from = self.at;
        if from >= self.until {
            return None;
        }
        let (value, slope, left) = self.audiences(from);
        let mut to = i128::from(self.until).min(i128::from(from).saturating_add(left));
        for (begin, course) in &self.events {
            let next = course.next_break(i128::from(from) - begin);
            to = to.min(next.map_or(i128::MAX, |next| begin + next));
        }
        if self.log_growth != 0.0 {
            let grown = if from < self.frame.start { self.frame.start } else { from.saturating_add(GROWTH_STEP) };
            to = to.min(i128::from(grown));
        }
        if let Some(stages) = &self.stages {
            to = to.min(stages.next_break(from));
        }
        let to = to as u64;
        let mut first = self.base * value;
        let mut last = self.base * slope.mul_add((to - from) as f64, value);
        for (begin, course) in &self.events {
            let (one, other) = course.line(i128::from(from) - begin, i128::from(to) - begin);
            first *= one;
            last *= other;
        }
        if self.log_growth != 0.0 {
            first *= self.growth(from);
            last *= self.growth(to);
        }
        if let Some(stages) = &self.stages {
            let (one, other) = stages.line(from, to);
            first *= one;
            last *= other;
        }
        self.at = to;
        Some(Segment { from, to, first, last: last.max(0.0) })
    }
}

/// Largest hourly value of a plain week, all audiences together, by their offsets at the first measured instant.
fn largest_hour(clocks: &mut [Clock], profile: Option<&Profile>, frame: Frame) -> f64 {
    let Some(profile) = profile else { return 1.0 };
    let start = frame.origin + i128::from(frame.start);
    let offsets: Vec<(i128, f64)> = clocks.iter_mut().map(|clock| (clock.offset(start), clock.weight)).collect();
    let hours = profile.hours();
    // Zones differ by whole quarters of an hour, so that quarters see every combination of hours.
    let quarters = (0..168 * 4).map(|quarter: i128| {
        offsets.iter().fold(0.0, |sum, (offset, weight)| {
            let local = quarter * HOUR / 4 + offset;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // below 168
            let hour = local.div_euclid(HOUR).rem_euclid(168) as usize;
            sum + weight * hours[hour]
        })
    });
    quarters.fold(0.0, f64::max)
}

/// Stages as corner points.
#[derive(Clone, Debug)]
struct Stages {
    corners: Vec<(u64, f64)>,
}

impl Stages {
    fn new(level: &Level, start: u64) -> Option<Self> {
        let Level::Stages { from, stages } = level else { return None };
        let mut corners = vec![(start, *from)];
        let mut at = start;
        for stage in stages {
            at = at.saturating_add(stage.span.0);
            corners.push((at, stage.target));
        }
        Some(Self { corners })
    }

    fn next_break(&self, from: u64) -> i128 {
        let next = self.corners.partition_point(|(at, _)| *at <= from);
        self.corners.get(next).map_or(i128::MAX, |(at, _)| i128::from(*at))
    }

    fn line(&self, from: u64, to: u64) -> (f64, f64) {
        let next = self.corners.partition_point(|(at, _)| *at <= from);
        match (next.checked_sub(1).map(|before| self.corners[before]), self.corners.get(next)) {
            (None, _) => (self.corners[0].1, self.corners[0].1),
            (Some((_, held)), None) => (held, held),
            (Some((t0, r0)), Some(&(t1, r1))) => {
                let at = |t: u64| r0 + (r1 - r0) * ((t - t0) as f64 / (t1 - t0) as f64);
                (at(from), at(to))
            }
        }
    }
}
