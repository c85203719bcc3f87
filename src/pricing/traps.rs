//! Where real bills surprise: what the built-in tariffs make of each case. A tariff that loses its rule fails here.
//!
//! Worked examples of arithmetic are in [`super::examples`]; plans and limits in [`super::plans`].

use super::book::Book;
use super::commitment::{Commitment, Held};
use super::examples::{Account, GB, GIB_SECOND, shown};
use super::settle::Unpriced;
use crate::metering::calendar::Month;
use crate::metering::rounding::covered;
use crate::metering::rule::Rule;
use crate::metering::sizes::Size;
use crate::metering::usage::Dimension;
use crate::units::{Bytes, Nanos};

const HOUR: u128 = Nanos::HOUR.0 as u128;
const KIB: u64 = 1 << 10;

/// The lines of what an account used in one hour of a month of 720 hours, with free tiers.
fn billed(tariff: &str, used: &[(&str, Dimension, u128)]) -> Vec<String> {
    let account = Account::whole_month(&[tariff]);
    shown(
        &used
            .iter()
            .fold(account, |account, &(variant, dimension, count)| account.of(variant, dimension, 1, count))
            .bill(),
    )
}

fn rule(tariff: &str, item: &str) -> Rule {
    Book::builtin()
        .tariff(tariff)
        .and_then(|tariff| tariff.item(item))
        .unwrap_or_else(|| panic!("no {tariff}.{item}"))
        .rule
}

#[test]
fn a_read_of_dynamodb_costs_half_when_it_may_be_stale_and_double_in_a_transaction() {
    // A million reads of 9 KB: 3 units of 4 KB each, whatever the sum of the bytes.
    let reads = |item: &str| 1_000_000 * u128::from(rule("aws-dynamodb", item).chunks(Bytes(9 * KIB)));
    for (variant, item, line) in [
        ("", "reads", "aws-dynamodb.reads 1: 3000000 x 0.000000125 = 0.375"),
        ("eventual", "eventual-reads", "aws-dynamodb.eventual-reads 1: 1500000 x 0.000000125 = 0.1875"),
        ("transactional", "transactional-reads", "aws-dynamodb.transactional-reads 1: 6000000 x 0.000000125 = 0.75"),
    ] {
        assert_eq!(billed("aws-dynamodb", &[(variant, Dimension::StoreReads, reads(item))]), [line]);
    }
    let writes = |item: &str| 1_000_000 * u128::from(rule("aws-dynamodb", item).chunks(Bytes(KIB + 1)));
    for (variant, item, line) in [
        ("", "writes", "aws-dynamodb.writes 1: 2000000 x 0.000000625 = 1.25"),
        ("transactional", "transactional-writes", "aws-dynamodb.transactional-writes 1: 4000000 x 0.000000625 = 2.5"),
    ] {
        assert_eq!(billed("aws-dynamodb", &[(variant, Dimension::StoreWrites, writes(item))]), [line]);
    }
    // The smallest item is a whole unit.
    assert_eq!(
        (rule("aws-dynamodb", "reads").chunks(Bytes(1)), rule("aws-dynamodb", "reads").chunks(Bytes(4 * KIB))),
        (1, 1)
    );
}

#[test]
fn tiers_of_egress_begin_beyond_what_is_free() {
    // "First 10 TB / month data transfer out beyond the global free tier": 100 GB and then 10,240 at one price.
    assert_eq!(
        billed("aws-network", &[("", Dimension::EgressBytes, 10_341 * GB)]),
        [
            "aws-network.egress 0: 100 x 0 = 0",
            "aws-network.egress 1: 10240 x 0.09 = 921.6",
            "aws-network.egress 2: 1 x 0.085 = 0.085"
        ]
    );
}

#[test]
fn tiers_of_lambda_are_of_one_architecture_and_its_free_tier_of_both() {
    let used = 4_000_000_000 * GIB_SECOND;
    assert_eq!(
        billed("aws-lambda", &[("arm", Dimension::GibSeconds, used), ("", Dimension::GibSeconds, used)]),
        [
            "aws-lambda.arm-gib-seconds 0: 400000 x 0 = 0",
            "aws-lambda.arm-gib-seconds 1: 3999600000 x 0.0000133334 = 53328.26664",
            "aws-lambda.gib-seconds 1: 4000000000 x 0.0000166667 = 66666.8",
        ]
    );
}

#[test]
fn what_is_kept_ready_on_lambda_has_no_free_tier_and_its_own_duration() {
    let (ready, ran) = (Dimension::ProvisionedGibSeconds, Dimension::ProvisionedDurationGibSeconds);
    assert_eq!(
        billed(
            "aws-lambda",
            &[("", ready, 1000 * GIB_SECOND), ("", ran, 1000 * GIB_SECOND), ("", Dimension::Requests, 1)]
        ),
        [
            "aws-lambda.requests 0: 1 x 0 = 0",
            "aws-lambda.provisioned 1: 1000 x 0.0000041667 = 0.004167",
            "aws-lambda.provisioned-duration 1: 1000 x 0.0000097222 = 0.009722",
        ]
    );
}

#[test]
fn gateways_have_boundaries_and_chunks_of_their_own() {
    let calls = [("", Dimension::EdgeRequests, 401_000_000)];
    assert_eq!(
        billed("aws-rest-api", &calls)[1..],
        [
            "aws-rest-api.requests 1: 333000000 x 0.0000035 = 1165.5",
            "aws-rest-api.requests 2: 67000000 x 0.0000028 = 187.6"
        ]
    );
    assert_eq!(
        billed("aws-http-api", &calls)[1..],
        ["aws-http-api.requests 1: 300000000 x 0.000001 = 300", "aws-http-api.requests 2: 100000000 x 0.0000009 = 90"]
    );
    let of_a_megabyte = |tariff: &str, item: &str| rule(tariff, item).chunks(Bytes(1024 * KIB));
    assert_eq!(of_a_megabyte("aws-rest-api", "requests"), 1, "calls of REST APIs are not cut");
    assert_eq!((of_a_megabyte("aws-http-api", "requests"), of_a_megabyte("aws-websocket-api", "messages")), (2, 32));
    // A cache is paid by the hour and is never free.
    assert_eq!(
        billed("aws-rest-api", &[("cache-0.5gb", Dimension::EdgeHours, HOUR)]),
        ["aws-rest-api.cache-0-5gb 1: 1 x 0.02 = 0.02"]
    );
}

#[test]
fn the_free_tier_of_cloud_run_is_money_that_buys_less_where_it_is_dearer() {
    const VCPU_SECOND: u128 = 1_000_000_000_000;
    let used = [("", Dimension::VcpuSeconds, 200_000 * VCPU_SECOND)];
    let iowa = ["cloud-run.vcpu 0: 180000 x 0 = 0", "cloud-run.vcpu 1: 20000 x 0.000024 = 0.48"];
    assert_eq!(billed("cloud-run", &used), iowa);
    // 4.32 USD at 0.0000336 USD.
    let frankfurt = "cloud-run@europe-west3.vcpu";
    assert_eq!(
        billed("cloud-run@europe-west3", &used),
        [format!("{frankfurt} 0: 128571.428571 x 0 = 0"), format!("{frankfurt} 1: 71428.571429 x 0.0000336 = 2.4")]
    );
}

#[test]
fn workflows_count_retries_and_are_tiered_by_the_gigabyte_hour() {
    // 2,000 runs of 5 transitions and one retry each: 12,000, of which 4,000 are free.
    assert_eq!(
        billed("aws-step-functions", &[("", Dimension::WorkflowSteps, 12_000)]),
        ["aws-step-functions.steps 0: 4000 x 0 = 0", "aws-step-functions.steps 1: 8000 x 0.000025 = 0.2"]
    );
    let hours = 6000 * 3600 * GIB_SECOND;
    assert_eq!(
        billed("aws-step-functions-express", &[("", Dimension::WorkflowGibSeconds, hours)]),
        [
            "aws-step-functions-express.duration 1: 1000 x 0.060012 = 60.012",
            "aws-step-functions-express.duration 2: 4000 x 0.029988 = 119.952",
            "aws-step-functions-express.duration 3: 1000 x 0.016416 = 16.416",
        ]
    );
    // 1,001 steps of a Google workflow are 2,000.
    assert_eq!(rule("gcp-workflows", "steps").count(1001), 2000);
}

#[test]
fn a_database_that_fails_over_costs_twice_for_processors_memory_and_disk() {
    let (cpu, memory) = (3600 * 1_000_000_000_000, 3600 * GIB_SECOND);
    let lines = billed(
        "gcp-cloud-sql",
        &[
            ("", Dimension::VcpuSeconds, cpu),
            ("regional", Dimension::VcpuSeconds, cpu),
            ("", Dimension::GibSeconds, memory),
            ("regional", Dimension::GibSeconds, memory),
        ],
    );
    assert_eq!(
        lines,
        [
            "gcp-cloud-sql.regional-vcpu 1: 1 x 0.0826 = 0.0826",
            "gcp-cloud-sql.vcpu 1: 1 x 0.0413 = 0.0413",
            "gcp-cloud-sql.regional-memory 1: 1 x 0.014 = 0.014",
            "gcp-cloud-sql.memory 1: 1 x 0.007 = 0.007",
        ]
    );
}

#[test]
fn only_logs_of_lambda_have_tiers_and_a_metric_is_paid_for_the_hours_it_was_sent() {
    let logs = 20_000 * GB;
    assert_eq!(
        billed("aws-cloudwatch", &[("lambda", Dimension::LogBytes, logs), ("", Dimension::LogBytes, logs)]),
        [
            "aws-cloudwatch.lambda-logs 0: 5 x 0 = 0",
            "aws-cloudwatch.lambda-logs 1: 10000 x 0.5 = 5000",
            "aws-cloudwatch.lambda-logs 2: 9995 x 0.25 = 2498.75",
            "aws-cloudwatch.logs 1: 20000 x 0.5 = 10000",
        ]
    );
    // 720 metrics for one hour of a month of 720.
    assert_eq!(
        billed("aws-cloudwatch", &[("", Dimension::MetricHours, 720 * HOUR)]),
        ["aws-cloudwatch.metrics 1: 1 x 0.3 = 0.3"]
    );
    // Traces that were sampled, beyond the first hundred thousand.
    assert_eq!(
        billed("aws-xray", &[("", Dimension::Traces, 148_800)]),
        ["aws-xray.traces 0: 100000 x 0 = 0", "aws-xray.traces 1: 48800 x 0.000005 = 0.244"]
    );
}

#[test]
fn logs_of_google_are_free_at_first_and_its_metrics_are_paid_by_the_mebibyte() {
    assert_eq!(
        billed("gcp-cloud-logging", &[("", Dimension::LogBytes, 60 * GB)]),
        ["gcp-cloud-logging.logs 0: 50 x 0 = 0", "gcp-cloud-logging.logs 1: 10 x 0.5 = 5"]
    );
    assert_eq!(
        billed("gcp-cloud-monitoring", &[("", Dimension::MetricBytes, 100_151 << 20)]),
        [
            "gcp-cloud-monitoring.metrics 0: 150 x 0 = 0",
            "gcp-cloud-monitoring.metrics 1: 100000 x 0.258 = 25800",
            "gcp-cloud-monitoring.metrics 2: 1 x 0.151 = 0.151",
        ]
    );
}

#[test]
fn workers_pay_processor_time_beyond_what_the_subscription_carries() {
    // 15 million requests that wait a second each and compute for 7 ms: 105 million CPU milliseconds.
    const MILLISECOND: u128 = 1_000_000;
    let used = [("", Dimension::Requests, 15_000_000), ("", Dimension::CpuSeconds, 105_000_000 * MILLISECOND)];
    assert_eq!(
        billed("cloudflare-workers", &used),
        [
            "cloudflare-workers.requests 1: 10000000 x 0 = 0",
            "cloudflare-workers.requests 2: 5000000 x 0.0000003 = 1.5",
            "cloudflare-workers.cpu 1: 30000000 x 0 = 0",
            "cloudflare-workers.cpu 2: 75000000 x 0.00000002 = 1.5",
        ]
    );
}

#[test]
fn forwarding_rules_of_google_are_paid_together_up_to_five() {
    assert_eq!(
        billed(
            "gcp-load-balancer",
            &[("", Dimension::EdgeHours, 5 * HOUR), ("more-rules", Dimension::EdgeHours, 2 * HOUR)]
        ),
        ["gcp-load-balancer.more-rules 1: 2 x 0.01 = 0.02", "gcp-load-balancer.hours 1: 1 x 0.025 = 0.025"]
    );
}

#[test]
fn machines_that_are_cheap_already_have_no_sustained_use() {
    // All of a month of two machines: n2 climbs the quarters, e2 and what is spare do not.
    let month = |variant: &str| {
        shown(&Account::whole_month(&["gcp-machines"]).steady(Dimension::NodeHours, variant, HOUR).bill())
    };
    assert_eq!(month("n2-standard-2").len(), 4);
    assert_eq!(month("e2-standard-2"), ["gcp-machines.e2-standard-2 1: 720 x 0.06701142 = 48.248222"]);
    assert_eq!(month("n2-standard-2:spot").len(), 1);
}

#[test]
fn a_task_pays_its_disk_beyond_twenty_gigabytes_and_windows_five_minutes() {
    let disk = rule("eks-fargate", "ephemeral");
    assert_eq!((disk.above(Bytes(20 << 30)), disk.above(Bytes(30 << 30))), (Bytes(0), Bytes(10 << 30)));
    let seconds = |item: &str| rule("eks-fargate", item).time(Nanos(12_000_000_000), Nanos::ZERO).0 / 1_000_000_000;
    assert_eq!((seconds("vcpu"), seconds("windows-vcpu")), (60, 300));
}

#[test]
fn a_capacity_unit_holds_what_its_protocol_and_its_targets_say() {
    let holds = |tariff: &str, item: &str| {
        let capacity =
            Book::builtin().tariff(tariff).and_then(|tariff| tariff.item(item)).and_then(|item| item.capacity);
        let capacity = capacity.unwrap_or_else(|| panic!("{tariff}.{item} has no capacity"));
        (capacity.connections_per_second.to_string(), capacity.bytes_per_hour.to_string())
    };
    let of = |connections: &str, bytes: &str| (connections.to_owned(), bytes.to_owned());
    assert_eq!(holds("aws-alb", "lcu-hours"), of("25", "1073741824"));
    assert_eq!(holds("aws-alb", "lambda-lcu-hours"), of("25", "429496730"), "0.4 GB");
    assert_eq!(holds("aws-nlb", "lcu-hours").0, "800");
    assert_eq!(
        (holds("aws-nlb", "udp-lcu-hours").0, holds("aws-nlb", "tls-lcu-hours").0),
        ("400".to_owned(), "50".to_owned())
    );
    // A part of an hour is an hour.
    assert_eq!(rule("aws-alb", "hours").time(Nanos(1), Nanos::ZERO), Nanos::HOUR);
}

#[test]
fn a_machine_that_stands_still_keeps_its_disk_on_the_bill() {
    // 8 GB for a month of 720 hours.
    let held = 8 * 1024 * 720 * HOUR;
    assert_eq!(billed("fly", &[("stopped", Dimension::StoredGibHours, held)]), ["fly.stopped 1: 8 x 0.15 = 1.2"]);
    let volume = 8 * 720 * HOUR;
    assert_eq!(billed("fly", &[("", Dimension::VolumeGibHours, volume)]), ["fly.volumes 1: 8 x 0.15 = 1.2"]);
}

/// Thousandths of a vCPU and MiB that a tariff bills for so much.
fn size(tariff: &str, milli_vcpu: u64, mebibytes: u64) -> Option<(u64, u64)> {
    let asked = Size { milli_vcpu, memory: Bytes(mebibytes << 20) };
    let sold = Book::builtin().tariff(tariff)?.sizes.as_ref()?;
    sold.sizes.billed(asked).map(|billed| (billed.milli_vcpu, billed.memory.0 >> 20))
}

#[test]
fn a_pod_of_fargate_is_billed_as_a_size_that_is_sold() {
    // The provider's own example: 1 vCPU and 8 GB are 8.25 with what EKS adds, which only 2 vCPU have, with 9 GB.
    assert_eq!(size("eks-fargate", 1000, 8192), Some((2000, 9216)));
    // The smallest there is, and the step from 1 GB to 2.
    assert_eq!(size("eks-fargate", 100, 128), Some((250, 512)));
    assert_eq!([768, 769].map(|memory| size("eks-fargate", 250, memory)), [Some((250, 1024)), Some((250, 2048))]);
    assert_eq!(size("eks-fargate", 4001, 1024), Some((8000, 16 << 10)));
    assert_eq!(size("eks-fargate", 8000, 17 << 10), Some((8000, 20 << 10)));
    assert_eq!(size("eks-fargate", 16_000, (112 << 10) - 256), Some((16_000, 112 << 10)));
    assert_eq!([size("eks-fargate", 16_001, 1024), size("eks-fargate", 1000, 120 << 10)], [None, None]);
}

#[test]
fn pods_of_autopilot_grow_by_quarters_and_in_the_smaller_of_the_two() {
    assert_eq!(size("gke-autopilot", 300, 1024), Some((500, 1024)));
    // Too little memory for its processors, and too few processors for its memory.
    assert_eq!(size("gke-autopilot", 1000, 512), Some((1000, 1024)));
    assert_eq!(size("gke-autopilot", 250, 7 << 10), Some((1250, 7 << 10)));
    assert_eq!(size("gke-autopilot", 1000, 6656), Some((1000, 6656)));
}

#[test]
fn twenty_messages_of_a_websocket_are_one_request() {
    // The provider's fourth example: 100 objects with 100 connections, a message each minute of 30 days.
    let (messages, messaged) = (100 * 100 * 60 * 24 * 30, "websocket-message");
    let bill = |requests, messages| {
        let used = [("", Dimension::Requests, requests), (messaged, Dimension::Requests, messages)];
        billed("cloudflare-durable-objects", &used)
    };
    let free = "cloudflare-durable-objects.requests 1: 1 x 0 = 0";
    let paid = |lines: &[String]| lines.last().cloned().unwrap_or_default();
    assert_eq!(bill(10_000, messages)[0], free);
    assert_eq!(paid(&bill(10_000, messages)), "cloudflare-durable-objects.requests 2: 21 x 0.15 = 3.15");
    // It is their sum that is rounded up to a million: 1.2 and 0.5 are two, not two and one; 0.8 and 0.2 are one.
    assert_eq!(paid(&bill(1_200_000, 10_000_000)), "cloudflare-durable-objects.requests 2: 1 x 0.15 = 0.15");
    assert_eq!(bill(800_000, 4_000_000), [free]);
    assert_eq!(bill(800_000, 4_000_001).len(), 2, "a part of a message more");
}

#[test]
fn eco_dynos_share_a_pool_of_hours_and_more_is_not_sold() {
    let dynos = |hours: u128| Account::whole_month(&["heroku"]).of("eco", Dimension::InstanceHours, 1, hours * HOUR);
    let lines = shown(&dynos(900).bill());
    assert_eq!(lines, ["heroku.eco-pool 1: 900 x 0 = 0", "heroku.eco-pool 2: 5 x 1 = 5"]);
    assert_eq!(dynos(1000).bill().per_month, dynos(1).bill().per_month);
    let services = Account::whole_month(&["heroku"]);
    let of = |account: Account, service: &str| account.count(service, "eco", Dimension::InstanceHours, 1, 501 * HOUR);
    for account in [dynos(1001), of(of(services, "web"), "worker")] {
        assert!(matches!(account.settled(), Err(Unpriced::NotSold { item, .. }) if item == "heroku.eco-pool"));
    }
    // Half an hour after its last request a dyno sleeps.
    let tail = rule("heroku", "eco-pool").tail;
    let minute = Nanos::HOUR.0 / 60;
    assert_eq!(covered(&[0..minute, 20 * minute..21 * minute, 90 * minute..91 * minute], tail.0), (51 + 31) * minute);
}

#[test]
fn one_savings_plan_covers_machines_before_functions_and_never_requests() {
    let account = |per_hour: &str| {
        let mut account = Account::whole_month(&["eks", "aws-lambda"])
            .of("m6i.large", Dimension::NodeHours, 1, HOUR)
            .of("", Dimension::GibSeconds, 1, 10_000 * GIB_SECOND)
            .of("", Dimension::ProvisionedGibSeconds, 1, 10_000 * GIB_SECOND)
            .of("", Dimension::Requests, 1, 1_000_000);
        account.options.free_tier = false;
        let held = Held::PerHour(per_hour.parse().unwrap());
        account.options.commitments = vec![Commitment { plan: "aws-machines.savings-1y".to_owned(), held }];
        shown(&account.bill())
    };
    // 27 % off the machine and 15 % off the functions: what 0.08 USD have left beside 0.07008 goes to what is ready, which is
    // cheaper than duration.
    let starts = |lines: &[String], with: &str| lines.iter().any(|line| line.starts_with(with));
    let some = account("0.08");
    assert!(starts(&some, "aws-machines.m6i.large:savings-1y 1: 1 x 0.07008"), "{some:?}");
    assert!(!starts(&some, "aws-machines.m6i.large 1"), "{some:?}");
    assert!(starts(&some, "aws-lambda.provisioned:savings-1y 1: 2800."), "{some:?}");
    assert!(starts(&some, "aws-lambda.gib-seconds 1: 10000 x"), "{some:?}");
    let all = account("10");
    assert!(starts(&all, "aws-lambda.gib-seconds:savings-1y 1: 10000 x 0.000014166695"), "{all:?}");
    assert!(starts(&all, "aws-lambda.requests 1: 1000000 x 0.0000002 = 0.2"), "{all:?}");
}

#[test]
fn what_comes_on_top_of_a_machine_is_not_made_cheaper_by_a_plan() {
    // A node of Auto Mode that is reserved: 0.06048 for the machine, and 12 % of 0.096, not of 0.06048.
    let mut account = Account::new(&["eks"], "2026-01-01T00:00:00[UTC]", 1, Month::Fixed(Nanos::HOUR))
        .of("m6i.large", Dimension::NodeHours, 0, HOUR)
        .of("m6i.large:auto-mode", Dimension::PlanHours, 0, HOUR);
    let top = "aws-machines.m6i.large:auto-mode 1: 1 x 0.01152 = 0.01152";
    assert_eq!(shown(&account.bill()), ["aws-machines.m6i.large 1: 1 x 0.096 = 0.096", top]);
    for (plan, held, machine) in [
        ("reserved-1y", Held::Machines("m6i.large".to_owned(), 1.into()), "0.06048"),
        ("savings-1y", Held::PerHour(1.into()), "0.07008"),
    ] {
        account.options.commitments = vec![Commitment { plan: format!("aws-machines.{plan}"), held }];
        let lines = shown(&account.bill());
        let covered = format!("aws-machines.m6i.large:{plan} 1: 1 x {machine} = {machine}");
        assert!(lines.contains(&covered) && lines.iter().any(|line| line == top), "{lines:?}");
    }
}
