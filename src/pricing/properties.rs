//! What holds for every usage.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::bill::mean;
use super::book::Book;
use super::commitment::{Commitment, Held};
use super::examples::{Account, HOUR, hours};
use super::tariff::Tariff;
use super::timeline::cost_over_time;
use crate::metering::calendar::Month;
use crate::metering::usage::Dimension;

const START: &str = "2026-01-05T00:00:00[UTC]";

fn account(measured: u64, month: u64, free_tier: bool) -> Account {
    let tariffs = ["aws-lambda", "aws-http-api", "eks", "aws-alb"];
    let mut account = Account::new(&tariffs, START, measured, Month::Fixed(hours(month)));
    account.options.free_tier = free_tier;
    account
}

fn app_engine(measured: u64, free_tier: bool) -> Account {
    let mut account = Account::new(&["app-engine-standard"], START, measured, Month::Fixed(hours(730)));
    account.options.free_tier = free_tier;
    account
}

fn priced() -> impl Strategy<Value = Dimension> {
    prop::sample::select(vec![
        Dimension::Requests,
        Dimension::GibSeconds,
        Dimension::EdgeRequests,
        Dimension::ClusterHours,
        Dimension::LcuHours,
        Dimension::EgressBytes,
        Dimension::InterzoneBytes,
        Dimension::AddressHours,
        Dimension::VolumeGibHours,
    ])
}

/// One rounding of a quantity, times the largest price here, and one of the amount, for a few lines.
fn slack() -> Decimal {
    Decimal::new(1, 5)
}

proptest! {
    #[test]
    fn no_usage_panics(
        dimension in priced(),
        quantities in prop::collection::vec((any::<u128>(), 0_u32..128), 1..4),
        measured in 1_u64..100,
        month in 1_u64..100,
        free_tier: bool,
    ) {
        let mut account = account(measured, month, free_tier);
        for (service, (quantity, shift)) in ["a", "b", "c"].into_iter().zip(quantities) {
            account = account.used(service, dimension, 0, quantity >> shift);
        }
        if let Ok(bill) = mean(&[account.settled().unwrap()], &account.options) {
            let _ = cost_over_time(&bill, &account.usage, &account.calendar);
        }
    }

    #[test]
    fn lines_sum_to_the_month_and_redo_with_a_pencil(
        used in prop::collection::vec((priced(), 0_usize..40, 0_u128..1 << 70), 0..12),
        month in 20_u64..60,
        free_tier: bool,
    ) {
        let mut account = account(40, month, free_tier);
        for (dimension, slice, quantity) in used {
            account = account.used("", dimension, slice, quantity);
        }
        let bill = account.bill();
        prop_assert_eq!(bill.lines.iter().map(|line| line.amount).sum::<Decimal>(), bill.per_month);
        for line in &bill.lines {
            let exactly = line.quantity.checked_mul(line.unit_price).unwrap();
            prop_assert!((exactly - line.amount).abs() <= Decimal::new(5, 7), "{line:?}");
            prop_assert!(!line.quantity.is_sign_negative());
            prop_assert_eq!(line.tier == 0, line.unit_price.is_zero());
        }
        if let Some(&last) = cost_over_time(&bill, &account.usage, &account.calendar).last() {
            prop_assert_eq!(last, bill.total);
        }
    }

    #[test]
    fn more_usage_is_never_cheaper(
        dimension in priced(),
        less in 0_u128..1 << 66,
        more in 0_u128..1 << 66,
        free_tier: bool,
    ) {
        let bill = |quantity| account(40, 730, free_tier).used("", dimension, 0, quantity).bill().per_month;
        prop_assert!(bill(less + more) + slack() >= bill(less));
    }

    #[test]
    fn more_instances_are_never_cheaper_with_daily_allowances(
        slices in prop::collection::vec((0_usize..60, 0_u128..100 * HOUR), 1..8),
        extra in (0_usize..60, 0_u128..100 * HOUR),
    ) {
        let mut account = app_engine(60, true);
        for (slice, quantity) in slices {
            account = account.used("", Dimension::InstanceHours, slice, quantity);
        }
        let before = account.bill().per_month;
        let after = account.used("", Dimension::InstanceHours, extra.0, extra.1).bill().per_month;
        prop_assert!(after + slack() >= before);
    }

    #[test]
    fn the_bill_has_no_step_at_the_boundary_of_a_tier(near in 0_u128..1000) {
        let bill = |requests| account(720, 720, false).used("", Dimension::EdgeRequests, 0, requests).bill().per_month;
        let step = bill(300_000_000 + near) - bill(300_000_000 - near);
        let most = Decimal::from(2 * near) * Decimal::new(1, 6);
        prop_assert!(step >= Decimal::ZERO && step <= most + slack());
    }

    #[test]
    fn cutting_a_day_into_slices_changes_nothing(parts in prop::collection::vec(0_u128..50 * HOUR, 16)) {
        // Slices 8 to 23 of this calendar are one Pacific day.
        let whole = app_engine(72, true).used("", Dimension::InstanceHours, 8, parts.iter().sum());
        let mut cut = app_engine(72, true);
        for (slice, part) in (8..).zip(parts) {
            cut = cut.used("", Dimension::InstanceHours, slice, part);
        }
        prop_assert_eq!(whole.bill().per_month, cut.bill().per_month);
        prop_assert_eq!(whole.bill().lines.len(), cut.bill().lines.len());
    }

    #[test]
    fn services_add_up(a in 1_u128..1 << 45, b in 1_u128..1 << 45, free_tier: bool) {
        let one = account(30, 30, free_tier).used("a", Dimension::Requests, 0, a + b).bill();
        let two =
            account(30, 30, free_tier).used("a", Dimension::Requests, 0, a).used("b", Dimension::Requests, 1, b).bill();
        prop_assert!((one.per_month - two.per_month).abs() <= slack());
        for tier in 0..2 {
            let of = |bill: &super::bill::Bill| {
                bill.lines.iter().filter(|line| line.tier == tier).map(|line| line.quantity).sum::<Decimal>()
            };
            prop_assert!((of(&one) - of(&two)).abs() <= Decimal::new(1, 6));
        }
    }

    #[test]
    fn a_month_cut_into_hours_owes_the_same(
        dimension in priced(),
        parts in prop::collection::vec(0_u128..1 << 60, 40),
        free_tier: bool,
    ) {
        let whole = account(40, 730, free_tier).used("", dimension, 0, parts.iter().sum()).bill();
        let mut cut = account(40, 730, free_tier);
        for (hour, part) in parts.into_iter().enumerate() {
            cut = cut.used("", dimension, hour, part);
        }
        prop_assert_eq!(whole, cut.bill());
    }

    #[test]
    fn services_whose_prices_have_no_tiers_add_up_to_the_cent(
        a in 0_u128..1 << 60,
        b in 0_u128..1 << 60,
        dimension in prop::sample::select(vec![
            Dimension::Requests, Dimension::ClusterHours, Dimension::LcuHours, Dimension::InterzoneBytes,
            Dimension::AddressHours, Dimension::VolumeGibHours, Dimension::NatHours, Dimension::NatBytes,
        ]),
    ) {
        let alone = |quantity| account(40, 730, false).used("", dimension, 0, quantity).bill().per_month;
        let together = account(40, 730, false).used("a", dimension, 0, a).used("b", dimension, 1, b).bill().per_month;
        prop_assert!((alone(a) + alone(b) - together).abs() <= slack());
    }

    #[test]
    fn more_usage_is_never_cheaper_under_commitments(
        before in prop::collection::vec(0_u128..9 * HOUR, 6),
        more in (0_usize..6, 0_u128..9 * HOUR),
        reserved in 0_u32..5,
        cents in 0_i64..100,
    ) {
        let bill = |extra: u128| {
            let mut account = Account::new(&["ec2"], START, 6, Month::Fixed(hours(6)));
            for (hour, &quantity) in before.iter().enumerate() {
                account = account.of("m6i.large", Dimension::NodeHours, hour, quantity);
            }
            account = account.of("m6i.large", Dimension::NodeHours, more.0, extra);
            let machines = Held::Machines("m6i.large".to_owned(), reserved.into());
            account.options.commitments = vec![
                Commitment { plan: "aws-machines.reserved-1y".to_owned(), held: machines },
                Commitment { plan: "aws-machines.savings-1y".to_owned(), held: Held::PerHour(Decimal::new(cents, 2)) },
            ];
            account.bill().per_month
        };
        prop_assert!(bill(more.1) + slack() >= bill(0));
    }
}

/// Every price of the book that has tiers, at every boundary: a unit more costs no more than a unit of either tier.
#[test]
fn no_built_in_price_has_a_step_at_a_boundary() {
    let mut boundaries = 0;
    for tariff in Book::builtin().tariffs() {
        for item in tariff.items.iter().filter(|item| !item.sustained && !item.unit.month && item.times == 1) {
            for ends in item.tiers.windows(2) {
                let end = ends[0].up_to.expect("only the last tier has no end");
                let bill = |units: Decimal| {
                    let mut account = account(720, 720, false);
                    account.tariffs = vec![Tariff { items: vec![item.clone()], ..tariff.clone() }];
                    let variant = item.variant.as_deref().unwrap_or_default();
                    let base = units * Decimal::from(item.unit.size.get()) / Decimal::from(item.weight(variant));
                    let quantity = u128::try_from(base).expect("whole base units");
                    account.of(variant, item.dimension, 0, quantity).bill().per_month
                };
                let (lower, upper) = (ends[0].price, ends[1].price);
                assert!(((bill(end) - bill(end - Decimal::ONE)) - lower).abs() <= slack(), "{}", item.id);
                assert!(((bill(end + Decimal::ONE) - bill(end)) - upper).abs() <= slack(), "{}", item.id);
                boundaries += 1;
            }
        }
    }
    assert!(boundaries > 20, "only {boundaries} boundaries");
}
