//! What a scheduler that looks at single requests sees of them: how many are at work at a look, and how many instances have
//! none.
//!
//! Samples at a steady rate tell the mean and the variance of those at work, and how much a look has in common with the one
//! before. Requests that do not meet are Poisson, those that share a processor geometric: the negative binomial law of this
//! mean and variance has both as its limits.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rand::RngExt;
use rand_distr::{Distribution as _, StandardNormal};

use super::asked::{Load, asked};
use super::cells::{Cells, around, load_of};
use super::domain::has_steps;
use super::fleets::Station;
use super::law::Work;
use super::sample::{Asked, Shape, watch};
use super::waits::below;
use crate::application::Request;
use crate::engine::Plan;
use crate::kernel::streams::Stream;
use crate::kernel::whole;
use crate::units::Nanos;

/// Requests in a sample, of which about so many come between two looks into it.
const REQUESTS: f64 = 20_000.0;
const APART: f64 = 8.0;
/// Samples are numbered from here on: their luck is not that of those which tell latencies.
const FIRST: u32 = 1 << 31;
/// Up to so many at work on average their law is summed up, beyond it is about normal.
const FEW: f64 = 40.0;
/// Number of the highest load of which samples are taken.
pub(super) const HIGHEST: u32 = 24;

/// What is seen of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// Mean and variance of attempts at work.
    pub at_work: f64,
    variance: f64,
    /// Mean of those among them that wait, which nobody keeps from it: their number is Poisson, and independent of the others.
    waiting: f64,
    /// Correlation of a look with the one before.
    kept: f64,
    /// Mean number of instances with none.
    idle: f64,
}

/// The last look: at those who share CPU, and at those who wait.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Last {
    sharing: Off,
    waiting: Off,
}

/// By how many of its roots of a variance a number was off its mean, and the variance.
#[derive(Clone, Copy, Debug, Default)]
struct Off {
    off: f64,
    variance: f64,
}

impl Seen {
    /// Attempts at work and instances with none at one look after the last. Where few of the former have ended since, what
    /// there is has not had the time to vary as much as it would in the long run.
    pub fn draw(self, last: &mut Last, luck: &mut Stream) -> (u32, u32) {
        let waiting = self.waiting.min(self.at_work);
        let sharing = Self { at_work: self.at_work - waiting, variance: self.variance - waiting, ..self };
        let mut at_work = sharing.number(&mut last.sharing, luck);
        if waiting > 0.0 {
            at_work += Self { at_work: waiting, variance: waiting, ..self }.number(&mut last.waiting, luck);
        }
        (at_work, floor(self.idle + luck.random::<f64>()))
    }

    fn number(self, last: &mut Off, luck: &mut Stream) -> u32 {
        let z: f64 = StandardNormal.sample(luck);
        let kept = self.kept * self.kept;
        let (old, new) = (kept * last.variance, (1.0 - kept) * self.variance.max(self.at_work));
        let variance = old + new;
        let off = if variance > 0.0 { (old.sqrt() * last.off + new.sqrt() * z) / variance.sqrt() } else { 0.0 };
        *last = Off { off, variance };
        Self { variance, ..self }.quantile(off)
    }

    /// The number at which the negative binomial law is where a normal one is at `z`.
    fn quantile(self, z: f64) -> u32 {
        let (mean, more) = (self.at_work, (self.variance / self.at_work - 1.0).max(1e-9));
        if mean.is_nan() || mean <= 0.0 {
            return 0;
        }
        if mean > FEW {
            // Cornish and Fisher.
            let spread = (mean * (1.0 + more)).sqrt();
            let skew = (1.0 + 2.0 * more) / spread;
            return floor(mean + spread * (z + skew * (z * z - 1.0) / 6.0) + 0.5);
        }
        let above = below(-z);
        let (mut number, mut share) = (0, libm::exp(-mean * libm::log1p(more) / more));
        let mut left = 1.0 - share;
        while left > above && share > 0.0 {
            share *= (f64::from(number) * more + mean) / (f64::from(number + 1) * (1.0 + more));
            left -= share;
            number += 1;
        }
        number
    }

    /// With so many more at work.
    pub fn with(self, more: f64) -> Self {
        Self { at_work: self.at_work + more, variance: self.variance + more, ..self }
    }

    fn part(self, share: f64) -> Self {
        Self {
            at_work: self.at_work * share,
            variance: self.variance * share,
            waiting: self.waiting * share,
            kept: self.kept * share,
            idle: self.idle * share,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            at_work: self.at_work + other.at_work,
            variance: self.variance + other.variance,
            waiting: self.waiting + other.waiting,
            kept: self.kept + other.kept,
            idle: self.idle + other.idle,
        }
    }
}

/// What is seen at each size, load and mix that came along.
#[derive(Debug)]
pub(super) struct Looks {
    /// From one to the next.
    interval: Nanos,
    /// Of each class, where requests are nothing but one piece of work: their work, and the pace of their CPU work.
    alone: Option<Vec<(Work, f64)>>,
    /// For how long a request waits at each service without CPU, in nanoseconds.
    waits: Vec<f64>,
    /// Sizes of which samples are taken.
    sizes: Vec<Shape>,
    /// Of each shape, the size that tells it, and how many times as large that is.
    told_by: Vec<Option<(usize, f64)>>,
    /// One for each size and mix, and which was used last.
    tables: Vec<Table>,
    used: usize,
    samples: u32,
}

/// What is seen of fleets of one size when one mix comes.
#[derive(Debug)]
struct Table {
    size: usize,
    mix: usize,
    /// By load and service; empty where no sample has been taken.
    seen: Vec<Vec<Seen>>,
}

impl Looks {
    pub fn new(plan: &Plan<'_>, interval: Nanos, stations: &[Station]) -> Self {
        let of_classes = || asked(plan).into_iter().map(|class| (class.work, class.pace)).collect();
        Self {
            interval,
            alone: (!has_steps(plan.application)).then(of_classes),
            waits: (0..).zip(stations).map(|(service, station)| station.waits(plan, service)).collect(),
            sizes: Vec::new(),
            told_by: Vec::new(),
            tables: Vec::new(),
            used: 0,
            samples: FIRST,
        }
    }

    /// What is seen of a service at the size and mix of now, at a load.
    pub fn of(&mut self, plan: &Plan<'_>, cells: &Cells, load: f64, service: usize) -> Seen {
        let mut seen = Seen::default();
        for (number, share) in around(load).into_iter().filter(|(_, share)| *share > 0.0) {
            seen = seen.and(self.find(plan, cells, number, service).part(share));
        }
        seen
    }

    /// The load at which so many attempts at work of the first service are the mean, up to 1.
    pub fn load_of(&mut self, plan: &Plan<'_>, cells: &Cells, at_work: f64) -> f64 {
        let highest = self.find(plan, cells, HIGHEST, 0).at_work;
        if at_work >= highest {
            let beyond = at_work / highest.max(f64::MIN_POSITIVE) - 1.0;
            return load_of(HIGHEST) + (1.0 - load_of(HIGHEST)) * beyond.min(1.0);
        }
        let (mut below, mut above) = (0, HIGHEST);
        while above - below > 1 {
            let middle = u32::midpoint(below, above);
            if self.find(plan, cells, middle, 0).at_work <= at_work { below = middle } else { above = middle }
        }
        let [few, many] = [below, above].map(|number| self.find(plan, cells, number, 0).at_work);
        let share = ((at_work - few) / (many - few).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        load_of(below) + share * (load_of(above) - load_of(below))
    }

    /// What is seen of a service at the load of a number.
    fn find(&mut self, plan: &Plan<'_>, cells: &Cells, number: u32, service: usize) -> Seen {
        let (size, times) = self.size(plan, cells);
        let ((_, mix), shape, shares) = cells.now();
        if number == 0 {
            // Where nothing comes, nothing is at work.
            return Seen { idle: f64::from(shape.instances[service]), ..Seen::default() };
        }
        let place = number as usize;
        let table = self.table(size, mix);
        if self.tables[table].seen.get(place).is_none_or(Vec::is_empty) {
            let rate = cells.capacity() * load_of(number);
            let sampled = self.sample(plan, shape, (rate, times), shares);
            self.samples += 1;
            let seen = &mut self.tables[table].seen;
            seen.resize(seen.len().max(place + 1), Vec::new());
            seen[place] = sampled;
        }
        let seen = self.tables[table].seen[place][service];
        Seen { kept: seen.kept, ..seen.part(1.0 / times) }
    }

    fn table(&mut self, size: usize, mix: usize) -> usize {
        let is = |table: &Table| (table.size, table.mix) == (size, mix);
        if !self.tables.get(self.used).is_some_and(is) {
            self.used = self.tables.iter().position(is).unwrap_or(self.tables.len());
            if self.used == self.tables.len() {
                self.tables.push(Table { size, mix, seen: Vec::new() });
            }
        }
        self.used
    }

    /// The size that tells what is seen now, and how many times as large it is.
    fn size(&mut self, plan: &Plan<'_>, cells: &Cells) -> (usize, f64) {
        let ((shape, _), is, _) = cells.now();
        if self.told_by.len() <= shape {
            self.told_by.resize(shape + 1, None);
        }
        *self.told_by[shape].get_or_insert_with(|| {
            let (small, times) = is.smaller(plan.deployment);
            let size = self.sizes.iter().position(|other| *other == small).unwrap_or(self.sizes.len());
            if size == self.sizes.len() {
                self.sizes.push(small);
            }
            (size, times)
        })
    }

    /// Plays a sample on a fleet so many times as large as its shape.
    fn sample(&self, plan: &Plan<'_>, shape: &Shape, (rate, times): (f64, f64), mix: &[f64]) -> Vec<Seen> {
        let parts = (rate * times * self.interval.0 as f64 / APART).ceil().max(1.0);
        let every = whole::round(self.interval.0 as f64 / parts).max(1);
        let asked = Asked { rate, mix, requests: REQUESTS };
        let mut series: Vec<Series> = shape.instances.iter().map(|_| Series::default()).collect();
        let mut ends = BinaryHeap::new();
        watch(
            plan,
            shape,
            &asked,
            self.samples,
            (every, &mut |core, at, came| {
                let mut alone = None;
                if let Some(classes) = &self.alone {
                    let end = |request: &Request| {
                        let pace = classes[request.class as usize].1;
                        Reverse(request.at + request.io + whole::round(request.cpu as f64 * pace))
                    };
                    ends.extend(came.iter().map(end));
                    while ends.peek().is_some_and(|Reverse(end)| *end <= at) {
                        ends.pop();
                    }
                    alone = Some(ends.len());
                }
                for (service, series) in (0..).zip(&mut series) {
                    let (at_work, idle) = core.at_work(service);
                    series.at_work.push(f64::from(at_work));
                    series.idle += f64::from(idle);
                    series.alone.extend(alone.map(|count| count as f64));
                }
            }),
        );
        let expected =
            self.alone.as_ref().map(|classes| rate * times * Load::of(classes.iter().map(|(work, _)| work), mix).mean);
        let apart = usize::try_from(whole::round(parts)).unwrap_or(usize::MAX);
        let of =
            |(series, wait): (&Series, &f64)| Seen { waiting: rate * times * wait, ..series.seen(apart, expected) };
        series.iter().zip(&self.waits).map(of).collect()
    }
}

/// What was seen at one look after the other.
#[derive(Debug, Default)]
struct Series {
    at_work: Vec<f64>,
    /// How many would have been at work had nobody met another.
    alone: Vec<f64>,
    idle: f64,
}

impl Series {
    /// What it tells, where every `apart`th look is one of the scheduler. Had nobody met another, those at work would be Poisson
    /// of an `expected` mean: by as much as they were not, chance has moved the others.
    fn seen(&self, apart: usize, expected: Option<f64>) -> Seen {
        let (at_work, variance) = moments(&self.at_work);
        let (of_alone, variance_of_alone) = moments(&self.alone);
        let later = self.at_work.iter().skip(apart);
        let both: f64 = self.at_work.iter().zip(later).map(|(look, later)| (look - at_work) * (later - at_work)).sum();
        let pairs = self.at_work.len().saturating_sub(apart).max(1) as f64;
        let kept = (both / pairs / variance.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        let by_chance = |of_alone: f64| expected.map_or(0.0, |expected| of_alone - expected);
        Seen {
            at_work: (at_work - by_chance(of_alone)).max(0.0),
            variance: variance - by_chance(variance_of_alone),
            kept,
            idle: self.idle / self.at_work.len().max(1) as f64,
            waiting: 0.0,
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
fn floor(value: f64) -> u32 {
    value as u32
}

/// Mean and variance.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::queueing::poisson;
    use crate::kernel::streams::stream;

    /// Shares of looks at which more than so many are at work.
    fn beyond(seen: Seen, levels: &[u32]) -> Vec<f64> {
        let (mut luck, mut last, mut counts) =
            (stream(1, "test", "looks", 0), Last::default(), vec![0.0; levels.len()]);
        for _ in 0..400_000 {
            let (at_work, _) = seen.draw(&mut last, &mut luck);
            counts.iter_mut().zip(levels).for_each(|(count, level)| *count += f64::from(u8::from(at_work > *level)));
        }
        counts.iter().map(|count| count / 400_000.0).collect()
    }

    #[test]
    fn those_at_work_are_poisson_when_alone_and_geometric_when_they_share() {
        let alone = Seen { at_work: 1.05, variance: 1.05, kept: 0.3, ..Seen::default() };
        // 1 - sum of exp(-1.05) 1.05^k / k! up to 0, 2 and 5.
        for (found, is) in beyond(alone, &[0, 2, 5]).into_iter().zip([0.650_06, 0.089_6, 0.000_68]) {
            assert!((found / is - 1.0).abs() < 0.2 && (found - is).abs() < 4e-3, "{found} for {is}");
        }
        let sharing = Seen { at_work: 1.0, variance: 2.0, ..Seen::default() };
        for (found, is) in beyond(sharing, &[0, 3, 9]).into_iter().zip([0.5, 0.0625, 0.000_977]) {
            assert!((found / is - 1.0).abs() < 0.2 && (found - is).abs() < 4e-3, "{found} for {is}");
        }
        // A geometric one of mean 1/2 and a Poisson one of mean 1/2: 8 and more, convolved. The law of two moments has half of it.
        let both = Seen { at_work: 1.0, variance: 1.25, waiting: 0.5, ..Seen::default() };
        let convolved: f64 =
            (0..12).map(|wait| poisson(0.5, wait) * 3_f64.powi(-(8 - wait.cast_signed()).max(0))).sum();
        let found = beyond(both, &[7])[0];
        assert!((found / convolved - 1.0).abs() < 0.25, "{found} for {convolved}");
        // About normal: 60 are 3.1 roots above 40, and skewness makes one in 1000 looks one in 700.
        let many = Seen { at_work: 40.5, variance: 40.5, ..Seen::default() };
        let found = beyond(many, &[60])[0];
        assert!((0.0011..0.0018).contains(&found), "{found}");
        assert!(beyond(Seen { at_work: 0.0, ..alone }, &[0])[0] == 0.0);
    }

    #[test]
    fn what_has_just_begun_to_vary_varies_less() {
        let mut luck = stream(1, "test", "looks", 1);
        let slow = Seen { at_work: 100.0, variance: 1_000.0, kept: 0.99, idle: 1.25, waiting: 0.0 };
        let spread = |looks: u32, luck: &mut Stream| {
            let mut squares = 0.0;
            for _ in 0..4_000 {
                let mut last = Last { sharing: Off { off: 1.0, variance: 200.0 }, waiting: Off::default() };
                for _ in 1..looks {
                    slow.draw(&mut last, luck);
                }
                let off = f64::from(slow.draw(&mut last, luck).0) - 100.0;
                squares += off * off / 4_000.0;
            }
            squares
        };
        // 0.99^2 of the variance that it had is left after one look, and 0.99^200 after a hundred.
        let (soon, late) = (spread(1, &mut luck), spread(100, &mut luck));
        assert!((190.0..250.0).contains(&soon), "{soon}");
        assert!((800.0..1_000.0).contains(&late), "{late}");
        let idle: u32 = (0..1000).map(|_| slow.draw(&mut Last::default(), &mut luck).1).sum();
        assert!((1180..1320).contains(&idle), "{idle}");
    }

    #[test]
    fn chance_that_moves_those_alone_is_taken_from_the_others() {
        let alone = vec![3.0, 5.0, 4.0, 9.0, 2.0, 1.0];
        let more = alone.iter().map(|count| count + 2.0).collect();
        let series = Series { at_work: more, alone, idle: 3.0 };
        let seen = series.seen(1, Some(3.5));
        assert!((seen.at_work - 5.5).abs() < 1e-9 && (seen.variance - 3.5).abs() < 1e-9, "{seen:?}");
        assert!((seen.idle - 0.5).abs() < 1e-9);
        let unknown = Series { alone: Vec::new(), ..series }.seen(1, None);
        assert!((unknown.at_work - 6.0).abs() < 1e-9, "{unknown:?}");
    }
}
