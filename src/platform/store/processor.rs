//! The CPU of a store that queries share, and how it follows their load.

use crate::units::Nanos;

/// The CPU of a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Processor {
    /// vCPUs at the first instant, above 0. A query uses at most one of them.
    pub vcpu: f64,
    /// Share of a query's time at low load for which it needs one of them; during the rest it waits for nobody.
    pub cpu_share: f64,
    /// How the vCPUs follow the load; `None`: they do not.
    pub scaling: Option<Scaling>,
}

/// Capacity that follows load, in steps of half a capacity unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// Fewest half units, at least 1.
    pub min: u32,
    /// Most half units.
    pub max: u32,
    /// vCPUs of one unit.
    pub vcpu_per_unit: f64,
    /// Share of the vCPUs that is meant to be in use, above 0.
    pub target: f64,
    /// How often it is looked at, above 0.
    pub period: Nanos,
    /// Half a unit is given back when so long less would have done.
    pub scale_down_after: Nanos,
}

/// Capacity at work.
#[derive(Clone, Debug)]
pub struct Scaler {
    scaling: Scaling,
    halves: u32,
    /// Since when less would have done.
    low_since: Option<u64>,
}

impl Scaling {
    /// vCPUs of so many half units.
    #[must_use]
    pub fn vcpu(&self, halves: u32) -> f64 {
        f64::from(halves) * 0.5 * self.vcpu_per_unit
    }
}

impl Scaler {
    /// At its least.
    #[must_use]
    pub const fn new(scaling: Scaling) -> Self {
        Self { scaling, halves: scaling.min, low_since: None }
    }

    /// How it scales.
    #[must_use]
    pub const fn scaling(&self) -> &Scaling {
        &self.scaling
    }

    /// Half units now.
    #[must_use]
    pub const fn halves(&self) -> u32 {
        self.halves
    }

    /// A period ends at `now` in which `used` vCPUs were in use on average. Returns whether the capacity has changed.
    pub fn observe(&mut self, now: u64, used: f64) -> bool {
        let exact = used / (self.scaling.target * self.scaling.vcpu_per_unit) * 2.0;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
        let wanted = (exact.ceil() as u32).clamp(self.scaling.min, self.scaling.max);
        if wanted >= self.halves {
            self.low_since = None;
            let grows = wanted > self.halves;
            self.halves = wanted;
            return grows;
        }
        let since = *self.low_since.get_or_insert(now - self.scaling.period.0.min(now));
        let shrinks = now - since >= self.scaling.scale_down_after.0;
        if shrinks {
            self.halves -= 1;
            self.low_since = Some(now);
        }
        shrinks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn scaler(min: u32, max: u32) -> Scaler {
        let (period, scale_down_after) = (Nanos(SECOND), Nanos(10 * SECOND));
        Scaler::new(Scaling { min, max, vcpu_per_unit: 0.25, target: 0.7, period, scale_down_after })
    }

    /// Half units after each second in which all that there is was in use, but no more than `load` vCPUs.
    fn played(scaler: &mut Scaler, from: u64, seconds: u64, load: f64) -> Vec<u32> {
        let second = |second: u64| {
            let used = load.min(scaler.scaling.vcpu(scaler.halves));
            scaler.observe((from + second + 1) * SECOND, used);
            scaler.halves
        };
        (0..seconds).map(second).collect()
    }

    #[test]
    fn under_load_it_grows_by_what_the_target_leaves() {
        // All in use, at a target of 70 %: up to 1/0.7 times as much each second, in half units.
        assert_eq!(played(&mut scaler(1, 32), 0, 8, 100.0), [2, 3, 5, 8, 12, 18, 26, 32]);
        // Two vCPUs of load need 2 / 0.7 / 0.25 = 11.4 units.
        assert_eq!(played(&mut scaler(1, 64), 0, 20, 2.0).last(), Some(&23));
    }

    #[test]
    fn it_shrinks_step_by_step_to_its_least() {
        let mut scaler = scaler(2, 32);
        played(&mut scaler, 0, 3, 100.0);
        assert_eq!(scaler.halves(), 8);
        let falling = played(&mut scaler, 3, 100, 0.0);
        assert_eq!((falling[8], falling[9], falling[19], falling[99]), (8, 7, 6, 2));
        // Load in between starts the wait afresh.
        played(&mut scaler, 103, 2, 100.0);
        let at = scaler.halves();
        played(&mut scaler, 105, 9, 0.0);
        assert_eq!(scaler.halves(), at);
    }
}
