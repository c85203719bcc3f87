//! From files of any format to a series of counts, with the classes of a log.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use super::mixture::Mixture;
use crate::traffic::counts::CountTable;
use crate::traffic::counts::file::{self as counts, Missing};
use crate::traffic::log::read as log;
use crate::traffic::problem::{FileError, MOST_BINS, Problem};
use crate::traffic::unpack::unpacked;
use crate::units::Nanos;

/// How files are to be read. What is given for counts and for logs must say the same zone.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// How they are written; `None` to tell by the content of the first one that is not empty.
    pub written: Option<Written>,
    /// Files of counts.
    pub counts: counts::Reading,
    /// Logs.
    pub log: log::Reading,
}

/// How files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// As counts.
    Counts(counts::Format),
    /// As a log.
    Log(log::Format),
}

/// What files hold.
#[derive(Debug)]
pub struct Material {
    /// Requests per bin of time: those of a log per second, or per minute where it is long.
    pub table: CountTable,
    /// The classes of a log.
    pub mixture: Option<Mixture>,
    /// How they were written.
    pub written: Written,
    /// What was left out, and how much of it.
    pub notes: Vec<String>,
}

/// How much of a file is looked at to tell its format.
const HEAD: u64 = 1 << 16;

/// Reads `files`, each with what errors call it, as one series. Bins that are not there had no requests.
///
/// # Errors
/// See [`Problem`].
pub fn read(files: &[(String, PathBuf)], reading: &Reading) -> Result<Material, FileError> {
    let written = match reading.written {
        Some(written) => written,
        None => detected(files)?,
    };
    match written {
        Written::Counts(format) => read_counts(files, format, reading),
        Written::Log(format) => read_log(files, format, reading),
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> FileError {
    FileError { file: name.to_owned(), line: None, problem: Problem::Unreadable(error.to_string()) }
}

/// The format of the first file that is not empty.
fn detected(files: &[(String, PathBuf)]) -> Result<Written, FileError> {
    for (name, path) in files {
        let mut head = Vec::new();
        let read = File::open(path).and_then(unpacked).and_then(|content| content.take(HEAD).read_to_end(&mut head));
        read.map_err(|error| unreadable(name, &error))?;
        if !head.iter().all(u8::is_ascii_whitespace) {
            let unknown = || FileError { file: name.clone(), line: None, problem: Problem::Unknown };
            return Written::of(&head).ok_or_else(unknown);
        }
    }
    let name = files.first().map_or("", |(name, _)| name);
    Err(FileError { file: name.to_owned(), line: None, problem: Problem::Empty })
}

impl Written {
    /// How a file is written that begins with `head`, if it is a known format: counts where it looks like them, and where
    /// only a column of counts tells it from a log.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(head);
        let text = text.trim_start_matches('\u{feff}');
        match counts::Format::of(text) {
            Some(counts::Format::Csv) | None => {}
            Some(format) => return Some(Self::Counts(format)),
        }
        match log::Format::of(text.as_bytes())? {
            log::Format::Csv if counts::has_counts(text) => Some(Self::Counts(counts::Format::Csv)),
            format => Some(Self::Log(format)),
        }
    }
}

fn read_counts(files: &[(String, PathBuf)], format: counts::Format, reading: &Reading) -> Result<Material, FileError> {
    let content = |(name, path): &(String, PathBuf)| std::fs::read(path).map_err(|error| unreadable(name, &error));
    let contents: Vec<Vec<u8>> = files.iter().map(content).collect::<Result<_, _>>()?;
    let named: Vec<(&str, &[u8])> =
        files.iter().zip(&contents).map(|((name, _), bytes)| (name.as_str(), bytes.as_slice())).collect();
    let reading =
        counts::Reading { format: Some(format), missing: Missing::Zero, lenient: true, ..reading.counts.clone() };
    let (table, notes) = CountTable::import(&named, &reading)?;
    Ok(Material { table, mixture: None, written: Written::Counts(format), notes })
}

fn read_log(files: &[(String, PathBuf)], format: log::Format, reading: &Reading) -> Result<Material, FileError> {
    let reading = log::Reading { format: Some(format), ..reading.log.clone() };
    let (mut seconds, mut mixture, mut notes) = (Seconds::default(), Mixture::default(), Vec::new());
    for (name, path) in files {
        let file = File::open(path).map_err(|error| unreadable(name, &error))?;
        let summary = log::read(file, name, &reading, &mut |entry| {
            seconds.take(entry.at);
            mixture.take(entry);
        })?;
        notes.extend(summary.notes().into_iter().map(|note| format!("{name}: {note}")));
    }
    let name = files.first().map_or("", |(name, _)| name);
    let fail = |problem| FileError { file: name.to_owned(), line: None, problem };
    let table = seconds.table().map_err(fail)?;
    Ok(Material { table, mixture: Some(mixture), written: Written::Log(format), notes })
}

/// Requests per second, in memory that is per second with requests.
#[derive(Debug, Default)]
struct Seconds {
    /// By minute.
    minutes: BTreeMap<i64, [u32; 60]>,
    /// The minute that was taken last.
    last: Option<(i64, [u32; 60])>,
}

impl Seconds {
    fn take(&mut self, at: i64) {
        let second = at.div_euclid(1_000_000_000);
        let (minute, place) = (second.div_euclid(60), usize::try_from(second.rem_euclid(60)).unwrap_or(0));
        match &mut self.last {
            Some((last, counts)) if *last == minute => counts[place] = counts[place].saturating_add(1),
            last => {
                let mut counts = self.minutes.remove(&minute).unwrap_or([0; 60]);
                counts[place] = counts[place].saturating_add(1);
                if let Some((before, counts)) = last.replace((minute, counts)) {
                    self.minutes.insert(before, counts);
                }
            }
        }
    }

    /// The series, per second if it is not too long, else per minute.
    fn table(mut self) -> Result<CountTable, Problem> {
        if let Some((minute, counts)) = self.last.take() {
            self.minutes.insert(minute, counts);
        }
        let (Some(first), Some(last)) = (self.minutes.keys().next().copied(), self.minutes.keys().last().copied())
        else {
            return Err(Problem::Empty);
        };
        let minutes = u64::try_from(last - first + 1).unwrap_or(u64::MAX);
        if minutes > MOST_BINS {
            return Err(Problem::TooLong(minutes));
        }
        let fine = minutes.saturating_mul(60) <= MOST_BINS;
        let (seconds, each) = if fine { (1, 60) } else { (60, 1) };
        let mut counts = vec![0.0; usize::try_from(minutes * each).unwrap_or(0)];
        for (minute, found) in &self.minutes {
            let place = usize::try_from(minute - first).unwrap_or(0);
            if fine {
                for (second, count) in found.iter().enumerate() {
                    counts[place * 60 + second] = f64::from(*count);
                }
            } else {
                counts[place] = found.iter().map(|count| f64::from(*count)).sum();
            }
        }
        let period = Nanos(seconds * Nanos::SECOND.0);
        // From the first to the last bin with a request.
        let leading = counts.iter().take_while(|count| **count == 0.0).count();
        let trailing = counts.iter().rev().take_while(|count| **count == 0.0).count();
        counts.truncate(counts.len() - trailing);
        counts.drain(..leading.min(counts.len()));
        let first = i128::from(first) * 60_000_000_000 + leading as i128 * i128::from(period.0);
        Ok(CountTable { first, period, counts })
    }
}
