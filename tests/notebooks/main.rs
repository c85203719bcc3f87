//! The notebooks run on what `simulate` writes, and on nothing else.
//!
//! Needs the Python environment that `tests/run.sh` makes; without it the test says that it skips.

use std::path::Path;
use std::process::Command;

use assert_cmd::prelude::*;

const SCENARIO: &str = r#"
[scenario]
replications = 3

[traffic]
duration = "6h"
source = { rate = "2/s", profile = "web-weekday" }

[class]
cpu = { dist = "lognormal", median = "15ms", sigma = 0.5 }
io = "40ms"

[[deployment]]
platform = "aws-lambda"
instance = { memory = "1024MiB" }

[[deployment]]
platform = "eks"
instance = { vcpu = 0.5, memory = "512MiB" }

# Without a tariff there is no bill: the notebook must cope with empty cells.
[[deployment]]
platform = "vm"
autoscaler = { kind = "fixed", replicas = 4 }

[slo]
p95 = "500ms"
"#;

/// Where the notebook leaves off: cost, breakdown, load, latency.
const FIGURES: &str = "4";

#[test]
fn first_look_draws_what_a_run_wrote() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/venv/bin/python");
    if !python.is_file() {
        eprintln!("SKIPPED: no target/venv, the notebook was not executed; tests/run.sh makes it");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (scenario, out) = (folder.path().join("notebook.toml"), folder.path().join("out"));
    std::fs::write(&scenario, SCENARIO).unwrap();
    Command::cargo_bin("simulate").unwrap().arg(&scenario).arg("--quiet").arg("--out").arg(&out).assert().success();
    Command::new(python)
        .arg(root.join("tests/notebooks/execute.py"))
        .arg(root.join("notebooks/first-look.ipynb"))
        .arg(FIGURES)
        .env("SIMULATE_RESULT", &out)
        .env_remove("MPLBACKEND")
        .assert()
        .success();
}
