//! The program end to end: the real binary on small scenarios, as its users meet it.

mod edges;
mod environment;
#[cfg(unix)]
mod interruption;
mod parts;
mod prices;
mod refusals;
mod results;
mod stores;
mod subcommands;
mod traffic;
mod workflows;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;

/// Two deployments and ten minutes: a run takes milliseconds.
const TINY: &str = r#"
[traffic]
duration = "10m"
source = { rate = "5/s" }
[class]
cpu = { dist = "exponential", mean = "20ms" }
io = "30ms"
[[deployment]]
platform = "aws-lambda"
[[deployment]]
platform = "ec2"
autoscaler = { kind = "fixed", replicas = 1 }
"#;

/// A folder to work in, with a scenario.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        desk.write("tiny.toml", TINY);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program in this folder, with nothing of the surroundings that it could notice.
    fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_simulate"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("SIMULATE_") || text.contains("COLOR") {
                command.env_remove(&name);
            }
        }
        command.current_dir(self.folder.path()).args(line);
        command
    }

    fn simulate(&self, line: &[&str]) -> Assert {
        self.command(line).assert()
    }

    /// What a successful command prints, as JSON.
    fn json(&self, line: &[&str]) -> Value {
        json(&self.simulate(line).success())
    }
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

fn json(assert: &Assert) -> Value {
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

/// Every file below `folder` with its bytes, sorted.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
