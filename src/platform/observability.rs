//! Where the logs, metrics and traces of a deployment go, and what is counted of them.
//!
//! Everything but the choice of requests that are traced follows from attempts, instances and time that are counted
//! anyway, and is multiplied out at the end of a run.

use super::binding::variant;
use crate::application::Application;
use crate::application::telemetry::Telemetry;
use crate::metering::usage::{Dimension, Meter};
use crate::units::{Bytes, Nanos};

/// Variant of block storage on which a server of one's own keeps what it is told.
pub const DISK: &str = "observability";
/// Variant of data held that is log lines.
const STORED: &str = "logs";
/// Parts of one, in which shares are kept: exact for those that people write.
const MILLION: u64 = 1_000_000;

/// Where logs, metrics and traces go. Without a place nothing of them is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observability {
    /// Where log lines go.
    pub logs: Option<Logs>,
    /// Where metrics go.
    pub metrics: Option<Metrics>,
    /// Where traces go.
    pub traces: Option<Traces>,
    /// GiB of block storage of servers on the cluster that keep metrics.
    pub disk_gib: u32,
}

/// Where log lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logs {
    /// Catalogue id.
    pub id: String,
    /// Whether the platform sends them there without being asked, and the scenario says nothing about it.
    pub unasked: bool,
    /// Variant under which bytes that are taken in are priced; empty: the only one.
    pub class: String,
    /// Bytes that the platform itself writes about one attempt.
    pub of_platform: Bytes,
    /// How long they are kept beyond what the price of taking them in includes.
    pub kept: Nanos,
    /// What is kept of a million bytes.
    pub of_million: u64,
}

/// Where metrics go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metrics {
    /// Each metric of a service is paid for as long as it is sent, whatever the number of instances.
    ByTime {
        /// Catalogue id.
        id: String,
    },
    /// Every instance sends each of its metrics, and bytes are paid.
    ByBytes {
        /// Catalogue id.
        id: String,
        /// Bytes of one value.
        sample: Bytes,
        /// From one value to the next, above 0.
        interval: Nanos,
    },
    /// A server on the cluster keeps them: its pod, and its disk.
    OnCluster {
        /// Catalogue id.
        id: String,
    },
}

/// Where traces go, and which requests are traced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traces {
    /// Catalogue id.
    pub id: String,
    /// Requests that are traced in every second, the first ones.
    pub reservoir: u32,
    /// Of a million others, so many are traced.
    pub of_million: u64,
    /// Whether spans are paid, and not traces.
    pub by_span: bool,
}

impl Observability {
    /// Catalogue ids of everything that has a tariff of its own.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let metrics = self.metrics.iter().filter_map(|metrics| match metrics {
            Metrics::ByTime { id } | Metrics::ByBytes { id, .. } => Some(id.as_str()),
            Metrics::OnCluster { .. } => None,
        });
        let logs = self.logs.iter().map(|logs| logs.id.as_str());
        logs.chain(metrics).chain(self.traces.iter().map(|traces| traces.id.as_str()))
    }

    /// Whether something depends on the number of attempts at a service that tells so much.
    #[must_use]
    pub fn counts_attempts(&self, told: Telemetry) -> bool {
        self.logs.as_ref().is_some_and(|logs| logs.of_attempt(told) > 0)
            || self.traces.as_ref().is_some_and(|traces| traces.by_span && told.spans > 0)
    }

    /// Every meter that can turn when `application` runs.
    #[must_use]
    pub fn meters(&self, application: &Application) -> Vec<Meter> {
        let mut meters = Vec::new();
        let mut add = |counted: bool, service: &str, dimension, variant: String| {
            if counted {
                meters.push(Meter { service: service.to_owned(), dimension, variant });
            }
        };
        for service in &application.services {
            let (name, told) = (service.name.as_str(), service.telemetry);
            if let Some(logs) = self.logs.as_ref().filter(|logs| logs.of_attempt(told) > 0) {
                add(true, name, Dimension::LogBytes, logs.taken_in());
                add(logs.kept.0 > 0 && logs.of_million > 0, name, Dimension::StoredGibHours, logs.stored());
            }
            if let Some((dimension, variant)) = self.metrics.as_ref().and_then(Metrics::meter) {
                add(told.metrics > 0, name, dimension, variant);
            }
            if let Some(traces) = self.traces.as_ref().filter(|traces| traces.by_span) {
                add(told.spans > 0, name, Dimension::Traces, traces.variant());
            }
        }
        if let Some(traces) = self.traces.as_ref().filter(|traces| !traces.by_span) {
            add(true, "", Dimension::Traces, traces.variant());
        }
        add(self.disk_gib > 0, "", Dimension::VolumeGibHours, DISK.to_owned());
        meters
    }
}

impl Logs {
    /// Bytes that an attempt leaves at a service that tells so much.
    #[must_use]
    pub const fn of_attempt(&self, told: Telemetry) -> u64 {
        self.of_platform.0 + told.log_bytes.0
    }

    /// Variant under which bytes that are taken in are counted.
    #[must_use]
    pub fn taken_in(&self) -> String {
        variant(Some(&self.id), &self.class)
    }

    /// Variant under which bytes that are kept are counted.
    #[must_use]
    pub fn stored(&self) -> String {
        variant(Some(&self.id), STORED)
    }

    /// MiB nanoseconds for which so many bytes are kept, all of which are counted when they are written: what is paid for
    /// in the long run, when as much expires as comes.
    #[must_use]
    pub fn mib_nanoseconds(&self, bytes: u128) -> u128 {
        // By the MiB before by the time, which together may be more than a number holds.
        let millionths = bytes * u128::from(self.of_million);
        let per_mib = u128::from(MILLION) << 20;
        millionths / per_mib * u128::from(self.kept.0) + millionths % per_mib * u128::from(self.kept.0) / per_mib
    }
}

impl Metrics {
    /// What is counted, and under which variant; nothing where the cluster keeps them.
    #[must_use]
    pub fn meter(&self) -> Option<(Dimension, String)> {
        match self {
            Self::ByTime { id } => Some((Dimension::MetricHours, variant(Some(id), ""))),
            Self::ByBytes { id, .. } => Some((Dimension::MetricBytes, variant(Some(id), ""))),
            Self::OnCluster { .. } => None,
        }
    }

    /// The time that is looked at, in nanoseconds: a stretch of it, or what `instances` were there in it together.
    #[must_use]
    pub const fn time(&self, length: Nanos, instances: u128) -> u128 {
        if matches!(self, Self::ByBytes { .. }) { instances } else { length.0 as u128 }
    }

    /// What is counted of so many metrics in this time.
    #[must_use]
    pub fn quantity(&self, metrics: u32, time: u128) -> u128 {
        let sent = u128::from(metrics) * time;
        match self {
            Self::ByTime { .. } => sent,
            Self::ByBytes { sample, interval, .. } => sent * u128::from(sample.0) / u128::from(interval.0),
            Self::OnCluster { .. } => 0,
        }
    }
}

impl Traces {
    /// Variant under which they are counted.
    #[must_use]
    pub fn variant(&self) -> String {
        variant(Some(&self.id), "")
    }

    /// Of so many requests beyond the reservoir, those that are traced.
    #[must_use]
    pub const fn of_others(&self, requests: u128) -> u128 {
        requests * self.of_million as u128 / MILLION as u128
    }
}

/// A share in millionths.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a share is from 0 to 1
pub fn millionths(share: f64) -> u64 {
    (share * MILLION as f64).round() as u64
}

/// How much a server needs that keeps metrics of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizing {
    /// Series that each node brings.
    pub per_node: u64,
    /// Series that each pod brings, beside the metrics of its service.
    pub per_pod: u64,
    /// Memory of one series.
    pub series_memory: Bytes,
    /// Disk of one value.
    pub sample: Bytes,
    /// From one value to the next, above 0.
    pub interval: Nanos,
    /// How long values are kept.
    pub retention: Nanos,
}

impl Sizing {
    /// Series of so many nodes and pods, with `metrics` of their services together.
    #[must_use]
    pub const fn series(&self, nodes: u64, pods: u64, metrics: u64) -> u64 {
        self.per_node.saturating_mul(nodes).saturating_add(self.per_pod.saturating_mul(pods)).saturating_add(metrics)
    }

    /// Memory for so many series, in whole MiB.
    #[must_use]
    pub const fn memory(&self, series: u64) -> Bytes {
        Bytes(series.saturating_mul(self.series_memory.0).saturating_add((1 << 20) - 1) >> 20 << 20)
    }

    /// Disk for so many series, in whole GiB.
    #[must_use]
    pub fn disk_gib(&self, series: u64) -> u32 {
        let samples = u128::from(series) * u128::from(self.retention.0) / u128::from(self.interval.0);
        u32::try_from((samples * u128::from(self.sample.0)).div_ceil(1 << 30)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * Nanos::HOUR.0;

    #[test]
    fn a_server_is_as_large_as_its_series() {
        let sizing = Sizing {
            per_node: 1500,
            per_pod: 150,
            series_memory: Bytes(7680),
            sample: Bytes(2),
            interval: Nanos(60_000_000_000),
            retention: Nanos(15 * DAY),
        };
        // 20 nodes, 100 pods, and 10 metrics on each of these.
        let series = sizing.series(20, 100, 1000);
        assert_eq!(series, 46_000);
        // 46,000 x 7,680 B = 336.9 MiB; 46,000 x 21,600 values x 2 B = 1.85 GiB.
        assert_eq!(sizing.memory(series), Bytes(337 << 20));
        assert_eq!(sizing.disk_gib(series), 2);
        assert_eq!((sizing.memory(0), sizing.disk_gib(0)), (Bytes(0), 0));
        assert_eq!(sizing.disk_gib(u64::MAX), u32::MAX, "and does not overflow");
    }

    #[test]
    fn what_is_kept_is_counted_when_it_is_written() {
        let logs = |kept: u64, of_million| Logs {
            id: "x".to_owned(),
            unasked: false,
            class: String::new(),
            of_platform: Bytes(0),
            kept: Nanos(kept),
            of_million,
        };
        assert_eq!(logs(30 * DAY, 150_000).mib_nanoseconds(100 << 20), 15 * u128::from(30 * DAY));
        assert_eq!(logs(30 * DAY, 1_000_000).mib_nanoseconds(1 << 19), u128::from(15 * DAY), "half a MiB");
        assert_eq!(logs(0, 150_000).mib_nanoseconds(1 << 60), 0);
        // An exabyte for a century.
        assert!(logs(36_500 * DAY, 1_000_000).mib_nanoseconds(1 << 60) > 0);
    }

    #[test]
    fn metrics_are_counted_by_time_or_by_values() {
        let hour = u128::from(Nanos::HOUR.0);
        let of = |metrics: &Metrics| metrics.quantity(7, metrics.time(Nanos::HOUR, 3 * hour));
        assert_eq!(of(&Metrics::ByTime { id: "x".to_owned() }), 7 * hour);
        // Three instances, seven metrics, sixty values of eight bytes.
        let by_bytes = Metrics::ByBytes { id: "x".to_owned(), sample: Bytes(8), interval: Nanos(60_000_000_000) };
        assert_eq!(of(&by_bytes), 3 * 7 * 60 * 8);
    }

    #[test]
    fn shares_are_exact_to_a_millionth() {
        let traces = Traces { id: "x".to_owned(), reservoir: 1, of_million: millionths(0.05), by_span: false };
        assert_eq!([0, 19, 20, 900].map(|requests| traces.of_others(requests)), [0, 0, 1, 45]);
    }
}
