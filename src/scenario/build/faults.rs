//! `[[fault]]`: what goes wrong, with what, and when.

use super::Context;
use super::references::Names;
use super::traffic::{cron_expression, instant};
use crate::application::fault::{Fault, Kind, Target};
use crate::document::diagnostic::Diagnostic;
use crate::document::tree::{Node, Table};
use crate::traffic::Traffic;
use crate::units::Nanos;

/// Most instants of one fault.
const MOST_INSTANTS: usize = 10_000;

/// The faults that the checked and completed section says; names were looked up with the others.
pub fn faults(context: &mut Context, table: &Table, names: &Names, traffic: &Traffic) -> Option<Vec<Fault>> {
    let entries = table.get("fault").map_or(&[][..], Node::elements);
    let faults: Vec<Option<Fault>> = entries.iter().map(|node| fault(context, node.table(), names, traffic)).collect();
    faults.into_iter().collect()
}

fn fault(context: &mut Context, table: &Table, names: &Names, traffic: &Traffic) -> Option<Fault> {
    let word = table.at("kind").text();
    let share = || table.at("share").share();
    let kind = match word {
        "slow" => Kind::Slow { factor: table.at("factor").number() },
        "fail" => Kind::Fail { share: share() },
        "reclaim" => Kind::Reclaim { share: share() },
        "zone-loss" => Kind::ZoneLoss { zones: table.at("zones").count_u32() },
        _ => Kind::Deploy,
    };
    let target = target(context, table.at("target"), kind, word, names);
    let at = match table.get("at") {
        Some(at) => listed(context, at, traffic),
        None => scheduled(context, table.at("cron"), traffic),
    };
    Some(Fault {
        name: table.get("name").map_or(word, Node::text).to_owned(),
        kind,
        target: target?,
        at: at?,
        lasting: table.get("for").map_or(Nanos::ZERO, Node::duration),
    })
}

fn target(context: &mut Context, node: &Node, kind: Kind, word: &str, names: &Names) -> Option<Target> {
    let name = node.text();
    let index =
        |names: &[String]| names.iter().position(|known| known == name).and_then(|index| u16::try_from(index).ok());
    let has_instances = !matches!(kind, Kind::Slow { .. } | Kind::Fail { .. });
    match (index(&names.services), index(&names.stores), index(&names.deployments)) {
        _ if name == "all" => Some(Target::All),
        (Some(_), ..) if matches!(kind, Kind::ZoneLoss { .. }) => {
            let wrong = Diagnostic::error(format!("`{name}` is a service, and a zone is lost with all that is in it"));
            context
                .problems
                .push(wrong.at(node.span).help("name a deployment, or take some of its instances: `reclaim`"));
            None
        }
        (Some(service), ..) => Some(Target::Service(service)),
        (_, Some(_), _) if has_instances => {
            let wrong = Diagnostic::error(format!("`{name}` is a store, and `{word}` is of instances")).at(node.span);
            context.problems.push(wrong.help("a store can be slow or fail"));
            None
        }
        (_, Some(store), _) => Some(Target::Store(store)),
        (.., deployment) => deployment.map(Target::Deployment),
    }
}

/// The instants that were listed, in order.
fn listed(context: &mut Context, node: &Node, traffic: &Traffic) -> Option<Vec<Nanos>> {
    let at: Vec<Option<Nanos>> = node.elements().iter().map(|node| played_at(context, node, traffic)).collect();
    let mut at: Vec<Nanos> = at.into_iter().collect::<Option<_>>()?;
    at.sort_unstable();
    at.dedup();
    Some(at)
}

/// The instants of a cron expression on the wall clock of the traffic, within the run.
fn scheduled(context: &mut Context, node: &Node, traffic: &Traffic) -> Option<Vec<Nanos>> {
    let cron = cron_expression(context, node)?;
    let begin = traffic.start.timestamp().as_nanosecond() - i128::from(traffic.warmup.0);
    let mut at = Vec::new();
    // Cron knows whole seconds only: the next one where the run does not begin with one.
    let second = i64::try_from((begin + 999_999_999).div_euclid(1_000_000_000)).ok()?;
    let mut from = jiff::Timestamp::from_second(second).ok()?.to_zoned(traffic.start.time_zone().clone());
    let mut inclusive = true;
    while let Ok(fire) = cron.find_next_occurrence(&from, inclusive) {
        let since = u64::try_from(fire.timestamp().as_nanosecond() - begin).ok()?;
        if since >= traffic.warmup.0.saturating_add(traffic.duration.0) {
            break;
        }
        if at.len() == MOST_INSTANTS {
            context.error(node.span, format!("more than {MOST_INSTANTS} faults within the run"));
            return None;
        }
        at.push(Nanos(since));
        (from, inclusive) = (fire, false);
    }
    if at.is_empty() {
        context.problems.push(Diagnostic::warning("this never comes within the run").at(node.span));
    }
    Some(at)
}

/// When `node` is, since the start of the warm-up.
fn played_at(context: &mut Context, node: &Node, traffic: &Traffic) -> Option<Nanos> {
    let start = &traffic.start;
    let after = instant(context, node, start)?.as_nanosecond() - start.timestamp().as_nanosecond();
    let at = after + i128::from(traffic.warmup.0);
    if at < 0 {
        context.error(node.span, "this is before the run begins, its warm-up included");
        return None;
    }
    if at >= i128::from(traffic.warmup.0) + i128::from(traffic.duration.0) {
        context.problems.push(Diagnostic::warning("this is after the run ends: it never comes").at(node.span));
    }
    u64::try_from(at).ok().map(Nanos)
}
