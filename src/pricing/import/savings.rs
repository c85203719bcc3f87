//! AWS price list of savings plans: the offer file of one kind of plan in a region (AWS Billing User Guide, Reading the
//! service price list file for a Savings Plan, 2026).
//!
//! `products` is an array of plans; `terms.savingsPlan` holds for each of them the rates of what it makes cheaper, which
//! name products of other lists by SKU. A rate here has the facts of its own and, with `plan` before their names, those of
//! its plan; those of the product that it makes cheaper stand in that product's list, where [`Products`] finds them.

use std::collections::{BTreeMap, HashMap};

use super::PriceList;
use super::listed::{Listed, Step, date, decimal, facts, in_order, in_usd};
use crate::document::json::{Located, Wrong};

pub fn prices(json: &Located<'_>) -> Result<Vec<Listed>, Wrong> {
    let published = date(json.get("publicationDate").map_or(Ok("undated"), Located::text)?);
    let mut plans = BTreeMap::new();
    for product in json.need("products")?.list()? {
        let sku = product.need("sku")?;
        let name = sku.text()?;
        let mut known = facts(product)?;
        known.extend(product.get("attributes").map_or_else(|| Ok(BTreeMap::new()), facts)?);
        let known: BTreeMap<String, String> = known.into_iter().map(|(key, value)| (of_plan(&key), value)).collect();
        if plans.insert(name, known).is_some() {
            return Err(Wrong::new(sku.at, format!("`{name}` is there twice")));
        }
    }
    let mut listed = Vec::new();
    for term in json.need("terms")?.need("savingsPlan")?.list()? {
        let sku = term.need("sku")?;
        let name = sku.text()?;
        let plan = plans.get(name);
        let plan = plan.ok_or_else(|| Wrong::new(sku.at, format!("`{name}` is no product of this list")))?;
        let mut plan = plan.clone();
        plan.extend(facts(term)?.into_iter().map(|(key, value)| (of_plan(&key), value)));
        if let Some(length) = term.get("leaseContractLength") {
            let word = |key: &str| Ok(length.need(key)?.word().unwrap_or_default());
            plan.insert(of_plan("leaseContractLength"), format!("{} {}", word("duration")?, word("unit")?));
        }
        for rate in term.need("rates")?.list()? {
            listed.push(of_rate(rate, &plan, &published)?);
        }
    }
    Ok(listed)
}

fn of_rate(rate: &Located<'_>, plan: &BTreeMap<String, String>, published: &str) -> Result<Listed, Wrong> {
    rate.need(DISCOUNTED)?.text()?;
    let discounted = rate.need("discountedRate")?;
    in_usd(discounted.need("currency")?)?;
    let usd = discounted.need("price")?;
    let steps = in_order(vec![Step { from: rust_decimal::Decimal::ZERO, usd: decimal(usd)? }], usd.at)?;
    let unit = rate.need("unit")?.text()?.to_owned();
    let mut all = plan.clone();
    all.extend(facts(rate)?);
    all.insert("term".to_owned(), "SavingsPlan".to_owned());
    Ok(Listed { at: usd.at, line: 0, facts: all, unit, steps, observed: published.to_owned() })
}

/// The fact that names the product which a rate makes cheaper.
const DISCOUNTED: &str = "discountedSku";

/// The name of a fact of a plan: `purchaseTerm` is `planPurchaseTerm`.
fn of_plan(key: &str) -> String {
    let mut letters = key.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.map_or_else(String::new, |first| format!("plan{first}{}", letters.as_str()))
}

/// What is sold on demand, by SKU: rates of savings plans have its facts too.
pub struct Products<'l>(HashMap<&'l str, &'l BTreeMap<String, String>>);

impl<'l> Products<'l> {
    /// Those of all lists.
    pub fn of(lists: &'l [PriceList]) -> Self {
        let sold = lists.iter().flat_map(|list| &list.prices).filter(|price| is(price, "term", "OnDemand"));
        Self(sold.filter_map(|price| Some((price.facts.get("sku")?.as_str(), &price.facts))).collect())
    }

    /// What a price says under a key: itself, or else the product that it makes cheaper.
    pub fn fact(&self, price: &'l Listed, key: &str) -> Option<&'l String> {
        price.facts.get(key).or_else(|| self.0.get(price.facts.get(DISCOUNTED)?.as_str())?.get(key))
    }
}

fn is(price: &Listed, key: &str, value: &str) -> bool {
    price.facts.get(key).is_some_and(|found| found == value)
}
