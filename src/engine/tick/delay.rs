//! How long those wait who do: all of them at least so long, and an exponential time beyond.
//!
//! The mean is that of Allen and Cunneen (Probability, Statistics, and Queueing Theory, 1990). Where work is exponential the wait
//! is, and so is its tail. Of steadier work the rest that an arrival meets is steadier, too, and the tail ends sooner: the
//! variance is that of M/G/1, from the third moment of work (Whitt, Approximations for the GI/G/m Queue, Production and Operations
//! Management 2, 1993, who takes it for any number of servers). Many servers with steady work have to finish one rest the first of
//! many, which takes longer than Allen and Cunneen say (Cosmetatos, Operational Research Quarterly 26, 1975, as Whitt limits it).
//! Work that is less steady than exponential is taken for exponential.

/// By no more than this does a wait for constant work exceed that of Allen and Cunneen.
const MOST: f64 = 0.24;

/// How long requests work, all classes together, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service {
    /// Mean.
    pub mean: f64,
    /// Squared coefficient of variation.
    pub cv2: f64,
    /// Mean of the cube, relative to the cube of the mean.
    pub third: f64,
}

/// How long those wait who do, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Delay {
    /// All of them.
    pub least: f64,
    /// Mean of the exponential time beyond.
    pub more: f64,
}

impl Service {
    /// Of those who arrive at busy servers, where so many wait on average.
    pub fn delay(self, servers: u32, length: f64) -> Delay {
        let servers = f64::from(servers);
        let (one, half) = (self.mean / servers, f64::midpoint(1.0, self.cv2));
        let mean = (length + half) * one;
        // In heavy traffic this is the least wait, at any length.
        let sooner = one * (half - self.third / (6.0 * half)).max(0.0);
        let more = (mean * (mean - 2.0 * sooner)).sqrt();
        let rest = half / length.max(f64::MIN_POSITIVE) * (servers - 1.0) * ((4.0 + 5.0 * servers).sqrt() - 2.0);
        let later = mean * (rest / (16.0 * servers)).min(MOST) * (1.0 - self.cv2).max(0.0);
        Delay { least: mean - more + later, more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::queueing::erlang_c;

    const CONSTANT: [(u32, f64, [f64; 2]); 10] = [
        (1, 0.5, [2.0497, 3.3346]),
        (1, 0.8, [6.6240, 10.3624]),
        (1, 0.9, [14.1714, 22.1222]),
        (2, 0.7, [1.9426, 3.1310]),
        (2, 0.8, [3.2032, 5.0723]),
        (5, 0.8, [1.1911, 1.9386]),
        (5, 0.9, [2.6993, 4.2878]),
        (20, 0.8, [0.2370, 0.4234]),
        (20, 0.9, [0.6110, 1.0088]),
        (100, 0.9, [0.0888, 0.1713]),
    ];

    /// Of all arrivals, at a load, by the share of a second that takes one in a so many to wait longer than.
    fn percentile(service: Service, servers: u32, load: f64, beyond: f64) -> f64 {
        let length = load / (1.0 - load) * f64::midpoint(1.0, service.cv2);
        let Delay { least, more } = service.delay(servers, length);
        least + more * libm::log(erlang_c(servers, load * f64::from(servers)) / beyond)
    }

    /// Waits found by playing 2e7 requests each that take a second: 95th and 99th percentiles, in seconds.
    #[test]
    fn constant_work_is_waited_for_as_one_by_one() {
        let constant = Service { mean: 1.0, cv2: 0.0, third: 1.0 };
        for (servers, load, found) in CONSTANT {
            for (beyond, found) in [0.05, 0.01].into_iter().zip(found) {
                let wait = percentile(constant, servers, load, beyond);
                // Of the latency, which is what is told.
                let off = (1.0 + wait) / (1.0 + found) - 1.0;
                assert!(off.abs() < 0.02, "{servers}, {load}: {wait} for {found}");
            }
        }
    }

    #[test]
    fn a_single_server_has_the_moments_of_pollaczek_and_khinchine() {
        // Half of it exponential, half of it constant: 1 + 1/4, and the cube of a shifted exponential.
        let service = Service { mean: 2.0, cv2: 0.25, third: 1.0 + 3.0 * 0.25 + 2.0 * 0.125 };
        let delay = service.delay(1, 0.7 / 0.3 * 0.625);
        let mean = 0.625 * 2.0 / 0.3;
        let square = 1.4 * mean * mean + 8.0 / 0.9;
        assert!(((delay.least + delay.more) / mean - 1.0).abs() < 1e-9);
        let found = (delay.least + delay.more).powi(2) + delay.more.powi(2);
        assert!((found / square - 1.0).abs() < 1e-9, "{found} for {square}");
    }

    #[test]
    fn exponential_and_rougher_work_has_no_least_wait() {
        for (cv2, third) in [(1.0, 6.0), (0.896_5, 6.821), (4.0, 60.0)] {
            let delay = Service { mean: 1.0, cv2, third }.delay(1, 2.0);
            assert_eq!(delay.least, 0.0, "{cv2}");
        }
    }
}
