//! The environment stands for flags, and flags win over it.

use super::{Desk, json, stderr};

#[test]
fn the_environment_stands_for_flags() {
    let desk = Desk::new();
    let from = |name: &str, value: &str, line: &[&str]| {
        let mut command = desk.command(&[&["tiny.toml", "--format", "json"], line].concat());
        json(&command.env(name, value).assert().success())
    };
    assert_eq!(from("SIMULATE_SEED", "7", &[])["seed"], 7);
    assert_eq!(from("SIMULATE_SEED", "7", &["--seed", "8"])["seed"], 8);
    assert_eq!(from("SIMULATE_SEED", "7", &["--set", "scenario.seed=9"])["seed"], 9, "a flag wins");
    assert_eq!(from("SIMULATE_REPLICATIONS", "2", &[])["replications"], 2);
    let set = from("SIMULATE_SET", "scenario.seed=5\nscenario.name=\"given\"\n", &["--set", "scenario.seed=6"]);
    assert_eq!((&set["seed"], &set["scenario"]), (&6.into(), &"given".into()));
}

#[test]
fn every_flag_has_a_variable() {
    let desk = Desk::new();
    let mut command = desk.command(&["tiny.toml"]);
    command.env("SIMULATE_FORMAT", "json").env("SIMULATE_OUT", "out").env("SIMULATE_QUIET", "1");
    command.env("SIMULATE_THREADS", "1").env("SIMULATE_STRICT", "true").env("SIMULATE_FIDELITY", "exact");
    let assert = command.assert().success();
    assert_eq!(json(&assert)["deployments"][0]["fidelity"]["reason"], "asked for");
    assert_eq!(stderr(&assert), "");
    assert!(desk.path("out/report.html").is_file());
}

#[test]
fn bad_variables_are_named() {
    let desk = Desk::new();
    let refused = |name: &str, value: &str| stderr(&desk.command(&["tiny.toml"]).env(name, value).assert().code(2));
    assert!(refused("SIMULATE_SEED", "9007199254740993").contains("<SIMULATE_SEED>"));
    assert!(refused("SIMULATE_SET", "class.cpu=1s\nclass.oi=2s").contains("<SIMULATE_SET 2>"));
}

#[test]
fn a_variable_for_another_subcommand_does_no_harm() {
    Desk::new().command(&["schema"]).env("SIMULATE_SEED", "7").assert().success();
}

#[test]
fn colour_only_where_it_is_welcome() {
    let desk = Desk::new();
    let escapes = |assert: assert_cmd::assert::Assert| stderr(&assert.code(2)).contains('\u{1b}');
    let line = ["tiny.toml", "--set", "class.oi=1s"];
    assert!(!escapes(desk.simulate(&line)), "standard error is no terminal");
    assert!(escapes(desk.command(&line).env("CLICOLOR_FORCE", "1").assert()));
    let refused = [&line[..], &["--no-color"]].concat();
    assert!(!escapes(desk.command(&refused).env("CLICOLOR_FORCE", "1").assert()));
}
