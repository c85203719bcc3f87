//! Ctrl-C and SIGTERM in the middle of a run.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{Desk, files};

/// How long a start-up takes nobody knows: makes an attempt with ever more patience, until one was not too early.
fn patiently<T>(attempt: impl Fn(Duration) -> Option<T>) -> T {
    let patience = (0..6).map(|doubled| Duration::from_millis(400 << doubled));
    patience.into_iter().find_map(attempt).expect("the signal always came too early")
}

/// Starts a run with `--out out`, and sends `signal` after a while.
fn started(desk: &Desk, signal: &str, line: &[&str], patience: Duration) -> Child {
    let _ = std::fs::remove_dir_all(desk.path("out"));
    let child = Command::new(env!("CARGO_BIN_EXE_simulate"))
        .args(line)
        .args(["--threads", "1", "--out", "out", "--format", "json"])
        .current_dir(desk.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(patience);
    send(&child, signal);
    child
}

fn send(child: &Child, signal: &str) {
    Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
}

/// The end of a run that a signal stopped, unless `early` says that it came too early.
fn interrupted(desk: &Desk, signal: &str, line: &[&str], early: impl Fn(&Output) -> bool) -> Output {
    patiently(|patience| {
        let output = started(desk, signal, line, patience).wait_with_output().unwrap();
        (!early(&output)).then_some(output)
    })
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

/// Users of closed sources ask although no request comes from outside.
#[test]
fn users_are_interrupted_too() {
    let desk = Desk::new();
    let users = "traffic.source={ kind = 'closed', users = 10000, think = '100ms' }";
    let long = ["tiny.toml", "--set", users, "--set", "traffic.duration=10d"];
    let output = interrupted(&desk, "-INT", &long, unheard);
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
}

/// Nobody reads what the program prints, and that is more than a pipe holds: after the first signal it waits for a
/// reader for ever, so that only the second can end it.
#[test]
fn the_second_signal_ends_the_program_at_once() {
    let desk = Desk::new();
    let (status, printed) = patiently(|patience| {
        let mut child = started(&desk, "-INT", &["tiny.toml", "--replications", "100000"], patience);
        let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        if told.any(|line| line.contains("once more to stop at once")) {
            send(&child, "-INT");
        }
        let status = ended(&mut child);
        let mut printed = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut printed).unwrap();
        // A whole result: too few replications were finished to fill the pipe. No exit code: nobody listened yet.
        let early = status.code().is_none() || serde_json::from_slice::<Value>(&printed).is_ok();
        (!early).then_some((status, printed))
    });
    assert_eq!(status.code(), Some(130), "{}", text(&printed));
    assert!(!desk.path("out/result.json").exists());
    assert_no_leftovers(&desk.path("out"));
}

/// The end of a program that has been told to stop; one that does not is killed.
fn ended(child: &mut Child) -> ExitStatus {
    for _ in 0..600 {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("the second signal was not heeded");
}

fn assert_no_leftovers(folder: &Path) {
    for (name, _) in files(folder) {
        assert!(!name.contains(".writing-"), "{name}");
    }
}
