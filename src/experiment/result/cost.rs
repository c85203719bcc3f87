//! What one deployment is billed, and the usage that the bill is made from.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use super::{Interval, Intervals, interval};
use crate::document::provenance::Confidence;

/// The bill of a deployment: means over replications, exact decimals as strings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cost {
    /// ISO code.
    pub currency: String,
    /// Of the measured time.
    #[cfg_attr(test, schemars(with = "String"))]
    pub total: Decimal,
    /// Of a month of such time: the sum of the lines.
    #[cfg_attr(test, schemars(with = "String"))]
    pub per_month: Decimal,
    /// `total` per million succeeded requests; null without any.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub per_million_requests: Option<Decimal>,
    /// Billing periods.
    pub months: Vec<MonthTotal>,
    /// The bill of a month.
    pub lines: Vec<Line>,
    /// What the bill leaves out.
    pub not_modelled: Vec<NotModelled>,
    /// What a reader should know of the items that occur.
    pub notes: Vec<String>,
    /// Intervals of `total`, `per_month`, `per_million_requests`.
    pub ci95: Intervals,
    /// What a month would cost with as many requests as were to be expected, where that is known far better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_expected_traffic: Option<AtExpectedTraffic>,
}

/// A monthly cost from which the chance of how many requests came is taken out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AtExpectedTraffic {
    /// Of a month.
    #[cfg_attr(test, schemars(with = "String"))]
    pub per_month: Decimal,
    /// 95 % interval.
    pub ci95: Interval,
    /// So many times as many replications would have made the plain interval as narrow.
    pub worth: f64,
}

/// The covered share of one billing period's bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MonthTotal {
    /// First instant.
    pub from: String,
    /// End of the covered part.
    pub to: String,
    /// Covered share of the period's bill.
    #[cfg_attr(test, schemars(with = "String"))]
    pub total: Decimal,
}

/// One line of the bill: `quantity x unit_price = amount`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Line {
    /// The service; empty for what all share.
    pub service: String,
    /// compute, requests, edge, data, observability, network or fixed.
    pub group: String,
    /// `tariff.item`.
    pub item: String,
    /// Dimension id.
    pub dimension: String,
    /// Which tier, from 1; 0 for what an allowance covers.
    pub tier: u32,
    /// In `unit`.
    #[cfg_attr(test, schemars(with = "String"))]
    pub quantity: Decimal,
    /// What is counted.
    pub unit: String,
    /// Price of one unit.
    #[cfg_attr(test, schemars(with = "String"))]
    pub unit_price: Decimal,
    /// `quantity x unit_price`.
    #[cfg_attr(test, schemars(with = "String"))]
    pub amount: Decimal,
    /// Source of the price.
    pub source: String,
    /// When it was observed.
    pub observed: String,
    /// How far it can be trusted.
    pub confidence: Confidence,
    /// Interval of `quantity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci95: Intervals,
}

impl Line {
    /// Half of the interval of the amount; 0 where there is none, or where all replications agree.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        self.half_width_of_quantity() * self.unit_price.abs().to_f64().unwrap_or(0.0)
    }

    /// The same of the quantity. An interval that was cut at zero counts as wide as its upper side says.
    #[must_use]
    pub fn half_width_of_quantity(&self) -> f64 {
        let quantity = self.quantity.to_f64().unwrap_or(0.0);
        interval(&self.ci95, "quantity").map_or(0.0, |ci95| (ci95.high - quantity).max(quantity - ci95.low))
    }
}

/// Something that the bill leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NotModelled {
    /// What.
    pub item: String,
    /// Usual share, where a source gives one.
    pub usual_share: Option<String>,
}

/// Usage of one replication on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UsageRow {
    /// From 0.
    pub replication: u32,
    /// The service.
    pub service: String,
    /// Dimension id.
    pub dimension: String,
    /// Node type, instance class...; absent where there is only one.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub variant: String,
    /// ISO date in the tariff's day zone.
    pub day: String,
    /// Whole base units, as a decimal string: it may be larger than an exact decimal can be.
    pub quantity: String,
    /// The same in each measured hour of the day, in order and separated by spaces, where a price may look at hours:
    /// commitments, sustained use, most units at a time. Hours are counted from the first measured instant, and end with
    /// the day.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hours: Option<String>,
}

impl UsageRow {
    /// Whether it counts the same thing in the same replication, on whatever day.
    pub(in crate::experiment) fn counts_like(&self, other: &Self) -> bool {
        self.replication == other.replication
            && self.dimension == other.dimension
            && self.variant == other.variant
            && self.service == other.service
    }
}

impl Cost {
    /// Amounts of a month by group, in the order in which the bill first names them; they add up to `per_month`.
    #[must_use]
    pub fn groups(&self) -> Vec<(&str, Decimal)> {
        let mut groups: Vec<(&str, Decimal)> = Vec::new();
        for line in &self.lines {
            match groups.iter_mut().find(|(group, _)| *group == line.group) {
                Some((_, amount)) => *amount += line.amount,
                None => groups.push((&line.group, line.amount)),
            }
        }
        groups
    }

    /// Half of an interval that holds what these lines come to. What moves one moves the others in the same direction,
    /// mostly: their half-widths add up.
    #[must_use]
    pub fn half_width(&self, is_meant: impl Fn(&Line) -> bool) -> f64 {
        self.lines.iter().filter(|line| is_meant(line)).map(Line::half_width).sum()
    }

    /// What a month is billed under the name of a service.
    #[must_use]
    pub fn under(&self, service: &str) -> Decimal {
        self.lines.iter().filter(|line| line.service == service).map(|line| line.amount).sum()
    }
}
