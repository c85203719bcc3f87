//! Every word of the vocabulary of billing cases is understood: what it counts is counted, or is said to be given.

use serde_json::{Value, json};

use super::billing::tier;
use super::metered::{Facts, metered};

/// Lines of which no key of the usage says anything, by how they begin: so many disks, dynos, alarms, plan instances or
/// provisioned units of a configuration, what an execution of a durable function does, responses whose sizes are a list.
const GIVEN: [&str; 36] = [
    "aws/aurora: Extended support",
    "aws/aurora_serverless_v1: Backup storage",
    "aws/cloudwatch_alarms: High resolution",
    "aws/cloudwatch_alarms: Standard resolution",
    "aws/dynamodb_provisioned: Read capacity unit",
    "aws/dynamodb_provisioned: Write capacity unit",
    "aws/ec2: Storage",
    "aws/ec2_asg: Provisioned IOPS",
    "aws/ec2_asg: Storage",
    "aws/eks_node_group: Storage",
    "aws/fargate: Per GB per hour",
    "aws/fargate: Per vCPU per hour",
    "aws/kinesis: PROVISIONED",
    // With capacity that is kept ready, the lines are `compute_on_pc` and `compute_on_demand`.
    "aws/lambda: compute",
    "aws/lambda: streamed",
    "aws/lambda_durable: data_retained",
    "aws/lambda_durable: data_written",
    "aws/lambda_durable: operations",
    "aws/lambda_durable: requests",
    "azure/aks: Hosted zone",
    "azure/app_service: Instance usage",
    "azure/azure_app_gateway: V2 capacity units",
    "azure/azure_vm: Storage",
    "azure/cosmos_db: Provisioned throughput",
    "azure/logic_apps: Workflow",
    "gcp/cloud_run_instance_based: CPU allocation time",
    "gcp/cloud_run_instance_based: Memory allocation time",
    "gcp/cloud_sql: Storage",
    "gcp/cloud_sql_ha: Storage",
    "gcp/gce: SSD provisioned storage",
    "gcp/gce: Standard provisioned storage",
    "gcp/gce_custom: ",
    "gcp/gcp_lb: Forwarding rules",
    "gcp/gke: Standard provisioned storage",
    "gcp/gke: credit",
    "heroku/mixed: hobby_",
];

/// A case of `service` whose usage says everything that the vocabulary knows.
fn case(service: &str, keys: &[&str]) -> Value {
    let (provider, service) = service.split_once('/').expect("provider/service");
    let word = |key: &str| match key {
        "instance_class" => json!("F2"),
        "intervals_min" => json!([[0, 30], [40, 100]]),
        "instance" | "instance_type" => json!("m5.large"),
        "machine" => json!("e2-highcpu-4"),
        "support" => json!("standard"),
        "usage" => json!({ "c5.24xlarge": 1, "c5.9xlarge": 1, "fargate_gb": 1, "fargate_vcpu": 1 }),
        "default_node_pool" => json!({ "nodes": 1, "monthly_hrs": 730 }),
        "load_balancer" => json!({ "monthly_data_processed_gb": 1 }),
        "insights" | "snapstart" | "init_billed" | "spot" => json!(true),
        _ => json!(1),
    };
    let usage: serde_json::Map<String, Value> = keys.iter().map(|&key| (key.to_owned(), word(key))).collect();
    json!({ "provider": provider, "service": service, "usage": usage, "hours_per_month": 730, "rules": [] })
}

/// Fails for a line that no usage counts and that is not said to be given.
pub fn check() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/billing_vocabulary.json");
    let text = std::fs::read_to_string(&path).expect("vocabulary");
    let file: Value = serde_json::from_str(&text).expect("vocabulary is JSON");
    let words = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|word| Some(word.as_str()?.to_owned())).collect()
    };
    let mut unknown = Vec::new();
    for (service, known) in file["services"].as_object().expect("services") {
        let keys = words(&known["usage"]);
        let case = case(service, &keys.iter().map(String::as_str).collect::<Vec<_>>());
        let facts = Facts::of(&case);
        for component in words(&known["components"]) {
            let (name, _) = tier(&component);
            let units = words(&known["units"]);
            let counts = units.iter().any(|unit| metered(&facts, name, unit).is_some());
            let line = format!("{service}: {name}");
            if !counts && !GIVEN.iter().any(|given| line.starts_with(given)) && !unknown.contains(&line) {
                unknown.push(line);
            }
        }
    }
    assert!(unknown.is_empty(), "not understood:\n{}", unknown.join("\n"));
}
