//! AWS target tracking: alarms on a metric, proportional scale-out, gradual scale-in.

use crate::units::Nanos;

/// What is tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Average CPU utilisation of the group's instances, as a share.
    CpuUtilization,
    /// Requests per instance and minute.
    RequestsPerInstance,
}

/// A target tracking policy and the two alarms it creates.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetTracking {
    /// What is tracked.
    pub metric: Metric,
    /// Its target: a share, or requests per minute.
    pub target: f64,
    /// Length of one data point.
    pub period: Nanos,
    /// Consecutive points above the target that scale out.
    pub evaluation_periods_out: u32,
    /// Consecutive points below `scale_in_ratio * target` that scale in.
    pub evaluation_periods_in: u32,
    /// Where the scale-in alarm lies, as a share of the target.
    pub scale_in_ratio: f64,
    /// No further scale-out within this long of one.
    pub scale_out_cooldown: Nanos,
    /// No further scale-in within this long of a scaling activity.
    pub scale_in_cooldown: Nanos,
    /// A new instance is left out of the metric for this long after it is in service.
    pub warmup: Nanos,
}

/// One policy at work: its bounds, the state of its two alarms, its last activities.
///
/// Documented by AWS: proportional scale-out rounded up, scale-in rounded down, no scale-in while instances warm up or
/// without data, warming instances left out of the metric and counted against new ones, the two alarms (Amazon EC2 Auto
/// Scaling User Guide, "Target tracking scaling policies"). Ours: a missing point starts the count of an alarm afresh,
/// and a scale-in removes the whole part of the surplus that the last point shows, as AWS only says that it is gradual.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracker {
    policy: TargetTracking,
    min: u32,
    max: u32,
    above: u32,
    below: u32,
    scaled_out: Option<Nanos>,
    scaled_in: Option<Nanos>,
}

impl Tracker {
    /// A policy whose alarms have seen nothing, between `min` and `max` instances (`None`: unbounded).
    #[must_use]
    pub fn new(policy: TargetTracking, min: u32, max: Option<u32>) -> Self {
        let max = max.unwrap_or(u32::MAX);
        Self { policy, min, max, above: 0, below: 0, scaled_out: None, scaled_in: None }
    }

    /// What is tracked, and how.
    #[must_use]
    pub const fn policy(&self) -> &TargetTracking {
        &self.policy
    }

    /// Takes the point of the period that ends at `now`: the mean over the instances that are in service and warm
    /// (`None`: no data). `warming` are those ordered, starting or warming up. Returns the new number of instances,
    /// warming ones included, if it changes.
    pub fn observe(&mut self, now: Nanos, point: Option<f64>, in_service: u32, warming: u32) -> Option<u32> {
        // Without requests a load balancer reports nothing: for its metric silence is zero.
        let point = point.or((self.policy.metric == Metric::RequestsPerInstance).then_some(0.0));
        let Some(value) = point.filter(|value| value.is_finite()) else {
            (self.above, self.below) = (0, 0);
            return None;
        };
        let target = self.policy.target;
        self.above = if value > target { self.above.saturating_add(1) } else { 0 };
        self.below = if value < target * self.policy.scale_in_ratio { self.below.saturating_add(1) } else { 0 };
        let current = in_service.saturating_add(warming);
        let exact = f64::from(in_service) * value / target;
        if self.above >= self.policy.evaluation_periods_out {
            return self.out(now, exact, current);
        }
        if self.below >= self.policy.evaluation_periods_in && warming == 0 {
            return self.back(now, exact, current);
        }
        None
    }

    fn out(&mut self, now: Nanos, exact: f64, current: u32) -> Option<u32> {
        let wanted = whole(exact.ceil()).min(self.max);
        if wanted <= current || within(now, self.scaled_out, self.policy.scale_out_cooldown) {
            return None;
        }
        self.scaled_out = Some(now);
        Some(wanted)
    }

    fn back(&mut self, now: Nanos, exact: f64, current: u32) -> Option<u32> {
        let surplus = whole((f64::from(current) - exact).floor());
        let wanted = current.saturating_sub(surplus).max(self.min);
        let activity = self.scaled_out.max(self.scaled_in);
        if wanted >= current || within(now, activity, self.policy.scale_in_cooldown) {
            return None;
        }
        self.scaled_in = Some(now);
        Some(wanted)
    }
}

fn within(now: Nanos, since: Option<Nanos>, span: Nanos) -> bool {
    since.is_some_and(|since| now.saturating_sub(since) < span)
}

fn whole(instances: f64) -> u32 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
    let whole = instances as u32;
    whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: u64 = 60 * Nanos::SECOND.0;

    fn policy(metric: Metric) -> TargetTracking {
        TargetTracking {
            metric,
            target: 50.0,
            period: Nanos(MINUTE),
            evaluation_periods_out: 3,
            evaluation_periods_in: 15,
            scale_in_ratio: 0.7,
            scale_out_cooldown: Nanos::ZERO,
            scale_in_cooldown: Nanos(5 * MINUTE),
            warmup: Nanos(5 * MINUTE),
        }
    }

    fn tracker() -> Tracker {
        Tracker::new(policy(Metric::CpuUtilization), 1, Some(100))
    }

    /// The minute and the number of each change, when every minute shows `value`.
    fn timeline(tracker: &mut Tracker, from: u64, minutes: u64, value: Option<f64>, instances: u32) -> Vec<(u64, u32)> {
        (from..from + minutes)
            .filter_map(|minute| Some((minute, tracker.observe(Nanos(minute * MINUTE), value, instances, 0)?)))
            .collect()
    }

    #[test]
    fn between_the_alarms_nothing_happens() {
        assert_eq!(timeline(&mut tracker(), 1, 600, Some(40.0), 10), []);
        assert_eq!(timeline(&mut tracker(), 1, 600, Some(50.0), 10), [], "not above");
        assert_eq!(timeline(&mut tracker(), 1, 600, Some(35.0), 10), [], "not below");
    }

    #[test]
    fn three_points_scale_out_and_fifteen_scale_in() {
        assert_eq!(timeline(&mut tracker(), 1, 3, Some(100.0), 10), [(3, 20)]);
        assert_eq!(timeline(&mut tracker(), 1, 15, Some(34.0), 10), [(15, 7)], "10 - floor(10 - 6.8)");
        let mut broken = tracker();
        assert_eq!(timeline(&mut broken, 1, 14, Some(34.0), 10), []);
        assert_eq!(timeline(&mut broken, 15, 1, Some(36.0), 10), []);
        assert_eq!(timeline(&mut broken, 16, 14, Some(34.0), 10), []);
    }

    #[test]
    fn rounding_favours_capacity() {
        assert_eq!(timeline(&mut tracker(), 1, 3, Some(75.0), 3), [(3, 5)], "1.5 more are 2");
        assert_eq!(timeline(&mut tracker(), 1, 15, Some(25.0), 3), [(15, 2)], "1.5 fewer are 1");
    }

    #[test]
    fn warming_instances_count_against_new_ones_and_forbid_scale_in() {
        let mut out = tracker();
        timeline(&mut out, 1, 2, Some(100.0), 10);
        assert_eq!(out.observe(Nanos(3 * MINUTE), Some(100.0), 10, 10), None, "20 are on their way");
        assert_eq!(out.observe(Nanos(4 * MINUTE), Some(110.0), 10, 10), Some(22));
        let mut back = tracker();
        timeline(&mut back, 1, 14, Some(10.0), 10);
        assert_eq!(back.observe(Nanos(15 * MINUTE), Some(10.0), 10, 1), None);
        assert_eq!(back.observe(Nanos(16 * MINUTE), Some(10.0), 11, 0), Some(3), "11 - floor(8.8)");
    }

    #[test]
    fn cooldowns_hold() {
        let mut tracker = Tracker::new(
            TargetTracking { scale_out_cooldown: Nanos(2 * MINUTE), ..policy(Metric::CpuUtilization) },
            1,
            None,
        );
        assert_eq!(timeline(&mut tracker, 1, 6, Some(100.0), 1), [(3, 2), (5, 2)]);
        assert_eq!(
            timeline(&mut tracker, 7, 21, Some(5.0), 2),
            [(21, 1), (26, 1)],
            "five minutes from one to the next"
        );
    }

    #[test]
    fn without_data_only_the_request_metric_scales_in() {
        assert_eq!(timeline(&mut tracker(), 1, 600, None, 10), []);
        let mut requests = Tracker::new(policy(Metric::RequestsPerInstance), 2, None);
        assert_eq!(timeline(&mut requests, 1, 15, None, 10), [(15, 2)]);
    }

    proptest! {
        #[test]
        fn every_decision_is_a_change_within_the_bounds(
            points in proptest::collection::vec(proptest::option::of(0.0..200.0f64), 1..200), start in 1..20u32,
        ) {
            let mut tracker = Tracker::new(policy(Metric::CpuUtilization), 1, Some(20));
            let mut instances = start;
            for (minute, point) in (1..).zip(points) {
                if let Some(next) = tracker.observe(Nanos(minute * MINUTE), point, instances, 0) {
                    prop_assert!((1..=20).contains(&next) && next != instances);
                    prop_assert_eq!(next > instances, point.is_some_and(|value| value > 50.0));
                    instances = next;
                }
            }
        }
    }
}
