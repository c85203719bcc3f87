//! Closed forms of queueing theory.
//!
//! Imports nothing of the crate. Rates are per unit of time and times in that unit, whichever it is. All forms are
//! stable for up to 100 000 servers. An overloaded system has an infinite mean wait, never a negative one. Arrival
//! rates and mean services are finite and not negative, and servers at least one, unless a function says otherwise.
//!
//! Formulas without another source are in Gross, Shortle, Thompson and Harris, Fundamentals of Queueing Theory (4th
//! edition, 2008), chapters 2 and 5.

/// Probability that all of `servers` are busy when `offered` erlangs arrive and what finds no server is lost: M/G/c/c,
/// whatever the law of service (Erlang 1917). The recursion on the number of servers adds positive terms only.
#[must_use]
pub fn erlang_b(servers: u32, offered: f64) -> f64 {
    (1..=servers).fold(1.0, |lost, server| {
        let weighted = offered * lost;
        weighted / (f64::from(server) + weighted)
    })
}

/// Probability that an arrival waits in an M/M/c queue of `offered` erlangs (Erlang 1917); 1 when overloaded.
#[must_use]
pub fn erlang_c(servers: u32, offered: f64) -> f64 {
    let load = offered / f64::from(servers);
    if load >= 1.0 {
        return 1.0;
    }
    let lost = erlang_b(servers, offered);
    lost / (1.0 - load * (1.0 - lost))
}

/// M/M/c: Poisson arrivals, exponential service, one queue, first come first served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmc {
    /// Servers, at least one.
    pub servers: u32,
    /// Arrivals per unit of time.
    pub arrival_rate: f64,
    /// Mean service time, above 0.
    pub mean_service: f64,
}

impl Mmc {
    /// Probability that an arrival waits.
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        erlang_c(self.servers, self.arrival_rate * self.mean_service)
    }

    /// Rate at which a backlog shrinks: capacity less arrivals, at least 0.
    fn slack(&self) -> f64 {
        (f64::from(self.servers) / self.mean_service - self.arrival_rate).max(0.0)
    }

    /// Mean wait of all arrivals, zeros included.
    #[must_use]
    pub fn mean_wait(&self) -> f64 {
        self.wait_probability() / self.slack()
    }

    /// Mean number that wait.
    #[must_use]
    pub fn mean_queue(&self) -> f64 {
        self.arrival_rate * self.mean_wait()
    }

    /// Probability of a wait above `wait`.
    #[must_use]
    pub fn wait_tail(&self, wait: f64) -> f64 {
        self.wait_probability() * libm::exp(-self.slack() * wait)
    }
}

/// Mean wait in an M/G/1 queue, first come first served, with the squared coefficient of variation `service_cv2`
/// (Pollaczek 1930, Khinchine 1932).
#[must_use]
pub fn mg1_mean_wait(arrival_rate: f64, mean_service: f64, service_cv2: f64) -> f64 {
    let load = arrival_rate * mean_service;
    load * mean_service * (1.0 + service_cv2) / (2.0 * (1.0 - load).max(0.0))
}

/// Mean time in an M/G/1 system that shares its processor equally, whatever the law of service (Sakata, Noguchi and
/// Oizumi 1971).
#[must_use]
pub fn mg1_ps_mean_sojourn(arrival_rate: f64, mean_service: f64) -> f64 {
    mean_service / (1.0 - arrival_rate * mean_service).max(0.0)
}

/// What an M/M/c/K system does: c servers, at most K in the system, what arrives beyond is lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmck {
    /// Share of arrivals that are lost.
    pub loss: f64,
    /// Mean number in the system.
    pub mean_in_system: f64,
    /// Mean wait of those that are served; 0 without arrivals.
    pub mean_wait: f64,
}

/// M/M/c/K with `places` = K, servers included, at least `servers`. Time grows with K.
#[must_use]
pub fn mmck(arrival_rate: f64, mean_service: f64, servers: u32, places: u32) -> Mmck {
    /// Weights are relative; past this they are scaled down, which only sheds weights too small to matter.
    const LARGE: f64 = 1e250;
    let offered = arrival_rate * mean_service;
    let (mut weight, mut total, mut in_system, mut waiting) = (1.0, 1.0, 0.0, 0.0);
    for number in 1..=places {
        weight *= offered / f64::from(number.min(servers));
        total += weight;
        in_system += weight * f64::from(number);
        waiting += weight * f64::from(number.saturating_sub(servers));
        if in_system > LARGE {
            for sum in [&mut weight, &mut total, &mut in_system, &mut waiting] {
                *sum /= LARGE;
            }
        }
    }
    let loss = weight / total;
    let served = arrival_rate * (1.0 - loss);
    let mean_wait = if served > 0.0 { waiting / total / served } else { 0.0 };
    Mmck { loss, mean_in_system: in_system / total, mean_wait }
}

/// Probability of `count` under a Poisson law of mean `mean`: with `mean = arrival_rate * mean_service`, that `count`
/// are in service in M/G/inf, whatever the law of service.
#[must_use]
pub fn poisson(mean: f64, count: u32) -> f64 {
    if count == 0 {
        return libm::exp(-mean);
    }
    let count = f64::from(count);
    libm::exp(count * libm::log(mean) - mean - libm::lgamma(count + 1.0))
}

/// A fixed number of users who think and then queue at one station, all times exponential: the machine repairman's problem.
///
/// The number at the station is a birth and death process; its distribution is the product form of Gordon and Newell
/// (Closed Queuing Systems with Exponential Servers, Operations Research 15, 1967), which mean value analysis gives too.
/// With one server that all share evenly it holds for any law of work, and of thinking (BCMP, J. ACM 22, 1975).
#[derive(Clone, Copy, Debug)]
pub struct ClosedStation {
    /// Users, at least 1.
    pub users: u32,
    /// Mean time a user thinks, above 0.
    pub think: f64,
    /// Mean service time, above 0.
    pub service: f64,
    /// Servers, at least 1.
    pub servers: u32,
}

impl ClosedStation {
    /// Requests per unit of time.
    #[must_use]
    pub fn throughput(&self) -> f64 {
        // Weights of 0..=users at the station, kept near 1 by dividing as they grow.
        let (mut sum, mut working, mut weight) = (1.0, 0.0, 1.0);
        for at in 0..self.users {
            let thinking = f64::from(self.users - at) / self.think;
            let served = f64::from((at + 1).min(self.servers)) / self.service;
            weight *= thinking / served;
            sum += weight;
            working += weight * served;
            if sum > 1e200 {
                (sum, working, weight) = (sum / 1e200, working / 1e200, weight / 1e200);
            }
        }
        working / sum
    }

    /// Mean time from a request to its answer.
    #[must_use]
    pub fn residence(&self) -> f64 {
        f64::from(self.users) / self.throughput() - self.think
    }
}

/// Share of arrivals at a single instance that find it gone, when an idle instance is kept for `keep_alive` and service
/// takes no time: the gap before a Poisson arrival is longer with probability `exp(-arrival_rate * keep_alive)`.
#[must_use]
pub fn single_instance_cold_share(arrival_rate: f64, keep_alive: f64) -> f64 {
    libm::exp(-arrival_rate * keep_alive)
}

/// Mean number of instances in the long run, where every request has an instance of its own, the most recent idle one
/// is used first, and an instance idle for `keep_alive` (finite) ends.
///
/// Such a pool is the largest number at work within the last `keep_alive`. M/G/inf rises to `k` at the rate
/// `arrival_rate * P(k - 1 at work)`, in clumps of mean size `1 / (1 - a/k)` at `a` erlangs (Aldous, Probability
/// Approximations via the Poisson Clumping Heuristic, 1989); a level up to `a` is always held. Within 1 % of
/// simulation for 2 to 20 erlangs and a keep-alive of 300 times the service, which the tests hold.
#[must_use]
pub fn keep_alive_pool(arrival_rate: f64, mean_service: f64, keep_alive: f64) -> f64 {
    let offered = arrival_rate * mean_service;
    // Saturates; a pool of 2^32 is out of range anyway.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let held = offered as u32;
    let mut pool = f64::from(held);
    let mut at_work = poisson(offered, held);
    let mut level = pool + 1.0;
    loop {
        let clumps = arrival_rate * at_work * (1.0 - offered / level) * keep_alive;
        // The rest adds less than this again: levels fall off faster than geometrically. NaN ends the loop, too.
        if clumps.is_nan() || clumps < 1e-9 {
            return pool;
        }
        pool -= libm::expm1(-clumps);
        at_work *= offered / level;
        level += 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} for {expected}");
    }

    #[test]
    fn erlang_b_of_the_tables() {
        let rows = [
            (1, 0.5, 0.333_333_33),
            (5, 3.0, 0.110_054_35),
            (10, 8.0, 0.121_661_06),
            (100, 90.0, 0.026_957_38),
            (1_000, 900.0, 0.000_059_30),
            (1_000, 950.0, 0.003_649_29),
            (1_000, 1_000.0, 0.024_811_92),
            (1_000, 2_016.0, 0.504_454_58),
        ];
        for (servers, offered, expected) in rows {
            close(erlang_b(servers, offered), expected, 5e-9);
        }
        assert_eq!(erlang_b(3, 0.0), 0.0);
    }

    #[test]
    fn mmc_of_the_tables() {
        let rows = [
            (1, 0.8, 0.8, 4.0, 3.2, 0.654_985),
            (2, 1.5, 0.642_857, 1.285_714, 1.928_571, 0.389_913),
            (5, 4.0, 0.554_113, 0.554_113, 2.216_450, 0.203_847),
            (10, 9.0, 0.668_732, 0.668_732, 6.018_584, 0.246_013),
            (20, 18.0, 0.550_769, 0.275_385, 4.956_921, 0.074_538),
            (100, 95.0, 0.506_457, 0.101_291, 9.622_680, 0.003_412),
        ];
        for (servers, arrival_rate, wait_probability, mean_wait, mean_queue, tail) in rows {
            let system = Mmc { servers, arrival_rate, mean_service: 1.0 };
            close(system.wait_probability(), wait_probability, 1e-6);
            close(system.mean_wait(), mean_wait, 1e-6);
            close(system.mean_queue(), mean_queue, 1e-5);
            close(system.wait_tail(1.0), tail, 1e-6);
        }
    }

    #[test]
    fn overload_waits_for_ever() {
        let system = Mmc { servers: 3, arrival_rate: 4.0, mean_service: 1.0 };
        assert_eq!((system.wait_probability(), system.mean_wait(), system.wait_tail(9.0)), (1.0, f64::INFINITY, 1.0));
        assert_eq!(mg1_mean_wait(1.0, 1.0, 0.0), f64::INFINITY);
        assert_eq!(mg1_ps_mean_sojourn(2.0, 1.0), f64::INFINITY);
    }

    #[test]
    fn single_server_forms() {
        let rows = [
            (0.8, 0.0, 2.0),
            (0.8, 0.25, 2.5),
            (0.8, 1.0, 4.0),
            (0.8, 4.0, 10.0),
            (0.9, 0.0, 4.5),
            (0.9, 4.0, 22.5),
            (0.5, 1.0, 1.0),
        ];
        for (arrival_rate, cv2, expected) in rows {
            close(mg1_mean_wait(arrival_rate, 1.0, cv2), expected, 1e-12);
        }
        close(mg1_ps_mean_sojourn(0.8, 1.0), 5.0, 1e-12);
        close(single_instance_cold_share(1e-3, 600.0), 0.548_812, 1e-6);
        close(single_instance_cold_share(1.0 / 180.0, 600.0), 0.035_674, 1e-6);
    }

    /// Mean value analysis of one queue (Reiser and Lavenberg, J. ACM 27, 1980): an arrival sees one user less.
    #[test]
    fn a_closed_station_is_as_mean_value_analysis_says() {
        let (think, service) = (5.0, 1.0);
        let mut queue = 0.0;
        for users in 1..=1_000 {
            let residence = service * (1.0 + queue);
            let throughput = f64::from(users) / (think + residence);
            queue = throughput * residence;
            let found = ClosedStation { users, think, service, servers: 1 };
            close(found.throughput(), throughput, 1e-9);
            close(found.residence(), residence, 1e-7);
        }
        // With a server for each nobody waits.
        close(ClosedStation { users: 7, think, service, servers: 7 }.residence(), service, 1e-12);
    }

    #[test]
    fn mmck_of_the_tables() {
        let rows = [
            (9.0, 10, 20, 0.029_510_06, 11.039_661, 0.263_928),
            (12.0, 10, 20, 0.179_665_92, 16.104_498, 0.635_969),
            (1.0, 1, 5, 0.166_666_67, 2.5, 2.0),
        ];
        for (arrival_rate, servers, places, loss, mean_in_system, mean_wait) in rows {
            let found = mmck(arrival_rate, 1.0, servers, places);
            close(found.loss, loss, 1e-8);
            close(found.mean_in_system, mean_in_system, 1e-6);
            close(found.mean_wait, mean_wait, 1e-6);
        }
    }

    #[test]
    fn large_systems_stay_finite_and_agree() {
        for (servers, offered) in [(100_000, 99_000.0), (100_000, 150_000.0), (100_000, 10.0)] {
            let loss = erlang_b(servers, offered);
            assert!((0.0..=1.0).contains(&loss));
            let system = mmck(offered, 1.0, servers, servers);
            close(system.loss, loss, 1e-9);
            close(system.mean_in_system, offered * (1.0 - loss), 1e-4);
            assert!((0.0..=1.0).contains(&erlang_c(servers, offered)));
        }
        // With room to wait an M/M/c/K becomes an M/M/c.
        let bounded = mmck(99_000.0, 1.0, 100_000, 120_000);
        let unbounded = Mmc { servers: 100_000, arrival_rate: 99_000.0, mean_service: 1.0 };
        close(bounded.mean_wait * 1e6, unbounded.mean_wait() * 1e6, 1e-6);
    }

    #[test]
    fn poisson_sums_to_one() {
        for mean in [0.0, 0.5, 20.0, 1_000.0] {
            close((0..3_000).map(|count| poisson(mean, count)).sum(), 1.0, 1e-9);
        }
        close(poisson(2.0, 3), 8.0 / 6.0 * (-2.0_f64).exp(), 1e-12);
    }

    /// Against an independent simulation of the pool: rate, mean of instances (its 95 % interval is within 0.3 %).
    #[test]
    fn pools_are_as_simulated() {
        for (arrival_rate, expected) in [(0.9, 7.695), (10.0, 37.207), (50.0, 136.81)] {
            let found = keep_alive_pool(arrival_rate, 1.991, 600.0);
            assert!((found / expected - 1.0).abs() < 0.01, "{found} for {expected}");
        }
    }

    #[test]
    fn pools_at_the_edges() {
        assert_eq!(keep_alive_pool(0.0, 1.0, 600.0), 0.0);
        close(keep_alive_pool(1e-3, 0.0, 600.0), 1.0 - single_instance_cold_share(1e-3, 600.0), 1e-12);
        assert!(keep_alive_pool(1e5, 1.0, 600.0) > 1e5);
        assert!(keep_alive_pool(1.0, 1.0, f64::INFINITY).is_finite());
    }
}
