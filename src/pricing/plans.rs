//! Rules of plans that no built-in tariff has yet, on tariffs written here.

use rust_decimal::Decimal;

use super::book::Book;
use super::examples::{Account, hours};
use crate::document::source::Sources;
use crate::metering::calendar::Month;
use crate::metering::usage::Dimension;

const HEAD: &str = "id = \"plan\"\nregion = \"anywhere\"\nsource.s = { text = \"t\", observed = \"o\" }\n";

/// A month of 744 h under a plan with one item, whose keys are `body`.
fn plan(dimension: Dimension, body: &str) -> Account {
    let text = format!(
        "{HEAD}[item.it]\ndimension = \"{}\"\nsource = \"s\"\nconfidence = \"assumption\"\n{body}",
        dimension.id()
    );
    let mut book = Book::builtin().clone();
    let tariff = book.read(&mut Sources::new(), "plan.toml", &text).unwrap().clone();
    let mut account = Account::new(&[], "2026-01-01T00:00:00[UTC]", 744, Month::Fixed(hours(744)));
    account.tariffs = vec![tariff];
    account
}

fn owed(account: &Account) -> (Decimal, Vec<(u32, Decimal)>) {
    let bill = account.bill();
    (bill.per_month, bill.lines.iter().map(|line| (line.tier, line.quantity)).collect())
}

fn usd(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn a_plan_that_sells_millions_sells_no_part_of_one() {
    // Cloudflare Durable Objects: 1.5 million requests, one million included, are one million paid; 3.75 are three.
    let body =
        "unit = \"million\"\nsize = 1_000_000\nwhole = true\nprice = \"0.15 USD\"\nfree_month = { quantity = 1 }";
    let bill = |requests| owed(&plan(Dimension::Requests, body).used("", Dimension::Requests, 0, requests));
    assert_eq!(bill(1_500_000), (usd("0.15"), vec![(0, usd("1")), (1, usd("1"))]));
    assert_eq!(bill(3_750_000).0, usd("0.45"));
    // The allowance is not rounded up, and a whole million stays one.
    assert_eq!(bill(900_000), (Decimal::ZERO, vec![(0, usd("0.9"))]));
    assert_eq!(bill(2_000_000).0, usd("0.15"));
}

#[test]
fn rounding_up_is_once_for_all_services() {
    let body = "unit = \"million\"\nsize = 1_000_000\nwhole = true\nprice = \"1 USD\"";
    let account = plan(Dimension::Requests, body).used("a", Dimension::Requests, 0, 250_000).used(
        "b",
        Dimension::Requests,
        9,
        500_000,
    );
    let (per_month, lines) = owed(&account);
    assert_eq!(per_month, usd("1"));
    assert_eq!(lines, [(1, usd("0.333333")), (1, usd("0.666667"))]);
}

#[test]
fn a_credit_buys_less_where_the_price_is_higher() {
    // GKE: 74.40 USD pay for one cluster of 744 h at 0.10 an hour, and for half of one at 0.20.
    let bill = |price: &str| {
        let body = format!("price = \"{price} USD\"\nfree_month = {{ credit = \"74.40 USD\" }}");
        let hour = u128::from(hours(744).0);
        owed(&plan(Dimension::ClusterHours, &body).used("", Dimension::ClusterHours, 0, hour))
    };
    assert_eq!(bill("0.10"), (Decimal::ZERO, vec![(0, usd("744"))]));
    assert_eq!(bill("0.20"), (usd("74.4"), vec![(0, usd("372")), (1, usd("372"))]));
    assert_eq!(bill("0").0, Decimal::ZERO);
}

#[test]
fn a_credit_is_not_carried_over_and_is_no_refund() {
    let body = "price = \"0.10 USD\"\nfree_month = { credit = \"74.40 USD\" }";
    let mut account = plan(Dimension::ClusterHours, body).used("", Dimension::ClusterHours, 0, u128::from(hours(1).0));
    assert_eq!(owed(&account), (Decimal::ZERO, vec![(0, usd("1"))]));
    account.options.free_tier = false;
    assert_eq!(owed(&account).0, usd("0.1"));
}
