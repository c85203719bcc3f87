//! Every format by a small log of its kind, and by hostile ones.

use std::io::Write;

use jiff::tz::TimeZone;

use super::combined::Field;
use super::entry::Entry;
use super::read::{Format, Reading, Summary, read};
use crate::traffic::problem::{FileError, Problem};

const SECOND: i64 = 1_000_000_000;
const MS: i64 = 1_000_000;
/// 2015-05-17 10:05:03 UTC.
const STAMP: i64 = 1_431_857_103 * SECOND;

fn all(text: &[u8], reading: &Reading) -> Result<(Vec<Entry<'static>>, Summary), FileError> {
    let mut entries = Vec::new();
    let summary = read(text, "x.log", reading, &mut |entry| {
        let owned = |text: &[u8]| text.to_vec().into();
        entries.push(Entry { method: owned(&entry.method), target: owned(&entry.target), ..entry.clone_times() });
    })?;
    Ok((entries, summary))
}

impl Entry<'_> {
    /// All but the texts.
    fn clone_times(&self) -> Entry<'static> {
        let (at, duration, status, bytes, whole) = (self.at, self.duration, self.status, self.bytes, self.whole);
        Entry { at, duration, status, bytes, whole, ..Entry::default() }
    }
}

/// What is said of one log: arrival, duration, status, bytes, method and target of each request.
type Row = (i64, Option<i64>, Option<u16>, Option<u64>, String);

fn rows(text: &str, reading: &Reading) -> Vec<Row> {
    let (entries, summary) = all(text.as_bytes(), reading).expect("the log is good");
    assert_eq!((summary.rejected, summary.requests), (0, entries.len() as u64), "{:?}", summary.reasons);
    let text = |entry: &Entry| {
        format!("{} {}", String::from_utf8_lossy(&entry.method), String::from_utf8_lossy(&entry.target))
    };
    entries.iter().map(|entry| (entry.at, entry.duration, entry.status, entry.bytes, text(entry))).collect()
}

fn row(at: i64, duration: Option<i64>, status: u16, bytes: u64, asked: &str) -> Row {
    (at, duration, (status > 0).then_some(status), Some(bytes), asked.to_owned())
}

fn fields(fields: &[Field]) -> Reading {
    Reading { fields: fields.to_vec(), ..Reading::default() }
}

#[test]
fn common_and_combined_lines_with_all_their_dirt() {
    let stamp = "[17/May/2015:10:05:03 +0000]";
    let line = |before: &str, request: &str, after: &str| format!("{before} - - {stamp} \"{request}\" {after}\n");
    let text = [
        line("1.2.3.4", "GET /a b HTTP/1.1", "200 512 \"-\" \"Agent \\\"quoted\\\" 1.0\""),
        line("::1", "GET /old", "304 -"),
        line("www.example.org:443 1.2.3.4", "POST /x?q=[1] HTTP/2.0", "201 7\r"),
        line("h", "-", "408 0"),
        line("h", "", "000 0"),
        line("h", "\\x16\\x03\\x01", "400 226"),
        line("h", "GET /say\"hi\" HTTP/1.0", "404 1"),
        format!("h - Jane [Doe] {stamp} \"GET / HTTP/1.0\" - 1\n"),
    ]
    .concat();
    let expected = [
        row(STAMP, None, 200, 512, "GET /a b"),
        (STAMP, None, Some(304), None, "GET /old".to_owned()),
        row(STAMP, None, 201, 7, "POST /x?q=[1]"),
        row(STAMP, None, 408, 0, " -"),
        row(STAMP, None, 0, 0, " "),
        row(STAMP, None, 400, 226, " \\x16\\x03\\x01"),
        row(STAMP, None, 404, 1, "GET /say\"hi\""),
        row(STAMP, None, 0, 1, "GET /"),
    ];
    let mut found = rows(&text, &Reading::default());
    found[2].3 = Some(7);
    assert_eq!(found, expected);
}

#[test]
fn declared_fields_say_how_long_and_what_the_stamp_means() {
    let line = "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"agent\"";
    let took = |tail: &str, list: &[Field]| {
        let found = rows(&format!("{line} {tail}\n"), &fields(list));
        (found[0].0 - STAMP, found[0].1.expect("a duration"))
    };
    assert_eq!(took("1500", &[Field::Micros]), (0, 1_500_000));
    assert_eq!(took("2", &[Field::Seconds]), (0, 2 * SECOND));
    assert_eq!(took("x 0.250", &[Field::Ignored, Field::RequestTime]), (-250 * MS, 250 * MS));
    assert_eq!(took("0.250 1431857103.900", &[Field::RequestTime, Field::Msec]), (650 * MS, 250 * MS));
    let missing = all(format!("{line}\n").as_bytes(), &fields(&[Field::Micros])).expect_err("no field");
    assert!(matches!(missing.problem, Problem::Rejected { rejected: 1, lines: 1, .. }), "{missing}");
}

#[test]
fn load_balancers_say_when_a_request_came() {
    let alb = "https 2018-07-02T22:23:00.186641Z app/my/50dc 192.0.2.1:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 \
        \"GET https://www.example.com:443/ HTTP/1.1\" \"curl/7.46.0\" ECDHE TLSv1.2 arn:aws:x \"Root=1-58\" \"www\" \"arn\" 1 \
        2018-07-02T22:22:48.364000Z \"waf,forward\" \"-\" \"-\" \"10.0.0.1:80\" \"200\" \"-\" \"-\" TID_1 future\n";
    let at = 1_530_570_168_364 * MS;
    assert_eq!(rows(alb, &Reading::default()), [row(at, Some(171 * MS), 200, 57, "GET https://www.example.com:443/")]);
    let unanswered = alb.replace("0.086 0.048 0.037 200 200", "-1 -1 -1 502 -").replace("10.0.0.1:80 -1", "- -1");
    assert_eq!(rows(&unanswered, &Reading::default())[0].1, None, "-1 is no duration");
    let elb = "2015-05-13T23:39:43.945958Z my-lb 192.168.131.39:2817 10.0.0.1:80 0.000086 0.001048 0.001337 200 200 0 57 \
        \"GET https://www.example.com:443/ HTTP/1.1\" \"curl/7.38.0\" DHE TLSv1.2\n";
    let at = 1_431_560_383_945_958_000;
    let expected = row(at, Some(2_471_000), 200, 57, "GET https://www.example.com:443/");
    assert_eq!(rows(elb, &Reading::default()), [expected]);
}

const CLOUDFRONT: &str = "#Version: 1.0\n#Fields: date time sc-status cs-method cs-uri-stem x-edge-result-type time-taken\n\
    2015-05-17\t10:05:03\t200\tGET\t/a%20b\tHit\t0.250\n2015-05-17\t10:05:03\t000\tGET\t/b\tMiss\t1.5\n\
    #Fields: time date time-taken sc-bytes x-edge-result-type\n10:05:04\t2015-05-17\t0.5\t77\tRefreshHit\n";

#[test]
fn cloudfront_names_its_columns_and_stamps_the_end() {
    let found = rows(CLOUDFRONT, &Reading::default());
    let arrivals: Vec<i64> = found.iter().map(|row| (row.0 - STAMP) / MS).collect();
    assert_eq!(arrivals, [-250, -1500, 500]);
    assert_eq!((found[0].2, found[1].2, &found[1].4[..], found[2].3), (Some(200), None, "GET /b", Some(77)));
    let reading = Reading { origin_only: true, ..Reading::default() };
    let (entries, summary) = all(CLOUDFRONT.as_bytes(), &reading).expect("good");
    assert_eq!((entries.len(), summary.left_out), (2, 1));
}

#[test]
fn json_of_nginx_google_and_k6() {
    let nginx = r#"{"time_iso8601":"2015-05-17T12:05:03+02:00","request_time":"0.250","status":"200","body_bytes_sent":5,"request":"GET /a HTTP/1.1"}
{"msec":1431857103.500,"request_time":0.5,"status":404,"request_method":"PUT","uri":"/b"}
"#;
    let found = rows(nginx, &Reading::default());
    assert_eq!(found[0], row(STAMP - 250 * MS, Some(250 * MS), 200, 5, "GET /a"));
    assert_eq!(found[1], (STAMP, Some(500 * MS), Some(404), None, "PUT /b".to_owned()));
    let one = r#"{"insertId":"a","timestamp":"2015-05-17T10:05:03.000000001Z","httpRequest":{"requestMethod":"GET","requestUrl":"/a","status":200,"responseSize":"12","latency":"0.182s"},"resource":{"type":"cloud_run_revision"}}"#;
    let other = r#"{"insertId":"b","timestamp":"2015-05-17T10:05:09Z","textPayload":"hello"}"#;
    let old = r#"{"insertId":"c","timestamp":"2015-05-17T10:05:09Z","protoPayload":{"startTime":"2015-05-17T10:05:03Z","latency":"1s","status":500,"method":"GET","resource":"/old"}}"#;
    let expected = [
        row(STAMP + 1, Some(182 * MS), 200, 12, "GET /a"),
        (STAMP, Some(SECOND), Some(500), None, "GET /old".to_owned()),
    ];
    assert_eq!(rows(&format!("{one}\n{other}\n{old}\n"), &Reading::default()), expected);
    assert_eq!(rows(&format!("[{one},\n{other},{old}]"), &Reading::default()), expected);
    let cut = all(format!("[{one},").as_bytes(), &Reading::default()).expect_err("cut short");
    assert!(matches!(cut.problem, Problem::Form(_)), "{cut}");
    let k6 = r#"{"type":"Metric","metric":"http_req_duration","data":{}}
{"type":"Point","metric":"http_req_duration","data":{"time":"2015-05-17T10:05:03Z","value":250.5,"tags":{"status":"200","method":"GET","url":"/a"}}}
{"type":"Point","metric":"http_reqs","data":{"time":"2015-05-17T10:05:03Z","value":1}}
"#;
    let took = 250 * MS + 500_000;
    let expected = (STAMP - took, Some(took), Some(200), None, "GET /a".to_owned());
    assert_eq!(rows(k6, &Reading::default()), [expected]);
}

#[test]
fn archives_and_tables() {
    let har = r#"{"log":{"version":"1.2","creator":{},"entries":[{"startedDateTime":"2015-05-17T10:05:03.000Z","time":12.5,
        "request":{"method":"GET","url":"/a"},"response":{"status":200,"content":{"size":9}}}]}}"#;
    let expected = row(STAMP, Some(12 * MS + 500_000), 200, 9, "GET /a");
    assert_eq!(rows(har, &Reading::default()), [expected]);
    let azure = "app,func,end_timestamp,duration\na,f,10.5,0.25\n";
    let expected = (10 * SECOND + 250 * MS, Some(250 * MS), None, None, " f".to_owned());
    assert_eq!(rows(azure, &Reading::default()), [expected]);
    let k6 = "metric_name,timestamp,metric_value,status,method,url\nhttp_reqs,1431857103,1,200,GET,/a\n\
              http_req_duration,1431857103,250,200,GET,/a\n";
    let expected = (STAMP - 250 * MS, Some(250 * MS), Some(200), None, "GET /a".to_owned());
    assert_eq!(rows(k6, &Reading::default()), [expected]);
    let naive = "TIMESTAMP,ContextTokens\n2015-05-17 12:05:03.0000001,7\n";
    let reading = Reading { timezone: TimeZone::get("Europe/Berlin").expect("zone"), ..Reading::default() };
    assert_eq!(rows(naive, &reading)[0].0, STAMP + 100);
    let reading = Reading { time: Some("at".into()), format: Some(Format::Csv), ..Reading::default() };
    assert_eq!(
        rows("n,at,duration_ms\n1,5,20\n", &reading)[0],
        (5 * SECOND, Some(20 * MS), None, None, " ".to_owned())
    );
}

#[test]
fn rejects_are_counted_and_too_many_refuse_the_log() {
    let good = "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5\n";
    let cut = "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"Mozi\n";
    let bad = "\u{fffd}\0 nothing of the kind\n";
    let text = format!("{}{bad}\n{cut}", good.repeat(8));
    let (entries, summary) = all(text.as_bytes(), &Reading::default()).expect("one of ten");
    assert_eq!((entries.len(), summary.rejected, summary.cut), (9, 1, 1));
    let notes = summary.notes();
    assert!(notes[0].starts_with("1 of 10 lines were rejected (line 9: no stamp"), "{notes:?}");
    assert!(notes[1].starts_with("1 lines are cut short"), "{notes:?}");
    let error = all(format!("{good}{bad}{bad}").as_bytes(), &Reading::default()).expect_err("two of three");
    assert_eq!((error.line, error.to_string().contains("2 of 3 lines cannot be read")), (Some(2), true), "{error}");
    let long = format!("{good}{}\n{}", "x".repeat(10_000_000), good.repeat(9));
    let (entries, summary) = all(long.as_bytes(), &Reading::default()).expect("one line of 10 MB");
    assert_eq!((entries.len(), summary.reasons), (10, vec![(2, "longer than 1 MiB")]));
    for empty in [&b""[..], b"\r\n\n"] {
        assert_eq!(all(empty, &Reading::default()).expect("empty").1, Summary::default());
    }
    assert_eq!(all(b"hello\n", &Reading::default()).expect_err("text").problem, Problem::Unknown);
}

#[test]
fn hostile_lines_are_reported_and_cost_nothing_else() {
    let line = |stamp: &str, target: &str| format!("h - - [{stamp}] \"GET {target} HTTP/1.1\" 200 5\n").into_bytes();
    let mut text = Vec::new();
    for number in 0..100 {
        text.extend(line(&format!("17/May/2015:10:05:{:02} +0000", number % 60), "/"));
    }
    text.extend(line("17/May/2015:10:05:03 +0000", "/nul\0nul"));
    text.extend(b"h - - [17/May/2015:10:05:03 +0000] \"GET /caf\xe9 HTTP/1.0\" 200 5\n");
    text.extend(line("31/Dec/2199:23:59:59 +0000", "/future"));
    text.extend(line("17/May/2015:10:05:03 +0000", "/twice"));
    text.extend(line("17/May/2015:10:05:03 +0000", "/twice"));
    text.extend(line("01/Jan/1971:00:00:00 +0000", "/backwards"));
    text.extend(line("31/Feb/2015:10:05:03 +0000", "/no-such-day"));
    text.extend(line("17/May/2015:25:05:03 +0000", "/no-such-hour"));
    text.extend(vec![b'['; 900_000]);
    text.push(b'\n');
    text.extend(vec![b'"'; 900_000]);
    text.push(b'\n');
    text.extend(vec![b'x'; 10_000_000]);
    text.extend(b"\n\0\0\0\n");
    let (entries, summary) = all(&text, &Reading::default()).expect("few are bad");
    assert_eq!((entries.len(), summary.requests, summary.rejected), (106, 106, 6));
    assert_eq!(summary.reasons.len(), 3);
    assert!(summary.notes()[0].starts_with("6 of 112 lines were rejected"), "{:?}", summary.notes());
    assert!(entries.iter().any(|entry| entry.target.as_ref() == b"/caf\xe9"));
}

#[test]
fn packed_logs_are_unpacked() {
    let text = "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5\n".repeat(5000);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).expect("memory");
    let gzip = gzip.finish().expect("memory");
    assert_eq!(all(&gzip, &Reading::default()).expect("gzip").0.len(), 5000);
    assert!(all(&gzip[..gzip.len() / 2], &Reading::default()).is_err(), "a damaged stream is told");
}

#[test]
fn every_byte_is_looked_at_a_few_times_whatever_a_line_holds() {
    let stamp = "h - - [17/May/2015:10:05:03 +0000] \"GET ";
    let pieces = [
        "x",
        "[",
        "\"",
        "\\",
        " ",
        "\" ",
        "\" -",
        "[17/May/2015:10:05:03 +0000",
        "[17/May/2015:10:05:03 +0000] ",
        "\"\\\"",
        "] \"",
        "\n",
        "\n[",
        "\r\n\"",
        "h - - [17/May/2015:10:05:03 +0000] \"\" 200 - \"",
        "\t",
        "\0",
    ];
    for format in [Format::Combined, Format::Alb, Format::Elb, Format::CloudFront] {
        for (head, piece) in
            HEADS[..4].iter().copied().chain([stamp, ""]).flat_map(|head| pieces.map(|piece| (head, piece)))
        {
            // A line of which a square would be seen; and one that is too long to be read, whatever it holds.
            let too_long = ["x", "\""].contains(&piece).then_some(1_100_000);
            for bytes in [100_000].into_iter().chain(too_long) {
                let text = [head, &piece.repeat(bytes / piece.len())].concat();
                let reading = Reading { format: Some(format), ..fields(&[Field::Ignored, Field::Micros]) };
                let looked = super::scan::counted(|| {
                    let _ = read(text.as_bytes(), "x.log", &reading, &mut |_| ());
                });
                assert!(looked <= 6 * text.len(), "{format:?} {head:?} {piece:?}: {looked} bytes of {}", text.len());
            }
        }
    }
}

#[test]
fn requests_that_are_written_twice_count_once() {
    let entry = |id: &str| {
        format!(
            r#"{{"insertId":"{id}","timestamp":"2015-05-17T10:05:03Z","httpRequest":{{"requestMethod":"GET","status":200}}}}"#
        )
    };
    let lines = [entry("a"), entry("b"), entry("a")];
    for text in [lines.join("\n"), format!("[{}]", lines.join(","))] {
        let (entries, summary) = all(text.as_bytes(), &Reading::default()).expect("good");
        assert_eq!((entries.len(), summary.copies), (2, 1));
        assert!(summary.notes()[0].starts_with("1 entries are there more than once"), "{:?}", summary.notes());
    }
    let other_instant = entry("a").replace("05:03Z", "05:04Z");
    assert_eq!(rows(&[entry("a"), other_instant].join("\n"), &Reading::default()).len(), 2);
}

#[test]
fn servers_behind_nginx_that_were_asked_in_turn_add_up() {
    for (written, took) in [("0.1, 0.25", 350), ("0.1 : 0.2, -", 300), ("0.5", 500)] {
        let line = format!(r#"{{"msec":"1431857104","upstream_response_time":"{written}","status":200}}"#);
        assert_eq!(rows(&line, &Reading::default())[0].1, Some(took * MS), "{written}");
    }
    for written in ["-", "", "0.1, x"] {
        let line = format!(r#"{{"msec":"1431857104","upstream_response_time":"{written}","status":200}}"#);
        assert_eq!(rows(&line, &Reading::default())[0].1, None, "{written}");
    }
}

#[test]
fn a_row_without_an_end_is_an_error_and_not_held() {
    let text = format!("t,status\n1,200\n2,\"{}", "x\n".repeat(5_000_000));
    let error = all(text.as_bytes(), &Reading::default()).expect_err("a quote is open");
    assert!(error.to_string().contains("does a quote not close"), "{error}");
}

#[test]
fn ends_of_lines_and_of_files_do_not_matter() {
    let lines: Vec<String> =
        (10..15).map(|second| format!("h - - [17/May/2015:10:05:{second} +0000] \"GET / HTTP/1.1\" 200 5")).collect();
    let whole = rows(&lines.join("\n"), &Reading::default());
    assert_eq!(whole.len(), 5);
    for text in [lines.join("\r\n"), lines.join("\n") + "\n", format!("\u{feff}{}\r\n", lines.join("\r\n\r\n"))] {
        assert_eq!(rows(&text, &Reading::default()), whole, "{text:?}");
    }
    assert_eq!(rows(&lines[0], &Reading::default()), whole[..1]);
    let table = "\u{feff}time,duration_ms,url\r\n\"2015-05-17T12:05:03.5+02:00\",1.5,\"/a,b\"";
    let expected = (STAMP + SECOND / 2, Some(1_500_000), None, None, " /a,b".to_owned());
    assert_eq!(rows(table, &Reading::default()), [expected]);
}

const FORMATS: [Format; 10] = [
    Format::Combined,
    Format::Alb,
    Format::Elb,
    Format::CloudFront,
    Format::NginxJson,
    Format::CloudLogging,
    Format::Har,
    Format::Azure2021,
    Format::K6,
    Format::Csv,
];

/// Beginnings that lead far into a reader.
const HEADS: [&str; 10] = [
    "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\" ",
    "h2 2018-07-02T22:23:00.186641Z a b c 0.1 0.1 0.1 200 200 0 5 \"GET / HTTP/1.1\" ",
    "2018-07-02T22:23:00.186641Z a b c 0.1 0.1 0.1 200 200 0 5 ",
    "#Fields: date time time-taken sc-status\n2015-05-17\t10:05:03\t",
    "{\"msec\":",
    "[{\"timestamp\":\"2015-05-17T10:05:03Z\",\"httpRequest\":",
    "{\"log\":{\"entries\":[{\"startedDateTime\":",
    "end_timestamp,duration\n1,",
    "metric_name,timestamp,metric_value\nhttp_req_duration,1,",
    "t,duration_ms,status\n1,",
];

proptest::proptest! {
    #[test]
    fn no_log_makes_a_reader_panic(
        index in 0_usize..10,
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        likely in "([-0-9.:TZe, \"/\\]}\t\n]|9{20}){0,60}",
    ) {
        for tail in [bytes, likely.into_bytes()] {
            let text = [HEADS[index].as_bytes(), &tail].concat();
            for format in [None, Some(FORMATS[index])] {
                let _ = all(&text, &Reading { format, ..fields(&[Field::Micros, Field::Msec]) });
                let _ = all(&tail, &Reading { format, ..Reading::default() });
            }
        }
    }
}
