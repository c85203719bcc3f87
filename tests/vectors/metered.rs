//! From the usage of a billing case to the quantity of a line, before allowances.
//!
//! One arm per thing that is counted. What a request, an interval or an hour is rounded to, and how much of it counts, is
//! the library's: its tariffs state the rules and its metering applies them. Here stands what the words of a case mean.
//! None where the case does not say what the line counts.

use std::ops::Range;

use breakeven::metering::capacity::Load;
use breakeven::metering::rounding::covered;
use breakeven::metering::rule::Rule;
use breakeven::platform::catalogue::{Catalogue, Sizing};
use breakeven::pricing::book::Book;
use breakeven::pricing::quantity_in_words;
use breakeven::pricing::tariff::Item;
use breakeven::units::{Bytes, Nanos};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::billing::per_unit;
use super::list;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const MILLISECOND: u64 = 1_000_000;

/// What a case says about usage.
pub struct Facts<'a> {
    service: String,
    usage: &'a Value,
    hours: Option<Decimal>,
    rules: Vec<&'a str>,
    /// What all that is used in an hour costs under a savings plan, by the lines that it has.
    owed_per_hour: Decimal,
}

/// How a quantity came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Counted from the usage of the case by the library's rules.
    Counted,
    /// The case says how many stand, in its line alone; for how long is counted.
    Standing,
    /// The case says no more than the quantity itself.
    Given,
}

pub fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

/// The item of the price book by whose rule something is counted.
fn item(tariff: &str, name: &str) -> &'static Item {
    let item = Book::builtin().tariff(tariff).and_then(|tariff| tariff.item(name));
    item.unwrap_or_else(|| panic!("no item {tariff}.{name}"))
}

fn rule(tariff: &str, name: &str) -> Rule {
    item(tariff, name).rule
}

impl<'a> Facts<'a> {
    pub fn of(case: &'a Value) -> Self {
        let text = |key: &str| case[key].as_str().unwrap_or_default();
        let owed = list(&case["lines"]).iter().filter_map(|line| {
            let name = line["component"].as_str()?.strip_suffix("_sp")?;
            decimal(&case["usage"]["usage"][name])?.checked_mul(decimal(&line["unit_price"])?)
        });
        Self {
            owed_per_hour: owed.sum(),
            service: format!("{}/{}", text("provider"), text("service")),
            usage: &case["usage"],
            hours: decimal(&case["hours_per_month"]),
            rules: list(&case["rules"]).iter().filter_map(Value::as_str).collect(),
        }
    }

    pub fn service(&self) -> &str {
        &self.service
    }

    /// What the usage says in words.
    pub fn word(&self, key: &str) -> Option<&'a str> {
        self.usage[key].as_str()
    }

    /// Whether environments are kept ready.
    pub fn holds_ready(&self) -> bool {
        self.any(&["pc", "provisioned_concurrency"]).is_some()
    }

    fn get(&self, key: &str) -> Option<Decimal> {
        decimal(&self.usage[key])
    }

    fn any(&self, keys: &[&str]) -> Option<Decimal> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// A count that a rounding rule takes.
    fn whole(&self, keys: &[&str]) -> Option<u64> {
        self.any(keys).filter(Decimal::is_integer).and_then(|value| u64::try_from(value).ok())
    }

    fn hours(&self) -> Option<Decimal> {
        self.any(&["hours", "monthly_hrs"]).or(self.hours)
    }

    /// Length of the billing period: as stated, the days played, or what calculators take.
    pub fn month_hours(&self) -> Decimal {
        let days = self.get("days").map(|days| days * Decimal::from(24));
        self.hours.or(days).filter(Decimal::is_integer).unwrap_or(Decimal::from(730))
    }

    /// What the word of a tier says: `6B`, `10TB` (in GB), `25pct` (of the month).
    pub fn size(&self, word: &str) -> Option<Decimal> {
        let terabyte = if self.rules.contains(&"1000GB-per-TB-in-source") { 1000 } else { 1024 };
        quantity_in_words(word.strip_suffix("pct").unwrap_or(word), terabyte)
    }

    /// Requests that ran.
    fn requests(&self) -> Option<Decimal> {
        let keys = ["requests", "monthly_requests", "requests_total", "executions", "monthly_executions"];
        let daily = || Some(self.get("invocations_per_day")? * self.get("days")?);
        self.any(&keys).or_else(|| self.get("monthly_function_invocations")).or_else(daily)
    }

    fn milliseconds(&self) -> Option<Nanos> {
        self.milliseconds_of(&[
            "duration_ms",
            "request_duration_ms",
            "execution_duration_ms",
            "workflow_duration_ms",
            "average_request_duration_ms",
        ])
    }

    fn milliseconds_of(&self, keys: &[&str]) -> Option<Nanos> {
        self.any(keys).and_then(|ms| (ms * Decimal::from(MILLISECOND)).to_u64()).map(Nanos)
    }

    fn memory(&self) -> Option<Bytes> {
        let mebibytes = self.any(&["memory_mb", "memory_mib"]).map(|mb| mb * Decimal::from(MIB));
        let bytes = mebibytes.or_else(|| Some(self.any(&["memory_gib", "memory_gb"])? * Decimal::from(GIB)))?;
        bytes.to_u64().map(Bytes)
    }

    fn gigabytes(&self) -> Option<Decimal> {
        self.memory().map(|memory| Decimal::from(memory.0) / Decimal::from(GIB))
    }

    /// Seconds over so many requests of one duration.
    fn seconds(requests: Decimal, each: Nanos) -> Decimal {
        requests * Decimal::from(each.0) / Decimal::from(1_000_000_000)
    }

    /// Gigabyte-seconds over all requests, time and memory each rounded by the rule.
    fn gigabyte_seconds(&self, requests: Decimal, each: Nanos, rule: Rule) -> Option<Decimal> {
        let mebibytes = rule.mebibytes(self.memory()?);
        Some(Self::seconds(requests, rule.time(each, Nanos::ZERO)) * Decimal::from(mebibytes) / Decimal::from(1024))
    }

    /// Chunks over all messages.
    fn chunks(&self, count: &[&str], size: &[&str], rule: Rule) -> Option<Decimal> {
        let size = Bytes(self.whole(size).unwrap_or(0) * KIB);
        Some(self.any(count)? * Decimal::from(rule.chunks(size)))
    }
}

/// The quantity of the line called `name`, in its unit, one number per day, or a single one for the month.
pub fn metered(facts: &Facts, name: &str, unit: &str) -> Option<Vec<Decimal>> {
    let (provider, service) = facts.service.split_once('/')?;
    if let Some(days) = per_day(facts, service, name) {
        return Some(days.into_iter().map(|quantity| quantity / per_unit(unit)).collect());
    }
    let quantity = plain(facts, service, name).or_else(|| match (provider, service) {
        ("aws", "fargate") => fargate(facts, name),
        ("aws", lambda_of) if lambda_of.starts_with("lambda") => lambda(facts, service, name),
        ("aws", "ec2" | "ec2_asg" | "ec2_ri" | "eks" | "eks_node_group" | "aurora") => machines(facts, service, name),
        ("aws", _) => aws(facts, service, name),
        ("azure", _) => azure(facts, service, name),
        ("gcp", _) => gcp(facts, service, name),
        _ => others(facts, service, name),
    });
    let quantity = quantity.or_else(|| single(facts, service, name))?;
    Some(vec![quantity / per_unit(unit)])
}

/// What stands for the whole month, as many as the case's line implies: the number is the case's, the time is counted. None
/// where it is no number of things (quarters are: of a vCPU, of a GB).
pub fn standing(facts: &Facts, unit: &str, quantity: Decimal) -> Option<Vec<Decimal>> {
    let monthly = ["month", "months", "disk-months", "dyno-month", "alarms", "alarm metrics", "rule-hours"];
    let by_hour = unit.to_ascii_lowercase().contains("hour");
    let one = match (facts.any(&["instance_hrs"]), by_hour) {
        // Time that the case states, on as many instances as it implies.
        (Some(hours), _) if unit.contains("-second") => {
            hours * Decimal::from(3600) * if unit.contains("vCPU") { facts.get("cpu")? } else { facts.gigabytes()? }
        }
        (_, true) => facts.hours()?,
        (_, false) if monthly.contains(&unit) => Decimal::ONE,
        _ => return None,
    };
    let number = quantity.checked_div(one)?;
    let quarters = number * Decimal::from(4);
    quarters.is_integer().then(|| vec![number * one])
}

/// Things of which a resource has exactly one, for as long as it stands.
const SINGLE: [(&str, &str); 21] = [
    ("alb", "Application load balancer"),
    ("aurora", "Database instance"),
    ("azure_app_gateway", "Gateway usage"),
    ("azure_nat", "NAT gateway"),
    ("azure_vm", "Instance usage"),
    ("aks", "Uptime SLA"),
    ("clb", "Classic load balancer"),
    ("cloud_sql", "IP address"),
    ("cloud_sql_ha", "IP address"),
    ("cloudwatch_dashboard", "Dashboard"),
    ("durable_objects", "subscription"),
    ("ec2", "Instance usage"),
    ("eks", "EKS cluster"),
    ("gce", "Instance usage"),
    ("gke", "Autopilot"),
    ("gke", "Cluster management fee"),
    ("kinesis", "ON_DEMAND"),
    ("mixed", "postgres_standard_0"),
    ("nat_gateway", "NAT gateway"),
    ("nlb", "Network load balancer"),
    ("workers", "subscription"),
];

fn single(facts: &Facts, service: &str, name: &str) -> Option<Decimal> {
    let kind = name.split_once(" (").map_or(name, |(kind, _)| kind);
    if !SINGLE.contains(&(service, kind)) {
        return None;
    }
    // Sold by the month, not by the hour.
    if ["Dashboard", "subscription", "postgres_standard_0"].contains(&kind) {
        return Some(Decimal::ONE);
    }
    facts.hours()
}

/// Lines that count what the usage says, word for word.
const PLAIN: [(&str, &str, &str); 75] = [
    ("alb", "alb_hours", "hours"),
    ("api_gateway_rest", "Requests", "monthly_requests"),
    ("api_gateway_v2", "Connection duration", "monthly_connection_mins"),
    ("aurora_serverless_v1", "Snapshot export", "snapshot_export_size_gb"),
    ("aurora_serverless_v1", "Storage", "storage_gb"),
    ("azure_apim", "API management (consumption)", "monthly_api_calls"),
    ("azure_functions", "Executions", "monthly_executions"),
    ("azure_nat", "Data processed", "monthly_data_processed_gb"),
    ("clb", "Data processed", "monthly_data_processed_gb"),
    ("cloud_functions_gen1", "Invocations", "monthly_function_invocations"),
    ("cloud_functions_gen1", "Outbound data transfer", "monthly_outbound_data_gb"),
    ("cloud_logging", "Logging data", "monthly_logging_data_gb"),
    ("cloud_monitoring", "API calls", "monthly_api_calls"),
    ("cloud_monitoring", "Monitoring data", "monthly_monitoring_data_mb"),
    ("cloud_nat", "Data processed", "monthly_data_processed_gb"),
    ("cloud_run_request_based", "Number of requests", "monthly_requests"),
    ("cloud_run_request_based", "requests", "requests"),
    ("cloudwatch_logs", "Archival Storage", "storage_gb"),
    ("cloudwatch_logs", "Data ingested", "monthly_data_ingested_gb"),
    ("cloudwatch_logs", "Insights queries data scanned", "monthly_data_scanned_gb"),
    ("cloudwatch_logs_vended_lambda", "", "gb"),
    ("cosmos_db", "Continuous backup", "storage_gb"),
    ("cosmos_db", "Restored data", "monthly_restored_data_gb"),
    ("cosmos_db", "Transactional storage", "storage_gb"),
    ("data_transfer", "Outbound data transfer to Internet", "monthly_outbound_internet_gb"),
    ("data_transfer", "Outbound data transfer to US East regions", "monthly_outbound_us_east_to_us_east_gb"),
    ("data_transfer", "Outbound data transfer to other regions", "monthly_outbound_other_regions_gb"),
    ("durable_objects", "requests_million_rounded_up", "requests"),
    ("dynamodb_on_demand", "Data storage", "storage_gb"),
    ("dynamodb_on_demand", "On-demand backup storage", "on_demand_backup_storage_gb"),
    ("dynamodb_on_demand", "Point-In-Time Recovery (PITR) backup storage", "pitr_backup_storage_gb"),
    ("dynamodb_on_demand", "Read request unit (RRU)", "monthly_read_request_units"),
    ("dynamodb_on_demand", "Streams read request unit (sRRU)", "monthly_streams_read_request_units"),
    ("dynamodb_on_demand", "Table data restored", "monthly_data_restored_gb"),
    ("dynamodb_on_demand", "Write request unit (WRU)", "monthly_write_request_units"),
    ("ec2", "on_demand", "hours"),
    ("ec2_ri", "Instance usage", "hours"),
    ("ec2_ri", "Storage", "root_gb"),
    ("ec2_ri", "reserved_1y_no_upfront", "hours"),
    ("egress_ip", "ip_hours", "hours"),
    ("eventbridge", "Archive processing", "monthly_archive_processing_gb"),
    ("eventbridge", "Archive storage", "archive_storage_gb"),
    ("eventbridge", "Custom events published", "monthly_custom_events"),
    ("eventbridge", "Schema discovery", "monthly_schema_discovery_events"),
    ("eventbridge", "Third-party events published", "monthly_third_party_events"),
    ("firestore", "storage", "storage_gb"),
    ("functions_consumption", "executions", "executions"),
    ("gce", "", "hours"),
    ("gce", "spot", "hours"),
    ("gcp_lb", "Ingress data", "monthly_ingress_data_gb"),
    ("kinesis", "Enhanced Fan Out (EFO)", "monthly_provisioned_efo_consumer_hours"),
    ("kinesis", "Enhanced Fan Out (EFO) Data retrieval", "monthly_provisioned_efo_data_out_gb"),
    ("kinesis", "Extended retention (24H to 7D)", "monthly_provisioned_extended_retention_gb"),
    ("kinesis", "Extended retention retrieval (7D+)", "monthly_provisioned_long_term_retrieval_gb"),
    ("kinesis", "Long term retention (7D+)", "monthly_provisioned_long_term_retention_gb"),
    ("kinesis", "Put request unit", "monthly_provisioned_put_units"),
    ("lambda", "event_poller_units", "epu_hours"),
    ("lambda_managed_instances", "ec2_3y_compute_sp", "instance_hours"),
    ("lambda_managed_instances", "management_fee_15pct_of_od", "instance_hours"),
    ("log_analytics", "Basic log data ingestion", "monthly_basic_log_data_ingestion_gb"),
    ("log_analytics", "Basic log search queries", "monthly_basic_log_search_gb"),
    ("log_analytics", "Log data ingestion", "monthly_log_data_ingestion_gb"),
    ("log_analytics", "Log data retention", "monthly_additional_log_data_retention_gb"),
    ("logic_apps", "Enterprise connectors", "monthly_enterprise_connector_calls"),
    ("logic_apps", "Standard connectors", "monthly_standard_connector_calls"),
    ("nat_gateway", "Data processed", "monthly_data_processed_gb"),
    ("pubsub", "Message delivery data", "monthly_message_data_tb"),
    ("pubsub", "Message ingestion data", "monthly_message_data_tb"),
    ("pubsub", "Retained acknowledged message storage", "storage_gb"),
    ("pubsub", "Snapshot message backlog storage", "snapshot_storage_gb"),
    ("service_bus", "Messaging operations", "monthly_messaging_operations"),
    ("sns", "FIFO Publish API requests", "monthly_requests"),
    ("sns", "FIFO notifications", "monthly_requests"),
    ("step_functions", "Transitions", "monthly_transitions"),
    ("xray", "recorded", "traces"),
];

fn plain(facts: &Facts, service: &str, name: &str) -> Option<Decimal> {
    // What stands in brackets after an instance, a disk or a region's data says of which kind it is.
    let kinds = ["Instance usage", "Storage", "Transactional storage", "Continuous backup"];
    let kindless = match name.split_once(" (") {
        Some((first, _)) if kinds.contains(&first) => first,
        _ => name,
    };
    PLAIN.iter().find(|(of, line, _)| *of == service && *line == kindless).and_then(|(_, _, key)| facts.get(key))
}

/// What is counted day by day, because something is free every day.
fn per_day(facts: &Facts, service: &str, name: &str) -> Option<Vec<Decimal>> {
    match service {
        "app_engine_standard" => instance_days(facts, name),
        "firestore" => {
            let key = format!("{name}_per_day");
            if let Some(days) = facts.usage[&key].as_array() {
                return days.iter().map(decimal).collect();
            }
            let daily = facts.get(&key)?;
            let days = facts
                .whole(&["days"])
                .unwrap_or_else(|| (facts.month_hours() / Decimal::from(24)).to_u64().unwrap_or(30));
            Some(vec![daily; usize::try_from(days).ok()?])
        }
        _ => None,
    }
}

/// App Engine: F1 equivalents per day, and the tail of every run.
fn instance_days(facts: &Facts, name: &str) -> Option<Vec<Decimal>> {
    let class = facts.usage["instance_class"].as_str()?;
    let weight = weight(class)?;
    if let Some(intervals) = facts.usage["intervals_min"].as_array() {
        let minutes = |value: &Value| value.as_u64().map(|minutes| minutes * 60);
        let run = |pair: &Value| Some(Range { start: minutes(&pair[0])?, end: minutes(&pair[1])? });
        let runs: Option<Vec<Range<u64>>> = intervals.iter().map(run).collect();
        let tail = rule("app-engine-standard", "instance-hours").tail.0 / 1_000_000_000;
        return Some(vec![Decimal::from(covered(&runs?, tail)) * weight / Decimal::from(3600)]);
    }
    if name == "f1_equivalent_hours" {
        return Some(vec![facts.get("instance_hours")? * weight]);
    }
    let days = usize::try_from(facts.whole(&["days"])?).ok()?;
    Some(vec![facts.get("instances")? * facts.get("hours_per_day")? * weight; days])
}

/// Billing weight of an App Engine class. A backend class costs what the frontend class of the same number does.
fn weight(class: &str) -> Option<Decimal> {
    let platform = Catalogue::builtin().platform("app-engine-standard").expect("in the catalogue");
    let Sizing::Class(classes) = &platform.sizing else { panic!("App Engine sells classes") };
    let frontend = class.replacen('B', "F", 1);
    let known = classes.iter().find(|known| known.name == frontend);
    known.map(|known| Decimal::from(known.weight))
}

fn lambda(facts: &Facts, service: &str, name: &str) -> Option<Decimal> {
    let on_pc = facts.holds_ready();
    let duration = || rule("aws-lambda", "gib-seconds");
    match name {
        "compute" if service == "lambda_edge" => {
            let of_edge = rule("lambda-edge", "duration");
            // In units of 128 MB.
            Some(facts.gigabyte_seconds(facts.requests()?, facts.milliseconds()?, of_edge)? * Decimal::from(8))
        }
        "requests" | "Requests" | "http_api_requests" if service != "lambda_durable" => {
            facts.get("requests_billed_as").or_else(|| facts.requests())
        }
        "compute" if !on_pc => cold_and_warm(facts, facts.requests()?, facts.milliseconds()?),
        "compute_on_demand" => {
            let requests = facts.requests()? - facts.get("requests_on_pc")?;
            let each = facts.milliseconds_of(&["duration_ms_off_pc", "duration_ms"])?;
            facts.gigabyte_seconds(requests, each, duration())
        }
        "compute_on_pc" | "Duration" => {
            let requests = facts.get("requests_on_pc").or_else(|| facts.requests())?;
            let each = facts.milliseconds_of(&["duration_ms_on_pc"]).or_else(|| facts.milliseconds())?;
            let pc = if on_pc { rule("aws-lambda", "provisioned-duration") } else { duration() };
            facts.gigabyte_seconds(requests, each, pc)
        }
        "provisioned_concurrency" | "Provisioned Concurrency" => {
            let hours = facts.any(&["pc_hours", "monthly_duration_hrs"])?;
            let enabled = Nanos((hours * Decimal::from(3_600_000_000_000_u64)).to_u64()?);
            let held = facts.any(&["pc", "provisioned_concurrency"])? * facts.gigabytes()?;
            Some(Facts::seconds(held, rule("aws-lambda", "provisioned").time(enabled, Nanos::ZERO)))
        }
        "ephemeral_storage" => {
            let size = Bytes(facts.whole(&["ephemeral_storage_mb"])? * MIB);
            let above = Decimal::from(rule("aws-lambda", "ephemeral").above(size).0) / Decimal::from(GIB);
            Some(above * Facts::seconds(facts.requests()?, duration().time(facts.milliseconds()?, Nanos::ZERO)))
        }
        "snapstart_cache" => {
            let stood = Nanos(facts.whole(&["days"])?.checked_mul(86_400_000_000_000)?);
            let seconds = Facts::seconds(Decimal::ONE, rule("aws-lambda", "snapstart-cache").time(stood, Nanos::ZERO));
            Some(seconds * facts.gigabytes()?)
        }
        "snapstart_restore" => Some(facts.requests()? * facts.get("cold_start_ratio")? * facts.gigabytes()?),
        "tenant_environments" => Some(facts.get("environments_created")? * facts.gigabytes()?),
        _ => None,
    }
}

/// Requests that find an environment, and those that start one: whether that is billed is the rule of the day.
fn cold_and_warm(facts: &Facts, requests: Decimal, run: Nanos) -> Option<Decimal> {
    let day = if facts.usage["init_billed"] == false { "2025-07-31" } else { "2026-01-01" };
    let book = Book::as_of(day.parse().ok()?);
    let rule = book.tariff("aws-lambda")?.item("gib-seconds")?.rule;
    let cold = facts.get("cold_start_ratio").zip(facts.milliseconds_of(&["init_ms"]));
    let (share, init) = cold.unwrap_or((Decimal::ZERO, Nanos::ZERO));
    let seconds = Facts::seconds(requests * (Decimal::ONE - share), rule.time(run, Nanos::ZERO))
        + Facts::seconds(requests * share, rule.time(run, init));
    Some(seconds * Decimal::from(rule.mebibytes(facts.memory()?)) / Decimal::from(1024))
}

fn fargate(facts: &Facts, name: &str) -> Option<Decimal> {
    let windows = facts.usage["os"] == "windows";
    let rule = rule("eks-fargate", if windows { "windows-vcpu" } else { "vcpu" });
    let runs = match facts.get("task_runs") {
        Some(runs) => runs,
        None => facts.any(&["tasks", "pods"])? * facts.get("days")?,
    };
    let each = Nanos(facts.whole(&["run_seconds", "seconds_per_day"])?.checked_mul(1_000_000_000)?);
    let seconds = Facts::seconds(runs, rule.time(each, Nanos::ZERO));
    match name {
        "vcpu" | "windows_licence" => Some(seconds * facts.get("vcpu")?),
        "memory" => Some(seconds * facts.get("memory_gb")?),
        "ephemeral" => {
            let size = Bytes((facts.get("ephemeral_gb")? * Decimal::from(GIB)).to_u64()?);
            let above = item("eks-fargate", "ephemeral").rule.above(size);
            Some(seconds * Decimal::from(above.0) / Decimal::from(GIB))
        }
        _ => None,
    }
}

/// Machines that are paid by time, alone or in groups.
fn machines(facts: &Facts, service: &str, name: &str) -> Option<Decimal> {
    let instances = facts.get("instances");
    let one = Decimal::ONE;
    match (service, name) {
        ("eks", "control_plane") if facts.usage["support"] != "mixed" => Some(facts.get("clusters")? * facts.hours()?),
        ("ec2", "seconds") => {
            let each = Nanos(facts.whole(&["run_seconds"])?.checked_mul(1_000_000_000)?);
            let rule = rule("ec2", facts.usage["instance"].as_str().unwrap_or("m5.large"));
            Some(Facts::seconds(facts.get("launches")?, rule.time(each, Nanos::ZERO)))
        }
        ("aurora", "Aurora serverless v2") => Some(facts.get("capacity_units_per_hr")? * facts.hours()?),
        (_, "CPU credits") => {
            Some(facts.get("monthly_cpu_credit_hrs")? * facts.get("vcpu_count")? * instances.unwrap_or(one))
        }
        // Detailed monitoring is seven metrics of each instance.
        (_, "EC2 detailed monitoring") => {
            let instances = if service == "ec2" { Some(one) } else { instances };
            Some(instances? * Decimal::from(7))
        }
        (_, name) if name.starts_with("Instance usage") => Some(instances? * facts.hours()?),
        (_, "EBS-optimized usage") => Some(instances? * facts.hours()?),
        _ => None,
    }
}

/// Capacity units over the hours of a load balancer, all alike.
fn capacity_hours(facts: &Facts, tariff: &str) -> Option<Decimal> {
    let hours = facts.hours()?;
    let hour = Decimal::from(3600);
    let gigabyte = Decimal::from(GIB);
    let load = match facts.get("new_connections_per_s") {
        Some(per_second) => Load {
            connections: per_second * hour,
            active: per_second * facts.get("active_connection_s")?,
            bytes: facts.get("gb_per_hour")? * gigabyte,
            evaluations: Decimal::ZERO,
        },
        // Connections, bytes and evaluations of the month; connections open at a time.
        None => Load {
            connections: facts.get("new_connections").unwrap_or_default() / hours,
            active: facts.get("active_connections").unwrap_or_default(),
            bytes: facts.get("processed_bytes_gb")? * gigabyte / hours,
            evaluations: facts.get("rule_evaluations").unwrap_or_default() / hours,
        },
    };
    let capacity = item(tariff, "lcu-hours").capacity?;
    Some(Decimal::from(u64::try_from(capacity.nano_units(&load)).ok()?) / Decimal::from(1_000_000_000) * hours)
}

fn aws(facts: &Facts, service: &str, name: &str) -> Option<Decimal> {
    match (service, name) {
        ("alb", "lcu_hours" | "Load balancer capacity units") => capacity_hours(facts, "aws-alb"),
        ("nlb", "Load balancer capacity units") => capacity_hours(facts, "aws-nlb"),
        ("api_gateway_v2", "Messages") => {
            facts.chunks(&["monthly_messages"], &["message_size_kb"], rule("aws-websocket-api", "messages"))
        }
        ("api_gateway_v2", "Requests") => {
            facts.chunks(&["monthly_requests"], &["request_size_kb"], rule("aws-http-api", "requests"))
        }
        ("aurora_serverless_v1", "Aurora serverless") => Some(facts.get("capacity_units_per_hr")? * facts.hours()?),
        ("aurora_serverless_v1", "I/O requests") => {
            let per_second = facts.get("write_requests_per_sec")? + facts.get("read_requests_per_sec")?;
            Some(per_second * Decimal::from(3600) * facts.hours()?)
        }
        ("aurora_serverless_v1", "Backtrack") => {
            let records = facts.get("average_statements_per_hr")? * facts.get("change_records_per_statement")?;
            Some(records * facts.get("backtrack_window_hrs")? * facts.hours()?)
        }
        ("data_transfer", "Intra-region data transfer") => {
            Some(facts.get("monthly_intra_region_gb")? * Decimal::from(item("aws-network", "interzone").times))
        }
        ("dynamodb_provisioned", "wcu_hours") => Some(facts.get("wcu")? * facts.hours()?),
        ("dynamodb_provisioned", "rcu_hours") => Some(facts.get("rcu")? * facts.hours()?),
        ("savings_plan", _) => {
            // So many of each thing, in every hour, where the commitment covers all of them.
            if facts.get("commitment_per_hour").is_some_and(|usd| usd < facts.owed_per_hour) {
                return None;
            }
            let number = decimal(&facts.usage["usage"][name.strip_suffix("_sp")?])?;
            Some(number * facts.hours().unwrap_or(Decimal::ONE))
        }
        ("sns", "API requests") => {
            facts.chunks(&["monthly_requests"], &["request_size_kb"], rule("aws-sns", "requests"))
        }
        // KB to GB by thousands.
        ("sns", "FIFO Publish API payload" | "FIFO notification payload") => {
            Some(facts.get("monthly_requests")? * facts.get("request_size_kb")? / Decimal::from(1_000_000))
        }
        ("sqs_standard" | "sqs_fifo", "Requests") => {
            facts.chunks(&["monthly_requests"], &["request_size_kb", "request_size"], rule("aws-sqs", "requests"))
        }
        ("step_functions", "transitions") => {
            let per_run = facts.get("transitions_per_run")? + facts.get("retry_transitions").unwrap_or_default();
            Some(per_run * facts.get("runs_per_day")? * facts.get("days")?)
        }
        ("step_functions", "Requests") => facts.requests(),
        ("step_functions", "Duration") => {
            let rule = rule("aws-step-functions-express", "duration");
            Some(facts.gigabyte_seconds(facts.requests()?, facts.milliseconds()?, rule)? / Decimal::from(3600))
        }
        ("xray", "recorded" | "insights") => {
            let hourly = || Some(facts.get("requests_per_hour")? * Decimal::from(24) * facts.get("days")?);
            let requests = facts
                .any(&["traces"])
                .or_else(|| Some(facts.get("requests").or_else(hourly)? * facts.get("sampling")?));
            requests.filter(|_| name == "recorded" || facts.usage["insights"] != false)
        }
        ("xray", "retrieved_scanned") => {
            let each = facts.get("traces_retrieved_per_query").unwrap_or_default()
                + facts.get("traces_scanned_per_query").unwrap_or_default();
            Some(facts.get("queries_per_day")? * facts.get("days")? * each)
        }
        _ => None,
    }
}

/// vCPUs and GB of an instance of Azure Functions' premium plan.
fn premium(plan: &str) -> Option<(Decimal, Decimal)> {
    let number: u32 = plan.trim_end_matches(')').strip_prefix("EP")?.parse().ok()?;
    let vcpu = Decimal::from(1_u32 << number.checked_sub(1)?);
    Some((vcpu, vcpu * Decimal::new(35, 1)))
}

fn azure(facts: &Facts, service: &str, name: &str) -> Option<Decimal> {
    let execution = || rule("azure-functions", "gib-seconds");
    let (kind, plan) = name.split_once(" (").unwrap_or((name, ""));
    match (service, kind) {
        ("functions_consumption", "gb_seconds") => match facts.get("function_execution_units_mb_ms") {
            // MB-ms are a thousandth of a second of a 1024th of a GB, which is how the library counts memory over time.
            Some(units) => {
                let dimension = breakeven::metering::usage::Dimension::GibSeconds;
                Some(units * Decimal::from(MILLISECOND) / dimension.base_per_unit())
            }
            None => facts.gigabyte_seconds(facts.requests()?, facts.milliseconds()?, execution()),
        },
        ("azure_functions", "Execution time") => {
            facts.gigabyte_seconds(facts.requests()?, facts.milliseconds()?, execution())
        }
        // At least one instance stands at all times.
        ("azure_functions", "vCPU" | "Memory") => {
            let (vcpu, memory) = premium(plan)?;
            let held = if kind == "vCPU" { vcpu } else { memory };
            Some(facts.get("instances").unwrap_or(Decimal::ONE) * held * facts.hours()?)
        }
        ("aks_node_pool", "Instance usage") => Some(facts.get("nodes")? * facts.hours()?),
        ("aks_node_pool", "Storage") => facts.get("nodes"),
        ("aks", "Instance usage") => {
            let pool = &facts.usage["default_node_pool"];
            Some(decimal(&pool["nodes"])? * decimal(&pool["monthly_hrs"]).or(facts.hours)?)
        }
        ("aks", "Storage") => decimal(&facts.usage["default_node_pool"]["nodes"]),
        ("aks", "Data processed") => decimal(&facts.usage["load_balancer"]["monthly_data_processed_gb"]),
        _ => None,
    }
}

/// vCPUs and GB of a machine of Compute Engine, by its name: `e2-highcpu-4`.
fn machine(name: &str) -> Option<(Decimal, Decimal)> {
    let mut parts = name.split('-').skip(1);
    let per_vcpu = match parts.next()? {
        "highcpu" => 1,
        "standard" => 4,
        "highmem" => 8,
        _ => return None,
    };
    let vcpu: Decimal = parts.next()?.parse().ok()?;
    Some((vcpu, vcpu * Decimal::from(per_vcpu)))
}

/// Seconds for which instances serve at least one request: as many as fit share one interval.
fn serving(facts: &Facts, rule: Rule) -> Option<Decimal> {
    let at_once = facts.any(&["concurrency", "concurrent_requests_per_instance"]).unwrap_or(Decimal::ONE);
    let together = usize::try_from(at_once.to_u64()?.clamp(1, 1000)).ok()?;
    let interval = 0..facts.milliseconds()?.0;
    let union = Nanos(covered(&vec![interval; together], 0));
    Some(Facts::seconds(facts.requests()? / at_once, rule.time(union, Nanos::ZERO)))
}

fn gcp(facts: &Facts, service: &str, name: &str) -> Option<Decimal> {
    let held = |quantity: Decimal| Some(quantity * facts.hours()?);
    let count = |key: &str| facts.get(key).unwrap_or_default();
    let kind = name.split_once(" (").map_or(name, |(kind, _)| kind);
    match (service, kind) {
        ("app_engine_flex", "vcpu") => held(facts.get("vcpu")?),
        ("app_engine_flex", "memory") => held(facts.get("memory_gb")?),
        ("cloud_functions_gen1", "CPU") => {
            let each = rule("google-cloud-functions", "cpu").time(facts.milliseconds()?, Nanos::ZERO);
            Some(Facts::seconds(facts.requests()?, each) * facts.get("cpu_mhz")? / Decimal::from(1000))
        }
        ("cloud_functions_gen1", "Memory") => {
            let rule = rule("google-cloud-functions", "memory");
            facts.gigabyte_seconds(facts.requests()?, facts.milliseconds()?, rule)
        }
        ("cloud_nat", "Assigned VMs") => {
            let most = item("gcp-network", "nat-hours").at_once?;
            held(facts.get("assigned_vms")?.min(most))
        }
        // An instance without a stated size is Cloud Run's default: one vCPU and 512 MiB.
        ("cloud_run_request_based", "vcpu" | "CPU allocation time") => {
            let vcpu = facts.any(&["vcpu", "cpu"]).unwrap_or(Decimal::ONE);
            Some(serving(facts, rule("cloud-run", "vcpu"))? * vcpu)
        }
        ("cloud_run_request_based", "memory" | "Memory allocation time") => {
            let memory = facts.gigabytes().unwrap_or(Decimal::new(5, 1));
            Some(serving(facts, rule("cloud-run", "memory"))? * memory)
        }
        ("cloud_sql" | "cloud_sql_ha", "vCPUs" | "Memory") => {
            let size = name.split_once('(')?.1.split([',', ' ']).next()?;
            held(size.parse().ok()?)
        }
        ("firestore", "reads" | "writes") => facts.get(name),
        ("gce", "vcpu_hours") => held(machine(facts.usage["machine"].as_str()?)?.0),
        ("gce", "gb_hours") => held(machine(facts.usage["machine"].as_str()?)?.1),
        ("gce", "month_after_37pct" | "month_after_55pct") => Some(facts.get("hours")? / facts.hours?),
        ("gke", "management") => held(count("zonal_clusters") + count("regional_clusters")),
        ("gke", "Instance usage") => held(facts.get("nodes")?),
        ("gke", "Autopilot vCPU") => held(facts.get("autopilot_vcpu_count")?),
        ("gke", "Autopilot memory") => held(facts.get("autopilot_memory_gb")?),
        ("gke", "Autopilot ephemeral storage") => held(facts.get("autopilot_ephemeral_storage_gb")?),
        _ => None,
    }
}

fn others(facts: &Facts, service: &str, name: &str) -> Option<Decimal> {
    let thirty_days = Decimal::from(30);
    match (service, name) {
        ("durable_objects", "duration_million_rounded_up") => {
            Some(facts.get("active_seconds")? * facts.get("memory_gb_billed")?)
        }
        ("queues", "operations") => {
            let size = Bytes(facts.whole(&["size_kb"]).unwrap_or(1) * KIB);
            let messages = match facts.get("messages") {
                Some(messages) => messages,
                None => facts.get("messages_per_day")? * facts.get("days")?,
            };
            let chunks = rule("cloudflare-queues", "requests").chunks(size);
            Some(messages * facts.get("operations_per_message")? * Decimal::from(chunks))
        }
        ("workers", "requests" | "cpu_ms") => {
            let served = facts.get("requests")? - facts.get("static_asset_requests").unwrap_or_default();
            let each = if name == "requests" { Decimal::ONE } else { facts.get("cpu_ms_per_request")? };
            Some(served * each)
        }
        ("machines", "machine_month") => Some(facts.get("machines")? * facts.get("days")? / thirty_days),
        ("machines_stopped", "rootfs") => {
            Some(facts.get("machines")? * facts.get("rootfs_gb")? * facts.get("days_stopped")? / thirty_days)
        }
        // A year's reservation is paid in twelve months.
        ("reservation", "amortised") => facts.get("reservation_per_year").map(|_| Decimal::ONE / Decimal::from(12)),
        // One fee, whatever is used of the pool; more than the pool is not sold.
        ("dyno", "eco_plan") => {
            facts.get("dyno_hours").filter(|&hours| hours <= Decimal::from(1000)).map(|_| Decimal::ONE)
        }
        ("dyno", _) => match (facts.get("seconds"), facts.get("months")) {
            (Some(seconds), _) => Some(seconds / Decimal::from(2_592_000)),
            (None, months) => months,
        },
        _ => None,
    }
}
