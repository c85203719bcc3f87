//! From waits and work to latencies: waits are gathered by the mean of their law, and joined with the law of work once for
//! each bucket of the charts.

use super::asked::Asked;
use super::delay::{Delay, Delays};
use super::law::{Work, by_bucket, joined};
use super::queue::Notes;
use super::weights::Waits;
use crate::kernel::histogram::{BLOCK, Histogram, bucket, lowest, midpoint};
use crate::kernel::whole;
use crate::metering::measurement::CoarseHistogram;

/// Latencies are cut here: 2^50 ns are 13 days.
pub(super) const BUCKETS: usize = 44 * BLOCK;
/// Buckets of the histograms in one of the charts: 8 to each doubling.
pub(super) const COARSE: usize = BLOCK / 8;
/// Waits that differ by less than this share of what is by chance in them are told alike in the charts.
const ALIKE: f64 = 1.0 / 64.0;
/// Counts of a bucket of the charts, which only has to show percentiles.
pub(super) const CHARTED: u64 = 1_000_000_000;

/// A law of latencies, as coarse as the charts are, and the share beyond patience.
#[derive(Clone, Debug, Default)]
struct Outline {
    mass: Vec<f64>,
    late: f64,
}

/// One class.
#[derive(Debug)]
pub(super) struct OfClass {
    pub work: Work,
    /// Who made it gives up after this long.
    patience: u64,
    /// The law of latency after a start.
    after_start: Vec<f64>,
    /// Waits of those that arrived in the bucket of the charts that time is in, and of those before.
    waits: Waits,
    before: Waits,
    /// Latencies without a wait, after a start, and after waits by chance, by their place.
    at_once: Outline,
    cold: Outline,
    outlines: Vec<Option<(Delay, Outline)>>,
}

/// What became of the attempts of one class that arrived in one bucket of the charts: shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Outcome {
    /// For which a limit passed first.
    pub timed_out: f64,
}

/// All classes.
#[derive(Debug)]
pub(super) struct Latencies {
    pub classes: Vec<OfClass>,
    /// Share of each class in what arrives now.
    pub mix: Vec<f64>,
}

impl Notes for Latencies {
    fn arrive(&mut self, count: f64, waiting: f64, delays: Delays) {
        for (class, share) in self.classes.iter_mut().zip(&self.mix) {
            let count = count * share;
            class.waits.none += count * (1.0 - waiting);
            let some = delays.into_iter().map(|(share, delay)| (delay, count * waiting * share));
            some.filter(|(_, weight)| *weight > 0.0).for_each(|(delay, weight)| class.waits.delay(delay, weight));
        }
    }

    fn waited(&mut self, count: f64, wait: f64) {
        for (class, share) in self.classes.iter_mut().zip(&self.mix) {
            class.waits.wait(wait, count * share);
        }
    }
}

impl Latencies {
    /// Nothing has arrived yet.
    pub fn new(asked: Vec<Asked>) -> Self {
        let mix = vec![0.0; asked.len()];
        Self { classes: asked.into_iter().map(OfClass::new).collect(), mix }
    }

    /// How long those work who arrive now: shares and nanoseconds, rising. Who is cut short works for as long as anybody does.
    pub fn work(&self) -> Vec<(f64, f64)> {
        let longest = self.classes.iter().map(|class| class.work.mass.len()).max().unwrap_or(0);
        let (mut mass, mut killed) = (vec![0.0; longest], 0.0);
        for (OfClass { work, .. }, share) in self.classes.iter().zip(&self.mix) {
            mass.iter_mut().zip(&work.mass).for_each(|(sum, mass)| *sum += share * mass);
            killed += share * work.killed;
        }
        if let Some(last) = mass.last_mut() {
            *last += killed;
        }
        mass.into_iter().enumerate().map(|(place, mass)| (mass, midpoint(place) as f64)).collect()
    }

    /// Starts of instances take so long, by bucket.
    pub fn set_start(&mut self, start: &[f64]) {
        for class in &mut self.classes {
            class.after_start = joined(start, &class.work.mass);
            class.cold = class.outline(&class.after_start);
        }
    }

    /// So many of those that have arrived waited for a start.
    pub fn cold(&mut self, count: f64) {
        for (class, share) in self.classes.iter_mut().zip(&self.mix) {
            let cold = (count * share).min(class.waits.none);
            class.waits.none -= cold;
            class.waits.cold += cold;
        }
    }
}

impl OfClass {
    fn new(Asked { work, patience, .. }: Asked) -> Self {
        let mut class = Self {
            work,
            patience,
            after_start: Vec::new(),
            waits: Waits::new(),
            before: Waits::new(),
            at_once: Outline::default(),
            cold: Outline::default(),
            outlines: Vec::new(),
        };
        class.at_once = class.outline(&class.work.mass);
        class
    }

    /// Whether no latency has been counted.
    pub fn is_empty(&self) -> bool {
        self.before.whole() <= 0.0
    }

    /// Forgets what has arrived.
    pub fn forget(&mut self) {
        self.waits = Waits::new();
    }

    /// The bucket from which on latencies are beyond patience.
    fn limit(&self) -> usize {
        if self.patience == u64::MAX { BUCKETS } else { bucket(self.patience).min(BUCKETS) }
    }

    fn outline(&self, law: &[f64]) -> Outline {
        let limit = self.limit().min(law.len());
        Outline { mass: law.chunks(COARSE).map(|part| part.iter().sum()).collect(), late: law[limit..].iter().sum() }
    }

    /// A bucket of the charts ends: what became of those who arrived in it, and their latencies, to each of which `more`
    /// is added.
    pub fn close(&mut self, more: u64, charted: &mut CoarseHistogram) -> Outcome {
        let waits = std::mem::replace(&mut self.waits, Waits::new());
        let arrived = waits.whole();
        let mut all = Outline { mass: vec![0.0; BUCKETS / COARSE], late: 0.0 };
        all.add(&self.at_once, waits.none);
        all.add(&self.cold, waits.cold);
        for (place, delay, weight) in waits.delays() {
            if place >= self.outlines.len() {
                self.outlines.resize(place + 1, None);
            }
            let known =
                self.outlines[place].take().filter(|(of, _)| (of.least - delay.least).abs() < ALIKE * delay.more);
            let known = known.unwrap_or_else(|| (delay, self.outline(&after_delay(&self.work.mass, delay))));
            all.add(&known.1, weight);
            self.outlines[place] = Some(known);
        }
        for (wait, weight) in waits.known() {
            let wait = whole::round(wait);
            for (place, share) in self.at_once.mass.iter().enumerate().filter(|(_, share)| **share > 0.0) {
                let latency = middle(place).saturating_add(wait);
                all.mass[bucket(latency).min(BUCKETS - 1) / COARSE] += weight * share;
                all.late += if latency >= self.patience { weight * share } else { 0.0 };
            }
        }
        self.before.add(&waits);
        let within = self.limit().div_ceil(COARSE);
        let count = whole::round(arrived).min(CHARTED);
        shared_out(&all.mass[..within], count, |place, count| charted.record_n(middle(place) + more, count));
        let timed_out = if arrived > 0.0 { self.work.killed + all.late / arrived } else { self.work.killed };
        Outcome { timed_out: if timed_out < 1e-12 { 0.0 } else { timed_out.min(1.0) } }
    }

    /// The latencies of `completed` attempts, to each of which `more` is added.
    pub fn latencies(&self, completed: u64, more: u64) -> Histogram {
        let mut all = vec![0.0; BUCKETS];
        let mut add = |law: &[f64], weight: f64| all.iter_mut().zip(law).for_each(|(sum, mass)| *sum += weight * mass);
        add(&self.work.mass, self.before.none);
        add(&self.after_start, self.before.cold);
        for (_, delay, weight) in self.before.delays() {
            add(&after_delay(&self.work.mass, delay), weight);
        }
        for (wait, weight) in self.before.known() {
            let wait = whole::round(wait);
            for (place, mass) in self.work.mass.iter().enumerate().filter(|(_, mass)| **mass > 0.0) {
                all[bucket(midpoint(place).saturating_add(wait)).min(BUCKETS - 1)] += weight * mass;
            }
        }
        let mut found = Histogram::new();
        shared_out(&all[..self.limit()], completed, |place, count| found.record_n(midpoint(place) + more, count));
        found
    }

    /// Adds the waits of those of `completed` attempts that waited.
    pub fn waits(&self, completed: u64, waits: &mut Histogram) {
        // How likely one completes that has waited for so long.
        let mut within: Vec<f64> = self
            .work
            .mass
            .iter()
            .scan(0.0, |sum, mass| {
                *sum += mass;
                Some(*sum)
            })
            .collect();
        within.push(within.last().copied().unwrap_or(1.0));
        let completes = |wait: u64| {
            let left = self.patience.saturating_sub(wait);
            if left == 0 { 0.0 } else { within[bucket(left).min(within.len() - 1)] }
        };
        let mut all = vec![0.0; BUCKETS];
        for (_, delay, weight) in self.before.delays() {
            let mut left = 1.0;
            for (place, sum) in all.iter_mut().enumerate() {
                let next = libm::exp(-(lowest(place + 1) as f64 - delay.least).max(0.0) / delay.more);
                *sum += weight * (left - next);
                left = next;
                if left < 1e-15 {
                    break;
                }
            }
        }
        for (wait, weight) in self.before.known() {
            all[bucket(whole::round(wait)).min(BUCKETS - 1)] += weight;
        }
        all.iter_mut().enumerate().for_each(|(place, sum)| *sum *= completes(midpoint(place)));
        let (waited, others) = (all.iter().sum::<f64>(), (self.before.none + self.before.cold) * completes(0));
        let share = if waited > 0.0 { waited / (waited + others) } else { 0.0 };
        let count = whole::round(completed as f64 * share).min(completed);
        shared_out(&all, count, |place, count| waits.record_n(midpoint(place).max(1), count));
    }
}

impl Outline {
    fn add(&mut self, other: &Self, weight: f64) {
        if weight > 0.0 {
            self.mass.iter_mut().zip(&other.mass).for_each(|(sum, mass)| *sum += weight * mass);
            self.late += weight * other.late;
        }
    }
}

/// The value that stands for a bucket of the charts.
pub(super) const fn middle(place: usize) -> u64 {
    lowest(place * COARSE + COARSE / 2)
}

/// Gives out `count` by weight, in whole numbers that add up to it.
pub(super) fn shared_out(weights: &[f64], count: u64, mut give: impl FnMut(usize, u64)) {
    let whole: f64 = weights.iter().sum();
    if whole <= 0.0 {
        return;
    }
    let (mut sum, mut given) = (0.0, 0);
    let last = weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0);
    for (place, weight) in weights.iter().enumerate().take(last + 1) {
        sum += weight;
        let up_to = if place == last { count } else { whole::round(count as f64 * (sum / whole)).min(count) };
        if up_to > given {
            give(place, up_to - given);
            given = up_to;
        }
    }
}

/// The law of work after a wait by chance, by bucket.
fn after_delay(work: &[f64], delay: Delay) -> Vec<f64> {
    let least = whole::round(delay.least);
    if least == 0 {
        return after_exponential(work, delay.more);
    }
    let used = work.iter().enumerate().filter(|(_, mass)| **mass > 0.0);
    after_exponential(&by_bucket(used.map(|(place, mass)| (*mass, (midpoint(place) + least) as f64))), delay.more)
}

/// The law of work after an exponential wait of this mean, by bucket. Within a bucket work is taken to be spread evenly.
fn after_exponential(work: &[f64], mean: f64) -> Vec<f64> {
    let mut law = Vec::with_capacity(work.len() + BLOCK);
    // What has been worked for less than the wait so far, and how likely a latency is beyond the bucket so far.
    let (mut waiting, mut beyond) = (0.0, 1.0_f64);
    let mut working = 1.0;
    let (mut width, mut faded, mut kept) = (0, 1.0, 1.0);
    for place in 0..BUCKETS {
        let span = lowest(place + 1) - lowest(place);
        if span != width {
            width = span;
            let ratio = span as f64 / mean;
            faded = libm::exp(-ratio);
            kept = -libm::expm1(-ratio) / ratio;
        }
        let mass = work.get(place).copied().unwrap_or(0.0);
        working -= mass;
        waiting = waiting * faded + mass * kept;
        let next = if place < work.len() { working.max(0.0) + waiting } else { waiting };
        law.push((beyond - next).max(0.0));
        beyond = next;
        if place >= work.len() && beyond < 1e-15 {
            break;
        }
    }
    law
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::distribution::{Distribution, Law};

    fn asked(law: Law, patience: u64) -> Asked {
        let class = crate::engine::tick::tests::class(Distribution::constant(0.0), Distribution::new(law));
        Asked { work: Work::new(&class, 1.0, u64::MAX, |time| time), pace: 1.0, patience }
    }

    #[test]
    fn two_exponentials_are_an_erlang() {
        let mut latencies = Latencies::new(vec![asked(Law::Exponential { mean: 1e8 }, u64::MAX)]);
        latencies.mix = vec![1.0];
        latencies.arrive(1e6, 1.0, [(1.0, Delay { least: 0.0, more: 1e8 }), Default::default()]);
        let outcome = latencies.classes[0].close(0, &mut CoarseHistogram::default());
        assert!(outcome.timed_out == 0.0 && !latencies.classes[0].is_empty());
        let found = latencies.classes[0].latencies(1_000_000, 0);
        assert_eq!(found.count(), 1_000_000);
        assert!((found.mean().unwrap() / 2e8 - 1.0).abs() < 3e-3, "{:?}", found.mean());
        // 1 - (1 + t) exp(-t) at the 99th percentile of an Erlang law of two phases: t = 6.638352.
        assert!((found.quantile(0.99).unwrap() as f64 / 6.638_352e8 - 1.0).abs() < 6e-3, "{:?}", found.quantile(0.99));
    }

    #[test]
    fn a_known_wait_is_added_and_patience_cuts() {
        let mut latencies = Latencies::new(vec![asked(Law::Constant(1e8), 250_000_000)]);
        latencies.mix = vec![1.0];
        latencies.waited(300.0, 1e8);
        latencies.waited(100.0, 2e8);
        let outcome = latencies.classes[0].close(0, &mut CoarseHistogram::default());
        assert!((outcome.timed_out - 0.25).abs() < 1e-9, "{}", outcome.timed_out);
        let found = latencies.classes[0].latencies(300, 7);
        assert!((found.quantile(0.5).unwrap() as f64 / 2e8 - 1.0).abs() < 0.01);
    }

    #[test]
    fn what_is_shared_out_adds_up() {
        let mut counts = [0; 4];
        shared_out(&[0.1, 0.0, 0.25, 0.65], 7, |place, count| counts[place] = count);
        assert_eq!(counts, [1, 0, 1, 5]);
    }
}
