//! `[[fault]]`: what goes wrong, with what, and when.

use jiff::Zoned;

use super::Context;
use super::references::Names;
use super::traffic::instant;
use crate::application::fault::{Fault, Kind, Target};
use crate::document::diagnostic::Diagnostic;
use crate::document::tree::{Node, Table};
use crate::traffic::Traffic;
use crate::units::Nanos;

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
        "zone-loss" => Kind::ZoneLoss,
        _ => Kind::Deploy,
    };
    let target = target(context, table.at("target"), kind, word, names);
    let at: Vec<Option<Nanos>> =
        table.at("at").elements().iter().map(|node| played_at(context, node, &traffic.start, traffic)).collect();
    let mut at: Vec<Nanos> = at.into_iter().collect::<Option<_>>()?;
    at.sort_unstable();
    at.dedup();
    Some(Fault {
        name: table.get("name").map_or(word, Node::text).to_owned(),
        kind,
        target: target?,
        at,
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

/// When `node` is, since the start of the warm-up.
fn played_at(context: &mut Context, node: &Node, start: &Zoned, traffic: &Traffic) -> Option<Nanos> {
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
