//! Where data lies. What a store can bear comes from what a deployment binds it to.

use super::draw::{Draw, drawn, step_key};
use super::step::Access;
use crate::kernel::distribution::Distribution;
use crate::units::Bytes;

/// One store.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    /// Name, unique among stores.
    pub name: String,
    /// What kind of store.
    pub kind: Kind,
    /// Data that lies in it.
    pub stored: Bytes,
    /// Time of a read at low load, in nanoseconds.
    pub read: Distribution,
    /// Time of a write at low load, in nanoseconds.
    pub write: Distribution,
}

impl Store {
    /// Time of one access at low load, in nanoseconds.
    #[must_use]
    pub const fn latency(&self, access: Access) -> &Distribution {
        match access {
            Access::Read => &self.read,
            Access::Write => &self.write,
        }
    }

    /// Time at low load of the access that is made under the key `call` in this attempt, in nanoseconds.
    #[inline]
    #[must_use]
    pub fn time(&self, access: Access, call: u64, attempt: u32) -> u64 {
        drawn(self.latency(access), step_key(call, attempt, Draw::Io as u32))
    }
}

/// Kinds of stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Documents by key.
    Document,
    /// Tables and transactions.
    Relational,
    /// In memory.
    Cache,
    /// Files by name.
    Object,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Document, Self::Relational, Self::Cache, Self::Object];

    /// The word of scenarios.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Relational => "relational",
            Self::Cache => "cache",
            Self::Object => "object",
        }
    }
}
