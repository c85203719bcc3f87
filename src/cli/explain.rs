//! `simulate explain`: from a line of a bill back to the usage, the rule, the price and its source.

use std::fmt::Write as _;
use std::path::Path;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::arguments::{Arguments, Format};
use super::{Exit, Failure, output, stored};
use crate::document::diagnostic::{Diagnostic, nearest};
use crate::experiment::reprice::{RepriceError, StoredUsage};
use crate::experiment::result::{Cost, DeploymentResult, Line, RunResult};
use crate::pricing::explain::{Explanation, Figure, OfReplication, reasons};
use crate::pricing::tariff::{Allowance, Grant, Item};
use crate::scenario::Prices;
use crate::units::grouped;

/// Days of a replication that are printed for people; JSON holds all.
const DAYS: usize = 14;

/// A line of a bill and its number among all lines of the result, from 1.
struct Found<'r> {
    number: usize,
    /// Its place in its own bill, from 0.
    index: usize,
    deployment: &'r DeploymentResult,
    cost: &'r Cost,
    line: &'r Line,
}

/// Explains the lines of the result at `path` that `wanted` names: a number, `deployment/tariff.item`, or `tariff.item`.
/// Without one, lists all lines with their numbers.
///
/// # Errors
/// A line that there is not, with the nearest; a result whose bills the price book of this version does not give.
pub fn explain(path: &Path, wanted: Option<&str>, arguments: &Arguments) -> Result<Exit, Failure> {
    let format = arguments.format_of(&[Format::Table, Format::Json])?;
    let result = stored::result(path)?;
    let lines = lines(&result);
    let Some(wanted) = wanted else {
        output::print(&list(&lines, format)?)?;
        return Ok(Exit::Done);
    };
    let chosen = chosen(&lines, wanted)?;
    let prices = stored::prices(&result, None, arguments)?;
    let mut values = Vec::new();
    let mut text = String::new();
    for found in chosen {
        let explanation = explained(path, &result, &prices, found)?;
        if format == Format::Json {
            values.push(value(found, &explanation, &prices));
        } else {
            text += &told(found, &explanation, &prices);
        }
    }
    output::print(&if format == Format::Json { output::json(&values)? } else { text })?;
    Ok(Exit::Done)
}

fn lines(result: &RunResult) -> Vec<Found<'_>> {
    let billed = result.deployments.iter().filter_map(|one| Some((one, one.cost.as_ref()?)));
    let all = billed.flat_map(|(deployment, cost)| {
        cost.lines.iter().enumerate().map(move |(index, line)| (index, deployment, cost, line))
    });
    (1..)
        .zip(all)
        .map(|(number, (index, deployment, cost, line))| Found { number, index, deployment, cost, line })
        .collect()
}

fn name(found: &Found<'_>) -> String {
    format!("{}/{}", found.deployment.name, found.line.item)
}

fn chosen<'f, 'r>(lines: &'f [Found<'r>], wanted: &str) -> Result<Vec<&'f Found<'r>>, Failure> {
    let number: Option<usize> = wanted.parse().ok();
    let named = |found: &&Found<'_>| match number {
        Some(number) => found.number == number,
        None => name(found) == wanted || found.line.item == wanted,
    };
    let chosen: Vec<&Found<'r>> = lines.iter().filter(named).collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let problem = Diagnostic::error(format!("no line is `{wanted}`"));
    let names: Vec<String> = lines.iter().map(name).collect();
    let near = nearest(wanted, names.iter().map(String::as_str));
    Err(Failure::of(
        Exit::Bad,
        match near {
            Some(near) if number.is_none() => problem.help(format!("did you mean `{near}`?")),
            _ if lines.is_empty() => problem.help("no deployment of this result has a bill"),
            _ => problem.help(format!("there are 1 to {}: `simulate explain RESULT.json` lists them", lines.len())),
        },
    ))
}

/// The explanation of a line, which must come to what the result says.
fn explained(path: &Path, result: &RunResult, prices: &Prices, found: &Found<'_>) -> Result<Explanation, Failure> {
    let refused = |error| stored::refusal(path, error);
    let name = &found.deployment.name;
    let usage = StoredUsage::of(result, name, prices).map_err(refused)?;
    let explanation = usage
        .explain(prices, found.index)
        .map_err(|why| refused(RepriceError::Unpriced { deployment: name.clone(), why }))?;
    let same = |explanation: &Explanation| {
        explanation.item.id == found.line.item && explanation.quantity.rounded == Some(found.line.quantity)
    };
    explanation.filter(same).ok_or_else(|| {
        let problem = Diagnostic::error(format!(
            "line {} of {} is not what the price book of this version gives",
            found.number,
            path.display()
        ));
        let version = result.repriced_by.as_ref().unwrap_or(&result.version);
        let help = format!("it was priced by breakeven {version}: `simulate reprice` prices it anew");
        Failure::of(Exit::Bad, problem.help(help))
    })
}

fn list(lines: &[Found<'_>], format: Format) -> Result<String, Failure> {
    if format == Format::Json {
        let line = |found: &Found<'_>| json!({ "number": found.number, "deployment": found.deployment.name, "line": found.line });
        return output::json(&lines.iter().map(line).collect::<Vec<_>>());
    }
    let width = lines.iter().map(|found| label(found).len()).max().unwrap_or(0);
    let line = |found: &Found<'_>| {
        format!("{:>4}  {:width$}  {} {}\n", found.number, label(found), found.line.amount, found.cost.currency)
    };
    Ok(lines.iter().map(line).collect())
}

fn label(found: &Found<'_>) -> String {
    let service = if found.line.service.is_empty() { String::new() } else { format!(" ({})", found.line.service) };
    format!("{}{}{service}", name(found), tier_word(found.line))
}

fn tier_word(line: &Line) -> String {
    match line.tier {
        0 => ", allowance".to_owned(),
        1 => String::new(),
        tier => format!(", tier {tier}"),
    }
}

/// Everything, for machines.
fn value(found: &Found<'_>, explanation: &Explanation, prices: &Prices) -> Value {
    let item = &explanation.item;
    let meters = explanation
        .meters
        .iter()
        .map(|meter| json!({ "service": meter.service, "dimension": meter.dimension.id(), "variant": meter.variant }));
    json!({
        "number": found.number,
        "deployment": found.deployment.name,
        "line": found.line,
        "currency": found.cost.currency,
        "base_unit": item.dimension.base_unit(),
        "base_units_per_unit": item.unit.size.get().to_string(),
        "held_for_a_month": item.unit.month,
        "units_per_use": item.times,
        "meters": meters.collect::<Vec<_>>(),
        "quantity": explanation.quantity,
        "replications": explanation.replications,
        "rule": rule(found, item, prices),
    })
}

/// What the item does, in words: allowances, tiers, limits.
fn rule(found: &Found<'_>, item: &Item, prices: &Prices) -> Vec<String> {
    let mut rule = Vec::new();
    for changed in found.deployment.overrides.iter().filter(|changed| changed.key.starts_with("meter.")) {
        rule.push(format!("the scenario counts by its own `{}`: {}", changed.key, changed.value));
    }
    for (allowance, per) in [(&item.free_day, "a day"), (&item.free_month, "a billing period")] {
        let Some(allowance) = allowance else { continue };
        let used = if prices.options.free_tier { "counts" } else { "does not count, as `pricing.free_tier` is false" };
        let shared =
            allowance.shared.as_ref().map_or_else(String::new, |name| format!(", one grant for all of {name},"));
        rule.push(format!("an allowance of {} {per}{shared} {used} (tier 0)", granted(allowance, item)));
    }
    let mut from = Decimal::ZERO;
    for (number, tier) in (1..).zip(&item.tiers) {
        let range = match (tier.up_to, item.tiers.len()) {
            (_, 1) => "every unit".to_owned(),
            (Some(up_to), _) => format!("tier {number}: above {from} up to {up_to}"),
            (None, _) => format!("tier {number}: above {from}"),
        };
        rule.push(format!("{range}, {} USD per {}", tier.price, item.unit.name));
        from = tier.up_to.unwrap_or(from);
    }
    rule.extend(reasons(item));
    rule
}

fn granted(allowance: &Allowance, item: &Item) -> String {
    match allowance.grant {
        Grant::Quantity(quantity) => format!("{quantity} {}", item.unit.name),
        Grant::Credit(usd) => format!("what {usd} USD buy"),
    }
}

/// The same for people.
fn told(found: &Found<'_>, explanation: &Explanation, prices: &Prices) -> String {
    let (line, item) = (found.line, &explanation.item);
    let mut text = format!(
        "Line {}: {}\n  {} {} x {} {currency} = {} {currency} a month\n",
        found.number,
        label(found),
        line.quantity,
        line.unit,
        line.unit_price,
        line.amount,
        currency = found.cost.currency,
    );
    // Writing to a string cannot fail.
    let month = if item.unit.month { " for every nanosecond of the billing period" } else { "" };
    let _ = write!(
        text,
        "\nWhat was used: {}, in {}s; {} make one {}{month}\n",
        item.dimension.id(),
        item.dimension.base_unit(),
        grouped(&item.unit.size.to_string()),
        item.unit.name,
    );
    for one in &explanation.replications {
        text += &days(one);
    }
    text += "\nHow it becomes the quantity\n";
    for one in &explanation.replications {
        text += &periods(one, item);
    }
    if let [_, _, ..] = explanation.replications[..] {
        let count = explanation.replications.len();
        let _ = writeln!(text, "  mean of {count} replications: {} {}", shown(&explanation.quantity), line.unit);
    }
    text += "\nThe rule\n";
    for sentence in rule(found, item, prices) {
        let _ = writeln!(text, "  {sentence}");
    }
    let rate = prices.options.currency.per_usd;
    if rate != Decimal::ONE {
        let _ = writeln!(text, "  1 USD is {rate} {}", found.cost.currency);
    }
    let flag = if line.confidence.is_flagged() { " (!)" } else { "" };
    let _ = write!(
        text,
        "\nThe price\n  {} {} per {} ({}{flag}, observed {})\n  {}\n\n",
        line.unit_price,
        found.cost.currency,
        line.unit,
        line.confidence.word(),
        line.observed,
        line.source,
    );
    text
}

fn days(one: &OfReplication) -> String {
    let mut text = String::new();
    for day in one.days.iter().take(DAYS) {
        let _ = writeln!(text, "  replication {}, {}: {}", one.replication, day.day, grouped(&day.quantity));
    }
    if one.days.len() > DAYS {
        let _ =
            writeln!(text, "  replication {}: {} more days (--format json)", one.replication, one.days.len() - DAYS);
    }
    if one.days.is_empty() {
        let _ = writeln!(text, "  replication {}: nothing", one.replication);
    }
    text
}

fn periods(one: &OfReplication, item: &Item) -> String {
    let mut text = String::new();
    for period in &one.periods {
        let _ = writeln!(
            text,
            "  replication {}, from {} to {}: {} used in {} of a billing period, {} {} in the whole of it",
            one.replication,
            period.from,
            period.to,
            grouped(&period.used_base),
            shown(&period.covered_share),
            shown(&period.used),
            item.unit.name,
        );
        for tier in &period.tiers {
            let word = if tier.tier == 0 { "free".to_owned() } else { format!("tier {}", tier.tier) };
            let _ = writeln!(text, "      {word}: {}", shown(&tier.quantity));
        }
        if period.adjusted.rounded != Some(Decimal::ZERO) {
            let _ = writeln!(text, "      more than used (less, if negative): {}", shown(&period.adjusted));
        }
        let _ = writeln!(text, "      of this line: {}", shown(&period.quantity));
    }
    let _ = writeln!(text, "  replication {}: {} {}", one.replication, shown(&one.quantity), item.unit.name);
    text
}

fn shown(figure: &Figure) -> String {
    figure.rounded.map_or_else(|| figure.exact.clone(), |rounded| grouped(&rounded.normalize().to_string()))
}
