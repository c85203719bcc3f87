//! Lines of a stream in constant memory. A line that is longer than a buffer is skipped, and said to have been.

use std::io::{self, Read};

/// The longest line.
const LONGEST: usize = 1 << 20;

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Whole(&'a [u8]),
    TooLong,
}

pub(super) struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
    done: bool,
}

impl<R: Read> Lines<R> {
    pub fn new(source: R) -> Self {
        Self { source, buffer: vec![0; LONGEST], begin: 0, end: 0, done: false }
    }

    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut skipping = false;
        let mut searched = 0;
        loop {
            if let Some(at) = super::scan::find(b'\n', &self.buffer[self.begin + searched..self.end]) {
                let line = self.begin..self.begin + searched + at;
                self.begin = line.end + 1;
                return Ok(Some(if skipping { Line::TooLong } else { Line::Whole(trimmed(&self.buffer[line])) }));
            }
            searched = self.end - self.begin;
            if self.done {
                let line = self.begin..self.end;
                self.begin = self.end;
                return Ok(match (skipping, line.is_empty()) {
                    (true, _) => Some(Line::TooLong),
                    (false, true) => None,
                    (false, false) => Some(Line::Whole(trimmed(&self.buffer[line]))),
                });
            }
            if searched == self.buffer.len() {
                skipping = true;
                (self.begin, self.end, searched) = (0, 0, 0);
            }
            self.refill()?;
        }
    }

    /// Moves what is left to the front and reads behind it.
    fn refill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.begin..self.end, 0);
        self.end -= self.begin;
        self.begin = 0;
        let read = loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.end += read;
        self.done = read == 0;
        Ok(())
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_every_length_end_anyhow() {
        let long = "x".repeat(3 * LONGEST);
        let text = format!("a\r\n\n{long}\n{}\nlast", &long[..LONGEST - 1]);
        let mut lines = Lines::new(text.as_bytes());
        let mut found = Vec::new();
        while let Some(line) = lines.next().expect("memory") {
            found.push(match line {
                Line::Whole(text) => text.len(),
                Line::TooLong => usize::MAX,
            });
        }
        assert_eq!(found, [1, 0, usize::MAX, LONGEST - 1, 4]);
        assert_eq!(Lines::new(&long.as_bytes()[..=LONGEST]).next().expect("memory"), Some(Line::TooLong));
    }
}
