//! Audits of runs by rates: one that passes, one that fails for a reason that is known, one that cannot be paid.

use std::path::Path;

use breakeven::application::Request;
use breakeven::experiment::result::{Audit, AuditFigure, RunResult};
use breakeven::experiment::{self, RunOptions};
use breakeven::report::{self, Format};
use breakeven::scenario::Document;
use breakeven::traffic::window::Window;
use breakeven::units::Nanos;

fn run(text: &str, threads: usize) -> RunResult {
    let mut document = Document::new("audit.toml", text, Path::new("."), "audited", &[]);
    let scenario = document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)));
    experiment::run(&scenario, &RunOptions { threads: Some(threads), ..RunOptions::quiet() }).unwrap()
}

fn audit(result: &RunResult) -> &Audit {
    result.deployments[0].audit.as_ref().unwrap()
}

fn off(audit: &Audit, figure: AuditFigure) -> f64 {
    audit.figure(figure).unwrap_or_else(|| panic!("no {figure:?}")).0
}

const BURSTS: &str = r#"scenario = { seed = 11, replications = 2, fidelity = "tick" }
class = { cpu = "0ms", io = { dist = "lognormal", median = "72.6ms", sigma = 0.8 } }
traffic = { duration = "2h", source = { rate = "40/s", burst = { cv = 0.3, window = "1m" } } }
deployment = { platform = "aws-lambda", fleet = { lifetime = "none" } }
"#;

#[test]
fn an_audit_passes_and_says_by_how_much_rates_are_off() {
    let longer = BURSTS.replace("2h", "12h");
    let result = run(&longer, 1);
    let audit = audit(&result);
    assert_eq!((audit.passed, &audit.reason), (Some(true), &None));
    assert_eq!(audit.windows, 8);
    for figure in AuditFigure::ALL {
        assert!(audit.figure(figure).is_some(), "{figure:?}");
    }
    // Both engines bill the same requests.
    assert!(off(audit, AuditFigure::CostPerMonth).abs() < 0.002, "{:?}", audit.deviation);
    for format in [Format::Table, Format::Markdown] {
        let text = report::render(&result, format).unwrap();
        assert_eq!(text.matches("off by, in the audit").count(), 5, "{text}");
        assert!(text.contains("Audit passed: 8 windows, "), "{text}");
    }
    // At any number of threads.
    assert_eq!(serde_json::to_value(&result).unwrap(), serde_json::to_value(run(&longer, 2)).unwrap());
}

/// Two hours have too few instances to tell whether their mean is within 1 %.
#[test]
fn an_audit_that_cannot_tell_says_so() {
    let result = run(BURSTS, 2);
    let audit = audit(&result);
    assert_eq!((audit.passed, audit.windows), (None, 8));
    assert_eq!((audit.failed(), audit.open()), (vec![], vec![AuditFigure::Instances]));
    // Every window is as long as it can be: an eighth of the run, in whole minutes.
    assert!((audit.measured_seconds - 8.0 * 900.0).abs() < 1.0, "{}", audit.measured_seconds);
    assert!(audit.requests > 40 * 7200, "{}", audit.requests);
    let text = report::render(&result, Format::Table).unwrap();
    assert!(text.starts_with("audited: AUDIT UNDECIDED (aws-lambda)\n"), "{text}");
    assert!(text.contains("The audit of aws-lambda is undecided: "), "{text}");
    assert!(text.contains("Audit undecided: 8 windows, 2h in all"), "{text}");
    let exact = run(&BURSTS.replace("\"tick\"", "\"exact\""), 2);
    assert!(!report::render(&exact, Format::Table).unwrap().contains("AUDIT"));
}

/// Constant work on several servers that are half busy: the wait is the rest of what is at work, which the guide says is told
/// too short.
#[test]
fn an_audit_fails_where_rates_are_known_to_be_off() {
    let text = r#"scenario = { seed = 11, replications = 1, fidelity = "tick" }
class = { cpu = "0ms", io = "100ms" }
traffic = { duration = "24h", source = { rate = "25/s" } }
deployment = { name = "constant", platform = "vm", autoscaler = { kind = "fixed", replicas = 5 } }
"#;
    let result = run(text, 2);
    let audit = audit(&result);
    assert_eq!(audit.passed, Some(false));
    assert!(audit.failed().contains(&AuditFigure::P99), "{:?}", audit.failed());
    assert!((-0.07..-0.03).contains(&off(audit, AuditFigure::P99)), "{:?}", audit.deviation);
    assert!(off(audit, AuditFigure::Instances).abs() < 1e-9);
    let first = |format| report::render(&result, format).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(first(Format::Table), "audited: AUDIT FAILED (constant)");
    assert_eq!(first(Format::Markdown), "# audited: AUDIT FAILED (constant)");
}

#[test]
fn an_audit_that_cannot_be_paid_says_what_it_would_take() {
    let text = r#"scenario = { replications = 1 }
class = { cpu = "0ms", io = { dist = "exponential", mean = "100ms" } }
traffic = { duration = "1h", source = { rate = "1000000/s" } }
deployment = { platform = "vm", autoscaler = { kind = "fixed", replicas = 120000 } }
"#;
    let result = run(text, 2);
    let audit = audit(&result);
    assert_eq!((audit.windows, audit.passed), (0, None));
    // A thousand times of 100 ms, and a minute, of a million a second.
    let reason = audit.reason.as_deref().unwrap();
    assert!(reason.contains("needs about 180,000,000 requests"), "{reason}");
    let text = report::render(&result, Format::Table).unwrap();
    assert!(text.contains("Note: vm was played by rates and is not audited: a window"), "{text}");
}

/// Before nothing is audited, windows are fewer and shorter, and who needs more has more.
#[test]
fn a_dear_audit_has_few_windows() {
    let text = r#"scenario = { replications = 1, fidelity = "tick" }
class = { cpu = "0ms", io = { dist = "exponential", mean = "100ms" } }
traffic = { duration = "1h", source = { rate = "1000/s" } }
deployment = [
  { name = "fixed", platform = "vm", autoscaler = { kind = "fixed", replicas = 120 } },
  { name = "kept", platform = "faas", fleet = { slots = 1, reuse = "most-recent", start = "250ms", keep_alive = "3m" }, autoscaler = { kind = "per-request" } },
  { name = "longer", platform = "faas", fleet = { slots = 1, reuse = "most-recent", start = "250ms", keep_alive = "30m" }, autoscaler = { kind = "per-request" } },
]
"#;
    let result = run(text, 2);
    let audits = [0, 1, 2].map(|index| result.deployments[index].audit.as_ref().unwrap());
    // 1,080,000 may be played: 2 windows of 2 + 1 minutes of 60,000, and 2 of 4 + 1, take 960,000.
    assert_eq!(audits.map(|audit| audit.windows), [2, 2, 0]);
    assert_eq!(audits.map(|audit| audit.measured_seconds), [120.0, 120.0, 0.0]);
    let reason = audits[2].reason.as_deref().unwrap();
    assert!(reason.contains("needs about 1,900,000 requests"), "{reason}");
}

#[test]
fn what_is_played_request_by_request_has_no_audit() {
    let result = run(&BURSTS.replace("\"tick\"", "\"exact\"").replace("\"2h\"", "\"1m\""), 1);
    assert_eq!(result.deployments[0].audit, None);
}

/// Windows have the requests of the whole, and the rate behind them, whatever the warm-up.
#[test]
fn a_window_has_the_requests_of_the_whole() {
    let text = r#"scenario.replications = 2
class = [{ name = "a", cpu = { dist = "exponential", mean = "20ms" } }, { name = "b" }]
traffic = { duration = "3h", warmup = "100s", uncertainty = { level_cv = 0.2 }, source = [
  { name = "one", rate = "5/s", profile = "web-weekday", burst = { cv = 0.5, window = "7s" } },
  { name = "other", rate = "2/s", mix = { b = 1.0 } },
] }
deployment = { platform = "vm" }"#;
    let mut document = Document::new("window.toml", text, Path::new("."), "window", &[]);
    let scenario = document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)));
    let (traffic, application) = (&scenario.traffic, &scenario.application);
    let all = |fill: &mut dyn FnMut(&mut Vec<Request>)| {
        let (mut requests, mut batch) = (Vec::new(), Vec::new());
        loop {
            fill(&mut batch);
            if batch.is_empty() {
                return requests;
            }
            requests.extend_from_slice(&batch);
        }
    };
    let second = Nanos::SECOND.0;
    for (from, measured, until) in [(0, 100, 400), (100 + 3600, 100 + 3660, 100 + 7200), (40, 100, 10_900)] {
        let [from, measured, until] = [from, measured, until].map(|at| Nanos(at * second));
        let window = Window { from, measured, until, replication: 1 };
        let mut whole = traffic.play(application, scenario.seed, 1);
        let mut expected = all(&mut |batch| whole.fill(batch, 100));
        expected.retain(|request| (from.0..until.0).contains(&request.at));
        for request in &mut expected {
            request.at -= from.0;
        }
        let mut part = window.requests(traffic, application, scenario.seed);
        let found = all(&mut |batch| part.fill(batch, 100));
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!(found.at.abs_diff(expected.at) < 1000, "instants differ by rounding alone");
            assert_eq!(Request { at: expected.at, ..*found }, *expected);
        }

        let mut path = traffic.path(application, scenario.seed, 1);
        while path.next(from.0).is_some() {}
        let mut part = window.path(traffic, application, scenario.seed);
        while let Some(stretch) = part.next(u64::MAX) {
            let of_whole = path.next(stretch.to + from.0).unwrap();
            assert_eq!((of_whole.from - from.0, of_whole.to - from.0), (stretch.from, stretch.to));
            assert!((of_whole.expected() / stretch.expected() - 1.0).abs() < 1e-9);
        }

        let mut counts = window.counts(application);
        counts.count(&expected);
        let late = expected.iter().filter(|request| request.at >= window.warmup().0).count();
        assert_eq!(counts.statistics().requests, late as u64);
    }
}
