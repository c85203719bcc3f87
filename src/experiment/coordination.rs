//! What it costs that an application has parts: edge, queues, workflows, bytes between zones, and being paid to wait.

use rust_decimal::Decimal;

use super::fold::{FoldedDeployment, FoldedService};
use super::result::{Coordination, Cost, Line, ServiceResult};
use crate::metering::usage::Dimension;
use crate::platform::meter::Per;
use crate::pricing::tariff::Group;
use crate::scenario::{Placed, Scenario};

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
        ..Coordination::default()
    })
}

/// The same with what is billed for it.
pub(super) fn priced(measured: Coordination, services: &[ServiceResult], cost: Option<&Cost>) -> Coordination {
    let Some(cost) = cost else { return measured };
    let of = |is: &dyn Fn(&Line) -> bool| -> Decimal {
        cost.lines.iter().filter(|line| is(line)).map(|line| line.amount).sum()
    };
    let among =
        |dimensions: &[Dimension]| of(&|line| dimensions.iter().any(|dimension| dimension.id() == line.dimension));
    let edge = of(&|line| line.group == Group::Edge.word());
    let queues = among(&[Dimension::QueueRequests, Dimension::QueueBytes]);
    let workflows = among(&[Dimension::WorkflowSteps, Dimension::WorkflowRequests, Dimension::WorkflowGibSeconds]);
    let between_zones = among(&[Dimension::InterzoneBytes]);
    let waiting = measured.waiting.map(|_| services.iter().map(|service| waiting(service, cost)).sum());
    Coordination {
        edge: Some(edge),
        queues: Some(queues),
        workflows: Some(workflows),
        between_zones: Some(between_zones),
        waiting,
        cost_per_month: Some(edge + queues + workflows + between_zones + waiting.unwrap_or_default()),
        waiting_millionths: measured.waiting_millionths,
    }
}

/// Of what a service's time is billed, the share in which it waited for others.
fn waiting(service: &ServiceResult, cost: &Cost) -> Decimal {
    let time = [Dimension::GibSeconds.id(), Dimension::VcpuSeconds.id()];
    let lines = cost.lines.iter().filter(|line| line.service == service.name);
    let billed: Decimal = lines.filter(|line| time.contains(&line.dimension.as_str())).map(|line| line.amount).sum();
    (billed * Decimal::from(service.waiting_millionths) / Decimal::from(1_000_000)).round_dp(6)
}

/// `part / whole`, rounded down.
pub(super) fn millionths(part: u128, whole: u128) -> u32 {
    let share = part.saturating_mul(1_000_000).checked_div(whole).unwrap_or(0);
    u32::try_from(share).unwrap_or(u32::MAX)
}
