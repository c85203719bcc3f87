//! How long a request of a class works on an instance that it need not share: its law on the buckets of the histograms,
//! and its moments.

use crate::application::Class;
use crate::application::program::Body;
use crate::application::step::{Demand, Verb, walk};
use crate::kernel::distribution::Distribution;
use crate::kernel::histogram::{bucket, midpoint};
use crate::kernel::whole;

/// A law is cut up to the share [`BODY`] into so many parts of equal probability where it stands alone. Two that are joined
/// have as many together as the square of the other figure, the wider of them more, since each smooths the other by as much as
/// it is wide.
const ALONE: u32 = 2_000;
const JOINED: u32 = 200;
/// Beyond it the parts are a number to each halving of what is left, one for 50 of the others, over so many halvings: down
/// to 1e-9.
const BODY: f64 = 0.98;
const HALVINGS: u32 = 24;

/// Probabilities and values of the parts of a law: each stands for its middle.
fn parts(law: &Distribution, count: u32) -> Vec<(f64, f64)> {
    if let Some(value) = law.as_constant() {
        return vec![(1.0, value as f64)];
    }
    let (part, per_halving) = (BODY / f64::from(count), (count / 50).max(4));
    let body = (0..count).map(|number| (part, law.quantile((f64::from(number) + 0.5) * part)));
    let left = |number: u32| (1.0 - BODY) * libm::exp2(-f64::from(number) / f64::from(per_halving));
    let tail = (0..HALVINGS * per_halving).map(|number| {
        let (more, fewer) = (left(number), left(number + 1));
        (more - fewer, law.quantile(1.0 - (more * fewer).sqrt()))
    });
    let rest = left(HALVINGS * per_halving);
    body.chain(tail).chain([(rest, law.quantile(1.0 - rest))]).collect()
}

/// The parts of two independent laws.
fn parts_of_both(one: &Distribution, other: &Distribution) -> [Vec<(f64, f64)>; 2] {
    let width = |law: &Distribution| {
        let parts = parts(law, JOINED);
        let mean: f64 = parts.iter().map(|(share, value)| share * value).sum();
        parts.iter().map(|(share, value)| share * (value - mean) * (value - mean)).sum::<f64>()
    };
    let times = (width(one) / width(other).max(f64::MIN_POSITIVE)).sqrt().sqrt();
    let count = |times: f64| {
        let (least, most) = (f64::from(JOINED * JOINED / ALONE), f64::from(ALONE));
        u32::try_from(whole::round((f64::from(JOINED) * times).clamp(least, most))).unwrap_or(ALONE)
    };
    [parts(one, count(times)), parts(other, count(1.0 / times))]
}

/// What has these values, by bucket.
pub(super) fn by_bucket(parts: impl IntoIterator<Item = (f64, f64)>) -> Vec<f64> {
    let mut mass = Vec::new();
    for (share, value) in parts {
        let place = bucket(whole::round(value));
        if place >= mass.len() {
            mass.resize(place + 1, 0.0);
        }
        mass[place] += share;
    }
    mass
}

/// A law, its values `times` as large, by bucket.
pub(super) fn spread(law: &Distribution, times: f64) -> Vec<f64> {
    by_bucket(parts(law, ALONE).into_iter().map(|(share, value)| (share, value * times)))
}

/// The law of the sum of two independent times, both by bucket.
pub(super) fn joined(one: &[f64], other: &[f64]) -> Vec<f64> {
    fn used(mass: &[f64]) -> impl Iterator<Item = (f64, f64)> + '_ {
        let places = mass.iter().enumerate().filter(|(_, share)| **share > 0.0);
        places.map(|(place, share)| (*share, midpoint(place) as f64))
    }
    by_bucket(used(one).flat_map(|a| used(other).map(move |b| (a.0 * b.0, a.1 + b.1))))
}

/// The mean of `of` over two independent laws.
pub(super) fn mean_of_both(one: &Distribution, other: &Distribution, of: impl Fn(f64, f64) -> f64) -> f64 {
    let [one, other] = parts_of_both(one, other);
    one.iter().flat_map(|a| other.iter().map(move |b| (a, b))).map(|(a, b)| a.0 * b.0 * of(a.1, b.1)).sum()
}

/// The mean of the square of the CPU time of one visit by a request of this class and number, in square nanoseconds on a
/// reference vCPU. Steps are taken to be done independently of each other.
pub(super) fn cpu_square(body: &Body, class: &Class, number: u32) -> f64 {
    let (mut mean, mut variance) = (0.0, 0.0);
    walk(&body.steps, &mut |step, times, only| {
        let law = match &step.verb {
            Verb::Cpu(Demand::Class) => &class.cpu,
            Verb::Cpu(Demand::Own(law)) => law,
            _ => return,
        };
        if only.contains(number) {
            let square: f64 = parts(law, ALONE).iter().map(|(share, cpu)| share * cpu * cpu).sum();
            mean += times * law.mean();
            variance += times * (square - times.min(1.0) * law.mean() * law.mean());
        }
    });
    variance.max(0.0) + mean * mean
}

/// How long a request of one class works, in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Work {
    /// Share of those that are not cut short, by bucket of their time.
    pub mass: Vec<f64>,
    /// Share that the platform cuts short.
    pub killed: f64,
    /// Mean time on an instance.
    pub mean: f64,
    /// Means of its square and cube.
    pub second: f64,
    pub third: f64,
    /// Mean CPU time on a reference vCPU.
    pub cpu: f64,
    /// Means of its square, and of its product with the time on an instance.
    pub cpu_second: f64,
    pub cpu_by_time: f64,
    /// Mean time as it is billed.
    pub billed: f64,
}

impl Work {
    /// Of a class whose CPU work takes `pace` nanoseconds for each of its own, on a platform that ends an attempt after
    /// `kill_after` and rounds its time by `billed`.
    pub fn new(class: &Class, pace: f64, kill_after: u64, billed: impl Fn(u64) -> u64) -> Self {
        let [cpus, ios] = parts_of_both(&class.cpu, &class.io);
        let mut work = Self {
            mass: Vec::new(),
            killed: 0.0,
            mean: 0.0,
            second: 0.0,
            third: 0.0,
            cpu: class.cpu.mean(),
            cpu_second: cpus.iter().map(|(share, cpu)| share * cpu * cpu).sum(),
            cpu_by_time: 0.0,
            billed: 0.0,
        };
        let limit = kill_after as f64;
        for (of_cpu, cpu) in &cpus {
            for (of_io, io) in &ios {
                let (share, whole) = (of_cpu * of_io, cpu * pace + io);
                let time = whole.min(limit);
                work.mean += share * time;
                work.second += share * time * time;
                work.third += share * time * time * time;
                work.cpu_by_time += share * cpu * time;
                work.billed += share * billed(whole::round(time)) as f64;
                if whole > limit {
                    work.killed += share;
                } else {
                    let place = bucket(whole::round(whole));
                    if place >= work.mass.len() {
                        work.mass.resize(place + 1, 0.0);
                    }
                    work.mass[place] += share;
                }
            }
        }
        let exact = work.cpu * pace + class.io.mean();
        if work.killed == 0.0 && exact.is_finite() {
            work.mean = exact;
        }
        work
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::step::Step;
    use crate::engine::tick::asked::Load;
    use crate::engine::tick::tests::application;
    use crate::kernel::distribution::Law;

    #[test]
    fn parts_keep_the_moments_of_a_law() {
        for law in [
            Law::Exponential { mean: 1e8 },
            Law::LogNormal { mu: 18.0, sigma: 0.8 },
            Law::Gamma { mean: 3e8, cv: 2.0 },
            Law::Uniform { low: 1e6, high: 3e6 },
        ] {
            let law = Distribution::new(law);
            let parts = parts(&law, JOINED);
            let whole: f64 = parts.iter().map(|(share, _)| share).sum();
            let mean: f64 = parts.iter().map(|(share, value)| share * value).sum();
            assert!((whole - 1.0).abs() < 1e-9, "{whole}");
            assert!((mean / law.mean() - 1.0).abs() < 2e-3, "{law:?}: {mean} for {}", law.mean());
        }
        let square: f64 = parts(&Distribution::new(Law::Exponential { mean: 1e9 }), ALONE)
            .iter()
            .map(|(share, value)| share * value * value / 1e18)
            .sum();
        assert!((square - 2.0).abs() < 0.01, "{square}");
    }

    /// Quantiles of a wide law hardly change by a narrow one that comes to it.
    #[test]
    fn a_wide_law_is_not_told_in_the_steps_of_a_narrow_one() {
        let wide = Distribution::new(Law::LogNormal { mu: libm::log(1e9), sigma: 1.2 });
        let mut class = application().classes[0].clone();
        (class.cpu, class.io) = (Distribution::new(Law::Exponential { mean: 1e6 }), wide.clone());
        let work = Work::new(&class, 1.0, u64::MAX, |time| time);
        for p in [0.5, 0.9, 0.95, 0.97, 0.99] {
            let mut sum = 0.0;
            let place = work.mass.iter().position(|mass| {
                sum += mass;
                sum >= p
            });
            let (found, expected) = (midpoint(place.unwrap()) as f64, wide.quantile(p) + 1e6);
            assert!((found / expected - 1.0).abs() < 0.006, "{p}: {found} for {expected}");
        }
    }

    /// Of two exponential parts of 1 s the half of their difference; of CPU alone nothing.
    #[test]
    fn what_varies_of_cpu_at_work_is_how_it_is_split() {
        let mut class = application().classes[0].clone();
        let part = Distribution::new(Law::Exponential { mean: 1e9 });
        (class.cpu, class.io) = (part.clone(), part);
        let of = |class: &Class| {
            let work = Work::new(class, 1.0, u64::MAX, |time| time);
            Load::of([work].iter(), &[1.0]).cpu_beside_time() / 1e18
        };
        assert!((of(&class) / 0.5 - 1.0).abs() < 0.01, "{}", of(&class));
        class.io = Distribution::constant(0.0);
        assert!(of(&class) < 1e-4, "{}", of(&class));
    }

    #[test]
    fn cpu_of_several_steps_varies_as_they_do() {
        let class = application().classes[0].clone();
        let cpu = |law: Law| Step::new(Verb::Cpu(Demand::Own(Distribution::new(law))));
        let square = |steps: Vec<Step>| cpu_square(&Body::new(steps).unwrap(), &class, 0);
        let about =
            |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 0.01, "{found} for {expected}");
        // Two exponential ones: 2 + 2 + 2 m m. One of two, constant: half of the square.
        about(square(vec![cpu(Law::Exponential { mean: 1e6 }), cpu(Law::Exponential { mean: 1e6 })]), 6e12);
        about(square(vec![Step { p: 0.5, ..cpu(Law::Constant(4e6)) }]), 8e12);
        about(square(vec![Step { repeat: 3, ..cpu(Law::Constant(1e6)) }]), 9e12);
        let waits = Step::new(Verb::Wait(Distribution::constant(1e9)));
        about(square(vec![waits, cpu(Law::Constant(2e6))]), 4e12);
    }
}
