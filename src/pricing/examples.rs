//! Bills worked by hand, and the fixture that the properties share.

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::bill::{Bill, LineItem, mean};
use super::book::Book;
use super::inline_tariff;
use super::settle::{Currency, Options, Settlement, Unpriced, settle};
use super::tariff::{Tariff, day_zone};
use super::timeline::cost_over_time;
use crate::document::diagnostic::Diagnostics;
use crate::document::source::Sources;
use crate::document::tree::parse;
use crate::metering::calendar::{Calendar, Month};
use crate::metering::usage::{Dimension, Meter, Usage};
use crate::units::Nanos;

pub(super) const HOUR: u128 = 3_600_000_000_000;
pub(super) const GIB_SECOND: u128 = 1_024_000_000_000;
pub(super) const GB: u128 = 1 << 30;

/// An account: tariffs, a measured time, and what was used in it.
pub(super) struct Account {
    pub(super) tariffs: Vec<Tariff>,
    pub(super) calendar: Calendar,
    pub(super) options: Options,
    pub(super) usage: Usage,
}

pub(super) const fn hours(hours: u64) -> Nanos {
    Nanos(hours * Nanos::HOUR.0)
}

impl Account {
    /// Measured for so many hours from `start` (`2026-01-05T00:00:00[UTC]`), with free tiers.
    pub(super) fn new(tariffs: &[&str], start: &str, measured: u64, month: Month) -> Self {
        let tariffs: Vec<Tariff> = tariffs.iter().map(|id| Book::builtin().tariff(id).unwrap().clone()).collect();
        let zone = TimeZone::get(day_zone(&tariffs)).unwrap();
        let calendar = Calendar::new(&start.parse().unwrap(), Nanos::ZERO, hours(measured), month, &zone).unwrap();
        let options = Options::usd(month);
        Self { tariffs, calendar, options, usage: Usage::default() }
    }

    pub(super) fn whole_month(tariffs: &[&str]) -> Self {
        Self::new(tariffs, "2026-01-05T00:00:00[UTC]", 720, Month::Fixed(hours(720)))
    }

    pub(super) fn used(self, service: &str, dimension: Dimension, hour: usize, quantity: u128) -> Self {
        self.count(service, "", dimension, hour, quantity)
    }

    pub(super) fn of(self, variant: &str, dimension: Dimension, hour: usize, quantity: u128) -> Self {
        self.count("", variant, dimension, hour, quantity)
    }

    pub(super) fn count(
        mut self,
        service: &str,
        variant: &str,
        dimension: Dimension,
        hour: usize,
        quantity: u128,
    ) -> Self {
        let meter = Meter { service: service.to_owned(), dimension, variant: variant.to_owned() };
        let slice = self.calendar.slices.partition_point(|slice| slice.hour < hour);
        self.usage.add(&meter, slice, quantity);
        self
    }

    /// The same usage in every hour.
    pub(super) fn steady(mut self, dimension: Dimension, variant: &str, per_hour: u128) -> Self {
        let meter = Meter { service: String::new(), dimension, variant: variant.to_owned() };
        for slice in 0..self.calendar.slices.len() {
            if slice == 0 || self.calendar.slices[slice].hour != self.calendar.slices[slice - 1].hour {
                self.usage.add(&meter, slice, per_hour);
            }
        }
        self
    }

    fn paid(mut self) -> Self {
        self.options.free_tier = false;
        self
    }

    pub(super) fn settled(&self) -> Result<Settlement, Unpriced> {
        settle(&self.usage, &self.tariffs, &self.calendar, &self.options)
    }

    pub(super) fn bill(&self) -> Bill {
        mean(&[self.settled().unwrap()], &self.options).unwrap()
    }
}

/// `item tier: quantity x price = amount`.
fn show(line: &LineItem) -> String {
    format!("{} {}: {} x {} = {}", line.item, line.tier, line.quantity, line.unit_price, line.amount)
}

pub(super) fn shown(bill: &Bill) -> Vec<String> {
    bill.lines.iter().map(show).collect()
}

fn usd(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn lambda_worked_example_of_the_provider() {
    // AWS Lambda pricing page: 6 million requests of 280 ms at 4096 MB.
    let bill = Account::whole_month(&["aws-lambda"])
        .used("api", Dimension::Requests, 3, 6_000_000)
        .used("api", Dimension::GibSeconds, 3, 6_720_000 * GIB_SECOND)
        .bill();
    assert_eq!(
        shown(&bill),
        [
            "aws-lambda.requests 0: 1000000 x 0 = 0",
            "aws-lambda.requests 1: 5000000 x 0.0000002 = 1",
            "aws-lambda.gib-seconds 0: 400000 x 0 = 0",
            "aws-lambda.gib-seconds 1: 6320000 x 0.0000166667 = 105.333544",
        ]
    );
    assert_eq!((bill.per_month, bill.total), (usd("106.333544"), usd("106.333544")));
}

#[test]
fn lambda_tiers_are_marginal() {
    let bill = Account::whole_month(&["aws-lambda"])
        .paid()
        .used("api", Dimension::GibSeconds, 0, 61_440_000_000 * GIB_SECOND)
        .bill();
    assert_eq!(
        shown(&bill),
        [
            "aws-lambda.gib-seconds 1: 6000000000 x 0.0000166667 = 100000.2",
            "aws-lambda.gib-seconds 2: 9000000000 x 0.000015 = 135000",
            "aws-lambda.gib-seconds 3: 46440000000 x 0.0000133334 = 619203.096",
        ]
    );
}

#[test]
fn the_boundary_of_a_tier_is_in_the_lower_one() {
    let bill = |requests| {
        shown(&Account::whole_month(&["aws-http-api"]).paid().used("", Dimension::EdgeRequests, 0, requests).bill())
    };
    assert_eq!(bill(300_000_000), ["aws-http-api.requests 1: 300000000 x 0.000001 = 300"]);
    assert_eq!(bill(300_000_001)[1], "aws-http-api.requests 2: 1 x 0.0000009 = 0.000001");
}

#[test]
fn the_allowance_comes_before_the_tiers_and_says_that_it_ends() {
    let bill = Account::whole_month(&["aws-http-api"]).used("", Dimension::EdgeRequests, 9, 301_500_000).bill();
    assert_eq!(
        shown(&bill),
        [
            "aws-http-api.requests 0: 1000000 x 0 = 0",
            "aws-http-api.requests 1: 300000000 x 0.000001 = 300",
            "aws-http-api.requests 2: 500000 x 0.0000009 = 0.45",
        ]
    );
    assert!(bill.notes[0].contains("12 months"), "{:?}", bill.notes);
}

#[test]
fn app_engine_gives_28_hours_each_pacific_day() {
    let start = "2026-01-05T00:00:00[America/Los_Angeles]";
    let account = || {
        Account::new(&["app-engine-standard"], start, 720, Month::Fixed(hours(720))).steady(
            Dimension::InstanceHours,
            "F1",
            2 * HOUR,
        )
    };
    assert_eq!(
        shown(&account().bill()),
        ["app-engine-standard.instance-hours 0: 840 x 0 = 0", "app-engine-standard.instance-hours 1: 600 x 0.05 = 30",]
    );
    assert_eq!(shown(&account().paid().bill()), ["app-engine-standard.instance-hours 1: 1440 x 0.05 = 72"]);
}

#[test]
fn a_daily_allowance_is_not_carried_over() {
    let start = "2026-01-05T00:00:00[America/Los_Angeles]";
    let bill = Account::new(&["app-engine-standard"], start, 48, Month::Fixed(hours(48)))
        .used("", Dimension::InstanceHours, 5, 56 * HOUR)
        .bill();
    assert_eq!(bill.lines[1].quantity, usd("28"));
}

#[test]
fn a_day_cut_by_the_horizon_is_judged_as_a_whole_day() {
    // 24 h from midnight UTC are 8 h of one Pacific day and 16 h of the next, each with 2 x 24 h less 28 h to pay.
    let bill = Account::new(&["app-engine-standard"], "2026-01-05T00:00:00[UTC]", 24, Month::Fixed(hours(720)))
        .steady(Dimension::InstanceHours, "", 2 * HOUR)
        .bill();
    assert_eq!((bill.lines[0].quantity, bill.lines[1].quantity), (usd("840"), usd("600")));
    assert_eq!((bill.per_month, bill.total), (usd("30"), usd("1")));
    // Only the cut day is busy: 10 h in 8 h stand for 30 h in the day, of which 2 h are billed, a third of them here.
    let bill = Account::new(&["app-engine-standard"], "2026-01-05T00:00:00[UTC]", 24, Month::Fixed(hours(24)))
        .used("", Dimension::InstanceHours, 7, 10 * HOUR)
        .bill();
    assert_eq!((bill.lines[0].quantity, bill.lines[1].quantity), (usd("9.333333"), usd("0.666667")));
}

#[test]
fn two_periods_are_billed_apart_and_averaged() {
    let bill = Account::new(&["aws-lambda"], "2026-01-05T00:00:00[UTC]", 1440, Month::Fixed(hours(720)))
        .used("", Dimension::Requests, 0, 3_000_000)
        .used("", Dimension::Requests, 1439, 500_000)
        .bill();
    assert_eq!(
        shown(&bill),
        ["aws-lambda.requests 0: 750000 x 0 = 0", "aws-lambda.requests 1: 1000000 x 0.0000002 = 0.2"]
    );
    assert_eq!(bill.periods.iter().map(|period| period.total).collect::<Vec<_>>(), [usd("0.4"), usd("0")]);
    assert_eq!((bill.per_month, bill.total), (usd("0.2"), usd("0.4")));
}

#[test]
fn a_week_is_the_bill_of_a_month_of_such_weeks() {
    let account = Account::new(&["aws-lambda"], "2026-01-05T00:00:00[UTC]", 168, Month::Fixed(hours(730))).used(
        "",
        Dimension::Requests,
        0,
        1_000_000,
    );
    // 1 000 000 x 730 / 168 = 4 345 238.095238; the free million comes off the month.
    assert_eq!(
        shown(&account.bill()),
        ["aws-lambda.requests 0: 1000000 x 0 = 0", "aws-lambda.requests 1: 3345238.095238 x 0.0000002 = 0.669048"]
    );
    let bill = account.paid().bill();
    assert_eq!((bill.per_month, bill.total), (usd("0.869048"), usd("0.2")));
    assert_eq!(bill.periods[0].total, usd("0.2"));
}

#[test]
fn the_length_of_the_month_moves_hours_and_free_tiers_but_not_requests() {
    let bill = |start: &str, days: u64| {
        Account::new(&["eks", "aws-lambda"], start, days * 24, Month::Calendar)
            .steady(Dimension::ClusterHours, "", HOUR)
            .steady(Dimension::VolumeGibHours, "", 100 * HOUR)
            .used("", Dimension::Requests, 5, 3_000_000)
            .bill()
    };
    let amounts = |bill: &Bill| bill.lines.iter().map(|line| line.amount).collect::<Vec<_>>();
    let (january, february) = (bill("2026-01-01T00:00:00[UTC]", 31), bill("2026-02-01T00:00:00[UTC]", 28));
    assert_eq!(amounts(&january), [usd("74.4"), usd("8"), usd("0"), usd("0.4")]);
    assert_eq!(amounts(&february), [usd("67.2"), usd("8"), usd("0"), usd("0.4")]);
    assert_eq!(january.periods[0].total, usd("82.8"));
}

#[test]
fn days_that_reach_beyond_their_period_are_neither_lost_nor_counted_twice() {
    // 31 days start within the first 730 h, so the second period has no day.
    let account = Account::new(&["eks"], "2026-01-05T00:00:00[UTC]", 744, Month::Fixed(hours(730)));
    let bill = account.steady(Dimension::ClusterHours, "", HOUR).bill();
    assert_eq!(shown(&bill), ["eks.cluster-hours 1: 730 x 0.1 = 73"]);
    assert_eq!(bill.total, usd("74.4"));
    assert_eq!(bill.periods.iter().map(|period| period.total).collect::<Vec<_>>(), [usd("74.4"), usd("0")]);
}

#[test]
fn services_share_a_tier_in_proportion() {
    let bill = Account::whole_month(&["aws-http-api"])
        .used("a", Dimension::EdgeRequests, 0, 300_000_000)
        .used("b", Dimension::EdgeRequests, 1, 101_000_000)
        .bill();
    let of = |service: &str, tier: u32| {
        bill.lines.iter().find(|line| line.service == service && line.tier == tier).unwrap().quantity
    };
    assert_eq!(of("a", 1) + of("b", 1), usd("300000000"));
    assert_eq!(of("a", 2) + of("b", 2), usd("100000000"));
    assert_eq!(of("a", 2), usd("74812967.581047"));
}

#[test]
fn machines_are_priced_by_type_and_bytes_by_the_network() {
    let account = || {
        Account::whole_month(&["eks", "aws-alb"])
            .steady(Dimension::NodeHours, "m6i.large", 3 * HOUR)
            .steady(Dimension::LcuHours, "aws-alb", 1_500_000_000)
            .used("", Dimension::EgressBytes, 0, 1_124 * GB)
            .used("", Dimension::InterzoneBytes, 0, 100 * GB)
    };
    let expected = [
        "aws-machines.m6i.large 1: 2160 x 0.096 = 207.36",
        "aws-network.egress 0: 100 x 0 = 0",
        "aws-network.egress 1: 1024 x 0.09 = 92.16",
        "aws-network.interzone 1: 200 x 0.01 = 2",
        "aws-alb.lcu-hours 1: 1080 x 0.008 = 8.64",
    ];
    assert_eq!(shown(&account().bill()), expected);
    let mut account = account();
    account.options.egress = false;
    assert_eq!(shown(&account.bill()).len(), 3);
}

#[test]
fn what_has_no_price_is_an_error_unless_the_tariff_is_inline() {
    let mut account = Account::whole_month(&["eks"]).steady(Dimension::NodeHours, "m9z.large", HOUR);
    let message = account.settled().unwrap_err().to_string();
    assert_eq!(message, "`node-hours` of `m9z.large` has no price in eks");
    let mut sources = Sources::new();
    let source = sources.add("scenario.toml", "\"requests\" = \"0.20 USD/1M\"");
    account.tariffs = vec![inline_tariff(&parse(&sources, source, &mut Diagnostics::new())).unwrap()];
    let bill = account.used("", Dimension::Requests, 0, 1_000_000).bill();
    assert_eq!(shown(&bill), ["inline.requests 1: 1000000 x 0.0000002 = 0.2"]);
    assert_eq!(bill.not_priced, [Dimension::NodeHours]);
}

#[test]
fn usage_of_another_run_is_refused() {
    let account = Account::whole_month(&["eks"]).used("", Dimension::ClusterHours, 720, 1);
    assert_eq!(account.settled().unwrap_err(), Unpriced::BeyondCalendar);
}

#[test]
fn replications_are_averaged_before_rounding() {
    let one = |requests| Account::whole_month(&["aws-lambda"]).paid().used("", Dimension::Requests, 0, requests);
    let options = one(1).options;
    let settled: Vec<Settlement> = [1, 1, 2].map(|requests| one(requests).settled().unwrap()).into();
    let bill = mean(&settled, &options).unwrap();
    assert_eq!(bill.lines[0].quantity, usd("1.333333"));
    let idle = Account::whole_month(&["aws-lambda"]).settled().unwrap();
    let bill = mean(&[idle, one(5_000_000).settled().unwrap()], &options).unwrap();
    assert_eq!((bill.lines[0].quantity, bill.per_month), (usd("2500000"), usd("0.5")));
    assert_eq!(mean(&[], &options).unwrap().per_month, Decimal::ZERO);
}

#[test]
fn amounts_are_rounded_half_to_even() {
    // Two days, each a month: 25 and 35 requests are 12.5 and 17.5 a month, or 2.5 and 3.5 millionths of a dollar.
    let amount = |requests| {
        Account::new(&["aws-lambda"], "2026-01-05T00:00:00[UTC]", 48, Month::Fixed(hours(24)))
            .paid()
            .used("", Dimension::Requests, 0, requests)
            .bill()
            .per_month
    };
    assert_eq!(amount(25), usd("0.000002"));
    assert_eq!(amount(35), usd("0.000004"));
}

#[test]
fn another_currency_converts_unit_prices() {
    let mut account = Account::whole_month(&["eks"]).steady(Dimension::ClusterHours, "", HOUR);
    account.options.currency = Currency { code: "EUR".to_owned(), per_usd: usd("0.875") };
    let bill = account.bill();
    assert_eq!(shown(&bill), ["eks.cluster-hours 1: 720 x 0.0875 = 63"]);
    assert_eq!((bill.currency.as_str(), bill.periods[0].total), ("EUR", usd("63")));
}

#[test]
fn cost_over_time_follows_the_usage_and_ends_at_the_total() {
    let account = Account::new(&["aws-lambda"], "2026-01-05T00:00:00[UTC]", 4, Month::Fixed(hours(8)))
        .paid()
        .used("", Dimension::Requests, 0, 1_000_000)
        .used("", Dimension::Requests, 2, 3_000_000);
    let bill = account.bill();
    let hourly = |curve: Vec<Decimal>| {
        let per_hour = curve.len() / 4;
        curve.into_iter().skip(per_hour - 1).step_by(per_hour).collect::<Vec<_>>()
    };
    let curve = hourly(cost_over_time(&bill, &account.usage, &account.calendar));
    assert_eq!(curve, [usd("0.2"), usd("0.2"), usd("0.8"), usd("0.8")]);
    assert_eq!(bill.total, usd("0.8"));
    let even = hourly(cost_over_time(&bill, &Usage::default(), &account.calendar));
    assert_eq!(even, [usd("0.2"), usd("0.4"), usd("0.6"), usd("0.8")]);
}
