//! Infracost breakdown: what `infracost breakdown --format json` writes (infracost/infracost, internal/output, 2026).
//!
//! Each cost component of each resource has the price of one unit. A breakdown knows no tiers: a tier is a component.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::listed::{Listed, Step, date, decimal, in_usd};
use crate::document::json::{Json, Located, Wrong};

pub fn prices(json: &Located<'_>) -> Result<Vec<Listed>, Wrong> {
    if let Some(currency) = json.get("currency") {
        in_usd(currency)?;
    }
    let observed = json.get("timeGenerated").map_or(Ok("undated"), Located::text).map(date)?;
    let mut listed = Vec::new();
    for project in json.need("projects")?.list()? {
        project.table()?;
        let name = project.get("name").and_then(Located::word).unwrap_or_default();
        let Some(breakdown) = project.get("breakdown").filter(|breakdown| breakdown.value != Json::Null) else {
            continue;
        };
        for resource in breakdown.need("resources")?.list()? {
            of_resource(&name, None, resource, &observed, &mut listed)?;
        }
    }
    Ok(listed)
}

fn of_resource(
    project: &str,
    parent: Option<&str>,
    resource: &Located<'_>,
    observed: &str,
    listed: &mut Vec<Listed>,
) -> Result<(), Wrong> {
    let own = resource.need("name")?.text()?;
    let name = parent.map_or_else(|| own.to_owned(), |parent| format!("{parent}.{own}"));
    for component in members(resource, "costComponents")? {
        let price = component.need("price")?;
        let unit = component.need("unit")?.text()?.to_owned();
        let mut facts = BTreeMap::from([
            ("project".to_owned(), project.to_owned()),
            ("resource".to_owned(), name.clone()),
            ("component".to_owned(), component.need("name")?.text()?.to_owned()),
            ("unit".to_owned(), unit.clone()),
        ]);
        facts
            .extend(resource.get("resourceType").and_then(Located::word).map(|kind| ("resourceType".to_owned(), kind)));
        let steps = vec![Step { from: Decimal::ZERO, usd: decimal(price)? }];
        listed.push(Listed { at: price.at, line: 0, facts, unit, steps, observed: observed.to_owned() });
    }
    for part in members(resource, "subresources")? {
        of_resource(project, Some(&name), part, observed, listed)?;
    }
    Ok(())
}

/// The elements of a list that may be missing or null.
fn members<'j, 't>(node: &'j Located<'t>, key: &str) -> Result<&'j [Located<'t>], Wrong> {
    node.get(key).filter(|list| list.value != Json::Null).map_or(Ok(&[][..]), Located::list)
}
