//! From the usage of a billing case to the quantity of a line, before allowances.
//!
//! One arm per thing that is counted; what a request or an interval is rounded to is the library's. None where the case
//! does not say what the line counts.

use std::ops::Range;

use breakeven::metering::rounding::{above, chunks, covered, steps};
use rust_decimal::Decimal;
use serde_json::Value;

use super::billing::per_unit;
use super::list;

/// What a case says about usage.
pub struct Facts<'a> {
    service: String,
    usage: &'a Value,
    hours: Option<Decimal>,
    gb_per_tb: u32,
}

pub fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

impl<'a> Facts<'a> {
    pub fn of(case: &'a Value) -> Self {
        let text = |key: &str| case[key].as_str().unwrap_or_default();
        let decimal_terabytes = list(&case["rules"]).iter().any(|rule| rule == "1000GB-per-TB-in-source");
        Self {
            service: format!("{}/{}", text("provider"), text("service")),
            usage: &case["usage"],
            hours: decimal(&case["hours_per_month"]),
            gb_per_tb: if decimal_terabytes { 1000 } else { 1024 },
        }
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
        self.get("hours").or(self.hours)
    }

    /// Length of the billing period: as stated, the days played, or what calculators take.
    pub fn month_hours(&self) -> Decimal {
        let days = self.get("days").map(|days| days * Decimal::from(24));
        self.hours.or(days).filter(Decimal::is_integer).unwrap_or(Decimal::from(730))
    }

    /// What the word of a tier says: `6B`, `10TB` (in GB), `25pct` (in hours of the month).
    pub fn size(&self, word: &str) -> Option<Decimal> {
        let digits = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
        let count: Decimal = word[..digits].parse().ok()?;
        let times = match &word[digits..] {
            "" => Decimal::ONE,
            "K" => Decimal::from(1000),
            "M" => Decimal::from(1_000_000),
            "B" => Decimal::from(1_000_000_000),
            "TB" => Decimal::from(self.gb_per_tb),
            "pct" => self.month_hours() / Decimal::ONE_HUNDRED,
            _ => return None,
        };
        Some(count * times)
    }

    fn requests(&self) -> Option<Decimal> {
        self.any(&["requests", "monthly_requests", "executions", "monthly_executions", "monthly_function_invocations"])
    }

    fn milliseconds(&self) -> Option<u64> {
        self.whole(&[
            "duration_ms",
            "request_duration_ms",
            "execution_duration_ms",
            "workflow_duration_ms",
            "average_request_duration_ms",
        ])
    }

    fn gigabytes(&self) -> Option<Decimal> {
        self.any(&["memory_mb", "memory_mib"]).map(|mb| mb / Decimal::from(1024)).or_else(|| self.get("memory_gib"))
    }

    /// Seconds over all requests, each rounded up.
    fn seconds(&self, step: u64, least: u64) -> Option<Decimal> {
        Some(self.requests()? * Decimal::from(steps(self.milliseconds()?, step, least)) / Decimal::from(1000))
    }

    /// Gigabyte-seconds over all requests, time and memory each rounded up per request.
    fn gigabyte_seconds(&self, time: (u64, u64), memory: (u64, u64)) -> Option<Decimal> {
        let megabytes = steps(self.whole(&["memory_mb"])?, memory.0, memory.1);
        Some(self.seconds(time.0, time.1)? * Decimal::from(megabytes) / Decimal::from(1024))
    }

    /// Chunks over all messages.
    fn chunks(&self, count: &[&str], size: &[&str], chunk: u64) -> Option<Decimal> {
        Some(self.any(count)? * Decimal::from(chunks(self.whole(size)?, chunk)))
    }
}

/// The quantity of the line called `name`, in its unit, one number per day, or a single one for the month.
pub fn metered(facts: &Facts, name: &str, unit: &str) -> Option<Vec<Decimal>> {
    let (provider, service) = facts.service.split_once('/')?;
    if let Some(days) = instance_days(facts, service, name) {
        return Some(days);
    }
    let quantity = plain(facts, service, name).or_else(|| match (provider, service) {
        ("aws", "fargate") => fargate(facts, name),
        ("aws", "lambda" | "lambda_durable" | "lambda+http_api" | "lambda_managed_instances") => {
            lambda(facts, service, name)
        }
        ("aws", _) => aws(facts, service, name),
        ("azure", _) => azure(facts, service, name),
        ("gcp", _) => gcp(facts, service, name),
        _ => others(facts, service, name),
    })?;
    Some(vec![quantity / per_unit(unit)])
}

/// Lines that count what the usage says, word for word.
const PLAIN: [(&str, &str, &str); 52] = [
    ("alb", "alb_hours", "hours"),
    ("api_gateway_rest", "Requests", "monthly_requests"),
    ("api_gateway_v2", "Connection duration", "monthly_connection_mins"),
    ("aurora_serverless_v1", "Snapshot export", "snapshot_export_size_gb"),
    ("aurora_serverless_v1", "Storage", "storage_gb"),
    ("azure_apim", "API management (consumption)", "monthly_api_calls"),
    ("azure_functions", "Executions", "monthly_executions"),
    ("azure_nat", "Data processed", "monthly_data_processed_gb"),
    ("azure_vm", "Instance usage", "monthly_hrs"),
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
    ("data_transfer", "Outbound data transfer to Internet", "monthly_outbound_internet_gb"),
    ("data_transfer", "Outbound data transfer to US East regions", "monthly_outbound_us_east_to_us_east_gb"),
    ("data_transfer", "Outbound data transfer to other regions", "monthly_outbound_other_regions_gb"),
    ("durable_objects", "requests_million_rounded_up", "requests"),
    ("dynamodb_on_demand", "Data storage", "storage_gb"),
    ("dynamodb_on_demand", "Read request unit (RRU)", "monthly_read_request_units"),
    ("dynamodb_on_demand", "Streams read request unit (sRRU)", "monthly_streams_read_request_units"),
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
    ("functions_consumption", "executions", "executions"),
    ("gce", "", "hours"),
    ("gcp_lb", "Ingress data", "monthly_ingress_data_gb"),
    ("kinesis", "Put request unit", "monthly_provisioned_put_units"),
    ("lambda", "event_poller_units", "epu_hours"),
    ("lambda_managed_instances", "ec2_3y_compute_sp", "instance_hours"),
    ("lambda_managed_instances", "management_fee_15pct_of_od", "instance_hours"),
    ("log_analytics", "Log data ingestion", "monthly_log_data_ingestion_gb"),
    ("nat_gateway", "Data processed", "monthly_data_processed_gb"),
    ("pubsub", "Message ingestion data", "monthly_message_data_tb"),
    ("service_bus", "Messaging operations", "monthly_messaging_operations"),
    ("step_functions", "Transitions", "monthly_transitions"),
];

fn plain(facts: &Facts, service: &str, name: &str) -> Option<Decimal> {
    // What stands in brackets after an instance or a disk says of which kind it is.
    let kindless = match name.split_once(" (") {
        Some((first @ ("Instance usage" | "Storage"), _)) => first,
        _ => name,
    };
    PLAIN.iter().find(|(of, line, _)| *of == service && *line == kindless).and_then(|(_, _, key)| facts.get(key))
}

/// App Engine: F1 equivalents per day, and the tail of every run.
fn instance_days(facts: &Facts, service: &str, name: &str) -> Option<Vec<Decimal>> {
    if service != "app_engine_standard" {
        return None;
    }
    let weight = Decimal::from(match facts.usage["instance_class"].as_str()? {
        "F2" | "B2" => 2,
        "F4" | "B4" => 4,
        "F4_1G" | "B4_1G" => 6,
        _ => 1,
    });
    if let Some(intervals) = facts.usage["intervals_min"].as_array() {
        let minute = |value: &Value| value.as_u64();
        let run = |pair: &Value| Some(Range { start: minute(&pair[0])?, end: minute(&pair[1])? });
        let runs: Option<Vec<Range<u64>>> = intervals.iter().map(run).collect();
        return Some(vec![Decimal::from(covered(&runs?, 15)) * weight / Decimal::from(60)]);
    }
    if name == "f1_equivalent_hours" {
        return Some(vec![facts.get("instance_hours")? * weight]);
    }
    let days = usize::try_from(facts.whole(&["days"])?).ok()?;
    Some(vec![facts.get("instances")? * facts.get("hours_per_day")? * weight; days])
}

fn lambda(facts: &Facts, service: &str, name: &str) -> Option<Decimal> {
    let on_pc = facts.any(&["pc", "provisioned_concurrency"]).is_some();
    match name {
        "requests" | "Requests" | "http_api_requests" if service != "lambda_durable" => {
            facts.any(&["requests", "monthly_requests"])
        }
        "compute" if !on_pc => {
            let cold = facts.get("cold_start_ratio").filter(|_| facts.usage["init_billed"] == true);
            let start = match (cold, facts.get("init_ms")) {
                (Some(ratio), Some(ms)) => facts.requests()? * ratio * ms / Decimal::from(1000) * facts.gigabytes()?,
                _ => Decimal::ZERO,
            };
            Some(facts.gigabyte_seconds((1, 1), (1, 128))? + start)
        }
        "compute_on_pc" | "Duration" => facts.gigabyte_seconds((1, 1), (1, 128)),
        "provisioned_concurrency" | "Provisioned Concurrency" => {
            let hours = facts.any(&["pc_hours", "monthly_duration_hrs"])?;
            let seconds = u64::try_from((hours * Decimal::from(3600)).ceil()).ok()?;
            let held = facts.any(&["pc", "provisioned_concurrency"])? * facts.gigabytes()?;
            Some(held * Decimal::from(steps(seconds, 300, 0)))
        }
        "ephemeral_storage" => {
            let megabytes = above(facts.whole(&["ephemeral_storage_mb"])?, 512);
            Some(Decimal::from(megabytes) / Decimal::from(1024) * facts.seconds(1, 1)?)
        }
        "snapstart_cache" => {
            let seconds = facts.whole(&["days"])?.checked_mul(86_400)?;
            Some(Decimal::from(steps(seconds, 1, 3 * 3600)) * facts.gigabytes()?)
        }
        "snapstart_restore" => Some(facts.requests()? * facts.get("cold_start_ratio")? * facts.gigabytes()?),
        "tenant_environments" => Some(facts.get("environments_created")? * facts.gigabytes()?),
        _ => None,
    }
}

fn fargate(facts: &Facts, name: &str) -> Option<Decimal> {
    let least = if facts.usage["os"] == "windows" { 300 } else { 60 };
    let runs = match facts.get("task_runs") {
        Some(runs) => runs,
        None => facts.any(&["tasks", "pods"])? * facts.get("days")?,
    };
    let seconds = runs * Decimal::from(steps(facts.whole(&["run_seconds", "seconds_per_day"])?, 1, least));
    match name {
        "vcpu" | "windows_licence" => Some(seconds * facts.get("vcpu")?),
        "memory" => Some(seconds * facts.get("memory_gb")?),
        "ephemeral" => Some(seconds * Decimal::from(above(facts.whole(&["ephemeral_gb"])?, 20))),
        _ => None,
    }
}

fn aws(facts: &Facts, service: &str, name: &str) -> Option<Decimal> {
    match (service, name) {
        ("alb", "lcu_hours") => {
            let opened = facts.get("new_connections_per_s")?;
            let open = opened * facts.get("active_connection_s")?;
            let units = [opened / Decimal::from(25), open / Decimal::from(3000), facts.get("gb_per_hour")?];
            Some(units.into_iter().max()? * facts.hours()?)
        }
        ("api_gateway_v2", "Messages") => facts.chunks(&["monthly_messages"], &["message_size_kb"], 32),
        ("api_gateway_v2", "Requests") => facts.chunks(&["monthly_requests"], &["request_size_kb"], 512),
        ("aurora_serverless_v1", "Aurora serverless") | ("aurora", "Aurora serverless v2") => {
            Some(facts.get("capacity_units_per_hr")? * facts.hours()?)
        }
        ("aurora_serverless_v1", "I/O requests") => {
            let per_second = facts.get("write_requests_per_sec")? + facts.get("read_requests_per_sec")?;
            Some(per_second * Decimal::from(3600) * facts.hours()?)
        }
        ("aurora_serverless_v1", "Backtrack") => {
            let records = facts.get("average_statements_per_hr")? * facts.get("change_records_per_statement")?;
            Some(records * facts.get("backtrack_window_hrs")? * facts.hours()?)
        }
        ("aurora" | "ec2" | "eks_node_group", "CPU credits") if facts.get("instances").is_none() => {
            Some(facts.get("monthly_cpu_credit_hrs")? * facts.get("vcpu_count")?)
        }
        ("data_transfer", "Intra-region data transfer") => {
            // Charged where it leaves and where it arrives.
            Some(facts.get("monthly_intra_region_gb")? * Decimal::TWO)
        }
        ("dynamodb_provisioned", "wcu_hours") => Some(facts.get("wcu")? * facts.hours()?),
        ("dynamodb_provisioned", "rcu_hours") => Some(facts.get("rcu")? * facts.hours()?),
        ("ec2", "seconds") => {
            Some(facts.get("launches")? * Decimal::from(steps(facts.whole(&["run_seconds"])?, 1, 60)))
        }
        ("eks", "control_plane") if facts.usage["support"] != "mixed" => Some(facts.get("clusters")? * facts.hours()?),
        ("sns", "API requests") => facts.chunks(&["monthly_requests"], &["request_size_kb"], 64),
        ("sqs_standard" | "sqs_fifo", "Requests") => {
            facts.chunks(&["monthly_requests"], &["request_size_kb", "request_size"], 64)
        }
        ("step_functions", "transitions") => {
            let per_run = facts.get("transitions_per_run")? + facts.get("retry_transitions").unwrap_or_default();
            Some(per_run * facts.get("runs_per_day")? * facts.get("days")?)
        }
        ("step_functions", "Requests") => facts.requests(),
        ("step_functions", "Duration") => Some(facts.gigabyte_seconds((100, 100), (64, 64))? / Decimal::from(3600)),
        ("xray", "recorded") => Some(facts.get("requests")? * facts.get("sampling")?),
        _ => None,
    }
}

fn azure(facts: &Facts, service: &str, name: &str) -> Option<Decimal> {
    match (service, name) {
        ("functions_consumption", "gb_seconds") => match facts.get("function_execution_units_mb_ms") {
            Some(units) => Some(units / Decimal::from(1_024_000)),
            None => facts.gigabyte_seconds((1, 100), (128, 128)),
        },
        ("azure_functions", "Execution time") => facts.gigabyte_seconds((1, 100), (128, 128)),
        _ => None,
    }
}

fn gcp(facts: &Facts, service: &str, name: &str) -> Option<Decimal> {
    let held = |quantity: Decimal| Some(quantity * facts.hours()?);
    let count = |key: &str| facts.get(key).unwrap_or_default();
    match (service, name) {
        ("app_engine_flex", "vcpu") => held(facts.get("vcpu")?),
        ("app_engine_flex", "memory") => held(facts.get("memory_gb")?),
        ("cloud_functions_gen1", "CPU") => Some(facts.seconds(100, 100)? * facts.get("cpu_mhz")? / Decimal::from(1000)),
        ("cloud_functions_gen1", "Memory") => facts.gigabyte_seconds((100, 100), (1, 128)),
        ("cloud_nat", "Assigned VMs") => held(facts.get("assigned_vms")?.min(Decimal::from(32))),
        // One request at a time: the union of the requests is their sum.
        ("cloud_run_request_based", "vcpu") if count("concurrency") == Decimal::ONE => {
            Some(facts.seconds(100, 100)? * facts.get("vcpu")?)
        }
        ("cloud_run_request_based", "memory") if count("concurrency") == Decimal::ONE => {
            Some(facts.seconds(100, 100)? * facts.gigabytes()?)
        }
        ("gke", "management") => held(count("zonal_clusters") + count("regional_clusters")),
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
            let size = facts.whole(&["size_kb"]).unwrap_or(1);
            let messages = match facts.get("messages") {
                Some(messages) => messages,
                None => facts.get("messages_per_day")? * facts.get("days")?,
            };
            Some(messages * facts.get("operations_per_message")? * Decimal::from(chunks(size, 64)))
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
        ("dyno", _) if facts.usage["dyno"] != "eco" => match (facts.get("seconds"), facts.get("months")) {
            (Some(seconds), _) => Some(seconds / Decimal::from(2_592_000)),
            (None, months) => months,
        },
        _ => None,
    }
}
