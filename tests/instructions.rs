//! Hot loops are held to what they cost: instructions for each attempt, simulated hour, byte of a log or new bill, which repeat
//! to the last digit where time does not. `benches/instructions/*.toml` are played under callgrind by the program that
//! `SIMULATE_GATE` names (built with the profile `gate`); without it this test says loudly that it did nothing. What is
//! known stands in `benches/instructions.csv`; `BLESS=1` renews it: say in `benches/baseline.md` why.

#[path = "../benches/support/access_log.rs"]
mod access_log;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use breakeven::kernel::whole;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// More than this over what is known is a change that has to be explained, be it of the compiler.
const TOLERANCE: f64 = 0.03;
/// Lines of the log that is read.
const LINES: u32 = 20_000;

#[derive(Debug, Deserialize, Serialize)]
struct Known {
    scenario: String,
    per: Per,
    /// Instructions for each, when this was last renewed.
    instructions: u64,
    /// And the most that are allowed, whatever happens.
    most: u64,
}

/// What is counted, and for each of what.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Per {
    /// Requests played one by one: for each attempt at a service.
    Attempt,
    /// Rates: for each simulated hour.
    Hour,
    /// A log that is read: for each byte of it.
    Byte,
    /// Stored usage of a deployment in a replication that is priced anew.
    Bill,
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join(name)
}

/// Instructions of the whole program, and what it prints.
fn counted(program: &OsStr, arguments: &[&str]) -> (u64, Vec<u8>) {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).args(arguments);
    let output = valgrind.output().expect("valgrind is installed");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    let count = log.lines().find_map(|line| line.split_once("Collected : ")).expect("callgrind says what it counted").1;
    (count.trim().parse().unwrap(), output.stdout)
}

/// Attempts at all services of all deployments; where there is one service, those of the clients.
fn attempts(result: &[u8]) -> u64 {
    let result: serde_json::Value = serde_json::from_slice(result).unwrap();
    let of = |deployment: &serde_json::Value| match deployment["services"].as_array().map(Vec::as_slice) {
        None | Some([]) => deployment["attempts"]["offered"].as_u64().unwrap(),
        Some(services) => services.iter().map(|service| service["requests"].as_u64().unwrap()).sum(),
    };
    result["deployments"].as_array().unwrap().iter().map(of).sum()
}

/// Instructions for each.
fn cost(program: &OsStr, Known { scenario, per, .. }: &Known) -> u64 {
    let path = file("instructions").join(format!("{scenario}.toml"));
    let counted = |arguments: &[&str]| counted(program, arguments);
    let check = |path: &Path| counted(&["check", path.to_str().unwrap(), "--quiet"]).0;
    let run = |more: &[&str]| {
        counted(&[&["run", path.to_str().unwrap(), "--quiet", "--threads", "1", "--format", "json"], more].concat())
    };
    let folder = tempfile::tempdir().unwrap();
    match per {
        Per::Attempt => {
            let (instructions, result) = run(&[]);
            (instructions - check(&path)) / attempts(&result)
        }
        Per::Hour => {
            let (instructions, result) = run(&[]);
            let result: serde_json::Value = serde_json::from_slice(&result).unwrap();
            for deployment in result["deployments"].as_array().unwrap() {
                assert_eq!(deployment["audit"]["windows"], 0, "what is counted is to be the tick engine alone");
            }
            (instructions - check(&path)) / whole::round(result["simulated_seconds"].as_f64().unwrap() / 3600.0)
        }
        Per::Byte => {
            let log = access_log::combined(LINES);
            let copy = folder.path().join("scenario.toml");
            std::fs::copy(&path, &copy).unwrap();
            std::fs::write(folder.path().join("access.log"), &log).unwrap();
            check(&copy) / log.len() as u64
        }
        Per::Bill => {
            let mut command = Command::new(program);
            let out = command.arg("run").arg(&path).args(["--quiet", "--out"]).arg(folder.path());
            assert!(out.output().unwrap().status.success());
            let stored = folder.path().join("result.json");
            let (instructions, result) = counted(&["reprice", stored.to_str().unwrap(), "--quiet", "--format", "json"]);
            let result: serde_json::Value = serde_json::from_slice(&result).unwrap();
            let bills =
                result["replications"].as_u64().unwrap() * result["deployments"].as_array().unwrap().len() as u64;
            instructions / bills
        }
    }
}

#[test]
fn nothing_takes_more_instructions_than_it_did() {
    let Some(program) = std::env::var_os("SIMULATE_GATE") else {
        eprintln!("SKIPPED: SIMULATE_GATE names no program that is built with the profile `gate`");
        return;
    };
    let table = file("instructions.csv");
    let mut known: Vec<Known> =
        csv::Reader::from_path(&table).unwrap().deserialize().collect::<Result<_, _>>().unwrap();
    let found: Vec<u64> = known.par_iter().map(|case| cost(&program, case)).collect();
    let mut problems = String::new();
    for (case, each) in known.iter_mut().zip(found) {
        let line = format!("{}: {each} instructions for each {:?}", case.scenario, case.per);
        println!("{line}, known {}, at most {}", case.instructions, case.most);
        if std::env::var_os("BLESS").is_some() {
            case.instructions = each;
        } else if each as f64 > case.instructions as f64 * (1.0 + TOLERANCE) {
            let _ = writeln!(problems, "{line}, known {}", case.instructions);
        }
        if each > case.most {
            let _ = writeln!(problems, "{line}, at most {} are allowed", case.most);
        }
    }
    if std::env::var_os("BLESS").is_some() {
        let mut writer = csv::Writer::from_path(&table).unwrap();
        for case in &known {
            writer.serialize(case).unwrap();
        }
        writer.flush().unwrap();
    }
    assert!(problems.is_empty(), "{problems}");
}

/// Every scenario that is played for its instructions has a line, and the other way round.
#[test]
fn every_scenario_has_its_line() {
    let mut lines: Vec<String> = csv::Reader::from_path(file("instructions.csv"))
        .unwrap()
        .deserialize()
        .map(|known: Result<Known, _>| known.unwrap().scenario)
        .collect();
    let files = std::fs::read_dir(file("instructions")).unwrap();
    let mut files: Vec<String> =
        files.map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
    lines.sort();
    files.sort();
    assert_eq!(lines, files);
}
