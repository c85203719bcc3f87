//! What is different for one service of the application.

use super::Place;
use super::shape::SERVICE;
use crate::application::Application;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::tree::{Node, Table, deep_merge};
use crate::platform::Override;
use crate::platform::service::ServiceDeployment;

/// What is in force for each service of `application`: the deployment at `place`, with what `[deployment.service.NAME]`
/// says on top. Every service is built before the first failure counts, so that all problems are found; what is wrong
/// with the deployment itself is said once.
pub(super) fn services(
    place: &Place<'_>,
    application: &Application,
    overrides: &mut Vec<Override>,
    problems: &mut Diagnostics,
) -> Option<Vec<ServiceDeployment>> {
    let built: Vec<Option<ServiceDeployment>> = application
        .services
        .iter()
        .map(|service| {
            let mut found = Diagnostics::new();
            let own = place.typed.at_path(&format!("service.{}", service.name)).and_then(Node::as_table);
            if let Some(own) = own {
                check_keys(own, &mut found);
            }
            let typed = on_top(place.typed, own);
            let built = Place { typed: &typed, ..*place }.of(Some(service), application, &mut found);
            let failed = found.has_errors();
            let known: Vec<Diagnostic> = problems.iter().cloned().collect();
            found.iter().filter(|problem| !known.contains(problem)).for_each(|new| problems.push(new.clone()));
            let (deployment, _) = built.filter(|_| !failed)?;
            list(overrides, &service.name, &deployment.overrides);
            Some(ServiceDeployment {
                instance: deployment.instance,
                fleet: deployment.fleet,
                autoscaler: deployment.autoscaler,
                runtime_start: deployment.runtime_start,
            })
        })
        .collect();
    built.into_iter().collect()
}

/// Everything else than these three is the deployment's.
fn check_keys(own: &Table, problems: &mut Diagnostics) {
    for entry in own.iter().filter(|entry| SERVICE.key(&entry.key).is_none()) {
        let unknown = Diagnostic::error(format!("unknown key `{}`", entry.key)).at(entry.key_span);
        problems.push(unknown.nearest(&entry.key, SERVICE.keys.iter().map(|key| key.name)));
    }
}

/// What was typed of the deployment with what was typed of one service on top. Another kind of autoscaler starts from
/// its own defaults.
fn on_top(typed: &Table, own: Option<&Table>) -> Table {
    let mut whole = typed.clone();
    whole.remove("service");
    let Some(own) = own else { return whole };
    let kind = |table: &Table| table.at_path("autoscaler.kind").and_then(Node::as_str).map(str::to_owned);
    if kind(own).is_some_and(|kind_of_own| kind(typed) != Some(kind_of_own)) {
        whole.remove("autoscaler");
    }
    let mut known = Table::new();
    for entry in own.iter().filter(|entry| SERVICE.key(&entry.key).is_some()) {
        known.insert(&entry.key, entry.key_span, entry.node.clone());
    }
    deep_merge(&mut whole, &known);
    whole
}

/// Adds to `overrides` what is different for the service called `name`.
fn list(overrides: &mut Vec<Override>, name: &str, own: &[Override]) {
    let new: Vec<Override> = own
        .iter()
        .filter(|changed| !overrides.contains(changed))
        .map(|changed| Override { key: format!("service.{name}.{}", changed.key), ..changed.clone() })
        .collect();
    overrides.extend(new);
}
