//! From what the metrics ask for to what is done: stabilisation windows, rate limits, bounds.
//!
//! Owns the controller's memory. Follows Kubernetes, `pkg/controller/podautoscaler/horizontal.go` (master of 2026;
//! <https://github.com/kubernetes/kubernetes>). Ages are compared strictly, as there: what is exactly as old as a window
//! is outside of it for `behavior`, and inside for the controller's flag.

use super::{Behavior, Policy, PolicyKind, Rules, SelectPolicy};
use crate::units::Nanos;

/// What the metrics asked for at some time, before any limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// Replicas.
    pub replicas: u32,
    /// When.
    pub at: Nanos,
}

/// A change of the number of replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScaleEvent {
    /// How many were added, or removed.
    pub change: u32,
    /// When.
    pub at: Nanos,
    /// Older than the longest policy when last looked at: its slot is free.
    pub outdated: bool,
}

/// Which bound the result met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// None.
    WithinRange,
    /// The minimum.
    TooFewReplicas,
    /// The maximum.
    TooManyReplicas,
    /// The rate of scaling up.
    ScaleUpLimit,
    /// The rate of scaling down.
    ScaleDownLimit,
}

impl Rules {
    /// The API's defaults for scaling up: the larger of 4 pods and 100 % in 15 s, no window (autoscaling/v2,
    /// `pkg/apis/autoscaling/v2/defaults.go`).
    #[must_use]
    pub fn scale_up() -> Self {
        let policy = |kind, value| Policy { kind, value, period: Nanos(15 * Nanos::SECOND.0) };
        Self {
            stabilization_window: None,
            select: SelectPolicy::Max,
            policies: vec![policy(PolicyKind::Pods, 4), policy(PolicyKind::Percent, 100)],
            tolerance: None,
        }
    }

    /// The API's defaults for scaling down: 100 % in 15 s, the controller's window (same source).
    #[must_use]
    pub fn scale_down() -> Self {
        let policy = Policy { kind: PolicyKind::Percent, value: 100, period: Nanos(15 * Nanos::SECOND.0) };
        Self { stabilization_window: None, select: SelectPolicy::Max, policies: vec![policy], tolerance: None }
    }

    /// Most replicas to which `current` may grow now.
    #[must_use]
    pub fn up_limit(&self, now: Nanos, current: u32, memory: &Memory) -> u32 {
        let limit = self.select(now, current, memory, |policy, start| match policy.kind {
            PolicyKind::Pods => start + i64::from(policy.value),
            PolicyKind::Percent => whole((start as f64 * (1.0 + f64::from(policy.value) / 100.0)).ceil()),
        });
        u32::try_from(limit.max(i64::from(current))).unwrap_or(u32::MAX)
    }

    /// Fewest replicas to which `current` may shrink now.
    #[must_use]
    pub fn down_limit(&self, now: Nanos, current: u32, memory: &Memory) -> u32 {
        // The largest change leaves the fewest replicas: compare the negated results.
        let limit = -self.select(now, current, memory, |policy, start| -match policy.kind {
            PolicyKind::Pods => start - i64::from(policy.value),
            PolicyKind::Percent => whole((start as f64 * (1.0 - f64::from(policy.value) / 100.0)).trunc()),
        });
        u32::try_from(limit.min(i64::from(current))).unwrap_or(0)
    }

    /// The policy's `proposal` that wins, counted from the replicas at the start of its period. Without one (disabled)
    /// it is less than any number of replicas, which both callers clamp at the current one.
    fn select(&self, now: Nanos, current: u32, memory: &Memory, proposal: impl Fn(&Policy, i64) -> i64) -> i64 {
        let proposals = self.policies.iter().map(|policy| {
            let added = change_within(&memory.ups, now, policy.period);
            let removed = change_within(&memory.downs, now, policy.period);
            proposal(policy, i64::from(current) - added + removed)
        });
        match self.select {
            SelectPolicy::Max => proposals.max(),
            SelectPolicy::Min => proposals.min(),
            SelectPolicy::Disabled => None,
        }
        .unwrap_or(i64::from(i32::MIN))
    }

    fn longest_period(&self) -> Nanos {
        self.policies.iter().map(|policy| policy.period).max().unwrap_or(Nanos::ZERO)
    }
}

/// Replicas added (or removed) within the last `period`.
#[must_use]
pub fn change_within(events: &[ScaleEvent], now: Nanos, period: Nanos) -> i64 {
    let recent = events.iter().filter(|event| age(now, event.at) < period);
    recent.map(|event| i64::from(event.change)).sum()
}

/// What the controller remembers of one autoscaler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// `None` until the first sync.
    pub recommendations: Option<Vec<Recommendation>>,
    /// Changes up, while `behavior` is set.
    pub ups: Vec<ScaleEvent>,
    /// Changes down, while `behavior` is set.
    pub downs: Vec<ScaleEvent>,
    /// The autoscaler itself went to zero.
    pub scaled_to_zero: bool,
}

impl Memory {
    /// Without `behavior`: the largest recommendation within `window`.
    pub fn stabilize(&mut self, now: Nanos, desired: u32, window: Nanos) -> u32 {
        let log = self.recommendations.get_or_insert_default();
        let fresh = log.iter().filter(|entry| age(now, entry.at) <= window);
        let highest = fresh.map(|entry| entry.replicas).fold(desired, u32::max);
        let old = log.iter().rposition(|entry| age(now, entry.at) > window);
        record(log, old, Recommendation { replicas: desired, at: now });
        highest
    }

    /// With `behavior`: no higher than what was asked for throughout `up`, no lower than throughout `down`.
    pub fn stabilize_both(&mut self, now: Nanos, current: u32, desired: u32, up: Nanos, down: Nanos) -> u32 {
        let log = self.recommendations.get_or_insert_default();
        let (mut lowest, mut highest) = (desired, desired);
        for entry in log.iter() {
            if age(now, entry.at) < up {
                lowest = lowest.min(entry.replicas);
            }
            if age(now, entry.at) < down {
                highest = highest.max(entry.replicas);
            }
        }
        let old = log.iter().rposition(|entry| age(now, entry.at) > up.max(down));
        record(log, old, Recommendation { replicas: desired, at: now });
        current.max(lowest).min(highest)
    }

    /// Remembers a change from `before` to `after` under `behavior`.
    pub fn store(&mut self, now: Nanos, before: u32, after: u32, up: &Rules, down: &Rules) {
        let (events, rules) = if after > before { (&mut self.ups, up) } else { (&mut self.downs, down) };
        let longest = rules.longest_period();
        for event in events.iter_mut() {
            event.outdated |= age(now, event.at) > longest;
        }
        let old = events.iter().rposition(|event| event.outdated);
        record(events, old, ScaleEvent { change: after.abs_diff(before), at: now, outdated: false });
    }
}

/// Bounds without `behavior`: at most twice the current replicas, or four.
#[must_use]
pub fn clamp_plain(current: u32, desired: u32, min: u32, max: u32) -> (u32, Limit) {
    let limit = current.saturating_mul(2).max(4);
    if desired < min {
        (min, Limit::TooFewReplicas)
    } else if desired <= max.min(limit) {
        (desired, Limit::WithinRange)
    } else if max > limit {
        (limit, Limit::ScaleUpLimit)
    } else {
        (max, Limit::TooManyReplicas)
    }
}

/// Bounds with `behavior`. Only the direction of the change is limited.
#[must_use]
pub fn clamp_rate(change: Change, rules: &ResolvedBehavior, memory: &Memory) -> (u32, Limit) {
    let Change { now, current, desired, min, max } = change;
    if desired > current {
        let limit = rules.up.up_limit(now, current, memory);
        let (allowed, reason) = if max > limit { (limit, Limit::ScaleUpLimit) } else { (max, Limit::TooManyReplicas) };
        if desired > allowed {
            return (allowed, reason);
        }
    } else if desired < current {
        let limit = rules.down.down_limit(now, current, memory);
        let (allowed, reason) = if min < limit { (limit, Limit::ScaleDownLimit) } else { (min, Limit::TooFewReplicas) };
        if desired < allowed {
            return (allowed, reason);
        }
    }
    (desired, Limit::WithinRange)
}

/// A change that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The time.
    pub now: Nanos,
    /// Replicas now.
    pub current: u32,
    /// Replicas wanted.
    pub desired: u32,
    /// Fewest.
    pub min: u32,
    /// Most.
    pub max: u32,
}

/// A [`Behavior`] with every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedBehavior {
    /// Rules for scaling up.
    pub up: Rules,
    /// Rules for scaling down.
    pub down: Rules,
    /// Window of scaling up.
    pub up_window: Nanos,
    /// Window of scaling down.
    pub down_window: Nanos,
}

impl ResolvedBehavior {
    /// Fills in the API's defaults, and the controller's `downscale` window where `behavior` names none.
    #[must_use]
    pub fn new(behavior: &Behavior, downscale: Nanos) -> Self {
        let up = behavior.scale_up.clone().unwrap_or_else(Rules::scale_up);
        let down = behavior.scale_down.clone().unwrap_or_else(Rules::scale_down);
        let up_window = up.stabilization_window.unwrap_or(Nanos::ZERO);
        let down_window = down.stabilization_window.unwrap_or(downscale);
        Self { up, down, up_window, down_window }
    }
}

fn age(now: Nanos, at: Nanos) -> Nanos {
    now.saturating_sub(at)
}

/// Overwrites the `old` slot, or appends: the lists stay as short as their windows.
fn record<T>(list: &mut Vec<T>, old: Option<usize>, entry: T) {
    match old {
        Some(slot) => list[slot] = entry,
        None => list.push(entry),
    }
}

fn whole(replicas: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation)] // at most 2^32 * 2^32 / 100
    let whole = replicas.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i64;
    whole
}
