//! What it costs that an application has parts: edge, queues, workflows, bytes between zones, and being paid to wait.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::estimates::intervals;
use super::fold::{FoldedDeployment, FoldedService};
use super::result::{Coordination, Cost, Interval, Line, ServiceResult, interval};
use crate::kernel::estimate::mean_interval;
use crate::metering::usage::Dimension;
use crate::platform::meter::Per;
use crate::pricing::tariff::Group;
use crate::scenario::{Placed, Scenario};

/// The key of the interval of the share of waiting.
const WAITING_SHARE: &str = "waiting_share";

/// What was measured of it, before prices; none where the application has no parts.
pub(super) fn measured(scenario: &Scenario, placed: &Placed, folded: &FoldedDeployment) -> Option<Coordination> {
    let whole = &scenario.application;
    if whole.services.len() == 1 && whole.queues.is_empty() && whole.workflows.is_empty() {
        return None;
    }
    let sum = |of: fn(&FoldedService) -> u128| folded.services.iter().map(of).sum::<u128>();
    Some(Coordination {
        waiting: (placed.deployment.meter.per == Per::Request).then_some(Decimal::ZERO),
        waiting_millionths: millionths(sum(|service| service.calling), sum(|service| service.slots_busy)),
        ci95: intervals([(WAITING_SHARE, mean_interval(&folded.waiting))]),
        ..Coordination::default()
    })
}

/// An amount, and half of its interval.
type Known = (Decimal, f64);

/// The same with what is billed for it.
pub(super) fn priced(measured: Coordination, services: &[ServiceResult], cost: Option<&Cost>) -> Coordination {
    let Some(cost) = cost else { return measured };
    let among = |dimensions: &[Dimension]| {
        known(cost, |line| dimensions.iter().any(|dimension| dimension.id() == line.dimension))
    };
    let edge = known(cost, |line| line.group == Group::Edge.word());
    let queues = among(&[Dimension::QueueRequests, Dimension::QueueBytes]);
    let workflows = among(&[Dimension::WorkflowSteps, Dimension::WorkflowRequests, Dimension::WorkflowGibSeconds]);
    let between_zones = among(&[Dimension::InterzoneBytes]);
    let sum = |parts: &mut dyn Iterator<Item = Known>| parts.fold((Decimal::ZERO, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    let waiting =
        measured.waiting.map_or((Decimal::ZERO, 0.0), |_| sum(&mut services.iter().map(|one| waiting(one, cost))));
    let all = sum(&mut [edge, queues, workflows, between_zones, waiting].into_iter());
    let waited = interval(&measured.ci95, WAITING_SHARE).map(|ci95| (WAITING_SHARE.to_owned(), ci95));
    let parts = [
        ("edge", edge),
        ("queues", queues),
        ("workflows", workflows),
        ("between_zones", between_zones),
        ("waiting", waiting),
        ("cost_per_month", all),
    ];
    let ci95 = parts.into_iter().filter(|(_, (_, half_width))| *half_width > 0.0).map(|(key, (amount, half_width))| {
        let amount = amount.to_f64().unwrap_or(f64::NAN);
        (key.to_owned(), Interval { low: (amount - half_width).max(0.0), high: amount + half_width })
    });
    let ci95: BTreeMap<String, Interval> = ci95.chain(waited).collect();
    Coordination {
        edge: Some(edge.0),
        queues: Some(queues.0),
        workflows: Some(workflows.0),
        between_zones: Some(between_zones.0),
        waiting: measured.waiting.map(|_| waiting.0),
        cost_per_month: Some(all.0),
        waiting_millionths: measured.waiting_millionths,
        ci95: (!ci95.is_empty()).then_some(ci95),
    }
}

/// What these lines come to.
fn known(cost: &Cost, is_meant: impl Fn(&Line) -> bool) -> Known {
    let amount = cost.lines.iter().filter(|line| is_meant(line)).map(|line| line.amount).sum();
    (amount, cost.half_width(is_meant))
}

/// Of what a service's time is billed, the share in which it waited for others.
fn waiting(service: &ServiceResult, cost: &Cost) -> Known {
    let time = [Dimension::GibSeconds.id(), Dimension::VcpuSeconds.id()];
    let (billed, half_width) =
        known(cost, |line| line.service == service.name && time.contains(&line.dimension.as_str()));
    let amount = (billed * Decimal::from(service.waiting_millionths) / Decimal::from(1_000_000)).round_dp(6);
    (amount, half_width * f64::from(service.waiting_millionths) / 1e6)
}

/// `part / whole`, rounded down.
pub(super) fn millionths(part: u128, whole: u128) -> u32 {
    let share = part.saturating_mul(1_000_000).checked_div(whole).unwrap_or(0);
    u32::try_from(share).unwrap_or(u32::MAX)
}
