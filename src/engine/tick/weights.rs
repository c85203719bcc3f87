//! Waits that are gathered by value: what is alike is told together.

use super::delay::Delay;

/// Means of waits are kept at 2^4 to each doubling, and waits that are known at 2^6; what lies between is shared by its
/// neighbours, so that means are kept.
const OF_MEANS: u32 = 4;
const OF_WAITS: u32 = 6;

/// Weights on a grid of values that is even within each doubling.
#[derive(Clone, Debug)]
struct Weights {
    bits: u32,
    all: Vec<f64>,
}

impl Weights {
    const fn new(bits: u32) -> Self {
        Self { bits, all: Vec::new() }
    }

    #[allow(clippy::cast_possible_truncation)] // 64 doublings at most
    fn add(&mut self, value: f64, weight: f64) {
        let value = value.clamp(1.0, 1e18).to_bits();
        let place = ((value >> (52 - self.bits)) - (1023 << self.bits)) as usize;
        let width = 1_u64 << (52 - self.bits);
        let share = (value & (width - 1)) as f64 / width as f64;
        if place + 1 >= self.all.len() {
            self.all.resize(place + 2, 0.0);
        }
        self.all[place] += weight * (1.0 - share);
        self.all[place + 1] += weight * share;
    }

    fn merge(&mut self, other: &Self) {
        self.all.resize(self.all.len().max(other.all.len()), 0.0);
        self.all.iter_mut().zip(&other.all).for_each(|(sum, weight)| *sum += weight);
    }

    fn whole(&self) -> f64 {
        self.all.iter().sum()
    }

    /// Places, values and weights of those that have any.
    fn used(&self) -> impl Iterator<Item = (usize, f64, f64)> + '_ {
        let value = |place: usize| f64::from_bits((place as u64 + (1023 << self.bits)) << (52 - self.bits));
        let used = self.all.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
        used.map(move |(place, weight)| (place, value(place), *weight))
    }
}

/// The waits of some attempts of one class, by weight.
#[derive(Clone, Debug)]
pub(super) struct Waits {
    pub none: f64,
    /// Those that wait for nothing but the start of an instance.
    pub cold: f64,
    /// Those of whom all wait for some time, and an exponential time beyond, by its mean; and the former time's sum.
    chance: Weights,
    least: Weights,
    known: Weights,
}

impl Waits {
    pub const fn new() -> Self {
        Self {
            none: 0.0,
            cold: 0.0,
            chance: Weights::new(OF_MEANS),
            least: Weights::new(OF_MEANS),
            known: Weights::new(OF_WAITS),
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.none += other.none;
        self.cold += other.cold;
        self.chance.merge(&other.chance);
        self.least.merge(&other.least);
        self.known.merge(&other.known);
    }

    /// So many wait by chance.
    pub fn delay(&mut self, delay: Delay, weight: f64) {
        self.chance.add(delay.more, weight);
        self.least.add(delay.more, weight * delay.least);
    }

    /// So many wait exactly so long.
    pub fn wait(&mut self, wait: f64, weight: f64) {
        self.known.add(wait, weight);
    }

    /// All there are.
    pub fn whole(&self) -> f64 {
        self.none + self.cold + self.chance.whole() + self.known.whole()
    }

    /// How long those wait who wait by chance, by place: weights.
    pub fn delays(&self) -> impl Iterator<Item = (usize, Delay, f64)> + '_ {
        self.chance
            .used()
            .map(|(place, more, weight)| (place, Delay { least: self.least.all[place] / weight, more }, weight))
    }

    /// How long others wait, and weights.
    pub fn known(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.known.used().map(|(_, wait, weight)| (wait, weight))
    }
}
