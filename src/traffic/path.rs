//! What comes in one replication, without playing it: the rate along which its requests would be drawn, and counts of
//! them.
//!
//! The rate is that of `arrivals`, burst by burst and with the same uncertain level. The counts are draws of their own:
//! as many as would come, not the very ones that do.

use super::arrivals::Keys;
use super::curve::Frame;
use super::open::Arrivals;
use super::statistics::Statistics;
use super::walk::{Straight, Walk};
use super::{Flow, Source, Traffic};
use crate::application::{Application, Request};
use crate::kernel::poisson::poisson;
use crate::kernel::streams::stream;
use crate::kernel::whole;
use crate::units::Nanos;

/// Counts are kept by the minute, as the peak of a traffic is.
pub(crate) const CELL: u64 = 60_000_000_000;

/// The rate of one replication, over the warm-up and the measured window.
#[derive(Clone, Debug)]
pub struct Path {
    lanes: Vec<Lane>,
    at: u64,
    end: u64,
    /// Instants are told as so much earlier.
    shift: u64,
    mix: Vec<f64>,
    /// Whether the mix of classes is the same at every instant.
    constant_mix: bool,
}

#[derive(Clone, Debug)]
struct Lane {
    walk: Walk,
    piece: Straight,
    /// Of each class, adding up to 1.
    shares: Vec<f64>,
}

/// A stretch of time in which the rate is a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// First instant, nanoseconds of engine time.
    pub from: u64,
    /// End.
    pub to: u64,
    /// Requests per nanosecond at its beginning.
    pub first: f64,
    /// Requests per nanosecond at its end.
    pub last: f64,
}

impl Stretch {
    /// Expected requests.
    #[must_use]
    pub fn expected(&self) -> f64 {
        f64::midpoint(self.first, self.last) * (self.to - self.from) as f64
    }

    /// Change of the rate per nanosecond.
    #[must_use]
    pub fn slope(&self) -> f64 {
        (self.last - self.first) / (self.to - self.from) as f64
    }

    /// Its part up to an instant after its beginning, and what is left of it.
    #[must_use]
    pub fn cut(self, at: u64) -> (Self, Option<Self>) {
        if at >= self.to {
            return (self, None);
        }
        let middle = self.first + self.slope() * (at - self.from) as f64;
        (Self { to: at, last: middle, ..self }, Some(Self { from: at, first: middle, ..self }))
    }
}

impl Path {
    /// Every instant is told as so much earlier.
    pub(super) fn shifted(self, shift: u64) -> Self {
        Self { shift, ..self }
    }

    /// The next stretch, which ends at `until` at the latest; `None` at the end of the window.
    pub fn next(&mut self, until: u64) -> Option<Stretch> {
        let (from, until) = (self.at, until.saturating_add(self.shift));
        if from >= self.end || from >= until {
            return None;
        }
        let mut to = until.min(self.end);
        for lane in &mut self.lanes {
            if from >= lane.piece.to {
                lane.piece = lane.walk.next(from, u64::MAX)?;
            }
            to = to.min(lane.piece.to);
        }
        let sum = |at: u64| self.lanes.iter().map(|lane| lane.piece.at(at)).sum::<f64>();
        let stretch = Stretch { from: from - self.shift, to: to - self.shift, first: sum(from), last: sum(to) };
        self.at = to;
        if !self.constant_mix {
            self.mix_at(u64::midpoint(from, to));
        }
        Some(stretch)
    }

    /// Share of each class in the stretch given last; they add up to 1.
    #[must_use]
    pub fn mix(&self) -> &[f64] {
        &self.mix
    }

    fn mix_at(&mut self, at: u64) {
        let whole: f64 = self.lanes.iter().map(|lane| lane.piece.at(at)).sum();
        if whole <= 0.0 {
            return;
        }
        for (class, share) in self.mix.iter_mut().enumerate() {
            let of_lane = |lane: &Lane| lane.piece.at(at) * lane.shares[class];
            *share = self.lanes.iter().map(of_lane).sum::<f64>() / whole;
        }
    }
}

/// Counts of one replication.
#[derive(Clone, Debug)]
pub struct Arrived {
    start: u64,
    end: u64,
    /// Of each class, up to the end of each minute of the window; the first entry is 0.
    until: Vec<Vec<u64>>,
}

impl Arrived {
    pub(super) fn none(start: u64, end: u64, application: &Application) -> Self {
        Self { start, end, until: vec![vec![0]; application.classes.len()] }
    }

    /// Counts requests of the window, which come in time order. Those of the warm-up are not counted.
    pub fn count(&mut self, requests: &[Request]) {
        for request in requests.iter().filter(|request| request.at >= self.start) {
            let cell = usize::try_from((request.at - self.start) / CELL).unwrap_or(usize::MAX);
            for counts in &mut self.until {
                let so_far = counts[counts.len() - 1];
                counts.resize((cell + 2).max(counts.len()), so_far);
            }
            let counts = &mut self.until[request.class as usize];
            let last = counts.len() - 1;
            counts[last] += 1;
        }
    }

    /// Requests of a class that have come in the window up to an instant. Within a minute they come evenly.
    #[must_use]
    pub fn until(&self, class: usize, at: u64) -> u64 {
        let at = at.clamp(self.start, self.end) - self.start;
        let cell = at / CELL;
        let counts = &self.until[class];
        let index = usize::try_from(cell).unwrap_or(usize::MAX).min(counts.len() - 1);
        let Some(next) = counts.get(index + 1) else { return counts[index] };
        let begin = cell * CELL;
        let length = (begin.saturating_add(CELL)).min(self.end - self.start) - begin;
        let part = u128::from(next - counts[index]) * u128::from(at - begin) / u128::from(length.max(1));
        counts[index] + u64::try_from(part).unwrap_or(u64::MAX)
    }

    /// How many have come in each minute of the window.
    pub fn by_minute(&self) -> impl Iterator<Item = u64> {
        let cells = self.until.first().map_or(0, |counts| counts.len() - 1);
        (0..cells).map(|cell| self.until.iter().map(|counts| counts[cell + 1] - counts[cell]).sum())
    }

    /// Those who stay, and those who go: shares of those who came, told minute by minute.
    #[must_use]
    pub fn split(&self, mut goes: impl FnMut() -> f64) -> (Self, Self) {
        let cells = self.until.first().map_or(0, |counts| counts.len() - 1);
        let (mut stay, mut go) = (self.clone(), self.clone());
        let mut sums = vec![0.0; self.until.len()];
        for cell in 0..cells {
            let share = goes();
            for (class, sum) in sums.iter_mut().enumerate() {
                let (come, gone) = (&self.until[class], &mut go.until[class]);
                let (more, before) = (come[cell + 1] - come[cell], gone[cell]);
                *sum += share * more as f64;
                gone[cell + 1] = before + whole::round(*sum).saturating_sub(before).min(more);
                stay.until[class][cell + 1] = come[cell + 1] - gone[cell + 1];
            }
        }
        (stay, go)
    }

    /// The figures of the traffic. The dispersion within seconds is not known.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let whole = |index: usize| self.until.iter().map(|counts| counts[index]).sum::<u64>();
        let (cells, span) = (self.until.first().map_or(0, |counts| counts.len() - 1), self.end - self.start);
        let requests = whole(cells);
        let seconds = Nanos(span).seconds();
        let mean_rate = if seconds > 0.0 { requests as f64 / seconds } else { 0.0 };
        let minutes = usize::try_from(span / CELL).unwrap_or(usize::MAX).min(cells);
        let most = (0..minutes).map(|index| whole(index + 1) - whole(index)).max();
        let peak_rate = most.map_or(mean_rate, |most| most as f64 * 1e9 / CELL as f64);
        Statistics { requests, mean_rate, peak_rate, dispersion_1s: None }
    }
}

impl Traffic {
    /// Why nothing but playing it tells what comes, if so: a source whose arrivals are not independent of each other, given
    /// their rate.
    #[must_use]
    pub fn needs_playing(&self) -> Option<String> {
        let why = |source: &Source| {
            let what = match &source.flow {
                Flow::Open(open) => match open.arrivals {
                    Arrivals::Poisson => return None,
                    Arrivals::Even => "its arrivals are evenly spaced",
                    Arrivals::Gamma { .. } => "its arrivals are spaced by a gamma law",
                },
                Flow::Counts(_) => "it replays counts",
                Flow::Log(_) => "it replays a log",
                Flow::Switching(_) => "its rate switches between states",
                Flow::Hawkes(_) => "its requests bring others",
                Flow::Schedule(_) => "its requests come by the clock",
                Flow::Closed(_) => "its users wait for what they get",
            };
            Some(format!("source '{}': {what}", source.name))
        };
        self.sources.iter().find_map(why)
    }

    /// The rate of one replication.
    ///
    /// # Panics
    /// If the traffic [needs playing](Self::needs_playing).
    #[must_use]
    pub fn path(&self, application: &Application, seed: u64, replication: u32) -> Path {
        self.path_in((self.frame(), 0), application, seed, replication)
    }

    /// The same from `from` to the end of the frame.
    pub(super) fn path_in(
        &self,
        (frame, from): (Frame, u64),
        application: &Application,
        seed: u64,
        replication: u32,
    ) -> Path {
        let factors = self.factors(seed, replication);
        let lane = |source: &Source| {
            let Flow::Open(open) = &source.flow else { panic!("source '{}' has to be played", source.name) };
            let keys = Keys::new(seed, &source.name, replication);
            let walk = Walk::new(open, frame, from, keys.burst, factors);
            Lane { walk, piece: Straight::default(), shares: shares(application, &source.mix) }
        };
        let lanes: Vec<Lane> = self.sources.iter().map(lane).collect();
        let mix = lanes.first().map_or_else(|| shares(application, &[]), |lane| lane.shares.clone());
        let constant_mix = lanes.iter().all(|lane| lane.shares == mix);
        Path { lanes, at: from, end: frame.end, shift: 0, mix, constant_mix }
    }

    /// Counts of requests of `application` that are yet to come.
    #[must_use]
    pub fn counts(&self, application: &Application) -> Arrived {
        let Frame { start, end, .. } = self.frame();
        Arrived::none(start, end, application)
    }

    /// Counts along a rate that is walked from its beginning, drawn for one replication.
    #[must_use]
    pub fn arrived(&self, mut path: Path, seed: u64, replication: u32) -> Arrived {
        let frame = self.frame();
        let mut luck = stream(seed, "counts", "traffic", replication);
        let mut until = vec![vec![0]; path.mix.len()];
        while path.next(frame.start).is_some() {}
        let mut cell_end = frame.start;
        while cell_end < frame.end {
            cell_end = cell_end.saturating_add(CELL).min(frame.end);
            let mut expected = vec![0.0; until.len()];
            while let Some(stretch) = path.next(cell_end) {
                let whole = stretch.expected();
                expected.iter_mut().zip(path.mix()).for_each(|(sum, share)| *sum += whole * share);
            }
            for (counts, mean) in until.iter_mut().zip(expected) {
                let before = counts[counts.len() - 1];
                counts.push(before + poisson(mean, &mut luck));
            }
        }
        Arrived { start: frame.start, end: frame.end, until }
    }
}

/// Share of each class in what a source of this mix brings, by the rule of `demand`.
fn shares(application: &Application, mix: &[f64]) -> Vec<f64> {
    let own: Vec<f64> = application.classes.iter().map(|class| class.weight).collect();
    let weights = if mix.iter().sum::<f64>() > 0.0 { mix } else { &own };
    let total: f64 = weights.iter().sum();
    let share = |class: usize| match weights.get(class) {
        Some(weight) if total > 0.0 => weight / total,
        _ => f64::from(class == 0 && total <= 0.0),
    };
    (0..own.len()).map(share).collect()
}
