//! Stored usage priced anew: other prices, no simulation.
//!
//! With the prices of the run, the bill is that of the run to the last digit: both are made by the same code from the
//! same whole numbers.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use jiff::Zoned;
use jiff::tz::TimeZone;

use super::billed::{Billed, left_out};
use super::compare::{cheapest, cheapest_meeting_slo, cost_pair};
use super::control::at_expected_traffic;
use super::coordination;
use super::judge::judged;
use super::result::{CatalogueInfo, DeploymentResult, Measured, RunResult, UsageRow, Verdict};
use crate::document::diagnostic::Diagnostics;
use crate::document::source::Sources;
use crate::kernel::estimate::mean_interval;
use crate::metering::calendar::{Calendar, Month};
use crate::metering::usage::{Dimension, Meter, Usage};
use crate::pricing::book::Book;
use crate::pricing::explain::{Explanation, explain};
use crate::pricing::settle::{Unpriced, any_looks_at_hours, looks_at_hours, settle};
use crate::pricing::tariff::{Tariff, day_zone};
use crate::scenario::{Metric, Objective, Prices};
use crate::units::Nanos;

/// Why there is no new bill.
#[derive(Clone, Debug)]
pub enum RepriceError {
    /// The result says something about its usage that cannot be.
    Stored {
        /// Name of the deployment; empty where it concerns all.
        deployment: String,
        /// What.
        what: String,
    },
    /// A tariff of the result cannot be bound to these prices.
    Tariff {
        /// Name of the deployment.
        deployment: String,
        /// The texts of the tariffs.
        sources: Sources,
        /// Every problem.
        problems: Diagnostics,
    },
    /// By these prices the same work would have been counted differently: it has to be played again.
    Metering {
        /// Name of the deployment.
        deployment: String,
        /// The rule that differs.
        rule: String,
    },
    /// The deployment used something that has no price.
    Unpriced {
        /// Name of the deployment.
        deployment: String,
        /// What has no price.
        why: Unpriced,
    },
}

impl fmt::Display for RepriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored { deployment, what } if deployment.is_empty() => f.write_str(what),
            Self::Stored { deployment, what } => write!(f, "deployment `{deployment}`: {what}"),
            Self::Tariff { deployment, problems, .. } => {
                let first = problems.iter().next().map_or("", |problem| &problem.message);
                write!(f, "deployment `{deployment}`: {first}")
            }
            Self::Metering { deployment, rule } => write!(f, "deployment `{deployment}`: {rule}"),
            Self::Unpriced { deployment, why } => write!(f, "deployment `{deployment}`: {why}"),
        }
    }
}

impl std::error::Error for RepriceError {}

/// `result` with the bills that `prices` give, and everything that follows from them: verdicts on cost, who is the
/// cheapest, and the paired differences of cost.
///
/// # Errors
/// [`RepriceError`].
pub fn reprice(mut result: RunResult, prices: &Prices) -> Result<RunResult, RepriceError> {
    let span = MeasuredTime::read(&result.measured)?;
    counted_alike(&result, prices)?;
    known_plans(&result, prices)?;
    let exchange = exchange(&result, prices);
    let mut billed = Vec::with_capacity(result.deployments.len());
    for deployment in &mut result.deployments {
        let bills = bills(deployment, result.replications, &span, prices)?;
        let bill = bills.bill(&prices.options).map_err(|why| unpriced(deployment, why))?;
        if !deployment.tariffs.is_empty() {
            let succeeded = deployment.succeeded.iter().sum();
            let not_modelled = deployment.cost.as_ref().map_or_else(Vec::new, |cost| {
                let said = |item: &String| Dimension::ALL.iter().any(|&dimension| left_out(dimension).item == *item);
                cost.not_modelled.iter().filter(|missing| !said(&missing.item)).cloned().collect()
            });
            let mut cost = bills.cost(&bill, succeeded, not_modelled);
            cost.at_expected_traffic = at_expected_traffic(&result.traffic, &bills.per_month);
            for service in &mut deployment.services {
                service.cost_per_month = Some(cost.under(&service.name));
            }
            let measured = deployment.coordination.take();
            deployment.coordination =
                measured.map(|measured| coordination::priced(measured, &deployment.services, Some(&cost)));
            if deployment.cost.replace(cost).map(|before| before.total)
                != deployment.cost.as_ref().map(|cost| cost.total)
            {
                forget_tolls(deployment);
            }
        }
        for verdict in deployment.slo.iter_mut().filter(|verdict| verdict.objective == Metric::CostPerMonth.key()) {
            *verdict = judged_again(verdict, &bills, exchange);
        }
        billed.push(bills);
    }
    compare_again(&mut result, &billed);
    result.catalogue = CatalogueInfo::of(&result.deployments, result.catalogue.defaults);
    result.pricing.clone_from(&prices.stated);
    result.repriced_by = Some(env!("CARGO_PKG_VERSION").to_owned());
    Ok(result)
}

/// What faults added to the bill was found by runs without them, whose usage is not stored: by other prices it is not known.
fn forget_tolls(deployment: &mut DeploymentResult) {
    for fault in &mut deployment.faults {
        fault.extra_cost = None;
        if let Some(intervals) = &mut fault.ci95 {
            intervals.remove("extra_cost");
        }
    }
}

/// Refuses prices of a day by whose rules the same work would have been counted otherwise.
fn counted_alike(result: &RunResult, prices: &Prices) -> Result<(), RepriceError> {
    let as_of = |pricing: &serde_json::Map<String, serde_json::Value>| pricing.get("as_of").cloned();
    let before = as_of(&result.pricing);
    if before == as_of(&prices.stated) {
        return Ok(());
    }
    let day = before.and_then(|day| day.as_str()?.parse().ok());
    let counted_by = day.map_or_else(|| Book::builtin().clone(), Book::as_of);
    for deployment in &result.deployments {
        for stated in deployment.tariffs.iter().filter(|stated| stated.text.is_none()) {
            let pair = prices.book.tariff(&stated.name).zip(counted_by.tariff(&stated.name));
            if let Some(rule) = pair.and_then(|(now, then)| now.different_rule(then)) {
                return Err(RepriceError::Metering { deployment: deployment.name.clone(), rule });
            }
        }
    }
    Ok(())
}

/// Refuses commitments to plans that neither the price book nor a tariff of the result has.
fn known_plans(result: &RunResult, prices: &Prices) -> Result<(), RepriceError> {
    for one in &prices.options.commitments {
        let in_book = one.plan.split_once('.').is_some_and(|(owner, _)| prices.book.tariff(owner).is_some());
        let mut known = in_book;
        for deployment in result.deployments.iter().filter(|_| !in_book) {
            let tariffs = bound(deployment, prices)?;
            known |= tariffs.iter().flat_map(|tariff| &tariff.plans).any(|plan| plan.id == one.plan);
        }
        if !known {
            return Err(stored("", format!("no plan is called `{}`", one.plan)));
        }
    }
    Ok(())
}

/// What every replication of a deployment used, and the tariffs and days that it is billed by.
#[derive(Debug)]
pub struct StoredUsage {
    /// The tariffs, bound to the new prices; none for a deployment without a bill.
    pub tariffs: Vec<Tariff>,
    /// One slice per day; per hour of each where a price looks at hours.
    pub calendar: Calendar,
    /// One per replication.
    pub usages: Vec<Usage>,
}

impl StoredUsage {
    /// What `result` stores of its deployment `name`.
    ///
    /// # Errors
    /// As [`reprice`]; [`RepriceError::Stored`] when there is no such deployment.
    pub fn of(result: &RunResult, name: &str, prices: &Prices) -> Result<Self, RepriceError> {
        let deployment = result.deployment(name);
        let deployment = deployment.ok_or_else(|| stored(name, "there is no such deployment in the result"))?;
        Self::read(deployment, result.replications, &MeasuredTime::read(&result.measured)?, prices)
    }

    /// Explains line number `index` (from 0) of the bill that `prices` give; `None` when it has no such line.
    ///
    /// # Errors
    /// [`Unpriced`], which the bill was not.
    pub fn explain(&self, prices: &Prices, index: usize) -> Result<Option<Explanation>, Unpriced> {
        let settled = |usage| settle(usage, &self.tariffs, &self.calendar, &prices.options);
        let settlements = self.usages.iter().map(settled).collect::<Result<Vec<_>, _>>()?;
        Ok(explain(&settlements, &self.usages, &self.calendar, index))
    }

    fn read(
        deployment: &DeploymentResult,
        replications: u32,
        span: &MeasuredTime,
        prices: &Prices,
    ) -> Result<Self, RepriceError> {
        let tariffs = bound(deployment, prices)?;
        let calendar = span.calendar(deployment, prices.options.month)?;
        let hourly = any_looks_at_hours(&tariffs, &prices.options);
        let calendar = if hourly { calendar.by_hour() } else { calendar.by_day() };
        let usages =
            usages(deployment, replications, &calendar, |meter| looks_at_hours(meter, &tariffs, &prices.options))?;
        Ok(Self { tariffs, calendar, usages })
    }
}

/// The bills of every replication; none without tariffs.
fn bills(
    deployment: &DeploymentResult,
    replications: u32,
    span: &MeasuredTime,
    prices: &Prices,
) -> Result<Billed, RepriceError> {
    let mut bills = Billed::default();
    if deployment.tariffs.is_empty() {
        return Ok(bills);
    }
    let StoredUsage { tariffs, calendar, usages } = StoredUsage::read(deployment, replications, span, prices)?;
    for (usage, &succeeded) in usages.iter().zip(&deployment.succeeded) {
        bills.add(usage, &tariffs, &calendar, &prices.options, succeeded).map_err(|why| unpriced(deployment, why))?;
    }
    Ok(bills)
}

fn unpriced(deployment: &DeploymentResult, why: Unpriced) -> RepriceError {
    RepriceError::Unpriced { deployment: deployment.name.clone(), why }
}

fn stored(deployment: &str, what: impl Into<String>) -> RepriceError {
    RepriceError::Stored { deployment: deployment.to_owned(), what: what.into() }
}

/// The tariffs of a deployment, as `prices` have them.
fn bound(deployment: &DeploymentResult, prices: &Prices) -> Result<Vec<Tariff>, RepriceError> {
    let mut sources = Sources::new();
    // A tariff of a user goes into a book of its own; most results have none, and the book is large.
    let mut with_files: Option<Book> = None;
    let mut tariffs = Vec::with_capacity(deployment.tariffs.len());
    for stated in &deployment.tariffs {
        if let (None, Some(tariff)) = (&stated.text, prices.book.tariff(&stated.name)) {
            tariffs.push(stated.narrowed(tariff.clone()));
            continue;
        }
        let book = with_files.get_or_insert_with(|| prices.book.clone());
        let tariff = stated.tariff(book, &mut sources);
        tariffs.push(tariff.map_err(|problems| RepriceError::Tariff {
            deployment: deployment.name.clone(),
            sources: sources.clone(),
            problems,
        })?);
    }
    let zone = day_zone(&tariffs);
    let daily = tariffs.iter().flat_map(|tariff| &tariff.items).any(|item| item.free_day.is_some());
    if daily && prices.options.free_tier && zone != deployment.day_zone {
        let rule = format!("its days end at midnight in {zone}, those of the stored usage in {}", deployment.day_zone);
        return Err(RepriceError::Metering { deployment: deployment.name.clone(), rule });
    }
    Ok(tariffs)
}

/// The measured time of every replication.
struct MeasuredTime {
    from: Zoned,
    length: Nanos,
}

impl MeasuredTime {
    fn read(measured: &Measured) -> Result<Self, RepriceError> {
        let instant = |text: &str| {
            let read: Result<Zoned, jiff::Error> = text.parse();
            read.map_err(|error| stored("", format!("`{text}` is no instant of measured time: {error}")))
        };
        let (from, to) = (instant(&measured.from)?, instant(&measured.to)?);
        let length = to.timestamp().as_nanosecond() - from.timestamp().as_nanosecond();
        let length = u64::try_from(length).map_err(|_| {
            stored("", format!("the measured time does not go from `{}` to `{}`", measured.from, measured.to))
        })?;
        Ok(Self { from, length: Nanos(length) })
    }

    /// The days of the stored usage.
    fn calendar(&self, deployment: &DeploymentResult, month: Month) -> Result<Calendar, RepriceError> {
        let calendar = TimeZone::get(&deployment.day_zone)
            .and_then(|zone| Calendar::new(&self.from, Nanos::ZERO, self.length, month, &zone));
        calendar.map_err(|error| stored(&deployment.name, format!("no calendar for its days: {error}")))
    }
}

/// The usage of each replication. What no price looks at the hours of stands in the first slice of its day.
fn usages(
    deployment: &DeploymentResult,
    replications: u32,
    calendar: &Calendar,
    by_the_hour: impl Fn(&Meter) -> bool,
) -> Result<Vec<Usage>, RepriceError> {
    // The list is part of the file, so that its length is bounded by what was read.
    if deployment.succeeded.len() as u64 != u64::from(replications) {
        let wrong = format!("`succeeded` has {} entries of {replications}", deployment.succeeded.len());
        return Err(stored(&deployment.name, wrong));
    }
    let days = slices_of_days(calendar);
    let mut usages = vec![Usage::default(); deployment.succeeded.len()];
    let mut number = 0;
    for rows in deployment.usage.chunk_by(UsageRow::counts_like) {
        let wrong = |number: usize, what: &str, text: &str| {
            stored(&deployment.name, format!("`usage[{number}]`: `{text}` {what}"))
        };
        let (row, place) = (&rows[0], rows[0].replication as usize);
        let usage = usages.get_mut(place);
        let usage = usage.ok_or_else(|| wrong(number, "is no replication of this result", &place.to_string()))?;
        let meter = meter(row).ok_or_else(|| wrong(number, "is no dimension", &row.dimension))?;
        let hourly = by_the_hour(&meter);
        let counts = usage.counts.entry(meter).or_default();
        counts.resize(calendar.slices.len(), 0);
        for row in rows {
            let slices = days.get(row.day.as_str());
            let slices = slices.ok_or_else(|| wrong(number, "is no day of the measured time", &row.day))?;
            let counts = &mut counts[slices.clone()];
            of_day(row, hourly, counts).map_err(|(what, text)| wrong(number, what, text))?;
            number += 1;
        }
    }
    Ok(usages)
}

/// Puts a row where its day is counted, or says what of it cannot be.
fn of_day<'r>(row: &'r UsageRow, hourly: bool, counts: &mut [u128]) -> Result<(), (&'static str, &'r str)> {
    let quantity = whole(&row.quantity).ok_or(("is no whole number of base units", row.quantity.as_str()))?;
    if counts.iter().any(|&count| count > 0) {
        return Err(("is counted twice on a day", &row.dimension));
    }
    if !hourly {
        counts[0] = quantity;
        return Ok(());
    }
    let by_the_day = ("was stored by the day, and its price looks at hours", row.dimension.as_str());
    let hours = row.hours.as_ref().ok_or(by_the_day)?;
    if super::hours::read(hours, counts) == Some(quantity) {
        Ok(())
    } else {
        Err(("are not the hours of that quantity and day", hours))
    }
}

/// The slices of each day, by its date.
fn slices_of_days(calendar: &Calendar) -> HashMap<&str, Range<usize>> {
    let mut days: HashMap<&str, Range<usize>> = HashMap::with_capacity(calendar.days.len());
    for (number, slice) in calendar.slices.iter().enumerate() {
        let range = days.entry(&calendar.days[slice.day].date).or_insert(number..number);
        range.end = number + 1;
    }
    days
}

fn whole(text: &str) -> Option<u128> {
    text.parse().ok()
}

/// What a row counts.
fn meter(row: &UsageRow) -> Option<Meter> {
    let dimension = Dimension::from_id(&row.dimension)?;
    Some(Meter { service: row.service.clone(), dimension, variant: row.variant.clone() })
}

/// Units of the new currency for one of the old; exactly 1 where neither changes.
fn exchange(result: &RunResult, prices: &Prices) -> f64 {
    let rate = |section: &serde_json::Map<String, serde_json::Value>| {
        section.get("currency").and_then(|currency| currency.get("per_usd")).and_then(serde_json::Value::as_f64)
    };
    match (rate(&result.pricing), rate(&prices.stated)) {
        (Some(old), Some(new)) if old > 0.0 && old != new => new / old,
        _ => 1.0,
    }
}

/// The verdict on a budget, by the new bills.
fn judged_again(verdict: &Verdict, bills: &Billed, exchange: f64) -> Verdict {
    let objective =
        Objective { metric: Metric::CostPerMonth, class: verdict.class.clone(), target: verdict.target * exchange };
    judged(&objective, mean_interval(&bills.per_month))
}

/// The cheapest deployments and the differences of cost anew; latencies and availabilities stay.
fn compare_again(result: &mut RunResult, billed: &[Billed]) {
    let comparison = &mut result.comparison;
    comparison.cheapest = cheapest(result.deployments.iter());
    comparison.cheapest_meeting_slo = cheapest_meeting_slo(&result.deployments);
    let place = |name: &str| result.deployments.iter().position(|deployment| deployment.name == name);
    for pair in comparison.pairs.iter_mut().filter(|pair| pair.metric == Metric::CostPerMonth.key()) {
        if let (Some(a), Some(b)) = (place(&pair.a), place(&pair.b)) {
            *pair = cost_pair((&pair.a.clone(), &pair.b.clone()), &billed[a].per_month, &billed[b].per_month);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{RunOptions, run};
    use crate::scenario::Document;

    const SCENARIO: &str = r#"
        scenario.replications = 3
        traffic = { duration = "30h", start = 2026-01-30T20:00:00, timezone = "Europe/Berlin", source = { rate = "0.2/s" } }
        class = { cpu = { dist = "exponential", mean = "200ms" }, io = "50ms" }
        budget.cost_per_month = "40 USD"
        pricing = { free_tier = true, month = "calendar", currency = { code = "EUR", per_usd = 0.9 } }
        deployment = [
          { platform = "aws-lambda" },
          { platform = "app-engine-standard" },
          { platform = "eks" },
          { platform = "faas" },
          { name = "own", platform = "vm", tariff = { instance-hours = "0.05 USD" } },
        ]
    "#;

    const COMMITMENT: &str =
        "pricing.commitment=[{ plan = \"aws-machines.reserved-1y\", machine = \"m6i.large\", count = 1 }]";

    fn played(sets: &[&str]) -> RunResult {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        let mut document = Document::new("s.toml", SCENARIO, std::path::Path::new(""), "s", &sets);
        let scenario = document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)));
        run(&scenario, &RunOptions::quiet()).unwrap()
    }

    fn prices(result: &RunResult, sets: &[&str]) -> Prices {
        let mut document = Document::of_pricing(&result.pricing);
        for set in sets {
            document.set("<set>", set);
        }
        document.prices().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)))
    }

    /// As a file keeps it.
    fn kept(result: &RunResult) -> RunResult {
        serde_json::from_str(&serde_json::to_string(result).unwrap()).unwrap()
    }

    /// Fails at the first line at which they differ.
    fn same(found: &RunResult, expected: &RunResult) {
        let text = |result: &RunResult| serde_json::to_string_pretty(result).unwrap();
        let (found, expected) = (text(found), text(expected));
        let differing = found.lines().zip(expected.lines()).zip(1..).find(|((found, expected), _)| found != expected);
        assert_eq!(differing, None);
        assert_eq!(found.len(), expected.len());
    }

    #[test]
    fn with_the_prices_of_the_run_the_bill_is_that_of_the_run() {
        let result = played(&[]);
        let again = reprice(kept(&result), &prices(&result, &[])).unwrap();
        assert_eq!(again.repriced_by.as_deref(), Some(env!("CARGO_PKG_VERSION")));
        same(&RunResult { repriced_by: None, ..again }, &result);
    }

    #[test]
    fn other_prices_give_what_a_run_with_them_gives() {
        let result = kept(&played(&[]));
        for set in [
            "pricing.free_tier=false",
            "pricing.egress=false",
            "pricing.month=30d",
            "pricing.set.\"aws-lambda.gib-seconds\"=\"0.00001 USD\"",
            "pricing.set.\"aws-machines.m6i.large\"=\"9.50 USD\"",
            "pricing.commitment=[{ plan = \"aws-machines.reserved-1y\", machine = \"m6i.large\", count = 1 }]",
            "pricing.currency={ code = \"JPY\", per_usd = 155.5 }",
        ] {
            let again = reprice(result.clone(), &prices(&result, &[set])).unwrap();
            let mut run = played(&[set]);
            run.scenario_sha256.clone_from(&result.scenario_sha256);
            same(&RunResult { repriced_by: None, ..again }, &run);
        }
    }

    #[test]
    fn what_a_fault_added_is_kept_with_the_prices_of_the_run_alone() {
        let slow = "fault=[{ kind = \"slow\", factor = 2, at = \"10h\", for = \"1h\" }]";
        let result = kept(&played(&["scenario.replications=2", "pricing.free_tier=false", slow]));
        let lambda = |result: &RunResult| result.deployments[0].faults[0].clone();
        let again = |sets: &[&str]| lambda(&reprice(result.clone(), &prices(&result, sets)).unwrap());
        assert!(lambda(&result).extra_cost.is_some_and(|cost| !cost.is_zero()));
        assert_eq!(again(&[]), lambda(&result));
        let other = again(&["pricing.set.\"aws-lambda.gib-seconds\"=\"1 USD\""]);
        assert_eq!(other.extra_cost, None);
        assert!(other.ci95.is_some_and(|intervals| !intervals.contains_key("extra_cost")));
    }

    #[test]
    fn what_a_result_cannot_have_stored_is_refused() {
        let result = kept(&played(&["scenario.replications=1"]));
        let prices = prices(&result, &[]);
        let refused = |change: &dyn Fn(&mut RunResult), says: &str| {
            let mut broken = result.clone();
            change(&mut broken);
            let error = reprice(broken, &prices).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        };
        refused(&|r| r.deployments[0].usage[0].quantity = "-1".to_owned(), "`-1` is no whole number");
        refused(&|r| r.deployments[0].usage[0].quantity = "1e9".to_owned(), "no whole number");
        refused(&|r| r.deployments[0].usage[1].day = "2026-02-30".to_owned(), "`usage[1]`: `2026-02-30` is no day");
        // Hours are read where a price looks at them.
        let committed = self::prices(&result, &[COMMITMENT]);
        let mut broken = result.clone();
        broken.deployments[2].usage.iter_mut().find_map(|row| row.hours.as_mut()).unwrap().push('1');
        assert!(reprice(broken.clone(), &prices).is_ok());
        let error = reprice(broken.clone(), &committed).unwrap_err().to_string();
        assert!(error.contains("are not the hours"), "{error}");
        broken.deployments[2].usage.iter_mut().for_each(|row| row.hours = None);
        let error = reprice(broken, &committed).unwrap_err().to_string();
        assert!(error.contains("`node-hours` was stored by the day"), "{error}");
        refused(&|r| r.deployments[0].usage[0].replication = 1, "no replication");
        refused(&|r| r.deployments[0].usage[0].dimension = "lambdas".to_owned(), "no dimension");
        refused(&|r| r.replications = 4_000_000_000, "has 1 entries of 4000000000");
        refused(&|r| r.measured.to = r.measured.from.replace("2026", "2025"), "does not go from");
        refused(&|r| r.measured.from = "yesterday".to_owned(), "`yesterday` is no instant");
        refused(&|r| r.deployments[1].day_zone = "Mars".to_owned(), "deployment `app-engine-standard`");
        refused(&|r| r.deployments[1].day_zone = "UTC".to_owned(), "midnight in America/Los_Angeles");
        refused(&|r| r.deployments[2].tariffs[0].name = "ekss".to_owned(), "no tariff is called `ekss`");
        refused(&|r| r.deployments[4].tariffs[0].text = Some("{ requests = -1 }".to_owned()), "not a price");
        let twice = |r: &mut RunResult| {
            let row = r.deployments[0].usage[0].clone();
            r.deployments[0].usage.push(row);
        };
        refused(&twice, "counted twice");
    }

    /// A decimal or a fraction, exactly.
    fn number(figure: &crate::pricing::explain::Figure) -> num_rational::BigRational {
        let (numerator, denominator) = match (figure.exact.split_once('/'), figure.exact.split_once('.')) {
            (Some((numerator, denominator)), _) => (numerator.to_owned(), denominator.to_owned()),
            (None, Some((whole, part))) => (format!("{whole}{part}"), format!("1{}", "0".repeat(part.len()))),
            (None, None) => (figure.exact.clone(), "1".to_owned()),
        };
        num_rational::BigRational::new(numerator.parse().unwrap(), denominator.parse().unwrap())
    }

    #[test]
    fn every_line_is_explained_by_figures_that_add_up_to_it() {
        for sets in [&[][..], &["pricing.free_tier=false", COMMITMENT], &["pricing.month=30d", "traffic.duration=3d"]] {
            let result = kept(&played(sets));
            let prices = prices(&result, &[]);
            let mut lines = 0;
            for deployment in &result.deployments {
                let Some(cost) = &deployment.cost else { continue };
                let usage = StoredUsage::of(&result, &deployment.name, &prices).unwrap();
                for (index, line) in cost.lines.iter().enumerate() {
                    let found = usage.explain(&prices, index).unwrap().unwrap();
                    let name = format!("{sets:?}: {}, tier {}", line.item, line.tier);
                    assert_eq!(found.item.id, line.item, "{name}");
                    assert_eq!(found.quantity.rounded, Some(line.quantity), "{name}");
                    let amount = (line.quantity * line.unit_price).round_dp(6).normalize();
                    assert_eq!(amount, line.amount.normalize(), "{name}");
                    let all: num_rational::BigRational =
                        found.replications.iter().map(|one| number(&one.quantity)).sum();
                    let count = num_rational::BigRational::from_integer(found.replications.len().into());
                    assert_eq!(all / count, number(&found.quantity), "{name}");
                    for one in &found.replications {
                        let weighted =
                            one.periods.iter().map(|period| number(&period.quantity) * number(&period.covered_share));
                        let weights: num_rational::BigRational =
                            one.periods.iter().map(|period| number(&period.covered_share)).sum();
                        assert_eq!(
                            weighted.sum::<num_rational::BigRational>() / weights,
                            number(&one.quantity),
                            "{name}"
                        );
                        for period in &one.periods {
                            let tiers: num_rational::BigRational =
                                period.tiers.iter().map(|tier| number(&tier.quantity)).sum();
                            assert_eq!(tiers, number(&period.used) + number(&period.adjusted), "{name}");
                        }
                        let of_service: u128 = one.days.iter().map(|day| day.quantity.parse::<u128>().unwrap()).sum();
                        let of_all: u128 =
                            one.periods.iter().map(|period| period.used_base.parse::<u128>().unwrap()).sum();
                        assert!(of_service <= of_all, "{name}");
                    }
                    lines += 1;
                }
                assert!(usage.explain(&prices, cost.lines.len()).unwrap().is_none());
            }
            assert!(lines > 8, "{lines}");
        }
    }
}
