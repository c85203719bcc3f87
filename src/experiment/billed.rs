//! Settled replications of one deployment, and the bill that they make together: the same whether the usage was played
//! just now or comes from a stored result.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::RunError;
use super::estimates::{Samples, intervals};
use super::fold::ratio;
use super::result::{Cost, Line, MonthTotal, NotModelled};
use crate::kernel::estimate::{Estimate, mean_interval, paired};
use crate::metering::calendar::Calendar;
use crate::metering::measurement::{ClassMeasure, Measurement};
use crate::metering::usage::{Dimension, Usage};
use crate::pricing::bill::{self, Bill};
use crate::pricing::settle::{Options, Settlement, Unpriced, settle};
use crate::pricing::tariff::Tariff;
use crate::scenario::Placed;

/// What every replication owes, and the scalars of their bills.
#[derive(Debug, Default)]
pub(super) struct Billed {
    settlements: Vec<Settlement>,
    pub per_month: Samples,
    total: Samples,
    per_million: Samples,
}

impl Billed {
    /// Bills the next replication, in which `succeeded` requests did.
    pub fn add(
        &mut self,
        usage: &Usage,
        tariffs: &[Tariff],
        calendar: &Calendar,
        options: &Options,
        succeeded: u64,
    ) -> Result<(), Unpriced> {
        let settlement = settle(usage, tariffs, calendar, options)?;
        let (per_month, total) = bill::totals(&settlement, options)?;
        let total = total.to_f64();
        self.per_month.push(per_month.to_f64());
        self.total.push(total);
        self.per_million.push(total.and_then(|total| ratio(total * 1e6, succeeded as f64)));
        self.settlements.push(settlement);
        Ok(())
    }

    /// Bills the next replication of a deployment as it was measured, unless it has no bill.
    pub fn add_measured(
        &mut self,
        measurement: &Measurement,
        placed: &Placed,
        calendar: &Calendar,
        options: &Options,
    ) -> Result<(), RunError> {
        if placed.tariffs.is_empty() {
            return Ok(());
        }
        let succeeded = measurement.sum(ClassMeasure::completed);
        self.add(&measurement.usage, &placed.tariffs, calendar, options, succeeded).map_err(unpriced(placed))
    }

    /// The bill of a deployment: the mean of the replications.
    pub fn bill_of(&self, placed: &Placed, options: &Options) -> Result<Bill, RunError> {
        self.bill(options).map_err(unpriced(placed))
    }

    /// What is owed beyond what `other` owes for the same replications.
    pub fn more_than(&self, other: &Self) -> Option<Estimate> {
        paired(&self.total, &other.total)
    }

    /// The bill: the mean of the replications.
    pub fn bill(&self, options: &Options) -> Result<Bill, Unpriced> {
        bill::mean(&self.settlements, options)
    }

    /// The bill as results have it. `succeeded` is the sum over replications, `not_modelled` what the platform's bill
    /// leaves out.
    pub fn cost(&self, bill: &Bill, succeeded: u64, not_modelled: Vec<NotModelled>) -> Cost {
        let per_replication = Decimal::from(succeeded) / Decimal::from(self.settlements.len().max(1));
        let per_million_requests = bill
            .total
            .checked_mul(Decimal::from(1_000_000))
            .and_then(|micro| micro.checked_div(per_replication))
            .map(|cost| cost.round_dp_with_strategy(6, RoundingStrategy::MidpointNearestEven));
        let left_out = bill.not_priced.iter().map(|&dimension| left_out(dimension));
        let months = bill.periods.iter().map(|period| MonthTotal {
            from: period.from.clone(),
            to: period.to.clone(),
            total: period.total,
        });
        Cost {
            currency: bill.currency.clone(),
            total: bill.total,
            per_month: bill.per_month,
            per_million_requests,
            months: months.collect(),
            lines: bill.lines.iter().map(line).collect(),
            not_modelled: left_out.chain(not_modelled).collect(),
            notes: bill.notes.clone(),
            at_expected_traffic: None,
            ci95: intervals([
                ("total", mean_interval(&self.total)),
                ("per_month", mean_interval(&self.per_month)),
                ("per_million_requests", mean_interval(&self.per_million)),
            ]),
        }
    }
}

/// A deployment used something that has no price.
fn unpriced(placed: &Placed) -> impl FnOnce(Unpriced) -> RunError {
    |why| RunError::Unpriced { deployment: placed.deployment.name.clone(), why }
}

/// What is said of a dimension that a tariff may leave out, and does.
pub(super) fn left_out(dimension: Dimension) -> NotModelled {
    NotModelled { item: format!("{} (the tariff has no price for it)", dimension.id()), usual_share: None }
}

fn line(item: &bill::LineItem) -> Line {
    let of_each: Samples = item.of_each.iter().map(Decimal::to_f64).collect();
    Line {
        service: item.service.clone(),
        group: item.group.word().to_owned(),
        item: item.item.clone(),
        dimension: item.dimension.id().to_owned(),
        tier: item.tier,
        quantity: item.quantity,
        unit: item.unit.clone(),
        unit_price: item.unit_price,
        amount: item.amount,
        source: item.provenance.source.clone(),
        observed: item.provenance.observed.clone(),
        confidence: item.provenance.confidence,
        ci95: intervals([("quantity", mean_interval(&of_each))]),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::experiment::result::interval;
    use crate::experiment::{self, RunOptions};
    use crate::scenario::Document;

    #[test]
    fn each_line_is_known_as_well_as_its_replications_agree() {
        let text = "scenario = { seed = 1, replications = 3 }\nclass = { io = '50ms' }\n\
                    traffic = { duration = '10m', source = { rate = '5/s' } }\ndeployment = { platform = 'eks' }\n";
        let mut document = Document::new("s.toml", text, Path::new("."), "s", &[]);
        let scenario = document.build().map_err(|problems| document.render(&problems, false)).unwrap();
        let result = experiment::run(&scenario, &RunOptions::quiet()).unwrap();
        let cost = result.deployments[0].cost.as_ref().unwrap();
        let half_width = |item: &str| {
            let line = cost.lines.iter().find(|line| line.item == item).unwrap();
            let quantity = f64::try_from(line.quantity).unwrap();
            let held = interval(&line.ci95, "quantity").unwrap();
            assert!(held.low <= quantity && quantity <= held.high, "{item}: {held:?} of {quantity}");
            line.half_width() / f64::try_from(line.amount).unwrap()
        };
        assert!(half_width("eks.cluster-hours") < 1e-9, "the fee of a cluster is the same in every replication");
        let by_traffic = half_width("aws-network.egress");
        assert!((0.001..0.2).contains(&by_traffic), "{by_traffic}");
        let of_all: f64 = cost.lines.iter().map(super::Line::half_width).sum();
        assert_eq!(cost.half_width(|_| true), of_all);
    }
}
