//! How many replicas one metric asks for.
//!
//! Owns the sorting of pods and the arithmetic of every metric kind. One pass over the pods, no allocation.
//! Follows Kubernetes, `pkg/controller/podautoscaler/replica_calculator.go` (master of 2026; <https://github.com/kubernetes/kubernetes>).

use super::{HpaSpec, MetricTarget};
use crate::units::Nanos;

/// Phase of a pod's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not all containers have started.
    Pending,
    /// Containers run.
    Running,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
}

/// What the controller knows of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Phase of its life.
    pub phase: Phase,
    /// Whether it is being deleted.
    pub deleted: bool,
    /// The Ready condition. `None`: not reported yet.
    pub ready: Option<bool>,
    /// When it was accepted by its node. `None`: not yet.
    pub started: Option<Nanos>,
    /// When the Ready condition last changed.
    pub transitioned: Nanos,
}

/// A measured value of one pod, over a window that ended at `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Thousandths of the metric's unit (milli-vCPU, milli-bytes, milli-requests per second).
    pub value: i64,
    /// End of the window.
    pub at: Nanos,
    /// Length of the window.
    pub window: Nanos,
}

/// One metric of one pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// What the pod requests, in thousandths. `None`: a container has no request. Read by utilisation targets only.
    pub request: Option<i64>,
    /// `None`: not measured.
    pub sample: Option<Sample>,
}

/// What was fetched for one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading<'a> {
    /// A metric of pods.
    Pods {
        /// In the order of the observation's pods, and as many.
        usage: &'a [Usage],
        /// Values, in thousandths, of pods that are no longer listed.
        stale: &'a [i64],
    },
    /// A metric of something else: its series, in thousandths.
    Series(&'a [i64]),
    /// The fetch failed.
    Failed,
}

/// How a pod counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Its sample counts.
    Ready,
    /// Its sample is not used: zero when scaling up, left out when scaling down.
    Unready,
    /// It has no sample: zero when scaling up, its full request when scaling down.
    Missing,
    /// It is going away.
    Ignored,
}

/// Why a metric makes no proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricError {
    /// Nothing was fetched.
    NoMetrics,
    /// There are no pods.
    NoPods,
    /// No sample is of a pod that counts.
    NoReadyMetrics,
    /// No sample is of a pod with a request.
    NoMatchingRequests,
    /// A container has no request.
    MissingRequest,
}

/// What one metric asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Replicas.
    pub replicas: u32,
    /// Whole percent of the requests, for a utilisation target.
    pub utilization: Option<i64>,
    /// Thousandths: the mean of the pods that count; the whole of a `Value`; the share of a replica of an `AverageValue`.
    pub usage: i64,
}

/// No change while the ratio of a metric to its target lies in `1 - down ..= 1 + up`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerances {
    /// Above the target.
    pub up: f64,
    /// Below the target.
    pub down: f64,
}

impl Tolerances {
    fn cover(self, ratio: f64) -> bool {
        (1.0 - self.down..=1.0 + self.up).contains(&ratio)
    }
}

/// Everything a proposal is made from, besides the metric.
#[derive(Clone, Copy, Debug)]
pub struct Inquiry<'a> {
    /// The time.
    pub now: Nanos,
    /// Periods by which young pods are judged.
    pub spec: &'a HpaSpec,
    /// Dead band.
    pub tolerances: Tolerances,
    /// `spec.replicas` of the Deployment.
    pub spec_replicas: u32,
    /// `status.replicas` of the Deployment.
    pub status_replicas: u32,
    /// Its pods.
    pub pods: &'a [Pod],
}

/// What a pod requests of a resource, in thousandths: of the named container, else of the pod as a whole where pod-level
/// requests are enabled and set, else the sum over its containers (KEP-2837).
///
/// # Errors
/// [`MetricError::MissingRequest`] if a container that counts has none.
pub fn pod_request<'a>(
    containers: impl IntoIterator<Item = (&'a str, Option<i64>)>,
    container: Option<&str>,
    pod_level: Option<i64>,
    pod_level_enabled: bool,
) -> Result<i64, MetricError> {
    match (container, pod_level) {
        (None, Some(request)) if pod_level_enabled => Ok(request),
        _ => containers
            .into_iter()
            .filter(|(name, _)| container.is_none_or(|wanted| wanted == *name))
            .try_fold(0i64, |sum, (_, request)| request.map(|request| sum.saturating_add(request)))
            .ok_or(MetricError::MissingRequest),
    }
}

/// How `pod` counts. Only CPU samples are distrusted while a pod is young: start-up work says nothing of its load.
#[must_use]
pub fn classify(pod: &Pod, sample: Option<&Sample>, cpu: bool, now: Nanos, spec: &HpaSpec) -> Class {
    if pod.deleted || matches!(pod.phase, Phase::Failed | Phase::Succeeded) {
        return Class::Ignored;
    }
    if pod.phase == Phase::Pending {
        return Class::Unready;
    }
    let Some(sample) = sample else {
        return Class::Missing;
    };
    if !cpu {
        return Class::Ready;
    }
    let (Some(ready), Some(started)) = (pod.ready, pod.started) else {
        return Class::Unready;
    };
    let trusted = if started.saturating_add(spec.cpu_initialization_period) > now {
        ready && sample.at >= pod.transitioned.saturating_add(sample.window)
    } else {
        // An unready pod that changed long after its start was ready once: its sample shows load.
        ready || started.saturating_add(spec.initial_readiness_delay) <= pod.transitioned
    };
    if trusted { Class::Ready } else { Class::Unready }
}

impl Inquiry<'_> {
    /// What a metric with `target` and this `reading` asks for.
    ///
    /// # Errors
    /// The first reason, in the controller's order of checks, for which it cannot tell.
    pub fn proposal(&self, target: MetricTarget, reading: Reading<'_>) -> Result<Proposal, MetricError> {
        match (target, reading) {
            (MetricTarget::CpuUtilization(percent), Reading::Pods { usage, stale }) => {
                self.utilization(percent, &self.tally(usage, stale, true)?)
            }
            (MetricTarget::MemoryUtilization(percent), Reading::Pods { usage, stale }) => {
                self.utilization(percent, &self.tally(usage, stale, false)?)
            }
            (MetricTarget::CpuAverage(average), Reading::Pods { usage, stale }) => {
                Ok(self.average(average, &self.tally(usage, stale, true)?))
            }
            (MetricTarget::RequestsPerSecond(average), Reading::Pods { usage, stale }) => {
                Ok(self.average(average, &self.tally(usage, stale, false)?))
            }
            (MetricTarget::Value(target), Reading::Series(series)) => self.value(target, total(series)?),
            (MetricTarget::AverageValue(target), Reading::Series(series)) => {
                Ok(self.average_value(target, total(series)?))
            }
            // Not fetched; a reading of the wrong kind is a metric that was not found.
            _ => Err(MetricError::NoMetrics),
        }
    }

    fn tally(&self, usage: &[Usage], stale: &[i64], cpu: bool) -> Result<Tally, MetricError> {
        let mut tally = Tally { stale: count(stale.len()), stale_usage: sum(stale), ..Tally::default() };
        let mut found = !stale.is_empty();
        for (pod, usage) in self.pods.iter().zip(usage) {
            found |= usage.sample.is_some();
            tally.request_missing |= usage.request.is_none();
            let group = match classify(pod, usage.sample.as_ref(), cpu, self.now, self.spec) {
                Class::Ready => &mut tally.ready,
                Class::Unready => &mut tally.unready,
                Class::Missing => &mut tally.missing,
                Class::Ignored => continue,
            };
            group.pods += 1;
            group.requests = group.requests.saturating_add(usage.request.unwrap_or(0));
            group.usage = group.usage.saturating_add(usage.sample.map_or(0, |sample| sample.value));
        }
        if !found {
            return Err(MetricError::NoMetrics);
        }
        if self.pods.is_empty() {
            return Err(MetricError::NoPods);
        }
        if tally.ready.pods + tally.stale == 0 {
            return Err(MetricError::NoReadyMetrics);
        }
        Ok(tally)
    }

    /// Percent of the requests: a ratio of sums, truncated to whole percent before anything else.
    fn utilization(&self, target: i64, tally: &Tally) -> Result<Proposal, MetricError> {
        if tally.request_missing {
            return Err(MetricError::MissingRequest);
        }
        let counted = tally.ready;
        let percent = percent(counted.usage, counted.requests).ok_or(MetricError::NoMatchingRequests)?;
        let ratio = percent as f64 / target as f64;
        let replicas = self.settle(ratio, tally, |with_unready| {
            let mut group = counted;
            if ratio < 1.0 {
                group.add(tally.missing, scale(tally.missing.requests, target.max(100)));
            } else if ratio > 1.0 {
                group.add(tally.missing, 0);
            }
            if with_unready {
                group.add(tally.unready, 0);
            }
            let percent = self::percent(group.usage, group.requests).unwrap_or(percent);
            (percent as f64 / target as f64, group.pods + tally.stale)
        });
        Ok(Proposal { replicas, utilization: Some(percent), usage: counted.usage / i64::from(counted.pods) })
    }

    /// Mean of the pods that count.
    fn average(&self, target: i64, tally: &Tally) -> Proposal {
        let mut counted = tally.ready;
        counted.pods += tally.stale;
        counted.usage = counted.usage.saturating_add(tally.stale_usage);
        let mean = counted.usage / i64::from(counted.pods);
        let ratio = mean as f64 / target as f64;
        let replicas = self.settle(ratio, tally, |with_unready| {
            let mut group = counted;
            if ratio < 1.0 {
                group.add(tally.missing, target.saturating_mul(i64::from(tally.missing.pods)));
            } else if ratio > 1.0 {
                group.add(tally.missing, 0);
            }
            if with_unready {
                group.add(tally.unready, 0);
            }
            ((group.usage / i64::from(group.pods)) as f64 / target as f64, group.pods)
        });
        Proposal { replicas, utilization: None, usage: mean }
    }

    /// From a first ratio to replicas. `again` gives the ratio and the number of pods once those without a sample (and,
    /// if asked, the unready ones) are given an assumed one.
    fn settle(&self, ratio: f64, tally: &Tally, again: impl FnOnce(bool) -> (f64, u32)) -> u32 {
        let current = self.spec_replicas;
        let with_unready = tally.unready.pods > 0 && ratio > 1.0;
        if !with_unready && tally.missing.pods == 0 {
            return if self.tolerances.cover(ratio) { current } else { ceil(ratio * f64::from(tally.ready.pods)) };
        }
        let (revised, pods) = again(with_unready);
        let turned = (ratio < 1.0 && revised > 1.0) || (ratio > 1.0 && revised < 1.0);
        if turned || self.tolerances.cover(revised) {
            return current;
        }
        let replicas = ceil(revised * f64::from(pods));
        let against = (revised < 1.0 && replicas > current) || (revised > 1.0 && replicas < current);
        if against { current } else { replicas }
    }

    /// `Value` of an Object or External metric: proportional to the pods that run and are ready.
    fn value(&self, target: i64, usage: i64) -> Result<Proposal, MetricError> {
        let ratio = usage as f64 / target as f64;
        let replicas = if self.spec_replicas == 0 {
            ceil(ratio)
        } else if self.tolerances.cover(ratio) {
            self.spec_replicas
        } else if self.pods.is_empty() {
            return Err(MetricError::NoPods);
        } else {
            let ready = self.pods.iter().filter(|pod| pod.phase == Phase::Running && pod.ready == Some(true)).count();
            ceil(ratio * f64::from(count(ready)))
        };
        Ok(Proposal { replicas, utilization: None, usage })
    }

    /// `AverageValue` of an Object or External metric: what the whole needs, whatever is ready.
    fn average_value(&self, target: i64, usage: i64) -> Proposal {
        let status = f64::from(self.status_replicas);
        let ratio = usage as f64 / (target as f64 * status);
        let replicas =
            if self.tolerances.cover(ratio) { self.status_replicas } else { ceil(usage as f64 / target as f64) };
        #[allow(clippy::cast_possible_truncation)] // saturates, as the controller does
        let share = if self.status_replicas == 0 { 0 } else { (usage as f64 / status).ceil() as i64 };
        Proposal { replicas, utilization: None, usage: share }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Group {
    pods: u32,
    requests: i64,
    usage: i64,
}

impl Group {
    /// Takes in `other` with an assumed usage.
    fn add(&mut self, other: Self, usage: i64) {
        self.pods += other.pods;
        self.requests = self.requests.saturating_add(other.requests);
        self.usage = self.usage.saturating_add(usage);
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    ready: Group,
    unready: Group,
    missing: Group,
    stale: u32,
    stale_usage: i64,
    request_missing: bool,
}

fn count(pods: usize) -> u32 {
    u32::try_from(pods).unwrap_or(u32::MAX)
}

fn sum(series: &[i64]) -> i64 {
    series.iter().fold(0, |sum: i64, value| sum.saturating_add(*value))
}

fn total(series: &[i64]) -> Result<i64, MetricError> {
    if series.is_empty() { Err(MetricError::NoMetrics) } else { Ok(sum(series)) }
}

/// Whole percent, truncated. `None` without requests.
fn percent(usage: i64, requests: i64) -> Option<i64> {
    let percent = (i128::from(usage) * 100).checked_div(i128::from(requests))?;
    Some(i64::try_from(percent).unwrap_or(i64::MAX))
}

fn scale(value: i64, percent: i64) -> i64 {
    i64::try_from(i128::from(value) * i128::from(percent) / 100).unwrap_or(i64::MAX)
}

/// The next whole number of replicas, within what the API can say.
fn ceil(replicas: f64) -> u32 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped; NaN becomes 0
    let whole = replicas.ceil().clamp(0.0, f64::from(i32::MAX)) as u32;
    whole
}
