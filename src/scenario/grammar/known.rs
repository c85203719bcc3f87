//! Names that the grammar knows from elsewhere: time zones, profiles, runtimes.

use jiff::tz::TimeZone;

use crate::document::grammar::Known;
use crate::platform::catalogue::Catalogue;
use crate::traffic::profile;

/// IANA time zones.
pub static TIME_ZONES: Known = Known {
    what: "time zone",
    knows: |name| TimeZone::get(name).is_ok(),
    names: || jiff::tz::db().available().map(|name| name.to_string()).collect(),
    example: "Europe/Berlin",
    listed: false,
};

/// Profiles of the catalogue.
pub static PROFILES: Known = Known {
    what: "profile",
    knows: |name| profile::Profile::named(name).is_some(),
    names: || profile::catalogue().into_iter().map(|entry| entry.name).collect(),
    example: "school-day",
    listed: true,
};

/// Runtimes of the catalogue, and "none" for nothing to start.
pub static RUNTIMES: Known = Known {
    what: "runtime",
    knows: |name| name == "none" || Catalogue::builtin().runtime(name).is_some(),
    names: || Catalogue::builtin().runtimes().chain(["none"]).map(str::to_owned).collect(),
    example: "python",
    listed: true,
};
