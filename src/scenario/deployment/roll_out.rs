//! `[deployment.deploy]`: how a new version takes the place of the old one.

use super::check::place;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::tree::{Node, Table, Value};
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::roll_out::{Bounds, Part, RollOut, Strategy};

/// The word of a rolling update.
pub(super) const ROLLING: &str = "rolling";
/// Keys that only a rolling update has.
pub(super) const BOUNDS: [&str; 2] = ["max_surge", "max_unavailable"];

/// What the checked table of a deployment says; without the section nothing is rolled out.
pub(super) fn roll_out(table: &Table) -> RollOut {
    let Some(said) = table.get("deploy").and_then(Node::as_table) else { return RollOut::default() };
    let [surge, unavailable] = BOUNDS.map(|key| said.get(key).map_or(Part::Count(0), part));
    RollOut {
        strategy: match said.at("kind").text() {
            ROLLING => Strategy::Rolling(Bounds { surge, unavailable }),
            "migrate" => Strategy::Migrate,
            _ => Strategy::AtOnce,
        },
        grace: said.at("grace").duration_or_none(),
        build: said.at("build").duration(),
        push: said.at("push").duration(),
    }
}

/// A whole number is so many, anything else a share.
fn part(node: &Node) -> Part {
    match node.value {
        Value::Integer(_) => Part::Count(node.count_u32()),
        _ => Part::share(node.share()),
    }
}

/// Reports what means nothing with the autoscaler, or with the kind of roll-out.
pub(super) fn check(deployment: &Deployment, table: &Table, problems: &mut Diagnostics) {
    let Some(said) = table.get("deploy").and_then(Node::as_table) else { return };
    let kind = said.at("kind");
    let law = table.at("autoscaler").table().at("kind").text();
    let follows = matches!(deployment.autoscaler.law, Law::PerRequest(_));
    let wrong = match deployment.roll_out.strategy {
        Strategy::Rolling(_) if follows => {
            Some(format!("instances of `{law}` are replaced as requests come, not in turn"))
        }
        Strategy::Migrate if law != "app-engine" => {
            Some(format!("`migrate` is what App Engine does, and the autoscaler is `{law}`"))
        }
        _ => None,
    };
    if let Some(wrong) = wrong.filter(|_| kind.span.is_shown()) {
        problems.push(Diagnostic::error(wrong).at(kind.span).help("\"at-once\" replaces instances of any autoscaler"));
    }
    let bounds = BOUNDS.map(|key| said.entry(key));
    if kind.text() != ROLLING {
        for entry in bounds.into_iter().flatten().filter(|entry| entry.key_span.is_shown()) {
            let message = format!("`{}` bounds a rolling update, and this is `{}`", entry.key, kind.text());
            problems.push(Diagnostic::error(message).at(entry.key_span).help("`kind = \"rolling\"`"));
        }
    } else if bounds.iter().flatten().all(|entry| matches!(part(&entry.node), Part::Count(0) | Part::Share(0))) {
        let message = "nothing can be replaced: `max_surge` and `max_unavailable` are both 0";
        problems.push(Diagnostic::error(message).at(place(table, "deploy.max_surge")));
    }
}
