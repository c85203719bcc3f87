//! Arrival processes with a memory of their own: a rate that switches between two states (MMPP, on-off), and arrivals that
//! bring further arrivals (Hawkes).
//!
//! Owns the parameters and the samplers, which are exact: no thinning, no grid. Each source draws from one stream in the
//! order of time from the beginning of the warm-up, so that another warm-up gives other requests.

use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution as _, Exp1};

use super::arrivals::Keys;
use super::curve::Frame;
use super::demand::Demand;
use crate::application::Request;
use crate::kernel::distribution::{Distribution, Law};
use crate::kernel::streams::{Stream, child};
use crate::units::Nanos;

/// A Poisson source whose rate switches between two states. With exponential periods it is the Markov-modulated Poisson
/// process of two states (Fischer and Meier-Hellstern, The Markov-modulated Poisson process cookbook, Performance
/// Evaluation 18, 1993).
#[derive(Clone, Debug)]
pub struct Switching {
    /// The states, one after the other.
    pub states: [State; 2],
}

/// A state of a [`Switching`] source.
#[derive(Clone, Debug)]
pub struct State {
    /// Requests per second, not negative.
    pub rate: f64,
    /// How long it lasts, in nanoseconds; of finite mean, and not both states always zero.
    pub lasts: Distribution,
}

impl Switching {
    /// Requests per second in the long run.
    #[must_use]
    pub fn mean_rate(&self) -> f64 {
        let [first, second] = &self.states;
        let (one, other) = (first.lasts.mean(), second.lasts.mean());
        (first.rate * one + second.rate * other) / (one + other)
    }
}

/// Arrivals that bring followers, each of them at an exponential delay, and these bring their own (Hawkes, Spectra of some
/// self-exciting and mutually exciting point processes, Biometrika 58, 1971). Counts over long times have variance over
/// mean `1 / (1 - branching)^2`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hawkes {
    /// Requests per second in the long run, followers included.
    pub rate: f64,
    /// Mean number of direct followers of a request, 0 up to, and not, 1.
    pub branching: f64,
    /// Mean delay of a follower, above 0.
    pub decay: Nanos,
}

impl Hawkes {
    /// Expected requests before its beginning that are played so that it is forgotten.
    #[must_use]
    pub fn memory(&self) -> f64 {
        self.rate / 1e9 * self.before()
    }

    /// For how many nanoseconds they are.
    fn before(&self) -> f64 {
        RELAXATIONS * self.decay.0 as f64 / (1.0 - self.branching)
    }
}

/// The requests of a process, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    law: Process,
    stream: Stream,
    requests: u64,
    index: u64,
    end: i128,
    /// The last instant, with its fraction of a nanosecond.
    now: i128,
    fraction: f64,
}

/// How the next gap is drawn. Times are in nanoseconds, rates per nanosecond.
#[derive(Clone, Debug)]
enum Process {
    Switching { states: [State; 2], level: f64, state: usize, left: f64 },
    Hawkes { base: f64, jump: f64, decay: f64, excess: f64 },
}

/// A Hawkes source is played for so many of its relaxation times before engine time 0, from its mean intensity: what it
/// remembers of its beginning is below `e^-10`.
const RELAXATIONS: f64 = 10.0;

impl Steps {
    pub fn switching(source: &Switching, frame: Frame, keys: Keys, level: f64) -> Self {
        let mut stream = Stream::seed_from_u64(keys.instants);
        let means = source.states.each_ref().map(|state| state.lasts.mean());
        let state = usize::from(stream.random::<f64>() * (means[0] + means[1]) >= means[0]);
        let left = remaining(&source.states[state].lasts, &mut stream);
        let law = Process::Switching { states: source.states.clone(), level, state, left };
        Self::new(law, stream, frame, keys, 0)
    }

    #[allow(clippy::cast_possible_truncation)] // a time before the beginning; saturates
    pub fn hawkes(source: Hawkes, frame: Frame, keys: Keys, level: f64) -> Self {
        let (rate, decay) = (source.rate * level / 1e9, 1.0 / source.decay.0 as f64);
        let law = Process::Hawkes {
            base: rate * (1.0 - source.branching),
            jump: source.branching * decay,
            decay,
            excess: rate * source.branching,
        };
        let before = source.before() as i128;
        Self::new(law, Stream::seed_from_u64(keys.instants), frame, keys, if rate > 0.0 { -before } else { 0 })
    }

    fn new(law: Process, stream: Stream, frame: Frame, keys: Keys, now: i128) -> Self {
        Self { law, stream, requests: keys.requests, index: 0, end: i128::from(frame.end), now, fraction: 0.0 }
    }

    /// Appends requests in time order until `batch` has `limit` of them or the source has ended.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // instants lie in 0..end
    pub fn fill(&mut self, demand: &Demand, batch: &mut Vec<Request>, limit: usize) {
        while batch.len() < limit {
            let (gap, arrives) = self.law.step(&mut self.stream);
            let ahead = self.fraction + gap;
            if !ahead.is_finite() || ahead >= (self.end - self.now) as f64 {
                self.now = self.end;
                self.fraction = 0.0;
                return;
            }
            let whole = ahead.floor();
            self.now += whole as i128;
            self.fraction = ahead - whole;
            if arrives && self.now >= 0 {
                batch.push(demand.request(self.now as u64, child(self.requests, self.index)));
                self.index += 1;
            }
        }
    }
}

impl Process {
    /// The time to the next event, and whether it is an arrival.
    fn step(&mut self, stream: &mut Stream) -> (f64, bool) {
        match self {
            Self::Switching { states, level, state, left } => {
                let hazard: f64 = Exp1.sample(stream);
                let gap = hazard / (states[*state].rate * *level / 1e9);
                if gap < *left {
                    *left -= gap;
                    return (gap, true);
                }
                // What is left of the hazard is forgotten: an exponential law has no memory.
                let gap = *left;
                *state = 1 - *state;
                *left = states[*state].lasts.draw(stream);
                (gap, false)
            }
            // The intensity above its base dies out: of its own arrivals and those of the base the first one comes
            // (Dassios and Zhao, Exact simulation of Hawkes process with exponentially decaying intensity, Electronic
            // Communications in Probability 18, 2013).
            Self::Hawkes { base, jump, decay, excess } => {
                let (own, other): (f64, f64) = (Exp1.sample(stream), Exp1.sample(stream));
                let alive = 1.0 - *decay * own / *excess;
                let own = if alive > 0.0 { -libm::log(alive) / *decay } else { f64::INFINITY };
                let gap = own.min(other / *base);
                *excess = *excess * libm::exp(-*decay * gap) + *jump;
                (gap, true)
            }
        }
    }
}

/// What is left of a period that is found at a random instant: exact for exponential and constant periods; others begin
/// anew.
fn remaining(lasts: &Distribution, stream: &mut Stream) -> f64 {
    let drawn = lasts.draw(stream);
    if let Law::Constant(_) = lasts.law() { drawn * stream.random::<f64>() } else { drawn }
}
