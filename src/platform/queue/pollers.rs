//! The pollers that read a queue for functions: each waits for the invocation that it made, so that there are never more
//! invocations at once than pollers.

use crate::units::Nanos;

/// How many pollers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pollers {
    /// At first, and again when there is nothing to read; at least 1.
    pub initial: u32,
    /// Added per minute while messages wait and all of them are busy.
    pub per_minute: u32,
    /// Most of them.
    pub max: u32,
    /// One whose invocation was refused rests for so long.
    pub throttle_backoff: Nanos,
}

const MINUTE: u64 = 60_000_000_000;

/// When pollers are added: one after the other, evenly over each minute of backlog.
#[derive(Clone, Debug)]
pub struct Ramp {
    law: Pollers,
    /// When the next is added; `None`: nothing waits for one.
    due: Option<u64>,
}

impl Ramp {
    /// Without a backlog.
    #[must_use]
    pub const fn new(law: Pollers) -> Self {
        Self { law, due: None }
    }

    /// Messages wait at `now`, and all of the `pollers` are busy. Whether one is added at this instant.
    pub const fn is_added(&mut self, now: u64, pollers: u32) -> bool {
        if pollers >= self.law.max || self.law.per_minute == 0 {
            self.due = None;
            return false;
        }
        let step = MINUTE / self.law.per_minute as u64;
        match self.due {
            Some(due) if due <= now => {
                self.due = Some(due + step);
                true
            }
            Some(_) => false,
            None => {
                self.due = Some(now + step);
                false
            }
        }
    }

    /// When the next may be added; `None`: never, as things are.
    #[must_use]
    pub const fn due(&self) -> Option<u64> {
        self.due
    }

    /// Nothing waits for a poller.
    pub const fn rest(&mut self) {
        self.due = None;
    }

    /// The law.
    #[must_use]
    pub const fn law(&self) -> &Pollers {
        &self.law
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQS: Pollers = Pollers { initial: 5, per_minute: 300, max: 1250, throttle_backoff: Nanos(0) };

    /// Pollers there are at each instant of a ramp that begins at 0, a step of 200 ms each.
    fn ramp(law: Pollers, steps: u64) -> Vec<u32> {
        let mut ramp = Ramp::new(law);
        let mut pollers = law.initial;
        let mut there = Vec::new();
        for now in (0..steps).map(|step| step * MINUTE / 300) {
            while ramp.is_added(now, pollers) {
                pollers += 1;
            }
            there.push(pollers);
        }
        there
    }

    #[test]
    fn a_backlog_of_ten_thousand_batches_of_a_second_is_worked_off_in_62_seconds() {
        // 5 + 5 t pollers at t seconds have done 5 t + 2.5 t^2 seconds of work.
        let exact = (-5.0 + (25.0_f64 + 4.0 * 2.5 * 10_000.0).sqrt()) / 5.0;
        let mut work = 0.0;
        let done = ramp(SQS, 1000).iter().position(|&pollers| {
            work += f64::from(pollers) * 0.2;
            work >= 10_000.0
        });
        let at = (done.unwrap() + 1) as f64 * 0.2;
        assert!((at - exact).abs() <= 0.2 && (exact - 62.25).abs() < 0.01, "{at} {exact}");
    }

    #[test]
    fn there_are_never_more_than_the_most() {
        let there = ramp(SQS, 1500);
        assert_eq!((there[1244], there[1245], there[1499]), (1249, 1250, 1250));
        assert!(ramp(Pollers { per_minute: 0, ..SQS }, 50).iter().all(|&pollers| pollers == 5));
    }

    #[test]
    fn a_ramp_begins_anew_after_a_rest() {
        let mut ramp = Ramp::new(SQS);
        assert!(!ramp.is_added(0, 5));
        ramp.rest();
        assert!(!ramp.is_added(MINUTE, 5));
        assert_eq!(ramp.due(), Some(MINUTE + MINUTE / 300));
    }
}
