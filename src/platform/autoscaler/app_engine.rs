//! The App Engine standard scheduler (automatic scaling).

use crate::units::Nanos;

/// Automatic scaling of App Engine standard.
#[derive(Clone, Debug, PartialEq)]
pub struct AppEngine {
    /// CPU utilisation above which another instance is wanted, 0.5..=0.95.
    pub target_cpu_utilization: f64,
    /// Share of the concurrent requests of an instance above which another is wanted, 0.5..=0.95.
    pub target_throughput_utilization: f64,
    /// A request waits at least this long before a start is considered.
    pub min_pending_latency: Nanos,
    /// A request that has waited this long starts an instance in any case.
    pub max_pending_latency: Nanos,
    /// Idle instances added to the computed number.
    pub min_idle_instances: u32,
    /// Idle instances that are kept. `None`: automatic.
    pub max_idle_instances: Option<u32>,
    /// Whether new instances are warmed up before they get a request (not the first).
    pub warmup_requests: bool,
    /// An instance is ended when for this long there were more than the scheduler wanted.
    pub idle_timeout: Nanos,
    /// How often the scheduler looks.
    pub interval: Nanos,
    /// Over how long the CPU in use is averaged.
    pub cpu_window: Nanos,
}

/// What the scheduler sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// Instances that can take requests.
    pub ready: u32,
    /// Instances that start.
    pub starting: u32,
    /// Ready instances without a request.
    pub idle: u32,
    /// The most instances that the scheduler wanted at one look within the last [`AppEngine::idle_timeout`].
    pub wanted_of_late: u32,
    /// Requests that instances work on.
    pub in_flight: u32,
    /// Requests that wait for an instance.
    pub pending: u32,
    /// How long the oldest of these has waited; zero without any.
    pub oldest_wait: Nanos,
    /// vCPUs in use of late, on the reference machine.
    pub cpu_used: f64,
    /// vCPUs of an instance times its speed, above 0.
    pub cpu_per_instance: f64,
    /// Concurrent requests of an instance, at least 1.
    pub slots: u32,
    /// Requests per second that have ended of late.
    pub completion_rate: f64,
    /// How long a start takes on average.
    pub mean_start: Nanos,
}

/// What the scheduler does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Instances to start.
    pub start: u32,
    /// Ready instances to end: idle ones first, those idle longest before the others, then the least busy.
    pub stop: u32,
    /// Instances that the scheduler wants, which its owner remembers for `wanted_of_late`.
    pub wanted: u32,
}

impl AppEngine {
    /// One look, between `min` and `max` instances (`None`: unbounded). It has no memory of its own.
    ///
    /// Documented by Google (App Engine, app.yaml reference, automatic scaling): the two utilisation targets, either of
    /// which asks for instances; idle instances on top of what they ask for; the meaning of the two pending latencies;
    /// that the scheduler weighs the time of a start against how fast the queue drains; that idle instances above
    /// `max_idle_instances` are ended. Ours, as Google publishes no formula: pending requests count as load once a start
    /// is considered, the weighing itself ([`AppEngine::considers_start`]), and that instances are ended when there have
    /// been too many of them for `idle_timeout`, whether or not requests happened to reach each of them.
    #[must_use]
    pub fn decide(&self, min: u32, max: Option<u32>, seen: &Observation) -> Decision {
        let wanted = self.needed(seen).saturating_add(self.min_idle_instances).max(min);
        let there = seen.ready.saturating_add(seen.starting);
        let start = wanted.min(max.unwrap_or(u32::MAX)).saturating_sub(there);
        let beyond_idle = self.max_idle_instances.map_or(0, |most| seen.idle.saturating_sub(most));
        let surplus = seen.ready.saturating_sub(seen.wanted_of_late);
        let stop = surplus.max(beyond_idle).min(seen.ready.saturating_sub(wanted));
        Decision { start, stop, wanted }
    }

    /// Instances that keep both utilisations at or below their targets.
    #[must_use]
    pub fn needed(&self, seen: &Observation) -> u32 {
        let pending = if self.considers_start(seen) { seen.pending } else { 0 };
        let requests = f64::from(seen.in_flight) + f64::from(pending);
        let by_requests = (requests / (f64::from(seen.slots) * self.target_throughput_utilization)).ceil();
        let by_cpu = (seen.cpu_used / (seen.cpu_per_instance * self.target_cpu_utilization)).ceil();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates; NaN becomes 0
        let needed = by_requests.max(by_cpu) as u32;
        needed
    }

    /// Whether requests that wait are a reason to start: never below the minimum pending latency, always from the
    /// maximum on, and in between if waiting for the queue to drain takes longer than a start, or than the maximum.
    #[must_use]
    pub fn considers_start(&self, seen: &Observation) -> bool {
        let wait = seen.oldest_wait;
        if seen.pending == 0 || wait < self.min_pending_latency {
            return false;
        }
        let drain = Nanos::from_seconds(f64::from(seen.pending) / seen.completion_rate);
        wait >= self.max_pending_latency || wait.saturating_add(drain) > seen.mean_start.min(self.max_pending_latency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn law() -> AppEngine {
        AppEngine {
            target_cpu_utilization: 0.6,
            target_throughput_utilization: 0.6,
            min_pending_latency: Nanos::ZERO,
            max_pending_latency: Nanos(10 * Nanos::SECOND.0),
            min_idle_instances: 0,
            max_idle_instances: None,
            warmup_requests: true,
            idle_timeout: Nanos(60 * Nanos::SECOND.0),
            cpu_window: Nanos(60 * Nanos::SECOND.0),
            interval: Nanos::SECOND,
        }
    }

    fn quiet() -> Observation {
        Observation {
            ready: 0,
            starting: 0,
            idle: 0,
            wanted_of_late: 50,
            in_flight: 0,
            pending: 0,
            oldest_wait: Nanos::ZERO,
            cpu_used: 0.0,
            cpu_per_instance: 1.0,
            slots: 10,
            completion_rate: 0.0,
            mean_start: Nanos(2 * Nanos::SECOND.0),
        }
    }

    #[test]
    fn thirteen_requests_need_three_instances_and_two_idle_ones_are_added() {
        let seen = Observation { in_flight: 13, ready: 2, starting: 0, ..quiet() };
        assert_eq!(law().needed(&seen), 3, "ceil(13 / 6)");
        assert_eq!(law().decide(0, Some(20), &seen).start, 1);
        let idle = AppEngine { min_idle_instances: 2, ..law() };
        assert_eq!(idle.decide(0, Some(20), &seen).start, 3, "5 in all");
        assert_eq!(idle.decide(0, Some(4), &seen).start, 2, "the maximum holds");
        assert_eq!(idle.decide(0, Some(20), &Observation { starting: 3, ..seen }).start, 0);
    }

    #[test]
    fn either_utilisation_asks_for_instances() {
        let seen = Observation { in_flight: 5, cpu_used: 1.9, ready: 1, ..quiet() };
        assert_eq!(law().needed(&seen), 4, "ceil(1.9 / 0.6)");
        let slow = Observation { cpu_per_instance: 0.25, ..seen };
        assert_eq!(law().needed(&slow), 13, "ceil(1.9 / 0.15)");
    }

    #[test]
    fn a_start_is_weighed_against_the_drain_of_the_queue() {
        let full = Observation { ready: 1, in_flight: 10, pending: 5, completion_rate: 10.0, ..quiet() };
        assert!(!law().considers_start(&full), "0.5 s to drain, 2 s to start");
        assert!(law().considers_start(&Observation { completion_rate: 2.0, ..full }), "2.5 s to drain");
        assert!(!law().considers_start(&Observation { completion_rate: 2.5, ..full }), "just as long");
        let late = Observation { oldest_wait: Nanos(10 * Nanos::SECOND.0), ..full };
        assert!(law().considers_start(&late), "the maximum pending latency");
        let patient = AppEngine { min_pending_latency: Nanos::SECOND, ..law() };
        assert!(!patient.considers_start(&Observation { completion_rate: 0.1, ..full }));
        let cold = Observation { pending: 1, ..quiet() };
        assert_eq!(law().decide(0, None, &cold), Decision { start: 1, stop: 0, wanted: 1 }, "nothing drains the queue");
    }

    #[test]
    fn a_surplus_ends_when_it_lasted_or_idles_above_the_maximum() {
        let seen = Observation { ready: 8, idle: 6, wanted_of_late: 6, in_flight: 8, ..quiet() };
        assert_eq!(law().decide(0, None, &seen), Decision { start: 0, stop: 2, wanted: 2 });
        assert_eq!(law().decide(0, None, &Observation { wanted_of_late: 9, ..seen }).stop, 0, "9 were wanted just now");
        let few = AppEngine { max_idle_instances: Some(1), ..law() };
        assert_eq!(few.decide(0, None, &seen).stop, 5);
        assert_eq!(few.decide(6, None, &seen).stop, 2, "the minimum holds");
        let spare = AppEngine { min_idle_instances: 3, ..few };
        assert_eq!(spare.decide(0, None, &seen).stop, 3, "2 are needed and 3 idle ones are kept");
    }

    proptest! {
        #[test]
        fn the_bounds_hold(
            ready in 0..50u32, starting in 0..10u32, idle_share in 0.0..1.0f64, wanted_of_late in 0..60u32,
            in_flight in 0..500u32, pending in 0..500u32, cpu_used in 0.0..50.0f64,
            max_idle in proptest::option::of(1..5u32), min_idle in 0..5u32, min in 0..5u32, max in 5..60u32,
        ) {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let idle = (f64::from(ready) * idle_share) as u32;
            let seen = Observation {
                ready, starting, idle, wanted_of_late, in_flight, pending, cpu_used,
                completion_rate: 1.0, ..quiet()
            };
            let law = AppEngine { max_idle_instances: max_idle, min_idle_instances: min_idle, ..law() };
            let Decision { start, stop, wanted } = law.decide(min, Some(max), &seen);
            prop_assert!(start == 0 || ready + starting + start <= max);
            prop_assert!(stop == 0 || (ready - stop >= min && ready - stop >= wanted));
            prop_assert!(start == 0 || stop == 0);
            prop_assert!(ready + starting + start >= min);
        }
    }
}
