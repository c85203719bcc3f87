//! Every format by a small file of its kind, and by hostile ones.

use crate::traffic::counts::CountTable;
use crate::traffic::counts::file::{Format, Missing, Reading, Unit};
use crate::traffic::problem::Problem;
use crate::units::Nanos;

const MINUTE: u64 = 60_000_000_000;
/// 2014-04-10 00:04 UTC.
const BEGIN: i128 = 1_397_088_240_000_000_000;

fn import(files: &[&str], reading: &Reading) -> Result<(CountTable, Vec<String>), Problem> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|text| ("file", text.as_bytes())).collect();
    CountTable::import(&files, reading).map_err(|error| error.problem)
}

fn read(files: &[&str], reading: &Reading) -> (Vec<f64>, u64, i128, Vec<String>) {
    let (table, notes) = import(files, reading).expect("the files are good");
    (table.counts, table.period.0, table.first, notes)
}

fn problem(text: &str, reading: &Reading) -> Problem {
    import(&[text], reading).expect_err("the file is bad")
}

#[test]
fn metric_data_comes_in_pages_newest_first() {
    let newest = r#"{"MetricDataResults":[{"Id":"m1","Label":"RequestCount","StatusCode":"PartialData",
        "Timestamps":["2014-04-10T00:19:00+00:00","2014-04-10T00:14:00Z"],"Values":[7.0,5.0]}]}"#;
    let oldest = r#"{"MetricDataResults":[{"Id":"m1","Label":"RequestCount","StatusCode":"Complete",
        "Timestamps":["2014-04-10T00:14:00Z","2014-04-10T00:04:00Z","2014-04-10T00:09:00Z"],"Values":[5,94,56]}]}"#;
    let (counts, period, first, notes) = read(&[newest, oldest], &Reading::default());
    assert_eq!((counts, period, first), (vec![94.0, 56.0, 5.0, 7.0], 5 * MINUTE, BEGIN));
    assert!(notes[0].contains("PartialData") && notes[1].contains("1 bins"), "{notes:?}");
    let one_file = format!("{newest}\n{oldest}");
    assert_eq!(read(&[&one_file], &Reading::default()).0, [94.0, 56.0, 5.0, 7.0]);
    let conflict = oldest.replace("[5,", "[6,");
    assert!(matches!(import(&[newest, &conflict], &Reading::default()), Err(Problem::Duplicate(_))));
}

#[test]
fn several_series_are_never_added_up_unasked() {
    let two = r#"{"MetricDataResults":[{"Id":"a","Label":"x","Timestamps":["2014-04-10T00:04:00Z"],"Values":[1]},
        {"Id":"b","Label":"y","Timestamps":["2014-04-10T00:04:00Z","2014-04-10T00:05:00Z"],"Values":[2,3]}]}"#;
    let found = || "a, b".to_owned();
    assert_eq!(problem(two, &Reading::default()), Problem::Series { wanted: None, found: found() });
    let named = |value: &str| Reading { value: Some(value.into()), ..Reading::default() };
    assert_eq!(read(&[two], &named("y")).0, [2.0, 3.0]);
    assert_eq!(problem(two, &named("z")), Problem::Series { wanted: Some("z".into()), found: found() });
}

#[test]
fn metric_statistics_are_in_no_order_and_must_be_sums() {
    let text = r#"{"Label":"RequestCount","Datapoints":[{"Timestamp":"2014-04-10T00:06:00Z","Sum":3.0,"Unit":"Count"},
        {"Timestamp":"2014-04-10T00:04:00Z","Sum":1.0},{"Timestamp":"2014-04-10T00:05:00Z","Sum":2.0}]}"#;
    assert_eq!(read(&[text], &Reading::default()).0, [1.0, 2.0, 3.0]);
    assert_eq!(problem(&text.replace("Sum", "Average"), &Reading::default()), Problem::NotSum);
}

#[test]
fn a_graph_of_the_console_has_lines_on_top() {
    let text = "Full label,RequestCount\nLabel,RequestCount\nId,m1\nStatistic,Sum\n\
                2014/04/10 00:04:00,94\n2014/04/10 00:09:00,\n2014/04/10 00:14:00,56\n2014/04/10 00:19:00,1\n";
    let reading = Reading { missing: Missing::Zero, ..Reading::default() };
    assert_eq!(read(&[text], &reading), (vec![94.0, 0.0, 56.0, 1.0], 5 * MINUTE, BEGIN, vec![]));
    assert_eq!(problem(&text.replace("Sum", "Average"), &reading), Problem::NotSum);
    let two = "Label,web,api\nId,m1,m2\n2014/04/10 00:04:00,1,2\n2014/04/10 00:05:00,3,4\n";
    assert!(matches!(problem(two, &reading), Problem::Series { wanted: None, .. }));
    assert_eq!(read(&[two], &Reading { value: Some("m2".into()), ..reading.clone() }).0, [2.0, 4.0]);
    assert!(matches!(problem(&text.replace("00:19:00", "later"), &reading), Problem::Time(_)));
}

/// An answer with one series per `(labels, samples)`.
fn matrix(series: &[(&str, &str)]) -> String {
    let series = series.iter().map(|(pod, values)| format!(r#"{{"metric":{{"pod":"{pod}"}},"values":[{values}]}}"#));
    let series = series.collect::<Vec<_>>().join(",");
    format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}"#)
}

fn unit(unit: Unit) -> Reading {
    Reading { unit: Some(unit), ..Reading::default() }
}

#[test]
fn rates_and_increases_are_of_the_step_before() {
    let text = matrix(&[("a", r#"[100.5,"1"],[110.5,"2"],[120.5,"NaN"]"#), ("b", r#"[110.5,"0.5"],[120.5,"4"]"#)]);
    let (counts, period, first, notes) = read(&[&text], &unit(Unit::Rate));
    assert_eq!((counts, period, first), (vec![10.0, 25.0, 40.0], 10_000_000_000, 90_500_000_000));
    assert!(notes.len() == 1 && notes[0].starts_with("1 samples"), "{notes:?}");
    assert_eq!(read(&[&text], &unit(Unit::Increase)).0, [1.0, 2.5, 4.0]);
    assert_eq!(problem(&text, &Reading::default()), Problem::NoUnit);
}

#[test]
fn counters_rise_over_pieces_resets_and_holes() {
    let early = matrix(&[("a", r#"[0,"100"],[10,"104"],[20,"109"]"#)]);
    let late = matrix(&[("a", r#"[20,"109"],[30,"3"],[50,"9"]"#), ("b", r#"[40,"7"],[50,"8"]"#)]);
    let (counts, _, first, notes) = read(&[&late, &early], &unit(Unit::Counter));
    assert_eq!((counts, first), (vec![4.0, 5.0, 3.0, 3.0, 4.0], 0));
    assert!(notes.len() == 1 && notes[0].starts_with("1 steps are absent inside 1 of 2"), "{notes:?}");
}

#[test]
fn failed_and_other_queries_are_refused() {
    let reading = unit(Unit::Rate);
    let failed = r#"{"status":"error","errorType":"bad_data","error":"exceeded 11,000 points","resultType":0}"#;
    assert!(matches!(problem(failed, &reading), Problem::Form(words) if words.contains("11,000")));
    let vector = matrix(&[]).replace("matrix", "vector");
    assert!(matches!(problem(&vector, &reading), Problem::Form(words) if words.contains("vector")));
    assert_eq!(problem(&matrix(&[]), &reading), Problem::Empty);
    assert_eq!(problem("{\"a\": 1}", &reading), Problem::Unknown);
}

#[test]
fn minutes_of_azure_are_added_up_and_days_follow_each_other() {
    let day = "HashOwner,HashApp,HashFunction,Trigger,1,2,3\no,a,f,http,1,0,2\no,a,g,timer,5,0,0\n";
    let (counts, period, first, _) = read(&[day], &Reading::default());
    assert_eq!((counts, period, first), (vec![6.0, 0.0, 2.0], MINUTE, 0));
    let sampled = "HashFunction,HashApp,HashOwner,minute_481,minute_480\nf,a,o,7,8\n";
    let (counts, _, first, _) = read(&[sampled], &Reading::default());
    assert_eq!((counts, first), (vec![8.0, 7.0], 479 * 60_000_000_000));
    let reading = Reading { missing: Missing::Zero, ..Reading::default() };
    let (counts, ..) = read(&[day, day], &reading);
    assert_eq!((counts.len(), counts.iter().sum::<f64>(), counts[1440]), (1443, 16.0, 6.0));
    assert!(matches!(problem("HashFunction,x\nf,1\n", &reading), Problem::NoColumn { role: "minute", .. }));
    assert_eq!(problem("HashFunction,1,2\nf,1\n", &reading), Problem::Short);
}

#[test]
fn totals_of_locust_are_differences() {
    let text = "Timestamp,User Count,Type,Name,Requests/s,Total Request Count\n\
                100,1,GET,/a,1,2\n100,1,,Aggregated,2,3\n101,1,,Aggregated,2,5\n101,1,,Aggregated,2,6\n\
                102,1,,Aggregated,2,6\n104,1,,Aggregated,2,10\n";
    let (counts, period, first, _) = read(&[text], &Reading::default());
    assert_eq!((counts, period), (vec![3.0, 3.0, 0.0, 2.0, 2.0], 1_000_000_000));
    assert_eq!(first, 99_000_000_000);
    assert!(matches!(problem(&text.replace("104", "1"), &Reading::default()), Problem::Backwards(_)));
}

#[test]
fn a_format_that_is_given_decides() {
    let reading = Reading { format: Some(Format::Prometheus), ..unit(Unit::Rate) };
    assert!(matches!(problem("t,count\n0,1\n", &reading), Problem::Form(_)));
}

#[test]
fn a_column_of_rates_is_multiplied_by_the_length_of_a_bin() {
    let (counts, _, first, _) = read(&["t,rate\n60,0.5\n120,2\n180,0\n"], &Reading::default());
    assert_eq!((&counts[..], first), (&[30.0, 120.0, 0.0][..], 60_000_000_000));
    let given = Reading { period: Some(Nanos(10_000_000_000)), ..Reading::default() };
    assert_eq!(read(&["t,rate\n60,0.5\n"], &given).0, [5.0]);
    assert_eq!(problem("t,rate\n60,0.5\n", &Reading::default()), Problem::NoPeriod);
}

#[test]
fn a_lenient_reading_adds_up_a_few_odd_rows_and_says_so() {
    let mut lines: Vec<String> = (0..300).map(|minute| format!("{},1", minute * 60)).collect();
    lines.swap(3, 4);
    lines.extend(["60,5", "90,7"].map(str::to_owned));
    let text = format!("t,count\n{}\n", lines.join("\n"));
    assert!(matches!(problem(&text, &Reading::default()), Problem::Backwards(_)));
    let lenient = Reading { lenient: true, ..Reading::default() };
    let (counts, _, _, notes) = read(&[&text], &lenient);
    assert_eq!((&counts[..3], counts.len()), (&[1.0, 13.0, 1.0][..], 300));
    assert_eq!(notes, ["2 bins lie off the grid or are there twice, and were added up"]);
    let many = format!("t,count\n{}\n{}\n", lines.join("\n"), ["60,6", "60,7", "60,8"].join("\n"));
    assert!(matches!(problem(&many, &lenient), Problem::Duplicate(_)));
}

#[test]
fn files_of_columns_merge_by_time() {
    let (counts, ..) = read(&["t,count\n120,3\n180,4\n", "t,count\n0,1\n60,2\n120,3\n"], &Reading::default());
    assert_eq!(counts, [1.0, 2.0, 3.0, 4.0]);
}

const FORMATS: [Format; 6] =
    [Format::Csv, Format::CloudWatch, Format::CloudWatchCsv, Format::Prometheus, Format::Azure2019, Format::Locust];

/// Beginnings that lead far into a reader.
const HEADS: [&str; 6] = [
    "t,count\n0,1\n",
    "{\"MetricDataResults\":[{\"Timestamps\":[",
    "Label,x\n2014/04/10 00:04:00,1\n",
    "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":[[0,\"1\"],",
    "HashFunction,1,2\nf,1,",
    "Timestamp,User Count,Name,Total Request Count\n1,1,Aggregated,5\n",
];

proptest::proptest! {
    #[test]
    fn no_file_makes_a_reader_panic(
        index in 0_usize..6,
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        likely in "([-0-9.:TZe, \"/\\]}]|Aggregated|\n){0,60}",
    ) {
        for tail in [String::from_utf8_lossy(&bytes).into_owned(), likely] {
            let reading = Reading { format: Some(FORMATS[index]), ..unit(Unit::Counter) };
            let text = format!("{}{tail}", HEADS[index]);
            if let Ok((table, _)) = import(&[&text], &reading) {
                proptest::prop_assert!(table.period > Nanos::ZERO && !table.counts.is_empty());
                proptest::prop_assert!(table.counts.iter().all(|count| count.is_finite() && *count >= 0.0));
            }
        }
    }
}
