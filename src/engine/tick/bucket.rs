//! How full the bucket of an edge's throttle is, and how many of those who come find it empty.
//!
//! The level is a diffusion between two reflecting ends, empty and full: tokens come evenly, and requests take one each as
//! they come (Harrison, Brownian Motion and Stochastic Flow Systems, 1985). Its law is kept on cells, between which mass
//! moves up and down at two rates; their difference is the drift, so that over time as many pass as tokens came. At a steady
//! rate `a` it becomes the stationary one, which turns away `(r - a) / (exp(s B) - 1)` of it. The variance is that with which
//! `s` is as for whole tokens and Poisson arrivals, `s = a / r (exp(s) - 1)`, instead of the diffusion's `2 (r - a) / a`.
//! Steps in time are of second order, so that they blur nothing, and may be long (TR-BDF2: Bank et al., IEEE Trans.
//! Computer-Aided Design 4, 1985).

use crate::platform::edge::Throttle;
use crate::traffic::path::Stretch;

/// Cells of the law.
const CELLS: usize = 256;
/// An arrival needs a whole token: on average of all rates the bucket is smaller by this part of one than a diffusion sees.
const PART: f64 = 1.0 / 6.0;
/// A rate this close to the refill is as good as equal to it.
const EQUAL: f64 = 1e-6;
/// The first step after a jump of the rate takes this share of the time in which the bucket could be emptied or filled.
const FIRST: f64 = 0.1;
/// A change of the rate by this share of the refill is a jump.
const JUMP: f64 = 0.02;
/// Steps become longer while the mean level moves by less than this share of the burst in each, and shorter at four times that.
const CALM: f64 = 0.03;
const LONGER: f64 = 1.5;
/// A bucket that lacks less than this share of its tokens on average is full.
const FULL: f64 = 1.0 / 128.0;

/// A step is cut where both of its halves weigh the same in what is solved, and by how much.
const WITHIN: f64 = 2.0 - std::f64::consts::SQRT_2;
const IMPLICIT: f64 = WITHIN / 2.0;

/// Probabilities, from empty to full.
type Cells = [f64; CELLS];

/// The law of the level.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    /// Tokens that it holds, as a diffusion sees them, and that come per nanosecond.
    burst: f64,
    refill: f64,
    /// `None`: it is full.
    cells: Option<Cells>,
    /// Nanoseconds of the next step.
    step: f64,
    /// The rate of the step before, and the drift and variance of the level in it, per nanosecond.
    rate: f64,
    drift: f64,
    variance: f64,
}

/// A bucket that may be empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scarce {
    /// Tokens that it holds.
    pub burst: f64,
    /// By how much its level changes while it is neither empty nor full: mean and variance per nanosecond.
    pub drift: f64,
    pub variance: f64,
    /// How many are turned away per nanosecond.
    pub away: f64,
}

/// What comes of those who arrive in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Turned {
    /// How many find the bucket empty.
    pub away: f64,
    /// How many more would for each that came more.
    pub each: f64,
}

impl Bucket {
    /// A full one.
    pub fn new(throttle: Throttle) -> Self {
        let (burst, refill) = (f64::from(throttle.burst) - PART, throttle.rate / 1e9);
        Self { burst, refill, cells: None, step: 0.0, rate: 0.0, drift: 0.0, variance: 0.0 }
    }

    /// Whether it is full, and remains so at a rate per nanosecond.
    pub fn overflows(&self, rate: f64) -> bool {
        self.cells.is_none() && self.is_full_at(rate)
    }

    /// Whether it is full at a rate in the long run: what it lacks then is exponential.
    fn is_full_at(&self, rate: f64) -> bool {
        exponent(rate / self.refill) * self.burst * FULL > 1.0
    }

    /// The longest step at a rate, in nanoseconds.
    pub fn step(&mut self, rate: f64) -> f64 {
        if (rate - self.rate).abs() > JUMP * self.refill || self.cells.is_none() {
            self.step = FIRST * self.burst / ((self.refill - rate).abs() + rate / self.burst);
        }
        self.step
    }

    /// What it was in the step before, in which so many were turned away per nanosecond.
    pub fn scarce(&self, away: f64) -> Scarce {
        Scarce { burst: self.burst, drift: self.drift, variance: self.variance, away }
    }

    /// A stretch passes, which is about flat and no longer than a [step](Self::step).
    pub fn pass(&mut self, stretch: &Stretch) -> Turned {
        let span = (stretch.to - stretch.from) as f64;
        let rate = stretch.expected() / span;
        self.rate = rate;
        let width = self.burst / CELLS as f64;
        let drift = self.refill - rate;
        let exponent = exponent(rate / self.refill);
        let variance = if exponent == 0.0 { rate } else { 2.0 * drift / exponent };
        (self.drift, self.variance) = (drift, variance);
        // Where the drift alone would empty a cell from the wrong side, cells are too coarse for the diffusion.
        let spread = variance.max(drift.abs() * width) / (2.0 * width * width);
        let (up, down) = (spread + drift / (2.0 * width), spread - drift / (2.0 * width));
        let cells = self.cells.get_or_insert_with(|| std::array::from_fn(|cell| f64::from(cell + 1 == CELLS)));
        let before = level(cells);
        let empty = flow(cells, span * up, span * down);
        let (after, each) = (level(cells), doom(cells, exponent * self.burst));
        self.step *= match (after - before).abs() {
            moved if moved < CALM => LONGER,
            moved if moved > 4.0 * CALM => 1.0 / LONGER,
            _ => 1.0,
        };
        let away = span * down * empty * width;
        if after > 1.0 - FULL && self.is_full_at(rate) {
            self.cells = None;
        }
        Turned { away, each }
    }
}

/// The middle of a cell, as a share of the burst.
fn place(cell: usize) -> f64 {
    (cell as f64 + 0.5) / CELLS as f64
}

/// The mean level, as a share of the burst.
fn level(cells: &Cells) -> f64 {
    cells.iter().enumerate().map(|(cell, mass)| mass * place(cell)).sum()
}

/// Mass moves from each cell to the next above and below so often; how much was in the lowest on average.
fn flow(cells: &mut Cells, up: f64, down: f64) -> f64 {
    let start = *cells;
    // The trapezium rule to within the step, and from there the backward difference of second order.
    let mut middle: Cells = std::array::from_fn(|cell| start[cell] + IMPLICIT * come(&start, cell, up, down));
    solve(&mut middle, IMPLICIT * up, IMPLICIT * down);
    let of_middle = 1.0 / (WITHIN * (2.0 - WITHIN));
    *cells = std::array::from_fn(|cell| start[cell] + of_middle * (middle[cell] - start[cell]));
    solve(cells, IMPLICIT * up, IMPLICIT * down);
    (1.0 - IMPLICIT) / 2.0 * (start[0] + middle[0]) + IMPLICIT * cells[0]
}

/// What comes to a cell, less what leaves it.
fn come(cells: &Cells, cell: usize, up: f64, down: f64) -> f64 {
    let from_below = if cell > 0 { up * cells[cell - 1] - down * cells[cell] } else { 0.0 };
    let from_above = if cell + 1 < CELLS { down * cells[cell + 1] - up * cells[cell] } else { 0.0 };
    from_below + from_above
}

/// Finds the law from which, if mass moved back so often, this one would come: by elimination from below.
fn solve(cells: &mut Cells, up: f64, down: f64) {
    let mut above = [0.0; CELLS];
    let (mut below, mut weight) = (0.0, 0.0);
    for (cell, mass) in cells.iter_mut().enumerate() {
        let out = if cell + 1 < CELLS { up } else { 0.0 } + if cell > 0 { down } else { 0.0 };
        let whole = 1.0 + out - up * weight;
        weight = down / whole;
        above[cell] = weight;
        below = (*mass + up * below) / whole;
        *mass = below;
    }
    for cell in (0..CELLS - 1).rev() {
        cells[cell] += above[cell] * cells[cell + 1];
    }
}

/// The probability that it will be empty before it is full, at a rate for which the exponent times the tokens is so much.
fn doom(cells: &Cells, all: f64) -> f64 {
    if all.abs() < EQUAL {
        return 1.0 - level(cells);
    }
    // What decays from empty upwards where tokens gather, and from full downwards where they do not.
    let (half, whole) = (libm::exp(-all.abs() / (2 * CELLS) as f64), libm::exp(-all.abs()));
    let (mut left, mut sum) = (half, 0.0);
    for place in 0..CELLS {
        sum += left * cells[if all > 0.0 { place } else { CELLS - 1 - place }];
        left *= half * half;
    }
    if all > 0.0 { (sum - whole) / (1.0 - whole) } else { (1.0 - sum) / (1.0 - whole) }
}

/// The exponent of the stationary law of the level at a rate, relative to the refill: `s = rate (exp(s) - 1)`, 0 at 1.
fn exponent(rate: f64) -> f64 {
    if (rate - 1.0).abs() < EQUAL {
        return 0.0;
    }
    // Newton's method on a convex function, from where it comes down to the root after a step at the most.
    let rate = rate.max(EQUAL);
    let mut root = -2.0 * libm::log(rate);
    for _ in 0..100 {
        let step = (rate * libm::expm1(root) - root) / (rate * libm::exp(root) - 1.0);
        root -= step;
        if step.abs() < 1e-12 * root.abs() {
            break;
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::whole;

    /// What is turned away at each of these rates, for so many seconds each, by a bucket that is full at first and gets 200
    /// tokens per second.
    fn played(burst: u32, parts: &[(f64, f64)]) -> Turned {
        let (mut bucket, mut all) = (Bucket::new(Throttle { rate: 200.0, burst }), Turned::default());
        let mut from = 0;
        for (rate, seconds) in parts {
            let end = from + whole::round(seconds * 1e9);
            while from < end {
                let to = from + whole::round(bucket.step(rate / 1e9)).min(end - from);
                let turned = bucket.pass(&Stretch { from, to, first: rate / 1e9, last: rate / 1e9 });
                all.away += turned.away;
                all.each = turned.each;
                from = to;
            }
        }
        all
    }

    /// Shares found by playing 3e7 requests each against a bucket, to three digits.
    #[test]
    fn steady_rates_are_turned_away_as_one_by_one() {
        for (burst, load, found) in [
            (3, 0.8, 0.1033),
            (3, 1.0, 0.1764),
            (3, 1.5, 0.3651),
            (10, 0.8, 0.003_641),
            (10, 0.95, 0.030_51),
            (10, 1.2, 0.1709),
            (50, 0.95, 0.000_337),
            (50, 1.0, 0.010_03),
            (50, 1.05, 0.048_1),
            (50, 3.0, 0.666_7),
        ] {
            let share = played(burst, &[(200.0 * load, 1e6)]).away / (200.0 * load * 1e6);
            assert!((share / found - 1.0).abs() < 0.015, "{burst}, {load}: {share} for {found}");
        }
    }

    #[test]
    fn a_full_bucket_takes_a_crowd_before_it_turns_any_away() {
        // 100 more come per second than tokens, and 4 000 are there.
        let first = played(4_000, &[(300.0, 30.0)]);
        assert!(first.away < 5.0, "{} of 9 000", first.away);
        let all = played(4_000, &[(300.0, 100.0)]);
        assert!((all.away / 6_000.0 - 1.0).abs() < 0.01, "{}", all.away);
        // From then on, each more is one more that is turned away; while there is room, none is.
        assert!(all.each > 0.99 && played(4_000, &[(100.0, 30.0)]).each < 1e-9);
        // What it lacks is not forgotten as fewer come for a while: 3 000, less 500, and 3 000 more.
        let again = played(4_000, &[(300.0, 30.0), (150.0, 10.0), (300.0, 30.0)]);
        assert!((again.away / 1_500.0 - 1.0).abs() < 0.03, "{}", again.away);
    }

    #[test]
    fn at_the_refill_every_second_one_more_is_turned_away() {
        let turned = played(50, &[(200.0, 1e5)]);
        assert!((turned.each - 0.5).abs() < 0.01, "{}", turned.each);
    }
}
