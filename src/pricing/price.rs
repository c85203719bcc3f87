//! From a price as people write it to what one unit of an item costs.

use num_bigint::BigInt;
use rust_decimal::Decimal;

use super::exact::{Exact, exact, whole};
use super::tariff::Unit;
use crate::document::quantity;
use crate::metering::usage::Dimension;

/// USD for one `unit` of `dimension` that `text` says: `"0.20 USD/1M"` (for so many units), `"0.096 USD"` (for one),
/// `"0.09 USD/GiB"` (for so many bytes, of a dimension that counts bytes). A size that is the unit's own name is one
/// unit, whatever the provider takes a GB to be.
pub(super) fn usd_per_unit(text: &str, unit: &Unit, dimension: Dimension) -> Result<Decimal, String> {
    let (amount, per) = quantity::price(text)?;
    let per_text = text.split_once('/').map_or("", |(_, per)| per.trim());
    let units = if per_text == unit.name {
        whole(1)
    } else if per_text.ends_with('B') {
        if dimension.base_unit() != "byte" {
            return Err(format!("`{}` does not count bytes; its unit is {}", dimension.id(), unit.name));
        }
        exact(per) / whole(unit.size.get())
    } else {
        exact(per)
    };
    decimal(&(exact(amount) / units)).ok_or_else(|| {
        format!("the price of one {} is not an exact decimal of at most {} places", unit.name, Decimal::MAX_SCALE)
    })
}

/// The decimal that is exactly this number, if there is one.
fn decimal(number: &Exact) -> Option<Decimal> {
    let scaled = number * whole(BigInt::from(10).pow(Decimal::MAX_SCALE));
    let mut units = scaled.floor();
    if scaled != whole(units.clone()) {
        return None;
    }
    let mut scale = Decimal::MAX_SCALE;
    while scale > 0 && (&units % 10) == BigInt::ZERO {
        units /= 10;
        scale -= 1;
    }
    Decimal::try_from_i128_with_scale(i128::try_from(units).ok()?, scale).ok()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use proptest::prelude::*;

    use super::*;

    fn usd(text: &str, dimension: Dimension) -> Result<String, String> {
        usd_per_unit(text, &Unit::of(dimension), dimension).map(|usd| usd.to_string())
    }

    #[test]
    fn the_price_of_one_is_exact() {
        assert_eq!(usd("0.20 USD/1M", Dimension::Requests).unwrap(), "0.0000002");
        assert_eq!(usd("0.0000166667 USD", Dimension::GibSeconds).unwrap(), "0.0000166667");
        assert_eq!(usd("0 USD", Dimension::GibSeconds).unwrap(), "0");
        assert_eq!(usd("0.09 USD/GB", Dimension::EgressBytes).unwrap(), "0.00000000009");
        assert_eq!(usd("90000000 USD", Dimension::NodeHours).unwrap(), "90000000");
    }

    #[test]
    fn a_gigabyte_is_what_the_provider_calls_one() {
        let unit = Unit { name: "GB".to_owned(), size: NonZeroU64::new(1 << 30).unwrap(), month: false };
        let usd = |text: &str| usd_per_unit(text, &unit, Dimension::EgressBytes).unwrap().to_string();
        assert_eq!(usd("0.09 USD/GB"), "0.09");
        assert_eq!(usd("0.09 USD"), "0.09");
        assert_eq!(usd("0.09 USD/GiB"), "0.09");
        assert_eq!(usd("1 USD/TiB"), "0.0009765625");
    }

    #[test]
    fn what_is_not_exact_or_not_bytes_is_refused() {
        assert!(usd("1 USD/3", Dimension::Requests).unwrap_err().contains("exact"));
        assert!(usd("1 USD/GiB", Dimension::EgressBytes).unwrap_err().contains("exact"));
        assert!(usd("1 USD/GB", Dimension::Requests).unwrap_err().contains("bytes"));
        assert!(usd("-1 USD", Dimension::Requests).unwrap_err().contains("negative"));
        assert!(usd("99999999999999999999999999999999 USD", Dimension::Requests).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-+0-9.]{0,32}( USD)?(/[0-9kMGiTB]{0,12})?|.*") {
            for dimension in Dimension::ALL {
                let _ = usd(&text, dimension);
            }
        }
    }
}
