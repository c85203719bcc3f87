//! The files of a ZIP archive, one after the other, as they stand in it: stored or deflated, with or without sizes in front.
//! Streams in constant memory, without the directory at the end. Source: PKWARE, APPNOTE.TXT, sections 4.3 and 4.4.

use std::io::{self, BufRead, BufReader, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

/// How every file begins.
pub(super) const BEGIN: [u8; 4] = *b"PK\x03\x04";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";
/// Bits of a file's flags: it is encrypted; its sizes and checksum come behind it.
const ENCRYPTED: u16 = 1;
const BEHIND: u16 = 1 << 3;

/// An archive that is read.
pub(super) struct Archive<R: Read> {
    state: State<BufReader<R>>,
    crc: Crc,
    /// What the checksum must be; `None` while it stands behind the file.
    expected: Option<u32>,
    /// Whether sizes behind the file take eight bytes.
    wide: bool,
    /// Whether the last byte ended a line; the files of an archive are lines of one text.
    ended: bool,
}

enum State<R> {
    Between(R),
    Stored(io::Take<R>),
    Deflated(DeflateDecoder<R>),
    Done,
}

impl<R: Read> Archive<R> {
    pub fn new(packed: R) -> Self {
        let state = State::Between(BufReader::new(packed));
        Self { state, crc: Crc::new(), expected: None, wide: false, ended: true }
    }

    /// Goes to the next file that has content; done at the directory.
    fn open(&mut self, mut packed: BufReader<R>) -> io::Result<State<BufReader<R>>> {
        loop {
            let mut head = [0; 30];
            packed.read_exact(&mut head[..4])?;
            if head[..4] != BEGIN {
                return Ok(State::Done);
            }
            packed.read_exact(&mut head[4..])?;
            let two = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
            let four = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
            let (flags, method, size) = (two(6), two(8), u64::from(four(18)));
            let mut name = vec![0; usize::from(two(26))];
            packed.read_exact(&mut name)?;
            let mut extra = vec![0; usize::from(two(28))];
            packed.read_exact(&mut extra)?;
            let (size, wide) = sizes(size, &extra);
            let behind = flags & BEHIND != 0;
            if flags & ENCRYPTED != 0 {
                return Err(bad("it is encrypted"));
            }
            (self.crc, self.expected, self.wide) = (Crc::new(), (!behind).then(|| four(14)), wide);
            match method {
                0 if behind && size == 0 && !name.ends_with(b"/") => {
                    return Err(bad("a file is stored without its size"));
                }
                0 if size == 0 => {}
                0 => return Ok(State::Stored(packed.take(size))),
                8 => return Ok(State::Deflated(DeflateDecoder::new(packed))),
                _ => return Err(bad("a file is neither stored nor deflated")),
            }
        }
    }

    /// Checks a file that has ended.
    fn close(&mut self, mut packed: BufReader<R>) -> io::Result<State<BufReader<R>>> {
        let expected = match self.expected {
            Some(expected) => expected,
            None => descriptor(&mut packed, self.wide)?,
        };
        if expected != self.crc.sum() {
            return Err(bad("a checksum is wrong"));
        }
        Ok(State::Between(packed))
    }

    fn step(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let state = std::mem::replace(&mut self.state, State::Done);
        let (next, read) = match state {
            State::Done => return Ok(Some(0)),
            State::Between(packed) => (self.open(packed)?, None),
            State::Stored(mut file) => match file.read(buffer)? {
                0 if file.limit() > 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                0 => (self.close(file.into_inner())?, None),
                read => (State::Stored(file), Some(read)),
            },
            State::Deflated(mut file) => match file.read(buffer)? {
                0 => (self.close(file.into_inner())?, None),
                read => (State::Deflated(file), Some(read)),
            },
        };
        let closed = matches!(next, State::Between(_));
        self.state = next;
        if let Some(read) = read {
            self.crc.update(&buffer[..read]);
            self.ended = buffer[read - 1] == b'\n';
        } else if closed && !self.ended {
            // The next file begins a line of its own.
            self.ended = true;
            buffer[0] = b'\n';
            return Ok(Some(1));
        }
        Ok(read)
    }
}

impl<R: Read> Read for Archive<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(read) = self.step(buffer)? {
                return Ok(read);
            }
        }
    }
}

/// The packed size, and whether sizes are wide, by the extra fields of a header.
fn sizes(size: u64, mut extra: &[u8]) -> (u64, bool) {
    while let [id, high, length, longer, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*length, *longer])).min(rest.len());
        if u16::from_le_bytes([*id, *high]) == 1 {
            // The unpacked size, then the packed one.
            let packed = rest[..length].get(8..16).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
            return (packed.filter(|_| size == u64::from(u32::MAX)).unwrap_or(size), true);
        }
        extra = &rest[length..];
    }
    (size, false)
}

/// The checksum that stands behind a file, with or without a signature.
fn descriptor(packed: &mut impl BufRead, wide: bool) -> io::Result<u32> {
    let mut crc = [0; 4];
    packed.read_exact(&mut crc)?;
    if crc == DESCRIPTOR {
        packed.read_exact(&mut crc)?;
    }
    let mut sizes = [0; 16];
    packed.read_exact(&mut sizes[..if wide { 16 } else { 8 }])?;
    Ok(u32::from_le_bytes(crc))
}

fn bad(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the ZIP archive cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// One file of an archive.
    fn file(name: &str, text: &[u8], method: u16, behind: bool) -> Vec<u8> {
        let mut crc = Crc::new();
        crc.update(text);
        let packed = if method == 8 {
            let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            packed.write_all(text).expect("memory");
            packed.finish().expect("memory")
        } else {
            text.to_vec()
        };
        let four = |number: usize| u32::try_from(number).expect("small").to_le_bytes();
        let numbers = [crc.sum().to_le_bytes(), four(packed.len()), four(text.len())].concat();
        let (front, back) =
            if behind { (vec![0; 12], [&DESCRIPTOR[..], &numbers].concat()) } else { (numbers, vec![]) };
        let flags = if behind { BEHIND } else { 0 };
        let name_length = u16::try_from(name.len()).expect("short").to_le_bytes();
        let head = [&BEGIN[..], &[20, 0], &flags.to_le_bytes(), &method.to_le_bytes(), &[0; 4], &front].concat();
        [&head[..], &name_length, &[0, 0], name.as_bytes(), &packed, &back].concat()
    }

    fn content(archive: &[u8]) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        Archive::new(archive).read_to_end(&mut content)?;
        Ok(content)
    }

    const DIRECTORY: &[u8] = b"PK\x01\x02 and more";

    #[test]
    fn files_follow_each_other_as_lines() {
        let long = b"one line\n".repeat(50_000);
        for behind in [false, true] {
            let parts = [
                file("logs/", b"", 0, false),
                file("a", &long, 8, behind),
                file("b", b"no end", 8, behind),
                file("c", b"stored\n", 0, false),
                file("d", b"", 8, behind),
                DIRECTORY.to_vec(),
            ];
            assert_eq!(content(&parts.concat()).expect("good"), [&long[..], b"no end\nstored\n"].concat());
        }
    }

    #[test]
    fn damage_is_told() {
        let whole = [file("a", &b"text ".repeat(1000), 8, true), DIRECTORY.to_vec()].concat();
        for cut in [10, 33, 40, whole.len() - DIRECTORY.len() - 3] {
            assert!(content(&whole[..cut]).is_err(), "cut at {cut}");
        }
        let mut wrong = [file("a", b"stored", 0, false), DIRECTORY.to_vec()].concat();
        wrong[31] ^= 1;
        assert!(content(&wrong).expect_err("changed").to_string().contains("checksum"));
        wrong[6] |= 1;
        assert!(content(&wrong).expect_err("encrypted").to_string().contains("encrypted"));
    }

    proptest::proptest! {
        #[test]
        fn no_archive_makes_it_panic(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
            from in 0_usize..60,
        ) {
            let good = file("a", b"some text", 8, true);
            let _ = content(&[&good[..from.min(good.len())], &bytes].concat());
            let _ = content(&[&BEGIN[..], &bytes].concat());
        }
    }
}
