//! Prices as people write them: `"0.20 USD/1M"`, `"0.096 USD"`, `"0.09 USD/GB"`.

use rust_decimal::Decimal;

/// A price: how much for one, and of what, where the text says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// USD for one unit, exactly.
    pub usd: Decimal,
    /// The unit that the text names after the slash.
    pub unit: Option<String>,
}

impl Price {
    /// Reads `AMOUNT USD`, `AMOUNT USD/COUNT`, `AMOUNT USD/UNIT` or `AMOUNT USD/COUNT UNIT`. COUNT is a power of ten, also
    /// written `1k`, `100k`, `1M`, `1G`, so that the price of one is an exact decimal.
    ///
    /// # Errors
    /// Says what is wrong with the text and what would have been right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (money, per) = text.split_once('/').map_or((text, None), |(money, per)| (money, Some(per.trim())));
        let Some(amount) = money.trim().strip_suffix("USD") else {
            return Err("a price is an amount in USD, such as `0.20 USD/1M` or `0.096 USD`".to_owned());
        };
        let amount = parse_amount(amount.trim())?;
        let (exponent, unit) = per.map_or(Ok((0, None)), parse_per)?;
        let mut usd = amount.normalize();
        let scale = usd.scale() + exponent;
        if !usd.is_zero() {
            usd.set_scale(scale)
                .map_err(|_| format!("a price has at most {} decimals per unit", Decimal::MAX_SCALE))?;
        }
        Ok(Self { usd: usd.normalize(), unit })
    }
}

/// A plain decimal number that is not negative.
pub(super) fn parse_amount(text: &str) -> Result<Decimal, String> {
    if text.starts_with('-') {
        return Err("it cannot be negative".to_owned());
    }
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let plain = text.split_once('.').map_or_else(|| digits(text), |(whole, part)| digits(whole) && digits(part));
    if !plain {
        return Err(format!("`{text}` is not a plain decimal number"));
    }
    Decimal::from_str_exact(text).map_err(|_| format!("`{text}` has more digits than an exact decimal holds (28)"))
}

/// The power of ten and the unit of what stands after the slash.
fn parse_per(per: &str) -> Result<(u32, Option<String>), String> {
    if per.is_empty() {
        return Err("a unit or a count is missing after `/`".to_owned());
    }
    if !per.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok((0, Some(per.to_owned())));
    }
    let (count, unit) = per.split_once(' ').map_or((per, None), |(count, unit)| (count, Some(unit.trim().to_owned())));
    let digits = count.trim_end_matches(|last: char| !last.is_ascii_digit());
    let thousands = match &count[digits.len()..] {
        "" => 0,
        "k" => 3,
        "M" => 6,
        "G" => 9,
        other => return Err(format!("`{other}` is not a multiple: k, M and G are")),
    };
    let zeros = digits.strip_prefix('1').filter(|zeros| zeros.bytes().all(|byte| byte == b'0'));
    let zeros = zeros.ok_or_else(|| format!("`{count}` is not a power of ten, so the price of one is not exact"))?;
    Ok((u32::try_from(zeros.len()).unwrap_or(u32::MAX).saturating_add(thousands), unit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(text: &str) -> String {
        Price::parse(text).unwrap().usd.to_string()
    }

    #[test]
    fn prices_are_exact() {
        assert_eq!(usd("0.20 USD/1M"), "0.0000002");
        assert_eq!(usd("0.0000166667 USD"), "0.0000166667");
        assert_eq!(usd("0.06 USD/100k"), "0.0000006");
        assert_eq!(usd("3 USD/1000 requests"), "0.003");
        assert_eq!(usd("0 USD/1M"), "0");
        assert_eq!(Price::parse("0.12 USD/GB").unwrap().unit.as_deref(), Some("GB"));
    }

    #[test]
    fn wrong_prices_say_why() {
        let why = |text: &str| Price::parse(text).unwrap_err();
        assert!(why("-1 USD").contains("negative"));
        assert!(why("1 EUR").contains("in USD"));
        assert!(why("1e3 USD").contains("plain decimal"));
        assert!(why(" USD").contains("plain decimal"));
        assert!(why("1 USD/7").contains("power of ten"));
        assert!(why("1 USD/1B").contains("multiple"));
        assert!(why("1 USD/").contains("missing"));
        assert!(why("1 USD/10000000000000000000000000000000").contains("decimals"));
        assert!(why("99999999999999999999999999999999 USD").contains("more digits"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-+0-9.eE_ USD/kMGB]{0,40}|.*") {
            let _ = Price::parse(&text);
            let _ = Price::parse(&format!("{text} USD/{text}"));
        }
    }
}
