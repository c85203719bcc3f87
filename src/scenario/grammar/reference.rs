//! The page of the scenario's keys in `docs/`, written from the grammar: what is checked is what is documented.

use std::fmt::Write;
use std::path::Path;

use super::SCENARIO;
use crate::document::grammar::{Key, Kind, Named, Rule, Shape, Tagged};

const HEAD: &str = "# Scenario keys

Every key of a scenario that this version runs, written from the grammar that checks it. `simulate schema` prints the
same as JSON Schema, for editors. Keys in brackets are required. `[[x]]` may be written `[x]` when there is one entry;
entries have a `name` by which others refer to them, which a single entry may leave out.

Values: a duration is `\"15ms\"`, `\"90s\"` or `\"1h 30m\"`; a rate `\"120/s\"`, `\"7200/min\"` or `\"1.5M/day\"`; a size
`\"512MiB\"` (powers of 1024), `\"1GB\"` (powers of 1000) or a number of bytes; a share `0.95` or `\"95%\"`; growth
`\"20%/year\"`; money `\"12.50 USD\"`; a price `\"0.20 USD/1M\"`, `\"0.09 USD/GB\"` or `\"0.12 USD\"` for one. A name is a
lower-case letter, then lower-case letters, digits and hyphens. A *distribution* is one value, which is constant, or a
table with `dist`: see [Distributions](#distributions).

The defaults of `[[deployment]]` are those of its platform, each with its source: see
[Platforms](platforms.md).
";

/// The page.
fn page() -> String {
    let mut page = Page { text: HEAD.to_owned(), later: Vec::new(), distribution: None, named: Vec::new() };
    for key in SCENARIO.keys {
        page.key_of_the_top(key);
    }
    page.named();
    page.distributions();
    page.not_simulated();
    page.text
}

struct Page {
    text: String,
    /// What is refused by name: where, and why.
    later: Vec<(String, &'static str)>,
    /// The distributions, once one has been met.
    distribution: Option<&'static Tagged>,
    /// The tables that have a name of their own, in the order of meeting.
    named: Vec<&'static Named>,
}

/// A table to document: the path by which a scenario calls it, and what it is.
type Part = (String, &'static Kind);

impl Page {
    fn key_of_the_top(&mut self, key: &'static Key) {
        if let Some(what) = key.refused() {
            self.later.push((key.name.to_owned(), what));
            return;
        }
        let (open, close) = if matches!(key.kind, Kind::OneOrMany(_)) { ("[[", "]]") } else { ("[", "]") };
        let required = if key.required { " Required." } else { "" };
        writeln!(self.text, "\n## `{open}{}{close}`\n\n{}.{required}", key.name, sentence(key.doc)).unwrap();
        self.part(&(key.name.to_owned(), &key.kind));
    }

    /// A table, then the tables in it.
    fn part(&mut self, (path, kind): &Part) {
        match kind {
            Kind::Table(shape) | Kind::Overlay(shape) => {
                let inner = self.table(path, shape);
                self.parts(&inner);
            }
            Kind::Named(named) if !self.named.iter().any(|known| known.name == named.name) => self.named.push(named),
            Kind::OneOrMany(kind) | Kind::List { of: kind, .. } => self.part(&(path.clone(), kind)),
            Kind::Map(kind) => self.part(&(format!("{path}.NAME"), kind)),
            Kind::Tagged(tagged) => self.tagged(path, tagged),
            Kind::OneOf(kinds) => {
                for kind in *kinds {
                    self.part(&(path.clone(), kind));
                }
            }
            _ => {}
        }
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            self.part(part);
        }
    }

    fn tagged(&mut self, path: &str, tagged: &'static Tagged) {
        if tagged.tag == "dist" {
            self.distribution.get_or_insert(tagged);
            return;
        }
        let default = tagged.default.map(|word| format!(" Default: `{word}`.")).unwrap_or_default();
        writeln!(self.text, "\n### `{path}.{}`\n\n{}.{default}", tagged.tag, sentence(tagged.doc)).unwrap();
        let mut inner = Vec::new();
        if !tagged.common.keys.is_empty() {
            writeln!(self.text, "\nEvery kind has:").unwrap();
            inner.extend(self.rows(path, tagged.common));
        }
        for variant in tagged.variants {
            if let Some(what) = variant.refused() {
                self.later.push((format!("{path}.{} = \"{}\"", tagged.tag, variant.word), what));
                continue;
            }
            writeln!(self.text, "\n`{} = \"{}\"`: {}.", tagged.tag, variant.word, variant.doc).unwrap();
            if !variant.shape.keys.is_empty() {
                inner.extend(self.rows(path, &variant.shape));
            }
        }
        // Kinds share tables: each is described where it first appears.
        let mut seen: Vec<String> = Vec::new();
        inner.retain(|(path, _)| {
            !seen.contains(path) && {
                seen.push(path.clone());
                true
            }
        });
        self.parts(&inner);
    }

    /// A table under a heading of its own, unless it is one of the top. Returns the tables in it.
    fn table(&mut self, path: &str, shape: &'static Shape) -> Vec<Part> {
        if path.contains('.') {
            writeln!(self.text, "\n### `{path}`").unwrap();
        }
        self.rows(path, shape)
    }

    fn rows(&mut self, path: &str, shape: &'static Shape) -> Vec<Part> {
        writeln!(self.text, "\n| key | value | default | meaning |\n|---|---|---|---|").unwrap();
        let mut inner = Vec::new();
        for key in shape.keys {
            if let Some(what) = key.refused() {
                self.later.push((format!("{path}.{}", key.name), what));
                continue;
            }
            let name = if key.required { format!("[`{}`]", key.name) } else { format!("`{}`", key.name) };
            let default = key.default.map(|text| format!("`{text}`")).unwrap_or_default();
            let value = self.value(&key.kind);
            writeln!(self.text, "| {name} | {value} | {default} | {} |", cell(&meaning(key))).unwrap();
            inner.push((format!("{path}.{}", key.name), &key.kind));
        }
        self.choices_refused(path, shape);
        for rule in shape.rules {
            if let Some(text) = rule_text(*rule, shape) {
                writeln!(self.text, "\n{text}").unwrap();
            }
        }
        inner
    }

    fn choices_refused(&mut self, path: &str, shape: &'static Shape) {
        for key in shape.keys {
            if let Kind::Choice(choices) = key.kind {
                for choice in choices {
                    if let Some(what) = choice.later {
                        self.later.push((format!("{path}.{} = \"{}\"", key.name, choice.word), what));
                    }
                }
            }
        }
    }

    fn value(&mut self, kind: &'static Kind) -> String {
        match kind {
            Kind::OneOf([Kind::Duration { .. } | Kind::Size { .. }, Kind::Tagged(tagged)]) if tagged.tag == "dist" => {
                self.distribution.get_or_insert(tagged);
                "a distribution".to_owned()
            }
            Kind::OneOf(kinds) => kinds.iter().map(|kind| self.value(kind)).collect::<Vec<_>>().join(", or "),
            Kind::Choice([only]) => format!("`{}`", only.word),
            Kind::List { of: Kind::Named(named), .. } => format!("an array of [{0}s](#{0}s)", named.name),
            Kind::List { of, .. } if is_table(of) => "an array of tables, below".to_owned(),
            Kind::OneOrMany(_) => "tables, below".to_owned(),
            Kind::Table(_) | Kind::Overlay(_) | Kind::Tagged(_) => "a table, below".to_owned(),
            Kind::Map(of) if is_table(of) => "tables by name, below".to_owned(),
            Kind::Map(of) => format!("a table by name, each {}", brief(of)),
            _ => brief(kind),
        }
    }

    /// Every table that has a name of its own, and what is in it.
    fn named(&mut self) {
        let mut next = 0;
        while let Some(named) = self.named.get(next).copied() {
            next += 1;
            writeln!(self.text, "\n## {}s\n\n{}.", sentence(named.name), sentence(named.doc)).unwrap();
            let inner = self.rows(named.name, &named.shape);
            self.parts(&inner);
        }
    }

    fn distributions(&mut self) {
        let Some(tagged) = self.distribution else { return };
        writeln!(
            self.text,
            "\n## Distributions\n\nA table with `dist`, shown here for durations; sizes take sizes instead. Every one has:"
        )
        .unwrap();
        self.rows("distribution", tagged.common);
        for variant in tagged.variants {
            writeln!(self.text, "\n`dist = \"{}\"`: {}.", variant.word, variant.doc).unwrap();
            self.rows("distribution", &variant.shape);
        }
    }

    fn not_simulated(&mut self) {
        let text = "\n## Not simulated yet\n\nThese words belong to the language and are refused by name until a release runs them.\n";
        writeln!(self.text, "{text}").unwrap();
        let mut seen: Vec<&str> = Vec::new();
        for (path, _) in &self.later {
            if !seen.contains(&path.as_str()) {
                seen.push(path);
                writeln!(self.text, "* `{path}`").unwrap();
            }
        }
    }
}

/// What is accepted, without the examples that stand once at the top of the page.
fn brief(kind: &Kind) -> String {
    const EXAMPLES: [&str; 8] = [
        " such as \"15ms\", \"90s\" or \"1h 30m\"",
        " such as \"120/s\", \"7200/min\" or \"1.5M/day\"",
        " such as \"20%/year\"",
        " such as \"512MiB\", \"1GB\" or a number of bytes",
        " such as 0.95 or \"95%\"",
        " such as \"12.50 USD\"",
        " such as \"0.20 USD/1M\", \"0.09 USD/GB\" or \"0.12 USD\"",
        ": a lower-case letter, then lower-case letters, digits and hyphens",
    ];
    EXAMPLES.iter().fold(cell(&kind.expectation()), |text, example| text.replace(example, ""))
}

fn is_table(kind: &Kind) -> bool {
    matches!(kind, Kind::Table(_) | Kind::Tagged(_))
}

/// What a key means, and what the words of its choice mean.
fn meaning(key: &Key) -> String {
    let mut text = key.doc.to_owned();
    let choices = match key.kind {
        Kind::Choice(choices) => choices,
        Kind::OneOf([Kind::Choice(choices), ..]) if choices.len() > 1 => choices,
        _ => return text,
    };
    let words: Vec<String> = choices
        .iter()
        .filter(|choice| choice.later.is_none())
        .map(|choice| format!("`{}` {}", choice.word, choice.doc))
        .collect();
    write!(text, ". {}", words.join("; ")).unwrap();
    text
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// A rule of `shape` in words, unless it is about keys that are refused.
fn rule_text(rule: Rule, shape: &Shape) -> Option<String> {
    let list = |names: &[&str]| {
        let offered = names.iter().filter(|name| shape.offers(name));
        offered.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    if let Rule::Needs(key, _) | Rule::NeedsOneOf(key, _) = rule
        && !shape.offers(key)
    {
        return None;
    }
    Some(match rule {
        Rule::AtMostOne(names) => format!("At most one of {}.", list(names)),
        Rule::ExactlyOne(names) => format!("Exactly one of {}.", list(names)),
        Rule::Ordered(low, high) => format!("`{low}` must not be above `{high}`."),
        Rule::Needs(key, other) => format!("`{key}` needs `{other}`."),
        Rule::NeedsOneOf(key, others) => format!("`{key}` needs one of {}.", list(others)),
    })
}

/// Set `BLESS=1` to write the page anew.
#[test]
fn the_page_of_scenario_keys_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/reference/scenario.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    let page = page();
    let differs = page.lines().find(|line| !stored.lines().any(|other| other == *line));
    assert!(stored == page, "{} is out of date, first at {differs:?}: run the test with BLESS=1", path.display());
}
