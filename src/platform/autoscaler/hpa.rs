//! The Kubernetes `HorizontalPodAutoscaler`.
//!
//! Owns its parameters and one sync of its controller: [`metrics`] says what each metric asks for, [`behavior`] what is
//! done about it, [`Hpa::sync`] joins them. Pure: the caller passes the time and what was measured. Follows Kubernetes,
//! `pkg/controller/podautoscaler/horizontal.go` (master of 2026; <https://github.com/kubernetes/kubernetes>).

pub mod behavior;
pub mod metrics;

use crate::units::Nanos;
use behavior::{Change, Limit, Memory, Recommendation, ResolvedBehavior, clamp_plain, clamp_rate};
use metrics::{Inquiry, MetricError, Pod, Reading, Tolerances};

/// What a `HorizontalPodAutoscaler` is told (autoscaling/v2 and the controller's flags).
#[derive(Clone, Debug, PartialEq)]
pub struct HpaSpec {
    /// Metrics; the largest proposal wins. At least one.
    pub metrics: Vec<MetricTarget>,
    /// `spec.behavior`; absent differs from present and empty.
    pub behavior: Option<Behavior>,
    /// Controller flag: no change while the ratio is within 1 -+ this, both directions.
    pub tolerance: f64,
    /// From the end of one sync to the next.
    pub sync_period: Nanos,
    /// How often metrics are scraped; also the window of a CPU sample.
    pub metric_resolution: Nanos,
    /// Younger pods' CPU samples count only if taken while ready.
    pub cpu_initialization_period: Nanos,
    /// A pod unready for this long after its start never was ready.
    pub initial_readiness_delay: Nanos,
    /// Controller flag: window of recommendations when `behavior` is absent.
    pub downscale_stabilization: Nanos,
}

/// One metric and its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricTarget {
    /// CPU in percent of the request.
    CpuUtilization(i64),
    /// Memory in percent of the request.
    MemoryUtilization(i64),
    /// CPU of a pod, in milli-vCPU (`AverageValue` of the resource).
    CpuAverage(i64),
    /// Requests per second of a pod, in thousandths (a Pods metric).
    RequestsPerSecond(i64),
    /// The whole of an Object or External metric, in thousandths, for the pods that are ready.
    Value(i64),
    /// The share of one replica in an Object or External metric, in thousandths.
    AverageValue(i64),
}

impl MetricTarget {
    /// Whether the metric can be read while there is no pod.
    const fn is_external(self) -> bool {
        matches!(self, Self::Value(_) | Self::AverageValue(_))
    }
}

/// `spec.behavior`. A direction that is `None` has the API's defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Behavior {
    /// Rules for scaling up.
    pub scale_up: Option<Rules>,
    /// Rules for scaling down.
    pub scale_down: Option<Rules>,
}

/// Rules of one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// `None`: the default of the direction (0 up, the controller's flag down).
    pub stabilization_window: Option<Nanos>,
    /// Which policy wins.
    pub select: SelectPolicy,
    /// Policies. At least one.
    pub policies: Vec<Policy>,
    /// `None`: the controller's flag.
    pub tolerance: Option<f64>,
}

/// Which policy wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectPolicy {
    /// The one that allows the largest change.
    Max,
    /// The one that allows the smallest change.
    Min,
    /// No scaling in this direction.
    Disabled,
}

/// A limit on the change within a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What is limited.
    pub kind: PolicyKind,
    /// Pods, or percent.
    pub value: u32,
    /// Within this long, above zero.
    pub period: Nanos,
}

/// What a policy limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// A number of pods.
    Pods,
    /// A percentage of the replicas at the start of the period.
    Percent,
}

/// What the controller reads at a sync.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// `spec.replicas` of the Deployment.
    pub spec_replicas: u32,
    /// `status.replicas` of the Deployment.
    pub status_replicas: u32,
    /// Its pods, those that are going away included.
    pub pods: &'a [Pod],
    /// One for each metric of the specification, in its order. What is not there counts as failed.
    pub readings: &'a [Reading<'a>],
}

/// What a sync decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The Deployment's `spec.replicas` from now on.
    pub replicas: u32,
    /// Which bound the result met. `None`: it was not computed from metrics.
    pub limit: Option<Limit>,
    /// Why nothing could be decided; `replicas` is then what it was.
    pub error: Option<MetricError>,
}

/// One autoscaler: specification, bounds and memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Hpa {
    spec: HpaSpec,
    behavior: Option<ResolvedBehavior>,
    tolerances: Tolerances,
    min: u32,
    max: u32,
    zero_enabled: bool,
    memory: Memory,
}

impl Hpa {
    /// An autoscaler that has not looked yet, between `min` and `max` replicas (`None`: as many as the API can say).
    #[must_use]
    pub fn new(spec: HpaSpec, min: u32, max: Option<u32>) -> Self {
        let tolerance = |rules: Option<&Rules>| rules.and_then(|rules| rules.tolerance).unwrap_or(spec.tolerance);
        let rules = spec.behavior.as_ref();
        let tolerances = Tolerances {
            up: tolerance(rules.and_then(|behavior| behavior.scale_up.as_ref())),
            down: tolerance(rules.and_then(|behavior| behavior.scale_down.as_ref())),
        };
        let behavior = rules.map(|behavior| ResolvedBehavior::new(behavior, spec.downscale_stabilization));
        let max = max.unwrap_or(i32::MAX.unsigned_abs());
        Self { spec, behavior, tolerances, min, max, zero_enabled: false, memory: Memory::default() }
    }

    /// With the feature gate `HPAScaleToZero`: wakes from a zero it caused itself.
    #[must_use]
    pub const fn with_scale_to_zero(mut self) -> Self {
        self.zero_enabled = true;
        self
    }

    /// With what an earlier controller remembered.
    #[must_use]
    pub fn with_memory(mut self, memory: Memory) -> Self {
        self.memory = memory;
        self
    }

    /// What it was told.
    #[must_use]
    pub const fn spec(&self) -> &HpaSpec {
        &self.spec
    }

    /// Dead band of each direction.
    #[must_use]
    pub const fn tolerances(&self) -> Tolerances {
        self.tolerances
    }

    /// What it remembers.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// One sync at `now`, no earlier than the last. The decision is taken to be carried out.
    pub fn sync(&mut self, now: Nanos, seen: &Observation<'_>) -> Decision {
        let current = seen.spec_replicas;
        let seed = Recommendation { replicas: current, at: now };
        self.memory.recommendations.get_or_insert_with(|| vec![seed]);
        let keep = |error| Decision { replicas: current, limit: None, error };
        let decision = if current == 0 && !self.wakes() {
            keep(None)
        } else if current > self.max {
            Decision { replicas: self.max, ..keep(None) }
        } else if current > 0 && current < self.min {
            Decision { replicas: self.min, ..keep(None) }
        } else {
            match self.desired(now, seen) {
                Ok(desired) => self.limited(now, current, desired),
                Err(error) => keep(Some(error)),
            }
        };
        if let Some(rules) = self.behavior.as_ref().filter(|_| decision.replicas != current) {
            self.memory.store(now, current, decision.replicas, &rules.up, &rules.down);
        }
        if current > 0 || decision.replicas > 0 {
            self.memory.scaled_to_zero = decision.replicas == 0;
        }
        decision
    }

    /// Whether it scales from zero: only if it went there itself, and has something to wake it.
    fn wakes(&self) -> bool {
        let woken = self.min > 0 || self.spec.metrics.iter().any(|metric| metric.is_external());
        self.zero_enabled && self.memory.scaled_to_zero && woken
    }

    /// The largest proposal. A metric that fails blocks scaling down, and everything if all fail.
    fn desired(&self, now: Nanos, seen: &Observation<'_>) -> Result<u32, MetricError> {
        let inquiry = Inquiry {
            now,
            spec: &self.spec,
            tolerances: self.tolerances,
            spec_replicas: seen.spec_replicas,
            status_replicas: seen.status_replicas,
            pods: seen.pods,
        };
        let (mut largest, mut first_error) = (None, None);
        for (index, metric) in self.spec.metrics.iter().enumerate() {
            let reading = seen.readings.get(index).copied().unwrap_or(Reading::Failed);
            match inquiry.proposal(*metric, reading) {
                Ok(proposal) => largest = largest.max(Some(proposal.replicas)),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        match (largest, first_error) {
            (Some(replicas), None) => Ok(replicas),
            (Some(replicas), Some(_)) if replicas >= seen.spec_replicas => Ok(replicas),
            (_, error) => Err(error.unwrap_or(MetricError::NoMetrics)),
        }
    }

    fn limited(&mut self, now: Nanos, current: u32, desired: u32) -> Decision {
        let (min, max) = (self.min, self.max);
        let (replicas, limit) = match &self.behavior {
            None => {
                let steady = self.memory.stabilize(now, desired, self.spec.downscale_stabilization);
                clamp_plain(current, steady, min, max)
            }
            Some(rules) => {
                let (up, down) = (rules.up_window, rules.down_window);
                let desired = self.memory.stabilize_both(now, current, desired, up, down);
                clamp_rate(Change { now, current, desired, min, max }, rules, &self.memory)
            }
        };
        // Rate limits clamp one direction only; from zero the minimum still holds.
        let replicas = if current == 0 { replicas.max(min) } else { replicas };
        Decision { replicas, limit: Some(limit), error: None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::metrics::{Phase, Sample, Usage};
    use super::*;

    fn spec(behavior: Option<Behavior>) -> HpaSpec {
        HpaSpec {
            metrics: vec![MetricTarget::CpuUtilization(80)],
            behavior,
            tolerance: 0.1,
            sync_period: at(15),
            metric_resolution: at(15),
            cpu_initialization_period: at(300),
            initial_readiness_delay: at(30),
            downscale_stabilization: at(300),
        }
    }

    fn at(seconds: u64) -> Nanos {
        Nanos(seconds * Nanos::SECOND.0)
    }

    /// A sync in which `replicas` pods, ready for long, use `milli` of their 1000.
    fn sync(hpa: &mut Hpa, now: Nanos, replicas: u32, milli: i64) -> u32 {
        let pod =
            Pod { phase: Phase::Running, deleted: false, ready: Some(true), started: Some(at(0)), transitioned: at(0) };
        let sample = Sample { value: milli, at: now, window: at(15) };
        let pods = vec![pod; replicas as usize];
        let usage = vec![Usage { request: Some(1000), sample: Some(sample) }; replicas as usize];
        let readings = [Reading::Pods { usage: &usage, stale: &[] }];
        let seen = Observation { spec_replicas: replicas, status_replicas: replicas, pods: &pods, readings: &readings };
        hpa.sync(now, &seen).replicas
    }

    #[test]
    fn behavior_absent_differs_from_behavior_empty() {
        assert_eq!(sync(&mut Hpa::new(spec(None), 1, None), at(1000), 1, 9000), 4, "max(2 x 1, 4)");
        let empty = Some(Behavior::default());
        assert_eq!(sync(&mut Hpa::new(spec(empty), 1, None), at(1000), 1, 9000), 5, "max(1 + 4, 1 x 2)");
    }

    #[test]
    fn a_scale_event_counts_while_younger_than_its_period() {
        let mut hpa = Hpa::new(spec(Some(Behavior::default())), 1, None);
        assert_eq!(sync(&mut hpa, at(1000), 10, 9000), 20);
        assert_eq!(sync(&mut hpa, Nanos(at(1015).0 - 1), 20, 9000), 20, "the budget of the period is spent");
        assert_eq!(sync(&mut hpa, at(1015), 20, 9000), 40, "exactly as old as the period: it counts no more");
    }

    #[test]
    fn the_first_sync_remembers_the_replicas_it_found() {
        let mut hpa = Hpa::new(spec(None), 1, None);
        assert_eq!(sync(&mut hpa, at(1000), 10, 80), 10, "the seed holds for the window");
        assert_eq!(sync(&mut hpa, at(1300), 10, 80), 10, "inclusive");
        assert_eq!(sync(&mut hpa, at(1301), 10, 80), 1);
    }

    #[test]
    fn bounds_apply_at_once() {
        let mut hpa = Hpa::new(spec(None), 3, Some(20));
        assert_eq!(sync(&mut hpa, at(1000), 100, 800), 20);
        assert_eq!(sync(&mut hpa, at(1015), 1, 10), 3);
        assert_eq!(sync(&mut hpa, at(1030), 0, 0), 0, "zero replicas switch it off");
    }

    #[test]
    fn it_wakes_only_from_a_zero_of_its_own() {
        let spec = HpaSpec { metrics: vec![MetricTarget::AverageValue(1000)], ..spec(None) };
        let series = |hpa: &mut Hpa, now, replicas, value: i64| {
            let series = [value];
            let readings = [Reading::Series(&series)];
            let seen =
                Observation { spec_replicas: replicas, status_replicas: replicas, pods: &[], readings: &readings };
            hpa.sync(now, &seen).replicas
        };
        let mut hpa = Hpa::new(spec, 0, None).with_scale_to_zero();
        assert_eq!(series(&mut hpa, at(0), 0, 3000), 0, "the user set zero");
        assert_eq!(series(&mut hpa, at(1000), 2, 0), 0);
        assert_eq!(series(&mut hpa, at(1015), 0, 3000), 3);
    }

    proptest! {
        #[test]
        fn the_bounds_and_the_rate_hold(
            loads in proptest::collection::vec(0..20_000i64, 1..60), behaves: bool, min in 1..4u32, max in 4..60u32,
        ) {
            let mut hpa = Hpa::new(spec(behaves.then(Behavior::default)), min, Some(max));
            let mut replicas = min;
            for (now, load) in (1000..).step_by(15).map(at).zip(loads) {
                let next = sync(&mut hpa, now, replicas, load);
                prop_assert!((min..=max).contains(&next));
                let limit = (2 * replicas).max(if behaves { replicas + 4 } else { 4 });
                prop_assert!(next <= limit);
                replicas = next;
            }
            let log = hpa.memory().recommendations.as_ref().map_or(0, Vec::len);
            prop_assert!(log <= 2 + 300 / 15, "slots are used again: {log}");
        }
    }
}
