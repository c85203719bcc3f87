//! The sentences that answer the question: which deployment is the cheapest that meets the objectives, how the others
//! differ from the baseline, and what held load back.

use rust_decimal::prelude::ToPrimitive;

use super::figures::{count, currency, target, word};
use super::number::{Unit, estimate};
use crate::experiment::result::{CPU_LIMIT, DeploymentResult, Interval, Judgement, Limit, Pair, RunResult, interval};

/// The answer in one sentence.
pub fn verdict(result: &RunResult) -> String {
    let judged = result.deployments.iter().any(|deployment| !deployment.slo.is_empty());
    let alone = result.deployments.len() == 1;
    match (&result.comparison.cheapest, &result.comparison.cheapest_meeting_slo) {
        (None, _) if !judged => {
            "No deployment has a bill and no objective is given: there is nothing to rank.".to_owned()
        }
        (None, _) => format!("No deployment has a bill, so none is the cheapest: {}.", standing(result)),
        (Some(name), _) if !judged && alone => format!("{name} costs {}; no objective is given.", price(result, name)),
        (Some(name), _) if !judged => {
            format!("{name} is the cheapest at {}; no objective is given.", price(result, name))
        }
        (Some(_), None) => format!("No deployment with a bill is shown to meet the objectives: {}.", standing(result)),
        (Some(_), Some(name)) if alone => format!("{name} meets the objectives and costs {}.", price(result, name)),
        (Some(cheapest), Some(name)) => {
            let rival = if cheapest == name {
                String::new()
            } else {
                let how = result.deployment(cheapest).map_or_else(String::new, failing);
                format!("; {cheapest} is cheaper ({}) but {how}", price(result, cheapest))
            };
            format!("{name} is the cheapest deployment that meets the objectives, at {}{rival}.", price(result, name))
        }
    }
}

/// `1,230 USD per month [1,200, 1,260]`, or nothing known.
fn price(result: &RunResult, name: &str) -> String {
    let Some(cost) = result.deployment(name).and_then(|deployment| deployment.cost.as_ref()) else {
        return "an unknown price".to_owned();
    };
    let printed = estimate(cost.per_month.to_f64(), interval(&cost.ci95, "per_month"), Unit::Money(&cost.currency));
    let text = format!("{} per month {}", printed.value, printed.interval);
    text.trim_end().to_owned()
}

/// How every deployment stands: `a misses p99; b meets them`.
fn standing(result: &RunResult) -> String {
    let standings = result.deployments.iter().map(|deployment| match deployment.slo_verdict() {
        Some(Judgement::Met) => format!("{} meets them{}", deployment.name, unpriced(deployment)),
        Some(_) => format!("{} {}", deployment.name, failing(deployment)),
        None => format!("{} was not judged", deployment.name),
    });
    standings.collect::<Vec<_>>().join("; ")
}

const fn unpriced(deployment: &DeploymentResult) -> &'static str {
    if deployment.cost.is_none() { " but has no bill" } else { "" }
}

/// `misses p99 and availability`, or what it is inconclusive on.
fn failing(deployment: &DeploymentResult) -> String {
    let named = |judgement| {
        let names = deployment.slo.iter().filter(|verdict| verdict.verdict == judgement).map(|verdict| {
            let class = verdict.class.as_ref().map_or_else(String::new, |class| format!(" of {class}"));
            format!("{}{class}", verdict.objective.replace('_', " "))
        });
        names.collect::<Vec<_>>().join(" and ")
    };
    let missed = named(Judgement::Missed);
    if missed.is_empty() {
        format!("is inconclusive on {}", named(Judgement::Inconclusive))
    } else {
        format!("misses {missed}")
    }
}

/// The paired differences to the baseline, one sentence each. Medians are left to the table, and so are availabilities
/// that do not differ at all.
pub fn differences(result: &RunResult) -> Vec<String> {
    let told = |pair: &&Pair| match pair.metric.as_str() {
        "p50" => false,
        "availability" => pair.difference != Some(0.0),
        _ => true,
    };
    result.comparison.pairs.iter().filter(told).map(|pair| difference(result, pair)).collect()
}

fn difference(result: &RunResult, pair: &Pair) -> String {
    let Pair { a, b, .. } = pair;
    let what = match pair.metric.as_str() {
        "cost_per_month" => "the monthly costs",
        "availability" => "the availabilities",
        other => &format!("the {other} latencies"),
    };
    let Some(difference) = pair.difference else {
        return format!("{a} against {b}: {what} cannot be compared, because one of them has none.");
    };
    if difference == 0.0 && pair.ci95.is_some_and(|ci95| ci95.low == 0.0 && ci95.high == 0.0) {
        return format!("{a} and {b} do not differ in {what}.");
    }
    if pair.verdict == "inconclusive" {
        let (value, ci95, unit) = in_unit(result, pair, difference);
        let by = estimate(Some(value), ci95, unit);
        return format!("{a} against {b}: the difference between {what} is inconclusive: {}.", by.line());
    }
    let higher = pair.verdict == "higher";
    match pair.metric.as_str() {
        "cost_per_month" => cost_difference(result, pair, difference, higher),
        "availability" => {
            let by = size(difference, pair.ci95, Unit::Share).replacen('%', "percentage points", 1);
            format!("Availability of {a} is {by} {} than of {b}.", if higher { "higher" } else { "lower" })
        }
        metric => {
            let by = size(difference, pair.ci95, Unit::Millis);
            format!("{metric} latency of {a} is {by} {} than of {b}.", if higher { "higher" } else { "lower" })
        }
    }
}

fn in_unit<'a>(result: &'a RunResult, pair: &Pair, difference: f64) -> (f64, Option<Interval>, Unit<'a>) {
    match (pair.metric.as_str(), pair.relative_cost()) {
        ("cost_per_month", Some((share, ci95))) => (share, ci95, Unit::Share),
        ("cost_per_month", None) => (difference, pair.ci95, Unit::Money(currency(result))),
        ("availability", _) => (difference, pair.ci95, Unit::Share),
        _ => (difference, pair.ci95, Unit::Millis),
    }
}

fn cost_difference(result: &RunResult, pair: &Pair, difference: f64, higher: bool) -> String {
    let Pair { a, b, .. } = pair;
    let money = size(difference, pair.ci95, Unit::Money(currency(result)));
    let direction = if higher { "dearer" } else { "cheaper" };
    match pair.relative_cost() {
        // Beyond twice the price, a multiple is easier to read than percent.
        Some((share, ci95)) if share > 1.0 => {
            let ci95 = ci95.map(|ci| Interval { low: ci.low + 1.0, high: ci.high + 1.0 });
            let times = estimate(Some(share + 1.0), ci95, Unit::Count);
            format!("{a} costs {} times as much as {b} {}: {money} more per month.", times.value, times.interval)
                .replace(" :", ":")
        }
        Some((share, ci95)) => {
            let percent = magnitude(share, ci95, Unit::Share);
            format!("{a} is {} {direction} than {b} {}: {money} per month.", percent.0, percent.1).replace(" :", ":")
        }
        None => format!("{a} is {direction} than {b} by {money} per month."),
    }
}

/// A difference without its sign, and its interval turned with it.
fn magnitude(value: f64, ci95: Option<Interval>, unit: Unit<'_>) -> (String, String) {
    let ci95 = if value < 0.0 { ci95.map(|ci| Interval { low: -ci.high, high: -ci.low }) } else { ci95 };
    let printed = estimate(Some(value.abs()), ci95, unit);
    (printed.value, printed.interval)
}

fn size(value: f64, ci95: Option<Interval>, unit: Unit<'_>) -> String {
    let (value, interval) = magnitude(value, ci95, unit);
    format!("{value} {interval}").trim_end().to_owned()
}

/// What held a deployment back: its limits, and what its stores refused.
pub fn held_back(result: &RunResult, deployment: &DeploymentResult) -> Vec<String> {
    let limits = deployment.limits.iter().map(|one| limit(result, one));
    let refusing = deployment.stores.iter().filter(|store| store.queries.refused > 0);
    let stores = refusing.map(|store| {
        let [refused, asked] = [store.queries.refused, store.queries.asked].map(|queries| count(result, queries));
        format!("the store {} refused {refused} of {asked} queries per replication", store.name)
    });
    limits.chain(stores).collect()
}

/// What a limit did, in one sentence part.
fn limit(result: &RunResult, limit: &Limit) -> String {
    let share = limit.reached_share.map(|share| {
        let share = estimate(Some(share), interval(&limit.ci95, "reached_share"), Unit::Share).value;
        format!(" for {share} of the time")
    });
    let shed = if limit.shed == 0 {
        String::new()
    } else {
        format!("; it turned away {} attempts per replication", count(result, limit.shed))
    };
    let what = if limit.limit == CPU_LIMIT { "all CPU of the instances was in use, " } else { "" };
    format!("{what}{} = {} was reached{}{shed}", limit.limit, limit.value, share.unwrap_or_default())
}

/// The objectives of a deployment that are not met, with their targets.
pub fn unmet(result: &RunResult, deployment: &DeploymentResult) -> Vec<String> {
    let unmet = deployment.slo.iter().filter(|verdict| verdict.verdict != Judgement::Met);
    unmet.map(|verdict| format!("{}: {}", target(result, verdict), word(verdict.verdict))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_cheapest_that_meets_the_objectives_is_named_first() {
        let text = verdict(&fixture::run());
        assert!(
            text.starts_with("a is the cheapest deployment that meets the objectives, at 2,130 USD per month"),
            "{text}"
        );
        assert!(text.ends_with("but is inconclusive on p99."), "{text}");
    }

    #[test]
    fn none_may_meet_them() {
        let mut result = fixture::run();
        result.deployments.remove(0);
        result.deployments.truncate(2);
        result.comparison.cheapest_meeting_slo = None;
        let text =
            "No deployment with a bill is shown to meet the objectives: b is inconclusive on p99; c was not judged.";
        assert_eq!(verdict(&result), text);
    }

    #[test]
    fn without_objectives_the_cheapest_is_named_as_no_more_than_that() {
        let mut result = fixture::run();
        result.deployments.iter_mut().for_each(|deployment| deployment.slo.clear());
        result.comparison.cheapest_meeting_slo = None;
        let text = "b is the cheapest at 1,472 USD per month [1,466, 1,478]; no objective is given.";
        assert_eq!(verdict(&result), text);
    }

    #[test]
    fn without_bills_nothing_is_cheap() {
        let mut result = fixture::run();
        result.deployments.iter_mut().for_each(|deployment| deployment.cost = None);
        (result.comparison.cheapest, result.comparison.cheapest_meeting_slo) = (None, None);
        assert!(
            verdict(&result)
                .starts_with("No deployment has a bill, so none is the cheapest: a meets them but has no bill;")
        );
    }

    #[test]
    fn one_deployment_is_no_comparison() {
        let mut result = fixture::run();
        result.deployments.truncate(1);
        result.comparison.cheapest = Some("a".to_owned());
        assert_eq!(verdict(&result), "a meets the objectives and costs 2,130 USD per month [2,100, 2,170].");
    }

    #[test]
    fn a_cost_difference_has_its_interval_and_its_direction() {
        let found = differences(&fixture::run());
        assert_eq!(found[0], "b is 31.0 % cheaper than a [29.2, 32.8]: 660 USD [620, 700] per month.");
        assert!(found[1].contains("inconclusive: 50 ms [−3, 100]"), "{}", found[1]);
        assert!(found[3].contains("costs 2.22 times as much as a [2.16, 2.27]"), "{}", found[3]);
    }
}
