//! Limits that hold load back, and for how long each was reached.

use crate::metering::measurement::{Level, LimitMeasure};
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::service::OfService;

use super::station::Station;

/// Limits that hold load back, in the words of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Max,
    Account,
    Reserved,
    ScaleRate,
    Queue,
    QueueTimeout,
    NoInstance,
    Timeout,
    EdgeTimeout,
    EdgeThrottle,
    Nodes,
    Store,
}

impl Limit {
    /// Whether it is the deployment's, and not that of one of its services.
    pub const fn is_of_deployment(self) -> bool {
        matches!(self, Self::Account | Self::EdgeTimeout | Self::EdgeThrottle | Self::Nodes | Self::Store)
    }

    pub const ALL: [(Self, &'static str); 12] = [
        (Self::Max, "autoscaler.max"),
        (Self::Account, "autoscaler.account_concurrency"),
        (Self::Reserved, "autoscaler.reserved"),
        (Self::ScaleRate, "autoscaler.scale_rate"),
        (Self::Queue, "fleet.queue"),
        (Self::QueueTimeout, "fleet.queue_timeout"),
        (Self::NoInstance, "no ready instance"),
        (Self::Timeout, "fleet.timeout"),
        (Self::EdgeTimeout, "edge.timeout"),
        (Self::EdgeThrottle, "edge.throttle"),
        (Self::Nodes, "placement.nodes.max"),
        (Self::Store, "bind"),
    ];
}

/// How one limit was met.
#[derive(Clone, Debug, Default)]
struct Gauge {
    value: String,
    /// 1 while it is reached.
    reached: Level,
    integral: u128,
    timed: bool,
    shed: u64,
}

impl Gauge {
    /// It is reached from `at` on, or no more.
    #[inline]
    fn reach(&mut self, is: bool, at: u64) {
        match (is, self.reached.count()) {
            (true, 0) => self.reached.raise(1, at),
            (false, 1) => self.reached.lower(1, at),
            _ => {}
        }
    }

    /// What is reported of it: nothing of a limit that has no value or held nothing back.
    fn measure(&self, limit: String) -> Option<LimitMeasure> {
        let met = !self.value.is_empty() && (self.integral > 0 || self.shed > 0);
        let reached = self.timed.then_some(self.integral);
        met.then_some(LimitMeasure { limit, value: self.value.clone(), reached, shed: self.shed })
    }
}

/// How the limits of a service, or those of the whole deployment, were met.
#[derive(Clone, Debug, Default)]
pub(super) struct Gauges([Gauge; Limit::ALL.len()]);

impl Gauges {
    /// Sets what a limit is; only limits that have a value are reported. `timed`: it is reached for a while, and not
    /// only met.
    pub fn declare(&mut self, limit: Limit, value: String, timed: bool) {
        let gauge = &mut self.0[limit as usize];
        (gauge.value, gauge.timed) = (value, timed);
    }

    /// Sets the limits of a service.
    pub fn declare_fleet(&mut self, spec: OfService<'_>) {
        let (fleet, autoscaler) = (spec.fleet, spec.autoscaler);
        if let Some(max) = autoscaler.max
            && !matches!(autoscaler.law, Law::Fixed { .. })
        {
            self.declare(Limit::Max, max.to_string(), true);
        }
        if let Law::PerRequest(law) = &autoscaler.law {
            if let Some(reserved) = law.reserved {
                self.declare(Limit::Reserved, reserved.to_string(), true);
            }
            if let Some(rate) = law.scale_rate {
                self.declare(Limit::ScaleRate, format!("{} per {}", rate.count, rate.per), false);
            }
        }
        if let Some(places) = fleet.queue {
            self.declare(Limit::Queue, places.to_string(), false);
        }
        if let Some(timeout) = fleet.queue_timeout {
            self.declare(Limit::QueueTimeout, timeout.to_string(), false);
        }
        if let Some(timeout) = fleet.timeout {
            self.declare(Limit::Timeout, timeout.to_string(), false);
        }
        self.declare(Limit::NoInstance, "0 ready".to_owned(), false);
    }

    /// Sets the limits of a deployment as a whole; that of its nodes is known when there are nodes.
    pub fn declare_whole(&mut self, deployment: &Deployment, stores_are_entered: bool) {
        if stores_are_entered {
            self.declare(Limit::Store, "what stores that clients enter take".to_owned(), false);
        }
        let account = |law: &Law| match law {
            Law::PerRequest(law) => law.account_concurrency,
            _ => None,
        };
        let own = deployment.services.iter().map(|service| &service.autoscaler.law);
        if let Some(least) = own.chain([&deployment.autoscaler.law]).filter_map(account).min() {
            self.declare(Limit::Account, least.to_string(), true);
        }
        let Some(edge) = &deployment.edge else { return };
        if let Some(timeout) = edge.timeout {
            self.declare(Limit::EdgeTimeout, timeout.to_string(), false);
        }
        if let Some(throttle) = edge.throttle {
            self.declare(Limit::EdgeThrottle, format!("{}/s, {} at once", throttle.rate, throttle.burst), false);
        }
    }

    /// A limit is reached from `at` on, or no more.
    #[inline]
    pub fn reached(&mut self, limit: Limit, is: bool, at: u64) {
        self.0[limit as usize].reach(is, at);
    }

    /// So many attempts were turned away by a limit.
    pub fn shed(&mut self, limit: Limit, attempts: u64) {
        self.0[limit as usize].shed += attempts;
    }

    /// A slice ends; the one that is the warm-up is not counted.
    pub fn roll(&mut self, now: u64, counted: bool) {
        for gauge in &mut self.0 {
            let reached = gauge.reached.take(now);
            gauge.integral += if counted { reached } else { 0 };
        }
    }
}

/// What is reported of all limits, in the order of [`Limit::ALL`]; one that services have, in the order of these.
pub(super) fn measured(stations: &[Box<Station<'_>>], own: &Gauges) -> Vec<LimitMeasure> {
    let mut measured = Vec::new();
    for (limit, name) in Limit::ALL {
        if limit.is_of_deployment() {
            measured.extend(own.0[limit as usize].measure(name.to_owned()));
            continue;
        }
        for station in stations {
            let of_one = if stations.len() == 1 { String::new() } else { format!("service.{}.", station.service.name) };
            measured.extend(station.limits.0[limit as usize].measure(format!("{of_one}{name}")));
        }
    }
    measured
}
