//! Azure Retail Prices: a page of the API's answer (Microsoft Learn, Azure Retail Prices REST API, 2026).
//!
//! Each of `Items` is one step of a price: those of one meter, SKU, region and kind belong together. The prices of an item
//! under savings plans stand in it, and are listed as prices of `type` `SavingsPlan` with their `term`.

use std::collections::BTreeMap;

use super::listed::{Listed, Step, date, decimal, facts, in_order, in_usd};
use crate::document::json::{Located, Wrong};

/// What tells one price from another; the rest may differ between its steps.
const IDENTITY: [&str; 8] =
    ["meterId", "skuId", "productId", "armRegionName", "type", "reservationTerm", "isPrimaryMeterRegion", "term"];

pub fn prices(json: &Located<'_>) -> Result<Vec<Listed>, Wrong> {
    let mut known: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    let mut listed: Vec<Listed> = Vec::new();
    let mut plans: Vec<Listed> = Vec::new();
    for item in json.need("Items")?.list()? {
        in_usd(item.need("currencyCode")?)?;
        let price = item.get("retailPrice").map_or_else(|| item.need("unitPrice"), Ok)?;
        let from = item.get("tierMinimumUnits").map(decimal).transpose()?.unwrap_or_default();
        let step = Step { from, usd: decimal(price)? };
        let mut facts = facts(item)?;
        let identity = IDENTITY.iter().map(|key| facts.get(*key).cloned().unwrap_or_default()).collect();
        if let Some(&index) = known.get(&identity) {
            listed[index].steps.push(step);
            continue;
        }
        known.insert(identity, listed.len());
        for of_step in ["tierMinimumUnits", "retailPrice", "unitPrice"] {
            facts.remove(of_step);
        }
        let unit = item.need("unitOfMeasure")?.text()?.to_owned();
        facts.insert("unit".to_owned(), unit.clone());
        let observed = item.get("effectiveStartDate").map_or(Ok("undated"), Located::text).map(date)?;
        for plan in item.get("savingsPlan").map_or(Ok(&[][..]), Located::list)? {
            let price = plan.get("retailPrice").map_or_else(|| plan.need("unitPrice"), Ok)?;
            let mut facts = facts.clone();
            facts.insert("type".to_owned(), "SavingsPlan".to_owned());
            facts.insert("term".to_owned(), plan.need("term")?.text()?.to_owned());
            let steps = vec![Step { from, usd: decimal(price)? }];
            plans.push(Listed { at: price.at, line: 0, facts, unit: unit.clone(), steps, observed: observed.clone() });
        }
        listed.push(Listed { at: price.at, line: 0, facts, unit, steps: vec![step], observed });
    }
    listed.append(&mut plans);
    for price in &mut listed {
        price.steps = in_order(std::mem::take(&mut price.steps), price.at)?;
    }
    Ok(listed)
}
