//! The report in a real browser: light and dark, wide and as narrow as a phone. Needs Chromium; says so where there is
//! none. Pictures are left in the folder that cargo gives tests for their files.
#![cfg(unix)]

mod chromium;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chromium::{Chromium, Look};
use serde_json::Value;

const SCENARIO: &str = r#"
scenario.replications = 3
[traffic]
duration = "2h"
source = { rate = "20/s", event = [{ name = "rush", at = "1h", multiplier = 5.0, hold = "10m" }] }
[class]
cpu = { dist = "lognormal", median = "20ms", sigma = 0.5 }
io = "30ms"
[[deployment]]
platform = "aws-lambda"
[[deployment]]
platform = "app-engine-standard"
[[deployment]]
platform = "eks"
autoscaler.min = 3
[[deployment]]
name = "a-name-that-is-longer-than-it-need-be"
platform = "ec2"
autoscaler = { kind = "fixed", replicas = 2 }
[slo]
p99 = "500ms"
availability = "99.9%"
[budget]
cost_per_month = "500 USD"
"#;

const LOOKS: [Look; 4] = [
    Look { name: "light", scheme: "light", width: 1200 },
    Look { name: "dark", scheme: "dark", width: 1200 },
    Look { name: "phone-light", scheme: "light", width: 390 },
    Look { name: "phone-dark", scheme: "dark", width: 390 },
];

/// What the page itself can tell: elements that stick out of the window or of what clips them, texts of a chart that
/// leave it or run into each other, and contrast of the text.
const PROBE: &str = include_str!("probe.js");

/// Runs `simulate` in a new folder and gives the page it wrote.
fn page(name: &str, line: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("scenario.toml"), SCENARIO).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_simulate"))
        .current_dir(&folder)
        .args(line)
        .args(["--out", "out", "--quiet"])
        .output()
        .unwrap();
    assert!(run.status.code().is_some_and(|code| code == 0 || code == 3), "{}", String::from_utf8_lossy(&run.stderr));
    folder.join("out/report.html")
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

fn look_at(browser: &mut Chromium, page: &Path) {
    for look in LOOKS {
        let seen = browser.open(page, &look);
        let what = format!("{} ({})", page.display(), look.name);
        assert_eq!(seen.errors, [""; 0], "errors on the console of {what}");
        assert_eq!(seen.requests, [""; 0], "requests of {what}");
        let probed = browser.evaluate(PROBE);
        assert!(!probed["title"].as_str().unwrap().is_empty(), "{what} has no title");
        assert_eq!(
            probed["charts"].as_u64().unwrap(),
            probed["described"].as_u64().unwrap(),
            "{what}: charts and texts"
        );
        assert!(probed["charts"].as_u64().unwrap() > 0, "{what} has no chart");
        for problem in ["wide", "clipped", "outside", "overlapping", "faint"] {
            assert_eq!(texts(&probed[problem]), [""; 0], "{problem} in {what}");
        }
        browser.picture(&page.with_file_name(format!("{}.png", look.name)));
    }
}

#[test]
fn reports_are_readable_in_a_browser() {
    let Some(mut browser) = Chromium::start() else {
        eprintln!("SKIPPED: there is no Chromium here (apt-get install chromium): no report was looked at");
        return;
    };
    look_at(&mut browser, &page("run", &["scenario.toml"]));
    let over = "traffic.source.rate=1/s..30/s:3:log";
    look_at(&mut browser, &page("sweep", &["sweep", "scenario.toml", "--over", over]));
}
