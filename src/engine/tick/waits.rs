//! Who waits: the probability that all servers are busy, looked up by load.

use std::collections::HashMap;

use crate::kernel::queueing::erlang_c;

/// More servers than this are described by the limit of many servers (Halfin and Whitt, Heavy-Traffic Limits for Queues
/// with Many Exponential Servers, Operations Research 29, 1981), whose cost does not grow with their number.
const MANY: u32 = 400;
/// Loads between idle and full for which the probability is kept; between them it is interpolated.
const LOADS: usize = 256;

/// Probability that an arrival waits in M/G/c, by number of servers.
#[derive(Debug, Default)]
pub(super) struct Waits {
    tables: HashMap<u32, Vec<f64>>,
}

impl Waits {
    /// Of `servers` to whom `offered` erlangs come; 1 when overloaded.
    pub fn probability(&mut self, servers: u32, offered: f64) -> f64 {
        let load = offered / f64::from(servers);
        if load.is_nan() || load >= 1.0 {
            return 1.0;
        }
        if servers > MANY {
            return many(f64::from(servers), offered);
        }
        let table = self.tables.entry(servers).or_insert_with(|| {
            let at = |place| erlang_c(servers, f64::from(servers) * place as f64 / LOADS as f64);
            (0..=LOADS).map(at).collect()
        });
        let place = load * LOADS as f64;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // below the number of loads
        let below = place as usize;
        let share = place - below as f64;
        table[below] * (1.0 - share) + table[below + 1] * share
    }
}

fn many(servers: f64, offered: f64) -> f64 {
    if offered <= 0.0 {
        return 0.0;
    }
    let slack = (servers - offered) / offered.sqrt();
    let density = libm::exp(-slack * slack / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
    1.0 / (1.0 + slack * below(slack) / density.max(f64::MIN_POSITIVE))
}

/// The normal distribution function.
pub(super) fn below(z: f64) -> f64 {
    libm::erfc(-z / std::f64::consts::SQRT_2) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_erlangs_formula() {
        let mut waits = Waits::default();
        for (servers, offered) in [(1, 0.8), (4, 3.0), (100, 90.0), (400, 380.0)] {
            let (found, exact) = (waits.probability(servers, offered), erlang_c(servers, offered));
            assert!((found - exact).abs() < 2e-3 + 0.01 * exact, "{servers}: {found} for {exact}");
        }
        assert_eq!((waits.probability(3, 3.0), waits.probability(3, 0.0)), (1.0, 0.0));
        assert_eq!(waits.probability(0, 1.0), 1.0);
    }

    #[test]
    fn many_servers_are_close_to_erlang() {
        let mut waits = Waits::default();
        for (servers, offered) in [(500, 475.0), (1_000, 980.0), (1_000, 900.0)] {
            let (found, exact) = (waits.probability(servers, offered), erlang_c(servers, offered));
            assert!((found - exact).abs() < 0.01, "{servers}: {found} for {exact}");
        }
    }
}
