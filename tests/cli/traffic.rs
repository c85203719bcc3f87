//! `simulate traffic`: figures of a scenario's traffic, and fits that are scenarios.

use std::fmt::Write as _;
use std::io::Write as _;

use predicates::str::contains;

use super::{Desk, stderr, stdout};

/// Two weeks of counts per five minutes: days and nights, a weekend, two hours that stand out.
fn counts() -> String {
    let mut text = String::from("timestamp,value\n");
    for bin in 0..14 * 288_u64 {
        let (day, hour) = (bin / 288, bin % 288 / 12);
        let level = if (8..20).contains(&hour) { 60 } else { 15 } * if day % 7 >= 5 { 1 } else { 2 };
        let level = if [(8, 10), (3, 15)].contains(&(day, hour)) { level * 5 } else { level };
        let noise = bin.wrapping_mul(2_654_435_761) % 1000 * level / 2000;
        let at = format!("2026-01-{:02} {hour:02}:{:02}:00", 5 + day, bin % 12 * 5);
        let _ = writeln!(text, "{at},{}", level * 3 / 4 + noise);
    }
    text
}

/// An hour of a log with durations.
fn log() -> String {
    let mut text = String::new();
    for line in 0..3_600_u64 {
        let hash = line.wrapping_mul(2_654_435_761) % 1000;
        let path = if hash < 700 { "api/orders/17" } else { "images/logo.png" };
        let time = format!("05/Jan/2026:10:{:02}:{:02} +0000", line / 60, line % 60);
        let agent = "\"-\" \"curl\"";
        let _ = writeln!(
            text,
            "192.0.2.1 - - [{time}] \"GET /{path} HTTP/1.1\" 200 {} {agent} {}",
            500 + hash,
            9_000 + hash
        );
    }
    text
}

const DEPLOYMENT: &str = "\n[deployment]\nplatform = \"aws-lambda\"\n";

#[test]
fn a_fit_with_a_deployment_behind_is_a_scenario_that_runs() {
    let desk = Desk::new();
    desk.write("counts.csv", counts());
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(log().as_bytes()).unwrap();
    desk.write("log.gz", packed.finish().unwrap());
    for line in [&["counts.csv"][..], &["log.gz", "--field", "%D"], &["counts.csv", "--timezone", "America/New_York"]] {
        let fragment = stdout(&desk.simulate(&[&["traffic", "fit"], line].concat()).success());
        desk.write("fitted.toml", fragment.clone() + DEPLOYMENT);
        let checked = desk.simulate(&["check", "fitted.toml"]).success();
        assert_eq!(stderr(&checked), "", "{fragment}");
        let run = ["fitted.toml", "--format", "json", "--replications", "1"];
        let result = desk.json(&run);
        let forecast = desk.json(&["check", "fitted.toml", "--format", "json"])["requests_per_replication"].as_f64();
        let (found, forecast) = (result["traffic"]["requests"].as_f64().unwrap(), forecast.unwrap());
        assert!((found / forecast - 1.0).abs() < 0.05, "{found} of {forecast}");
    }
}

#[test]
fn fits_of_real_traffic_are_scenarios_that_run() {
    let Some(folder) = std::env::var_os("SIMULATE_TRACES") else {
        eprintln!("SKIPPED: SIMULATE_TRACES names no folder of traces");
        return;
    };
    let folder = std::path::absolute(folder).unwrap();
    for (path, runs) in [
        ("nasa-1995/nasa_per_minute.csv.gz", true),
        ("nasa-1995/nasa_1995-08-01_reconstructed.log.gz", true),
        ("nab-cloudwatch/elb_request_count_8c0756.csv", true),
        ("azure-llm-2023/AzureLLMInferenceTrace_code.csv.gz", true),
        ("azure-functions-2019/sample100_8h_invocations.csv", true),
        ("azure-functions-2019/sample200_24h_invocations.csv.gz", true),
        ("azure-functions-2021/invocations_first200.csv", true),
        ("elastic-apache/apache_combined_10k.log.gz", true),
        ("worldcup98/wc98_per_minute.csv.gz", false),
    ] {
        let desk = Desk::new();
        let file = folder.join(path).display().to_string();
        let fragment = stdout(&desk.simulate(&["traffic", "fit", &file]).success());
        desk.write("fitted.toml", fragment + DEPLOYMENT);
        assert_eq!(stderr(&desk.simulate(&["check", "fitted.toml"]).success()), "", "{path}");
        if runs {
            let result = desk.json(&["fitted.toml", "--format", "json", "--replications", "1"]);
            assert!(result["traffic"]["requests"].as_u64().unwrap() > 100, "{path}");
        }
    }
}

#[test]
fn a_fit_says_what_it_found_and_how_well() {
    let desk = Desk::new();
    desk.write("counts.csv", counts());
    let text = stdout(&desk.simulate(&["traffic", "fit", "counts.csv", "--check"]).success());
    assert!(text.contains("medians of") && text.contains("peak/mean at 1h") && !text.contains("NOT within"), "{text}");
    assert!(text.contains("at = 2026-01-13T10:00:00") && text.contains("[traffic.source.profile]"), "{text}");
    let again = stdout(&desk.simulate(&["traffic", "fit", "counts.csv", "--check"]).success());
    assert_eq!(text, again);
    let json = desk.json(&["traffic", "fit", "counts.csv", "--format", "json"]);
    assert_eq!(json["comparison"]["series"], 1);
    assert!(json["fragment"].as_str().unwrap().contains("[[class]]"));
    desk.write("access.log", log() + "not a line\n");
    let fit = desk.simulate(&["traffic", "fit", "access.log", "--field", "%D"]).success().stderr(contains("1 of 3601"));
    let text = stdout(&fit);
    for part in [
        "name = \"api-orders\"\nweight = ",
        "name = \"images\"\nweight = ",
        "# GET /api/orders",
        "io = { dist = \"lognormal\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn what_cannot_be_fitted_is_said() {
    let desk = Desk::new();
    desk.write("counts.csv", "t,count\n0,0\n60,0\n");
    desk.write("odd.bin", b"\x00\x01\x02 nothing that anybody knows");
    let refused = |line: &[&str], words: &str| {
        desk.simulate(&[&["traffic", "fit"], line].concat()).code(2).stderr(contains(words));
    };
    refused(&["counts.csv"], "no request");
    refused(&["odd.bin"], "format");
    refused(&["none.csv"], "none.csv");
    refused(&["counts.csv", "--timezone", "Mars/Base"], "no time zone");
    refused(&["counts.csv", "--as", "cloudwach"], "did you mean `cloudwatch`?");
    refused(&["counts.csv", "--unit", "furlongs"], "no unit");
    refused(&["counts.csv", "--field", "%q"], "no field");
    desk.simulate(&["traffic"]).code(2);
}

#[test]
fn show_prints_figures_and_writes_a_chart() {
    let desk = Desk::new();
    let week = ["--set", "traffic.duration=7d", "--set", "traffic.source.profile=web-weekday"];
    let line = [&["traffic", "show", "tiny.toml", "--out", "out"][..], &week].concat();
    let assert = desk.simulate(&line).success().stderr(contains("traffic.json"));
    let text = stdout(&assert);
    for part in ["mean rate", "peak/mean", "dispersion", "Monday", "██", "busiest hour is Thursday 15 h"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json: serde_json::Value = serde_json::from_str(&desk.read("out/traffic.json")).unwrap();
    assert_eq!(json, desk.json(&[&["traffic", "show", "tiny.toml", "--format", "json"][..], &week].concat()));
    assert_eq!((json["week"].as_array().unwrap().len(), json["scales"].as_array().unwrap().len()), (168, 3));
    let (requests, forecast) = (json["requests"].as_f64().unwrap(), json["forecast_requests"].as_f64().unwrap());
    assert!((requests / forecast - 1.0).abs() < 0.01);
    let dispersion = json["scales"][0]["dispersion"].as_f64().unwrap();
    assert!(dispersion > 1.0 && dispersion < 3.0, "{dispersion}");
    assert!(desk.read("out/charts/week.svg").contains("Hours of the week: tiny"));
}
