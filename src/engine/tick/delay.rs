//! How long those wait who do: all of them at least so long, and an exponential time beyond; or one of two exponential times.
//!
//! First they wait for the [rest](super::rest) of those at work, then for those before them, a geometric number, as if one server
//! did the work of all (Tijms, van Hoorn and Federgruen, Advances in Applied Probability 13, 1981). Where the rest is that of one
//! server, shared by all, the mean is that of Allen and Cunneen (Probability, Statistics, and Queueing Theory, 1990) and the variance
//! that of M/G/1, from the third moment of work (Whitt, Approximations for the GI/G/m Queue, Production and Operations Management
//! 2, 1993). Where work is exponential the wait is, and so is its tail; of steadier work the tail ends sooner. Many servers with
//! steady work have to finish one rest the first of many, which takes longer than Allen and Cunneen say (Cosmetatos, Operational
//! Research Quarterly 26, 1975, as Whitt limits it). Of work that is less steady than exponential the tail is longer: a mixture of
//! two exponential times, of which both have half of the mean (balanced means: Whitt, Approximating a Point Process by a Renewal
//! Process, Operations Research 30, 1982).

use super::rest::Rest;

/// By no more than this does a wait for constant work exceed that of Allen and Cunneen.
const MOST: f64 = 0.24;

/// How long requests work, all classes together, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
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

/// Some laws, and how many wait by each: shares.
pub(super) type Delays = [(f64, Delay); 2];

impl Service {
    /// Of those who arrive at busy servers, of which the first is free after a rest, where so many wait on average.
    pub fn delay(self, servers: u32, rest: Rest, length: f64) -> Delays {
        let servers = f64::from(servers);
        let (one, half) = (self.mean / servers, f64::midpoint(1.0, self.cv2));
        let before = length * one;
        let mean = rest.mean + before;
        let each = self.third / 3.0 * one * one;
        let variance = rest.square - rest.mean * rest.mean + length / half * each + before * before;
        let cv2 = variance / (mean * mean);
        if cv2 > 1.0 {
            return rough(mean, cv2);
        }
        let more = variance.sqrt();
        let rest = half / length.max(f64::MIN_POSITIVE) * (servers - 1.0) * ((4.0 + 5.0 * servers).sqrt() - 2.0);
        let later = mean * (rest / (16.0 * servers)).min(MOST) * (1.0 - self.cv2).max(0.0);
        [(1.0, Delay { least: mean - more + later, more }), Default::default()]
    }
}

/// Of a mean and a squared coefficient of variation of 1 and more.
fn rough(mean: f64, cv2: f64) -> Delays {
    let often = f64::midpoint(1.0, ((cv2 - 1.0) / (cv2 + 1.0)).sqrt());
    [often, 1.0 - often].map(|share| (share, Delay { least: 0.0, more: mean / (2.0 * share) }))
}

#[cfg(test)]
mod tests {
    use super::super::rest::Rests;
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

    fn delays(service: Service, servers: u32, length: f64) -> Delays {
        service.delay(servers, Rests::default().first(servers, service), length)
    }

    /// Of all arrivals, at a load, by the share of a second that takes one in a so many to wait longer than.
    fn percentile(service: Service, servers: u32, load: f64, beyond: f64) -> f64 {
        let length = load / (1.0 - load) * f64::midpoint(1.0, service.cv2);
        let [(_, Delay { least, more }), _] = delays(service, servers, length);
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
        let [(_, delay), _] = delays(service, 1, 0.7 / 0.3 * 0.625);
        let mean = 0.625 * 2.0 / 0.3;
        let square = 1.4 * mean * mean + 8.0 / 0.9;
        assert!(((delay.least + delay.more) / mean - 1.0).abs() < 1e-9);
        let found = (delay.least + delay.more).powi(2) + delay.more.powi(2);
        assert!((found / square - 1.0).abs() < 1e-9, "{found} for {square}");
    }

    #[test]
    fn rough_work_has_the_moments_of_pollaczek_and_khinchine() {
        // Log-normal of mean 1 and sigma 1.2, at a load of 0.2: the mean and the square of waits given that there is one.
        let square = libm::exp(1.44);
        let service = Service { mean: 1.0, cv2: square - 1.0, third: square.powi(3) };
        let delays = delays(service, 1, 0.25 * square / 2.0);
        let sum = |of: fn(Delay) -> f64| delays.iter().map(|(share, delay)| share * of(*delay)).sum::<f64>();
        let mean = square / 2.0 / 0.8;
        assert!((sum(|delay| delay.least + delay.more) / mean - 1.0).abs() < 1e-9);
        let expected = 2.0 * 0.2 * mean * mean + square.powi(3) / (3.0 * 0.8);
        let found = sum(|delay| 2.0 * delay.more * delay.more);
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} for {expected}");
    }

    /// Mean waits of those who wait, found by playing 4e6 requests each of a gamma law.
    #[test]
    fn rough_work_is_waited_for_as_one_by_one() {
        for (cv2, servers, load, found) in [
            (1.96, 2, 0.3, 1.0123),
            (1.96, 5, 0.5, 0.5486),
            (1.96, 20, 0.7, 0.2223),
            (4.0, 2, 0.6, 3.0039),
            (4.0, 20, 0.9, 1.1779),
        ] {
            let service = Service { mean: 1.0, cv2, third: (1.0 + cv2) * (1.0 + 2.0 * cv2) };
            let length = load / (1.0 - load) * f64::midpoint(1.0, cv2);
            let delays = delays(service, servers, length);
            let mean: f64 = delays.iter().map(|(share, delay)| share * (delay.least + delay.more)).sum();
            assert!((mean / found - 1.0).abs() < 0.03, "{cv2}, {servers}, {load}: {mean} for {found}");
        }
    }

    #[test]
    fn exponential_work_has_an_exponential_wait() {
        for servers in [1, 7] {
            let delays = delays(Service { mean: 1.0, cv2: 1.0, third: 6.0 }, servers, 2.0);
            let mean: f64 = delays.iter().map(|(share, delay)| share * (delay.least + delay.more)).sum();
            let square: f64 = delays.iter().map(|(share, delay)| share * 2.0 * delay.more * delay.more).sum();
            assert!(
                (mean * f64::from(servers) - 3.0).abs() < 1e-9 && (square / (2.0 * mean * mean) - 1.0).abs() < 1e-6
            );
        }
    }
}
