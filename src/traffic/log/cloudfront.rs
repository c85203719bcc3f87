//! Standard logs of CloudFront: tab-separated, columns by the line `#Fields:`. The stamp is the end of the answer, in whole
//! seconds of UTC; the arrival is `time-taken` before it. Source: Amazon CloudFront documentation, "Standard logging
//! reference".

use std::borrow::Cow;

use super::entry::{Entry, Found, bytes, status};
use super::stamp;

const COLUMNS: [&[u8]; 8] =
    [b"date", b"time", b"time-taken", b"sc-status", b"sc-bytes", b"cs-method", b"cs-uri-stem", b"x-edge-result-type"];
/// More columns than any version has.
const MOST: usize = 256;

/// The columns that the last `#Fields:` line said.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// Where each of [`COLUMNS`] is.
    places: Option<[usize; COLUMNS.len()]>,
}

impl Columns {
    /// Reads one line; with `origin_only`, requests that the cache answered are left out.
    pub fn found<'a>(&mut self, line: &'a [u8], origin_only: bool) -> Found<'a> {
        if let Some(comment) = line.strip_prefix(b"#") {
            if let Some(names) = comment.strip_prefix(b"Fields:") {
                let names: Vec<&[u8]> = names
                    .split(|byte| matches!(byte, b' ' | b'\t'))
                    .filter(|name| !name.is_empty())
                    .take(MOST)
                    .collect();
                let place = |wanted: &[u8]| names.iter().position(|name| *name == wanted).unwrap_or(usize::MAX);
                self.places = Some(COLUMNS.map(place));
            }
            return Found::Nothing;
        }
        let Some(places) = self.places else { return Found::Rejected("no #Fields line above it") };
        let mut cells = [&b""[..]; COLUMNS.len()];
        for (place, cell) in line.split(|byte| *byte == b'\t').enumerate().take(MOST) {
            for (cell_of, _) in cells.iter_mut().zip(places).filter(|(_, wanted)| *wanted == place) {
                *cell_of = cell;
            }
        }
        let [date, time, taken, code, size, method, target, result] = cells;
        let duration = stamp::seconds(taken);
        let Some(ended) = ended(date, time) else { return Found::Rejected("no date and time") };
        if origin_only && !reaches_origin(result) {
            return Found::LeftOut;
        }
        Found::Request(Entry {
            at: ended.saturating_sub(duration.unwrap_or(0)),
            duration,
            status: status(code),
            bytes: bytes(size),
            method: Cow::Borrowed(method),
            target: Cow::Borrowed(target),
            whole: true,
        })
    }
}

fn ended(date: &[u8], time: &[u8]) -> Option<i64> {
    if date.len() != 10 || time.len() != 8 {
        return None;
    }
    let mut text = [b' '; 20];
    text[..10].copy_from_slice(date);
    text[11..19].copy_from_slice(time);
    text[19] = b'Z';
    stamp::rfc3339(&text, &jiff::tz::TimeZone::UTC)
}

/// Whether the origin saw a request with this `x-edge-result-type`.
fn reaches_origin(result: &[u8]) -> bool {
    [&b"Miss"[..], b"RefreshHit", b"Error"].iter().any(|word| result.starts_with(word))
}
