//! The cases of `billing.json` by our own tariffs: what a case counted, at the prices of the book instead of its own.
//!
//! A difference is no failure: prices change, and a case may be of another month, region or price list. It is printed with
//! its reason. A failure is a case whose prices are ours, line by line, and whose total is not.

use breakeven::metering::usage::{Meter, Usage};
use breakeven::pricing::bill::mean;
use breakeven::pricing::book::Book;
use breakeven::pricing::settle::{Options, settle};
use breakeven::pricing::tariff::{Item, Tariff, Tier};
use rust_decimal::Decimal;
use serde_json::Value;

use super::billing::{Used, calendar, month, number, per_unit, price, text, used};
use super::list;
use super::metered::Facts;
use super::names::{Ours, ours};

/// One line of a case, beside what we charge for it.
struct Line {
    component: String,
    unit: String,
    /// Of the case, per unit as it is counted.
    theirs: Decimal,
    /// `tariff.item` and its first price per such unit; none where the book has no such thing.
    ours: Option<(String, Decimal)>,
}

impl Line {
    fn same(&self) -> bool {
        self.ours.as_ref().is_some_and(|(_, ours)| *ours == self.theirs)
    }
}

/// A case by our tariffs.
struct Outcome {
    id: String,
    theirs: Decimal,
    /// The total, where everything has a price of ours.
    total: Option<Decimal>,
    agrees: bool,
    lines: Vec<Line>,
    /// The day of an older edition by which it agrees.
    by_edition: Option<String>,
}

/// Prints how many cases agree, and why the others do not.
pub fn compare() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/billing.json");
    let text = std::fs::read_to_string(&path).expect("vector file");
    let file: Value = serde_json::from_str(&text).expect("vector file is JSON");
    let cases = file["cases"].as_array().expect("cases");
    let outcomes: Vec<Outcome> = cases.iter().map(outcome).collect();
    let agree = outcomes.iter().filter(|one| one.agrees).count();
    println!("vectors_billing by our own tariffs: {agree}/{}", cases.len());
    let mut told = String::new();
    for one in outcomes.iter().filter(|one| !one.agrees) {
        told += &explanation(one);
    }
    print!("{told}");
    if std::env::var_os("BLESS").is_some() {
        write_page(agree, cases.len(), &told);
    }
    for one in &outcomes {
        let same = !one.lines.is_empty() && one.lines.iter().all(Line::same);
        assert!(
            one.agrees || !same,
            "{}: the prices are ours, and the bill is {:?} instead of {}",
            one.id,
            one.total,
            one.theirs
        );
    }
}

fn write_page(agree: usize, all: usize, told: &str) {
    let intro = "# Worked bills by our own prices\n\nThe billing cases under `tests/vectors` bring their own prices, and all pass. Here they are \
        billed by the tariffs that are built in. A difference is a price of another month, region or list, or a thing that no \
        built-in tariff prices; each is named. Written by the test `vectors_billing_by_our_own_tariffs`.\n\n";
    let page = format!(
        "{intro}{agree} of {all} agree to the cent or within the tolerance of their source. The others:\n\n{told}"
    );
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/methods/worked-bills.md");
    std::fs::write(path, page).expect("the page is written");
}

/// One line of the list, and one per price that differs.
fn explanation(one: &Outcome) -> String {
    let ours = one.total.map_or("no bill".to_owned(), |total| total.round_dp(4).normalize().to_string());
    let mut text = format!("* `{}`: {ours} instead of {}", one.id, one.theirs);
    if let Some(day) = &one.by_edition {
        return text + &format!("; by the edition of {day} it agrees\n");
    }
    let mut reasons: Vec<String> = Vec::new();
    for line in one.lines.iter().filter(|line| !line.same()) {
        let reason = match &line.ours {
            None => format!("`{}` has no price of ours", line.component),
            Some((item, ours)) => {
                format!(
                    "`{}` costs {} per {} there, `{item}` {}",
                    line.component,
                    line.theirs.normalize(),
                    line.unit,
                    ours.normalize()
                )
            }
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    text += if reasons.is_empty() { "" } else { "; " };
    text + &reasons.join("; ") + "\n"
}

fn outcome(case: &Value) -> Outcome {
    let facts = Facts::of(case);
    let used = used(case, &facts);
    let latest = Book::builtin();
    let (total, lines) = billed(case, &facts, &used, latest);
    let theirs = number(case, "expected_monthly_cost");
    let close = |total: Option<Decimal>| total.is_some_and(|total| (total - theirs).abs() <= number(case, "tolerance"));
    let agrees = close(total);
    let older = || {
        let tariffs = used.iter().filter_map(|one| ours(&facts, &one.priced.name));
        let mut days: Vec<_> = tariffs.flat_map(|ours| Book::editions(ours.tariff)).flatten().collect();
        days.sort_unstable();
        days.dedup();
        let agreeing = days.into_iter().rev().find(|&day| close(billed(case, &facts, &used, &Book::as_of(day)).0));
        agreeing.map(|day| day.to_string())
    };
    let by_edition = if agrees { None } else { older() };
    Outcome { id: text(case, "id").to_owned(), theirs, total, agrees, lines, by_edition }
}

/// The bill of what was used, by the tariffs of a book; none where something has no price.
fn billed(case: &Value, facts: &Facts, used: &[Used<'_>], book: &Book) -> (Option<Decimal>, Vec<Line>) {
    let mut sum = Some(Decimal::ZERO);
    let mut lines = Vec::new();
    let credit = list(&case["lines"]).iter().any(|line| price(line).is_sign_negative());
    for one in used {
        let free_tier = case["free_tier"].is_object() || credit || one.priced.starts_free();
        let found = ours(facts, &one.priced.name).and_then(|ours| priced_by(&ours, text(case, "region"), book));
        let each = per_unit(one.priced.unit());
        let first = one.priced.lines.iter().map(|line| price(line)).find(|price| !price.is_zero()).unwrap_or_default();
        let theirs = first / each;
        let mut ours = found.as_ref().map(|(_, item, divisor)| {
            let price = item.tiers.iter().map(|tier| tier.price).find(|price| !price.is_zero()).unwrap_or_default();
            (item.id.clone(), (price * Decimal::from(item.times) / divisor).normalize())
        });
        let mut owed =
            found.and_then(|(tariff, item, divisor)| owed(facts, one, each, tariff, &item, divisor, free_tier));
        if theirs.is_zero() {
            // What costs nothing needs no price.
            ours = ours.or(Some((String::new(), Decimal::ZERO)));
            owed = owed.or(Some(Decimal::ZERO));
        }
        let unit =
            one.priced.unit().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['M', 'K', 'k']);
        let (component, unit) = (one.priced.name.clone(), unit.trim().to_owned());
        lines.push(Line { component, unit, theirs, ours });
        sum = sum.zip(owed).map(|(sum, owed)| sum + owed);
    }
    (sum, lines)
}

/// The tariff in the region of a case, else in our own; its item, at the price of the plan if there is one.
fn priced_by<'b>(ours: &Ours, region: &str, book: &'b Book) -> Option<(&'b Tariff, Item, Decimal)> {
    let tariff = book.tariff_in(ours.tariff, region).or_else(|| book.tariff(ours.tariff))?;
    let mut item = tariff.item(&ours.item)?.clone();
    if let Some(plan) = &ours.plan {
        let under = item.plans.iter().find(|under| under.plan.rsplit('.').next() == Some(plan))?;
        item.tiers = vec![Tier { up_to: None, price: under.price, provenance: under.provenance.clone() }];
        item.sustained = false;
    }
    Some((tariff, item, ours.divisor))
}

/// What one item owes.
fn owed(
    facts: &Facts,
    used: &Used<'_>,
    each: Decimal,
    tariff: &Tariff,
    item: &Item,
    divisor: Decimal,
    free_tier: bool,
) -> Option<Decimal> {
    let calendar = calendar(facts).ok()?;
    let length = calendar.periods[0].length;
    let base = Decimal::from_i128_with_scale(i128::try_from(item.unit.base_units(length)).ok()?, 0);
    let variant = item.variant.clone().unwrap_or_default();
    let meter = Meter { service: String::new(), dimension: item.dimension, variant };
    let mut usage = Usage::default();
    for (day, quantity) in used.quantities.iter().enumerate() {
        // A daily quantity belongs to its day; what is held all month is spread over it.
        let slices: Vec<usize> = if item.sustained || item.at_once.is_some() {
            (0..calendar.slices.len()).collect()
        } else {
            vec![calendar.slices.partition_point(|slice| slice.day < day)]
        };
        let counts = (quantity * each / divisor).checked_mul(base)? / Decimal::from(slices.len());
        for slice in slices {
            usage.add(&meter, slice, u128::try_from(counts.round()).ok()?);
        }
    }
    let alone = Tariff { items: vec![item.clone().into()], ..tariff.clone() };
    let options = Options { free_tier, ..Options::usd(month(facts)) };
    let settled = settle(&usage, &[alone], &calendar, &options).ok()?;
    let bill = mean(&[settled], &options).ok()?;
    Some(bill.periods.iter().map(|period| period.total).sum())
}
