//! Which requests come while fleets have which size and load, and what they bring, as samples tell.
//!
//! Loads are told apart on a grid that is finer where they are higher; what lies between is shared by its neighbours. Samples
//! are played when all is known, as long as their share of the requests makes them.

use std::collections::HashMap;

use super::domain::run_times;
use super::sample::{Asked, Shape, play};
use crate::engine::Plan;
use crate::engine::exact::sampled::Brought;
use crate::metering::measurement::Measurement;
use crate::traffic::path::Stretch;

/// From a load to the next, what is left of the capacity shrinks by this exponent.
const APART: f64 = 0.15;
/// The first such step is taken in so many, since few requests meet there, and the tail of latencies is theirs.
const FIRST: u32 = 4;
/// Highest load that is played.
pub(super) const HIGHEST: f64 = 0.96;
/// Lowest load that is played: requests are as good as alone.
const LOWEST: f64 = 0.01;
/// Attempts in all samples together, and requests at least in each.
const IN_ALL: f64 = 800_000.0;
const IN_EACH: f64 = 2_000.0;
/// Requests in each for every one whose run of a workflow goes on at its end.
const RUNS: f64 = 50.0;
/// Cells of which samples are played at most.
const MOST: usize = 400;
/// A load changes by at most this much within a step.
const STEP: f64 = 0.02;
/// Shares of classes that are closer are not told apart.
const SHARES: f64 = 0.025;

/// Numbers of a size, a load and a mix.
type Key = (usize, u32, usize);

/// One of them.
#[derive(Debug)]
struct Cell {
    key: Key,
    /// How many requests come.
    requests: f64,
}

/// All that came along, and how many requests in which of them in which slice.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// Sizes with the requests per nanosecond that they are enough for; and where fleets are now.
    shapes: Vec<(Shape, f64)>,
    shape: usize,
    mixes: Vec<Vec<f64>>,
    mix: usize,
    found: HashMap<Key, usize>,
    all: Vec<Cell>,
    lowest: u32,
    pub slices: Vec<Vec<(usize, f64)>>,
}

/// A sample, by request of it.
#[derive(Debug)]
pub(super) struct Sample {
    pub measurement: Measurement,
    pub brought: Brought,
    pub requests: f64,
    /// Who served, and for how many nanoseconds it counted.
    pub shape: Shape,
    pub time: f64,
}

impl Cells {
    /// For a run of so many slices, in which lower loads than that of a number are not told apart.
    pub fn new(slices: usize, lowest: u32) -> Self {
        Self { slices: vec![Vec::new(); slices], lowest, ..Self::default() }
    }

    /// Fleets have another size, which is enough for so many requests per nanosecond.
    pub fn have(&mut self, shape: Shape, capacity: f64) {
        self.shape = self.shapes.iter().position(|(other, _)| *other == shape).unwrap_or(self.shapes.len());
        if self.shape == self.shapes.len() {
            self.shapes.push((shape, capacity));
        }
    }

    /// Who serves and what of, by number, and the mix that comes.
    pub fn now(&self) -> ((usize, usize), &Shape, &[f64]) {
        ((self.shape, self.mix), &self.shapes[self.shape].0, &self.mixes[self.mix])
    }

    /// What fleets are enough for.
    pub fn capacity(&self) -> f64 {
        self.shapes[self.shape].1
    }

    /// So many requests of a mix come in a slice (`None`: the warm-up) at this load.
    pub fn come(&mut self, slice: Option<usize>, load: f64, mix: &[f64], count: f64) {
        let Some(slice) = slice else { return };
        self.mix_is(mix);
        for (number, share) in around(load) {
            let cell = self.find((self.shape, number.max(self.lowest), self.mix));
            let of_slice = &mut self.slices[slice];
            match of_slice.iter_mut().find(|(other, _)| *other == cell) {
                Some((_, sum)) => *sum += share * count,
                None => of_slice.push((cell, share * count)),
            }
            self.all[cell].requests += share * count;
        }
    }

    /// What comes now is of this mix.
    pub fn mix_is(&mut self, mix: &[f64]) {
        let near = |other: &Vec<f64>| other.iter().zip(mix).all(|(one, other)| (one - other).abs() < SHARES);
        if !self.mixes.get(self.mix).is_some_and(near) {
            self.mix = self.mixes.iter().position(near).unwrap_or(self.mixes.len());
            if self.mix == self.mixes.len() {
                self.mixes.push(mix.to_vec());
            }
        }
    }

    /// Requests of a mix come along a stretch in a slice.
    pub fn along(&mut self, slice: Option<usize>, stretch: Stretch, mix: &[f64]) {
        let (first, last) = (stretch.first / self.capacity(), stretch.last / self.capacity());
        let pieces = ((last - first).abs() / STEP).ceil().max(1.0);
        let mut piece = 0.5;
        while piece < pieces {
            let load = first + (last - first) * piece / pieces;
            let count = stretch.expected() * load / f64::midpoint(first, last).max(f64::MIN_POSITIVE) / pieces;
            self.come(slice, load, mix, count);
            piece += 1.0;
        }
    }

    fn find(&mut self, key: Key) -> usize {
        *self.found.entry(key).or_insert_with(|| {
            self.all.push(Cell { key, requests: 0.0 });
            self.all.len() - 1
        })
    }

    /// What comes most seldom is told by the samples of what is most like it.
    fn merge_rare(&mut self) {
        if self.all.len() <= MOST {
            return;
        }
        let mut often: Vec<usize> = (0..self.all.len()).collect();
        often.sort_by(|&a, &b| self.all[b].requests.total_cmp(&self.all[a].requests));
        often.truncate(MOST);
        let size = |shape: usize| libm::log(f64::from(self.shapes[shape].0.instances.iter().sum::<u32>().max(1)));
        let apart = |one: Key, other: Key| {
            let (loads, sizes) = (f64::from(one.1) - f64::from(other.1), size(one.0) - size(other.0));
            loads.abs() + sizes.abs() + f64::from(u8::from(one.2 != other.2))
        };
        let like = |cell: &Cell| {
            let near = |place: &usize| apart(cell.key, self.all[often[*place]].key);
            (0..often.len()).min_by(|a, b| near(a).total_cmp(&near(b))).unwrap_or(0)
        };
        let told_by: Vec<usize> = self.all.iter().map(like).collect();
        let mut kept: Vec<Cell> = often.iter().map(|&cell| Cell { key: self.all[cell].key, requests: 0.0 }).collect();
        for (cell, &by) in self.all.iter().zip(&told_by) {
            kept[by].requests += cell.requests;
        }
        self.slices.iter_mut().flatten().for_each(|(cell, _)| *cell = told_by[*cell]);
        self.all = kept;
    }

    /// Plays a sample of each, where a request makes so many attempts.
    pub fn play(&mut self, plan: &Plan<'_>, attempts: f64) -> Vec<Sample> {
        self.merge_rare();
        let whole: f64 = self.all.iter().map(|cell| cell.requests).sum();
        let in_all = (IN_ALL / attempts.max(1.0)).min(whole);
        let longest = run_times(plan.deployment, plan.application).into_iter().fold(0.0, f64::max);
        let of_cell = |(number, cell): (u32, &Cell)| {
            let (shape, load, mix) = cell.key;
            let (shape, capacity) = &self.shapes[shape];
            let rate = capacity * load_of(load).max(LOWEST);
            let requests = (in_all * cell.requests / whole.max(1.0)).max(IN_EACH).max(RUNS * rate * longest);
            sample(plan, shape, &Asked { rate, mix: &self.mixes[mix], requests }, number)
        };
        (0..).zip(&self.all).map(of_cell).collect()
    }

    /// Every cell, how many requests came in it, and its sample.
    pub fn with<'s>(&self, samples: &'s [Sample]) -> impl Iterator<Item = (f64, &'s Sample)> {
        self.all.iter().map(|cell| cell.requests).zip(samples)
    }
}

/// The numbers of the loads that a load lies between, and its shares of them.
pub(super) fn around(load: f64) -> [(u32, f64); 2] {
    let (steps, first) = ((-libm::log1p(-load) / APART).max(0.0), f64::from(FIRST));
    let place = if steps < 1.0 { steps * first } else { steps + first - 1.0 };
    let below = place.floor();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small
    let number = below as u32;
    [(number, 1.0 - (place - below)), (number + 1, place - below)]
}

/// The load of a number.
pub(super) fn load_of(number: u32) -> f64 {
    let steps =
        number.checked_sub(FIRST).map_or_else(|| f64::from(number) / f64::from(FIRST), |more| f64::from(more + 1));
    -libm::expm1(-APART * steps)
}

/// Plays a sample.
pub(super) fn sample(plan: &Plan<'_>, shape: &Shape, asked: &Asked<'_>, number: u32) -> Sample {
    let (measurement, brought) = play(plan, shape, asked, number);
    let (shape, times) = shape.smaller(plan.deployment);
    let requests = measurement.sum(|class| class.offered).max(1) as f64;
    Sample { measurement, brought, requests, shape, time: asked.requests / (asked.rate * times) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_lie_between_those_of_their_numbers() {
        assert_eq!(load_of(0), 0.0);
        let loads: Vec<f64> = (0..30).map(load_of).collect();
        assert!(loads.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] < 0.13), "{loads:?}");
        for load in [0.0, 0.003, 0.05, 0.138, 0.14, 0.3, 0.959] {
            let [(below, less), (above, more)] = around(load);
            assert_eq!((below + 1, less + more), (above, 1.0));
            assert!((load_of(below)..=load_of(above)).contains(&load), "{load}");
            assert!((less * load_of(below) + more * load_of(above) - load).abs() < 0.003, "{load}");
        }
    }
}
