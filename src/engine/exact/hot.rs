//! What the hot path asks of the deployment, looked up once.

use crate::application::Service;
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::fleet::{KeepAliveFrom, QueueAt};
use crate::platform::meter::Per;
use crate::platform::service::OfService;

use super::clients::Clients;
use super::control::Control;
use super::faults::Perils;

/// Answers that do not change during a run, but for the check of the pool.
#[allow(clippy::struct_excessive_bools)] // independent answers, not a state
#[derive(Clone, Copy, Debug)]
pub(super) struct Hot {
    /// The platform ends an attempt after this long; `u64::MAX`: never.
    pub kill_after: u64,
    /// Whether attempts are counted one by one, with their time: for a bill, or for the log lines that they leave.
    pub counts_attempts: bool,
    /// The lowest limit of concurrency; `u64::MAX` without one.
    pub busy_cap: u64,
    /// Whether the first request of an instance brings its start with it.
    pub may_be_fresh: bool,
    /// Attempts that an instance takes at once, those in its queue included.
    pub places: u32,
    /// No idle instance of the pool expires before this.
    pub pool_check: u64,
    /// An instance that becomes idle is kept for at least this; `u64::MAX`: for good. 0 where instances do not follow
    /// requests, and it is not for them to end.
    pub keep_least: u64,
    /// Whether nothing that is measured tells one instance from another.
    pub exchangeable: bool,
    /// Whether something is asked before a request looks for an instance: a budget of retries, the edge's throttle, or
    /// whether it is traced.
    pub guarded: bool,
    /// Whether the service has steps of its own, or its work is done step by step.
    pub has_steps: bool,
    /// Whether attempts pass proxies, which need CPU.
    pub has_proxies: bool,
    /// Whether a law looks at the CPU of instances.
    pub watches_cpu: bool,
    /// Whether the CPU of an instance of one slot is kept as a level in time, and not booked when its work ends.
    pub levels_cpu: bool,
}

impl Hot {
    /// Of a deployment of this service, which is run by `spec`, under this control and with these clients.
    pub fn of(
        deployment: &Deployment,
        spec: OfService<'_>,
        service: &Service,
        control: &Control<'_>,
        clients: &Clients<'_>,
        perils: Perils,
        exchangeable: bool,
    ) -> Self {
        // What may go wrong with work on its way goes wrong between two steps.
        let has_steps = perils.work || !service.body.program.is_of_class();
        let (fleet, meter) = (spec.fleet, &deployment.meter);
        let slots = fleet.slots.unwrap_or(u32::MAX);
        Self {
            kill_after: fleet.timeout.map_or(u64::MAX, |timeout| timeout.0),
            counts_attempts: meter.per == Per::Request || deployment.observability.counts_attempts(service.telemetry),
            busy_cap: match &spec.autoscaler.law {
                Law::PerRequest(law) => {
                    law.account_concurrency.into_iter().chain(law.reserved).map(u64::from).min().unwrap_or(u64::MAX)
                }
                _ => u64::MAX,
            },
            may_be_fresh: fleet.cold_service.is_some(),
            places: match fleet.queue_at {
                QueueAt::Fleet => slots,
                QueueAt::Instance => slots.saturating_add(places(fleet.queue)),
            },
            pool_check: 0,
            keep_least: match (&fleet.keep_alive, fleet.keep_alive_from) {
                _ if !matches!(spec.autoscaler.law, Law::PerRequest(_)) => 0,
                (Some(_), KeepAliveFrom::Start) => 0,
                // A constant is rounded as it is drawn.
                (Some(law), _) => law.as_constant().unwrap_or_else(|| law.least()),
                (None, _) => u64::MAX,
            },
            exchangeable,
            guarded: clients.budgeted
                || deployment.edge.as_ref().is_some_and(|edge| edge.throttle.is_some())
                || deployment.observability.traces.is_some(),
            has_steps,
            has_proxies: deployment.hop.proxy_cpu.0 > 0,
            watches_cpu: control.watches_cpu(),
            levels_cpu: control.watches_cpu() || has_steps,
        }
    }
}

/// Waiting places, as many as are counted.
pub(super) fn places(queue: Option<u64>) -> u32 {
    queue.map_or(u32::MAX, |places| u32::try_from(places).unwrap_or(u32::MAX))
}
