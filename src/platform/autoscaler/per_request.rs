//! An instance for each request that finds none free, within limits of count and of rate.

use crate::platform::tokens::Refill;

/// Limits of a fleet that follows its requests.
#[derive(Clone, Debug, PartialEq)]
pub struct PerRequest {
    /// New instances within a time. `None`: no limit.
    pub scale_rate: Option<Refill>,
    /// Most instances at work at once over the account. `None`: no limit.
    pub account_concurrency: Option<u32>,
    /// Most instances at work at once of this service, taken out of the account's. `None`: no limit of its own.
    pub reserved: Option<u32>,
}
