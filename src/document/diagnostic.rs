//! What is wrong with a text, said so that it can be put right: file, line, the text underlined, and what would do.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::source::{Sources, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing can be run.
    Error,
    /// It runs, but perhaps not as meant.
    Warning,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where.
    pub span: Option<Span>,
    /// What is said below the underlined text.
    pub label: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place.
    #[must_use]
    pub fn error(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), span: None, label: String::new(), help: None }
    }

    /// A warning without a place.
    #[must_use]
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// The same at `span`.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// The same with `label` below the underlined text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same with `help` below.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, with help that names the nearest of `candidates`, or all of them when none is near.
    #[must_use]
    pub fn nearest<'a>(self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        let candidates: Vec<&str> = candidates.into_iter().collect();
        match nearest(name, candidates.iter().copied()) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None if candidates.is_empty() => self,
            None => self.help(format!("valid: {}", candidates.join(", "))),
        }
    }
}

/// Problems, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
}

impl Diagnostics {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self { found: Vec::new() }
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// Whether any is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter()
    }

    /// All of them as text, in the order of the sources; `color` with terminal escapes.
    #[must_use]
    pub fn render(&self, sources: &Sources, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut ordered: Vec<&Diagnostic> = self.found.iter().collect();
        ordered.sort_by_key(|diagnostic| diagnostic.span);
        let mut out = String::new();
        for diagnostic in ordered {
            out.push_str(&renderer.render(&groups(diagnostic, sources)));
            out.push('\n');
        }
        out
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { found: vec![diagnostic] }
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Self {
        Self { found: iter.into_iter().collect() }
    }
}

fn groups<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str());
    let mut group = match diagnostic.span.filter(|span| span.is_shown()) {
        None => Group::with_title(title),
        Some(span) => {
            let text = sources.text(span.source);
            let range = boundary(text, span.start)..boundary(text, span.end.max(span.start));
            let mut annotation = AnnotationKind::Primary.span(range);
            if !diagnostic.label.is_empty() {
                annotation = annotation.label(diagnostic.label.as_str());
            }
            title.element(Snippet::source(text).path(sources.name(span.source)).annotation(annotation))
        }
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    vec![group]
}

/// The last character boundary of `text` that is not after `at`.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// The candidate that `name` was most likely meant to be, if any is close: at most a third of its letters wrong
/// (Damerau-Levenshtein), or the same but for `-`, `_` and case.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace('_', "-");
    let name = plain(name);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&name, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::source::SourceId;

    #[test]
    fn a_problem_shows_file_line_text_and_help() {
        let mut sources = Sources::new();
        let id = sources.add("a.toml", "one = 1\nrat = 2\n");
        let problem = Diagnostic::error("unknown key `rat`")
            .at(Span::new(id, &(8..11)))
            .label("not known here")
            .nearest("rat", ["rate", "kind"]);
        let text = Diagnostics::from(problem).render(&sources, false);
        insta::assert_snapshot!(text, @r"
        error: unknown key `rat`
         --> a.toml:2:1
          |
        2 | rat = 2
          | ^^^ not known here
          |
          = help: did you mean `rate`?
        ");
    }

    #[test]
    fn spans_outside_of_the_text_and_within_a_character_do_not_panic() {
        let mut sources = Sources::new();
        let id = sources.add("a", "é");
        for range in [0..1, 1..2, 5..9, 2..2] {
            let _ = Diagnostics::from(Diagnostic::error("x").at(Span::new(id, &range))).render(&sources, true);
        }
        let nowhere = Span { source: SourceId::BUILT_IN, start: 3, end: 4 };
        assert_eq!(Diagnostics::from(Diagnostic::error("x").at(nowhere)).render(&sources, false), "error: x\n");
    }

    #[test]
    fn nearest_takes_slips_and_refuses_strangers() {
        assert_eq!(nearest("aws-lamda", ["eks", "aws-lambda"]), Some("aws-lambda"));
        assert_eq!(nearest("keep-alive", ["keep_alive", "queue"]), Some("keep_alive"));
        assert_eq!(nearest("banana", ["eks", "aws-lambda"]), None);
    }
}
