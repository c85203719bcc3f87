//! One description of a table of the language, from which it is checked, completed with defaults, documented and
//! published as JSON Schema.
//!
//! A [`Shape`] is data: keys with their [`Kind`], what they mean, their default, and rules between keys. What the
//! language has but the program does not run yet stands here too, marked `later`: it is refused by name and left out of
//! the schema.

mod check;
mod complete;
mod kind;
mod law;
mod refuse;
mod scalar;
mod schema;

pub use check::{accepts, check, check_node};
pub use complete::complete;
pub use kind::{Kind, Range};
pub use law::{DISTRIBUTION, SIZE_DISTRIBUTION};
pub use refuse::refuse;
pub use schema::json_schema;

/// The keys that a table accepts, and the rules between them.
#[derive(Debug)]
pub struct Shape {
    /// The keys, in the order of documentation.
    pub keys: &'static [Key],
    /// Rules between keys.
    pub rules: &'static [Rule],
}

impl Shape {
    /// A table with these keys and no rules between them.
    #[must_use]
    pub const fn new(keys: &'static [Key]) -> Self {
        Self { keys, rules: &[] }
    }

    /// The same with `rules`.
    #[must_use]
    pub const fn with_rules(self, rules: &'static [Rule]) -> Self {
        Self { keys: self.keys, rules }
    }

    /// The key called `name`.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// Whether a key of this name may be given: not where all that is known of it is that it is refused.
    #[must_use]
    pub fn offers(&self, name: &str) -> bool {
        self.key(name).is_none_or(|key| key.refused().is_none())
    }
}

/// A rule between the keys of one table.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// At most one of these may be given.
    AtMostOne(&'static [&'static str]),
    /// Exactly one of these must be given.
    ExactlyOne(&'static [&'static str]),
    /// The first must not be above the second, where both are given.
    Ordered(&'static str, &'static str),
    /// The first may only be given together with the second.
    Needs(&'static str, &'static str),
    /// The first may only be given together with one of the others.
    NeedsOneOf(&'static str, &'static [&'static str]),
}

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it accepts.
    pub kind: Kind,
    /// What it means, one sentence without a full stop.
    pub doc: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// Its default as it would be written: TOML, or bare text for a string.
    pub default: Option<&'static str>,
    /// Why it is refused: what is not simulated yet, and has no grammar either.
    pub later: Option<&'static str>,
    /// Why it is refused by [`refuse`], though it is checked and completed: what is built and not simulated yet.
    pub unplayed: Option<&'static str>,
}

impl Key {
    /// A key that may be left out and has no default.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, doc, required: false, default: None, later: None, unplayed: None }
    }

    /// A key of the language that is refused: `what` is not simulated yet (`"queues are"`).
    #[must_use]
    pub const fn later(name: &'static str, what: &'static str) -> Self {
        Self { later: Some(what), ..Self::new(name, Kind::Any, "") }
    }

    /// The same, refused by [`refuse`] where `what` is given: it is built and not simulated yet (`"queues are"`).
    #[must_use]
    pub const fn unplayed(self, what: Option<&'static str>) -> Self {
        Self { unplayed: what, ..self }
    }

    /// Why it is refused, if it is: it is then left out of what is published.
    #[must_use]
    pub fn refused(&self) -> Option<&'static str> {
        self.later.or(self.unplayed)
    }

    /// The same, and it must be given.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same with this default, written as after `--set KEY=`: TOML, else taken as a string.
    #[must_use]
    pub const fn default(self, text: &'static str) -> Self {
        Self { default: Some(text), ..self }
    }
}

/// A word of a closed choice.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The word.
    pub word: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Why it is refused: what is not simulated yet.
    pub later: Option<&'static str>,
}

impl Choice {
    /// A word.
    #[must_use]
    pub const fn new(word: &'static str, doc: &'static str) -> Self {
        Self { word, doc, later: None }
    }

    /// A word of the language that is refused: `what` is not simulated yet (`"the tick engine is"`).
    #[must_use]
    pub const fn later(word: &'static str, what: &'static str) -> Self {
        Self { word, doc: "", later: Some(what) }
    }
}

/// A table whose keys depend on the word of one of them.
#[derive(Debug)]
pub struct Tagged {
    /// The key that decides: `kind`, `dist`.
    pub tag: &'static str,
    /// What the tag means.
    pub doc: &'static str,
    /// The word when the tag is left out; `None`: it must be given.
    pub default: Option<&'static str>,
    /// Keys that every variant has.
    pub common: &'static Shape,
    /// The variants.
    pub variants: &'static [Variant],
}

impl Tagged {
    /// The variant of this word.
    #[must_use]
    pub fn variant(&self, word: &str) -> Option<&'static Variant> {
        self.variants.iter().find(|variant| variant.word == word)
    }
}

/// One variant of a [`Tagged`] table.
#[derive(Debug)]
pub struct Variant {
    /// The word.
    pub word: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// The keys that it has beside the common ones.
    pub shape: Shape,
    /// Why it is refused: what is not simulated yet, and has no grammar either.
    pub later: Option<&'static str>,
    /// Why it is refused by [`refuse`], though it is checked: what is built and not simulated yet.
    pub unplayed: Option<&'static str>,
}

impl Variant {
    /// A variant.
    #[must_use]
    pub const fn new(word: &'static str, doc: &'static str, shape: Shape) -> Self {
        Self { word, doc, shape, later: None, unplayed: None }
    }

    /// A variant of the language that is refused: `what` is not simulated yet (`"closed sources are"`).
    #[must_use]
    pub const fn later(word: &'static str, what: &'static str) -> Self {
        Self { later: Some(what), ..Self::new(word, "", Shape::new(&[])) }
    }

    /// The same, refused by [`refuse`] where `what` is given.
    #[must_use]
    pub const fn unplayed(self, what: Option<&'static str>) -> Self {
        Self { unplayed: what, ..self }
    }

    /// Why it is refused, if it is.
    #[must_use]
    pub fn refused(&self) -> Option<&'static str> {
        self.later.or(self.unplayed)
    }
}

/// A table that is described once, by its name, because it may hold tables of its own kind.
#[derive(Debug)]
pub struct Named {
    /// What one of them is called: `step`.
    pub name: &'static str,
    /// What they are, one sentence without a full stop.
    pub doc: &'static str,
    /// Their keys.
    pub shape: Shape,
}

/// Names that are known to a room above this one.
#[derive(Debug)]
pub struct Known {
    /// What they name, for diagnostics: `profile`.
    pub what: &'static str,
    /// Whether the name is known.
    pub knows: fn(&str) -> bool,
    /// All of them.
    pub names: fn() -> Vec<String>,
    /// A name, for diagnostics.
    pub example: &'static str,
    /// Whether there are few enough to list them in the schema.
    pub listed: bool,
}
