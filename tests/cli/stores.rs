//! Stores, as users meet them: bound, reported, billed, and priced anew.

use serde_json::Value;

use super::Desk;

const SHOP: &str = r#"
[traffic]
duration = "10m"
source = { rate = "20/s" }
[class]
cpu = "5ms"
[service]
name = "shop"
steps = [
  { query = "orders", size = "3KiB", retry = { attempts = 2, base = "20ms" } },
  { cpu = "class" },
  { query = "orders", op = "write", size = "2KiB", p = 0.5 },
  { query = "stock", size = "1KiB" },
]
[[store]]
name = "orders"
stored = "20GiB"
[[store]]
name = "stock"
kind = "relational"
stored = "5GiB"
[[deployment]]
platform = "aws-lambda"
[[deployment]]
name = "narrow"
platform = "aws-lambda"
[deployment.bind.orders]
mode = "provisioned"
provisioned_throughput = { read_capacity_units = 5, write_capacity_units = 5 }
read_auto_scaling = "none"
write_auto_scaling = "none"
[deployment.bind.stock]
kind = "aws-aurora-serverless"
[[deployment]]
name = "free"
platform = "vm"
autoscaler = { kind = "fixed", replicas = 2 }
"#;

fn deployment<'a>(result: &'a Value, name: &str) -> &'a Value {
    result["deployments"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
}

/// Quantity and price of the line of this item.
fn line(deployment: &Value, item: &str) -> (f64, f64) {
    let lines = deployment["cost"]["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["item"] == item).unwrap_or_else(|| panic!("{item} in {lines:#?}"));
    assert_eq!(line["group"] == "data", !item.contains(".db."), "{line}");
    let number = |key: &str| line[key].as_str().unwrap().parse::<f64>().unwrap();
    (number("quantity"), number("unit_price"))
}

fn near(value: f64, expected: f64, share: f64) -> bool {
    (value / expected - 1.0).abs() < share
}

#[test]
fn every_store_is_counted_and_billed_by_its_own_tariff() {
    let desk = Desk::new();
    desk.write("shop.toml", SHOP);
    let result = desk.json(&["shop.toml", "--format", "json"]);
    let lambda = deployment(&result, "aws-lambda");
    // A month of 20/s: 3 KiB are one half of a read unit, 2 KiB are two write units for every second request.
    let month = 20.0 * 730.0 * 3600.0;
    assert!(near(line(lambda, "aws-dynamodb.eventual-reads").0, month / 2.0, 0.02));
    assert!(near(line(lambda, "aws-dynamodb.writes").0, month, 0.03));
    assert_eq!(line(lambda, "aws-dynamodb.storage"), (20.0, 0.25));
    assert!(near(line(lambda, "aws-aurora.io").0, month, 0.02), "a page each");
    assert_eq!(line(lambda, "aws-aurora.storage"), (5.0, 0.1));
    assert_eq!(line(lambda, "aws-aurora.db.r6g.large"), (730.0, 0.26));
    let narrow = deployment(&result, "narrow");
    assert_eq!(line(narrow, "aws-dynamodb.read-capacity"), (5.0 * 730.0, 0.00013));
    assert_eq!(line(narrow, "aws-dynamodb.write-capacity"), (5.0 * 730.0, 0.00065));
    let (acu_hours, price) = line(narrow, "aws-aurora-serverless.acu");
    assert!((365.0..2000.0).contains(&acu_hours) && price == 0.12, "{acu_hours}");
    assert!(deployment(&result, "free")["cost"].is_null());
}

#[test]
fn refused_queries_fail_their_attempts_and_are_told() {
    let desk = Desk::new();
    desk.write("shop.toml", SHOP);
    let result = desk.json(&["shop.toml", "--format", "json"]);
    for (name, bound) in [("aws-lambda", "aws-dynamodb"), ("narrow", "aws-dynamodb"), ("free", "")] {
        let one = deployment(&result, name);
        let orders = &one["stores"][0];
        let count = |key: &str| orders["queries"][key].as_u64().unwrap();
        assert_eq!(orders["bound_to"].as_str().unwrap_or_default(), bound);
        assert_eq!(count("asked"), count("answered") + count("refused") + count("dropped") + count("in_flight"));
        assert_eq!(count("refused") > 0, name == "narrow");
        assert_eq!(one["attempts"]["failed"].as_u64() > Some(0), name == "narrow");
    }
    let limit = |name: &str| deployment(&result, name)["stores"][1]["connections"]["limit"].clone();
    assert_eq!((limit("aws-lambda"), limit("narrow")), (1000.into(), 2000.into()));
    let table = super::stdout(&desk.simulate(&["shop.toml"]).success());
    for words in ["Store orders", "Store stock", "of 1,000", "capacity in use"] {
        assert!(table.contains(words), "{words}: {table}");
    }
    let one_thread = desk.json(&["shop.toml", "--format", "json", "--threads", "1"]);
    assert_eq!(one_thread, result);
}

#[test]
fn the_stored_usage_of_stores_is_priced_anew_to_the_same_bill() {
    let desk = Desk::new();
    desk.write("shop.toml", SHOP);
    desk.simulate(&["shop.toml", "--out", "out"]).success();
    let stored: Value = serde_json::from_str(&desk.read("out/result.json")).unwrap();
    let again = desk.json(&["reprice", "out/result.json", "--format", "json"]);
    for name in ["aws-lambda", "narrow"] {
        assert_eq!(deployment(&again, name)["cost"], deployment(&stored, name)["cost"], "{name}");
    }
}
