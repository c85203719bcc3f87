//! A beginning of the measured time that is not as it goes on.

use serde::{Deserialize, Serialize};

/// How the measured time begins where the warm-up was too short.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unsettled {
    /// Length of this beginning, seconds.
    pub seconds: f64,
    /// By what share its mean instances differ from those of the rest.
    pub instances: f64,
    /// By what share the mean of all measured time does, for that.
    pub of_all: f64,
    /// A warm-up that would leave this beginning out, the one that was played included.
    pub warmup_seconds: f64,
}
