//! Real traffic through the public interface: files in, results out. The folder of the files is named by
//! `SIMULATE_TRACES`; without it these tests say loudly that they did nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use breakeven::experiment::result::RunResult;
use breakeven::experiment::{self, RunOptions};
use breakeven::scenario::{Document, Scenario};
use breakeven::traffic::Flow;
use breakeven::traffic::counts::CountTable;
use breakeven::traffic::fit;
use breakeven::traffic::log::entry::Entry;
use breakeven::traffic::log::read::{Reading, Summary, read};

/// The file, or `None` with a word about it when no folder is named.
fn trace(path: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("SIMULATE_TRACES") else {
        eprintln!("SKIPPED: {path}: SIMULATE_TRACES names no folder of traces");
        return None;
    };
    let file = std::path::absolute(Path::new(&folder).join(path)).unwrap();
    assert!(file.is_file(), "SIMULATE_TRACES is set, but there is no {}", file.display());
    Some(file)
}

/// Counts of `file` against one platform of each priced family.
fn scenario(file: &Path, source: &str, traffic: &str) -> Scenario {
    sourced("counts", file, source, traffic)
}

fn sourced(kind: &str, file: &Path, source: &str, traffic: &str) -> Scenario {
    let text = format!(
        "scenario.replications = 2\n{traffic}\n\
         traffic.source = {{ kind = \"{kind}\", file = '{}', {source} }}\n\
         class = {{ cpu = \"10ms\", io = \"20ms\" }}\n\
         deployment = [{{ platform = \"aws-lambda\" }}, {{ platform = \"app-engine-standard\" }}, {{ platform = \"eks\" }}]\n",
        file.display()
    );
    let mut document = Document::new("trace.toml", &text, Path::new("."), "trace", &[]);
    document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)))
}

fn table(scenario: &Scenario) -> &CountTable {
    match &scenario.traffic.sources[0].flow {
        Flow::Counts(counts) => &counts.table,
        _ => panic!("a source of counts"),
    }
}

fn total(scenario: &Scenario) -> f64 {
    table(scenario).counts.iter().sum()
}

/// Plays it and checks what must hold for any traffic.
fn played(scenario: &Scenario) -> RunResult {
    let result = experiment::run(scenario, &RunOptions::quiet()).unwrap();
    assert_eq!(result.inputs.len(), 1, "the file is named in the result");
    for deployment in &result.deployments {
        let (requests, attempts) = (deployment.requests, deployment.attempts);
        assert_eq!(requests.offered, result.traffic.requests, "{}: everybody gets the same", deployment.name);
        assert_eq!(requests.offered, requests.succeeded + requests.failed + requests.in_flight, "{}", deployment.name);
        let ends = attempts.completed + attempts.rejected + attempts.timed_out + attempts.failed + attempts.in_flight;
        assert_eq!(attempts.offered, ends, "{}", deployment.name);
        assert!(requests.succeeded * 10 > requests.offered * 9, "{}: {requests:?}", deployment.name);
        let cost = deployment.cost.as_ref().unwrap();
        assert!(cost.total > rust_decimal::Decimal::ZERO, "{}", deployment.name);
        // 10 ms of CPU and 20 ms of waiting, less what a bucket of the histogram may hide.
        assert!(deployment.latency_ms.p50.is_some_and(|p50| p50 > 30.0 * 0.996), "{}", deployment.name);
    }
    result
}

#[test]
fn the_world_cup_of_1998_by_the_minute() {
    let Some(file) = trace("worldcup98/wc98_per_minute.csv.gz") else { return };
    let whole = scenario(&file, "missing = \"zero\"", "");
    assert_eq!(total(&whole), 1_352_804_107.0);
    assert_eq!(table(&whole).counts.len(), 125_310);
    // Its first days at a hundredth: the bins lie at the start, whatever their own dates.
    let days = 4 * 1440;
    let scaled = scenario(&file, "missing = \"zero\", align = \"first\", scale = 0.01", "traffic.duration = \"4d\"");
    let result = played(&scaled);
    let expected = table(&scaled).counts[..days].iter().sum::<f64>() * 0.01;
    // A bin's fraction is rounded up with that probability: a variance of at most 1/4 each.
    let slack = 4.0 * (days as f64 / 4.0 / 2.0).sqrt();
    let found = result.traffic.requests_per_replication;
    assert!((found - expected).abs() < slack, "{found} requests, expected {expected} +- {slack}");
}

#[test]
fn a_load_balancer_of_2014_in_bins_of_five_minutes() {
    let Some(file) = trace("nab-cloudwatch/elb_request_count_8c0756.csv") else { return };
    let scenario = scenario(&file, "missing = \"zero\"", "");
    assert_eq!(table(&scenario).counts.len(), 4_040, "eight of which the file leaves out");
    assert_eq!(total(&scenario), 249_327.0);
    let result = played(&scenario);
    assert_eq!(result.traffic.requests, 2 * 249_327, "unscaled counts come back exactly");
    assert_eq!(result.simulated_seconds, 4_040.0 * 300.0);
}

#[test]
fn functions_of_azure_in_2019_by_the_minute() {
    let Some(file) = trace("azure-functions-2019/sample100_8h_invocations.csv") else { return };
    let scenario = scenario(&file, "", "");
    assert_eq!(total(&scenario), 339_657.0);
    assert_eq!(table(&scenario).first, 479 * 60_000_000_000, "the column 480 ends with minute 480");
    let result = played(&scenario);
    assert_eq!(result.traffic.requests, 2 * 339_657);
    assert_eq!(result.simulated_seconds, 8.0 * 3600.0);
}

#[test]
fn a_whole_day_of_functions_of_azure_in_2019() {
    let Some(file) = trace("azure-functions-2019/sample200_24h_invocations.csv.gz") else { return };
    let scenario = scenario(&file, "", "");
    assert_eq!((total(&scenario), table(&scenario).counts.len()), (1_770_353.0, 1440));
}

/// The values of the column `name`.
fn column(path: &str, name: &str) -> Option<std::collections::BTreeSet<String>> {
    let mut rows = csv::Reader::from_path(trace(path)?).unwrap();
    let index = rows.headers().unwrap().iter().position(|column| column == name).unwrap();
    Some(rows.records().map(|row| row.unwrap()[index].to_owned()).collect())
}

#[test]
fn durations_and_memory_join_the_invocations_of_azure() {
    let file = |what: &str| column(&format!("azure-functions-2019/sample100_8h_{what}.csv"), "HashFunction");
    let (Some(invocations), Some(durations), Some(memory)) = (file("invocations"), file("durations"), file("memory"))
    else {
        return;
    };
    assert_eq!(invocations.len(), 100);
    assert_eq!((&durations, &memory), (&invocations, &invocations), "100 of 100 join");
}

/// What a log says of its requests: how many of each `word`, with the summary.
fn tally(file: &Path, word: impl Fn(&Entry) -> String) -> (BTreeMap<String, u64>, Summary) {
    let mut tally = BTreeMap::new();
    let file = std::fs::File::open(file).unwrap();
    let summary = read(file, "trace", &Reading::default(), &mut |entry| *tally.entry(word(entry)).or_default() += 1);
    (tally, summary.unwrap())
}

fn status(entry: &Entry) -> String {
    entry.status.map_or_else(|| "-".to_owned(), |status| status.to_string())
}

fn expected<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counts.map(|(word, count)| (word.to_owned(), count)).into()
}

#[test]
fn ten_thousand_lines_of_apache_in_2015() {
    let Some(file) = trace("elastic-apache/apache_combined_10k.log.gz") else { return };
    let (statuses, summary) = tally(&file, status);
    let counts =
        [("200", 9126), ("206", 45), ("301", 164), ("304", 445), ("403", 2), ("404", 213), ("416", 2), ("500", 3)];
    assert_eq!(statuses, expected(counts));
    assert_eq!((summary.requests, summary.rejected, summary.cut), (10_000, 0, 1), "one line lacks its last quote");
    let (mut before, mut backwards) = (i64::MIN, 0_u64);
    let log = std::fs::File::open(&file).unwrap();
    let hours = |entry: &Entry| entry.at.div_euclid(3_600_000_000_000).to_string();
    read(log, "trace", &Reading::default(), &mut |entry| {
        backwards += u64::from(entry.at < before);
        before = entry.at;
    })
    .unwrap();
    assert!(backwards > 0, "lines are in the order of completion");
    assert_eq!(tally(&file, hours).0.len(), 84);
    let result = played(&sourced("log", &file, "", ""));
    assert_eq!(result.traffic.requests, 20_000);
}

#[test]
fn nasa_on_the_first_of_august_1995() {
    let Some(file) = trace("nasa-1995/nasa_1995-08-01_reconstructed.log.gz") else { return };
    let (statuses, summary) = tally(&file, status);
    assert_eq!(statuses, expected([("200", 27_972), ("302", 355), ("304", 2_421), ("404", 221)]));
    assert_eq!((summary.requests, summary.rejected), (30_969, 0));
    let method = |entry: &Entry| String::from_utf8_lossy(&entry.method).into_owned();
    assert_eq!(tally(&file, method).0, expected([("GET", 30_873), ("HEAD", 95), ("POST", 1)]));
    // Hours of the log's own zone, four behind UTC.
    let hour = |entry: &Entry| format!("{:02}", (entry.at / 3_600_000_000_000 - 4) % 24);
    let hours: Vec<u64> = tally(&file, hour).0.into_values().collect();
    assert_eq!(hours, [993, 1219, 985, 1146, 1022, 1778, 2858, 3199, 3788, 4048, 4443, 3299, 2191]);
    let scenario =
        sourced("log", &file, "align = \"clock\"", "traffic.start = 1995-08-01T06:00:00\ntraffic.duration = \"4h\"");
    assert_eq!(played(&scenario).traffic.requests, 2 * (993 + 1219 + 985 + 1146));
}

#[test]
fn invocations_and_prompts_of_azure_one_by_one() {
    let Some(file) = trace("azure-functions-2021/invocations_first200.csv") else { return };
    assert_eq!(tally(&file, |_| String::new()).1.requests, 199);
    let Some(file) = trace("azure-llm-2023/AzureLLMInferenceTrace_code.csv.gz") else { return };
    let result = played(&sourced("log", &file, "", ""));
    assert_eq!(result.traffic.requests, 2 * 8_819);
}

#[test]
fn the_world_cup_comes_back_from_arrivals_at_a_thousandth() {
    let Some(file) = trace("worldcup98/wc98_per_minute.csv.gz") else { return };
    let scenario = scenario(&file, "missing = \"zero\", scale = 0.001", "");
    let counts = &table(&scenario).counts;
    let mut found = vec![0.0_f64; counts.len()];
    let minute = 60_000_000_000;
    let _ = scenario.traffic.measured(1, 0, breakeven::units::Nanos(minute), |batch| {
        for request in batch {
            found[usize::try_from(request.at / minute).unwrap()] += 1.0;
        }
    });
    // A bin's fraction is rounded up with that probability, and nothing else changes.
    assert!(found.iter().zip(counts).all(|(found, count)| (found - count * 1e-3).abs() < 1.0));
    let (found, slack) = (found.iter().sum::<f64>(), 5.0 * (counts.len() as f64 / 4.0).sqrt());
    assert!((found - 1_352_804.107).abs() < slack, "{found} requests");
    let rounded: f64 = counts.iter().map(|count| count.round()).sum();
    assert_eq!(rounded, 1_352_804_107.0);
}

#[test]
fn fits_of_measured_series_hold_their_limits() {
    for (path, zone) in [
        ("nasa-1995/nasa_per_minute.csv.gz", "America/New_York"),
        ("nasa-1995/nasa_per_minute.csv.gz", "UTC"),
        ("nab-cloudwatch/elb_request_count_8c0756.csv", "UTC"),
        ("azure-functions-2019/sample200_24h_invocations.csv.gz", "UTC"),
        ("nasa-1995/nasa_per_second_1995-07-13.csv.gz", "UTC"),
    ] {
        let Some(file) = trace(path) else { return };
        let material = fit::read::read(&[(path.to_owned(), file)], &fit::read::Reading::default()).unwrap();
        let zone = jiff::tz::TimeZone::get(zone).unwrap();
        let fitted = fit::Fitted::new(&material.table, &zone).unwrap();
        for seed in 1..=3 {
            let comparison = fit::compare(&fitted, seed, 21);
            let missed: Vec<_> = comparison.rows.iter().filter(|row| !row.holds()).collect();
            assert!(missed.is_empty(), "{path} {zone:?} seed {seed}: {missed:?}");
        }
    }
}
