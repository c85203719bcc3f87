//! What a list's own word for a unit means in a dimension.

use crate::metering::usage::Dimension;

/// How a tariff states a price for a unit of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// Units of the item for which the price holds: 1000000 of `1M requests`.
    pub per: u64,
    /// Name, base units and whether it is held for a month, where the item's unit is not that of its dimension.
    pub unit: Option<(&'static str, u64, bool)>,
}

const SECONDS_PER_HOUR: u64 = 3_600;

/// What `text` means for usage of `dimension`; none when it is not known or counts something else.
pub fn meaning(text: &str, dimension: Dimension) -> Option<Meaning> {
    let (per, word) = counted(text)?;
    let plain = Some(Meaning { per, unit: None });
    let of = |name, size, month| Some(Meaning { per, unit: Some((name, size, month)) });
    let base = u64::try_from(dimension.base_per_unit()).ok()?;
    match (dimension.base_unit(), word.as_str()) {
        ("nanosecond" | "nano-LCU hour", "hour")
        | ("milli-vCPU nanosecond", "second")
        | ("MiB nanosecond", "GB-second" | "second")
        | ("GiB nanosecond", "GB-hour")
        | ("request", "count") => plain,
        ("nanosecond", "second") => of("second", base / SECONDS_PER_HOUR, false),
        ("milli-vCPU nanosecond", "hour") => of("vCPU-hour", base * SECONDS_PER_HOUR, false),
        ("MiB nanosecond", "GB-hour" | "hour") => of("GiB-hour", base * SECONDS_PER_HOUR, false),
        ("GiB nanosecond", "GB-month") => of("GB-month", 1, true),
        ("byte", "GB") => of("GB", 1 << 30, false),
        _ => None,
    }
}

/// The number that a unit begins with, and what is counted: one word for the many that providers use.
fn counted(text: &str) -> Option<(u64, String)> {
    let text = text.trim().to_lowercase();
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let (number, rest) = text.split_at(digits);
    let mut per: u64 = if number.is_empty() { 1 } else { number.parse().ok()? };
    let mut rest = rest.trim_start();
    for (letter, factor) in [("k", 1_000), ("m", 1_000_000), ("b", 1_000_000_000)] {
        let after =
            rest.strip_prefix(letter).filter(|after| !number.is_empty() && !after.starts_with(char::is_alphanumeric));
        if let Some(after) = after {
            per = per.checked_mul(factor)?;
            rest = after.trim_start();
            break;
        }
    }
    let word = match rest {
        "" | "requests" | "request" | "count" | "calls" | "operations" | "invocations" | "api requests"
        | "messages" => "count",
        "hrs" | "hr" | "hours" | "hour" | "h" | "instance-hours" | "node-hours" | "lcu-hrs" | "lcu-hours" | "lcu"
        | "acu-hr" | "vcpu-hours" | "vcpu hours" | "cluster-hours" => "hour",
        "s" | "second" | "seconds" | "sec" | "vcpu-seconds" | "vcpu-second" => "second",
        "gb-second" | "gb-seconds" | "gb seconds" | "gb second" | "lambda-gb-second" | "giby.s" => "GB-second",
        "gb-hours" | "gb-hour" | "gb hour" | "gb hours" | "giby.h" => "GB-hour",
        "gb-mo" | "gb-month" | "gb/month" | "gb month" | "giby.mo" => "GB-month",
        "gb" | "giby" | "gib" => "GB",
        _ => return None,
    };
    (per > 0).then(|| (per, word.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_four_providers() {
        let per = |text: &str, dimension| meaning(text, dimension).map(|meaning| meaning.per);
        for hour in ["Hrs", "h", "1 Hour", "hours", "Hour"] {
            assert_eq!(meaning(hour, Dimension::NodeHours), Some(Meaning { per: 1, unit: None }), "{hour}");
        }
        assert_eq!(per("Requests", Dimension::Requests), Some(1));
        assert_eq!(per("1M requests", Dimension::Requests), Some(1_000_000));
        assert_eq!(per("10K", Dimension::EdgeRequests), Some(10_000));
        assert_eq!(per("Lambda-GB-Second", Dimension::GibSeconds), Some(1));
        assert_eq!(per("1 GB Second", Dimension::GibSeconds), Some(1));
        assert_eq!(
            meaning("GiBy.h", Dimension::GibSeconds).unwrap().unit,
            Some(("GiB-hour", 3_686_400_000_000_000, false))
        );
        assert_eq!(meaning("1 GB/Month", Dimension::VolumeGibHours).unwrap().unit, Some(("GB-month", 1, true)));
        assert_eq!(per("100 GB", Dimension::EgressBytes), Some(100));
    }

    #[test]
    fn what_counts_something_else_is_not_known() {
        for (text, dimension) in [
            ("GB", Dimension::Requests),
            ("Requests", Dimension::NodeHours),
            ("Quantity", Dimension::NodeHours),
            ("0 Hours", Dimension::NodeHours),
            ("99999999999999999999 Hours", Dimension::NodeHours),
            ("99999999999999999B", Dimension::Requests),
        ] {
            assert_eq!(meaning(text, dimension), None, "{text}");
        }
    }
}
