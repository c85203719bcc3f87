//! Where a figure comes from: the source, when it was observed, and how far it can be trusted.

use serde::{Deserialize, Serialize};

/// How far a default or a price can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Read in the provider's own text or worked example.
    Provider,
    /// Read in data generated from a price API, or in upstream's own source code.
    Api,
    /// Read in a third-party article, paper or measurement.
    Secondary,
    /// Computed from other sourced figures.
    Derived,
    /// A modelling choice of ours. Flagged wherever it is printed.
    Assumption,
    /// Not verified. Flagged wherever it is printed.
    Recollection,
}

impl Confidence {
    /// Every word of the vocabulary.
    pub const ALL: [Self; 6] =
        [Self::Provider, Self::Api, Self::Secondary, Self::Derived, Self::Assumption, Self::Recollection];

    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Api => "api",
            Self::Secondary => "secondary",
            Self::Derived => "derived",
            Self::Assumption => "assumption",
            Self::Recollection => "recollection",
        }
    }

    /// Whether reports must flag a figure of this confidence.
    #[must_use]
    pub const fn is_flagged(self) -> bool {
        matches!(self, Self::Assumption | Self::Recollection)
    }
}

/// The origin of one figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Citation: author, title, year, URL.
    pub source: String,
    /// When it was read, as precisely as is known: `2026-11-23`, `2026-08`, `undated`.
    pub observed: String,
    /// How far it can be trusted.
    pub confidence: Confidence,
}

/// Whole months for which `observed` certainly lies before `day` (an ISO date): a year alone may have been its December, a
/// month alone its last day. `None` where either begins with no year.
#[must_use]
pub fn months_before(observed: &str, day: &str) -> Option<u32> {
    let (year, month, date) = latest(observed)?;
    let (until, until_month, until_date) = latest(day)?;
    let months = (until * 12 + until_month) - (year * 12 + month) - i64::from(until_date < date);
    Some(u32::try_from(months.max(0)).unwrap_or(u32::MAX))
}

/// The last day that a date as `2026`, `2026-08` or `2026-08-21` may mean.
fn latest(text: &str) -> Option<(i64, i64, i64)> {
    let mut parts = text.get(..10).unwrap_or(text).split('-').map(|part| {
        let digits = part.len() - part.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        part[..digits].parse::<i64>().ok()
    });
    let year = parts.next().flatten().filter(|year| (1000..10_000).contains(year))?;
    let month = parts.next().flatten().filter(|month| (1..=12).contains(month));
    let date = parts.next().flatten().filter(|date| (1..=31).contains(date) && month.is_some());
    Some((year, month.unwrap_or(12), date.unwrap_or(31)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_is_what_it_certainly_is() {
        for (observed, months) in [
            ("2026-11-24", Some(0)),
            ("2025-11-24", Some(12)),
            ("2025-11-25", Some(11)),
            ("2025-10", Some(12)),
            ("2025", Some(10)),
            ("2026", Some(0)),
            ("2027-01-01", Some(0)),
            ("undated", None),
            ("undated, 2025 or later", None),
            ("as given", None),
            ("", None),
            ("99999999999999999999-1", None),
        ] {
            assert_eq!(months_before(observed, "2026-11-24"), months, "{observed}");
        }
        assert_eq!(months_before("2024-04-01", "latest"), None);
    }
}
