//! JSON that remembers where it was written, numbers as their text: prices pass through no float, and what is wrong with
//! one is said at its line.
//!
//! Borrows from the text, so that a price list of hundreds of megabytes needs little more than itself.

use std::borrow::Cow;
use std::collections::HashSet;

/// Deepest nesting that is read.
const DEEPEST: usize = 64;

/// A value and the byte at which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<'t> {
    /// First byte.
    pub at: usize,
    /// The value.
    pub value: Json<'t>,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json<'t> {
    /// `null`
    Null,
    /// `true` or `false`
    Flag(bool),
    /// A number as it is written.
    Number(&'t str),
    /// A string.
    Text(Cow<'t, str>),
    /// An array.
    List(Vec<Located<'t>>),
    /// An object; no key occurs twice.
    Table(Vec<(Cow<'t, str>, Located<'t>)>),
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The byte.
    pub at: usize,
    /// What, in one sentence without a full stop.
    pub what: String,
}

impl Wrong {
    /// Something that is wrong at a byte.
    pub fn new(at: usize, what: impl Into<String>) -> Self {
        Self { at, what: what.into() }
    }
}

/// Line and column of a byte, from 1.
#[must_use]
pub fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    (line, String::from_utf8_lossy(&before[start..]).chars().count() + 1)
}

/// The one value that `text` says.
///
/// # Errors
/// The first thing that is not JSON, where it stands.
pub fn read(text: &str) -> Result<Located<'_>, Wrong> {
    let mut reader = Reader { text, at: 0 };
    // Some exporters begin with a byte order mark.
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() { Err(reader.wrong("nothing may follow here")) } else { Ok(value) }
}

impl<'t> Located<'t> {
    /// The member of a table.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Json::Table(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The member of a table that must be there.
    ///
    /// # Errors
    /// When it is missing, or this is no table.
    pub fn need(&self, key: &str) -> Result<&Self, Wrong> {
        self.table()?;
        self.get(key).ok_or_else(|| Wrong::new(self.at, format!("`{key}` is missing")))
    }

    /// The members of a table.
    ///
    /// # Errors
    /// When it is something else.
    pub fn table(&self) -> Result<&[(Cow<'t, str>, Self)], Wrong> {
        match &self.value {
            Json::Table(members) => Ok(members),
            _ => Err(self.expected("an object")),
        }
    }

    /// The elements of a list.
    ///
    /// # Errors
    /// When it is something else.
    pub fn list(&self) -> Result<&[Self], Wrong> {
        match &self.value {
            Json::List(elements) => Ok(elements),
            _ => Err(self.expected("an array")),
        }
    }

    /// The text of a string.
    ///
    /// # Errors
    /// When it is something else.
    pub fn text(&self) -> Result<&str, Wrong> {
        match &self.value {
            Json::Text(text) => Ok(text),
            _ => Err(self.expected("a string")),
        }
    }

    /// A number as it is written, in quotes or not.
    ///
    /// # Errors
    /// When it is something else.
    pub fn number(&self) -> Result<&str, Wrong> {
        match &self.value {
            Json::Text(text) => Ok(text),
            Json::Number(text) => Ok(text),
            _ => Err(self.expected("a number")),
        }
    }

    /// What a person would call it: the text, the number, the flag; none of anything larger or of null.
    #[must_use]
    pub fn word(&self) -> Option<String> {
        match &self.value {
            Json::Text(text) => Some(text.clone().into_owned()),
            Json::Number(text) => Some((*text).to_owned()),
            Json::Flag(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    fn expected(&self, what: &str) -> Wrong {
        let found = match self.value {
            Json::Null => "null",
            Json::Flag(_) => "true or false",
            Json::Number(_) => "a number",
            Json::Text(_) => "a string",
            Json::List(_) => "an array",
            Json::Table(_) => "an object",
        };
        Wrong::new(self.at, format!("expected {what}, found {found}"))
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn wrong(&self, what: impl Into<String>) -> Wrong {
        if self.at >= self.text.len() { Wrong::new(self.at, "the file ends here") } else { Wrong::new(self.at, what) }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Located<'t>, Wrong> {
        self.blanks();
        if depth > DEEPEST {
            return Err(self.wrong("nested too deeply"));
        }
        let at = self.at;
        let value = match self.peek() {
            Some(b'{') => self.table(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Json::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Json::Number(self.number()?),
            _ => self.literal()?,
        };
        Ok(Located { at, value })
    }

    fn literal(&mut self) -> Result<Json<'t>, Wrong> {
        for (word, value) in [("null", Json::Null), ("true", Json::Flag(true)), ("false", Json::Flag(false))] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("not JSON"))
    }

    fn list(&mut self, depth: usize) -> Result<Json<'t>, Wrong> {
        self.at += 1;
        let mut elements = Vec::new();
        self.blanks();
        if self.take(b']') {
            return Ok(Json::List(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            self.blanks();
            if self.take(b']') {
                elements.shrink_to_fit();
                return Ok(Json::List(elements));
            }
            if !self.take(b',') {
                return Err(self.wrong("expected `,` or `]`"));
            }
        }
    }

    fn table(&mut self, depth: usize) -> Result<Json<'t>, Wrong> {
        self.at += 1;
        let mut members: Vec<(Cow<'t, str>, Located<'t>)> = Vec::new();
        let mut known: HashSet<Cow<'t, str>> = HashSet::new();
        self.blanks();
        if self.take(b'}') {
            return Ok(Json::Table(members));
        }
        loop {
            self.blanks();
            let at = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.wrong("expected a key in quotes"));
            }
            let key = self.string()?;
            if !known.insert(key.clone()) {
                return Err(Wrong::new(at, format!("`{key}` is there twice")));
            }
            self.blanks();
            if !self.take(b':') {
                return Err(self.wrong("expected `:`"));
            }
            let value = self.value(depth + 1)?;
            members.push((key, value));
            self.blanks();
            if self.take(b'}') {
                members.shrink_to_fit();
                return Ok(Json::Table(members));
            }
            if !self.take(b',') {
                return Err(self.wrong("expected `,` or `}`"));
            }
        }
    }

    fn number(&mut self) -> Result<&'t str, Wrong> {
        let start = self.at;
        self.take(b'-');
        let whole = self.at;
        let digits = self.digits()?;
        if digits > 1 && self.text.as_bytes()[whole] == b'0' {
            return Err(Wrong::new(start, "a number does not begin with 0"));
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Result<usize, Wrong> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.wrong("expected a digit")) } else { Ok(self.at - start) }
    }

    fn string(&mut self) -> Result<Cow<'t, str>, Wrong> {
        self.at += 1;
        let start = self.at;
        let mut owned: Option<String> = None;
        let mut run = start;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let rest = &self.text[run..self.at];
                    self.at += 1;
                    return Ok(match owned {
                        None => Cow::Borrowed(rest),
                        Some(text) => Cow::Owned(text + rest),
                    });
                }
                Some(b'\\') => {
                    let text = owned.get_or_insert_default();
                    text.push_str(&self.text[run..self.at]);
                    let letter = self.escape()?;
                    owned.get_or_insert_default().push(letter);
                    run = self.at;
                }
                Some(byte) if byte < b' ' => return Err(self.wrong("a string holds no control characters")),
                Some(_) => self.at += 1,
                None => return Err(self.wrong("")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Wrong> {
        self.at += 1;
        let letter = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.wrong("not an escape")),
        };
        self.at += 1;
        Ok(letter)
    }

    fn unicode(&mut self) -> Result<char, Wrong> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or_else(|| self.wrong("half a character"));
        }
        if !(self.take(b'\\') && self.peek() == Some(b'u')) {
            return Err(self.wrong("half a character"));
        }
        let second = self.hex()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(self.wrong("half a character"));
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
            .ok_or_else(|| self.wrong("no character"))
    }

    /// The number after `u`.
    fn hex(&mut self) -> Result<u32, Wrong> {
        self.at += 1;
        let digits = self.text.as_bytes().get(self.at..self.at + 4).and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let number = number.ok_or_else(|| self.wrong("expected four hexadecimal digits"))?;
        self.at += 4;
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wrong(text: &str) -> (usize, String) {
        let wrong = read(text).unwrap_err();
        (wrong.at, wrong.what)
    }

    #[test]
    fn numbers_stay_as_they_are_written() {
        let json =
            read(" {\"price\": [0.0960000000, 1e-05, \"0.2\"], \"x\": {\"\\u00e9\\n\\ud83d\\ude00\": null}}").unwrap();
        let prices = json.need("price").unwrap().list().unwrap();
        assert_eq!(
            prices.iter().map(|price| price.number().unwrap()).collect::<Vec<_>>(),
            ["0.0960000000", "1e-05", "0.2"]
        );
        assert_eq!(prices[0].at, 12);
        assert_eq!(json.get("x").unwrap().table().unwrap()[0].0, "é\n😀");
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        assert_eq!(wrong("{\"a\": [1, 2"), (11, "the file ends here".to_owned()));
        assert_eq!(wrong("{\"a\": NaN}"), (6, "not JSON".to_owned()));
        assert_eq!(wrong("[1 2]"), (3, "expected `,` or `]`".to_owned()));
        assert_eq!(wrong("{\"a\": 1, \"a\": 2}"), (9, "`a` is there twice".to_owned()));
        assert_eq!(wrong("[01]").0, 1);
        assert_eq!(wrong("{} x").0, 3);
        assert_eq!(wrong(""), (0, "the file ends here".to_owned()));
        assert!(wrong(&"[".repeat(100_000)).1.contains("deeply"));
        assert!(wrong("\"\\ud800\\u0020\"").1.contains("half"));
        assert_eq!(place("ab\ncéd", 7), (2, 4));
    }

    proptest! {
        #[test]
        fn it_reads_what_others_read(text in "[\\[\\]{}\",:0-9.eE+\\-tfn\\\\u truealsn]{0,40}|.*") {
            // Only our reader refuses keys that are there twice, only the other a number that no float can be.
            let other = serde_json::from_str::<serde_json::Value>(&text);
            let excused = read(&text).is_err_and(|wrong| wrong.what.contains("twice"))
                || other.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
            prop_assert!(excused || read(&text).is_ok() == other.is_ok());
        }
    }
}
