//! Google Cloud Billing Catalog: the answer of `services.skus.list` (Cloud Billing API v1, REST resource services.skus,
//! 2026).
//!
//! A price is `units` dollars and `nanos` billionths of one, for one `usageUnit`, from `startUsageAmount` on.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::listed::{Listed, Step, date, decimal, facts, in_order, in_usd};
use crate::document::json::{Located, Wrong};

pub fn prices(json: &Located<'_>) -> Result<Vec<Listed>, Wrong> {
    let mut listed = Vec::new();
    for sku in json.need("skus")?.list()? {
        let mut known = facts(sku)?;
        if let Some(category) = sku.get("category") {
            known.extend(facts(category)?);
        }
        let infos = sku.need("pricingInfo")?;
        // The last one is in force; a SKU without any has no price.
        let Some(info) = infos.list()?.last() else { continue };
        let price = of_info(info, known)?;
        let regions = sku.get("serviceRegions").map_or(Ok(&[][..]), Located::list)?;
        if regions.is_empty() {
            listed.push(price);
            continue;
        }
        for region in regions {
            let mut here = price.clone();
            here.facts.insert("region".to_owned(), region.text()?.to_owned());
            listed.push(here);
        }
    }
    Ok(listed)
}

fn of_info(info: &Located<'_>, mut facts: BTreeMap<String, String>) -> Result<Listed, Wrong> {
    let expression = info.need("pricingExpression")?;
    let unit = expression.need("usageUnit")?.text()?.to_owned();
    let rates = expression.need("tieredRates")?;
    let mut steps = Vec::new();
    for rate in rates.list()? {
        let price = rate.need("unitPrice")?;
        in_usd(price.need("currencyCode")?)?;
        let from = rate.get("startUsageAmount").map(decimal).transpose()?.unwrap_or_default();
        steps.push(Step { from, usd: usd(price)? });
    }
    facts.insert("unit".to_owned(), unit.clone());
    let observed = info.get("effectiveTime").map_or(Ok("undated"), Located::text).map(date)?;
    Ok(Listed { at: rates.at, line: 0, facts, unit, steps: in_order(steps, rates.at)?, observed })
}

fn usd(price: &Located<'_>) -> Result<Decimal, Wrong> {
    let part = |key: &str| price.get(key).map(decimal).transpose().map(Option::unwrap_or_default);
    let (units, nanos) = (part("units")?, part("nanos")?);
    if !units.fract().is_zero() || !nanos.fract().is_zero() || nanos >= Decimal::from(1_000_000_000) {
        return Err(Wrong::new(price.at, "`units` are whole dollars, `nanos` fewer than 1000000000 billionths of one"));
    }
    let sum = nanos.checked_div(Decimal::from(1_000_000_000)).and_then(|nanos| units.checked_add(nanos));
    sum.map(|usd| usd.normalize()).ok_or_else(|| Wrong::new(price.at, "more than an exact price holds"))
}
