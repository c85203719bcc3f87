//! Typed getters for a tree that was checked and completed: what a kind accepts, its getter reads.
//!
//! A getter panics when the node is not of the kind that was checked: that is a mistake in the program, never in a text.

use rust_decimal::Decimal;

use super::quantity;
use super::tree::{Datetime, Node, Table, Value};
use crate::units::{Bytes, Nanos};

impl Table {
    /// The value of `key`, which a default or the check has made sure of.
    ///
    /// # Panics
    /// If there is none: its shape neither requires the key nor has a default for it.
    #[must_use]
    pub fn at(&self, key: &str) -> &Node {
        self.get(key).unwrap_or_else(|| panic!("key `{key}` is required, or completed with a default"))
    }
}

impl Node {
    fn mismatch(&self, wanted: &str) -> ! {
        panic!("{wanted} was checked, found {}", self.value.type_name())
    }

    fn is_word(&self, word: &str) -> bool {
        self.as_str() == Some(word)
    }

    /// Whether it says `"none"` or `"unbounded"`.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.is_word("none") || self.is_word("unbounded")
    }

    /// Of a text kind.
    #[must_use]
    pub fn text(&self) -> &str {
        self.as_str().unwrap_or_else(|| self.mismatch("text"))
    }

    /// Of kind boolean.
    #[must_use]
    pub fn flag(&self) -> bool {
        match self.value {
            Value::Boolean(flag) => flag,
            _ => self.mismatch("true or false"),
        }
    }

    /// Of a number kind.
    #[must_use]
    pub fn number(&self) -> f64 {
        match self.value {
            Value::Integer(number) => number as f64,
            Value::Float(number) => number,
            _ => self.mismatch("a number"),
        }
    }

    /// Of a number kind; `None` for `"none"`.
    #[must_use]
    pub fn number_or_none(&self) -> Option<f64> {
        (!self.is_unlimited()).then(|| self.number())
    }

    /// Of a count kind.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self.value {
            Value::Integer(number) => u64::try_from(number).unwrap_or_else(|_| self.mismatch("a count")),
            _ => self.mismatch("a count"),
        }
    }

    /// Of a count kind that ends at 2^32-1.
    #[must_use]
    pub fn count_u32(&self) -> u32 {
        u32::try_from(self.count()).unwrap_or_else(|_| self.mismatch("a count below 2^32"))
    }

    /// Of a count kind; `None` for `"unbounded"`.
    #[must_use]
    pub fn count_or_unbounded(&self) -> Option<u64> {
        (!self.is_unlimited()).then(|| self.count())
    }

    /// Of a duration kind.
    #[must_use]
    pub fn duration(&self) -> Nanos {
        self.as_str().and_then(|text| quantity::duration(text).ok()).unwrap_or_else(|| self.mismatch("a duration"))
    }

    /// Of a duration kind; `None` for `"none"`.
    #[must_use]
    pub fn duration_or_none(&self) -> Option<Nanos> {
        (!self.is_unlimited()).then(|| self.duration())
    }

    /// Of a rate kind: events per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.as_str().and_then(|text| quantity::rate(text).ok()).unwrap_or_else(|| self.mismatch("a rate"))
    }

    /// Of kind growth: the yearly relative change.
    #[must_use]
    pub fn growth(&self) -> f64 {
        self.as_str().and_then(|text| quantity::growth(text).ok()).unwrap_or_else(|| self.mismatch("growth"))
    }

    /// Of a size kind.
    #[must_use]
    pub fn size(&self) -> Bytes {
        match &self.value {
            Value::String(text) => quantity::size(text).ok(),
            Value::Integer(bytes) => u64::try_from(*bytes).ok().map(Bytes),
            _ => None,
        }
        .unwrap_or_else(|| self.mismatch("a size"))
    }

    /// Of a size kind; `None` for `"none"`.
    #[must_use]
    pub fn size_or_none(&self) -> Option<Bytes> {
        (!self.is_unlimited()).then(|| self.size())
    }

    /// Of a share kind: `"95%"` is 0.95.
    #[must_use]
    pub fn share(&self) -> f64 {
        match &self.value {
            Value::String(text) => quantity::share(text).unwrap_or_else(|_| self.mismatch("a share")),
            _ => self.number(),
        }
    }

    /// Of kind money, in USD.
    #[must_use]
    pub fn money(&self) -> Decimal {
        self.as_str().and_then(|text| quantity::money(text).ok()).unwrap_or_else(|| self.mismatch("money"))
    }

    /// Of kind price: (USD, for how many units).
    #[must_use]
    pub fn price(&self) -> (Decimal, Decimal) {
        self.as_str().and_then(|text| quantity::price(text).ok()).unwrap_or_else(|| self.mismatch("a price"))
    }

    /// Of a date or date-time kind.
    #[must_use]
    pub fn datetime(&self) -> Datetime {
        match self.value {
            Value::Datetime(instant) => instant,
            _ => self.mismatch("a date or time"),
        }
    }

    /// Of a table kind.
    #[must_use]
    pub fn table(&self) -> &Table {
        self.as_table().unwrap_or_else(|| self.mismatch("a table"))
    }

    /// Of a list kind, or of one or many: the elements.
    #[must_use]
    pub fn elements(&self) -> &[Self] {
        match &self.value {
            Value::Array(nodes) => nodes,
            _ => std::slice::from_ref(self),
        }
    }

    /// Of kind quantiles: each value as `read` reads it.
    pub fn quantiles(&self, read: impl Fn(&Self) -> f64) -> Vec<(f64, f64)> {
        self.elements().iter().map(|pair| (pair.elements()[0].number(), read(&pair.elements()[1]))).collect()
    }
}
