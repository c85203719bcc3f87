//! Checks of values that are not made of others: quantities, counts, words, names, dates.

use super::{Choice, Kind, Known, Range};
use crate::document::diagnostic::{Diagnostic, nearest};
use crate::document::quantity;
use crate::document::source::Span;
use crate::document::tree::{Node, Value};
use crate::units::Bytes;

/// Checks a value that is not made of others.
pub(super) fn scalar(node: &Node, kind: &Kind) -> Result<(), Diagnostic> {
    match (kind, &node.value) {
        (
            Kind::Duration { none: true, .. } | Kind::Size { none: true, .. } | Kind::NumberOrNone(_),
            Value::String(text),
        ) if text == "none" => {}
        (Kind::Count { unlimited: Some(word), .. }, Value::String(text)) if text == word => {}
        (Kind::Duration { min, max, .. }, Value::String(text)) => {
            let nanos = quantity::duration(text).map_err(|why| unreadable(node, kind, &why))?;
            if nanos < *min || nanos > *max {
                let least = if min.0 == 1 { "above 0s".to_owned() } else { format!("at least {min}") };
                return Err(out_of_range(node, "duration", &format!("{least}, at most {max}")));
            }
        }
        (Kind::Rate(range), Value::String(text)) => {
            let rate = quantity::rate(text).map_err(|why| unreadable(node, kind, &why))?;
            in_range(node, "rate", rate, *range)?;
        }
        (Kind::Growth, Value::String(text)) => {
            quantity::growth(text).map_err(|why| unreadable(node, kind, &why))?;
        }
        (Kind::Size { min, .. }, Value::String(text)) => {
            let size = quantity::size(text).map_err(|why| unreadable(node, kind, &why))?;
            size_in_range(node, *min, Some(size.0))?;
        }
        (Kind::Size { min, .. }, Value::Integer(bytes)) => size_in_range(node, *min, u64::try_from(*bytes).ok())?,
        (Kind::Share(range), Value::String(text)) => {
            let share = quantity::share(text).map_err(|why| unreadable(node, kind, &why))?;
            in_range(node, "share", share, *range)?;
        }
        (Kind::Share(range), Value::Integer(number)) => in_range(node, "share", *number as f64, *range)?,
        (Kind::Share(range), Value::Float(number)) => in_range(node, "share", *number, *range)?,
        (Kind::Number(range) | Kind::NumberOrNone(range), Value::Integer(number)) => {
            in_range(node, "number", *number as f64, *range)?;
        }
        (Kind::Number(range) | Kind::NumberOrNone(range), Value::Float(number)) => {
            in_range(node, "number", *number, *range)?;
        }
        (Kind::Count { min, max, .. }, Value::Integer(number)) => {
            if !u64::try_from(*number).is_ok_and(|number| (*min..=*max).contains(&number)) {
                return Err(out_of_range(node, "number", &format!("{min} to {max}")));
            }
        }
        (Kind::Money, Value::String(text)) => {
            quantity::money(text).map_err(|why| unreadable(node, kind, &why))?;
        }
        (Kind::Price, Value::String(text)) => {
            quantity::price(text).map_err(|why| unreadable(node, kind, &why))?;
        }
        (Kind::Text(_), Value::String(_)) | (Kind::Boolean, Value::Boolean(_)) => {}
        (Kind::Known(known), Value::String(text)) => {
            if !(known.knows)(text) {
                return Err(unknown(node, text, known));
            }
        }
        (Kind::Name, Value::String(text)) => name(node, text)?,
        (Kind::Choice(choices), Value::String(text)) => choice(node, text, choices)?,
        (Kind::Instant, Value::String(text)) => {
            quantity::duration(text).map_err(|why| unreadable(node, kind, &why))?;
        }
        (Kind::Instant | Kind::DateTime, Value::Datetime(at))
            if at.date.is_some() && at.time.is_some() && at.offset.is_none() => {}
        (Kind::Date, Value::Datetime(at)) if at.date.is_some() && at.time.is_none() => {}
        _ => return Err(wrong(node, kind)),
    }
    Ok(())
}

fn size_in_range(node: &Node, min: Bytes, bytes: Option<u64>) -> Result<(), Diagnostic> {
    match bytes {
        Some(bytes) if bytes >= min.0 && bytes <= quantity::LARGEST.0 => Ok(()),
        _ => Err(out_of_range(node, "size", &format!("{min} to 2^60 bytes"))),
    }
}

fn choice(node: &Node, text: &str, choices: &[Choice]) -> Result<(), Diagnostic> {
    if let Some(choice) = choices.iter().find(|choice| choice.word == text) {
        return choice.later.map_or(Ok(()), |what| Err(refused(text, what, node.span)));
    }
    let words = choices.iter().filter(|choice| choice.later.is_none()).map(|choice| choice.word);
    Err(Diagnostic::error(format!("unknown word `{text}`")).at(node.span).nearest(text, words))
}

/// An unknown name: the nearest, or all where they are few.
fn unknown(node: &Node, text: &str, known: &Known) -> Diagnostic {
    let names = (known.names)();
    let unknown = Diagnostic::error(format!("unknown {} `{text}`", known.what)).at(node.span);
    if known.listed || nearest(text, names.iter().map(String::as_str)).is_some() {
        unknown.nearest(text, names.iter().map(String::as_str))
    } else {
        unknown.help(format!("such as \"{}\"", known.example))
    }
}

/// Whether `text` is `[a-z][a-z0-9-]*`.
fn name(node: &Node, text: &str) -> Result<(), Diagnostic> {
    let starts = text.starts_with(|first: char| first.is_ascii_lowercase());
    let rest = text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    if starts && rest { Ok(()) } else { Err(unreadable(node, &Kind::Name, "not a name")) }
}

/// The value of a checked scalar in base units, to compare two of them.
pub(super) fn magnitude(node: &Node, kind: &Kind) -> Option<f64> {
    match (kind, &node.value) {
        (Kind::Duration { .. }, Value::String(text)) => quantity::duration(text).ok().map(|nanos| nanos.0 as f64),
        (Kind::Size { .. }, Value::String(text)) => quantity::size(text).ok().map(|bytes| bytes.0 as f64),
        (Kind::Rate(_), Value::String(text)) => quantity::rate(text).ok(),
        (Kind::Share(_), Value::String(text)) => quantity::share(text).ok(),
        (_, Value::Integer(number)) => Some(*number as f64),
        (_, Value::Float(number)) => Some(*number),
        _ => None,
    }
}

pub(super) fn wrong(node: &Node, kind: &Kind) -> Diagnostic {
    Diagnostic::error(format!("expected {}", kind.expectation()))
        .at(node.span)
        .label(format!("found {}", node.value.type_name()))
}

pub(super) fn unreadable(node: &Node, kind: &Kind, why: &str) -> Diagnostic {
    Diagnostic::error(format!("expected {}", kind.expectation())).at(node.span).label(why)
}

fn out_of_range(node: &Node, what: &str, range: &str) -> Diagnostic {
    Diagnostic::error(format!("{what} out of range")).at(node.span).label(format!("allowed: {range}"))
}

fn in_range(node: &Node, what: &str, number: f64, range: Range) -> Result<(), Diagnostic> {
    if range.contains(number) { Ok(()) } else { Err(out_of_range(node, what, &range.to_string())) }
}

/// What is refused by name.
pub(super) fn refused(name: &str, what: &str, span: Span) -> Diagnostic {
    Diagnostic::error(format!("{what} not simulated yet")).at(span).label(format!("`{name}` is refused"))
}
