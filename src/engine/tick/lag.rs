//! What those at work see of a rate: it lags by one service (Jagerman's modified offered load, in Massey and Whitt, An Analysis of
//! the Modified Offered-Load Approximation for the Nonstationary Erlang Loss Model, Annals of Applied Probability 4, 1994).

/// A rate, per nanosecond, as it is seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lag {
    pub seen: f64,
}

impl Lag {
    /// So many come in a time, of those who take so long: the mean rate that is seen in it.
    pub fn pass(&mut self, come: f64, span: f64, service: f64) -> f64 {
        let rate = come / span;
        let fade = libm::exp(-span / service);
        let seen = rate + (self.seen - rate) * (1.0 - fade) * service / span;
        self.seen = rate + (self.seen - rate) * fade;
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_is_seen_in_the_end() {
        let mut lag = Lag { seen: 1.0 };
        // Two more a second from now on: 1 - exp(-1) of them are missing while one service passes.
        let first = lag.pass(3.0, 1.0, 1.0);
        assert!((first - (3.0 - 2.0 * (1.0 - libm::exp(-1.0)))).abs() < 1e-12, "{first}");
        let all: f64 = first + (0..100).map(|_| lag.pass(3.0, 1.0, 1.0)).sum::<f64>();
        assert!((all - (303.0 - 2.0)).abs() < 1e-9 && (lag.seen - 3.0).abs() < 1e-9, "{all}");
        assert_eq!(Lag { seen: 1.0 }.pass(6.0, 2.0, 1e-9), 3.0 + -2.0 * 0.5e-9);
    }
}
