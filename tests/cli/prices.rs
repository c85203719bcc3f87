//! What has to do with prices after a run: pricing its usage anew.

use predicates::str::contains;
use serde_json::Value;

use super::{Desk, stderr, stdout};

/// A desk with the result of the tiny scenario in `out/result.json`.
fn played() -> Desk {
    let desk = Desk::new();
    desk.simulate(&["tiny.toml", "--out", "out", "--quiet"]).success();
    desk
}

fn result(desk: &Desk) -> Value {
    serde_json::from_str(&desk.read("out/result.json")).unwrap()
}

#[test]
fn repricing_without_a_change_gives_the_bill_of_the_run() {
    let desk = played();
    let again = desk.json(&["reprice", "out/result.json", "--format", "json"]);
    let run = result(&desk);
    for (deployment, before) in
        again["deployments"].as_array().unwrap().iter().zip(run["deployments"].as_array().unwrap())
    {
        assert!(before["cost"].is_object());
        assert_eq!(deployment["cost"], before["cost"]);
    }
    assert!(run["repriced_by"].is_null() && again["repriced_by"].is_string());
}

#[test]
fn negotiated_prices_change_the_bill_and_the_verdict_of_who_is_cheapest() {
    let desk = played();
    let line = ["reprice", "out/result.json", "--set", "pricing.set.\"aws-lambda.requests\"=\"900 USD/1M\""];
    let table = stdout(&desk.simulate(&line).success());
    let run = result(&desk);
    let cheapest = run["comparison"]["cheapest"].as_str().unwrap();
    assert_eq!(cheapest, "aws-lambda");
    assert!(table.contains("ec2 is the cheapest"), "{table}");
    desk.simulate(&[&line[..], &["--out", "again", "--quiet"]].concat()).success();
    let again: Value = serde_json::from_str(&desk.read("again/result.json")).unwrap();
    assert_eq!(again["pricing"]["set"]["aws-lambda.requests"], "900 USD/1M");
    // What was written can be priced again.
    let back = ["reprice", "again/result.json", "--set", "pricing.set={}", "--format", "json"];
    assert_eq!(desk.json(&back)["deployments"][0]["cost"], run["deployments"][0]["cost"]);
}

#[test]
fn what_cannot_be_priced_anew_says_why() {
    let desk = played();
    desk.write("sweep.json", "{ \"schema\": \"breakeven/sweep/1\" }");
    desk.write("cut.json", &desk.read("out/result.json").as_bytes()[..5000]);
    let mut broken = result(&desk);
    broken["deployments"][0]["usage"][0]["quantity"] = "-7".into();
    desk.write("broken.json", broken.to_string());
    for (line, says) in [
        (&["reprice", "none.json"][..], "file not found: none.json"),
        (&["reprice", "out"], "its result is out/result.json"),
        (&["reprice", "tiny.toml"], "tiny.toml is no result of `simulate run`"),
        (&["reprice", "sweep.json"], "its schema is `breakeven/sweep/1`"),
        (&["reprice", "cut.json"], "at line"),
        (&["reprice", "broken.json"], "`-7` is no whole number of base units"),
        (&["reprice", "out/result.json", "--set", "traffic.source.rate=5/s"], "unknown key `traffic`"),
        (&["reprice", "out/result.json", "--set", "pricing.mont=30d"], "did you mean `month`?"),
        (
            &["reprice", "out/result.json", "--set", "pricing.set.\"aws-lambda.request\"=\"1 USD\""],
            "`aws-lambda.requests`?",
        ),
        (
            &["reprice", "out/result.json", "--set", "pricing.set.\"aws-lambda.requests\"=\"1 USD/GB\""],
            "its unit is request",
        ),
        (&["reprice", "out/result.json", "--as-of", "yesterday"], "as_of"),
        (&["reprice", "out/result.json", "--seed", "3"], "`simulate reprice` has no use for `--seed`"),
    ] {
        let assert = desk.simulate(line).code(2);
        let text = stderr(&assert);
        assert!(text.contains(says), "{line:?}: {text}");
    }
    // Flags of the environment that are for a run are no business of a price.
    desk.command(&["reprice", "out/result.json"]).env("SIMULATE_SEED", "3").assert().success();
    desk.command(&["reprice", "out/result.json"])
        .env("SIMULATE_SET", "pricing.mont=30d")
        .assert()
        .code(2)
        .stderr(contains("<SIMULATE_SET 1>"));
}
