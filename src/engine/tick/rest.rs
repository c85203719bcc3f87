//! How long it takes until the first of some busy servers is free.
//!
//! What is left of each work is its equilibrium law, whatever the others do, and the first is the least of them (Tijms, van Hoorn
//! and Federgruen, Approximations for the Steady-State Probabilities in the M/G/c Queue, Advances in Applied Probability 13,
//! 1981). Of work that is less steady than exponential that law is taken for a mixture of two exponential ones, of the same mean,
//! square, and density at nothing, which is one in a mean work; where there is none, and of steadier work, the rest of one server
//! is taken to be shared by all.

use std::collections::HashMap;

use super::delay::Service;

/// The least of more than this many is told by how the density falls from nothing on.
const MANY: u32 = 64;

/// Mean and mean square, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rest {
    pub mean: f64,
    pub square: f64,
}

/// Those of one law of work, by number of servers.
#[derive(Debug, Default)]
pub(super) struct Rests {
    of: Option<Service>,
    known: HashMap<u32, Rest>,
}

impl Rests {
    /// Of so many busy servers.
    pub fn first(&mut self, servers: u32, service: Service) -> Rest {
        if self.of != Some(service) {
            self.known.clear();
            self.of = Some(service);
        }
        *self.known.entry(servers).or_insert_with(|| first(servers, service))
    }
}

fn first(servers: u32, Service { mean, cv2, third }: Service) -> Rest {
    let (half, square) = (f64::midpoint(1.0, cv2), third / 3.0);
    let many = f64::from(servers);
    let [first, second] = two_times(half, square).map_or_else(
        || [half / many, square / (many * many)],
        |times| if servers > MANY { least_of_many(times, many) } else { least(times, servers) },
    );
    Rest { mean: first * mean, square: second * mean * mean }
}

/// Weights and means of two exponential times which together have this mean and square, and a density of one at nothing; if
/// there are such.
fn two_times(mean: f64, square: f64) -> Option<[(f64, f64); 2]> {
    let half = square / 2.0;
    if mean <= 1.0 || half <= mean * mean {
        return None;
    }
    // Both solve z^2 - (product + mean) z + product = 0, as moments of orders -1 to 2 ask.
    let product = (half - mean * mean) / (mean - 1.0);
    let sum = product + mean;
    let apart = (sum * sum - 4.0 * product).sqrt();
    let (longer, shorter) = (f64::midpoint(sum, apart), f64::midpoint(sum, -apart));
    let seldom = (mean - shorter) / apart;
    Some([(seldom, longer), (1.0 - seldom, shorter)])
}

/// Mean and square of the least of some that are each one of two exponential times: by how many are the first of them.
fn least([(seldom, longer), (often, shorter)]: [(f64, f64); 2], count: u32) -> [f64; 2] {
    let mut of_so_many = often.powi(i32::try_from(count).unwrap_or(i32::MAX));
    let mut sum = [0.0; 2];
    for slow in 0..=count {
        let rate = f64::from(slow) / longer + f64::from(count - slow) / shorter;
        sum[0] += of_so_many / rate;
        sum[1] += 2.0 * of_so_many / (rate * rate);
        of_so_many *= seldom / often * f64::from(count - slow) / f64::from(slow + 1);
    }
    sum
}

/// The same of many, of whom the first is soon: to the second order of one in their number.
fn least_of_many(times: [(f64, f64); 2], count: f64) -> [f64; 2] {
    let falls: f64 = times.iter().map(|(weight, time)| weight / (time * time)).sum();
    [(1.0 + (falls - 1.0) / count) / count, 2.0 * (1.0 + 3.0 * (falls - 1.0) / count) / (count * count)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gamma of so many coefficients of variation.
    fn gamma(cv: f64) -> Service {
        let shape = 1.0 / (cv * cv);
        Service { mean: 1.0, cv2: cv * cv, third: (shape + 1.0) * (shape + 2.0) / (shape * shape) }
    }

    #[test]
    fn one_server_has_the_moments_of_what_is_left() {
        for service in [gamma(0.5), gamma(1.0), gamma(2.0), Service { mean: 1.0, cv2: 0.896_5, third: 6.821 }] {
            let Rest { mean, square } = first(1, service);
            assert!((mean - f64::midpoint(1.0, service.cv2)).abs() < 1e-9, "{service:?}: {mean}");
            assert!((square - service.third / 3.0).abs() < 1e-9, "{service:?}: {square}");
        }
    }

    /// Found by integration of the equilibrium law's survival function, raised to the number of servers.
    #[test]
    fn the_first_of_some_is_free_sooner_than_a_share_of_one() {
        for (cv, servers, found) in [(1.4, 2, 0.689_6), (1.4, 5, 0.252_8), (2.0, 2, 1.102_1)] {
            let rest = first(servers, gamma(cv)).mean;
            assert!((rest / found - 1.0).abs() < 0.06, "{cv}, {servers}: {rest} for {found}");
        }
    }

    #[test]
    fn many_go_on_where_some_end() {
        let times = two_times(2.5, 20.0).unwrap();
        let (some, many) = (least(times, MANY), least_of_many(times, f64::from(MANY)));
        some.iter().zip(many).for_each(|(some, many)| assert!((some / many - 1.0).abs() < 0.02, "{some} and {many}"));
    }
}
