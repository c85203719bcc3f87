//! What a request of a source asks for: its class by the source's mix and its work, both drawn from its key.

use crate::application::{Application, Draw, NOBODY, Request, work};
use crate::kernel::distribution::Distribution;
use crate::kernel::streams::{Draws, child};
use rand::Rng;

/// The mix of one source.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    /// Class `i` is picked by draws below `below[i]` and not below the one before. Empty: always `only`.
    below: Vec<u64>,
    only: u32,
    /// CPU time and waiting of each class.
    work: Vec<(Distribution, Distribution)>,
}

impl Demand {
    /// The mix `weights` over the classes of `application`; all zero or empty means the classes' own weights, and if
    /// those are zero too the first class.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // shares of 2^64, saturating; few classes
    pub fn new(application: &Application, weights: &[f64]) -> Self {
        let own: Vec<f64> = application.classes.iter().map(|class| class.weight).collect();
        let weights = if weights.iter().sum::<f64>() > 0.0 { weights } else { &own };
        let total: f64 = weights.iter().sum();
        let work = application.classes.iter().map(|class| (class.cpu.clone(), class.io.clone())).collect();
        let used: Vec<usize> = (0..weights.len()).filter(|class| weights[*class] > 0.0).collect();
        if used.len() <= 1 {
            return Self { below: Vec::new(), only: used.first().map_or(0, |class| *class as u32), work };
        }
        let (mut sum, last) = (0.0, used[used.len() - 1]);
        let mut below = Vec::with_capacity(last + 1);
        for weight in &weights[..last] {
            sum += weight / total;
            below.push((sum * 2f64.powi(64)) as u64);
        }
        below.push(u64::MAX);
        Self { below, only: 0, work }
    }

    /// Requests of one class that ask for nothing, for those who only want to know when they come.
    pub fn nothing() -> Self {
        let nothing = Distribution::constant(0.0);
        Self { below: Vec::new(), only: 0, work: vec![(nothing.clone(), nothing)] }
    }

    /// The request `key` that arrives at `at`.
    #[inline(always)]
    #[allow(clippy::inline_always, clippy::cast_possible_truncation)] // once per request; an index of a class
    pub fn request(&self, at: u64, key: u64) -> Request {
        let class = if self.below.is_empty() {
            self.only
        } else {
            let drawn = Draws::new(child(key, Draw::Class as u64)).next_u64();
            let last = self.below.len() - 1;
            // A loop without the unrolling of an iterator: classes are few.
            let mut class = 0;
            while class < last && drawn >= self.below[class] {
                class += 1;
            }
            class as u32
        };
        let (cpu, io) = &self.work[class as usize];
        Request { at, key, cpu: work(cpu, key, Draw::Cpu), io: work(io, key, Draw::Io), class, caller: NOBODY }
    }
}
