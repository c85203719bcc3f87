//! The bill of a deployment: by group and service, quantity x unit price = amount, each price with its source, what is
//! doubtful or old marked, and what the bill leaves out.

use rust_decimal::Decimal;

use super::number::{exact, money, quantity};
use super::page::Block;
use super::run::FLAG;
use super::table::{Cell, Row, RowKind, Table};
use crate::document::provenance::{Confidence, months_before};
use crate::experiment::result::{Cost, DeploymentResult, Line, RunResult, half_width};

/// Prices that were observed so many months before the day of the bill, or earlier, are pointed out.
const OLD_MONTHS: u32 = 12;

/// The bill, and what is not in it.
pub fn blocks(result: &RunResult, deployment: &DeploymentResult, cost: &Cost) -> Vec<Block> {
    let day = day(result);
    let mut sources: Vec<&Line> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    for (group, amount) in grouped(cost) {
        let known_to = cost.half_width(|line| line.group == group);
        rows.push(Row::heading(format!("{group}: {}", money(amount, known_to, &cost.currency))));
        let mut lines: Vec<&Line> = cost.lines.iter().filter(|line| line.group == group).collect();
        lines.sort_by(|a, b| a.service.cmp(&b.service));
        for line in lines {
            let known = sources.iter().position(|other| origin(other) == origin(line));
            let source = known.unwrap_or_else(|| {
                sources.push(line);
                sources.len() - 1
            });
            rows.push(row(line, &cost.currency, source + 1, number(result, deployment, line)));
        }
    }
    let mut total: Vec<Cell> = vec![Cell::default(); 3];
    total.push(money(cost.per_month, half_width(&cost.ci95, "per_month"), &cost.currency).into());
    total.resize(6, Cell::default());
    rows.push(Row { kind: RowKind::Total, label: "per month".to_owned(), cells: total });
    let head = ["item", "quantity", "unit", "unit price", "amount", "source", "line"];
    let table = Table {
        caption: "Lines of the monthly bill".to_owned(),
        head: head.map(str::to_owned).to_vec(),
        text_columns: vec![0, 2, 5],
        rows,
    };
    let title = "Bill of a month".to_owned();
    let mut blocks = vec![Block::Table { title, table, notes: notes(cost, &sources, day), folded: false }];
    if !cost.not_modelled.is_empty() {
        let items = cost.not_modelled.iter().map(|missing| match &missing.usual_share {
            Some(share) => format!("{} (usual share: {share})", missing.item),
            None => missing.item.clone(),
        });
        blocks.push(Block::List { title: "Not in this bill".to_owned(), items: items.collect() });
    }
    blocks
}

/// The sources by number, then what the marks mean, then what is to be known of the items.
fn notes(cost: &Cost, sources: &[&Line], day: Option<&str>) -> Vec<String> {
    let mut notes: Vec<String> = (1..)
        .zip(sources)
        .map(|(number, line)| {
            let flag = if line.confidence.is_flagged() { format!(" {FLAG}") } else { String::new() };
            let old = day.filter(|day| is_old(line, day));
            let old = old.map_or_else(String::new, |day| format!("; more than {OLD_MONTHS} months before {day}"));
            format!("[{number}]{flag} {} (observed {}, {}{old})", line.source, line.observed, line.confidence.word())
        })
        .collect();
    if cost.lines.iter().any(|line| line.confidence.is_flagged()) {
        notes.push(format!("{FLAG} an assumption, or not verified: check it before you rely on this bill."));
    }
    if cost.half_width(|_| true) > 0.0 {
        notes.push(
            "Quantities, amounts and the sum end at the digit that their replications support, groups at that of their lines; files have \
             them in full."
                .to_owned(),
        );
    }
    notes.extend(cost.notes.iter().cloned());
    notes
}

/// What a terminal says of a bill that rests on doubtful or old prices.
pub fn remarks(result: &RunResult, deployment: &DeploymentResult) -> Vec<String> {
    let lines = deployment.cost.as_ref().map_or(&[][..], |cost| &cost.lines);
    let name = &deployment.name;
    let mut remarks = Vec::new();
    let counted = |count: usize| match count {
        1 => "1 line of the bill rests".to_owned(),
        _ => format!("{count} lines of the bill rest"),
    };
    let flagged = lines.iter().filter(|line| line.confidence.is_flagged()).count();
    if flagged > 0 {
        let lines = counted(flagged);
        remarks.push(format!("{name}: {lines} on prices that are assumptions or were not verified."));
    }
    if let Some(day) = day(result) {
        let old = lines.iter().filter(|line| is_old(line, day)).count();
        if old > 0 {
            let lines = counted(old);
            remarks.push(format!("{name}: {lines} on prices observed more than {OLD_MONTHS} months before {day}."));
        }
    }
    remarks
}

/// The day by which prices are old: that of `pricing.as_of`, or the newest observation that the result rests on. The day
/// on which a report is made must not change it.
fn day(result: &RunResult) -> Option<&str> {
    let as_of = result.pricing.get("as_of").and_then(serde_json::Value::as_str).filter(|date| *date != "latest");
    as_of.or(result.catalogue.newest.as_deref())
}

fn is_old(line: &Line, day: &str) -> bool {
    months_before(&line.observed, day).is_some_and(|months| months >= OLD_MONTHS)
}

/// The groups of the bill in the order of bills, with their amounts.
fn grouped(cost: &Cost) -> Vec<(&str, Decimal)> {
    let mut groups = cost.groups();
    groups.sort_by_key(|(group, _)| GROUPS.iter().position(|word| word == group));
    groups
}

/// The groups, in the order of bills.
pub const GROUPS: [&str; 7] = ["compute", "requests", "edge", "data", "observability", "network", "fixed"];

/// The number of a line among those of all deployments, from 1: what `simulate explain` takes.
fn number(result: &RunResult, deployment: &DeploymentResult, line: &Line) -> usize {
    let before = result.deployments.iter().take_while(|other| other.name != deployment.name);
    let before: usize = before.filter_map(|other| other.cost.as_ref()).map(|cost| cost.lines.len()).sum();
    let lines = deployment.cost.as_ref().map_or(&[][..], |cost| &cost.lines);
    before + lines.iter().position(|other| std::ptr::eq(other, line)).map_or(0, |index| index + 1)
}

fn origin(line: &Line) -> (&str, &str, Confidence) {
    (&line.source, &line.observed, line.confidence)
}

fn row(line: &Line, currency: &str, source: usize, number: usize) -> Row {
    let tier = match line.tier {
        0 => ", allowance".to_owned(),
        1 => String::new(),
        tier => format!(", tier {tier}"),
    };
    let service = if line.service.is_empty() { String::new() } else { format!(" ({})", line.service) };
    let label = format!("{}{tier}{service}", line.item);
    let flag = if line.confidence.is_flagged() { format!(" {FLAG}") } else { String::new() };
    let price = Cell {
        text: format!("{} {currency}{flag}", exact(line.unit_price)),
        interval: String::new(),
        tone: if line.confidence.is_flagged() { "flagged" } else { "" },
    };
    let cells = vec![
        quantity(line.quantity, line.half_width_of_quantity()).into(),
        line.unit.clone().into(),
        price,
        money(line.amount, line.half_width(), currency).into(),
        format!("[{source}]").into(),
        number.to_string().into(),
    ];
    Row::of(label, cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn bill(result: &RunResult) -> (Table, Vec<String>) {
        let deployment = &result.deployments[0];
        let found = blocks(result, deployment, deployment.cost.as_ref().unwrap());
        match found.into_iter().next() {
            Some(Block::Table { table, notes, .. }) => (table, notes),
            other => panic!("a bill is a table: {other:?}"),
        }
    }

    #[test]
    fn groups_stand_in_the_order_of_bills_and_every_line_once() {
        let result = fixture::run();
        let (table, _) = bill(&result);
        let headings: Vec<&str> = table
            .rows
            .iter()
            .filter(|row| row.kind == RowKind::Heading)
            .map(|row| row.label.split(':').next().unwrap())
            .collect();
        let places: Vec<_> = headings.iter().map(|word| GROUPS.iter().position(|group| group == word)).collect();
        assert!(places.is_sorted() && places.iter().all(Option::is_some), "{headings:?}");
        let mut numbers: Vec<&str> =
            table.rows.iter().filter(|row| row.kind == RowKind::Plain).map(|row| row.cells[5].text.as_str()).collect();
        numbers.sort_unstable();
        let lines = result.deployments[0].cost.as_ref().unwrap().lines.len();
        assert_eq!(numbers, (1..=lines).map(|number| number.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn old_prices_are_old_by_the_day_of_the_bill() {
        let mut result = fixture::run();
        assert!(bill(&result).1.iter().all(|note| !note.contains("months before")));
        result.pricing.insert("as_of".to_owned(), "2028-01-01".into());
        let notes = bill(&result).1;
        assert!(notes[0].contains("more than 12 months before 2028-01-01"), "{notes:?}");
        assert!(remarks(&result, &result.deployments[0])[1].contains("observed more than 12 months"));
    }
}
