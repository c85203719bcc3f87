//! Every subcommand but `run` and `sweep`, whose results have a file of their own.

use predicates::prelude::*;
use predicates::str::{contains, is_match};
use serde_json::Value;

use super::{Desk, stderr, stdout};

#[test]
fn nothing_asked_gives_usage_with_examples() {
    let assert = Desk::new().simulate(&[]).code(2);
    assert_eq!(stdout(&assert), "");
    assert!(stderr(&assert).contains("Usage: simulate SCENARIO.toml"));
    let examples = stderr(&assert).lines().filter(|line| line.starts_with("  simulate ")).count();
    assert_eq!(examples, 3, "{}", stderr(&assert));
}

#[test]
fn help_lists_what_there_is_and_no_more() {
    let desk = Desk::new();
    let help = stdout(&desk.simulate(&["--help"]).success());
    for name in [
        "run",
        "check",
        "sweep",
        "init",
        "schema",
        "platforms",
        "prices",
        "reprice",
        "explain",
        "traffic",
        "completions",
        "man",
    ] {
        assert!(help.contains(&format!("\n  {name} ")), "{name}");
        let own = stdout(&desk.simulate(&[name, "--help"]).success());
        assert!(own.contains("Usage: simulate"), "{own}");
        assert_eq!(own.contains("--seed"), ["run", "check", "sweep", "traffic"].contains(&name), "{name}: {own}");
    }
    assert!(!help.contains("  diff ") && help.contains("Exit codes") && help.contains("SIMULATE_SET"));
    assert!(!stdout(&desk.simulate(&["-h"]).success()).contains("Exit codes"));
}

#[test]
fn the_version_says_how_old_the_figures_are() {
    let date = "20[0-9]{2}(-[0-9]{2}){0,2}";
    let pattern =
        format!("^simulate [0-9.]+\ncatalogue: observed {date} to {date}\nprices: observed {date} to {date}\n$");
    for flag in ["--version", "-V"] {
        Desk::new().simulate(&[flag]).success().stdout(is_match(pattern.as_str()).unwrap());
    }
}

#[test]
fn check_says_what_would_be_played() {
    let desk = Desk::new();
    let text = stdout(&desk.simulate(&["check", "tiny.toml"]).success());
    let auto = "exact (auto: about 3,000 requests on each of 2 deployments are no more than 500,000,000 in all)";
    assert_eq!(
        text,
        format!(
            "tiny.toml is a valid scenario: about 3,000 requests, played 5 times on aws-lambda, ec2\n  aws-lambda: {auto}\n  ec2: {auto}\n"
        )
    );
    let checked = desk.json(&["check", "tiny.toml", "--format", "json"]);
    assert_eq!(checked["deployments"], serde_json::json!(["aws-lambda", "ec2"]));
    assert_eq!(checked["fidelity"][1], serde_json::json!({ "engine": "exact", "reason": &auto[7..auto.len() - 1] }));
    assert_eq!(checked["scenario_sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn every_template_is_a_valid_scenario() {
    let desk = Desk::new();
    let list = stdout(&desk.simulate(&["init", "--list"]).success());
    let names: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(!names.is_empty());
    for name in &names {
        desk.write("new.toml", stdout(&desk.simulate(&["init", name]).success()));
        desk.simulate(&["check", "new.toml"]).success();
    }
    assert_eq!(stdout(&desk.simulate(&["init"])), stdout(&desk.simulate(&["init", names[0]])));
    desk.simulate(&["init", "startre"]).code(2).stderr(contains("did you mean `starter`?"));
}

#[test]
fn the_schema_is_one() {
    let schema = Desk::new().json(&["schema"]);
    assert!(jsonschema::meta::is_valid(&schema));
    let scenario = serde_json::json!({
        "traffic": { "source": { "rate": "5/s" } }, "class": { "cpu": "20ms" }, "deployment": { "platform": "eks" }
    });
    assert!(jsonschema::is_valid(&schema, &scenario));
    assert!(!jsonschema::is_valid(&schema, &serde_json::json!({ "trafic": {} })));
}

#[test]
fn every_default_of_every_platform_has_a_source() {
    let desk = Desk::new();
    let platforms = desk.json(&["platforms", "--format", "json"]);
    let table = stdout(&desk.simulate(&["platforms"]).success());
    for platform in platforms.as_array().unwrap() {
        let id = platform["id"].as_str().unwrap();
        assert!(table.contains(id));
        let shown = desk.json(&["platforms", "show", id, "--format", "json"]);
        let text = stdout(&desk.simulate(&["platforms", "show", id]).success());
        let defaults = shown["defaults"].as_array().unwrap();
        assert!(defaults.len() > 10, "{id}");
        for row in defaults {
            for key in ["key", "value", "unit", "source", "observed", "confidence"] {
                assert!(row[key].is_string(), "{id}: {row}");
            }
            assert_ne!(row["source"], Value::from(""), "{id}: {row}");
            assert!(text.contains(&format!("\n{} = ", row["key"].as_str().unwrap())), "{id}: {row}");
        }
        let queueing = shown["queueing"].as_str().unwrap();
        assert!(text.contains(queueing) && !queueing.contains('{'), "{id}: a value is missing in {queueing}");
    }
    desk.simulate(&["platforms", "show", "ekss"]).code(2).stderr(contains("did you mean `eks`?"));
    desk.simulate(&["platforms", "show", "heroku"]).code(2).stderr(contains("not simulated yet"));
    desk.simulate(&["platforms", "--format", "csv"]).code(2).stderr(contains("valid: `table`, `json`"));
}

#[test]
fn shells_and_manuals_get_what_they_read() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = desk.simulate(&["completions", shell]).success();
        script.stdout(contains("simulate").and(contains("sweep")).and(contains("reprice")).and(contains("import")));
    }
    desk.simulate(&["man"]).success().stdout(contains(".TH simulate 1").and(contains("Exit codes")));
    desk.simulate(&["man", "sweep"]).success().stdout(contains("simulate\\-sweep").or(contains("simulate-sweep")));
    desk.simulate(&["man", "seep"]).code(2).stderr(contains("did you mean `sweep`?"));
}

#[test]
fn later_subcommands_are_refused_by_name() {
    let line = ["diff", "a.json", "--fail-on", "b"];
    Desk::new().simulate(&line).code(2).stderr(contains("`simulate diff` is not built yet"));
}

#[test]
fn what_makes_no_sense_together_is_refused() {
    let desk = Desk::new();
    for (line, says) in [
        (&["tiny.toml", "check", "tiny.toml"][..], "stands before the subcommand `check`"),
        (&["init", "--seed", "3"], "`simulate init` has no use for `--seed`"),
        (&["check", "tiny.toml", "--strict"], "`simulate check` has no use for `--strict`"),
        (&["sweep", "tiny.toml"], "--over"),
        (&["tiny.toml", "--format", "xml"], "markdown"),
        (&["tiny.toml", "--threads", "0"], "--threads"),
        (&["--quiet"], "Usage"),
    ] {
        desk.simulate(line).code(2).stderr(contains(says));
    }
}
