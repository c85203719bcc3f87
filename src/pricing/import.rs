//! Price lists of providers as tariff files: AWS price list offers of services and of savings plans, the Google Cloud
//! Billing Catalog, Azure Retail Prices and Infracost breakdowns, each in its documented JSON.
//!
//! ```text
//! JSON -> listed prices (facts, unit, steps, date) -> those that a mapping selects -> TOML that the price book reads
//! ```
//!
//! Prices are decimals from the text of the file to the text of the tariff. Everything that is wrong with a file is said
//! at its line; nothing is guessed: a price that a mapping does not select exactly once is refused.

mod breakdown;
mod catalog;
mod listed;
mod mapping;
mod offer;
mod retail;
mod savings;
#[cfg(test)]
mod tests;
mod unit;
mod write;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::document::json::{Json, Located, Wrong, place, read};

pub use listed::{Listed, Step};
pub use mapping::Mapping;
pub use write::tariff;

/// Largest price list that is read: 512 MiB, more than that of the largest service in one region.
pub const LARGEST: u64 = 512 << 20;

/// A file of prices.
#[derive(Clone, Debug)]
pub struct PriceList {
    /// As its user calls it.
    pub name: String,
    /// Which form it has, in words.
    pub form: &'static str,
    /// Of its bytes.
    pub sha256: String,
    /// Its prices in the order of the file.
    pub prices: Vec<Listed>,
}

/// What is wrong with a price list, or with what is to be taken from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// `FILE:LINE:COLUMN: what`, or without a place where there is none.
    pub message: String,
    /// What would do.
    pub help: Option<String>,
}

impl Refused {
    fn at(name: &str, text: &str, wrong: &Wrong) -> Self {
        let (line, column) = place(text, wrong.at);
        Self { message: format!("{name}:{line}:{column}: {}", wrong.what), help: None }
    }
}

/// Reads a price list that users know as `name`.
///
/// # Errors
/// What is no price list of a known form, and the first price that cannot be one: negative, not a decimal, in another
/// currency than USD.
pub fn price_list(name: &str, text: &str) -> Result<PriceList, Refused> {
    let refused = |wrong: Wrong| Refused::at(name, text, &wrong);
    let json = read(text).map_err(refused)?;
    let (form, prices) = prices(&json).map_err(refused)?;
    let mut prices = prices;
    for price in &mut prices {
        price.line = place(text, price.at).0;
    }
    let mut sha256 = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(sha256, "{byte:02x}");
    }
    Ok(PriceList { name: name.to_owned(), form, sha256, prices })
}

fn prices(json: &Located<'_>) -> Result<(&'static str, Vec<Listed>), Wrong> {
    let has = |key: &str| json.get(key).is_some();
    // Products of services stand under their SKUs, plans in an array.
    let plans = json.get("products").is_some_and(|products| matches!(products.value, Json::List(_)));
    if plans && has("terms") {
        Ok(("AWS price list of savings plans", savings::prices(json)?))
    } else if has("products") && has("terms") {
        Ok(("AWS price list", offer::prices(json)?))
    } else if has("skus") {
        Ok(("Google Cloud Billing Catalog", catalog::prices(json)?))
    } else if has("Items") {
        Ok(("Azure Retail Prices", retail::prices(json)?))
    } else if has("projects") {
        Ok(("Infracost breakdown", breakdown::prices(json)?))
    } else {
        let known = "an AWS price list has `products` and `terms`, a Google Cloud Billing Catalog `skus`, Azure Retail \
                     Prices `Items`, an Infracost breakdown `projects`";
        let what = match &json.value {
            Json::Table(_) => format!("no price list of a known form: {known}"),
            _ => format!("a price list is an object: {known}"),
        };
        Err(Wrong::new(json.at, what))
    }
}
