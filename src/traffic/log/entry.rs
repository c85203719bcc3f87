//! What every format of a log says about one request.

use std::borrow::Cow;

/// One request of a log. Texts are as the log has them, bytes of any encoding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry<'a> {
    /// When it arrived, in nanoseconds since 1970, whatever the log's own stamp means.
    pub at: i64,
    /// How long it took, in nanoseconds, where the log says it.
    pub duration: Option<i64>,
    /// Status of the answer, where there was one.
    pub status: Option<u16>,
    /// Bytes of the answer, where the log says them.
    pub bytes: Option<u64>,
    /// `GET`; empty where the request is malformed.
    pub method: Cow<'a, [u8]>,
    /// What was asked for; the whole request where it is malformed.
    pub target: Cow<'a, [u8]>,
    /// Whether the line ends where it should; false for one that was cut short behind its status.
    pub whole: bool,
}

/// What a line turns out to be.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// A request.
    Request(Entry<'a>),
    /// A header, a comment, or a line about something else.
    Nothing,
    /// A request that was asked to be left out.
    LeftOut,
    /// A copy of a request that was there before.
    Again,
    /// A line that cannot be read, and why.
    Rejected(&'static str),
}

/// Splits `GET /path HTTP/1.1`; a target may hold spaces, and HTTP/0.9 has no protocol.
pub(super) fn request(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(space) = super::scan::find(b' ', line) else { return (b"", line) };
    let (method, rest) = (&line[..space], &line[space + 1..]);
    if !method.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-') {
        return (b"", line);
    }
    let protocol = memchr::memrchr(b' ', rest).filter(|at| rest[at + 1..].starts_with(b"HTTP/"));
    (method, &rest[..protocol.unwrap_or(rest.len())])
}

/// A status of three digits above 0; `-` and `000` are none.
pub(super) fn status(text: &[u8]) -> Option<u16> {
    let number = super::stamp::digits(text).filter(|_| text.len() == 3)?;
    u16::try_from(number).ok().filter(|status| *status > 0)
}

/// A number of bytes; `-` is none said.
pub(super) fn bytes(text: &[u8]) -> Option<u64> {
    super::stamp::digits(text).and_then(|number| u64::try_from(number).ok())
}
