//! Reads counts from a CSV file, plain or gzip (told by its first bytes), into a regular grid.
//!
//! The columns are found by name, given or well known: `epoch_s,requests`, `t,count`, CloudWatch's `timestamp,value`.
//! Times are RFC 3339, naive (`2014-04-10 00:04:00`, read in a given zone) or epoch seconds, milliseconds, microseconds or
//! nanoseconds, told by magnitude. Everything wrong with a file is an error with the file and the line; nothing is
//! skipped.

use std::io::Read;
use std::path::Path;

use jiff::tz::TimeZone;

use super::CountTable;
use super::error::MOST_BINS;
pub use super::error::{CountsError, Problem};
use crate::units::Nanos;

/// What to do about bins that the file leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// Refuse the file.
    #[default]
    Error,
    /// They had no requests, as in CloudWatch, which writes no zeros.
    Zero,
    /// They had as many as the bin before.
    Hold,
}

/// How to read a file of counts.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Name of the column of times; `None` for a well-known one.
    pub time: Option<String>,
    /// Name of the column of counts; `None` for a well-known one.
    pub value: Option<String>,
    /// Length of a bin, above 0; `None` for the median distance of the times.
    pub period: Option<Nanos>,
    /// Bins that are not there.
    pub missing: Missing,
    /// Zone of naive times.
    pub timezone: TimeZone,
}

impl Default for Reading {
    fn default() -> Self {
        Self { time: None, value: None, period: None, missing: Missing::Error, timezone: TimeZone::UTC }
    }
}

/// The longest unpacked file.
const MOST_BYTES: u64 = 1 << 31;
const TIME_NAMES: [&str; 6] = ["epoch_s", "t", "timestamp", "time", "date", "datetime"];
const VALUE_NAMES: [&str; 7] = ["requests", "count", "value", "sum", "invocations", "requestcount", "request_count"];

/// One line of data.
struct Row {
    line: u64,
    at: i128,
    count: f64,
}

impl CountTable {
    /// Reads the file at `path`; `name` is what errors call it.
    ///
    /// # Errors
    /// See [`Problem`].
    pub fn read(path: &Path, name: &str, reading: &Reading) -> Result<Self, CountsError> {
        let bytes = std::fs::read(path).map_err(|error| unreadable(name, &error))?;
        Self::parse(&bytes, name, reading)
    }

    /// Reads the content of a file; `name` is what errors call it.
    ///
    /// # Errors
    /// See [`Problem`].
    pub fn parse(bytes: &[u8], name: &str, reading: &Reading) -> Result<Self, CountsError> {
        let mut unpacked = Vec::new();
        let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
            let read = flate2::read::MultiGzDecoder::new(bytes).take(MOST_BYTES).read_to_end(&mut unpacked);
            let read = read.map_err(|error| unreadable(name, &error))?;
            if read as u64 == MOST_BYTES {
                return Err(unreadable(name, &std::io::Error::other("unpacks to 2 GiB or more")));
            }
            &unpacked[..]
        } else {
            bytes
        };
        let fail = |(line, problem)| CountsError { file: name.to_owned(), line, problem };
        let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
        let text = text.ok_or_else(|| fail((None, Problem::Binary)))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let rows = rows(text, reading).map_err(fail)?;
        grid(&rows, text, reading).map_err(fail)
    }
}

/// A line, if one is to blame, and what is wrong.
type Fault = (Option<u64>, Problem);

fn unreadable(name: &str, error: &std::io::Error) -> CountsError {
    CountsError { file: name.to_owned(), line: None, problem: Problem::Unreadable(error.to_string()) }
}

/// At most the first 40 characters, for messages.
fn brief(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}

fn rows(text: &str, reading: &Reading) -> Result<Vec<Row>, Fault> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let broken =
        |error: &csv::Error| (error.position().map(csv::Position::line), Problem::Unreadable(error.to_string()));
    let header = reader.headers().map_err(|error| broken(&error))?.clone();
    if header.is_empty() {
        return Err((None, Problem::Empty));
    }
    let time = column(&header, "time", reading.time.as_deref(), &TIME_NAMES)?;
    let value = column(&header, "value", reading.value.as_deref(), &VALUE_NAMES)?;
    let mut rows: Vec<Row> = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| broken(&error))? {
        let line = record.position().map_or(0, csv::Position::line);
        let at_line = |problem| (Some(line), problem);
        let (Some(time), Some(value)) = (record.get(time), record.get(value)) else {
            return Err(at_line(Problem::Short));
        };
        let at = instant(time, &reading.timezone).ok_or_else(|| at_line(Problem::Time(brief(time))))?;
        let count = value.parse::<f64>().ok().filter(|count| count.is_finite() && *count >= 0.0);
        let count = count.ok_or_else(|| at_line(Problem::Count(brief(value))))?;
        if let Some(above) = rows.last() {
            if at < above.at {
                return Err(at_line(Problem::Backwards(brief(time))));
            }
            if at == above.at {
                return Err(at_line(Problem::Duplicate(brief(time))));
            }
        }
        rows.push(Row { line, at, count });
    }
    if rows.is_empty() { Err((None, Problem::Empty)) } else { Ok(rows) }
}

fn column(header: &csv::StringRecord, role: &'static str, given: Option<&str>, known: &[&str]) -> Result<usize, Fault> {
    let position = |name: &str| header.iter().position(|column| column.eq_ignore_ascii_case(name));
    let found = match given {
        Some(name) => position(name),
        None => known.iter().find_map(|name| position(name)),
    };
    found.ok_or_else(|| {
        let wanted = given.map_or_else(|| known.join(", "), str::to_owned);
        let header = brief(&header.iter().collect::<Vec<_>>().join(", "));
        (Some(1), Problem::NoColumn { role, wanted, header })
    })
}

/// Nanoseconds since 1970.
fn instant(text: &str, timezone: &TimeZone) -> Option<i128> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'))
        && text.matches('-').count() < 2
    {
        return epoch(text);
    }
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.as_nanosecond());
    }
    let naive: jiff::civil::DateTime = text.replace('/', "-").parse().ok()?;
    Some(timezone.to_timestamp(naive).ok()?.as_nanosecond())
}

/// An epoch by its magnitude: seconds until the year 5138, then milliseconds, microseconds and nanoseconds.
fn epoch(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i128 = whole.parse().ok()?;
    let scale: i128 = match number.unsigned_abs() {
        0..100_000_000_000 => 1_000_000_000,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        100_000_000_000_000_000..10_000_000_000_000_000_000 => 1,
        _ => return None,
    };
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let part = digits.parse::<i128>().ok()? * scale / 1_000_000_000;
    Some(number * scale + if text.starts_with('-') { -part } else { part })
}

fn grid(rows: &[Row], text: &str, reading: &Reading) -> Result<CountTable, Fault> {
    let period = match reading.period {
        Some(period) => Nanos(period.0.max(1)),
        None => inferred(rows).ok_or((None, Problem::NoPeriod))?,
    };
    let (first, step) = (rows[0].at, i128::from(period.0));
    let bins = u64::try_from((rows[rows.len() - 1].at - first) / step + 1).unwrap_or(u64::MAX);
    if bins > MOST_BINS {
        return Err((None, Problem::TooLong(bins)));
    }
    let mut counts: Vec<f64> = Vec::with_capacity(usize::try_from(bins).unwrap_or(0));
    for row in rows {
        if (row.at - first) % step != 0 {
            let time = text.lines().nth(usize::try_from(row.line - 1).unwrap_or(0)).map_or_else(String::new, brief);
            return Err((Some(row.line), Problem::Mixed { time, period }));
        }
        let index = usize::try_from((row.at - first) / step).unwrap_or(usize::MAX);
        if index > counts.len() {
            let filler = match reading.missing {
                Missing::Zero => 0.0,
                Missing::Hold => counts.last().copied().unwrap_or(0.0),
                Missing::Error => {
                    let bins = (index - counts.len()) as u64;
                    return Err((Some(row.line), Problem::Missing { bins, period }));
                }
            };
            counts.resize(index, filler);
        }
        counts.push(row.count);
    }
    Ok(CountTable { first, period, counts })
}

/// The median distance of two neighbouring times (the lower one of two in the middle).
fn inferred(rows: &[Row]) -> Option<Nanos> {
    let mut gaps: Vec<i128> = rows.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    gaps.sort_unstable();
    let middle = gaps.len().checked_sub(1)? / 2;
    u64::try_from(gaps[middle]).ok().map(Nanos)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn parse(text: &str) -> Result<CountTable, CountsError> {
        CountTable::parse(text.as_bytes(), "x.csv", &Reading::default())
    }

    fn problem(text: &str) -> (Option<u64>, Problem) {
        let error = parse(text).expect_err("the file is bad");
        (error.line, error.problem)
    }

    #[test]
    fn known_headers_and_times_are_detected() {
        let epoch = parse("epoch_s,requests\n893971800,2\n893971860,11\n").expect("epoch");
        assert_eq!((epoch.period, &epoch.counts[..]), (Nanos(60_000_000_000), &[2.0, 11.0][..]));
        let millis = parse("t,count\n893971800000,2\r\n893971860000,11\r\n").expect("milliseconds");
        assert_eq!(millis, epoch);
        let cloudwatch =
            parse("\u{feff}timestamp,value\n1998-05-01 00:00:00,5.0\n1998-05-01 00:05:00,6\n").expect("naive");
        assert_eq!(cloudwatch.first, 893_980_800_000_000_000);
        assert_eq!(cloudwatch.period, Nanos(300_000_000_000));
        let slashes = parse("timestamp,value\n1998/05/01 00:00:00,5.0\n1998-05-01T00:05:00Z,6\n").expect("mixed forms");
        assert_eq!(slashes, cloudwatch);
        let fractions = parse("t,count\n0.25,1\n0.50,2\n").expect("fractions");
        assert_eq!((fractions.first, fractions.period), (250_000_000, Nanos(250_000_000)));
        let named = Reading { time: Some("when".into()), value: Some("hits".into()), ..Reading::default() };
        let named = CountTable::parse(b"n,hits,when\n1,4,0\n2,5,60\n", "x.csv", &named).expect("named");
        assert_eq!(named.counts, [4.0, 5.0]);
    }

    #[test]
    fn naive_times_are_read_in_the_zone_and_gzip_by_its_first_bytes() {
        let reading = Reading { timezone: TimeZone::get("Europe/Berlin").expect("zone"), ..Reading::default() };
        let text = b"timestamp,value\n2026-01-05 01:00:00,1\n2026-01-05 02:00:00,1\n";
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(text).expect("into memory");
        let packed = packed.finish().expect("into memory");
        let table = CountTable::parse(&packed, "x.csv.gz", &reading).expect("gzip");
        assert_eq!(table.first, 1_767_571_200_000_000_000);
        let error = CountTable::parse(&packed[..packed.len() - 9], "x.csv.gz", &reading).expect_err("truncated");
        assert!(matches!(error.problem, Problem::Unreadable(_)), "{error}");
    }

    #[test]
    fn holes_are_refused_zeroed_or_held() {
        let text = "t,count\n0,5\n60,6\n120,7\n300,8\n";
        assert_eq!(problem(text), (Some(5), Problem::Missing { bins: 2, period: Nanos(60_000_000_000) }));
        let with = |missing| {
            let reading = Reading { missing, ..Reading::default() };
            CountTable::parse(text.as_bytes(), "x.csv", &reading).expect("filled").counts
        };
        assert_eq!(with(Missing::Zero), [5.0, 6.0, 7.0, 0.0, 0.0, 8.0]);
        assert_eq!(with(Missing::Hold), [5.0, 6.0, 7.0, 7.0, 7.0, 8.0]);
    }

    #[test]
    fn every_bad_file_says_what_and_where() {
        assert_eq!(problem(""), (None, Problem::Empty));
        assert_eq!(problem("t,count\n"), (None, Problem::Empty));
        assert_eq!(problem("t,count\n0,1\n60,-2\n"), (Some(3), Problem::Count("-2".into())));
        assert_eq!(problem("t,count\n0,1\n60,NaN\n"), (Some(3), Problem::Count("NaN".into())));
        assert_eq!(problem("t,count\n60,1\n0,2\n"), (Some(3), Problem::Backwards("0".into())));
        assert_eq!(problem("t,count\n60,1\n60,2\n"), (Some(3), Problem::Duplicate("60".into())));
        assert_eq!(problem("t,count\nsoon,1\n"), (Some(2), Problem::Time("soon".into())));
        assert_eq!(problem("t,count\n0\n"), (Some(2), Problem::Short));
        assert_eq!(problem("t,count\n0,1\n"), (None, Problem::NoPeriod));
        let period = Nanos(60_000_000_000);
        let mixed = Problem::Mixed { time: "150,1".into(), period };
        assert_eq!(problem("t,count\n0,1\n60,1\n120,1\n150,1\n"), (Some(5), mixed));
        assert!(matches!(problem("a,b\n0,1\n"), (Some(1), Problem::NoColumn { role: "time", .. })));
        assert!(matches!(problem("t,b\n0,1\n"), (Some(1), Problem::NoColumn { role: "value", .. })));
        assert_eq!(problem("t,count\n0,1\0\n"), (None, Problem::Binary));
        let error = CountTable::parse(&[0xff, 0xfe, 0x00], "x.bin", &Reading::default()).expect_err("binary");
        assert_eq!(error.problem, Problem::Binary);
        let missing = CountTable::read(Path::new("no/such.csv"), "no/such.csv", &Reading::default());
        assert!(missing.expect_err("missing").to_string().starts_with("no/such.csv: cannot be read"));
    }

    #[test]
    fn hostile_sizes_stay_small() {
        let long = format!("t,count\n{},1\n", "9".repeat(10_000_000));
        let error = parse(&long).expect_err("a very long line");
        assert!(error.to_string().len() < 200, "{error}");
        let reading = Reading { missing: Missing::Zero, period: Some(Nanos(1)), ..Reading::default() };
        let error = CountTable::parse(b"t,count\n0,1\n10000000,1\n", "x.csv", &reading).expect_err("too many bins");
        assert!(matches!(error.problem, Problem::TooLong(_)));
    }

    proptest::proptest! {
        #[test]
        fn no_file_makes_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = CountTable::parse(&bytes, "x", &Reading::default());
        }

        #[test]
        fn no_text_with_a_header_makes_it_panic(lines in "([-0-9.:TZe, \"/]{0,30}\n){0,6}") {
            if let Ok(table) = parse(&format!("t,count\n{lines}")) {
                proptest::prop_assert!(table.period.0 > 0 && !table.counts.is_empty());
                proptest::prop_assert!(table.counts.iter().all(|count| count.is_finite() && *count >= 0.0));
            }
        }
    }
}
