//! How evenly a throttle lets pass, as the number at work tells: where tokens are taken as they come it varies less than by chance.
//!
//! Who has passed is at work with the probability `G` of its age, `a` pass per time. Of the variance of the number at work
//! `a E[G - G^2]` is the luck of each, and the rest that of the sum of `G` over all who have passed, by chance `a E[G^2]`. That
//! sum is taken for one that is forgotten exponentially, as fast as makes its mean and its variance by chance right. A bucket is
//! empty where many have passed, and who finds it empty does not: twice the covariance of the sum and of what is turned away,
//! over the variance that requests bring, is the share of the rest that is lacking.
//!
//! By how much the sum is larger when the bucket is empty is known in closed form: the level is a diffusion between two
//! reflecting ends, which looks the same backwards in time once it has settled: before it was empty it was what it will be after. On an
//! endless line that leaves of the rest the share `k / (k + n)`, with `exp(-n x)` the law of the level and `exp(-k x)` the
//! solution of its backward equation.
//!
//! So of what passes a share comes by chance, and what remains evenly: the number at work is the sum of a Poisson one and one of
//! independent coins, whose mean, variance and third cumulant follow from the least of two and of three times of work. A
//! binomial law, moved along, has the same three.

use super::bucket::Scarce;

/// However even, what passes waits for somebody who comes by chance: the least share that does.
const LEAST: f64 = 1e-3;
/// Levels that are so much rarer than the most frequent one add nothing.
const RARE: f64 = 1e-9;

/// For how long requests are at work, as far as it tells how their number varies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stay {
    /// Mean nanoseconds.
    pub mean: f64,
    /// For which share of it two, and three, that begin at once are all at work.
    pub two: f64,
    pub three: f64,
    /// Share of those who pass that are at work here at all.
    pub share: f64,
}

impl Stay {
    /// Of a law: weights and nanoseconds, rising; `None` if it has no mean.
    pub fn of(law: impl IntoIterator<Item = (f64, f64)>) -> Option<Self> {
        let law: Vec<(f64, f64)> = law.into_iter().collect();
        let whole: f64 = law.iter().map(|(weight, _)| weight).sum();
        let (mut left, mut before) = (whole, 0.0);
        let (mut mean, mut two, mut three) = (0.0, 0.0, 0.0);
        for (weight, time) in law {
            let (share, span) = (left / whole, time - before);
            mean += span * share;
            two += span * share * share;
            three += span * share * share * share;
            (left, before) = (left - weight, time);
        }
        (mean > 0.0).then(|| Self { mean, two: two / mean, three: three / mean, share: 1.0 })
    }

    /// Of those of whom only a share comes here. Who comes again when it is done is as good as one who stays longer.
    pub fn thinned(self, share: f64) -> Self {
        Self { share: share.min(1.0), ..self }
    }
}

/// How the number at work varies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Evened {
    /// Its variance, over its mean.
    pub variance: f64,
    /// The probability of the binomial law.
    pub coin: f64,
}

impl Evened {
    /// By chance.
    pub const NOT: Self = Self { variance: 1.0, coin: 0.0 };

    /// Of requests that stay so long, behind a bucket that may be empty.
    pub fn of(scarce: Option<Scarce>, stay: Option<Stay>) -> Self {
        scarce.zip(stay).map_or(Self::NOT, |(scarce, stay)| Self::new(stay, by_chance(scarce, stay)))
    }

    /// Where a share of what passes comes by chance.
    fn new(stay: Stay, chance: f64) -> Self {
        let even = 1.0 - chance;
        let (two, three) = (stay.share * stay.two, stay.share * stay.share * stay.three);
        let variance = 1.0 - even * two;
        Self { variance, coin: even * (two - three) / variance }
    }

    /// Whether it is as good as another.
    pub fn is_near(self, other: Self, same: f64) -> bool {
        (self.variance - other.variance).abs() <= same && (self.coin - other.coin).abs() <= same
    }
}

/// The share of what passes that comes by chance, as who stays so long sees it.
fn by_chance(scarce: Scarce, stay: Stay) -> f64 {
    let Scarce { burst, drift, variance, away } = scarce;
    let forgotten = 2.0 * stay.two / stay.mean;
    // How fast what an end does to the sum fades with the distance from it, away from empty and from full.
    let root = (drift * drift + 2.0 * variance * forgotten).sqrt();
    let (up, down) = ((root + drift) / variance, (root - drift) / variance);
    let there_and_back = libm::exp(-(up + down) * burst);
    // What is turned away, and what overflows, before or after the bucket is empty, as far as it is not forgotten.
    let empty = (1.0 / up + there_and_back / down) / (1.0 - there_and_back);
    let full = libm::exp(-down * burst) * (1.0 / up + 1.0 / down) / (1.0 - there_and_back);
    // The sum then, less that on average: both over what tokens are.
    let more = (empty - 2.0 * full + drift / forgotten) - (-drift - away) / forgotten;
    (1.0 - 2.0 * away * more / variance).clamp(LEAST, 1.0)
}

/// A binomial law of any mean, moved along.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved {
    mean: f64,
    coin: f64,
    /// How far.
    by: f64,
}

impl Moved {
    /// The law of a mean that varies so.
    pub fn new(mean: f64, evened: Evened) -> Self {
        let own = mean * evened.variance / (1.0 - evened.coin);
        Self { mean: own, coin: evened.coin, by: mean - own }
    }

    /// The probability of a level over that of the one below, which is above the place that it is moved to.
    pub fn ratio(&self, level: u32) -> f64 {
        let level = f64::from(level) - self.by;
        ((self.mean - self.coin * (level - 1.0)) / ((1.0 - self.coin) * level)).max(0.0)
    }

    /// The probability of a level near the mean.
    pub fn at(&self, level: u32) -> f64 {
        let above = (level + 1..).scan(1.0, |weight, level| {
            *weight *= self.ratio(level);
            (*weight > RARE).then_some(*weight)
        });
        let below = (0..level).rev().scan(1.0, |weight, level| {
            *weight /= self.ratio(level + 1);
            (*weight > RARE && f64::from(level + 1) > self.by).then_some(*weight)
        });
        1.0 / (1.0 + above.sum::<f64>() + below.sum::<f64>())
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use rand::RngExt;

    use super::*;
    use crate::engine::tick::along::Part;
    use crate::engine::tick::bucket::Bucket;
    use crate::engine::tick::pool::Pool;
    use crate::kernel::distribution::{Distribution, Law};
    use crate::kernel::queueing::poisson;
    use crate::kernel::streams::{Stream, stream};
    use crate::kernel::whole;
    use crate::platform::edge::Throttle;
    use crate::platform::fleet::Reuse;
    use crate::traffic::path::Stretch;

    const SECOND: f64 = 1e9;
    /// Tokens per second.
    const REFILL: f64 = 200.0;
    /// Nanoseconds for which instances are kept.
    const KEPT: f64 = 60.0 * SECOND;

    /// Log-normal of mean 100 ms.
    const WEB: Law = Law::LogNormal { mu: 18.1, sigma: 0.8 };
    const EXPONENTIAL: Law = Law::Exponential { mean: 1e8 };

    /// What was found of the number at work.
    #[derive(Debug)]
    struct Found {
        mean: f64,
        variance: f64,
        /// The mean of its maximum in as long as instances are kept.
        most: f64,
    }

    /// Requests that come one by one for so many keep-alives, each taking a token if there is one; a share of those work.
    fn one_by_one((rate, burst): (f64, u32), (work, share): (&Distribution, f64), kept: u32) -> Found {
        let mut luck = stream(1, "test", "evened", 0);
        let full = f64::from(burst);
        let (mut tokens, mut now, mut most, mut window) = (full, 0.0, 0, 1.0);
        let (mut sum, mut square, mut maxima) = (0.0, 0.0, 0.0);
        let mut ends: BinaryHeap<Reverse<u64>> = BinaryHeap::new();
        while window <= f64::from(kept) {
            let next = now - libm::log1p(-luck.random::<f64>()) * SECOND / rate;
            let mut at = now;
            while at < next {
                let end = ends.peek().map_or(f64::INFINITY, |Reverse(end)| *end as f64).min(next).min(window * KEPT);
                let count = ends.len() as f64;
                sum += count * (end - at);
                square += count * count * (end - at);
                at = end;
                if ends.peek().is_some_and(|Reverse(end)| *end as f64 <= at) {
                    ends.pop();
                }
                if at >= window * KEPT {
                    maxima += most as f64;
                    (most, window) = (ends.len(), window + 1.0);
                }
            }
            tokens = (tokens + (next - now) * REFILL / SECOND).min(full);
            now = next;
            if tokens >= 1.0 {
                tokens -= 1.0;
                if luck.random::<f64>() < share {
                    ends.push(Reverse(whole::round(now + work.draw(&mut luck))));
                    most = most.max(ends.len());
                }
            }
        }
        let mean = sum / now;
        Found { mean, variance: square / now - mean * mean, most: maxima / f64::from(kept) }
    }

    /// For how long requests of a law are at work.
    fn stay(work: &Distribution) -> Stay {
        Stay::of((0..2_000).map(|part| (1.0, work.quantile((f64::from(part) + 0.5) / 2_000.0)))).unwrap()
    }

    /// The same by rates, settled: how many pass per nanosecond, and how what is at work varies.
    fn by_rates(rate: f64, burst: u32, stay: Stay) -> (f64, Evened) {
        let mut bucket = Bucket::new(Throttle { rate: REFILL, burst });
        let (mut scarce, mut from, rate) = (None, 0, rate / SECOND);
        while from < whole::round(2_000.0 * SECOND) {
            let to = from + whole::round(bucket.step(rate));
            let away = bucket.pass(&Stretch { from, to, first: rate, last: rate }).away / (to - from) as f64;
            (scarce, from) = (Some(bucket.scarce(away)), to);
        }
        let away = scarce.map_or(0.0, |scarce| scarce.away);
        (rate - away, Evened::of(scarce, Some(stay)))
    }

    /// Mean instances of a pool, after some time.
    fn pooled((rate, evened): (f64, Evened), work: f64, luck: &mut Stream) -> f64 {
        let kept = Distribution::constant(KEPT);
        let mut pool = Pool::new((Reuse::MostRecent, 0), (&kept, None), 0.0, luck);
        let (span, mut time, steps) = (pool.step, 0.0, 20_000);
        for step in 0..steps {
            let passed = pool.pass(Part { span, first: rate, rate }, (work, evened), luck);
            time += if step >= steps / 10 { passed.time } else { 0.0 };
        }
        time / (f64::from(steps - steps / 10) * span)
    }

    #[test]
    fn what_passes_is_at_work_as_evenly_as_one_by_one() {
        let mut luck = stream(1, "test", "pool", 0);
        // A bucket that holds hardly any tokens cuts the highest levels, which a law of three moments does not know.
        for (rate, burst, law, share, within) in [
            (200.0, 50, WEB, 1.0, 0.015),
            (210.0, 400, WEB, 1.0, 0.015),
            (210.0, 3, WEB, 1.0, 0.05),
            (240.0, 50, EXPONENTIAL, 1.0, 0.015),
            (300.0, 50, WEB, 1.0, 0.015),
            (300.0, 50, EXPONENTIAL, 1.0, 0.015),
            (300.0, 50, EXPONENTIAL, 0.5, 0.015),
        ] {
            let work = Distribution::new(law.clone());
            let found = one_by_one((rate, burst), (&work, share), 60);
            let stay = stay(&work).thinned(share);
            let (passes, evened) = by_rates(rate, burst, stay);
            let passes = share * passes;
            let about = |what: &str, told: f64, is: f64, within: f64| {
                assert!((told / is - 1.0).abs() < within, "{rate}, {burst}, {law:?}: {what} {told} for {is}");
            };
            about("mean", passes * stay.mean, found.mean, 0.01);
            about("variance", passes * stay.mean * evened.variance, found.variance, 0.05);
            about("instances", pooled((passes, evened), stay.mean, &mut luck), found.most, within);
        }
    }

    #[test]
    fn while_the_bucket_is_never_empty_they_come_by_chance() {
        let stay = stay(&Distribution::new(WEB));
        assert!(by_rates(150.0, 50, stay).1.variance > 1.0 - 1e-6);
        assert_eq!(Evened::of(None, Some(stay)), Evened::NOT);
        let (_, almost) = by_rates(190.0, 50, stay);
        assert!(almost.variance < 1.0 && almost.variance > 0.995, "{almost:?}");
    }

    /// Two, and three, of exponential work, and constant work: at an even rate that does not vary at all.
    #[test]
    fn stays_and_their_ends() {
        let stay = stay(&Distribution::new(EXPONENTIAL));
        assert!((stay.two - 1.0 / 2.0).abs() < 2e-3 && (stay.three - 1.0 / 3.0).abs() < 2e-3, "{stay:?}");
        let constant = Stay::of([(3.0, 1e8)]).unwrap();
        assert_eq!((constant.mean, constant.two, constant.three), (1e8, 1.0, 1.0));
        let (_, even) = by_rates(20_000.0, 50, constant);
        assert!(even.variance < 0.01 && even.coin.abs() < 1e-9, "{even:?}");
        assert_eq!(Stay::of([]), None);
    }

    #[test]
    fn a_moved_law_has_the_moments_it_is_made_of() {
        for (mean, variance, coin) in [(20.0, 1.0, 0.0), (20.0, 0.5, 1.0 / 3.0), (200.3, 0.7, 0.1), (9.3, 0.9, 0.05)] {
            let law = Moved::new(mean, Evened { variance, coin });
            let near = whole_part(mean);
            let at = |level: u32| {
                let up: f64 = (near + 1..=level).map(|level| law.ratio(level)).product();
                let down: f64 = (level + 1..=near).map(|level| law.ratio(level)).product();
                law.at(near) * up / down
            };
            let least = whole_part(mean - mean * variance / (1.0 - coin)) + 1;
            let moment = |of: &dyn Fn(f64) -> f64| -> f64 {
                (least..4 * near + 40).map(|level| at(level) * of(f64::from(level))).sum()
            };
            let (found, spread) = (moment(&|level| level), moment(&|level| (level - mean) * (level - mean)));
            assert!((found / mean - 1.0).abs() < 0.01, "{found} for {mean}");
            assert!((spread / (variance * mean) - 1.0).abs() < 0.05, "{spread} for {variance} of {mean}");
            if coin == 0.0 {
                assert!((at(25) / poisson(mean, 25) - 1.0).abs() < 1e-6);
            }
        }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small
    fn whole_part(value: f64) -> u32 {
        value as u32
    }
}
