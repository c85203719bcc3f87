//! A bill that follows its requests, told at their expected number: its interval is far narrower and holds what is known.

use breakeven::experiment::result::RunResult;

use crate::system::run;

const RUNS: u64 = 30;
/// Of how many the interval has to hold what is known: where 95 in 100 do, fewer of 30 do once in 64.
const HELD: u64 = 26;

const SOURCE: &str = "source = { rate = '20/s' }";
const UNCERTAIN: &str = "source = { rate = '20/s' }, uncertainty = { level_cv = 0.2 }";

fn played(seed: u64, traffic: &str) -> RunResult {
    run(&format!(
        "scenario = {{ seed = {seed}, replications = 5 }}\ntraffic = {{ duration = '1h', {traffic} }}\n\
         class = {{ io = '100ms', response_bytes = '0B' }}\n\
         deployment = [{{ platform = 'aws-lambda' }}, {{ platform = 'ec2', edge = 'none', instance = {{ type = 't3.micro' }}, \
         autoscaler = {{ kind = 'fixed', replicas = 1 }}, fleet = {{ slots = 20 }} }}]\n"
    ))
}

#[test]
fn a_bill_that_follows_requests_is_known_far_better_and_holds_what_is_known() {
    // Constant work makes the bill of functions proportional to their requests: 72,000 are to be expected.
    let sure = played(1, SOURCE);
    let billed = f64::try_from(sure.deployments[0].cost.as_ref().unwrap().per_month).unwrap();
    let known = billed * 72_000.0 / sure.traffic.requests_per_replication;
    let (mut held, mut worth) = (0, 0.0);
    for seed in 100..100 + RUNS {
        let result = played(seed, UNCERTAIN);
        let at = result.deployments[0].cost.as_ref().unwrap().at_expected_traffic.clone().unwrap();
        // Cold starts and requests at the end leave a little.
        held += u64::from(at.ci95.low <= known * 1.0002 && known * 0.9998 <= at.ci95.high);
        worth += at.worth / RUNS as f64;
        let fixed = result.deployments[1].cost.as_ref().unwrap();
        assert!(fixed.at_expected_traffic.is_none(), "a machine costs the same whoever comes");
    }
    println!("bills at the expected number of requests: {held} of {RUNS} hold {known}, worth {worth:.0} runs each");
    assert!(held >= HELD, "{held} of {RUNS} hold {known}");
    assert!(worth > 100.0, "{worth}");
}

#[test]
fn what_is_not_known_beforehand_controls_nothing() {
    let at = |result: &RunResult| result.deployments[0].cost.as_ref().unwrap().at_expected_traffic.is_some();
    assert!(at(&played(1, UNCERTAIN)));
    let growing = "source = { rate = '20/s' }, uncertainty = { level_cv = 0.2, growth_cv = 0.1 }";
    assert!(!at(&played(1, growing)));
    assert!(!at(&played(1, "source = { kind = 'hawkes', rate = '20/s', branching = 0.5, decay = '10s' }")));
}
