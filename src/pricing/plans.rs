//! Rules of plans that no built-in tariff has yet, on tariffs written here.

use rust_decimal::Decimal;

use super::book::Book;
use super::commitment::{Commitment, Held};
use super::examples::{Account, HOUR, hours};
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

/// The same with all of the plan's file, so many hours, and a month of so many.
fn account_of(text: &str, measured: u64, month: u64) -> Account {
    let mut book = Book::builtin().clone();
    let tariff = book.read(&mut Sources::new(), "plan.toml", &format!("{HEAD}{text}")).unwrap().clone();
    let mut account = Account::new(&[], "2026-01-01T00:00:00[UTC]", measured, Month::Fixed(hours(month)));
    account.tariffs = vec![tariff];
    account
}

/// Id, quantity and amount of every line.
fn lines(account: &Account) -> Vec<(String, Decimal, Decimal)> {
    account.bill().lines.into_iter().map(|line| (line.item, line.quantity, line.amount)).collect()
}

fn line(id: &str, quantity: &str, amount: &str) -> (String, Decimal, Decimal) {
    (id.to_owned(), usd(quantity), usd(amount))
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

const SOURCED: &str = "source = \"s\"\nconfidence = \"assumption\"\n";

#[test]
fn a_byte_between_zones_is_charged_where_it_leaves_and_where_it_arrives() {
    // AWS: 1,000 GB between zones are billed as 2,000 GB.
    let body = "unit = \"GB\"\nsize = 1_073_741_824\ntimes = 2\nprice = \"0.01 USD/GB\"";
    let bill = owed(&plan(Dimension::InterzoneBytes, body).used("", Dimension::InterzoneBytes, 0, 1000 << 30));
    assert_eq!(bill, (usd("20"), vec![(1, usd("2000"))]));
}

#[test]
fn no_more_than_so_many_at_a_time_are_charged() {
    // Cloud NAT: 0.0014 an hour for each of at most 32 machines. 40 in one hour and 10 in the next are 42, not 50.
    let body = "at_once = 32\nprice = \"0.0014 USD\"";
    let account = plan(Dimension::NatHours, body).used("a", Dimension::NatHours, 0, 30 * HOUR).used(
        "b",
        Dimension::NatHours,
        0,
        10 * HOUR,
    );
    let bill = owed(&account.used("a", Dimension::NatHours, 1, 10 * HOUR));
    assert_eq!(bill.1.iter().map(|(_, quantity)| quantity).sum::<Decimal>(), usd("42"));
    assert_eq!(bill.0, usd("0.0588"));
}

const SUSTAINED: &str = "[variants]\ndimensions = [\"node-hours\"]\nsource = \"s\"\nconfidence = \"api\"\n\
    prices = { \"n2-highcpu-2\" = \"0.071696 USD\", \"e2-highcpu-4\" = \"0.1 USD\" }\n\
    sustained = [{ variants = [\"n2\"], factors = [\"1\", \"0.8678\", \"0.733\", \"0.6\"], source = \"s\", confidence = \"api\" }]\n";

#[test]
fn sustained_use_is_cheaper_in_each_quarter_of_the_month() {
    // One n2-highcpu-2 for 730 h: 182.5 h at each of four prices, 41.88 USD.
    let month = account_of(SUSTAINED, 730, 730).steady(Dimension::NodeHours, "n2-highcpu-2", HOUR);
    let bill = month.bill();
    assert_eq!(bill.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [usd("182.5"); 4]);
    assert_eq!(bill.per_month.round_dp(4), usd("41.8809"));
    // No discount on e2.
    let e2 = account_of(SUSTAINED, 730, 730).steady(Dimension::NodeHours, "e2-highcpu-4", HOUR);
    assert_eq!(e2.bill().per_month, usd("73"));
}

#[test]
fn two_machines_for_half_a_month_are_not_one_for_a_month() {
    let mut two = account_of(SUSTAINED, 720, 720);
    for hour in 0..360 {
        two = two.of("n2-highcpu-2", Dimension::NodeHours, hour, 2 * HOUR);
    }
    let quantities: Vec<Decimal> = two.bill().lines.iter().map(|line| line.quantity).collect();
    assert_eq!(quantities, [usd("360"), usd("360")]);
    // One after the other they are one machine: the discount is of the time for which there was one at all.
    let one = account_of(SUSTAINED, 720, 720).steady(Dimension::NodeHours, "n2-highcpu-2", HOUR);
    assert_eq!(one.bill().lines.len(), 4);
}

#[test]
fn what_is_missing_to_the_minimum_is_a_line_and_what_is_beyond_the_maximum_is_free() {
    let body = "price = \"0.10 USD\"\nminimum = \"5.00 USD\"\nmaximum = \"20 USD\"";
    let bill = |requests| owed(&plan(Dimension::Requests, body).used("", Dimension::Requests, 0, requests));
    assert_eq!(bill(10), (usd("5"), vec![(1, usd("10")), (2, usd("4"))]));
    assert_eq!(bill(100), (usd("10"), vec![(1, usd("100"))]));
    assert_eq!(bill(250), (usd("20"), vec![(0, usd("50")), (1, usd("200"))]));
    assert_eq!(owed(&plan(Dimension::Requests, body)).0, Decimal::ZERO);
}

#[test]
fn the_maximum_cuts_from_the_last_tier_down() {
    let body = "maximum = \"12 USD\"\ntiers = [{ up_to = 10, price = \"1 USD\" }, { price = \"0.5 USD\" }]";
    let bill = owed(&plan(Dimension::Requests, body).used("", Dimension::Requests, 0, 100));
    assert_eq!(bill, (usd("12"), vec![(0, usd("86")), (1, usd("10")), (2, usd("4"))]));
}

#[test]
fn a_credit_is_shared_by_its_items_and_by_no_other() {
    let item = |name: &str, dimension: &str| {
        format!("[item.{name}]\ndimension = \"{dimension}\"\nprice = \"0.10 USD\"\n{SOURCED}")
    };
    let text = format!(
        "{}{}{}[credit.free]\nusd = \"30 USD\"\nitems = [\"zonal\", \"autopilot\"]\n{SOURCED}",
        item("zonal", "cluster-hours"),
        item("autopilot", "instance-hours"),
        item("regional", "node-hours")
    );
    let account = || account_of(&text, 720, 720);
    let shared = account()
        .steady(Dimension::ClusterHours, "", HOUR / 4)
        .steady(Dimension::InstanceHours, "", HOUR / 4)
        .steady(Dimension::NodeHours, "", HOUR);
    assert_eq!(lines(&shared).last().unwrap(), &line("plan.free", "30", "-30"));
    assert_eq!(shared.bill().per_month, usd("78"));
    assert_eq!(shared.bill().total, usd("78"));
    // It is no refund, and nothing without free tiers.
    let mut small = account().steady(Dimension::ClusterHours, "", HOUR / 10).steady(Dimension::NodeHours, "", HOUR);
    assert_eq!(small.bill().per_month, usd("72"));
    small.options.free_tier = false;
    assert_eq!(small.bill().per_month, usd("79.2"));
}

#[test]
fn a_free_quantity_is_shared_by_the_items_that_name_it() {
    let item = |name: &str, dimension: &str, shared: &str| {
        format!(
            "[item.{name}]\ndimension = \"{dimension}\"\nprice = \"0.10 USD\"\n{SOURCED}free_month = {{ quantity = 100{shared} }}\n"
        )
    };
    let shared = ", shared = \"compute\"";
    let text =
        [item("arm", "cluster-hours", shared), item("x86", "instance-hours", shared), item("own", "node-hours", "")]
            .concat();
    let account = |arm: u128| {
        account_of(&text, 720, 720)
            .used("", Dimension::ClusterHours, 0, arm * HOUR)
            .used("", Dimension::InstanceHours, 0, 150 * HOUR)
            .used("", Dimension::NodeHours, 0, 100 * HOUR)
            .bill()
            .per_month
    };
    // 100 hours of both together; the other item has 100 of its own.
    assert_eq!([0, 60, 100, 130].map(account), ["5", "11", "15", "18"].map(usd));
}

#[test]
fn a_free_tier_of_new_accounts_ends() {
    // API Gateway: 1M calls a month for the first 12 months of an account.
    let body = "price = \"1 USD/1M\"\nfree_month = { quantity = 1_000_000, months = 12 }";
    let bill = |opened: Option<&str>| {
        let mut account = plan(Dimension::EdgeRequests, body).used("", Dimension::EdgeRequests, 0, 3_000_000);
        account.options.account_opened = opened.map(|date| date.parse().unwrap());
        owed(&account).0
    };
    assert_eq!((bill(None), bill(Some("2025-01-02"))), (usd("2"), usd("2")));
    assert_eq!((bill(Some("2025-01-01")), bill(Some("2018-05-01"))), (usd("3"), usd("3")));
}

#[test]
fn words_of_price_lists_end_tiers_and_a_terabyte_has_1024_or_1000_gigabytes() {
    let tiers = "tiers = [{ up_to = \"10TB\", price = \"0.09 USD\" }, { price = \"0.085 USD\" }]";
    let first = |more: &str| {
        owed(&plan(Dimension::Requests, &format!("{more}{tiers}")).used("", Dimension::Requests, 0, 20_000)).1[0]
    };
    assert_eq!((first(""), first("terabyte = 1000\n")), ((1, usd("10240")), (1, usd("10000"))));
}

const PLANS: &str = "[plan.reserved]\nkind = \"reserved\"\ntext = \"t\"\n[plan.savings]\nkind = \"savings\"\ntext = \"t\"\n\
    [plan.spot]\nkind = \"spot\"\ntext = \"t\"\n\
    [variants]\ndimensions = [\"node-hours\"]\nsource = \"s\"\nconfidence = \"api\"\n\
    prices = { \"m5.large\" = \"0.10 USD\", \"c5.large\" = \"0.20 USD\" }\n\
    [[variants.rate]]\nplan = \"reserved\"\nvariants = [\"m5\"]\nratio = \"0.6\"\nsource = \"s\"\nconfidence = \"api\"\n\
    [[variants.rate]]\nplan = \"savings\"\nvariants = [\"m5\"]\nratio = \"0.8\"\nsource = \"s\"\nconfidence = \"api\"\n\
    [[variants.rate]]\nplan = \"savings\"\nvariants = [\"c5.large\"]\nprice = \"0.10 USD\"\nsource = \"s\"\nconfidence = \"api\"\n\
    [[variants.rate]]\nplan = \"spot\"\nvariants = [\"m5\"]\nratio = \"0.4\"\nsource = \"s\"\nconfidence = \"api\"\n";

fn committed(plan: &str, held: Held) -> Vec<Commitment> {
    vec![Commitment { plan: format!("plan.{plan}"), held }]
}

#[test]
fn reserved_machines_are_paid_used_or_not_and_the_rest_is_on_demand() {
    let reserved = || committed("reserved", Held::Machines("m5.large".to_owned(), usd("2")));
    let mut account = account_of(PLANS, 2, 2).of("m5.large", Dimension::NodeHours, 0, 5 * HOUR);
    account.options.commitments = reserved();
    // Hour 0: two of five are covered. Hour 1: nothing runs, and two are paid all the same.
    assert_eq!(lines(&account), [line("plan.m5.large", "3", "0.3"), line("plan.m5.large:reserved", "4", "0.24")]);
    let mut idle = account_of(PLANS, 2, 2);
    idle.options.commitments = reserved();
    assert_eq!(lines(&idle), [line("plan.m5.large:reserved", "4", "0.24")]);
}

#[test]
fn coverage_is_decided_in_every_hour() {
    // Two machines in one hour and none in the next are not one machine all along: half the commitment is lost.
    let mut account = account_of(PLANS, 2, 2).of("m5.large", Dimension::NodeHours, 0, 2 * HOUR);
    account.options.commitments = committed("reserved", Held::Machines("m5.large".to_owned(), usd("1")));
    assert_eq!(account.bill().per_month, usd("0.22"));
    let mut even = account_of(PLANS, 2, 2).steady(Dimension::NodeHours, "m5.large", HOUR);
    even.options.commitments = account.options.commitments.clone();
    assert_eq!(even.bill().per_month, usd("0.12"));
}

#[test]
fn money_per_hour_is_spent_on_the_largest_discount_first_and_what_is_left_is_lost() {
    // c5 is 50 % off, m5 20 %: 0.26 USD an hour cover one c5 (0.10) and two m5 (0.16).
    let account = |c5: u128, m5: u128| {
        let mut account = account_of(PLANS, 1, 1).of("c5.large", Dimension::NodeHours, 0, c5 * HOUR);
        account = account.of("m5.large", Dimension::NodeHours, 0, m5 * HOUR);
        account.options.commitments = committed("savings", Held::PerHour(usd("0.26")));
        account
    };
    assert_eq!(
        lines(&account(1, 3)),
        [
            line("plan.m5.large", "1", "0.1"),
            line("plan.m5.large:savings", "2", "0.16"),
            line("plan.c5.large:savings", "1", "0.1"),
        ]
    );
    assert_eq!(
        lines(&account(1, 0)),
        [line("plan.c5.large:savings", "1", "0.1"), line("plan.savings.unused", "0.16", "0.16")]
    );
    // Counted at the discounted rates: the 0.26 are worth 0.40 on demand.
    assert_eq!(account(1, 2).bill().per_month, usd("0.26"));
}

#[test]
fn reserved_machines_come_before_money_per_hour() {
    let mut account = account_of(PLANS, 1, 1).of("m5.large", Dimension::NodeHours, 0, HOUR);
    account.options.commitments = committed("savings", Held::PerHour(usd("0.08")));
    account.options.commitments.extend(committed("reserved", Held::Machines("m5.large".to_owned(), usd("1"))));
    assert_eq!(
        lines(&account),
        [line("plan.savings.unused", "0.08", "0.08"), line("plan.m5.large:reserved", "1", "0.06")]
    );
}

#[test]
fn money_is_spent_as_exactly_at_prices_of_many_decimals() {
    // Too many for machine integers: 28 decimals, in nanoseconds.
    let many = PLANS.replace("price = \"0.10 USD\"", "price = \"0.1000000000000000000000000001 USD\"");
    assert_ne!(many, PLANS);
    for plans in [PLANS, &many] {
        let mut account = account_of(plans, 1, 1).of("c5.large", Dimension::NodeHours, 0, 2 * HOUR);
        account.options.commitments = committed("savings", Held::PerHour(usd("0.15")));
        assert_eq!(
            lines(&account),
            [line("plan.c5.large", "0.5", "0.1"), line("plan.c5.large:savings", "1.5", "0.15")]
        );
    }
}

#[test]
fn spare_capacity_is_a_variant_of_its_own() {
    let account = account_of(PLANS, 1, 1).of("m5.large:spot", Dimension::NodeHours, 0, HOUR);
    assert_eq!(lines(&account), [line("plan.m5.large:spot", "1", "0.04")]);
}

#[test]
fn a_commitment_to_what_the_account_does_not_sell_is_not_its_own() {
    let mut account = Account::new(&["aws-lambda"], "2026-01-01T00:00:00[UTC]", 1, Month::Fixed(hours(1)));
    account.options.commitments = committed("savings", Held::PerHour(usd("1")));
    assert_eq!(account.bill().per_month, Decimal::ZERO);
}

/// The worked example of AWS, Savings Plans user guide, "Understanding how Savings Plans apply to your usage".
#[test]
fn savings_plan_worked_example_of_the_provider() {
    let priced = |name: &str, dimension: &str, demand: &str, plan: &str| {
        format!(
            "[item.{name}]\ndimension = \"{dimension}\"\nprice = \"{demand} USD\"\n{SOURCED}\
            plans.savings = {{ price = \"{plan} USD\", source = \"s\", confidence = \"api\" }}\n"
        )
    };
    let text = [
        "[plan.savings]\nkind = \"savings\"\ntext = \"t\"\n".to_owned(),
        priced("c5-9xlarge", "node-hours", "4.00", "2.00"),
        priced("c5-24xlarge", "instance-hours", "10.00", "8.00"),
        priced("fargate-vcpu", "cluster-hours", "1.50", "1.00"),
        priced("fargate-gb", "address-hours", "2.00", "1.00"),
    ]
    .concat();
    let bill = |per_hour: &str| {
        let mut account = account_of(&text, 1, 1)
            .used("", Dimension::NodeHours, 0, HOUR)
            .used("", Dimension::InstanceHours, 0, HOUR)
            .used("", Dimension::ClusterHours, 0, 10 * HOUR)
            .used("", Dimension::AddressHours, 0, 5 * HOUR);
        account.options.commitments = committed("savings", Held::PerHour(per_hour.parse().unwrap()));
        account
    };
    // 25 USD cover all of it, which is 39 USD on demand.
    assert_eq!(bill("25").bill().per_month, usd("25"));
    assert_eq!(bill("0.000001").bill().per_month.round_dp(2), usd("39"));
    // 2 USD go to what is half off and cheapest under the plan: 2 GB of Fargate.
    let two = lines(&bill("2"));
    assert!(two.contains(&line("plan.fargate-gb:savings", "2", "2")), "{two:?}");
    assert_eq!(bill("2").bill().per_month, usd("37"));
}

#[test]
fn a_reserved_machine_is_a_node_where_it_is_used_as_one() {
    let mut account = Account::new(&["eks"], "2026-01-01T00:00:00[UTC]", 1, Month::Fixed(hours(1)));
    account = account.of("m6i.large", Dimension::NodeHours, 0, HOUR);
    let held = Held::Machines("m6i.large".to_owned(), Decimal::ONE);
    account.options.commitments = vec![Commitment { plan: "aws-machines.reserved-1y".to_owned(), held }];
    let bill = account.bill();
    assert_eq!(lines(&account), [line("aws-machines.m6i.large:reserved-1y", "1", "0.06048")]);
    assert_eq!(bill.lines[0].dimension, Dimension::NodeHours);
}
