//! Ctrl-C and SIGTERM in the middle of a run.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{Desk, files};

/// Starts a run with `--out out`, sends `signal` after a while, and waits for the end. How long a start-up takes nobody
/// knows: when `early` says that the signal came too early, it tries again with more patience.
fn interrupted(desk: &Desk, signal: &str, line: &[&str], early: impl Fn(&Output) -> bool) -> Output {
    for attempt in 0..6 {
        let _ = std::fs::remove_dir_all(desk.path("out"));
        let child = Command::new(env!("CARGO_BIN_EXE_simulate"))
            .args(line)
            .args(["--threads", "1", "--out", "out", "--format", "json"])
            .current_dir(desk.path(""))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(400 << attempt));
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        if !early(&output) {
            return output;
        }
    }
    panic!("the signal always came too early");
}

/// Whether the signal came before anyone listened.
fn unheard(output: &Output) -> bool {
    output.status.code().is_none()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_owned()).unwrap()
}

#[test]
fn finished_replications_are_printed_and_written() {
    let desk = Desk::new();
    for signal in ["-INT", "-TERM"] {
        let nothing = |output: &Output| unheard(output) || output.stdout.is_empty();
        let output = interrupted(&desk, signal, &["tiny.toml", "--replications", "100000"], nothing);
        assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
        let result: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(result["partial"], true);
        let replications = result["replications"].as_u64().unwrap();
        assert!((1..100_000).contains(&replications), "{replications}");
        assert_eq!(desk.read("out/result.json"), text(&output.stdout));
        assert!(desk.read("out/report.html").trim_end().ends_with("</html>"));
        assert_no_leftovers(&desk.path("out"));
        assert!(text(&output.stderr).contains("Stopping with the replications that are finished"));
    }
}

#[test]
fn without_a_finished_replication_there_is_nothing() {
    let desk = Desk::new();
    let long = ["tiny.toml", "--set", "traffic.source.rate=100000/s", "--set", "traffic.duration=10d"];
    let output = interrupted(&desk, "-INT", &long, unheard);
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("interrupted before the first replication was finished"));
    assert_eq!(text(&output.stdout), "");
    assert!(!desk.path("out").exists() || files(&desk.path("out")).is_empty());
}

fn assert_no_leftovers(folder: &Path) {
    for (name, _) in files(folder) {
        assert!(!name.contains(".writing-"), "{name}");
    }
}
