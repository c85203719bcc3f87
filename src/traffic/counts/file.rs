//! Reads counts from files, plain, gzip or zstd (told by their first bytes), into one regular grid.
//!
//! The format is given or told by the content. Times are RFC 3339, naive (`2014-04-10 00:04:00`, read in a given zone) or
//! epoch seconds, milliseconds, microseconds or nanoseconds, told by magnitude. Everything wrong with a file is an error
//! with the file and, where there is one, the line; what a format has to leave out is counted in a note.

use std::io::Read;
use std::path::Path;

use jiff::tz::TimeZone;

use super::CountTable;
use super::format::{Fault, Text};
pub use super::format::{Format, Unit};
use super::grid::grid;
pub use crate::traffic::problem::{FileError, Problem};
use crate::traffic::unpack::unpacked;
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

/// How to read files of counts.
#[derive(Clone, Debug)]
pub struct Reading {
    /// How the files are written; `None` to tell by the first one's content.
    pub format: Option<Format>,
    /// What the samples of Prometheus are.
    pub unit: Option<Unit>,
    /// Name of the column of times; `None` for a well-known one.
    pub time: Option<String>,
    /// Name of the column or series of counts; `None` for a well-known one, or the only one.
    pub value: Option<String>,
    /// Length of a bin, above 0; `None` for the median distance of the times.
    pub period: Option<Nanos>,
    /// Bins that are not there.
    pub missing: Missing,
    /// Whether a few rows (one in a hundred) may lie off the grid, or share their time: they are added up, and said to be.
    pub lenient: bool,
    /// Zone of naive times.
    pub timezone: TimeZone,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            format: None,
            unit: None,
            time: None,
            value: None,
            period: None,
            missing: Missing::Error,
            lenient: false,
            timezone: TimeZone::UTC,
        }
    }
}

/// The longest unpacked file.
const MOST_BYTES: u64 = 1 << 31;

impl CountTable {
    /// Reads the file at `path`; `name` is what errors call it.
    ///
    /// # Errors
    /// See [`Problem`].
    pub fn read(path: &Path, name: &str, reading: &Reading) -> Result<Self, FileError> {
        let bytes = std::fs::read(path).map_err(|error| unreadable(name, &error))?;
        Self::parse(&bytes, name, reading)
    }

    /// Reads the content of a file; `name` is what errors call it.
    ///
    /// # Errors
    /// See [`Problem`].
    pub fn parse(bytes: &[u8], name: &str, reading: &Reading) -> Result<Self, FileError> {
        Self::import(&[(name, bytes)], reading).map(|(table, _)| table)
    }

    /// Reads the contents of files, each with what errors call it, merged by time; with notes on what was left out, and
    /// how much of it.
    ///
    /// # Errors
    /// See [`Problem`].
    pub fn import(files: &[(&str, &[u8])], reading: &Reading) -> Result<(Self, Vec<String>), FileError> {
        let unpacked: Vec<String> = files.iter().map(|(name, bytes)| text(name, bytes)).collect::<Result<_, _>>()?;
        let texts: Vec<Text> = unpacked
            .iter()
            .enumerate()
            .map(|(file, text)| Text { file, text: text.trim_start_matches('\u{feff}') })
            .collect();
        let fail = |fault: Fault| FileError {
            file: files.get(fault.file).map_or_else(String::new, |(name, _)| (*name).to_owned()),
            line: fault.line,
            problem: fault.problem,
        };
        let detected = || texts.first().map_or(Some(Format::Csv), |text| Format::of(text.text));
        let format = reading.format.or_else(detected);
        let format = format.ok_or_else(|| fail(Fault { file: 0, line: None, problem: Problem::Unknown }))?;
        let mut gathered = format.gather(&texts, reading).map_err(fail)?;
        let table = grid(&mut gathered, reading).map_err(fail)?;
        Ok((table, gathered.notes))
    }
}

/// Whether a text of CSV has a column of counts.
#[must_use]
pub fn has_counts(text: &str) -> bool {
    super::format::has_counts(text)
}

/// The content of a file, unpacked.
fn text(name: &str, bytes: &[u8]) -> Result<String, FileError> {
    let mut content = Vec::new();
    let read = unpacked(bytes).and_then(|unpacked| unpacked.take(MOST_BYTES).read_to_end(&mut content));
    if read.map_err(|error| unreadable(name, &error))? as u64 == MOST_BYTES {
        return Err(unreadable(name, &std::io::Error::other("unpacks to 2 GiB or more")));
    }
    let text = String::from_utf8(content).ok().filter(|text| !text.contains('\0'));
    text.ok_or_else(|| FileError { file: name.to_owned(), line: None, problem: Problem::Binary })
}

fn unreadable(name: &str, error: &std::io::Error) -> FileError {
    FileError { file: name.to_owned(), line: None, problem: Problem::Unreadable(error.to_string()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn parse(text: &str) -> Result<CountTable, FileError> {
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
        assert_eq!(
            problem(text),
            (
                Some(5),
                Problem::Missing { bins: 2, before: "1970-01-01T00:05:00Z".into(), period: Nanos(60_000_000_000) }
            )
        );
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
        let mixed = Problem::Mixed { time: "1970-01-01T00:02:30Z".into(), period };
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
