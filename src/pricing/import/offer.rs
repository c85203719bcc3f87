//! AWS price list: the offer file of one service (AWS Billing User Guide, Reading the service price list file for an AWS
//! service, 2026).
//!
//! `products` holds attributes by SKU; `terms` holds, by kind and SKU, offers whose `priceDimensions` are the steps.

use std::collections::BTreeMap;

use super::listed::{Listed, Step, date, decimal, facts, in_order};
use crate::document::json::{Located, Wrong};

pub fn prices(json: &Located<'_>) -> Result<Vec<Listed>, Wrong> {
    let published = json.get("publicationDate").map_or(Ok("undated"), Located::text)?;
    let mut products = BTreeMap::new();
    for (sku, product) in json.need("products")?.table()? {
        let mut known = product.get("attributes").map_or_else(|| Ok(BTreeMap::new()), facts)?;
        known.extend(facts(product)?);
        known.insert("sku".to_owned(), sku.to_string());
        products.insert(sku.as_ref(), known);
    }
    let mut listed = Vec::new();
    for (term, skus) in json.need("terms")?.table()? {
        for (sku, offers) in skus.table()? {
            let product = products.get(sku.as_ref());
            let product =
                product.ok_or_else(|| Wrong::new(offers.at, format!("`{sku}` is no product of this list")))?;
            for (_, offer) in offers.table()? {
                listed.extend(of_offer(term, product, offer, &date(published))?);
            }
        }
    }
    Ok(listed)
}

/// The prices of one offer: what is paid at once and what is paid by the hour are two.
fn of_offer(
    term: &str,
    product: &BTreeMap<String, String>,
    offer: &Located<'_>,
    published: &str,
) -> Result<Vec<Listed>, Wrong> {
    let mut by_unit: BTreeMap<String, (usize, String, Vec<Step>)> = BTreeMap::new();
    for (_, dimension) in offer.need("priceDimensions")?.table()? {
        let unit = dimension.need("unit")?.text()?.to_owned();
        let per_unit = dimension.need("pricePerUnit")?;
        let Some(usd) = per_unit.get("USD") else {
            return Err(Wrong::new(per_unit.at, "not priced in USD, the only currency that is taken over"));
        };
        let from = ["beginRange", "startingRange"].iter().find_map(|key| dimension.get(key));
        let from = from.map(decimal).transpose()?.unwrap_or_default();
        let description = dimension.get("description").and_then(Located::word).unwrap_or_default();
        let entry = by_unit.entry(unit).or_insert_with(|| (usd.at, description, Vec::new()));
        entry.2.push(Step { from, usd: decimal(usd)? });
    }
    let mut listed = Vec::with_capacity(by_unit.len());
    for (unit, (at, description, steps)) in by_unit {
        let mut facts = product.clone();
        facts.insert("term".to_owned(), term.to_owned());
        facts.insert("unit".to_owned(), unit.clone());
        facts.insert("description".to_owned(), description);
        for (key, value) in offer.get("termAttributes").map_or(Ok(&[][..]), Located::table)? {
            facts.extend(value.word().map(|word| (key.to_string(), word)));
        }
        let effective = offer.get("effectiveDate").and_then(Located::word).map(|text| date(&text));
        facts.extend(effective.map(|date| ("effectiveDate".to_owned(), date)));
        listed.push(Listed { at, line: 0, facts, unit, steps: in_order(steps, at)?, observed: published.to_owned() });
    }
    Ok(listed)
}
