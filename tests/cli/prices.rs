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

#[test]
fn every_price_is_listed_found_and_shown_with_its_source() {
    let desk = Desk::new();
    let tariffs = desk.json(&["prices", "--format", "json"]);
    let table = stdout(&desk.simulate(&["prices", "list"]).success());
    for tariff in tariffs.as_array().unwrap() {
        let id = tariff["id"].as_str().unwrap();
        assert!(table.contains(id), "{id}");
        let shown = desk.json(&["prices", "show", id, "--format", "json"]);
        assert_eq!(shown["items"].as_array().unwrap().len() as u64, tariff["items"].as_u64().unwrap(), "{id}");
        for item in shown["items"].as_array().unwrap() {
            for tier in item["tiers"].as_array().unwrap() {
                for key in ["usd", "source", "observed", "confidence"] {
                    assert!(tier[key].as_str().is_some_and(|text| !text.is_empty()), "{id}: {item}");
                }
            }
        }
    }
    let shown = stdout(&desk.simulate(&["prices", "show", "aws-lambda.gib-seconds"]).success());
    for says in ["0.0000166667 USD from 0 up to 6000000000", "observed 2026", "free with `pricing.free_tier`: 400000"] {
        assert!(shown.contains(says), "{shown}");
    }
    let show = |line: &[&str]| stdout(&desk.simulate(&[&["prices", "show"], line].concat()).success());
    for (line, says) in [
        (&["aws-lambda"][..], "edition: 2025-08-01; others: 2018-05-01, 2020-12-01"),
        (&["aws-lambda"], "one grant for all of aws-lambda.compute"),
        (&["aws-lambda"], "rounded up to a multiple of 1ms"),
        (&["aws-lambda"], "tiers count what all services of the account use"),
        (&["aws-lambda", "--as-of", "2018-05-01"], "rounded up to a multiple of 100ms"),
        (&["aws-alb"], "other regions: aws-alb@eu-central-1"),
        (&["aws-alb"], "open connections / 3000"),
        (&["eks"], "plan aws-machines.reserved-1y (reserved): standard reserved instance"),
        (&["gke"], "credit gke.free-cluster: 74.40 USD"),
        (&["aws-machines.m6i.large"], "0.06048 USD under aws-machines.reserved-1y"),
    ] {
        let shown = show(line);
        assert!(shown.contains(says), "{line:?}: {shown}");
    }
    let shown = desk.json(&["prices", "show", "aws-lambda", "--format", "json"]);
    assert_eq!(shown["editions"], serde_json::json!(["2018-05-01", "2020-12-01", "2025-08-01"]));
    let old = ["prices", "show", "aws-alb", "--as-of", "2018-05-01"];
    desk.simulate(&old).code(2).stderr(contains("its oldest prices are of 2024-07-01"));
    desk.simulate(&["prices", "--as-of", "yesterday"]).code(2).stderr(contains("yesterday"));
    let found = stdout(&desk.simulate(&["prices", "search", "lambda", "request"]).success());
    let line = found.lines().find(|line| line.starts_with("aws-lambda.requests "));
    assert!(line.is_some_and(|line| line.ends_with("0.0000002 USD per request")), "{found}");
    desk.simulate(&["prices", "search", "lambda", "unobtainium"]).code(2).stderr(contains("simulate prices list"));
    desk.simulate(&["prices", "show", "aws-lamda"]).code(2).stderr(contains("did you mean `aws-lambda`?"));
    // What is called so in a tariff, or in several.
    desk.simulate(&["prices", "show", "m6i.large"]).code(2).stderr(contains("did you mean `aws-machines.m6i.large`?"));
    let several = contains("`eks.cluster-hours` or `eks-fargate.cluster-hours` or `");
    desk.simulate(&["prices", "show", "cluster-hours"]).code(2).stderr(several);
    desk.simulate(&["prices", "--format", "csv"]).code(2).stderr(contains("valid: `table`, `json`"));
}

#[test]
fn old_prices_are_pointed_out() {
    let desk = Desk::new();
    let old = |months: &str| stdout(&desk.simulate(&["prices", "show", "eks", "--older-than", months]).success());
    assert!(old("12").contains("(more than 12 months ago)"));
    assert!(!old("12000").contains("months ago"));
    assert!(stdout(&desk.simulate(&["prices"]).success()).contains("older than 12 months"));
    assert!(
        desk.json(&["prices", "show", "eks.cluster-hours", "--format", "json"])["items"][0]["tiers"][0]["old"] == true
    );
}

#[test]
fn a_price_is_negotiated_in_the_words_in_which_it_is_shown() {
    let desk = played();
    let shown = stdout(&desk.simulate(&["prices", "show", "aws-lambda.requests"]).success());
    let set = shown.split("--set '").nth(1).unwrap().split('\'').next().unwrap();
    let again = desk.json(&["reprice", "out/result.json", "--set", set, "--format", "json"]);
    let before = &result(&desk)["deployments"][0]["cost"]["per_month"];
    assert_eq!(again["deployments"][0]["cost"]["per_month"], *before);
}

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/price-lists/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn an_imported_price_list_prices_a_deployment() {
    let desk = played();
    let line =
        ["prices", "import", &fixture("aws-offer.json"), "--map", &fixture("aws-offer.toml"), "--out", "own.toml"];
    desk.simulate(&line).success().stderr(contains("Wrote own.toml"));
    let printed = stdout(&desk.simulate(&line[..5]).success());
    assert_eq!(desk.read("own.toml"), printed);
    desk.write(
        "own-scenario.toml",
        super::TINY.replace("platform = \"ec2\"", "platform = \"ec2\"\ntariff = \"own.toml\""),
    );
    // It prices nodes, and virtual machines are instances.
    desk.simulate(&["check", "own-scenario.toml"]).code(2).stderr(contains("instance-hours"));
    desk.write("own.toml", printed.replace("node-hours", "instance-hours"));
    let text = desk.read("own.toml");
    desk.write(
        "own.toml",
        text.replace("include = [\"aws-addresses\"]", "include = [\"aws-addresses\", \"aws-machines\"]"),
    );
    let result = desk.json(&["own-scenario.toml", "--format", "json"]);
    let lines = result["deployments"][1]["cost"]["lines"].as_array().unwrap();
    let machine = lines.iter().find(|line| line["item"] == "my-machines.m6i.large").unwrap();
    assert_eq!(machine["unit_price"], "0.096");
    assert_eq!(machine["observed"], "2026-11-01");
    // What it says of reservations can be committed to, by a name that is checked.
    let commitment = |plan: &str| {
        format!("pricing.commitment=[{{ plan = \"my-machines.{plan}\", machine = \"m6i.large\", count = 1 }}]")
    };
    let reserved = desk.json(&["own-scenario.toml", "--format", "json", "--set", &commitment("reserved-1y")]);
    let lines = reserved["deployments"][1]["cost"]["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["item"] == "my-machines.m6i.large:reserved-1y").unwrap();
    assert_eq!(line["unit_price"], "0.0605");
    desk.simulate(&["check", "own-scenario.toml", "--set", &commitment("reserved-1")])
        .code(2)
        .stderr(contains("did you mean `my-machines.reserved-1y`?"));
    // A result with a tariff of its own prices itself again without the file.
    desk.simulate(&["own-scenario.toml", "--out", "own", "--quiet"]).success();
    std::fs::remove_file(desk.path("own.toml")).unwrap();
    let again = desk.json(&["reprice", "own/result.json", "--format", "json"]);
    assert_eq!(again["deployments"][1]["cost"], result["deployments"][1]["cost"]);
    let again = ["reprice", "own/result.json", "--format", "json", "--set"];
    let committed = desk.json(&[&again[..], &[&commitment("reserved-1y")]].concat());
    assert_eq!(committed["deployments"][1]["cost"], reserved["deployments"][1]["cost"]);
    desk.simulate(&[&again[..], &[&commitment("reserved-1")]].concat()).code(2).stderr(contains("no plan is called"));
}

#[test]
fn price_lists_are_looked_into_and_hostile_ones_refused_with_their_place() {
    let desk = Desk::new();
    for name in ["aws-offer.json", "aws-savings-plans.json", "gcp-skus.json", "azure-retail.json", "infracost.json"] {
        let list = desk.json(&["prices", "import", &fixture(name), "--format", "json"]);
        assert!(list.as_array().unwrap().len() > 1, "{name}");
    }
    let linux = [
        "prices",
        "import",
        &fixture("aws-offer.json"),
        "--where",
        "operatingSystem=Linux",
        "--where",
        "term=OnDemand",
    ];
    let found = stdout(&desk.simulate(&linux).success());
    assert!(found.contains("aws-offer.json:50: 0.096 USD per Hrs"), "{found}");
    let aws = std::fs::read_to_string(fixture("aws-offer.json")).unwrap();
    desk.write("negative.json", aws.replace("0.0960000000", "-0.096"));
    desk.write("cut.json", &aws[..900]);
    desk.write("binary.json", [b'{', 0xff]);
    for (line, says) in [
        (&["prices", "import", "negative.json"][..], "negative.json:50:40: `-0.096` is negative"),
        (&["prices", "import", "cut.json"], "the file ends here"),
        (&["prices", "import", "binary.json"], "not UTF-8 text"),
        (&["prices", "import", "none.json"], "cannot read none.json"),
        (&["prices", "import", "tiny.toml"], "tiny.toml:2:2:"),
        (&["prices", "import"], "FILE"),
        (&["prices", "import", "negative.json", "--map", "none.toml"], "negative"),
    ] {
        let text = stderr(&desk.simulate(line).code(2));
        assert!(text.contains(says), "{line:?}: {text}");
    }
    desk.simulate(&["prices", "import", &fixture("aws-offer.json"), "--where", "x"])
        .code(2)
        .stderr(contains("KEY=VALUE"));
    desk.simulate(&["prices", "import", &fixture("aws-offer.json"), "--map", "none.toml"])
        .code(2)
        .stderr(contains("not found"));
}

#[test]
fn a_line_is_explained_down_to_what_was_used() {
    let desk = played();
    let list = stdout(&desk.simulate(&["explain", "out/result.json"]).success());
    let numbered = list.lines().find(|line| line.contains("aws-lambda/aws-lambda.gib-seconds")).unwrap();
    let number = numbered.split_whitespace().next().unwrap();
    let text = stdout(&desk.simulate(&["explain", "out/result.json", number]).success());
    assert_eq!(stdout(&desk.simulate(&["explain", "out/result.json", "aws-lambda/aws-lambda.gib-seconds"])), text);
    for says in [
        "MiB nanosecond",
        "mean of 5 replications",
        "tier 1: above 0 up to",
        "does not count, as",
        "observed 20",
        "each time that is counted is rounded up to a multiple of 1ms",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    assert!(desk.read("out/report.md").contains(&format!("| {number} |")), "reports number the lines alike");
    let value = &desk.json(&["explain", "out/result.json", number, "--format", "json"])[0];
    assert_eq!(value["line"], result(&desk)["deployments"][0]["cost"]["lines"][number.parse::<usize>().unwrap() - 1]);
    assert_eq!(value["quantity"]["rounded"], value["line"]["quantity"]);
    let usage = result(&desk)["deployments"][0]["usage"].clone();
    let used =
        usage.as_array().unwrap().iter().find(|row| row["dimension"] == "gib-seconds" && row["replication"] == 3);
    assert_eq!(value["replications"][3]["days"][0]["quantity"], used.unwrap()["quantity"]);
    let last = list.lines().count();
    for (wanted, says) in [
        ("0", format!("there are 1 to {last}")),
        ("aws-lambda/aws-lambda.gib-second", "did you mean `aws-lambda/aws-lambda.gib-seconds`?".to_owned()),
    ] {
        desk.simulate(&["explain", "out/result.json", wanted]).code(2).stderr(contains(says));
    }
    // A bill that the book does not give is not explained by another one.
    let mut other = result(&desk);
    other["deployments"][0]["cost"]["lines"][0]["quantity"] = "1".into();
    desk.write("other.json", other.to_string());
    desk.simulate(&["explain", "other.json", "1"]).code(2).stderr(contains("`simulate reprice` prices it anew"));
}
