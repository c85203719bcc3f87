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
