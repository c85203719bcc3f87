//! What a run prints and writes, and how it ends.

use std::path::Path;

use serde_json::Value;

use super::{Desk, files, json, stderr, stdout};

fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn assert_holds(schema: &Value, result: &Value) {
    if let Err(error) = jsonschema::validate(schema, result) {
        panic!("{}: {error}", error.instance_path());
    }
}

/// Rows of a CSV text as maps from column to cell.
fn rows(text: &str) -> Vec<std::collections::HashMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>().unwrap()
}

#[test]
fn formats_say_the_same() {
    let desk = Desk::new();
    let result = desk.json(&["tiny.toml", "--format", "json"]);
    let table = stdout(&desk.simulate(&["run", "tiny.toml"]).success());
    let markdown = stdout(&desk.simulate(&["tiny.toml", "-f", "markdown"]).success());
    let csv = rows(&stdout(&desk.simulate(&["tiny.toml", "--format", "csv"]).success()));
    let deployments = result["deployments"].as_array().unwrap();
    assert_eq!((csv.len(), deployments.len()), (2, 2));
    for (row, deployment) in csv.iter().zip(deployments) {
        assert_eq!(row["deployment"], deployment["name"].as_str().unwrap());
        assert_eq!(row["cost_per_month"], deployment["cost"]["per_month"].as_str().unwrap());
        assert_eq!(row["requests_succeeded"], deployment["requests"]["succeeded"].to_string());
        let p99 = deployment["latency_ms"]["p99"].as_f64().unwrap();
        assert_eq!(row["latency_p99_ms"].parse::<f64>().unwrap(), p99);
    }
    let cheapest = result["comparison"]["cheapest"].as_str().unwrap();
    for text in [&table, &markdown] {
        assert!(text.contains(&format!("{cheapest} is the cheapest")), "{text}");
    }
    let first_lines: Vec<&str> = table.lines().take(4).collect();
    assert!(first_lines.iter().any(|line| line.contains("is the cheapest")), "the verdict comes first: {table}");
}

#[test]
fn results_hold_their_schemas() {
    let desk = Desk::new();
    let result = desk.json(&["tiny.toml", "--format", "json"]);
    assert_holds(&schema("result.schema.json"), &result);
    assert_eq!(result["schema"], "breakeven/result/1");
    assert_eq!(result["partial"], false);
    let sweep = desk.json(&["sweep", "tiny.toml", "--over", "traffic.source.rate=1/s..50/s:3:log", "-f", "json"]);
    assert_holds(&schema("sweep.schema.json"), &sweep);
    assert_eq!(sweep["points"].as_array().unwrap().len(), 3);
    assert_eq!(sweep["axis"]["unit"], "requests/s");
}

#[test]
fn counts_conserve_and_requests_are_the_same_everywhere() {
    let desk = Desk::new();
    let result = desk.json(&["tiny.toml", "--format", "json"]);
    for deployment in result["deployments"].as_array().unwrap() {
        let count = |part: &str, key: &str| deployment[part][key].as_u64().unwrap();
        let ends = ["completed", "rejected", "timed_out", "failed", "in_flight"];
        assert_eq!(count("attempts", "offered"), ends.iter().map(|end| count("attempts", end)).sum::<u64>());
        assert_eq!(count("requests", "offered"), result["traffic"]["requests"].as_u64().unwrap());
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let desk = Desk::new();
    for threads in ["1", "2"] {
        let out = format!("out-{threads}");
        let run = desk.simulate(&["tiny.toml", "--threads", threads, "--out", &out, "--quiet"]).success();
        assert_eq!(stderr(&run), "");
    }
    let (one, two) = (files(&desk.path("out-1")), files(&desk.path("out-2")));
    let names: Vec<&str> = one.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names.iter().filter(|name| !name.starts_with("charts/")).collect::<Vec<_>>(),
        [&"report.html", &"report.md", &"result.json", &"summary.csv", &"timeseries.csv"]
    );
    assert!(names.iter().filter(|name| name.starts_with("charts/")).count() >= 3, "{names:?}");
    assert!(one == two, "files differ between one thread and two");
}

#[test]
fn what_was_written_is_said_as_it_was_asked_for() {
    let desk = Desk::new();
    let run = desk.simulate(&["tiny.toml", "--out", "new/out"]).success();
    assert!(stderr(&run).contains("Wrote new/out/report.html"), "{}", stderr(&run));
    let printed = stdout(&desk.simulate(&["tiny.toml", "--format", "json"]).success());
    assert_eq!(desk.read("new/out/result.json"), printed);
}

#[test]
fn objectives_decide_the_exit_code() {
    let desk = Desk::new();
    desk.simulate(&["tiny.toml", "--set", "slo.p99=\"30s\""]).code(0);
    desk.simulate(&["tiny.toml", "--set", "slo.p99=\"1ms\""]).code(3);
    desk.simulate(&["tiny.toml", "--set", "slo.p99=\"1ms\"", "--set", "slo.require=none"]).code(0);
    desk.simulate(&["tiny.toml", "--set", "budget.cost_per_month=\"0.01 USD\""]).code(3);
}

#[test]
fn what_cannot_be_told_is_an_exit_code_when_asked_for() {
    let desk = Desk::new();
    let result = desk.json(&["tiny.toml", "--format", "json"]);
    let interval = &result["deployments"][0]["latency_ms"]["ci95"]["p99"];
    let end = |key: &str| interval[key].as_f64().unwrap();
    assert!(end("low") < end("high"), "no interval to aim at: {interval}");
    let target = format!("slo.p99=\"{:.6}ms\"", f64::midpoint(end("low"), end("high")));
    let line = ["tiny.toml", "--set", &target, "--set", "slo.require=[\"aws-lambda\"]"];
    desk.simulate(&line).code(0);
    desk.simulate(&[&line[..], &["--strict"]].concat()).code(4);
}

#[test]
fn flags_count_towards_the_hash_of_the_scenario() {
    let desk = Desk::new();
    let hash =
        |line: &[&str]| desk.json(&[&["check", "tiny.toml", "-f", "json"], line].concat())["scenario_sha256"].clone();
    assert_eq!(hash(&[]), hash(&[]));
    assert_ne!(hash(&[]), hash(&["--seed", "7"]));
    assert_eq!(hash(&["--seed", "7"]), hash(&["--set", "scenario.seed=7"]));
    assert_ne!(hash(&[]), hash(&["--replications", "6"]));
    assert_ne!(hash(&[]), hash(&["--fidelity", "exact"]));
    let run = desk.json(&["tiny.toml", "--seed", "7", "--format", "json"]);
    assert_eq!((&run["seed"], &run["scenario_sha256"]), (&7.into(), &hash(&["--seed", "7"])));
}

#[test]
fn one_replication_has_no_interval_and_a_generic_platform_no_bill() {
    let desk = Desk::new();
    let result =
        desk.json(&["tiny.toml", "--replications", "1", "--set", "deployment=[{platform=\"vm\"}]", "-f", "json"]);
    assert_eq!(result["deployments"][0]["cost"], Value::Null);
    assert_eq!(result["deployments"][0]["latency_ms"]["ci95"], Value::Null);
    assert_eq!(result["comparison"]["cheapest"], Value::Null);
}

#[test]
fn a_name_with_markup_is_text() {
    let desk = Desk::new();
    let name = "scenario.name=\"<script>alert('&')</script>\"";
    desk.simulate(&["tiny.toml", "--set", name, "--out", "out"]).success();
    for file in ["out/report.html", "out/report.md", "out/charts/cost.svg"] {
        assert!(!desk.read(file).contains("<script"), "{file}");
    }
    let result: Value = serde_json::from_str(&desk.read("out/result.json")).unwrap();
    assert_eq!(result["scenario"], "<script>alert('&')</script>");
}

#[test]
fn a_sweep_prints_writes_and_names_crossings() {
    let desk = Desk::new();
    let over = ["sweep", "tiny.toml", "--over", "traffic.source.rate=0.01/s..40/s:4:log"];
    let table = desk.simulate(&[&over[..], &["--out", "out"]].concat()).success();
    assert!(stdout(&table).contains("ec2 becomes cheaper than aws-lambda at"), "{}", stdout(&table));
    let names: Vec<String> = files(&desk.path("out")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["charts/sweep.svg", "report.html", "report.md", "result.json", "sweep.csv"]);
    let csv = stdout(&desk.simulate(&[&over[..], &["--format", "csv"]].concat()).success());
    assert_eq!(desk.read("out/sweep.csv"), csv);
    assert_eq!(rows(&csv).len(), 8);
}

#[test]
fn a_fleet_that_turns_nobody_away_names_its_cpu_as_the_limit() {
    let desk = Desk::new();
    let line = ["tiny.toml", "--set", "class.timeout=2s", "--set", "traffic.source.rate=200/s", "--replications", "2"];
    let result = desk.json(&[&line[..], &["-f", "json"]].concat());
    let limit = &result["deployments"][1]["limits"][0];
    assert_eq!((&limit["limit"], &limit["value"]), (&"instance.vcpu".into(), &"2".into()), "{result}");
    assert!(limit["reached_share"].as_f64().unwrap() > 0.9, "{limit}");
    let table = stdout(&desk.simulate(&line).success());
    assert!(table.contains("ec2: all CPU of the instances was in use, instance.vcpu = 2 was reached for"), "{table}");
    let calm = desk.json(&["tiny.toml", "-f", "json"]);
    assert_eq!(calm["deployments"][1]["limits"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_deployment_without_a_bill_crosses_nothing() {
    let desk = Desk::new();
    let without = ["--set", "deployment=[{platform=\"aws-lambda\"},{platform=\"vm\"}]"];
    let over = ["sweep", "tiny.toml", "--over", "traffic.source.rate=1/s..5/s:2"];
    let table = stdout(&desk.simulate(&[&over[..], &without].concat()).success());
    assert!(table.contains("no tariff") && !table.contains("becomes cheaper"), "{table}");
}

#[test]
fn a_sweep_says_when_the_cheaper_deployment_only_sheds_load() {
    let desk = Desk::new();
    let over = ["sweep", "tiny.toml", "--over", "traffic.source.rate=0.01/s..200/s:3:log", "--replications", "2"];
    let table = stdout(&desk.simulate(&over).success());
    assert!(table.contains("ec2 becomes cheaper than aws-lambda at"), "{table}");
    assert!(table.contains(", but sheds load: ec2 fails ") && table.contains(" of the requests at 200/s."), "{table}");
    assert!(table.contains("Cost per month in USD against traffic.source.rate"), "{table}");

    let result = desk.json(&[&over[..], &["-f", "json"]].concat());
    assert_eq!(result["currency"], "USD");
    assert!(result["crossings"][0]["sheds"][0]["failed_share"].as_f64().unwrap() > 0.3, "{result}");

    let objective = ["--set", "slo.availability=99%"];
    let table = stdout(&desk.simulate(&[&over[..], &objective].concat()).success());
    assert!(!table.contains("becomes cheaper"), "what misses the objective does not compete: {table}");
    assert!(table.contains("order by cost of the deployments that meet the objectives does not change"), "{table}");
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_is_no_error() {
    let desk = Desk::new();
    let mut shell = assert_cmd::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_simulate");
    let script = "{ \"$0\" tiny.toml --quiet --format json; echo \"exit $?\" >&2; } | head -c 10";
    let run = shell.current_dir(desk.path("")).args(["-c", script, program]).assert().success();
    assert_eq!(stderr(&run), "exit 0\n");
    assert_eq!(stdout(&run).len(), 10);
    assert_ne!(json(&desk.simulate(&["tiny.toml", "-f", "json"])), Value::Null);
}
