//! How evenly a throttle lets pass, as the number at work tells: where tokens are taken as they come it varies less than by chance.
//!
//! Who has passed is at work with the probability `G` of its age, `a` pass per time. Of the variance of the number at work
//! `a E[G - G^2]` is the luck of each, and the rest that of the sum of `G` over all who have passed, by chance `a E[G^2]`. That
//! sum is taken for one that is forgotten exponentially, as fast as makes its variance by chance right. It and the level of the
//! bucket are one Markov process: on the cells of the level's law its mean is carried along, too. Who finds the bucket empty is
//! turned away, and it is empty where many have passed: twice the covariance of the two, over the rate of variance that
//! requests bring, is the share of the rest that is lacking.
//!
//! So of what passes a share comes by chance, and what remains evenly: the number at work is the sum of a Poisson one and one of
//! independent coins, whose mean, variance and third cumulant follow from the least of two and of three times of work. A
//! binomial law, moved along, has the same three.

use super::bucket::{CELLS, Cells, Moves, solve};

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

    /// Of those of whom only a share comes here.
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

/// The sum of who has passed, together with the level of the bucket.
#[derive(Debug)]
pub(super) struct Passed {
    /// On each cell, how much more it is than if tokens were taken as they come, times the probability; `None`: it is full.
    more: Option<Cells>,
}

impl Passed {
    pub const fn new() -> Self {
        Self { more: None }
    }

    /// The level moved, if it did; requests at work stay so long.
    pub fn along(&mut self, moved: Option<(&Cells, Moves)>, stay: Option<Stay>) -> Evened {
        let (Some((cells, moves)), Some(stay)) = (moved, stay) else {
            self.more = None;
            return Evened::NOT;
        };
        // As fast as the sum of exponentials that has the variance by chance of that of `G`, and its mean.
        let forgotten = 2.0 * stay.two / stay.mean;
        let Moves { up, down, width, span } = moves;
        let full = || std::array::from_fn(|cell| f64::from(cell + 1 == CELLS) * width * (down - up) / forgotten);
        let more = self.more.get_or_insert_with(full);
        // As the level falls by a cell so many have passed, and as it rises as many fewer than tokens came; so also where it
        // would rise and is full. Backwards in time: it need not be of second order, but bear long steps.
        let kept = 1.0 / (1.0 + span * forgotten);
        for (cell, more) in more.iter_mut().enumerate() {
            let fell = cells.get(cell + 1).map_or(-up * cells[cell], |above| down * above);
            let rose = if cell > 0 { up * cells[cell - 1] } else { 0.0 };
            *more = kept * (*more + span * width * (fell - rose));
        }
        solve(more, kept * span * up, kept * span * down);
        let whole: f64 = more.iter().sum();
        let covariance = width * down * (more[0] - whole * cells[0]);
        let variance = width * width * (up + down * (1.0 - cells[0]));
        Evened::new(stay, (1.0 - 2.0 * covariance / variance).clamp(LEAST, 1.0))
    }
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
