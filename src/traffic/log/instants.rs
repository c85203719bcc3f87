//! The instants of a log in order, in memory that does not grow with the log.
//!
//! Instants come in the log's own order and go through a window of a million: what is smallest in it goes out to a run, a
//! sorted temporary file without a name. Logs are in order but for how long requests took, so that they become one run;
//! files that overlap, or a log that begins with its newest request, become several, which are merged a few at a time
//! (replacement selection and balanced merging: Knuth, The Art of Computer Programming 3, 1973, section 5.4.1). A log that
//! fits into the window never touches a disk.
//!
//! Promises that nothing is lost or changed, and that no more than the window, its half again to sort it, and a few blocks
//! are in memory, about 12 MiB. On disk are 8 bytes for each request.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::units::Nanos;

/// Instants in the window.
const WINDOW: usize = 1 << 20;
/// Runs that are merged into one.
const MERGED: usize = 64;
/// Bytes of an instant in a file.
const SIZE: usize = size_of::<i64>();

/// Takes instants in any order.
#[derive(Debug)]
pub struct Gathered {
    window: Vec<i64>,
    most: usize,
    /// The run that is written.
    run: Option<Writing>,
    /// Finished runs, by how often they were merged.
    runs: Vec<Vec<Run>>,
    failed: Option<io::Error>,
}

#[derive(Debug)]
struct Run {
    file: File,
    len: u64,
    last: i64,
}

#[derive(Debug)]
struct Writing {
    file: BufWriter<File>,
    len: u64,
    last: i64,
}

impl Writing {
    fn new() -> io::Result<Self> {
        Ok(Self { file: BufWriter::with_capacity(1 << 16, tempfile::tempfile()?), len: 0, last: i64::MIN })
    }

    fn put(&mut self, at: i64) -> io::Result<()> {
        self.file.write_all(&at.to_le_bytes())?;
        self.len += 1;
        self.last = at;
        Ok(())
    }

    fn finish(self) -> io::Result<Run> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Run { file, len: self.len, last: self.last })
    }
}

impl Default for Gathered {
    fn default() -> Self {
        Self::within(WINDOW)
    }
}

impl Gathered {
    /// With at most so many instants in memory, at least 2.
    fn within(most: usize) -> Self {
        Self { window: Vec::new(), most, run: None, runs: Vec::new(), failed: None }
    }

    /// Takes the next one, in nanoseconds since 1970.
    #[inline]
    pub fn take(&mut self, at: i64) {
        self.window.push(at);
        if self.window.len() >= self.most {
            self.put_out(self.most / 2);
        }
    }

    /// All of them in order; `None` when there are none.
    ///
    /// # Errors
    /// When a temporary file could not be written, at any time.
    pub fn finish(mut self) -> io::Result<Option<Arrivals>> {
        if self.runs.is_empty() && self.run.is_none() && self.failed.is_none() {
            sort(&mut self.window);
            let (Some(first), Some(last)) = (self.window.first().copied(), self.window.last().copied()) else {
                return Ok(None);
            };
            self.window.shrink_to_fit();
            let len = self.window.len();
            return Ok(Some(Arrivals::new(first, last, len, Store::Memory(self.window))));
        }
        self.put_out(self.window.len());
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut runs: Vec<Run> = self.runs.into_iter().flatten().collect();
        runs.extend(self.run.map(Writing::finish).transpose()?);
        let whole = if runs.len() == 1 { runs.pop() } else { Some(merged(runs)?) };
        let Some(Run { mut file, len, last }) = whole else { return Ok(None) };
        let mut first = [0; SIZE];
        file.rewind()?;
        file.read_exact(&mut first)?;
        let len = usize::try_from(len).map_err(io::Error::other)?;
        Ok(Some(Arrivals::new(i64::from_le_bytes(first), last, len, Store::Disk(Mutex::new(file)))))
    }

    /// Puts the smallest `count` of the window out to the run, or to a new one where they come too late for it.
    fn put_out(&mut self, count: usize) {
        sort(&mut self.window);
        if self.failed.is_none()
            && let Err(error) = self.write(count)
        {
            self.failed = Some(error);
        }
        self.window.drain(..count);
    }

    fn write(&mut self, count: usize) -> io::Result<()> {
        let Some(least) = self.window.first() else { return Ok(()) };
        if let Some(run) = self.run.take_if(|run| run.last > *least) {
            self.add(run.finish()?, 0)?;
        }
        let run = match &mut self.run {
            Some(run) => run,
            none => none.insert(Writing::new()?),
        };
        self.window[..count].iter().try_for_each(|at| run.put(*at))
    }

    /// Adds a run that was merged so often, and merges when they are many.
    fn add(&mut self, run: Run, level: usize) -> io::Result<()> {
        if self.runs.len() <= level {
            self.runs.resize_with(level + 1, Vec::new);
        }
        self.runs[level].push(run);
        if self.runs[level].len() < MERGED {
            return Ok(());
        }
        let full = std::mem::take(&mut self.runs[level]);
        self.add(merged(full)?, level + 1)
    }
}

#[allow(clippy::stable_sort_primitive)] // nearly in order, for which a stable sort takes about one pass
fn sort(instants: &mut [i64]) {
    instants.sort();
}

/// One run of several.
fn merged(runs: Vec<Run>) -> io::Result<Run> {
    let mut readers = Vec::new();
    for Run { mut file, .. } in runs {
        file.rewind()?;
        readers.push(BufReader::with_capacity(1 << 16, file));
    }
    let mut heads = BinaryHeap::new();
    for (index, reader) in readers.iter_mut().enumerate() {
        heads.extend(next(reader)?.map(|at| Reverse((at, index))));
    }
    let mut whole = Writing::new()?;
    while let Some(mut head) = heads.peek_mut() {
        let Reverse((at, index)) = *head;
        whole.put(at)?;
        match next(&mut readers[index])? {
            Some(at) => head.0.0 = at,
            None => drop(std::collections::binary_heap::PeekMut::pop(head)),
        }
    }
    whole.finish()
}

fn next(reader: &mut impl Read) -> io::Result<Option<i64>> {
    let mut bytes = [0; SIZE];
    match reader.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(i64::from_le_bytes(bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Instants in order, at least one.
#[derive(Debug)]
pub struct Arrivals {
    /// The first one, in nanoseconds since 1970.
    pub first: i128,
    last: i64,
    len: usize,
    store: Store,
    /// Why the store could not be read.
    fault: OnceLock<String>,
}

#[derive(Debug)]
enum Store {
    Memory(Vec<i64>),
    Disk(Mutex<File>),
}

impl Arrivals {
    fn new(first: i64, last: i64, len: usize, store: Store) -> Self {
        Self { first: i128::from(first), last, len, store, fault: OnceLock::new() }
    }

    /// Those of `instants`, in any order, in nanoseconds since 1970; `None` when there are none.
    ///
    /// # Errors
    /// When a temporary file could not be written, which only many need.
    pub fn of(instants: impl IntoIterator<Item = i64>) -> io::Result<Option<Self>> {
        let mut gathered = Gathered::default();
        for at in instants {
            gathered.take(at);
        }
        gathered.finish()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Never.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The whole seconds that they cover.
    #[must_use]
    pub fn span(&self) -> Nanos {
        let last = self.offset(self.last);
        Nanos((last / Nanos::SECOND.0 + 1).saturating_mul(Nanos::SECOND.0))
    }

    /// Why the temporary file could not be read back, if it could not: then instants were missing.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.fault.get().map(String::as_str)
    }

    /// Replaces the content of `offsets` by up to `limit` of them from number `from` on, in nanoseconds after the first,
    /// in order.
    pub fn read(&self, from: usize, limit: usize, offsets: &mut Vec<u64>) {
        offsets.clear();
        let until = self.len.min(from.saturating_add(limit));
        if from >= until {
            return;
        }
        match &self.store {
            Store::Memory(instants) => offsets.extend(instants[from..until].iter().map(|at| self.offset(*at))),
            Store::Disk(file) => match bytes(file, from, until) {
                Ok(bytes) => {
                    let instants = bytes.as_chunks::<SIZE>().0.iter().map(|bytes| i64::from_le_bytes(*bytes));
                    offsets.extend(instants.map(|at| self.offset(at)));
                }
                Err(error) => {
                    let _ = self.fault.set(format!("a temporary file could not be read back: {error}"));
                }
            },
        }
    }

    /// How many lie less than `elapsed` nanoseconds after the first.
    #[must_use]
    pub fn below(&self, elapsed: u64) -> usize {
        let (mut below, mut above) = (0, self.len);
        let mut offset = Vec::new();
        while below < above {
            let middle = usize::midpoint(below, above);
            self.read(middle, 1, &mut offset);
            if offset.first().is_some_and(|offset| *offset < elapsed) {
                below = middle + 1;
            } else {
                above = middle;
            }
        }
        below
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // differences of 64-bit numbers to the smallest
    fn offset(&self, at: i64) -> u64 {
        (i128::from(at) - self.first) as u64
    }
}

/// The bytes of the instants `from..until`.
fn bytes(file: &Mutex<File>, from: usize, until: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; (until - from) * SIZE];
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    file.seek(SeekFrom::Start(from as u64 * SIZE as u64))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gathered(instants: &[i64], most: usize) -> Gathered {
        let mut gathered = Gathered::within(most);
        for at in instants {
            gathered.take(*at);
        }
        assert!(gathered.window.len() < most && gathered.window.capacity() < 2 * most.max(4));
        gathered
    }

    /// All offsets, read in blocks of this size.
    fn offsets(arrivals: &Arrivals, block: usize) -> Vec<u64> {
        let (mut all, mut some) = (Vec::new(), Vec::new());
        while all.len() < arrivals.len() {
            arrivals.read(all.len(), block, &mut some);
            assert!(!some.is_empty(), "{:?}", arrivals.fault());
            all.extend_from_slice(&some);
        }
        all
    }

    proptest! {
        #[test]
        fn any_order_comes_back_sorted_from_disk_as_from_memory(
            instants in prop::collection::vec(-50_i64..50, 1..400),
            most in 2_usize..40,
            block in 1_usize..50,
        ) {
            let mut sorted = instants.clone();
            sorted.sort_unstable();
            let expected: Vec<u64> = sorted.iter().map(|at| u64::try_from(at - sorted[0]).unwrap()).collect();
            for most in [most, 1000] {
                let found = gathered(&instants, most).finish().unwrap().unwrap();
                prop_assert_eq!((found.first, found.len()), (i128::from(sorted[0]), sorted.len()));
                prop_assert_eq!(matches!(found.store, Store::Disk(_)), instants.len() >= most);
                prop_assert_eq!(offsets(&found, block), &expected[..]);
                for elapsed in [0, 1, 40, 99, 1000] {
                    prop_assert_eq!(found.below(elapsed), expected.iter().filter(|at| **at < elapsed).count());
                }
            }
        }
    }

    #[test]
    fn what_is_nearly_in_order_is_one_run_and_what_goes_backwards_is_merged_a_few_at_a_time() {
        let nearly: Vec<i64> = (0..10_000).map(|at| at - at % 7 * 3).collect();
        let one = gathered(&nearly, 100);
        assert!(one.runs.is_empty());
        let backwards: Vec<i64> = (0..100_000).rev().collect();
        let several = gathered(&backwards, 8);
        let open: Vec<usize> = several.runs.iter().map(Vec::len).collect();
        assert!(open.len() == 3 && open.iter().all(|runs| *runs < MERGED), "{open:?}");
        let found = several.finish().expect("a disk").expect("some");
        assert_eq!(offsets(&found, 8192), (0..100_000).collect::<Vec<u64>>());
    }

    #[test]
    fn a_store_that_cannot_be_read_back_is_a_fault() {
        let found = gathered(&(0..100).collect::<Vec<i64>>(), 10).finish().expect("a disk").expect("some");
        assert_eq!(found.fault(), None);
        if let Store::Disk(file) = &found.store {
            file.lock().expect("alone").set_len(80).expect("a disk");
        }
        let mut some = Vec::new();
        found.read(5, 10, &mut some);
        assert!(some.is_empty() && found.fault().is_some_and(|why| why.contains("read back")));
    }
}
