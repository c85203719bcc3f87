//! Texts that are read, by the name that users know them by, and places in them.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::diagnostic::Diagnostic;

/// Names a text of a [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

impl SourceId {
    /// The empty text that everything without a text of its own belongs to: defaults of a grammar, built-in values.
    pub const BUILT_IN: Self = Self(0);
}

/// A place in a text: bytes `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// First byte.
    pub start: usize,
    /// First byte after it.
    pub end: usize,
}

impl Span {
    /// Nowhere: what did not come from a text.
    pub const BUILT_IN: Self = Self { source: SourceId::BUILT_IN, start: 0, end: 0 };

    /// The bytes `range` of `source`.
    #[must_use]
    pub const fn new(source: SourceId, range: &Range<usize>) -> Self {
        Self { source, start: range.start, end: range.end }
    }

    /// Whether it is in a text that can be shown.
    #[must_use]
    pub fn is_shown(self) -> bool {
        self.source != SourceId::BUILT_IN
    }
}

#[derive(Clone, Debug)]
struct Text {
    name: Arc<str>,
    text: Arc<str>,
}

/// The texts that were read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sources {
    texts: Vec<Text>,
}

impl Default for Sources {
    fn default() -> Self {
        Self::new()
    }
}

impl Sources {
    /// Only the empty text of [`SourceId::BUILT_IN`].
    #[must_use]
    pub fn new() -> Self {
        Self { texts: vec![Text { name: "<default>".into(), text: "".into() }] }
    }

    /// Adds a text that users know as `name`.
    ///
    /// # Panics
    /// Beyond 2^32 texts.
    pub fn add(&mut self, name: &str, text: &str) -> SourceId {
        self.texts.push(Text { name: name.into(), text: text.into() });
        SourceId(u32::try_from(self.texts.len() - 1).expect("fewer than 2^32 texts are read"))
    }

    /// The name of a text.
    #[must_use]
    pub fn name(&self, id: SourceId) -> &str {
        &self.texts[id.0 as usize].name
    }

    /// The text.
    #[must_use]
    pub fn text(&self, id: SourceId) -> &str {
        &self.texts[id.0 as usize].text
    }

    /// The line of `span`, from 1.
    #[must_use]
    pub fn line(&self, span: Span) -> usize {
        let text = self.text(span.source);
        text.char_indices().take_while(|&(at, _)| at < span.start).filter(|&(_, letter)| letter == '\n').count() + 1
    }
}

/// Largest text file that is read: 16 MiB. Nobody writes more by hand, and a wrong path should not fill the memory.
pub const LARGEST_TEXT: u64 = 16 << 20;

/// The text of the file at `path`.
///
/// # Errors
/// A diagnostic without a span that says precisely why it cannot be read: not found, a directory, larger than
/// [`LARGEST_TEXT`], not UTF-8 from which byte on, or what the system says.
pub fn read_file(path: &Path) -> Result<String, Diagnostic> {
    let name = path.display();
    let refused = |error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Diagnostic::error(format!("file not found: {name}")),
        std::io::ErrorKind::PermissionDenied => Diagnostic::error(format!("no permission to read {name}")),
        _ => Diagnostic::error(format!("cannot read {name}: {error}")),
    };
    if path.is_dir() {
        return Err(Diagnostic::error(format!("{name} is a directory, not a file")));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST_TEXT + 1).read_to_end(&mut bytes))
        .map_err(|error| refused(&error))?;
    if bytes.len() as u64 > LARGEST_TEXT {
        return Err(Diagnostic::error(format!("{name} is larger than {} MiB", LARGEST_TEXT >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Diagnostic::error(format!("{name} is not UTF-8 text: it stops being so at byte {at}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_cannot_be_read_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let message = |path: &Path| read_file(path).unwrap_err().message;
        assert!(message(&folder.path().join("none.toml")).starts_with("file not found: "));
        assert!(message(folder.path()).ends_with(" is a directory, not a file"));
        let binary = folder.path().join("binary");
        std::fs::write(&binary, [b'a', b'b', 0xff, 0x00]).unwrap();
        assert!(message(&binary).ends_with("is not UTF-8 text: it stops being so at byte 2"));
        let huge = folder.path().join("huge");
        File::create(&huge).unwrap().set_len(LARGEST_TEXT + 1).unwrap();
        assert!(message(&huge).ends_with("is larger than 16 MiB"));
    }
}
